"""`[[synth]]` in a study: priced, charged, measured inside, put out, shown in both editions."""

import json
from importlib.resources import files

import jsonschema
import polars as pl
import pytest
from small import STUDY, make_small

from confide.cli.main import run
from confide.cli.show import ProgressLines
from confide.errors import BudgetExceeded, InvalidInput
from confide.ledger.home import home, open_ledger
from confide.study.check import dry_run
from confide.study.config import load_study
from confide.study.run import run_study

QUIET = ProgressLines(quiet=True)
SYNTH = """
[[synth]]
name = "like-visits"
source = "visits"
method = "{method}"
columns = {{{{sex = ["F", "M"], age = [0, 40, 65, 120], readmitted = ["0", "1"]}}}}
dates = {{{{born = ["1925-01-01", "2010-12-31", "20 years"]}}}}
rules = ["if sex = M then readmitted = 0 | 1"]
complete = ["sex", "readmitted"]
patients = 20000
epsilon = 1.0
target = "readmitted"
control_share = 0.5
"""


@pytest.fixture(autouse=True)
def institution(tmp_path, monkeypatch):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "80")


def study_text(method: str = "mst", epsilon: float = 4.0) -> str:
    text = STUDY.replace("epsilon = 3.0", f"epsilon = {epsilon}")
    return text.replace("[gates]", SYNTH.format(method=method) + "\n[gates]")


@pytest.mark.parametrize(("language", "method"), [("en", "mst"), ("zh", "aim")])
def test_a_synthetic_table_leaves_with_its_numbers_and_without_what_was_measured_inside(
    tmp_path, language, method
):
    small = make_small(tmp_path / "study", language=language, text=study_text(method))
    outcome = run_study(small.folder, step=QUIET)
    assert outcome.verdict == "pass"
    table = pl.read_csv(small.folder / "outgoing" / "synthetic" / "like-visits.csv")
    assert table.columns == ["sex", "age", "readmitted", "born"]
    born = table["born"].drop_nulls().str.to_date("%Y-%m-%d", strict=True)
    assert len(born) > 35
    assert born.dt.year().is_between(1925, 2010).all()
    assert 45 < table.height < 260  # of 299 patients half take no part; how many is said with noise
    inside, outside = (
        json.loads((small.folder / "dossier" / f"{name}.json").read_text()) for name in ("inside", "outside")
    )
    schema = json.loads(files("confide.study").joinpath("dossier.schema.json").read_text())
    for document in (inside, outside):
        jsonschema.validate(document, schema)
    (shown,) = outside["synthetic"]
    assert (shown["name"], shown["method"], shown["epsilon"], shown["rows"]) == (
        "like-visits",
        method,
        1.0,
        table.height,
    )
    assert "fidelity" not in json.dumps(outside)
    (measured,) = inside["private"]["synthetic"]
    assert [one["columns"] for one in measured["fidelity"]] == [1, 2, 3]
    assert measured["usefulness"]["target"] == "readmitted"
    assert [one["model"] for one in inside["private"]["membership"]] == ["like-visits", "readmitted"]
    (file,) = [one for one in outside["outputs"] if one["file"] == "like-visits.csv"]
    assert (file["kind"], file["status"], file["left"]) == ("synthetic", "dp", True)
    assert file["sha256"]  # of bytes that were charged
    for edition in ("inside", "outside"):
        assert "like-visits" in (small.folder / "dossier" / f"{edition}.html").read_text()


def test_a_second_run_shows_the_same_table_and_spends_nothing(tmp_path):
    small = make_small(tmp_path / "study", text=study_text())
    run_study(small.folder, step=QUIET)
    file = small.folder / "outgoing" / "synthetic" / "like-visits.csv"
    first = file.read_bytes()
    with open_ledger(home()) as ledger:
        spent = ledger.balance("inpatients", "readmission").epsilon_spent
    assert spent == pytest.approx(3.0, abs=1e-3)
    run_study(small.folder, step=QUIET)
    assert file.read_bytes() == first
    with open_ledger(home()) as ledger:
        assert ledger.balance("inpatients", "readmission").epsilon_spent == spent


def test_a_dry_run_says_what_noise_alone_does_to_a_pair_and_opens_no_record(tmp_path, capsys):
    small = make_small(tmp_path / "study", text=study_text())
    (small.folder / "raw" / "visits.csv").unlink()
    with pytest.raises(SystemExit) as done:
        run(["run", str(small.folder), "--dry-run"])
    assert not done.value.code
    assert "like-visits, a synthetic table of visits" in " ".join(capsys.readouterr().out.split())
    (price,) = [one for one in dry_run(small.folder).prices if one.kind == "synth"]
    assert 0 < price.pair_noise < 0.02


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("patients = 20000\nepsilon = 1.0\ntarget", "patients = 100\nepsilon = 1.0\ntarget", "study.refused"),
        ('source = "visits"\nmethod', 'source = "notes"\nmethod', "study.no-such-table"),
        ('name = "like-visits"', 'name = "../away"', "study.name-no-file"),
        ('method = "mst"', 'method = "gan"', "study.wrong-type"),
    ],
)
def test_a_section_that_cannot_be_met_is_refused_before_anything_is_read(tmp_path, old, new, code):
    text = study_text()
    assert old in text
    small = make_small(tmp_path / "study", text=text.replace(old, new))
    with pytest.raises(InvalidInput) as refused:
        load_study(small.folder)
    assert refused.value.code == code


def test_a_synthetic_table_counts_against_the_allowance(tmp_path):
    small = make_small(tmp_path / "study", text=study_text(epsilon=2.5))
    with pytest.raises((InvalidInput, BudgetExceeded)):
        load_study(small.folder)


def test_a_column_that_the_table_lacks_is_refused_before_anything_is_charged(tmp_path):
    small = make_small(
        tmp_path / "study",
        text=study_text().replace(
            "age = [0, 40, 65, 120], readmitted = [", "weight = [0, 40, 65, 120], readmitted = ["
        ),
    )
    with pytest.raises(InvalidInput) as refused:
        run_study(small.folder, step=QUIET)
    assert refused.value.code == "study.step-refused"
    with open_ledger(home()) as ledger:
        assert ledger.balance("inpatients").epsilon_spent == 0
