"""What a table of statistics shows: every public cell, nothing but noisy figures, honest intervals."""

import json
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from stats_tables import Silent, exact_sums, table, tables

from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.stats.bounds import Bounds
from confide.stats.intervals import half_width
from confide.stats.parts import Noisy
from confide.stats.plan import StatsPlan
from confide.words import say, speaking

BY = {"sex": ("F", "M"), "age_band": (0, 18, 65, 120)}
MEASURES = ("count", "sum(stay, 0, 60)", "mean(stay, 0, 60)", "proportion(sex, F)")


def plan(**changes) -> StatsPlan:
    return StatsPlan(**{"name": "t", "epsilon": 1.0, "by": BY, "measures": MEASURES} | changes)


def noise(number: int) -> Noise:
    return Noise(Stream(number.to_bytes(32, "big")))


def visits(patients: int, rows_each: int = 2) -> pl.DataFrame:
    rng = np.random.default_rng(7)
    n = patients * rows_each
    return pl.DataFrame(
        {
            "_patient": [f"p{i // rows_each}" for i in range(n)],
            "sex": rng.choice(["F", "M"], n),
            "age": rng.uniform(0, 119, n),
            "stay": rng.gamma(2, 4, n).clip(0, 60),
        }
    )


@settings(max_examples=40, deadline=None)
@given(data=tables)
def test_no_value_of_the_data_is_ever_refused_or_crashes(data):
    """Promise 4: refusals depend on public values only."""
    released = plan().execute(data, noise(1))
    assert len(json.dumps(released, allow_nan=False)) > 0
    assert [(row["sex"], row["age_band"]) for row in released["rows"]] == [
        (sex, band) for sex in ("F", "M") for band in ("[0, 18)", "[18, 65)", "[65, 120)")
    ]


def test_an_empty_group_is_still_released_and_an_unlisted_one_never():
    """Formulas 10 and 12: an absent cell would tell, and so would a key that was read from the data."""
    data = table([{"_patient": "p1", "sex": "X", "age": 20.0, "stay": 3.0, "times": 7}])
    released = plan(measures=("count",)).execute(data, noise(2))
    assert len(released["rows"]) == 6
    assert "X" not in json.dumps(released)
    empty = plan(measures=("count",)).execute(data.clear(), noise(2))
    assert empty["rows"] == released["rows"]  # the same noise over nobody: the release is the same


def test_a_value_on_an_edge_is_in_the_bin_above_and_beyond_the_edges_in_none():
    ages = [-1e308, -0.1, 0.0, 17.9, 18.0, 64.0, 65.0, 119.9, 120.0, 1e308, float("inf"), float("nan"), None]
    rows = [
        {"_patient": f"p{i}", "sex": "F", "age": age, "stay": 1.0, "times": 1} for i, age in enumerate(ages)
    ]
    released = plan(measures=("count",)).execute(table(rows), Silent())
    assert [row["count"]["value"] for row in released["rows"]] == [2, 2, 2, 0, 0, 0]


@pytest.mark.parametrize(
    "wards",
    [
        pl.Series(["1", "2", "2", "x", None]),
        pl.Series([1, 2, 2, 99, None]),
        pl.Series([1, 2, 2, 2**63, None], dtype=pl.UInt64),
        pl.Series([1, 2, 2, -128, None], dtype=pl.Int8),
        pl.Series([1.0, 2.0, 2.0, 2.5, None]),
        pl.Series([1.0, 2.0, 2.0, float("inf"), float("nan")]),
        pl.Series(["1", "2", "2", "x", None], dtype=pl.Categorical),
    ],
)
def test_a_listed_value_is_found_however_the_column_is_typed(wards):
    asked = plan(
        by={"ward": ("2", "1", "01", "seven")}, measures=("count", "proportion(ward, 2)"), epsilon=1e4
    )
    data = pl.DataFrame({"_patient": list("abcde"), "ward": wards})
    rows = asked.execute(data, Silent())["rows"]
    assert [row["count"]["value"] for row in rows] == [2, 1, 0, 0]
    assert [row["proportion(ward, 2)"]["value"] for row in rows] == [1, 0, None, None]


def test_a_release_holds_no_true_figure():
    data = visits(500)
    first, second = plan().execute(data, noise(3)), plan().execute(data, noise(4))
    same = {key for key in first if first[key] == second[key]}
    assert set(first) - same == {"rows"}
    one, other = plan().execute(visits(10), noise(3)), first
    assert {key for key in one if one[key] != other[key]} == {"rows"}
    for row, again in zip(first["rows"], second["rows"], strict=True):
        assert all(
            row[text]["low"] != again[text]["low"] or row[text]["low"] in (0.0, 60.0) for text in MEASURES[:2]
        )


def test_every_cell_gets_noise_of_its_own():
    """Formula 16: one draw for the whole array would leave all differences exact."""
    asked = plan(by={"age_band": tuple(range(51))}, measures=("sum(stay, 0, 60)",))
    released = asked.execute(visits(0), noise(5))
    assert len({row["sum(stay, 0, 60)"]["value"] for row in released["rows"]}) == 50


def test_noise_lies_on_the_grid_of_the_counts():
    """Formula 9: discrete noise on integers; no continuous noise is rounded or left over."""
    released = plan(measures=("count",)).execute(visits(5000), noise(6))
    assert all((row["count"]["value"] * 2**20).is_integer() for row in released["rows"])


