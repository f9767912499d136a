"""The two suites of an encrypted stream: AES-256-GCM with SHA-256, and SM4-GCM with SM3.

A suite is a value, handed to `confide.crypto.stream`; the list is closed. Ciphers and hashes are pyca's; what
is ours is how they are put together. Format in words: `docs/sealed-format.md`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from confide.crypto.derive import hkdf
from confide.errors import InvalidInput

KEY = 32  # bytes of the key of a stream, in every suite


class BoundCipher(Protocol):
    """What a suite makes of a derived key: the two calls of pyca's AESGCM, safe on several threads."""

    def encrypt_into(self, nonce: bytes, data: memoryview, associated_data: None, buf: memoryview) -> int:
        """Fill `buf` with the ciphertext of `data` and a tag of 16 bytes."""
        ...

    def decrypt_into(self, nonce: bytes, data: memoryview, associated_data: None, buf: memoryview) -> int:
        """Fill `buf` with the plain bytes, or raise InvalidTag."""
        ...


class SM4GCM:
    """SM4-GCM in the shape of pyca's `AESGCM`, which has none: two calls that fill a buffer.

    Raises:
        UnsupportedAlgorithm: OpenSSL was built without SM4, or runs in FIPS mode.

    Source: GB/T 32907-2016 (SM4), NIST SP 800-38D (GCM), RFC 8998 (the two together).
    """

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = algorithms.SM4(key)
        Cipher(self._key, modes.GCM(bytes(12))).encryptor()  # says now whether there is SM4

    def encrypt_into(
        self, nonce: bytes, data: memoryview, associated_data: bytes | None, buf: memoryview
    ) -> int:
        """Fill `buf` with the ciphertext and its tag; `buf` is longer than `data` by `TAG` bytes."""
        cipher = Cipher(self._key, modes.GCM(nonce)).encryptor()
        cipher.authenticate_additional_data(associated_data or b"")
        cipher.update_into(data, buf[: len(data)])
        cipher.finalize()
        buf[len(data) :] = cipher.tag
        return len(buf)

    def decrypt_into(
        self, nonce: bytes, data: memoryview, associated_data: bytes | None, buf: memoryview
    ) -> int:
        """Fill `buf`, which is shorter than `data` by `TAG` bytes; nothing in it counts if this raises.

        Raises:
            InvalidTag: another key or nonce, other associated data, or changed bytes.
        """
        cipher = Cipher(self._key, modes.GCM(nonce, bytes(data[len(buf) :]))).decryptor()
        cipher.authenticate_additional_data(associated_data or b"")
        cipher.update_into(data[: len(buf)], buf)
        cipher.finalize()
        return len(buf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Which cipher encrypts the segments and which hash derives its key. Closed list: `AES`, `SM4`."""

    name: str
    cipher: Callable[[bytes], BoundCipher]
    digest: type[hashes.HashAlgorithm]
    key_size: int  # of the derived key; the key of a stream has 32 bytes in every suite


AES = Suite(name="AES256-GCM-HKDF-1MB", cipher=AESGCM, digest=hashes.SHA256, key_size=32)
SM4 = Suite(name="SM4-GCM-HKDF-SM3-1MB", cipher=SM4GCM, digest=hashes.SM3, key_size=16)


def cipher_for(suite: Suite, key: bytes, salt: bytes, associated: bytes) -> BoundCipher:
    """Return the cipher of one stream: derived from its key, its salt and what it is bound to.

    Raises:
        InvalidInput: the OpenSSL that is installed lacks the suite.
        ValueError: `key` does not have 32 bytes.
    """
    if len(key) != KEY:
        raise ValueError("the key of a stream has 32 bytes")
    try:
        return suite.cipher(hkdf(key, associated, suite.key_size, salt=salt, digest=suite.digest))
    except UnsupportedAlgorithm:
        raise InvalidInput("crypto.no-suite", suite=suite.name) from None
