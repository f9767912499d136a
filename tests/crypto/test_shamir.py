"""Shamir's scheme: any `threshold` shares give the key back, fewer say nothing."""

import os
from contextlib import suppress
from itertools import combinations

import gmpy2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.crypto.shamir import PRIME, SHARE, join, split
from confide.errors import InvalidInput


@given(secret=st.binary(min_size=32, max_size=32), n=st.integers(1, 12), data=st.data())
def test_any_threshold_shares_give_the_key_back(secret, n, data):
    threshold = data.draw(st.integers(1, n))
    points = data.draw(st.lists(st.integers(1, 65535), min_size=n, max_size=n, unique=True))
    cut = split(secret, threshold=threshold, points=points, key=os.urandom(32))
    chosen = data.draw(st.permutations(points))[:threshold]
    assert join({at: cut[at] for at in chosen}) == secret


def test_every_set_of_seven_of_ten_gives_the_key_back():
    secret = b"\xff" * 32
    cut = split(secret, threshold=7, points=range(1, 11), key=os.urandom(32))
    assert all(join({at: cut[at] for at in some}) == secret for some in combinations(cut, 7))


def test_fewer_shares_fit_every_key_equally_well():
    """With t - 1 shares of one key, any other key has exactly one polynomial through them."""
    cut = split(b"a" * 32, threshold=3, points=[1, 2, 3], key=os.urandom(32))
    other = int.from_bytes(b"b" * 32, "big")
    y1, y2 = (int.from_bytes(cut[at], "big") for at in (1, 2))
    third = (
        other - 3 * y1 + 3 * y2
    ) % PRIME  # the value at 3 of the parabola through (0, other), (1, y1), (2, y2)
    assert join({1: cut[1], 2: cut[2], 3: third.to_bytes(SHARE, "big")}) == b"b" * 32


def test_one_share_is_uniform():
    first = [split(bytes(32), threshold=2, points=[1, 2], key=os.urandom(32))[1][1] for _ in range(4096)]
    counts = [first.count(value) for value in range(256)]
    assert sum((count - 16) ** 2 / 16 for count in counts) < 360  # chi-square, 255 degrees: 1 in 70,000


def test_the_field_is_the_first_prime_that_holds_a_key():
    assert gmpy2.next_prime(2**256) == PRIME


def test_shares_of_two_keys_are_refused_or_give_neither():
    one = split(b"a" * 32, threshold=2, points=[1, 2], key=os.urandom(32))
    two = split(b"b" * 32, threshold=2, points=[1, 2], key=os.urandom(32))
    with suppress(InvalidInput):
        assert join({1: one[1], 2: two[2]}) not in (b"a" * 32, b"b" * 32)


@pytest.mark.parametrize("share", [b"", bytes(32), PRIME.to_bytes(SHARE, "big"), b"\xff" * SHARE])
def test_what_is_no_share_is_refused(share):
    cut = split(b"a" * 32, threshold=2, points=[1, 2], key=os.urandom(32))
    with pytest.raises(InvalidInput):
        join({1: cut[1], 2: share})


def test_shares_that_come_to_more_than_any_key_are_refused():
    with pytest.raises(InvalidInput):
        join({1: (PRIME - 1).to_bytes(SHARE, "big")})


@pytest.mark.parametrize(("threshold", "points"), [(0, [1]), (2, [1]), (1, [0]), (1, [1, 1]), (1, [65536])])
def test_points_and_threshold_that_cannot_be_are_refused(threshold, points):
    with pytest.raises(ValueError, match="different points"):
        split(bytes(32), threshold=threshold, points=points, key=bytes(32))
