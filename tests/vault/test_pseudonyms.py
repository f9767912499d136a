"""One maker of pseudonyms; without its key they cannot be tried out, under another they are unlinked."""

import copy
import hashlib
import os
import pickle
import re
import uuid

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.deid.deidentify import Deidentifier
from confide.errors import InvalidInput
from confide.records.notes import Note
from confide.vault.pseudonyms import Pseudonyms, study_key

KEYS = st.binary(min_size=16, max_size=64)
IDS = st.text(min_size=1, max_size=30)


@given(key=KEYS, resource=st.sampled_from(["Patient", "Observation", "Encounter"]), identifier=IDS)
def test_a_fhir_id_has_the_shape_that_fhir_asks_for(key, resource, identifier):
    assert re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", Pseudonyms(key).fhir_id(resource, identifier))


@given(key=KEYS, uid=IDS)
def test_a_dicom_uid_is_2_25_and_a_uuid_as_a_decimal_number(key, uid):
    made = Pseudonyms(key).dicom_uid(uid)
    assert re.fullmatch(r"2\.25\.[1-9][0-9]{0,38}", made)
    assert len(made) <= 64
    number = uuid.UUID(int=int(made[5:]))
    assert (number.version, number.variant) == (8, uuid.RFC_4122)


@given(key=KEYS, other=KEYS, patient=IDS)
def test_under_another_key_a_patient_is_unlinked(key, other, patient):
    first, second = Pseudonyms(key), Pseudonyms(other)
    for made in ("patient", "dicom_uid"):
        same = getattr(first, made)(patient) == getattr(second, made)(patient)
        assert same == (key == other)


def test_studies_and_recipients_have_unlinked_pseudonyms_and_each_its_own_for_ever(vault):
    keys = {
        study_key(vault, study, recipient)
        for study in ("a", "b", 'a", "b')
        for recipient in (None, "", "b", "Hospital B")
    }
    assert len(keys) == 12
    assert Pseudonyms.for_study(vault, "a", "b").patient("p") == Pseudonyms.for_study(
        vault, "a", "b"
    ).patient("p")


def test_a_patient_has_one_pseudonym_in_notes_tables_fhir_and_dicom(vault):
    ours = Pseudonyms.for_study(vault, "s")
    deid = Deidentifier(policy="gbt37964-research", key=study_key(vault, "s"))
    note = Note(id="n1", patient="p1", text="calm", row=1, file="n.jsonl", fields={})
    (clean,) = deid.patient([note], {})
    table = deid.table(pl.DataFrame({"_patient": ["p1"], "sex": ["F"]}), {})
    assert clean.patient == table["_patient"][0] == ours.patient("p1") == ours.fhir_id("Patient", "p1")
    assert clean.release_id == ours.record("p1", "n1")


def test_what_is_of_another_kind_has_another_pseudonym():
    ours = Pseudonyms(bytes(32))
    made = [ours.fhir_id("Observation", "1"), ours.fhir_id("Encounter", "1"), ours.patient("1"),
            ours.record("1", "1"), ours.dicom_uid("1")]  # fmt: skip
    assert len(set(made)) == len(made)


def tried_out(pseudonym, numbers, make):
    """Return the record number that an attacker finds by making the pseudonym of each one."""
    return next((number for number in numbers if make(number) == pseudonym), None)


def test_trying_all_ten_digit_record_numbers_without_the_key_fails():
    """The attacker knows everything but the key, and the number up to its last four digits."""
    numbers = [f"123456{last:04d}" for last in range(10_000)]
    secret = Pseudonyms(os.urandom(32))
    guesses = [Pseudonyms(guess) for guess in (bytes(32), b"pseudonyms/study", hashlib.sha256(b"").digest())]
    for guess in guesses:
        assert tried_out(secret.patient("1234567890"), numbers, guess.patient) is None
        assert tried_out(secret.dicom_uid("1234567890"), numbers, guess.dicom_uid) is None
    unkeyed = lambda number: "P-" + hashlib.sha256(number.encode()).hexdigest()[:16]  # noqa: E731
    assert tried_out(unkeyed("1234567890"), numbers, unkeyed) == "1234567890", (
        "the attack works without a key"
    )


def test_pseudonyms_do_not_show_their_key():
    ours = Pseudonyms(b"k" * 32)
    assert repr(ours) == "Pseudonyms(key hidden)"
    for escape in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(InvalidInput, match="holds a key"):
            escape(ours)


def test_a_key_of_fifteen_bytes_is_refused():
    with pytest.raises(InvalidInput, match="at least 16"):
        Pseudonyms(bytes(15))
