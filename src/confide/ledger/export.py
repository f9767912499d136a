"""Write a whole ledger as JSON lines that a stranger can verify, and read such a file back, trusting nothing in it.

The file holds all entries with their hashes and salts, the signed checkpoint over exactly these, and, where asked,
the releases. Its form is in `docs/ledger-format.md`, which is enough to write another reader.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from confide.crypto.note import NOTE, Checkpoint, Verifier, parse_checkpoint, verify_signature
from confide.errors import ConfideError, IntegrityError, InvalidInput
from confide.ledger.entries import START, Entry, canonical, is_canonical, parse, salted_digest
from confide.ledger.files import placing
from confide.ledger.home import COSIGNED, checkpoint_of
from confide.ledger.ledger import Ledger
from confide.ledger.log_key import ORIGIN
from confide.ledger.schema import SALT, Edge
from confide.types import Json

EXPORT = "confide-ledger-export/1"
LONGEST_LINE = 16 << 20  # bytes, with the end of the line
_HEX = re.compile(r"(?:[0-9a-f]{2})*")


@dataclass(frozen=True, slots=True, repr=False)
class Export:
    """What an export holds; the chain, the tree and the checkpoint's signature agree with each other."""

    ledger: str
    entries: list[Entry]
    salts: list[bytes]
    releases: dict[int, tuple[bytes, bytes]]  # by commit: salt and content
    checkpoint: Checkpoint
    cosigned: Checkpoint | None  # as the file has it; whoever knows the witnesses checks their signatures


def export(ledger: Ledger, path: Path, *, folder: Path, with_releases: bool = False) -> int:
    """Write the ledger to `path`, in full or not at all; return how many entries it held.

    Without `with_releases` neither the contents nor the salts of releases leave, so that a commit's digest says
    nothing to who guesses its release.

    Args:
        ledger: opened with its log key.
        path: of the new file; one of that name is replaced.
        folder: of the institution, where the newest cosigned checkpoint lies.
        with_releases: whether the releases go with it.
    """
    note = checkpoint_of(ledger)
    size = parse_checkpoint(note).size
    with placing(path) as part, part.open("wb") as file:
        for line in _lines(ledger, size, note, folder, with_releases=with_releases):
            text = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            if len(text) > LONGEST_LINE:
                raise InvalidInput("ledger.export-too-long", entry=line.get("release"))
            file.write(text)
    return size


def _lines(ledger: Ledger, size: int, note: str, folder: Path, *, with_releases: bool) -> Iterator[Json]:
    commits = [entry.sequence for entry in ledger.store.all(kind="commit") if entry.sequence < size]
    releases = commits if with_releases else []
    yield {"format": EXPORT, "ledger": ledger.id, "entries": size, "releases": len(releases)}
    for sequence, digest, text, salt, _ in ledger.store.rows():
        if sequence == size:  # written since the checkpoint was signed
            break
        yield {"entry": text, "hash": digest, "salt": salt.hex()}
    for sequence in releases:
        salt, content = ledger.store.release(sequence)
        yield {"release": sequence, "salt": salt.hex(), "content": content.decode()}
    yield {"checkpoint": note}
    if (folder / COSIGNED).exists():
        yield {"cosigned": (folder / COSIGNED).read_text(encoding="utf-8")}


