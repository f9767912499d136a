"""Sign statements as a person: Ed25519 over one form of the bytes, keys kept under a passphrase.

Guarantee: `verify` returns only for the statement that was signed, key by key and value by value, and never for
bytes signed for another purpose. Knows no role, no file and no clock. Who may sign what: `confide.ledger.roles`.
"""

import hashlib
import re
import unicodedata
import warnings
from dataclasses import dataclass
from typing import Never

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from confide.crypto.canonical import canonical
from confide.crypto.locked import locked
from confide.crypto.text import from_base64, to_base64
from confide.errors import AccessDenied, IntegrityError, InvalidInput
from confide.types import Json

SHORTEST = 12  # characters of a passphrase
_CONTEXT = b"confide statement 1\0"
_PUBLIC = re.compile(r"[0-9a-f]{64}")
_FIELD = 2**255 - 19
_OF_SMALL_ORDER = (  # the coordinate y of points whose multiples are few: under such a key everything is signed
    0,
    1,
    _FIELD - 1,
    2707385501144840649318225287225658788936804267575313519463743609750303402022,
    _FIELD - 2707385501144840649318225287225658788936804267575313519463743609750303402022,
)
_ENCRYPTED = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"


@dataclass(frozen=True, slots=True)
class Signature:
    """Whose key signed, and the signature; both public."""

    key: str  # public key, 64 hexadecimal digits
    signature: str  # base64

    def __post_init__(self) -> None:
        """Refuse what has not the form of an Ed25519 signature, or a second spelling of one.

        Raises:
            InvalidInput: says nothing of what was found.
        """
        verify_public_key(self.key)
        if not isinstance(self.signature, str) or len(from_base64(self.signature) or b"") != 64:
            raise InvalidInput("crypto.signature-form")

    def to_json(self) -> Json:
        """Return the signature as it stands in a file or an entry."""
        return {"key": self.key, "signature": self.signature}

    @classmethod
    def from_json(cls, json: object) -> "Signature":
        """Read what `to_json` wrote."""
        if not isinstance(json, dict) or set(json) != {"key", "signature"}:
            raise InvalidInput("crypto.signature-form")
        return cls(json["key"], json["signature"])


class PersonKey:
    """The private key of one person. It shows nothing of itself, and cannot be pickled or copied."""

    __slots__ = ("_private", "public")

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw().hex()

    def __repr__(self) -> str:
        return f"PersonKey(public={self.public!r})"

    def __reduce__(self) -> Never:
        raise TypeError("a private key is kept by `to_pem`, under a passphrase")

    def sign(self, statement: Json) -> Signature:
        """Sign `statement`, all of it.

        >>> key = new_key()
        >>> verify({"kind": "x", "n": 1}, key.sign({"n": 1, "kind": "x"}))
        """
        signed = self._private.sign(_signed_bytes(statement))
        return Signature(self.public, to_base64(signed))

    def to_pem(self, passphrase: str) -> bytes:
        """Return the key as PKCS#8 in PEM, encrypted under `passphrase` (`confide.crypto.locked`); `openssl pkey` reads it.

        Raises:
            InvalidInput: the passphrase is shorter than 12 characters.
        """
        if len(passphrase) < SHORTEST:
            raise InvalidInput("crypto.passphrase-short", wanted=SHORTEST)
        private = self._private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return locked(private, _composed(passphrase))


def new_key() -> PersonKey:
    """Make the key of one person."""
    return PersonKey(Ed25519PrivateKey.generate())


def from_pem(pem: bytes, passphrase: str) -> PersonKey:
    """Read what `PersonKey.to_pem` wrote.

    Raises:
        AccessDenied: another passphrase.
        InvalidInput: not the encrypted key of a person; one that lies open is refused too.
    """
    if not pem.lstrip().startswith(_ENCRYPTED):
        raise InvalidInput("crypto.no-person-key")
    try:
        with warnings.catch_warnings(action="ignore"):  # of old kinds of keys, which are refused just below
            private = load_pem_private_key(pem, _composed(passphrase))
    except ValueError as error:
        raise AccessDenied("crypto.person-passphrase") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise InvalidInput("crypto.no-person-key")
    return PersonKey(private)


def verify(statement: Json, signature: Signature) -> None:
    """Check that the holder of `signature.key` signed exactly `statement`.

    Raises:
        IntegrityError: another statement, another key, or another signature.
    """
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signature.key))
        public.verify(from_base64(signature.signature) or b"", _signed_bytes(statement))
    except InvalidSignature:
        raise IntegrityError("crypto.not-what-was-signed", key=signature.key[:16]) from None


def digest(statement: Json) -> str:
    """Return the SHA-256 of the bytes that are signed, in hexadecimal: the name of a statement."""
    return hashlib.sha256(_signed_bytes(statement)).hexdigest()


def verify_public_key(key: object) -> str:
    """Return `key` if it is a public key as we write it: 64 small hexadecimal digits.

    Guarantee: a key has one spelling only, and is none under which anybody could sign.

    Raises:
        InvalidInput: it is not.
    """
    if not isinstance(key, str) or not _PUBLIC.fullmatch(key):
        raise InvalidInput("crypto.public-key-form")
    y = int.from_bytes(bytes.fromhex(key), "little") & ((1 << 255) - 1)
    if y >= _FIELD or y in _OF_SMALL_ORDER:
        raise InvalidInput("crypto.public-key-weak")
    return key


def _signed_bytes(statement: Json) -> bytes:
    """Return what is signed. The prefix keeps statements apart from all else that an Ed25519 key signs."""
    if not isinstance(statement.get("kind"), str):
        raise InvalidInput("crypto.statement-form")
    try:
        return _CONTEXT + canonical(statement)
    except (
        TypeError,
        ValueError,
        AttributeError,
    ) as error:  # no JSON; a key that is no text; a lone surrogate
        raise InvalidInput("crypto.statement-form") from error


def _composed(passphrase: str) -> bytes:
    """Return the passphrase as every keyboard writes it."""
    return unicodedata.normalize("NFC", passphrase).encode(errors="surrogatepass")
