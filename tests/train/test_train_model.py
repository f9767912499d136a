"""The released model: useful, public in all it holds, split by patient, and honest about what is inside."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from train_tables import FEATURES, section, visits

from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import InvalidInput
from confide.train.features import matrix, names, outcomes
from confide.train.logistic import LogisticPlan
from confide.train.predict import area_under_curve, evaluate, predict
from confide.train.split import split_patients
from confide.words import say, speaking

KEY = b"0123456789abcdef"


def noise(number: int = 0) -> Noise:
    return Noise(Stream(number.to_bytes(32, "big")))


def test_at_epsilon_1_and_16000_patients_the_model_is_nearly_as_good_as_without_privacy():
    train, held_out = split_patients(visits(20_000, seed=1), KEY, 0.2)
    asked = section(patients=20_000, delta=5e-9, epsilon=1.0)
    released = LogisticPlan(settings=asked).execute(train, noise(1))
    ours = evaluate(released, held_out)["auc"]
    plain = LogisticRegression(max_iter=500).fit(matrix(FEATURES, train), train["readmitted"].to_numpy())
    theirs = roc_auc_score(held_out["readmitted"], plain.decision_function(matrix(FEATURES, held_out)))
    assert ours > theirs - 0.02


@settings(max_examples=30, deadline=None)
@given(share=st.floats(0, 0.95), key=st.binary(min_size=16, max_size=32))
def test_nobody_stands_on_both_sides_of_a_split(share, key):
    """Promise 2: splits are by patient."""
    data = visits(120)
    train, held_out = split_patients(data, key, share)
    assert not set(train["_patient"]) & set(held_out["_patient"])
    assert len(train) + len(held_out) == len(data)


def test_the_side_of_a_patient_does_not_depend_on_the_others():
    data = visits(300)
    _, held_out = split_patients(data, KEY, 0.3)
    for patient in ("p1", "p2", "p3", "p4", "p5"):
        _, alone = split_patients(data.filter(pl.col("_patient") == patient), KEY, 0.3)
        assert (len(alone) > 0) == (patient in set(held_out["_patient"]))


def test_the_split_is_near_its_share_and_another_key_makes_another_split():
    data = visits(4000)
    one = set(split_patients(data, KEY, 0.2)[1]["_patient"])
    other = set(split_patients(data, bytes(16), 0.2)[1]["_patient"])
    assert 700 < len(one) < 900
    assert 80 < len(one & other) < 240


def test_a_row_without_a_patient_is_on_neither_side():
    data = visits(3).with_columns(_patient=pl.lit(None, dtype=pl.String))
    assert [len(side) for side in split_patients(data, KEY, 0.5)] == [0, 0]


def test_a_release_is_json_and_enough_to_predict():
    released = LogisticPlan(settings=section(steps=5)).execute(visits(50), noise())
    again = json.loads(json.dumps(released, allow_nan=False))
    np.testing.assert_array_equal(predict(released, visits(20)), predict(again, visits(20)))
    assert tuple(released["coefficients"]) == names(FEATURES)


def test_a_release_holds_nothing_of_the_data_but_its_coefficients():
    """Promise 4: only public constants, and no accuracy that nobody paid for."""
    plan = LogisticPlan(settings=section(steps=5))
    one, other = plan.execute(visits(50), noise()), plan.execute(visits(90, seed=9), noise())
    assert {key for key in one if one[key] != other[key]} == {"coefficients"}


def test_what_is_measured_on_held_out_patients_says_that_it_is_identified():
    released = LogisticPlan(settings=section(steps=5)).execute(visits(50), noise())
    assert evaluate(released, visits(30))["status"] == "identified"


def test_a_plan_in_json_has_no_floats():
    shown = LogisticPlan(settings=section()).to_json()
    assert shown["epsilon"] == "1.0"
    assert shown["expected_batch"] == 200
    assert not any(isinstance(value, float) for value in shown.values())


def test_a_row_is_prepared_by_public_rules_alone():
    """Promise 2: no bound, mean or category is learnt from other rows."""
    data = visits(50)
    whole = matrix(FEATURES, data)
    for place in (0, 7, 31):
        assert (matrix(FEATURES, data[place]) == whole[place]).all()


def test_every_column_that_is_looked_at_is_asked_for_as_text():
    data = visits(20)
    plan = LogisticPlan(settings=section())
    assert plan.text_columns() == {"age", "stay", "sex", "ward", "readmitted"}
    as_text = data.with_columns(pl.all().cast(pl.String))
    assert (matrix(FEATURES, as_text) == matrix(FEATURES, data)).all()


def test_missing_odd_and_far_values_have_a_place():
    data = pl.DataFrame(
        {
            "age": [0.0, 120.0, 60.0, None, float("nan"), 1e308, -5.0],
            "sex": ["F", "M", "x", None, "f", "", "M"],
        }
    )
    numbers = matrix(("number(age, 0, 120)", "category(sex, F, M)"), data)
    assert numbers[:, 1].tolist() == [-1, 1, 0, 0, 0, 1, -1]
    assert numbers[:, 2:].tolist() == [[1, 0], [0, 1], [0, 0], [0, 0], [0, 0], [0, 0], [0, 1]]


def test_outcomes_are_yes_no_or_listed_values():
    yes_no = pl.DataFrame({"y": ["1", "0", "Yes", "no", "TRUE", "否", "maybe", None]})
    assert outcomes("y", yes_no).tolist()[:6] == [1, 0, 1, 0, 1, 0]
    assert np.isnan(outcomes("y", yes_no)[6:]).all()
    for whole in (
        pl.Series([1, 0, None]),
        pl.Series([1.0, 0.0, float("nan")]),
        pl.Series([True, False, None]),
    ):
        assert outcomes("y", pl.DataFrame({"y": whole})).tolist()[:2] == [1, 0]
        assert np.isnan(outcomes("y", pl.DataFrame({"y": whole}))[2])
    listed = pl.DataFrame({"y": ["<30", ">30", "NO", None]})
    assert outcomes('is(y, "<30")', listed).tolist()[:3] == [1, 0, 0]


def test_the_area_under_the_curve_is_sklearns():
    rng = np.random.default_rng(2)
    positive, score = rng.random(500) < 0.3, rng.integers(0, 20, 500).astype(np.float64)
    assert area_under_curve(positive, score) == pytest.approx(roc_auc_score(positive, score))
    assert area_under_curve(np.ones(3, dtype=np.bool_), np.zeros(3)) is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"features": ()}, "train.features"),
        ({"features": ("number(age, 0, 9)", "number(age, 0, 120)")}, "train.features"),
        ({"features": ("number(age)",)}, "train.feature-unknown"),
        ({"features": ("text(note)",)}, "train.feature-unknown"),
        ({"features": ("number(age, 9, 0)",)}, "train.bounds"),
        ({"features": ("number(age, a, b)",)}, "train.bounds"),
        ({"features": ("category(sex, F, F)",)}, "train.values-twice"),
        ({"target": ""}, "train.target-unknown"),
        ({"target": "is(readmitted)"}, "train.target-unknown"),
        ({"patients": 0}, "train.patients"),
        ({"epsilon": 0.0}, "train.epsilon"),
        ({"epsilon": float("nan")}, "train.epsilon"),
        ({"delta": 0.0}, "train.delta"),
        ({"delta": 1e-5 * 1.01}, "train.delta"),
        ({"steps": 0}, "train.steps"),
        ({"test_share": 1.0}, "train.test-share"),
        ({"clip": 0.0}, "train.positive"),
        ({"learning_rate": float("inf")}, "train.positive"),
        ({"expected_batch": 801}, "train.expected-batch"),
        ({"expected_batch": -1}, "train.expected-batch"),
    ],
)
def test_a_section_that_could_never_be_trained_is_refused(changes, code):
    with pytest.raises(InvalidInput) as refused:
        section(**changes)
    assert refused.value.code == code
    for language in ("en", "zh"):
        with speaking(language):
            assert str(refused.value)
            assert refused.value.hint


@pytest.mark.parametrize("missing", ["_patient", "age", "ward", "readmitted"])
def test_a_missing_column_is_named_before_anything_is_drawn(missing):
    with pytest.raises(InvalidInput, match=missing):
        LogisticPlan(settings=section()).execute(visits(3).drop(missing), None)


def test_a_table_of_statistics_is_no_model():
    with pytest.raises(InvalidInput) as refused:
        predict({"kind": "stats"}, visits(3))
    assert refused.value.code == "train.not-a-model"
    assert refused.value.hint


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_notes_of_a_model_can_be_said(language):
    for note in LogisticPlan(settings=section(steps=1)).execute(visits(3), noise())["notes"]:
        with speaking(language):
            assert say(note["key"])
