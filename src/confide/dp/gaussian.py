"""Gaussian differential privacy: what one number μ² says about (ε, δ), and which μ² an event has.

A release is μ-Gaussian when it can be computed from one draw of N(0, 1) or N(μ, 1), the neighbours' only
difference. Squares add, also over plans chosen one after the other (`docs/proofs/filter.md`), and the price of
Gaussian noise is exact. Every figure is rounded towards safety; `docs/proofs/accountant.md` says by how much.
"""

import math
from decimal import Decimal, localcontext
from functools import lru_cache

from confide.dp.events import (
    ApproximateDP,
    BoundedRange,
    DiscreteGaussian,
    DiscreteLaplace,
    Event,
    Leaf,
    SampledGaussian,
    leaves,
)

SMOOTHED = 4.0  # σ² that turns a continuous Gaussian into a discrete one; the rest is the noise that counts
SMALLEST_SMOOTH_SIGMA = 3.0  # below, the discrete Gaussian is not close enough to a smoothed one
LARGEST_SQUARE = 2.0**21  # up to here all smoothing together costs less than one atto of δ
SMOOTHING_DELTA = 1e-18

_SLACK = 1e-11  # relative, on μ²
_ERFC = 1e-13  # relative error that we grant erfc and what is done to its argument
_ROOT2 = math.sqrt(2.0)
_PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899")


def squared_shift(event: Event) -> float:
    """Return μ² such that the event is μ-Gaussian, beside its `Failure`s; infinity if no such μ is known.

    Guarantee: not below the truth, in both directions of the neighbours. A discrete Gaussian is within the
    smoothing error, which `SMOOTHING_DELTA` pays for once, however many there are up to `LARGEST_SQUARE`.

    Source: Dong, Roth, Su 2022 (Gaussian DP); Peikert 2010, Theorem 3.1 (a discrete Gaussian from a continuous
    one); Kairouz, Oh, Viswanath 2015 (pure DP). The steps between them are in our docs.

    >>> squared_shift(DiscreteGaussian(sensitivity=10, sigma=202.0)) < 0.0024514
    True
    """
    total = math.fsum(times * _squared_shift(leaf) for leaf, times in leaves(event).items())
    return total if total <= LARGEST_SQUARE else math.inf


def _squared_shift(leaf: Leaf) -> float:
    match leaf:
        case DiscreteLaplace():
            return pure_square(leaf.sensitivity / leaf.scale)
        case ApproximateDP():
            return pure_square(leaf.epsilon)
        case BoundedRange():
            return pure_square(leaf.epsilon / 2)
        case DiscreteGaussian():
            return smooth_square(leaf.sensitivity, leaf.sigma)
        case SampledGaussian():  # without a gain from sampling: no μ has one
            return leaf.steps * smooth_square(leaf.sensitivity, leaf.sigma)
        case _:  # a failure stands beside the shift
            return 0.0


def smooth_square(sensitivity: float, sigma: float) -> float:
    """Return μ² = Δ² / (σ² - 4) of one discrete Gaussian, or infinity where σ is below 3."""
    if sigma < SMALLEST_SMOOTH_SIGMA:
        return math.inf
    return sensitivity**2 / (sigma**2 - SMOOTHED) * (1 + _SLACK)


@lru_cache(maxsize=4096)
def pure_square(epsilon: float) -> float:
    """Return μ² with Φ(μ/2) / Φ(-μ/2) = e^ε: whatever is ε-private is μ-Gaussian.

    >>> round(pure_square(1.0), 4)
    1.5179
    """
    if epsilon > 600:  # Φ(-x) ≤ e^{-x²/2} / 2
        return 8 * epsilon
    most = math.log1p(math.exp(epsilon)) - math.log(2)
    x = min(math.sqrt(2 * most), epsilon * math.sqrt(math.pi / 8))  # both are at or right of the root
    step = x
    while step > 1e-13 * x:  # Newton on an increasing convex function comes from the right
        tail = math.erfc(x / _ROOT2) / 2
        slope = math.exp(-x * x / 2) / math.sqrt(2 * math.pi) / (tail * (1 - tail))
        step = (log_odds(x) - epsilon) / slope
        x -= step
    return 4 * x * x * (1 + _SLACK)


