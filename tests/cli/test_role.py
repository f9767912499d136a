"""From an empty roster to an extended allowance, typed as an officer would."""

import json

import pytest

from confide.cli import role
from confide.cli.main import run
from confide.ledger.home import home, open_ledger
from confide.ledger.requests import KINDS as ALL_KINDS
from confide.ledger.roles import ROLES
from confide.ledger.verify import verify_ledger


@pytest.fixture
def office(tmp_path, monkeypatch):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    for person in ("anna", "bo", "chen"):
        (tmp_path / f"{person}.txt").write_text(f"{person} and several words\n")
        (tmp_path / f"{person}.txt").chmod(0o600)
    with open_ledger(home()) as ledger:
        ledger.open_account("inpatients", epsilon=4.0, delta=1e-7, patients=20_000)
        ledger.grant("beds", "inpatients", epsilon=1.0, delta=1e-8, purpose="bed planning")
    return tmp_path


@pytest.fixture
def type_in(office, capsys):
    def typed(line, *, code=0):
        with pytest.raises(SystemExit) as left:
            run(line.split())
        told = capsys.readouterr()
        assert left.value.code == code, told.err + told.out
        return told.out + told.err

    return typed


def as_person(person):
    return f"--key {person}.pem --passphrase-file {person}.txt"


@pytest.fixture
def keys(type_in):
    made = {}
    for person in ("anna", "bo", "chen"):
        told = json.loads(type_in(f"role key {person}.pem --passphrase-file {person}.txt --json"))
        made[person] = told["public_key"]
    return made


EXTEND = "request extend beds inpatients --epsilon 2 --delta 1e-8 --reason one-more-question --to ask.json"


def test_the_whole_way_from_founding_to_an_extended_allowance(type_in, keys, office):
    assert "nobody holds a role yet" in type_in("role list")
    assert "the roster begins with officer" in type_in(
        f"role found --label officer --role extend {as_person('anna')}"
    )
    told = type_in(
        f"request appoint --label ethics --public-key {keys['bo']} --role approve --role extend --to bo.json"
    )
    assert f"appoint ethics with the roles approve, extend; public key {keys['bo']}" in told
    assert "confide approve bo.json --key KEY" in told
    assert "now has 1 signatures" in type_in(f"approve bo.json {as_person('anna')}")
    assert "done: appoint" in type_in("carry-out bo.json")
    listed = type_in("role list")
    assert f"officer: approve, extend (key {keys['anna']})" in listed
    assert f"ethics: approve, extend (key {keys['bo']})" in listed

    told = type_in(f"{EXTEND} {as_person('anna')}")
    assert (
        "an allowance of ε = 2.0, δ = 1e-08 in all, until 9999-12-31, for study beds on account inpatients"
        in told
    )
    assert "reason: one-more-question" in told
    assert f"asked by public key {keys['anna']}, which cannot approve it" in told
    assert "who asks cannot approve" in type_in(f"approve ask.json {as_person('anna')}", code=2)
    assert "for study beds" in type_in(f"approve ask.json {as_person('bo')}")
    type_in("carry-out ask.json")
    with open_ledger(home()) as ledger:
        assert ledger.balance("inpatients", "beds").epsilon == 2.0
        assert verify_ledger(ledger).approvals == 3
    assert "carried out before" in type_in("carry-out ask.json", code=2)

    type_in(f"request appoint --label deputy --public-key {keys['chen']} --role approve --to chen.json")
    type_in(f"approve chen.json {as_person('anna')}")
    assert "wants 2 signatures" in type_in("carry-out chen.json", code=6)
    type_in(f"approve chen.json {as_person('bo')}")
    type_in("carry-out chen.json")
    type_in(f"request dismiss --public-key {keys['bo']} --reason left --to out.json")
    type_in(f"approve out.json {as_person('anna')}")
    type_in(f"approve out.json {as_person('chen')}")
    type_in("carry-out out.json")
    assert "ethics: dismissed, was approve, extend" in type_in("role list")
    assert f"{keys['bo']}" in type_in("role list --json")


def test_json_says_the_same(type_in, keys):
    type_in(f"role found --label officer --role extend {as_person('anna')} --json")
    asked = json.loads(type_in(f"{EXTEND} --json"))
    assert asked["request"]["fields"]["epsilon"] == "2.0"
    assert json.loads(type_in(f"approve ask.json {as_person('anna')} --json"))["signatures"] == 1
    assert json.loads(type_in("carry-out ask.json --json"))["kind"] == "extend"


def test_chinese_is_an_equal(type_in, keys):
    told = type_in(f"--language zh role found --label 数据保护负责人 --role extend {as_person('anna')}")
    assert "名册已建立，首位是 数据保护负责人" in told
    assert "研究 beds 在账户 inpatients 上的额度合计为 ε = 2.0" in type_in(f"--language zh {EXTEND}")
    told = type_in("--language zh carry-out ask.json", code=6)
    assert "需要 1 位担任角色 extend 的不同人员签名，现有 0 位" in told


