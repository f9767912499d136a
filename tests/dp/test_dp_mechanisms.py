"""Mechanisms of the field as events: each failure is at least the true one, found by exact sums or by playing."""

import doctest
import itertools
import math
from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from confide.dp.accountant import additive_delta, pure_epsilon
from confide.dp.events import SampledGaussian
from confide.dp.mechanisms import (
    banded_matrix,
    exponential,
    permute_and_flip,
    thresholding,
    truncated_poisson,
)
from confide.dp.renyi import rdp
from confide.errors import InvalidInput


def failure(event):
    return event.events[1].delta


def splits(total, keys, least=1):
    """Yield every way to split at most `total` over up to `keys` keys of weight 1 and more."""
    yield ()
    if keys:
        for first in range(least, total + 1):
            for rest in splits(total - first, keys - 1, first):
                yield (first, *rest)


def shown(weights, scale, threshold):
    """Return the exact chance that one of the counts reaches the threshold."""
    with mpmath.workdps(40):
        q = mpmath.exp(-1 / mpmath.mpf(scale))
        hidden = mpmath.mpf(1)
        for w in weights:
            hidden *= 1 - q ** (threshold - w) / (1 + q)
        return 1 - hidden


@given(
    total=st.integers(1, 9),
    keys=st.integers(1, 9),
    scale=st.floats(0.3, 40),
    above=st.integers(1, 60),
)
@settings(deadline=None, max_examples=60)
def test_the_failure_of_thresholding_covers_every_split_over_sole_keys(total, keys, scale, above):
    keys, threshold = min(keys, total), total + above
    event = thresholding(sensitivity=total, scale=scale, threshold=threshold, keys=keys)
    worst = max(shown(weights, scale, threshold) for weights in splits(total, keys))
    assert worst <= failure(event) <= worst * (1 + 1e-6) + 1e-15


def test_formula_19_many_small_sole_keys_are_worse_than_few_large_ones():
    """M = 8, ε = 1, T = 100: eight keys of weight 1, or 512 of weight 1/64 (here in units of 1/64)."""
    eight = thresholding(sensitivity=8, scale=8.0, threshold=100, keys=8)
    assert failure(eight) == pytest.approx(1.7e-5, rel=0.06)
    many = thresholding(sensitivity=512, scale=512.0, threshold=6400, keys=512)
    assert failure(many) == pytest.approx(9.6e-4, rel=0.01)
    one = thresholding(sensitivity=512, scale=512.0, threshold=6400, keys=1)  # what the wrong form books
    assert failure(many) > 50 * failure(one)


def test_a_lone_patient_shows_in_a_thresholded_table_no_more_often_than_booked():
    """The release with the patient and without, as laws over which of two keys are shown."""
    total, scale, threshold = 4, 1.5, 6
    q = math.exp(-1 / scale)
    booked = failure(thresholding(sensitivity=total, scale=scale, threshold=threshold, keys=2))
    for weights in splits(total, 2):
        chances = [q ** (threshold - w) / (1 + q) for w in weights]
        law = {
            which: math.prod(c if s else 1 - c for c, s in zip(chances, which, strict=True))
            for which in itertools.product((0, 1), repeat=len(weights))
        }
        assert sum(p for which, p in law.items() if any(which)) <= booked * (1 + 1e-12)


@given(
    patients=st.integers(10, 5000),
    rate=st.floats(1e-4, 0.5),
    above=st.floats(1.05, 4),
)
@settings(deadline=None)
def test_the_failure_of_truncated_batches_covers_the_exact_binomial_tail(patients, rate, above):
    largest = min(patients, math.ceil(patients * rate * above) + 2)
    event = truncated_poisson(
        rate=rate, sensitivity=1, sigma=5.0, steps=7, largest_batch=largest, patients=patients
    )
    true = 7 * binom.sf(largest - 1, patients, rate)
    assert failure(event) >= min(1.0, true) * (1 - 1e-7)
    if 1e-200 < true < 0.05:
        assert failure(event) <= 4 * true + 1e-300


