"""Intervals that cover the noise, and if asked sampling, from public scales and noisy values, in closed form.

Without sampling they say where the patient-bounded figure of these very records lies; with it, where that of the
population lies of which these patients are a sample. Derivation: `docs/proofs/stats.md`.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from confide.engines.polars import Floats

CONFIDENCE = 0.95


def half_width(scale: float, miss: float = 1 - CONFIDENCE) -> int:
    """Return the smallest k with P(|X| > k) <= `miss` for discrete Laplace X of this scale.

    Guarantee: exact, from P(|X| > k) = 2 q^(k+1) / (1 + q) with q = exp(-1/scale).

    >>> half_width(1.0)
    3
    """
    q = math.exp(-1 / scale)
    return max(0, math.ceil(scale * math.log(2 / (miss * (1 + q)))) - 1)


@lru_cache(maxsize=16)
def normal_quantile(miss: float = 1 - CONFIDENCE) -> float:
    """Return x with P(|X| > x) = `miss` for a normal X.

    >>> round(normal_quantile(), 3)
    1.96
    """
    return NormalDist().inv_cdf(1 - miss / 2)


@lru_cache(maxsize=256)
def spread(weights: tuple[float, ...], miss: float = 1 - CONFIDENCE) -> float:
    """Return x with P(|Σ a_i X_i| > x) = `miss` for independent Laplace X_i of scale 1.

    >>> round(spread((1.0,)), 3), round(spread((1.0, 1.0)), 3)
    (2.996, 4.113)
    """
    sizes = sorted(abs(weight) for weight in weights if weight)
    for at in range(1, len(sizes)):  # avoids 0/0 below; a little more weight is a little more spread
        sizes[at] = max(sizes[at], sizes[at - 1] * (1 + 1e-4))

    def tail(x: float) -> float:
        found = 0.0
        for a in sizes:
            others = math.prod(a * a / (a * a - b * b) for b in sizes if b != a)
            found += others * math.exp(-x / a)
        return found

    low, high = 0.0, sum(sizes) * math.log(2 * len(sizes) / miss)
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if tail(middle) > miss else (low, middle)
    return high


def share_bounds(
    part: Floats,
    whole: Floats,
    weights: Sequence[float],
    scale: float,
    *,
    miss: float = 1 - CONFIDENCE,
    more: Floats | float = 0.0,
) -> tuple[Floats, Floats]:
    """Bound the true share u = Σ c_i A_i / Σ A_i of noisy slots A, each c_i from 0 to 1.

    Guarantee: all u with |Σ (c_i - u) a_i| no larger than the quantile of its noise hold the true share with
    probability 1 - `miss` (Fieller's argument), and the bounds enclose them. The quantile is convex in u, so
    straight lines between its values at 0, 1/2 and 1 are never below it. Where the noisy whole is too small to
    tell, the bounds are 0 and 1.

    Args:
        part: Σ c_i a_i of the noisy slots, one per group.
        whole: Σ a_i.
        weights: the c_i.
        scale: of the noise of each slot.
        miss: chance that is allowed.
        more: what sampling adds to the quantile of the noise, one per group.
    """
    at = {
        u: scale * spread(tuple(c - u for c in weights), miss) + len(weights) + more for u in (0.0, 0.5, 1.0)
    }
    ends = []
    for upper in (False, True):
        # Seen from the other side, a lower end is an upper one.
        above = part if upper else whole - part
        first, middle, last = (at[u if upper else 1 - u] for u in (0.0, 0.5, 1.0))
        # u · whole - above <= line through (0, first), (1/2, middle) and (1, last)
        near, far = np.max(2 * (middle - first)), np.max(2 * (last - middle))  # `more` is no part of a slope
        with np.errstate(divide="ignore", invalid="ignore"):
            low = (above + first) / (whole - near)
            high = (above + 2 * middle - last) / (whole - far)
        end = np.where(whole * 0.5 - above <= middle, high, low)
        end = np.where(whole > max(near, far, 0.0), np.clip(end, 0.0, 1.0), 1.0)
        ends.append(end if upper else 1 - end)
    return ends[0], ends[1]
