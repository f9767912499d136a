"""Noise that a banded matrix correlates over steps, so that later steps take back part of what earlier ones added.

Guarantee: what `Bands.noised` returns, over all steps, is a function of C x + z: x the exact sums, C the public lower
triangular Toeplitz matrix of `coefficients`, z independent noise of the charge, drawn once a step. With patients in groups
that take turns (`Bands.turn`) this is the event of `PrivacyPlan`. What is kept does not grow with the steps: the last bands - 1
sums, which are patient data, and the last bands - 1 results. Proof: `docs/proofs/dense-noise.md`, section 5.
"""

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from confide.dp.noise import Noise
from confide.errors import InvalidInput
from confide.train.diagonals import coefficients
from confide.train.privacy import PrivacyPlan
from confide.train.sampling import Groups

Singles = NDArray[np.float32]
Doubles = NDArray[np.float64]
_ROWS = 1 << 14  # patients that are put into groups at a time


class Bands:
    """One training with banded noise: whose turn it is, and what the next noise has to take back.

    Args:
        groups: the records by patient.
        privacy: with `bands` of 2 or more.
        noise: the charge's; decides here, once, in which group each patient is.
    """

    def __init__(self, groups: Groups, privacy: PrivacyPlan, noise: Noise) -> None:
        self._privacy, self._noise = privacy, noise
        self._parts = dealt(groups, privacy.bands, noise)
        self._steps, self._kept = 0, privacy.bands - 1
        self._sums: dict[str, deque[Singles]] = {}
        self._told: dict[str, deque[Doubles]] = {}

    def turn(self) -> Groups:
        """Return the patients whose turn it is in the step under way."""
        return self._parts[self._steps % len(self._parts)]

    def noised(self, sums: dict[str, Singles]) -> dict[str, Singles]:
        """Return noisy sums of the step under way, which then is over; call it exactly once for each step.

        Args:
            sums: by parameter, float32, one dimension; zeros where nobody was drawn.

        Raises:
            InvalidInput: the steps of the plan are over, or a sum is not finite.
        """
        if self._steps >= self._privacy.steps:
            raise InvalidInput("privacy.steps-over", most=self._privacy.steps)
        c = coefficients(self._privacy.bands)[1:]
        found = {}
        for name, own in sums.items():
            before = self._sums.setdefault(name, deque(maxlen=self._kept))
            told = self._told.setdefault(name, deque(maxlen=self._kept))
            row = _added(own, c, before).astype(np.float32)
            before.appendleft(own.copy())
            self._noise.add_gaussian(row, self._privacy.noise_on_sum)
            # from here on all is a function of C x + z
            result = _added(row, [-each for each in c], told)
            told.appendleft(result)
            found[name] = result.astype(np.float32)
        self._steps += 1
        return found


def _added(first: Singles, factors: Sequence[float], rest: Sequence[NDArray[np.floating]]) -> Doubles:
    """Return first + Σ factor · rest, the latest first, in doubles."""
    total = first.astype(np.float64)
    for factor, each in zip(factors, rest, strict=False):
        total += factor * each
    return total


def dealt(groups: Groups, bands: int, noise: Noise) -> list[Groups]:
    """Put each patient into one of `bands` groups, uniformly and apart from all others; return the groups' records."""
    ways = np.concatenate(
        [np.zeros(0, dtype=np.int64)]
        + [_drawn(min(_ROWS, groups.patients - at), bands, noise) for at in range(0, groups.patients, _ROWS)]
    )
    return [_of(groups, np.flatnonzero(ways == way)) for way in range(bands)]


def _drawn(patients: int, bands: int, noise: Noise) -> NDArray[np.int64]:
    """Draw one of `bands` for each patient; that nobody else is looked at matters, that it is uniform helps."""
    bits = noise.bernoulli(0.5, (patients, 62))
    return (bits @ (1 << np.arange(62, dtype=np.int64))) % bands


def _of(groups: Groups, patients: NDArray[np.int64]) -> Groups:
    own = [groups.order[groups.starts[p] : groups.starts[p + 1]] for p in patients]
    counts = [len(each) for each in own]
    return Groups(
        np.concatenate([groups.order[:0], *own]), np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    )
