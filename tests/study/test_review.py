"""Doubtful spans are sealed, decided on by people, and a run carries out what they decided; all else stays masked."""

import json
import os
import subprocess
import sys

import pytest
from doubtful import (
    DAY,
    NUMBER,
    at_desk,
    copied,
    decide_all,
    made_once,
    make_doubtful,
    outgoing,
    places,
    plant,
    records,
)
from erasing import found_roles, run

from confide.cli import main
from confide.crypto.sign import Signature, new_key, verify
from confide.deid.review import queue_to_bytes
from confide.errors import AccessDenied, GateRefused, InvalidInput
from confide.ledger.home import home, open_ledger
from confide.study.decisions import decisions_file, read_decisions
from confide.study.erase import erase_patient
from confide.study.index import QUEUE
from confide.study.review import REVIEWED, Person, person_of
from confide.study.reviewing import desk_of, opened, person_with
from confide.study.sources import remove_originals
from confide.study.workplace import open_workplace


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return made_once(tmp_path_factory)


@pytest.fixture
def study(made, tmp_path, monkeypatch):
    return copied(made, tmp_path, monkeypatch)


def private(folder):
    return json.loads((folder / "dossier/inside.json").read_bytes())["private"]


def test_what_nobody_decided_holds_its_document_and_the_gate_counts_it(study):
    outcome = run(study)
    assert outcome.verdict == "hold"
    assert {gate.name: gate.value for gate in outcome.gates}["open_reviews"] == 3
    assert private(study)["deid"]["undecided"] == 6
    assert outgoing(study) == ""


def test_a_run_after_the_review_carries_out_what_was_decided(study):
    with at_desk(study) as desk:
        for at in places(desk, DAY):
            desk.decide(at, "reject")
        for at in places(desk, NUMBER):
            desk.decide(at, "accept")
    assert run(study).verdict == "pass"
    assert outgoing(study).count(DAY) == 3
    assert NUMBER not in outgoing(study)
    found = private(study)["deid"]
    assert (found["accepted"], found["rejected"], found["undecided"]) == (3, 3, 0)


def test_doubt_that_blocks_the_run_is_in_the_sealed_queue_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))
    with pytest.raises(GateRefused) as refused:
        make_doubtful(tmp_path / "b", review="block")
    assert str(refused.value).startswith("6 doubtful spans in 3 documents")
    decide_all(tmp_path / "b", "accept")
    assert run(tmp_path / "b").verdict == "pass"
    assert not any(each in outgoing(tmp_path / "b") for each in (DAY, NUMBER))


def test_where_doubt_is_masked_only_a_question_to_a_second_person_is_open(study):
    file = study / "study.toml"
    file.write_text(file.read_text().replace('"hold"', '"mask"'))
    assert run(study).verdict == "pass"
    with at_desk(study) as desk:
        desk.decide(0, "ask")
    outcome = run(study)
    assert outcome.verdict == "hold"
    assert {gate.name: gate.value for gate in outcome.gates}["open_reviews"] == 1


def test_who_asked_for_a_second_person_is_not_the_second_person(study):
    with at_desk(study, "anna") as desk:
        desk.decide(0, "ask")
        with pytest.raises(AccessDenied):
            desk.decide(0, "reject")
        assert desk.decision(0).answer == "ask"
    assert read_queue_decisions(study)[0] == "ask"
    with at_desk(study, "bo") as desk:
        desk.decide(0, "accept")
    assert read_queue_decisions(study)[0] == "accept"


def read_queue_decisions(folder):
    with at_desk(folder) as desk:
        return [getattr(desk.decision(at), "answer", None) for at in range(len(desk.items))]


def test_all_of_this_string_decides_the_undecided_of_this_queue_and_nothing_that_comes_later(study):
    with at_desk(study) as desk:
        first, *others = places(desk, NUMBER)
        desk.decide(others[0], "accept")
        assert desk.decide(first, "reject", everywhere=True) == 2
        assert desk.decision(others[0]).answer == "accept"
    plant(study, f" Also {NUMBER}?", [20])
    run(study)
    with at_desk(study) as desk:
        new = [at for at in places(desk, NUMBER) if desk.decision(at) is None]
        assert len(new) == 1


def test_undo_takes_the_last_act_back_whole_and_goes_to_its_place(study):
    with at_desk(study) as desk:
        first = places(desk, DAY)[1]
        desk.decide(0, "accept")
        desk.decide(first, "reject", everywhere=True)
        assert desk.undo() == first
        assert desk.counts == {"accept": 1, "reject": 0, "ask": 0, "undecided": 5}
        assert desk.undo() == 0
        assert desk.undo() is None


def test_a_change_of_class_is_carried_out(study):
    with at_desk(study) as desk:
        for at in range(len(desk.items)):
            desk.decide(at, "accept", kind="phone")
    run(study)
    assert private(study)["deid"]["spans"]["phone"] == 40 - 1 + 6  # one patient opted out


