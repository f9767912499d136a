"""Derive keys from a key, and keyed digests of data: HKDF, HMAC with SHA-256, and a fast fingerprint.

Pure functions of bytes: no files, no randomness. Labels keep the uses of one key apart; a label
is used for one purpose only. The argument for the fingerprint is in `docs/sealed-format.md`.
"""

import hashlib
import hmac

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import AEADEncryptionContext, Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def hkdf(
    key: bytes,
    info: bytes,
    length: int = 32,
    *,
    salt: bytes = b"",
    digest: type[hashes.HashAlgorithm] = hashes.SHA256,
) -> bytes:
    """Derive `length` bytes from a key that is already uniform (never from a passphrase).

    Source: RFC 5869, with SHA-256 unless another `digest` is named.

    >>> hkdf(bytes(32), b"a") == hkdf(bytes(32), b"b")
    False
    """
    return HKDF(algorithm=digest(), length=length, salt=salt or None, info=info).derive(key)


def keyed_digest(key: bytes, data: bytes) -> bytes:
    """Return HMAC-SHA256, 32 bytes: says nothing about `data` to whoever lacks the key."""
    return hmac.digest(key, data, hashlib.sha256)


class Fingerprint:
    """A keyed digest of many bytes at the speed of memory, fed piece by piece.

    Guarantee: without the key the result cannot be told from random, and two different inputs of
    at most 2**40 bytes that were chosen without the key share it with chance below 2**-90.
    It binds nobody who holds the key: where that is wanted, use `keyed_digest`.

    Source: Carter and Wegman 1981, "New hash functions" (universal hash, then a keyed function).
    The hash is GHASH as GMAC computes it (NIST SP 800-38D, 6.4) at one fixed nonce; its value
    never leaves this object, only HMAC-SHA256 of it does.

    >>> mark = Fingerprint(bytes(32)); mark.update(b"ab"); mark.update(b"c")
    >>> whole = Fingerprint(bytes(32)); whole.update(b"abc")
    >>> mark.hexdigest() == whole.hexdigest()
    True
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        self._outer = hkdf(key, b"confide fingerprint 1: outer")
        inner = hkdf(key, b"confide fingerprint 1: inner")
        self._inner: AEADEncryptionContext = Cipher(algorithms.AES(inner), modes.GCM(bytes(12))).encryptor()

    def update(self, data: bytes | bytearray | memoryview) -> None:
        """Take in the next piece; where the pieces are cut does not matter."""
        self._inner.authenticate_additional_data(data)

    def hexdigest(self) -> str:
        """Close the input and return 64 hexadecimal digits; may be called once."""
        self._inner.finalize()
        return keyed_digest(self._outer, self._inner.tag).hex()
