"""One patient more or less: the bound that the noise is scaled to, on any input."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stats_tables import table, tables

from confide.dp.accountant import pure_epsilon
from confide.dp.events import DiscreteLaplace, leaves
from confide.engines.polars import GRID, cell_sums, patient_codes, patient_weights
from confide.stats.measures import Part, Ruler
from confide.stats.plan import StatsPlan, exact_sums

BY = {"sex": ("F", "M", "女"), "age_band": (0, 18, 45, 65, 120)}
MEASURES = ("count", "sum(stay, -5, 60)", "mean(stay, 0, 60)", "proportion(sex, F)", "mean(age, 0, 120)")


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
            assert moved <= asked.sensitivity(part)


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
    counted = codes >= 0
    weights = patient_weights(codes, counted, max_rows)
    for patient in {patient for patient in ids if patient is not None}:
        rows = [code for code, own in zip(codes, ids, strict=True) if own == patient]
        assert len(set(rows)) == 1
        assert len(rows) * weights[rows[0]] <= GRID * max_rows
        assert weights[rows[0]] == (GRID if len(rows) <= max_rows else GRID * max_rows // len(rows))


def test_a_patient_with_few_rows_attains_the_sensitivity_so_that_no_noise_is_wasted():
    asked = plan(measures=("count", "sum(stay, -5, 60)", "mean(stay, 0, 60)"), max_rows=2)
    full = table([{"_patient": "p1", "sex": "F", "age": 20.0, "stay": 60.0, "times": 2}])
    for part in asked.parts():
        assert distance(asked, part, full, full.clear()) == asked.sensitivity(part)


def test_a_million_rows_of_one_patient_weigh_what_max_rows_weigh():
    """Formula 4: unbounded, k rows would cost k times."""
    many = pl.DataFrame({"_patient": ["p1"] * 1_000_000, "sex": ["F"] * 1_000_000})
    asked = plan(by={"sex": ("F", "M")}, measures=("count",), max_rows=4)
    (sums,) = exact_sums(asked, many).values()
    assert 3.8 * GRID < sums.sum() <= 4 * GRID  # floor(4 * 2^20 / 10^6) is 4 of 4.19


def test_rows_that_count_nowhere_do_not_lessen_a_patients_weight():
    """The number of rows is taken after public keys and nulls, per statistic."""
    rows = [
        {"_patient": "p1", "sex": "F", "age": 20.0, "stay": 10.0, "times": 2},
        {"_patient": "p1", "sex": "F", "age": 20.0, "stay": None, "times": 7},
        {"_patient": "p1", "sex": "unknown", "age": 20.0, "stay": 10.0, "times": 3000},
    ]
    asked = plan(by={"sex": ("F",)}, measures=("count", "sum(stay, 0, 60)"), max_rows=2)
    count, total = exact_sums(asked, table(rows)).values()
    ruler = Ruler(0.0, 60.0, 0.0)
    assert count.tolist() == [9 * (2 * GRID // 9)]
    assert total.tolist() == [2 * GRID * round(10 / ruler.step)]


def test_rows_without_a_patient_count_nowhere():
    rows = [{"_patient": None, "sex": "F", "age": 20.0, "stay": 10.0, "times": 7}]
    assert all(not sums.any() for sums in exact_sums(plan(), table(rows)).values())


def test_sums_are_exact_integers_where_doubles_would_round():
    """Formula 9: counts are integers, and stay so above 2^53."""
    n, most = 1 << 24, 1 << 10
    cells, codes = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    steps = np.full(n, most, dtype=np.int64)
    steps[0] -= 1
    (sums,) = cell_sums(cells, codes, np.array([GRID - 1]), [lambda rows: steps[rows]], 1)
    assert sums.tolist() == [(GRID - 1) * (most * n - 1)]
    assert sums[0] > 2**53


@pytest.mark.parametrize("epsilon", [0.1, 0.3, 1.0, 2.0, 7.7])
@pytest.mark.parametrize("measures", [("count",), ("count", "mean(stay, 0, 60)"), MEASURES])
def test_the_parts_together_cost_at_most_epsilon_and_waste_next_to_nothing(epsilon, measures):
    """Formula 1: scale is sensitivity over epsilon; the wrong form agrees at epsilon 1 only."""
    cost = pure_epsilon(plan(epsilon=epsilon, measures=measures).event())
    assert epsilon * (1 - 1e-9) <= cost <= epsilon


def test_a_mean_pays_for_its_numerator_and_its_denominator():
    """Formulas 3 and 17: a mean is a noisy sum over a noisy count, both paid for."""
    asked = plan(measures=("mean(stay, 0, 60)",), epsilon=1.0)
    paid = [event for event in leaves(asked.event()) if isinstance(event, DiscreteLaplace)]
    assert len(paid) == 2
    assert all(event.sensitivity / event.scale == pytest.approx(0.5) for event in paid)


def test_two_measures_that_need_the_same_part_pay_for_it_once():
    assert len(plan(measures=("mean(stay, 0, 60)", "proportion(sex, F)", "proportion(sex, M)")).parts()) == 5
