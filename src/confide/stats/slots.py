"""What one row adds to the sums of its group: whole numbers, in a few slots, by its own cells alone.

Guarantee: over all slots together a row adds at most `bound` in size, whatever stands in it, and how it is read
never depends on another row. All settings are public. `stats.tally` sums; `docs/proofs/stats.md` proves.
"""

import math
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.engines.polars import (
    LARGEST_STEPS,
    Floats,
    Ints,
    Mask,
    Places,
    Reading,
    bin_places,
    category_places,
    combined_codes,
    read_numbers,
    read_text,
)
from confide.errors import InvalidInput
from confide.stats.keys import Values, are_edges, labels


@dataclass(frozen=True, slots=True)
class Ruler:
    """Public bounds of a value; it is clipped to [low, high]."""

    low: float
    high: float

    @classmethod
    def parse(cls, text: str, low: str, high: str) -> "Ruler":
        """Read the two bounds of the measure `text`.

        Raises:
            InvalidInput: missing, reversed or not finite.
        """
        try:
            lowest, highest = float(low), float(high)
        except ValueError:
            raise InvalidInput("stats.bounds", found=text) from None
        if not (math.isfinite(highest - lowest) and highest - lowest > 1e-290):
            raise InvalidInput("stats.bounds", found=text)
        return cls(lowest, highest)

    @property
    def width(self) -> float:
        """Return the distance of the bounds."""
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class Rows:
    """One slot: each row adds 1."""


@dataclass(frozen=True, slots=True)
class Patients:
    """One slot: a patient adds 1 to each group in which a row of theirs lies, however many."""


@dataclass(frozen=True, slots=True)
class Signed:
    """One slot: each row adds its value, in steps from 0, so that the total is a sum."""

    column: str
    ruler: Ruler

    @property
    def step(self) -> float:
        """Return the size of a step: the finest power of two of which `LARGEST_STEPS` reach every value."""
        return _step(max(abs(self.ruler.low), abs(self.ruler.high)))


@dataclass(frozen=True, slots=True)
class Moments:
    """`degree` + 1 slots that each row shares out by its value t, from 0 to 1: 1-t and t, or (1-t)², 2t(1-t), t².

    Their total counts the rows: mean and variance are paid for together with their denominator, and at less
    noise than a sum and a count would have.
    """

    column: str
    ruler: Ruler
    degree: int

    @property
    def step(self) -> float:
        """Return the size of a step: the finest power of two of which `LARGEST_STEPS` reach from end to end."""
        return _step(self.ruler.width)