def truncated_law(others, rate, largest, patient):
    """Return the law of one step's (size before cutting, is the patient kept): the patient is the first cut.

    The worst cut for privacy that still depends on the batch; noise is left out, so that only sampling shows.
    """
    law = {}
    for drawn in range(others + 1):
        p = binom.pmf(drawn, others, rate)
        for there in (0, 1) if patient else (0,):
            chance = p * ((rate if there else 1 - rate) if patient else 1.0)
            kept = min(largest, drawn + there)
            law[kept] = law.get(kept, 0.0) + chance
    return law


def test_beside_the_failure_a_cut_batch_is_a_poisson_batch_in_both_directions():
    """δ at any ε of the true steps is at most that of uncut steps plus the failure: no factor e^ε is paid."""
    others, rate, largest = 40, 0.1, 9
    booked = failure(
        truncated_poisson(
            rate=rate, sensitivity=1, sigma=5.0, steps=1, largest_batch=largest, patients=others
        )
    )
    noise = np.exp(-(np.arange(-60, 61) ** 2) / 18.0)
    noise /= noise.sum()

    def answers(law):
        found = np.zeros(200)
        for kept, chance in law.items():
            found[20 + kept : 20 + kept + len(noise)] += chance * noise
        return found

    cut = [answers(truncated_law(others, rate, largest, p)) for p in (True, False)]
    free = [answers(truncated_law(others, rate, 10**6, p)) for p in (True, False)]
    for at in (0.0, 0.01, 0.05, 0.2, 1.0, 3.0):
        for a, b in ((0, 1), (1, 0)):
            with_cut = np.maximum(0, cut[a] - math.exp(at) * cut[b]).sum()
            without = np.maximum(0, free[a] - math.exp(at) * free[b]).sum()
            assert with_cut <= without + booked + 1e-12


def test_batches_that_are_nearly_always_cut_are_no_poisson_batches():
    with_none = truncated_poisson(
        rate=0.5, sensitivity=1, sigma=5.0, steps=1, largest_batch=10, patients=1000
    )
    assert failure(with_none) == 1.0
    everyone = truncated_poisson(rate=1.0, sensitivity=1, sigma=5.0, steps=1, largest_batch=9, patients=9)
    assert failure(everyone) == 1.0
    never = truncated_poisson(rate=0.5, sensitivity=1, sigma=5.0, steps=3, largest_batch=9, patients=8)
    assert failure(never) == 0.0
    assert additive_delta(never) == 0.0


def joint_choice(scores, eps, largest):
    """Return the law of one joint exponential choice over several groups: scores[group][answer]."""
    weights = {
        answers: math.exp(eps * sum(g[a] for g, a in zip(scores, answers, strict=True)) / (2 * largest))
        for answers in itertools.product(*(range(len(g)) for g in scores))
    }
    total = sum(weights.values())
    return {answers: w / total for answers, w in weights.items()}


@given(
    scores=st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=3), min_size=2, max_size=2),
    moves=st.lists(st.lists(st.integers(-1, 1), min_size=3, max_size=3), min_size=2, max_size=2),
    eps=st.floats(0.1, 3),
    order=st.integers(2, 12),
)
@settings(deadline=None, max_examples=60)
def test_formula_18_a_joint_choice_over_groups_is_one_exponential_event(scores, moves, eps, order):
    """Δ is the most that one patient moves all groups together; booked once, not once per group."""
    largest = max(1, sum(max(map(abs, move)) for move in moves))
    moved = [[s + m for s, m in zip(g, move, strict=True)] for g, move in zip(scores, moves, strict=True)]
    p, q = joint_choice(scores, eps, largest), joint_choice(moved, eps, largest)
    true = math.log(sum(p[a] ** order * q[a] ** (1.0 - order) for a in p)) / (order - 1)
    assert true <= rdp(exponential(epsilon=eps), order) + 1e-12
    losses = [math.log(p[a] / q[a]) for a in p]
    assert max(losses) - min(losses) <= eps * (1 + 1e-9)


