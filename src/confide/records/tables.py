"""Read a table from CSV, TSV, JSON lines, Parquet or Excel: first as text cells, then typed strictly.

Guarantee: a number in the table was a number in every filled cell of its column; nothing is guessed, repaired
or dropped. Ids keep their leading zeros. Knows no patient: `confide.records.load` removes those who opted out
between the two steps, so that nothing of theirs is typed, checked or named in an error.
"""

import io
from collections.abc import Collection, Mapping
from pathlib import PurePath
from typing import Any

import fastexcel
import polars as pl

from confide.errors import InvalidInput
from confide.records.cells import Cells, Column, Kind
from confide.records.columns import typed
from confide.records.delimited import refuse_data_as_header, sound_delimited
from confide.records.encoding import to_utf8
from confide.records.jsonlines import json_cells
from confide.records.naming import checked_names
from confide.records.section import RESERVED

SUFFIXES = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".parquet", ".xlsx")
_BROKEN = (
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,
    fastexcel.FastExcelError,
    OSError,
    ValueError,
)


def read_table(data: bytes, file: str, *, text: Collection[str] = ()) -> pl.DataFrame:
    r"""Return the table in `data`, typed, with `_row`.

    A column is whole numbers if every filled cell is one of at most 15 digits without a leading zero,
    numbers if every filled cell is one, and text otherwise. Dates are text in ISO form. Empty cells, and
    `NA`, `N/A`, `NULL` and `null` in a column of numbers, are null.

    Args:
        data: the whole file, of a kind that its name tells: .csv, .tsv, .jsonl, .parquet or .xlsx.
        file: its name.
        text: columns that stay text whatever they hold, such as phone numbers.

    Returns:
        The columns of the file and `_row`: the row number as a person sees it there, the header being row 1
        (in JSON lines the line, in Parquet the record, both from 1).

    Raises:
        InvalidInput: the file is empty or broken, a column has no name or another's, a column of
            numbers holds NaN or infinity, a cell is larger than 1 MB; names file, rows, column, never a
            value.

    >>> read_table("编号,天数\n007,3\n008,\n".encode(), "a.csv").rows()
    [('007', 3, 2), ('008', None, 3)]
    """
    return typed(read_cells(data, file), file, text=text)


def read_cells(data: bytes, file: str, encoding: str | None = None) -> pl.DataFrame:
    """Return the table in `data` with `_row`, before any cell is looked at: text cells are text.

    `encoding` is the one that the study names for its text files; None guesses it from the whole file.

    Raises:
        InvalidInput: the file is empty or broken, or a column has no name or another's.
    """
    if not data:
        raise InvalidInput("records.empty", file=file)
    suffix = PurePath(file).suffix.lower()
    if suffix in (".csv", ".tsv", ".txt"):
        return _delimited(to_utf8(data, file, encoding), file)
    if suffix in (".jsonl", ".ndjson"):
        return _json_lines(to_utf8(data, file, encoding), file)
    if suffix == ".parquet":
        return plain_cells(parquet_table(data, file), file)
    if suffix == ".xlsx":
        return _excel(data, file)
    raise InvalidInput("records.suffix", file=file, known=", ".join(SUFFIXES))


def _delimited(text: bytes, file: str) -> pl.DataFrame:
    found = sound_delimited(text, file)
    names, schema = found.names, dict.fromkeys(found.names, pl.String)
    body = found.body
    if body.startswith(b"x"):  # "x^" would begin a zlib stream, "\"x^\"" does not
        first = body[: found.ends[0]].split(found.separator.encode())[0]
        body = b'"' + first + b'"' + body[len(first) :]
    try:
        cells = pl.read_csv(io.BytesIO(body), separator=found.separator, has_header=False, schema=schema)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        raise InvalidInput("records.unreadable", file=file, kind="CSV") from None
    if cells.height != len(found.ends):  # the two readers disagree about what a row is
        raise InvalidInput("records.unreadable", file=file, kind="CSV")
    again = cells.select(pl.col(name).eq(name).any() for name in names).row(0)
    refuse_data_as_header(names, list(map(bool, again)), file)
    cells = cells.with_columns(pl.col(pl.String).replace("", None))
    rows = pl.int_range(found.first, pl.len() + found.first, dtype=pl.Int64).alias("_row")
    return cells.with_columns(rows).filter(
        pl.any_horizontal(pl.col(names).str.strip_chars().str.len_bytes() > 0)
    )


def _json_lines(text: bytes, file: str) -> pl.DataFrame:
    cells = json_cells(text, file)
    try:
        table = pl.DataFrame(cells.columns, schema=dict.fromkeys(cells.columns, pl.String))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, UnicodeEncodeError):
        raise InvalidInput("records.unreadable", file=file, kind="JSON") from None
    return table.with_columns(pl.Series("_row", cells.rows, dtype=pl.Int64))


