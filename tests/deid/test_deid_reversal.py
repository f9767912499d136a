"""The way back: exact with the vault's permit, and closed to everybody else."""

import pickle
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from confide.deid.dates import find_dates
from confide.deid.deidentify import Deidentifier
from confide.deid.key_reference import KeyReference
from confide.errors import AccessDenied, IntegrityError, InvalidInput
from confide.vault.custody import Cost
from confide.vault.vault import create_vault, open_vault

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
from known_values import KNOWN, TOKENS, round_trips

PASSPHRASE = "a passphrase of a test"
TEXT = "患者张伟，男，2023-05-01入院，电话13800138000。Zhang Wei, 老张。"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reversal")
    vault, _ = create_vault(folder / "vault", PASSPHRASE, cost=Cost(memory_kib=64, passes=1, lanes=1))
    secret = folder / "secret"
    secret.touch(mode=0o600)
    secret.write_text(PASSPHRASE)
    numbers = ("resident-id", "passport", "permit", "ssn", "insurance-id", "record-number", "phone", "email", "url",
               "ip", "account-number", "plate", "device-id", "social", "other-id")  # fmt: skip
    (folder / "tokens.toml").write_text(TOKENS + "".join(f'{kind} = "token"\n' for kind in numbers))
    return folder, vault


def permit(vault, study="s"):
    return vault.permit_way_back(study, purpose="an incidental finding", who="a test")


def test_what_was_replaced_comes_back_byte_by_byte_and_intervals_stay(tmp_path):
    failed, changed, documents, intervals = round_trips(120, tmp_path)
    assert (failed, changed) == (0, 0)
    assert documents >= 120
    assert intervals > 50


def test_notes_come_back_with_their_fields(place, note):
    deidentifier = Deidentifier("gdpr-pseudonymise", place[1], study="s")
    (done,) = deidentifier.patient([note(TEXT, 姓名="张伟", ward="心内科")], KNOWN)
    assert "张伟" not in done.text + done.fields["姓名"]
    assert deidentifier.reveal_note(done, permit(place[1])) == (TEXT, {"姓名": "张伟", "ward": "心内科"})


def test_two_halves_of_a_character_do_not_come_back_as_one(place, note):
    halves = "张\ud83d" + "\ude00伟"
    deidentifier = Deidentifier("gdpr-pseudonymise", place[1], study="s")
    (done,) = deidentifier.patient([note(TEXT + halves, 姓名=halves)], KNOWN)
    assert halves not in (done.text, done.fields["姓名"])
    assert deidentifier.reveal_note(done, permit(place[1])) == (TEXT + halves, {"姓名": halves})


def test_all_spellings_of_a_person_have_one_token_which_leads_back(place):
    deidentifier = Deidentifier(str(place[0] / "tokens.toml"), place[1], study="s", language="zh")
    (clean,) = deidentifier.texts([TEXT], KNOWN, "p1")
    tokens = {
        clean.text[a:b] for s, (a, b) in zip(clean.spans, clean.places, strict=True) if s.type == "name"
    }
    assert len(tokens) == 1
    assert deidentifier.reveal_token(tokens.pop(), permit(place[1])) == ("p1", "张伟")
    (other,) = deidentifier.texts([TEXT], KNOWN, "p2")
    assert not tokens & set(other.text.split())


def test_a_changed_text_another_study_or_another_permit_leads_nowhere(place):
    vault = place[1]
    deidentifier = Deidentifier("gdpr-pseudonymise", vault, study="s")
    (clean,) = deidentifier.texts([TEXT], KNOWN, "p1")
    changed = type(clean)(clean.text + " ", clean.spans, way_back=clean.way_back)
    with pytest.raises(IntegrityError, match="not the one"):
        deidentifier.reveal_text(changed, permit(vault))
    with pytest.raises(AccessDenied):
        deidentifier.reveal_text(clean, permit(vault, "another study"))
    other = Deidentifier("gdpr-pseudonymise", vault, study="t")
    with pytest.raises(IntegrityError):
        other.reveal_text(clean, permit(vault, "t"))
    with pytest.raises(IntegrityError):
        deidentifier.reveal_token("[NAME:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]", permit(vault))