@pytest.mark.parametrize(
    "wrong", [(-1, "accept", None), (6, "accept", None), (0, "keep", None), (0, "accept", "colour")]
)
def test_what_is_no_item_answer_or_class_changes_nothing(study, wrong):
    at, answer, kind = wrong
    with at_desk(study) as desk:
        with pytest.raises(InvalidInput):
            desk.decide(at, answer, kind=kind)
        assert desk.counts["undecided"] == 6


def test_the_surest_number_comes_first(study):
    with at_desk(study) as desk:
        assert [item.text for item in desk.items] == [NUMBER] * 3 + [DAY] * 3


def test_each_decision_is_durable_before_the_call_returns_and_a_crash_keeps_it_from_no_ledger(study):
    crash = f"""
import sys, os
sys.path[:0] = {sys.path!r}
from pathlib import Path
from doubtful import at_desk
with at_desk(Path({str(study)!r})) as desk:
    desk.decide(0, "accept")
    desk.decide(1, "reject")
    os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", crash], env=dict(os.environ)).returncode == 9
    assert records(REVIEWED) == []
    with at_desk(study) as desk:
        assert desk.counts == {"accept": 1, "reject": 1, "ask": 0, "undecided": 4}
    assert records(REVIEWED) == [{"by": "", "accept": 1, "reject": 1}]


def test_the_ledger_is_told_who_by_label_of_the_key_and_how_many_and_no_text(study):
    with open_ledger(home()) as ledger:
        keys = found_roles(ledger)
        labels = [holder.label for holder in ledger.roster().values()]
    key, secret = study.parent / "a.pem", study.parent / "a.txt"
    key.write_bytes(keys[0].to_pem("a long enough passphrase"))
    secret.write_text("a long enough passphrase\n")
    secret.chmod(0o600)
    with opened(study) as there:
        person = person_with(there, key, secret, lambda: "")
        with desk_of(there, person, "why") as desk:
            desk.decide(0, "accept", everywhere=True)
    (told,) = records(REVIEWED)
    assert told["by"] in labels
    assert told["accept"] == 3
    with open_ledger(home()) as ledger:
        signed = {"kind": "review", "ledger": ledger.id, "by": told["by"], "accept": 3}
    verify(signed, Signature.from_json(told["signature"]))
    assert NUMBER not in json.dumps(told)


def test_a_key_that_is_on_no_roster_reviews_nothing(study):
    with open_ledger(home()) as ledger, pytest.raises(InvalidInput):
        person_of(ledger, new_key())


def test_every_opening_of_the_queue_is_recorded_with_its_purpose(study):
    for purpose in ("first", "second"):
        with at_desk(study, purpose=purpose):
            pass
    with open_workplace(study) as place:
        assert [each.purpose for each in place.vault.openings()] == ["first", "second"]
    assert len(records("vault-opening")) == 2


def test_without_a_purpose_nothing_is_opened(study):
    with pytest.raises(InvalidInput), at_desk(study, purpose=" "):
        pass


def test_no_plain_text_of_the_queue_is_on_disk_and_no_repr_shows_it(study):
    decide_all(study, "accept")
    with at_desk(study) as desk:
        assert not any(each in repr(desk) + repr(desk.items[0]) for each in (DAY, NUMBER))
    for file in (study / "sealed" / QUEUE, decisions_file(study / "sealed" / QUEUE)):
        assert DAY.encode() not in file.read_bytes()
        assert NUMBER.encode() not in file.read_bytes()


def test_erasing_a_patient_destroys_the_queue_and_what_was_decided_on_the_patient_alone(study):
    decide_all(study, "accept")
    with open_workplace(study) as place:
        remove_originals(place.study, place.vault)
        erase_patient(place, ["p0"])
        queue = study / "sealed" / QUEUE
        assert not queue.exists()
        assert len(read_decisions(place.vault, queue)) == 4
    assert run(study).verdict == "pass"


def test_a_sealed_queue_of_no_study_is_reviewed_too_and_has_no_sample_and_no_site_list(study, tmp_path):
    queue, tasks, secret = tmp_path / "q" / QUEUE, tmp_path / "tasks.json", study / "passphrase.txt"
    queue.parent.mkdir()
    with opened(study) as there, desk_of(there, Person("reviewer"), "a test") as desk:
        there.vault.seal_bytes(queue_to_bytes(desk.items[:2]), queue)

    def command(*options):
        with pytest.raises(SystemExit) as left:
            main.run(["review", str(queue), "--passphrase-file", str(secret), *options])
        return left.value.code

    assert command("--export", str(tasks), "--purpose", "a test") == 0
    assert len(json.loads(tasks.read_text())) == 2
    for option in (["--sample", "3"], ["--learn", str(tmp_path / "site.sealed")]):
        assert command(*option) == 2
    assert decisions_file(queue).parent == queue.parent


def test_the_command_refuses_two_acts_at_once_and_an_export_without_a_purpose(study, capsys):
    for options in (["--export", "x", "--sample", "3"], ["--export", "x"]):
        with pytest.raises(SystemExit) as left:
            main.run(["review", str(study), *options])
        assert left.value.code == 2
    assert not (study / "x").exists()
