"""Advice: complete, in both languages, about commands that are there, and figures that the plans stand for."""

import dataclasses
import itertools
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import get_args

import pytest
from small import STUDY, make_small
from test_advise_dry_run import bytes_of, change, shown

from confide.cli.main import COMMANDS
from confide.cli.show import ProgressLines
from confide.deid.policy import POLICIES, load_policy
from confide.errors import BudgetExceeded, InvalidInput
from confide.ledger.home import home, open_ledger
from confide.stats.plan import StatsPlan
from confide.study.advise import (
    ROWS_PER_GIB,
    Asked,
    Data,
    Goal,
    LawName,
    advise,
    advise_study,
    all_laws,
    all_methods,
    goals_of,
    law_of,
    laws,
    machine_rows,
    methods,
    typical_figures,
    typical_model,
)
from confide.study.config import load_study
from confide.study.machine import Machine, _limit, has_entries, this_machine
from confide.study.run import run_study
from confide.words import LANGUAGES, say, speaking

QUIET = ProgressLines(quiet=True)
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def institution(tmp_path, monkeypatch):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "80")


# the table ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("patients", [1, 599, 600, 999, 1000, 1999, 2000, 10**7])
def test_exactly_one_method_fits_each_goal_data_and_number_of_patients(patients):
    for goal, data in itertools.product(get_args(Goal), get_args(Data)):
        assert len(methods(goal, data, patients)) == 1, (goal, data)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_method_says_what_to_do_why_and_where_it_ends_in_both_languages(language):
    with speaking(language):
        for row in all_methods():
            for key in ("do", "why", "limit"):
                assert say(f"advise.method.{row.id}.{key}", **typical_figures(None)).strip()
        for law in all_laws():
            for key in ("needs", "why"):
                assert say(f"advise.law.{law.id}.{key}").strip()


def test_each_row_has_its_own_id_and_no_sentence_is_without_a_row():
    from confide.words import _room

    ids = [row.id for row in all_methods()]
    assert len(set(ids)) == len(ids)
    assert set(_room("advise", "en")["method"]) == set(ids)
    kept = {name for name, value in _room("advise", "en")["law"].items() if isinstance(value, dict)}
    assert kept - {"name"} == {law.id for law in all_laws()}


def test_each_command_that_a_row_names_exists():
    named = {command for row in all_methods() for command in row.commands}
    assert named <= set(COMMANDS)
    assert all(row.commands for row in all_methods() if row.today)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_of_advice_names_a_command_or_section_that_is_not_there(language):
    from confide.study.config import Study

    text = files("confide.words").joinpath(f"{language}/advise.toml").read_text(encoding="utf-8")
    assert set(re.findall(r"\bconfide ([a-z]+)(?= (?:--|\{|FOLDER))", text)) <= set(COMMANDS)
    values = " ".join(re.findall(r'= "(.*)"', text))
    sections = set(re.findall(r"\[\[?([a-z]+)\]\]?", values))
    assert sections <= {field.name for field in dataclasses.fields(Study)}


def test_what_is_not_there_yet_says_so():
    later = {row.id for row in all_methods() if not row.today}
    assert later == {
        "table-text", "model-text", "question-table", "question-text", "hospitals-table", "hospitals-text",
    }  # fmt: skip


def test_each_law_has_an_answer_for_rows_and_for_figures_and_its_status_is_that_of_the_policy():
    for law, output in itertools.product(get_args(LawName), ("rows", "dp")):
        assert [row for row in all_laws() if (row.law, row.output) == (law, output)]
    for row in all_laws():
        assert row.status == ("dp" if row.policy is None else load_policy(row.policy).status)
        assert (row.policy is None) == (row.output == "dp")
    assert {row.policy for row in all_laws() if row.policy} == set(POLICIES)


def test_no_law_ever_promises_anonymous():
    assert "anonymous" not in {row.status for row in all_laws()}


def test_laws_are_chosen_by_what_the_goal_puts_out():
    assert {row.output for row in laws("hipaa", {"rows"})} == {"rows"}
    assert {row.output for row in laws("hipaa", {"table", "model"})} == {"dp"}
    assert laws(None, {"rows"}) == []


