"""Noise in parts: the price of the sum of honest parts, against three who look on."""

import math

import numpy as np
import pytest
from fed_rounds import federation

from confide.dp.accountant import epsilon as price
from confide.dp.events import SampledGaussian
from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import InvalidInput
from confide.federated.distributed_dp import (
    RoundPlan,
    add_noise,
    held,
    noise_for,
    prices,
    sum_event,
    sum_term,
)
from confide.federated.settings import Grid, SiteNoise


def law(sigma: float, reach: int) -> np.ndarray:
    at = np.arange(-reach, reach + 1)
    weights = np.exp(-(at**2) / (2 * sigma**2))
    return weights / weights.sum()


@pytest.mark.parametrize(("sigma", "parts"), [(0.5, 2), (0.5, 3), (0.7, 2), (0.7, 4), (1.0, 3)])
def test_a_sum_of_discrete_gaussians_is_within_half_the_term_of_one(sigma, parts):
    single = law(sigma, 60)
    total = single
    for _ in range(parts - 1):
        total = np.convolve(total, single)
    one = law(sigma * math.sqrt(parts), 60 * parts)
    likely = one > 1e-12
    apart = np.abs(np.log(total[likely]) - np.log(one[likely]))
    assert apart.max() <= sum_term(sigma, parts) / 2 + 1e-9
    assert sigma > 0.5 or apart.max() > 1e-4  # it is no discrete Gaussian


def test_the_booked_price_is_not_below_the_literature_s():
    """Theorem 1 states ½ε²-zCDP with ε² = Δ²/(nσ²) + τd/2; ours is the same where τ vanishes."""
    sensitivity, sigma, parts, length = 1000, 700.0, 3, 1 << 27
    event = sum_event(sensitivity=sensitivity, sigma=sigma, parts=parts)
    theirs = sensitivity**2 / (parts * sigma**2) + sum_term(sigma, parts) * length / 2
    assert (event.sensitivity / event.sigma) ** 2 >= theirs
    assert (event.sensitivity / event.sigma) ** 2 <= theirs * (1 + 1e-12)


@pytest.mark.parametrize("honest", [1, 3, 7])
def test_the_noise_of_the_honest_sites_alone_pays(honest):
    noise = noise_for(1.0, 1e-6, sensitivity=5000, honest=honest, rounds=10)
    event = sum_event(sensitivity=5000, sigma=noise.sigma, parts=honest)
    rounds = SampledGaussian(rate=1, sensitivity=event.sensitivity, sigma=event.sigma, steps=10)
    spent = price(rounds, 1e-6)
    assert 0.99 < spent <= 1.0 + 1e-9


def test_three_prices_fall_from_coalition_to_outsider():
    fed = federation(
        10, 7, 2, grid=Grid(clip=1.0, levels=1 << 10), noise=noise_for(1.0, 1e-6, sensitivity=1100, honest=3)
    )
    told = prices(fed, sensitivity=1100, rounds=1, delta=1e-6, groups=2)
    assert told.outsider < told.hub < told.coalition <= 1.0
    assert told.coalition > 0.99
    assert prices(fed, sensitivity=1100, rounds=5, delta=1e-6).coalition > told.coalition


def test_a_plan_books_the_coalition_s_price_and_weight_counts():
    noise = noise_for(1.0, 1e-6, sensitivity=2200, honest=3)
    fed = federation(5, 4, 1, weights=[1, 1, 1, 1, 2], noise=noise)
    plans = [
        RoundPlan(name="r1", federation=fed, number=1, sensitivity=1100, weight=w, delta=1e-6) for w in (1, 2)
    ]
    assert plans[0].epsilon < plans[1].epsilon <= 1.0
    assert plans[1].epsilon == pytest.approx(prices(fed, sensitivity=1100, rounds=1, delta=1e-6).coalition)
    assert plans[0].to_json()["federation"] == fed.digest()


def test_a_plan_adds_noise_of_the_stated_size_and_keeps_the_update_within_its_budget():
    noise = SiteNoise(sigma=50.0, honest=1)
    fed = federation(3, length=20_000, noise=noise)
    plan = RoundPlan(name="r1", federation=fed, number=1, sensitivity=100, weight=1, delta=1e-6)
    given = []
    steps = np.full(20_000, 10**6, dtype=np.int64)
    kept = plan.execute((steps, lambda noised: given.append(noised) or "00"), Noise(Stream()))
    assert kept == {"kind": "federated-round", "number": 1, "masked": "00"}
    apart = given[0] - (fed.grid.levels + 1)  # what was beyond the budget was held within it
    assert abs(apart.mean()) < 5 * 50 / math.sqrt(20_000)
    assert abs(apart.std() / 50 - 1) < 0.03


def test_holding_within_the_budget_never_moves_two_updates_apart():
    fed = federation(3, length=100)
    draw = np.random.default_rng(0)
    one, two = (draw.integers(-3000, 3000, 100) for _ in range(2))
    apart = np.linalg.norm(held(one, fed, 1).astype(float) - held(two, fed, 1))
    assert apart <= np.linalg.norm(one - two)


def test_noise_goes_around_with_the_modulus():
    top = np.full(1000, 2**31 - 1, dtype=np.int32)
    noised = add_noise(top, 50.0, Noise(Stream()))
    assert (noised < 0).any()
    assert (noised > 0).any()


@pytest.mark.parametrize("sigma", [0.3, 7.99, float("nan")])
def test_noise_below_the_floor_is_refused(sigma):
    with pytest.raises(InvalidInput):
        sum_event(sensitivity=1, sigma=sigma, parts=3)
    with pytest.raises(InvalidInput):
        SiteNoise(sigma=sigma, honest=1)


def test_a_federation_without_noise_has_no_price():
    fed = federation(5)
    with pytest.raises(InvalidInput):
        prices(fed, sensitivity=1, rounds=1, delta=1e-6)
    with pytest.raises(InvalidInput):
        RoundPlan(name="r", federation=fed, number=1, sensitivity=1, weight=1, delta=1e-6)
