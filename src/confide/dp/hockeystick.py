"""The privacy profile of one event: δ at every ε, by a closed form, never below the truth.

A profile belongs to one pair of laws, and everything that the event may do on neighbours is dominated by that
pair. Sampling makes two pairs: with the patient first, and without. `confide.dp.pld` composes them.
Proofs: `docs/proofs/pld.md`.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from confide.dp.events import (
    ApproximateDP,
    BoundedRange,
    DiscreteGaussian,
    DiscreteLaplace,
    Leaf,
    SampledGaussian,
)
from confide.dp.gaussian import gaussian_delta, smooth_square

Floats = NDArray[np.float64]
Profile = Callable[[Floats], Floats]

_SHIFT = 1e-14  # profiles are read a little to the left: where ε was rounded, δ is not below
_COARSE = 40.0  # sigma below which a shift by one grid unit is summed over the integers


def profiles(leaf: Leaf) -> tuple[Profile, Profile] | None:
    """Return the profile of (with, without) and of (without, with) the patient, or None if none is proved.

    Guarantee: at every ε not below P(S) - e^ε Q(S) for any set S, any neighbours and any integer shift that
    the event allows; `ApproximateDP` and `Failure` beside their δ.
    """
    found: Profile | None
    match leaf:
        case DiscreteLaplace():
            found = _laplace(leaf.sensitivity, leaf.scale)
        case ApproximateDP():
            found = _randomised_response(leaf.epsilon)
        case BoundedRange():
            found = _bounded_range(leaf.epsilon)
        case DiscreteGaussian() | SampledGaussian():
            plain = _gaussian(leaf.sensitivity, leaf.sigma)
            if isinstance(leaf, SampledGaussian) and leaf.rate < 1 and plain is not None:
                return _with(plain, leaf.rate), _without(plain, leaf.rate)
            found = plain
        case _:
            raise TypeError("a failure has no profile")
    return None if found is None else (found, found)


def is_lattice(sensitivity: float, sigma: float) -> bool:
    """Say whether one grid unit in one coordinate is all that a patient moves, and noise coarse enough to sum."""
    return sensitivity**2 < 2 and sigma < _COARSE


def gaussian(square: float) -> Profile:
    """Return the profile of N(μ, 1) against N(0, 1), μ² = `square`."""
    return lambda at: _whole_line(at, np.array([gaussian_delta(square, e) for e in np.abs(at)]))


def _gaussian(sensitivity: float, sigma: float) -> Profile | None:
    if is_lattice(sensitivity, sigma):
        return _discrete_gaussian(sigma)
    square = smooth_square(sensitivity, sigma)
    return gaussian(square) if math.isfinite(square) else None


def _whole_line(at: Floats, mirrored: Floats) -> Floats:
    """Continue the profile of a symmetric pair from |ε|: δ(-ε) = 1 - e^{-ε} + e^{-ε} δ(ε)."""
    with np.errstate(over="ignore"):
        return np.where(at >= 0, mirrored, -np.expm1(at) + np.exp(np.minimum(at, 0)) * mirrored)


def _shifted(at: Floats) -> Floats:
    return at - _SHIFT * (1 + np.abs(at))


def _laplace(sensitivity: int, scale: float) -> Profile:
    """Return the profile of a shift by the whole L1 norm in one coordinate: no other shift is worse."""
    q, a = math.exp(-1 / scale), sensitivity / scale

    def profile(at: Floats) -> Floats:
        at = _shifted(at)
        y = np.maximum(0.0, (a - at) * scale / 2)  # answers below y speak for P
        k = np.clip(np.ceil(y) - 1, 0, sensitivity - 1)
        inside = (-np.expm1((k - 2 * y) / scale) - q * np.expm1(-k / scale)) / (1 + q)
        return np.where(at >= a, 0.0, np.where(at > -a, np.maximum(0.0, inside), -np.expm1(at)))

    return profile


def _randomised_response(epsilon: float) -> Profile:
    def profile(at: Floats) -> Floats:
        at = _shifted(at)
        inside = -np.expm1(np.minimum(0.0, at - epsilon)) / (1 + math.exp(-epsilon))
        return np.where(at > -epsilon, inside, -np.expm1(at))

    return profile


def _bounded_range(epsilon: float) -> Profile:
    """Return the largest profile of two answers whose losses are t and t - ε, over all t in [0, ε]."""

    def profile(at: Floats) -> Floats:
        at = _shifted(at)
        inside = np.expm1(np.minimum(0.0, at - epsilon) / 2) ** 2 / -math.expm1(-epsilon)
        return np.where(at > -epsilon, inside, -np.expm1(at))

    return profile


def _discrete_gaussian(sigma: float) -> Profile:
    """Return the profile of a discrete Gaussian shifted by one, summed over the integers."""
    reach = math.ceil(38 * sigma) + 2
    x = np.arange(-reach, reach + 1)
    weights = np.exp(-(x * x) / (2 * sigma * sigma))
    below = np.cumsum(weights / weights.sum())
    beyond = 1e-300  # what lies outside the sum

    def profile(at: Floats) -> Floats:
        size = np.maximum(0.0, np.abs(at) * (1 - _SHIFT) - _SHIFT)
        k = np.ceil(0.5 - size * sigma * sigma).astype(np.int64) - 1 + reach  # answers up to here speak for P
        high, low = below[np.clip(k, 0, None)], below[np.clip(k - 1, 0, None)]
        found = high - np.exp(np.minimum(size, 700)) * np.where(k > 0, low, 0.0) + 1e-13 * high + beyond
        return _whole_line(at, np.where(k >= 0, np.maximum(beyond, found), beyond))

    return profile


def _with(plain: Profile, rate: float) -> Profile:
    """Return the profile of (1-q) P₀ + q P₁ against P₀: P - e^ε Q = q (P₁ - x P₀), x = 1 + (e^ε - 1)/q."""

    def profile(at: Floats) -> Floats:
        at = _shifted(at)
        x = np.expm1(np.minimum(at, 700)) / rate
        inside = x > -1
        return np.where(inside, rate * plain(np.log1p(np.where(inside, x, 0.0))), -np.expm1(at))

    return profile


def _without(plain: Profile, rate: float) -> Profile:
    """Return the profile of P₀ against (1-q) P₀ + q P₁: c (P₀ - y P₁), c = 1 - e^ε (1-q), y = e^ε q / c."""
    least = math.log1p(-rate)

    def profile(at: Floats) -> Floats:
        at = _shifted(at)
        c = -np.expm1(at + least)
        inside = c > 0
        y = at + math.log(rate) - np.log(np.where(inside, c, 1.0))
        return np.where(inside, c * plain(y), 0.0)

    return profile
