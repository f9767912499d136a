"""Signed notes of C2SP: what a log says about its tree, signed by the log and cosigned by witnesses.

A checkpoint is three lines (origin, size, root), an empty line, and one line per signature. Pure functions of
text: no file, no clock, no network. Who may sign what is decided by the caller, who holds the verifier keys.
"""

import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from confide.crypto.merkle import HASH, LARGEST
from confide.crypto.text import from_base64, is_name, is_text, to_base64
from confide.errors import IntegrityError

NOTE, COSIGNATURE = 0x01, 0x04  # signature types: Ed25519 over the text; Ed25519 with a time
LONGEST = 1 << 17  # characters of a note
_SEED, _ID, _TIME = 32, 4, 8
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_LINE = re.compile(r"— ([^ ]+) ([A-Za-z0-9+/]+={0,2})")


@dataclass(frozen=True, slots=True)
class Verifier:
    """The public half of a key, with the name and the signature type that it is pinned under."""

    name: str
    kind: int
    key: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that find the key's signature among others; no proof of anything."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.key).digest()[:_ID]

    def to_text(self) -> str:
        """Return the one line in which a verifier key is handed around.

        >>> Verifier.from_text("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").id.hex()
        'c74f20a3'
        """
        return f"{self.name}+{self.id.hex()}+{to_base64(bytes([self.kind]) + self.key)}"

    @staticmethod
    def from_text(text: str) -> "Verifier":
        """Read what `to_text` wrote.

        Raises:
            IntegrityError: not a verifier key of one of the two types, or its parts do not agree.
        """
        parts = text.split("+", 2)
        if len(text) > LONGEST or len(parts) != 3 or not is_name(parts[0]):
            raise IntegrityError("crypto.verifier-key")
        material = from_base64(parts[2])
        if material is None or len(material) != 1 + HASH or material[0] not in (NOTE, COSIGNATURE):
            raise IntegrityError("crypto.verifier-key")
        verifier = Verifier(parts[0], material[0], material[1:])
        if verifier.id.hex() != parts[1]:
            raise IntegrityError("crypto.verifier-key")
        return verifier


