"""Bound from below, from one training run, the ε that the run really spent: guesses about many canaries.

Guarantee: where the training keeps what it claims, a claim is refuted with probability at most 1 - level,
however the canaries depend on each other. A low bound is no proof of safety: the audit is a bug detector.
Numbers alone: `confide.audit.canaries` makes the run, the caller the coins. Proofs: `docs/proofs/audit.md`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from confide.dp.accountant import epsilon
from confide.dp.events import Event, SampledGaussian, leaves
from confide.dp.gaussian import gaussian_epsilon
from confide.dp.pld import declared_epsilon
from confide.errors import InvalidInput

Floats = NDArray[np.float64]
Coins = NDArray[np.bool_]
Curve = Callable[[float], float]  # P(right guess) -> least P(wrong guess) that the claim leaves possible

SHARE = 0.2  # of the canaries are guessed about: near the best for Gaussian noise at ε from 1 to 8
LARGEST_EPSILON = 50.0
_STANDARD = NormalDist()
_DELTAS = (0.3, 0.1, 0.03, 0.01, 1e-3, 1e-5)  # a curve is read where the share of canaries lies


@dataclass(frozen=True, slots=True)
class Guessed:
    """How often the attacker was right. Counts of coins that we tossed ourselves, never of patients."""

    canaries: int
    guesses: int
    correct: int

    def __post_init__(self) -> None:
        """Refuse counts that no attack can have."""
        if not 0 <= self.correct <= self.guesses <= self.canaries or self.guesses < 1:
            raise InvalidInput(
                "audit.counts", canaries=self.canaries, guesses=self.guesses, correct=self.correct
            )


def guess(scores: Floats, inserted: Coins, *, guesses: int | None = None) -> Guessed:
    """Guess "in" for the highest scores and "out" for the lowest, and count what is right.

    Args:
        scores: shape (canaries,); the higher, the more it looks as if the canary was in.
        inserted: shape (canaries,); one fair coin each, tossed before the training and independent of it.
        guesses: how many, half on either side; a number fixed before the run. None is a fifth of the canaries.

    Raises:
        InvalidInput: shapes differ, a score is NaN, or more guesses than canaries are asked for.
    """
    if scores.shape != inserted.shape or scores.ndim != 1 or bool(np.isnan(scores).any()):
        raise InvalidInput("audit.scores", scores=len(scores), canaries=len(inserted))
    half = (max(2, round(SHARE * len(scores))) if guesses is None else guesses) // 2
    if not 1 <= half <= len(scores) // 2:
        raise InvalidInput("audit.counts", canaries=len(scores), guesses=2 * half, correct=0)
    order = np.argsort(scores, kind="stable")
    right = int(inserted[order[-half:]].sum()) + int((~inserted[order[:half]]).sum())
    return Guessed(len(scores), 2 * half, right)


# Any (ε, δ): Steinke, Nasr, Jagielski 2023.


def chance(found: Guessed, *, epsilon: float, delta: float) -> float:
    """Return the most probability with which an (`epsilon`, `delta`)-private run allows so many right guesses.

    Source: Steinke, Nasr, Jagielski 2023, "Privacy Auditing with One (1) Training Run", Theorem 5.2.

    >>> round(chance(Guessed(10, 10, 10), epsilon=0.0, delta=0.0) * 2**10, 9)
    1.0
    """
    correct, guesses = found.correct, found.guesses
    exact = _binomial(guesses, 1 / (1 + math.exp(-epsilon)))
    pure = float(exact[correct:].sum())
    if delta == 0 or correct == 0:
        return min(1.0, pure)
    below = np.cumsum(exact[:correct][::-1])  # P(correct - i ≤ B < correct), i = 1, 2 …
    return min(1.0, pure + 2 * found.canaries * delta * float((below / np.arange(1, correct + 1)).max()))


def epsilon_lower(found: Guessed, *, delta: float, level: float) -> float:
    """Return the largest ε that is refuted at `level`: no run that keeps (ε, `delta`) guesses so well so often.

    Guarantee: where the run is (ε, `delta`)-private, the result exceeds ε with probability at most 1 - `level`.

    >>> round(epsilon_lower(Guessed(1000, 100, 95), delta=0.0, level=0.95), 2)
    2.17
    """
    _check(level)
    return _largest(lambda e: chance(found, epsilon=e, delta=delta) < 1 - level, LARGEST_EPSILON)


def _binomial(n: int, p: float) -> Floats:
    """Return P(Binomial(n, p) = k) for k from 0 to n, for 0 < p < 1."""
    k = np.arange(n + 1)
    factorials = np.cumsum(np.log(np.maximum(k, 1)))
    # p comes as a logistic of ε up to 50, where 1 - p would be rounded to nothing
    q = max(1 - p, math.exp(-LARGEST_EPSILON - 1))
    logs = factorials[n] - factorials - factorials[::-1] + k * math.log(p) + (n - k) * math.log(q)
    shares: Floats = np.exp(logs)
    return shares


# A known mechanism: Mahloujifar, Melis, Chaudhuri 2024.


def is_possible(found: Guessed, curve: Curve, *, chance: float) -> bool:
    """Say whether a run below `curve` may guess `found.correct` or more right with probability `chance`.

    Guarantee: False only if no such run can.

    Source: Mahloujifar, Melis, Chaudhuri 2024, "Auditing f-Differential Privacy in One Run", Theorem 9 and
    Algorithm 3, written with tail probabilities; `docs/proofs/audit.md` shows why the greedy choice is least.
    """
    canaries, guesses, correct = found.canaries, found.guesses, found.correct
    tail, above = chance, 0.0  # P(≥ v right), and the sum of P(≥ j right) over j > v
    for v in range(correct, 0, -1):
        right = (v * tail + above) / canaries
        above += tail
        tail = max(tail, (canaries * curve(min(right, 1.0)) + above) / (guesses - v + 1))
        if tail > 1:
            return False
    return True


def gaussian_curve(shift: float) -> Curve:
    """Return the curve of N(0, 1) against N(shift, 1), the worst pair of a `shift`-Gaussian-private run."""

    def curve(right: float) -> float:
        if not 0 < right < 1:
            return max(0.0, min(1.0, right))
        return _STANDARD.cdf(_STANDARD.inv_cdf(right) - shift)

    return curve


def event_curve(event: Event) -> Curve:
    """Return the curve of whatever the accountant says about `event`, at six δ; never above the truth.

    Takes seconds where patients are sampled.
    """
    pairs = [(_price(event, delta), delta) for delta in _DELTAS]
    return pairs_curve([(found, delta) for found, delta in pairs if math.isfinite(found)])


def _price(event: Event, delta: float) -> float:
    sampled = any(isinstance(leaf, SampledGaussian) and leaf.rate < 1 for leaf in leaves(event))
    return declared_epsilon(event, delta) if sampled else epsilon(event, delta)


def pairs_curve(pairs: Sequence[tuple[float, float]]) -> Curve:
    """Return the curve of a run that is (ε, δ)-private for each of `pairs`, in both directions."""
    epsilons, deltas = np.array(pairs, dtype=float).reshape(-1, 2).T
    shrunk, grown = np.exp(-epsilons), np.exp(np.minimum(epsilons, 700.0))
    off = np.expm1(np.minimum(epsilons, 700.0)) + deltas

    def curve(right: float) -> float:
        steep = (shrunk * (right - deltas)).max(initial=0.0)
        flat = (grown * right - off).max(initial=0.0)  # 1 - δ - e^ε (1 - right), exact where right is tiny
        return float(max(steep, flat))

    return curve


def gaussian_lower(found: Guessed, *, delta: float, level: float) -> float:
    """Return the ε at `delta` of the quietest Gaussian noise that is not refuted at `level`.

    Guarantee: where the run is the release of sums with Gaussian noise (all patients in every step), the result
    exceeds its exact ε with probability at most 1 - `level`. For any other run use `epsilon_lower`.

    >>> round(gaussian_lower(Guessed(1000, 100, 95), delta=1e-5, level=0.95), 2)
    3.32
    """
    _check(level)
    refuted = _largest(lambda s: not is_possible(found, gaussian_curve(s), chance=1 - level), 20.0)
    return gaussian_epsilon(refuted * refuted, delta)


def event_lower(found: Guessed, event_at: Callable[[float], Event], *, delta: float, level: float) -> float:
    """Return the ε at `delta` of the last event of a family that is refuted at `level`.

    Guarantee: where the run is one of the family, the result exceeds the accountant's ε of that event with
    probability at most 1 - `level`.

    Args:
        found: what the attacker guessed.
        event_at: times the noise that was claimed (0.25 to 32) -> the event; louder costs less.
        delta: at which ε is stated.
        level: below 1.

    Returns:
        0.0 where not even 32 times the claimed noise is refuted.
    """
    _check(level)

    def refuted(quiet: float) -> bool:
        return not is_possible(found, event_curve(event_at(2.0**-quiet)), chance=1 - level)

    if not refuted(-5.0):
        return 0.0
    low, high = -5.0, 2.0
    for _ in range(8):  # to a factor of 1.02 of the noise
        middle = (low + high) / 2
        low, high = (middle, high) if refuted(middle) else (low, middle)
    return _price(event_at(2.0**-low), delta)


def _largest(refuted: Callable[[float], bool], ceiling: float) -> float:
    """Return the end of the refuted range from 0 up, rounded down; 0 where nothing is refuted."""
    if not refuted(0.0):
        return 0.0
    low, high = 0.0, ceiling
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if refuted(middle) else (low, middle)
    return low


def _check(level: float) -> None:
    if not 0.5 <= level < 1:
        raise InvalidInput("dp.out-of-range", field="level", low="0.5", high="1", found=level)
