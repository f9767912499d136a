"""Running totals released step by step (a monthly dashboard), with an error that hardly grows: a matrix mechanism.

Guarantee: all steps together are the one event that was declared, if one patient adds at most `sensitivity` to all
steps and cells together, whenever that is; also if later figures depend on what was released. The error of every
step is known before the first. Whole numbers and discrete Gaussian noise. Proof: `docs/proofs/continual.md`.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn, final

import numpy as np
from numpy.typing import NDArray

from confide.dp.accountant import calibrate_gaussian
from confide.dp.events import LARGEST_SENSITIVITY, DiscreteGaussian, check_whole
from confide.dp.noise import Noise
from confide.errors import InvalidInput

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LARGEST_LENGTH = 4096
LARGEST_CELLS = 2**20
_UNIT = 1 << 10  # the matrix is written in so many parts
_LARGEST_SUM = 1 << 61


@dataclass(frozen=True, kw_only=True, slots=True)
class ContinualCount:
    """Running totals of `cells` figures over `steps` steps. Every field is public.

    Released is C x + z row by row, C the square root of the matrix of running totals, in whole numbers; the totals
    follow from it by C⁻¹. A binary tree errs 2.3 times as much at the worst of 60 steps.

    Source: Fichtenberger, Henzinger, Upadhyay 2023, "Constant Matters" (the matrix); Denisov et al. 2022, "Improved
    Differential Privacy for SGD", Theorem 2.1 (figures that depend on releases). In whole numbers: our docs.

    >>> asked = ContinualCount.for_budget(epsilon=1.0, delta=1e-6, steps=60, cells=8, sensitivity=4)
    >>> asked.errors().round(1)[[0, 11, 59]]
    array([26. , 35.4, 40. ])
    """

    steps: int
    cells: int
    sensitivity: int  # the most that one patient adds to the figures of all steps and cells together, in L1
    sigma: float  # of z, in 1/1024 of a figure's unit

    def __post_init__(self) -> None:
        """Refuse what could not run, before any budget is touched."""
        check_whole("steps", self.steps, 1, LARGEST_LENGTH)
        check_whole("cells", self.cells, 1, LARGEST_CELLS)
        check_whole("sensitivity", self.sensitivity, 1, LARGEST_SENSITIVITY)
        self.event()

    @classmethod
    def for_budget(
        cls, *, epsilon: float, delta: float, steps: int, cells: int, sensitivity: int
    ) -> "ContinualCount":
        """Return the plan with the least noise that costs at most (`epsilon`, `delta`).

        Raises:
            InvalidInput: a setting is out of range, or no noise is enough.
        """
        loose = cls(steps=steps, cells=cells, sensitivity=sensitivity, sigma=2.0**40)
        sigma = calibrate_gaussian(epsilon, delta, sensitivity=loose.event().sensitivity)
        return cls(steps=steps, cells=cells, sensitivity=sensitivity, sigma=sigma)

    def event(self) -> DiscreteGaussian:
        """Return what all steps together cost: a patient moves C x by `sensitivity` times its largest column."""
        column = math.sqrt(sum(c * c for c in _column(self.steps))) * (1 + 2.0**-50)
        return DiscreteGaussian(sensitivity=self.sensitivity * column, sigma=self.sigma)

    def errors(self) -> Floats:
        """Return, for each step, the standard deviation of a running total's noise; shape (steps,)."""
        return self.sigma * np.sqrt(np.cumsum(_way_back(self.steps) ** 2))

    def news_errors(self) -> Floats:
        """Return, for each step, the standard deviation of the noise on what is new in it; shape (steps,)."""
        return self.sigma * np.sqrt(np.cumsum(np.diff(_way_back(self.steps), prepend=0.0) ** 2))

    def row(self, figures: Integers, noise: Noise) -> Integers:
        """Return the row of C x + z of the last of some steps: what is released, with noise of its own.

        Guarantee: the rows of all steps together are `event()`, whichever noise each of them was drawn from, if each
        is shown once and the figures of a step are the same in every row.

        Args:
            figures: int64, shape (steps so far, cells): what is new in each. Held at ±2^61 over the sum of C's column.
            noise: of the charge.

        Returns:
            int64, shape (cells,).

        Raises:
            InvalidInput: the stream is closed or forked.
        """
        column = _column(self.steps)
        most = _LARGEST_SUM // sum(column)
        drawn = noise.discrete_gaussian(self.sigma, self.cells)
        weights = np.array(column[len(figures) - 1 :: -1], dtype=np.int64)
        row: Integers = weights @ np.clip(figures.astype(np.int64), -most, most) + drawn
        return row

    def totals(self, rows: Integers) -> Floats:
        """Return the running totals of all steps whose rows were released; unbiased, possibly below 0, not always rising.

        Args:
            rows: shape (steps so far, cells), as `row` returned them.
        """
        back, wide = _way_back(self.steps), rows.astype(np.float64)
        return np.array([back[t::-1] @ wide[: t + 1] for t in range(len(wide))]).reshape(
            len(wide), self.cells
        )

    def open(self, noise: Noise) -> "RunningTotals":
        """Begin; each call of `add` is a step."""
        return RunningTotals(self, noise)


@final
class RunningTotals:
    """The steps of one charge. Holds the exact figures: shows nothing, cannot be copied or pickled."""

    __slots__ = ("_figures", "_noise", "_released", "_settings")

    def __init__(self, settings: ContinualCount, noise: Noise) -> None:
        self._settings, self._noise = settings, noise
        self._figures: list[Integers] = []
        self._released: list[Integers] = []

    def add(self, figures: Integers) -> Floats:
        """Take the figures of the next step and return the totals of all steps so far.

        Args:
            figures: int64, shape (cells,): what is new in this step. Held at ±2^61 over the sum of C's column.

        Returns:
            Shape (cells,), unbiased; possibly below 0, and not always rising.

        Raises:
            InvalidInput: not such a row, all steps are done, or the stream is closed or forked.
        """
        settings, t = self._settings, len(self._figures)
        if t == settings.steps:
            raise InvalidInput("dp.steps-done", steps=settings.steps)
        if (
            not isinstance(figures, np.ndarray)
            or not np.issubdtype(figures.dtype, np.signedinteger)
            or figures.shape != (settings.cells,)
        ):
            raise InvalidInput("dp.one-row", cells=settings.cells)
        row = settings.row(np.array([*self._figures, figures]), self._noise)
        self._figures.append(figures.copy())
        self._released.append(row)
        totals: Floats = settings.totals(np.array(self._released))[-1]
        return totals

    def __repr__(self) -> str:
        return "<RunningTotals>"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("running totals are never copied or pickled: a second copy would see the same noise")


@lru_cache(maxsize=64)
def _column(steps: int) -> tuple[int, ...]:
    """Return the first column of C in units: binom(2k, k) / 4^k, the coefficients of (1 - z)^(-1/2), rounded."""
    found, coefficient = [], 1.0
    for k in range(steps):
        found.append(round(_UNIT * coefficient))
        coefficient *= (2 * k + 1) / (2 * k + 2)
    return tuple(found)


@lru_cache(maxsize=64)
def _way_back(steps: int) -> Floats:
    """Return the first column of A C⁻¹, A the running totals: what C times it makes is 1 at every step."""
    column = np.array(_column(steps), dtype=np.float64)
    found = np.empty(steps)
    for k in range(steps):
        found[k] = (1 - found[:k] @ column[k:0:-1]) / column[0]
    found.setflags(write=False)
    return found
