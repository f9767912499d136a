"""The vault of an institution: it seals files, opens them for a purpose, and derives keyed values.

The only door to keys (`confide.vault.keys`) and to sealed files (`confide.vault.seal`). Nothing plain is
ever written but by `open_to`, which is recorded first. What opens the vault itself, and how that is changed:
`confide.vault.locks`. Formats in words: `docs/sealed-format.md`.
"""

import hmac
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import NoReturn

from confide.crypto.derive import keyed_digest
from confide.crypto.hpke import public_key_text
from confide.crypto.segments import write_all
from confide.crypto.suites import AES, Suite
from confide.errors import AccessDenied, InvalidInput
from confide.types import Json, Progress, no_progress
from confide.vault import custody
from confide.vault.custody import Cost, Guard
from confide.vault.durable import Steady, moment, placing, reading, sync_folder
from confide.vault.intake import intake_key, key_file, received_data_key
from confide.vault.keys import Keys, new_epoch_key
from confide.vault.locks import Locks
from confide.vault.openings import OnRecord, Opening, no_record, read_openings, record_opening
from confide.vault.reader import SealedReader
from confide.vault.schema import FORMAT
from confide.vault.seal import (
    header_of,
    opened_sealed,
    plain_bytes,
    read_sealed_range,
    suite_named,
    verify_sealed,
)
from confide.vault.shelf import Kind, Sealed, Shelf, now
from confide.vault.store import NAME, Store, create_store


@dataclass(frozen=True, slots=True)
class Permit:
    """Says that an opening of one file was recorded; only a vault can make one that it accepts."""

    file_id: str
    proof: bytes = field(repr=False)


def create_vault(
    folder: Path, passphrase: str, *, cost: Cost | None = None, suite: str = "aes"
) -> tuple["Vault", str]:
    """Make a vault in `folder` and return it with its recovery key, which is shown now and never again.

    Args:
        folder: made if it is missing; holds `vault.sqlite` afterwards.
        passphrase: at least 12 characters.
        cost: of a guess at the passphrase; RFC 9106's second recommended option if left out.
        suite: as for `open_vault`.

    Raises:
        InvalidInput: there is a vault already, the passphrase is too short, or the folder cannot be written.
    """
    sealing = suite_named(suite)  # before anything is made whose recovery key would be lost
    root, vault_id = os.urandom(32), os.urandom(16)
    first = custody.wrap_with_passphrase(root, passphrase, vault_id, cost or Cost())
    second, recovery = custody.wrap_with_recovery(root, vault_id)
    store = create_store(folder, vault_id, [first, second], new_epoch_key(root, vault_id, 1))
    return Vault(folder, store, Keys(store, vault_id, root), sealing), recovery


def open_vault(
    folder: Path,
    *,
    passphrase: str | None = None,
    recovery_key: str | None = None,
    guard: Guard | None = None,
    suite: str = "aes",
) -> "Vault":
    """Open the vault in `folder` with its passphrase, its recovery key, or a key service or HSM.

    Args:
        folder: holds `vault.sqlite`.
        passphrase: give exactly one of this and the two that follow.
        recovery_key: as it was printed.
        guard: a `Transit` or an `Hsm`.
        suite: of the files that will be sealed, `aes` or `sm4`; files of both are opened.

    Raises:
        InvalidInput: there is no vault, not exactly one key was given, the recovery key is mistyped, or the
            guard is not there.
        AccessDenied: another passphrase, recovery key or guard; or the vault does not open in this way.
        IntegrityError: the store was damaged.
    """
    store = Store(folder / NAME)
    store.verify()
    if sum(key is not None for key in (passphrase, recovery_key, guard)) != 1:
        raise InvalidInput("vault.one-key")
    records, vault_id = store.custodies(), store.vault_id()
    if guard is not None:
        root = custody.open_with_guard(custody.record_of(records, guard.kind), guard, vault_id)
    elif passphrase is not None:
        record = custody.record_of(records, "passphrase")
        root = custody.open_with_passphrase(record, passphrase, vault_id)
    else:
        root = custody.open_with_recovery(records["recovery"], recovery_key or "", vault_id)
    return Vault(folder, store, Keys(store, vault_id, root), suite_named(suite))