def test_a_request_that_another_command_carries_out_says_so(type_in, keys):
    type_in(f"role found --label officer {as_person('anna')}")
    told = type_in("request other --kind hand-over --field to=hospital-b --field n=3 --to ask.json")
    assert "asked: hand-over\n  n: 3\n  to: hospital-b\n" in told
    assert "nobody is named as who asks" in told
    type_in(f"approve ask.json {as_person('anna')}")
    assert "by the command that does it" in type_in("carry-out ask.json", code=2)
    assert "name=value" in type_in("request other --kind erase --field subject --to more.json", code=2)


def test_nothing_that_a_request_holds_moves_the_cursor_of_who_approves_it(type_in, keys, office):
    type_in("request other --kind hand-over --field to=hospital-b --to ask.json")
    asked = json.loads((office / "ask.json").read_text())
    asked["request"]["fields"] = {
        "to": "hospital-b\x1b[2K\rhospital-c\u202e",
        "li\nst": ["a", "b\x07"],
        "z": {"n": {"m\x1b": 1}},
    }
    (office / "ask.json").write_text(json.dumps(asked))
    told = type_in(f"approve ask.json {as_person('anna')}")
    assert not {"\x1b", "\r", "\u202e", "\x07"} & set(told)
    assert "'li\\nst': a, 'b\\x07'" in told
    assert "z: n: 'm\\x1b': 1" in told


def test_a_key_is_for_its_owner_alone_and_is_never_written_over(type_in, keys, office):
    assert (office / "anna.pem").stat().st_mode & 0o777 == 0o600
    before = (office / "anna.pem").read_bytes()
    type_in("role key anna.pem --passphrase-file bo.txt", code=2)
    assert (office / "anna.pem").read_bytes() == before
    assert "passphrase does not open this key" in type_in(
        "role found --label x --key anna.pem --passphrase-file bo.txt", code=6
    )


def test_a_request_is_never_written_over(type_in, keys):
    type_in(EXTEND)
    type_in(EXTEND, code=2)


def test_without_a_terminal_a_passphrase_comes_from_a_file(type_in, keys, monkeypatch):
    assert "no terminal to type it at" in type_in("role key new.pem", code=2)


def test_at_a_terminal_a_new_passphrase_is_asked_twice(type_in, office, monkeypatch):
    answers = iter(["several words apart", "several words aport", *["several words apart"] * 3])
    monkeypatch.setattr(role.sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(role.getpass, "getpass", lambda prompt: next(answers))
    assert "two passphrases differ" in type_in("role key new.pem", code=2)
    assert not (office / "new.pem").exists()
    type_in("role key new.pem")
    type_in("role found --label officer --key new.pem")


def test_the_lists_of_the_command_line_are_those_of_the_ledger():
    assert role.ROLES == ROLES
    assert set(role.KINDS) == {kind for kind, needs in ALL_KINDS.items() if not needs.in_ledger}


def test_a_cohort_is_declared_from_a_list_of_ids(type_in, office):
    (office / "ids.csv").write_text("patient_id\n007\n008\n")
    told = type_in("ledger cohort inpatients y2024 --ids ids.csv")
    assert "cohort y2024 of account inpatients is declared" in told
    with open_ledger(home()) as ledger:
        assert ledger.members("inpatients", "y2024")("007")
    assert "belong to another cohort" in type_in("ledger cohort inpatients y2025 --ids ids.csv", code=2)
    assert "last day –" in type_in("ledger show")


def test_a_log_key_is_changed_alone_before_there_are_roles_and_with_an_approval_after(type_in, keys):
    first = json.loads(type_in("log show --json"))["key"]
    second = json.loads(type_in("log rotate-key --json"))["key"]
    assert json.loads(type_in("log show --json"))["key"] == second != first
    type_in(f"role found --label officer {as_person('anna')}")
    assert "--kind rotate-log-key" in type_in("log rotate-key", code=6)
    type_in("request other --kind receive --field package=ab --to other.json")
    type_in(f"approve other.json {as_person('anna')}")
    type_in("log rotate-key --approved other.json", code=6)
    type_in("request other --kind rotate-log-key --to ask.json")
    type_in("log rotate-key --approved ask.json", code=6)
    type_in(f"approve ask.json {as_person('anna')}")
    assert "tell every witness" in type_in("log rotate-key --approved ask.json")
    type_in("log rotate-key --approved ask.json", code=2)
    assert json.loads(type_in("log show --json"))["key"] not in (first, second)
    with open_ledger(home()) as ledger:
        assert ledger.store.count(kind="log-key") == 3
        assert verify_ledger(ledger).approvals == 2
    type_in("log verify")
