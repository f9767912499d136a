"""The vault's store: one small SQLite file with wrapped keys and encrypted facts, no plain secret.

Rows in, rows out: this module holds no key and decrypts nothing; what the blobs mean is in
`confide.vault.vault`, the tables are in `confide.vault.schema`. Write-ahead log with
`synchronous = FULL`, deleted content overwritten.
"""

import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from confide.errors import IntegrityError, InvalidInput
from confide.vault.custody import KINDS, Record
from confide.vault.durable import saying_why, sync_folder
from confide.vault.schema import APPLICATION, FORMAT, TABLES, identity_check, migrate
from confide.vault.sqlite import blob, connect, number, saying_what_failed

NAME = "vault.sqlite"
_CUSTODY = "SELECT kind, settings, salt, guarded, wrapped, checksum FROM custody"
_FILES = "SELECT file_id, epoch, wrapped, facts FROM files"
_DESTROYED = "SELECT 1 FROM destroyed WHERE file_id = ?"
_OPENINGS = "SELECT sequence, entry FROM openings ORDER BY sequence"
_LAST_EPOCH = "SELECT epoch, wrapped FROM epochs ORDER BY epoch DESC LIMIT 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """What the store holds about one sealed file; both blobs are encrypted."""

    file_id: bytes
    epoch: int
    wrapped: bytes
    facts: bytes


@dataclass(frozen=True, slots=True)
class Store:
    """The file `vault.sqlite`; every method is one transaction, durable when it returns."""

    path: Path

    @contextmanager
    def connected(self, *, writing: bool = False) -> Iterator[sqlite3.Connection]:
        """Yield a connection inside a transaction that commits when the block ends well."""
        if not self.path.is_file():
            raise InvalidInput("vault.none", folder=str(self.path.parent))
        with saying_what_failed(self.path), closing(connect(self.path)) as db:
            db.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
            yield db
            db.execute("COMMIT")

    def verify(self) -> None:
        """Raise IntegrityError unless the file is a whole store; bring an earlier format to today's.

        Guarantee: a migration is one transaction; whoever looks finds the old format or the new one.

        Raises:
            InvalidInput: a later format.
        """
        with self.connected() as db:
            found, _ = _sound_identity(db)
        if found > FORMAT:
            raise InvalidInput("vault.store-format", found=found, wanted=FORMAT)
        if found < FORMAT:
            with self.connected(writing=True) as db:
                migrate(db, *_sound_identity(db))  # looked at again: another process may have been first

    def vault_id(self) -> bytes:
        """Return the vault's 16 bytes of identity, to which every wrapped key is bound."""
        with self.connected() as db:
            return blob(db.execute("SELECT vault_id FROM vault").fetchone()[0])

    def counts(self) -> dict[str, int]:
        """Return the last epoch, and how many files, destroyed keys and openings there are."""
        with self.connected() as db:
            epoch = db.execute("SELECT max(epoch) FROM epochs").fetchone()[0]
            tables = ("files", "destroyed", "openings")
            rows = {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}  # noqa: S608
        return {"epoch": number(epoch), **rows}

    # Custody

    def custodies(self) -> dict[str, Record]:
        """Return all ways to open the vault; IntegrityError if one is unknown, or recovery is gone."""
        with self.connected() as db:
            records = {row[0]: _record(row) for row in db.execute(f"{_CUSTODY} ORDER BY rowid")}
        if "recovery" not in records or set(records) - set(KINDS):
            raise IntegrityError("vault.store-damaged")
        return records

    def set_custody(self, record: Record) -> None:
        """Put `record` in the place of the one of its kind, of which no trace stays."""
        with self.connected(writing=True) as db:
            _insert_custody(db, record)
        self.wipe_log()

    def drop_custody(self, kind: str) -> None:
        """Forget one way to open the vault."""
        with self.connected(writing=True) as db:
            db.execute("DELETE FROM custody WHERE kind = ?", (kind,))
        self.wipe_log()

    # Epochs

    def rotate(
        self, new_key: Callable[[int], bytes], rewrap: Callable[[FileRow, bytes, int, bytes], bytes]
    ) -> tuple[int, int]:
        """Begin a new epoch, move every file into it, and destroy the keys of all earlier ones.

        Guarantee: one transaction. Files whose epoch was destroyed before stay as they are. The caller empties the
        log afterwards, see `wipe_log`.

        Args:
            new_key: makes the wrapped key of the epoch of that number.
            rewrap: makes a file's wrapped data key anew, from its row, the wrapped key of its epoch,
                and number and wrapped key of the new one.

        Returns:
            The number of the new epoch, and of the files in it.
        """
        with self.connected(writing=True) as db:
            old = {number(row[0]): blob(row[1]) for row in db.execute("SELECT epoch, wrapped FROM epochs")}
            if not old:
                raise IntegrityError("vault.store-damaged")
            epoch = max(old) + 1
            key = new_key(epoch)
            rows = [row for row in map(_file, db.execute(_FILES).fetchall()) if row.epoch in old]
            db.executemany(
                "UPDATE files SET epoch = ?, wrapped = ? WHERE file_id = ?",
                ((epoch, rewrap(row, old[row.epoch], epoch, key), row.file_id) for row in rows),
            )
            db.execute("DELETE FROM epochs")
            db.execute("INSERT INTO epochs VALUES (?, ?)", (epoch, key))
        return epoch, len(rows)

    # Files

    def file(self, file_id: bytes) -> FileRow | None:
        """Return the row of one file; None if this vault did not seal it, or its key was destroyed."""
        row, _ = self.file_and_epoch_key(file_id)
        return row

    def file_and_epoch_key(self, file_id: bytes) -> tuple[FileRow | None, bytes | None]:
        """Return the row of one file and the wrapped key of its epoch, at one moment; None for what is gone."""
        with self.connected() as db:
            row = db.execute(f"{_FILES} WHERE file_id = ?", (file_id,)).fetchone()
            if row is None:
                return None, None
            key = db.execute("SELECT wrapped FROM epochs WHERE epoch = ?", (row[1],)).fetchone()
        return _file(row), blob(key[0]) if key else None

    def files(self) -> list[FileRow]:
        """Return the rows of all files, in the order of sealing."""
        with self.connected() as db:
            return [_file(row) for row in db.execute(f"{_FILES} ORDER BY rowid")]

    def add_file(self, file_id: bytes, make: Callable[[int, bytes], FileRow]) -> FileRow | None:
        """Add the file that `make` makes of number and wrapped key of the last epoch.

        Guarantee: no rotation comes between, so that no file is ever wrapped in a destroyed epoch, and no
        destruction, so that what was destroyed once is not added again.

        Returns:
            The row of the file, which may have stood there before; None if its key was destroyed.
        """
        with self.connected(writing=True) as db:
            known = db.execute(f"{_FILES} WHERE file_id = ?", (file_id,)).fetchone()
            if known is not None:
                return _file(known)
            if db.execute(_DESTROYED, (file_id,)).fetchone() is not None:
                return None
            epoch, key = db.execute(_LAST_EPOCH).fetchone() or (None, None)
            row = make(number(epoch), blob(key))
            values = (row.file_id, row.epoch, row.wrapped, row.facts)
            db.execute("INSERT INTO files VALUES (?, ?, ?, ?)", values)
        return row

    def set_facts(self, file_id: bytes, facts: bytes) -> None:
        """Put other facts in the row of a file."""
        with self.connected(writing=True) as db:
            db.execute("UPDATE files SET facts = ? WHERE file_id = ?", (facts, file_id))

    def destroy_file(self, file_id: bytes) -> None:
        """Destroy the key of a file for good; only that there was one is remembered."""
        with self.connected(writing=True) as db:
            db.execute("DELETE FROM files WHERE file_id = ?", (file_id,))
            db.execute("INSERT OR IGNORE INTO destroyed VALUES (?)", (file_id,))
        self.wipe_log()

    def is_destroyed(self, file_id: bytes) -> bool:
        """Say whether the key of this file was destroyed."""
        with self.connected() as db:
            row = db.execute(_DESTROYED, (file_id,)).fetchone()
        return row is not None

    # Openings

    def openings(self) -> list[tuple[int, bytes]]:
        """Return (sequence, entry) of all recorded openings, oldest first."""
        with self.connected() as db:
            return [(number(row[0]), blob(row[1])) for row in db.execute(_OPENINGS)]

    def append_opening(self, entry: Callable[[int, bytes], bytes]) -> int:
        """Add what `entry` makes of its sequence and the entry before it, while nobody else writes."""
        with self.connected(writing=True) as db:
            last = db.execute(f"{_OPENINGS} DESC LIMIT 1").fetchone() or (0, b"")
            sequence = number(last[0]) + 1
            new = entry(sequence, blob(last[1]))
            db.execute("INSERT INTO openings VALUES (?, ?)", (sequence, new))
        return sequence

    def wipe_log(self) -> None:
        """Empty the write-ahead log, in which what was deleted would stand until somebody writes.

        Raises:
            InvalidInput: another process reads the store and does not end.
        """
        with saying_what_failed(self.path), closing(connect(self.path)) as db:
            if db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                raise InvalidInput("vault.busy", file=self.path.name)


