"""Randomised response: every place of a public roster answers, mostly the truth, and each answer may be shown.

Guarantee: whatever stands in one place, the law of the answers changes by a factor of at most e^epsilon; so for a
patient who holds one place of the roster or leaves it empty. Exact coins. Proof: `docs/proofs/answers.md`, section 2.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.dp.accountant import exact
from confide.dp.events import ApproximateDP, check_whole
from confide.dp.noise import Noise
from confide.errors import InvalidInput

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LARGEST_CATEGORIES = 2**8
_Z = 1.959963984540054  # 97.5 % of a normal


@dataclass(frozen=True, kw_only=True, slots=True)
class RandomisedResponse:
    """Show the true category with chance e^ε / (e^ε + k - 1), else any other. k = 2: the coin of Warner 1965.

    How many answers there are is public: one for each place of the roster, also for who is absent.

    Source: Warner 1965; Kairouz, Oh, Viswanath 2016, "Extremal Mechanisms for Local Differential Privacy" (k-ary).

    >>> round(RandomisedResponse(epsilon=1.0, categories=2).truthful, 3)
    0.731
    """

    epsilon: float
    categories: int

    def __post_init__(self) -> None:
        """Refuse what is no ε or no number of categories."""
        ApproximateDP(epsilon=self.epsilon, delta=0.0)  # which refuses what is no ε
        check_whole("categories", self.categories, 2, LARGEST_CATEGORIES)

    def event(self) -> ApproximateDP:
        """Return what all answers together cost, if one patient has one place: pure ε."""
        return ApproximateDP(epsilon=self.epsilon, delta=0.0)

    @property
    def truthful(self) -> float:
        """The chance of a true answer, to the digits of a double."""
        return 1 / (1 + (self.categories - 1) * math.exp(-self.epsilon))

    @property
    def other(self) -> float:
        """The chance of each false answer, to the digits of a double."""
        return 1 / (math.exp(self.epsilon) + self.categories - 1) if self.epsilon < 700 else 0.0

    def answer(self, places: Integers, noise: Noise) -> Integers:
        """Return one answer for each place of the roster.

        Args:
            places: int64, shape (places,): the true categories from 0. Any other number is category 0, which must
                therefore be what an absent patient, or one who did not answer, counts as.
            noise: of the charge.

        Returns:
            int64, shape (places,), from 0 below `categories`.

        Raises:
            InvalidInput: not int64, or the stream is closed or forked.
        """
        if not isinstance(places, np.ndarray) or not np.issubdtype(places.dtype, np.signedinteger):
            raise InvalidInput("dp.whole-row", field="places")
        true = np.where((places >= 0) & (places < self.categories), places, 0).ravel()
        steps = np.ones(
            self.categories, dtype=np.uint64
        )  # a step away from the truth loses e^ε of the weight
        steps[0] = 0
        losses = np.broadcast_to(steps, (len(true), self.categories))
        answers: Integers = (true + noise.choose(losses, exact(self.epsilon))) % self.categories
        return answers

    def estimate(self, answers: Integers) -> tuple[Floats, Floats, Floats]:
        """Return how many places truly hold each category, and the two ends of a 95 % interval.

        Unbiased, so possibly below 0. The interval (score interval with continuity correction) covers the answers'
        randomness alone. Post-processing: costs nothing.

        Raises:
            InvalidInput: epsilon is so small that answers say nothing.
        """
        n, p, r = len(answers), self.truthful, self.other
        if p - r < 1e-9:
            raise InvalidInput("dp.out-of-range", field="epsilon", low="1e-6", high="inf", found=self.epsilon)
        counts = np.bincount(answers, minlength=self.categories).astype(np.float64)
        value = (counts - n * r) / (p - r)
        # |counts - n r - (p - r) x| - 1/2 = z √(x p(1-p) + (n - x) r(1-r)) is a quadratic in x
        slope = p * (1 - p) - r * (1 - r)
        ends = []
        for half in (-0.5, 0.5):
            middle = value + half / (p - r)
            b = middle + _Z**2 * slope / (2 * (p - r) ** 2)
            c = middle**2 - _Z**2 * n * r * (1 - r) / (p - r) ** 2
            ends.append(b + np.sign(half) * np.sqrt(np.maximum(b * b - c, 0)))
        return value, np.clip(ends[0], 0, n), np.clip(ends[1], 0, n)
