"""The vault of an institution: it seals files, opens them for a purpose, and derives keyed values.

The only door to keys (`confide.vault.keys`) and to sealed files (`confide.vault.seal`). Nothing plain is
ever written but by `open_to`, which is recorded first. Formats in words: `docs/sealed-format.md`.
"""

import os
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Literal, NoReturn

from confide.crypto.derive import Fingerprint, keyed_digest
from confide.crypto.segments import write_all
from confide.errors import AccessDenied, IntegrityError, InvalidInput
from confide.types import Json, Progress, no_progress
from confide.vault import custody
from confide.vault.custody import Cost
from confide.vault.durable import Source, Steady, moment, placing, reading, sync_folder
from confide.vault.keys import Keys, new_epoch_key
from confide.vault.openings import Opening, read_openings, record_opening
from confide.vault.seal import (
    KeyOf,
    header_of,
    new_data_key,
    new_header,
    opened_sealed,
    verify_sealed,
    write_sealed,
)
from confide.vault.store import NAME, FileRow, Store, create_store

Kind = Literal["original", "working"]


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


def create_vault(folder: Path, passphrase: str, *, cost: Cost | None = None) -> tuple["Vault", str]:
    """Make a vault in `folder` and return it with its recovery key, which is shown now and never again.

    Args:
        folder: made if it is missing; holds `vault.sqlite` afterwards.
        passphrase: at least 12 characters.
        cost: of a guess at the passphrase; RFC 9106's second recommended option if left out.

    Raises:
        InvalidInput: there is a vault already, the passphrase is too short, or the folder cannot be written.
    """
    root, vault_id = os.urandom(32), os.urandom(16)
    first = custody.wrap_with_passphrase(root, passphrase, vault_id, cost or Cost())
    second, recovery = custody.wrap_with_recovery(root, vault_id)
    store = create_store(folder, vault_id, [first, second], new_epoch_key(root, vault_id, 1))
    return Vault(folder, store, Keys(store, vault_id, root)), recovery


def open_vault(folder: Path, *, passphrase: str | None = None, recovery_key: str | None = None) -> "Vault":
    """Open the vault in `folder` with its passphrase or with its recovery key.

    Raises:
        InvalidInput: there is no vault, both or neither key was given, or the recovery key is mistyped.
        AccessDenied: another passphrase or recovery key.
        IntegrityError: the store was damaged.
    """
    store = Store(folder / NAME)
    store.verify()
    vault_id = store.vault_id()
    if passphrase is not None and recovery_key is None:
        root = custody.open_with_passphrase(store.custody("passphrase"), passphrase, vault_id)
    elif recovery_key is not None and passphrase is None:
        root = custody.open_with_recovery(store.custody("recovery"), recovery_key, vault_id)
    else:
        raise InvalidInput("vault.one-key")
    return Vault(folder, store, Keys(store, vault_id, root))


