"""Surrogates: of the same shape, the same for one patient everywhere, unlinkable under another key."""

import hashlib
import pickle
import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.crypto.keyed import Keyed
from confide.deid import validators
from confide.deid.classes import SOLE_CLASSES
from confide.deid.deidentify import Deidentifier
from confide.deid.fold import normal
from confide.deid.lexicon import words
from confide.deid.mask import mask
from confide.deid.people import People
from confide.deid.surrogate_names import invent_name
from confide.deid.surrogate_numbers import invent_number
from confide.deid.surrogate_places import generalise_place, keep_town
from confide.errors import InvalidInput

KEYED = Keyed(b"k" * 32)
han = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)
han_names = st.text(han, min_size=1, max_size=4)
english_names = st.lists(st.from_regex(r"\A[A-Z][a-z]{1,9}\Z"), min_size=1, max_size=4).map(" ".join)
numbers = st.from_regex(r"\A[0-9A-Za-z]{2,5}([ -]?[0-9A-Za-z]{1,5}){1,4}\Z").filter(
    lambda v: any(c.isdigit() for c in v)
)
NUMBER_KINDS = [kind for kind in SOLE_CLASSES if kind != "email"]


@given(patient=st.text(max_size=5), name=han_names)
def test_an_invented_han_name_keeps_its_length_and_has_a_usual_surname(patient, name):
    new = invent_name(KEYED, patient, name, "known:name", People())
    assert len(new) == len(name)
    assert new != name
    assert new[0] in words("zh", "surnames") or new[:2] in words("zh", "compound_surnames") or len(name) > 4


@given(patient=st.text(max_size=5), name=english_names)
def test_an_invented_english_name_differs_in_every_word(patient, name):
    new = invent_name(KEYED, patient, name, "known:name", People())
    assert len(new.split()) == len(name.split())
    assert all(a.lower() != b.lower() for a, b in zip(new.split(), name.split(), strict=True))


@given(patient=st.text(max_size=5), kind=st.sampled_from(NUMBER_KINDS), value=numbers)
def test_an_invented_number_keeps_the_shape_and_never_equals_the_original(patient, kind, value):
    new = invent_number(KEYED, patient, kind, value)
    assert re.sub("[0-9]", "0", re.sub("[a-z]", "a", re.sub("[A-Z]", "A", new))) == re.sub("[0-9]", "0", re.sub("[a-z]", "a", re.sub("[A-Z]", "A", value)))  # fmt: skip
    assert normal(new) != normal(value)


@given(patient=st.text(max_size=5), body=st.from_regex(r"\A[1-6][0-9]{16}\Z"))
def test_an_invented_resident_id_fails_its_check_on_purpose(patient, body):
    new = invent_number(KEYED, patient, "resident-id", body + validators.resident_check(body))
    assert re.fullmatch(r"[0-9]{17}[0-9X]", new)
    assert not validators.is_resident_id(new)


@given(patient=st.text(max_size=5), value=st.from_regex(r"\A[0-9]{16,19}\Z"))
def test_an_invented_bank_card_fails_its_check_on_purpose(patient, value):
    assert not validators.is_luhn(invent_number(KEYED, patient, "account-number", value))


@given(patient=st.text(max_size=5), value=st.from_regex(r"\A1[3-9][0-9]{9}\Z"))
def test_an_invented_mobile_can_belong_to_nobody(patient, value):
    assert re.fullmatch(r"1[0-2][0-9]{9}", invent_number(KEYED, patient, "phone", value))


@given(patient=st.text(max_size=5), value=st.from_regex(r"\A[0-8][0-9]{2}-[0-9]{2}-[0-9]{4}\Z"))
def test_an_invented_ssn_was_never_given_out(patient, value):
    assert not validators.is_ssn(invent_number(KEYED, patient, "ssn", value))


@pytest.mark.parametrize(
    "spelling", ["13800138000", "138-0013-8000", "138 0013 8000", "１３８００１３８０００", "+86 13800138000"]
)
def test_spellings_of_one_number_get_the_same_surrogate(spelling, clean):
    digits = normal(clean(f"电话：{spelling}")[0])[2:].removeprefix("86")
    assert digits == normal(clean("电话：13800138000")[0])[2:]


def test_one_person_keeps_one_name_over_documents_tables_roles_and_parts(note):
    deidentifier = Deidentifier(policy="gbt37964-research", key=b"k" * 32)
    known = {"name": ("欧阳建国", "John Smith")}
    notes = [note("患者 欧阳建国，男。建国诉胸闷。"), note("欧阳先生；Mr. Smith; SMITH, JOHN; John", id="n2")]
    first, second = (done.text for done in deidentifier.patient(notes, known))
    table = deidentifier.table(
        pl.DataFrame({"_patient": ["p1", "p1"], "n": ["欧阳建国", "John Smith"]}), {"n": "name"}
    )
    han_name, english = table["n"]
    given_name, family = english.split()
    assert first == f"患者 {han_name}，男。{han_name[2:]}诉胸闷。"
    assert second == f"{han_name[:2]}先生；Mr. {family}; {family.upper()}, {given_name.upper()}; {given_name}"


