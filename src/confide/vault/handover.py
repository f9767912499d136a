r"""The documents of a hand-over, and the package: one file that holds sealed files as they are and their keys in a box.

    package = magic (8) || version (1) || length of the head (4, big end first) || head || file || file || …
    head    = JSON: manifest, box (the data keys, closed for the recipient), signature of the sender over both

Guarantee: a package names no file and no patient in plain text; what reads one raises nothing but ConfideError
whatever the bytes, reads no more than its limits, and takes no name of a file from it before the signature and
the box were checked. Steps and ledgers: `confide.study.handover`. Format in words: `docs/handover.md`.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from io import FileIO
from pathlib import Path, PurePosixPath
from typing import Any

from confide.crypto.aead import bind
from confide.crypto.canonical import canonical
from confide.crypto.segments import Readable, fill, write_all
from confide.crypto.sign import PersonKey, Signature, digest, verify, verify_public_key
from confide.errors import ConfideError, IntegrityError, InvalidInput
from confide.types import Json
from confide.vault.boxes import close_box, open_box, verify_box_key
from confide.vault.durable import placing, reading
from confide.vault.seal import header_of

MAGIC, VERSION = b"\x89CNH\r\n\x1a\n", 1
_START = len(MAGIC) + 5
LARGEST_HEAD = 16 << 20
LARGEST_DOCUMENT = 64 << 10
MOST_FILES = 20_000
_TEXT = 400  # characters of a purpose, a name, a path
_CHUNK = 1 << 20
_DIGEST, _ID = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]{32}")

REQUEST: Mapping[str, type] = {
    "kind": str, "format": int, "id": str, "institution": str, "sender": str, "study": str, "what": str,
    "why": str, "algorithm": str, "key": str, "made": str,
}  # fmt: skip
MANIFEST: Mapping[str, type] = {
    "kind": str, "format": int, "id": str, "request": str, "sender": str, "recipient": str, "study": str,
    "status": str, "consent": dict, "approval": str, "files": list, "made": str,
}  # fmt: skip
_FILE: Mapping[str, type] = {"file_id": str, "size": int, "sha256": str}
_CONSENT: Mapping[str, type] = {"form": str, "basis": str}
_KEY: Mapping[str, type] = {"key": str, "source": str, "name": str}
RECEIPT: Mapping[str, type] = {
    "kind": str, "format": int, "package": str, "request": str, "recipient": str, "files": int, "made": str,
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


@dataclass(frozen=True, slots=True)
class Handed:
    """One file in a package: where it came from, its key, and its public line of the manifest. Never printed."""

    source: str = field(repr=False)
    name: str = field(repr=False)
    key: bytes = field(repr=False)
    line: Json


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a package, of good form; nothing of it is believed before `verify_head`."""

    manifest: Json
    box: list[str]
    signature: Signature
    length: int  # of the package up to the first file

    @property
    def digest(self) -> str:
        """The name of the package."""
        return digest(self.manifest)


def sign_statement(statement: Json, key: PersonKey) -> Signed:
    """Return the statement, signed for the institution."""
    return Signed(statement, key.sign(statement))


def read_signed(data: bytes, shape: Mapping[str, type], kind: str, file: str) -> Signed:
    """Read a document of one kind that an institution signed, and check the signature.

    Raises:
        InvalidInput: not such a document.
        IntegrityError: it was changed after it was signed.
    """
    if len(data) > LARGEST_DOCUMENT:
        raise InvalidInput("handover.no-document", file=file)
    document = _json(data, file)
    if not isinstance(document, dict) or set(document) != {"statement", "signature"}:
        raise InvalidInput("handover.no-document", file=file)
    statement = _shaped(document["statement"], shape, kind, file)
    with _as(InvalidInput("handover.no-document", file=file)):
        signature = Signature.from_json(document["signature"])
    with _as(IntegrityError("handover.changed", file=file)):
        verify(statement, signature)
    return Signed(statement, signature)


def read_document(file: Path) -> bytes:
    """Return the bytes of a small document, no more than one byte over the limit."""
    with reading(file) as source:
        return source.read(LARGEST_DOCUMENT + 1)


def verify_request(statement: Json, file: str) -> None:
    """Raise InvalidInput unless the fields of a request have their forms."""
    with _as(InvalidInput("handover.no-document", file=file)):
        verify_public_key(statement["sender"])
        _verify_form(statement["id"], _ID)
        verify_box_key(statement["algorithm"], statement["key"])


