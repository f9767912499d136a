"""The same key and parts always give the same choice, another key or other parts another one, and the key stays hidden."""

import copy
import hashlib
import hmac
import pickle
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.crypto.keyed import SHORTEST_KEY, Keyed
from confide.errors import InvalidInput

KEY = bytes(range(16))
keys = st.binary(min_size=SHORTEST_KEY, max_size=40)
parts = st.lists(st.text(st.characters(), max_size=6), max_size=4)


def written_out(key, *parts):
    """HMAC-SHA256 over length-prefixed parts, as docs and guarantees say it: the second implementation."""
    inner = hmac.digest(key, b"confide/deid/v1", "sha256")
    message = b""
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        message += len(encoded).to_bytes(8, "big") + encoded
    return hmac.new(inner, message, hashlib.sha256).digest()


@given(key=keys, parts=parts)
def test_a_choice_is_hmac_of_the_length_prefixed_parts(key, parts):
    assert Keyed(key).number(*parts) == int.from_bytes(written_out(key, *parts), "big")


@given(key=keys, one=parts, two=parts)
def test_two_lists_of_parts_have_two_numbers_wherever_their_borders_are(key, one, two):
    assert (Keyed(key).number(*one) == Keyed(key).number(*two)) == (one == two)


@given(one=keys, two=keys, parts=parts)
def test_under_another_key_the_choice_is_another_one(one, two, parts):
    if one.ljust(64, b"\0") != two.ljust(64, b"\0"):  # HMAC fills a short key with zeros
        assert Keyed(one).number(*parts) != Keyed(two).number(*parts)


def test_what_was_chosen_once_is_chosen_for_ever():
    """These stand in sealed studies and at recipients: another value would unlink a patient from himself."""
    keyed = Keyed(KEY)
    assert keyed.token(13, "patient", "7") == "57j94umi4r9z4"
    assert "".join(map(str, keyed.digits(70, "patient", "7"))) == (
        "6663136701584015525280840313354245979334581303978933858284119042618569"
    )


@given(parts=parts, length=st.integers(0, 51))
def test_a_token_is_the_number_five_bits_a_letter_the_lowest_first(parts, length):
    token, bits = Keyed(KEY).token(length, *parts), Keyed(KEY).number(*parts)
    letters = "abcdefghijkmnpqrstuvwxyz23456789"
    assert sum(letters.index(letter) << 5 * place for place, letter in enumerate(token)) == bits % 32**length
    assert len(token) == length


@given(parts=parts, length=st.integers(0, 200))
def test_digits_are_as_many_as_asked_and_the_first_do_not_depend_on_how_many(parts, length):
    digits = Keyed(KEY).digits(length, *parts)
    assert len(digits) == length
    assert digits == Keyed(KEY).digits(201, *parts)[:length]
    assert set(digits) <= set(range(10))


def test_no_block_of_digits_is_another_block_again():
    digits = Keyed(KEY).digits(300, "patient")
    blocks = {tuple(digits[at : at + 60]) for at in range(0, 300, 60)}
    assert len(blocks) == 5


def test_every_digit_is_as_likely_as_any_other():
    counts = Counter(digit for n in range(40) for digit in Keyed(KEY).digits(150, str(n)))
    assert all(500 < counts[digit] < 700 for digit in range(10))  # 600 expected, 23 the standard deviation


@given(
    options=st.lists(st.text("abAB", min_size=1, max_size=2), min_size=1, max_size=5), avoid=st.text("abAB", max_size=2), parts=parts
)  # fmt: skip
def test_a_choice_is_one_of_the_options_and_never_what_is_to_be_avoided(options, avoid, parts):
    keyed, options = Keyed(KEY), tuple(options)
    left = [option for option in options if option.casefold() != avoid.casefold()]
    if not left:
        with pytest.raises(ValueError, match=r"^every option is to be avoided$"):
            keyed.choice(options, avoid, *parts)
        return
    found = keyed.choice(options, avoid, *parts)
    assert found in left
    start = keyed.number(*parts) % len(options)
    turned = options[start:] + options[:start]  # the next one where the first is to be avoided
    assert found == next(option for option in turned if option in left)


@pytest.mark.parametrize("size", [0, 15])
def test_a_key_that_could_be_tried_out_is_refused(size):
    with pytest.raises(InvalidInput) as caught:
        Keyed(bytes(size))
    assert (caught.value.code, caught.value.public) == ("crypto.short-key", {"wanted": 16, "found": size})
    Keyed(bytes(16))


def test_the_key_is_in_no_repr_no_pickle_and_no_copy():
    keyed = Keyed(KEY)
    assert repr(keyed) == "Keyed(key hidden)"
    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(InvalidInput) as caught:
            take(keyed)
        assert caught.value.code == "crypto.pickled-key"
