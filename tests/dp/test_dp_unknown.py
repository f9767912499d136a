"""Keys from the data: shown with the chance that is priced, in an order that tells nothing, from the threshold up."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import has_law, likeness, opened

from confide.dp.accountant import additive_delta, pure_epsilon
from confide.dp.mechanisms import thresholding
from confide.dp.unknown import UnknownKeys
from confide.errors import InvalidInput

N = 20_000
SMALL = UnknownKeys(sensitivity=2, scale=2.0, threshold=5, keys=2)


def test_a_key_is_shown_as_often_as_its_count_plus_noise_reaches_the_threshold():
    """The law of the shown count, hidden counted apart: exactly from the threshold up, nothing at it is lost."""
    noise, q = opened(1), math.exp(-1 / 2.0)
    for count in (1, 4, 5, 9):
        counts = {f"k{i:05}": count for i in range(N)}
        shown = np.array(list(SMALL.show(counts, noise).values()))
        assert shown.min() == 5
        codes = np.concatenate([np.minimum(shown, 40) - 4, np.zeros(N - len(shown), dtype=np.int64)])
        chances = [(1 - q) / (1 + q) * q ** abs(x - count) for x in range(5, 40)]
        last = q ** (40 - count) / (1 + q)
        law = [1 - sum(chances) - last, *chances, last]
        assert has_law(codes, law)
        late = np.where(codes > 0, codes - 1, 0)  # as if shown above the threshold only
        assert likeness(late, law) < 1e-9


def test_the_chance_to_show_a_lone_patient_is_the_failure_that_is_booked():
    """Two keys of weight 1, or one of weight 2: the worse of them meets the booked chance, and does not pass it."""
    noise, runs = opened(2), 60_000
    hits = len(
        {key[:5] for key in SMALL.show({f"{i:05}{key}": 1 for i in range(runs) for key in "ab"}, noise)}
    )
    one = len(SMALL.show({f"{i:05}": 2 for i in range(runs)}, noise))
    slack = 6 * math.sqrt(SMALL.failure / runs)
    assert max(hits, one) / runs <= SMALL.failure + slack
    assert max(hits, one) / runs >= SMALL.failure - slack


@settings(max_examples=30)
@given(
    counts=st.dictionaries(st.text(max_size=4), st.integers(0, 40), max_size=9),
    seed=st.integers(0, 99),
)
def test_keys_come_out_by_their_letters_whatever_order_the_data_had(counts, seed):
    shown = SMALL.show(counts, opened(seed))
    again = SMALL.show(dict(reversed(counts.items())), opened(seed))
    assert list(shown.items()) == list(again.items())
    assert list(shown) == sorted(shown)
    assert set(shown) <= set(counts)


@settings(max_examples=30)
@given(nobodys=st.sets(st.sampled_from("pqrst")), seed=st.integers(0, 99))
def test_a_key_that_nobody_has_is_never_shown(nobodys, seed):
    real = {"a": 30, "z": 30}
    assert SMALL.show(real | dict.fromkeys(nobodys, 0), opened(seed)) == SMALL.show(real, opened(seed))


@pytest.mark.parametrize("keys", [1, 3, 64])
@pytest.mark.parametrize("delta", [1e-6, 1e-10])
def test_the_threshold_for_a_delta_is_the_least_that_keeps_it(delta, keys):
    asked = UnknownKeys.for_delta(epsilon=0.5, delta=delta, sensitivity=64, keys=keys)
    assert asked.failure <= delta
    lower = UnknownKeys(sensitivity=64, scale=asked.scale, threshold=asked.threshold - 1, keys=keys)
    assert lower.failure > delta
    assert pure_epsilon(asked.event()) <= 0.5
    assert additive_delta(asked.event()) == asked.failure


def test_the_event_is_that_of_thresholding():
    assert SMALL.event() == thresholding(sensitivity=2, scale=2.0, threshold=5, keys=2)


def test_no_count_overflows_and_no_key_is_no_release():
    shown = SMALL.show({"many": 2**80}, opened(3))
    assert 2**62 - 400 < shown["many"] < 2**62 + 400
    assert SMALL.show({}, opened(4)) == {}


@pytest.mark.parametrize("bad", [{"threshold": 2}, {"keys": 3}, {"scale": 0.0}, {"sensitivity": 0}])
def test_settings_that_cannot_be_are_refused(bad):
    with pytest.raises(InvalidInput):
        UnknownKeys(**{"sensitivity": 2, "scale": 2.0, "threshold": 5, "keys": 2} | bad)


def test_a_delta_that_no_threshold_keeps_is_refused():
    with pytest.raises(InvalidInput):
        UnknownKeys.for_delta(epsilon=0.2, delta=1e-12, sensitivity=2**50, keys=1)


def test_counts_that_are_no_whole_numbers_are_refused():
    with pytest.raises(TypeError):
        SMALL.show({"a": 2.5}, opened(1))


def test_a_closed_stream_shows_no_key():
    noise = opened(1)
    noise.close()
    with pytest.raises(InvalidInput, match="closed"):
        SMALL.show({"a": 9}, noise)
