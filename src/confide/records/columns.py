"""Type text columns strictly, and refuse what no later step could use: NaN, infinity, cells of megabytes.

Guarantee: a column becomes numbers only if every filled cell is one; ids with leading zeros or more than 15
digits stay text. Rows with a fault are named by number, never by what they hold.
"""

from collections.abc import Collection

import polars as pl

from confide.errors import InvalidInput
from confide.records.cells import LARGEST_CELL, MISSING, NO_NUMBER, NUMBER, WHOLE
from confide.records.section import RESERVED

_SHOWN_ROWS = 5
_WHOLE, _NUMBER, _NO_NUMBER = f"^{WHOLE}$", f"^{NUMBER}$", f"^(?i){NO_NUMBER}$"


def typed(table: pl.DataFrame, file: str, *, text: Collection[str] = ()) -> pl.DataFrame:
    """Return the table with each text column typed; `text` names the columns that stay text.

    Args:
        table: columns of the user, `_row`, and `_file` where the rows come from several files.
        file: name for the refusal where there is no `_file`.
        text: columns that are kept, or turned back, to text.

    Raises:
        InvalidInput: a cell is larger than 1 MB, or a column of numbers holds NaN or infinity.
    """
    names = [name for name in table.columns if name not in RESERVED]
    for name in names:
        if table.schema[name] == pl.String:
            refuse_rows(
                table, pl.col(name).str.len_bytes() > LARGEST_CELL, "records.cell-size", file, column=name
            )
    columns = [_as_text(table, name) if name in text else _typed_column(table, name, file) for name in names]
    return table.with_columns(columns)


def _as_text(table: pl.DataFrame, name: str) -> pl.Series:
    """Return the column as text; whole numbers that Parquet held as floats lose their `.0`."""
    column = table[name]
    if column.dtype == pl.Float64 and column.drop_nulls().is_finite().all():
        whole = column.cast(pl.Int64, strict=False)
        if (
            whole.cast(pl.Float64) == column
        ).drop_nulls().all() and whole.null_count() == column.null_count():
            column = whole
    return column.cast(pl.String)


def _typed_column(table: pl.DataFrame, name: str, file: str) -> pl.Series:
    column = table[name]
    if column.dtype == pl.Float64:
        refuse_rows(table, ~pl.col(name).is_finite(), "records.not-finite", file, column=name)
    if column.dtype != pl.String:
        return column
    cells = column.str.strip_chars().replace(["", *MISSING], None)
    filled = cells.drop_nulls()
    if filled.is_empty():
        return column
    if filled.str.contains(_WHOLE).all():
        return cells.str.strip_prefix("+").cast(pl.Int64)
    odd = cells.str.contains(_NO_NUMBER)
    numbers = cells.set(odd.fill_null(False), None)
    if not numbers.drop_nulls().str.contains(_NUMBER).all():
        return column
    result = numbers.cast(pl.Float64)
    bad = (odd | result.is_infinite()).fill_null(False)
    refuse_rows(table, bad, "records.not-finite", file, column=name)
    return result


def refuse_rows(
    table: pl.DataFrame, bad: pl.Expr | pl.Series, code: str, file: str, /, **public: object
) -> None:
    """Raise `code` if any row is bad, naming the first bad file, five of its bad rows and their number.

    The sentence may use {file}, {rows}, {count} and whatever `public` brings.

    Raises:
        InvalidInput: some row is bad.
    """
    rows = table.filter(bad)
    if rows.height == 0:
        return
    if "_file" in rows.columns:
        file = rows["_file"][0]
        rows = rows.filter(pl.col("_file") == file)
    numbers = ", ".join(map(str, rows["_row"].head(_SHOWN_ROWS)))
    if rows.height > _SHOWN_ROWS:
        numbers += ", …"
    raise InvalidInput(code, file=file, rows=numbers, count=rows.height, **public)
