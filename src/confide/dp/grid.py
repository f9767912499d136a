"""Laplace and Gaussian noise on real figures, as whole numbers of one step: safe from floating-point attacks.

Each patient's figures are brought inside the bound and rounded to a step that is a power of two *before* anything
is summed; sums and noise are integers; the way back is one multiplication. The step depends on the bound alone, so
what can come out does not depend on the data. Proof: `docs/proofs/grid.md`.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.dp.accountant import calibrate_gaussian, calibrate_laplace
from confide.dp.clip import to_grid
from confide.dp.events import DiscreteGaussian, DiscreteLaplace, check_number
from confide.dp.noise import Noise
from confide.errors import InvalidInput
from confide.types import Json

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SMALLEST_BOUND, LARGEST_BOUND = 1e-280, 1e280
_FINE = 31  # a bound has 2^30 to 2^31 steps
_LARGEST_TOTAL = 1 << 62


@dataclass(frozen=True, kw_only=True, slots=True)
class RealLaplace:
    """Sums of real figures with Laplace noise, one patient adding at most `bound` in L1. Every field is public.

    Source: Mironov 2012, "On Significance of the Least Significant Bits", for what goes wrong in doubles; Casacuberta
    et al. 2022, "Widespread Underestimation of Sensitivity", for sums. We round each patient first and add integers.

    >>> asked = RealLaplace(bound=3.0, epsilon=0.5)
    >>> asked.step == 2.0**-29, asked.sensitivity == 3 * 2**29, asked.scale * asked.step
    (True, True, 6.0)
    """

    bound: float
    epsilon: float

    def __post_init__(self) -> None:
        """Refuse what could not run, before any budget is touched."""
        check_number("bound", self.bound, SMALLEST_BOUND, LARGEST_BOUND)
        self.event()

    @property
    def step(self) -> float:
        """The step: a power of two."""
        return step_of(self.bound)

    @property
    def sensitivity(self) -> int:
        """`bound` in steps, rounded up."""
        return math.ceil(self.bound / self.step)

    @property
    def scale(self) -> float:
        """The noise's scale in steps, rounded up."""
        return calibrate_laplace(self.epsilon, sensitivity=self.sensitivity)

    def event(self) -> DiscreteLaplace:
        """Return what a release costs: at most `epsilon`."""
        return DiscreteLaplace(sensitivity=self.sensitivity, scale=self.scale)

    def to_steps(self, rows: Floats) -> Integers:
        """Write each patient's figures in whole steps, at most `sensitivity` in L1.

        Args:
            rows: shape (patients, cells), one row per patient. A row that is not finite counts as zero.

        Returns:
            int64, shape of `rows`, to be summed over patients. Rounded toward zero.

        Raises:
            InvalidInput: not two-dimensional.
        """
        rows = np.asarray(rows, dtype=np.float64)
        if rows.ndim != 2:
            raise InvalidInput("dp.rows-shape", found=str(rows.shape))
        finite = np.isfinite(rows).all(axis=1, keepdims=True)
        inside = np.clip(np.where(finite, rows, 0.0), -self.bound, self.bound)
        whole = np.trunc(inside / self.step).astype(np.int64)  # both exact: a power of two
        norms = np.abs(whole).sum(axis=1, keepdims=True)
        shrunk = np.abs(whole) * self.sensitivity // np.maximum(norms, 1)  # below 2^62
        found: Integers = np.where(norms > self.sensitivity, np.sign(whole) * shrunk, whole)
        return found

    def release(self, totals: Integers, noise: Noise) -> Floats:
        """Add the noise to sums of `to_steps`, and write them in the units of the figures."""
        held = np.clip(totals, -_LARGEST_TOTAL, _LARGEST_TOTAL)
        released: Floats = (held + noise.discrete_laplace(self.scale, held.shape)) * np.float64(self.step)
        return released

    def to_json(self) -> Json:
        """Say step, sensitivity and noise in steps, and the event."""
        return _said(self.step, self.sensitivity, self.scale) | {"event": self.event().to_json()}


@dataclass(frozen=True, kw_only=True, slots=True)
class RealGaussian:
    """Sums of real figures with Gaussian noise, one patient adding at most `bound` in L2. Every field is public.

    σ is that of Balle, Wang 2018, to five digits: with a bound of 2^30 steps the discrete noise costs no more.

    Source: as `RealLaplace`; `confide.dp.clip.to_grid` for the clipping.

    >>> asked = RealGaussian(bound=1.0, epsilon=1.0, delta=1e-5)
    >>> round(asked.sigma * asked.step, 4)
    3.7307
    """

    bound: float
    epsilon: float
    delta: float

    def __post_init__(self) -> None:
        """Refuse what could not run, before any budget is touched."""
        check_number("bound", self.bound, SMALLEST_BOUND, LARGEST_BOUND)
        self.event()

    @property
    def step(self) -> float:
        """The step: a power of two."""
        return step_of(self.bound)

    @property
    def sensitivity(self) -> int:
        """`bound` in steps, rounded up."""
        return math.ceil(self.bound / self.step)

    @property
    def sigma(self) -> float:
        """The noise's σ in steps, rounded up."""
        return calibrate_gaussian(self.epsilon, self.delta, sensitivity=self.sensitivity)

    def event(self) -> DiscreteGaussian:
        """Return what a release costs: at most (`epsilon`, `delta`)."""
        return DiscreteGaussian(sensitivity=self.sensitivity, sigma=self.sigma)

    def to_steps(self, rows: Floats) -> Integers:
        """Write each patient's figures in whole steps, at most `sensitivity` in L2; as `RealLaplace.to_steps`."""
        return to_grid(rows, self.sensitivity * self.step, self.sensitivity)

    def release(self, totals: Integers, noise: Noise) -> Floats:
        """Add the noise to sums of `to_steps`, and write them in the units of the figures."""
        held = np.clip(totals, -_LARGEST_TOTAL, _LARGEST_TOTAL)
        released: Floats = (held + noise.discrete_gaussian(self.sigma, held.shape)) * np.float64(self.step)
        return released

    def to_json(self) -> Json:
        """Say step, sensitivity and noise in steps, and the event."""
        return _said(self.step, self.sensitivity, self.sigma) | {"event": self.event().to_json()}


def step_of(bound: float) -> float:
    """Return the power of two of which `bound` has from 2^30 to 2^31.

    >>> step_of(1.0) == 2.0**-30
    True
    """
    return math.ldexp(1.0, math.frexp(bound)[1] - _FINE)


def _said(step: float, sensitivity: int, noise: float) -> Json:
    return {"step": repr(step), "sensitivity": sensitivity, "noise": repr(noise)}
