"""No figure is below the truth, and none is far above it: exact sums and dp-accounting are the oracles."""

import itertools
import math
from functools import cache

import dp_accounting
import mpmath
import numpy as np
import pytest
from dp_accounting.pld import privacy_loss_distribution as pld
from dp_accounting.rdp import RdpAccountant
from dp_accounting.rdp.rdp_privacy_accountant import compute_epsilon
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.dp.accountant import (
    additive_delta,
    calibrate_gaussian,
    calibrate_laplace,
    epsilon,
    exact,
    pure_epsilon,
)
from confide.dp.events import Composed, DiscreteGaussian, DiscreteLaplace, Failure, SampledGaussian
from confide.dp.renyi import rdp
from confide.errors import InvalidInput

mpmath.mp.dps = 40
TIGHT = 1 + 1e-7


def divergence(p: dict, q: dict, order) -> mpmath.mpf:
    """Return the Rényi divergence of two distributions given as {point: weight}, each normalised here."""
    total_p, total_q = mpmath.fsum(p.values()), mpmath.fsum(q.values())
    moment = mpmath.fsum((p[x] / total_p) ** order * (q[x] / total_q) ** (1 - order) for x in p)
    return mpmath.log(moment) / (order - 1)


# The Rényi curves against sums over the probabilities.


@pytest.mark.parametrize("scale", [0.05, 0.4, 1.0, 3.7, 20.0])
@pytest.mark.parametrize("sensitivity", [1, 2, 7])
@pytest.mark.parametrize("order", [1.2, 2, 3, 8, 40])
def test_the_curve_of_the_discrete_laplace_is_the_exact_sum(scale, sensitivity, order):
    reach = math.ceil(70 * max(scale, 0.3)) + sensitivity
    t = mpmath.mpf(scale)
    points = range(-reach, reach + sensitivity + 1)
    p = {x: mpmath.exp(-abs(x) / t) for x in points}
    q = {x: mpmath.exp(-abs(x - sensitivity) / t) for x in points}
    truth = divergence(p, q, mpmath.mpf(order))
    ours = rdp(DiscreteLaplace(sensitivity=sensitivity, scale=scale), order)
    assert truth * (1 - mpmath.mpf(1e-20)) <= ours <= truth * TIGHT


@given(a=st.floats(1e-12, 1.0), order=st.floats(1.01, 1e5))
def test_the_curve_of_the_discrete_laplace_keeps_its_digits_when_epsilon_is_tiny(a, order):
    scale = 1 / a
    t, alpha = mpmath.mpf(scale), mpmath.mpf(order)
    with mpmath.workdps(60):
        q = mpmath.exp(-1 / t)
        r = q ** (2 * alpha - 1)
        k1, k2 = (1 - q * r) / ((1 + q) * (1 - r)), (q - r) / ((1 + q) * (1 - r))
        truth = mpmath.log(k1 * mpmath.exp((alpha - 1) / t) + k2 * mpmath.exp(-alpha / t)) / (alpha - 1)
    ours = rdp(DiscreteLaplace(sensitivity=1, scale=scale), order)
    assert truth <= ours <= truth * (1 + 1e-4)


@given(
    shift=st.lists(st.integers(0, 5), min_size=1, max_size=4),
    scale=st.floats(0.2, 50),
    order=st.integers(2, 100),
)
def test_a_vector_costs_at_most_one_coordinate_with_all_of_its_l1_norm(shift, scale, order):
    parts = sum(rdp(DiscreteLaplace(sensitivity=s, scale=scale), order) for s in shift if s)
    if sum(shift):
        assert parts <= rdp(DiscreteLaplace(sensitivity=sum(shift), scale=scale), order) * (1 + 1e-6)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 3.3])