def log_odds(x: float) -> float:
    """Return ln(Φ(x) / Φ(-x)) for x ≥ 0: the ε of what a test between -x and x can tell."""
    z = x / _ROOT2
    inside = math.erf(z)
    return math.log1p(inside) - (math.log1p(-inside) if z < 0.5 else math.log(math.erfc(z)))


def gaussian_delta(square: float, epsilon: float) -> float:
    """Return the δ at `epsilon` of whatever is μ-Gaussian with μ² = `square`; not below the truth.

    Source: Balle, Wang 2018, Theorem 8: Φ(μ/2 - ε/μ) - e^ε Φ(-μ/2 - ε/μ).
    """
    if square == 0:
        return 0.0
    mu = math.sqrt(square)
    a, b = epsilon / mu - mu / 2, epsilon / mu + mu / 2
    first = math.erfc(a / _ROOT2) / 2
    # e^ε Φ(-b) is the density at a times the tail quotient at b, which never overflows
    if b < 25:
        quotient = math.erfc(b / _ROOT2) / 2 * math.exp(b * b / 2)
    else:
        quotient = (b**3 + 5 * b) / (b**4 + 6 * b * b + 3) / math.sqrt(2 * math.pi)  # from below
    return first - math.exp(-a * a / 2) * quotient + 2 * _ERFC * (1 + b * b) * first


def gaussian_epsilon(square: float, delta: float) -> float:
    """Return the least ε at which whatever is μ-Gaussian has at most `delta`; not below the truth.

    >>> round(gaussian_epsilon(0.25, 1e-6), 3)
    2.254
    """
    if square == 0:
        return 0.0
    if delta <= 0 or not math.isfinite(square):
        return math.inf
    low, high = 0.0, square / 2 + math.sqrt(square * max(0.0, -2 * math.log(delta)))
    if gaussian_delta(square, low) <= delta:
        return 0.0
    while gaussian_delta(square, high) > delta:  # where δ is large, slack may ask for a little more
        high *= 1 + 1e-9
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if gaussian_delta(square, middle) <= delta else (middle, high)
    return high


# In decimals: the same digits on every machine, so that a stored cap can be checked.


@lru_cache(maxsize=256)
def within(square: int, epsilon: int, delta: int) -> bool:
    """Say whether μ² of `square` (1e-12) has at ε of `epsilon` (1e-9) a δ of at most `delta` (1e-18) less one."""
    with localcontext(prec=70):
        allowed = Decimal(delta - 1).scaleb(-18) - Decimal("1e-40")
        return _decimal_delta(Decimal(square).scaleb(-12), Decimal(epsilon).scaleb(-9)) <= allowed


def largest_square(epsilon: int, delta: int, ceiling: int) -> int:
    """Return the largest `square` up to `ceiling` that is `within`, or -1 if `delta` leaves nothing."""
    if delta < 2:
        return -1
    low, high = 0, ceiling
    wanted, ratio = (delta - 1) * 1e-18, epsilon * 1e-9
    while high - low > max(1, low >> 30):  # in doubles, to ten digits
        middle = (low + high) // 2
        low, high = (middle, high) if gaussian_delta(middle * 1e-12, ratio) <= wanted else (low, middle)
    low, step = (low if within(low, epsilon, delta) else 0), 1 + (low >> 30)
    while low < ceiling and within(min(ceiling, low + step), epsilon, delta):
        low, step = min(ceiling, low + step), 2 * step
    high = min(ceiling, low + step)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if within(middle, epsilon, delta) else (low, middle)
    return low


def _decimal_delta(square: Decimal, epsilon: Decimal) -> Decimal:
    if square == 0:
        return Decimal(0)
    mu = square.sqrt()
    a, b = epsilon / mu - mu / 2, epsilon / mu + mu / 2
    return _upper_tail(a) - epsilon.exp() * _upper_tail(b)


def _upper_tail(x: Decimal) -> Decimal:
    """Return P(Z > x) to 50 digits: the odd series near 0, Laplace's continued fraction from 4 on."""
    if x <= -4:
        return 1 - _upper_tail(-x)
    density = (-x * x / 2).exp() / (2 * _PI).sqrt()
    if x < 4:
        term, total, k = x, x, 1
        while abs(term) > Decimal("1e-65"):
            k += 2
            term *= x * x / k
            total += term
        return Decimal("0.5") - density * total
    below = x
    for n in range(260, 0, -1):
        below = x + n / below
    return density / below
