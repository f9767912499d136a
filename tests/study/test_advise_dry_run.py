"""A dry run: cost, what is left and the error to expect, from the study file and the ledger alone."""

import json
import shutil
from dataclasses import asdict, replace

import pytest
from small import STUDY, make_small

from confide.cli.main import run
from confide.cli.show import ProgressLines
from confide.dp.events import Composed
from confide.dp.pld import declared_epsilon
from confide.errors import IntegrityError, InvalidInput
from confide.ledger.home import home
from confide.study.check import check_study, dry_run
from confide.study.config import load_study
from confide.study.declared import declared
from confide.study.plans import all_plans
from confide.study.run import run_study

QUIET = ProgressLines(quiet=True)


@pytest.fixture(autouse=True)
def institution(tmp_path, monkeypatch):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "80")


def shown(capsys, *arguments: str) -> tuple[int, str]:
    """Run a command and return its code and what it printed."""
    with pytest.raises(SystemExit) as done:
        run([str(argument) for argument in arguments])
    return int(done.value.code or 0), capsys.readouterr().out


def bytes_of(folder) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def change(small, *pairs: tuple[str, str]) -> None:
    study = small.folder / "study.toml"
    text = study.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    study.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_a_dry_run_spends_nothing_and_leaves_every_byte_of_ledger_and_folder_as_it_was(
    tmp_path, capsys, as_json
):
    small = make_small(tmp_path / "study")
    before = bytes_of(home()), bytes_of(small.folder)
    code, out = shown(capsys, "run", small.folder, "--dry-run", *as_json)
    assert code == 0
    assert "stay" in out
    assert (bytes_of(home()), bytes_of(small.folder)) == before


def test_a_dry_run_opens_no_record_and_no_vault(tmp_path, capsys):
    small = make_small(tmp_path / "study")
    _, whole = shown(capsys, "run", small.folder, "--dry-run")
    for name in ("raw", "home/vault"):
        shutil.rmtree(tmp_path / name if "home" in name else small.folder / name)
    for name in ("passphrase.txt", "ids.csv", "optout.csv"):
        (small.folder / name).unlink()
    assert shown(capsys, "run", small.folder, "--dry-run") == (0, whole)


def test_no_figure_of_a_forecast_depends_on_a_record(tmp_path):
    few, many = (make_small(tmp_path / f"study{patients}", patients=patients) for patients in (60, 300))
    assert check_study(few.folder) == check_study(many.folder) == dry_run(few.folder)


def test_a_forecast_says_what_each_release_costs_and_what_allowance_and_account_have_left(tmp_path):
    small = make_small(tmp_path / "study")
    found = dry_run(small.folder)
    assert [(p.name, p.kind, p.epsilon, p.released) for p in found.prices] == [
        ("stay", "stats", 1.0, False),
        ("readmitted", "train", 1.0, False),
    ]
    assert (found.asked, found.refusal, found.patients, found.unit) == (2.0, None, 30_000, "patient")
    assert found.asked_delta == pytest.approx(1e-9)
    assert (found.allowance.before, round(found.left, 4)) == (3.0, 1.0)
    assert (found.account_left.before, round(found.account_left.after, 4)) == (10.0, 8.0)


def test_what_is_left_afterwards_is_what_the_ledger_says_after_the_run(tmp_path):
    small = make_small(tmp_path / "study")
    said = dry_run(small.folder)
    run_study(small.folder, step=QUIET)
    again = dry_run(small.folder)
    assert again.allowance.before == said.allowance.after
    assert again.account_left.before == said.account_left.after
    assert (again.asked, [price.released for price in again.prices]) == (0, [True, True])
    assert again.allowance.after == again.allowance.before


def test_the_errors_are_those_of_the_plan_at_each_assumed_size(tmp_path):
    small = make_small(tmp_path / "study")
    [stay, model] = dry_run(small.folder, sizes=(50, 5000)).prices
    assert list(stay.errors) == ["count", "mean(stay_days, 0, 30)"]
    assert [one.rows for one in stay.errors["count"]] == [50, 5000]
    assert stay.errors["mean(stay_days, 0, 30)"][0].half_width is None
    assert (stay.max_rows, stay.signals) == (4, [])
    assert [one.patients for one in model.signals] == [3, 30, 300]
    assert (model.errors, model.max_rows) == ({}, None)


