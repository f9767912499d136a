"""Columns of dates: public bounds and width in, ISO dates inside the bounds out, through the binning of numbers."""

import gzip
import json
from datetime import date

import numpy as np
import polars as pl
import pytest
from synth_tables import noise, section, wards

from confide.errors import InvalidInput
from confide.synth.columns import codes_of
from confide.synth.dates import date_column
from confide.synth.inside import fidelity
from confide.synth.plan import SynthPlan, bounded_rows
from confide.synth.section import SynthSection
from confide.synth.write import csv_of, frame_of
from confide.words import speaking
from real_data import SHARED

REAL = SHARED / "data" / "mimic-iv-fhir-demo" / "Encounter.ndjson.gz"
YEARS = ("2020-01-01", "2023-12-31", "month")


def days(column: pl.Series) -> pl.Series:
    return column.str.to_date("%Y-%m-%d", strict=True)


def stays(patients: int = 12_000) -> pl.DataFrame:
    """Stays in wards, of which one admits in winter alone."""
    rng, data = np.random.default_rng(3), wards(patients)
    day = rng.integers(0, 4 * 365, patients)
    winter = np.where(data["ward"] == "b", day // 365 * 365 + day % 59, day)
    start = pl.Series(winter).cast(pl.Duration("ms")) * 86_400_000 + date(2020, 1, 1)
    return data.with_columns(
        admitted=start.dt.to_string("%Y-%m-%d"),
        discharged=(start + pl.Series(rng.integers(0, 9, patients)) * pl.duration(days=1)).dt.to_string("%Y-%m-%d"),
    )  # fmt: skip


@pytest.mark.skipif(not REAL.exists(), reason="needs the data beside the project")
def test_real_stays_with_time_zones_become_synthetic_days_that_keep_their_order():
    """Every stay counts by itself here: 263 of them are too few for one share a patient."""
    stays = [json.loads(line) for line in gzip.decompress(REAL.read_bytes()).splitlines()]
    data = pl.DataFrame(
        {
            "_patient": [each["id"] for each in stays],
            "class": [each["class"]["code"] for each in stays],
            "admitted": [each["period"]["start"] for each in stays],  # such as 2147-12-30T08:40:00-05:00
            "discharged": [each["period"]["end"] for each in stays],
        }
    )
    bounds = ("2110-01-01", "2219-12-31", "20 years")
    kinds = tuple(sorted(set(data["class"])))
    asked = SynthSection(
        source="stays", columns={"class": kinds}, dates={"admitted": bounds, "discharged": bounds},
        complete=("class", "admitted", "discharged"), rules=("admitted <= discharged",),
        epsilon=10.0, patients=300, control_share=0.0,
    )  # fmt: skip
    release = SynthPlan(settings=asked).execute(data, noise())
    table = frame_of(release)
    assert table.columns == ["class", "admitted", "discharged"]
    assert abs(table.height - len(stays)) < 60
    admitted, discharged = days(table["admitted"]), days(table["discharged"])
    assert admitted.min() >= date(2110, 1, 1)
    assert discharged.max() <= date(2219, 12, 31)
    assert (admitted <= discharged).all()
    one, two, _ = fidelity(asked, data, table)
    assert (one["worst"], two["mean"]) < (0.15, 0.25)
    read = bounded_rows(asked, data).codes[:, 1]
    years = np.array([int(each["period"]["start"][:4]) for each in stays])
    assert (read == (years - 2110) // 20).all()  # the day as it is written, whatever the zone


@pytest.mark.parametrize("method", ["mst", "aim"])
def test_months_keep_their_shares_and_their_order_and_days_are_drawn_evenly_in_the_month(method):
    asked = section(
        columns={"ward": ("a", "b")}, dates={"admitted": YEARS, "discharged": YEARS}, rules=("admitted <= discharged",),
        method=method, rounds=3, epsilon=4.0,
    )  # fmt: skip
    data = stays()
    release = SynthPlan(settings=asked).execute(data, noise())
    table = frame_of(release).drop_nulls()
    admitted, discharged = days(table["admitted"]), days(table["discharged"])
    assert (admitted <= discharged).all()
    assert (admitted.min().year, discharged.max().year) == (2020, 2023)
    real = (days(data["admitted"]).dt.month() <= 2).mean()
    assert (admitted.dt.month() <= 2).mean() == pytest.approx(real, abs=0.03)
    assert fidelity(asked, data, frame_of(release))[0]["worst"] < 0.05
    of_month = admitted.filter(admitted.dt.month() == 1).dt.day().value_counts()
    assert of_month.height == 31
    assert of_month["count"].max() < 2 * of_month["count"].mean()
    assert {"key": "synth.note-dates"} in release["notes"]


def test_a_cell_that_is_no_day_or_lies_outside_is_missing_and_moves_no_other():
    column = date_column("admitted", ("2020-02-01", "2020-04-30", "month"))
    cells = {
        "2020-02-29": 0, "2020-03-31T23:59:59+08:00": 1, "2020年4月30日": 2, "20200401": 2, "2020-01-31": 3,
        "2020-05-01": 3, "2020-02-30": 3, "29/02/2020": 3, "secret": 3, "": 3, "18321": 3, None: 3,
    }  # fmt: skip
    assert column.codes(pl.Series(list(cells), dtype=pl.String)).tolist() == list(cells.values())
    for cell, place in cells.items():
        assert column.codes(pl.Series(["2020-03-01", cell], dtype=pl.String)).tolist() == [1, place]
    held = pl.Series([date(2020, 2, 1), date(2019, 1, 1), None])
    assert column.codes(held).tolist() == [0, 3, 3]
    complete = date_column("admitted", ("2020-02-01", "2020-04-30", "month"), complete=True)
    assert complete.codes(pl.Series(["2020-03-01", "secret"])).tolist() == [1, -1]


def test_what_is_no_day_is_an_empty_cell_of_the_release_and_a_day_read_back_has_its_code():
    data = stays(6000).with_columns(
        admitted=pl.when(pl.int_range(pl.len()) % 4 == 0).then(pl.lit("secret")).otherwise("admitted")
    )
    asked = section(columns={"ward": ("a", "b")}, dates={"admitted": YEARS}, epsilon=4.0)
    release = SynthPlan(settings=asked).execute(data, noise())
    assert b"secret" not in csv_of(release)
    table = frame_of(release)
    assert table["admitted"].null_count() / table.height == pytest.approx(0.25, abs=0.03)
    codes, whole = codes_of(asked.listed(), table)
    assert whole.all()
    assert (codes[:, 1] == 48).sum() == table["admitted"].null_count()
    assert days(table["admitted"]).drop_nulls().is_between(date(2020, 1, 1), date(2023, 12, 31)).all()


@pytest.mark.parametrize(
    ("asked", "labels"),
    [
        (("2020-01-31", "2020-04-29", "month"), ("[2020-01-31, 2020-02-29)", "[2020-02-29, 2020-03-31)", "[2020-03-31, 2020-04-30)")),
        (("2020-12-24", "2021-01-08", "2 weeks"), ("[2020-12-24, 2021-01-07)", "[2021-01-07, 2021-01-09)")),
        (("2020-01-01", "2020-01-01", "day"), ("[2020-01-01, 2020-01-02)",)),
        (("9999-12-31", "9999-12-31", "year"), ("[9999-12-31, 10000-01-01)",)),
        (("2020/1/1", "2021年6月30日", "1 year"), ("[2020-01-01, 2021-01-01)", "[2021-01-01, 2021-07-01)")),
    ],
)  # fmt: skip
def test_bins_are_counted_from_the_first_day_and_the_last_day_belongs_to_the_last(asked, labels):
    assert date_column("d", asked).labels() == labels


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"dates": {"d": ("2020-01-01", "2020-12-31")}}, "synth.dates"),
        ({"dates": {"d": ("2020-01-01", "2020-12-31", "fortnight")}}, "synth.dates"),
        ({"dates": {"d": ("2020-01-01", "2020-12-31", "0 days")}}, "synth.dates"),
        ({"dates": {"d": ("2020-02-30", "2020-12-31", "month")}}, "synth.dates"),
        ({"dates": {"d": ("01/02/2020", "2020-12-31", "month")}}, "synth.dates"),
        ({"dates": {"d": ("", "2020-12-31", "month")}}, "synth.dates"),
        ({"dates": {"d": ("2020-12-31", "2020-01-01", "month")}}, "synth.dates-reversed"),
        ({"dates": {"d": ("0001-01-01", "9999-12-31", "day")}}, "synth.values"),
        ({"dates": {"sex": YEARS}}, "synth.two-lists"),
        ({"dates": {"d": YEARS}, "rules": ("age <= d",)}, "synth.rule-days"),
        ({"dates": {"d": YEARS}, "rules": ("if d = 2020-01 then ward = a",)}, "synth.rule-value"),
        ({"columns": {}, "dates": {"d": YEARS}}, "synth.columns"),
    ],
)
def test_dates_that_could_hold_nothing_are_refused_by_their_public_bounds(changes, code):
    with pytest.raises(InvalidInput) as refused:
        section(**changes)
    assert refused.value.code == code
    for language in ("en", "zh"):
        with speaking(language):
            assert str(refused.value)
            assert refused.value.hint


def test_a_plan_without_dates_is_written_as_before_there_were_any():
    """A committed release is found by what its plan writes: an old one must not be paid for again."""
    assert "dates" not in SynthPlan(settings=section()).to_json()
    plan = SynthPlan(settings=section(dates={"d": YEARS}))
    assert plan.to_json()["dates"] == {"d": list(YEARS)}
    assert plan.to_json()["order"][-1] == "d"
    assert "d" in plan.text_columns()
    with pytest.raises(InvalidInput):
        plan.verify_columns(["_patient", "sex", "age", "stay", "ward"])
