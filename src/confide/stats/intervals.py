"""Intervals at 95 % that cover the noise, from public scales and noisy values only.

They say where the patient-bounded figure of these very records lies; they do not cover sampling,
that is what other records would have given. Derivation: `docs/proofs/stats.md`.
"""

import math

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


def ratio_bounds(
    above: Floats, below: Floats, *, above_scale: float, below_scale: float, largest: float
) -> tuple[Floats, Floats]:
    """Bound the true ratio of two noisy totals, given that it is at most `largest` in size.

    Guarantee: the set of all r with |above - r below| no larger than the 95 % quantile of the noise
    X - r Y holds the true ratio with probability 95 % (Fieller's argument), and the bounds enclose
    that set. Where the noisy denominator is too small to tell, they are -largest and largest.

    Args:
        above: noisy numerators, one per cell.
        below: noisy denominators.
        above_scale: Laplace scale of the numerators' noise.
        below_scale: Laplace scale of the denominators' noise.
        largest: public bound on the size of the ratio.
    """
    centre = np.clip(above / np.where(below > 0, below, 1.0), -largest, largest)
    # The quantile rises along r by at most 3.3 below_scale: above that, each side is crossed once.
    tells = below > 3.3 * below_scale + 1
    ends = []
    for end in (-largest, largest):
        inside, outside = centre, np.full_like(centre, end)
        for _ in range(24):
            middle = (inside + outside) / 2
            size = np.abs(middle)
            away = np.abs(above - middle * below) - (1 + size)  # noise is within 1 of a continuous Laplace
            accepted = _tail_of_sum(away, above_scale, below_scale * size) >= 1 - CONFIDENCE
            inside, outside = np.where(accepted, middle, inside), np.where(accepted, outside, middle)
        ends.append(np.where(tells, outside, end))
    return ends[0], ends[1]


def _tail_of_sum(away: Floats, scale: float, other: Floats) -> Floats:
    """Return P(|X + Y| > away) for independent Laplace X, Y of two scales; 1 where away is not above 0."""
    other = np.where(np.abs(other - scale) < 1e-4 * scale, scale * (1 + 1e-4), other)  # avoids 0/0
    away = np.maximum(away, 0.0)
    share = scale**2 / (scale**2 - other**2)
    small = np.exp(-away / np.maximum(other, 1e-9 * scale))
    tail: Floats = share * np.exp(-away / scale) + (1 - share) * small
    return tail
