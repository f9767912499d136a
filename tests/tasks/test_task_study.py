"""A study with tasks on notes, from end to end: priced, charged once, scored inside, shown in both languages."""

import json
import re

import jsonschema
import pytest
from task_study import STUDY, make_task_study

from confide.cli.show import ProgressLines
from confide.errors import InvalidInput
from confide.ledger.home import home, open_ledger
from confide.study.check import check_study, dry_run
from confide.study.dossier import build
from confide.study.run import run_study

QUIET = ProgressLines(quiet=True)
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture(autouse=True)
def institution(tmp_path, monkeypatch):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_study_with_tasks_runs_from_end_to_end(tmp_path, language):
    folder = make_task_study(tmp_path / "study", language=language)
    priced = check_study(folder)
    assert [(price.name, price.kind, price.epsilon) for price in priced.prices] == [
        ("found", "task", 8.0), ("ward", "task", 8.0), ("map", "task", 8.0),
    ]  # fmt: skip
    assert run_study(folder, step=QUIET).verdict == "pass"
    left = {path.relative_to(folder / "outgoing").as_posix() for path in (folder / "outgoing").rglob("*.*")}
    assert left == {
        "models/found.json",
        "models/found.md",
        "models/ward.json",
        "models/ward.md",
        "models/map.json",
        "models/map.ttl",
        "models/map.nt",
        "models/map.svg",
    }
    inside = json.loads((folder / "dossier/inside.json").read_text())
    outside = json.loads((folder / "dossier/outside.json").read_text())
    assert [(task["task"], task["bands"]) for task in outside["tasks"]] == [
        ("ner", 2),
        ("diagnose", None),
        ("graph", None),
    ]
    assert {row["name"] for row in inside["private"]["task_scores"][0]["rows"]} == {
        "disease",
        "drug",
        "micro",
        "macro",
    }
    assert "accuracy" in inside["private"]["task_scores"][1]["figures"]
    page = (folder / "dossier/inside.html").read_text()
    for said in (
        ("Entities in notes", "take turns in 2 groups") if language == "en" else ("文书中的实体", "2 组轮流")
    ):
        assert said in page
    card = (folder / "outgoing/models/ward.md").read_text()
    for said in (
        "(ε = 8, δ = 1e-05)",
        "one patient with all of that patient's records",
        "一名患者",
        "| account | inpatients |",
    ):
        assert said in card
    assert "| bands | 2 |" in (folder / "outgoing/models/found.md").read_text()
    assert "weights" not in card.replace("The trained weights", "")
    first = {path.name: path.read_bytes() for path in (folder / "outgoing/models").iterdir()}
    with open_ledger(home()) as ledger:
        size = ledger.store.head()
    assert run_study(folder, step=QUIET).verdict == "pass"
    assert {path.name: path.read_bytes() for path in (folder / "outgoing/models").iterdir()} == first
    with open_ledger(home()) as ledger:
        assert ledger.store.head() == size


def test_scores_of_held_out_patients_are_in_no_byte_that_leaves(tmp_path):
    folder = make_task_study(tmp_path / "study")
    facts = run_study(folder, step=QUIET).facts
    inside, outside = build(facts)
    for task in facts["tasks"]:
        task["figures"] = dict.fromkeys(task["figures"], 0.123)
        task["rows"] = []
    assert build(facts)[1] == outside
    assert build(facts)[0] != inside
    for path in (folder / "outgoing").rglob("*.json"):
        assert not {"micro", "accuracy", "figures", "rows"} & json.loads(path.read_text()).keys()


def test_both_editions_fit_the_schema(tmp_path):
    from importlib.resources import files

    folder = make_task_study(tmp_path / "study")
    run_study(folder, step=QUIET)
    schema = json.loads(files("confide.study").joinpath("dossier.schema.json").read_text())
    for name in ("inside", "outside"):
        jsonschema.validate(json.loads((folder / f"dossier/{name}.json").read_text()), schema)


def test_a_dry_run_prices_tasks_without_opening_a_note(tmp_path):
    folder = make_task_study(tmp_path / "study")
    (folder / "raw/notes.jsonl").unlink()
    found = dry_run(folder)
    assert found.asked == 24.0
    assert found.refusal is None


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ('labels = "entities"', 'labels = "marks"', "no column marks"),
        ('model = "found"', 'model = "ward"', "the model ward"),
        ('types = ["disease", "drug"]', "types = []", "does not list"),
        ('public = "public/*.jsonl"', 'public = "public/*.txt"', "no public file"),
        ("steps = 3\nbands", "steps = 0\nbands", "whole number"),
        ("bands = 2", "bands = 5", "from 1 to 3"),
        ("bands = 2", "bands = 2\nexpected_batch = 40", "more patients than there are"),
        ("steps = 3\n\n", "steps = 3\n\n[[audit]]\ntraining = \"found\"\n\n", "bands = 1"),
        ('task = "diagnose"', 'task = "guess"', "task"),
    ],
)  # fmt: skip
def test_what_can_never_run_is_refused_before_anything_is_charged(tmp_path, wrong, right, said):
    folder = make_task_study(tmp_path / "study", text=STUDY.replace(wrong, right))
    with pytest.raises(InvalidInput) as refused:
        run_study(folder, step=QUIET)
    assert re.search(said, f"{refused.value} {refused.value.hint}")
    with open_ledger(home()) as ledger:
        assert ledger.balance("inpatients").epsilon_spent == 0


def test_a_task_wants_notes_and_not_a_table(tmp_path):
    text = STUDY.replace('kind = "notes"', 'kind = "table"').replace('text = "note"\n', "")
    folder = make_task_study(tmp_path / "study", text=text)
    with pytest.raises(InvalidInput, match="not a source of notes"):
        run_study(folder, step=QUIET)


def test_where_the_row_is_protected_every_note_is_a_patient_of_its_own(tmp_path):
    from confide.study.config import load_study
    from confide.study.sources import read_originals
    from confide.study.task_runs import notes_of
    from confide.study.workplace import open_workplace

    text = STUDY.replace('id = "patient_id"', 'id = "patient_id"\nunit = "row"')
    folder = make_task_study(tmp_path / "study", text=text)
    lines = (folder / "raw/notes.jsonl").read_text().splitlines()
    (folder / "raw/notes.jsonl").write_text("\n".join([*lines, *lines]) + "\n")
    with open_workplace(folder, ask=lambda: "") as place:
        notes = notes_of(load_study(folder), read_originals(place.study, place.vault), "notes")
    assert notes["_patient"].n_unique() == len(notes) == 120
