"""What can be measured in a cell: `count`, `sum`, `mean`, `proportion`.

A measure is a few parts, each an integer sum that is paid for, and a function that turns the noisy
parts into a figure with its interval. Two measures that need the same part share it and its price.
A new measure is a new case in `parse_measure` and one sentence in `words/*/stats.toml`; how, in
`docs/decisions/0002-a-new-measure.md`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from confide.calls import Call, parse_call
from confide.engines.polars import (
    GRID,
    LARGEST_STEPS,
    Contribution,
    Floats,
    Ints,
    Mask,
    read_numbers,
    read_text,
)
from confide.errors import InvalidInput
from confide.stats.intervals import half_width, ratio_bounds
from confide.words import say

Values = Floats | pl.Series | None


@dataclass(frozen=True, slots=True)
class Ruler:
    """A public grid for values: clipped to [low, high], measured from `zero` in whole steps.

    The step is a power of two, the finest that keeps every value within `LARGEST_STEPS` steps.
    """

    low: float
    high: float
    zero: float

    @property
    def step(self) -> float:
        """Return the size of one step, in the unit of the values."""
        farthest = max(self.high - self.zero, self.zero - self.low)
        return 2.0 ** math.ceil(math.log2(farthest / (LARGEST_STEPS - 1)))

    @property
    def steps(self) -> int:
        """Return the largest number of steps a value can be away from `zero`."""
        return round(max(self.high - self.zero, self.zero - self.low) / self.step)

    def measure(self, values: Floats) -> Ints:
        """Return each value in steps, never more than `steps` in size; NaN measures 0."""
        clipped = np.clip(np.nan_to_num(values, nan=self.zero), self.low, self.high)
        return np.clip(np.rint((clipped - self.zero) / self.step), -self.steps, self.steps).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Part:
    """One integer sum per cell, each row weighing as much as its patient allows. All public.

    `column` and `read` say which rows count: those with a value there (None: all rows). A row adds
    its weight; or with a `ruler` its weight times its value in steps; or with a `wanted` text its
    weight where the value is that text, and minus its weight where it is another.
    """

    column: str | None = None
    read: Literal["number", "text"] | None = None
    ruler: Ruler | None = None
    wanted: str | None = None

    @property
    def bound(self) -> int:
        """Return the largest contribution of one whole row."""
        return 1 if self.ruler is None else self.ruler.steps


@dataclass(frozen=True, slots=True)
class Noisy:
    """A part after its noise, one figure per cell in units of `GRID`, and the scale of that noise."""

    totals: Floats
    scale: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure per cell and the interval that covers its noise; NaN where nothing can be said."""

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure as it was written, the parts it pays for, and how they become a figure."""

    text: str
    parts: tuple[Part, ...]
    finish: Callable[[list[Noisy]], Estimate]


def parse_measure(text: str) -> Measure:
    """Read one measure of a study file.

    Raises:
        InvalidInput: no such measure, or bounds that are missing, reversed or not finite.

    >>> [part.bound for part in parse_measure("mean(stay_days, 0, 60)").parts]
    [960, 1]
    """
    match parse_call(text):
        case Call("count", ()):
            return Measure(text, (Part(),), _count)
        case Call("sum", (column, low, high)):
            ruler = _ruler(text, low, high, zero=0.0)
            return Measure(text, (Part(column, "number", ruler),), lambda noisy: _sum(noisy, ruler))
        case Call("mean", (column, low, high)):
            ruler = _ruler(text, low, high, zero=None)
            parts = (Part(column, "number", ruler), Part(column, "number"))
            return Measure(text, parts, lambda noisy: _mean(noisy, ruler))
        case Call("proportion", (column, wanted)):
            parts = (Part(column, "text", wanted=wanted), Part(column, "text"))
            return Measure(text, parts, _proportion)
        case _:
            raise InvalidInput("stats.measure-unknown", found=text)


def describe(text: str) -> str:
    """Return what a measure measures, as a phrase in the language in force."""
    call = parse_call(text)
    return say(f"stats.measure.{call.name}", arguments=", ".join(call.arguments), **_named(call))


def read_rows(part: Part, data: pl.DataFrame) -> tuple[Mask | None, Values]:
    """Read a part's column: which rows have a value there (None: all), and the values."""
    if part.column is None:
        return None, None
    column = data[part.column]
    if part.read == "number":
        numbers = read_numbers(column)
        missing = np.isnan(numbers)
        return (~missing if missing.any() else None), numbers
    texts = read_text(column)
    return (texts.is_not_null().to_numpy() if texts.null_count() else None), texts


def contribution(part: Part, values: Values) -> Contribution:
    """Return what a slice of rows adds per unit of weight, at most `part.bound` in size; None for 1."""
    ruler, wanted = part.ruler, part.wanted
    if ruler is not None and isinstance(values, np.ndarray):
        return lambda rows: ruler.measure(values[rows])
    if wanted is not None and isinstance(values, pl.Series):
        return lambda rows: _is_text(values[rows], wanted)
    return lambda _: None


def _is_text(texts: pl.Series, wanted: str) -> Ints:
    return np.where((texts == wanted).fill_null(False).to_numpy(), 1, -1).astype(np.int64)


def _count(noisy: list[Noisy]) -> Estimate:
    (rows,) = noisy
    wide, totals = half_width(rows.scale), np.maximum(rows.totals, 0)  # below 0 is as good as 0, not surer
    return Estimate(*(np.maximum(totals + shift, 0) / GRID for shift in (0, -wide, wide)))


def _sum(noisy: list[Noisy], ruler: Ruler) -> Estimate:
    (total,) = noisy
    wide, unit = half_width(total.scale), ruler.step / GRID
    return Estimate(*((total.totals + shift) * unit for shift in (0, -wide, wide)))


def _mean(noisy: list[Noisy], ruler: Ruler) -> Estimate:
    """Divide a centred sum by a count of the same weights; both are noisy, both are paid for."""
    above, below = noisy
    ratios = _ratio(above, below, largest=ruler.steps)
    return Estimate(*(np.clip(ruler.zero + ratio * ruler.step, ruler.low, ruler.high) for ratio in ratios))


def _proportion(noisy: list[Noisy]) -> Estimate:
    above, below = noisy  # rows with the value minus rows without it; rows
    return Estimate(*((1 + ratio) / 2 for ratio in _ratio(above, below, largest=1)))


def _ratio(above: Noisy, below: Noisy, *, largest: int) -> tuple[Floats, Floats, Floats]:
    low, high = ratio_bounds(
        above.totals, below.totals, above_scale=above.scale, below_scale=below.scale, largest=largest
    )
    value = np.clip(above.totals / np.where(below.totals > 0, below.totals, np.nan), -largest, largest)
    value[(low <= -largest) & (high >= largest)] = np.nan  # the noise allows every value: say none
    return value, low, high


def _ruler(text: str, low: str, high: str, *, zero: float | None) -> Ruler:
    try:
        lowest, highest = float(low), float(high)
    except ValueError:
        raise InvalidInput("stats.bounds", found=text) from None
    if not (math.isfinite(highest - lowest) and highest - lowest > 1e-290):
        raise InvalidInput("stats.bounds", found=text)
    return Ruler(lowest, highest, lowest / 2 + highest / 2 if zero is None else zero)


def _named(call: Call) -> dict[str, str]:
    names = {
        "sum": ("column", "low", "high"),
        "mean": ("column", "low", "high"),
        "proportion": ("column", "wanted"),
    }
    return dict(zip(names.get(call.name, ()), call.arguments, strict=False))
