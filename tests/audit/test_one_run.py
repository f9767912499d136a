"""A claim that holds is refuted no more often than the level says; one that does not hold is."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from confide.audit.one_run import (
    Guessed,
    chance,
    epsilon_lower,
    event_curve,
    event_lower,
    gaussian_curve,
    gaussian_lower,
    guess,
    is_possible,
    pairs_curve,
)
from confide.dp.events import SampledGaussian
from confide.dp.gaussian import gaussian_delta, gaussian_epsilon
from confide.errors import InvalidInput

# (canaries, guesses, correct): ε at δ = 0 and 1e-5 by the first bound, at δ = 1e-5 by the second; 95 % and 99.9 %.
# From jax_privacy 2.0.0, `auditing._epsilon_one_run` and `_epsilon_one_run_fdp`.
ORACLE = {
    (1000, 100, 95): ((2.17243, 2.16518, 3.3233), (1.69311, 1.43888, 2.12556)),
    (1000, 200, 170): ((1.3994, 1.39746, 2.24069), (1.14218, 1.09047, 1.4426)),
    (1000, 1000, 677): ((0.62701, 0.62675, 1.18192), (0.53101, 0.52502, 0.70837)),
    (50, 50, 40): ((0.77409, 0.7738, 1.81809), (0.33324, 0.32775, 0.55469)),
    (400, 40, 40): ((2.55401, 2.54246, 4.07542), (1.66865, 1.48404, 2.20201)),
}
counts = st.integers(1, 120).flatmap(
    lambda m: st.integers(1, m).flatmap(
        lambda r: st.integers(0, r).map(lambda v: Guessed(canaries=m, guesses=r, correct=v))
    )
)


@pytest.mark.parametrize(("counted", "wanted"), ORACLE.items())
def test_the_bounds_are_those_of_a_second_implementation(counted, wanted):
    found = Guessed(*counted)
    for level, (pure, approximate, gaussian) in zip((0.95, 0.999), wanted, strict=True):
        assert epsilon_lower(found, delta=0.0, level=level) == pytest.approx(pure, abs=2e-5)
        assert epsilon_lower(found, delta=1e-5, level=level) == pytest.approx(approximate, abs=2e-5)
        assert gaussian_lower(found, delta=1e-5, level=level) == pytest.approx(gaussian, abs=2e-5)


@given(found=counts, epsilon=st.floats(0, 8))
def test_without_delta_the_chance_is_the_tail_of_a_binomial(found, epsilon):
    binom = pytest.importorskip("scipy.stats").binom
    wanted = binom.sf(found.correct - 1, found.guesses, 1 / (1 + math.exp(-epsilon)))
    assert chance(found, epsilon=epsilon, delta=0.0) == pytest.approx(wanted, rel=1e-9, abs=1e-12)


@given(found=counts, epsilon=st.floats(0, 6))
@example(found=Guessed(canaries=28, guesses=27, correct=27), epsilon=0.0)
def test_the_second_bound_never_refutes_what_randomised_response_does(found, epsilon):
    """Randomised response guesses by the binomial; whatever chance it has must be possible."""
    truly = chance(found, epsilon=epsilon, delta=0.0)
    assert is_possible(found, pairs_curve([(epsilon, 0.0)]), chance=truly * (1 - 1e-9))


@given(found=counts, shift=st.floats(0.05, 4), probability=st.floats(1e-4, 1))
def test_the_greedy_choice_is_least_among_all_distributions(found, shift, probability):
    """Any distribution of right answers that obeys every tail constraint passes with its own chance."""
    draw = np.random.default_rng(abs(hash((found, shift))) % 2**32)
    shares = draw.dirichlet(np.full(found.guesses + 1, 0.3))
    curve, right, wrong = gaussian_curve(shift), 0.0, 0.0
    obeys = True
    for v in range(found.guesses, 0, -1):
        right += v * shares[v] / found.canaries
        wrong += (found.guesses - v + 1) * shares[v - 1] / found.canaries
        obeys &= wrong >= curve(right)
    truly = float(shares[found.correct :].sum())
    if obeys and truly > 0:
        assert is_possible(found, curve, chance=truly * (1 - 1e-9))


@given(shift=st.floats(0.05, 4), right=st.floats(1e-6, 1 - 1e-6))
def test_pairs_of_epsilon_and_delta_are_never_stricter_than_the_gaussian_that_they_are_of(shift, right):
    square = shift * shift
    pairs = [(epsilon, gaussian_delta(square, epsilon)) for epsilon in np.linspace(0, 12, 40)]
    stated, exact = pairs_curve(pairs)(right), gaussian_curve(shift)(right)
    assert stated <= exact + 1e-9
    assert stated >= 0.8 * exact - 1e-3


def runs(shift, times, *, canaries, seed):
    """Yield what an attacker guesses who sees each canary through Gaussian noise of its own: the ideal attack."""
    draw = np.random.default_rng(seed)
    for _ in range(times):
        inserted = draw.random(canaries) < 0.5
        yield guess(shift * inserted + draw.normal(size=canaries), inserted)


def test_a_calibrated_mechanism_is_never_over_its_exact_epsilon():
    exact = gaussian_epsilon(0.925**2, 1e-5)
    for found in runs(0.925, 100, canaries=300, seed=0):
        assert gaussian_lower(found, delta=1e-5, level=0.999) <= exact
        assert epsilon_lower(found, delta=1e-5, level=0.999) <= exact


def test_a_thousand_canaries_certify_a_third_of_epsilon_four():
    bounds = [
        gaussian_lower(found, delta=1e-5, level=0.95) for found in runs(0.925, 20, canaries=1000, seed=1)
    ]
    assert np.mean(bounds) >= 0.35 * gaussian_epsilon(0.925**2, 1e-5)


def test_a_third_of_the_noise_is_noticed():
    claimed = gaussian_epsilon(0.925**2, 1e-5)
    for found in runs(3 * 0.925, 10, canaries=1000, seed=2):
        assert gaussian_lower(found, delta=1e-5, level=0.999) > claimed


def test_canaries_that_all_tell_the_same_coin_refute_nothing():
    """Randomised response about one coin for all: guesses are right together, and the bound must hold."""
    draw = np.random.default_rng(3)
    over = 0
    for _ in range(400):
        told = draw.random() < math.e / (1 + math.e)
        over += epsilon_lower(Guessed(100, 100, 50 + 3 * bool(told)), delta=0.0, level=0.95) > 1.0
    assert over == 0


def test_a_sampled_run_is_held_against_events_of_its_own_kind():
    grid = float(1 << 20)
    found = Guessed(canaries=1000, guesses=200, correct=170)

    def event_at(louder):
        return SampledGaussian(rate=1.0, sensitivity=grid, sigma=1.1 * louder * grid, steps=1)

    stated = event_lower(found, event_at, delta=1e-5, level=0.95)
    assert 0.9 * 2.24069 < stated <= 2.24069
    assert event_curve(event_at(1.0))(0.5) <= gaussian_curve(1 / 1.1)(0.5)


def test_guesses_are_the_highest_and_the_lowest_scores():
    inserted = np.array([True, False, True, False, True])
    assert guess(np.array([5.0, -5.0, 4.0, 0.0, -4.0]), inserted, guesses=4) == Guessed(5, 4, 3)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Guessed(10, 11, 5),
        lambda: Guessed(10, 5, 6),
        lambda: Guessed(10, 0, 0),
        lambda: guess(np.array([1.0, math.nan]), np.array([True, False])),
        lambda: guess(np.zeros(4), np.zeros(4, dtype=bool), guesses=6),
        lambda: guess(np.zeros(3), np.zeros(4, dtype=bool)),
        lambda: epsilon_lower(Guessed(10, 5, 5), delta=0.0, level=1.0),
        lambda: gaussian_lower(Guessed(10, 5, 5), delta=1e-5, level=0.2),
    ],
)
def test_counts_and_levels_that_cannot_be_are_refused(wrong):
    with pytest.raises(InvalidInput):
        wrong()
