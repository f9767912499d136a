"""Gaussian noise adds up exactly: a discrete Gaussian is a smoothed continuous one, and squares of shifts add."""

import itertools
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.dp.accountant import pure_epsilon
from confide.dp.events import (
    ApproximateDP,
    BoundedRange,
    Composed,
    DiscreteGaussian,
    DiscreteLaplace,
    Failure,
    SampledGaussian,
)
from confide.dp.gaussian import (
    LARGEST_SQUARE,
    SMALLEST_SMOOTH_SIGMA,
    SMOOTHED,
    gaussian_delta,
    gaussian_epsilon,
    largest_square,
    pure_square,
    smooth_square,
    squared_shift,
    within,
)
from confide.dp.renyi import rdp


def phi(x):
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2


def closed_form(square, at):
    mu = mpmath.sqrt(mpmath.mpf(square))
    return phi(mu / 2 - at / mu) - mpmath.exp(at) * phi(-mu / 2 - at / mu)


# A discrete Gaussian is a continuous one, smoothed: the claim that everything here rests on.


def smoothed(k, sigma, tau2):
    """Return P(X = k) when Y ~ N(0, σ²-τ²) and X ~ a discrete Gaussian around Y with τ², at 60 digits."""
    rest, reach, step = sigma**2 - tau2, 17 * sigma, mpmath.mpf(1) / 24
    total = mpmath.mpf(0)
    for i in range(-int(reach / step), int(reach / step) + 1):  # a trapezoid sum is exact for such functions
        y = i * step
        near = int(mpmath.nint(y))
        around = range(near - 40, near + 41)
        norm = mpmath.fsum(mpmath.exp(-((j - y) ** 2) / (2 * tau2)) for j in around)
        total += mpmath.exp(-(y**2) / (2 * rest) - (k - y) ** 2 / (2 * tau2)) / norm
    return total * step / mpmath.sqrt(2 * mpmath.pi * rest)


def far_from_discrete(k, sigma, tau2):
    sigma, tau2 = mpmath.mpf(sigma), mpmath.mpf(tau2)
    norm = mpmath.fsum(mpmath.exp(-(mpmath.mpf(j) ** 2) / (2 * sigma**2)) for j in range(-60, 61))
    discrete = mpmath.exp(-(mpmath.mpf(k) ** 2) / (2 * sigma**2)) / norm
    return abs(mpmath.log(smoothed(k, sigma, tau2) / discrete))


@pytest.mark.parametrize("k", [0, 4])
def test_a_smoothed_gaussian_is_the_discrete_one_up_to_the_factor_of_the_proof(k):
    with mpmath.workdps(60):
        sigma = mpmath.mpf(SMALLEST_SMOOTH_SIGMA)
        claimed = 9 * mpmath.exp(-2 * mpmath.pi**2 * SMOOTHED * (2 - SMOOTHED / sigma**2))
        assert far_from_discrete(k, sigma, SMOOTHED) <= claimed < mpmath.mpf("1e-52")


def test_too_little_smoothing_is_not_enough():
    """The guard fails when what it guards is broken: a tenth of the smoothing leaves a factor that one can see."""
    with mpmath.workdps(60):
        assert far_from_discrete(0, 3, 0.4) > 1e-8


def test_all_smoothing_of_an_account_costs_less_than_one_atto():
    """2 (e^{dη} - 1) for 2^40 numbers in a step, over the step's μ² ≥ 1/σ², times the largest account."""
    for sigma in (3.0, 4.0, 10.0, 18.0, 100.0, 2.0**20, 2.0**40):
        log_eta = math.log(9) - 2 * math.pi**2 * SMOOTHED * (2 - SMOOTHED / sigma**2)
        log_cost = math.log(4) + 40 * math.log(2) + log_eta + 2 * math.log(sigma) + math.log(LARGEST_SQUARE)
        assert log_cost < math.log(1e-18)


def lattice_delta(vector, sigma, at):
    """Return the true δ(ε) of a discrete Gaussian moved by an integer vector, by summing over all points."""
    reach = math.ceil(12 * sigma)
    axes = np.meshgrid(*[np.arange(-reach, reach + 1)] * len(vector))
    weight = np.exp(-sum(x * x for x in axes) / (2 * sigma**2))
    inner = sum(2 * v * x for v, x in zip(vector, axes, strict=True)) + sum(v * v for v in vector)
    with np.errstate(over="ignore"):
        gain = np.maximum(0.0, -np.expm1(at - inner / (2 * sigma**2)))
    return float((weight * gain).sum() / weight.sum())


