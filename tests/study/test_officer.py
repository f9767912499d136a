"""The officer's word on a dossier: signed by a key that holds the role, for these editions alone, in the ledger first."""

import json

import pytest
from doubtful import copied, made_once
from erasing import found_roles, run

from confide.cli import main
from confide.crypto.sign import new_key
from confide.errors import AccessDenied, InvalidInput
from confide.ledger.home import home, open_ledger
from confide.study.dossier import digest
from confide.study.officer import give_word, is_approved, read_dossier, words_on
from confide.study.workplace import open_workplace

PASS = "a passphrase of the officer"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return made_once(tmp_path_factory, review="mask")


@pytest.fixture
def study(made, tmp_path, monkeypatch):
    return copied(made, tmp_path, monkeypatch)


@pytest.fixture
def officer(study):
    with open_ledger(home()) as ledger:
        return found_roles(ledger)[0].to_pem(PASS)


def said(study, act, pem, *, seen=None, passphrase=PASS):
    with open_workplace(study) as place:
        seen = seen or read_dossier(place).inside_digest
        return give_word(place, act, seen, pem=pem, passphrase=passphrase)


def standing(study):
    with open_workplace(study) as place:
        return words_on(place, read_dossier(place))


def test_an_approval_and_its_revocation_are_signed_entries_of_the_ledger(study, officer):
    assert standing(study) == []
    said(study, "approve", officer)
    assert is_approved(standing(study))
    said(study, "revoke", officer)
    words = standing(study)
    assert [word.act for word in words] == ["approve", "revoke"]
    assert {word.label for word in words} == {"data protection officer"}
    assert not is_approved(words)
    with pytest.raises(SystemExit) as left:
        main.run(["ledger", "verify"])
    assert left.value.code == 0


def test_an_approval_counts_for_no_other_dossier(study, officer):
    said(study, "approve", officer)
    run(study)
    assert standing(study) == []


def test_what_was_not_seen_is_not_signed(study, officer):
    with open_workplace(study) as place:
        seen = read_dossier(place).inside_digest
    run(study)
    with pytest.raises(InvalidInput) as refused:
        said(study, "approve", officer, seen=seen)
    assert refused.value.code == "review.dossier-changed"


def test_a_key_without_the_role_another_passphrase_and_no_key_sign_nothing(study, officer):
    for pem, passphrase in (
        (new_key().to_pem(PASS), PASS), (officer, "another passphrase"), (b"", PASS), (b"junk" * 10_000, PASS)
    ):  # fmt: skip
        with pytest.raises((AccessDenied, InvalidInput)):
            said(study, "approve", pem, passphrase=passphrase)
    assert standing(study) == []


def test_without_a_roster_nobody_can_approve(study):
    with pytest.raises(AccessDenied):
        said(study, "approve", new_key().to_pem(PASS))


def test_nothing_is_approved_twice_and_nothing_revoked_that_was_not_approved(study, officer):
    with pytest.raises(InvalidInput):
        said(study, "revoke", officer)
    said(study, "approve", officer)
    with pytest.raises(InvalidInput):
        said(study, "approve", officer)
    with pytest.raises(InvalidInput):
        said(study, "bless", officer)


def test_no_unkeyed_digest_of_the_inside_edition_and_no_passphrase_is_in_the_ledger(study, officer):
    said(study, "approve", officer)
    inside = json.loads((study / "dossier/inside.json").read_bytes())
    with open_ledger(home()) as ledger:
        entries = "".join(json.dumps(each.body) for each in ledger.store.all(kind="approval"))
    assert digest(inside) not in entries
    assert inside["outside_digest"] in entries
    assert PASS not in entries


def test_editions_that_do_not_belong_together_are_refused(study):
    file = study / "dossier/outside.json"
    file.write_bytes(file.read_bytes().replace(b'"pass"', b'"hold"'))
    with open_workplace(study) as place, pytest.raises(InvalidInput):
        read_dossier(place)
