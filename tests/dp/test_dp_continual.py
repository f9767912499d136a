"""Running totals: unbiased, the error that was said, one patient's move inside the one event, nothing that is shown."""

import copy
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import epsilon_seen, opened

from confide.dp.accountant import epsilon
from confide.dp.continual import ContinualCount, _column, _way_back
from confide.dp.events import DiscreteGaussian
from confide.errors import InvalidInput


def plan(**changes) -> ContinualCount:
    return ContinualCount(**{"steps": 12, "cells": 3, "sensitivity": 4, "sigma": 9000.0} | changes)


def matrix(steps: int) -> np.ndarray:
    column = _column(steps)
    return np.array(
        [[column[t - s] if s <= t else 0 for s in range(steps)] for t in range(steps)], dtype=np.int64
    )


@pytest.mark.parametrize("steps", [1, 2, 12, 60, 700])
def test_the_matrix_is_the_square_root_of_running_totals_and_the_way_back_leads_to_them(steps):
    root = matrix(min(steps, 60)) / 1024
    assert np.abs(root @ root - np.tri(min(steps, 60))).max() < 0.01
    totals = np.convolve(_way_back(steps), _column(steps))[:steps]
    assert totals == pytest.approx(np.ones(steps), abs=1e-12)


@given(
    places=st.lists(
        st.tuples(st.integers(0, 11), st.integers(0, 2), st.integers(-4, 4)), min_size=1, max_size=8
    ),
)
def test_a_patient_moves_what_is_released_by_at_most_the_declared_norm(places):
    """Spread over any steps and cells, in exact integers."""
    moved = np.zeros((12, 3), dtype=np.int64)
    for step, cell, weight in places:
        moved[step, cell] += weight
    total = max(1, int(np.abs(moved).sum()))
    square = int(((matrix(12) @ moved) ** 2).sum())
    assert square <= plan(sensitivity=total).event().sensitivity ** 2


def test_the_norm_is_attained_so_that_no_noise_is_wasted_and_rounded_up():
    square = 16 * sum(c * c for c in _column(12))
    event = plan().event()
    assert square <= event.sensitivity**2 <= square * (1 + 1e-12)
    assert event == DiscreteGaussian(sensitivity=event.sensitivity, sigma=9000.0)


def test_totals_are_unbiased_with_the_error_that_was_said():
    asked, runs, noise = plan(cells=2000), 3, opened(1)
    figures = np.random.default_rng(0).integers(0, 50, (12, 2000))
    off = []
    for _ in range(runs):
        totals = asked.open(noise)
        off.append(np.array([totals.add(row) for row in figures]) - np.cumsum(figures, axis=0))
    off = np.array(off)  # runs, steps, cells
    said = asked.errors()
    assert off.std(axis=(0, 2)) == pytest.approx(said, rel=0.06)
    assert np.abs(off.mean(axis=(0, 2)) / said * math.sqrt(runs * 2000)).max() < 6.5
    assert (np.diff(said) > 0).all()


def test_rows_of_noise_are_drawn_afresh_for_each_step_and_cell():
    """What is released at each step, recovered from the totals, is independent noise of σ."""
    asked = plan(steps=4, cells=5000, sigma=3000.0)
    totals = asked.open(opened(2))
    shown = np.array([totals.add(np.zeros(5000, dtype=np.int64)) for _ in range(4)])
    noise = np.linalg.solve(
        np.array([[_way_back(4)[t - s] if s <= t else 0 for s in range(4)] for t in range(4)]), shown
    )
    assert np.abs(noise - np.rint(noise)).max() < 1e-6  # whole numbers
    assert noise.std(axis=1) == pytest.approx([3000.0] * 4, rel=0.06)
    correlation = np.corrcoef(noise)
    assert np.abs(correlation - np.eye(4)).max() < 6.5 / math.sqrt(5000)
    assert abs(np.corrcoef(noise[:, :-1].ravel(), noise[:, 1:].ravel())[0, 1]) < 6.5 / math.sqrt(20000)


