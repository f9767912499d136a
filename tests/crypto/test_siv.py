"""A token is AES-SIV as RFC 5297 writes it down, one for each value, key and parts."""

import base64
import re

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import given
from hypothesis import strategies as st

from confide.crypto import siv
from confide.errors import IntegrityError

KEY = bytes(range(64))

keys = st.binary(min_size=64, max_size=64)
parts = st.lists(st.binary(max_size=40), max_size=4)


def written_out(key, plain, bound):
    """RFC 5297, sections 2.4 and 2.6, over CMAC and counter mode: the second implementation."""

    def cmac(data):
        mac = CMAC(algorithms.AES(key[:32]))
        mac.update(data)
        return mac.finalize()

    def xor(one, other):
        return bytes(a ^ b for a, b in zip(one, other, strict=True))

    def doubled(block):
        number = int.from_bytes(block, "big") << 1
        return ((number & (1 << 128) - 1) ^ (0x87 if number >> 128 else 0)).to_bytes(16, "big")

    total = cmac(bytes(16))
    for part in bound:
        total = xor(doubled(total), cmac(part))
    if len(plain) >= 16:
        last = plain[:-16] + xor(plain[-16:], total)
    else:
        last = xor(doubled(total), plain + b"\x80" + bytes(15 - len(plain)))
    tag = cmac(last)
    counter = int.from_bytes(tag, "big") & ~(1 << 63 | 1 << 31)
    return tag + Cipher(algorithms.AES(key[32:]), modes.CTR(counter.to_bytes(16, "big"))).encryptor().update(
        plain
    )


@given(key=keys, plain=st.binary(max_size=70), bound=parts)
def test_it_is_siv_as_the_standard_writes_it_down(key, plain, bound):
    sealed = siv.encrypt(key, plain, *bound)
    assert sealed == written_out(key, plain, bound)
    assert siv.decrypt(key, sealed, *bound) == plain


@given(value=st.text(max_size=40), bound=parts, key=keys)
def test_a_token_gives_its_value_back_and_is_always_the_same(value, bound, key):
    token = siv.token(key, value, *bound)
    assert token == siv.token(key, value, *bound)
    assert siv.untoken(key, token, *bound) == value
    assert re.fullmatch("[a-z2-7]{26,}", token)


@given(one=st.text(max_size=20), other=st.text(max_size=20), bound=parts, others=parts)
def test_two_values_two_keys_or_two_lists_of_parts_have_two_tokens(one, other, bound, others):
    assert (siv.token(KEY, one, *bound) == siv.token(KEY, other, *bound)) == (one == other)
    assert (siv.token(KEY, one, *bound) == siv.token(KEY, one, *others)) == (bound == others)
    assert siv.token(KEY, one, *bound) != siv.token(bytes(64), one, *bound)


@given(value=st.text(max_size=20), others=parts.filter(bool))
def test_a_token_of_another_key_or_other_parts_is_refused(value, others):
    token = siv.token(KEY, value)
    for key, bound in ((bytes(64), []), (KEY, others)):
        with pytest.raises(IntegrityError):
            siv.untoken(key, token, *bound)


@given(value=st.text(max_size=20), data=st.data())
def test_a_token_with_any_letter_changed_is_refused(value, data):
    token = siv.token(KEY, value)
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(
        st.sampled_from("abcdefghijklmnopqrstuvwxyz234567").filter(lambda a: a != token[place])
    )
    with pytest.raises(IntegrityError, match="a token is not one"):
        siv.untoken(KEY, token[:place] + letter + token[place + 1 :])


def test_a_token_may_end_in_any_letter():
    values = [f"{n:04}" for n in range(1000)]
    tokens = [siv.token(KEY, value) for value in values]
    assert {token[-1] for token in tokens} == set("abcdefghijklmnopqrstuvwxyz234567")
    assert [siv.untoken(KEY, token) for token in tokens] == values


@pytest.mark.parametrize("text", ["", "a", "abc", "1890", "令牌", "ſſſſſſſſ", "ab=cdefg", "a" * 25, "=" * 8])
def test_a_text_that_is_no_token_is_refused(text):
    with pytest.raises(IntegrityError, match="token"):
        siv.untoken(KEY, text)


def test_a_token_in_capitals_or_with_padding_is_refused_as_it_would_not_join():
    token = siv.token(KEY, "MRN-0012345")
    assert siv.untoken(KEY, token) == "MRN-0012345"
    for other in (token.upper(), token + "=" * (-len(token) % 8 or 8), f" {token}"):
        with pytest.raises(IntegrityError, match="a token is not one"):
            siv.untoken(KEY, other)


@pytest.mark.parametrize("size", [0, 32, 48, 63, 65])
def test_a_key_of_another_length_is_refused(size):
    with pytest.raises(ValueError, match=r"^the key of a token has 64 bytes$"):
        siv.encrypt(bytes(size), b"")
    with pytest.raises(ValueError, match=r"^the key of a token has 64 bytes$"):
        siv.decrypt(bytes(size), bytes(20))


def test_no_message_holds_the_value_or_the_token():
    token = siv.token(KEY, "MRN-0012345")
    with pytest.raises(IntegrityError) as told:
        siv.untoken(bytes(64), token)
    assert token not in f"{told.value!r} {told.value}"
    assert told.value.__cause__ is None
    assert told.value.__suppress_context__


def test_what_was_encrypted_as_bytes_and_is_no_text_is_no_token():
    key = bytes(range(64))
    made = base64.b32encode(siv.encrypt(key, b"\xff\xfe")).decode().rstrip("=").lower()
    with pytest.raises(IntegrityError) as caught:
        siv.untoken(key, made)
    assert caught.value.code == "crypto.token"