class Vault:
    """Sealed files and keyed values under one root key, which never leaves this object.

    Made by `create_vault` and `open_vault`. Usable from several threads and processes at once.
    """

    __slots__ = ("_keys", "_store", "folder")

    def __init__(self, folder: Path, store: Store, keys: Keys) -> None:
        self.folder, self._store, self._keys = folder, store, keys

    def __repr__(self) -> str:
        return f"<Vault in {self.folder}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a vault is not copied or pickled: its key stays in this process")

    # Keyed values

    def subkey(self, label: str, length: int = 32) -> bytes:
        """Derive a key for one purpose, for pseudonyms and commitments; the same at every opening.

        Guarantee: knowing the subkeys of other labels tells nothing about this one, nor about the root.
        """
        return self._keys.derive(f"subkey: {label}", length)

    def keyed_digest(self, data: bytes, label: str) -> str:
        """Return HMAC-SHA256 of `data` under a key of `label`, as 64 hexadecimal digits.

        Guarantee: without the vault it confirms no guess at `data`; with it, it binds to one `data`.
        """
        return keyed_digest(self._keys.derive(f"digest: {label}"), data).hex()

    # Sealing and reading

    def seal(self, source: Path, target: Path, *, progress: Progress = no_progress) -> Sealed:
        """Seal the file `source` as `target`, durable when this returns; `source` is not touched.

        Guarantee: no plain copy is written anywhere, not for a moment. If `target` is a whole sealed copy
        of the same bytes already, nothing is done. If it holds other bytes, it is kept as
        `NAME.<first 8 digits of its file id>`, as its original may be gone.

        Args:
            source: a plain file.
            target: where the sealed file shall stand; its folder exists.
            progress: told (bytes done, bytes in all).

        Raises:
            InvalidInput: no such file, it changed while it was read, or `target` is something else.
            AccessDenied: `target` was sealed by another vault.
        """
        with reading(source) as file:
            if target.exists() and source.samefile(target):
                raise InvalidInput("vault.same-file", file=source.name)
            standing = self._standing(target)
            if standing is not None:
                same = self._digest_of(file) == standing.digest
                if same and self._is_whole(target, standing.digest):
                    return standing
                file.seek(0)
            return self._write(Steady(file, source.name, progress), target, "original", standing)

    def seal_bytes(self, data: bytes, target: Path) -> Sealed:
        """Seal what is in memory, a working file of ours, as `target`.

        Guarantee: nothing plain is written. A working file that stood there can no longer be opened,
        nor can a copy of it elsewhere: its data key is destroyed.

        Raises:
            InvalidInput: `target` is something else, or the sealed copy of an original.
            AccessDenied: `target` was sealed by another vault.
        """
        standing = self._standing(target)
        if standing is not None and standing.kind == "original":
            raise InvalidInput("vault.taken", file=target.name)
        sealed = self._write(Steady(BytesIO(data), target.name, no_progress), target, "working", None)
        if standing is not None:
            self._store.drop_file(bytes.fromhex(standing.file_id))
        return sealed

    def read(self, target: Path) -> bytes:
        """Return the plain bytes of a sealed file, in memory, for a step of our own.

        Raises:
            InvalidInput: not a sealed file.
            IntegrityError: it was changed or cut.
            AccessDenied: another vault sealed it, or its key was destroyed.
        """
        plain = BytesIO()
        with opened_sealed(target, self._key_for(target)) as segments:
            for segment in segments:
                plain.write(segment)
        return plain.getvalue()

    def verify(self, target: Path, source: Path) -> None:
        """Read `target` back from the disk and raise unless it opens to exactly the bytes of `source`.

        Raises:
            IntegrityError: it was changed or cut, or holds other bytes.
        """
        with reading(source) as file:
            verify_sealed(target, self._key_for(target), file)

    def remove_original(self, source: Path, target: Path) -> None:
        """Delete the plain file `source`, after `verify` found all its bytes in `target`.

        Guarantee: a file that is not in `target` byte by byte, or changed meanwhile, is not deleted.
        """
        with reading(source) as file:
            before = moment(os.fstat(file.fileno()))
            verify_sealed(target, self._key_for(target), file)
            if moment(source.stat()) != before or not os.path.samestat(
                source.stat(), os.fstat(file.fileno())
            ):
                raise InvalidInput("vault.changed", file=source.name)
        source.unlink()
        sync_folder(source.parent)

    def files(self) -> list[Sealed]:
        """Return every file that this vault sealed and has a key for, in the order of sealing."""
        return [self._sealed(row) for row in self._store.files()]

    # Openings

    def open_to(self, target: Path, destination: Path, *, purpose: str, who: str) -> None:
        """Write the plain bytes of a sealed file to `destination`, which must not exist yet.

        Guarantee: the opening is recorded, durably, before a plain byte is written. `destination` appears
        only when every byte was checked, readable by its owner only.

        Args:
            target: the sealed file.
            destination: the plain file to make; its folder exists.
            purpose: what it is opened for; not empty.
            who: who asked; not empty.

        Raises:
            InvalidInput: no purpose, no name, `destination` exists, or `target` is not a sealed file.
            IntegrityError, AccessDenied: as `read`.
        """
        if not purpose.strip() or not who.strip():
            raise InvalidInput("vault.purpose", file=target.name)
        if destination.exists():
            raise InvalidInput("vault.taken", file=destination.name)
        file_id = header_of(target).file_id.hex()
        opening = Opening(
            time=_now(), file_id=file_id, path=Path(self._relative(target)), purpose=purpose, who=who
        )
        with opened_sealed(target, self._key_for(target)) as segments:
            record_opening(self._store, self._keys, opening)
            with placing(destination, replace=False) as file:
                for segment in segments:
                    write_all(file, segment)

    def openings(self) -> list[Opening]:
        """Return all recorded openings, oldest first; raises IntegrityError as `read_openings` does."""
        return read_openings(self._store, self._keys)

    # Custody

    def change_passphrase(self, passphrase: str, *, cost: Cost | None = None) -> None:
        """Let `passphrase` open the vault from now on, and the old one no more; no file is touched.

        A copy of the store that was made before still opens with the old one.

        Raises:
            InvalidInput: too short.
        """
        keys = self._keys
        record = custody.wrap_with_passphrase(keys.root(), passphrase, keys.vault_id, cost or Cost())
        self._store.set_custody(record)

    def new_recovery_key(self) -> str:
        """Return a fresh recovery key, stored nowhere, in the place of the old one."""
        record, text = custody.wrap_with_recovery(self._keys.root(), self._keys.vault_id)
        self._store.set_custody(record)
        return text

    # Inside

    def _key_for(self, target: Path) -> KeyOf:
        return lambda header: self._keys.data_key(header, target.name)

    def _sealed(self, row: FileRow) -> Sealed:
        facts = self._keys.open_json("facts", row.facts, row.file_id)
        facts["path"] = Path(os.path.normpath(self.folder.absolute() / facts["path"]))
        return Sealed(file_id=row.file_id.hex(), epoch=row.epoch, **facts)

    def _standing(self, target: Path) -> Sealed | None:
        """Return what stands at `target`; None if nothing; raise if it is not ours to replace."""
        if not target.exists():
            return None
        try:
            header = header_of(target)
        except InvalidInput:
            raise InvalidInput("vault.taken", file=target.name) from None
        row = self._store.file(header.file_id)
        if row is None:
            raise AccessDenied("vault.unknown-file", file=target.name)
        return self._sealed(row)

    def _write(self, source: Steady, target: Path, kind: Kind, old: Sealed | None) -> Sealed:
        """Seal `source` as `target`; `old` is the original that stands there and is set aside."""
        data_key, epoch = new_data_key(), self._store.last_epoch()
        header, mark = new_header(data_key), self._fingerprint()
        wrapped = self._keys.wrap_data_key(data_key, header.file_id, epoch, target.name)
        facts: Json = {"path": self._relative(target), "sealed_at": _now(), "kind": kind}

        def seen(plain: memoryview) -> None:
            mark.update(plain)
            source.advance(len(plain))

        def record() -> None:
            source.verify_unchanged()
            facts.update(size=source.done, digest=mark.hexdigest())
            self._put(FileRow(file_id=header.file_id, epoch=epoch, wrapped=wrapped, facts=b""), facts)
            if old is not None:
                self._set_aside(old, target)

        write_sealed(source, source.size, target, data_key, header, record=record, seen=seen)
        return Sealed(
            file_id=header.file_id.hex(), epoch=epoch, written=True, **{**facts, "path": target.absolute()}
        )

    def _set_aside(self, old: Sealed, target: Path) -> None:
        """Give the sealed file at `target` another name, on disk and in the store."""
        row = self._store.file(bytes.fromhex(old.file_id))
        aside = target.with_name(f"{target.name}.{old.file_id[:8]}")
        target.replace(aside)
        if row is not None:
            facts = self._keys.open_json("facts", row.facts, row.file_id)
            self._put(row, {**facts, "path": self._relative(aside)})

    def _put(self, row: FileRow, facts: Json) -> None:
        self._store.put_file(replace(row, facts=self._keys.close_json("facts", facts, row.file_id)))

    def _fingerprint(self) -> Fingerprint:
        return Fingerprint(self._keys.derive("fingerprint"))

    def _digest_of(self, file: Source) -> str:
        mark, buffer = self._fingerprint(), memoryview(bytearray(1 << 20))
        while got := file.readinto(buffer):
            mark.update(buffer[:got])
        return mark.hexdigest()

    def _is_whole(self, target: Path, digest: str) -> bool:
        mark = self._fingerprint()
        try:
            with opened_sealed(target, self._key_for(target)) as segments:
                for segment in segments:
                    mark.update(segment)
        except IntegrityError:
            return False
        return mark.hexdigest() == digest

    def _relative(self, path: Path) -> str:
        return os.path.relpath(path.absolute(), self.folder.absolute())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