def test_what_leaves_row_by_row_is_named_with_its_policy_and_status(tmp_path):
    small = make_small(tmp_path / "study")
    [notes] = dry_run(small.folder).rows
    assert (notes.source, notes.policy, notes.status) == ("notes", "gbt37964-research", "de-identified")
    bare = make_small(tmp_path / "bare", text=STUDY.replace('[deid]\npolicy = "gbt37964-research"\n', ""))
    assert dry_run(bare.folder).rows == []


def test_a_policy_of_ones_own_is_read_beside_the_study(tmp_path):
    small = make_small(tmp_path / "study", text=STUDY.replace('"gbt37964-research"', '"ours.toml"'))
    from importlib.resources import files

    text = files("confide.deid").joinpath("policies/gdpr-pseudonymise.toml").read_text(encoding="utf-8")
    (small.folder / "ours.toml").write_text(text, encoding="utf-8")
    assert dry_run(small.folder).rows[0].status == "pseudonymised"


def test_a_dry_run_ends_as_the_run_would_and_shows_the_figures_all_the_same(tmp_path, capsys):
    small = make_small(tmp_path / "study")
    run_study(small.folder, step=QUIET)
    change(
        small,
        (
            'measures = ["count", "mean(stay_days, 0, 30)"]\nepsilon = 1.0',
            'measures = ["count"]\nepsilon = 2.0',
        ),
    )
    code, out = shown(capsys, "run", small.folder, "--dry-run")
    assert code == 3
    assert "would be refused" in out
    assert "released already" in out
    code, out = shown(capsys, "run", small.folder, "--dry-run", "--json")
    found = json.loads(out)
    assert (code, found["refusal"]["exit_code"], found["allowance"]["after"]) == (3, 3, None)
    assert [price["released"] for price in found["prices"]] == [False, True]


def test_the_gate_is_held_against_the_figure_that_the_run_will_show(tmp_path):
    small = make_small(tmp_path / "study", text=STUDY.replace("epsilon = 3.0\nopen", "epsilon = 2.5\nopen"))
    run_study(small.folder, step=QUIET)
    change(
        small,
        ('name = "readmitted"', 'name = "again"'),
        ("epsilon = 1.0\npatients", "epsilon = 1.9\npatients"),
    )
    said = dry_run(small.folder)
    assert said.refusal is None
    assert 2.5 < said.broken_gate < 3.0, "the plain sum of 3.9 is more than the allowance, so the rule speaks"
    [gate] = [gate for gate in run_study(small.folder, step=QUIET).gates if gate.name == "epsilon"]
    assert (gate.holds, gate.value) == (False, pytest.approx(said.broken_gate))


def test_without_an_account_the_figures_are_there_and_the_refusal_says_who_is_missing(
    tmp_path, capsys, monkeypatch
):
    small = make_small(tmp_path / "study")
    change(small, ('[account]\nname = "inpatients"', '[account]\nname = "nobody"'))
    found = dry_run(small.folder)
    assert isinstance(found.refusal, InvalidInput)
    assert (found.account_left, found.patients, found.left) == (None, None, 3.0)
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "elsewhere"))
    code, out = shown(capsys, "run", small.folder, "--dry-run")
    assert code == 2
    assert "count" in out
    assert not (tmp_path / "elsewhere").exists(), "looking makes no ledger"


def test_a_ledger_that_is_gone_is_no_new_institution(tmp_path):
    small = make_small(tmp_path / "study")
    run_study(small.folder, step=QUIET)
    shutil.rmtree(home())
    with pytest.raises(IntegrityError, match="gone"):
        dry_run(small.folder)


def test_a_ledger_on_a_server_is_asked_though_no_file_is_there(tmp_path, monkeypatch):
    small = make_small(tmp_path / "study")
    shutil.rmtree(home())
    monkeypatch.setenv("CONFIDE_LEDGER", "")
    assert dry_run(small.folder).refusal is not None
    assert (home() / "ledger.sqlite").exists()


