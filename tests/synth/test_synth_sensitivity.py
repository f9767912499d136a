"""One patient more or less: what counts and scores move by, on any input."""

from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synth_tables import COLUMNS, SCHEMA, section, tables

from confide.engines.polars import GRID
from confide.synth.aim import candidates, scores_of
from confide.synth.budget import MOST_WEIGHT
from confide.synth.mst import distance
from confide.synth.plan import bounded_rows


def without(data: pl.DataFrame, patient: str | None) -> pl.DataFrame:
    return data.filter(pl.col("_patient").ne_missing(patient))


def groups() -> list[tuple[int, ...]]:
    return [each for size in (1, 2, 3, 4) for each in combinations(range(len(COLUMNS)), size)]


@settings(max_examples=60, deadline=None)
@given(data=tables, max_rows=st.integers(1, 4), complete=st.sampled_from([(), ("sex",), ("age", "ward")]))
def test_one_patient_moves_the_counts_of_every_group_by_at_most_the_declared_norm(data, max_rows, complete):
    """Promise 2: the patient is the unit, with many rows, nulls, NaN, infinity, unlisted values."""
    asked = section(max_rows=max_rows, complete=complete)
    sizes = [column.size for column in asked.listed()]
    everybody = bounded_rows(asked, data)
    for patient in data["_patient"].unique():
        others = bounded_rows(asked, without(data, patient))
        for group in groups():
            shape = tuple(sizes[at] for at in group)
            moved = everybody.counts(group, shape) - others.counts(group, shape)
            assert np.abs(moved).sum() <= GRID  # L1, and so L2


def test_a_patient_whose_rows_are_all_alike_attains_the_bound():
    asked = section(max_rows=3)  # of 64 rows none is a whole one
    rows = [{"_patient": "p", "sex": "F", "age": "20", "stay": "2", "ward": "a"}] * 64
    counts = bounded_rows(asked, pl.DataFrame(rows, schema=SCHEMA)).counts((0, 1), (4, 5))
    assert counts.max() == counts.sum() == GRID


@settings(max_examples=40, deadline=None)
@given(data=tables, said=st.lists(st.floats(0, 1e7), min_size=240, max_size=240), max_rows=st.integers(1, 4))
def test_one_patient_moves_every_score_by_at_most_what_its_choice_takes(data, said, max_rows):
    asked = section(max_rows=max_rows)
    sizes = [column.size for column in asked.listed()]
    weights = candidates(len(sizes), 2)
    shapes = {group: tuple(sizes[at] for at in group) for group in weights}
    model = {group: np.resize(said, shapes[group]) for group in weights}
    everybody = bounded_rows(asked, data)
    scores = scores_of(everybody, weights, model, sigma=3.0 * GRID)
    for patient in data["_patient"].unique():
        others = bounded_rows(asked, without(data, patient))
        moved = np.abs(scores - scores_of(others, weights, model, sigma=3.0 * GRID))
        assert moved.max() <= MOST_WEIGHT * GRID
        for group in groups()[4:10]:
            one, other = (
                distance(rows.counts(group, shapes[group]), model[group]) for rows in (everybody, others)
            )
            assert abs(one - other) <= GRID


@pytest.mark.parametrize("odd", ["x", "", "nan", "女" * 50])
def test_an_odd_cell_of_one_patient_changes_how_no_other_cell_is_read(odd):
    """Promise 2: every column is asked for as text, so that a reader cannot type it by other patients' cells."""
    asked = section()
    rows = [{"_patient": f"p{at}", "sex": "F", "age": "20", "stay": "2", "ward": "a"} for at in range(3)]
    plain = bounded_rows(asked, pl.DataFrame(rows, schema=SCHEMA)).codes
    bad = pl.DataFrame([*rows, dict.fromkeys(SCHEMA, odd)], schema=SCHEMA)
    assert (bounded_rows(asked, bad).codes[:3] == plain).all()


def test_rows_of_nobody_count_nowhere():
    asked = section()
    rows = [{"_patient": None, "sex": "F", "age": "20", "stay": "2", "ward": "a"}]
    assert len(bounded_rows(asked, pl.DataFrame(rows, schema=SCHEMA)).codes) == 0


def test_rows_show_nothing_of_themselves():
    asked = section()
    rows = [{"_patient": "p", "sex": "女", "age": "20", "stay": "2", "ward": "a"}]
    assert repr(bounded_rows(asked, pl.DataFrame(rows, schema=SCHEMA))) == "<Rows>"