def read_export(path: Path) -> Export:
    """Read an export.

    Guarantee: what is returned has an unbroken chain, and its entries are exactly those under the checkpoint, which
    the newest log key among them signed; the tree continues the cosigned one; with releases, each commit's is
    there. Prices, sums and admissions are not looked at. Whatever the file holds, nothing but an error of confide
    is raised.

    Raises:
        IntegrityError: naming the first line that is not what an export has there.
        InvalidInput: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return read_lines(file)
    except OSError as error:
        raise InvalidInput("ledger.unreadable", file=path) from error


def read_lines(file: IO[bytes]) -> Export:
    """Read an export from an open file; see `read_export`."""
    return _Reader(file).whole()


class _Reader:
    """Reads line after line; the number of the line is what every refusal names."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._line = 0

    def whole(self) -> Export:
        head = self._next({"format": str, "ledger": str, "entries": int, "releases": int})
        if head["format"] != EXPORT or not 1 <= head["entries"] < 2**53:
            raise self._refusal()
        entries, salts, edge = self._entries(head["entries"])
        if entries[0].body.get("kind") != "genesis" or entries[0].body.get("ledger") != head["ledger"]:
            raise self._refusal()
        commits = [entry.sequence for entry in entries if entry.body.get("kind") == "commit"]
        if head["releases"] not in (0, len(commits)):
            raise self._refusal()
        with_releases = commits if head["releases"] else []
        releases = {sequence: self._release(entries[sequence]) for sequence in with_releases}
        checkpoint = self._note(self._next(), "checkpoint")
        keys = _log_keys(entries, ORIGIN + head["ledger"])
        if (checkpoint.origin, checkpoint.size) != (ORIGIN + head["ledger"], len(entries)):
            raise self._refusal()
        if checkpoint.root != edge.root() or not _signed_by_one(checkpoint, keys[-1:]):
            raise self._refusal()
        last = self._next(at_end=True)
        cosigned = self._note(last, "cosigned") if last else None
        if cosigned and not _continues(entries, salts, cosigned, keys):
            raise self._refusal()
        if last and self._next(at_end=True):
            raise self._refusal()
        return Export(head["ledger"], entries, salts, releases, checkpoint, cosigned)

    def _entries(self, number: int) -> tuple[list[Entry], list[bytes], Edge]:
        entries, salts, edge, previous = list[Entry](), list[bytes](), Edge(), START
        for sequence in range(number):
            line = self._next({"entry": str, "hash": str, "salt": str})
            salt = self._bytes(line["salt"], SALT)
            try:
                entry = parse(sequence, previous, line["hash"], line["entry"])
                if not is_canonical(entry.body, line["entry"]):
                    raise self._refusal()
                edge.add(sequence, salt, line["entry"])
            except (ConfideError, TypeError, ValueError, RecursionError):
                raise self._refusal() from None
            previous = entry.hash
            entries.append(entry)
            salts.append(salt)
        return entries, salts, edge

    def _release(self, commit: Entry) -> tuple[bytes, bytes]:
        line = self._next({"release": int, "salt": str, "content": str})
        salt = self._bytes(line["salt"], SALT)
        try:
            content = line["content"].encode()
        except UnicodeEncodeError:
            raise self._refusal() from None
        if line["release"] != commit.sequence or salted_digest(salt, content) != commit.body.get("release"):
            raise self._refusal()
        return salt, content

    def _note(self, line: Json, name: str) -> Checkpoint:
        self._check(line, {name: str})
        try:
            return parse_checkpoint(line[name])
        except IntegrityError:
            raise self._refusal() from None

    def _next(self, fields: dict[str, type] | None = None, *, at_end: bool = False) -> Json:
        """Return the object in the next line; an empty one where the file may end and does."""
        self._line += 1
        text = self._file.readline(LONGEST_LINE + 1)
        if at_end and not text:
            return {}
        try:
            whole = text.endswith(b"\n") and len(text) <= LONGEST_LINE
            found = json.loads(text.decode(), object_pairs_hook=_once) if whole else None
        except (ValueError, RecursionError):
            raise self._refusal() from None
        if not isinstance(found, dict) or not found:
            raise self._refusal()
        if fields is not None:
            self._check(found, fields)
        return found

    def _check(self, line: Json, fields: dict[str, type]) -> None:
        if {name: type(value) for name, value in line.items()} != fields:
            raise self._refusal()

    def _bytes(self, text: str, size: int) -> bytes:
        if len(text) != 2 * size or not _HEX.fullmatch(text):
            raise self._refusal()
        return bytes.fromhex(text)

    def _refusal(self) -> IntegrityError:
        return IntegrityError("ledger.not-an-export", line=self._line)


def _once(pairs: list[tuple[str, object]]) -> Json:
    """Read an object; refuse a key that stands twice, of which two readers would take another one."""
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _log_keys(entries: list[Entry], origin: str) -> list[Verifier]:
    """Return the keys that signed the log of this name, oldest first; none where an entry names another kind of key."""
    try:
        texts = [str(entry.body.get("verifier")) for entry in entries if entry.body.get("kind") == "log-key"]
        keys = [Verifier.from_text(text) for text in texts]
    except IntegrityError:
        return []
    return keys if all((key.name, key.kind) == (origin, NOTE) for key in keys) else []


def _signed_by_one(note: Checkpoint, keys: list[Verifier]) -> bool:
    for key in keys:
        try:
            verify_signature(note, key)
        except IntegrityError:
            continue
        return True
    return False


def _continues(entries: list[Entry], salts: list[bytes], cosigned: Checkpoint, keys: list[Verifier]) -> bool:
    """Tell whether the entries begin with those under a cosigned checkpoint of the same log.

    A ledger that was closed after a loss says so itself; a longer checkpoint is then of what was lost, and so may
    be the key that signed it.
    """
    if cosigned.origin != keys[-1].name:
        return False
    if any(entry.body.get("kind") == "restored" for entry in entries[: cosigned.size]):
        return True
    if not 1 <= cosigned.size <= len(entries) or not _signed_by_one(cosigned, keys):
        return False
    edge = Edge()
    for entry, salt in zip(entries[: cosigned.size], salts, strict=False):
        edge.add(entry.sequence, salt, canonical(entry.body))
    return cosigned.root == edge.root()
