"""A ledger in one SQLite file: write-ahead log, synchronous FULL, one writer at a time, readers never blocked.

Only this file knows the module `sqlite3` and what its errors mean. A committed transaction has been synced to
the disk. `confide.ledger.store` says what is kept.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

from confide.errors import ConfideError, IntegrityError, InvalidInput
from confide.patience import once_free

PATIENCE = 60.0  # seconds that a writer waits for the one before it
_UNWRITABLE = ("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_IOERR")


def _is_busy(error: Exception) -> bool:
    return isinstance(error, InvalidInput) and error.code == "ledger.busy"


class Sqlite:
    """One connection. `path` None keeps everything in memory, for a scratch ledger."""

    words: Mapping[str, str] = MappingProxyType({"INTEGER": "INTEGER", "BLOB": "BLOB", "STRICT": "STRICT"})

    def __init__(self, path: Path | None, *, patience: float = PATIENCE) -> None:
        self.path, self.scratch = path, path is None
        self.place = str(path or ":memory:")
        try:
            if path is not None and not path.exists():
                with suppress(FileExistsError):  # another process may be first; both then open the same file
                    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            self._connection = sqlite3.connect(self.place, isolation_level=None, timeout=patience)
        except (sqlite3.Error, OSError) as error:
            raise self._said(error) from error
        try:
            once_free(lambda: self.execute("PRAGMA journal_mode = WAL"), _is_busy, patience)
            self.execute("PRAGMA synchronous = FULL")
            self.execute("PRAGMA foreign_keys = ON")
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        return f"Sqlite({self.place!r})"

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows."""
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise self._said(error) from error
        except UnicodeEncodeError:  # a lone surrogate
            raise InvalidInput("ledger.text") from None

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each row of values."""
        try:
            self._connection.executemany(sql, rows)
        except sqlite3.Error as error:
            raise self._said(error) from error
        except UnicodeEncodeError:
            raise InvalidInput("ledger.text") from None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the only pen (`BEGIN IMMEDIATE`) until the block ends."""
        yield from self._between("BEGIN IMMEDIATE")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """See the database as it is at one moment; writers go on. Inside a transaction it is the one of that."""
        if self._connection.in_transaction:
            yield
        else:
            yield from self._between("BEGIN")

    def _between(self, begin: str) -> Iterator[None]:
        self.execute(begin)
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def tables(self) -> set[str]:
        """Return the names of the tables that are there.

        Raises:
            IntegrityError: there are tables, and none of ours.
        """
        found = {name for (name,) in self.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if found and not found & {"entries", "schema"}:
            raise IntegrityError("ledger.not-a-ledger", file=self.place)
        return found

    def copy_to(self, path: Path) -> None:
        """Write a copy of the whole database, as it is at one moment, to `path`."""
        try:
            copy = sqlite3.connect(path, isolation_level=None)
            try:
                self._connection.backup(copy)
            finally:
                copy.close()
        except sqlite3.Error as error:
            raise self._said(error, path) from error

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _said(self, error: sqlite3.Error | OSError, path: Path | None = None) -> ConfideError:
        """Say what SQLite says in our words: a file that is no ledger, in use, or one that cannot be written."""
        name = getattr(error, "sqlite_errorname", None) or ""  # absent where Python itself complains
        file = path or self.place
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return InvalidInput("ledger.busy", file=file)
        if isinstance(error, OSError) or name.startswith(_UNWRITABLE):
            return InvalidInput("ledger.unwritable", file=file)
        return IntegrityError("ledger.not-a-ledger", file=file)
