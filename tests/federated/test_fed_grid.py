"""Updates on the grid: the norm is bounded for every input, the average is right, the sum never wraps around."""

import math
import os
from dataclasses import fields

import numpy as np
import pytest
from fed_rounds import federation
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from confide.errors import InvalidInput
from confide.federated.grid import from_steps, rotated, to_steps, turned_back
from confide.federated.settings import Federation, Grid, SiteNoise

ANY = st.floats(allow_nan=True, allow_infinity=True, width=64)


def steps_of(update, fed, weight=1):
    return to_steps(update, fed, weight=weight, turn=b"round 1", key=os.urandom(32))


@settings(max_examples=200, deadline=None)
@given(
    update=hnp.arrays(np.float64, st.integers(1, 40), elements=ANY),
    levels=st.integers(1, 1 << 26), rotate=st.booleans(), weight=st.integers(1, 4),
)  # fmt: skip
def test_the_norm_and_each_coordinate_are_bounded_for_every_update(update, levels, rotate, weight):
    fed = federation(
        3, length=len(update), weights=[1, 1, weight], grid=Grid(clip=2.0, levels=levels, rotate=rotate)
    )
    found = steps_of(update, fed, weight).astype(object)
    assert sum(x * x for x in found) <= (weight * fed.bound()) ** 2
    assert max(abs(found)) <= weight * (levels + 1)


@given(length=st.integers(1, 9000), turn=st.binary(min_size=1, max_size=5))
@settings(max_examples=30, deadline=None)
def test_a_turn_keeps_norms_and_is_undone(length, turn):
    values = np.random.default_rng(length).normal(size=length)
    there = rotated(values, turn)
    assert math.isclose(np.linalg.norm(there), np.linalg.norm(values), rel_tol=1e-9)
    np.testing.assert_allclose(turned_back(there, turn), values, atol=1e-12)


@pytest.mark.parametrize("rotate", [False, True])
def test_a_sum_comes_back_in_the_units_of_the_updates(rotate):
    fed = federation(3, length=5000, grid=Grid(clip=1.0, levels=1 << 20, rotate=rotate))
    draw = np.random.default_rng(0)
    updates = [draw.normal(size=5000) / 200 for _ in range(3)]
    updates[0] *= 50  # is clipped
    total = sum(steps_of(update, fed) for update in updates)
    wanted = sum(update / max(1, np.linalg.norm(update)) for update in updates)
    np.testing.assert_allclose(from_steps(total, fed, turn=b"round 1"), wanted, atol=2e-5)


def test_rounding_is_right_on_average():
    fed = federation(3, length=1000, grid=Grid(clip=1.0, levels=20))
    update = np.full(1000, 0.3 / 20)
    mean = np.mean([steps_of(update, fed).mean() for _ in range(200)])
    assert abs(mean - 0.3) < 5 * math.sqrt(0.21 / 200_000)


class Tight(Federation):
    """A federation whose bound leaves rounding no room."""

    def bound(self):
        return self.grid.levels


def test_rounding_beyond_the_bound_is_tried_again_and_then_goes_towards_zero():
    plain = federation(3, length=4, grid=Grid(clip=1.0, levels=1))
    tight = Tight(**{field.name: getattr(plain, field.name) for field in fields(plain)})
    halves = np.full(4, 0.5)  # two or more of four are rounded up in 11 of 16 tries
    found = [steps_of(halves, tight) for _ in range(200)]
    assert all(steps @ steps <= 1 for steps in found)
    assert any(steps @ steps == 1 for steps in found)


def test_the_budget_of_the_modulus_holds_at_its_edge():
    """The largest federation that is accepted sums its largest updates without wrapping around; one step more is refused."""
    levels = (2**31 - 1) // 2048 - 1
    fed = federation(4, length=1, weights=[512] * 4, grid=Grid(clip=1.0, levels=levels))
    total = sum(m.weight * (levels + 1) for m in fed.members)
    assert total <= 2**31 - 1
    with pytest.raises(InvalidInput):
        federation(4, length=1, weights=[512] * 4, grid=Grid(clip=1.0, levels=levels + 1))


def test_the_noise_s_part_of_the_budget_is_its_tail_at_2_to_the_minus_64():
    noise = SiteNoise(sigma=1000.0, honest=1)
    fed = federation(4, length=1 << 20, noise=noise, grid=Grid(clip=1.0, levels=1))
    tail = fed.largest_sum() - 4 * 2
    # subgaussian: P(|sum| >= tail) <= 2 exp(-tail² / (2 n σ²)), on each of 2^20 coordinates
    logarithm = math.log(2 * 2**20) - tail**2 / (2 * 4 * 1000.0**2)
    assert -64.01 * math.log(2) < logarithm <= -64 * math.log(2)


def test_another_shape_is_refused():
    with pytest.raises(InvalidInput):
        steps_of(np.zeros(6), federation(3, length=7))


def test_turning_spreads_a_spike():
    spike = np.zeros(4096)
    spike[17] = 1.0
    np.testing.assert_allclose(np.abs(rotated(spike, b"x")), 1 / 64)