@pytest.mark.parametrize("shift", [1, 2, 3])
@pytest.mark.parametrize("order", [1.3, 2, 7, 30])
def test_the_discrete_gaussian_is_rho_zcdp_and_no_better_at_whole_orders(sigma, shift, order):
    reach = math.ceil(40 * sigma) + shift * 35
    points = range(-reach, reach + 1)
    s = mpmath.mpf(sigma)
    p = {x: mpmath.exp(-(mpmath.mpf(x) ** 2) / (2 * s * s)) for x in points}
    q = {x: mpmath.exp(-(mpmath.mpf(x - shift) ** 2) / (2 * s * s)) for x in points}
    truth = divergence(p, q, mpmath.mpf(order))
    ours = rdp(DiscreteGaussian(sensitivity=shift, sigma=sigma), order)
    assert truth * (1 - mpmath.mpf(1e-20)) <= ours
    if order == int(order):
        assert ours <= truth * TIGHT


def sampled_sums(rate, vector, sigma, order):
    """Return both divergences of one sampled step by summing over a grid of as many dimensions as the vector has."""
    reach = math.ceil(25 * sigma) + max(vector) * 6
    s2 = 2 * mpmath.mpf(sigma) ** 2
    points = list(itertools.product(range(-reach, reach + 1), repeat=len(vector)))
    q = {x: mpmath.exp(-sum(c * c for c in x) / s2) for x in points}
    shifted = {x: mpmath.exp(-sum((c - v) ** 2 for c, v in zip(x, vector, strict=True)) / s2) for x in points}
    p = {x: (1 - mpmath.mpf(rate)) * q[x] + mpmath.mpf(rate) * shifted[x] for x in points}
    return divergence(p, q, order), divergence(q, p, order)


@pytest.mark.parametrize(
    ("rate", "vector", "sigma", "order"),
    [
        (0.1, (1,), 0.5, 2),
        (0.1, (1,), 0.5, 5),
        (0.3, (3,), 2.0, 4),
        (0.01, (2,), 1.5, 12),
        (0.9, (1,), 1.0, 3),
        (0.2, (2, 1), 1.0, 3),
    ],
)
def test_the_sampled_discrete_gaussian_is_mironovs_sum_and_the_other_direction_is_smaller(
    rate, vector, sigma, order
):
    adding, removing = sampled_sums(rate, vector, sigma, order)
    event = SampledGaussian(rate=rate, sensitivity=math.hypot(*vector), sigma=sigma, steps=1)
    assert removing <= adding * (1 + mpmath.mpf(1e-20))
    assert adding * (1 - mpmath.mpf(1e-14)) <= rdp(event, order) <= adding * TIGHT


def test_a_shift_that_is_not_whole_would_break_mironovs_sum():
    """Formula 20's neighbour: why `sensitivity` is the norm of an INTEGER vector."""
    rate, sigma, order = 0.1, 0.35, 2
    adding, _ = sampled_sums(rate, (1,), sigma, order)
    points = range(-12, 13)
    s2 = 2 * mpmath.mpf(sigma) ** 2
    q = {x: mpmath.exp(-(mpmath.mpf(x) ** 2) / s2) for x in points}
    half = {x: mpmath.exp(-((mpmath.mpf(x) - 0.5) ** 2) / s2) for x in points}
    norm = mpmath.fsum(q.values()) / mpmath.fsum(half.values())
    p = {x: (1 - rate) * q[x] + rate * half[x] * norm for x in points}
    claimed = mpmath.log(1 + rate**2 * mpmath.expm1(mpmath.mpf(0.25) / sigma**2))
    assert abs(divergence(p, q, order) / claimed - 1) > 0.01
    assert adding > 0


@pytest.mark.parametrize("rate", [1e-9, 1e-4, 0.01, 0.2, 0.7])
@pytest.mark.parametrize("sigma", [0.5, 1.0, 4.0, 100.0])
def test_the_sampled_curve_keeps_its_digits(rate, sigma):
    for order in (2, 5, 64, 512):
        with mpmath.workdps(60):
            q, rho = mpmath.mpf(rate), 1 / (2 * mpmath.mpf(sigma) ** 2)
            total = mpmath.fsum(
                mpmath.binomial(order, k) * (1 - q) ** (order - k) * q**k * mpmath.exp(k * (k - 1) * rho)
                for k in range(order + 1)
            )
            truth = mpmath.log(total) / (order - 1)
        ours = rdp(SampledGaussian(rate=rate, sensitivity=1, sigma=sigma, steps=1), order)
        assert truth <= ours <= truth * TIGHT


