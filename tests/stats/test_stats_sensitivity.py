"""One patient more or less: the bound that the noise is scaled to, on any input."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stats_tables import exact_sums, table, tables

from confide.dp.accountant import pure_epsilon
from confide.dp.events import DiscreteLaplace, leaves
from confide.engines.polars import GRID, Reading, cell_sums, patient_codes, patient_rows, patient_weights
from confide.stats.bounds import sketch
from confide.stats.parts import Part
from confide.stats.plan import StatsPlan
from confide.stats.slots import Ruler, Signed

BY = {"sex": ("F", "M", "女"), "age_band": (0, 18, 45, 65, 120)}
MEASURES = (
    "count", "patients", "sum(stay, -5, 60)", "mean(stay, 0, 60)", "variance(stay, 0, 60)", "proportion(sex, F)",
    "mean(age, 0, 120)", "median(stay, 0, 60)", "quantile(stay, 0.9, 0, 60, 7)", "histogram(sex, F, M)",
    "histogram(age, 0, 18, 65)", "top(sex, 1, F, M, 女)",
)  # fmt: skip


def plan(**changes) -> StatsPlan:
    return StatsPlan(**{"name": "t", "epsilon": 1.0, "by": BY, "measures": MEASURES, "max_rows": 2} | changes)


def distance(asked: StatsPlan, part: Part, one: pl.DataFrame, other: pl.DataFrame) -> int:
    return int(np.abs(exact_sums(asked, one)[part] - exact_sums(asked, other)[part]).sum())


@settings(max_examples=60, deadline=None)
@given(data=tables, max_rows=st.integers(1, 5))
def test_one_patient_moves_the_sums_by_at_most_the_declared_sensitivity(data, max_rows):
    """Promise 2: the patient is the unit, with thousands of rows, nulls, NaN, infinity, unknown keys."""
    asked = plan(max_rows=max_rows)
    everybody = exact_sums(asked, data)
    for patient in data["_patient"].unique():
        without = exact_sums(asked, data.filter(pl.col("_patient").ne_missing(patient)))
        for part in asked.parts():
            moved = int(np.abs(everybody[part] - without[part]).sum())
            assert moved <= part.sensitivity


@settings(max_examples=40, deadline=None)
@given(data=tables)
def test_the_same_bound_holds_where_every_column_is_text(data):
    as_text = data.with_columns(pl.all().cast(pl.String))
    asked = plan()
    everybody = exact_sums(asked, as_text)
    for part, sums in exact_sums(asked, data).items():
        assert (everybody[part] == sums).all()  # a table of text and a typed one give the same integers


def test_every_column_that_is_looked_at_is_asked_for_as_text():
    """Promise 2: a rule that types a column by other patients' cells is refused a place here."""
    assert plan().text_columns() == {"sex", "age", "age_band", "stay"}


@settings(max_examples=60, deadline=None)
@given(
    ids=st.lists(st.one_of(st.none(), st.integers(-3, 3), st.sampled_from([2**62, -(2**62)])), max_size=60),
    max_rows=st.integers(1, 4),
)
def test_the_weights_of_a_patient_sum_to_at_most_max_rows(ids, max_rows):
    codes = patient_codes(pl.Series(ids, dtype=pl.Int64))
    assert [code < 0 for code in codes] == [patient is None for patient in ids]
    weights = patient_weights(patient_rows(codes, codes >= 0), max_rows)
    for patient in {patient for patient in ids if patient is not None}:
        rows = [code for code, own in zip(codes, ids, strict=True) if own == patient]
        assert len(set(rows)) == 1
        assert len(rows) * weights[rows[0]] <= GRID
        assert weights[rows[0]] == GRID // max(max_rows, len(rows))


@given(rows=st.lists(st.integers(0, 10**7), max_size=40), more=st.integers(0, 10**7))
def test_one_patient_moves_the_histogram_of_rows_per_patient_by_at_most_one(rows, more):
    without, with_one = (
        sketch(np.array(rows, dtype=np.int64)),
        sketch(np.array([*rows, more], dtype=np.int64)),
    )
    assert np.abs(with_one - without).sum() == (more > 0)
    assert without.sum() == sum(row > 0 for row in rows)


def test_a_patient_with_few_rows_attains_the_sensitivity_so_that_no_noise_is_wasted():
    asked = plan(measures=tuple(each for each in MEASURES if each != "patients"), max_rows=2)
    full = table([{"_patient": "p1", "sex": "F", "age": 20.0, "stay": 60.0, "times": 2}])
    for part in asked.parts():
        assert distance(asked, part, full, full.clear()) == part.sensitivity


def test_a_patient_in_every_group_weighs_as_much_as_one_in_a_few():
    """Formula 7: groups of the same patients do not compose in parallel."""
    rows = [
        {"_patient": "p1", "sex": sex, "age": age, "stay": 60.0, "times": 2}
        for sex in BY["sex"] for age in (1.0, 20.0, 50.0, 70.0)
    ]  # fmt: skip
    for part in plan(max_rows=3).parts():
        moved = np.abs(exact_sums(plan(max_rows=3), table(rows))[part]).sum()
        assert 0.95 * part.sensitivity < moved <= part.sensitivity