def write_package(
    target: Path, manifest: Json, handed: Sequence[tuple[Handed, Path]], request: Json, key: PersonKey
) -> Head:
    """Write a package for whoever made `request`; it takes its name when it is whole.

    Guarantee: the sealed files go in as they are, byte for byte; one that changed since the manifest was made
    stops the work, and nothing stands at `target`.

    Args:
        target: of the package; must not exist.
        manifest: with the lines of the files.
        handed: the files in the order of the manifest, and where they lie.
        request: statement of the recipient.
        key: of the sending institution.
    """
    keys = [{"key": each.key.hex(), "source": each.source, "name": each.name} for each, _ in handed]
    box = close_box(request["algorithm"], request["key"], canonical({"files": keys}), _purpose(manifest))
    signature = key.sign(_head_statement(manifest, box))
    head = canonical({"manifest": manifest, "box": box, "signature": signature.to_json()})
    if len(head) > LARGEST_HEAD or len(handed) > MOST_FILES:
        raise InvalidInput("handover.too-many", most=MOST_FILES)
    start = MAGIC + bytes([VERSION]) + len(head).to_bytes(4, "big") + head
    with placing(target, replace=False) as out:
        write_all(out, memoryview(start))
        for each, path in handed:
            with reading(path) as source:
                _copy(source, out, each.line, path.name)
    return Head(manifest, box, signature, len(start))


def line_of(path: Path) -> Json:
    """Return the public line of a sealed file in a manifest: its id, size, and the digest of its ciphertext."""
    mark, size = sha256(), 0
    with reading(path) as source:
        while piece := source.read(_CHUNK):
            mark.update(piece)
            size += len(piece)
    return {"file_id": header_of(path).file_id.hex(), "size": size, "sha256": mark.hexdigest()}


def read_head(source: Readable, size: int, file: str) -> Head:
    """Read the head of a package of `size` bytes; checks forms, limits and lengths, nothing else.

    Raises:
        InvalidInput: not a package, or of a later version.
        IntegrityError: it was cut, lengthened or damaged.
    """
    start = _read(source, _START)
    if not start.startswith(MAGIC):
        raise InvalidInput("handover.no-package", file=file)
    if len(start) < _START:
        raise IntegrityError("handover.damaged", file=file)
    if start[len(MAGIC)] != VERSION:
        raise InvalidInput("handover.later-format", file=file, version=start[len(MAGIC)])
    length = int.from_bytes(start[-4:], "big")
    if length > LARGEST_HEAD or length > size - _START:
        raise IntegrityError("handover.damaged", file=file)
    with _as(IntegrityError("handover.damaged", file=file)):
        document = _json(_read(source, length), file)
        if not isinstance(document, dict) or set(document) != {"manifest", "box", "signature"}:
            raise InvalidInput("handover.no-package", file=file)
        manifest = _shaped(document["manifest"], MANIFEST, "handover-package", file)
        box = document["box"]
        if not isinstance(box, list) or not 1 <= len(box) <= 2 or not all(isinstance(b, str) for b in box):
            raise InvalidInput("handover.no-package", file=file)
        signature = Signature.from_json(document["signature"])
        _verify_manifest(manifest, file)
        digest(manifest)
    if _START + length + sum(line["size"] for line in manifest["files"]) != size:
        raise IntegrityError("handover.damaged", file=file)
    return Head(manifest, box, signature, _START + length)


def verify_head(head: Head, sender: str, file: str) -> None:
    """Check that the holder of the key `sender` signed this package.

    Raises:
        IntegrityError: somebody else did, or the head was changed.
    """
    if head.signature.key != sender:
        raise IntegrityError("handover.other-sender", file=file)
    with _as(IntegrityError("handover.changed", file=file)):
        verify(_head_statement(head.manifest, head.box), head.signature)


