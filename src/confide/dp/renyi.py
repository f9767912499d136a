"""The Rényi curve of an event: its divergence between neighbours at every order above 1.

Every figure is rounded towards safety by the slacks written here; `docs/proofs/accountant.md` proves curves and
slacks. Neighbours are one patient more or less, so every curve holds in both directions.
Knows no ε: `confide.dp.accountant` converts, and `confide.dp.filter` adds up.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from confide.dp.events import (
    ApproximateDP,
    BoundedRange,
    DiscreteGaussian,
    DiscreteLaplace,
    Event,
    SampledGaussian,
    leaves,
)
from confide.errors import InvalidInput

Floats = NDArray[np.float64]

_SLACK = 1e-9  # relative; covers the rounding of every formula below with a factor of 100 to spare
_SLACK_PER_ORDER = 1e-13  # ... but for the binomial sum, whose terms lose digits as the order grows
_ABSOLUTE = 1e-14  # where a curve is a small difference of numbers near 1


def rdp(event: Event, order: float) -> float:
    """Return the Rényi divergence of `order` between neighbours, beside `additive_delta`.

    Guarantee: not below the truth, in either direction of the neighbours, for every integer shift that
    the event allows; by composition also where later events look at earlier results.

    Args:
        event: what is priced.
        order: a number above 1; whole where the event samples patients.

    Returns:
        The divergence in nats, at least 0.

    Raises:
        InvalidInput: the order is not above 1, or not whole where it must be.

    Source: discrete Laplace: a closed form proved in our docs. Discrete Gaussian: Canonne, Kamath,
    Steinke 2020, Theorem 14. Sampled: Mironov, Talwar, Zhang 2019, Section 3.3, exact for integer shifts.
    Bounded range: Cesar, Rogers 2021, Lemma 3.2 (ε²/8). Stated (ε, δ): Kairouz, Oh, Viswanath 2015.
    """
    if not 1 < order < math.inf:
        raise InvalidInput("dp.out-of-range", field="order", low="1", high="inf", found=order)
    return float(curve(event, np.array([order], dtype=np.float64))[0])


def curve(event: Event, orders: Floats) -> Floats:
    """Return the Rényi divergence at each order, rounded up."""
    total = np.zeros(len(orders))
    for leaf, times in leaves(event).items():
        match leaf:
            case DiscreteLaplace():
                total += times * _laplace_curve(leaf.sensitivity, leaf.scale, orders)
            case DiscreteGaussian():
                total += times * orders * _rho(leaf.sensitivity, leaf.sigma)
            case SampledGaussian(rate=1):
                total += times * leaf.steps * orders * _rho(leaf.sensitivity, leaf.sigma)
            case SampledGaussian():
                rho = _rho(leaf.sensitivity, leaf.sigma)
                total += times * leaf.steps * _sampled_curve(leaf.rate, rho, orders)
            case BoundedRange():
                eighth = orders * (leaf.epsilon * leaf.epsilon / 8)
                total += times * np.minimum(eighth, randomised_response(leaf.epsilon, orders))
            case ApproximateDP():
                total += times * randomised_response(leaf.epsilon, orders)
            # a failure stands beside the curve
    return total * (1 + _SLACK)


def _rho(sensitivity: float, sigma: float) -> float:
    """Return ρ = Δ² / (2σ²): the discrete Gaussian is ρ-zCDP, like the continuous one."""
    return 0.5 * (sensitivity / sigma) ** 2


def _laplace_curve(sensitivity: int, scale: float, orders: Floats) -> Floats:
    """Return D_α = a + ln(1 - k(1 - e^{-(2α-1)a})) / (α-1).

    Here a = Δ/t, q = e^{-1/t}, r = q^{2α-1}, k = (q-r) / ((1+q)(1-r)).
    The smaller of that and αa²/2, which holds for every a-DP mechanism and has no cancellation at small a.
    """
    a = sensitivity / scale
    q = math.exp(-1 / scale)
    with np.errstate(under="ignore"):
        one_minus_r = -np.expm1(-(2 * orders - 1) / scale)
        q_minus_r = -q * np.expm1(-(2 * orders - 2) / scale)
        k = q_minus_r / ((1 + q) * one_minus_r)
        closed = a + np.log1p(k * np.expm1(-(2 * orders - 1) * a)) / (orders - 1)
    slack = _ABSOLUTE * (1 + 1 / (orders - 1))
    return np.minimum(np.minimum(closed + slack, a), orders * (0.5 * a * a))


def randomised_response(epsilon: float, orders: Floats) -> Floats:
    """Return the largest divergence at each order that an ε-private mechanism has.

    Randomised response has it: ln((e^{αε} + e^{(1-α)ε}) / (1 + e^ε)) / (α-1).
    """
    other = math.exp(-epsilon) / (1 + math.exp(-epsilon))  # the chance of the untrue answer
    with np.errstate(under="ignore"):
        curve = epsilon + np.log1p(np.expm1(-(2 * orders - 2) * epsilon) * other) / (orders - 1)
    slack = _ABSOLUTE * (1 + 1 / (orders - 1))
    return np.minimum(np.minimum(curve + slack, epsilon), orders * (0.5 * epsilon * epsilon))


def _sampled_curve(rate: float, rho: float, orders: Floats) -> Floats:
    """Return ln(1 + Σ_{k≥2} C(α,k) (1-q)^{α-k} q^k (e^{k(k-1)ρ} - 1)) / (α-1) at whole orders α.

    Mironov's sum less Σ_k C(α,k)(1-q)^{α-k}q^k = 1: no term is negative, so nothing cancels.
    """
    if not np.array_equal(orders, np.floor(orders)):
        raise InvalidInput("dp.not-whole", field="order", low=2, high="inf", found=float(orders[0]))
    pairs, starts, weights = _binomials(rate, tuple(int(order) for order in orders))
    exponents = pairs * rho
    with np.errstate(divide="ignore", under="ignore"):
        logs = weights + exponents + np.log(-np.expm1(-exponents))
        most = np.maximum.reduceat(logs, starts)
        sizes = np.diff(np.append(starts, len(logs)))
        total = most + np.log(np.add.reduceat(np.exp(logs - np.repeat(most, sizes)), starts))
        result: Floats = np.logaddexp(0.0, total) / (orders - 1)
    return result * (1 + _SLACK + _SLACK_PER_ORDER * orders)


@lru_cache(maxsize=8)
def _binomials(rate: float, orders: tuple[int, ...]) -> tuple[Floats, NDArray[np.int64], Floats]:
    """Return k(k-1), where each order starts, and ln C(α,k)(1-q)^{α-k} q^k, for k = 2 … α of all orders."""
    factorials = _log_factorials(max(orders))
    k = np.concatenate([np.arange(2, order + 1) for order in orders])
    alpha = np.repeat(np.array(orders), [order - 1 for order in orders])
    starts = np.concatenate([[0], np.cumsum([order - 1 for order in orders])[:-1]])
    weights = factorials[alpha] - factorials[k] - factorials[alpha - k]
    weights += (alpha - k) * math.log1p(-rate) + k * math.log(rate)
    return (k * (k - 1)).astype(np.float64), starts, weights


@lru_cache(maxsize=4)
def _log_factorials(largest: int) -> Floats:
    return np.array([math.lgamma(n + 1) for n in range(largest + 1)])
