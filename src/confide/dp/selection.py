"""Choose one of many, for each group at once, without showing the scores: four mechanisms on whole numbers.

Each states its event, and draws within total variation 2^-100 of its law, for every int64 score: nothing
overflows and no refusal depends on a score. `sensitivity` is always the most that one patient moves the scores
of all groups together: Σ over groups of the largest |Δu| in the group. Proofs: `docs/proofs/selection.md`.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from confide.dp.accountant import calibrate_laplace, exact
from confide.dp.choice import LARGEST_CHOICES
from confide.dp.events import LARGEST_SENSITIVITY, ApproximateDP, BoundedRange, Composed, check_whole
from confide.dp.mechanisms import exponential, permute_and_flip
from confide.dp.noise import Noise
from confide.errors import InvalidInput

Integers = NDArray[np.int64]
Losses = NDArray[np.uint64]

_NEVER = np.uint64(1 << 62)  # a loss at rate 1 whose weight is exactly 0
_LARGEST_SCORE = 1 << 62  # where noise is added to scores; its own size is below 2^61


@dataclass(frozen=True, kw_only=True, slots=True)
class ExponentialChoice:
    """One choice per group with Pr(y) ∝ exp(ε · u(y) / (2Δ)): all groups together are one event of ε.

    Cheapest where many choices are made: of bounded range. `monotone` drops the 2: one patient more moves no score
    down, or none up.

    Source: McSherry, Talwar 2007, Definition 2; jointly over groups: our docs.

    >>> ExponentialChoice(epsilon=1.0, sensitivity=1).event()
    BoundedRange(epsilon=1.0)
    """

    epsilon: float
    sensitivity: int
    monotone: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no ε or no sensitivity."""
        _check(self.epsilon, self.sensitivity)

    def event(self) -> BoundedRange:
        """Return what all choices of one call cost."""
        return exponential(epsilon=self.epsilon)

    def choose(self, scores: Integers, noise: Noise) -> Integers:
        """Return the chosen column of each row.

        Args:
            scores: int64, shape (groups, candidates).
            noise: of the charge.

        Returns:
            int64, shape (groups,).

        Raises:
            InvalidInput: not such a table, or the stream is closed or forked.
        """
        return noise.choose(losses(scores), _rate(self.epsilon, self.sensitivity, monotone=self.monotone))


@dataclass(frozen=True, kw_only=True, slots=True)
class PermuteAndFlip:
    """One choice per group: keep y with chance exp(ε · (u(y) - max u) / (2Δ)), then take one kept y at random.

    Never worse than the exponential mechanism of this ε on its own, dearer beside other releases.

    Source: McKenna, Sheldon 2020, "Permute-and-Flip", Algorithm 1: who comes first in a random order among those
    whose coin shows heads is one of them at random.

    >>> PermuteAndFlip(epsilon=1.0, sensitivity=1).event()
    ApproximateDP(epsilon=1.0, delta=0.0)
    """

    epsilon: float
    sensitivity: int
    monotone: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no ε or no sensitivity."""
        _check(self.epsilon, self.sensitivity)

    def event(self) -> ApproximateDP:
        """Return what all choices of one call cost."""
        return permute_and_flip(epsilon=self.epsilon)

    def choose(self, scores: Integers, noise: Noise) -> Integers:
        """Return the chosen column of each row; arguments as in `ExponentialChoice.choose`."""
        kept = noise.toss(losses(scores), _rate(self.epsilon, self.sensitivity, monotone=self.monotone))
        return noise.choose(np.where(kept, np.uint64(0), _NEVER), Fraction(1))


@dataclass(frozen=True, kw_only=True, slots=True)
class NoisyMax:
    """One choice per group: add geometric noise of scale 2Δ/ε to every score, report which is largest.

    One-sided noise is enough for which, never for how large: the noisy scores must not be shown. Ties go to the
    first column, which costs nothing. `PermuteAndFlip` is right a little more often where the scale is small.

    Source: Dwork, Roth 2014, Claim 3.9; one-sided, discrete, with ties: our docs.

    >>> NoisyMax(epsilon=1.0, sensitivity=1).scale
    2.0
    """

    epsilon: float
    sensitivity: int
    monotone: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no ε or no sensitivity, or what wants more noise than there is."""
        _check(self.epsilon, self.sensitivity)
        _ = self.scale

    @property
    def scale(self) -> float:
        """The scale of the noise, rounded up."""
        return calibrate_laplace(self.epsilon, sensitivity=self.sensitivity * _sides(monotone=self.monotone))

    def event(self) -> ApproximateDP:
        """Return what all choices of one call cost: pure ε, and not of bounded range."""
        return ApproximateDP(epsilon=self.epsilon, delta=0.0)

    def choose(self, scores: Integers, noise: Noise) -> Integers:
        """Return the chosen column of each row; arguments as in `ExponentialChoice.choose`."""
        held = np.clip(table("scores", scores), -_LARGEST_SCORE, _LARGEST_SCORE)
        noisy = held + noise.geometric(self.scale, held.shape)
        first: Integers = noisy.argmax(axis=1)
        return first