def test_the_figures_in_the_sentences_are_those_of_the_plans():
    figures = typical_figures(2000)
    count = StatsPlan(name="c", measures=("count",), epsilon=1.0, max_rows=4).expected(240)["count"]
    assert figures["half"] == f"{count.half_width:.0f}"
    assert (figures["rows"], figures["rows_one"]) == (240, 60)
    assert count.share <= 0.05
    assert figures["noise"] == "11"


def test_the_bands_of_patients_for_models_are_those_of_the_grades():
    grades = {"model-few": "noise", "model-coarse": "coarse", "model": "fine"}
    for row in all_methods():
        if row.id in grades:
            low, high = row.patients
            inside = [max(low, 50), min(high - 250, 10**6)]
            assert [typical_model(int(n)).expected(int(n)).grade for n in inside] == [grades[row.id]] * 2


# the machine ------------------------------------------------------------------------------------------


def test_the_machine_is_read_from_the_operating_system():
    found = this_machine()
    assert found.cores >= 1
    assert 0 < found.memory_gib < 1e6


@pytest.mark.parametrize(
    ("machine", "rows"),
    [
        (Machine(cores=1, memory_gib=2.0, gpu=False), ["memory", "core", "no-gpu"]),
        (Machine(cores=64, memory_gib=512.0, gpu=True), ["memory", "cores", "gpu"]),
    ],
)
def test_each_kind_of_machine_is_told_one_thing_about_each_part(machine, rows):
    assert machine_rows(machine) == rows


def test_a_limit_of_the_kernel_is_a_number_or_none(tmp_path):
    limit = tmp_path / "memory.max"
    assert _limit(limit) is None
    limit.write_text("max\n")
    assert _limit(limit) is None
    limit.write_text("1073741824\n")
    assert _limit(limit) == 2**30


def test_a_gpu_is_there_where_its_driver_lists_one(tmp_path):
    assert not has_entries(tmp_path / "gpus")
    (tmp_path / "gpus").mkdir()
    assert not has_entries(tmp_path / "gpus")
    (tmp_path / "gpus" / "0000:01:00.0").mkdir()
    assert has_entries(tmp_path / "gpus")


# without a study -----------------------------------------------------------------------------------------


def test_without_options_the_ladder_is_explained_and_the_goals_are_listed(capsys, tmp_path):
    code, out = shown(capsys, "advise")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[2:8]] == ["0.1", "0.5", "1", "2", "4", "8"]
    assert all(goal in out for goal in get_args(Goal))
    assert not (tmp_path / "home").exists(), "nothing is made to give advice"


def test_one_epsilon_is_explained_in_sentences_with_its_delta(capsys):
    _, out = shown(capsys, "advise", "--epsilon", "1", "--delta", "1e-8", "--patients", "20000")
    text = " ".join(out.split())
    assert "at most 73.1 times in 100" in text
    assert "more than 2.72 times as likely" in text
    assert "at most 2.72 in 100 patients" in text
    assert "at most 1:100,000,000; for all 20,000 patients together that is at most 1:5,000" in text
    _, out = shown(capsys, "advise", "--epsilon", "1", "--delta", "1e-8")
    assert "patients together" not in out
    _, out = shown(capsys, "advise", "--epsilon", "1")
    assert "δ:" not in out


def test_the_epsilon_for_an_error_is_enough_and_the_rows_at_an_epsilon_are_enough():
    found = advise(
        Asked(error="5%", sizes=(500,), measures=("count", "mean(stay, 0, 60)"), max_rows=2, epsilon=0.5)
    )
    for one in found.inverses:
        asked = StatsPlan(name="x", measures=(one.measure,), epsilon=one.epsilons[0], max_rows=2)
        assert asked.expected(500)[one.measure].share <= 0.05
        at = StatsPlan(name="x", measures=(one.measure,), epsilon=0.5, max_rows=2)
        assert at.expected(one.rows)[one.measure].share <= 0.05
    assert [one.measure for one in found.inverses] == ["count", "mean(stay, 0, 60)"]
    assert [one.measure for one in advise(Asked(error="5%")).inverses] == [
        "count",
        "proportion(column, value)",
    ]
    assert advise(Asked()).inverses == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("goal", get_args(Goal))
