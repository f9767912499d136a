r"""The package of a hand-over: one file that holds sealed files as they are, and their keys in a box.

    package = magic (8) || version (1) || length of the head (4, big end first) || head || file || file || …
    head    = JSON: manifest, box (the data keys, closed for the recipient), signature of the sender over both

Guarantee: a package names no file and no patient in plain text; what reads one raises nothing but ConfideError
whatever the bytes, reads no more than its limits, and takes no name of a file from it before the signature and
the box were checked. Steps and ledgers: `confide.study.handover`. Format in words: `docs/handover.md`.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from io import FileIO
from pathlib import Path, PurePosixPath

from confide.crypto.aead import bind
from confide.crypto.canonical import canonical
from confide.crypto.segments import Readable, fill, write_all
from confide.crypto.sign import PersonKey, Signature, digest, verify
from confide.errors import IntegrityError, InvalidInput
from confide.types import Json
from confide.vault.boxes import close_box, open_box
from confide.vault.durable import placing, reading
from confide.vault.handover import DIGEST, ID, LONGEST, TIME, Shape, instead, read_json, shaped
from confide.vault.seal import header_of

MAGIC, VERSION = b"\x89CNH\r\n\x1a\n", 1
_START = len(MAGIC) + 5
LARGEST_HEAD = 16 << 20
MOST_FILES = 20_000
_CHUNK = 1 << 20

MANIFEST: Shape = {
    "kind": str, "format": int, "id": ID, "request": DIGEST, "sender": str, "recipient": str, "study": str,
    "status": re.compile("identified"), "consent": dict, "approval": DIGEST, "files": list, "made": TIME,
}  # fmt: skip
_FILE: Shape = {"file_id": ID, "size": int, "sha256": DIGEST}
_CONSENT: Shape = {"form": re.compile("list|basis"), "basis": str, "optout": bool}
_KEY: Shape = {"key": DIGEST, "source": str, "name": str}
_LONGEST_SOURCE = 80


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


def new_manifest(fields: Json, lines: list[Json], *, approval: str, made: str) -> Json:
    """Return a manifest with a name of its own.

    Args:
        fields: of the offer: request, sender, recipient, study, status, consent.
        lines: of the files (`line_of`).
        approval: digest of the offer.
        made: now.
    """
    named = {name: fields[name] for name in ("request", "sender", "recipient", "study", "status", "consent")}
    return {
        "kind": "handover-package", "format": 1, "id": os.urandom(16).hex(), **named, "approval": approval,
        "files": lines, "made": made,
    }  # fmt: skip


def write_package(
    target: Path, manifest: Json, handed: Sequence[tuple[Handed, Path]], request: Json, key: PersonKey
) -> Head:
    """Write a package for whoever made `request`; it takes its name when it is whole.

    Guarantee: the sealed files go in as they are, byte for byte; one that changed since the manifest was made
    stops the work, and nothing stands at `target`. What a recipient would refuse is not written.

    Args:
        target: of the package; must not exist.
        manifest: with the lines of the files.
        handed: the files in the order of the manifest, and where they lie.
        request: statement of the recipient.
        key: of the sending institution.

    Raises:
        InvalidInput: more files or longer names than a package holds, or `target` exists.
        IntegrityError: a file changed meanwhile.
    """
    start, head = sealed_head(manifest, [each for each, _ in handed], request, key)
    with placing(target, replace=False) as out:
        write_all(out, memoryview(start))
        for each, path in handed:
            with reading(path) as source:
                _copy(source, out, each.line, path.name)
    return head


def sealed_head(
    manifest: Json, handed: Sequence[Handed], request: Json, key: PersonKey
) -> tuple[bytes, Head]:
    """Return a package up to its first file: the manifest, the keys in a box, the signature over both.

    Raises:
        InvalidInput: more files or longer names than a package holds.
    """
    with instead(InvalidInput("handover.names", most=LONGEST)):
        for each in handed:
            _verify_name(each.source, each.name)
    keys = [{"key": each.key.hex(), "source": each.source, "name": each.name} for each in handed]
    box = close_box(request["algorithm"], request["key"], canonical({"files": keys}), _purpose(manifest))
    signature = key.sign(_head_statement(manifest, box))
    head = canonical({"manifest": manifest, "box": box, "signature": signature.to_json()})
    if len(handed) > MOST_FILES or len(head) > LARGEST_HEAD:
        raise InvalidInput("handover.too-many", most=MOST_FILES)
    start = MAGIC + bytes([VERSION]) + len(head).to_bytes(4, "big") + head
    return start, Head(manifest, box, signature, len(start))


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
    if start[len(MAGIC) :][:1] not in (b"", bytes([VERSION])):
        raise InvalidInput("handover.later-format", file=file, version=start[len(MAGIC)])
    length = int.from_bytes(start[len(MAGIC) + 1 :], "big")
    if len(start) < _START or length > min(LARGEST_HEAD, size - _START):
        raise IntegrityError("handover.damaged", file=file)
    with instead(IntegrityError("handover.damaged", file=file)):
        document = shaped(
            read_json(_read(source, length)), {"manifest": dict, "box": list, "signature": dict}
        )
        manifest, box = document["manifest"], document["box"]
        if not 1 <= len(box) <= 2 or not all(isinstance(part, str) for part in box):
            raise InvalidInput("handover.no-package", file=file)
        _verify_manifest(manifest)
        signature = Signature.from_json(document["signature"])
        digest(_head_statement(manifest, box))
        if _START + length + sum(line["size"] for line in manifest["files"]) != size:
            raise InvalidInput("handover.no-package", file=file)
    return Head(manifest, box, signature, _START + length)


def verify_head(head: Head, sender: str, file: str) -> None:
    """Check that the holder of the key `sender` signed this package.

    Raises:
        IntegrityError: somebody else did, or the head was changed.
    """
    if head.signature.key != sender:
        raise IntegrityError("handover.other-sender", file=file)
    with instead(IntegrityError("handover.changed", file=file)):
        verify(_head_statement(head.manifest, head.box), head.signature)


def open_head(head: Head, algorithm: str, private: bytes, file: str) -> list[Handed]:
    """Return the files of a package with their keys; called after `verify_head`.

    Guarantee: no name leads out of the folder it is joined to.

    Raises:
        IntegrityError: the box is not for this key and this manifest, or holds what no sender of ours writes.
    """
    lines = head.manifest["files"]
    with instead(IntegrityError("handover.box", file=file)):
        content = shaped(
            read_json(open_box(algorithm, private, head.box, _purpose(head.manifest))), {"files": list}
        )
        keys = [shaped(entry, _KEY) for entry in content["files"]]
        names = {(each["source"], each["name"]) for each in keys}
        if not len(names) == len(keys) == len(lines):
            raise InvalidInput("handover.no-package", file=file)
        for source, name in names:
            _verify_name(source, name)
    return [
        Handed(each["source"], each["name"], bytes.fromhex(each["key"]), line)
        for each, line in zip(keys, lines, strict=True)
    ]


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


def _verify_manifest(manifest: Json) -> None:
    shaped(manifest, MANIFEST, "handover-package")
    shaped(manifest["consent"], _CONSENT)
    lines = [shaped(line, _FILE) for line in manifest["files"][: MOST_FILES + 1]]
    known = {line["file_id"] for line in lines}
    if not 0 < len(known) == len(lines) <= MOST_FILES or not all(
        0 <= line["size"] < 1 << 50 for line in lines
    ):
        raise InvalidInput("handover.no-package", file="-")


def _verify_name(source: str, name: str) -> None:
    """Refuse a name that is not a plain way down from a folder."""
    short = 0 < len(name) <= LONGEST and 0 < len(source) <= _LONGEST_SOURCE
    plain = short and name.isprintable() and source.isprintable() and "\\" not in name
    parts = PurePosixPath(name).parts
    if (
        not plain
        or not parts
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
