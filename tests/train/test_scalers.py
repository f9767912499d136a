"""Scalers and encoders learn from all patients under one charge: noise as paid for, one patient's part bounded, nothing else."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import chi2
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from train_books import entries, ledger

from confide.dp.accountant import epsilon
from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import BudgetExceeded, InvalidInput
from confide.train.estimators import DPLogisticRegression
from confide.train.privacy import PrivacyPlan
from confide.train.scalers import (
    GRID,
    CategoriesPlan,
    DPOneHotEncoder,
    DPStandardScaler,
    ScalesPlan,
    keys_of,
    sums,
)

BOUNDS = ((0.0, 120.0), (-5.0, 5.0))
WHOSE = {"account": "inpatients"}
anything = st.floats(allow_nan=True, allow_infinity=True)


def scales(columns=2, **changes):
    fields = {"name": "s", "bounds": BOUNDS[:1] * columns, "epsilon": 1.0, "delta": 1e-9}
    return ScalesPlan(**{**fields, **changes})


def categories(**changes):
    return CategoriesPlan(**{"name": "c", "columns": 2, "most": 2, "epsilon": 1.0, "delta": 1e-9, **changes})


def visits(number=4000, seed=0):
    rng = np.random.default_rng(seed)
    values = np.stack([rng.normal(70, 8, number), rng.normal(1, 0.5, number)], axis=1)
    return values, np.arange(number) // 2


class NoNoise:
    """Adds nothing, to see what noise is added to."""

    def discrete_gaussian(self, sigma, size):
        return np.zeros(size, np.int64)

    def discrete_laplace(self, scale, size):
        return np.zeros(size, np.int64)


# what a patient may move


@given(values=arrays(float, (9, 2), elements=anything), codes=arrays(np.int64, 9, elements=st.integers(0, 4)))
@settings(max_examples=150, deadline=None)
def test_one_patient_moves_the_sums_by_at_most_the_grid_whatever_the_values(values, codes):
    plan = scales(bounds=BOUNDS)
    codes = np.unique(codes, return_inverse=True)[1]
    whole = sums(plan, values, codes)
    for patient in set(codes.tolist()):
        others = codes != patient
        left = np.unique(codes[others], return_inverse=True)[1]
        moved = [int(each) for each in whole - sums(plan, values[others], left)]
        assert sum(each * each for each in moved) <= GRID * GRID


def test_the_bound_on_a_patient_is_reached_and_so_is_not_too_wide():
    plan = scales(columns=3)
    moved = sums(plan, np.full((1, 3), 120.0), np.zeros(1, np.int64))
    assert math.hypot(*moved) > 0.999 * GRID


@given(rows=st.lists(st.lists(st.sampled_from(["a", "b", "c", " b ", "", None, math.nan]), min_size=2, max_size=2), max_size=9),
       most=st.integers(1, 3))  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_a_patient_has_at_most_so_many_categories_each_once(rows, most):
    values = np.array(rows, dtype=object).reshape(-1, 2)
    plan = categories(most=most)
    found = keys_of(plan, values, np.zeros(len(values), np.int64))
    for keys in found:
        assert len(keys) == len(set(keys)) <= plan.counted.keys
        assert all(sum(key.startswith(f"{at}:") for key in keys) <= most for at in range(2))


# the noise that was paid for


@pytest.mark.parametrize(("factor", "within"), [(1.0, True), (0.5, False), (1.1, False)])
def test_the_noise_on_the_sums_has_the_variance_that_is_charged(factor, within):
    """On nobody's records the release is noise alone; a planted wrong one is seen."""
    plan, columns = scales(columns=2000), 2000
    drawn = []

    class Watching:
        def discrete_gaussian(self, sigma, size):
            drawn.append(Noise(Stream(bytes(32))).discrete_gaussian(sigma * factor, size))
            return drawn[-1]

    release = plan.execute((np.zeros((0, columns)), np.zeros(0, np.int64)), Watching())
    energy = float(((drawn[0] / plan.sigma) ** 2).sum())
    low, high = chi2.ppf([1e-6, 1 - 1e-6], 3 * columns)
    assert (low < energy < high) == within
    assert release["noise"] == pytest.approx(plan.sigma * plan.norm / GRID)
    assert len(drawn) == 1


@pytest.mark.parametrize(
    "plan", [scales(), scales(epsilon=8.0), categories(), categories(most=1, delta=1e-7)]
)
def test_the_event_costs_no_more_than_is_stated(plan):
    assert epsilon(plan.event(), plan.delta) <= plan.epsilon
    assert epsilon(plan.event(), plan.delta) > 0.9 * plan.epsilon
    assert not [value for value in plan.to_json().values() if isinstance(value, float)]


# what comes out


def test_means_and_spreads_are_those_of_the_patients_each_counting_once():
    values, patients = visits()
    heavy = np.vstack([values, np.full((3000, 2), [120.0, 5.0])])  # one patient with most of the records
    owners = np.concatenate([patients, np.full(3000, 9999)])
    books = ledger()
    scaler = DPStandardScaler(epsilon=3.0, bounds=BOUNDS).fit(heavy, patients=owners, ledger=books, **WHOSE)
    np.testing.assert_allclose(scaler.mean_, [70, 1], rtol=0.05)
    np.testing.assert_allclose(scaler.scale_, [8, 0.5], rtol=0.25)
    assert len(entries(books, "charge")) == len(entries(books, "commit")) == 1
    again = DPStandardScaler(epsilon=3.0, bounds=BOUNDS).fit(heavy, patients=owners, ledger=books, **WHOSE)
    np.testing.assert_array_equal(again.mean_, scaler.mean_)
    assert len(entries(books, "charge")) == 1


