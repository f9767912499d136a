"""Guess from a model's losses who was in its training: the loss-threshold attack.

Source: Yeom et al. 2018, "Privacy risk in machine learning", Adversary 1; the lower bound on ε from
counts by Clopper and Pearson 1934. Guarantee: where the training kept its ε, `epsilon_lower` exceeds it
with probability at most 5 %. A low result is no proof of safety: the attack is a bug detector.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.errors import InvalidInput

Floats = NDArray[np.float64]
FEWEST = 20  # patients on either side


@dataclass(frozen=True, slots=True)
class Membership:
    """What the attack reached. `auc` 0.5 is guessing."""

    auc: float
    epsilon_lower: float
    patients: int


def loss_threshold(members: Floats, others: Floats, *, delta: float) -> Membership:
    """Attack with one loss per patient.

    Args:
        members: shape (patients in training,), one mean loss each.
        others: shape (patients held out,).
        delta: of the model's guarantee.

    Raises:
        InvalidInput: fewer than 20 patients on a side.
    """
    if min(len(members), len(others)) < FEWEST:
        raise InvalidInput("audit.too-few", members=len(members), others=len(others))
    low, high = members[::2], others[::2]
    threshold = _best_threshold(low, high)
    hits, false = int((members[1::2] <= threshold).sum()), int((others[1::2] <= threshold).sum())
    certain = clopper_pearson(hits, len(members[1::2]), level=0.95)[0]
    at_most = clopper_pearson(false, len(others[1::2]), level=0.95)[1]
    ratio = max(certain - delta, 0.0) / at_most
    ordered = np.sort(members)
    wins = 0.5 * sum(np.searchsorted(ordered, others, side=side).sum() for side in ("left", "right"))
    return Membership(
        auc=float(wins / (len(members) * len(others))),
        epsilon_lower=max(0.0, math.log(ratio)) if ratio > 0 else 0.0,
        patients=len(members) + len(others),
    )


def _best_threshold(members: Floats, others: Floats) -> float:
    """Return the loss at which the attack tells best, chosen on one half of the patients."""
    candidates = np.quantile(members, np.linspace(0.05, 0.95, 19))
    inside = (members[None, :] <= candidates[:, None]).mean(axis=1)
    outside = (others[None, :] <= candidates[:, None]).mean(axis=1)
    return float(candidates[np.argmax(inside - outside)])


def clopper_pearson(hits: int, tries: int, *, level: float) -> tuple[float, float]:
    """Return the exact confidence interval of a share, each side missed with at most (1 - level) / 2.

    >>> low, high = clopper_pearson(0, 100, level=0.95)
    >>> low, round(high, 4)
    (0.0, 0.0362)
    """
    if not 0 <= hits <= tries or tries < 1:
        raise InvalidInput("error.invalid-input", field="hits", wanted=f"0..{tries}", found=hits)
    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else _solve(lambda p: 1 - _binomial_below(hits, tries, p) - tail)
    high = 1.0 if hits == tries else _solve(lambda p: tail - _binomial_below(hits + 1, tries, p))
    return low, high


def upper_bound(hits: int, tries: int, *, level: float) -> float:
    """Return the exact upper bound of a share that is exceeded with at most 1 - level.

    >>> round(upper_bound(0, 59, level=0.95), 4)  # the rule of three
    0.0495
    """
    return clopper_pearson(hits, tries, level=2 * level - 1)[1]


def _binomial_below(k: int, n: int, p: float) -> float:
    """Return Pr[Binomial(n, p) < k]."""
    if p <= 0.0:
        return 1.0
    if p >= 1.0:
        return 0.0
    j = np.arange(k, dtype=float)
    logs = np.array([math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) for i in j])
    return float(min(1.0, np.exp(logs + j * math.log(p) + (n - j) * math.log1p(-p)).sum()))


def _solve(rising: Callable[[float], float]) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > 0 else (middle, high)
    return (low + high) / 2
