"""Intervals of quantiles that are to hold for the population: how often they do, what they cost, what they would be without."""

import numpy as np
import polars as pl
import pytest

from confide.dp.accountant import pure_epsilon
from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.engines.polars import GRID
from confide.errors import InvalidInput
from confide.stats.plan import StatsPlan

GROUPS, PATIENTS, MOST = 800, 200, 3


def people(groups: int, seed: int, *, heavy: bool) -> pl.DataFrame:
    """Return rows of groups that are draws of one population; the rows of a patient are alike."""
    rng = np.random.default_rng(seed)
    patients = int(rng.poisson(PATIENTS * groups))
    rows = np.minimum(rng.geometric(0.5, patients), 8)
    values = np.where(rng.random(patients) < 0.5, 5.0, 30.0) if heavy else rng.gamma(2.0, 8.0, patients)
    own = np.repeat(np.arange(patients), rows)
    return pl.DataFrame(
        {"_patient": own, "place": rng.integers(0, groups, patients)[own].astype(float), "stay": values[own]}
    )


def truth(at: float, *, heavy: bool) -> float:
    """Return the quantile of the population, rows weighed as the plan weighs them."""
    frame = people(4000, 99, heavy=heavy).with_columns(
        w=(MOST / pl.len().over("_patient")).clip(upper_bound=1)
    )
    frame = frame.sort("stay").with_columns(below=pl.col("w").cum_sum())
    return frame.filter(pl.col("below") >= at * frame["w"].sum())["stay"][0]


def plan(text: str, **changes) -> StatsPlan:
    asked = {"name": "t", "epsilon": 1.0, "measures": (text,), "max_rows": MOST, "intervals": "population"}
    return StatsPlan(**asked | changes)


def missed(text: str, at: float, *, heavy: bool, epsilon: float, intervals: str) -> float:
    by = {"place": tuple(float(each) for each in range(GROUPS + 1))}
    asked = plan(text, by=by, epsilon=epsilon, intervals=intervals)
    found = asked.estimates(people(GROUPS, 1, heavy=heavy), Noise(Stream()))[0][text]
    true, width = truth(at, heavy=heavy), 1e-9
    return float(((found.low > true + width) | (found.high < true - width)).mean())


@pytest.mark.parametrize("heavy", [False, True])
@pytest.mark.parametrize(("text", "at"), [("median(stay, 0, 60)", 0.5), ("quantile(stay, 0.9, 0, 60)", 0.9)])
@pytest.mark.parametrize("epsilon", [0.5, 3.0, 30.0])
def test_intervals_of_quantiles_hold_the_populations_figure_in_95_of_100_groups(text, at, epsilon, heavy):
    assert missed(text, at, heavy=heavy, epsilon=epsilon, intervals="population") <= 0.055


def test_without_sampling_they_would_not_where_noise_is_small():
    assert missed("median(stay, 0, 60)", 0.5, heavy=False, epsilon=30.0, intervals="noise") > 0.3


def test_they_narrow_as_a_group_grows():
    widths = []
    for patients in (500, 50_000):
        data = pl.DataFrame({"_patient": range(patients), "stay": np.linspace(0, 60, patients)})
        found = plan("median(stay, 0, 60, 500)", max_rows=1).estimates(data, Noise(Stream()))[0]
        (estimate,) = found.values()
        assert estimate.low[0] < 30 < estimate.high[0]
        widths.append(estimate.high[0] - estimate.low[0])
    assert widths[1] < 0.3 * widths[0]


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 3.0])
def test_the_weight_of_the_group_and_all_three_choices_are_paid_for(epsilon):
    asked = plan("median(stay, 0, 60)", epsilon=epsilon)
    assert epsilon * (1 - 1e-9) <= pure_epsilon(asked.event()) <= epsilon
    total, *choices = asked.event().events[0].events
    assert (total.sensitivity, len(choices)) == (GRID, 3)


def test_groups_of_nobody_have_no_figure():
    data = pl.DataFrame({"_patient": ["p"], "stay": [1.0], "sex": ["F"]})
    found = plan("median(stay, 0, 60)", by={"sex": ("F", "M")}).execute(data, Noise(Stream()))
    assert [row["median(stay, 0, 60)"]["value"] for row in found["rows"]] == [None, None]


def test_a_sum_of_both_signs_still_has_no_such_interval():
    with pytest.raises(InvalidInput) as refused:
        plan("sum(stay, -5, 60)")
    assert refused.value.code == "stats.no-population"
