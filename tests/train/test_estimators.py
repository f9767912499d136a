"""The estimators look like scikit-learn's, learn, cost one charge, and read nothing public off the data."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from train_books import entries, ledger

from confide.errors import BudgetExceeded, InvalidInput
from confide.train.estimators import DPMLP, DPLogisticRegression
from confide.train.privacy import PrivacyPlan

BOUNDS = ((0, 100), (-5, 5))


def plan(**changes):
    return PrivacyPlan(
        **{
            "epsilon": 3.0,
            "delta": 1e-8,
            "expected_batch": 400,
            "steps": 40,
            "patients": 2000,
            "max_records": 2,
            **changes,
        }
    )


def visits(number=2000, seed=0):
    rng = np.random.default_rng(seed)
    inputs = np.stack([rng.uniform(0, 100, number), rng.uniform(-5, 5, number)], axis=1)
    labels = np.where(
        inputs[:, 0] / 50 - 1 + inputs[:, 1] / 5 + rng.normal(0, 0.2, number) > 0, "back", "home"
    )
    return inputs, labels, np.arange(number) // 2


def fitted(model, books=None, data=None, **more):
    inputs, labels, patients = data or visits()
    return model.fit(
        inputs, labels, patients=patients, ledger=books or ledger(), account="inpatients", **more
    )


def logistic(**changes):
    return DPLogisticRegression(
        **{"privacy": plan(), "classes": ("home", "back"), "bounds": BOUNDS, **changes}
    )


@pytest.mark.parametrize("form", [DPLogisticRegression, DPMLP])
def test_a_classifier_learns_under_one_charge(form):
    books = ledger()
    model = fitted(form(privacy=plan(), classes=("home", "back"), bounds=BOUNDS), books)
    inputs, labels, _ = visits(seed=1)
    assert model.score(inputs, labels) > 0.88
    assert set(model.predict(inputs)) == {"home", "back"}
    np.testing.assert_allclose(model.predict_proba(inputs).sum(axis=1), 1, rtol=1e-5)
    assert len(entries(books, "charge")) == len(entries(books, "commit")) == 1


def test_the_same_settings_are_put_back_and_others_are_paid_for():
    books = ledger()
    first, again = fitted(logistic(), books), fitted(logistic(), books)
    np.testing.assert_array_equal(first.coef_, again.coef_)
    fitted(logistic(learning_rate=0.2), books)
    assert len(entries(books, "charge")) == 2


def test_a_fit_over_the_budget_is_refused():
    with pytest.raises(BudgetExceeded):
        fitted(logistic(), ledger(epsilon=1.0))


def test_scikit_learn_can_clone_and_set_them():
    model = logistic()
    twin = clone(model)
    assert twin.get_params() == model.get_params()
    assert twin.set_params(learning_rate=0.5).learning_rate == 0.5
    assert clone(DPMLP(privacy=plan(), classes=(0, 1), hidden=(8, 4))).hidden == (8, 4)
    with pytest.raises(ValueError, match="no such setting"):
        model.set_params(alpha=1)


def test_the_scale_of_a_column_comes_from_public_bounds_alone():
    """Another patient's outlier changes nobody's scaled value; a missing value is the middle."""
    model = logistic()
    here = model._scaled(np.array([[50.0, 0.0], [np.nan, 5.0]]))
    there = model._scaled(np.array([[50.0, 0.0], [1e9, -np.inf]]))
    assert torch.equal(here[0], there[0])
    assert here[1].tolist() == [0.0, 1.0]
    assert there[1].tolist() == [1.0, -1.0]


def test_settings_do_not_touch_the_generator_of_others():
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    logistic()._network(2)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize(
    ("changes", "data", "said"),
    [
        ({}, (np.zeros((4, 3)), ["home"] * 4, [0, 1, 2, 3]), "privacy.columns"),
        ({}, (np.zeros(4), ["home"] * 4, [0, 1, 2, 3]), "privacy.columns"),
        ({}, (np.zeros((4, 2)), ["home", "back", "dead", "home"], [0, 1, 2, 3]), "privacy.label"),
        ({}, (np.zeros((4, 2)), ["home"] * 3, [0, 1, 2, 3]), "privacy.patient-missing"),
        ({}, (np.zeros((4, 2)), ["home"] * 4, None), "privacy.patient-missing"),
        ({}, (np.zeros((2, 2)), ["home"] * 2, ["a", None]), "privacy.patient-missing"),
        ({"bounds": ((0, 1), (1, 1))}, (np.zeros((4, 2)), ["home"] * 4, [0, 1, 2, 3]), "privacy.bounds"),
        ({"classes": ("home",)}, (np.zeros((4, 2)), ["home"] * 4, [0, 1, 2, 3]), "privacy.label"),
    ],
)
def test_what_cannot_be_fitted_is_refused_and_not_shown(changes, data, said):
    books = ledger()
    with pytest.raises(InvalidInput) as refused:
        fitted(logistic(**changes), books, data=data)
    assert refused.value.code == said
    assert entries(books, "charge") == []
    assert "dead" not in str(refused.value)
