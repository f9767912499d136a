"""Who stands behind a pseudonym: two approve it, the ledger says why and never who, and the ids leave in one file."""

import json
import re
import stat

import pytest
from erasing import found_roles, make_sealed, signed_by
from small import STUDY

from confide.cli import main
from confide.crypto.sign import new_key
from confide.errors import AccessDenied, ConfideError, InvalidInput
from confide.ledger.home import home, open_ledger
from confide.ledger.requests import new_request
from confide.study import approvals, reveal
from confide.study.erase import erase_patient
from confide.study.reveal import ask_to_reveal, reveal_patients
from confide.study.tokens import column_of
from confide.study.workplace import open_workplace
from confide.vault.columns import Tokens
from confide.vault.pseudonyms import Pseudonyms

TABLE = STUDY.replace('research"', 'research"\nsources = ["visits"]')
TOKEN = (
    '\n[[token]]\nsource = "visits"\ncolumn = "record"\nrecipient = "Hospital B"\nform = "capital-code(7)"\n'
)
WHY = "a finding that the patient must know"


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))
    make_sealed(tmp_path / "s")
    return tmp_path / "s"


def pseudonyms_of(place, *patients, recipient=None):
    made = Pseudonyms.for_study(place.vault, place.study.study.name, recipient)
    return [made.patient(patient) for patient in patients]


def roles():
    with open_ledger(home()) as ledger:
        return found_roles(ledger)


def asked(study, *patients, recipient=None, why=WHY):
    with open_workplace(study) as place:
        wanted = pseudonyms_of(place, *patients, recipient=recipient)
        return ask_to_reveal(place, wanted, purpose=why, recipient=recipient)


def revealed(study, request, name="ids.csv"):
    with open_workplace(study) as place:
        return reveal_patients(place, request, study.parent / name)


def records():
    with open_ledger(home()) as ledger:
        found = [entry.body for entry in ledger.store.all(kind="record")]
        return [each for each in found if each["what"] == "re-identification"]


@pytest.mark.parametrize("recipient", [None, "Hospital B"])
def test_two_who_hold_re_identify_learn_who_it_is_and_the_ledger_why(study, recipient):
    first, second = roles()
    request = asked(study, "p5", "p0", recipient=recipient)
    done = revealed(study, signed_by(request, first, second))
    file = study.parent / "ids.csv"
    with open_workplace(study) as place:
        five, zero = pseudonyms_of(place, "p5", "p0", recipient=recipient)
    assert file.read_text() == "pseudonym,patient\n" + "".join(sorted([f"{five},p5\n", f"{zero},p0\n"])), (
        "p0 also under its other id"
    )
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (done.found, done.purpose) == (2, WHY)
    told = [each["details"] for each in records()]
    assert [each["state"] for each in told] == ["begun", "done"]
    assert all(each["purpose"] == WHY and each["pseudonyms"] == sorted([five, zero]) for each in told)


def test_the_ledger_and_the_request_never_hold_an_id(study):
    first, second = roles()
    request = signed_by(asked(study, "p5"), first, second)
    revealed(study, request)
    with open_ledger(home()) as ledger:
        entries = json.dumps([entry.body for entry in ledger.store.all()])
    assert not re.search(r"\bp5\b", entries + json.dumps(request))


@pytest.mark.parametrize("signers", [(), (0,), (0, 2), (1, 3)])
def test_without_two_who_hold_the_role_now_nothing_is_revealed(study, signers):
    people = [*roles(), new_key(), new_key()]
    with open_ledger(home()) as ledger:
        fields = {"key": people[2].public, "label": "registrar", "roles": ["approve"]}
        ledger.carry_out(signed_by(new_request("appoint", fields, ledger), people[0], people[1]))
    request = signed_by(asked(study, "p5"), *(people[at] for at in signers))
    with pytest.raises(AccessDenied):
        revealed(study, request)
    assert not (study.parent / "ids.csv").exists()
    assert not records()


