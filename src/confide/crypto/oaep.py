"""Wrap a 32-byte key for an institution that only has RSA: RSA-OAEP with SHA-256, keys of 3072 bits and more.

`confide.crypto.hpke` is better wherever the recipient can have an X25519 key. A wrapped key is bound to nothing:
bind what it opens. Which names a user may write for the two: `confide.crypto.algorithms`.
"""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from confide.errors import IntegrityError, InvalidInput

BITS, KEY = 3072, 32
PADDING = OAEP(mgf=MGF1(SHA256()), algorithm=SHA256(), label=None)


def wrap(recipient: RSAPublicKey, key: bytes) -> bytes:
    """Encrypt a key so that only the holder of the recipient's private key gets it back.

    Guarantee: never done under fewer than 3072 bits, nor with another padding.

    Args:
        recipient: an RSA key of at least 3072 bits.
        key: 32 bytes, made for this one package.

    Raises:
        InvalidInput: the recipient's key is too short.

    Source: RFC 8017, section 7.1 (RSAES-OAEP), SHA-256 for both hashes and no label.
    """
    _check_size(recipient)
    if len(key) != KEY:
        raise ValueError("a key that is wrapped has 32 bytes")
    return recipient.encrypt(key, PADDING)


def unwrap(private: RSAPrivateKey, wrapped: bytes) -> bytes:
    """Return the key that `wrap` was given.

    Raises:
        IntegrityError: wrapped for another key, or changed since.
        InvalidInput: the private key is too short.
    """
    _check_size(private)
    try:
        key = private.decrypt(wrapped, PADDING)
    except ValueError:
        raise IntegrityError("crypto.package") from None
    if len(key) != KEY:
        raise IntegrityError("crypto.package")
    return key


def rsa_public_key_of(pem: bytes) -> RSAPublicKey:
    """Read a public key in PEM.

    Raises:
        InvalidInput: not PEM, not RSA, or fewer than 3072 bits.
    """
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidInput("crypto.rsa-key") from None
    if not isinstance(key, RSAPublicKey):
        raise InvalidInput("crypto.rsa-key")
    _check_size(key)
    return key


def _check_size(key: RSAPublicKey | RSAPrivateKey) -> None:
    if key.key_size < BITS:
        raise InvalidInput("crypto.rsa-small", bits=key.key_size, wanted=BITS)