def describe_vault(folder: Path) -> Json:
    """Say what can be said of a vault without opening it; nothing in it is secret.

    Raises:
        InvalidInput: there is no vault.
        IntegrityError: the store was damaged.
    """
    store = Store(folder / NAME)
    store.verify()
    records, vault_id = store.custodies(), store.vault_id()
    for record in records.values():
        custody.verify_record(record, vault_id)
    opened_by = {kind: custody.parsed(record.settings) for kind, record in records.items()}
    return {"vault": vault_id.hex(), "format": FORMAT, "opened_by": opened_by, **store.counts()}


class Vault(Locks):
    """Sealed files and keyed values under one root key, which never leaves this object.

    Made by `create_vault` and `open_vault`. Usable from several threads and processes at once.
    """

    __slots__ = ("_suite", "folder")

    def __init__(self, folder: Path, store: Store, keys: Keys, suite: Suite = AES) -> None:
        super().__init__(store, keys, Shelf(folder, store, keys))
        self.folder, self._suite = folder, suite

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

    def keyed_digest_of(self, parts: Iterable[bytes], label: str) -> str:
        """Return `keyed_digest` of the parts put one behind the other, which need not be in memory together."""
        mac = hmac.new(self._keys.derive(f"digest: {label}"), digestmod="sha256")
        for part in parts:
            mac.update(part)
        return mac.hexdigest()

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
            standing = self._shelf.standing(target)
            if standing is not None:
                same = self._shelf.digest_of(file) == standing.digest
                if same and self._shelf.is_whole(target, standing.digest, self._suite):
                    return standing
                file.seek(0)
            steady = Steady(file, source.name, progress)
            return self._shelf.write(steady, target, "original", aside=standing, suite=self._suite)

    def seal_bytes(self, data: bytes, target: Path) -> Sealed:
        """Seal what is in memory, a working file of ours, as `target`.

        Guarantee: nothing plain is written. A working file that stood there can no longer be opened,
        nor can a copy of it elsewhere: its data key is destroyed.

        Raises:
            InvalidInput: `target` is something else, or the sealed copy of an original.
            AccessDenied: `target` was sealed by another vault.
        """
        standing = self._shelf.standing(target)
        if standing is not None and standing.kind == "original":
            raise InvalidInput("vault.taken", file=target.name)
        steady = Steady(BytesIO(data), target.name, no_progress)
        return self._shelf.write(steady, target, "working", replaces=standing, suite=self._suite)

    def reseal(self, target: Path, data: bytes) -> Sealed:
        """Put other content in the place of a sealed file, such as all of it but one patient.

        Guarantee: nothing plain is written. Once this returns, neither the file that stood there nor any
        copy of it opens: its data key is destroyed. Stopped at any moment, one of the two stands
        there and opens; `rotate` finishes what was stopped.

        Raises:
            InvalidInput: there is no such file, or it is not a sealed one.
            AccessDenied: another vault sealed it.
        """
        standing = self._shelf.standing(target)
        if standing is None:
            raise InvalidInput("vault.no-file", file=target.name)
        suite = header_of(target).suite
        steady = Steady(BytesIO(data), target.name, no_progress)
        return self._shelf.write(steady, target, standing.kind, replaces=standing, suite=suite)

    def destroy(self, target: Path) -> None:
        """Delete a sealed file and its key: no copy of it opens any more, wherever it lies.

        Guarantee: the key is gone first, for good; stopped in between, a second call deletes what is left.

        Raises:
            InvalidInput: there is no such file, or it is not a sealed one.
            AccessDenied: another vault sealed it.
        """
        file_id = header_of(target).file_id
        if not self._store.is_destroyed(file_id):
            self._shelf.standing(target)
            self._store.destroy_file(file_id)
        target.unlink()
        sync_folder(target.parent)

    def adopt(self, target: Path, data_key: bytes, *, kind: Kind = "original") -> Sealed:
        """Take in a file that was sealed elsewhere under `data_key`; it is opened to its end first.

        Guarantee: what this vault has destroyed once it does not take in again.

        Raises:
            InvalidInput: not a sealed file.
            IntegrityError: it was changed or cut, or this is not its key.
            AccessDenied: its key was destroyed here before.
        """
        return self._shelf.adopt(target, data_key, kind)

    def intake_key(self) -> str:
        """Return the public key to which other machines seal for this vault; it may be published."""
        return public_key_text(intake_key(self._keys).public_key())

    def adopt_intake(self, target: Path) -> Sealed:
        """Take in a file that `seal_for` made, and remove the `.key` file beside it, which is of no more use.

        Raises:
            InvalidInput: not a sealed file, or no `.key` file beside it.
            IntegrityError: the file was changed or cut.
            AccessDenied: it was sealed for another vault, or its key was destroyed here before.
        """
        sealed = self._shelf.adopt(target, received_data_key(self._keys, target), "original")
        key_file(target).unlink()
        sync_folder(target.parent)
        return sealed

    def read(self, target: Path) -> bytes:
        """Return the plain bytes of a sealed file, in memory, for a step of our own.

        Raises:
            InvalidInput: not a sealed file.
            IntegrityError: it was changed or cut.
            AccessDenied: another vault sealed it, or its key was destroyed.
        """
        plain = BytesIO()
        with opened_sealed(target, self._shelf.key_for(target)) as segments:
            for segment in segments:
                plain.write(segment)
        return plain.getvalue()

    def read_range(self, target: Path, start: int, stop: int) -> bytes:
        """Return the plain bytes from `start` up to `stop`, reading little more of the file than those.

        Guarantee: they were sealed at this place, and the file was not cut or lengthened; other segments
        of it were not looked at.

        Raises:
            InvalidInput: the range does not lie in the file.
            IntegrityError, AccessDenied: as `read`.
        """
        return read_sealed_range(target, self._shelf.key_for(target), start, stop)

    def reader(self, target: Path) -> SealedReader:
        """Return a sealed file as one that is read and sought in like a plain one, a window in memory at a time.

        Raises:
            InvalidInput, IntegrityError, AccessDenied: as `read`, and so does every reading.
        """
        header_of(target)
        return SealedReader(plain_bytes(target), partial(self.read_range, target))

    def verify(self, target: Path, source: Path) -> None:
        """Read `target` back from the disk and raise unless it opens to exactly the bytes of `source`.

        Raises:
            IntegrityError: it was changed or cut, or holds other bytes.
        """
        with reading(source) as file:
            verify_sealed(target, self._shelf.key_for(target), file)

    def remove_original(self, source: Path, target: Path) -> None:
        """Delete the plain file `source`, after `verify` found all its bytes in `target`.

        Guarantee: a file that is not in `target` byte by byte, or changed meanwhile, is not deleted.
        """
        with reading(source) as file:
            before = moment(os.fstat(file.fileno()))
            verify_sealed(target, self._shelf.key_for(target), file)
            if moment(source.stat()) != before or not os.path.samestat(
                source.stat(), os.fstat(file.fileno())
            ):
                raise InvalidInput("vault.changed", file=source.name)
        source.unlink()
        sync_folder(source.parent)

    def files(self) -> list[Sealed]:
        """Return every file that this vault sealed and has a key for, in the order of sealing."""
        return self._shelf.files()

    # Openings

    def open_to(
        self, target: Path, destination: Path, *, purpose: str, who: str, on_record: OnRecord = no_record
    ) -> None:
        """Write the plain bytes of a sealed file to `destination`, which must not exist yet.

        Guarantee: the opening is recorded, durably, and `on_record` told, before a plain byte is written.
        `destination` appears only when every byte was checked, readable by its owner only.

        Args:
            target: the sealed file.
            destination: the plain file to make; its folder exists.
            purpose: what it is opened for; not empty.
            who: who asked; not empty.
            on_record: is told of the opening in public terms; when it raises, nothing is opened.

        Raises:
            InvalidInput: no purpose, no name, `destination` exists, or `target` is not a sealed file.
            IntegrityError, AccessDenied: as `read`.
        """
        if destination.exists():
            raise InvalidInput("vault.taken", file=destination.name)
        with (
            self._recorded(target, purpose, who, on_record) as segments,
            placing(destination, replace=False) as file,
        ):
            for segment in segments:
                write_all(file, segment)

    def open_bytes(self, target: Path, *, purpose: str, who: str, on_record: OnRecord = no_record) -> bytes:
        """Return the plain bytes of a sealed file for a person to look at; recorded first, and raises, as `open_to`."""
        plain = BytesIO()
        with self._recorded(target, purpose, who, on_record) as segments:
            for segment in segments:
                plain.write(segment)
        return plain.getvalue()

    def permit(self, target: Path, *, purpose: str, who: str, on_record: OnRecord = no_record) -> Permit:
        """Record that the key of a sealed file is about to be handed over; raises as `open_to`."""
        with self._recorded(target, purpose, who, on_record):
            file_id = header_of(target).file_id
        return Permit(file_id.hex(), self._proof(file_id))

    def reveal_data_key(self, target: Path, permit: Permit) -> bytes:
        """Return the key of one sealed file, to be wrapped for somebody else at once and kept nowhere.

        Guarantee: the opening was recorded before; a permit opens one file.

        Raises:
            AccessDenied: the permit is for another file or of another vault, or as `read`.
        """
        header = header_of(target)
        if not hmac.compare_digest(permit.proof, self._proof(header.file_id)):
            raise AccessDenied("vault.permit", file=target.name)
        return self._keys.data_key(header, target.name)

    def permit_way_back(
        self, study: str, *, purpose: str, who: str, on_record: OnRecord = no_record
    ) -> Permit:
        """Record that de-identified documents of a study are about to be led back, and permit it.

        Guarantee: the record is durable, and `on_record` told, before there is a permit.

        Args:
            study: whose documents; a permit is for one study.
            purpose: what for; not empty.
            who: who asked; not empty.
            on_record: is told in public terms; when it raises, as where signatures are missing, nothing is permitted.

        Raises:
            InvalidInput: no purpose or no name.
        """
        if not purpose.strip() or not who.strip():
            raise InvalidInput("vault.purpose", file=study)
        named = self._way_back_of(study)
        opening = Opening(time=now(), file_id=named.hex(), path=Path(study), purpose=purpose, who=who)
        record_opening(self._store, self._keys, opening, on_record)
        return Permit(named.hex(), self._proof(named))

    def verify_permit(self, study: str, permit: Permit) -> None:
        """Raise AccessDenied unless this vault made the permit, for documents of this study."""
        if not hmac.compare_digest(permit.proof, self._proof(self._way_back_of(study))):
            raise AccessDenied("vault.permit", file=study)

    def _way_back_of(self, study: str) -> bytes:
        return keyed_digest(self._keys.derive("way back"), study.encode())[:16]

    def openings(self) -> list[Opening]:
        """Return all recorded openings, oldest first; raises IntegrityError as `read_openings` does."""
        return read_openings(self._store, self._keys)

    # Inside

    def _proof(self, file_id: bytes) -> bytes:
        return keyed_digest(self._keys.derive("permit"), file_id)

    @contextmanager
    def _recorded(
        self, target: Path, purpose: str, who: str, on_record: OnRecord
    ) -> Iterator[Iterator[memoryview]]:
        """Yield the plain segments of a file whose key is at hand, after the opening was recorded."""
        if not purpose.strip() or not who.strip():
            raise InvalidInput("vault.purpose", file=target.name)
        file_id, path = header_of(target).file_id.hex(), Path(self._shelf.relative(target))
        opening = Opening(time=now(), file_id=file_id, path=path, purpose=purpose, who=who)
        with opened_sealed(target, self._shelf.key_for(target)) as segments:
            record_opening(self._store, self._keys, opening, on_record)
            yield segments
