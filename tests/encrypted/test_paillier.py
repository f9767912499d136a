"""Packed Paillier adds and scales vectors as whole numbers do, and agrees with a second implementation."""

import hashlib
import secrets

import numpy as np
import pytest
import second_paillier as second
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.encrypted import paillier
from confide.errors import InvalidInput

KEY = paillier.new_key(lane_bits=40, bits=2048)
BOUND = 1 << 20
FIRST, SECOND = 1037, 1697  # beyond 3 · 2^1022: the two primes of a known answer
KNOWN = "2d2d7f60a9d8c167cc711629f12079ac1625def28fd8e294a0e5877056321237"
vectors = st.lists(st.integers(-BOUND, BOUND), min_size=1, max_size=120)


@settings(max_examples=10)
@given(first=vectors, factor=st.integers(-50, 50), seed=st.integers(0, 2**32))
def test_sums_and_products_of_encrypted_vectors_are_exact(first, factor, seed):
    first = np.array(first)
    other = np.random.default_rng(seed).integers(-BOUND, BOUND + 1, len(first))
    a, b = (paillier.encrypt(KEY.public, values, bound=BOUND) for values in (first, other))
    found = paillier.decrypt(KEY, paillier.add(paillier.scaled(a, factor), paillier.refreshed(b)))
    np.testing.assert_array_equal(found, first * factor + other)


def test_the_second_implementation_opens_what_ours_seals_and_ours_what_it_seals():
    values = [3, -5, 0, BOUND]
    sealed = paillier.encrypt(KEY.public, np.array(values), bound=BOUND)
    n = KEY.public.n
    message = second.decrypt(n, KEY.p, KEY.q, sealed.parts[0])
    assert paillier.unpacked(message - n if message > n // 2 else message, 4, 40) == values
    theirs = second.encrypt(n, paillier.packed(values, 40), secrets.randbelow(n - 1) + 1)
    assert paillier.decrypt(KEY, paillier.Sealed(KEY.public, 4, BOUND, (theirs,))).tolist() == values


def test_a_vector_that_was_sealed_elsewhere_opens_to_what_was_written_down():
    """A known answer: primes, randomness and values are fixed, the ciphertext was made by the second implementation."""
    p, q = (3 << 1022) + FIRST, (3 << 1022) + SECOND
    n, values = p * q, [1, -1, 0, 2**19, -(2**19), 123456]
    sealed = second.encrypt(n, paillier.packed(values, 40), 3**1000 % n)
    assert hashlib.sha256(sealed.to_bytes(512, "big")).hexdigest() == KNOWN
    public = paillier.PublicKey(n, 40)
    key = paillier.SecretKey(public, p, q)
    assert paillier.decrypt(key, paillier.Sealed(public, 6, 2**19, (sealed,))).tolist() == values
    assert second.decrypt(77, 7, 11, second.encrypt(77, 42, 23)) == 42  # small enough for paper


def test_the_same_vector_is_never_sealed_alike():
    first, again = (paillier.encrypt(KEY.public, np.array([1]), bound=1) for _ in range(2))
    assert first.parts != again.parts != paillier.refreshed(again).parts
    assert str(first.parts[0]) not in repr(first)
    assert str(KEY.p) not in repr(KEY)


@given(values=st.lists(st.integers(-(2**15), 2**15 - 1), max_size=30))
def test_lanes_come_back_whatever_their_signs(values):
    assert paillier.unpacked(paillier.packed(values, 16), len(values), 16) == values


def test_what_could_leave_its_lane_is_refused_before_it_does():
    sealed = paillier.encrypt(KEY.public, np.array([1]), bound=1 << 38)
    with pytest.raises(InvalidInput, match="lane"):
        paillier.add(sealed, sealed)
    with pytest.raises(InvalidInput, match="lane"):
        paillier.scaled(sealed, 2)
    with pytest.raises(InvalidInput, match="from -1 to 1"):
        paillier.encrypt(KEY.public, np.array([2]), bound=1)


def test_a_sum_that_lies_about_its_bound_is_refused_when_opened():
    lying = paillier.Sealed(KEY.public, 1, 3, paillier.encrypt(KEY.public, np.array([9]), bound=9).parts)
    with pytest.raises(InvalidInput, match="lane"):
        paillier.decrypt(KEY, lying)


def test_another_key_or_a_short_one_is_refused():
    other = paillier.new_key(lane_bits=40, bits=2048)
    with pytest.raises(InvalidInput, match="no Paillier key"):
        paillier.decrypt(other, paillier.encrypt(KEY.public, np.array([1]), bound=1))
    with pytest.raises(InvalidInput, match="2048"):
        paillier.new_key(bits=1024)
    with pytest.raises(InvalidInput, match="no ciphertext"):
        paillier.decrypt(KEY, paillier.Sealed(KEY.public, 1, 1, (0,)))
