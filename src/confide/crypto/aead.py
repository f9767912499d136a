"""Encrypt a short value in one piece, bound to what it belongs to: AES-256-GCM with a random nonce.

No call takes a nonce. For bytes that do not fit in memory see `confide.crypto.stream`; for the
keys see `confide.crypto.derive`. Blob: nonce (12 bytes) || ciphertext || tag (16 bytes).
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from confide.errors import IntegrityError

NONCE, TAG = 12, 16


def bind(*parts: bytes) -> bytes:
    """Join the parts so that no two different lists of parts give the same bytes.

    >>> bind(b"ab", b"c") == bind(b"a", b"bc")
    False
    """
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


def encrypt(key: bytes, plain: bytes, associated: bytes) -> bytes:
    """Encrypt `plain` so that only `key` and the same `associated` bytes open it again.

    Guarantee: the nonce is drawn afresh from the operating system at every call. With one key at
    most 2**32 calls keep the chance of a repeated nonce below 2**-32.

    Args:
        key: 32 bytes.
        plain: what to hide; may be empty.
        associated: what the blob belongs to; checked, not stored.

    Source: NIST SP 800-38D, sections 7.1 and 8.2.2 (random nonces).

    >>> decrypt(b"k" * 32, encrypt(b"k" * 32, b"value", b"row 1"), b"row 1")
    b'value'
    """
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, associated)


def decrypt(key: bytes, blob: bytes, associated: bytes) -> bytes:
    """Return what `encrypt` was given.

    Raises:
        IntegrityError: another key, other associated bytes, or a blob that was changed.
    """
    cipher = AESGCM(key)
    try:
        return cipher.decrypt(blob[:NONCE], blob[NONCE:], associated)
    except (InvalidTag, ValueError):  # ValueError: shorter than a nonce
        raise IntegrityError("crypto.blob") from None
