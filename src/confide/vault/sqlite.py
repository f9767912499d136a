"""SQLite under the vault's store: connections that write ahead and overwrite what is deleted, and what they complain of.

Knows no table of the vault. What SQLite hands back is not believed: any column of it may hold any kind of value.
The tables are in `confide.vault.schema`, the rows in `confide.vault.store`.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from confide.errors import IntegrityError, InvalidInput
from confide.patience import once_free

PATIENCE = 30.0  # seconds that a writer waits for another one


def connect(path: Path) -> sqlite3.Connection:
    """Open the file at `path`, which is there, outside any transaction."""
    where = path.absolute().as_uri() + "?mode=rw"  # never made anew by accident
    db = sqlite3.connect(where, uri=True, timeout=PATIENCE, isolation_level=None)
    once_free(lambda: db.execute("PRAGMA journal_mode = WAL"), _is_busy, PATIENCE)
    for pragma in ("synchronous = FULL", "secure_delete = ON", "trusted_schema = OFF"):
        db.execute(f"PRAGMA {pragma}")
    return db


def blob(value: object) -> bytes:
    """Return what must be bytes: SQLite keeps any kind of value in any column."""
    if not isinstance(value, bytes):
        raise IntegrityError("vault.store-damaged")
    return value


def number(value: object) -> int:
    """Return what must be a whole number, not below 0."""
    if not isinstance(value, int) or value < 0:
        raise IntegrityError("vault.store-damaged")
    return value


@contextmanager
def saying_what_failed(path: Path) -> Iterator[None]:
    """Turn what SQLite says into one sentence and the class of its answer."""
    try:
        yield
    except UnicodeDecodeError:  # SQLite's own message quotes a damaged schema
        raise IntegrityError("vault.store-damaged") from None
    except sqlite3.DatabaseError as error:
        name = _name(error)
        if _is_busy(error):
            raise InvalidInput("vault.busy", file=path.name) from None
        if name.startswith(("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE")):  # its shared memory is a file
            raise InvalidInput("vault.disk-full", file=path.name) from None
        if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_IOERR")):
            raise InvalidInput("vault.cannot-write", file=path.name, reason=name) from None
        raise IntegrityError("vault.store-damaged") from None


def _is_busy(error: Exception) -> bool:
    return _name(error).startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def _name(error: Exception) -> str:
    """Return SQLite's name of the error; empty where Python itself complains."""
    return getattr(error, "sqlite_errorname", None) or ""