class Signer:
    """An Ed25519 key with its name. It shows nothing of itself."""

    __slots__ = ("_key", "name")

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        if not is_name(name):
            raise IntegrityError("crypto.key-name")
        self.name = name
        self._key = key

    def __repr__(self) -> str:
        return f"Signer({self.name!r})"

    def __reduce__(self) -> str:
        raise TypeError("a signing key is not pickled")

    def to_bytes(self) -> bytes:
        """Return the secret, 32 bytes, then the name; for a file that only its owner reads."""
        return self._key.private_bytes_raw() + self.name.encode()

    @staticmethod
    def from_bytes(data: bytes) -> "Signer":
        """Read what `to_bytes` returned.

        Raises:
            IntegrityError: it is something else.
        """
        if not _SEED < len(data) <= LONGEST:
            raise IntegrityError("crypto.key-name")
        try:
            name = data[_SEED:].decode()
        except UnicodeDecodeError:
            raise IntegrityError("crypto.key-name") from None
        return Signer(name, Ed25519PrivateKey.from_private_bytes(data[:_SEED]))

    @property
    def verifier(self) -> Verifier:
        """What checks the notes that this key signs as a log."""
        return Verifier(self.name, NOTE, self._key.public_key().public_bytes_raw())

    @property
    def cosigner(self) -> Verifier:
        """What checks the cosignatures that this key gives as a witness."""
        return Verifier(self.name, COSIGNATURE, self._key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature (RFC 8032) of `message`, 64 bytes."""
        return self._key.sign(message)


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line, unchecked."""

    name: str
    id: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says about its tree. Nothing of it is true before `verify_signature` has passed."""

    origin: str
    size: int
    root: bytes
    body: str
    signatures: tuple[Signature, ...]


def new_signer(name: str) -> Signer:
    """Make a key from the operating system's randomness.

    Raises:
        IntegrityError: the name is empty or holds a space, a plus or a control character.

    >>> new_signer("hospital.example/log")
    Signer('hospital.example/log')
    """
    return Signer(name, Ed25519PrivateKey.generate())


def checkpoint_body(origin: str, size: int, root: bytes) -> str:
    """Return the three lines that a log signs.

    Raises:
        ValueError: not an origin, a size or a root.

    Source: C2SP tlog-checkpoint, "Note text". We refuse the origins that it discourages (spaces, plus).

    >>> checkpoint_body("hospital.example/log", 7, bytes(32)).splitlines()
    ['hospital.example/log', '7', 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=']
    """
    if not is_name(origin) or not 0 <= size <= LARGEST or len(root) != HASH:
        raise ValueError("not a checkpoint")
    return f"{origin}\n{size}\n{to_base64(root)}\n"


def signed(body: str, signer: Signer) -> str:
    """Return the note: `body`, an empty line, and the signature of its log.

    Raises:
        ValueError: `body` does not end in a newline, or holds what a note must not hold.

    Source: C2SP signed-note, "Format" and "Ed25519 signatures".
    """
    if not body.endswith("\n") or body.startswith("\n") or not is_text(body.replace("\n", "")):
        raise ValueError("not the text of a note")
    return f"{body}\n{_line(signer.verifier, signer.sign(body.encode()))}"


def cosignature(body: str, signer: Signer, time: int) -> str:
    """Return the line in which a witness says: at `time` this was the largest tree of this log that I know.

    Args:
        body: of the checkpoint.
        signer: the witness's key, which signs for nothing else.
        time: seconds since 1970, UTC.

    Raises:
        ValueError: `time` cannot be written.

    Source: C2SP tlog-cosignature, "Ed25519 signed message".
    """
    if not 0 <= time < 2**63:
        raise ValueError("not a time")
    return _line(signer.cosigner, time.to_bytes(_TIME, "big") + signer.sign(_message(body, time)))


def cosigned(note: str, signer: Signer, time: int) -> str:
    """Return the checkpoint `note` with the line of one more witness; see `cosignature`.

    Raises:
        IntegrityError: `note` is no checkpoint.
    """
    return note + cosignature(parse_checkpoint(note).body, signer, time)


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a checkpoint with its signatures, which are not checked here.

    Guarantee: whatever `text` is, the outcome is a checkpoint in the one form of the format or IntegrityError.

    Raises:
        IntegrityError: not a checkpoint, or one longer than `LONGEST`.

    Source: C2SP signed-note and tlog-checkpoint. Extension lines are kept in `body`, which is what is signed.
    """
    if len(text) > LONGEST or not is_text(text.replace("\n", "")):
        raise IntegrityError("crypto.checkpoint")
    end = text.rfind("\n\n")
    if end < 0 or not text.endswith("\n"):
        raise IntegrityError("crypto.checkpoint")
    body = text[: end + 1]
    lines = body.split("\n")[:-1]
    if len(lines) < 3 or "" in lines:
        raise IntegrityError("crypto.checkpoint")
    origin, size, digest = lines[0], lines[1], from_base64(lines[2])
    if not _SIZE.fullmatch(size) or int(size) > LARGEST or digest is None or len(digest) != HASH:
        raise IntegrityError("crypto.checkpoint")
    return Checkpoint(origin, int(size), digest, body, parse_signatures(text[end + 2 :]))


def parse_signatures(text: str) -> tuple[Signature, ...]:
    """Read signature lines, such as those that a witness answers with.

    Raises:
        IntegrityError: there is none, or a line that is none.
    """
    lines = text.split("\n")
    if len(text) > LONGEST or lines.pop() or not lines:
        raise IntegrityError("crypto.signature-line")
    return tuple(map(_signature, lines))


def verify_signature(checkpoint: Checkpoint, verifier: Verifier) -> int | None:
    """Check that the key of `verifier` signed the checkpoint.

    Guarantee: every signature line under the verifier's name and id was checked, and there is at least one.

    Returns:
        None for a log's signature; for a witness's, the (latest) time that it states, seconds since 1970.

    Raises:
        IntegrityError: this key has not signed, or a line that claims so does not verify.

    Source: C2SP signed-note, "Signatures"; tlog-cosignature, "Format".
    """
    times = [
        _time_of(checkpoint, verifier, line.value)
        for line in checkpoint.signatures
        if (line.name, line.id) == (verifier.name, verifier.id)
    ]
    if not times:
        raise IntegrityError("crypto.not-signed", name=verifier.name)
    return max(times) if verifier.kind == COSIGNATURE else None


def _time_of(checkpoint: Checkpoint, verifier: Verifier, value: bytes) -> int:
    time, message = 0, checkpoint.body.encode()
    if verifier.kind == COSIGNATURE:
        time, value = int.from_bytes(value[:_TIME], "big"), value[_TIME:]
        message = _message(checkpoint.body, time)
    try:
        Ed25519PublicKey.from_public_bytes(verifier.key).verify(value, message)
    except InvalidSignature:
        raise IntegrityError("crypto.forged", name=verifier.name) from None
    if time >= 2**63:
        raise IntegrityError("crypto.forged", name=verifier.name)
    return time


def _message(body: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{body}".encode()


def _line(verifier: Verifier, value: bytes) -> str:
    return f"— {verifier.name} {to_base64(verifier.id + value)}\n"


def _signature(line: str) -> Signature:
    match = _LINE.fullmatch(line)
    value = from_base64(match.group(2)) if match else None
    if match is None or value is None or len(value) <= _ID or not is_name(match.group(1)):
        raise IntegrityError("crypto.signature-line")
    return Signature(match.group(1), value[:_ID], value[_ID:])