def test_where_no_roles_were_founded_nobody_is_revealed(study):
    with pytest.raises(AccessDenied, match="nobody here holds a role"):
        revealed(study, asked(study, "p5"))


def test_an_approval_reveals_once_and_only_what_was_signed(study):
    first, second = roles()
    request = signed_by(asked(study, "p5"), first, second)
    other = json.loads(json.dumps(request))
    with open_workplace(study) as place:
        other["request"]["fields"]["pseudonyms"] = pseudonyms_of(place, "p6")
    with pytest.raises(ConfideError) as refused:
        revealed(study, other)
    assert refused.value.exit_code == 5
    revealed(study, request)
    with pytest.raises(InvalidInput, match="exists already"):
        revealed(study, request)
    with pytest.raises(InvalidInput, match="carried out before"):
        revealed(study, request, "again.csv")


def test_stopped_before_the_file_is_there_the_same_call_finishes(study, monkeypatch):
    first, second = roles()
    request = signed_by(asked(study, "p5"), first, second)

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(reveal, "_table", stop)
        with pytest.raises(KeyboardInterrupt):
            revealed(study, request)
    assert [each["details"]["state"] for each in records()] == ["begun"], "known before it is revealed"
    assert not (study.parent / "ids.csv").exists()
    assert revealed(study, request).found == 1


@pytest.mark.parametrize(
    "fields", [{"study": "other"}, {"pseudonyms": ["p5"]}, {"pseudonyms": "P-"}, {"more": 1}]
)
def test_a_request_of_another_form_or_study_reveals_nothing(study, fields):
    first, second = roles()
    request = asked(study, "p5")
    with open_ledger(home()) as ledger:
        made = new_request("re-identify", request["request"]["fields"] | fields, ledger)
    with pytest.raises(AccessDenied, match="not a request to reveal"):
        revealed(study, signed_by(made, first, second))


def test_an_approval_to_erase_reveals_nobody(study):
    first, second = roles()
    with open_ledger(home()) as ledger:
        made = new_request("erase", asked(study, "p5")["request"]["fields"], ledger)
    with pytest.raises(AccessDenied, match="not a request to reveal"):
        revealed(study, signed_by(made, first, second))


def test_pseudonyms_of_nobody_of_another_study_or_recipient_are_refused(study):
    with open_workplace(study) as place:
        for wanted in (pseudonyms_of(place, "p400"), pseudonyms_of(place, "p5", recipient="Hospital B"),
                       [Pseudonyms.for_study(place.vault, "other").patient("p5")]):  # fmt: skip
            with pytest.raises(InvalidInput, match="1 of these pseudonyms belong to nobody"):
                ask_to_reveal(place, [*wanted, *pseudonyms_of(place, "p6")], purpose=WHY)
        many = [f"P-{'a' * 14}{x}{y}" for x in "abcdefghijk" for y in "bcdefghijk"][:101]
        for wanted in ([], ["p5"], ["P-5"], many):
            with pytest.raises(InvalidInput, match="from 1 to 100 pseudonyms"):
                ask_to_reveal(place, wanted, purpose=WHY)


def test_who_was_erased_is_not_found_any_more(study):
    with open_workplace(study) as place:
        erase_patient(place, ["p5"])
        with pytest.raises(InvalidInput, match="belong to nobody"):
            ask_to_reveal(place, pseudonyms_of(place, "p5"), purpose=WHY)