def create_store(folder: Path, vault_id: bytes, custody: list[Record], epoch_key: bytes) -> Store:
    """Make the store in `folder`, whole or not at all, readable by its owner only.

    Raises:
        InvalidInput: there is a vault already, or the folder cannot be written.
    """
    path, part = folder / NAME, folder / f".confide-{secrets.token_hex(8)}.part"
    with saying_why(path):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with saying_what_failed(path), closing(connect(part)) as db:
            db.execute(f"PRAGMA application_id = {APPLICATION}")
            db.execute("BEGIN IMMEDIATE")
            for statement in TABLES:
                db.execute(statement)
            identity = (FORMAT, vault_id, identity_check(FORMAT, vault_id))
            db.execute("INSERT INTO vault VALUES (?, ?, ?)", identity)
            for record in custody:
                _insert_custody(db, record)
            db.execute("INSERT INTO epochs VALUES (1, ?)", (epoch_key,))
            db.execute("COMMIT")
        try:
            os.link(part, path)
        except FileExistsError:
            raise InvalidInput("vault.exists", folder=str(folder)) from None
        sync_folder(folder)
    finally:
        with suppress(OSError):
            part.unlink()
    return Store(path)


def _sound_identity(db: sqlite3.Connection) -> tuple[int, bytes]:
    """Return format and id of the vault; raise IntegrityError unless this is a whole store."""
    application = db.execute("PRAGMA application_id").fetchone()[0]
    sound = db.execute("PRAGMA quick_check").fetchone()[0] == "ok"
    rows = db.execute("SELECT format, vault_id, checksum FROM vault").fetchall()
    if application != APPLICATION or not sound or len(rows) != 1:
        raise IntegrityError("vault.store-damaged")
    version, vault_id, check = number(rows[0][0]), blob(rows[0][1]), blob(rows[0][2])
    if version < 1 or check != identity_check(version, vault_id):
        raise IntegrityError("vault.store-damaged")
    return version, vault_id


def _insert_custody(db: sqlite3.Connection, record: Record) -> None:
    row = (record.kind, record.settings, record.salt, record.guarded, record.wrapped, record.check)
    db.execute("INSERT OR REPLACE INTO custody VALUES (?, ?, ?, ?, ?, ?)", row)


def _record(row: tuple[object, ...]) -> Record:
    kind, settings, *blobs = row
    if not (isinstance(kind, str) and isinstance(settings, str)):
        raise IntegrityError("vault.store-damaged")
    salt, guarded, wrapped, check = map(blob, blobs)
    return Record(kind=kind, settings=settings, salt=salt, guarded=guarded, wrapped=wrapped, check=check)


def _file(row: tuple[object, ...]) -> FileRow:
    file_id, epoch, wrapped, facts = row
    return FileRow(file_id=blob(file_id), epoch=number(epoch), wrapped=blob(wrapped), facts=blob(facts))