@dataclass(frozen=True, kw_only=True, slots=True)
class TopChoice:
    """The `places` best of each group, in order: so many exponential choices, each without those before it.

    Source: Durfee, Rogers 2019, "Practical Differentially Private Top-k Selection", Lemma 4.2 (peeling).

    >>> len(TopChoice(epsilon=1.0, sensitivity=1, places=3).event().events)
    3
    """

    epsilon: float
    sensitivity: int
    places: int
    monotone: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no ε, no sensitivity or no number of places."""
        _check(self.epsilon, self.sensitivity)
        check_whole("places", self.places, 1, LARGEST_CHOICES)

    def event(self) -> Composed:
        """Return what all choices of one call cost: one event for each place."""
        return Composed((exponential(epsilon=self.share),) * self.places)

    @property
    def share(self) -> float:
        """The ε of one place: `epsilon` / `places`, rounded down, so that the shares never sum to more."""
        share = self.epsilon / self.places
        while exact(share) * self.places > exact(self.epsilon):
            share = math.nextafter(share, 0)
        return share

    def choose(self, scores: Integers, noise: Noise) -> Integers:
        """Return the chosen columns of each row, the first choice first.

        Args:
            scores: int64, shape (groups, candidates), with at least `places` candidates.
            noise: of the charge.

        Returns:
            int64, shape (groups, places).

        Raises:
            InvalidInput: not such a table, or the stream is closed or forked.
        """
        left = table("scores", scores)
        check_whole("places", self.places, 1, left.shape[1])
        rate = _rate(self.share, self.sensitivity, monotone=self.monotone)
        columns = np.broadcast_to(np.arange(left.shape[1]), left.shape)
        found = np.empty((len(left), self.places), dtype=np.int64)
        for place in range(self.places):
            among = noise.choose(losses(left), rate)
            found[:, place] = columns[np.arange(len(left)), among]
            stay = np.arange(left.shape[1]) != among[:, None]
            left = left[stay].reshape(len(left), -1)
            columns = columns[stay].reshape(left.shape)
        return found


def losses(scores: Integers) -> Losses:
    """Return how far each score is below the best of its row: exact for every int64, as 2^64 wraps."""
    scores = table("scores", scores)
    found: Losses = scores.max(axis=1, keepdims=True).view(np.uint64) - scores.view(np.uint64)
    return found


def table(field: str, numbers: Integers) -> Integers:
    """Return `numbers` as an int64 table in one piece.

    Raises:
        InvalidInput: not two-dimensional, not signed whole numbers, or no or too many columns.
    """
    whole = isinstance(numbers, np.ndarray) and np.issubdtype(numbers.dtype, np.signedinteger)
    if not whole or numbers.ndim != 2 or not 1 <= numbers.shape[1] <= LARGEST_CHOICES:
        raise InvalidInput("dp.whole-table", field=field, most=LARGEST_CHOICES)
    return np.ascontiguousarray(numbers, dtype=np.int64)


def _rate(epsilon: float, sensitivity: int, *, monotone: bool) -> Fraction:
    return exact(epsilon) / (sensitivity * _sides(monotone=monotone))


def _sides(*, monotone: bool) -> int:
    return 1 if monotone else 2


def _check(epsilon: float, sensitivity: int) -> None:
    check_whole("sensitivity", sensitivity, 1, LARGEST_SENSITIVITY)
    exponential(epsilon=epsilon)  # which refuses what is no ε
