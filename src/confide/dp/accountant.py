"""Price an event: its pure ε and its (ε, δ); and find the least noise for a wanted price.

Every figure is rounded towards safety: never below the truth, by the slacks written here and justified in
`docs/proofs/accountant.md`. Knows no account and no ledger; `confide.dp.filter` says what may be admitted.
Neighbours are one patient more or less, so every figure holds in both directions.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

import numpy as np

from confide.dp.events import (
    ApproximateDP,
    BoundedRange,
    Composed,
    DiscreteLaplace,
    Event,
    Failure,
    Leaf,
    SampledGaussian,
    leaves,
)
from confide.dp.gaussian import SMOOTHING_DELTA, gaussian_epsilon, squared_shift
from confide.dp.noise import LARGEST_SCALE, LARGEST_SIGMA, SMALLEST_SCALE, SMALLEST_SIGMA
from confide.dp.renyi import curve
from confide.errors import InvalidInput

_SLACK = 1e-9  # relative; covers the rounding of every formula below with a factor of 100 to spare

# Orders at which ε is searched. Any order is valid; sampled curves rise steeply, so all are tried to 512.
_WHOLE = np.concatenate([np.arange(2, 513), np.arange(528, 2049, 16)])
_REAL = 1 + np.geomspace(1e-2, 1e7, 700)


@lru_cache(maxsize=1024)
def exact(value: float) -> Fraction:
    """Return the decimal number that `value` was written as: 0.1 means one tenth, not its nearest double.

    Budgets and prices are compared as such numbers, so that ten plans of 0.1 fit an account of 1.

    >>> exact(0.1)
    Fraction(1, 10)
    """
    return Fraction(repr(float(value)))


def pure_epsilon_exact(event: Event) -> Fraction | None:
    """Return `pure_epsilon` as an exact number, or None if there is none.

    Guarantee: the sum over the events of L1 sensitivity / scale, or of the ε they state, without rounding.
    """
    ratios: dict[Fraction, int] = {}
    for leaf, times in leaves(event).items():
        ratio = _pure(leaf)
        if ratio is None:
            return None
        ratios[ratio] = ratios.get(ratio, 0) + times
    return sum((ratio * times for ratio, times in ratios.items()), Fraction(0))


def _pure(leaf: Leaf) -> Fraction | None:
    match leaf:
        case DiscreteLaplace():
            return leaf.sensitivity / Fraction(leaf.scale)
        case BoundedRange() | ApproximateDP():
            return exact(leaf.epsilon)
        case Failure():
            return Fraction(0)
        case _:
            return None


def pure_epsilon(event: Event) -> float:
    """Return the ε of pure differential privacy (beside `additive_delta`), or infinity if there is none.

    Guarantee: not below the sum over the events of L1 sensitivity / scale, or of the ε they state.

    Source: Ghosh, Roughgarden, Sundararajan 2009; basic composition.

    >>> pure_epsilon(DiscreteLaplace(sensitivity=1, scale=10.0))
    0.1
    """
    total = pure_epsilon_exact(event)
    return math.inf if total is None else _up(total)


def additive_delta(event: Event) -> float:
    """Return the probability that something outside every curve happens; it adds to δ.

    >>> additive_delta(Composed((Failure(delta=1e-9), Failure(delta=1e-9))))
    2e-09
    """
    return _up(additive_delta_exact(event))


def additive_delta_exact(event: Event) -> Fraction:
    """Return `additive_delta` as an exact number."""
    found = (
        exact(leaf.delta) * times
        for leaf, times in leaves(event).items()
        if isinstance(leaf, Failure | ApproximateDP)
    )
    return min(Fraction(1), sum(found, Fraction(0)))


def epsilon(event: Event, delta: float) -> float:
    """Return a valid ε for `delta`: the smallest of five statements, for plans that were fixed in advance.

    The five: pure ε; Rényi or Gaussian differential privacy of everything; pure ε of what has one plus one of
    these two of the rest. Exact for Gaussian noise without sampling.

    Guarantee: the event is (ε, delta)-differentially private under one patient more or less. Not a rule for
    admitting plans chosen one after the other: that is `confide.dp.filter`.

    Args:
        event: what is priced; `delta` includes its `additive_delta`.
        delta: from 0 up to, not including, 1.

    Returns:
        ε, at least 0; infinity if there is no statement at this delta.

    Source: conversion by Canonne, Kamath, Steinke 2020, Proposition 12 (as in Balle et al. 2020); for Gaussian
    noise Balle, Wang 2018, Theorem 8.

    >>> epsilon(DiscreteLaplace(sensitivity=1, scale=2.0), 0)
    0.5
    >>> from confide.dp.events import DiscreteGaussian
    >>> round(epsilon(DiscreteGaussian(sensitivity=100, sigma=500.0), 1e-6), 3)
    0.834
    """
    if not 0 <= delta < 1:
        raise InvalidInput("dp.out-of-range", field="delta", low="0", high="1", found=delta)
    left = float(exact(delta) - additive_delta_exact(event)) * (1 - _SLACK)
    if left < 0:
        return math.inf
    found = [pure_epsilon(event)]
    if left > 0:
        found += [_converted(event, left), _gaussian(event, left)]
        pure, rest = _parted(event)
        if pure.events and rest.events:
            least = min(_converted(rest, left), _gaussian(rest, left))
            found.append((pure_epsilon(pure) + least) * (1 + _SLACK))
    return min(found)


def calibrate_laplace(epsilon: float, *, sensitivity: int) -> float:
    """Return the smallest scale at which discrete Laplace noise costs at most `epsilon`.

    Guarantee: `pure_epsilon(DiscreteLaplace(sensitivity=sensitivity, scale=scale)) <= epsilon`.

    Args:
        epsilon: finite and above 0.
        sensitivity: L1 norm of the most that one patient moves, in whole units.

    Raises:
        InvalidInput: `epsilon` is not positive, or no scale that can be drawn is large enough.

    Source: b = Δ1 / ε, Dwork, McSherry, Nissim, Smith 2006.

    >>> calibrate_laplace(0.1, sensitivity=3)
    30.0
    """
    if not 0 < epsilon < math.inf:
        raise InvalidInput("dp.not-positive", field="epsilon", found=epsilon)
    return scale_above(Fraction(sensitivity), epsilon)


def scale_above(sensitivity: Fraction, epsilon: float) -> float:
    """Return the smallest scale that can be drawn and is not below `sensitivity` / `epsilon`.

    Raises:
        InvalidInput: no scale that can be drawn is large enough.
    """
    wanted = sensitivity / exact(epsilon)
    scale = max(float(wanted), SMALLEST_SCALE)
    while Fraction(scale) < wanted:
        scale = math.nextafter(scale, math.inf)
    if scale > LARGEST_SCALE:
        raise InvalidInput("dp.unreachable", high=f"{LARGEST_SCALE:g}", epsilon=epsilon, delta=0)
    return scale


def calibrate_gaussian(
    epsilon: float, delta: float, *, sensitivity: float = 1.0, rate: float = 1.0, steps: int = 1
) -> float:
    """Return the smallest sigma of five significant digits that costs at most (`epsilon`, `delta`).

    Guarantee: the event with that sigma has `confide.dp.accountant.epsilon(event, delta) <= epsilon`.

    Args:
        epsilon: finite and above 0.
        delta: above 0 and below 1.
        sensitivity: L2 norm in grid units of the integer vector that one patient adds to a step.
        rate: probability that a patient takes part in a step; 1 for no sampling.
        steps: number of steps.

    Returns:
        sigma in grid units.

    Raises:
        InvalidInput: a setting is out of range, or no sigma that can be drawn is large enough.
    """
    if not 0 < epsilon < math.inf:
        raise InvalidInput("dp.not-positive", field="epsilon", found=epsilon)

    def price(sigma: float) -> float:
        return _epsilon(SampledGaussian(rate=rate, sensitivity=sensitivity, sigma=sigma, steps=steps), delta)

    low, high = _rung(SMALLEST_SIGMA), _rung(LARGEST_SIGMA) - 1
    if price(_sigma(high)) > epsilon:
        raise InvalidInput("dp.unreachable", high=f"{LARGEST_SIGMA:g}", epsilon=epsilon, delta=delta)
    while low < high:  # the price never rises with sigma
        middle = (low + high) // 2
        low, high = (low, middle) if price(_sigma(middle)) <= epsilon else (middle + 1, high)
    return _sigma(low)


_epsilon: Callable[[Event, float], float] = epsilon  # where an argument has the name of the function


def _sigma(rung: int) -> float:
    """Return the number on `rung` of the ladder 1.0000, 1.0001 … 9.9999, 10.000, 10.001 and so on."""
    power, mantissa = divmod(rung, 90000)
    return float(f"{mantissa + 10000}e{power - 4}")


def _rung(sigma: float) -> int:
    power = math.floor(math.log10(sigma))
    return 90000 * power + math.ceil(sigma / 10.0**power * 10000 - 1e-6) - 10000


def _up(value: Fraction) -> float:
    """Return the smallest double whose decimal form is not below `value`."""
    nearest = float(value)
    return nearest if exact(nearest) >= value else math.nextafter(nearest, math.inf)


def _parted(event: Event) -> tuple[Composed, Composed]:
    """Return what has a pure ε, and the rest; what only adds to δ is left out."""
    pure: list[Event] = []
    rest: list[Event] = []
    for leaf, times in leaves(event).items():
        if not isinstance(leaf, Failure):
            (rest if _pure(leaf) is None else pure).extend([leaf] * times)
    return Composed(tuple(pure)), Composed(tuple(rest))


def _converted(event: Event, delta: float) -> float:
    """Return the smallest ε that the Rényi curve gives at `delta`, over the orders that the event allows."""
    sampled = any(isinstance(leaf, SampledGaussian) and leaf.rate < 1 for leaf in leaves(event))
    orders = _WHOLE.astype(np.float64) if sampled else _REAL
    gap = np.log1p(-1 / orders) - (math.log(delta) + np.log(orders)) / (orders - 1)
    best = float(np.min(curve(event, orders) + gap))
    return max(0.0, best + abs(best) * _SLACK + 1e-12)


def _gaussian(event: Event, delta: float) -> float:
    """Return the ε at `delta` of the Gaussian shift that the event amounts to, or infinity if there is none."""
    return gaussian_epsilon(squared_shift(event), delta - SMOOTHING_DELTA)