@given(
    st.text(min_size=1, max_size=12), st.binary(min_size=16, max_size=40), st.binary(min_size=16, max_size=40)
)
def test_pseudonyms_are_the_same_under_one_key_and_unlinkable_under_another(patient, one, two):
    first, again = (Deidentifier(policy="pipl", key=one).pseudonym(patient) for _ in range(2))
    assert first == again
    assert (Deidentifier(policy="pipl", key=two).pseudonym(patient) == first) == (one == two)


def test_trying_all_record_numbers_without_the_key_finds_nothing():
    target = Deidentifier(policy="pipl", key=b"the key of the vault").pseudonym("0000012345")
    tried = {
        Deidentifier(policy="pipl", key=b"another key, 16+").pseudonym(f"{i:010d}")
        for i in range(0, 20_000, 5)
    }
    plain = {hashlib.sha256(f"{i:010d}".encode()).hexdigest()[:16] for i in range(20_000)}
    assert target not in tried
    assert target[2:] not in plain


def test_other_keys_and_other_patients_get_other_surrogates(clean):
    text = "姓名：张建国 电话：13800138000 住院号：ZY0012345 日期：2023年5月1日"
    one, other_key, other_patient = (
        clean(text)[0],
        clean(text, key=b"x" * 32)[0],
        clean(text, patient="p2")[0],
    )
    for a, b in ((one, other_key), (one, other_patient)):
        pieces = zip(re.split("[ ：]", a)[1::2], re.split("[ ：]", b)[1::2], strict=True)
        assert sum(x == y for x, y in pieces) <= 1


def test_neither_repr_nor_pickle_nor_copy_gives_the_key_away():
    import copy

    deidentifier = Deidentifier(policy="pipl", key=b"secret-secret-secret")
    assert "secret" not in repr(deidentifier)
    assert "secret" not in repr(vars(deidentifier))
    for escape in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(InvalidInput, match="holds a key"):
            escape(deidentifier)


def test_a_short_key_is_refused():
    with pytest.raises(InvalidInput, match="at least 16"):
        Deidentifier(policy="pipl", key=b"short")


@pytest.mark.parametrize(
    ("kind", "value", "masked"),
    [
        ("name", "张伟", "张*"), ("name", "欧阳建国", "欧***"), ("name", "John Smith", "J*** S****"),
        ("phone", "13800138000", "138****8000"), ("phone", "138-0013-8000", "138-****-8000"),
        ("resident-id", "11010519491231002X", "1****************X"), ("record-number", "1234", "****"),
    ],
)  # fmt: skip
def test_partial_masks_look_as_hospitals_know_them(kind, value, masked):
    assert mask(kind, value) == masked


@pytest.mark.parametrize(
    ("value", "kept"),
    [("12345 Oak Street", "[A]"), ("北京市朝阳区建国路88号", "北京市"), ("洛阳市四川路8号", "[A]"), ("Boston, MA", "MA"), ("广西壮族自治区南宁市", "广西壮族自治区")],
)  # fmt: skip
def test_generalising_a_place_keeps_nothing_finer_than_province_or_state(value, kept):
    assert generalise_place("address", value, "[A]") == kept


@given(patient=st.text(max_size=5), body=st.from_regex(r"\A[1-6][0-9]{16}\Z"))
def test_numbers_pass_their_check_where_the_policy_asks(patient, body):
    ident = body + validators.resident_check(body)
    new = invent_number(KEYED, patient, "resident-id", ident, valid=True)
    assert validators.is_resident_id(new)
    assert int(new[16]) % 2 == int(ident[16]) % 2  # the sex
    assert validators.is_luhn(invent_number(KEYED, patient, "account-number", body[:16], valid=True))
    assert validators.is_uscc(invent_number(KEYED, patient, "other-id", "91350100M000100Y43", valid=True))
    assert validators.is_ssn(invent_number(KEYED, patient, "ssn", "123-45-6789", valid=True))
    assert validators.is_us_phone(invent_number(KEYED, patient, "phone", "415-555-0134", valid=True))
    assert re.fullmatch("1[35789][0-9]{9}", invent_number(KEYED, patient, "phone", "13800138000", valid=True))


def test_a_valid_number_that_is_somebodys_is_not_given_out(note, tmp_path):
    from importlib.resources import files

    text = files("confide.deid").joinpath("policies", "gdpr-pseudonymise.toml").read_text(encoding="utf-8")
    (tmp_path / "valid.toml").write_text(
        text.replace("[actions]", "valid_numbers = true\n[actions]"), encoding="utf-8"
    )

    def surrogate(taken):
        maker = Deidentifier(str(tmp_path / "valid.toml"), key=b"k" * 32, taken=taken)
        return maker.texts(["证件11010519491231002X"], {"resident-id": ("11010519491231002X",)}, "p")[0].text[
            2:
        ]

    first = surrogate(())
    assert validators.is_resident_id(first)
    assert surrogate((first,)) not in (first, "11010519491231002X")


def test_a_street_is_no_town_in_a_limited_data_set():
    assert keep_town("The Old Rectory, Church Lane, NY 10001", "[ADDRESS]") == "NY 10001"
