"""Public bins of a column of dates: first day, last day, and how wide a bin is, all written by the analyst.

A day is a number of days since 1970-01-01, so that dates go through the binning of numbers. Knows no record.
"""

import re

import polars as pl

from confide.engines.days import read_days
from confide.errors import InvalidInput
from confide.synth.columns import MOST_VALUES, Column

_WIDTH = re.compile(r"(?:([1-9][0-9]{0,3})\s+)?(day|week|month|year)s?")
_SHORT = {"day": "d", "week": "w", "month": "mo", "year": "y"}


def date_column(name: str, asked: tuple[str, ...], *, complete: bool = False) -> Column:
    """Return the column that bounds and a width describe.

    Bins are counted from the first day; the last day is the last that may stand there, so that the last bin may be
    shorter than the others.

    Args:
        name: of the column.
        asked: first day, last day, and `day`, `week`, `month` or `year`, or so many of them: `3 months`.
        complete: whether rows without a day inside the bounds do not count.

    Raises:
        InvalidInput: these are not two days that rise and a width, or there are too many bins.

    >>> date_column("admitted", ("2020-01-01", "2020-05-31", "2 months")).labels()
    ('[2020-01-01, 2020-03-01)', '[2020-03-01, 2020-05-01)', '[2020-05-01, 2020-06-01)')
    """
    if len(asked) != 3:
        raise InvalidInput("synth.dates", column=name)
    first, last = read_days(pl.Series(asked[:2], dtype=pl.String)).to_list()
    width = _WIDTH.fullmatch(asked[2].strip())
    if first is None or last is None or width is None:
        raise InvalidInput("synth.dates", column=name)
    if first > last:
        raise InvalidInput("synth.dates-reversed", column=name)
    every = f"{width[1] or 1}{_SHORT[width[2]]}"
    starts = pl.date_range(first, last, interval=every, eager=True).to_physical().to_list()
    if len(starts) > MOST_VALUES:
        raise InvalidInput("synth.values", column=name, most=MOST_VALUES, found=len(starts))
    end = (last - first).days + 1 + starts[0]
    return Column(name=name, listed=tuple(map(float, (*starts, end))), complete=complete, days=True)
