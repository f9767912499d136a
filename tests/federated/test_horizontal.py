"""Federated averaging in one process: the weighted mean of clipped updates, with public weights and the same machines."""

import math

import numpy as np
import pytest
from fed_rounds import HUB_KEY, KEYS, federation

from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import IntegrityError
from confide.federated.distributed_dp import add_noise, noise_for
from confide.federated.horizontal import model_of, simulate, task_of
from confide.federated.settings import Grid


def keys_of(fed):
    return {m.name: key for m, key in zip(fed.members, KEYS, strict=False)}


@pytest.mark.parametrize("rotate", [False, True])
def test_one_round_adds_the_weighted_mean_of_the_clipped_updates(rotate):
    weights = [1, 2, 3, 4]
    fed = federation(4, length=50, weights=weights, grid=Grid(clip=1.0, levels=1 << 20, rotate=rotate))
    updates = np.random.default_rng(0).normal(size=(4, 50)) / 20
    updates[3] *= 100
    start = np.arange(50.0)
    found = simulate(
        fed, HUB_KEY, keys_of(fed), start, lambda name, _model, _n: updates[int(name[-2:])], rounds=1
    )
    clipped = updates / np.maximum(1, np.linalg.norm(updates, axis=1, keepdims=True))
    np.testing.assert_allclose(found - start, np.average(clipped, axis=0, weights=weights), atol=2e-6)


def test_sites_of_a_least_squares_problem_find_its_solution_together():
    draw = np.random.default_rng(0)
    wanted = draw.normal(size=5)
    rows = {f"site-{at:02}": draw.normal(size=(40, 5)) for at in range(4)}

    def train(name, model, _number):
        return -0.5 * rows[name].T @ (rows[name] @ (model - wanted)) / 40

    fed = federation(4, length=5, grid=Grid(clip=2.0, levels=1 << 20))
    found = simulate(fed, HUB_KEY, keys_of(fed), np.zeros(5), train, rounds=30)
    np.testing.assert_allclose(found, wanted, atol=1e-3)


def test_a_site_without_a_key_takes_no_part_and_too_few_change_nothing():
    fed = federation(4, 3, length=5, grid=Grid(clip=2.0, levels=1 << 20))
    keys = keys_of(fed)
    some = dict(list(keys.items())[1:])

    def train(_name, model, _number):
        return 1 - model

    found = simulate(fed, HUB_KEY, some, np.full(5, 0.5), train, rounds=1)
    np.testing.assert_allclose(found, 1.0, atol=1e-5)
    few = dict(list(keys.items())[2:])
    np.testing.assert_array_equal(
        simulate(fed, HUB_KEY, few, np.full(5, 0.5), train, rounds=1), np.full(5, 0.5)
    )


def test_noise_in_parts_has_the_size_that_was_asked_for():
    levels, length = 1 << 14, 4000
    noise = noise_for(1.0, 1e-6, sensitivity=levels, honest=3)
    fed = federation(4, 3, length=length, grid=Grid(clip=1.0, levels=levels), noise=noise)
    found = simulate(
        fed, HUB_KEY, keys_of(fed), np.zeros(length), lambda *_: np.zeros(length), rounds=1,
        release=lambda _name, _number, steps: add_noise(steps, noise.sigma, Noise(Stream())),
    )  # fmt: skip
    wanted = noise.sigma * math.sqrt(4) / levels / 4
    assert abs(found.std() / wanted - 1) < 0.06


def test_a_task_that_is_no_model_is_refused():
    assert model_of(task_of(np.arange(3.0)), 3).tolist() == [0, 1, 2]
    for task in (b"", b"1234567", task_of(np.arange(4.0)), task_of(np.array([0, np.nan, 1]))):
        with pytest.raises(IntegrityError):
            model_of(task, 3)
