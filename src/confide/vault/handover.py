"""The documents of a hand-over that institutions sign: the request and the receipt.

Guarantee: what reads one raises nothing but ConfideError whatever the bytes, reads no more than its limits, and
returns only what the holder of the named key signed. Each field has a closed form, so that nothing in it can
turn a line of a terminal or of a ledger. The package: `confide.vault.package`. Format in words: `docs/handover.md`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from confide.crypto.algorithms import WrapAlgorithm, wrap_algorithm
from confide.crypto.canonical import canonical
from confide.crypto.sign import PersonKey, Signature, digest, verify
from confide.errors import ConfideError, IntegrityError, InvalidInput
from confide.types import Json
from confide.vault.boxes import verify_box_key
from confide.vault.durable import reading

LARGEST = 64 << 10  # bytes of a document
LONGEST = 400  # characters of a purpose, a name, a path
DIGEST, ID = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]{32}")
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")

Shape = Mapping[str, type | re.Pattern[str]]  # a pattern: a text of this form

REQUEST: Shape = {
    "kind": str, "format": int, "id": ID, "institution": str, "sender_key": DIGEST, "recipient_key": DIGEST,
    "study": str, "what": str, "why": str, "algorithm": str, "key": str, "made": TIME,
}  # fmt: skip
RECEIPT: Shape = {
    "kind": str, "format": int, "package": DIGEST, "request": DIGEST, "recipient": str, "files": int,
    "made": TIME,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Signed:
    """A statement with its signature; both public."""

    statement: Json
    signature: Signature

    @property
    def digest(self) -> str:
        """The name of the statement."""
        return digest(self.statement)

    def to_bytes(self) -> bytes:
        """Return the document as it stands in a file."""
        return canonical({"statement": self.statement, "signature": self.signature.to_json()}) + b"\n"


def sign_statement(statement: Json, key: PersonKey) -> Signed:
    """Return the statement, signed for the institution."""
    return Signed(statement, key.sign(statement))


def read_document(file: Path) -> bytes:
    """Return the bytes of a document, no more than one byte over the limit."""
    with reading(file) as source:
        return source.read(LARGEST + 1)


def read_signed(data: bytes, shape: Shape, kind: str, file: str) -> Signed:
    """Read a document of one kind that an institution signed, and check the signature.

    Raises:
        InvalidInput: not such a document.
        IntegrityError: it was changed after it was signed.
    """
    with instead(InvalidInput("handover.no-document", file=file)):
        if len(data) > LARGEST:
            raise InvalidInput("handover.no-document", file=file)
        document = shaped(read_json(data), {"statement": dict, "signature": dict})
        statement = shaped(document["statement"], shape, kind)
        signature = Signature.from_json(document["signature"])
        digest(statement)
    with instead(IntegrityError("handover.changed", file=file)):
        verify(statement, signature)
    return Signed(statement, signature)


def read_request(data: bytes, file: str) -> Signed:
    """Read a request for files, as `read_signed` does.

    Guarantee: whose fingerprint is compared by telephone is who signed it, and the name of the request (`digest`)
    is bound to that key and to the one that the package will be closed for.

    Raises:
        InvalidInput: not a request; or an algorithm, with the reason, or a key that is refused.
        IntegrityError: it was changed after it was signed, or signed by another key than it names.
    """
    signed = read_signed(data, REQUEST, "handover-request", file)
    statement = signed.statement
    if signed.signature.key != statement["recipient_key"]:
        raise IntegrityError("handover.changed", file=file)
    if statement["algorithm"] not in get_args(WrapAlgorithm):
        wrap_algorithm(statement["algorithm"])  # says the reason of a well-known old one
        raise InvalidInput("handover.no-document", file=file)
    with instead(InvalidInput("handover.no-document", file=file)):
        verify_box_key(statement["algorithm"], statement["key"])
    return signed


def read_receipt(data: bytes, file: str) -> Signed:
    """Read the receipt of a package; raises as `read_signed`."""
    return read_signed(data, RECEIPT, "handover-receipt", file)


def verify_text(text: str, field: str) -> str:
    """Return a text that a document may hold: one line, not empty, not longer than `LONGEST`.

    Raises:
        InvalidInput: names the field.
    """
    if not text.strip() or not text.isprintable() or len(text) > LONGEST:
        raise InvalidInput("handover.text", field=field, most=LONGEST)
    return text


def read_json(data: bytes) -> Any:
    """Return what JSON holds.

    Raises:
        InvalidInput: it is none.
    """
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise InvalidInput("handover.no-document", file="-") from None


def shaped(value: object, shape: Shape, kind: str | None = None) -> Json:
    """Return an object that has exactly these keys, of these types and forms, in short texts of one line.

    Raises:
        InvalidInput: it has not; the caller says of which file (`instead`).
    """
    if not isinstance(value, dict) or set(value) != set(shape):
        raise InvalidInput("handover.no-document", file="-")
    for name, wanted in shape.items():
        each = value[name]
        if isinstance(wanted, re.Pattern):
            fits = isinstance(each, str) and wanted.fullmatch(each) is not None
        elif wanted is str and name != "key":  # a public key in PEM has lines; who uses it looks at it
            fits = isinstance(each, str) and len(each) <= LONGEST and each.isprintable()
        else:
            fits = type(each) is wanted
        if not fits:
            raise InvalidInput("handover.no-document", file="-")
    if kind is not None and (value["kind"] != kind or value["format"] != 1):
        raise InvalidInput("handover.no-document", file="-")
    return value


@contextmanager
def instead(error: ConfideError) -> Iterator[None]:
    """Say `error` in the place of whatever was found wrong."""
    try:
        yield
    except ConfideError:
        raise error from None