def test_a_column_that_few_patients_have_keeps_its_public_scale_and_a_constant_one_does_not_blow_up():
    values = np.full((400, 2), [np.nan, 2.0])
    release = scales(bounds=BOUNDS).execute((values, np.arange(400)), NoNoise())
    assert release["mean"][0] == 60.0
    assert release["scale"][0] == pytest.approx(120 / math.sqrt(12))
    assert release["mean"][1] == pytest.approx(2.0, rel=1e-4)
    assert release["scale"][1] > 0.1


def test_a_record_is_scaled_by_itself_and_a_missing_value_stays_missing():
    values, patients = visits()
    scaler = DPStandardScaler(epsilon=3.0, bounds=BOUNDS)
    scaled = scaler.fit_transform(values, patients=patients, ledger=ledger(), **WHOSE)
    np.testing.assert_array_equal(scaler.transform(values[:1]), scaled[:1])
    odd = scaler.transform([[np.nan, np.inf]])
    assert np.isnan(odd[0, 0])
    assert odd[0, 1] == (5.0 - scaler.mean_[1]) / scaler.scale_[1]


def test_a_category_of_one_patient_is_not_shown_and_reads_like_none():
    wards = [["heart"], ["lung"]] * 400 + [["rare"]] * 400 + [[None]]
    owners = [*range(800), *[9999] * 400, 5]
    books = ledger()
    encoder = DPOneHotEncoder(epsilon=1.0).fit(wards, patients=owners, ledger=books, **WHOSE)
    assert encoder.categories_ == [["heart", "lung"]]
    np.testing.assert_array_equal(
        encoder.transform([["lung"], [" heart "], ["rare"], [None]]), [[0, 1], [1, 0], [0, 0], [0, 0]]
    )
    assert "rare" not in str(encoder.release_)
    assert len(entries(books, "charge")) == 1


def test_a_pipeline_of_scikit_learn_pays_for_each_of_its_steps():
    values, patients = visits()
    labels = np.where(values[:, 0] - 70 + 8 * (values[:, 1] - 1) > 0, "back", "home")
    books = ledger()
    whose = {"patients": patients, "ledger": books, **WHOSE}
    privacy = PrivacyPlan(epsilon=3.0, delta=1e-8, patients=2000, expected_batch=400, steps=30, max_records=2)
    steps = [
        ("scale", DPStandardScaler(epsilon=1.0, bounds=BOUNDS)),
        ("model", DPLogisticRegression(privacy=privacy, classes=("home", "back"), bounds=((-3, 3),) * 2)),
    ]
    line = Pipeline(steps).fit(
        values, labels, **{f"{step}__{key}": value for step, _ in steps for key, value in whose.items()}
    )
    assert np.mean(line.predict(values) == labels) > 0.88
    assert len(entries(books, "charge")) == 2
    assert clone(steps[0][1]).get_params() == steps[0][1].get_params()
    assert clone(DPOneHotEncoder(epsilon=1.0)).set_params(most=2).most == 2


# refusals


@pytest.mark.parametrize(
    ("changes", "values", "patients", "said"),
    [
        ({}, np.zeros((3, 2)), ["a", None, "b"], "privacy.patient-missing"),
        ({}, np.zeros((3, 2)), None, "privacy.patient-missing"),
        ({}, np.zeros((3, 2)), [1, 2], "privacy.patient-missing"),
        ({}, np.zeros((3, 3)), [1, 2, 3], "privacy.columns"),
        ({}, np.zeros(3), [1, 2, 3], "privacy.columns"),
        ({"bounds": ((0, 0), (1, 2))}, np.zeros((3, 2)), [1, 2, 3], "privacy.bounds"),
        ({"bounds": ()}, np.zeros((3, 2)), [1, 2, 3], "privacy.bounds"),
        ({"epsilon": 0.0}, np.zeros((3, 2)), [1, 2, 3], "dp.out-of-range"),
        ({"delta": 0.1}, np.zeros((3, 2)), [1, 2, 3], "dp.out-of-range"),
        ({"unit": "visit"}, np.zeros((3, 2)), [1, 2, 3], "privacy.out-of-range"),
    ],
)
def test_what_cannot_be_scaled_is_refused_before_a_charge(changes, values, patients, said):
    books = ledger()
    scaler = DPStandardScaler(**{"epsilon": 1.0, "bounds": BOUNDS, **changes})
    with pytest.raises(InvalidInput) as refused:
        scaler.fit(values, patients=patients, ledger=books, **WHOSE)
    assert refused.value.code == said
    assert entries(books, "charge") == []


@pytest.mark.parametrize("step", [DPStandardScaler(epsilon=3.0, bounds=BOUNDS), DPOneHotEncoder(epsilon=3.0)])
def test_a_step_over_the_budget_is_refused(step):
    with pytest.raises(BudgetExceeded):
        step.fit(np.zeros((2, 2)), patients=[1, 2], ledger=ledger(epsilon=1.0), **WHOSE)
