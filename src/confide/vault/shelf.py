"""Sealed files and their rows in the store, which change together: nothing lies there that has no key.

Writes, finds, adopts and destroys for `confide.vault.vault`, which says who may. Facts of a file are
encrypted in its row. The order of writing is argued in `docs/sealed-format.md`.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from confide.crypto.derive import Fingerprint
from confide.crypto.suites import AES, Suite
from confide.errors import AccessDenied, IntegrityError, InvalidInput
from confide.types import Json
from confide.vault.durable import Source, Steady
from confide.vault.keys import Keys
from confide.vault.seal import (
    Header,
    KeyOf,
    header_of,
    new_data_key,
    new_header,
    opened_sealed,
    write_sealed,
)
from confide.vault.store import FileRow, Store

Kind = Literal["original", "working"]
_FACTS = ("size", "digest", "sealed_at", "kind")  # and the path


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A sealed file as the vault knows it; public inside the institution, no patient is in it.

    `digest` is keyed: equal for equal bytes within one vault, random to everybody else.
    """

    path: Path
    file_id: str
    size: int  # of the plain bytes
    digest: str
    epoch: int
    sealed_at: str
    kind: Kind
    written: bool = field(default=False, compare=False)  # False: it stood there already


@dataclass(frozen=True, slots=True)
class Shelf:
    """The sealed files of one vault. Holds keys: never printed."""

    folder: Path
    store: Store
    keys: Keys

    def __repr__(self) -> str:
        return "<Shelf>"

    def key_for(self, target: Path) -> KeyOf:
        """Return what finds the data key of `target` by its header."""
        return lambda header: self.keys.data_key(header, target.name)

    def files(self) -> list[Sealed]:
        """Return every file that has a key, in the order of sealing."""
        return [self._sealed(row) for row in self.store.files()]

    def standing(self, target: Path) -> Sealed | None:
        """Return what stands at `target`; None if nothing; raise if it is not ours to replace."""
        if not target.exists():
            return None
        try:
            header = header_of(target)
        except InvalidInput:
            raise InvalidInput("vault.taken", file=target.name) from None
        row = self.store.file(header.file_id)
        if row is None:
            raise AccessDenied("vault.unknown-file", file=target.name)
        return self._sealed(row)

    def write(
        self,
        source: Steady,
        target: Path,
        kind: Kind,
        *,
        aside: Sealed | None = None,
        replaces: Sealed | None = None,
        suite: Suite = AES,
    ) -> Sealed:
        """Seal `source` as `target`.

        Args:
            source: the plain bytes.
            target: where the sealed file shall stand.
            kind: of file.
            aside: the file that stands there, if it is to be kept under another name.
            replaces: the file that stands there, if its key is to be destroyed once the new one stands.
            suite: that encrypts it.
        """
        data_key = new_data_key()
        header, mark = new_header(data_key, suite), self._fingerprint()
        facts: Json = {"path": self.relative(target), "sealed_at": now(), "kind": kind}
        if replaces is not None:  # so that `finish_replaced` finds it when we are stopped in between
            facts["replaces"] = replaces.file_id
        epochs = []

        def seen(plain: memoryview) -> None:
            mark.update(plain)
            source.advance(len(plain))

        def record() -> None:
            source.verify_unchanged()
            facts.update(size=source.done, digest=mark.hexdigest())
            epochs.append(self._add(target, header, data_key, facts)[0].epoch)
            if aside is not None:
                self._set_aside(aside, target)

        write_sealed(source, source.size, target, data_key, header, record=record, seen=seen)
        if replaces is not None:
            self.store.destroy_file(bytes.fromhex(replaces.file_id))
        return _described(header.file_id, epochs[0], facts, target.absolute(), written=True)

    def adopt(self, target: Path, data_key: bytes, kind: Kind) -> Sealed:
        """Take in a file that was sealed elsewhere under `data_key`, after all of it was opened with it."""
        with opened_sealed(target, lambda header: data_key) as segments:
            digest, size = self._fingerprinted(segments)
        facts: Json = {"path": self.relative(target), "sealed_at": now(), "kind": kind}
        facts.update(size=size, digest=digest)
        row, written = self._add(target, header_of(target), data_key, facts)
        return replace(self._sealed(row), written=written)

    def finish_replaced(self) -> None:
        """Destroy the keys of files in whose place another one stands, where a process was stopped before."""
        for row in self.store.files():
            facts = self._facts(row)
            old = bytes.fromhex(facts.get("replaces", ""))
            if old and self.store.file(old) and _stands_at(self._path(facts), row.file_id):
                self.store.destroy_file(old)

    def digest_of(self, file: Source) -> str:
        """Return the keyed digest of a plain file, read to its end."""
        mark, buffer = self._fingerprint(), memoryview(bytearray(1 << 20))
        while got := file.readinto(buffer):
            mark.update(buffer[:got])
        return mark.hexdigest()

    def is_whole(self, target: Path, digest: str, suite: Suite) -> bool:
        """Say whether a sealed file opens to its end, to the bytes of this digest, and was sealed by this suite."""
        try:
            if header_of(target).suite is not suite:
                return False
            with opened_sealed(target, self.key_for(target)) as segments:
                return self._fingerprinted(segments)[0] == digest
        except IntegrityError:
            return False

    def relative(self, path: Path) -> str:
        """Return a path as the store holds it: from the vault's folder, so that both may be moved."""
        return os.path.relpath(path.absolute(), self.folder.absolute())

    def _path(self, facts: Json) -> Path:
        return Path(os.path.normpath(self.folder.absolute() / facts["path"]))

    def _facts(self, row: FileRow) -> Json:
        return self.keys.open_json("facts", row.facts, row.file_id)

    def _sealed(self, row: FileRow) -> Sealed:
        facts = self._facts(row)
        return _described(row.file_id, row.epoch, facts, self._path(facts), written=False)

    def _add(self, target: Path, header: Header, data_key: bytes, facts: Json) -> tuple[FileRow, bool]:
        """Make the data key durable, wrapped under the epoch of this moment; say whether it was not there before."""
        file_id = header.file_id
        closed = self.keys.close_json("facts", facts, file_id)

        def make(epoch: int, key: bytes) -> FileRow:
            wrapped = self.keys.wrap_data_key(data_key, file_id, epoch, key)
            return FileRow(file_id=file_id, epoch=epoch, wrapped=wrapped, facts=closed)

        row = self.store.add_file(file_id, make)
        if row is None:  # erased is erased, whoever kept its key
            raise AccessDenied("vault.key-destroyed", file=target.name)
        return row, row.facts == closed

    def _set_aside(self, old: Sealed, target: Path) -> None:
        """Give the sealed file at `target` another name, on disk and in the store."""
        file_id = bytes.fromhex(old.file_id)
        aside = target.with_name(f"{target.name}.{old.file_id[:8]}")
        target.replace(aside)
        facts: Json = {name: getattr(old, name) for name in _FACTS} | {"path": self.relative(aside)}
        self.store.set_facts(file_id, self.keys.close_json("facts", facts, file_id))

    def _fingerprint(self) -> Fingerprint:
        return Fingerprint(self.keys.derive("fingerprint"))

    def _fingerprinted(self, segments: Iterable[memoryview]) -> tuple[str, int]:
        mark, size = self._fingerprint(), 0
        for segment in segments:
            mark.update(segment)
            size += len(segment)
        return mark.hexdigest(), size


def now() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _described(file_id: bytes, epoch: int, facts: Json, path: Path, *, written: bool) -> Sealed:
    told = {name: facts[name] for name in _FACTS}
    return Sealed(file_id=file_id.hex(), epoch=epoch, path=path, written=written, **told)


def _stands_at(path: Path, file_id: bytes) -> bool:
    try:
        return header_of(path).file_id == file_id
    except (InvalidInput, IntegrityError):
        return False
