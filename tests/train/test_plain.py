"""The model without privacy, beside which the private one is seen inside."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from train_tables import section, visits

from confide.train.logistic import prepared
from confide.train.plain import RIDGE, minimised, plain_model
from confide.train.predict import evaluate


def test_the_plain_model_is_the_weighted_logistic_regression_of_scikit_learn():
    rows = prepared(section(), visits(2_000))
    rival = LogisticRegression(C=1 / RIDGE, fit_intercept=False, tol=1e-10, max_iter=10_000)
    rival.fit(rows.inputs, rows.outcomes, sample_weight=rows.shares)
    np.testing.assert_allclose(minimised(rows), rival.coef_[0], atol=1e-5)


def test_each_patient_counts_once_whatever_the_number_of_rows():
    once = visits(300)
    first = once.unique("_patient", keep="first", maintain_order=True)
    often = first.select(first.columns).vstack(first).vstack(first)
    np.testing.assert_allclose(
        minimised(prepared(section(), first)), minimised(prepared(section(), often)), atol=1e-9
    )


def test_an_outcome_that_one_value_decides_leaves_the_weights_finite():
    data = visits(300)
    decided = data.with_columns(readmitted=(data["sex"] == "M").cast(int))
    assert np.isfinite(minimised(prepared(section(), decided))).all()


def test_the_plain_model_says_that_it_is_identified_and_is_read_like_a_release():
    model = plain_model(section(), visits(500))
    assert model["status"] == "identified"
    assert len(model["coefficients"]) == 1 + 2 + 2 + 4
    assert evaluate(model, visits(500, seed=3))["auc"] > 0.6


def test_no_rows_at_all_give_a_model_of_zeros():
    assert not minimised(prepared(section(), visits(5).clear())).any()
