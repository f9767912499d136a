"""Noisy local steps: what they cost, what they add, and that all of a round follows from them."""

import math

import numpy as np
import pytest

from confide.dp.accountant import epsilon as price
from confide.dp.events import SampledGaussian, leaves
from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import InvalidInput
from confide.federated.glm import Glm
from confide.federated.learners import TableLearner, table
from confide.federated.learning import Learning, local_update
from confide.federated.private_training import STEPS, LocalPlan, multiplier_for, noisy_gradient

draw = np.random.default_rng(11)


def each(**more):
    given = {"rounds": 10, "rate": 0.3, "steps": 5, "protection": "each", "clip": 0.5, "patients": 100}
    return Learning(**(given | {"multiplier": 1.5} | more))


def plan(learning, length=3):
    return LocalPlan(name="round 1", learning=learning, length=length, number=1, delta=1e-6)


def site(n=100, features=2):
    inputs = draw.normal(size=(n, features))
    return TableLearner(Glm(kind="linear", features=features), table(inputs, inputs.sum(axis=1)))


def run(planned, learner, task=None, state=b""):
    found = []
    kept = planned.execute(
        (learner, np.zeros(learner.length) if task is None else task, state, math.inf,
         lambda update, after: found.append((update, after)) or "ab"),
        Noise(Stream()),
    )  # fmt: skip
    assert kept == {"kind": "federated-local", "number": 1, "masked": "ab"}
    return found[0]


@pytest.mark.parametrize("batch", [0, 20])
def test_the_rounds_of_a_site_cost_what_was_asked(batch):
    bare = each(batch=batch)
    learning = each(batch=batch, multiplier=multiplier_for(2.0, 1e-6, bare))
    [(steps, _)] = [
        pair for pair in leaves(plan(learning).event()).items() if isinstance(pair[0], SampledGaussian)
    ]
    assert (steps.rate, steps.steps) == (0.2 if batch else 1.0, 5)
    whole = SampledGaussian(rate=steps.rate, sensitivity=steps.sensitivity, sigma=steps.sigma, steps=50)
    assert 1.98 < price(whole, 1e-6) <= 2.0
    assert plan(learning).epsilon < plan(learning).all_rounds() <= 2.0


@pytest.mark.parametrize("batch", [0, 20])
def test_a_step_adds_the_noise_that_was_priced_over_a_public_number(batch):
    """Nobody's gradient is above zero here, so that what comes out is the noise alone."""
    learning, length = each(batch=batch), 4001
    planned = plan(learning, length)
    empty = TableLearner(Glm(kind="linear", features=4000), table(np.zeros((7, 4000)), np.zeros(7)))
    found = noisy_gradient(planned, empty, np.zeros(length), Noise(Stream()))
    [steps] = [each for each in leaves(planned.event()) if isinstance(each, SampledGaussian)]
    wanted = steps.sigma * learning.clip / STEPS / (batch or 100)
    assert abs(found.std() / wanted - 1) < 0.06
    assert steps.sigma == pytest.approx(1.5 * STEPS, rel=2e-3)
    assert steps.sensitivity >= STEPS + math.sqrt(length)


def test_coins_choose_the_patients_of_a_step():
    learning = each(batch=20, multiplier=1e-6)
    learner = TableLearner(Glm(kind="linear", features=0), table(np.zeros((100, 0)), np.ones(100)))
    planned = plan(learning, 1)
    drawn = [noisy_gradient(planned, learner, np.zeros(1), Noise(Stream()))[0] * -20 / 0.5 for _ in range(60)]
    assert np.ptp(drawn) > 4  # of 100 patients about 20 take part, never the same
    assert abs(np.mean(drawn) - 20) < 5 * math.sqrt(16 / 60)


def test_with_little_noise_the_steps_are_those_of_training_without():
    learner, learning = site(), each(multiplier=1e-6, clip=100.0)
    update, _ = run(plan(learning), learner)
    plain, _ = local_update(Learning(rounds=10, rate=0.3, steps=5), learner, np.zeros(3), 1, b"")
    np.testing.assert_allclose(update, plain, atol=1e-3)
    noisy, _ = run(plan(each(clip=100.0)), learner)
    assert np.abs(noisy - plain).max() > 0.05


def test_a_control_variate_follows_from_the_noisy_update_alone():
    learning = each(algorithm="scaffold")
    update, after = run(plan(learning), site(), np.zeros(6))
    np.testing.assert_allclose(np.frombuffer(after[32:], dtype="<f8"), -update / (5 * 0.3), rtol=1e-12)


def test_noisy_steps_are_taken_under_a_charge_or_not_at_all():
    with pytest.raises(InvalidInput) as refused:
        local_update(each(), site(), np.zeros(3), 1, b"")
    assert refused.value.code == "learning.wants-charge"


def test_a_plan_of_another_protection_or_length_is_refused():
    with pytest.raises(InvalidInput):
        plan(Learning(rounds=1, rate=0.1))
    with pytest.raises(InvalidInput):
        plan(each(multiplier=0.0))
    with pytest.raises(InvalidInput):
        run(plan(each(), length=4), site())


def test_a_plan_says_all_that_is_public_and_no_float():
    def without_floats(value):
        if isinstance(value, dict):
            return all(map(without_floats, value.values()))
        return not isinstance(value, float)

    shown = plan(each()).to_json()
    assert without_floats(shown)
    assert shown["learning"]["multiplier"] == "1.5"
