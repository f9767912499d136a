"""One sum by masks or by encryption: the same numbers, and a report of who learns what."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.errors import InvalidInput
from confide.federated.sums import sum_of_sites

WAYS = ("masks", "encrypted")


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32), sites=st.integers(3, 6), length=st.integers(1, 50))
def test_masks_and_encryption_open_the_same_sum(seed, sites, length):
    draw = np.random.default_rng(seed)
    bound = 1 << 20
    values = {f"site-{at}": draw.integers(-bound, bound + 1, length) for at in range(sites)}
    for way in WAYS:
        total, _ = sum_of_sites(values, way, bound=bound)
        np.testing.assert_array_equal(total, sum(values.values()))


def test_the_report_says_who_learns_what_and_what_it_took():
    values = {f"site-{at}": np.full(5000, at) for at in range(4)}
    masks, encrypted = (sum_of_sites(values, way, bound=10)[1] for way in WAYS)
    assert masks["hub_learns"] == ["who-took-part", "sum"]
    assert encrypted["hub_learns"] == ["who-took-part"]
    assert encrypted["custodian_learns"] == ["sum"]
    assert (masks["sites"], masks["values"]) == (encrypted["sites"], encrypted["values"]) == (4, 5000)
    assert 4 * 5000 * 4 < masks["bytes"] < encrypted["bytes"]
    assert masks["milliseconds"] > 0
    json.dumps([masks, encrypted])


@pytest.mark.parametrize("way", WAYS)
def test_numbers_beyond_the_bound_uneven_or_not_whole_are_refused(way):
    good = {f"site-{at}": np.arange(4) for at in range(3)}
    for wrong in (np.array([0, 1, 2, 99]), np.arange(5), np.arange(4.0), np.ones((4, 1), dtype=int)):
        with pytest.raises(InvalidInput) as refused:
            sum_of_sites(good | {"site-1": wrong}, way, bound=10)
        assert refused.value.code == "fed.sum"


@pytest.mark.parametrize(("way", "bound"), [("masks", (1 << 30)), ("encrypted", 1 << 35)])
def test_a_sum_that_could_wrap_around_is_refused(way, bound):
    with pytest.raises(InvalidInput):
        sum_of_sites({f"site-{at}": np.arange(4) for at in range(3)}, way, bound=bound)
