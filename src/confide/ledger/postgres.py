"""A ledger in a PostgreSQL database, for several machines: one writer at a time, readers never blocked.

Only this file knows psycopg. A committed transaction is on the server's disk: `synchronous_commit` is on, and a
server that runs without fsync is refused. `confide.ledger.store` says what is kept.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import MappingProxyType
from typing import Any

from confide.errors import ConfideError, IntegrityError, InvalidInput

PATIENCE = 60.0  # seconds that a writer waits for the one before it
_PEN = 0x636F6E66696465  # "confide": the advisory lock that every writer of a database takes
_BUSY = {"55P03"}  # lock_not_available
_UNWRITABLE = {"25006", "42501", "53100", "58030"}  # read-only, no rights, disk full, input or output failed


class Postgres:
    """One connection, over one session of the server; it is not opened again when it breaks."""

    words: Mapping[str, str] = MappingProxyType({"INTEGER": "BIGINT", "BLOB": "BYTEA", "STRICT": ""})
    scratch = False

    def __init__(self, url: str, *, patience: float = PATIENCE) -> None:
        try:
            import psycopg
            from psycopg.conninfo import conninfo_to_dict
        except ImportError:
            raise InvalidInput("ledger.no-psycopg") from None
        self._psycopg = psycopg
        logging.getLogger("psycopg").addHandler(
            logging.NullHandler()
        )  # what it says of a lost server, we say
        try:
            named = conninfo_to_dict(url)
        except psycopg.ProgrammingError:  # its text would repeat the url, and with it a password
            raise InvalidInput("ledger.not-a-url") from None
        self.place = f"{named.get('dbname') or ''}@{named.get('host') or 'localhost'}"
        try:
            self._connection = psycopg.connect(url, autocommit=True, connect_timeout=10)
        except psycopg.Error:
            raise InvalidInput("ledger.server-gone", place=self.place) from None
        try:
            self._prepare(patience)
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        return f"Postgres({self.place!r})"

    def _prepare(self, patience: float) -> None:
        """Make sure that what is committed is on the disk, and that nobody waits for ever."""
        self.execute("SELECT set_config('synchronous_commit', 'on', false)")
        self.execute("SELECT set_config('lock_timeout', ?, false)", (f"{patience * 1000:.0f}",))
        if self.execute("SHOW fsync") != [("on",)]:
            raise InvalidInput("ledger.not-durable", place=self.place)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows."""
        text = sql.replace("?", "%s")
        try:
            cursor = self._connection.execute(text, values or None)
            return cursor.fetchall() if cursor.description else []
        except (self._psycopg.Error, UnicodeEncodeError) as error:
            raise self._said(error) from None

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each row of values."""
        text = sql.replace("?", "%s")
        try:
            with self._connection.cursor() as cursor:
                cursor.executemany(text, rows)
        except (self._psycopg.Error, UnicodeEncodeError) as error:
            raise self._said(error) from None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the only pen until the block ends.

        The lock comes first and every statement looks anew (READ COMMITTED), so that what is read inside is what
        the writer before left.
        """
        yield from self._between("READ COMMITTED READ WRITE", f"SELECT pg_advisory_xact_lock({_PEN})")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """See the database as it is at one moment; writers go on. Inside a transaction it is the one of that."""
        if self._connection.info.transaction_status == self._psycopg.pq.TransactionStatus.INTRANS:
            yield
        else:
            yield from self._between("REPEATABLE READ READ ONLY")

    def _between(self, level: str, first: str = "SELECT 1") -> Iterator[None]:
        self.execute(f"BEGIN ISOLATION LEVEL {level}")
        try:
            self.execute(first)
            yield
            self._commit()
        except BaseException:
            with suppress(self._psycopg.Error):  # a broken connection has rolled back already
                self._connection.execute("ROLLBACK")
            raise

    def _commit(self) -> None:
        try:
            done = self._connection.execute("COMMIT").statusmessage
        except self._psycopg.Error as error:
            raise self._said(error) from None
        if done != "COMMIT":  # a statement had failed, and the server says ROLLBACK without an error
            raise InvalidInput("ledger.unwritable", file=self.place)

    def tables(self) -> set[str]:
        """Return the names of the tables that are there."""
        found = self.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        return {name for (name,) in found}

    def close(self) -> None:
        """Let go of the server."""
        self._connection.close()

    def _said(self, error: Exception) -> ConfideError:
        """Say what the server says in our words; its own text may hold values, so it is not passed on."""
        state = getattr(error, "sqlstate", None)
        if isinstance(error, self._psycopg.DataError | UnicodeEncodeError):
            return InvalidInput("ledger.text")
        if state in _BUSY:
            return InvalidInput("ledger.busy", file=self.place)
        if state in _UNWRITABLE:
            return InvalidInput("ledger.unwritable", file=self.place)
        if self._connection.closed or self._connection.broken:
            return InvalidInput("ledger.server-gone", place=self.place)
        return IntegrityError("ledger.not-a-ledger", file=self.place)