def test_sampling_every_patient_is_no_sampling():
    sampled = SampledGaussian(rate=1, sensitivity=3.0, sigma=5.0, steps=4)
    plain = Composed((DiscreteGaussian(sensitivity=3.0, sigma=5.0),) * 4)
    for order in (2, 7, 100):
        assert rdp(sampled, order) == pytest.approx(rdp(plain, order), rel=1e-8)
    almost = SampledGaussian(rate=1 - 1e-12, sensitivity=3.0, sigma=5.0, steps=4)
    assert rdp(almost, 7) == pytest.approx(rdp(plain, 7), rel=1e-6)


# ε against the truth and against dp-accounting.


def their_curve(rate, sigma, orders):
    accountant = RdpAccountant(orders)
    accountant.compose(dp_accounting.PoissonSampledDpEvent(rate, dp_accounting.GaussianDpEvent(sigma)))
    return accountant._rdp


def test_sampled_epsilon_agrees_with_dp_accounting_on_two_hundred_settings():
    worst = 0.0
    grid = itertools.product(
        [0.001, 0.01, 0.05, 0.2], [0.7, 1.0, 2.0, 5.0], [1, 50, 1000], [1e-5, 1e-8, 1e-10]
    )
    orders = [*range(2, 200), *np.geomspace(200, 800, 80).astype(int)]
    curve = cache(lambda rate, sigma: their_curve(rate, sigma, orders))
    settings_seen = 0
    for rate, sigma, steps, delta in grid:
        theirs, _ = compute_epsilon(orders, steps * curve(rate, sigma), delta)
        ours = epsilon(SampledGaussian(rate=rate, sensitivity=1, sigma=sigma, steps=steps), delta)
        if theirs < 60:
            settings_seen += 1
            worst = max(worst, ours / theirs)
            assert ours >= theirs * (1 - 0.02)  # the same curve; ours has more of the high orders
    assert settings_seen > 120
    assert worst <= 1.01


def closed_form(mu, at):
    """Return the exact δ(ε) of Gaussian noise, by Balle and Wang 2018, at 40 digits."""
    mu, at = mpmath.mpf(mu), mpmath.mpf(at)
    below, above = (mpmath.erfc((at / mu + side * mu / 2) / mpmath.sqrt(2)) / 2 for side in (-1, 1))
    return below - mpmath.exp(at) * above


@pytest.mark.parametrize("times", [1, 7])
@pytest.mark.parametrize("delta", [1e-5, 1e-8, 1e-12])
@pytest.mark.parametrize("noise", [0.3, 1.0, 5.0, 50.0, 300.0])
def test_gaussian_noise_without_sampling_costs_what_the_closed_form_says(noise, delta, times):
    mu = mpmath.sqrt(times) / mpmath.mpf(noise)
    for grid, tight in ((40.0, 0.99), (2.0**20, 0.99999)):
        priced = epsilon(Composed((DiscreteGaussian(sensitivity=grid, sigma=noise * grid),) * times), delta)
        assert closed_form(mu, priced) <= delta  # never below the truth
        if noise * grid > 20:
            assert closed_form(mu, priced * tight) > delta  # and not far above it


@pytest.mark.parametrize("sigma", [50.0, 200.0])
@pytest.mark.parametrize(("rate", "steps"), [(1.0, 1), (0.05, 100)])
def test_epsilon_is_never_below_the_privacy_loss_distribution(sigma, rate, steps):
    """At a fine grid the discrete Gaussian is the continuous one, whose PLD is a lower bound for our RDP figure."""
    sensitivity = 40
    oracle = pld.from_gaussian_mechanism(
        sigma / sensitivity,
        sampling_prob=rate,
        value_discretization_interval=1e-3,
        pessimistic_estimate=False,
    ).self_compose(steps)
    for delta in (1e-5, 1e-8):
        ours = epsilon(SampledGaussian(rate=rate, sensitivity=sensitivity, sigma=sigma, steps=steps), delta)
        assert oracle.get_epsilon_for_delta(delta) <= ours