@pytest.mark.parametrize("choose", [exponential, permute_and_flip])
@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, 1e7])
def test_a_choice_of_no_epsilon_is_refused(choose, bad):
    assert pure_epsilon(choose(epsilon=0.3)) == 0.3
    with pytest.raises(InvalidInput):
        choose(epsilon=bad)


def test_a_banded_matrix_costs_as_many_sampled_steps_as_a_patient_has_turns():
    event = banded_matrix(bands=4, steps=10, rate=0.2, sensitivity=3.0, sigma=9.0)
    assert event == SampledGaussian(rate=0.2, sensitivity=3.0, sigma=9.0, steps=3)
    plain = banded_matrix(bands=1, steps=10, rate=0.2, sensitivity=3.0, sigma=9.0)
    assert plain.steps == 10


def test_no_patient_of_a_banded_training_costs_more_than_booked():
    """C with two bands, three steps, every patient of a group drawn or not: the exact divergence, by sums."""
    c = np.array([[2, 0, 0], [1, 2, 0], [0, 1, 2]])
    rate, sigma, order = 0.3, 2.0, 3
    column = math.sqrt(5)
    booked = rdp(banded_matrix(bands=2, steps=3, rate=rate, sensitivity=column, sigma=sigma), order)
    axis = np.arange(-16, 20)
    points = np.meshgrid(axis, axis, axis, indexing="ij")

    def law(shift):
        weight = np.exp(-sum((x - s) ** 2 for x, s in zip(points, shift, strict=True)) / (2 * sigma**2))
        return weight / weight.sum()

    still = law((0, 0, 0))
    for group in ((0, 2), (1,)):  # the steps in which the patient's group is drawn
        mixed = np.zeros_like(still)
        for turns in itertools.product((0, 1), repeat=len(group)):
            x = np.zeros(3)
            x[list(group)] = turns
            chance = math.prod(rate if t else 1 - rate for t in turns)
            mixed += chance * law(c @ x)
        for p, q in ((mixed, still), (still, mixed)):
            true = math.log(float((p**order * q ** (1.0 - order)).sum())) / (order - 1)
            assert true <= booked


@pytest.mark.parametrize(
    "bad",
    [
        {"threshold": 8},
        {"threshold": 10.0},
        {"keys": 0},
        {"keys": 9},
        {"sensitivity": 0},
        {"scale": 0.0},
    ],
)
def test_a_thresholding_that_cannot_be_is_refused(bad):
    good = {"sensitivity": 8, "scale": 8.0, "threshold": 100, "keys": 8}
    thresholding(**good)
    with pytest.raises(InvalidInput):
        thresholding(**(good | bad))


@pytest.mark.parametrize(
    "bad", [{"largest_batch": 0}, {"patients": 0}, {"patients": 2**41}, {"patients": True}, {"rate": 0.0}]
)
def test_a_training_that_cannot_be_is_refused(bad):
    good = {"rate": 0.1, "sensitivity": 1, "sigma": 5.0, "steps": 3, "largest_batch": 9, "patients": 50}
    truncated_poisson(**good)
    with pytest.raises(InvalidInput):
        truncated_poisson(**(good | bad))


@pytest.mark.parametrize("bands", [0, 11, True, 2.0])
def test_more_bands_than_steps_are_refused(bands):
    with pytest.raises(InvalidInput):
        banded_matrix(bands=bands, steps=10, rate=0.2, sensitivity=3.0, sigma=9.0)


def test_the_page_of_mechanisms_says_what_the_code_does():
    page = Path(__file__).parents[2] / "docs" / "mechanisms.md"
    assert doctest.testfile(str(page), module_relative=False, encoding="utf-8") == (0, 13)
    text = page.read_text(encoding="utf-8")
    for name in ("exponential", "permute_and_flip", "thresholding", "truncated_poisson", "banded_matrix"):
        assert f"`{name}(" in text
