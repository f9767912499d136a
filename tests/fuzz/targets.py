"""What is fuzzed: every parser that meets bytes from outside, and where its first inputs come from.

Each target takes bytes and may end in two ways only: it returns, or it raises a ConfideError. Anything
else is a finding. `tests/fuzz/fuzz.py` drives one; a new parser adds one function and one line to TARGETS.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

sys.path.append(str(Path(__file__).parents[1] / "study"))
from small import STUDY

from confide.crypto import hpke, siv
from confide.crypto.note import (
    Verifier,
    checkpoint_body,
    cosigned,
    new_signer,
    parse_checkpoint,
    signed,
    verify_signature,
)
from confide.crypto.oaep import rsa_public_key_of
from confide.crypto.segments import plain_size
from confide.crypto.stream import decrypt_range, decrypt_segments, encrypt_stream
from confide.errors import ConfideError
from confide.study.config import read_study
from confide.vault.seal import new_data_key, new_header, parse_header


@dataclass(frozen=True)
class Target:
    """One parser: what it is given, and sound inputs to start from."""

    parse: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]


_LOG = new_signer("hospital.example/log")


def _checkpoint(data: bytes) -> object:
    """A checkpoint that verifies is what our own key signed; verifier keys are read from the same bytes."""
    text = data.decode("utf-8", errors="replace")
    if "+" in text.split("\n", 1)[0]:
        return Verifier.from_text(text)
    return verify_signature(parse_checkpoint(text), _LOG.verifier)


def _checkpoints() -> list[bytes]:
    note = signed(checkpoint_body(_LOG.name, 7, bytes(32)), _LOG)
    whole = cosigned(note, new_signer("witness.example"), 1)
    return [note.encode(), whole.encode(), _LOG.verifier.to_text().encode()]


def _stream(data: bytes) -> object:
    """The whole stream in turn, or where the first byte is odd a range of it."""
    half = max(0, plain_size(len(data))) // 2
    if data[:1] == b"\x29":
        data = b"\x28" + data[1:]
        return list(decrypt_range(bytes(32), BytesIO(data), len(data), b"", 0, half))
    return list(decrypt_segments(bytes(32), BytesIO(data), b""))


def _streams() -> list[bytes]:
    out = BytesIO()
    encrypt_stream(bytes(32), b"plain text", out, b"")
    return [out.getvalue(), b"\x29" + out.getvalue()[1:]]


def _keys(data: bytes) -> object:
    """What partners send: keys as text, tokens, packages."""
    text = data.decode("utf-8", errors="replace")
    if text.startswith("-"):
        return rsa_public_key_of(data)
    if text.startswith("x"):
        return hpke.seal(hpke.public_key_of(text), b"", b"")
    if text.startswith("t"):
        return siv.untoken(bytes(64), text[1:])
    return hpke.open_sealed(_PARTNER, data, b"")


def _keys_and_packages() -> list[bytes]:
    rsa = generate_private_key(65537, 3072).public_key()
    text = hpke.public_key_text(_PARTNER.public_key())
    token = "t" + siv.token(bytes(64), "MRN-0012345")
    package = hpke.seal(_PARTNER.public_key(), b"data key", b"")
    pem = rsa.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return [pem, text.encode(), token.encode(), package]


_PARTNER = hpke.new_private_key()


def _study(data: bytes) -> object:
    return read_study(data.decode("utf-8", errors="replace"), Path())


TARGETS = {
    "sealed-header": Target(
        parse=lambda data: parse_header(data, "f"), seeds=lambda: [new_header(new_data_key()).to_bytes()]
    ),
    "checkpoint": Target(parse=_checkpoint, seeds=_checkpoints),
    "stream": Target(parse=_stream, seeds=_streams),
    "keys-and-packages": Target(parse=_keys, seeds=_keys_and_packages),
    "study-file": Target(parse=_study, seeds=lambda: [STUDY.format(language="en").encode()]),
}


def meet(name: str, data: bytes) -> None:
    """Give `data` to the parser `name`; a refusal in our own words is what it may answer."""
    try:
        TARGETS[name].parse(data)
    except ConfideError as refused:
        str(refused)  # the sentence itself must stand in both languages