def open_head(head: Head, algorithm: str, private: bytes, file: str) -> list[Handed]:
    """Return the files of a package with their keys; called after `verify_head`.

    Guarantee: no name leads out of the folder it is joined to.

    Raises:
        IntegrityError: the box is not for this key and this manifest, or holds what no sender of ours writes.
    """
    with _as(IntegrityError("handover.box", file=file)):
        content = _json(open_box(algorithm, private, head.box, _purpose(head.manifest)), file)
        lines = head.manifest["files"]
        if not isinstance(content, dict) or set(content) != {"files"} or type(content["files"]) is not list:
            raise InvalidInput("handover.no-package", file=file)
        handed = []
        if len(content["files"]) != len(lines):
            raise InvalidInput("handover.no-package", file=file)
        for line, entry in zip(lines, content["files"], strict=True):
            shaped = _shaped(entry, _KEY, None, file)
            _verify_form(shaped["key"], _DIGEST)
            _verify_name(shaped["source"], shaped["name"])
            handed.append(Handed(shaped["source"], shaped["name"], bytes.fromhex(shaped["key"]), line))
        if len({(each.source, each.name) for each in handed}) != len(handed):
            raise InvalidInput("handover.no-package", file=file)
    return handed


def copy_file(source: Readable, target: Path, line: Json, file: str) -> None:
    """Copy the next file of a package to `target`, checking its digest.

    Raises:
        IntegrityError: it is not the file of the manifest.
    """
    with placing(target, replace=True) as out:
        _copy(source, out, line, file)


def _copy(source: Readable, out: FileIO, line: Json, file: str) -> None:
    buffer, mark, left = memoryview(bytearray(_CHUNK)), sha256(), line["size"]
    while left:
        got = fill(source, buffer[: min(left, _CHUNK)])
        if not got:
            break
        mark.update(buffer[:got])
        write_all(out, buffer[:got])
        left -= got
    if left or mark.hexdigest() != line["sha256"]:
        raise IntegrityError("handover.other-file", file=file)


def _verify_manifest(manifest: Json, file: str) -> None:
    _verify_form(manifest["id"], _ID)
    _verify_form(manifest["request"], _DIGEST)
    _shaped(manifest["consent"], _CONSENT, None, file)
    if not 0 < len(manifest["files"]) <= MOST_FILES:
        raise InvalidInput("handover.no-package", file=file)
    for line in manifest["files"]:
        _shaped(line, _FILE, None, file)
        _verify_form(line["file_id"], _ID)
        _verify_form(line["sha256"], _DIGEST)
        if not 0 <= line["size"] < 1 << 50:
            raise InvalidInput("handover.no-package", file=file)
    if len({line["file_id"] for line in manifest["files"]}) != len(manifest["files"]):
        raise InvalidInput("handover.no-package", file=file)


def _verify_form(text: str, form: re.Pattern[str]) -> None:
    if not form.fullmatch(text):
        raise InvalidInput("handover.no-package", file="-")


def _verify_name(source: str, name: str) -> None:
    parts = PurePosixPath(name).parts
    plain = name.isprintable() and source.isprintable() and 0 < len(name) <= _TEXT and 0 < len(source) <= 40
    if (
        not plain
        or "\\" in name
        or name.startswith("/")
        or ".." in parts
        or PurePosixPath(name).as_posix() != name
    ):
        raise InvalidInput("handover.no-package", file="-")


def _purpose(manifest: Json) -> bytes:
    return bind(b"confide handover 1", bytes.fromhex(digest(manifest)))


def _head_statement(manifest: Json, box: list[str]) -> Json:
    return {"kind": "handover-head", "manifest": manifest, "box": box}


def _read(source: Readable, size: int) -> bytes:
    buffer = bytearray(size)
    return bytes(buffer[: fill(source, memoryview(buffer))])


def _json(data: bytes, file: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise InvalidInput("handover.no-document", file=file) from None


def _shaped(value: object, shape: Mapping[str, type], kind: str | None, file: str) -> Json:
    """Return an object that has exactly these keys, of these types, in short texts of one line."""
    if not isinstance(value, dict) or set(value) != set(shape):
        raise InvalidInput("handover.no-document", file=file)
    for name, wanted in shape.items():
        each = value[name]
        long = name != "key" and isinstance(each, str) and (len(each) > _TEXT or not each.isprintable())
        if type(each) is not wanted or long:
            raise InvalidInput("handover.no-document", file=file)
    if kind is not None and (value["kind"] != kind or value["format"] != 1):
        raise InvalidInput("handover.no-document", file=file)
    return value


@contextmanager
def _as(error: ConfideError) -> Iterator[None]:
    """Say `error` in the place of whatever was found wrong."""
    try:
        yield
    except ConfideError:
        raise error from None
