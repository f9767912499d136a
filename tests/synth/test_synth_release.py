"""A release: rows that look like the table, keep the rules, and say how they were made."""

import json
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from synth_tables import COLUMNS, SCHEMA, noise, section, wards

from confide.errors import InvalidInput
from confide.synth.columns import Column, codes_of
from confide.synth.inside import fidelity
from confide.synth.plan import SynthPlan
from confide.synth.rules import parse_rules
from confide.synth.section import SynthSection
from confide.synth.write import csv_of, frame_of


def made(data: pl.DataFrame, **changes) -> dict:
    return SynthPlan(settings=section(**changes)).execute(data, noise())


@pytest.mark.parametrize("method", ["mst", "aim"])
def test_pairs_of_columns_look_as_in_the_table(method):
    data = wards(20_000)
    release = made(data, method=method)
    apart = fidelity(section(), data, frame_of(release))
    assert apart[0]["mean"] < 0.02
    assert apart[1]["mean"] < 0.04  # columns drawn independently: 0.28
    assert abs(release["rows"] - 20_000) < 500


@pytest.mark.parametrize("method", ["mst", "aim"])
def test_every_row_keeps_every_rule(method):
    columns = {
        "sex": ("F", "M"),
        "pregnant": ("no", "yes"),
        "admitted": tuple(float(each) for each in range(0, 101, 10)),
        "left": tuple(float(each) for each in range(0, 101, 5)),
    }
    rules = ("if sex = M then pregnant = no", "admitted <= left")
    rng = np.random.default_rng(1)
    start = rng.integers(0, 80, 4000)
    data = pl.DataFrame(
        {
            "_patient": np.arange(4000),
            "sex": rng.choice(["F", "M"], 4000),
            "pregnant": rng.choice(["no", "yes"], 4000),  # real rows may break a rule
            "admitted": start,
            "left": start + rng.integers(0, 20, 4000),
        }
    ).with_columns(pl.all().exclude("_patient").cast(pl.String))
    release = made(data, columns=columns, rules=rules, method=method, epsilon=3.0, rounds=4)
    table = frame_of(release)
    assert table.height > 3000
    assert table.filter((pl.col("sex") == "M") & (pl.col("pregnant") == "yes")).height == 0
    days = table.select(pl.col("admitted", "left").cast(pl.Int64))
    assert days.filter(pl.col("left") < pl.col("admitted")).height == 0
    assert table.filter((pl.col("sex") == "F") & (pl.col("pregnant") == "yes")).height > 500


def test_an_empty_cell_contradicts_no_rule():
    sex, ward = Column(name="sex", listed=("F", "M")), Column(name="ward", listed=("a", "b"))
    banned = parse_rules(("if sex = M then ward = a",), (sex, ward)).banned[0, 1]
    assert banned.tolist() == [[False] * 3, [False, True, False], [False] * 3]


def test_three_columns_rise_together_whatever_is_missing():
    edges = tuple(float(each) for each in range(0, 50, 7))
    columns = {"a": edges, "b": edges, "c": edges}
    rng = np.random.default_rng(2)
    cells = np.sort(rng.integers(0, 49, (3000, 3)), axis=1).astype(str).astype(object)
    cells[rng.random(cells.shape) < 0.1] = None
    data = pl.DataFrame({"_patient": np.arange(3000), **dict(zip("abc", cells.T.tolist(), strict=True))})
    table = frame_of(made(data, columns=columns, rules=("a <= b <= c",), epsilon=5.0))
    numbers = table.select(pl.all().cast(pl.Int64))
    for one, other in combinations("abc", 2):
        assert numbers.filter(pl.col(other) < pl.col(one)).height == 0
    assert numbers.null_count().row(0) > (0, 0, 0)


def test_only_listed_values_and_empty_cells_leave():
    data = pl.concat(
        [wards(3000), pl.DataFrame([dict.fromkeys(SCHEMA, "secret")] * 500).cast({"_patient": pl.String})],
        how="vertical_relaxed",
    )
    data = data.with_columns(_patient=pl.int_range(pl.len()))
    release = made(data)
    assert b"secret" not in csv_of(release)
    assert "secret" not in json.dumps(release)
    table = frame_of(release)
    assert set(table["sex"].unique()) <= {"F", "M", "女", None}
    assert table["sex"].null_count() > 300  # what is not listed is missing
    codes, whole = codes_of(section().listed(), table)
    assert whole.all()
    assert (codes[:, 3] < 3).all()


def test_a_complete_column_has_no_empty_cell_and_rows_without_a_value_do_not_count():
    data = wards(6000)  # a twentieth has no sex
    release = made(data, complete=("sex", "age", "stay", "ward"))
    assert frame_of(release).null_count().sum_horizontal()[0] == 0
    assert abs(release["rows"] - 5700) < 300


