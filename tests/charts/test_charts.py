"""A picture shows every figure it is given, says where none can be said, and holds nothing that runs or fetches."""

import json
import re
import xml.etree.ElementTree as ET

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_dossier import example_facts

from confide.calls import parse_call
from confide.charts.draw import ends_of, release_svg
from confide.charts.read import MOST_MARKS, MOST_PANELS, charts_of
from confide.charts.vega import vega_lite
from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.stats.frame import to_frame
from confide.stats.plan import StatsPlan
from confide.stats.series import SeriesPlan, SeriesStep, StepData
from confide.study.dossier import _statistics, build, render
from confide.study.pictures import pictures
from confide.study.tables import other_editions, spread_out, statistics_output
from confide.words import speaking

NUMBER = st.none() | st.floats(allow_nan=True, allow_infinity=True) | st.integers(-(10**400), 10**400)
FIGURE = st.fixed_dictionaries({"value": NUMBER, "low": NUMBER, "high": NUMBER})
LISTS = st.lists(NUMBER, max_size=5)
FIGURES = st.fixed_dictionaries(
    {"at": st.lists(st.text(max_size=8), max_size=5), "value": LISTS, "low": LISTS, "high": LISTS}
)
TEXT = st.text(st.characters(), max_size=12)


def figure(value, low=None, high=None):
    return {"value": value, "low": low, "high": high}


def release(rows, keys=("sex",), measures=("count",)):
    return {
        "kind": "stats", "name": "stays", "by": {key: [] for key in sorted(keys)}, "columns": [*keys, *measures],
        "rows": rows, "epsilon": 1.0, "delta": 1e-18, "confidence": 0.95,
    }  # fmt: skip


def curves(n=3):
    at = {"at": ["30", "60"], "value": [0.8, None], "low": [0.7, 0.0], "high": [0.9, 1.0]}
    rows = [{"arm": f"arm {k}", "survival(days, died, 60)": at} for k in range(n)]
    return release(rows, ("arm",), ("survival(days, died, 60)",))


def drawn(found):
    """Parse a picture and return it with all that is written in it."""
    root = ET.fromstring(release_svg(found, titles=str))
    return root, [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]


@given(
    st.sampled_from(["count", "mean(x, 0, 1)", "survival(days, died, 9)", "histogram(x, 0, 1, 2)", "(odd"]),
    st.lists(st.tuples(TEXT, TEXT, FIGURE | FIGURES), max_size=6),
    st.sampled_from([("k",), ("k", "l"), ()]),
)
@settings(deadline=None, max_examples=300)
def test_every_release_can_be_drawn_as_xml_without_script_or_address(measure, rows, keys):
    found = release([{"k": k, "l": second, measure: figure} for k, second, figure in rows], keys, (measure,))
    root, _ = drawn(found)
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert names <= {"svg", "title", "rect", "g", "text", "path", "circle"}
    assert not any(
        "href" in attribute or attribute.startswith("on") for e in root.iter() for attribute in e.attrib
    )
    assert not re.search(r"\b(nan|inf)\b", " ".join(v for e in root.iter() for v in e.attrib.values()))
    json.dumps(vega_lite(found), allow_nan=False)


def test_a_group_whose_figure_cannot_be_said_says_so_in_words_and_has_no_bar():
    found = release(
        [{"sex": "F", "count": figure(None, 0.0, 9.0)}, {"sex": "M", "count": figure(4.0, 3.0, 5.0)}]
    )
    for language, words in (("en", "no figure: too noisy"), ("zh", "噪声过大，无法给出")):
        with speaking(language):
            root, said = drawn(found)
        assert said.count(words) == 1
        assert len(re.findall("#9CC7E4", ET.tostring(root).decode())) == 1


def test_panels_of_one_measure_share_an_axis_that_holds_every_interval():
    rows = [
        {"age": a, "sex": s, "count": figure(v, v - 1, v + 1)}
        for a in "xy"
        for s, v in (("F", 5.0), ("M", 50.0))
    ]
    [chart] = charts_of(release(rows, ("age", "sex")))
    assert [panel.title for panel in chart.panels] == ["sex: F", "sex: M"]
    assert ends_of(chart) == (0.0, 51.0)


def test_bars_begin_at_zero_and_means_need_not():
    rows = [{"sex": "F", "count": figure(100.0, 99.0, 101.0), "mean(x, 0, 200)": figure(100.0, 99.0, 101.0)}]
    count, mean = charts_of(release(rows, measures=("count", "mean(x, 0, 200)")))
    assert (ends_of(count), ends_of(mean)) == ((0.0, 101.0), (99.0, 101.0))


def test_a_histogram_has_a_bar_per_bin_and_a_panel_per_group():
    bins = {"at": ["[0, 1)", "[1, 2)"], "value": [3.0, 4.0], "low": [2.0, 3.0], "high": [4.0, 5.0]}
    [chart] = charts_of(
        release(
            [{"sex": s, "histogram(x, 0, 1, 2)": bins} for s in "FM"], measures=("histogram(x, 0, 1, 2)",)
        )
    )
    assert [[m.label for s in panel.series for m in s.marks] for panel in chart.panels] == [
        ["[0, 1)", "[1, 2)"]
    ] * 2


