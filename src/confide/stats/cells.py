"""Read the cells of a column as numbers, texts or days, each cell on its own.

Guarantee: how a cell is read depends on that cell and on the kind of its column only, never on another
row: what is not of the kind that is asked for is missing, and nothing here fails on a cell. Numbers and
texts are read as `confide.engines.polars` reads them, so that a condition and a measure see the same.
"""

from enum import StrEnum

import polars as pl

from confide.engines.days import read_days
from confide.engines.polars import read_numbers, read_text


class Kind(StrEnum):
    """What a value is; what has no kind yet is a column, read as its place asks."""

    NUMBER = "number"
    TEXT = "text"
    DAY = "day"
    TRUTH = "truth"


def read_cells(column: pl.Series, kind: Kind) -> pl.Series:
    """Return the cells as Float64, String or Date, null where a cell holds no such thing.

    An empty text is missing. What a day is: `confide.engines.days`.

    Args:
        column: of texts, or of whatever type the whole source has by its format.
        kind: NUMBER, TEXT or DAY.

    Raises:
        InvalidInput: the column is of a type that holds no cells, such as lists.

    >>> read_cells(pl.Series(["2024-02-29T23:30-08:00", "2023-02-29", "2024年3月5日"]), Kind.DAY).to_list()
    [datetime.date(2024, 2, 29), None, datetime.date(2024, 3, 5)]
    """
    if kind is Kind.NUMBER:
        return pl.Series(column.name, read_numbers(column), nan_to_null=True)
    return read_days(column) if kind is Kind.DAY else read_text(column).replace("", None)
