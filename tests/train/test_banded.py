"""Noise that is correlated over steps is C⁻¹z, drawn for those whose turn it is, and refused where it could not be."""

import json

import numpy as np
import pytest
import torch
from scipy.linalg import toeplitz
from scipy.stats import chi2
from torch import nn

from confide.audit.canaries import audit_training
from confide.dp.dense import step_below
from confide.dp.noise import Noise
from confide.dp.pld import declared_epsilon
from confide.dp.random import Stream
from confide.errors import InvalidInput
from confide.train.banded import Bands, dealt
from confide.train.diagonals import coefficients, column_norm, loudest
from confide.train.loop import train_privately
from confide.train.privacy import GRID, PrivacyPlan
from confide.train.sampling import group

STEPS, WIDE = 9, 4000


def plan(**changes):
    fields = {
        "epsilon": 8.0,
        "delta": 1e-8,
        "expected_batch": 16,
        "steps": STEPS,
        "patients": 80,
        "bands": 4,
        "accounting": "renyi",
    }
    return PrivacyPlan(**{**fields, **changes})


def noise(number=0):
    return Noise(Stream(number.to_bytes(32, "big")))


def matrix(bands=4, steps=STEPS):
    """C, written down."""
    column = np.zeros(steps)
    column[: min(bands, steps)] = coefficients(bands)[:steps]
    return toeplitz(column, np.zeros(steps))


def told(sums, privacy, number=0):
    """What comes out of all steps, and the noise that the same stream gives without correlation."""
    groups = group(np.zeros(1, int), privacy)
    ours, plain = noise(number), noise(number)
    bands = Bands(groups, privacy, ours)
    dealt(groups, privacy.bands, plain)  # the same coins
    found = np.stack([bands.noised({"w": row.astype(np.float32)})["w"] for row in sums])
    fresh = np.zeros_like(found)
    for row in fresh:
        plain.add_gaussian(row, privacy.noise_on_sum)
    return found.astype(np.float64), fresh.astype(np.float64)


def test_the_noise_is_the_inverse_of_the_explicit_matrix_times_fresh_noise():
    found, fresh = told(np.zeros((STEPS, WIDE)), plan())
    wanted = np.linalg.solve(matrix(), fresh)
    assert np.abs(found - wanted).max() < 1e-5 * np.abs(wanted).max()


def test_the_noise_has_the_covariance_that_was_paid_for():
    privacy = plan()
    found, _ = told(np.zeros((STEPS, WIDE)), privacy, number=7)
    apart = matrix() @ found / privacy.noise_on_sum  # independent, standard normal
    for row in apart:
        assert chi2.ppf(1e-6, WIDE) < (row**2).sum() < chi2.ppf(1 - 1e-6, WIDE) * (1 + 1e-3)
    together = apart @ apart.T / WIDE - np.eye(STEPS)
    assert np.abs(together[~np.eye(STEPS, dtype=bool)]).max() < 5.5 / np.sqrt(WIDE)
    spread = found.std(axis=1).max()
    assert 0.95 < spread / (privacy.noise_on_sum * loudest(4, STEPS)) < 1.05


def test_the_sums_come_out_with_that_noise_and_nothing_else():
    privacy = plan()
    step = step_below(privacy.noise_on_sum)
    whole = np.random.default_rng(0).integers(-50, 50, (STEPS, WIDE))
    sums = 16 * step * whole  # so that C x lies on the grid, and draws need the same bits as without sums
    found, fresh = told(sums, privacy)
    wanted = sums + np.linalg.solve(matrix(), fresh)
    assert np.abs(found - wanted).max() < 1e-5 * np.abs(wanted).max()


def test_a_patient_has_one_group_and_its_turn_comes_every_so_many_steps():
    privacy = plan()
    ids = np.repeat(np.arange(40), 2)
    parts = dealt(group(ids, privacy), 4, noise())
    whose = [set(ids[part.order].tolist()) for part in parts]
    assert sorted(patient for part in whose for patient in part) == list(range(40))
    assert sum(len(part.order) for part in parts) == len(ids)
    bands = Bands(group(ids, privacy), privacy, noise())
    turns = []
    for _ in range(STEPS):
        turns.append(set(ids[bands.turn().order].tolist()))
        bands.noised({"w": np.zeros(1, np.float32)})
    assert turns == [whose[step % 4] for step in range(STEPS)]
    with pytest.raises(InvalidInput, match="all 9 steps"):
        bands.noised({"w": np.zeros(1, np.float32)})


def test_a_patients_turns_move_the_rows_of_c_x_by_no_more_than_is_priced():
    """Every turn at full size: what one turn moves is a column of C, and turns meet in no row."""
    privacy = plan()
    for first in range(4):
        moved = np.zeros((STEPS, STEPS))
        for turn, step in enumerate(range(first, STEPS, 4)):
            x = np.zeros(STEPS)
            x[step] = 1.0
            moved[turn] = matrix() @ x
        assert ((moved != 0).sum(axis=0) <= 1).all()
        assert np.linalg.norm(moved, axis=1).max() <= column_norm(4)
    assert privacy.mechanism().events[0].sensitivity >= column_norm(4) * GRID


@pytest.mark.parametrize("accounting", ["pld", "renyi"])
def test_a_banded_plan_keeps_its_epsilon(accounting):
    ours = plan(steps=100, patients=4000, bands=8, epsilon=2.0, accounting=accounting)
    assert declared_epsilon(ours.mechanism(), ours.delta) <= 2.0
    assert ours.mechanism().events[0].rate == 8 * 16 / 4000
    assert ours.mechanism().events[0].steps == 13
    if accounting == "pld":
        assert declared_epsilon(ours._mechanism(ours.sigma * 0.98), ours.delta) > 2.0


def test_a_training_without_gradients_moves_by_the_correlated_noise():
    privacy = plan()
    net = nn.Linear(WIDE, 1, bias=False)
    nn.init.zeros_(net.weight)
    records = [torch.zeros(WIDE)] * 20

    def nothing(model, batch):
        return model(torch.stack(batch))[:, 0] * 0.0

    optimiser = torch.optim.SGD(net.parameters(), lr=1.0)
    train_privately(net, records, range(20), nothing, privacy=privacy, noise=noise(3), optimiser=optimiser)
    moved = net.weight.detach().double().numpy() * privacy.expected_batch
    summed = np.linalg.norm(np.linalg.solve(matrix().T, np.ones(STEPS))) * privacy.noise_on_sum
    assert chi2.ppf(1e-6, WIDE) < ((moved / summed) ** 2).sum() < chi2.ppf(1 - 1e-6, WIDE) * (1 + 1e-3)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"bands": 0}, "not-whole"),
        ({"bands": STEPS + 1}, "not-whole"),
        ({"bands": 6}, "bands"),
        ({"largest_batch": 60}, "banded"),
    ],
)
def test_bands_that_cannot_be_sampled_as_priced_are_refused(changes, code):
    with pytest.raises(InvalidInput) as refused:
        plan(**changes)
    assert refused.value.code == f"privacy.{code}"


def test_a_plan_without_bands_is_written_as_before():
    assert "bands" not in plan(bands=1).to_json()
    assert json.loads(json.dumps(plan().to_json()))["bands"] == 4


def test_an_audit_of_banded_noise_is_refused_by_name():
    with pytest.raises(InvalidInput, match="bands"):
        audit_training(nn.Linear(2, 1), [1], [0], lambda m, b: None, privacy=plan(), noise=noise())
