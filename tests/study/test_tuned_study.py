"""A study whose table model is tuned: one price, one release, the choice on the page, the same again for nothing."""

import json
from importlib.resources import files

import jsonschema
import pytest
from small import STUDY, make_small

from confide.cli.show import ProgressLines
from confide.errors import InvalidInput
from confide.ledger.home import home, open_ledger
from confide.study.check import check_study
from confide.study.run import run_study

QUIET = ProgressLines(quiet=True)
TUNED = STUDY.replace("steps = 10", "steps = 10\ntune = {{learning_rate = [0.01, 2.0], clip = [0.5, 1.0]}}")


@pytest.fixture(autouse=True)
def institution(tmp_path, monkeypatch):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_tuned_model_is_one_charge_and_the_winner_leaves_alone(tmp_path, language):
    folder = make_small(tmp_path / "study", language=language, text=TUNED).folder
    prices = [(price.name, price.kind, price.epsilon) for price in check_study(folder).prices]
    assert prices == [("stay", "stats", 1.0), ("readmitted", "train", 1.0)]
    assert run_study(folder, step=QUIET).verdict == "pass"
    release = json.loads((folder / "outgoing/models/readmitted.json").read_text())
    assert release["learning_rate"] in (0.01, 2.0)
    assert release["clip"] in (0.5, 1.0)
    outside = json.loads((folder / "dossier/outside.json").read_text())
    (model,) = outside["models"]
    assert (model["candidates"], model["epsilon"]) == (4, 1.0)
    page = (folder / "dossier/outside.html").read_text()
    assert ("4 settings tried" if language == "en" else "试了 4 组设置") in page
    schema = json.loads(files("confide.study").joinpath("dossier.schema.json").read_text())
    jsonschema.validate(outside, schema)
    with open_ledger(home()) as ledger:
        assert 1.9 < ledger.balance("inpatients").epsilon_spent <= 2.0
        size = ledger.store.head()
    run_study(folder, step=QUIET)
    with open_ledger(home()) as ledger:
        assert ledger.store.head() == size


def test_settings_that_cannot_be_tried_are_refused_with_their_line(tmp_path):
    text = TUNED.replace("learning_rate = [0.01, 2.0]", "steps = [1, 2]")
    folder = make_small(tmp_path / "study", text=text).folder
    with pytest.raises(InvalidInput, match=r"line \d+.*tune does not list"):
        check_study(folder)
