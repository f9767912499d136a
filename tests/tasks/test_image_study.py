"""A study that learns a class from images, from end to end: priced, charged once, scored inside, audited, shown in both languages."""

import json
from importlib.resources import files

import jsonschema
import numpy as np
import pytest
from task_study import STUDY, make_task_study

from confide.cli.show import ProgressLines
from confide.errors import InvalidInput
from confide.ledger.home import home, open_ledger
from confide.study.check import check_study
from confide.study.config import load_study
from confide.study.run import run_study
from confide.study.sources import read_originals
from confide.study.task_runs import sides_of
from confide.study.tasks import task_plans
from confide.study.workplace import open_workplace

QUIET = ProgressLines(quiet=True)
IMAGES = """
[[source]]
name = "films"
kind = "images"
path = "raw/films.npz"

[[train]]
task = "image"
name = "pneumonia"
source = "films"
target = "finding"
classes = ["normal", "pneumonia"]
shape = [16, 16]
channels = 4
epsilon = 20.0
delta = 1e-5
patients = 120
test_share = 0.4
expected_batch = 72
steps = 12
learning_rate = 0.02

[[audit]]
training = "pneumonia"
canaries = 50
"""
HEAD = STUDY[: STUDY.index("[[train]]")]


@pytest.fixture(autouse=True)
def institution(tmp_path, monkeypatch):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))


def study(folder, *, language="en", text=IMAGES):
    """Films of which the ill are bright below and the well above; each patient has two."""
    made = make_task_study(folder, language=language, text=HEAD + text)
    draw = np.random.default_rng(0)
    ill = np.arange(240) // 2 % 2
    pixels = draw.integers(0, 120, (240, 16, 16))
    pixels[ill == 1, 8:] += 120
    pixels[ill == 0, :8] += 120
    np.savez(
        made / "raw" / "films.npz",
        images=pixels.astype(np.uint8),
        patient_id=np.array([f"q{i // 2}" for i in range(240)]),
        finding=np.where(ill == 1, "pneumonia", "normal"),
    )
    return made


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_study_that_learns_from_images_runs_from_end_to_end(tmp_path, language):
    folder = study(tmp_path / "study", language=language)
    prices = [(price.name, price.kind, price.epsilon) for price in check_study(folder).prices]
    assert prices == [("pneumonia", "task", 20.0), ("pneumonia-audit", "audit", 0.0)]
    assert run_study(folder, step=QUIET).verdict == "pass"
    release = json.loads((folder / "outgoing/models/pneumonia.json").read_text())
    assert (release["kind"], release["steps"], release["epsilon"]) == ("image-class", 12, 20.0)
    inside = json.loads((folder / "dossier/inside.json").read_text())
    scores = inside["private"]["task_scores"][0]
    assert scores["figures"]["auc"] > 0.8
    assert {row["name"] for row in scores["rows"]} == {"normal", "pneumonia", "macro"}
    assert inside["private"]["membership"][0]["epsilon_bound"] == 20.0
    assert inside["audits"][0]["refuted"] == []
    page = (folder / "dossier/inside.html").read_text()
    assert ("Class of an image" if language == "en" else "影像分类") in page
    assert "auc" not in json.loads((folder / "dossier/outside.json").read_text())
    schema = json.loads(files("confide.study").joinpath("dossier.schema.json").read_text())
    for name in ("inside", "outside"):
        jsonschema.validate(json.loads((folder / f"dossier/{name}.json").read_text()), schema)
    with open_ledger(home()) as ledger:
        size = ledger.store.head()
    run_study(folder, step=QUIET)
    with open_ledger(home()) as ledger:
        assert ledger.store.head() == size


def test_all_images_of_a_patient_are_on_one_side(tmp_path):
    folder = study(tmp_path / "study")
    (plan,) = task_plans(load_study(folder))
    with open_workplace(folder, ask=lambda: "") as place:
        members, others = sides_of(place.study, read_originals(place.study, place.vault), plan, bytes(32))
    assert not set(members.patients) & set(others.patients)
    assert len(members.patients) + len(others.patients) == 240
    for side in (members, others):
        bright = side.pixels[:, 8:].mean(axis=(1, 2)) > side.pixels[:, :8].mean(axis=(1, 2))
        assert [group == "pneumonia" for group in side.groups] == bright.tolist()  # rows stay together


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ("shape = [16, 16]", "shape = [28, 28]", "28 × 28"),
        ("shape = [16, 16]", "shape = [16]", "shape"),
        ("shape = [16, 16]", "shape = [4, 4]", "whole number"),
        ("channels = 4", "channels = 6", "channels"),
        ('target = "finding"', 'target = "label"', "no column label"),
        ('classes = ["normal", "pneumonia"]', 'classes = ["normal"]', "does not list"),
        ('kind = "images"\npath = "raw/films.npz"', 'kind = "table"\npath = "raw/notes.jsonl"', "films"),
        ("epsilon = 20.0", "epsilon = 0.01", "0.01"),
    ],
)
def test_images_that_cannot_be_learnt_from_are_refused_before_anything_is_charged(
    tmp_path, wrong, right, said
):
    folder = study(tmp_path / "study", text=IMAGES.replace(wrong, right))
    with pytest.raises(InvalidInput) as refused:
        run_study(folder, step=QUIET)
    assert said in str(refused.value)
    with open_ledger(home()) as ledger:
        assert ledger.balance("inpatients").epsilon_spent == 0
