"""Read the days that stand in a column, each cell on its own, whatever kind of column it is.

Guarantee: how a cell is read depends on that cell alone, never on another row: what is no day is missing, and nothing
here fails on a cell. One reader for every room, so that a condition, a measure and a synthetic table see the same day.
"""

import polars as pl

from confide.engines.polars import read_text

_ISO = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
# Year first, as ISO, `2024/3/5`, `2024.3.5`, `20240305` or `2024年3月5日`; then perhaps a time and an offset.
_DATE = (
    r"^\s*(?:([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})|([0-9]{4})([0-9]{2})([0-9]{2})"
    r"|([0-9]{4})\s*年\s*([0-9]{1,2})\s*月\s*([0-9]{1,2})\s*日)"
    r"(?:[T\s]\s*[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?\s*(?:Z|UTC|[+-][0-9]{2}:?(?:[0-9]{2})?)?)?\s*$"
)


def read_days(column: pl.Series) -> pl.Series:
    """Return the column as Date, null where a cell holds no day.

    A timestamp with an offset is taken at its own local day, that is the day as it is written: what day it was
    elsewhere does not matter. A day is written year first; other orders are missing, because nobody can tell day
    from month.

    Raises:
        InvalidInput: the column is of a type that holds no cells, such as lists.

    >>> read_days(pl.Series(["2024-02-29T23:30-08:00", "2023-02-29", "2024年3月5日"])).to_list()
    [datetime.date(2024, 2, 29), None, datetime.date(2024, 3, 5)]
    """
    if column.dtype in (pl.Date, pl.Datetime):
        return column.cast(pl.Date) if column.dtype == pl.Date else column.dt.date()
    return _days(read_text(column).replace("", None))


def _days(texts: pl.Series) -> pl.Series:
    """Return the day in each text; what is not plain ISO takes ten times as long, so it goes apart."""
    odd = ~texts.str.contains(_ISO).fill_null(True)
    frame = pl.DataFrame({"text": texts.set(odd, None)})
    days = frame.select(_calendar_day(pl.col("text"))).to_series()
    if odd.any():
        rest = pl.DataFrame({"text": texts.filter(odd)}).select(_calendar_day(_canonical(pl.col("text"))))
        days = days.scatter(odd.arg_true(), rest.to_series())
    return days


def _calendar_day(written: pl.Expr) -> pl.Expr:
    days = written.str.to_date("%Y-%m-%d", strict=False, exact=True, cache=False)
    return pl.when(days.dt.year() >= 1).then(days)


def _canonical(texts: pl.Expr) -> pl.Expr:
    parts = texts.str.extract_groups(_DATE)

    def part(place: int, width: int) -> pl.Expr:
        names = [str(each) for each in (place, place + 3, place + 6)]
        return pl.coalesce(parts.struct.field(name) for name in names).str.zfill(width)

    return pl.concat_str([part(1, 4), part(2, 2), part(3, 2)], separator="-")
