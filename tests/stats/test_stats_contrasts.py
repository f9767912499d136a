"""Comparisons and survival: what they estimate, against plain formulas; and how often their intervals hold it."""

import math
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import InvalidInput
from confide.ledger.entries import release_text
from confide.stats.query import Query

TIMES = "0, 2, 4, 6, 8, 10, 15, 20"


def noise(number: int) -> Noise:
    return Noise(Stream(number.to_bytes(32, "big")))


def trial(patients: int, seed: int = 0) -> pl.DataFrame:
    """Return invented patients: the bad cases get arm A more often, and A lowers the risk by 0.05."""
    rng = np.random.default_rng(seed)
    bad = rng.random(patients) < 0.5
    arm = rng.random(patients) < np.where(bad, 0.8, 0.3)
    died = rng.random(patients) < np.where(bad, 0.4, 0.15) - np.where(arm, 0.05, 0)
    time = rng.exponential(np.where(arm, 20, 10))
    censored = rng.uniform(0, 30, patients)
    drug, rash = rng.random(patients) < 0.1, rng.random(patients)
    return pl.DataFrame(
        {
            "_patient": np.arange(patients),
            "arm": np.where(arm, "A", "B"),
            "stage": np.where(bad, "bad", "mild"),
            "died": died.astype(int).astype(str),
            "time": np.minimum(time, censored),
            "event": (time <= censored).astype(int).astype(str),
            "drug": np.where(drug, "X", "other"),
            "rash": np.where(rash < np.where(drug, 0.2, 0.05), "yes", "no"),
        }
    )


def figure(text: str, data: pl.DataFrame, *, epsilon: float = 1e4, number: int = 1, **settings) -> dict:
    plan = Query("t").measure(text).plan(epsilon=epsilon, max_rows=1, **settings)
    [row] = plan.execute(data, noise(number))["rows"]
    return row[text]


def counts(data: pl.DataFrame, *columns: str) -> dict:
    return {tuple(row[:-1]): row[-1] for row in data.group_by(*columns).len().iter_rows()}


def test_a_difference_is_that_of_the_two_shares():
    data = trial(5000)
    n = counts(data, "arm", "died")
    expected = n["A", "1"] / (n["A", "1"] + n["A", "0"]) - n["B", "1"] / (n["B", "1"] + n["B", "0"])
    assert figure("difference(died, 1, arm, A, B)", data)["value"] == pytest.approx(expected, abs=1e-4)


def test_signal_scores_are_those_of_the_two_by_two_table():
    data = trial(5000)
    n = counts(data, "drug", "rash")
    a, b, c, d = n["X", "yes"], n["X", "no"], n["other", "yes"], n["other", "no"]
    assert figure("prr(rash, yes, drug, X)", data)["value"] == pytest.approx(
        a / (a + b) / (c / (c + d)), rel=1e-3
    )
    assert figure("ror(rash, yes, drug, X)", data)["value"] == pytest.approx(a * d / (b * c), rel=1e-3)


def test_an_effect_is_weighted_by_propensity_where_a_difference_is_confounded():
    data = trial(60_000)
    assert figure("difference(died, 1, arm, A, B)", data)["value"] > 0
    found = figure("effect(died, 1, arm, A, B, stage, mild, bad)", data)
    weighted = 0.0
    for stage in ("mild", "bad"):
        own = data.filter(stage=stage)
        n = counts(own, "arm", "died")
        share = {arm: n[arm, "1"] / (n[arm, "1"] + n[arm, "0"]) for arm in "AB"}
        weighted += len(own) / len(data) * (share["A"] - share["B"])
    assert found["value"] == pytest.approx(weighted, abs=1e-4)
    assert found["value"] == pytest.approx(-0.05, abs=0.01)


def test_survival_is_the_actuarial_estimate():
    data = trial(5000)
    found = figure(f"survival(time, event, {TIMES})", data)
    assert found["at"] == ["2", "4", "6", "8", "10", "15", "20"]
    edges = [0, 2, 4, 6, 8, 10, 15, 20]
    alive, expected = 1.0, []
    for low, high in pairwise(edges):
        there = data.filter(pl.col("time") >= low)
        now = there.filter(pl.col("time") < high)
        left = now.filter(event="0")
        alive *= 1 - len(now.filter(event="1")) / (len(there) - len(left) / 2)
        expected.append(alive)
    assert found["value"] == pytest.approx(expected, abs=1e-4)
    assert all(
        low <= value <= high
        for low, value, high in zip(found["low"], found["value"], found["high"], strict=True)
    )