def plain_columns(table: pl.DataFrame) -> dict[str, Column]:
    """Return the user's columns of a table as plain ones."""
    return {
        name: Column(_kind(table.schema[name]), table[name].to_list())
        for name in table.columns
        if name not in RESERVED
    }


def cells_of(table: pl.DataFrame) -> Cells:
    """Return the user's columns of a table with `_row` as cells of text, and which of them are not of text."""
    names = [name for name in table.columns if name not in RESERVED]
    text = table.select(pl.col(names).cast(pl.String))
    kinds = {name: kind for name in names if (kind := _kind(table.schema[name])) != "text"}
    return Cells({name: text[name].to_list() for name in names}, table["_row"].to_list(), kinds)


def held_values(table: pl.DataFrame) -> list[Mapping[str, Any]]:
    """Return, row by row, what a table of types holds in its columns of numbers and booleans."""
    return list(
        table.select(name for name in table.columns if _kind(table.schema[name]) != "text").to_dicts()
    )


def _kind(dtype: pl.DataType) -> Kind:
    if dtype == pl.Boolean:
        return "boolean"
    return "integer" if dtype.is_integer() else "number" if dtype.is_numeric() else "text"


def parquet_table(data: bytes, file: str) -> pl.DataFrame:
    """Return a Parquet file with the types that it has.

    Raises:
        InvalidInput: it is broken or without rows, or a name of a column looks like data.
    """
    try:
        table = pl.read_parquet(io.BytesIO(data))
    except _BROKEN:
        raise InvalidInput("records.unreadable", file=file, kind="Parquet") from None
    table.columns = checked_names(table.columns, file)
    refuse_data_as_header(table.columns, (), file)
    if table.height == 0:
        raise InvalidInput("records.no-rows", file=file)
    return table


def plain_cells(table: pl.DataFrame, file: str) -> pl.DataFrame:
    """Return a table of any types as text, whole numbers, numbers and booleans, with `_row` from 1.

    Raises:
        InvalidInput: a column is of another kind, such as a list.
    """
    plain = table.select(_plain(name, table.schema[name], file) for name in table.columns)
    return plain.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("_row"))


def with_rows_from(table: pl.DataFrame, before: int) -> pl.DataFrame:
    """Return a table with its row numbers moved on by those of the rows before it."""
    return table.with_columns(pl.col("_row") + before)


def _plain(name: str, dtype: pl.DataType, file: str) -> pl.Expr:
    """Bring a Parquet column to text, whole numbers, numbers or booleans."""
    column = pl.col(name)
    if dtype == pl.String:
        return column.replace("", None)
    if dtype in (pl.Categorical, pl.Enum):
        return column.cast(pl.String).replace("", None)
    if dtype.is_temporal() and dtype != pl.Duration:
        return column.dt.to_string("iso").str.replace(r"\.0+$", "").str.replace(r"[T ]00:00:00$", "")
    if dtype.is_integer() and dtype != pl.UInt64 and dtype not in (pl.Int128, pl.UInt128):
        return column.cast(pl.Int64)
    if dtype.is_float() or dtype.is_decimal():
        return column.cast(pl.Float64)
    if dtype in (pl.Boolean, pl.Null):
        return column.cast(pl.String) if dtype == pl.Null else column
    raise InvalidInput("records.column-kind", file=file, column=name, found=str(dtype.base_type()))


def _excel(data: bytes, file: str) -> pl.DataFrame:
    """Read the only filled sheet; of several, all but one would be left behind unseen."""
    try:
        book = fastexcel.read_excel(data)
        sheets = [
            book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_polars()
            for name in book.sheet_names
        ]
    except _BROKEN:
        raise InvalidInput("records.unreadable", file=file, kind="Excel") from None
    filled = [sheet for sheet in sheets if sheet.height and sheet.width]
    if not filled:
        raise InvalidInput("records.empty", file=file)
    if len(filled) > 1:
        raise InvalidInput("records.sheets", file=file, found=len(filled))
    sheet = filled[0].with_columns(pl.all().cast(pl.String).replace("", None))
    names = checked_names([cell or "" for cell in sheet.row(0)], file)
    sheet.columns = names
    rows = sheet.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("_row")).slice(1)
    rows = rows.filter(pl.any_horizontal(pl.col(names).str.strip_chars().str.len_bytes() > 0))
    if rows.height == 0:
        raise InvalidInput("records.no-rows", file=file)
    again = rows.select(pl.col(name).eq(name).any() for name in names).row(0)
    refuse_data_as_header(names, list(map(bool, again)), file)
    return rows.with_columns(
        pl.col(names).str.strip_suffix(" 00:00:00")
    )  # cell by cell, whatever the others hold
