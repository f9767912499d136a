"""Vectors on their way, and rounds in one process: the weighted mean of clipped updates, with public weights."""

import math

import numpy as np
import pytest
from fed_rounds import HUB_KEY, KEYS, federation

from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import IntegrityError, InvalidInput
from confide.federated.distributed_dp import add_noise
from confide.federated.glm import Glm
from confide.federated.horizontal import model_of, task_of
from confide.federated.learners import TableLearner, table
from confide.federated.learning import Learning
from confide.federated.one_process import learn_here
from confide.federated.patient_unit import with_noise
from confide.federated.private_training import LocalPlan
from confide.federated.settings import Grid

FINE = Grid(clip=2.0, levels=1 << 20)


def keys_of(fed):
    return {m.name: key for m, key in zip(fed.members, KEYS, strict=False)}


class Pulled:
    """A learner whose gradient step sends it where it is told: a stand-in for data, not for our code."""

    n_patients = 1

    def __init__(self, move):
        self.move, self.length = move, len(move)

    def start(self):
        return np.arange(float(self.length))

    def stays(self):
        return np.zeros(0)

    def gradient(self, model, chosen=None):
        return -self.move

    def clipped_sum(self, model, clip, chosen=None):
        return -self.move


@pytest.mark.parametrize("rotate", [False, True])
def test_one_round_adds_the_weighted_mean_of_the_clipped_updates(rotate):
    weights = [1, 2, 3, 4]
    fed = federation(4, length=50, weights=weights, grid=Grid(clip=1.0, levels=1 << 20, rotate=rotate))
    updates = np.random.default_rng(0).normal(size=(4, 50)) / 20
    updates[3] *= 100
    learners = {member.name: Pulled(update) for member, update in zip(fed.members, updates, strict=True)}
    found = learn_here(Learning(rounds=1, rate=1.0), fed, HUB_KEY, keys_of(fed), learners)
    clipped = updates / np.maximum(1, np.linalg.norm(updates, axis=1, keepdims=True))
    np.testing.assert_allclose(
        found - np.arange(50.0), np.average(clipped, axis=0, weights=weights), atol=2e-6
    )


def regressions(fed, features=4, n=40):
    draw = np.random.default_rng(0)
    slopes = np.arange(1.0, features + 1)
    found = {}
    for at, member in enumerate(fed.members):
        inputs = draw.normal(size=(n, features)) + at / 2
        found[member.name] = TableLearner(
            Glm(kind="linear", features=features), table(inputs, inputs @ slopes - 1)
        )
    return found, np.concatenate([[-1.0], slopes])


@pytest.mark.parametrize("algorithm", ["fedavg", "scaffold"])
def test_sites_of_a_least_squares_problem_find_its_solution_together(algorithm):
    fed = federation(3, length=5, grid=FINE)
    learners, wanted = regressions(fed)
    learning = Learning(rounds=10, rate=0.15, steps=8, algorithm=algorithm)
    found = learn_here(learning, fed, HUB_KEY, keys_of(fed), learners)
    np.testing.assert_allclose(found, wanted, atol=0.2)


def test_a_part_of_the_numbers_travels_and_the_whole_model_is_learnt():
    fed = federation(3, length=3, grid=FINE)
    learners, wanted = regressions(fed)
    learning = Learning(rounds=16, rate=0.1, steps=8, sent=3)
    found = learn_here(learning, fed, HUB_KEY, keys_of(fed), learners)
    np.testing.assert_allclose(found, wanted, atol=0.2)


def test_a_site_without_a_key_takes_no_part_and_too_few_change_nothing():
    fed = federation(4, 3, length=5, grid=Grid(clip=9.0, levels=1 << 20))
    learners = {member.name: Pulled(np.full(5, 0.5)) for member in fed.members}
    keys, learning = keys_of(fed), Learning(rounds=1, rate=1.0)
    some, few = (dict(list(keys.items())[left:]) for left in (1, 2))
    found = learn_here(learning, fed, HUB_KEY, some, learners)
    np.testing.assert_allclose(found, np.arange(5) + 0.5, atol=1e-4)
    np.testing.assert_array_equal(learn_here(learning, fed, HUB_KEY, few, learners), np.arange(5))


def test_noise_in_parts_has_the_size_that_was_asked_for():
    length = 4000
    learning = Learning(rounds=1, rate=1.0, protection="patient", clip=1.0, patients=1)
    fed = with_noise(
        federation(4, 3, length=length, grid=Grid(clip=1.0)), learning, epsilon=1.0, delta=1e-6, honest=3
    )
    learners = {member.name: Pulled(np.zeros(length)) for member in fed.members}

    def release(_name, _number, steps):
        return add_noise(steps, fed.noise.sigma, Noise(Stream()))

    found = learn_here(learning, fed, HUB_KEY, keys_of(fed), learners, release=release)
    wanted = fed.noise.sigma * math.sqrt(4) / fed.grid.levels * fed.grid.clip / 4
    assert abs((found - np.arange(length)).std() / wanted - 1) < 0.06


def test_two_sites_whose_every_step_is_noisy_learn_together():
    fed = federation(2, 2, length=5, grid=FINE, private=True)
    learners, wanted = regressions(fed, n=400)
    learning = Learning(
        rounds=12, rate=0.15, steps=8, protection="each", clip=5.0, patients=400, multiplier=0.5
    )

    def train(learner, task, number, state):
        given = []
        plan = LocalPlan(name=f"round {number}", learning=learning, length=5, number=number, delta=1e-6)
        plan.execute((learner, task, state, 2.0, lambda *both: given.append(both) or "ab"), Noise(Stream()))
        return given[0]

    found = learn_here(learning, fed, HUB_KEY, keys_of(fed), learners, train=train)
    np.testing.assert_allclose(found, wanted, atol=0.3)


def test_a_federation_that_sums_something_else_is_refused():
    fed = federation(4, length=4, grid=FINE)
    with pytest.raises(InvalidInput):
        learn_here(Learning(rounds=1, rate=1.0), fed, HUB_KEY, keys_of(fed), {"site-00": Pulled(np.zeros(5))})


def test_a_task_that_is_no_model_is_refused():
    assert model_of(task_of(np.arange(3.0)), 3).tolist() == [0, 1, 2]
    for task in (b"", b"1234567", task_of(np.arange(4.0)), task_of(np.array([0, np.nan, 1]))):
        with pytest.raises(IntegrityError):
            model_of(task, 3)