@pytest.mark.parametrize(
    ("steps", "ours", "tree"), [(12, 1.851, 3.46), (60, 2.369, 5.47), (4096, 3.715, 12.4)]
)
def test_the_error_is_below_that_of_a_binary_tree(steps, ours, tree):
    """In units of the noise of one number of sensitivity 1: the worst step."""
    asked = plan(steps=steps, sensitivity=1, cells=1)
    worst = asked.errors().max() / asked.sigma * asked.event().sensitivity
    assert worst < ours < tree


def test_a_budget_is_kept_with_the_least_noise():
    asked = ContinualCount.for_budget(epsilon=0.8, delta=1e-7, steps=24, cells=10, sensitivity=3)
    assert 0.799 < epsilon(asked.event(), 1e-7) <= 0.8


def test_drawn_neighbours_show_no_more_than_the_declared_epsilon():
    """A patient with all of M in one step; the last total alone, in coarse bins, at δ = 0 within ε of a δ of 1e-9."""
    asked = ContinualCount.for_budget(epsilon=1.0, delta=1e-9, steps=3, cells=30_000, sensitivity=4)
    runs = []
    for seed, moved in ((3, 0), (4, 4)):
        totals = asked.open(opened(seed))
        for row in (moved, 0, 0):
            last = totals.add(np.full(30_000, row, dtype=np.int64))
        runs.append(np.clip(np.floor(last / 10) + 10, 0, 20).astype(int))
    assert epsilon_seen(*runs) <= 1.0


@settings(max_examples=20)
@given(
    rows=st.lists(
        st.lists(st.integers(-(2**63), 2**63 - 1), min_size=3, max_size=3), min_size=12, max_size=12
    )
)
def test_no_figure_overflows(rows):
    totals, most = plan(sigma=1.0).open(opened(5)), 2**61 // sum(_column(12))
    held = np.clip(np.array(rows, dtype=np.int64), -most, most)
    for step, row in enumerate(rows):
        found = totals.add(np.array(row, dtype=np.int64))
        assert found == pytest.approx(held[: step + 1].sum(axis=0), abs=most * 1e-9)


def test_a_step_after_the_last_is_refused():
    totals = plan(steps=2).open(opened(6))
    for _ in range(2):
        totals.add(np.array([1, 2, 3]))
    with pytest.raises(InvalidInput, match="all 2 steps"):
        totals.add(np.array([1, 2, 3]))


@pytest.mark.parametrize(
    "row",
    [np.array([1, 2]), np.array([1.0, 2.0, 3.0]), [1, 2, 3], np.array([[1, 2, 3]]), np.array([True] * 3)],
    ids=str,
)
def test_a_row_that_does_not_fit_is_refused_and_is_no_step(row):
    totals = plan(steps=1).open(opened(7))
    with pytest.raises(InvalidInput, match="wanted 3 whole numbers"):
        totals.add(row)
    totals.add(np.array([1, 2, 3]))


def test_open_totals_show_nothing_and_cannot_be_copied():
    totals = plan().open(opened(8))
    totals.add(np.array([777, 2, 3]))
    assert repr(totals) == "<RunningTotals>"
    for twice in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            twice(totals)


@pytest.mark.parametrize(
    "bad",
    [
        {"steps": 0},
        {"steps": 4097},
        {"cells": 0},
        {"sensitivity": 0},
        {"sensitivity": 1.5},
        {"sigma": 0.1},
        {"sigma": math.nan},
    ],
    ids=str,
)
def test_settings_that_cannot_be_are_refused(bad):
    with pytest.raises(InvalidInput):
        plan(**bad)


def test_a_closed_stream_releases_no_step():
    noise = opened(9)
    totals = plan().open(noise)
    noise.close()
    with pytest.raises(InvalidInput, match="closed"):
        totals.add(np.array([1, 2, 3]))