def test_a_gate_that_would_refuse_what_is_paid_for_is_said_before(tmp_path, capsys):
    small = make_small(tmp_path / "study", text=STUDY.replace("epsilon = 3.0\nopen", "epsilon = 1.5\nopen"))
    assert dry_run(small.folder).broken_gate == 2.0
    _, out = shown(capsys, "run", small.folder, "--dry-run")
    assert "its own gate epsilon = 1.5 would refuse" in " ".join(out.split())
    run_study(small.folder, step=QUIET)
    assert dry_run(small.folder).broken_gate is None, "nothing more would be spent"
    change(
        small, ('name = "stay"', 'name = "stay2"'), ("epsilon = 1.0\n\n[[train", "epsilon = 0.25\n\n[[train")
    )
    assert dry_run(small.folder).broken_gate == pytest.approx(2.25, abs=1e-4)
    change(small, ("epsilon = 1.5\nopen", "open"))
    assert dry_run(small.folder).broken_gate is None


def test_the_json_of_a_forecast_is_json_with_shares_and_grades(tmp_path, capsys):
    small = make_small(tmp_path / "study")
    _, out = shown(capsys, "run", small.folder, "--dry-run", "--json")
    stay, model = json.loads(out)["prices"]
    assert stay["errors"]["count"][0]["share"] == pytest.approx(
        stay["errors"]["count"][0]["half_width"] / 100
    )
    assert model["signals"][0]["grade"] == "noise"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_check_shows_the_same_forecast_and_goes_on_to_the_run(tmp_path, capsys, language):
    small = make_small(tmp_path / "study", language=language)
    _, checked = shown(capsys, "check", small.folder, "--language", language)
    _, dry = shown(capsys, "run", small.folder, "--dry-run", "--language", language)
    forecast = checked[: checked.rindex("confide run")].splitlines()[:-1]
    assert forecast
    assert set(forecast) <= set(dry.splitlines())
    assert max(map(width, dry.splitlines())) <= 80


def width(line: str) -> int:
    from confide.cli.lines import columns

    return columns(line)


def test_a_study_that_releases_nothing_under_epsilon_has_no_tables_to_explain(tmp_path, capsys):
    text = STUDY[: STUDY.index("[[stats]]")] + STUDY[STUDY.index("[gates]") :]
    small = make_small(tmp_path / "study", text=text)
    code, out = shown(capsys, "run", small.folder, "--dry-run")
    assert code == 0
    assert "max_rows" not in out
    assert "notes would leave row by row" in out


def test_a_group_too_small_for_a_figure_has_a_dash_and_the_dash_is_explained(tmp_path, capsys):
    small = make_small(tmp_path / "study")
    _, out = shown(capsys, "advise", small.folder, "--group-size", "20", "--group-size", "2000")
    [mean] = [line for line in out.splitlines() if line.strip().startswith("mean(")]
    assert "–" in mean.split()
    assert "leaves no figure to show" in out
    assert "leaves no figure" not in shown(capsys, "advise", small.folder, "--group-size", "2000")[1]


def test_a_dry_run_tells_the_second_number_of_all_planned_releases_and_the_ledger_does_not_use_it(
    tmp_path, capsys
):
    """Beside the filter: the figure of a batch that is declared in advance, said to be a second number."""
    small = make_small(tmp_path / "study")
    found = dry_run(small.folder)
    plans = all_plans(load_study(small.folder))
    assert found.declared.releases == len(plans) == len(found.prices)
    assert found.declared.delta == found.allowance.delta
    assert 0 < found.declared.epsilon <= found.asked
    event = Composed(tuple(plan.event() for plan in plans))
    assert found.declared.epsilon == declared_epsilon(event, found.declared.delta)
    _, out = shown(capsys, "run", small.folder, "--dry-run", "--json")
    assert json.loads(out)["declared"] == asdict(found.declared)
    run_study(small.folder, step=QUIET)
    after = dry_run(small.folder)
    assert after.asked == 0
    assert after.declared == found.declared  # what was released belongs to the batch still


@pytest.mark.parametrize(("language", "words"), [("en", "A second number"), ("zh", "另一个数值")])
def test_the_second_number_is_said_in_both_languages(tmp_path, capsys, language, words):
    small = make_small(tmp_path / "study")
    _, out = shown(capsys, "run", small.folder, "--dry-run", "--language", language)
    assert words in out


def test_without_a_delta_that_pays_for_the_plans_there_is_no_second_number(tmp_path):
    small = make_small(tmp_path / "study")
    study = load_study(small.folder)
    none = replace(study, account=replace(study.account, delta=1e-18))
    assert declared(none).epsilon is None
