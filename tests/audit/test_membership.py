"""The attack finds a model that remembers, and stays under ε for one that does not."""

import numpy as np
import pytest

from confide.audit.membership import clopper_pearson, loss_threshold
from confide.errors import InvalidInput


def test_a_model_that_remembers_everyone_is_found():
    members, others = np.zeros(2000), np.ones(2000)
    result = loss_threshold(members, others, delta=1e-6)
    assert result.auc == 1.0
    assert result.epsilon_lower > 5


def test_losses_that_tell_nothing_give_a_bound_of_nearly_zero():
    draw = np.random.default_rng(0)
    bounds = [
        loss_threshold(draw.normal(size=500), draw.normal(size=500), delta=1e-6).epsilon_lower
        for _ in range(100)
    ]
    assert np.mean(np.array(bounds) > 0) <= 0.10


def test_randomised_response_is_bounded_by_its_own_epsilon():
    """Each patient's loss tells membership with odds e^1: the bound exceeds 1 in at most 5 % of the runs."""
    draw, keep = np.random.default_rng(1), np.e / (1 + np.e)
    over = 0
    for _ in range(200):
        members = (draw.random(1000) >= keep).astype(float)
        others = (draw.random(1000) < keep).astype(float)
        over += loss_threshold(members, others, delta=0.0).epsilon_lower > 1.0
    assert over <= 10


@pytest.mark.parametrize(("hits", "tries"), [(0, 10), (3, 10), (10, 10), (1, 5000)])
def test_the_interval_is_that_of_clopper_and_pearson(hits, tries):
    beta = pytest.importorskip("scipy.stats").beta
    low, high = clopper_pearson(hits, tries, level=0.95)
    assert low == pytest.approx(beta.ppf(0.025, hits, tries - hits + 1) if hits else 0.0, abs=1e-9)
    assert high == pytest.approx(beta.ppf(0.975, hits + 1, tries - hits) if hits < tries else 1.0, abs=1e-9)


def test_too_few_patients_are_refused():
    with pytest.raises(InvalidInput):
        loss_threshold(np.zeros(5), np.zeros(500), delta=1e-6)