@pytest.mark.parametrize("sigma", [3.0, 4.5, 9.0])
@pytest.mark.parametrize("vector", [(1,), (3,), (1, 1), (2, 1), (1, 2, 2)])
def test_no_integer_shift_of_a_discrete_gaussian_is_above_its_gaussian_price(vector, sigma):
    if len(vector) == 3:
        sigma = 3.0
    square = smooth_square(math.hypot(*vector), sigma)
    for at in np.linspace(0, 3 * math.sqrt(square), 12):
        assert lattice_delta(vector, sigma, at) <= gaussian_delta(square, at) * (1 + 1e-12)


def test_without_the_smoothing_a_discrete_gaussian_would_be_booked_too_low():
    """Formula 20 again: Δ/σ instead of Δ/√(σ²-4) under-reports."""
    naive = (1 / 3.0) ** 2
    worst = max(lattice_delta((1,), 3.0, at) / gaussian_delta(naive, at) for at in np.linspace(0.1, 2, 300))
    assert worst > 1.02


def test_noise_too_fine_for_the_grid_has_no_gaussian_statement():
    assert squared_shift(DiscreteGaussian(sensitivity=1, sigma=2.99)) == math.inf
    assert squared_shift(DiscreteGaussian(sensitivity=1, sigma=3.0)) == pytest.approx(1 / 5)
    mixed = Composed((DiscreteLaplace(sensitivity=1, scale=5.0), DiscreteGaussian(sensitivity=1, sigma=1.0)))
    assert squared_shift(mixed) == math.inf
    huge = SampledGaussian(rate=1, sensitivity=10, sigma=4.0, steps=10**6)
    assert squared_shift(huge) == math.inf  # beyond what one atto pays for


def test_squares_of_all_parts_add_and_failures_have_none():
    lap, gauss = DiscreteLaplace(sensitivity=1, scale=5.0), DiscreteGaussian(sensitivity=7, sigma=90.0)
    sampled = SampledGaussian(rate=0.1, sensitivity=7, sigma=90.0, steps=30)
    parts = 2 * pure_square(0.2) + 31 * smooth_square(7, 90.0)
    assert squared_shift(Composed((lap, gauss, sampled, lap, Failure(delta=0.1)))) == pytest.approx(parts)
    assert squared_shift(Failure(delta=0.1)) == 0


# Pure ε and bounded range as Gaussian shifts.


@given(eps=st.floats(1e-9, 590))
@settings(deadline=None)
def test_a_pure_plan_is_a_gaussian_shift_that_a_sign_test_tells_as_well(eps):
    with mpmath.workdps(320):
        x = mpmath.sqrt(mpmath.mpf(pure_square(eps))) / 2
        told = mpmath.log(phi(x) / phi(-x))
        assert eps <= told <= eps * (1 + 2e-11)


def test_a_very_large_pure_epsilon_is_bounded_by_its_tail():
    for eps in (601.0, 5000.0):
        with mpmath.workdps(50):
            x = mpmath.sqrt(mpmath.mpf(pure_square(eps))) / 2
            assert -mpmath.log(phi(-x)) >= eps


@given(eps=st.floats(0.01, 30), part=st.floats(0.001, 0.999))
@settings(deadline=None)
def test_no_choice_of_bounded_range_needs_a_larger_shift_than_the_one_booked(eps, part):
    """Two answers with losses t and t - ε: their Gaussian shift is largest at t = ε/2, for every ε."""
    with mpmath.workdps(40):
        t = mpmath.mpf(eps) * part
        p = -mpmath.expm1(t - eps) / -mpmath.expm1(-mpmath.mpf(eps))
        q = p * mpmath.exp(-t)
        shift = (
            mpmath.erfinv(2 * p - 1) - mpmath.erfinv(2 * q - 1)
            if eps < 15
            else mpmath.erfinv(1 - 2 * q) - mpmath.erfinv(1 - 2 * p)
        )
        assert (shift * mpmath.sqrt(2)) ** 2 <= squared_shift(BoundedRange(epsilon=eps))


