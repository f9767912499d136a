"""Sampling is what the accountant assumes: independent coins per patient, capped by each one's own records."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, chi2

from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import InvalidInput
from confide.train.privacy import PrivacyPlan
from confide.train.sampling import NOBODY, batches, group, records_of, taking_part


def plan(**changes):
    return PrivacyPlan(
        **{
            "epsilon": 8.0,
            "delta": 1e-8,
            "expected_batch": 20,
            "steps": 10,
            "patients": 100,
            "max_records": 3,
            **changes,
        }
    )


def noise(number=0):
    return Noise(Stream(number.to_bytes(32, "big")))


@given(ids=st.lists(st.integers(0, 12), max_size=60))
def test_every_record_stands_with_its_patient_and_no_other(ids):
    groups = group(np.array(ids, dtype=np.int64), plan())
    assert groups.patients == len(set(ids))
    assert sorted(groups.order.tolist()) == list(range(len(ids)))
    for p in range(groups.patients):
        own = groups.order[groups.starts[p] : groups.starts[p + 1]]
        assert len({ids[i] for i in own}) == 1
        assert len(own) == ids.count(ids[own[0]])


def test_ids_may_be_texts_and_rows_may_be_patients():
    assert group(["b", "a", "b"], plan()).patients == 2
    assert group(["b", "a", "b"], plan(unit="row")).patients == 3


@pytest.mark.parametrize("ids", [["a", None], ["a", ""], [1, -1], [1.0, math.nan], ["a", "  "], [[1], [2]]])
def test_a_record_without_a_patient_is_refused_and_not_shown(ids):
    with pytest.raises(InvalidInput, match="a record has no patient id"):
        group(ids, plan())


def test_patients_take_part_by_independent_coins_of_the_public_rate():
    """A shuffled loader gives every step the same number; Poisson sampling does not (arXiv 2411.10614)."""
    groups, steps, source = group(np.arange(100), plan()), 4000, noise(1)
    drawn = np.zeros((steps, 100))
    for row in drawn:
        row[taking_part(groups, plan(), source)] = 1
    sizes = np.bincount(drawn.sum(axis=1).astype(int), minlength=101)
    wanted = binom.pmf(np.arange(101), 100, 0.2) * steps
    common = wanted > 5
    assert chi2.sf(((sizes - wanted)[common] ** 2 / wanted[common]).sum(), common.sum() - 1) > 1e-9
    assert np.abs(drawn.mean(axis=0) - 0.2).max() < 6 * 0.4 / math.sqrt(steps)
    together = (drawn.T @ drawn / steps)[~np.eye(100, dtype=bool)]
    assert np.abs(together - 0.04).max() < 7 * 0.2 / math.sqrt(steps)
    again = (drawn[:-1] * drawn[1:]).mean()
    assert abs(again - 0.04) < 6 * 0.2 / math.sqrt(drawn.size)


def test_the_rate_is_that_of_the_public_number_however_many_patients_there_are():
    few = group(np.arange(10), plan())
    source = noise(2)
    mean = np.mean([len(taking_part(few, plan(), source)) for _ in range(3000)])
    assert abs(mean - 10 * 0.2) < 0.15  # 2, and not the expected batch of 20


def test_nobody_else_is_drawn_otherwise_when_a_patient_joins():
    ids = np.repeat(np.arange(50), 2)
    here = taking_part(group(ids, plan()), plan(), noise(3))
    there = taking_part(group(np.append(ids, 50), plan()), plan(), noise(3))
    assert set(here) == set(there) - {50}


@settings(max_examples=40)
@given(
    counts=st.lists(st.integers(1, 9), min_size=1, max_size=30),
    most=st.integers(1, 5),
    physical=st.integers(5, 12),
)
def test_each_patient_has_at_most_so_many_records_in_one_piece_and_weighs_one(counts, most, physical):
    asked = plan(max_records=most, expected_batch=60)
    groups = group(np.repeat(np.arange(len(counts)), counts), asked)
    seen: set[int] = set()
    numbers: set[int] = set()
    for batch in batches(groups, asked, noise(sum(counts)), physical):
        assert 0 < len(batch.records) <= physical
        owners = np.repeat(np.arange(len(counts)), counts)[batch.records]
        for number in set(batch.patients.tolist()):
            own = batch.patients == number
            assert len(set(owners[own].tolist())) == 1
            assert len(set(batch.records[own].tolist())) == own.sum() == min(most, counts[owners[own][0]])
            assert math.isclose(batch.weights[own].sum(), 1, rel_tol=1e-6)
            assert owners[own][0] not in seen
            assert number not in numbers  # the engine would take two pieces for one patient
            seen.add(int(owners[own][0]))
            numbers.add(number)


def test_records_are_chosen_afresh_and_none_is_preferred():
    groups, source = group(np.zeros(7, dtype=int), plan()), noise(5)
    often = np.zeros(7)
    for _ in range(3000):
        often[records_of(groups, np.array([0]), 3, source)[0]] += 1
    assert np.abs(often / 3000 - 3 / 7).max() < 6 * 0.5 / math.sqrt(3000)


def test_a_patients_records_are_chosen_without_a_look_at_anybody_else():
    ids = np.repeat([0, 1], [2, 8])
    changed = np.repeat([0, 1], [3, 8])  # the first has one more, still within the bound
    one = records_of(group(ids, plan()), np.array([0, 1]), 3, noise(6))[1] - 2
    other = records_of(group(changed, plan()), np.array([0, 1]), 3, noise(6))[1] - 3
    assert one.tolist() == other.tolist()


# truncated and filled up


def cut(**changes):
    return plan(expected_batch=20, largest_batch=60, steps=1, **changes)


@pytest.mark.parametrize("number", [1, 30, 100])
def test_filled_up_batches_look_the_same_for_any_number_of_patients(number):
    groups = group(np.repeat(np.arange(number), 2), cut())
    for seed in range(5):
        shapes = [len(batch.records) for batch in batches(groups, cut(), noise(seed), 32)]
        assert shapes == [30, 30, 30, 30, 30, 30]  # ten patients of three places each


def test_what_fills_up_weighs_nothing_and_who_takes_part_weighs_one():
    groups = group(np.repeat(np.arange(40), 2), cut())
    weighed = [
        float(batch.weights[batch.patients == number].sum())
        for batch in batches(groups, cut(), noise(7), 32)
        for number in set(batch.patients.tolist())
    ]
    assert set(weighed) == {0.0, 1.0}
    assert len(weighed) == 60
    numbers = np.concatenate([batch.patients for batch in batches(groups, cut(), noise(7), 32)])
    assert np.unique(numbers, return_counts=True)[1].tolist() == [3] * 60


def test_never_more_than_the_largest_batch_take_part():
    full = cut().largest_batch
    crowded = PrivacyPlan(
        epsilon=8.0, delta=1e-8, expected_batch=90, steps=1, patients=100, max_records=1, largest_batch=91
    )  # its price would be refused; the cut itself is looked at here
    sizes = [
        (taking_part(group(np.arange(100), crowded), crowded, noise(i)) != NOBODY).sum() for i in range(100)
    ]
    assert max(sizes) == 91
    assert (taking_part(group(np.arange(5), cut()), cut(), noise()) == NOBODY).sum() >= full - 5


def test_more_patients_than_truncation_was_priced_for_are_refused():
    with pytest.raises(InvalidInput, match="more than 100 patients"):
        group(np.arange(101), cut())
    assert group(np.arange(101), plan()).patients == 101  # without truncation the number does not matter


def test_a_piece_too_small_for_one_patient_is_refused():
    with pytest.raises(InvalidInput, match="physical batch"):
        list(batches(group(np.arange(3), plan()), plan(), noise(), 2))


def test_no_patients_at_all_draw_nobody():
    nobody = group(np.array([], dtype=int), plan())
    assert list(batches(nobody, plan(), noise(), 8)) == []
    assert list(batches(group(np.array([], dtype=int), cut()), cut(), noise(), 8)) == []