def test_a_table_of_nobody_gives_rows_of_noise_and_no_error():
    for method in ("mst", "aim"):
        release = made(wards(1)[:0], method=method, rounds=3)
        assert release["rows"] == len(frame_of(release)) >= 1


def test_a_patient_with_a_hundred_thousand_rows_weighs_as_one():
    flood = pl.DataFrame(
        {
            "_patient": ["p"] * 100_000,
            "sex": ["女"] * 100_000,
            "age": ["119"] * 100_000,
            "stay": ["29"] * 100_000,
            "ward": ["b"] * 100_000,
        }
    )
    data = pl.concat([wards(2000).cast({"_patient": pl.String}), flood])
    release = made(data)
    assert abs(release["rows"] - 2001) < 400


def test_as_many_rows_as_were_asked_for_are_made():
    assert made(wards(2000), rows=77)["rows"] == 77


def test_a_release_is_json_that_says_how_it_was_made():
    release = made(wards(2000))
    assert json.loads(json.dumps(release, allow_nan=False)) == release
    assert release["columns"] == list(COLUMNS)
    assert len(release["measured"]) == 3  # a tree of four columns
    assert csv_of(release).decode().splitlines()[0] == "sex,age,stay,ward"


def test_numbers_lie_inside_their_bins_and_are_whole_where_edges_are():
    columns = {"age": (0.0, 18.0, 45.0), "dose": (0.0, 0.5, 1.25)}
    data = pl.DataFrame({"_patient": range(2000), "age": ["20"] * 2000, "dose": ["0.7"] * 2000})
    table = frame_of(made(data, columns=columns))
    age, dose = (table[name].drop_nulls().cast(pl.Float64) for name in ("age", "dose"))
    assert ((age >= 0) & (age < 45) & (age == age.floor())).all()
    assert ((dose >= 0) & (dose < 1.25)).all()
    assert dose.n_unique() > 100


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"columns": {"sex": ("F", "M")}}, "synth.columns"),
        ({"columns": {"sex": ("F", "F"), "age": (0.0, 1.0)}}, "synth.twice"),
        ({"columns": {"sex": ("F", "M"), "age": (1.0, 0.0)}}, "synth.edges"),
        ({"columns": {"sex": ("F", 1.0), "age": (0.0, 1.0)}}, "synth.list"),
        ({"columns": {"sex": ("F", "M"), "age": (0.0, float("nan"))}}, "synth.list"),
        ({"columns": {"sex": ("F", "M"), "age": tuple(map(float, range(1200)))}}, "synth.values"),
        ({"columns": {name: tuple(map(float, range(600))) for name in "ab"}}, "synth.pair-cells"),
        ({"complete": ("weight",)}, "synth.not-listed"),
        ({"target": "weight"}, "synth.not-listed"),
        ({"epsilon": float("nan")}, "synth.epsilon"),
        ({"epsilon": 11.0}, "synth.epsilon"),
        ({"delta": 1e-5}, "synth.delta"),
        ({"max_rows": 0}, "synth.whole"),
        ({"rows": True}, "synth.whole"),
        ({"degree": 4}, "synth.whole"),
        ({"control_share": 0.9}, "synth.control-share"),
        ({"rules": ("sex means ward",)}, "synth.rule"),
        ({"rules": ("if sex = M then weight = 3",)}, "synth.rule-column"),
        ({"rules": ("if sex = X then ward = a",)}, "synth.rule-value"),
        ({"rules": ("sex <= age",)}, "synth.rule-order"),
        ({"rules": ("age <= stay", "stay <= age")}, "synth.rule-twice"),
        ({"complete": ("sex", "ward"), "rules": ("if sex = F|M|女 then ward = a", "if sex = F|M|女 then ward = b")}, "synth.rule-nothing"),
        ({"patients": 300}, "synth.too-small"),
        ({"epsilon": 1e-6}, "synth.too-noisy"),
    ],
)  # fmt: skip
def test_a_request_that_cannot_be_met_is_refused_by_its_public_numbers(changes, code):
    with pytest.raises(InvalidInput) as refused:
        section(**changes)
    assert refused.value.code == code


def test_columns_that_rules_tie_together_too_widely_are_refused():
    edges = tuple(map(float, range(101)))
    with pytest.raises(InvalidInput) as refused:
        SynthSection(
            source="v",
            columns=dict.fromkeys("abc", edges),
            epsilon=5.0,
            patients=10**7,
            rules=("a <= b <= c",),
        )
    assert refused.value.code == "synth.rule-cells"


def test_the_refusal_of_a_small_table_says_how_many_patients_it_takes_and_they_are_enough():
    with pytest.raises(InvalidInput) as refused:
        section(patients=300)
    section(patients=refused.value.public["wanted"])


def test_a_column_that_is_not_there_is_refused_before_anything_is_charged():
    with pytest.raises(InvalidInput) as refused:
        SynthPlan(settings=section()).verify_columns(["_patient", "sex", "age", "stay"])
    assert refused.value.code == "synth.no-column"
