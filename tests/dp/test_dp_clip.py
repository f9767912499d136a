"""One patient moves a sum by at most the bound, for every input: NaN, infinity, 1e308 and 1e-320 included."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from confide.dp.clip import LARGEST_GRID, _checked, clipped_sum, sum_by_patient, to_grid
from confide.errors import InvalidInput
from confide.words import speaking

wild = st.one_of(
    st.floats(-10, 10),
    st.floats(),
    st.sampled_from([math.nan, math.inf, -math.inf, 1e308, -1e308, 1.7e308, 1e200, 1e-200, 5e-324, 0.0]),
)
any_rows = st.tuples(st.integers(0, 6), st.integers(0, 5)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=wild)
)
bounds = st.one_of(st.floats(1e-6, 1e6), st.sampled_from([1e-300, 1e300, 5e-324, 1e-160]))
grids = st.one_of(
    st.integers(1, 50), st.integers(1, LARGEST_GRID), st.sampled_from([2**16, 2**20, LARGEST_GRID])
)


def norm(vector) -> Fraction:
    """Return the exact squared L2 norm."""
    return sum((Fraction(float(x)) ** 2 for x in vector), Fraction(0))


@given(rows=any_rows, bound=bounds)
def test_one_patient_moves_the_sum_by_at_most_the_bound(rows, bound):
    for i in range(len(rows)):
        alone = clipped_sum(rows[i : i + 1], bound)
        assert (
            norm(alone)
            <= Fraction(bound) ** 2 * (1 + Fraction(1, 10**9)) + Fraction(5e-324) ** 2 * rows.shape[1]
        )
    if 1e-6 <= bound <= 1e6:
        for i in range(len(rows)):
            moved = clipped_sum(rows, bound) - clipped_sum(np.delete(rows, i, axis=0), bound)
            assert np.linalg.norm(moved) <= bound * (1 + 1e-9)


@given(rows=any_rows, bound=bounds, grid=grids)
def test_on_the_grid_every_row_has_a_norm_of_at_most_grid_in_exact_arithmetic(rows, bound, grid):
    whole = to_grid(rows, bound, grid)
    assert whole.dtype == np.int64
    assert whole.shape == rows.shape
    for row in whole.tolist():
        assert sum(x * x for x in row) <= grid * grid


@given(rows=any_rows, bound=bounds, grid=grids)
def test_adding_a_patient_moves_the_integer_sum_by_exactly_its_own_row(rows, bound, grid):
    for i in range(len(rows)):
        alone = to_grid(rows[i : i + 1], bound, grid)[0]
        moved = to_grid(rows, bound, grid).sum(axis=0) - to_grid(np.delete(rows, i, axis=0), bound, grid).sum(
            axis=0
        )
        assert moved.tolist() == alone.tolist()


@given(rows=arrays(np.float64, (5, 40), elements=st.floats(-10, 10)))
def test_the_norm_of_a_row_does_not_depend_on_how_the_table_lies_in_memory(rows):
    norms = _checked(rows, 1.0)[1]
    assert (_checked(np.asfortranarray(rows), 1.0)[1] == norms).all()
    for i in range(5):
        assert (_checked(np.asfortranarray(rows)[i : i + 1], 1.0)[1] == norms[i]).all()


def test_a_row_that_rounding_puts_just_outside_the_ball_is_shrunk():
    whole = to_grid(np.array([[2.0**31, 1.0]]), 2.0**31, 2**31)  # its norm, computed in doubles, is 2^31
    assert whole[0, 0] ** 2 + whole[0, 1] ** 2 <= 2**62
    assert whole[0, 0] > 2**31 - 10


def test_a_row_whose_norm_doubles_cannot_hold_counts_as_zero():
    assert to_grid(np.array([[5e-324, 5e-324]]), 5e-324, 1000).tolist() == [
        [0, 0]
    ]  # its norm is 1.4 of the least double


@given(rows=arrays(np.float64, (4, 3), elements=st.floats(-10, 10)), bound=st.floats(0.1, 20))
def test_the_grid_is_true_to_the_clipped_row_but_for_one_unit(rows, bound):
    grid = 2**20
    wanted = (
        rows * np.minimum(1, bound / np.maximum(np.linalg.norm(rows, axis=1), 1e-300))[:, None] / bound * grid
    )
    assert np.abs(to_grid(rows, bound, grid) - wanted).max() <= 1 + 2e-9 * grid


@given(rows=any_rows, data=st.data())
def test_what_a_patient_brings_stays_with_the_patient(rows, data):
    codes = data.draw(arrays(np.int64, len(rows), elements=st.integers(0, 3)))
    total = sum_by_patient(rows, codes, 4)
    for patient in range(4):
        own = sum_by_patient(rows[codes == patient], codes[codes == patient], 4)[patient]
        np.testing.assert_array_equal(total[patient], own)
        mine = rows[codes == patient]
        if np.isfinite(mine).all() and np.abs(mine).max(initial=0) < 1e300:
            np.testing.assert_allclose(own, mine.sum(axis=0), atol=1e-9 * np.abs(mine).max(initial=0))


def test_k_rows_of_one_patient_count_as_one_patient():
    """Formula 4: clipping rows instead of patients lets k rows move the sum k times the bound."""
    rows, codes = np.full((50, 1), 3.0), np.zeros(50, dtype=np.int64)
    assert clipped_sum(sum_by_patient(rows, codes, 1), 3.0).tolist() == [3.0]
    assert clipped_sum(rows, 3.0).tolist() == [150.0]  # the wrong unit


def test_a_row_that_is_not_finite_counts_as_zero():
    rows = np.array([[math.nan, 1.0], [math.inf, 0.0], [1.0, 0.0], [1.7e308, 1.7e308]])
    assert clipped_sum(rows, 2.0).tolist() == [1.0, 0.0]
    assert to_grid(rows, 2.0, 100).tolist() == [[0, 0], [0, 0], [50, 0], [0, 0]]


def test_a_huge_row_keeps_its_direction():
    assert clipped_sum(np.array([[3e300, 4e300]]), 1.0) == pytest.approx([0.6, 0.8])
    assert to_grid(np.array([[3e300, 4e300]]), 1.0, 100).tolist() == [[60, 80]]


def test_tiny_rows_are_clipped_to_a_tiny_bound():
    """The squares of such cells vanish; a norm computed as zero would let the row through."""
    assert np.linalg.norm(clipped_sum(np.array([[1e-200, 0.0]]), 1e-300)) <= 1e-300 * (1 + 1e-9)


def test_no_rows_and_no_features_are_sums_of_nothing():
    assert clipped_sum(np.zeros((0, 3)), 1.0).tolist() == [0.0, 0.0, 0.0]
    assert to_grid(np.zeros((0, 3)), 1.0, 5).shape == (0, 3)
    assert sum_by_patient(np.zeros((0, 2)), np.zeros(0, dtype=np.int64), 2).tolist() == [[0.0, 0.0]] * 2
    assert to_grid(np.zeros((2, 0)), 1.0, 5).shape == (2, 0)


def test_single_precision_rows_are_clipped_in_double_precision():
    rows = np.array([[3e38, 3e38]], dtype=np.float32)
    assert np.linalg.norm(clipped_sum(rows, 1.0)) == pytest.approx(1.0)


@pytest.mark.parametrize("bound", [0.0, -1.0, math.nan, math.inf])
def test_a_bound_that_bounds_nothing_is_refused(bound):
    for clip in (lambda: clipped_sum(np.ones((1, 1)), bound), lambda: to_grid(np.ones((1, 1)), bound, 10)):
        with pytest.raises(InvalidInput):
            clip()


@pytest.mark.parametrize("grid", [0, -1, 2**31 + 1, 1.0, True, math.nan])
def test_what_is_no_grid_is_refused(grid):
    with pytest.raises(InvalidInput):
        to_grid(np.ones((1, 1)), 1.0, grid)


@pytest.mark.parametrize("rows", [np.ones(3), np.ones((1, 1, 1))])
def test_rows_that_are_no_table_are_refused_without_showing_a_cell(rows):
    for clip in (
        lambda: clipped_sum(rows, 1.0),
        lambda: to_grid(rows, 1.0, 3),
        lambda: sum_by_patient(rows, np.zeros(1, int), 1),
    ):
        with pytest.raises(InvalidInput) as refused:
            clip()
        for language in ("en", "zh"):
            with speaking(language):
                assert "1." not in str(refused.value)


@pytest.mark.parametrize(
    "codes", [np.array([0, 2]), np.array([-1, 0]), np.array([0]), np.array([0.0, 1.0]), np.array([[0], [1]])]
)
def test_codes_that_do_not_number_the_patients_are_refused(codes):
    with pytest.raises(InvalidInput):
        sum_by_patient(np.ones((2, 1)), codes, 2)