def exponential(scores, eps):
    weights = np.exp(eps * np.array(scores) / 2)  # Δ = 1
    return weights / weights.sum()


@given(
    scores=st.lists(st.integers(0, 6), min_size=2, max_size=6),
    moves=st.lists(st.integers(-1, 1), min_size=6, max_size=6),
    eps=st.floats(0.05, 4),
    order=st.integers(2, 40),
)
def test_formula_18_the_exponential_mechanism_is_epsilon_squared_over_eight_zcdp(scores, moves, eps, order):
    p = exponential(scores, eps)
    q = exponential([s + m for s, m in zip(scores, moves, strict=False)], eps)
    loss = np.log(p / q)
    assert np.ptp(loss) <= eps * (1 + 1e-9)
    assert np.abs(loss).max() <= pure_epsilon(BoundedRange(epsilon=eps)) * (1 + 1e-9)
    true = math.log(float((p**order * q ** (1.0 - order)).sum())) / (order - 1)
    assert true <= rdp(BoundedRange(epsilon=eps), order) + 1e-12


def permute_and_flip(scores, eps):
    """Return the law of permute-and-flip (McKenna, Sheldon 2020, Algorithm 1), over all orders."""
    keep = np.exp(eps * (np.array(scores) - max(scores)) / 2)
    law = np.zeros(len(scores))
    orders = list(itertools.permutations(range(len(scores))))
    for order in orders:
        left = 1.0
        for at in order:
            law[at] += left * keep[at] / len(orders)
            left *= 1 - keep[at]
    return law


def test_permute_and_flip_is_not_of_bounded_range_and_is_booked_as_pure():
    """Booked as an exponential mechanism it would cost half of what it does."""
    eps = 1.0
    p, q = permute_and_flip([0, 0], eps), permute_and_flip([1, -1], eps)
    loss = np.log(p / q)
    assert np.ptp(loss) > 1.4 * eps
    kl = float((p * loss).sum())
    assert kl > 1.9 * eps**2 / 8
    assert kl <= rdp(ApproximateDP(epsilon=eps, delta=0.0), 1 + 1e-6)
    assert np.abs(loss).max() <= eps * (1 + 1e-12)


# The closed form in doubles.


@given(square=st.floats(1e-8, 3000), ratio=st.floats(-0.9, 12))
@settings(deadline=None, max_examples=200)
def test_delta_of_a_gaussian_shift_is_never_below_the_closed_form_and_hardly_above(square, ratio):
    at = square / 2 + ratio * math.sqrt(square)
    with mpmath.workdps(400 if square > 100 else 80):
        true = closed_form(square, mpmath.mpf(at))
        found = gaussian_delta(square, at)
        assert true <= found
        if ratio < 7 and at > 0:
            assert found <= true * (1 + 1e-9 * (1 + ratio) ** 2 * (1 + square) + 1e-6 / math.sqrt(square))


@given(square=st.floats(1e-8, 400), delta=st.sampled_from([0.3, 1e-3, 1e-6, 1e-10, 1e-15]))
@settings(deadline=None)
def test_epsilon_of_a_gaussian_shift_is_the_least_that_keeps_delta(square, delta):
    found = gaussian_epsilon(square, delta)
    with mpmath.workdps(120):
        if found > 0:
            assert closed_form(square, mpmath.mpf(found)) <= delta
            assert closed_form(square, mpmath.mpf(found * 0.9999)) > delta
        else:
            assert closed_form(square, mpmath.mpf(0)) <= delta


def test_the_edges_of_a_gaussian_shift():
    assert gaussian_delta(0.0, 1.0) == 0
    assert gaussian_epsilon(0.0, 0.0) == 0
    assert gaussian_epsilon(1.0, 0.0) == math.inf
    assert gaussian_epsilon(math.inf, 1e-6) == math.inf
    assert gaussian_epsilon(1e14, 0.3) > 5e13  # so large that the slack asks for a little more
    assert not within(100 * 10**12, 10**9, 10**15)  # both tests far on the same side
    assert largest_square(10**9, 1, 10**12) == -1
    assert largest_square(10**15, 10**9, 10**12) == 10**12