def test_a_mean_has_one_set_of_weights_above_and_below():
    """Formula 17: a sum bounded at one M over a count bounded at another is no mean (197 for 150)."""
    rows = [
        {"_patient": f"p{i}", "sex": "F", "age": 20.0, "stay": 15.0, "times": times}
        for i, times in enumerate([1, 2, 40, 3000])
    ]
    released = plan(measures=("count", "mean(stay, 0, 60)"), max_rows=2, epsilon=1000.0).execute(
        table(rows), Silent()
    )
    row = released["rows"][1]
    assert row["mean(stay, 0, 60)"]["value"] == 15.0
    assert row["count"]["value"] == pytest.approx(1 + 2 + 2 + 2, abs=0.01)


def test_rows_without_a_value_are_in_neither_part_of_a_mean():
    """Formula 17: the denominator counts the rows of the numerator, not all rows of the cell."""
    rows = [
        {"_patient": "p1", "sex": "F", "age": 20.0, "stay": 15.0, "times": 2},
        {"_patient": "p1", "sex": "F", "age": 20.0, "stay": None, "times": 7},
        {"_patient": "p2", "sex": "F", "age": 20.0, "stay": float("nan"), "times": 2},
    ]
    released = plan(measures=("mean(stay, 0, 60)",), max_rows=2, epsilon=1000.0).execute(
        table(rows), Silent()
    )
    assert released["rows"][1]["mean(stay, 0, 60)"]["value"] == 15.0


def test_bounds_are_declared_and_an_outlier_moves_nothing_but_its_own_share():
    """Formula 3: sensitivity comes from declared bounds, never from the data at hand."""
    rows = [{"_patient": f"p{i}", "sex": "F", "age": 20.0, "stay": 15.0, "times": 1} for i in range(99)]
    outlier = [*rows, {"_patient": "q", "sex": "F", "age": 20.0, "stay": 1e308, "times": 1}]
    mean = plan(measures=("mean(stay, 0, 60)",), epsilon=1.0)
    value = mean.execute(table(outlier), Silent())["rows"][1]["mean(stay, 0, 60)"]["value"]
    assert value == pytest.approx((99 * 15 + 60) / 100)


def test_a_proportion_is_the_share_of_rows_with_the_value():
    rows = [
        {"_patient": f"p{i}", "sex": "F" if i < 30 else "M", "age": 20.0, "stay": 1.0, "times": 1}
        for i in range(120)
    ]
    asked = plan(by={}, measures=("proportion(sex, F)",), epsilon=10.0)
    (row,) = asked.execute(table(rows), Silent())["rows"]
    assert row["proportion(sex, F)"]["value"] == 0.25


def test_a_mean_over_nobody_has_no_value_and_an_interval_that_says_so():
    row = plan(measures=("mean(stay, 0, 60)",)).execute(visits(0), noise(8))["rows"][0]
    assert row["mean(stay, 0, 60)"] == {"value": None, "low": 0.0, "high": 60.0}


@pytest.mark.parametrize("scale", [0.2, 1.0, 3.7, 40.0])
def test_the_half_width_is_the_exact_quantile_of_the_noise(scale):
    q = math.exp(-1 / scale)

    def outside(k: int) -> float:
        return 1 - (1 - q) / (1 + q) * (1 + 2 * sum(q**i for i in range(1, k + 1)))

    wide = half_width(scale)
    assert outside(wide) <= 0.05 + 1e-12
    assert wide == 0 or outside(wide - 1) > 0.05


@pytest.mark.parametrize("rows", [6, 20, 200])
def test_intervals_cover_the_figure_without_noise_at_their_confidence(rows):
    """Coverage of the noise in the worst of few, some and many rows per cell; 6,000 draws each."""
    cells = 1000
    data = pl.DataFrame(
        {
            "_patient": [f"p{i}" for i in range(cells * rows)],
            "place": np.repeat(np.arange(cells), rows).astype(np.float64),
            "stay": np.random.default_rng(1).gamma(1.0, 6.0, cells * rows).clip(0, 60),
        }
    )
    asked = plan(by={"place": tuple(range(cells + 1))}, measures=MEASURES[:3], epsilon=3.0, max_rows=1)
    sums = exact_sums(asked, data)
    bounds = Bounds(total=1, ratio=1)
    true = {m.text: m.finish([noiseless(sums[p]) for p in m.parts], bounds).value for m in asked.parsed()}
    for text in MEASURES[:3]:
        missed = total = 0
        for number in range(6):
            released = asked.execute(data, noise(100 * rows + number))
            figures = np.array([(row[text]["low"], row[text]["high"]) for row in released["rows"]])
            missed += int(((true[text] < figures[:, 0] - 1e-9) | (true[text] > figures[:, 1] + 1e-9)).sum())
            total += cells
        assert missed / total <= 0.05 + 0.0085  # three standard deviations of 6,000 draws


def noiseless(sums: np.ndarray) -> Noisy:
    return Noisy(sums.astype(np.float64), 1e-2)


def test_the_error_said_before_paying_is_the_error_after():
    data = visits(3000)
    asked = plan(by={}, measures=MEASURES, epsilon=2.0)
    expected = asked.expected_error(rows=6000)
    (row,) = asked.execute(data, noise(9))["rows"]
    for text in MEASURES:
        half = (row[text]["high"] - row[text]["low"]) / 2
        assert 0.65 * expected[text] <= half <= 1.05 * expected[text]  # a ratio is surest in the middle


def test_a_plan_in_json_has_no_floats_and_names_everything_public():
    shown = plan(epsilon=0.1).to_json()
    assert shown["epsilon"] == "0.1"
    assert shown["by"]["age_band"] == [0, 18, 65, 120]
    assert not any(isinstance(value, float) for value in shown.values())


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_notes_of_a_release_can_be_said(language):
    for note in plan().execute(visits(3), noise(1))["notes"]:
        with speaking(language):
            assert say(note["key"], **{field: value for field, value in note.items() if field != "key"})
