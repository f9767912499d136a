"""The vault's store: one small SQLite file with wrapped keys and encrypted facts, no plain secret.

Rows in, rows out: this module holds no key and decrypts nothing; what the blobs mean is in
`confide.vault.vault`. Write-ahead log with `synchronous = FULL`, deleted content overwritten.
"""

import hashlib
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from confide.crypto.aead import bind
from confide.errors import IntegrityError, InvalidInput
from confide.vault.custody import Cost, Kind, Record
from confide.vault.durable import saying_why, sync_folder

NAME = "vault.sqlite"
FORMAT = 1
_APPLICATION = 0x434E4656  # "CNFV"
_PATIENCE = 30.0  # seconds that a writer waits for another one
_FILES = "SELECT file_id, epoch, wrapped, facts FROM files"
_OPENINGS = "SELECT sequence, entry FROM openings ORDER BY sequence"
_SCHEMA = """
CREATE TABLE vault    (format INTEGER NOT NULL, vault_id BLOB NOT NULL, checksum BLOB NOT NULL);
CREATE TABLE custody  (kind TEXT PRIMARY KEY, salt BLOB NOT NULL,
                       memory_kib INTEGER, passes INTEGER, lanes INTEGER,
                       wrapped BLOB NOT NULL, checksum BLOB NOT NULL);
CREATE TABLE epochs   (epoch INTEGER PRIMARY KEY, wrapped BLOB NOT NULL);
CREATE TABLE files    (file_id BLOB PRIMARY KEY, epoch INTEGER NOT NULL,
                       wrapped BLOB NOT NULL, facts BLOB NOT NULL);
CREATE TABLE openings (sequence INTEGER PRIMARY KEY, entry BLOB NOT NULL);
"""


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
        with _saying_what_failed(self.path), closing(_connect(self.path)) as db:
            db.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
            yield db
            db.execute("COMMIT")

    def verify(self) -> None:
        """Raise IntegrityError unless the file is a whole store, InvalidInput if of another format."""
        with self.connected() as db:
            application = db.execute("PRAGMA application_id").fetchone()[0]
            sound = db.execute("PRAGMA quick_check").fetchone()[0] == "ok"
            rows = db.execute("SELECT format, vault_id, checksum FROM vault").fetchall()
        if application != _APPLICATION or not sound or len(rows) != 1:
            raise IntegrityError("vault.store-damaged")
        version, vault_id, check = _number(rows[0][0]), _blob(rows[0][1]), _blob(rows[0][2])
        if check != _check(version, vault_id):
            raise IntegrityError("vault.store-damaged")
        if version != FORMAT:
            raise InvalidInput("vault.store-format", found=version, wanted=FORMAT)

    def vault_id(self) -> bytes:
        """Return the vault's 16 bytes of identity, to which every wrapped key is bound."""
        with self.connected() as db:
            return _blob(db.execute("SELECT vault_id FROM vault").fetchone()[0])

    def custody(self, kind: Kind) -> Record:
        """Return the record of one way to open the vault; IntegrityError if it is gone."""
        columns = "salt, memory_kib, passes, lanes, wrapped, checksum"
        with self.connected() as db:
            row = db.execute(f"SELECT {columns} FROM custody WHERE kind = ?", (kind,)).fetchone()  # noqa: S608
        if row is None:
            raise IntegrityError("vault.store-damaged")
        salt, memory, passes, lanes, wrapped, check = row
        try:
            cost = None if kind == "recovery" else Cost(memory_kib=memory, passes=passes, lanes=lanes)
            return Record(kind=kind, salt=_blob(salt), cost=cost, wrapped=_blob(wrapped), check=_blob(check))
        except (InvalidInput, TypeError):
            raise IntegrityError("vault.store-damaged") from None

    def set_custody(self, record: Record) -> None:
        """Put `record` in the place of the one of its kind."""
        with self.connected(writing=True) as db:
            _insert_custody(db, record)

    def epoch_key(self, epoch: int) -> bytes | None:
        """Return the wrapped key of an epoch; None if it was destroyed."""
        with self.connected() as db:
            row = db.execute("SELECT wrapped FROM epochs WHERE epoch = ?", (epoch,)).fetchone()
        return _blob(row[0]) if row else None

    def last_epoch(self) -> int:
        """Return the epoch that wraps new files."""
        with self.connected() as db:
            return _number(db.execute("SELECT max(epoch) FROM epochs").fetchone()[0])

    def file(self, file_id: bytes) -> FileRow | None:
        """Return the row of one file; None if this vault did not seal it."""
        with self.connected() as db:
            row = db.execute(f"{_FILES} WHERE file_id = ?", (file_id,)).fetchone()
        return _file(row) if row else None

    def files(self) -> list[FileRow]:
        """Return the rows of all files, in the order of sealing."""
        with self.connected() as db:
            return [_file(row) for row in db.execute(f"{_FILES} ORDER BY rowid")]

    def put_file(self, row: FileRow) -> None:
        """Add a file, or put a row in the place of the one with its file id."""
        with self.connected(writing=True) as db:
            db.execute(
                "INSERT INTO files VALUES (?, ?, ?, ?) ON CONFLICT (file_id) DO UPDATE"
                " SET epoch = excluded.epoch, wrapped = excluded.wrapped, facts = excluded.facts",
                (row.file_id, row.epoch, row.wrapped, row.facts),
            )

    def drop_file(self, file_id: bytes) -> None:
        """Forget a file and its key for good."""
        with self.connected(writing=True) as db:
            db.execute("DELETE FROM files WHERE file_id = ?", (file_id,))

    def openings(self) -> list[tuple[int, bytes]]:
        """Return (sequence, entry) of all recorded openings, oldest first."""
        with self.connected() as db:
            return [(_number(row[0]), _blob(row[1])) for row in db.execute(_OPENINGS)]

    def append_opening(self, entry: Callable[[int, bytes], bytes]) -> None:
        """Add what `entry` makes of its sequence and the entry before it, while nobody else writes."""
        with self.connected(writing=True) as db:
            last = db.execute(f"{_OPENINGS} DESC LIMIT 1").fetchone() or (0, b"")
            sequence = _number(last[0]) + 1
            new = entry(sequence, _blob(last[1]))
            db.execute("INSERT INTO openings VALUES (?, ?)", (sequence, new))


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
        with _saying_what_failed(path), closing(_connect(part)) as db:
            db.executescript(f"PRAGMA application_id = {_APPLICATION};" + _SCHEMA)
            db.execute("BEGIN IMMEDIATE")
            db.execute("INSERT INTO vault VALUES (?, ?, ?)", (FORMAT, vault_id, _check(FORMAT, vault_id)))
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


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON", "trusted_schema = OFF"):
        db.execute(f"PRAGMA {pragma}")
    return db


