"""Seal a key or a small package to the holder of an X25519 private key: HPKE, RFC 9180, base mode.

Anyone who has the public key can seal; so the sender is not proven here, `confide.crypto.sign` is for that. The
private key is pyca's object, whose repr shows nothing; keeping it on a disk, encrypted, is the caller's matter.
"""

import base64
import binascii
import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from confide.crypto.aead import bind
from confide.errors import IntegrityError, InvalidInput

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
MARK = "x25519_"  # begins the text of a public key
_KEY, _CHECK = 32, 3


def new_private_key() -> X25519PrivateKey:
    """Return a private key from the operating system's generator."""
    return X25519PrivateKey.generate()


def seal(recipient: X25519PublicKey, plain: bytes, purpose: bytes) -> bytes:
    """Encrypt `plain` so that only the holder of the recipient's private key opens it, for this purpose.

    Guarantee: every call draws a fresh key pair; nobody without the private key, the sender included, opens the
    result again, and under another `purpose` it does not open at all.

    Args:
        recipient: from `public_key_of(text)`, compared by `fingerprint` over another channel.
        plain: may be empty.
        purpose: what the package is for and belongs to; make it of parts with `confide.crypto.aead.bind`.

    Returns:
        The encapsulated key (32 bytes) || ciphertext || tag (16 bytes).

    Source: RFC 9180, sections 5.1.1 and 6.1 (base mode, single shot), with DHKEM(X25519, HKDF-SHA256),
    HKDF-SHA256 and AES-256-GCM.

    >>> key = new_private_key()
    >>> open_sealed(key, seal(key.public_key(), b"data key", b"request 7"), b"request 7")
    b'data key'
    """
    try:
        return SUITE.encrypt(plain, recipient, info=_info(purpose))
    except ValueError:  # one of the few points with which every secret would be zero
        raise InvalidInput("crypto.public-key") from None


def open_sealed(key: X25519PrivateKey, sealed: bytes, purpose: bytes) -> bytes:
    """Return what `seal` was given.

    Raises:
        IntegrityError: sealed to another key, for another purpose, or changed since.
    """
    try:
        return SUITE.decrypt(sealed, key, info=_info(purpose))
    except (InvalidTag, ValueError):
        raise IntegrityError("crypto.package") from None


def public_key_text(key: X25519PublicKey) -> str:
    """Return the public key as 63 letters and digits that survive being read out or sent by mail.

    >>> public_key_text(X25519PublicKey.from_public_bytes(bytes(31) + b"1"))
    'x25519_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaayqk5ml'
    """
    raw = key.public_bytes_raw()
    return MARK + base64.b32encode(raw + _digest(raw)[:_CHECK]).decode().lower()


def public_key_of(text: str) -> X25519PublicKey:
    """Read what `public_key_text` wrote; spaces, line breaks and capitals do not matter.

    Raises:
        InvalidInput: not such a text, or one with a typing mistake.
    """
    letters = "".join(text.split()).lower()
    try:
        data = base64.b32decode(letters.removeprefix(MARK).upper())
    except (binascii.Error, ValueError):  # ValueError: letters outside ASCII
        data = b""
    raw, check = data[:_KEY], data[_KEY:]
    if not letters.startswith(MARK) or not hmac.compare_digest(_digest(raw)[:_CHECK], check):
        raise InvalidInput("crypto.public-key")
    return X25519PublicKey.from_public_bytes(raw)


def fingerprint(key: X25519PublicKey) -> str:
    """Return 128 bits in eight groups, to be compared by telephone before anything is sealed to the key.

    >>> fingerprint(X25519PublicKey.from_public_bytes(bytes(31) + b"1"))
    '0575 8bd0 4ded 7dd3 fd2c e4d3 95e6 a378'
    """
    digits = _digest(key.public_bytes_raw()).hex()
    return " ".join(digits[n : n + 4] for n in range(0, 32, 4))


def _digest(raw: bytes) -> bytes:
    return hashlib.sha256(b"confide public key" + raw).digest()


def _info(purpose: bytes) -> bytes:
    return bind(b"confide package 1", purpose)
