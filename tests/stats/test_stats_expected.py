"""The error that is said before paying is the error that the noise makes, wherever the true figure lies."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.engines.polars import GRID
from confide.errors import InvalidInput
from confide.stats.bounds import Bounds
from confide.stats.expected import Wanted, epsilon_for, rows_for, standard_deviation
from confide.stats.intervals import spread
from confide.stats.measures import parse_measure
from confide.stats.parts import Noisy
from confide.stats.plan import StatsPlan
from confide.stats.slots import Rows, Signed, bound

MEASURES = ("count", "sum(stay, 0, 60)", "mean(stay, 0, 60)", "proportion(again, 1)")
DRAWS = 20_000


def plan(**changes) -> StatsPlan:
    return StatsPlan(**{"name": "t", "epsilon": 1.0, "measures": MEASURES, "max_rows": 2} | changes)


def errors(asked: StatsPlan, text: str, rows: int, place: float, seed: int = 0) -> np.ndarray:
    """Draw the actual noise around a group whose figure lies at `place`, from -1 to 1, of what is possible."""
    noise = Noise(Stream(key=bytes([seed]) * 32))
    measure = parse_measure(text)
    (part,) = measure.parts
    whole, most = rows * (GRID // asked.max_rows), bound(part.slots)
    match part.slots:
        case Rows():
            exact = [whole]
        case Signed():
            exact = [whole * most * place]
        case _:
            exact = [whole * most * (1 - place) / 2, whole * most * (1 + place) / 2]
    bounds = Bounds(total=asked.max_rows, ratio=asked.max_rows)
    drawn = noise.discrete_laplace(asked.scale(part), size=(DRAWS, len(exact)))
    noisy = Noisy(np.round(exact) + drawn, asked.scale(part))
    [true] = measure.finish([Noisy(np.round([exact]), 1e-2)], bounds).value
    return measure.finish([noisy], bounds).value - true


@pytest.mark.parametrize("text", ["count", "sum(stay, 0, 60)"])
def test_the_half_width_of_a_total_covers_95_percent_of_the_drawn_noise_and_its_sd_is_theirs(text):
    asked = plan()
    said = asked.expected(10_000)[text]
    found = errors(asked, text, 10_000, 0.5)
    assert (np.abs(found) <= said.half_width).mean() == pytest.approx(0.95, abs=0.006)
    assert found.std() == pytest.approx(said.sd, rel=0.03)


@given(
    st.lists(st.floats(-1, 1).filter(lambda w: abs(w) > 0.01), min_size=1, max_size=3),
    st.sampled_from([0.05, 0.025]),
)
@settings(max_examples=20, deadline=None)
def test_the_spread_of_weighted_laplace_numbers_is_their_quantile(weights, miss):
    drawn = np.abs(np.random.default_rng(1).laplace(size=(40_000, len(weights))) @ np.array(weights))
    assert (drawn > spread(tuple(weights), miss)).mean() == pytest.approx(miss, abs=0.005)


@pytest.mark.parametrize("text", ["mean(stay, 0, 60)", "proportion(again, 1)"])
@pytest.mark.parametrize("rows", [300, 1000, 30_000])
def test_the_half_width_of_a_ratio_covers_at_least_95_percent_wherever_the_figure_lies(text, rows):
    asked = plan()
    said = asked.expected(rows)[text]
    missed = []
    for number, place in enumerate((-1, -0.97, -0.8, 0, 0.5, 0.9, 1)):
        found = errors(asked, text, rows, place, seed=number)
        missed.append((np.abs(found[~np.isnan(found)]) > said.half_width).mean())
    assert max(missed) <= 0.05 + 0.005
    assert max(missed) >= 0.035, "the promise is no wider than the worst place needs"


def test_the_sd_of_a_ratio_is_that_of_the_noise_at_the_worst_place():
    asked = plan()
    said = asked.expected(30_000)["mean(stay, 0, 60)"]
    near = errors(asked, "mean(stay, 0, 60)", 30_000, -0.95)
    assert near.std() == pytest.approx(said.sd, rel=0.05)


@pytest.mark.parametrize("text", ["mean(stay, 0, 60)", "proportion(again, 1)"])
def test_no_figure_is_said_where_more_than_one_case_of_twenty_would_show_none(text):
    asked = plan()
    smallest = next(rows for rows in range(1, 10_000) if asked.expected(rows)[text].half_width is not None)
    assert asked.expected(smallest - 1)[text].sd is None
    assert asked.expected(smallest - 1)[text].share is None
    for place in (0, 0.6):
        none = np.isnan(errors(asked, text, smallest, place)).mean()
        assert none <= 0.05 + 0.005
    assert np.isnan(errors(asked, text, smallest, 0)).mean() >= 0.03, (
        "a figure is promised as soon as it can be"
    )


@given(rows=st.integers(1, 10**6), factor=st.integers(2, 50))
def test_larger_groups_are_never_less_exact(rows, factor):
    small, large = plan().expected(rows), plan().expected(rows * factor)
    for text in MEASURES:
        if small[text].share is not None:
            assert large[text].share <= small[text].share
            assert large[text].half_width <= small[text].half_width


@given(
    epsilon=st.floats(0.01, 10),
    factor=st.floats(1.01, 100),
    max_rows=st.integers(1, 8),
    text=st.sampled_from(MEASURES),
)
def test_more_epsilon_is_never_less_exact(epsilon, factor, max_rows, text):
    less = plan(epsilon=epsilon, max_rows=max_rows).expected(5000)[text]
    more = plan(epsilon=epsilon * factor, max_rows=max_rows).expected(5000)[text]
    if less.half_width is not None:
        assert more.half_width <= less.half_width
        assert more.sd <= less.sd


def test_what_100_percent_means_is_the_rows_the_largest_sum_the_bounds_and_one():
    said = plan(measures=(*MEASURES, "sum(change, -20, 10)", "mean(change, -20, 10)")).expected(100)
    assert [round(one.whole, 6) for one in said.values()] == [100, 6000, 60, 1, 2000, 30]


def test_where_no_figure_can_be_shown_the_whole_of_what_is_possible_is_said():
    found = plan(epsilon=0.01).expected_error(rows=10)
    assert found["mean(stay, 0, 60)"] == 30
    assert found["proportion(again, 1)"] == 0.5


@pytest.mark.parametrize("scale", [0.05, 0.3, 1.0, 7.0, 1e6])
def test_the_standard_deviation_is_that_of_the_discrete_distribution(scale):
    k = np.arange(-int(60 * scale) - 60, int(60 * scale) + 61) if scale < 100 else None
    if k is None:
        assert standard_deviation(scale) == pytest.approx(math.sqrt(2) * scale, rel=1e-9)
        return
    weights = np.exp(-np.abs(k) / scale)
    assert standard_deviation(scale) == pytest.approx(
        math.sqrt((k**2 * weights).sum() / weights.sum()), rel=1e-9
    )


@settings(max_examples=30)
@given(
    share=st.floats(0.001, 0.5),
    epsilon=st.floats(0.05, 5),
    text=st.sampled_from(MEASURES),
)
def test_the_group_size_that_is_said_is_the_smallest_that_is_exact_enough(share, epsilon, text):
    asked, wanted = plan(epsilon=epsilon), Wanted(share, True)
    rows = rows_for(asked, text, wanted)
    assert wanted.met_by(asked.expected(rows)[text])
    assert rows == 1 or not wanted.met_by(asked.expected(rows - 1)[text])


@settings(max_examples=30)
@given(share=st.floats(0.001, 0.5), rows=st.integers(20, 100_000), text=st.sampled_from(MEASURES))
def test_the_epsilon_that_is_said_is_the_smallest_of_three_digits_that_is_exact_enough(share, rows, text):
    wanted = Wanted(share, True)
    epsilon = epsilon_for(plan(), text, wanted, rows)
    assert float(f"{epsilon:.3g}") == epsilon
    assert wanted.met_by(plan(epsilon=epsilon).expected(rows)[text])
    assert not wanted.met_by(plan(epsilon=epsilon * 0.985).expected(rows)[text])


def test_an_error_in_the_unit_of_the_measure_is_held_against_the_half_width():
    asked = plan(measures=("mean(stay, 0, 60)",))
    rows = rows_for(asked, "mean(stay, 0, 60)", Wanted.parse("0.5"))
    assert asked.expected(rows)["mean(stay, 0, 60)"].half_width <= 0.5
    assert asked.expected(rows - 1)["mean(stay, 0, 60)"].half_width > 0.5


def test_what_cannot_be_reached_is_said_to_be_unreachable():
    assert rows_for(plan(), "count", Wanted(0.1, False)) is None  # a larger group has the same noise
    assert epsilon_for(plan(max_rows=1 << 16), "mean(stay, 0, 60)", Wanted(1e-9, True), 1) is None


def test_a_plan_too_noisy_to_be_drawn_is_passed_over_on_the_way():
    asked = plan(max_rows=1 << 16, measures=("mean(stay, 0, 60)",))
    epsilon = epsilon_for(asked, "mean(stay, 0, 60)", Wanted(0.5, True), 1_000_000_000)
    assert epsilon is not None
    assert epsilon < 0.1


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("5%", Wanted(0.05, True)),
        (" 5 ％", Wanted(0.05, True)),
        ("0.5", Wanted(0.5, False)),
        ("100%", Wanted(1, True)),
    ],
)
def test_a_wanted_error_is_a_share_or_a_number(text, wanted):
    assert Wanted.parse(text) == wanted


@pytest.mark.parametrize("text", ["", "%", "0", "-5%", "101%", "nan", "inf", "five", "5%%"])
def test_what_is_no_error_is_refused(text):
    with pytest.raises(InvalidInput, match="not an error"):
        Wanted.parse(text)
