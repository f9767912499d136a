"""How far off a table of statistics will be, from public settings alone, before anything is paid.

Guarantee: for whatever data, a figure that is shown lies within `half_width` of the patient-bounded true
one with a probability of at least 95 %, wherever between its bounds the true one lies. Covers the noise;
neither what `max_rows` cuts off nor sampling. Derivation: `docs/proofs/stats.md`. Knows no ledger.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from confide.errors import InvalidInput
from confide.stats.intervals import CONFIDENCE, half_width, spread

if TYPE_CHECKING:
    from confide.stats.plan import StatsPlan

MOST_ROWS = 1_000_000_000
SMALLEST_EPSILON, LARGEST_EPSILON = 1e-6, 1e6
_MISS = 1 - CONFIDENCE


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """The noise on one measure in a group where `rows` rows count, in the unit of the measure.

    `sd`: standard deviation, for a mean or proportion the largest over all true values, to first order.
    `half_width`: half of the 95 % interval. Both None where the group is so small that the noise would
    leave no figure to show in more than one case of twenty. `whole`: what 100 % of error means: the
    rows, the largest sum that so many rows have, the distance of a mean's bounds, 1. A quantile's error is
    counted in rows between it and what is shown.
    """

    rows: int
    sd: float | None
    half_width: float | None
    whole: float

    @property
    def share(self) -> float | None:
        """Return the half-width as a share of `whole`."""
        return None if self.half_width is None else self.half_width / self.whole


@dataclass(frozen=True, slots=True)
class Wanted:
    """An error that somebody could live with: in the unit of the measure, or as a share of `whole`."""

    size: float
    is_share: bool

    @classmethod
    def parse(cls, text: str) -> "Wanted":
        """Read `5%` or `0.5`.

        Raises:
            InvalidInput: not a finite number above 0, or a share above 100 %.

        >>> Wanted.parse("5%")
        Wanted(size=0.05, is_share=True)
        """
        number = text.strip().replace("％", "%")
        try:
            size = float(number.removesuffix("%"))
        except ValueError:
            size = math.nan
        is_share = number.endswith("%")
        if not 0 < size < math.inf or (is_share and size > 100):
            raise InvalidInput("stats.wanted-error", found=text)
        return cls(size / 100 if is_share else size, is_share)

    def met_by(self, expected: Expected) -> bool:
        """Say whether the noise is no larger than this."""
        found = expected.share if self.is_share else expected.half_width
        return found is not None and found <= self.size


Error = Callable[[float, int, int], Expected]  # from a part's noise, the weight of a whole row, and the rows


def total_error(largest: float, step: float = 1.0) -> Error:
    """Return the error of a count or sum: its noise, in every group the same.

    Args:
        largest: what one row adds at most, in the unit of the measure.
        step: what one step of the sums is worth in that unit.
    """

    def error(scale: float, whole_row: int, rows: int) -> Expected:
        unit = step / whole_row
        return Expected(
            rows=rows, sd=standard_deviation(scale) * unit, half_width=half_width(scale) * unit, whole=rows * largest
        )  # fmt: skip

    return error


def ratio_error(width: float, steps: int = 1) -> Error:
    """Return the error of a share u of two slots, wherever u lies, times `width`.

    u + h is passed only if the noise of the slots, weighted by 1 - u - h and u + h, is above h times the rows; that
    is likeliest where one of the two weights is 1.

    Args:
        width: what a share of 1 is worth, in the unit of the measure.
        steps: what one row adds to both slots together.
    """

    def error(scale: float, whole_row: int, rows: int) -> Expected:
        total, quantile = float(rows * whole_row * steps), scale * spread((1.0,)) + 2
        if total < 2 * quantile + scale * math.log(1 / (4 * _MISS)):  # else one case of twenty shows nothing
            return Expected(rows=rows, sd=None, half_width=None, whole=width)
        sd = standard_deviation(scale) / total
        return Expected(rows=rows, sd=sd * width, half_width=quantile / total * width, whole=width)

    return error


def variance_error(width: float, steps: int) -> Error:
    """Return the error of a variance: that of E t² and twice that of E t, each at 97.5 %."""
    square = max(spread((1.0,), _MISS / 2), spread((1.0, 1.0), _MISS / 2))
    first = spread((0.5, 1.0), _MISS / 2)

    def error(scale: float, whole_row: int, rows: int) -> Expected:
        noise = scale / (rows * whole_row * steps)
        half = noise * (square + 2 * first) + (noise * first) ** 2 + 2 / steps
        whole = width**2 / 4
        if half > 0.25:
            return Expected(rows=rows, sd=None, half_width=None, whole=whole)
        sd = standard_deviation(scale) / (rows * whole_row * steps) * 3 * width**2
        return Expected(rows=rows, sd=sd, half_width=half * width**2, whole=whole)

    return error


def contrast_error(slots: int) -> Error:
    """Return the error of a comparison, as of a difference of shares where the rows divide evenly over the slots.

    To first order; a ratio or a survival curve errs by so much relative to its size.
    """

    def error(scale: float, whole_row: int, rows: int) -> Expected:
        noise = standard_deviation(scale) * math.sqrt(slots) / (rows * whole_row)
        half = spread((1.0,)) / math.sqrt(2) * noise
        if half > 1:
            return Expected(rows=rows, sd=None, half_width=None, whole=1.0)
        return Expected(rows=rows, sd=noise, half_width=half, whole=1.0)

    return error


def quantile_error(bins: int) -> Error:
    """Return how many rows may lie between a quantile and what was chosen for it, beside the width of a bin.

    Here `scale` is the scale of the choice: the weight by which it becomes e times less likely to be off.
    """

    def error(scale: float, whole_row: int, rows: int) -> Expected:
        half = scale * math.log(bins / _MISS) / whole_row
        sd = scale * (math.log(bins) + 1.5) / whole_row
        return Expected(rows=rows, sd=sd, half_width=half, whole=float(rows))

    return error


def standard_deviation(scale: float) -> float:
    """Return the standard deviation of discrete Laplace noise of this scale.

    >>> round(standard_deviation(10.0), 2)
    14.14
    """
    return 1 / (math.sqrt(2) * math.sinh(0.5 / scale))


def rows_for(plan: "StatsPlan", measure: str, wanted: Wanted) -> int | None:
    """Return from how many rows in a group on `measure` is as exact as wanted; None if at no size.

    Guarantee: the smallest such number up to a billion.
    """

    def met(rows: int) -> bool:
        return wanted.met_by(plan.expected(rows)[measure])

    if not met(MOST_ROWS):
        return None
    low, high = 1, MOST_ROWS
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if met(middle) else (middle + 1, high)
    return low


def epsilon_for(plan: "StatsPlan", measure: str, wanted: Wanted, rows: int) -> float | None:
    """Return the ε that the whole table needs for `measure` to be as exact as wanted; None if none will do.

    Guarantee: the smallest of three significant digits, between 1e-6 and 1e6; `max_rows` and the other
    measures of the table, which share the ε, stay as they are.
    """

    def met(rung: int) -> bool:
        try:
            asked = replace(plan, epsilon=_epsilon(rung))
        except InvalidInput:  # more noise than can be drawn
            return False
        return wanted.met_by(asked.expected(rows)[measure])

    low, high = 900 * round(math.log10(SMALLEST_EPSILON)), 900 * round(math.log10(LARGEST_EPSILON))
    if not met(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if met(middle) else (middle + 1, high)
    return _epsilon(low)


def _epsilon(rung: int) -> float:
    """Return the number on `rung` of the ladder 1.00, 1.01 … 9.99, 10.0, 10.1 and so on."""
    power, mantissa = divmod(rung, 900)
    return float(f"{mantissa + 100}e{power - 2}")
