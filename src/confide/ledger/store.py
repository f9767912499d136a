"""Keep entries on disk: one SQLite file, write-ahead log, synchronous FULL, one writer at a time.

An entry is durable before `Store.write` returns; what was not written in full is not there at all.
Knows bytes, order and the chain; no account and no budget. The PostgreSQL store will keep the same
two tables (see `docs/roadmap.md`).
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from confide.errors import ConfideError, IntegrityError, InvalidInput
from confide.ledger.entries import START, Entry, canonical, link, parse
from confide.types import Json

_TABLES = """
CREATE TABLE entries (
    sequence INTEGER PRIMARY KEY,
    hash     TEXT NOT NULL,
    kind     TEXT NOT NULL,
    account  TEXT,
    study    TEXT,
    key      TEXT,
    charge   INTEGER,
    body     TEXT NOT NULL
) STRICT;
CREATE INDEX entries_account ON entries (account, kind, sequence);
CREATE INDEX entries_study ON entries (account, study, sequence);
CREATE INDEX entries_key ON entries (key, sequence);
CREATE INDEX entries_charge ON entries (charge);
CREATE TABLE releases (
    sequence INTEGER PRIMARY KEY REFERENCES entries (sequence),
    salt     BLOB NOT NULL,
    content  BLOB NOT NULL
) STRICT;
"""
_UNWRITABLE = ("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_IOERR")
_INDEXED = ("kind", "account", "study", "key", "charge")


class Writer:
    """Appends inside one transaction; made by `Store.write` and useless after it."""

    def __init__(self, connection: sqlite3.Connection, clock: Callable[[], str]) -> None:
        self._connection = connection
        self._clock = clock

    def append(self, body: Json) -> Entry:
        """Append one entry; adds sequence, previous hash and time to `body`."""
        row = self._connection.execute(
            "SELECT sequence, hash FROM entries ORDER BY sequence DESC LIMIT 1"
        ).fetchone()
        sequence, previous = (0, START) if row is None else (row[0] + 1, row[1])
        whole = {**body, "sequence": sequence, "previous": previous, "time": self._clock()}
        text = canonical(whole)
        digest = link(previous, text)
        self._connection.execute(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (sequence, digest, *(whole.get(column) for column in _INDEXED), text),
        )
        return Entry(sequence, digest, whole)

    def keep_release(self, sequence: int, salt: bytes, content: bytes) -> None:
        """Keep the bytes of the release that entry `sequence` commits."""
        self._connection.execute("INSERT INTO releases VALUES (?, ?, ?)", (sequence, salt, content))


class Store:
    """The entries of one ledger. `path` None keeps them in memory, for a scratch ledger."""

    def __init__(self, path: Path | None, clock: Callable[[], str]) -> None:
        self.path = path
        self._clock = clock
        with self._translated():
            if path is not None and not path.exists():
                os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
            self._connection = sqlite3.connect(path or ":memory:", isolation_level=None, timeout=60)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            with self._transaction():
                if not self._connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                    for statement in _TABLES.split(";")[:-1]:
                        self._connection.execute(statement)

    def close(self) -> None:
        """Release the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def write(self) -> Iterator[Writer]:
        """Hold the only pen: all that is read and appended inside becomes durable together, or not at all."""
        with self._translated(), self._transaction():
            yield Writer(self._connection, self._clock)

    def last(self, **where: str | int) -> Entry | None:
        """Return the newest entry whose indexed columns equal `where`, its link checked."""
        found = self._select("ORDER BY sequence DESC LIMIT 1", where)
        return found[0] if found else None

    def all(self, **where: str | int) -> list[Entry]:
        """Return the entries whose indexed columns equal `where`, oldest first, their links checked."""
        return self._select("ORDER BY sequence", where)

    def at(self, sequence: int) -> Entry:
        """Return the entry with this number.

        Raises:
            IntegrityError: there is none.
        """
        found = self._select("ORDER BY sequence", {"sequence": sequence})
        if not found:
            raise IntegrityError("ledger.broken-chain", sequence=sequence)
        return found[0]

    def release(self, sequence: int) -> tuple[bytes, bytes]:
        """Return (salt, content) of the release committed by entry `sequence`."""
        with self._translated():
            row = self._connection.execute(
                "SELECT salt, content FROM releases WHERE sequence = ?", (sequence,)
            ).fetchone()
        if row is None:
            raise IntegrityError("ledger.release-missing", sequence=sequence)
        return bytes(row[0]), bytes(row[1])

    def head(self) -> tuple[int, str]:
        """Return how many entries there are, and the hash of the last."""
        with self._translated():
            row = self._connection.execute(
                "SELECT sequence, hash FROM entries ORDER BY sequence DESC LIMIT 1"
            ).fetchone()
        return (0, START) if row is None else (row[0] + 1, row[1])

    def hash_at(self, sequence: int) -> str | None:
        """Return the hash of entry `sequence`, or None where the ledger is shorter."""
        if sequence < 0:
            return START
        with self._translated():
            row = self._connection.execute(
                "SELECT hash FROM entries WHERE sequence = ?", (sequence,)
            ).fetchone()
        return None if row is None else str(row[0])

    def _select(self, order: str, where: Mapping[str, str | int]) -> list[Entry]:
        if not set(where) <= {"sequence", *_INDEXED}:
            raise TypeError("entries are found by their indexed columns")
        condition = " AND ".join(f"{column} = ?" for column in where) or "1"
        with self._translated():
            rows = self._connection.execute(
                f"SELECT sequence, hash, body FROM entries WHERE {condition} {order}",  # noqa: S608
                tuple(where.values()),
            ).fetchall()
            return [
                parse(number, self.hash_at(number - 1) or "", digest, text) for number, digest, text in rows
            ]

    def check_columns(self) -> None:
        """Compare the indexed columns with the chained bodies.

        Raises:
            IntegrityError: a column says something else than its entry.
        """
        with self._translated():
            columns = ", ".join(_INDEXED)
            rows = self._connection.execute(
                f"SELECT sequence, body, {columns} FROM entries"  # noqa: S608
            ).fetchall()
        for sequence, text, *values in rows:
            body = parse(sequence, self.hash_at(sequence - 1) or "", self.hash_at(sequence) or "", text).body
            if values != [body.get(column) for column in _INDEXED]:
                raise IntegrityError("ledger.broken-chain", sequence=sequence)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        try:
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Say what SQLite says in our words: a file that is no ledger, or one that cannot be written."""
        try:
            yield
        except ConfideError:
            raise
        except (sqlite3.DatabaseError, OSError) as error:
            name = getattr(error, "sqlite_errorname", None) or ""  # absent where Python itself complains
            if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                raise InvalidInput("ledger.busy", file=self.path) from error
            if isinstance(error, OSError) or name.startswith(_UNWRITABLE):
                raise InvalidInput("ledger.unwritable", file=self.path) from error
            raise IntegrityError("ledger.not-a-ledger", file=self.path) from error
