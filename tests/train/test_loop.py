"""The loop adds the right noise once per logical batch, divides by a public number, and refuses what it cannot keep."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import chi2, kstest
from torch import nn

from confide.dp.dense import step_below
from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import IntegrityError, InvalidInput
from confide.train.adam import AdamBC
from confide.train.loop import load_weights, train_privately, weights_to_json
from confide.train.privacy import PrivacyPlan


def plan(**changes):
    return PrivacyPlan(
        **{
            "epsilon": 8.0,
            "delta": 1e-8,
            "expected_batch": 16,
            "steps": 4,
            "patients": 64,
            "max_records": 4,
            **changes,
        }
    )


def noise(number=0):
    return Noise(Stream(number.to_bytes(32, "big")))


def model(wide=4, out=2, seed=0):
    torch.manual_seed(seed)
    return nn.Linear(wide, out)


def loss(model, batch):
    inputs, labels = (torch.stack(each) for each in zip(*batch, strict=True))
    return nn.functional.cross_entropy(model(inputs), labels, reduction="none")


def nothing(model, batch):
    """A loss whose gradient is zero for everybody."""
    return model(torch.stack([x for x, _ in batch])).sum(dim=1) * 0.0


def records(number=64, wide=4, seed=0):
    rng = torch.Generator().manual_seed(seed)
    inputs = torch.randn(number, wide, generator=rng)
    return [(x, (x[0] > 0).long()) for x in inputs]


def trained(net, data, patients, *, privacy, loss=loss, seed=0, rate=1.0, **more):
    optimiser = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=rate)
    train_privately(
        net, data, patients, loss, privacy=privacy, noise=noise(seed), optimiser=optimiser, **more
    )
    return torch.cat([p.detach().reshape(-1) for p in net.parameters()]).numpy().astype(np.float64)


def moved(net, *args, **more):
    before = torch.cat([p.detach().reshape(-1) for p in net.parameters()]).numpy().astype(np.float64)
    return before - trained(net, *args, **more)


# noise: how much, how often


def variance_of(privacy, steps):
    one = privacy.noise_on_sum**2 + step_below(privacy.noise_on_sum) ** 2 / 12
    return steps * one / privacy.expected_batch**2


def is_noise(drawn, privacy, steps, sharp=1e-9):
    z = drawn / math.sqrt(variance_of(privacy, steps))
    square = (z**2).sum()
    return kstest(z, "norm").pvalue > sharp and min(chi2.cdf(square, len(z)), chi2.sf(square, len(z))) > sharp


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("physical", [4, 64])
def test_without_gradients_the_weights_move_by_exactly_the_noise_of_so_many_steps(steps, physical):
    """Catches no noise, half of it, noise divided twice, per micro-batch, or a normaliser from the data."""
    privacy = plan(steps=steps)
    drawn = moved(
        model(100, 100),
        records(64, 100),
        np.arange(64),
        privacy=privacy,
        loss=nothing,
        physical_batch=physical,
    )
    assert is_noise(drawn, privacy, steps)


@pytest.mark.parametrize("factor", [0.5, 0.94, 1.06, 2.0])
def test_planted_wrong_noise_in_the_weights_is_seen(factor):
    privacy = plan(steps=1)
    drawn = moved(model(100, 100), records(64, 100), np.arange(64), privacy=privacy, loss=nothing)
    assert not is_noise(drawn * factor, privacy, 1, sharp=1e-3)


def test_noise_is_added_once_per_logical_batch_however_many_pieces_it_has(monkeypatch):
    calls = []
    original = Noise.add_gaussian
    monkeypatch.setattr(
        Noise,
        "add_gaussian",
        lambda self, values, sigma: (calls.append(sigma), original(self, values, sigma))[1],
    )
    privacy = plan(steps=5)
    trained(model(), records(), np.arange(64), privacy=privacy, physical_batch=4)
    assert calls == [privacy.noise_on_sum] * 5 * 2  # a weight and a bias


def test_an_empty_batch_is_noised_like_any_other():
    privacy = plan(steps=1)
    nobody = moved(model(100, 100), [], np.array([], dtype=int), privacy=privacy)
    assert is_noise(nobody, privacy, 1)


def test_a_restart_draws_fresh_noise():
    """Promise 11: a stream is keyed at its opening, and nothing of it is kept."""
    ways = []
    for _ in range(2):
        net = model(50, 50)
        optimiser = torch.optim.SGD(net.parameters(), lr=1.0)
        train_privately(
            net, [], [], nothing, privacy=plan(steps=1), noise=Noise(Stream()), optimiser=optimiser
        )
        ways.append(net.weight.detach().numpy().ravel())
    assert abs(np.corrcoef(ways[0] - model(50, 50).weight.detach().numpy().ravel(), ways[1])[0, 1]) < 0.15
    assert (ways[0] != ways[1]).mean() > 0.9


def test_the_normaliser_is_the_public_batch_and_not_the_number_of_records():
    """One patient among many expected moves the weights by a clip over the expected batch, never more."""
    privacy = plan(steps=1, expected_batch=64, max_records=1)  # everybody takes part
    data = [(torch.tensor([100.0, 0, 0, 0]), torch.tensor(1))]
    for copies in (1, 7):
        here = moved(model(), data * copies, np.arange(copies), privacy=privacy, seed=1)
        there = moved(model(), [], [], privacy=privacy, seed=1)
        step = step_below(privacy.noise_on_sum)
        assert abs(np.linalg.norm(here - there) * 64 - copies * privacy.clip) < 4 * step


# one patient, many records


@pytest.mark.parametrize("count", [1, 3, 4, 40])
def test_a_patient_moves_a_step_by_at_most_the_clip_whatever_the_number_of_records(count):
    privacy = plan(steps=1, expected_batch=64, max_records=40)
    others = records(63)
    mine = [(1000 * x, 1 - y) for x, y in records(count, seed=5)]
    owners = np.arange(63)
    there = moved(model(), others, owners, privacy=privacy, seed=2, physical_batch=64)
    here = moved(
        model(), others + mine, np.append(owners, [63] * count), privacy=privacy, seed=2, physical_batch=64
    )
    spread = 10 * step_below(privacy.noise_on_sum) / 2  # ten coordinates, each rounded to the grid
    assert np.linalg.norm(here - there) * 64 <= privacy.clip + spread


def test_losses_of_a_patient_are_divided_by_their_number():
    """Ten copies of a record weigh as much as one."""
    privacy = plan(steps=1, expected_batch=64, max_records=10, clip=100.0)
    one = records(1)
    here = moved(model(), one, [0], privacy=privacy, seed=3)
    there = moved(model(), one * 10, [0] * 10, privacy=privacy, seed=3)
    np.testing.assert_allclose(here, there, atol=2 * step_below(privacy.noise_on_sum) / 64)


def test_filled_up_batches_train_like_those_that_are_not():
    privacy = plan(steps=1, expected_batch=8, largest_batch=64, max_records=2, accounting="renyi")
    bare = PrivacyPlan(**{**{f: getattr(privacy, f) for f in privacy.__slots__}, "largest_batch": 0})
    data, owners = records(64), np.repeat(np.arange(32), 2)
    ours = moved(model(), data, owners, privacy=privacy, seed=4, physical_batch=16)
    theirs = moved(model(), data, owners, privacy=bare, seed=4, physical_batch=16)
    np.testing.assert_allclose(
        ours, theirs, atol=0.05 * np.abs(theirs).max() + step_below(privacy.noise_on_sum) / 8
    )


def test_a_model_learns_what_all_patients_agree_on():
    privacy = plan(steps=60, expected_batch=200, patients=2000, epsilon=3.0, max_records=1)
    data, net = records(2000), model()
    trained(net, data, np.arange(2000), privacy=privacy, rate=2.0, physical_batch=512)
    inputs, labels = (torch.stack(each) for each in zip(*data, strict=True))
    assert (net(inputs).argmax(1) == labels).float().mean() > 0.9


# refusals


def test_a_mean_over_the_batch_is_refused():
    with pytest.raises(InvalidInput, match="not one number per record"):
        trained(model(), records(), np.arange(64), privacy=plan(), loss=lambda m, b: loss(m, b).mean())


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_refused_and_tells_nothing(bad):
    data = records()
    data[5] = (torch.full((4,), bad), torch.tensor(0))
    with pytest.raises(InvalidInput) as refused:
        trained(model(), data, np.arange(64), privacy=plan(expected_batch=64))
    assert refused.value.code == "privacy.loss-not-finite"
    assert refused.value.public == {}
    assert refused.value.hint


def test_records_and_patients_of_different_number_are_refused():
    with pytest.raises(InvalidInput, match="patient id"):
        trained(model(), records(3), [1, 2], privacy=plan())


def test_after_a_refusal_the_model_is_as_it_was():
    net = model()
    with pytest.raises(InvalidInput):
        trained(net, records(), np.arange(64), privacy=plan(), loss=lambda m, b: loss(m, b).mean())
    assert all(p.requires_grad for p in net.parameters())
    net(torch.zeros(3, 4)).sum().backward()  # no hook is left to refuse it


# weights in the ledger


def test_weights_come_back_to_the_last_bit_and_always_look_the_same():
    net, other = model(seed=1), model(seed=2)
    told = weights_to_json(net)
    assert told == weights_to_json(net)
    load_weights(other, told)
    assert all((a == b).all() for a, b in zip(net.parameters(), other.parameters(), strict=True))


def test_only_what_was_trained_is_kept():
    net = nn.Sequential(model(), model(2, 2))
    net[0].requires_grad_(False)
    kept, other = weights_to_json(net), nn.Sequential(model(seed=8), model(2, 2, seed=9))
    before = other[0].weight.clone()
    load_weights(other, kept)
    assert (other[1].weight == net[1].weight).all()
    assert (other[0].weight == before).all()


@pytest.mark.parametrize("json", [{}, {"weights": "§"}, {"weights": "AAAA"}, {"weights": None}])
def test_what_is_no_release_is_refused(json):
    with pytest.raises(IntegrityError):
        load_weights(model(), json)


def test_weights_of_another_shape_are_refused():
    with pytest.raises(IntegrityError):
        load_weights(model(5), weights_to_json(model(4)))


# Adam


def test_adam_takes_the_noise_out_of_its_second_moment():
    """A coordinate of pure noise and one of the same noise with a signal move in proportion to their signal."""
    rng, spread = torch.Generator().manual_seed(0), 1.0
    weight = nn.Parameter(torch.zeros(2000))
    optimiser = AdamBC([weight], lr=1.0, noise=spread, betas=(0.0, 0.999), floor=1.0)
    signal = torch.zeros(2000)
    signal[1000:] = 3.0
    for _ in range(2000):
        weight.grad = signal + spread * torch.randn(2000, generator=rng)
        before = weight.detach().clone()
        optimiser.step()
    last = before - weight.detach()
    assert abs(last[1000:].mean() - 3.0 / 3.0) < 0.05  # over √(9 + 1 - 1)
    plain = 3.0 / math.sqrt(10)
    assert last[1000:].mean() > plain + 0.02


def test_adam_without_noise_is_that_of_torch():
    ours, theirs = model(), model()
    one = AdamBC(ours.parameters(), lr=0.1, noise=0.0, weight_decay=0.01)
    other = torch.optim.AdamW(theirs.parameters(), lr=0.1, weight_decay=0.01)
    for seed in range(5):
        torch.manual_seed(seed)
        for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
            p.grad = torch.randn_like(p)
            q.grad = p.grad.clone()
        one.step()
        other.step()
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=1e-4, atol=1e-5)
