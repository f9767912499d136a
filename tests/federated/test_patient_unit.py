"""What one patient moves in a round, in steps: the whole way from records to what is noised, for every input."""

import math
from dataclasses import replace

import numpy as np
import pytest
from fed_rounds import federation
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import InvalidInput
from confide.federated.distributed_dp import RoundPlan, prices
from confide.federated.glm import Glm
from confide.federated.learners import TableLearner, table
from confide.federated.learning import Course, Learning, local_update
from confide.federated.patient_unit import in_steps, reach, sensitivity, verify_together, with_noise
from confide.federated.settings import Grid

ANY = st.one_of(st.floats(-3, 3), st.sampled_from([math.nan, math.inf, 1e308, -1e308, 1e-320]))
draw = np.random.default_rng(5)


def private(**more):
    return Learning(
        **({"rounds": 4, "rate": 0.5, "protection": "patient", "clip": 1.0, "patients": 20} | more)
    )


def steps_of(learning, fed, inputs, outcomes, patients, task):
    learner = TableLearner(Glm(kind="linear", features=inputs.shape[1]), table(inputs, outcomes, patients))
    update, state = local_update(learning, learner, task, 1, b"")
    assert state == b""
    return in_steps(learning, fed, "site-00", 1, update)


@settings(max_examples=80, deadline=None)
@given(
    data=st.data(), levels=st.integers(1, 1 << 26), clip=st.floats(1e-6, 1e6), rate=st.floats(1e-6, 10),
    room=st.floats(0.01, 100), rotate=st.booleans(),
)  # fmt: skip
def test_one_patient_moves_what_is_noised_by_at_most_the_sensitivity(data, levels, clip, rate, room, rotate):
    learning = private(clip=clip, rate=rate)
    grid = Grid(clip=min(1e9, max(1e-9, reach(learning) * room)), levels=levels, rotate=rotate)
    fed = federation(3, length=4, grid=grid)
    rows = data.draw(st.integers(1, 6))
    inputs = data.draw(hnp.arrays(np.float64, (rows, 3), elements=ANY))
    outcomes = data.draw(hnp.arrays(np.float64, rows, elements=ANY))
    patients = data.draw(hnp.arrays(np.int64, rows, elements=st.integers(0, 2)))
    task = data.draw(hnp.arrays(np.float64, 4, elements=st.sampled_from([0.0, 1.0, -0.3, 1e300])))
    whole = steps_of(learning, fed, inputs, outcomes, patients, task)
    for who in np.unique(patients):
        rest = patients != who
        without = steps_of(learning, fed, inputs[rest], outcomes[rest], patients[rest], task)
        assert sum((whole - without).astype(object) ** 2) <= sensitivity(learning, fed) ** 2


def test_rounding_needs_its_part_of_the_sensitivity():
    """Two updates one reach apart lie further apart once each is rounded: the bound without √d would be false."""
    length = 10_000
    learning = private()
    fed = federation(
        3, length=length, grid=Grid(clip=reach(learning) * 100, levels=100)
    )  # one step in a reach
    one = np.full(length, 0.499) * fed.grid.clip / fed.grid.levels
    two = one + reach(learning) / math.sqrt(length)
    apart = [in_steps(learning, fed, "site-00", 1, each) for each in (one, two)]
    found = float(np.linalg.norm((apart[0] - apart[1]).astype(float)))
    assert reach(learning) * fed.grid.levels / fed.grid.clip == pytest.approx(1.0)
    assert 100 <= found <= sensitivity(learning, fed)


def test_a_sum_beyond_the_grid_is_held_at_its_edge_and_never_wraps_around():
    learning = private()
    fed = federation(3, length=2, grid=Grid(clip=reach(learning), levels=1 << 26))
    far = in_steps(learning, fed, "site-00", 1, np.array([1e6, -1e300]) * reach(learning))
    assert far.tolist() == [(1 << 26) + 1, -(1 << 26) - 1]


def test_the_same_records_give_the_same_steps_with_nothing_drawn():
    learning, fed = private(), federation(3, length=4)
    given_ = (learning, fed, draw.normal(size=(9, 3)), draw.normal(size=9), np.arange(9), np.ones(4))
    np.testing.assert_array_equal(steps_of(*given_), steps_of(*given_))


@pytest.mark.parametrize("protection", ["patient", "site"])
def test_the_noise_pays_for_all_rounds_on_the_finest_grid_that_has_room(protection):
    more = {} if protection == "patient" else {"protection": "site", "clip": 0.0, "patients": 0}
    learning = private(**more)
    fed = with_noise(federation(5, 4, 1, length=4), learning, epsilon=2.0, delta=1e-6, honest=3, most=20)
    moved = sensitivity(learning, fed)
    assert 1.98 < prices(fed, sensitivity=moved, rounds=learning.rounds, delta=1e-6).coalition <= 2.0
    assert fed.grid.clip == pytest.approx(20 * reach(learning) if protection == "patient" else 1.0)
    assert fed.grid.levels >= 1 << 20
    verify_together(learning, fed, 4)


def test_steps_of_descent_on_noisy_sums_find_the_slope():
    """Five sites, noise in parts, the ledger's plan at each site; masks would change nothing of the sum."""
    learning = private(rounds=25, rate=1.0, patients=400, clip=2.0)
    fed = with_noise(federation(5, 4, 1, length=2), learning, epsilon=4.0, delta=1e-6, honest=3, most=400)
    sites = {}
    for member in fed.members:
        inputs = draw.normal(size=(400, 1))
        sites[member.name] = TableLearner(Glm(kind="linear", features=1), table(inputs, 1 + 2 * inputs[:, 0]))
    course = Course(learning, np.zeros(2))
    moved, noise = sensitivity(learning, fed), Noise(Stream())
    for number in range(1, learning.rounds + 1):
        noised = []
        for name, learner in sites.items():
            update = local_update(learning, learner, course.task(), number, b"")[0]
            plan = RoundPlan(
                name=f"round {number}", federation=fed, number=number, sensitivity=moved, weight=1, delta=1e-6
            )
            steps = in_steps(learning, fed, name, number, update)
            plan.execute((steps, lambda out, to=noised: to.append(out) or "00"), noise)
        total = sum(noised)
        course.take(total * (fed.grid.clip / fed.grid.levels) / len(noised))
    np.testing.assert_allclose(course.model, [1.0, 2.0], atol=0.1)


def test_a_federation_that_does_not_fit_what_is_learnt_is_refused():
    learning = private()
    fed = with_noise(federation(5, 4, 1, length=4), learning, epsilon=2.0, delta=1e-6, honest=3, most=20)
    heavy = replace(fed, members=(*fed.members[:4], replace(fed.members[4], weight=2)))
    for wrong, length in [(fed, 5), (replace(fed, noise=None), 4), (heavy, 4)]:
        with pytest.raises(InvalidInput):
            verify_together(learning, wrong, length)
    bare = Learning(rounds=1, rate=0.1)
    for wrong in (fed, replace(fed, noise=None, private=True)):
        with pytest.raises(InvalidInput):
            verify_together(bare, wrong, 4)
    with pytest.raises(InvalidInput):
        sensitivity(bare, fed)
    with pytest.raises(InvalidInput):
        in_steps(learning, fed, "site-00", 1, np.array([0.0, np.nan, 0.0, 0.0]))
