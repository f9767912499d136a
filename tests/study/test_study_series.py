"""A study that counts month by month, and by categories that nobody listed: `confide check` and `confide run` do both."""

import json

import pytest
from small import STUDY, make_small

from confide.cli.forecast import show_dry_run
from confide.cli.show import ProgressLines
from confide.errors import BudgetExceeded, InvalidInput
from confide.ledger.home import home, open_ledger
from confide.ledger.verify import verify_ledger
from confide.study.check import check_study, dry_run
from confide.study.config import load_study
from confide.study.run import run_study
from confide.words import speaking

QUIET = ProgressLines(quiet=True)
MONTHS = ("2026-01", "2026-02", "2026-03")
HEAD = STUDY.split("[[source]]")[0].format(language="{language}").replace("{{", "{").replace("}}", "}")
TABLES = """
[[stats]]
name = "{name}"
source = "m1"
by = {by}
measures = ["count", "median(age, 0, 120)"]
shares = "least-error"
epsilon = 1.0
delta = 1e-9
max_rows = 1

[[series]]
name = "admissions"
sources = {sources}
periods = {months}
by = {wards}
epsilon = 1.0
delta = 1e-9
max_rows = 2
"""


@pytest.fixture(autouse=True)
def institution(tmp_path, monkeypatch):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))


def written(folder, number, /, **changes):
    """Write the tables of so many months, and a study of them; return its folder."""
    if not folder.exists():
        make_small(folder, text=HEAD + '[[source]]\nname = "v"\nkind = "table"\npath = "raw/visits.csv"\n')
    sources = [f"m{month}" for month in range(1, number + 1)]
    for month in range(1, number + 1):
        rows = [f"p{k},{'AB'[k % 2]},{20 + k % 60},{'E70.0' if k == 5 else 'I10'}" for k in range(300)]
        path = folder / "raw" / f"m{month}.csv"
        path.write_text("\n".join(["patient_id,ward,age,code", *rows]) + "\n", encoding="utf-8")
    asked = {
        "by": '{code = "unknown"}', "sources": json.dumps(sources), "months": json.dumps(MONTHS),
        "wards": '{ward = ["A", "B"]}', "name": "codes",
    } | changes  # fmt: skip
    listed = "".join(
        f'[[source]]\nname = "{name}"\nkind = "table"\npath = "raw/{name}.csv"\n' for name in sources
    )
    (folder / "study.toml").write_text(
        HEAD.format(language="en") + listed + TABLES.format(**asked), encoding="utf-8"
    )
    return folder


def released(folder, month):
    return (folder / "outgoing" / "statistics" / f"admissions {MONTHS[month - 1]}.csv").read_text()


def test_a_month_more_costs_nothing_and_leaves_the_months_before_as_they_were(tmp_path):
    folder = written(tmp_path / "study", 1)
    assert run_study(folder, step=QUIET).verdict == "pass"
    first = released(folder, 1)
    with open_ledger(home()) as ledger:
        spent = ledger.balance("inpatients").epsilon_spent
        assert 1.9 < spent <= 2.0
    written(folder, 2)
    check_study(folder)
    assert run_study(folder, step=QUIET).verdict == "pass"
    assert released(folder, 2).startswith(first.rstrip("\n"))
    with open_ledger(home()) as ledger:
        assert ledger.balance("inpatients").epsilon_spent == pytest.approx(spent, abs=1e-9)
        verify_ledger(ledger)
        size = ledger.store.head()
    assert run_study(folder, step=QUIET).verdict == "pass"
    with open_ledger(home()) as ledger:
        assert ledger.store.head() == size
    outside = json.loads((folder / "dossier" / "outside.json").read_text())
    assert {table["name"] for table in outside["statistics"]} == {"codes", "admissions 2026-02"}
    assert any(file["file"] == "admissions 2026-02.csv" for file in outside["outputs"])


def test_a_category_of_one_patient_is_not_named_and_the_page_says_how_categories_were_found(tmp_path):
    folder = written(tmp_path / "study", 1)
    run_study(folder, step=QUIET)
    outside = (folder / "dossier" / "outside.html").read_text()
    table = (folder / "outgoing" / "statistics" / "codes.csv").read_text()
    assert table.splitlines()[1].startswith("I10,")
    assert table.splitlines()[2].startswith("*,")
    assert "E70.0" not in table + outside
    assert "categories of code were read from the records" in outside


@pytest.mark.parametrize(("language", "words"), [("en", "3 periods, all paid"), ("zh", "共 3 期")])
def test_a_dry_run_says_what_is_shown_what_is_shared_and_what_a_series_errs(
    tmp_path, capsys, language, words
):
    folder = written(tmp_path / "study", 2)
    with speaking(language):
        show_dry_run(dry_run(folder), folder)
    said = " ".join(capsys.readouterr().out.split())
    assert words.replace(" ", "") in said.replace(" ", "")
    assert "code" in said
    assert "median(age,0,120)" in said.replace(" ", "")
    codes, series = dry_run(folder).prices
    assert codes.found == {"code": 121}
    assert sum(codes.paid.values()) == pytest.approx(0.8)
    assert [name for name, _ in series.periods] == list(MONTHS)
    json.dumps(dry_run(folder).to_json())


def test_a_month_that_changed_after_its_release_is_refused_and_nothing_is_charged(tmp_path):
    folder = written(tmp_path / "study", 2)
    run_study(folder, step=QUIET)
    with open_ledger(home()) as ledger:
        size = ledger.store.head()
    table = folder / "raw" / "m1.csv"
    table.write_text(table.read_text() + "p9,A,30,I10\n")
    written_again = table.read_text()
    with pytest.raises(InvalidInput):
        run_study(folder, step=QUIET)
    assert table.read_text() == written_again
    with open_ledger(home()) as ledger:
        assert ledger.store.head() == size


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sources": '["m1", "m2", "gone"]'}, "study.no-such-table"),
        ({"sources": '["m1", "m1"]'}, "study.refused"),
        ({"months": '["2026/01", "2026/02"]'}, "study.name-no-file"),
        ({"months": '["a"]'}, "study.refused"),
        ({"name": "admissions 2026-02"}, "study.name-twice"),
        ({"wards": '{ward = "unknown"}'}, "study.wrong-type"),
    ],
)
def test_a_series_that_could_not_be_released_is_refused_when_the_study_is_read(tmp_path, changes, code):
    with pytest.raises(InvalidInput) as refused:
        load_study(written(tmp_path / "study", 2, **changes))
    assert refused.value.code == code


def test_a_series_of_rows_is_refused(tmp_path):
    folder = written(tmp_path / "study", 1)
    text = (folder / "study.toml").read_text().replace("[patient]", '[patient]\nunit = "row"')
    (folder / "study.toml").write_text(text)
    with pytest.raises(InvalidInput) as refused:
        load_study(folder)
    assert refused.value.code == "series.of-rows"


def test_a_series_beyond_the_allowance_is_refused_before_a_record_is_read(tmp_path):
    folder = written(tmp_path / "study", 1)
    (folder / "raw" / "m1.csv").write_text("no table at all")
    text = (
        (folder / "study.toml")
        .read_text()
        .replace("epsilon = 3.0\ndelta = 1e-7", "epsilon = 3.0\ndelta = 1e-10", 1)
    )
    (folder / "study.toml").write_text(text)
    with pytest.raises(BudgetExceeded):
        run_study(folder, step=QUIET)