@pytest.mark.parametrize("method", ["token", "same-form", "digest"])
def test_tokens_of_a_column_lead_back_under_the_same_two_signatures(tmp_path, monkeypatch, method):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))
    make_sealed(tmp_path / "s", text=TABLE + TOKEN + f'method = "{method}"\n')
    study, (first, second) = tmp_path / "s", roles()
    with open_workplace(study) as place:
        (made,) = Tokens(place.vault, column_of(place.study, place.study.token[0])).replace(["R700005"])
        asking = {"purpose": WHY, "column": "visits/record"}
        request = ask_to_reveal(place, [made], **asking, recipient="Hospital B")
        assert "R700005" not in json.dumps(request)
        for wrong in ({"column": "visits/phone"}, {"recipient": "Hospital C"}):
            with pytest.raises(InvalidInput, match="wanted a column that leaves as tokens"):
                ask_to_reveal(place, [made], **asking | wrong)
        with pytest.raises(InvalidInput, match="purpose holds the id"):
            ask_to_reveal(place, [made], **asking | {"purpose": "about R700005"})
        for many in ([], ["a b"], ["x" * 401]):
            with pytest.raises(InvalidInput, match="from 1 to 100"):
                ask_to_reveal(place, many, **asking)
    with pytest.raises(AccessDenied):
        revealed(study, signed_by(request, first))
    revealed(study, signed_by(request, first, second))
    assert (tmp_path / "ids.csv").read_text() == f"pseudonym,patient\n{made},R700005\n"
    assert records()[0]["details"]["column"] == "visits/record"
    with open_workplace(study) as place:
        erase_patient(place, ["p5"], request=signed_by(approvals.ask(place, "erase", ["p5"]), first, second))
        with pytest.raises(InvalidInput, match="belong to nobody"):
            ask_to_reveal(place, [made], **asking)


@pytest.mark.parametrize("purpose", ["call p5 back", "患者（Ｐ５）", "ask p0-old", "", " ", "x\n", "x" * 401])
def test_a_purpose_that_names_the_patient_or_no_purpose_is_refused(study, purpose):
    with pytest.raises(InvalidInput) as refused:
        asked(study, "p5", "p0", why=purpose)
    assert "p5" not in str(refused.value)
    assert "p0" not in str(refused.value)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_command_asks_and_reveals_and_shows_no_id(study, capsys, language):
    first, second = roles()
    with open_workplace(study) as place:
        wanted = pseudonyms_of(place, "p5")[0]

    def command(*arguments):
        with pytest.raises(SystemExit) as done:
            main.run(["--language", language, "vault", "reveal", str(study), *map(str, arguments)])
        return done.value.code

    file = study.parent / "r.json"
    assert command("--pseudonym", wanted, "--purpose", WHY, "--request", file) == 0
    assert "confide approve" in capsys.readouterr().out
    file.write_text(json.dumps(signed_by(json.loads(file.read_text()), first, second)))
    for wrong in ((), ("--request", file), ("--approved", file), ("--to", file), ("--request", file, "--to", file),
                  ("--request", file, "--purpose", WHY, "--approved", file, "--to", file)):  # fmt: skip
        assert command("--pseudonym", wanted, *wrong) == 2
    capsys.readouterr()
    assert command("--approved", file, "--to", study.parent / "ids.csv") == 0
    said = capsys.readouterr().out
    assert ("ids behind 1 pseudonyms" if language == "en" else "1 个假名背后的编号") in said
    assert "p5" not in said
    assert (study.parent / "ids.csv").read_text().endswith(",p5\n")


def test_the_command_speaks_json(study, capsys):
    first, second = roles()
    with open_workplace(study) as place:
        wanted = pseudonyms_of(place, "p5")[0]

    def command(*arguments):
        with pytest.raises(SystemExit) as done:
            main.run(["vault", "reveal", str(study), *map(str, arguments), "--json"])
        assert done.value.code == 0
        return json.loads(capsys.readouterr().out)

    file = study.parent / "r.json"
    assert command("--pseudonym", wanted, "--purpose", WHY, "--request", file) == {"request": str(file)}
    file.write_text(json.dumps(signed_by(json.loads(file.read_text()), first, second)))
    assert command("--approved", file, "--to", study.parent / "ids.csv")["found"] == 1
