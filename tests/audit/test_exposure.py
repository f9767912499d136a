"""A planted secret that the model knows is found; one that a private model saw ranks by chance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.audit.exposure import allowed, candidates, exposure, planted
from confide.errors import InvalidInput


def test_a_secret_that_was_learnt_by_heart_refutes_the_claim():
    texts = candidates("the key of cabinet 7 is ####")
    losses = np.linspace(20.0, 30.0, len(texts))
    losses[1234] = 1.0
    found = planted(lambda asked: losses, texts, 1234, epsilon=3.0, delta=1e-6, level=0.95)
    assert (found.rank, found.candidates) == (1, 10_000)
    assert found.bits == pytest.approx(np.log2(10_000))
    assert found.refutes


@given(epsilon=st.floats(0, 6), level=st.floats(0.5, 0.99), n=st.integers(2, 5000))
def test_the_worst_mechanism_of_epsilon_refutes_no_more_often_than_the_level_says(epsilon, level, n):
    """Randomised response on the secret puts it into the first k with at most e^ε k / n + δ."""
    most = allowed(n, epsilon=epsilon, delta=0.0, level=level)
    refuting = sum(np.log2(n / rank) > most for rank in range(1, n + 1))
    assert np.exp(epsilon) * refuting / n <= 1 - level + 1e-9


def test_ties_count_against_the_attacker():
    assert exposure(np.zeros(64), 5, epsilon=1.0, delta=0.0, level=0.95).bits == 0.0


def test_too_few_candidates_can_refute_nothing():
    assert allowed(50, epsilon=3.0, delta=0.0, level=0.95) == np.inf


def test_candidates_are_every_filling_of_the_blanks_in_order():
    assert candidates("a#-#", letters="01") == ("a0-0", "a0-1", "a1-0", "a1-1")
    assert len(set(candidates("病历号###"))) == 1000


@pytest.mark.parametrize("form", ["nothing to fill", "#" * 7])
def test_a_form_without_blanks_or_with_too_many_is_refused(form):
    with pytest.raises(InvalidInput, match="candidate"):
        candidates(form)


def test_losses_that_are_no_numbers_are_refused():
    with pytest.raises(InvalidInput):
        exposure(np.array([1.0, np.nan]), 0, epsilon=1.0, delta=0.0, level=0.95)
    with pytest.raises(InvalidInput):
        allowed(10, epsilon=-1.0, delta=0.0, level=0.95)
