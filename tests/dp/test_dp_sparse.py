"""Sparse vector: its law against sums over the noise, its ε on neighbours, its end, and what it never shows."""

import copy
import itertools
import math
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import epsilon_seen, has_law, opened

from confide.dp.events import ApproximateDP
from confide.dp.sparse import SparseVector
from confide.errors import InvalidInput

N = 2_500


def plan(**changes) -> SparseVector:
    return SparseVector(**{"epsilon": 1.0, "sensitivity": 1, "threshold": 10} | changes)


def laplace(scale, reach):
    x = np.arange(-reach, reach + 1)
    q = math.exp(-1 / scale)
    return x, (1 - q) / (1 + q) * q ** np.abs(x)


def law(asked: SparseVector, figures) -> dict[tuple[bool, ...], float]:
    """Return the chance of every run of answers, summed over the noise of the threshold."""
    reach = math.ceil(40 * max(asked.threshold_scale, asked.figure_scale))
    z, chance = laplace(asked.threshold_scale, reach)
    q = math.exp(-1 / asked.figure_scale)

    def yes(figure):
        m = asked.threshold + z - figure  # P(noise >= m), for each noise of the threshold
        low, high = np.minimum(m, 0), np.maximum(m, 0)
        return np.where(m > 0, q**high / (1 + q), 1 - q ** (1 - low) / (1 + q))

    found = {}
    for answers in itertools.product((False, True), repeat=len(figures)):
        given = list(answers)
        if sum(given) >= asked.answers:
            end = [i for i, a in enumerate(given) if a][asked.answers - 1]
            if any(given[end + 1 :]):
                continue
            given = given[: end + 1]
        ways = chance.copy()
        for answer, figure in zip(given, figures, strict=False):
            ways *= yes(figure) if answer else 1 - yes(figure)
        found[tuple(given)] = float(ways.sum())
    return found


def drawn(asked: SparseVector, figures, seed: int) -> list[tuple[bool, ...]]:
    noise, figures = opened(seed), np.array(figures)
    return [tuple(asked.open(noise).ask(figures).tolist()) for _ in range(N)]


@pytest.mark.parametrize(
    "changes", [{}, {"answers": 2}, {"answers": 2, "monotone": True, "sensitivity": 2}], ids=str
)
def test_answers_have_the_law_of_one_noisy_threshold_and_fresh_noise_for_each_figure(changes):
    asked, figures = plan(**changes), [9, 12, 10]
    wanted = law(asked, figures)
    assert sum(wanted.values()) == pytest.approx(1)
    places = {answers: i for i, answers in enumerate(wanted)}
    assert has_law(np.array([places[a] for a in drawn(asked, figures, 1)]), list(wanted.values()))


@settings(max_examples=40)
@given(
    figures=st.lists(st.integers(-3, 3), min_size=3, max_size=3),
    moves=st.lists(st.integers(-2, 2), min_size=3, max_size=3),
    answers=st.integers(1, 3),
    epsilon=st.floats(0.5, 3),
    monotone=st.booleans(),
    upwards=st.booleans(),
)
def test_exact_laws_of_neighbours_differ_by_at_most_epsilon(
    figures, moves, answers, epsilon, monotone, upwards
):
    moves = [abs(m) * (1 if upwards else -1) for m in moves] if monotone else moves
    asked = plan(epsilon=epsilon, sensitivity=2, threshold=0, answers=answers, monotone=monotone)
    one, other = law(asked, figures), law(asked, [f + m for f, m in zip(figures, moves, strict=True)])
    assert max(abs(math.log(one[a] / other[a])) for a in one) <= epsilon * (1 + 1e-9) + 1e-7


def test_drawn_neighbours_show_no_more_than_epsilon():
    asked = plan(epsilon=1.0, answers=2)
    here, there = [9, 9, 11, 11], [10, 10, 10, 10]
    runs = [drawn(asked, here, 2), drawn(asked, there, 3)]
    places = {a: i for i, a in enumerate(sorted({*runs[0], *runs[1]}))}
    codes = [np.array([places[a] for a in run]) for run in runs]
    assert epsilon_seen(*codes) <= asked.event().epsilon
    wide = plan(epsilon=8.0, answers=2)  # which the test would see
    runs = [drawn(wide, here, 4), drawn(wide, there, 5)]
    places = {a: i for i, a in enumerate(sorted({*runs[0], *runs[1]}))}
    assert epsilon_seen(*[np.array([places[a] for a in run]) for run in runs]) > 1.0


@given(
    epsilon=st.floats(1e-3, 50),
    sensitivity=st.integers(1, 1000),
    answers=st.integers(1, 100),
    monotone=st.booleans(),
)
def test_the_shares_of_threshold_and_figures_sum_to_at_most_epsilon(epsilon, sensitivity, answers, monotone):
    asked = plan(epsilon=epsilon, sensitivity=sensitivity, answers=answers, monotone=monotone)
    first = sensitivity / Fraction(asked.threshold_scale)
    second = answers * (1 if monotone else 2) * sensitivity / Fraction(asked.figure_scale)
    assert first + second <= Fraction(repr(epsilon))
    assert asked.event() == ApproximateDP(epsilon=epsilon, delta=0.0)


def test_after_the_last_yes_nothing_more_is_answered():
    answers = plan(epsilon=500.0, answers=2).open(opened(6))
    assert answers.ask(np.array([0, 50, 0])).tolist() == [False, True, False]
    assert answers.ask(np.array([0, 50, 50, 50])).tolist() == [False, True]
    with pytest.raises(InvalidInput, match="all 2 answers"):
        answers.ask(np.array([50]))


def test_one_threshold_serves_all_answers_and_each_figure_has_noise_of_its_own():
    asked = plan(epsilon=0.2, answers=3)
    answers = [asked.open(opened(seed)).ask(np.full(40, 10)).tolist() for seed in range(30)]
    assert len({tuple(a) for a in answers}) > 20
    assert any(len(set(a)) == 2 for a in answers)


def test_no_figure_overflows():
    answers = plan(epsilon=1.0, answers=9, threshold=2**61 - 1).open(opened(7))
    assert answers.ask(np.array([-(2**63), -5, 0])).tolist() == [False] * 3
    answers = plan(epsilon=1.0, answers=9, threshold=-(2**61)).open(opened(8))
    assert answers.ask(np.array([2**63 - 1, 0])).tolist() == [True] * 2


def test_open_answers_show_nothing_and_cannot_be_copied():
    answers = plan(threshold=123456).open(opened(9))
    assert repr(answers) == "<SparseAnswers>"
    for twice in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            twice(answers)


@pytest.mark.parametrize(
    "figures", [np.array([0.5]), [3], np.array([True]), np.array([3], dtype=np.uint8)], ids=str
)
def test_figures_that_are_not_whole_are_refused(figures):
    with pytest.raises(InvalidInput, match="whole numbers"):
        plan().open(opened(1)).ask(figures)


@pytest.mark.parametrize(
    "bad",
    [
        {"epsilon": 0.0},
        {"epsilon": math.nan},
        {"sensitivity": 0},
        {"threshold": 0.5},
        {"threshold": 2**61 + 1},
        {"answers": 0},
        {"answers": True},
        {"epsilon": 1e-9, "sensitivity": 2**50},
    ],
    ids=str,
)
def test_settings_that_cannot_be_are_refused(bad):
    with pytest.raises(InvalidInput):
        plan(**bad)


def test_a_closed_stream_answers_nothing():
    noise = opened(1)
    answers = plan().open(noise)
    noise.close()
    with pytest.raises(InvalidInput, match="closed"):
        answers.ask(np.array([3]))
