"""The example on the real encounters: what leaves is useful, what it cost is what the studies say."""

import csv
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from real_data import SHARED

HERE = Path(__file__).parents[2]
SCRIPT = HERE / "examples" / "readmission" / "run.py"
DATA = SHARED / "data" / "diabetes-130-us-hospitals"
STUDIES = {"study-1": (3.0, 1.0), "study-4": (6.0, 4.0)}  # ε of the whole study, of its classifier

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data/diabetes-130-us-hospitals is not here"),
]


def example(out):
    path = os.pathsep.join([str(HERE / "src"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, str(SCRIPT), str(DATA), str(out)]
    return subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": path}, check=False
    )


def files_of(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def inside(out, study):
    return json.loads((out / study / "dossier" / "inside.json").read_text(encoding="utf-8"))


def prepare():
    spec = importlib.util.spec_from_file_location("prepare", SCRIPT.with_name("prepare.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Where the example ran once."""
    folder = tmp_path_factory.mktemp("readmission") / "out"
    run = example(folder)
    assert run.returncode == 0, run.stderr
    return folder


@pytest.fixture(scope="module")
def truth():
    module = prepare()
    return module.prepared(module.read_published(DATA))


@pytest.mark.parametrize("study", STUDIES)
def test_both_studies_pass_and_cost_what_their_files_say(out, study):
    whole, classifier = STUDIES[study]
    dossier = inside(out, study)
    assert dossier["verdict"] == "pass"
    assert whole - 1e-3 < dossier["account"]["epsilon_this_study"] <= whole
    assert dossier["account"]["allowance_epsilon"] == whole
    assert [model["epsilon"] for model in dossier["models"]] == [classifier]


@pytest.mark.parametrize("study", STUDIES)
def test_the_parts_of_the_account_add_up_on_the_page(out, study):
    account = inside(out, study)["account"]
    parts = account["epsilon_spent_before"] + account["epsilon_this_study"] + account["epsilon_left"]
    assert parts == pytest.approx(account["epsilon_total"])


@pytest.mark.parametrize(("study", "least"), [("study-1", 0.63), ("study-4", 0.64)])
def test_the_classifier_is_useful_and_close_to_the_one_without_privacy(out, study, least):
    [held_out] = inside(out, study)["private"]["held_out"]
    assert held_out["ours"]["auc"] > least
    assert held_out["ours"]["auc"] > held_out["plain"]["auc"] - 0.03


@pytest.mark.parametrize("study", STUDIES)
def test_the_attack_on_members_stays_below_the_promise(out, study):
    [attack] = inside(out, study)["private"]["membership"]
    assert attack["epsilon_lower"] <= attack["epsilon_bound"]


@pytest.mark.parametrize("study", STUDIES)
def test_counts_above_1000_are_close_to_the_plain_counts(out, truth, study):
    errors = []
    for file in (out / study / "outgoing" / "statistics").glob("*.csv"):
        rows = list(csv.DictReader(file.open(encoding="utf-8")))
        keys = list(rows[0])[: list(rows[0]).index("count")]
        plain = {tuple(row[:-1]): row[-1] for row in truth.group_by(keys).len().rows()}
        pairs = [(float(row["count"]), plain.get(tuple(row[key] for key in keys), 0)) for row in rows]
        errors += [abs(noisy - count) / count for noisy, count in pairs if count > 1000]
    assert len(errors) > 15
    assert sorted(errors)[len(errors) // 2] < 0.06
    assert sum(error < 0.1 for error in errors) >= 0.9 * len(errors)
    assert max(errors) < 0.25


def test_nothing_that_leaves_holds_an_id_of_the_records(out, truth):
    ids = {
        each
        for column in ("patient_nbr", "encounter_id")
        for each in truth[column].to_list()
        if len(each) > 5
    }
    for study in STUDIES:
        for name, content in files_of(out / study / "outgoing").items():
            words = content.decode(errors="replace").replace(",", " ").replace('"', " ").split()
            assert not ids & set(words), name


def test_no_plain_copy_of_the_records_is_left(out):
    assert not [path for path in out.rglob("*.csv") if "outgoing" not in path.parts]


def test_a_second_run_shows_everything_again_at_no_cost(out):
    before = {study: files_of(out / study / "outgoing") for study in STUDIES}
    balances = [inside(out, study)["account"]["epsilon_this_study"] for study in STUDIES]
    run = example(out)
    assert run.returncode == 0, run.stderr
    assert {study: files_of(out / study / "outgoing") for study in STUDIES} == before
    for study, balance in zip(STUDIES, balances, strict=True):
        dossier = inside(out, study)
        assert dossier["account"]["epsilon_this_study"] == balance
        assert all(release["replayed"] for release in (*dossier["statistics"], *dossier["models"]))
