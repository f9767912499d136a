"""The audit passes the loop as it is, and refutes one that adds too little noise, clips too late or divides by the wrong number."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from confide.audit.canaries import audit_training, chi_range, judge
from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import InvalidInput
from confide.train.loop import train_privately
from confide.train.privacy import PrivacyPlan

PLAN = PrivacyPlan(epsilon=4.0, delta=1e-6, expected_batch=400, patients=400, steps=2)


def noise(number):
    return Noise(Stream(number.to_bytes(32, "big")))


def loss(model, batch):
    inputs = torch.stack([x for x, _ in batch])
    labels = torch.tensor([y for _, y in batch])
    return nn.functional.cross_entropy(model(inputs), labels, reduction="none")


def audited(seed=0, *, plan=PLAN, train=train_privately, canaries=400, level=0.999, **more):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))
    records = [(torch.randn(4), i % 2) for i in range(8)]
    before = [each.detach().clone() for each in model.parameters()]
    found = audit_training(
        model, records, range(8), loss,
        privacy=plan, noise=noise(seed), canaries=canaries, level=level, physical_batch=256, train=train, **more,
    )  # fmt: skip
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    return found


def other_plan(**changes):
    """Return a loop that trains by another plan than it is told."""

    def train(model, records, patients, loss, *, privacy, **more):
        train_privately(
            model, records, patients, loss, privacy=dataclasses.replace(privacy, **changes), **more
        )

    return train


def test_the_loop_as_it_is_passes_and_its_noise_is_what_was_paid_for():
    for seed in range(3):
        found = audited(seed, learning_rate=0.1)
        assert found.refuted == ()
        assert found.lower <= found.claimed
    assert 0.9 < found.noise_ratio < 1.1
    assert 0.9 < found.signal_ratio < 1.1
    assert found.found.correct > 0.7 * found.found.guesses  # the attack has what it needs


def test_a_sampled_loop_passes():
    plan = PrivacyPlan(epsilon=4.0, delta=1e-6, expected_batch=100, patients=400, steps=4)
    found = audited(plan=plan, canaries=200)
    assert found.refuted == ()
    assert found.lower <= found.claimed


@pytest.mark.parametrize(
    ("train", "said"),
    [
        (other_plan(epsilon=900.0), ("epsilon", "noise")),
        (other_plan(epsilon=11.0), ("noise",)),
        (other_plan(expected_batch=200), ("noise",)),
    ],
    ids=["hardly any noise", "half of the noise", "another normaliser"],
)
def test_a_loop_that_does_less_than_it_says_is_refuted(train, said):
    assert set(said) <= set(audited(train=train, canaries=1000, level=0.95).refuted)


def test_a_loop_that_does_not_clip_is_refuted_by_its_guesses():
    def unclipped(model, records, patients, loss, *, privacy, noise, optimiser, **more):
        optimiser.zero_grad()
        loss(model, records).sum().backward()
        for parameter in model.parameters():
            flat = parameter.grad.numpy().reshape(-1)
            noise.add_gaussian(flat, privacy.noise_on_sum * privacy.steps**0.5)
            parameter.grad /= privacy.expected_batch
        optimiser.step()

    assert audited(train=unclipped, canaries=1000, level=0.95).refuted == ("epsilon", "clip")


def test_without_scores_there_is_no_verdict():
    with pytest.raises(InvalidInput, match="canaries"):
        judge(np.array([np.nan] * 60), np.zeros(60, dtype=bool), privacy=PLAN, level=0.95)


@pytest.mark.parametrize("few", [{"canaries": 10}])
def test_too_few_canaries_are_refused(few):
    with pytest.raises(InvalidInput, match="canaries"):
        audited(**few)


def test_the_range_of_a_measured_spread_holds_as_often_as_it_says():
    draw = np.random.default_rng(0)
    low, high = chi_range(50, 0.9)
    measured = np.sqrt(np.mean(draw.normal(size=(4000, 50)) ** 2, axis=1))
    assert np.mean((low <= measured) & (measured <= high)) >= 0.9