@pytest.mark.parametrize(("scale", "times"), [(1.0, 3), (2.0, 20), (10.0, 100), (50.0, 400)])
def test_many_laplaces_cost_no_less_than_their_privacy_loss_distribution(scale, times):
    oracle = pld.from_discrete_laplace_mechanism(
        1 / scale, value_discretization_interval=1e-3, pessimistic_estimate=False
    )
    event = Composed((DiscreteLaplace(sensitivity=1, scale=scale),) * times)
    for delta in (1e-4, 1e-8):
        truth = oracle.self_compose(times).get_epsilon_for_delta(delta)
        assert truth <= epsilon(event, delta) <= times / scale
    if times >= 100:
        assert epsilon(event, 1e-8) < 0.8 * times / scale


@given(sigma=st.floats(0.3, 8), delta=st.floats(1e-12, 1e-3), shift=st.integers(1, 3))
@settings(max_examples=60)
def test_one_discrete_gaussian_is_never_priced_below_its_exact_delta(sigma, delta, shift):
    priced = epsilon(DiscreteGaussian(sensitivity=shift, sigma=sigma), delta)
    reach = math.ceil(40 * sigma) + 60
    x = np.arange(-reach, reach + 1, dtype=float)
    weight = np.exp(-x * x / (2 * sigma * sigma))
    loss = (2 * x * shift + shift * shift) / (
        2 * sigma * sigma
    )  # of x against x + shift; the other direction mirrors it
    with np.errstate(over="ignore"):
        true_delta = (weight * np.maximum(0, -np.expm1(priced - loss))).sum() / weight.sum()
    assert true_delta <= delta


def test_the_smallest_of_three_statements_is_taken():
    few = Composed((DiscreteLaplace(sensitivity=1, scale=10.0),) * 2)
    assert epsilon(few, 1e-8) == 0.2  # pure is best for few
    many = Composed((DiscreteLaplace(sensitivity=1, scale=100.0),) * 3000)
    assert epsilon(many, 1e-6) < 5  # Rényi is best for many, pure says 30
    mixed = Composed((DiscreteLaplace(sensitivity=1, scale=2.0), DiscreteGaussian(sensitivity=1, sigma=30.0)))
    alone = epsilon(DiscreteGaussian(sensitivity=1, sigma=30.0), 1e-8)
    assert epsilon(mixed, 1e-8) <= (0.5 + alone) * (1 + 1e-8)


@given(delta=st.floats(0, 0.5), failing=st.floats(0, 0.5))
def test_a_failure_takes_its_part_of_delta(delta, failing):
    event = Composed((DiscreteLaplace(sensitivity=1, scale=4.0), Failure(delta=failing)))
    assert epsilon(event, delta) == (0.25 if exact(delta) >= exact(failing) else math.inf) or delta > failing
    assert additive_delta(event) == failing
    assert rdp(event, 3) == rdp(DiscreteLaplace(sensitivity=1, scale=4.0), 3)


def test_gaussian_noise_without_delta_is_no_guarantee():
    assert epsilon(DiscreteGaussian(sensitivity=1, sigma=1e6), 0) == math.inf
    assert pure_epsilon(DiscreteGaussian(sensitivity=1, sigma=1e6)) == math.inf


def test_ten_tenths_are_one():
    tenth = DiscreteLaplace(sensitivity=3, scale=calibrate_laplace(0.1, sensitivity=3))
    assert pure_epsilon(tenth) == 0.1
    assert pure_epsilon(Composed((tenth,) * 10)) == 1.0
    other = DiscreteLaplace(sensitivity=1, scale=10.0)  # another event of the same price
    assert pure_epsilon(Composed((tenth, other, other))) == 0.3


@given(asked=st.floats(1e-6, 50), sensitivity=st.integers(1, 10**6))
def test_a_calibrated_laplace_costs_at_most_what_was_asked_and_hardly_less(asked, sensitivity):
    scale = calibrate_laplace(asked, sensitivity=sensitivity)
    priced = pure_epsilon(DiscreteLaplace(sensitivity=sensitivity, scale=scale))
    assert priced <= asked
    assert priced >= asked * (1 - 1e-14) or scale == 0.01


