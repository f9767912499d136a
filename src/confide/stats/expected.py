"""How far off a table of statistics will be, from public settings alone, before anything is paid.

Guarantee: for whatever data, a figure that is shown lies within `half_width` of the patient-bounded true
one with a probability of at least 95 %, wherever between its bounds the true one lies. Covers the noise;
neither what `max_rows` cuts off nor sampling. Derivation: `docs/proofs/stats.md`. Knows no ledger.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from confide.engines.polars import GRID
from confide.errors import InvalidInput
from confide.stats.intervals import CONFIDENCE, half_width
from confide.stats.measures import Measure, Part

if TYPE_CHECKING:
    from confide.stats.plan import StatsPlan

MOST_ROWS = 1_000_000_000
SMALLEST_EPSILON, LARGEST_EPSILON = 1e-6, 1e6
_MISS = 1 - CONFIDENCE
_QUANTILE = 4.1131  # P(|X + Y| > x) = e^-x (1 + x/2) for Laplace X, Y of scale 1 is 5 % here
_NO_FIGURE_BELOW = 3.3  # of the denominator's scales: `intervals.ratio_bounds` tells nothing there


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """The noise on one measure in a group where `rows` rows count, in the unit of the measure.

    `sd`: standard deviation, for a mean or proportion the largest over all true values, to first order.
    `half_width`: half of the 95 % interval. Both None where the group is so small that the noise would
    leave no figure to show in more than one case of twenty. `whole`: what 100 % of error means: the
    rows, the largest sum that so many rows have, the distance of a mean's bounds, 1.
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


def expected(measure: Measure, scale: Callable[[Part], float], rows: int) -> Expected:
    """Return the noise on `measure` where `rows` rows count.

    A measure is one noisy total, or the ratio of two over the same rows, as `measures.parse_measure` makes
    them.

    Args:
        measure: what is measured.
        scale: gives the noise scale of a part, in units of `GRID`.
        rows: how many rows count in the group, each at full weight; at least 1.
    """
    above, *below = measure.parts
    size = 1.0 if above.ruler is None else above.ruler.step
    if not below:
        unit, wide = size / GRID, scale(above)
        sd, half = standard_deviation(wide), half_width(wide)
        return Expected(rows=rows, sd=sd * unit, half_width=half * unit, whole=rows * above.bound * size)
    unit = size if above.wanted is None else 0.5  # a proportion is (1 + ratio) / 2
    return _ratio(rows, (scale(above), scale(below[0])), largest=above.bound, unit=unit)


def _ratio(rows: int, scales: tuple[float, float], *, largest: int, unit: float) -> Expected:
    """Bound the error of (A + X) / (N + Y) by the quantile of X - r Y over N, at its worst: |r| = `largest`."""
    above, below = scales
    quantile = _QUANTILE * max(above, largest * below) + 1 + largest
    total = float(rows * GRID)
    shown_from = max(quantile / largest, _NO_FIGURE_BELOW * below + 1) + below * math.log(1 / (2 * _MISS))
    whole = 2 * largest * unit
    if total < shown_from:
        return Expected(rows=rows, sd=None, half_width=None, whole=whole)
    sd = math.hypot(standard_deviation(above), largest * standard_deviation(below))
    return Expected(rows=rows, sd=sd / total * unit, half_width=quantile / total * unit, whole=whole)


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
