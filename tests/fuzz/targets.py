"""What is fuzzed: every parser that meets bytes from outside, and where its first inputs come from.

Each target takes bytes and may end in two ways only: it returns, or it raises a ConfideError. Anything
else is a finding. `tests/fuzz/fuzz.py` drives one; a new parser adds one function and one line to TARGETS.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

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
from confide.crypto.sign import new_key
from confide.crypto.stream import decrypt_range, decrypt_segments, encrypt_stream
from confide.errors import ConfideError
from confide.ledger.requests import new_request
from confide.ledger.requests import read_request as read_approval
from confide.study.config import read_study
from confide.vault import handover, package
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


def _handed(data: bytes) -> object:
    """What another institution sends: a package, or a signed document; its answer opens with no key of ours."""
    if data.startswith(package.MAGIC):
        head = package.read_head(BytesIO(data), len(data), "f")
        if head.signature.key == _INSTITUTION.public:
            package.verify_head(head, _INSTITUTION.public, "f")
        return package.open_head(head, "hpke-x25519", _PARTNER.private_bytes_raw(), "f")
    if b"handover-receipt" in data:
        return handover.read_receipt(data, "f")
    if b"hand-over" in data:
        return read_approval(data)
    return handover.read_request(data, "f")


def _handed_over() -> list[bytes]:
    public = hpke.public_key_text(_PARTNER.public_key())
    made = {"format": 1, "made": "2026-01-01T00:00:00Z"}
    asked = handover.sign_statement(made | {
        "kind": "handover-request", "id": "0" * 32, "institution": "B", "sender_key": "0" * 64,
        "recipient_key": _INSTITUTION.public, "study": "s", "what": "visits", "why": "a trial",
        "algorithm": "hpke-x25519", "key": public,
    }, _INSTITUTION)  # fmt: skip
    receipt = handover.sign_statement(made | {
        "kind": "handover-receipt", "package": "0" * 64, "request": asked.digest, "recipient": "B", "files": 1,
    }, _INSTITUTION)  # fmt: skip
    line = {"file_id": "0" * 32, "size": 4, "sha256": "0" * 64}
    fields = {"request": asked.digest, "sender": "A", "recipient": "B", "study": "s", "status": "identified",
              "consent": {"form": "basis", "basis": "act", "optout": True}}  # fmt: skip
    manifest = package.new_manifest(fields, [line], approval="0" * 64, made="2026-01-01T00:00:00Z")
    handed = package.Handed("visits", "raw/visits.csv", bytes(32), line)
    head = package.sealed_head(manifest, [handed], asked.statement, _INSTITUTION)[0]
    offer = new_request("hand-over", fields, _LEDGER)
    return [head + b"file", asked.to_bytes(), receipt.to_bytes(), json.dumps(offer).encode()]


_INSTITUTION = new_key()
_LEDGER = SimpleNamespace(id="0" * 16)


TARGETS = {
    "sealed-header": Target(
        parse=lambda data: parse_header(data, "f"), seeds=lambda: [new_header(new_data_key()).to_bytes()]
    ),
    "checkpoint": Target(parse=_checkpoint, seeds=_checkpoints),
    "stream": Target(parse=_stream, seeds=_streams),
    "keys-and-packages": Target(parse=_keys, seeds=_keys_and_packages),
    "hand-over": Target(parse=_handed, seeds=_handed_over),
    "study-file": Target(parse=_study, seeds=lambda: [STUDY.format(language="en").encode()]),
}


def meet(name: str, data: bytes) -> None:
    """Give `data` to the parser `name`; a refusal in our own words is what it may answer."""
    try:
        TARGETS[name].parse(data)
    except ConfideError as refused:
        str(refused)  # the sentence itself must stand in both languages
