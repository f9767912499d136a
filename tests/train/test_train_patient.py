"""The patient is the unit: what one patient can move, with any number of rows and any values."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from train_tables import FEATURES, Silent, section, visits

from confide.dp.accountant import epsilon
from confide.dp.clip import to_grid
from confide.dp.events import SampledGaussian, leaves
from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.train.features import matrix, names
from confide.train.logistic import GRID, MOMENTUM, LogisticPlan, descend, gradients, prepared

NUMBERS = st.one_of(
    st.none(), st.sampled_from([float("nan"), float("inf"), float("-inf"), 1e308, 0.0]), st.floats(-50, 200)
)
ROW = st.fixed_dictionaries(
    {
        "_patient": st.sampled_from(["p1", "p2", "p3", None]),
        "age": NUMBERS,
        "stay": NUMBERS,
        "sex": st.sampled_from(["F", "M", "", "女", None]),
        "ward": st.sampled_from(["A", "D", "Z", None]),
        "readmitted": st.sampled_from(["0", "1", "maybe", None]),
        "times": st.sampled_from([1, 1, 2, 500]),
    }
)
SCHEMA = {
    "_patient": pl.String,
    "age": pl.Float64,
    "stay": pl.Float64,
    "sex": pl.String,
    "ward": pl.String,
    "readmitted": pl.String,
    "times": pl.Int64,
}


def table(rows):
    frame = pl.DataFrame(rows, schema=SCHEMA)
    return (
        frame.select(pl.exclude("times").repeat_by("times").explode()) if len(frame) else frame.drop("times")
    )


def step_sum(settings_of_plan, data, weights):
    rows = prepared(settings_of_plan, data)
    n_patients = len(np.unique(rows.patients))
    everyone = np.ones(n_patients, dtype=np.bool_)
    return to_grid(gradients(rows, weights, everyone), settings_of_plan.clip, GRID).sum(axis=0)


@settings(max_examples=60, deadline=None)
@given(
    data=st.lists(ROW, max_size=12).map(table),
    clip=st.sampled_from([0.01, 0.5, 1.0, 30.0]),
    scale=st.sampled_from([0.0, 1.0, 1e6]),
)
def test_one_patient_moves_the_integer_sum_by_at_most_the_clip(data, clip, scale):
    """Promise 2 and formula 6: the norm is the patient's, not the row's, and not the batch's."""
    asked = section(clip=clip)
    weights = np.random.default_rng(1).normal(size=len(names(FEATURES))) * scale
    everybody = step_sum(asked, data, weights)
    for patient in data["_patient"].unique():
        without = step_sum(asked, data.filter(pl.col("_patient").ne_missing(patient)), weights)
        moved = (everybody - without).astype(object)
        assert int((moved**2).sum()) <= GRID**2  # exact: a patient's own row, no rounding of the others


@settings(max_examples=40, deadline=None)
@given(times=st.integers(2, 50), patient=st.integers(0, 29))
def test_repeating_all_rows_of_a_patient_changes_nothing(times, patient):
    data = visits(30, seed=3)
    own = data.filter(pl.col("_patient") == f"p{patient}")
    weights = np.linspace(-1, 1, len(names(FEATURES)))
    once = step_sum(section(), data, weights)
    often = step_sum(section(), pl.concat([data, *[own] * (times - 1)]), weights)
    assert np.abs(once - often).max() <= 2  # the mean of more equal rows rounds elsewhere, by a unit of 2^-20


def test_a_patients_gradient_is_the_same_to_the_last_bit_whoever_else_is_there():
    """Promise 2: what the sum of a step adds for one patient depends on that patient alone."""
    weights = np.random.default_rng(5).normal(size=len(names(FEATURES)))
    data = visits(200, seed=4)
    rows = prepared(section(), data)
    order = {p: i for i, p in enumerate(data["_patient"].unique(maintain_order=True))}
    together = gradients(rows, weights, np.ones(200, dtype=np.bool_))
    for patient in [f"p{i}" for i in range(0, 200, 7)]:
        alone = prepared(section(), data.filter(pl.col("_patient") == patient))
        own = gradients(alone, weights, np.ones(1, dtype=np.bool_))
        assert (own[0] == together[order[patient]]).all()


def test_the_gradient_is_the_mean_over_the_patients_rows():
    data = visits(40, seed=2)
    weights = np.linspace(-1, 1, len(names(FEATURES)))
    found = gradients(prepared(section(), data), weights, np.ones(40, dtype=np.bool_))
    for place, patient in enumerate(data["_patient"].unique(maintain_order=True)):
        own = data.filter(pl.col("_patient") == patient)
        inputs = matrix(FEATURES, own)
        chance = 1 / (1 + np.exp(-inputs @ weights))
        expected = ((chance - own["readmitted"].to_numpy())[:, None] * inputs).mean(axis=0)
        np.testing.assert_allclose(found[place], expected, atol=1e-12)


