"""A study whose teachers vote, and the audit of its training, from end to end: charged once, shown in both languages."""

import json
from contextlib import contextmanager
from importlib.resources import files

import jsonschema
import pytest
from task_study import STUDY, make_task_study

from confide.audit.bytesearch import ByteSearch
from confide.cli.show import ProgressLines
from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import InvalidInput
from confide.ledger.home import home, open_ledger
from confide.study.check import check_study
from confide.study.config import load_study
from confide.study.gates import judge
from confide.study.run import run_study
from confide.study.training_audits import audit_plans
from confide.tasks.diagnose import diagnose

QUIET = ProgressLines(quiet=True)
TEACHERS = """
[[train]]
task = "teachers"
name = "labels"
source = "notes"
target = "ward"
classes = ["heart", "lung"]
public = "public/*.jsonl"
questions = 30
teachers = 12
epsilon = 20.0
delta = 1e-5
patients = 60
"""
AUDIT = """
[[train]]
task = "diagnose"
name = "ward"
source = "notes"
target = "ward"
classes = ["heart", "lung"]
epsilon = 8.0
delta = 1e-5
patients = 60
expected_batch = 48
steps = 2

[[audit]]
training = "ward"
canaries = 60

[gates]
refuted_claims = 0
"""
HEAD = STUDY[: STUDY.index("[[train]]")]


@pytest.fixture(autouse=True)
def institution(tmp_path, monkeypatch):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))


def spent():
    with open_ledger(home()) as ledger:
        return ledger.balance("inpatients").epsilon_spent


class Told:
    """A step of a run that keeps what its progress is told."""

    def __init__(self):
        self.shares = {}

    @contextmanager
    def __call__(self, step):
        yield lambda done, total: self.shares.setdefault(step, []).append(done / total)


def verify_schema(folder):
    schema = json.loads(files("confide.study").joinpath("dossier.schema.json").read_text())
    for name in ("inside", "outside"):
        jsonschema.validate(json.loads((folder / f"dossier/{name}.json").read_text()), schema)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_study_with_teachers_and_an_audit_runs_from_end_to_end(tmp_path, language):
    folder = make_task_study(tmp_path / "study", language=language, text=HEAD + TEACHERS + AUDIT)
    prices = [(price.name, price.kind, price.epsilon) for price in check_study(folder).prices]
    assert prices == [("labels", "task", 20.0), ("ward", "task", 8.0), ("ward-audit", "audit", 0.0)]
    told = Told()
    assert run_study(folder, step=told).verdict == "pass"
    assert told.shares["train"] == [0.5, 0.75, 1.0, 1.0]  # teachers; two steps of the training, and its end
    assert told.shares["audit"][:2] == [0.5, 1.0]
    assert spent() == pytest.approx(28.0, abs=1e-3)  # the audit adds nothing
    release = json.loads((folder / "outgoing/models/labels.json").read_text())
    assert len(release["labels"]) == 30
    told = diagnose(release, ["angina pectoris" if language == "en" else "心绞痛"])
    assert release["classes"][told[0]] in ("heart", "lung")
    outside = json.loads((folder / "dossier/outside.json").read_text())
    assert [(task["teachers"], task["questions"]) for task in outside["tasks"]] == [(12, 30), (None, None)]
    (audit,) = outside["audits"]
    assert (audit["training"], audit["refuted"], audit["canaries"]) == ("ward", [], 60)
    assert audit["lower"] <= audit["claimed"]
    page = (folder / "dossier/inside.html").read_text()
    for said in (
        ("Labels from few", "No claim is refuted") if language == "en" else ("教师投票", "没有声明被推翻")
    ):
        assert said in page
    verify_schema(folder)
    with open_ledger(home()) as ledger:
        size = ledger.store.head()
    run_study(folder, step=QUIET)
    with open_ledger(home()) as ledger:
        assert ledger.store.head() == size


class NoNoise:
    """A source of noise that forgets to add any: the coins are fair, the sums stay as they are."""

    def __init__(self):
        self.bernoulli = Noise(Stream(bytes(32))).bernoulli

    def add_gaussian(self, values, sigma):
        pass


def test_an_audit_refutes_a_training_without_noise_and_the_gate_then_refuses(tmp_path):
    folder = make_task_study(tmp_path / "study", text=HEAD + AUDIT)
    study = load_study(folder)
    (plan,) = audit_plans(study)
    refuted = plan.execute(None, NoNoise())["refuted"]
    assert "noise" in refuted
    nothing = ByteSearch(identifiers=0, outputs=0, bytes=0, found=0, coincidences=0)
    gates, verdict = judge(
        study.gates, k=None, search=nothing, epsilon=0, open_reviews=0, refuted_claims=len(refuted)
    )
    assert verdict == "refuse"
    assert [gate.name for gate in gates if not gate.holds] == ["refuted_claims"]
    assert (
        judge(study.gates, k=None, search=nothing, epsilon=0, open_reviews=0, refuted_claims=0)[1] == "pass"
    )


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ("questions = 30", "questions = 3000", "fewer than the 3000 questions"),
        ("epsilon = 20.0", "epsilon = 0.5", "drowns 12 teachers"),
        ("questions = 30", "questions = 0", "whole number"),
        ("teachers = 12", "teachers = 1", "whole number"),
        ('public = "public/*.jsonl"', 'public = "public/*.csv"', "no public file"),
        ('target = "ward"', 'target = "bed"', "no column bed"),
        ('training = "ward"', 'training = "labels"', "audits labels, which no"),
        ('training = "ward"', 'training = "nobody"', "audits nobody, which no"),
        ("canaries = 60", "canaries = 10", "whole number from 50"),
        ("canaries = 60", "canaries = 60\nlevel = 1.0", "level"),
    ],
)
def test_what_teachers_or_an_audit_cannot_do_is_refused_before_anything_is_charged(
    tmp_path, wrong, right, said
):
    folder = make_task_study(tmp_path / "study", text=(HEAD + TEACHERS + AUDIT).replace(wrong, right))
    with pytest.raises(InvalidInput) as refused:
        run_study(folder, step=QUIET)
    assert said in str(refused.value)
    assert spent() == 0
