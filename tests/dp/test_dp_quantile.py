"""A joint quantile: exact scores, a bound that one patient attains and never passes, the law of the whole choice."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import epsilon_seen, has_law, opened

from confide.dp.quantile import JointQuantile
from confide.errors import InvalidInput

N = 100_000
quantiles = st.sampled_from([0.0, 0.25, 0.5, 0.9, 0.999, 1.0])
tables = st.lists(st.lists(st.integers(0, 30), min_size=4, max_size=4), min_size=1, max_size=3)


def plain_scores(histogram, quantile):
    """Minus the distance of q · total from what a bin covers, times the denominator, in fractions."""
    q, found, below = Fraction(repr(quantile)), [], 0
    for cell in histogram:
        wanted = q * sum(histogram)
        found.append(-max(below - wanted, wanted - (below + cell), 0) * q.denominator)
        below += cell
    return found


@given(histograms=tables, quantile=quantiles)
def test_scores_are_the_distances_from_the_quantile(histograms, quantile):
    asked = JointQuantile(epsilon=1.0, weight=1, quantile=quantile)
    found = asked.scores(np.array(histograms))
    assert found.tolist() == [plain_scores(row, quantile) for row in histograms]


@given(histograms=tables, quantile=quantiles, data=st.data())
@settings(max_examples=200)
def test_one_patient_moves_all_scores_together_by_at_most_the_sensitivity(histograms, quantile, data):
    """The patient's weights lie anywhere, in any number of groups, beside cells that are full to the brim."""
    rows = len(histograms)
    full = data.draw(st.booleans())
    before = np.array(histograms) * (2**62 // 50 if full else 1)
    places = data.draw(
        st.lists(st.tuples(st.integers(0, rows - 1), st.integers(0, 3), st.integers(1, 9)), max_size=6)
    )
    after = before.copy()
    for group, column, weight in places:
        after[group, column] += weight
    weight = max(1, sum(w for _, _, w in places))
    asked = JointQuantile(epsilon=1.0, weight=weight, quantile=quantile)
    moved = np.abs(asked.scores(after) - asked.scores(before)).max(axis=1).sum()
    assert moved <= asked.sensitivity


@pytest.mark.parametrize("quantile", [0.0, 0.25, 0.5, 0.9, 1.0])
def test_the_sensitivity_is_attained_so_that_no_noise_is_wasted(quantile):
    asked = JointQuantile(epsilon=1.0, weight=3, quantile=quantile)
    moves = []
    for at in range(4):
        before = np.array([[10, 10, 10, 10]])
        after = before.copy()
        after[0, at] += 3
        moves.append(np.abs(asked.scores(after) - asked.scores(before)).max())
    assert max(moves) == asked.sensitivity


def test_formula_18_a_factor_of_two_separates_the_median_from_the_extremes():
    """Δ = W · max(q, 1 - q): W / 2 for the median, W for the least and the largest."""
    sensitivity = {q: JointQuantile(epsilon=1.0, weight=8, quantile=q).sensitivity for q in (0.5, 0.9, 1.0)}
    assert sensitivity == {0.5: 8, 0.9: 72, 1.0: 8}  # in units of 1/2, 1/10 and 1


def weighed(histogram, quantile, epsilon, weight):
    asked = JointQuantile(epsilon=epsilon, weight=weight, quantile=quantile)
    chances = [
        math.exp(epsilon * float(u) / (2 * asked.sensitivity)) for u in plain_scores(histogram, quantile)
    ]
    return [c / sum(chances) for c in chances]


@pytest.mark.parametrize("quantile", [0.25, 0.5])
def test_the_bins_of_all_groups_together_have_the_law_of_one_joint_choice(quantile):
    histograms = [[2, 1, 4], [0, 0, 0]]
    asked = JointQuantile(epsilon=2.0, weight=2, quantile=quantile)
    drawn = asked.choose(np.tile(np.array(histograms), (N, 1)), opened(1))
    one, other = (weighed(h, quantile, 2.0, 2) for h in histograms)
    assert other == pytest.approx([1 / 3] * 3)  # an empty group says nothing
    assert has_law(drawn[::2] * 3 + drawn[1::2], np.outer(one, other).ravel())


@given(
    histograms=st.lists(st.lists(st.integers(0, 5), min_size=3, max_size=3), min_size=2, max_size=2),
    place=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    split=st.integers(0, 4),
    quantile=quantiles,
    epsilon=st.floats(0.1, 3),
)
@settings(max_examples=100)
def test_the_losses_of_a_joint_choice_lie_in_an_interval_of_epsilon(
    histograms, place, split, quantile, epsilon
):
    """What the event books, over both groups at once, the patient's weight split between them."""
    moved = [list(h) for h in histograms]
    moved[0][place[0]] += split
    moved[1][place[1]] += 4 - split
    laws = [[weighed(h, quantile, epsilon, 4) for h in both] for both in (histograms, moved)]
    losses = [
        math.log(laws[0][0][a] * laws[0][1][b] / (laws[1][0][a] * laws[1][1][b]))
        for a, b in itertools.product(range(3), repeat=2)
    ]
    assert max(losses) - min(losses) <= epsilon * (1 + 1e-9) + 1e-12


def test_drawn_neighbours_show_no_more_than_epsilon_and_more_where_the_weight_is_understated():
    before, after = (np.tile(np.array([[3, 0, 3]]), (N, 1)), np.tile(np.array([[3, 0, 7]]), (N, 1)))
    right, wrong = (JointQuantile(epsilon=1.0, weight=w, quantile=0.5) for w in (4, 1))
    seen = epsilon_seen(right.choose(before, opened(2)), right.choose(after, opened(3)))
    assert seen <= right.event().epsilon
    seen = epsilon_seen(wrong.choose(before, opened(4)), wrong.choose(after, opened(5)))
    assert seen > wrong.event().epsilon


def test_with_much_weight_the_right_bin_is_found_and_the_middle_stands_for_it():
    histogram = np.array([[100, 900, 4000, 4000, 1000]]) << 20
    for quantile, column in ((0.05, 1), (0.3, 2), (0.5, 2), (0.51, 3), (0.95, 4)):
        asked = JointQuantile(epsilon=1.0, weight=4 << 20, quantile=quantile)
        assert asked.choose(histogram, opened(6)).tolist() == [column]
    assert JointQuantile.midpoints((0.0, 1.0, 10.0)).tolist() == [0.5, 5.5]


def test_no_cell_overflows():
    cells = np.array([[2**63 - 1] * 4, [-(2**63)] * 4, [0, 0, 2**63 - 1, 0]])
    found = JointQuantile(epsilon=1.0, weight=1, quantile=0.999).scores(cells)
    assert (found <= 0).all()
    assert (found > -(2**63)).all()
    assert found[1].tolist() == [0] * 4  # below zero is held at zero
    assert found[2, 2] == 0


@pytest.mark.parametrize(
    "bad",
    [
        {"weight": 0},
        {"weight": 2**44},
        {"weight": 1.0},
        {"quantile": 1.1},
        {"quantile": -0.1},
        {"quantile": math.nan},
        {"quantile": 0.12345},
        {"epsilon": 0.0},
    ],
)
def test_a_quantile_that_cannot_be_is_refused(bad):
    good = {"epsilon": 1.0, "weight": 4, "quantile": 0.5}
    JointQuantile(**good)
    with pytest.raises(InvalidInput):
        JointQuantile(**(good | bad))


def test_what_is_no_table_of_whole_numbers_is_refused():
    with pytest.raises(InvalidInput, match="histograms"):
        JointQuantile(epsilon=1.0, weight=4, quantile=0.5).choose(np.ones((2, 3)), opened(1))


def test_many_groups_are_chosen_a_few_at_a_time_each_from_its_own_histogram():
    """More cells than are worked on at once, the right bin different in each group."""
    groups = np.arange(20_000)
    histograms = np.zeros((len(groups), 5), dtype=np.int64)
    histograms[groups, groups % 5] = 1000
    found = JointQuantile(epsilon=1.0, weight=1, quantile=0.5).choose(histograms, opened(7))
    assert (found == groups % 5).all()
