"""A short value opens with its key and where it belongs, and not otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.crypto.aead import bind, decrypt, encrypt
from confide.errors import IntegrityError

keys = st.binary(min_size=32, max_size=32)
parts = st.lists(st.binary(max_size=12), max_size=4)


@given(key=keys, plain=st.binary(max_size=100), associated=st.binary(max_size=40))
def test_what_was_encrypted_is_decrypted(key, plain, associated):
    assert decrypt(key, encrypt(key, plain, associated), associated) == plain


@given(key=keys, plain=st.binary(max_size=100), data=st.data())
def test_a_changed_or_cut_value_is_found(key, plain, data):
    blob = bytearray(encrypt(key, plain, b"row 1"))
    cut = data.draw(st.integers(0, len(blob) - 1))
    for changed in (blob[:cut], blob + b"\0", blob[:cut] + bytes([blob[cut] ^ 1]) + blob[cut + 1 :]):
        with pytest.raises(IntegrityError):
            decrypt(key, bytes(changed), b"row 1")


@given(key=keys, other=keys, associated=st.binary(max_size=20))
def test_another_key_or_place_does_not_open(key, other, associated):
    blob = encrypt(key, b"value", b"row 1")
    if (other, associated) != (key, b"row 1"):
        with pytest.raises(IntegrityError):
            decrypt(other, blob, associated)


@given(one=parts, two=parts)
def test_two_lists_of_parts_never_bind_to_the_same_bytes(one, two):
    assert (bind(*one) == bind(*two)) == (one == two)


def test_a_nonce_does_not_come_twice():
    assert len({encrypt(bytes(32), b"", b"")[:12] for _ in range(1000)}) == 1000


def test_a_key_of_another_length_is_a_mistake_and_not_a_damaged_value():
    with pytest.raises(ValueError, match="AESGCM key"):
        decrypt(b"short", bytes(40), b"")


def test_parts_are_joined_as_the_docs_say_each_after_its_length_in_eight_bytes():
    assert bind() == b""
    assert bind(b"ab", b"", b"c" * 258).startswith(
        bytes.fromhex("0000000000000002") + b"ab" + bytes(8) + bytes.fromhex("0000000000000102") + b"c"
    )
    assert len(bind(b"ab", b"", b"c" * 258)) == 3 * 8 + 2 + 258


@pytest.mark.parametrize("blob", [b"", bytes(11), bytes(12), bytes(27), bytes(28), bytes(60)])
def test_a_blob_that_is_none_is_refused_in_one_sentence(blob):
    with pytest.raises(IntegrityError) as caught:
        decrypt(bytes(32), blob, b"")
    assert (caught.value.code, caught.value.public) == ("crypto.blob", {})
    assert str(caught.value)
