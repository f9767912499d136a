"""Which of many figures reach a threshold: yes or no to each, at a price that counts the yeses only.

Guarantee: all answers of one `SparseAnswers` together are `epsilon`-private, for figures of any int64 size, asked
one after the other, each possibly chosen by the answers before it. Proof: `docs/proofs/answers.md`, section 1.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NoReturn, final

import numpy as np
from numpy.typing import NDArray

from confide.dp.accountant import scale_above
from confide.dp.events import LARGEST_SENSITIVITY, ApproximateDP, check_whole
from confide.dp.noise import Noise
from confide.errors import InvalidInput

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

LARGEST_THRESHOLD = 2**61  # with the noise of two draws still inside int64
LARGEST_ANSWERS = 2**20


@dataclass(frozen=True, kw_only=True, slots=True)
class SparseVector:
    """Answer "at least `threshold`?" for many figures, until `answers` of them said yes. Every field is public.

    Source: Lyu, Su, Li 2017, "Understanding the Sparse Vector Technique", Algorithm 7 without numbers: one noisy
    threshold for all answers, its share of ε as in their Section 4.2. On whole numbers, ties included: our docs.

    >>> asked = SparseVector(epsilon=1.0, sensitivity=1, threshold=100, answers=4)
    >>> asked.threshold_scale, asked.figure_scale
    (5.0, 10.0)
    """

    epsilon: float
    sensitivity: int  # the most that one patient moves any one figure
    threshold: int
    answers: int = 1
    monotone: bool = False  # one patient more moves no figure down, or none up

    def __post_init__(self) -> None:
        """Refuse what could not run, before any budget is touched."""
        ApproximateDP(epsilon=self.epsilon, delta=0.0)  # which refuses what is no ε
        check_whole("sensitivity", self.sensitivity, 1, LARGEST_SENSITIVITY)
        check_whole("threshold", self.threshold, -LARGEST_THRESHOLD, LARGEST_THRESHOLD)
        check_whole("answers", self.answers, 1, LARGEST_ANSWERS)
        _ = self.threshold_scale, self.figure_scale

    def event(self) -> ApproximateDP:
        """Return what all answers together cost: pure ε."""
        return ApproximateDP(epsilon=self.epsilon, delta=0.0)

    @property
    def threshold_scale(self) -> float:
        """The scale of the threshold's noise: Δ / ε₁, rounded up."""
        return scale_above(self.sensitivity * (1 + self._weight), self.epsilon)

    @property
    def figure_scale(self) -> float:
        """The scale of each figure's noise: 2cΔ / ε₂ (cΔ / ε₂ if monotone), rounded up."""
        return scale_above(self._sides * self.sensitivity * (1 + 1 / self._weight), self.epsilon)

    @property
    def _sides(self) -> int:
        return self.answers * (1 if self.monotone else 2)

    @property
    def _weight(self) -> Fraction:
        """ε₂ / ε₁, near (2c)^(2/3): any fraction is private, this one errs least."""
        return Fraction(round(self._sides ** (2 / 3) * 1000), 1000)

    def open(self, noise: Noise) -> "SparseAnswers":
        """Draw the noisy threshold; the answers follow."""
        return SparseAnswers(self, noise)


@final
class SparseAnswers:
    """Answers figures until all yeses are given. Shows nothing of its threshold, cannot be copied or pickled."""

    __slots__ = ("_left", "_noise", "_settings", "_threshold")

    def __init__(self, settings: SparseVector, noise: Noise) -> None:
        self._settings, self._noise = settings, noise
        self._left = settings.answers
        self._threshold = settings.threshold + noise.discrete_laplace(settings.threshold_scale)

    def ask(self, figures: Integers) -> Booleans:
        """Return one answer per figure, in order, and none after the last yes that was paid for.

        Args:
            figures: int64, shape (n,). A figure beyond ±2^61 is held there.

        Returns:
            bool, shape (m,), m ≤ n: shorter than `figures` where the yeses were used up.

        Raises:
            InvalidInput: all yeses were given before, not int64, or the stream is closed or forked.
        """
        if not isinstance(figures, np.ndarray) or not np.issubdtype(figures.dtype, np.signedinteger):
            raise InvalidInput("dp.whole-row", field="figures")
        if self._left == 0:
            raise InvalidInput("dp.answers-given", answers=self._settings.answers)
        held = np.clip(figures.ravel().astype(np.int64), -LARGEST_THRESHOLD, LARGEST_THRESHOLD)
        noisy = held + self._noise.discrete_laplace(self._settings.figure_scale, held.shape)
        answers: Booleans = noisy >= self._threshold
        yeses = np.flatnonzero(answers)
        if len(yeses) >= self._left:
            answers = answers[: yeses[self._left - 1] + 1]
        self._left -= min(self._left, len(yeses))
        return answers

    def __repr__(self) -> str:
        return "<SparseAnswers>"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("open answers are never copied or pickled: their threshold is secret")
