"""Randomised response: exact chances, one place moves the answers by e^ε at most, estimates are centred and covered."""

import math

import numpy as np
import pytest
from laws import epsilon_seen, has_law, likeness, opened

from confide.dp.events import ApproximateDP
from confide.dp.response import RandomisedResponse
from confide.errors import InvalidInput

N = 100_000


@pytest.mark.parametrize("true", [0, 1, 2])
@pytest.mark.parametrize(("epsilon", "categories"), [(1.0, 2), (0.3, 3), (2.5, 6)])
def test_answers_have_their_law(epsilon, categories, true):
    if true >= categories:
        pytest.skip("no such category")
    asked = RandomisedResponse(epsilon=epsilon, categories=categories)
    chances = [1 / (math.exp(epsilon) + categories - 1)] * categories
    chances[true] *= math.exp(epsilon)
    assert asked.truthful == pytest.approx(chances[true])
    drawn = asked.answer(np.full(N, true), opened(1))
    assert has_law(drawn, chances)
    wrong = RandomisedResponse(epsilon=epsilon * 1.2, categories=categories).answer(
        np.full(10 * N, true), opened(2)
    )
    assert likeness(wrong, chances) < 1e-9


def test_each_place_has_coins_of_its_own():
    asked = RandomisedResponse(epsilon=0.5, categories=2)
    drawn = asked.answer(np.zeros(2 * N, dtype=np.int64), opened(3))
    assert has_law(drawn[::2] * 2 + drawn[1::2], np.outer(*[[asked.truthful, asked.other]] * 2).ravel())


@pytest.mark.parametrize("categories", [2, 5])
def test_drawn_answers_of_any_two_contents_show_no_more_than_epsilon_and_nearly_all_of_it(categories):
    asked = RandomisedResponse(epsilon=1.0, categories=categories)
    here, there = (asked.answer(np.full(N, true), opened(4 + true)) for true in (0, 1))
    assert 0.85 < epsilon_seen(here, there) <= asked.event().epsilon


def test_who_is_absent_answers_as_category_zero():
    asked = RandomisedResponse(epsilon=700.0, categories=3)
    places = np.array([-1, 0, 1, 2, 3, 2**63 - 1, -(2**63)])
    assert asked.answer(places, opened(6)).tolist() == [0, 0, 1, 2, 0, 0, 0]


@pytest.mark.parametrize(
    ("epsilon", "counts"), [(1.0, [700, 300]), (0.5, [0, 2000, 500]), (2.0, [30, 10, 0, 0])]
)
def test_estimates_are_unbiased_and_their_intervals_cover(epsilon, counts):
    asked = RandomisedResponse(epsilon=epsilon, categories=len(counts))
    true, noise, runs = np.repeat(np.arange(len(counts)), counts), opened(7), 1500
    values, covered = [], 0
    for _ in range(runs):
        value, low, high = asked.estimate(asked.answer(true, noise))
        values.append(value)
        covered = covered + ((low <= counts) & (counts <= high))
    values = np.array(values)
    off = np.abs(values.mean(axis=0) - counts) / (values.std(axis=0) / math.sqrt(runs))
    assert off.max() < 6.5
    assert (covered / runs > 0.95 - 4 * math.sqrt(0.95 * 0.05 / runs)).all()
    assert values.sum(axis=1) == pytest.approx(sum(counts))


def test_an_event_is_pure_and_said_once():
    assert RandomisedResponse(epsilon=0.7, categories=4).event() == ApproximateDP(epsilon=0.7, delta=0.0)


def test_answers_that_say_nothing_are_no_estimate():
    asked = RandomisedResponse(epsilon=1e-9, categories=2)
    with pytest.raises(InvalidInput):
        asked.estimate(np.array([0, 1]))


@pytest.mark.parametrize(
    "bad",
    [{"epsilon": 0.0}, {"epsilon": math.inf}, {"categories": 1}, {"categories": 2.0}, {"categories": 2**13}],
)
def test_settings_that_cannot_be_are_refused(bad):
    with pytest.raises(InvalidInput):
        RandomisedResponse(**{"epsilon": 1.0, "categories": 2} | bad)


@pytest.mark.parametrize("places", [np.array([0.5]), [1], np.array([True])], ids=str)
def test_places_that_are_not_whole_are_refused(places):
    with pytest.raises(InvalidInput, match="whole numbers"):
        RandomisedResponse(epsilon=1.0, categories=2).answer(places, opened(1))


def test_a_closed_stream_gives_no_answer():
    noise = opened(1)
    noise.close()
    with pytest.raises(InvalidInput, match="closed"):
        RandomisedResponse(epsilon=1.0, categories=2).answer(np.array([1]), noise)
