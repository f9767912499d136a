"""What a run costs: fixed beforehand, within the ε that was written, and what is really drawn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synth_tables import noise, section, wards

from confide.dp.accountant import epsilon
from confide.dp.events import BoundedRange, DiscreteGaussian, Failure, leaves
from confide.engines.polars import GRID
from confide.synth.aim import aim
from confide.synth.budget import Schedule, aim_shares, mst_shares, schedule
from confide.synth.columns import Rows
from confide.synth.graphical import Measured
from confide.synth.measure import measure
from confide.synth.mst import chosen_pairs
from confide.synth.plan import SynthPlan


@settings(max_examples=40, deadline=None)
@given(
    asked=st.floats(0.05, 10),
    delta=st.sampled_from([1e-12, 1e-9, 1e-6]),
    columns=st.integers(2, 20),
    ruled=st.integers(0, 3),
    rounds=st.integers(1, 40),
)
def test_a_schedule_costs_at_most_what_was_written_and_nearly_all_of_it(asked, delta, columns, ruled, rounds):
    joined = min(ruled, columns - 1)
    for shares in (mst_shares(columns, ruled, joined), aim_shares(columns, ruled, rounds)):
        found = schedule(shares, epsilon=asked, delta=delta, sensitivity=GRID)
        price = epsilon(found.event(), delta)
        assert asked * 0.999 <= price <= asked


@pytest.mark.parametrize("method", ["mst", "aim"])
def test_the_event_is_public_and_names_every_measurement_and_every_choice(method):
    plan = SynthPlan(settings=section(method=method, rules=("if sex = M then ward = a",), rounds=5))
    counted = leaves(plan.event())
    gaussians = sum(times for leaf, times in counted.items() if isinstance(leaf, DiscreteGaussian))
    choices = sum(times for leaf, times in counted.items() if isinstance(leaf, BoundedRange))
    rounds = 2 if method == "mst" else 5  # four columns, of which the rule joins two
    assert (gaussians, choices) == (4 + 1 + rounds, rounds)
    assert all(leaf.sensitivity == GRID for leaf in counted if isinstance(leaf, DiscreteGaussian))
    assert [leaf.delta for leaf in counted if isinstance(leaf, Failure)] == [1e-18]
    release = plan.execute(wards(3000), noise())
    assert len(release["measured"]) <= 1 + rounds
    assert ["sex", "ward"] in release["measured"]


def test_patients_with_more_rows_cost_no_more_and_are_blurred_more():
    one, three = section(max_rows=1), section(max_rows=3)
    assert three.schedule() == one.schedule()
    assert three.pair_noise() == pytest.approx(3 * one.pair_noise(), rel=1e-5)  # a whole row weighs a third


def test_the_noise_that_is_drawn_is_that_of_the_schedule():
    nobody = Rows(np.empty((0, 1), dtype=np.int64), np.empty(0, dtype=np.int64), GRID)
    found = measure(nobody, (0,), [20_000], 7.0 * GRID, noise())
    assert found.counts.std() == pytest.approx(7.0, rel=0.03)
    assert found.variance[0] == 49.0


def test_a_plan_writes_itself_without_floats_and_in_the_order_of_its_columns():
    def texts(value):
        assert not isinstance(value, float)
        for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            texts(each)

    shown = SynthPlan(settings=section()).to_json()
    texts(shown)
    assert shown["order"] == ["sex", "age", "stay", "ward"]
    assert shown["epsilon"] == "1.0"


def dependent() -> tuple[Rows, list[Measured]]:
    """Four rows in which the first two of three columns are equal; and what is known of each column."""
    codes = np.array([[0, 0, 0], [0, 0, 0], [1, 1, 0], [1, 1, 0]])
    alone = [
        Measured((at,), counts, np.ones(2)) for at, counts in enumerate(([2.0, 2.0], [2.0, 2.0], [4.0, 0.0]))
    ]
    return Rows(codes, np.full(4, GRID, dtype=np.int64), GRID), [
        Measured(one.columns, np.array(one.counts), one.variance) for one in alone
    ]


def one_round(*, epsilon: float) -> Schedule:
    return Schedule(sensitivity=GRID, columns=(), pairs=(), rounds=((epsilon, 1.0),))


# A score that is four patients above the others is chosen e : 1 : … at ε = 0.5, as exp(0.5 · 4 / 2) = e.


def test_mst_chooses_as_randomly_as_its_event_says():
    rows, alone = dependent()
    counts = [one.counts * GRID for one in alone]
    drawn = [chosen_pairs(rows, counts, [], one_round(epsilon=0.5), noise())[0] for _ in range(800)]
    assert drawn.count((0, 1)) / 800 == pytest.approx(np.e / (np.e + 2), abs=0.08)


def test_aim_chooses_as_randomly_as_its_event_says():
    rows, alone = dependent()
    two = Rows(rows.codes[:, :2].copy(), rows.weights, GRID)
    drawn = []
    for _ in range(150):
        found, _ = aim(two, (2, 2), alone[:2], 4.0, one_round(epsilon=0.5), noise(), degree=2, banned={})
        drawn.append(found[0].columns)
    assert drawn.count((0, 1)) / 150 == pytest.approx(np.e / (np.e + 2), abs=0.17)
