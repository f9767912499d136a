"""The Python of the pages on audits and on reports runs, and says what the pages say."""

from pathlib import Path

import pytest

from confide.dp.noise import Noise
from confide.dp.random import Stream

DOCS = Path(__file__).parents[2] / "docs"


def python_of(page):
    parts = (DOCS / page).read_text(encoding="utf-8").split("```python\n")[1:]
    return "\n".join(part.split("```")[0] for part in parts)


@pytest.mark.parametrize("page", ["reports.md", "reports.zh-CN.md"])
def test_the_python_of_the_page_on_reports_runs(page):
    exec(compile(python_of(page), page, "exec"), {})


def test_the_python_of_the_page_on_audits_runs_and_its_audit_passes():
    held = {"__name__": "page"}
    exec(compile(python_of("audit-training.md"), "audit-training.md", "exec"), held)
    told = held["Audit"].execute(held["made_up"], Noise(Stream(bytes(32))))
    assert told == {"refuted": [], "lower_below_claim": True}
