"""`[[audit]]` with a secret: planted in a study's language model that never ships, shown beside the bound, refused where it tells nothing."""

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
from confide.study.run import run_study

QUIET = ProgressLines(quiet=True)
STUDY_PART = """
[[train]]
task = "notes"
name = "invented"
source = "notes"
count = 2
epsilon = 1.0
delta = 1e-6
patients = 60
expected_batch = 48
steps = 1
width = 16
layers = 1
most_written = 12

[[audit]]
training = "invented"
secret = "key ##"
secrets = 1
level = 0.9
"""


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))

    def made(language="en", **changes):
        text = STUDY[: STUDY.index("[[train]]")].replace("{language}", language) + STUDY_PART
        for wrong, right in changes.items():
            text = text.replace(wrong, right)
        return make_task_study(tmp_path / "study", language=language, text=text)

    return made


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_study_that_plants_a_secret_shows_it_beside_its_bound_and_never_as_proof(study, language):
    folder = study(language)
    prices = [(price.name, price.kind, price.epsilon) for price in check_study(folder).prices]
    assert prices == [("invented", "task", 1.0), ("invented-audit", "audit", 0.0)]
    assert run_study(folder, step=QUIET).verdict == "pass"
    outside = json.loads((folder / "dossier/outside.json").read_text())
    (audit,) = outside["audits"]
    assert (audit["secret"], audit["secrets"], audit["candidates"], audit["canaries"]) == (
        "key ##",
        1,
        100,
        None,
    )
    assert 0 <= audit["exposure"] <= np.log2(100)
    assert 0 < audit["allowed"] < np.log2(100)
    refuted = audit["exposure"] > audit["allowed"]  # a true claim is, one time in 33 at this level
    assert audit["refuted"] == (["secret"] if refuted else [])
    page = (folder / "dossier/outside.html").read_text()
    for said in (
        ("is no proof of safety", "Planted secret") if language == "en" else ("不等于证明安全", "植入的秘密")
    ):
        assert said in page
    schema = json.loads(files("confide.study").joinpath("dossier.schema.json").read_text())
    jsonschema.validate(outside, schema)


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ("key ##", "key", "candidates"),
        ("epsilon = 1.0", "epsilon = 5.0", "can refute nothing"),
        ("key ##", "the key of cabinet ##", "longer than the 12"),
        ("secrets = 1", "secrets = 0", "secrets 0 is not a whole number"),
        ('task = "notes"\nname = "invented"\nsource = "notes"\ncount = 2', 'task = "diagnose"\nname = "invented"\n'
         'source = "notes"\ntarget = "ward"\nclasses = ["heart", "lung"]', "writes no text"),
    ],
)  # fmt: skip
def test_what_a_planted_secret_cannot_do_is_refused_before_anything_is_charged(study, wrong, right, said):
    changes = {wrong: right}
    if "diagnose" in right:
        changes |= {"width = 16\nlayers = 1\nmost_written = 12\n": ""}
    folder = study(**changes)
    with pytest.raises(InvalidInput) as refused:
        run_study(folder, step=QUIET)
    assert said in str(refused.value)
    with open_ledger(home()) as ledger:
        assert ledger.balance("inpatients").epsilon_spent == 0
