"""Replace an identifier by a token that is always the same for the same key: AES-SIV, for joining tables.

Deterministic on purpose, so equality shows: whoever sees tokens sees which rows share a value and how often it
occurs. Fit for identifiers that are long, unguessable and rare (a record number, a national id), never for a
diagnosis, a sex or a date, whose frequencies give them away. Keys come from `confide.vault`, one for each
study, column and recipient; then two recipients cannot join what they were given.
"""

import base64
import binascii

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from confide.errors import IntegrityError

KEY = 64


def encrypt(key: bytes, plain: bytes, *parts: bytes) -> bytes:
    """Return tag (16 bytes) || ciphertext, the same for the same key, parts and plain bytes.

    Guarantee: without the key nothing shows but the length, and whether two results have equal inputs.

    Args:
        key: 64 bytes, for AES-256.
        plain: may be empty.
        parts: what the result belongs to; checked, not stored. Their borders count.

    Source: RFC 5297, section 2.6 (deterministic authenticated encryption).
    """
    return _cipher(key).encrypt(plain, list(parts))


def decrypt(key: bytes, sealed: bytes, *parts: bytes) -> bytes:
    """Return what `encrypt` was given.

    Raises:
        IntegrityError: another key, other parts, or bytes that `encrypt` did not make.
    """
    cipher = _cipher(key)
    try:
        return cipher.decrypt(sealed, list(parts))
    except (InvalidTag, ValueError):  # ValueError: shorter than a tag
        raise IntegrityError("crypto.token") from None


def token(key: bytes, value: str, *parts: bytes) -> str:
    """Return the token of `value`: small letters and the digits 2 to 7, fit for a cell, a file name, a URL.

    Guarantee: as `encrypt`; one value has one token under a key and parts, and no two values share one.

    >>> key = bytes(range(64))
    >>> token(key, "MRN-0012345", b"patient_id")
    'g6mr5jbkp2adorgvnr75hved7kah3hzbsutekal5zhnq'
    >>> untoken(key, token(key, "MRN-0012345", b"patient_id"), b"patient_id")
    'MRN-0012345'
    """
    sealed = encrypt(key, value.encode(), *parts)
    return base64.b32encode(sealed).decode().rstrip("=").lower()


def untoken(key: bytes, text: str, *parts: bytes) -> str:
    """Return the value of a token.

    Raises:
        IntegrityError: another key, other parts, or a text that `token` did not write, letter by letter.
    """
    try:
        sealed = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):  # ValueError: letters outside ASCII
        raise IntegrityError("crypto.token") from None
    try:
        value = decrypt(key, sealed, *parts).decode()
    except UnicodeDecodeError:  # `encrypt` made it, of bytes that are no text
        raise IntegrityError("crypto.token") from None
    if token(key, value, *parts) != text:  # other unused bits, capitals
        raise IntegrityError("crypto.token")
    return value


def _cipher(key: bytes) -> AESSIV:
    if len(key) != KEY:
        raise ValueError("the key of a token has 64 bytes")
    return AESSIV(key)