def test_who_is_followed_beyond_the_last_edge_is_at_risk_in_all_intervals():
    data = pl.DataFrame({"_patient": range(1000), "time": [1.0] * 100 + [99.0] * 900, "event": ["1"] * 1000})
    assert figure("survival(time, event, 0, 2, 4)", data)["value"] == pytest.approx([0.9, 0.9], abs=1e-4)


def test_the_hazard_ratio_is_near_that_of_the_hazards_and_the_test_is_of_its_sign():
    data = trial(40_000)
    fine = ", ".join(str(edge) for edge in range(21))
    found = figure(f"hazard_ratio(time, event, arm, A, B, {fine})", data)
    assert found["value"] == pytest.approx(0.5, abs=0.03)
    assert figure(f"logrank(time, event, arm, A, B, {fine})", data)["value"] < -20
    same = trial(4000).with_columns(arm=pl.Series(np.where(np.arange(4000) % 2, "A", "B")))
    assert abs(figure(f"logrank(time, event, arm, A, B, {fine})", same)["value"]) < 3.5


MEASURES = (
    "difference(died, 1, arm, A, B)",
    "effect(died, 1, arm, A, B, stage, mild, bad)",
    "ror(rash, yes, drug, X)",
    f"hazard_ratio(time, event, arm, A, B, {TIMES})",
    f"survival(time, event, {TIMES})",
)


@pytest.mark.parametrize("text", MEASURES)
def test_intervals_hold_the_figure_without_noise_at_their_confidence(text):
    data = trial(3000)
    true = np.atleast_1d(figure(text, data)["value"])
    missed = []
    for number in range(300):
        found = figure(text, data, epsilon=1.0, number=number + 10)
        missed.append((true < np.array(found["low"]) - 1e-3) | (true > np.array(found["high"]) + 1e-3))
    assert np.mean(missed) <= 0.05 + 0.03


@pytest.mark.parametrize("text", MEASURES)
def test_intervals_for_the_population_hold_its_figure_at_their_confidence(text):
    true = np.atleast_1d(figure(text, trial(400_000, seed=99))["value"])
    missed = []
    for number in range(150):
        found = figure(text, trial(1500, seed=number), epsilon=2.0, number=number, intervals="population")
        missed.append((true < np.array(found["low"])) | (true > np.array(found["high"])))
    assert np.mean(missed) <= 0.05 + 0.04


def test_a_comparison_of_almost_nobody_says_nothing():
    data = trial(20)
    for text in ("prr(rash, yes, drug, X)", "difference(died, 1, arm, A, B)"):
        assert figure(text, data, epsilon=0.1)["value"] is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("difference(died, 1, arm, A, A)", "stats.two-alike"),
        ("survival(time, event, 5, 1)", "stats.edges"),
        ("survival(time, event, soon, later)", "stats.edges"),
        ("survival(time, event)", "stats.measure-unknown"),
        ("effect(died, 1, arm, A, B, stage, bad)", "stats.measure-unknown"),
        ("effect(died, 1, arm, A, B, stage, bad, bad)", "stats.keys-twice"),
    ],
)
def test_a_comparison_that_cannot_be_is_refused(text, code):
    with pytest.raises(InvalidInput) as refused:
        Query("t").measure(text).plan(epsilon=1.0)
    assert refused.value.code == code


def test_the_log_rank_statistic_is_normal_where_the_arms_do_not_differ():
    found = []
    for number in range(120):
        data = trial(800, seed=number)
        arm = np.where(np.random.default_rng(number + 10_000).random(800) < 0.5, "A", "B")
        plan = f"logrank(time, event, arm, A, B, {TIMES})"
        found.append(figure(plan, data.with_columns(arm=pl.Series(arm)), epsilon=1.0, number=number)["value"])
    assert np.mean(np.abs(found) > 1.96) <= 0.05 + 0.06
    assert np.std(found) <= 1.25
    assert math.isfinite(np.sum(found))


@pytest.mark.parametrize(
    "text",
    [*MEASURES, f"logrank(time, event, arm, A, B, {TIMES})", "variance(time, 0, 9)", "median(time, 0, 9)"],
)
@pytest.mark.parametrize("patients", [0, 1])
def test_of_almost_nobody_nothing_is_told_and_the_release_can_be_kept(text, patients):
    plan = Query("t").measure(text).plan(epsilon=0.01, max_rows=1)
    release = plan.execute(trial(1).head(patients), noise(3))
    release_text(release)  # a number that is none would be refused after it was paid for
    assert not any(np.atleast_1d(release["rows"][0][text]["value"]))


def test_categories_that_are_numbers_are_told_apart_by_top():
    data = pl.DataFrame({"_patient": range(900), "ward": ["3"] * 500 + ["1"] * 300 + ["2"] * 100})
    found = figure("top(ward, 3, 1, 2, 3)", data)
    assert found["at"] == ["3", "1", "2"]