@dataclass(frozen=True, slots=True)
class Listed:
    """One slot for each combination of listed categories and bins; a row adds 1 to its own.

    `rest`: the columns in which a value that is not listed is one more, and not left out.
    """

    lists: tuple[tuple[str, Values], ...]
    rest: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Return how many places each column has."""
        return tuple(len(labels(values)) + (column in self.rest) for column, values in self.lists)


@dataclass(frozen=True, slots=True)
class Graded:
    """One slot for each of `bins` bins of equal width between the bounds; a row adds 1 to its own."""

    column: str
    ruler: Ruler
    bins: int


Slots = Rows | Patients | Signed | Moments | Listed | Graded


def size(slots: Slots) -> int:
    """Return the number of slots."""
    match slots:
        case Moments(degree=degree):
            return degree + 1
        case Listed():
            return math.prod(slots.shape)
        case Graded(bins=bins):
            return bins
        case _:
            return 1


def bound(slots: Slots) -> int:
    """Return the most that one row adds to all slots together, in size."""
    match slots:
        case Signed(ruler=ruler):
            return round(max(abs(ruler.low), abs(ruler.high)) / slots.step)
        case Moments(ruler=ruler):
            return math.ceil(ruler.width / slots.step)
        case _:
            return 1


def columns(slots: Slots) -> tuple[str, ...]:
    """Return the columns that are looked at."""
    match slots:
        case Signed(column=column) | Moments(column=column) | Graded(column=column):
            return (column,)
        case Listed(lists):
            return tuple(column for column, _ in lists)
        case _:
            return ()


def same_rows(slots: Slots) -> Hashable:
    """Return what is equal for two forms only if the same rows count in both, where not all do."""
    return slots if isinstance(slots, Listed) else columns(slots)


def read(slots: Slots, data: pl.DataFrame) -> Reading:
    """Read the columns of `slots`, each cell on its own."""
    match slots:
        case Signed(column, ruler):
            numbers, counted = _numbers(data[column])
            step, most = slots.step, bound(slots)
            return Reading(counted, 1, adds=lambda rows: (_signed(numbers[rows], ruler, step, most),))
        case Moments(column, ruler, degree):
            numbers, counted = _numbers(data[column])
            share, most, per_unit = (
                (_halves if degree == 1 else _squares),
                bound(slots),
                1 / slots.step,
            )  # exact
            return Reading(
                counted,
                degree + 1,
                adds=lambda rows: share(_scaled(numbers[rows], ruler, per_unit, most), most),
            )
        case Graded(column, ruler, bins):
            numbers, counted = _numbers(data[column])
            return Reading(counted, bins, slot=lambda rows: _graded(numbers[rows], ruler, bins))
        case Listed(lists):
            readers = [
                placer(data[column], values, rest=len(labels(values)) if column in slots.rest else None)
                for column, values in lists
            ]
            codes = combined_codes(readers, list(slots.shape), len(data))
            counted = codes >= 0
            return Reading(None if counted.all() else counted, size(slots), slot=lambda rows: codes[rows])
        case _:
            return Reading(None, 1, adds=lambda _: (None,))


def reader(column: pl.Series, values: Values) -> Places:
    """Return a reader of each row's place among public categories or bins; -1 for none."""
    if are_edges(values):
        return bin_places(column, tuple(float(value) for value in values))
    return category_places(column, tuple(str(value) for value in values))


def _step(farthest: float) -> float:
    return 2.0 ** math.ceil(math.log2(farthest / (LARGEST_STEPS - 1)))


def _numbers(column: pl.Series) -> tuple[Floats, Mask | None]:
    """Return the numbers, 0 where there is none, and which rows have one (None: all)."""
    numbers = read_numbers(column)
    missing = np.isnan(numbers)
    return (np.where(missing, 0.0, numbers), ~missing) if missing.any() else (numbers, None)


def _signed(values: Floats, ruler: Ruler, step: float, most: int) -> Ints:
    steps = np.rint(np.clip(values, ruler.low, ruler.high) / step)
    return np.clip(steps, -most, most).astype(np.int64)


def _scaled(values: Floats, ruler: Ruler, per_unit: float, most: int) -> Ints:
    """Return each value in steps from the lower bound, rounded; from 0 to `most`."""
    held = np.clip(values, ruler.low, ruler.high)
    held -= ruler.low
    held *= per_unit
    held += 0.5
    return np.minimum(held.astype(np.int64), most)


def _graded(values: Floats, ruler: Ruler, bins: int) -> Ints:
    held = np.clip(values, ruler.low, ruler.high)
    held -= ruler.low
    held *= bins / ruler.width
    return np.minimum(held.astype(np.int64), bins - 1)


def _halves(steps: Ints, most: int) -> tuple[Ints, ...]:
    return most - steps, steps


def _squares(steps: Ints, most: int) -> tuple[Ints, ...]:
    """Share `most` out as (1-t)², 2t(1-t) and t², each a whole number and none below 0."""
    low, high = ((part * part + most // 2) // most for part in (most - steps, steps))
    return low, most - low - high, high


def placer(column: pl.Series, values: Values, *, rest: int | None) -> Places:
    """Return a reader of each row's place; a value that is not listed has the place `rest`, if there is one."""
    places = reader(column, values)
    if rest is None:
        return places
    there = read_text(column).is_not_null().to_numpy()

    def with_rest(rows: slice) -> Ints:
        found = places(rows)
        return np.where((found < 0) & there[rows], rest, found)

    return with_rest