@pytest.mark.parametrize("law", get_args(LawName))
def test_every_page_of_advice_fits_eighty_columns_in_both_languages(capsys, goal, law, language):
    from confide.cli.lines import columns

    code, out = shown(
        capsys, "advise", "--goal", goal, "--law", law, "--patients", "20000", "--language", language
    )
    assert code == 0
    assert max(map(columns, out.splitlines())) <= 80
    if language == "zh":
        prose = re.sub(r"[\[({][^\])}]*[\])}]|--?[a-z-]+|confide [a-z]+", "", out)
        assert re.findall(r"\b(?:the|of|and|Needs|Why|Limit|status|from)\b", prose) == []


def test_an_error_that_no_size_reaches_is_said_to_be_never_reached(capsys):
    _, out = shown(capsys, "advise", "--error", "1", "--measure", "count", "--epsilon", "1")
    assert out.splitlines()[-12:] != []
    line = next(line for line in out.splitlines() if line.strip().startswith("count"))
    assert line.split()[-1] == "never"
    assert "Percent of" not in out
    _, out = shown(capsys, "advise", "--error", "1e-9%", "--measure", "mean(x, 0, 1)", "--max-rows", "65536")
    line = next(line for line in out.splitlines() if line.strip().startswith("mean"))
    assert line.split()[3] == "never"


def test_methods_without_a_number_of_patients_show_every_band(capsys):
    _, out = shown(capsys, "advise", "--goal", "model", "--data", "table")
    assert re.findall(r"· (.*)", out) == [
        "fewer than 600 patients",
        "600 to 2,000 patients",
        "2,000 patients and more",
    ]


def test_the_groups_that_patients_make_up_are_said_where_their_number_is_known(capsys):
    _, out = shown(capsys, "advise", "--goal", "table", "--data", "table", "--patients", "20000")
    assert "20,000 patients with one row each make up to 83 groups of 240" in " ".join(out.split())
    _, out = shown(capsys, "advise", "--goal", "table", "--data", "table")
    assert "make up to" not in out


def test_json_holds_no_infinity(capsys):
    _, out = shown(capsys, "advise", "--epsilon", "1000", "--goal", "table", "--json")
    found = json.loads(out, parse_constant=lambda text: pytest.fail(text))
    assert found["meanings"]["1000"]["factor"] is None
    assert found["methods"][-2]["patients"] == [1000, None]
    assert found["machine"]["rows"]
    assert found["forecast"] is None


@pytest.mark.parametrize(
    "options",
    [
        ["--patients", "0"],
        ["--group-size", "-3", "--error", "5%"],
        ["--epsilon", "0"],
        ["--epsilon", "nan"],
        ["--epsilon", "1", "--delta", "1"],
        ["--error", "much"],
        ["--error", "5%", "--measure", "mode(x, 0, 1)"],
        ["--error", "5%", "--max-rows", "0"],
        ["--goal", "wisdom"],
    ],
)
def test_an_option_that_cannot_be_is_refused(capsys, options):
    code, out = shown(capsys, "advise", *options)
    assert (code, out) == (2, "")


# with a study ------------------------------------------------------------------------------------------------


def test_advice_on_a_study_changes_no_byte_and_opens_no_record(tmp_path, capsys):
    small = make_small(tmp_path / "study")
    (small.folder / "raw" / "visits.csv").unlink()
    before = bytes_of(home()), bytes_of(small.folder)
    code, out = shown(capsys, "advise", small.folder, "--error", "5%", "--group-size", "500")
    assert code == 0
    assert (bytes_of(home()), bytes_of(small.folder)) == before
    for heading in (
        "What ε means",
        "What remains after this run",
        "What an error of ± 5% takes",
        "Which method",
    ):
        assert heading in out


