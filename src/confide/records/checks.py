"""Refuse records that cannot be true: two with one id, an age below zero, a day that no calendar has.

Guarantee: only rows that may be used come here, and a fault is named by file, column and row, never by its
    value.
"""

import datetime as dt
import re
import unicodedata

import polars as pl

from confide.errors import InvalidInput
from confide.records.columns import refuse_rows
from confide.records.patients import columns_of
from confide.records.section import SourceSection

AGE_COLUMNS = ("age", "年龄", "年齡")
DATE_CLASSES = ("date", "birth-date")

_YEAR_FIRST = re.compile(
    r"\s*(\d{4})(?:[-/.]|\s*年\s*)(\d{1,2})(?:[-/.]|\s*月\s*)(\d{1,2})(?!\d).*", re.DOTALL
)
_EIGHT_DIGITS = re.compile(r"\s*(\d{4})(\d{2})(\d{2})(?!\d).*", re.DOTALL)
_YEAR_LAST = re.compile(r"\s*(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?!\d).*", re.DOTALL)


def check_columns(table: pl.DataFrame, section: SourceSection, file: str) -> None:
    """Refuse a column of the section that no file has; says which there are.

    Raises:
        InvalidInput: `text`, `id` or a column of `identifiers` is not in the table.
    """
    for column in (section.text, section.id, *section.identifiers):
        if column is not None and column not in table.columns:
            raise InvalidInput("records.no-column", file=file, column=column, columns=columns_of(table))


def check_rows(table: pl.DataFrame, section: SourceSection, file: str) -> None:
    """Refuse doubled record ids, negative ages and impossible dates.

    Raises:
        InvalidInput: names the first file with a fault, the column and the rows.
    """
    if section.id is not None:
        clean = pl.col(section.id).cast(pl.String).str.strip_chars()
        refuse_rows(
            table, clean.is_duplicated() & clean.is_not_null(), "records.doubled-id", file, column=section.id
        )
    for column in table.columns:
        kind = section.identifiers.get(column)
        cells = pl.col(column)
        if kind == "age" or column.lower() in AGE_COLUMNS:
            negative = cells.cast(pl.String).str.normalize("NFKC").str.contains(r"^\s*[-−]\s*\d*[1-9]")
            refuse_rows(table, negative, "records.negative-age", file, column=column)
        if kind in DATE_CLASSES and table.schema[column] == pl.String:
            bad = [cell for cell in table[column].unique().drop_nulls() if is_impossible_date(cell)]
            refuse_rows(table, cells.is_in(bad), "records.impossible-date", file, column=column)


def is_impossible_date(cell: str) -> bool:
    """Whether a cell has the shape of a date that no calendar has; what has no such shape is not judged.

    Day and month may stand either way round before the year: only what is wrong both ways is impossible.

    >>> [is_impossible_date(cell) for cell in ("2023-02-30", "2024年2月29日", "30/02/2023", "unknown")]
    [True, False, True, False]
    """
    cell = unicodedata.normalize("NFKC", cell)
    if found := _YEAR_FIRST.fullmatch(cell) or _EIGHT_DIGITS.fullmatch(cell):
        year, month, day = map(int, found.groups())
        return not _exists(year, month, day)
    if found := _YEAR_LAST.fullmatch(cell):
        first, second, year = map(int, found.groups())
        return not (_exists(year, first, second) or _exists(year, second, first))
    return False


def _exists(year: int, month: int, day: int) -> bool:
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True