def _insert_custody(db: sqlite3.Connection, record: Record) -> None:
    cost = (
        (record.cost.memory_kib, record.cost.passes, record.cost.lanes) if record.cost else (None, None, None)
    )
    row = (record.kind, record.salt, *cost, record.wrapped, record.check)
    db.execute("INSERT OR REPLACE INTO custody VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def _file(row: tuple[object, ...]) -> FileRow:
    file_id, epoch, wrapped, facts = row
    return FileRow(file_id=_blob(file_id), epoch=_number(epoch), wrapped=_blob(wrapped), facts=_blob(facts))


def _blob(value: object) -> bytes:
    """Return what must be bytes: SQLite keeps any kind of value in any column."""
    if not isinstance(value, bytes):
        raise IntegrityError("vault.store-damaged")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise IntegrityError("vault.store-damaged")
    return value


def _check(version: int, vault_id: bytes) -> bytes:
    return hashlib.sha256(bind(b"confide vault", version.to_bytes(8, "big"), vault_id)).digest()[:8]


@contextmanager
def _saying_what_failed(path: Path) -> Iterator[None]:
    """Turn what SQLite says into one sentence and the class of its answer."""
    try:
        yield
    except UnicodeDecodeError:  # SQLite's own message quotes a damaged schema
        raise IntegrityError("vault.store-damaged") from None
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", None) or ""  # absent where Python itself complains
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise InvalidInput("vault.busy", file=path.name) from None
        if name.startswith(("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE")):  # its shared memory is a file
            raise InvalidInput("vault.disk-full", file=path.name) from None
        if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_IOERR")):
            raise InvalidInput("vault.cannot-write", file=path.name, reason=name) from None
        raise IntegrityError("vault.store-damaged") from None
