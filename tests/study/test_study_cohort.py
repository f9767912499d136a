"""A study with a cohort reads its members alone; one that ran out goes on by an approved extension only."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from erasing import quietly
from small import PASSPHRASE

from confide.cli.main import run
from confide.crypto.sign import new_key
from confide.errors import AccessDenied, BudgetExceeded, InvalidInput
from confide.ledger.home import home, open_ledger
from confide.ledger.requests import new_request, sign_request
from confide.ledger.verify import verify_ledger
from confide.study.check import check_study, dry_run
from confide.study.cohort import read_members
from confide.study.keys import make_vault
from confide.study.run import run_study
from confide.study.sources import read_records
from confide.study.status import status_of
from confide.study.workplace import open_workplace

STUDY = """
[study]
name = "{name}"
purpose = "plan beds"
requester = "ward 3"

[account]
name = "inpatients"
epsilon = {epsilon}
delta = 1e-8
{account}

[patient]
id = "patient_id"
{patient}

[keys]
custody = "passphrase"
passphrase_file = "passphrase.txt"

[[source]]
name = "visits"
kind = "table"
path = "raw/*.csv"

[[source]]
name = "notes"
kind = "notes"
path = "raw/*.jsonl"
text = "note"

{stats}
[gates]
epsilon = 4.0
"""
STATS = """
[[stats]]
name = "{name}"
source = "visits"
by = {{sex = ["F", "M"]}}
measures = ["count"]
epsilon = 1.0
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Sixty patients in an empty institution, 20 of them with a note; p0 to p29 are the cohort of 2024."""
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))
    made = make_folder(tmp_path / "study")
    make_vault(PASSPHRASE)
    with open_ledger(home()) as ledger:
        ledger.open_account("inpatients", epsilon=3.0, delta=1e-7, patients=10_000)
    return made


def make_folder(folder, **fields):
    (folder / "raw").mkdir(parents=True)
    rows = ["patient_id,sex", *(f"p{number},{'FM'[number % 2]}" for number in range(60))]
    (folder / "raw" / "visits.csv").write_text("\n".join(rows) + "\n")
    notes = ({"patient_id": f"p{number * 3}", "note": f"note {number}"} for number in range(20))
    (folder / "raw" / "notes.jsonl").write_text("".join(json.dumps(note) + "\n" for note in notes))
    (folder / "passphrase.txt").write_text(PASSPHRASE + "\n")
    (folder / "passphrase.txt").chmod(0o600)
    write(folder, **fields)
    return folder


def write(folder, *, name="beds", epsilon=1.0, account="", patient="", stats=("first",)):
    sections = "".join(STATS.format(name=each) for each in stats)
    text = STUDY.format(name=name, epsilon=epsilon, account=account, patient=patient, stats=sections)
    (folder / "study.toml").write_text(text)


def declare(cohort, numbers, **how):
    with open_ledger(home()) as ledger:
        ledger.declare_cohort("inpatients", cohort, [f"p{number}" for number in numbers], **how)


def balance(study=None, **which):
    with open_ledger(home()) as ledger:
        return ledger.balance("inpatients", study, **which)


def go(folder):
    return run_study(folder, step=quietly)


def in_cohort(cohort):
    return f'cohort = "{cohort}"'


# cohorts ------------------------------------------------------------------------------------------------


def test_a_study_with_a_cohort_reads_its_members_alone(folder):
    declare("2024", range(30))
    write(folder, account=in_cohort("2024"))
    go(folder)
    with open_workplace(folder) as place:
        told = read_records(place.study, place.vault, members=place.ledger.members("inpatients", "2024"))
    members = {f"p{number}" for number in range(30)}
    assert set(told.tables["visits"]["_patient"]) == set(told.units["visits"]["_patient"]) == members
    assert {note.patient for note in told.notes["notes"]} == {f"p{number}" for number in range(0, 30, 3)}
    counted = {each["name"]: each["patients"] for each in told.counts}
    assert counted == {"visits": 30, "notes": 10}
    assert go(folder).facts["account"]["name"] == "inpatients / 2024"


def test_what_a_study_of_a_cohort_spends_its_members_bear_alone_and_studies_of_one_cohort_share(
    folder, tmp_path
):
    declare("2023", range(30, 60))
    declare("2024", range(30))
    write(folder, account=in_cohort("2024"))
    go(folder)
    other = make_folder(tmp_path / "other", name="other", account=in_cohort("2024"))
    go(other)
    spent = [balance(cohort=cohort).epsilon_spent for cohort in ("2024", "2023")]
    assert spent == [2.0, 0.0]
    third = make_folder(tmp_path / "third", name="third", epsilon=2.0, stats=("a", "b"))
    with pytest.raises(BudgetExceeded, match="account inpatients has 0 left"):
        go(third)  # everybody, so also those of 2024
    write(third, name="third", epsilon=2.0, stats=("a", "b"), account=in_cohort("2023"))
    go(third)
    with open_ledger(home()) as ledger:
        verify_ledger(ledger)


def test_a_study_of_a_cohort_that_nobody_declared_is_refused_before_anything_is_read(folder):
    write(folder, account=in_cohort("2024"))
    for attempt in (go, check_study):
        with pytest.raises(InvalidInput, match="no cohort 2024"):
            attempt(folder)
    assert dry_run(folder).refusal.code == "ledger.no-cohort"
    assert not (folder / "sealed").exists()


def test_a_release_of_a_cohort_is_shown_again_and_another_membership_is_other_data(folder):
    declare("2024", range(30))
    write(folder, account=in_cohort("2024"))
    first = go(folder)
    assert first.facts["stats"][0]["release"] == go(folder).facts["stats"][0]["release"]
    declare("2024", [31])
    with pytest.raises(InvalidInput, match="other data"):
        go(folder)
    assert balance("beds").charges == 1


def test_a_cohort_without_anybody_in_a_source_is_refused(folder):
    with open_ledger(home()) as ledger:
        ledger.declare_cohort("inpatients", "2024", ["somebody else"])
    write(folder, account=in_cohort("2024"))
    with pytest.raises(InvalidInput, match="no row is left"):
        go(folder)


# a person with several ids ------------------------------------------------------------------------------


@pytest.fixture
def two_ids(folder):
    """Patient p1 was p31 once: the crosswalk says so, and ids of both are in the table."""
    (folder / "ids.csv").write_text("id,patient\np31,p1\n")
    (folder / "list.csv").write_text("patient_id\n" + "".join(f"p{number}\n" for number in range(30)))
    return folder


def test_nobody_is_in_two_disjoint_cohorts_under_two_ids(two_ids):
    """A study without the crosswalk would read p31 for the price of the other cohort."""
    everybody = read_members(two_ids / "list.csv", two_ids / "ids.csv")
    assert everybody == {f"p{number}" for number in (*range(30), 31)}
    with open_ledger(home()) as ledger:
        ledger.declare_cohort("inpatients", "2024", everybody)
        with pytest.raises(InvalidInput, match="belong to another cohort"):
            ledger.declare_cohort("inpatients", "2023", [f"p{number}" for number in range(30, 60)])


def test_any_id_of_a_person_brings_all_of_them(two_ids):
    (two_ids / "one.csv").write_text("patient_id\np31\n")
    assert read_members(two_ids / "one.csv", two_ids / "ids.csv") == {"p1", "p31"}
    assert read_members(two_ids / "one.csv", None) == {"p31"}


def test_a_study_whose_crosswalk_joins_who_is_half_in_the_cohort_is_refused(two_ids):
    declare("2024", range(30))
    write(two_ids, account=in_cohort("2024"), patient='crosswalk = "ids.csv"')
    with pytest.raises(InvalidInput, match="not all are in the cohort") as refused:
        go(two_ids)
    assert "p31" not in str(refused.value) + refused.value.hint
    declare("2024", [31])
    go(two_ids)
    write(two_ids, name="all", patient='crosswalk = "ids.csv"')  # everybody: nothing to be half in
    go(two_ids)


# expiry and extension -----------------------------------------------------------------------------------


def day(days):
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def signed_extension(ledger, keys, **fields):
    asked = {"study": "beds", "account": "inpatients", "epsilon": "1.0", "delta": "1e-08", "expires": "9999-12-31",
             "reason": "one more question"}  # fmt: skip
    request = new_request("extend", asked | fields, ledger)
    for key in keys:
        request = sign_request(request, key)
    return request


@pytest.fixture
def officer(folder):
    return found()


def found():
    key = new_key()
    fields = {"label": "officer", "key": key.public, "roles": ["approve", "extend"]}
    with open_ledger(home()) as ledger:
        ledger.carry_out(sign_request(new_request("appoint", fields, ledger), key))
    return key


def test_a_study_that_ran_out_goes_on_after_an_approved_extension_and_what_is_released_stays(folder, officer):
    first = go(folder)
    write(folder, epsilon=2.0, stats=("first", "second"))
    for attempt in (go, check_study):
        with pytest.raises(InvalidInput, match="already holds another allowance"):
            attempt(folder)
    with open_ledger(home()) as ledger:
        with pytest.raises(AccessDenied):
            ledger.carry_out(signed_extension(ledger, [], epsilon="2.0"))
        with pytest.raises(AccessDenied):
            ledger.carry_out(signed_extension(ledger, [new_key()], epsilon="2.0"))
        ledger.carry_out(signed_extension(ledger, [officer], epsilon="2.0"))
    second = go(folder)
    assert second.facts["stats"][0] == first.facts["stats"][0] | {"replayed": True}
    assert (balance("beds").epsilon_spent, balance("beds").charges) == (2.0, 2)
    with open_ledger(home()) as ledger:
        verify_ledger(ledger)


@pytest.fixture
def calendar(monkeypatch):
    """The clock of the machine, so many days off."""

    def turn(days):
        time = datetime.now(UTC) + timedelta(days=days)
        for reader in ("confide.ledger.home.now", "confide.study.status.now"):
            monkeypatch.setattr(reader, lambda: f"{time:%Y-%m-%dT%H:%M:%SZ}")

    turn(-7)
    return turn


def test_a_study_that_expired_shows_what_it_released_and_goes_on_after_an_approved_extension(
    calendar, folder
):
    ends = f'expires = "{day(-1)}"'
    write(folder, epsilon=2.0, account=ends)
    first = go(folder)
    calendar(0)
    assert go(folder).facts["stats"][0]["release"] == first.facts["stats"][0]["release"]
    told = status_of(folder)
    assert (told["expires"], told["expired"], told["spent"]) == (day(-1), True, 1.0)
    write(folder, epsilon=2.0, account=ends, stats=("first", "second"))
    before, officer = balance("beds"), found()
    for attempt in (go, check_study):
        with pytest.raises(BudgetExceeded, match="allowance of study beds ended"):
            attempt(folder)
    assert balance("beds") == before
    with open_ledger(home()) as ledger:
        for past in (day(-1), day(-3)):
            with pytest.raises((BudgetExceeded, InvalidInput)):
                ledger.carry_out(signed_extension(ledger, [officer], epsilon="2.5", expires=past))
        ledger.carry_out(signed_extension(ledger, [officer], epsilon="2.0", expires=day(7)))
    with pytest.raises(InvalidInput, match="another allowance"):
        go(folder)  # study.toml still names the old day
    write(folder, epsilon=2.0, account=f'expires = "{day(7)}"', stats=("first", "second"))
    assert [each["replayed"] for each in go(folder).facts["stats"]] == [True, False]
    assert (status_of(folder)["expires"], status_of(folder)["expired"]) == (day(7), False)
    with open_ledger(home()) as ledger:
        verify_ledger(ledger)


def test_setting_the_clock_back_brings_no_expired_study_back(calendar, folder):
    write(folder, account=f'expires = "{day(-1)}"')
    calendar(0)
    with open_ledger(home()) as ledger:
        ledger.record("anything", details={})
    calendar(-7)
    with pytest.raises(InvalidInput, match="clock"):
        go(folder)
    assert balance().charges == 0


# what the commands tell ---------------------------------------------------------------------------------


def typed(capsys, *line, code=0):
    with pytest.raises(SystemExit) as left:
        run([str(word) for word in line])
    told = capsys.readouterr()
    assert left.value.code == code, told.err + told.out
    return told.out + told.err


def test_status_and_the_ledger_tell_cohort_last_day_and_that_it_is_over(calendar, folder, capsys):
    (folder / "list.csv").write_text("patient_id\np3\n")
    (folder / "ids.csv").write_text("id,patient\np3,p4\n")
    for cohort, *more in (("2023",), ("2024", "--overlaps", "2023")):
        typed(capsys, "ledger", "cohort", "inpatients", cohort, "--ids", folder / "list.csv",
              "--crosswalk", folder / "ids.csv", *more)  # fmt: skip
    write(folder, account=f'expires = "{day(-1)}"\n{in_cohort("2024")}')
    go(folder)
    told = typed(capsys, "status", folder)
    assert "cohort: 2024" in told
    assert f"last day of the allowance: {day(-1)}" in told
    assert "over" not in told
    calendar(0)
    told = typed(capsys, "ledger", "show")
    assert "cohort 2023: spent 1, left 2; may share patients with 2024" in told
    assert f"last day {day(-1)}" in told
    assert "the allowance is over" in typed(capsys, "status", folder)
    assert "额度已到期" in typed(capsys, "--language", "zh", "status", folder)
    assert "队列 2024：已花费 1，剩余 2；可能与 2023 有共同患者" in typed(
        capsys, "--language", "zh", "ledger", "show"
    )
    shown = json.loads(typed(capsys, "ledger", "show", "--json"))["inpatients"]["cohorts"]
    assert shown[1] == {"name": "2024", "epsilon_spent": 1.0, "epsilon_left": 2.0, "overlaps": ["2023"]}


def test_before_its_first_run_the_status_tells_what_the_study_file_asks(folder):
    write(folder, account=f'expires = "{day(3)}"')
    told = status_of(folder)
    assert (told["expires"], told["expired"], told["cohort"], told["left"]) == (day(3), False, None, None)
