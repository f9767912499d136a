"""Close a small content for one institution that made a key for it: HPKE with X25519, or RSA-OAEP with AES-GCM.

Guarantee: only the private key opens a box, and only for the purpose that it was closed for. Which names a user may write:
`confide.crypto.algorithms`. Knows no file and no package.
"""

import base64
import binascii
import os
from hashlib import sha256
from typing import get_args

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from confide.crypto import aead, hpke, oaep
from confide.crypto.algorithms import WrapAlgorithm
from confide.crypto.sign import PersonKey
from confide.errors import AccessDenied, IntegrityError, InvalidInput
from confide.vault.pseudonyms import Subkeys

LARGEST_KEY = 4096  # characters of a public key


def signing_key(vault: Subkeys) -> PersonKey:
    """Return the key with which the institution signs requests, packages and receipts; the same for ever.

    It follows from the vault's root key, so that nothing is stored beside it.
    """
    return PersonKey(Ed25519PrivateKey.from_private_bytes(vault.subkey("handover: signing key")))


def fingerprint(public: str) -> str:
    """Return 128 bits of a public key in eight groups, to be compared by telephone.

    >>> fingerprint("00" * 32)
    '5b89 68ea 8f1d b09a 0cba fa0d 61eb ece3'
    """
    digits = sha256(b"confide public key of an institution" + public.encode()).hexdigest()[:32]
    return " ".join(digits[at : at + 4] for at in range(0, 32, 4))


def verify_fingerprint(public: str, heard: str) -> None:
    """Check that `heard`, as it was read out on the telephone, is the fingerprint of `public`.

    Raises:
        AccessDenied: it is of another key; spaces and capitals do not matter.

    >>> verify_fingerprint("00" * 32, "5B89 68ea 8f1d b09a 0cbafa0d 61eb ece3")
    """
    if "".join(heard.split()).lower() != fingerprint(public).replace(" ", ""):
        raise AccessDenied("handover.fingerprint")


def new_box_key(algorithm: WrapAlgorithm) -> tuple[bytes, str]:
    """Return a private key as bytes, to be sealed at once, and the public one as text."""
    if algorithm == "hpke-x25519":
        curve = hpke.new_private_key()
        return curve.private_bytes_raw(), hpke.public_key_text(curve.public_key())
    private = rsa.generate_private_key(public_exponent=65537, key_size=oaep.BITS)
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), pem.decode()


def verify_box_key(algorithm: str, public: str) -> None:
    """Raise InvalidInput unless `public` is a public key for `algorithm`, one of the two."""
    if algorithm not in get_args(WrapAlgorithm) or len(public) > LARGEST_KEY:
        raise InvalidInput("crypto.unknown-algorithm")
    if algorithm == "hpke-x25519":
        hpke.public_key_of(public)
    else:
        oaep.rsa_public_key_of(public.encode())


def close_box(algorithm: str, public: str, plain: bytes, purpose: bytes) -> list[str]:
    """Return `plain` closed for the holder of the private key, as texts of base64.

    Guarantee: bound to `purpose`; in RSA through a fresh AES key that is used once.
    """
    verify_box_key(algorithm, public)
    if algorithm == "hpke-x25519":
        return [_text(hpke.seal(hpke.public_key_of(public), plain, purpose))]
    key = os.urandom(oaep.KEY)
    wrapped = oaep.wrap(oaep.rsa_public_key_of(public.encode()), key)
    return [_text(wrapped), _text(aead.encrypt(key, plain, purpose))]


def open_box(algorithm: str, private: bytes, box: list[str], purpose: bytes) -> bytes:
    """Return what `close_box` was given.

    Raises:
        IntegrityError: closed for another key or purpose, or changed since.
    """
    parts = [_bytes(text) for text in box]
    if len(parts) != (1 if algorithm == "hpke-x25519" else 2):
        raise IntegrityError("crypto.package")
    if algorithm == "hpke-x25519":
        return hpke.open_sealed(X25519PrivateKey.from_private_bytes(private), parts[0], purpose)
    key = load_der_private_key(private, None)
    if not isinstance(key, RSAPrivateKey):
        raise IntegrityError("crypto.package")
    try:
        return aead.decrypt(oaep.unwrap(key, parts[0]), parts[1], purpose)
    except IntegrityError:
        raise IntegrityError("crypto.package") from None


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise IntegrityError("crypto.package") from None
