"""The demo is a real run: two hospitals, two verdicts, the five figures, and dossiers in their languages."""

import pytest

from confide.cli.show import ProgressLines
from confide.demo.walk import walk
from confide.errors import InvalidInput

pytestmark = pytest.mark.slow


def test_both_hospitals_pass_and_say_their_five_figures(tmp_path):
    hospitals = walk(
        tmp_path / "demo", patients=800, steps=lambda title: ProgressLines(quiet=True, title=title)
    )
    assert [hospital.verdict for hospital in hospitals] == ["pass", "pass"]
    for hospital, language in zip(hospitals, ("zh", "en"), strict=True):
        assert set(hospital.figures) == {"identifiers", "planted", "account", "statistics", "model"}
        assert hospital.figures["identifiers"].split(": ")[1].startswith("0 of")
        assert f'lang="{language}' in (tmp_path / "demo" / language / "dossier" / "outside.html").read_text()


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(InvalidInput, match="not made by a demo"):
        walk(tmp_path, patients=800, steps=lambda title: ProgressLines(quiet=True, title=title))
    assert (tmp_path / "mine").read_text() == "precious"