def test_a_million_rows_of_one_patient_weigh_what_max_rows_weigh():
    """Formula 4: unbounded, k rows would cost k times."""
    many = pl.DataFrame({"_patient": ["p1"] * 1_000_000, "sex": ["F"] * 1_000_000})
    asked = plan(by={"sex": ("F", "M")}, measures=("count",), max_rows=4)
    (sums,) = exact_sums(asked, many).values()
    assert 0.95 * GRID < sums.sum() <= GRID  # floor(2^20 / 10^6) is 1 of 1.05; GRID is what 4 rows weigh


def test_rows_that_count_nowhere_do_not_lessen_a_patients_weight():
    """The number of rows is taken after public keys and nulls, per statistic."""
    rows = [
        {"_patient": "p1", "sex": "F", "age": 20.0, "stay": 10.0, "times": 2},
        {"_patient": "p1", "sex": "F", "age": 20.0, "stay": None, "times": 7},
        {"_patient": "p1", "sex": "unknown", "age": 20.0, "stay": 10.0, "times": 3000},
    ]
    asked = plan(by={"sex": ("F",)}, measures=("count", "sum(stay, 0, 60)"), max_rows=2)
    count, total = exact_sums(asked, table(rows)).values()
    step = Signed("stay", Ruler(0.0, 60.0)).step
    assert count.tolist() == [[9 * (GRID // 9)]]
    assert total.tolist() == [[GRID * round(10 / step)]]


def test_rows_without_a_patient_count_nowhere():
    rows = [{"_patient": None, "sex": "F", "age": 20.0, "stay": 10.0, "times": 7}]
    assert all(not sums.any() for sums in exact_sums(plan(), table(rows)).values())


def test_sums_are_exact_integers_where_doubles_would_round():
    """Formula 9: counts are integers, and stay so above 2^53."""
    n, most = 1 << 24, 1 << 11
    cells, codes = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    steps = np.full(n, most, dtype=np.int64)
    steps[0] -= 1
    reading = Reading(None, 1, adds=lambda rows: (steps[rows],))
    (sums,) = cell_sums(cells, codes, [np.array([GRID - 1])], [reading], 1)
    assert sums.tolist() == [[(GRID - 1) * (most * n - 1)]]
    assert sums[0] > 2**53


@pytest.mark.parametrize("epsilon", [0.1, 0.3, 1.0, 2.0, 7.7])
@pytest.mark.parametrize("measures", [("count",), ("count", "mean(stay, 0, 60)"), MEASURES])
def test_the_parts_together_cost_at_most_epsilon_and_waste_next_to_nothing(epsilon, measures):
    """Formula 1: scale is sensitivity over epsilon; the wrong form agrees at epsilon 1 only."""
    for max_rows in (2, "private"):
        cost = pure_epsilon(plan(epsilon=epsilon, measures=measures, max_rows=max_rows).event())
        assert epsilon * (1 - 1e-9) <= cost <= epsilon


@given(
    shares=st.lists(st.floats(0.01, 100), min_size=2, max_size=2), epsilon=st.sampled_from([0.1, 1.0, 3.0])
)
def test_shares_divide_epsilon_among_the_measures_and_never_exceed_it(shares, epsilon):
    measures = ("count", "mean(stay, 0, 60)")
    asked = plan(measures=measures, epsilon=epsilon, shares=dict(zip(measures, shares, strict=True)))
    first, second = (float(asked.share(part)) for part in asked.parts())
    assert first / second == pytest.approx(shares[0] / shares[1])
    assert pure_epsilon(asked.event()) <= epsilon


def test_what_a_table_costs_does_not_depend_on_the_bound_so_that_the_bound_may_be_chosen_on_the_way():
    assert plan(max_rows=1).event() == plan(max_rows=1000).event()


def test_a_mean_pays_for_its_numerator_and_its_denominator():
    """Formulas 3 and 17: a mean is a noisy sum over a noisy count of the same weights, both paid for."""
    asked = plan(measures=("mean(stay, 0, 60)",), epsilon=1.0)
    (paid,) = [event for event in leaves(asked.event()) if isinstance(event, DiscreteLaplace)]
    (part,) = asked.parts()
    sums = exact_sums(asked, table([{"_patient": "p", "sex": "F", "age": 20.0, "stay": 15.0, "times": 1}]))[
        part
    ]
    assert sums.shape == (12, 2)  # value and rest of each row; together they count the rows
    assert sums.sum() * 2 == paid.sensitivity
    assert paid.sensitivity / paid.scale == pytest.approx(1.0)


def test_two_measures_that_need_the_same_part_pay_for_it_once():
    assert (
        len(
            plan(measures=("mean(stay, 0, 60)", "variance(stay, 0, 60)", "variance(stay, 0, 60)")[:2]).parts()
        )
        == 2
    )
    assert len(plan(measures=("median(stay, 0, 60)", "quantile(stay, 0.5, 0, 60)")).parts()) == 1
