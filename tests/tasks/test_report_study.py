"""A study whose task drafts reports, from end to end: priced, charged once, scored inside, shown in both languages."""

import json

import jsonschema
import pytest
from task_study import STUDY, make_task_study

from confide.cli.show import ProgressLines
from confide.study.check import check_study
from confide.study.config import load_study
from confide.study.run import run_study
from confide.study.tasks import task_plans

QUIET = ProgressLines(quiet=True)
REPORT = """
[[train]]
task = "report"
name = "drafts"
source = "notes"
findings = "ward"
text_language = "{language}"
public = "public/*.jsonl"
public_epochs = 1
epsilon = 8.0
delta = 1e-5
patients = 60
steps = 2
width = 16
layers = 1
most_given = 8
most_written = 8
"""


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_study_that_drafts_reports_runs_from_end_to_end(tmp_path, monkeypatch, language):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))
    text = STUDY[: STUDY.index("[[train]]")] + REPORT
    folder = make_task_study(tmp_path / "study", language=language, text=text)
    assert [(price.name, price.kind, price.epsilon) for price in check_study(folder).prices] == [
        ("drafts", "task", 8.0)
    ]
    assert run_study(folder, step=QUIET).verdict == "pass"
    release = json.loads((folder / "outgoing/models/drafts.json").read_text())
    assert release["kind"] == "report"
    assert release["public_sha256"] in (folder / "dossier/outside.html").read_text()
    inside = json.loads((folder / "dossier/inside.json").read_text())
    scores = inside["private"]["task_scores"][0]
    assert {row["name"] for row in scores["rows"]} == {"draft", "physician"}
    assert scores["figures"]["loss"] > 0
    page = (folder / "dossier/inside.html").read_text()
    assert ("Draft reports from findings" if language == "en" else "由所见起草报告") in page
    from importlib.resources import files

    schema = json.loads(files("confide.study").joinpath("dossier.schema.json").read_text())
    for name in ("inside", "outside"):
        jsonschema.validate(json.loads((folder / f"dossier/{name}.json").read_text()), schema)
    assert "loss" not in (folder / "dossier/outside.json").read_text()


NOTES = """
[[train]]
task = "notes"
source = "notes"
count = 2
target = "ward"
classes = ["heart", "lung"]
public = "public/*.jsonl"
epsilon = 8.0
delta = 1e-5
patients = 60
"""


def test_public_text_comes_with_the_column_that_it_is_written_from(tmp_path, monkeypatch):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))
    text = STUDY[: STUDY.index("[[train]]")] + REPORT + NOTES
    folder = make_task_study(tmp_path / "study", text=text)
    pairs = [{"text": "Breathes well. " * 90, "ward": "lung"}, {"text": "Beats well. " * 90}]
    (folder / "public/corpus.jsonl").write_text("\n".join(map(json.dumps, pairs)))
    assert [plan.public.given for plan in task_plans(load_study(folder))] == [("lung", "")] * 2
