"""The bound on a patient's rows: declared or chosen from a noisy histogram, and made up for."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stats_tables import Silent

from confide.dp.events import DiscreteLaplace
from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.stats import bounds
from confide.stats.bounds import ASSUMED, Bounds, chosen, sketch
from confide.stats.plan import StatsPlan


def heavy(patients: int, groups: int = 1, seed: int = 1) -> pl.DataFrame:
    """Return visits of which a few patients have very many."""
    rng = np.random.default_rng(seed)
    each = np.minimum(rng.zipf(1.7, patients), 100)
    ids = np.repeat(np.arange(patients), each)
    return pl.DataFrame(
        {"_patient": ids, "ward": rng.integers(0, groups, len(ids)), "value": rng.normal(100, 20, len(ids))}
    )


def plan(**changes) -> StatsPlan:
    settings = {"name": "t", "epsilon": 1.0, "measures": ("count",), "max_rows": "private"}
    return StatsPlan(**settings | changes)


def noise(number: int) -> Noise:
    return Noise(Stream(number.to_bytes(32, "big")))


def test_a_count_is_made_up_for_what_the_chosen_bound_cuts_off():
    data, wards = heavy(30_000, groups=300), {"ward": tuple(map(str, range(300)))}
    released = plan(by=wards).execute(data, noise(1))
    assert released["kept"] < 0.9
    assert sum(row["count"]["value"] for row in released["rows"]) == pytest.approx(len(data), rel=0.12)
    declared = plan(by=wards, max_rows=released["max_rows"]).execute(data, noise(1))
    bounded = sum(row["count"]["value"] for row in declared["rows"])
    assert bounded == pytest.approx(len(data) * released["kept"], rel=0.12)
    assert declared["kept"] is None


def test_different_patients_are_not_made_up_for_rows():
    data = heavy(30_000)
    released = plan(measures=("patients",)).execute(data, noise(2))
    assert released["rows"][0]["patients"]["value"] == pytest.approx(30_000, rel=0.01)


def test_where_every_patient_has_one_row_nothing_is_cut_off():
    data = pl.DataFrame({"_patient": np.arange(20_000)})
    released = plan().execute(data, noise(3))
    assert (released["max_rows"], released["kept"]) == (1, 1.0)


def test_many_rows_of_everybody_are_let_in_where_groups_are_large_and_not_where_they_are_small():
    data = pl.DataFrame({"_patient": np.repeat(np.arange(20_000), 16)})
    wide = plan().execute(data, noise(4))
    assert wide["kept"] == pytest.approx(1.0, abs=0.05) or wide["max_rows"] >= 1
    heavy_tailed = heavy(50_000, groups=2000)
    many = plan(by={"ward": tuple(map(str, range(2000)))}).execute(heavy_tailed, noise(5))
    few = plan(epsilon=50.0).execute(heavy_tailed, noise(5))
    assert many["max_rows"] <= few["max_rows"]


@pytest.mark.parametrize("patients", [0, 3])
def test_a_table_of_hardly_anybody_has_the_assumed_bound(patients):
    assert chosen(sketch(np.full(patients, 5)), 20.0, ([0.5], [0.5]), 4) == Bounds(
        total=ASSUMED, ratio=ASSUMED
    )


@given(st.lists(st.integers(-(10**6), 10**9), min_size=20, max_size=20), st.integers(1, 10**6))
def test_whatever_the_noise_the_bounds_are_powers_of_two_and_something_is_kept(noisy, cells):
    found = chosen(np.array(noisy), 20.0, ([0.5], []), cells)
    assert all(each & (each - 1) == 0 and 1 <= each <= bounds.MOST for each in (found.total, found.ratio))
    assert 0 < found.kept <= 1


def test_the_histogram_is_paid_for_inside_epsilon():
    """Formula 7: tuning runs count as well."""
    first, *rest, _ = plan(measures=("count", "patients")).event().events
    assert isinstance(first, DiscreteLaplace)
    assert (first.sensitivity, first.scale) == (1, pytest.approx(20.0))
    assert [event.sensitivity / event.scale for event in rest] == [pytest.approx(0.475)] * 2


def test_the_release_says_how_much_was_cut_off():
    found = plan().execute(heavy(20_000), noise(6))
    [note] = [note for note in found["notes"] if note["key"] == "stats.note-private"]
    assert note["cut"] == round(100 * (1 - found["kept"]))
    assert note["total"] == found["max_rows"]


def test_without_noise_the_share_that_is_kept_is_nearly_exact():
    data = heavy(30_000)
    each = data["_patient"].value_counts()["count"].to_numpy()
    found = plan().execute(data, Silent())
    held = np.minimum(each, bounds.MOST)
    assert found["kept"] == pytest.approx(np.minimum(held, found["max_rows"]).sum() / held.sum(), rel=0.05)
