"""One of many: each mechanism has the law that its paper writes down, and neighbours differ by its ε at most."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from laws import epsilon_seen, has_law, likeness, opened

from confide.dp.accountant import pure_epsilon, pure_epsilon_exact
from confide.dp.events import ApproximateDP, BoundedRange
from confide.dp.selection import ExponentialChoice, NoisyMax, PermuteAndFlip, TopChoice, losses
from confide.errors import InvalidInput

N = 100_000
KINDS = [ExponentialChoice, PermuteAndFlip, NoisyMax]
SCORES = {
    "ties at the top": [3, 1, 3, 0],
    "all zero": [0, 0, 0],
    "one candidate": [-5],
    "far apart": [0, 40, -40],
    "the last is best": [0, 1, 2, 3, 4],
}


def law(kind, scores, epsilon, sensitivity, monotone=False):
    """Return the chance of each candidate, by the definition in the paper."""
    a = epsilon / sensitivity / (1 if monotone else 2)
    best = max(scores)
    chances = [math.exp(a * (u - best)) for u in scores]
    if kind is ExponentialChoice:
        return [c / sum(chances) for c in chances]
    if kind is PermuteAndFlip:  # Algorithm 1, over all orders
        found = [0.0] * len(scores)
        orders = list(itertools.permutations(range(len(scores))))
        for order in orders:
            left = 1.0 / len(orders)
            for y in order:
                found[y] += left * chances[y]
                left *= 1 - chances[y]
        return found
    q = math.exp(-a)  # the first of the largest of u + geometric noise
    reach = range(min(scores), best + math.ceil(30 / a))

    def below(u, z, strict):  # P(u + Z < z) or P(u + Z <= z)
        k = z - u + (0 if strict else 1)
        return 1 - q**k if k > 0 else 0.0

    found = []
    for i, u in enumerate(scores):
        total = 0.0
        for z in reach:
            if z >= u:
                others = (below(v, z, j < i) for j, v in enumerate(scores) if j != i)
                total += (1 - q) * q ** (z - u) * math.prod(others)
        found.append(total)
    return [p / sum(found) for p in found]


@pytest.mark.parametrize("monotone", [False, True])
@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_choice_has_the_law_of_its_mechanism(kind, name, monotone):
    asked = kind(epsilon=0.9, sensitivity=2, monotone=monotone)
    drawn = asked.choose(np.tile(np.array(SCORES[name]), (N, 1)), opened(1))
    assert has_law(drawn, law(kind, SCORES[name], 0.9, 2, monotone))


@pytest.mark.parametrize("kind", KINDS)
def test_the_tests_tell_a_forgotten_two_and_a_forgotten_sensitivity(kind):
    scores = np.tile(np.array([0, 1, 2, 3]), (N, 1))
    wanted = law(kind, [0, 1, 2, 3], 0.9, 2)
    for wrong in (
        kind(epsilon=0.9, sensitivity=2, monotone=True),
        kind(epsilon=0.9, sensitivity=1),
        kind(epsilon=1.1, sensitivity=2),
    ):
        assert likeness(wrong.choose(scores, opened(2)), wanted) < 1e-9


@pytest.mark.parametrize("kind", KINDS)
@given(
    scores=st.lists(st.integers(-3, 3), min_size=2, max_size=4),
    moves=st.lists(st.integers(-2, 2), min_size=4, max_size=4),
    epsilon=st.floats(0.5, 3),
    monotone=st.booleans(),
)
@example(scores=[0, 0], moves=[1, -1, 0, 0], epsilon=3.0, monotone=False)
@settings(max_examples=30)
def test_exact_laws_of_neighbours_differ_by_at_most_epsilon(kind, scores, moves, epsilon, monotone):
    """Ties, zeros and moves of all kinds; a monotone choice is only asked for moves in one direction."""
    moves = [abs(m) if monotone else m for m in moves[: len(scores)]]
    largest = max(1, *map(abs, moves))
    one = law(kind, scores, epsilon, largest, monotone)
    other = law(kind, [u + m for u, m in zip(scores, moves, strict=True)], epsilon, largest, monotone)
    ratios = [math.log(p / q) for p, q in zip(one, other, strict=True)]
    assert max(map(abs, ratios)) <= epsilon * (1 + 1e-9) + 1e-9
    if kind is ExponentialChoice:
        assert max(ratios) - min(ratios) <= epsilon * (1 + 1e-9) + 1e-9  # which BoundedRange books


@pytest.mark.parametrize("kind", KINDS)
def test_drawn_neighbours_show_no_more_than_epsilon_and_more_where_the_scores_move_twice_as_far(kind):
    asked = kind(epsilon=1.0, sensitivity=1)
    one, there, beyond = ([0, 0, 0], [1, -1, -1], [2, -2, -2])
    drawn = [
        asked.choose(np.tile(np.array(s), (N, 1)), opened(i)) for i, s in enumerate((one, there, beyond))
    ]
    assert epsilon_seen(drawn[0], drawn[1]) <= asked.event().epsilon
    assert epsilon_seen(drawn[1], drawn[0]) <= asked.event().epsilon
    assert epsilon_seen(drawn[1], drawn[2]) <= asked.event().epsilon
    far = [
        kind(epsilon=4.0, sensitivity=1).choose(np.tile(np.array(s), (N, 1)), opened(9)) for s in (one, there)
    ]
    assert epsilon_seen(*far) > asked.event().epsilon  # what a test that cannot fail would not see


@pytest.mark.parametrize("kind", KINDS)
def test_groups_are_chosen_independently_each_from_its_own_scores(kind):
    asked = kind(epsilon=1.0, sensitivity=1)
    drawn = asked.choose(np.tile(np.array([[0, 2], [1, 0]]), (N, 1)), opened(4))
    one, other = law(kind, [0, 2], 1.0, 1), law(kind, [1, 0], 1.0, 1)
    assert has_law(drawn[::2] * 2 + drawn[1::2], np.outer(one, other).ravel())


@pytest.mark.parametrize("kind", KINDS)
def test_no_score_overflows(kind):
    least, most = -(2**63), 2**63 - 1
    scores = np.array([[least, most, 0], [most, least, least], [0, 0, most]])
    assert kind(epsilon=1.0, sensitivity=1).choose(scores, opened(5)).tolist() == [1, 0, 2]


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=6))
def test_losses_are_exact_for_every_int64(scores):
    found = losses(np.array([scores], dtype=np.int64))[0].tolist()
    assert found == [max(scores) - u for u in scores]


def test_the_best_alone_is_chosen_where_epsilon_is_large():
    scores = np.random.default_rng(0).permuted(np.tile(np.arange(50), (2000, 1)), axis=1)
    for kind in KINDS:
        assert (kind(epsilon=400.0, sensitivity=1).choose(scores, opened(6)) == scores.argmax(axis=1)).all()


def test_the_first_places_have_the_law_of_choices_one_after_the_other():
    asked = TopChoice(epsilon=1.2, sensitivity=1, places=2)
    scores = [2, 0, 1]
    drawn = asked.choose(np.tile(np.array(scores), (N, 1)), opened(7))
    wanted = np.zeros((3, 3))
    for first in range(3):
        rest = [j for j in range(3) if j != first]
        p = law(ExponentialChoice, scores, 0.6, 1)[first]
        for second, r in zip(rest, law(ExponentialChoice, [scores[j] for j in rest], 0.6, 1), strict=True):
            wanted[first, second] = p * r
    assert (drawn[:, 0] != drawn[:, 1]).all()
    assert has_law(drawn[:, 0] * 3 + drawn[:, 1], wanted.ravel())


@given(epsilon=st.floats(0.001, 100), places=st.integers(1, 60))
def test_the_shares_of_the_places_never_sum_to_more_than_epsilon(epsilon, places):
    event = TopChoice(epsilon=epsilon, sensitivity=3, places=places).event()
    assert pure_epsilon_exact(event) <= Fraction(repr(epsilon))
    assert pure_epsilon(event) >= epsilon * (1 - 1e-12)


def test_all_candidates_can_be_put_in_order_and_no_more():
    scores = np.array([[5, 1, 3]])
    asked = TopChoice(epsilon=900.0, sensitivity=1, places=3)
    assert asked.choose(scores, opened(8)).tolist() == [[0, 2, 1]]
    with pytest.raises(InvalidInput):
        asked.choose(scores[:, :2], opened(8))


def test_each_choice_says_what_it_costs():
    assert ExponentialChoice(epsilon=0.3, sensitivity=7).event() == BoundedRange(epsilon=0.3)
    for kind in (PermuteAndFlip, NoisyMax):
        assert kind(epsilon=0.3, sensitivity=7, monotone=True).event() == ApproximateDP(
            epsilon=0.3, delta=0.0
        )
    assert NoisyMax(epsilon=0.1, sensitivity=3).scale == 60.0
    assert NoisyMax(epsilon=0.1, sensitivity=3, monotone=True).scale == 30.0


@pytest.mark.parametrize("kind", [*KINDS, TopChoice])
@pytest.mark.parametrize(
    "bad",
    [
        {"epsilon": 0.0},
        {"epsilon": math.nan},
        {"sensitivity": 0},
        {"sensitivity": 1.5},
        {"sensitivity": True},
    ],
)
def test_settings_that_cannot_be_are_refused(kind, bad):
    good = {"epsilon": 1.0, "sensitivity": 1} | ({"places": 2} if kind is TopChoice else {})
    kind(**good)
    with pytest.raises(InvalidInput):
        kind(**(good | bad))


@pytest.mark.parametrize("kind", [*KINDS, TopChoice])
@pytest.mark.parametrize(
    "scores",
    [
        np.array([[0.5, 1.0]]),
        np.array([[1, 2]], dtype=np.uint64),
        np.array([1, 2]),
        np.zeros((3, 0), dtype=np.int64),
        np.array([[True, False]]),
        [[1, 2]],
    ],
    ids=["not whole", "unsigned", "one dimension", "no candidates", "truths", "a list"],
)
def test_what_is_no_table_of_whole_numbers_is_refused(kind, scores):
    asked = kind(**{"epsilon": 1.0, "sensitivity": 1} | ({"places": 1} if kind is TopChoice else {}))
    with pytest.raises(InvalidInput, match="wanted a table of whole numbers"):
        asked.choose(scores, opened(1))


@pytest.mark.parametrize("kind", KINDS)
def test_a_closed_stream_gives_no_choice(kind):
    noise = opened(1)
    noise.close()
    with pytest.raises(InvalidInput, match="closed"):
        kind(epsilon=1.0, sensitivity=1).choose(np.array([[1, 2]]), noise)
