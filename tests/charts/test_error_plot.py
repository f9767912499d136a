"""The plot of error against ε shows what the plans compute, spends nothing, and is refused where there is nothing to show."""

import re
import xml.etree.ElementTree as ET

import pytest
from click.testing import CliRunner
from small import make_small

from confide.charts.error import Curve, ErrorPlot, error_svg
from confide.errors import InvalidInput
from confide.stats.plan import StatsPlan
from confide.study.foresee import write_error_plot
from confide.words import speaking

SVG = "{http://www.w3.org/2000/svg}"


def plan(*measures, epsilon=1.0):
    return StatsPlan(name="stays", measures=measures, epsilon=epsilon)


def said(path):
    return [element.text for element in ET.fromstring(path.read_text(encoding="utf-8")).iter(f"{SVG}text")]


def test_the_epsilon_that_is_enough_is_the_one_the_plan_itself_needs(tmp_path):
    file = tmp_path / "plot.svg"
    with speaking("en"):
        write_error_plot(file, [plan("count")], "5%", [1000])
    [text] = [text for text in said(file) if "from ε" in text]
    epsilon = float(re.search(r"ε = ([\d.]+)", text)[1])
    [at, below] = [plan("count", epsilon=e).expected(1000)["count"].share for e in (epsilon, epsilon * 0.99)]
    assert at <= 0.05 < below


@pytest.mark.parametrize("error", ["5%", "3"])
@pytest.mark.parametrize("epsilon", [0.001, 1.0, 300.0])
def test_every_plan_can_be_plotted_with_an_error_of_either_kind(tmp_path, error, epsilon):
    file = tmp_path / "plot.svg"
    measures = ("count", "mean(days, 0, 60)", "sum(cost, -10, 9)", "proportion(died, yes)")
    write_error_plot(file, [plan(*measures, epsilon=epsilon)], error, [1, 100, 10_000])
    text = file.read_text(encoding="utf-8")
    assert not re.search(r"\b(nan|inf)\b", text)
    assert {element.tag.removeprefix(SVG) for element in ET.fromstring(text).iter()} <= {
        "svg", "title", "rect", "g", "text", "path", "circle",
    }  # fmt: skip


def test_where_no_epsilon_is_enough_the_plot_says_so():
    never = ErrorPlot("count", (0.1, 1.0, 10.0), 1.0, 0.05, False, (Curve(7, (None, None, None), None),))
    with speaking("en"):
        assert "at no ε" in error_svg([never])


def test_no_table_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="no table"), speaking("en"):
        write_error_plot(tmp_path / "plot.svg", [], None, [100])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_dry_run_writes_the_plot_and_a_run_refuses_it(tmp_path, language):
    from confide.cli.study import run_command

    small, file = make_small(tmp_path / "study", language=language), tmp_path / "plot.svg"
    with speaking(language):
        refused = CliRunner().invoke(run_command, [str(small.folder), "--plot", str(file)])
        assert isinstance(refused.exception, InvalidInput)
        assert not file.exists()
        CliRunner().invoke(run_command, [str(small.folder), "--dry-run", "--plot", str(file)])
    assert sum("±" in text for text in said(file) if text) > 3