def test_without_noise_the_steps_are_those_of_the_plain_loop():
    """Formula 6: clip each patient, sum, divide once by the public expected batch."""
    asked = section(patients=100, test_share=0.0, expected_batch=80, steps=9, clip=0.7, learning_rate=1.5)
    rows = prepared(asked, visits(60, seed=6))
    coins = np.random.default_rng(3).random(60) < 0.5
    found = descend(LogisticPlan(settings=asked), rows, Silent(coins))
    weights, velocity, path = np.zeros(len(found)), np.zeros(len(found)), []
    for _ in range(9):
        total = np.zeros(len(found))
        for patient in np.flatnonzero(coins):
            own = rows.patients == patient
            chance = 1 / (1 + np.exp(-rows.inputs[own] @ weights))
            gradient = ((chance - rows.outcomes[own])[:, None] * rows.inputs[own]).mean(axis=0)
            total += gradient * min(1, 0.7 / np.linalg.norm(gradient))
        velocity = MOMENTUM * velocity + total / 80
        weights = weights - 1.5 * velocity
        path.append(weights)
    np.testing.assert_allclose(found, np.mean(path[4:], axis=0), atol=1e-4)


def test_the_divisor_is_public_and_not_the_number_of_patients_at_hand():
    """Promise 4: twice the patients make twice the sum, and not the same mean."""
    asked = section(patients=1000, test_share=0.0, expected_batch=250, steps=1, clip=100.0)
    one = descend(LogisticPlan(settings=asked), prepared(asked, visits(50)), Silent())
    data = visits(50)
    twice = pl.concat([data, data.with_columns(pl.col("_patient") + "x")])
    two = descend(LogisticPlan(settings=asked), prepared(asked, twice), Silent())
    np.testing.assert_allclose(two, 2 * one, rtol=1e-4)


def test_noise_is_drawn_anew_by_every_charge_and_has_the_size_that_was_paid_for():
    asked = section(steps=1, learning_rate=1.0)
    plan = LogisticPlan(settings=asked)
    nobody = visits(5).clear()
    drawn = np.array([plan.execute(nobody, Noise(Stream()))["coefficients"]["age"] for _ in range(400)])
    assert len(set(drawn)) == 400
    expected = plan.sigma / GRID * asked.clip / asked.expected_batch
    assert 0.85 < drawn.std() / expected < 1.15


def test_every_coefficient_gets_noise_of_its_own():
    """Formula 16."""
    plan = LogisticPlan(settings=section(steps=3))
    released = plan.execute(visits(5).clear(), Noise(Stream(bytes(32))))
    assert len(set(released["coefficients"].values())) == len(names(FEATURES))


@pytest.mark.parametrize(
    "asked", [section(), section(epsilon=4.0, steps=30), section(epsilon=0.2, expected_batch=800)]
)
def test_the_whole_training_costs_what_the_plan_says(asked):
    """The sampling that the accountant assumes is the one that the loop does: coins for patients."""
    plan = LogisticPlan(settings=asked)
    cost = epsilon(plan.event(), plan.delta)
    assert 0.99 * plan.epsilon < cost <= plan.epsilon
    (noise,) = [event for event in leaves(plan.event()) if isinstance(event, SampledGaussian)]
    assert noise.steps == asked.steps
    assert noise.rate == asked.expected_batch / (1000 * 0.8)
    assert noise.sensitivity == GRID


class Listening(Silent):
    """Keeps what the loop asked for."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def bernoulli(self, p, size):
        self.asked.append(("coins", p, size))
        return super().bernoulli(p, size)

    def discrete_gaussian(self, sigma, size=None):
        self.asked.append(("noise", sigma, size))
        return super().discrete_gaussian(sigma, size)


def test_each_step_tosses_one_coin_per_patient_and_adds_noise_once():
    """Formula 6: the loader does the sampling that is accounted, and noise is not added per batch piece."""
    plan = LogisticPlan(settings=section(steps=4))
    listening = Listening()
    plan.execute(visits(70), listening)
    assert listening.asked == [("coins", plan.rate, 70), ("noise", plan.sigma, len(names(FEATURES)))] * 4


def test_training_rows_are_never_shown():
    """Promise 8: no patient data in reprs."""
    shown = repr(prepared(section(), visits(5)))
    assert shown == "Rows()"