@pytest.mark.parametrize(("arms", "panels"), [(3, 1), (5, 5)])
def test_curves_of_a_few_groups_share_a_panel_and_end_where_nothing_can_be_said(arms, panels):
    [chart] = charts_of(curves(arms))
    assert len(chart.panels) == panels
    assert {series.marks[0].label for panel in chart.panels for series in panel.series} == {"0"}
    root, said = drawn(curves(arms))
    assert sum(f"arm {k}" in " ".join(filter(None, said)) for k in range(arms)) == arms
    bands = [e.get("d") for e in root.iter("{http://www.w3.org/2000/svg}path") if e.get("fill-opacity")]
    assert len(bands) == arms


def test_what_does_not_fit_into_a_picture_is_counted_in_it():
    rows = [
        {"k": f"{k}", "l": f"{second}", "count": figure(1.0, 0.0, 2.0)}
        for k in range(MOST_MARKS + 2)
        for second in range(MOST_PANELS + 1)
    ]
    [chart] = charts_of(release(rows, ("k", "l")))
    assert chart.left_out == len(rows) - MOST_MARKS * MOST_PANELS
    with speaking("en"):
        assert any(
            f"{chart.left_out} more figures" in text for text in drawn(release(rows, ("k", "l")))[1] if text
        )


def test_a_frame_has_a_row_per_figure_with_interval_and_cost_and_no_name_twice():
    frame = to_frame(release([{"value": "F", "count": figure(4.0, 3.0, 5.0)}], ("value",)))
    assert frame.columns == ["value_key", "measure", "at", "value", "low", "high", "epsilon", "delta"]
    assert frame.row(0) == ("F", "count", None, 4.0, 3.0, 5.0, 1.0, 1e-18)
    assert to_frame(curves(2)).height == 4


def test_every_edition_holds_the_same_figures(tmp_path):
    found = release([{"sex": "F", "count": figure(4.25, 3.0, 5.5)}])
    parquet, picture, spec = other_editions(found)
    path = tmp_path / "table.parquet"
    path.write_bytes(parquet.content)
    assert pl.read_parquet(path).equals(to_frame(found))
    assert statistics_output(found).content == b"sex,count,count low,count high\nF,4.25,3.0,5.5\n"
    assert json.loads(spec.content)["vconcat"][0]["data"]["values"][0]["value"] == 4.25
    assert {each.status for each in (parquet, picture, spec)} == {"dp"}


def test_every_measure_of_a_plan_is_drawn_and_framed():
    texts = [
        "count", "patients", "mean(age, 0, 100)", "median(age, 0, 100)", "variance(age, 0, 100)",
        "proportion(sex, F)", "histogram(age, 0, 50, 100)", "top(ward, 2, A, B, C)",
    ]  # fmt: skip
    asked = StatsPlan(name="all", measures=texts, by={"sex": ["F", "M"]}, epsilon=50.0)
    data = pl.DataFrame(
        {
            "_patient": [f"{k}" for k in range(600)],
            "sex": ["F", "M"] * 300,
            "age": ["40"] * 600,
            "ward": ["A"] * 600,
        }
    )
    found = asked.execute(data, Noise(Stream()))
    _, said = drawn(found)
    assert {"[0, 50)", "[50, 100)", *texts} <= set(said)
    frame = to_frame(found)
    assert set(frame["measure"]) == set(texts)
    assert [chart.shape for chart in charts_of(found)][-2:] == ["bars", "bars"]
    assert len(charts_of(found)) == len(texts)
    for table in _statistics_of(found):
        for at in range(len(table["measures"])):
            assert len(pictures(table, at)) == (
                2 if parse_call(table["measures"][at]).name in ("histogram", "top") else 1
            )


def _statistics_of(found):
    return [_statistics({"release": table}) for table in spread_out(found)]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_page_can_say_every_note_of_a_table_and_of_a_series(language):
    data = pl.DataFrame({"_patient": [f"{k}" for k in range(600)], "sex": ["F", "M"] * 300})
    table = StatsPlan(
        name="all", measures=("count",), by={"sex": ["F", "M"]}, epsilon=5.0, max_rows="private"
    )
    series = SeriesPlan(name="monthly", epsilon=1.0, delta=1e-9, periods=("01", "02"), by={"sex": ["F", "M"]})
    step = SeriesStep(series=series, step=1, paid_by=1)
    read = StepData(tables=[data], before=[], opening=series.declaration())
    for found in (table.execute(data, Noise(Stream())), step.execute(read, Noise(Stream()))):
        facts = example_facts(language)
        facts["stats"] = [{"name": found["name"], "replayed": False, "release": found, "expected_error": {}}]
        for document in build(facts):
            assert "<svg" in render(document, language)