def test_as_many_more_releases_are_said_as_the_ledger_then_grants(tmp_path):
    small = make_small(tmp_path / "study")
    said = {one.name: one for one in advise_study(small.folder, Asked()).more}["stay"]
    run_study(small.folder, step=QUIET)
    assert {one.name: one for one in advise_study(small.folder, Asked()).more}["stay"] == said
    assert said.allowance < said.account
    [plan] = [StatsPlan.from_section(section) for section in load_study(small.folder).stats]
    with open_ledger(home()) as ledger:
        where = {"study": "readmission", "account": "inpatients"}
        for number in range(said.allowance):
            with ledger.charge(dataclasses.replace(plan, name=f"more {number}"), **where):
                pass
        with pytest.raises(BudgetExceeded), ledger.charge(dataclasses.replace(plan, name="last"), **where):
            pass


def test_where_a_run_would_be_refused_what_remains_is_what_remains_now(tmp_path):
    small = make_small(tmp_path / "study")
    run_study(small.folder, step=QUIET)
    before = advise_study(small.folder, Asked()).more[0]
    change(
        small,
        (
            'measures = ["count", "mean(stay_days, 0, 30)"]\nepsilon = 1.0',
            'measures = ["count"]\nepsilon = 2.0',
        ),
    )
    found = advise_study(small.folder, Asked())
    assert isinstance(found.forecast.refusal, BudgetExceeded)
    assert (found.more[0].allowance, before.allowance) == (0, 1)


def test_allowance_and_account_are_explained_and_without_an_account_the_allowance(tmp_path, capsys):
    small = make_small(tmp_path / "study")
    found = advise_study(small.folder, Asked())
    assert {name: one.epsilon for name, one in found.meanings.items()} == {"allowance": 3.0, "account": 10.0}
    assert found.patients == 30_000
    change(small, ('[account]\nname = "inpatients"', '[account]\nname = "nobody"'))
    found = advise_study(small.folder, Asked(patients=500))
    assert (list(found.meanings), found.more, found.patients) == (["allowance"], [], 500)
    assert "What remains" not in shown(capsys, "advise", small.folder)[1]


def test_a_study_that_protects_rows_is_told_what_that_means_for_a_patient(tmp_path, capsys):
    small = make_small(tmp_path / "study", text=STUDY.replace("[consent]", 'unit = "row"\n\n[consent]'))
    out = shown(capsys, "advise", small.folder)[1]
    assert "a patient with ten rows is exposed ten times as much" in " ".join(out.split())


def test_the_goals_and_the_law_of_a_study_are_read_off_its_file(tmp_path):
    text = STUDY.replace('"gbt37964-research"', '"safe-harbor"\nsources = ["notes", "visits"]')
    study = load_study(make_small(tmp_path / "study", text=text).folder)
    assert goals_of(study) == {("table", "table"), ("model", "table"), ("rows", "text"), ("rows", "table")}
    assert law_of(study) == "hipaa"
    bare = STUDY[: STUDY.index("[deid]")] + STUDY[STUDY.index("[gates]") :]
    study = load_study(make_small(tmp_path / "bare", text=bare).folder)
    assert (goals_of(study), law_of(study)) == (set(), None)


def test_a_goal_and_a_law_that_are_named_stand_in_place_of_those_of_the_study(tmp_path):
    small = make_small(tmp_path / "study")
    found = advise_study(small.folder, Asked(goal="question", law="gdpr", patients=100))
    assert {row.goal for row in found.methods} == {"question"}
    assert {row.law for row in found.laws} == {"gdpr"}


def test_a_study_and_the_options_of_a_plan_exclude_each_other(tmp_path):
    small = make_small(tmp_path / "study")
    for asked in (Asked(epsilon=1.0), Asked(delta=1e-9), Asked(max_rows=2), Asked(measures=("count",))):
        with pytest.raises(InvalidInput, match="describe a plan"):
            advise_study(small.folder, asked)


def test_many_are_said_in_words_and_fewer_as_a_number(capsys):
    from confide.cli.advise import _number

    assert (_number(1_000_000), _number(999_999)) == ("1,000,000+", "999,999")


def test_rows_per_gib_is_below_what_was_measured():
    assert ROWS_PER_GIB * 0.7 < 100_000 / 0.444
    assert ROWS_PER_GIB <= 500_000 / 1.648
