"""Read a table or a SELECT of a database, some rows at a time, into Parquet in memory whose cells are text.

Guarantee: one transaction that cannot write sees one snapshot; no host is called but the one that the study
names; how a cell is written as text depends on that cell alone. What a server says is not passed on, as it
may quote a cell. Only this file knows SQLAlchemy; nothing here touches a disk.
"""

import datetime as dt
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from confide.errors import InvalidInput
from confide.records.address import table_in
from confide.records.naming import checked_names, shown

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, CursorResult

CHUNK = 10_000  # rows on their way at a time


def read_database(source: str, url: str, query: str, *, folder: Path, password: str | None = None) -> bytes:
    """Return the rows as a Parquet file of text columns.

    A number is written as the database shows it, whole floats without `.0`; dates in ISO form, and a time
    with a zone in UTC: who wants local days says so in the SELECT.

    Args:
        source: name of the source, for sentences.
        url: an address that `confide.records.address.verify_address` let pass.
        query: likewise.
        folder: where a relative path of SQLite starts.
        password: for PostgreSQL; without it, libpq looks where it always does (PGPASSWORD, ~/.pgpass).

    Raises:
        InvalidInput: the part for databases is not installed, nobody answers, the query fails or gives no
            row, or a column holds something that is no cell.
    """
    out = pa.BufferOutputStream()
    with _opened(source, url, folder, password) as connection, _saying(source):
        result = _asked(connection, query)
        names = checked_names(list(result.keys()), source)
        rows = 0
        with pq.ParquetWriter(out, pa.schema([(name, pa.string()) for name in names])) as writer:
            for chunk in result.partitions(CHUNK):
                rows += len(chunk)
                writer.write_table(_table(chunk, names, source))
    if rows == 0:
        raise InvalidInput("records.no-rows", file=source)
    return bytes(out.getvalue())


@contextmanager
def _opened(source: str, url: str, folder: Path, password: str | None) -> "Iterator[Connection]":
    """Yield a connection in a transaction that reads one snapshot, and end both."""
    try:
        import sqlalchemy as sa
        from sqlalchemy.pool import NullPool

        address = sa.make_url(url)
        options: dict[str, Any] = {"poolclass": NullPool, "hide_parameters": True}
        if address.get_backend_name() == "sqlite":
            file = quote(str(folder / (address.database or "")))
            engine = sa.create_engine(
                "sqlite://", creator=lambda: sqlite3.connect(f"file:{file}?mode=ro", uri=True), **options
            )
        else:
            logging.getLogger("psycopg").addHandler(logging.NullHandler())
            # Said here, so that PGHOSTADDR, PGPORT and PGSERVICE do not send us elsewhere than the study says.
            asked: dict[str, Any] = {"hostaddr": "", "port": 5432, "connect_timeout": 10}
            asked = asked | dict(address.query) | ({"port": address.port} if address.port else {})
            asked |= {"password": password} if password else {}
            engine = sa.create_engine(
                address.set(drivername="postgresql+psycopg"), connect_args=asked, **options
            ).execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    except ImportError:
        raise InvalidInput("sql.extra") from None
    try:
        connection = engine.connect()
    except (sa.exc.SQLAlchemyError, sqlite3.Error, UnicodeError):
        raise InvalidInput("sql.unreachable", source=source) from None
    with connection:
        try:
            if address.get_backend_name() == "postgresql":
                connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")
            yield connection
        finally:
            connection.rollback()


@contextmanager
def _saying(source: str) -> Iterator[None]:
    """Say in our words that the database refused; its own may hold a cell."""
    import sqlalchemy as sa

    try:
        yield
    except sa.exc.DBAPIError as error:
        code = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", None) or "–"
        raise InvalidInput("sql.refused", source=source, reason=code) from None
    except (sa.exc.SQLAlchemyError, sqlite3.Error, UnicodeError):
        raise InvalidInput("sql.refused", source=source, reason="–") from None


def _asked(connection: "Connection", query: str) -> "CursorResult[Any]":
    """Send the query as it is written, through a cursor on the side of the server."""
    if (named := table_in(query)) is not None:
        schema, table = named
        quoted = connection.dialect.identifier_preparer.quote
        whole = ".".join(quoted(part) for part in (schema, table) if part is not None)
        query = f"SELECT * FROM {whole}"  # noqa: S608 -- a name by its pattern, quoted by the dialect
    streaming = connection.execution_options(stream_results=True, yield_per=CHUNK, no_parameters=True)
    return streaming.exec_driver_sql(query.strip().removesuffix(";"))


def _table(rows: Any, names: list[str], source: str) -> pa.Table:
    columns = {
        name: pa.array([_text(row[place], name, source) for row in rows], pa.string())
        for place, name in enumerate(names)
    }
    return pa.table(columns)


def _text(cell: object, column: str, source: str) -> str | None:
    """Return a cell as the other kinds of files hold it: text."""
    match cell:
        case None | str():
            return cell
        case bool():
            return "true" if cell else "false"
        case int() | UUID():
            return str(cell)
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)
        case Decimal():
            return format(cell, "f")
        case dt.datetime():
            return cell.isoformat(" ").removesuffix(" 00:00:00")
        case dt.date() | dt.time():
            return cell.isoformat()
    found = type(cell).__name__
    raise InvalidInput("records.column-kind", file=source, column=shown([column]), found=found)
