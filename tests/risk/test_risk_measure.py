"""Risk: k, uniqueness and the chances of an attacker, with the patient as the unit."""

from collections import Counter

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.errors import InvalidInput
from confide.risk.measure import measure
from confide.risk.section import RiskSection

rows = st.lists(
    st.tuples(
        st.sampled_from("abcdef"), st.sampled_from(["1", "2", None, ""]), st.sampled_from([1, 2, None])
    ),
    min_size=1,
    max_size=20,
)


def frame(cells):
    patient, sex, age = zip(*cells, strict=True)
    return pl.DataFrame(
        {
            "_patient": list(patient),
            "sex": pl.Series(list(sex), dtype=pl.String),
            "age": pl.Series(list(age), dtype=pl.Int64),
        }
    )


@given(rows)
def test_a_class_is_the_patients_whose_sets_of_rows_are_equal(cells):
    sets = {p: frozenset((s, a) for q, s, a in cells if q == p) for p, _, _ in cells}
    sizes = Counter(sets.values())
    figures = measure(frame(cells), ["sex", "age"])
    assert figures.patients == len(sets)
    assert figures.k == min(sizes.values())
    assert figures.unique == sum(1 for size in sizes.values() if size == 1)
    assert figures.prosecutor == 1 / figures.k
    assert figures.marketer == pytest.approx(len(sizes) / len(sets))


@given(rows)
def test_whoever_knows_any_row_of_a_patient_is_left_with_at_least_as_many_candidates_as_the_class(cells):
    sets = {p: frozenset((s, a) for q, s, a in cells if q == p) for p, _, _ in cells}
    k = measure(frame(cells), ["sex", "age"]).k
    for patient, known in sets.items():
        for row in known:
            assert sum(row in other for other in sets.values()) >= min(k, len(sets)), patient


@given(rows)
def test_repeating_rows_of_a_patient_changes_no_risk(cells):
    once, twice = measure(frame(cells), ["sex", "age"]), measure(frame(cells + cells), ["sex", "age"])
    assert (once.k, once.unique, once.marketer) == (twice.k, twice.unique, twice.marketer)
    assert twice.rows == 2 * once.rows


def test_a_missing_value_is_a_value_and_no_text():
    cells = [("a", None, 1), ("b", "", 1), ("c", "null", 1), ("d", "-", 1)]
    assert measure(frame(cells), ["sex"]).unique == 4
    assert measure(frame([("a", None, 1), ("b", None, 2)]), ["sex"]).k == 2


def test_columns_are_not_run_together():
    table = pl.DataFrame({"_patient": ["a", "b"], "x": ["1", "12"], "y": ["23", "3"]})
    assert measure(table, ["x", "y"]).unique == 2


def test_the_grade_follows_the_prosecutors_risk():
    twenty = pl.DataFrame({"_patient": [str(i) for i in range(20)], "sex": ["F"] * 20})
    assert measure(twenty, ["sex"]).grade == 3
    assert measure(twenty.head(19), ["sex"]).grade == 2
    assert measure(twenty, ["sex"], has_direct_identifiers=True).grade == 1


def test_the_journalist_looks_at_the_population():
    population = pl.DataFrame({"_patient": list("abcd"), "sex": ["F", "F", "F", "M"]})
    figures = measure(population.head(2), ["sex"], population=population)
    assert (figures.prosecutor, figures.journalist) == (1 / 2, 1 / 3)
    with pytest.raises(InvalidInput, match="2 patients of the table are not in the population"):
        measure(population.head(2), ["sex"], population=population.tail(2))


def test_numbers_and_dates_are_compared_as_they_are():
    table = pl.DataFrame({"_patient": ["a", "b", "c"], "x": [1.0, float("nan"), float("nan")]})
    assert measure(table, ["x"]).unique == 1


@pytest.mark.parametrize(
    ("table", "columns", "message"),
    [
        (pl.DataFrame({"_patient": [], "sex": []}), ["sex"], "no rows"),
        (pl.DataFrame({"_patient": ["a"], "sex": ["F"]}), ["age"], "no column age"),
        (pl.DataFrame({"sex": ["F"]}), ["sex"], "no column _patient"),
        (pl.DataFrame({"_patient": ["a"], "sex": ["F"]}), [], "no quasi-identifiers"),
        (pl.DataFrame({"_patient": ["a"], "sex": ["F"]}), ["sex", "sex"], "named twice"),
        (pl.DataFrame({"_patient": ["a", None], "sex": ["F", "F"]}), ["sex"], "row 2 has no patient"),
        (pl.DataFrame({"_patient": ["a"], "sex": [["F"]]}), ["sex"], "lists or raw bytes"),
    ],
)
def test_what_cannot_be_measured_is_refused(table, columns, message):
    with pytest.raises(InvalidInput, match=message):
        measure(table, columns)


@pytest.mark.parametrize("columns", [(), ("a", "a")])
def test_a_section_that_could_never_work_is_refused(columns):
    with pytest.raises(InvalidInput):
        RiskSection(quasi_identifiers=columns)
