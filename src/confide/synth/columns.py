"""Public lists of a table's columns: categories and edges of bins, written by the analyst, never read from data.

What is missing, unreadable or not listed has one place of its own, after the listed ones; a column that is
declared complete has none, and rows without a listed value there do not count. A cell is read on its own.
"""

import datetime as dt
import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from confide.engines.days import read_days
from confide.engines.polars import Ints, Mask, bin_places, category_places, combined_codes
from confide.errors import InvalidInput

MOST_VALUES = 1000  # of one column
_EPOCH = dt.date(1970, 1, 1).toordinal()


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column and what may stand in it. All of it public."""

    name: str
    listed: tuple[str, ...] | tuple[float, ...]
    complete: bool = False
    days: bool = False  # the edges are days since 1970-01-01, the cells dates

    def __post_init__(self) -> None:
        """Refuse a list that could hold nothing."""
        texts, numbers = _texts(self.listed), _numbers(self.listed)
        if not self.listed or (not texts and not numbers):
            raise InvalidInput("synth.list", column=self.name)
        if texts and len(set(self.listed)) < len(self.listed):
            raise InvalidInput("synth.twice", column=self.name)
        if numbers and (len(numbers) < 2 or any(not low < high for low, high in pairwise(numbers))):
            raise InvalidInput("synth.edges", column=self.name)
        if not 2 <= self.size <= MOST_VALUES:
            raise InvalidInput("synth.values", column=self.name, most=MOST_VALUES, found=self.size)

    @property
    def edges(self) -> tuple[float, ...]:
        """Return the edges of the bins; none if the column holds categories."""
        return _numbers(self.listed)

    @property
    def places(self) -> int:
        """Return how many categories or bins are listed."""
        return len(self.listed) - bool(self.edges)

    @property
    def size(self) -> int:
        """Return how many values the column has, with the missing one."""
        return self.places + (not self.complete)

    def labels(self) -> tuple[str, ...]:
        """Return the listed categories, or the bins as `[low, high)`; what is missing has no label.

        >>> Column(name="age", listed=(0.0, 18.0, 45.5)).labels()
        ('[0, 18)', '[18, 45.5)')
        """
        if not self.edges:
            return tuple(str(each) for each in self.listed)
        ends = [iso_day(edge) if self.days else f"{edge:.15g}" for edge in self.edges]
        return tuple(f"[{low}, {high})" for low, high in pairwise(ends))

    def codes(self, column: pl.Series) -> Ints:
        """Return the place of every cell; what is missing or not listed comes last, or is -1 if complete.

        Guarantee: each cell is read on its own, whatever stands in others, if the column was read as text.
        """
        if self.days:
            reader = bin_places(read_days(column).to_physical(), self.edges)
        elif self.edges:
            reader = bin_places(column, self.edges)
        else:
            reader = category_places(column, tuple(str(each) for each in self.listed))
        found = combined_codes([reader], [self.places], len(column))
        return found if self.complete else np.where(found < 0, self.places, found)


@dataclass(frozen=True, slots=True)
class Rows:
    """Counted rows as codes, with the weight of each in fixed point: patient data, shown to nobody."""

    codes: Ints
    weights: Ints
    unit: int  # weight of a whole row

    def __repr__(self) -> str:
        return "<Rows>"

    def counts(self, columns: tuple[int, ...], shape: tuple[int, ...]) -> Ints:
        """Return the exact weight in each cell of these columns: patient data, to be shown to nobody.

        Guarantee: integers throughout. Doubles hold them exactly: a weight is at most 2^20, of less than 2^31 rows.
        """
        cell = np.ravel_multi_index(tuple(self.codes[:, column] for column in columns), shape)
        sums = np.bincount(cell, weights=self.weights, minlength=math.prod(shape))
        return sums.astype(np.int64).reshape(shape)


def codes_of(columns: tuple[Column, ...], data: pl.DataFrame) -> tuple[Ints, Mask]:
    """Return the codes of all rows, shape (rows, columns), and which rows have a value in every complete column."""
    found = np.stack([column.codes(data[column.name]) for column in columns], axis=1)
    return found, np.logical_and.reduce(found >= 0, axis=1)


def iso_day(number: float) -> str:
    """Return the day that is so many days after 1970-01-01, in ISO form; the one after the last of all is an edge only.

    >>> iso_day(18262.0)
    '2020-01-01'
    """
    ordinal = int(number) + _EPOCH
    return "10000-01-01" if ordinal > dt.date.max.toordinal() else dt.date.fromordinal(ordinal).isoformat()


def _texts(listed: tuple[object, ...]) -> bool:
    return all(isinstance(each, str) for each in listed)


def _numbers(listed: tuple[object, ...]) -> tuple[float, ...]:
    kept = tuple(
        float(each)
        for each in listed
        if isinstance(each, int | float) and not isinstance(each, bool) and math.isfinite(each)
    )
    return kept if len(kept) == len(listed) else ()
