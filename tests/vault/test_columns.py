"""A column for one recipient: unlinked without its key, and only of identifiers that are too many to try out."""

import copy
import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.crypto import ff1, siv
from confide.errors import IntegrityError, InvalidInput
from confide.vault.columns import ALPHABETS, SINGLE, TokenColumn, Tokens


class Keys:
    """Gives a key per label, as a vault does."""

    def __init__(self, root=b"root"):
        self.root = root

    def subkey(self, label, length=32):
        from hashlib import shake_256

        return shake_256(self.root + label.encode()).digest(length)


def column(**other):
    said = {
        "study": "s",
        "column": "visits/mrn",
        "recipient": "B",
        "kind": "record-number",
        "form": "digits(8)",
    }
    return TokenColumn(**said | other)


def undone(tokens, replaced):
    """Return what tokens or codes stand for, as who has the vault's key could compute it."""
    part, filled = tokens.column.context(), [each for each in replaced if each is not None]
    if tokens.column.method == "token":
        values = [siv.untoken(tokens._key, each, part) for each in filled]
    else:
        values = ff1.decrypt_column(tokens._key[:32], filled, part, alphabet=tokens.column.alphabet)
    rest = iter(values)
    return [None if each is None else next(rest) for each in replaced]


CODES = st.lists(st.text(alphabet="0123456789", min_size=8, max_size=8) | st.none(), max_size=8)


@given(values=CODES, method=st.sampled_from(["token", "same-form"]))
def test_what_stands_in_place_leads_back_with_the_key_and_empty_stays_empty(values, method):
    tokens = Tokens(Keys(), column(method=method))
    replaced = tokens.replace(values)
    assert undone(tokens, replaced) == values
    assert [each is None for each in replaced] == [each is None for each in values]


@given(values=CODES)
def test_codes_of_the_same_form_have_it_and_equal_values_and_only_they_are_equal(values):
    for method in ("token", "same-form", "digest"):
        replaced = Tokens(Keys(), column(method=method)).replace(values)
        assert len(set(replaced)) == len(set(values))
        if method == "same-form":
            assert all(each is None or re.fullmatch("[0-9]{8}", each) for each in replaced)


@pytest.mark.parametrize("method", ["token", "same-form", "digest"])
@pytest.mark.parametrize(
    "other",
    [{"study": "t"}, {"column": "visits/other"}, {"recipient": "C"}, {"study": "sv", "column": "isits/mrn"}],
)
def test_two_studies_columns_or_recipients_cannot_join_what_they_were_given(method, other):
    values = [f"{n:08d}" for n in range(50)]
    one = Tokens(Keys(), column(method=method)).replace(values)
    two = Tokens(Keys(), column(method=method, **other)).replace(values)
    assert sum(a == b for a, b in zip(one, two, strict=True)) == 0
    assert Tokens(Keys(b"another vault"), column(method=method)).replace(values) != one
    if method == "token":
        with pytest.raises(IntegrityError):
            undone(Tokens(Keys(), column(**other)), one)


@pytest.mark.parametrize("form", ["digits(5)", "hex(4)", "letters(4)", "code(3, 12)"])
def test_a_column_of_fewer_than_a_million_values_is_refused(form):
    with pytest.raises(InvalidInput, match="1000000 or more are wanted"):
        column(form=form)


def test_a_million_values_are_enough():
    assert column(form="digits(6)").lengths == (6, 6)


@pytest.mark.parametrize("kind", ["name", "birth-date", "sex", "city", ""])
def test_a_class_of_which_two_people_share_a_value_is_refused(kind):
    assert kind not in SINGLE
    with pytest.raises(InvalidInput, match="two people never share"):
        column(kind=kind)


@pytest.mark.parametrize(
    "form", ["digits", "digits()", "digits(0)", "digits(8, 7)", "digits(8, 9, 10)", "digits(65)", "digits(1000)",
             "digits(x)", "digits(８)", "any(8)"],
)  # fmt: skip
def test_a_form_that_is_none_is_refused(form):
    with pytest.raises(InvalidInput, match="is not the form of a column"):
        column(form=form)


@pytest.mark.parametrize("name", ["study", "column", "recipient"])
def test_a_column_without_study_name_or_recipient_is_refused(name):
    with pytest.raises(InvalidInput, match="are not empty"):
        column(**{name: " "})


def test_a_method_that_is_none_is_refused():
    with pytest.raises(InvalidInput, match="there is no method des"):
        column(method="des")


@pytest.mark.parametrize("value", ["1234567", "123456789", "1234567x", "１２３４５６７８", ""])
def test_a_value_of_another_form_is_refused_by_its_row_and_never_shown(value):
    for rows, said in ((None, "row 3 "), ([7, 8, 9], "row 9 ")):
        with pytest.raises(InvalidInput, match=said) as refused:
            Tokens(Keys(), column()).replace(["00000001", None, value], rows=rows)
        assert not value or value not in str(refused.value)


def test_lengths_between_two_bounds_are_taken():
    tokens = Tokens(Keys(), column(form="capital-code(6, 8)", method="same-form"))
    replaced = tokens.replace(["AB12CD", "ZZ99ZZ99"])
    assert [len(each) for each in replaced] == [6, 8]
    assert undone(tokens, replaced) == ["AB12CD", "ZZ99ZZ99"]
    assert set("".join(replaced)) <= set(ALPHABETS["capital-code"])


def test_tokens_do_not_show_their_key():
    tokens = Tokens(Keys(), column())
    assert "key hidden" in repr(tokens)
    for escape in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(InvalidInput, match="holds a key"):
            escape(tokens)
