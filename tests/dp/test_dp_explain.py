"""What an ε means is the best that any attacker can do: reached by one mechanism, exceeded by none."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.dp.events import DiscreteLaplace
from confide.dp.explain import FALSE_ALARMS, chance_of_any, how_many_more, meaning
from confide.dp.filter import Cost, Rule, Spent, cost_of
from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import InvalidInput

EPSILONS = st.floats(1e-3, 30)
DELTAS = st.one_of(st.just(0.0), st.floats(1e-12, 0.5))


def worst(epsilon: float, delta: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the outcomes, in and out, of the (ε, δ)-private mechanism that gives away the most.

    With chance δ it tells; else it answers by randomised response (Kairouz, Oh, Viswanath 2015).
    """
    truth = (1 - delta) / (1 + math.exp(-epsilon))
    inside = np.array([delta, truth, 1 - delta - truth, 0.0])
    return inside, inside[::-1]


@given(epsilon=EPSILONS, delta=DELTAS)
def test_the_guess_is_right_as_often_as_against_the_worst_mechanism_and_no_more(epsilon, delta):
    inside, outside = worst(epsilon, delta)
    assert meaning(epsilon, delta).guess == pytest.approx(np.maximum(inside, outside).sum() / 2, rel=1e-9)


@given(epsilon=EPSILONS, delta=DELTAS)
def test_as_many_are_named_as_the_best_test_against_the_worst_mechanism_names(epsilon, delta):
    inside, outside = worst(epsilon, delta)
    left, named = FALSE_ALARMS, 0.0
    for share, cost in sorted(
        zip(inside, outside, strict=True), key=lambda pair: pair[1] / (pair[0] or 1e-300)
    ):
        taken = 1.0 if cost <= left else left / cost  # Neyman and Pearson: the surest outcomes first
        named, left = named + taken * share, left - taken * cost
    assert meaning(epsilon, delta).caught == pytest.approx(named, rel=1e-6)


@given(epsilon=EPSILONS, delta=DELTAS)
def test_more_epsilon_or_delta_never_protects_better(epsilon, delta):
    one, more = meaning(epsilon, delta), meaning(epsilon * 1.1, min(delta * 1.1, 0.9))
    assert more.factor > one.factor
    assert more.guess >= one.guess >= 0.5
    assert more.caught >= one.caught >= FALSE_ALARMS


def test_an_attacker_on_real_noise_guesses_no_better_than_is_said():
    epsilon, draws = 1.0, 100_000
    noise = Noise(Stream(key=bytes(32)))
    inside = 1 + noise.discrete_laplace(1 / epsilon, size=draws)
    outside = noise.discrete_laplace(1 / epsilon, size=draws)
    best = max(((inside >= cut).mean() + (outside < cut).mean()) / 2 for cut in range(-3, 5))
    said = meaning(epsilon, 0.0).guess
    assert best == pytest.approx(said, abs=3 * 0.5 / math.sqrt(2 * draws) + 0.01)


@pytest.mark.parametrize(
    ("epsilon", "guess", "caught"),
    [(0.1, 0.52498, 0.011052), (1, 0.731059, 0.027183), (4, 0.982014, 0.545982), (8, 0.999665, 0.999668)],
)
def test_the_figures_of_the_page(epsilon, guess, caught):
    found = meaning(epsilon, 0.0)
    assert (found.guess, found.caught) == pytest.approx((guess, caught), rel=1e-4)


@pytest.mark.parametrize(
    ("epsilon", "grade"), [(1, "strong"), (1.01, "moderate"), (10, "moderate"), (11, "weak")]
)
def test_the_tiers_begin_where_the_source_has_them(epsilon, grade):
    assert meaning(epsilon, 0.0).grade == grade


def test_an_epsilon_beyond_every_double_is_still_explained():
    found = meaning(1e6, 1e-8)
    assert (found.factor, found.guess, found.caught) == (math.inf, 1.0, 1.0)


@pytest.mark.parametrize(
    ("epsilon", "delta"), [(0, 0), (-1, 0), (math.inf, 0), (math.nan, 0), (1, -1e-9), (1, 1), (1, math.nan)]
)
def test_what_is_no_budget_is_refused(epsilon, delta):
    with pytest.raises(InvalidInput):
        meaning(epsilon, delta)


def test_the_chance_for_all_patients_adds_up_and_is_a_chance():
    assert chance_of_any(1e-8, 20_000) == pytest.approx(2e-4)
    assert chance_of_any(0.5, 3) == 1.0


@given(epsilon=st.floats(0.05, 5), each=st.floats(0.02, 6), before=st.integers(0, 5))
def test_as_many_more_are_said_as_the_rule_admits_one_by_one(epsilon, each, before):
    rule = Rule.for_budget(epsilon, 1e-7)
    cost = cost_of(DiscreteLaplace(sensitivity=1, scale=1 / each), 0.0, rule)
    spent = Spent()
    for _ in range(before):
        spent = spent.plus(cost)
    said, count = how_many_more(rule, spent, cost), 0
    while count <= said and rule.admits(spent.plus(cost)):
        spent, count = spent.plus(cost), count + 1
    assert count == said


def test_what_costs_nothing_is_said_to_have_no_end():
    free = Cost(basic_epsilon=0, basic_delta=0, renyi=0, additive_delta=0, gaussian=0)
    assert how_many_more(Rule.for_budget(1.0, 1e-7), Spent(), free) == 1_000_000