def test_nothing_is_led_back_without_a_recorded_purpose(place):
    vault = place[1]
    before = len(vault.openings())
    with pytest.raises(InvalidInput):
        vault.permit_way_back("s", purpose=" ", who="a test")

    def refuse(what, details):
        raise AccessDenied("reveal.no-roles")

    with pytest.raises(AccessDenied):
        vault.permit_way_back("s", purpose="x", who="a test", on_record=refuse)
    permit(vault)
    assert vault.openings()[-1].purpose == "an incidental finding"
    assert len(vault.openings()) > before


def test_a_bare_key_and_a_policy_that_redacts_lead_nothing_back(place, clean):
    bare = Deidentifier("gdpr-pseudonymise", key=b"k" * 32)
    (text,) = bare.texts([TEXT], KNOWN, "p1")
    with pytest.raises(InvalidInput, match="bare key"):
        bare.reveal_text(text, permit(place[1]))
    harbor = Deidentifier("safe-harbor", place[1], study="s")
    (text,) = harbor.texts([TEXT], KNOWN, "p1")
    assert text.way_back == b""
    with pytest.raises(InvalidInput, match="no record"):
        harbor.reveal_text(text, permit(place[1]))


def test_the_record_holds_nothing_readable(place):
    (clean,) = Deidentifier("gdpr-pseudonymise", place[1], study="s").texts([TEXT], KNOWN, "p1")
    assert "张伟".encode() not in clean.way_back
    assert "13800138000" not in repr(clean)


def test_a_pickle_holds_where_the_key_is_and_never_the_key(place):
    folder, vault = place
    reference = KeyReference(vault=folder / "vault", passphrase_file=folder / "secret")
    deidentifier = Deidentifier("gdpr-pseudonymise", reference, study="s", review="hold", language="zh")
    pickled = pickle.dumps(deidentifier)
    assert vault.subkey("pseudonyms/s") not in pickled
    assert PASSPHRASE.encode() not in pickled
    again = pickle.loads(pickled)
    assert repr(again) == repr(deidentifier)
    assert again.texts([TEXT], KNOWN, "p")[0].text == deidentifier.texts([TEXT], KNOWN, "p")[0].text
    live = Deidentifier("gdpr-pseudonymise", vault, study="s")
    assert live.pseudonym("p") == again.pseudonym("p")
    with pytest.raises(InvalidInput, match="holds a key"):
        pickle.dumps(live)


def test_a_reference_to_another_vault_or_with_no_way_to_open_is_refused(place, tmp_path):
    folder, _ = place
    reference = KeyReference(vault=folder / "vault", passphrase_file=folder / "secret")
    pickled = pickle.dumps(reference)
    assert pickle.loads(pickled) == reference
    create_vault(tmp_path / "v", PASSPHRASE, cost=Cost(memory_kib=64, passes=1, lanes=1))
    with pytest.raises(InvalidInput, match="another one"):
        KeyReference(vault=tmp_path / "v", passphrase_file=folder / "secret", vault_id=reference.vault_id)
    with pytest.raises(InvalidInput):
        KeyReference(vault=folder / "vault")
    (folder / "wrong").touch(mode=0o600)
    (folder / "wrong").write_text("another passphrase")
    with pytest.raises(AccessDenied):
        Deidentifier("pipl", KeyReference(vault=folder / "vault", passphrase_file=folder / "wrong"))
    assert open_vault(folder / "vault", passphrase=PASSPHRASE).id == reference.vault_id


def test_exactly_one_of_vault_and_key_is_taken(place):
    for given in ({}, {"vault": place[1], "key": b"k" * 32}):
        with pytest.raises(InvalidInput, match="either a vault or a key"):
            Deidentifier("pipl", **given)


def test_weekdays_stay_where_the_policy_asks(place):
    deidentifier = Deidentifier(str(place[0] / "tokens.toml"), place[1])
    for number in range(30):
        (clean,) = deidentifier.texts(["2023-05-01 and 2024-02-29"], {}, f"p{number}")
        days = [hit.readings[0] for hit in find_dates(clean.text)]
        assert days[1] - days[0] == timedelta(days=304)
        assert days[0].weekday() == 0
        assert days[0].isoformat() != "2023-05-01"