@given(
    asked=st.floats(0.05, 20),
    delta=st.sampled_from([1e-5, 1e-8, 1e-10]),
    sensitivity=st.sampled_from([1.0, 3.0, 2.0**16]),
    rate=st.sampled_from([1.0, 0.1, 0.003]),
    steps=st.sampled_from([1, 30, 1000]),
)
@settings(max_examples=40, deadline=None)
def test_a_calibrated_gaussian_costs_at_most_what_was_asked_and_a_little_less_noise_costs_more(
    asked, delta, sensitivity, rate, steps
):
    sigma = calibrate_gaussian(asked, delta, sensitivity=sensitivity, rate=rate, steps=steps)

    def price(s):
        return epsilon(SampledGaussian(rate=rate, sensitivity=sensitivity, sigma=s, steps=steps), delta)

    assert price(sigma) <= asked
    assert sigma == 0.3 or price(max(0.3, sigma * (1 - 3e-4))) > asked


@given(first=st.floats(0.3, 100), second=st.floats(0.3, 100), delta=st.floats(1e-12, 1e-3))
def test_more_noise_never_costs_more(first, second, delta):
    less, more = sorted((first, second))
    assert epsilon(DiscreteGaussian(sensitivity=1, sigma=more), delta) <= epsilon(
        DiscreteGaussian(sensitivity=1, sigma=less), delta
    )
    assert epsilon(DiscreteLaplace(sensitivity=1, scale=more), delta) <= epsilon(
        DiscreteLaplace(sensitivity=1, scale=less), delta
    )


def test_the_order_of_events_does_not_change_the_price():
    parts = (
        DiscreteLaplace(sensitivity=1, scale=3.0),
        DiscreteGaussian(sensitivity=2, sigma=9.0),
        SampledGaussian(rate=0.01, sensitivity=1, sigma=2.0, steps=10),
    )
    prices = {round(epsilon(Composed(p), 1e-7), 12) for p in itertools.permutations(parts)}
    assert len(prices) == 1


def test_a_thousand_releases_of_different_noise_cost_less_than_their_sum_and_no_less_than_one():
    event = Composed(tuple(DiscreteLaplace(sensitivity=1, scale=20.0 + i) for i in range(1000)))
    assert epsilon(event.events[0], 1e-6) < epsilon(event, 1e-6) < pure_epsilon(event) / 3


# Refusals.


@pytest.mark.parametrize("delta", [-1e-9, 1.0, math.nan, math.inf])
def test_what_is_no_delta_is_refused(delta):
    with pytest.raises(InvalidInput):
        epsilon(DiscreteLaplace(sensitivity=1, scale=1.0), delta)


@pytest.mark.parametrize("asked", [0, -1.0, math.nan, math.inf])
def test_what_is_no_epsilon_is_refused(asked):
    with pytest.raises(InvalidInput):
        calibrate_laplace(asked, sensitivity=1)
    with pytest.raises(InvalidInput):
        calibrate_gaussian(asked, 1e-6)


def test_a_price_that_no_noise_meets_is_refused():
    with pytest.raises(InvalidInput) as refused:
        calibrate_gaussian(1.0, 0)
    assert refused.value.code == "dp.unreachable"
    with pytest.raises(InvalidInput):
        calibrate_gaussian(1e-9, 1e-9, sensitivity=2.0**40, steps=10**6)
    with pytest.raises(InvalidInput):
        calibrate_laplace(1e-9, sensitivity=2**40)


@pytest.mark.parametrize("order", [1, 0, -3, math.nan, math.inf])
def test_an_order_not_above_one_is_refused(order):
    with pytest.raises(InvalidInput):
        rdp(DiscreteLaplace(sensitivity=1, scale=1.0), order)


def test_a_broken_order_is_refused_where_patients_are_sampled():
    with pytest.raises(InvalidInput):
        rdp(SampledGaussian(rate=0.1, sensitivity=1, sigma=1.0, steps=1), 2.5)
