"""A quantile of every group by one joint exponential choice: integer histograms in, one bin per group out.

Guarantee: adding or removing a patient whose weights sum to at most `weight` over all groups and bins costs one
`BoundedRange` of `epsilon`, whatever the number of groups. Whole numbers throughout; no histogram is refused or
overflows. Proof: `docs/proofs/selection.md`, section 5.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from confide.dp.accountant import exact
from confide.dp.events import BoundedRange, check_number, check_whole
from confide.dp.noise import Noise
from confide.dp.selection import ExponentialChoice, Integers, table

LARGEST_DENOMINATOR = 1000  # of the quantile as a fraction
LARGEST_WEIGHT = 2**43  # times the denominator stays a sensitivity
LARGEST_SHIFT = 2**50  # times the denominator leaves room for the sums

_CHUNK = 1 << 13  # cells at a time


@dataclass(frozen=True, kw_only=True, slots=True)
class JointQuantile:
    """The same quantile of each of many groups. Every field is public.

    Source: Smith 2011, "Privacy-preserving Statistical Estimation", Section 4 (the exponential mechanism on ranks),
    here on bins; jointly over groups, with Δ = weight · max(q, 1 - q): our docs.

    >>> median = JointQuantile(epsilon=0.5, weight=4, quantile=0.5)
    >>> median.event(), median.sensitivity
    (BoundedRange(epsilon=0.5), 4)
    """

    epsilon: float  # of all groups together
    weight: int  # the most that the weights of one patient sum to over all groups and bins
    quantile: float  # from 0 to 1, as a fraction of at most 1000 parts: 0.5, 0.25, 0.999
    shift: int = 0  # so much weight beyond the quantile is aimed at

    def __post_init__(self) -> None:
        """Refuse what is no such plan, before any budget is touched."""
        check_whole("weight", self.weight, 1, LARGEST_WEIGHT)
        check_number("quantile", self.quantile, 0, 1)
        check_whole("denominator", self._fraction.denominator, 1, LARGEST_DENOMINATOR)
        check_whole("shift", self.shift, -LARGEST_SHIFT, LARGEST_SHIFT)
        self._choice()

    @property
    def sensitivity(self) -> int:
        """Δ in units of 1 / denominator: `weight` · max(q, 1 - q)."""
        q = self._fraction
        return self.weight * max(q.numerator, q.denominator - q.numerator)

    def event(self) -> BoundedRange:
        """Return what all groups together cost."""
        return self._choice().event()

    def scores(self, histograms: Integers) -> Integers:
        """Return minus the distance from q · total + `shift` to what lies below and up to each bin, times the denominator.

        0 for a bin that holds what is aimed at; all 0 for a group without weight, if `shift` is 0.

        Args:
            histograms: int64, shape (groups, bins). A cell below 0 or above 2^62 / (bins · denominator) is held there.

        Returns:
            int64, shape (groups, bins), none above 0.

        Raises:
            InvalidInput: not such a table.
        """
        cells, q = table("histograms", histograms), self._fraction
        held = np.clip(cells, 0, (1 << 62) // (cells.shape[1] * q.denominator))
        ends = np.cumsum(held, axis=1)
        ends *= q.denominator
        ends -= (
            ends[:, -1:] // q.denominator * q.numerator + self.shift * q.denominator
        )  # from what is aimed at
        held *= q.denominator
        starts = ends - held
        found: Integers = np.minimum(np.minimum(ends, -starts), 0)
        return found

    def reach(self, bins: int, miss: float) -> int:
        """Return a weight: what is chosen lies within it of what is aimed at, but for a chance of `miss`.

        For each group on its own, if the aim is from 0 to its total.

        Source: Dwork, Roth 2014, Corollary 3.12, with the number of bins for the number of answers.
        """
        rate = 2 * self.sensitivity / (self._fraction.denominator * self.epsilon)
        return math.ceil(rate * math.log(bins / miss)) + 1

    def choose(self, histograms: Integers, noise: Noise) -> Integers:
        """Return the chosen bin of each group.

        Raises:
            InvalidInput: not such a table, or the stream is closed or forked.
        """
        cells, choice = table("histograms", histograms), self._choice()
        step = max(1, _CHUNK // cells.shape[1])
        found = np.empty(len(cells), dtype=np.int64)
        for start in range(0, len(cells), step):  # groups are independent: so many at a time stay in cache
            part = cells[start : start + step]
            found[start : start + len(part)] = choice.choose(self.scores(part), noise)
        return found

    @staticmethod
    def midpoints(edges: tuple[float, ...]) -> NDArray[np.float64]:
        """Return the figure that stands for each bin: the middle between its edges, which are public.

        >>> JointQuantile.midpoints((0.0, 10.0, 30.0))
        array([ 5., 20.])
        """
        ends = np.array(edges, dtype=np.float64)
        found: NDArray[np.float64] = ends[:-1] / 2 + ends[1:] / 2
        return found

    @property
    def _fraction(self) -> Fraction:
        return exact(self.quantile)

    def _choice(self) -> ExponentialChoice:
        return ExponentialChoice(epsilon=self.epsilon, sensitivity=self.sensitivity)
