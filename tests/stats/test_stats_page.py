"""The page on statistics: its examples run, and it names every measure."""

import doctest
import re
from pathlib import Path

import pytest

from confide.stats.measures import parse_measure as parse

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", ["statistics.md", "statistics.zh-CN.md"])
def test_the_page_on_statistics_says_what_happens(name):
    found = doctest.testfile(str(DOCS / name), module_relative=False, encoding="utf-8")
    assert found.failed == 0
    assert found.attempted == 12


MEASURES = (
    "count", "patients", "sum(x, 0, 9)", "mean(x, 0, 9)", "variance(x, 0, 9)", "median(x, 0, 9)", "quantile(x, 0.9, 0, 9)",
    "proportion(x, a)", "histogram(x, 0, 9)", "top(x, 1, a, b)", "difference(x, 1, y, a, b)",
    "effect(x, 1, y, a, b, z, s, t)", "prr(x, 1, y, a)", "ror(x, 1, y, a)", "survival(x, y, 0, 9)",
    "hazard_ratio(x, y, z, a, b, 0, 9)", "logrank(x, y, z, a, b, 0, 9)",
)  # fmt: skip


@pytest.mark.parametrize("name", ["statistics.md", "statistics.zh-CN.md"])
def test_the_page_names_every_measure(name):
    named = set(re.findall(r"`([a-z_]+)(?:\(|`)", (DOCS / name).read_text(encoding="utf-8")))
    assert {parse(text).text.partition("(")[0] for text in MEASURES} <= named
