"""Models on a site's records: gradients against differences of losses, and what one patient can move, for every input."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from confide.errors import InvalidInput
from confide.federated.glm import Glm, Softmax
from confide.federated.learners import TableLearner, table
from confide.federated.measures import accuracy, auc, concordance
from confide.federated.mlp import Mlp
from confide.federated.survival import Cox, Hazard

ANY = st.one_of(
    st.floats(-3, 3), st.sampled_from([math.nan, math.inf, -math.inf, 1e308, -1e308, 1e154, 1e-320, 0.0])
)
FORMS = {
    "linear": Glm(kind="linear", features=3),
    "logistic": Glm(kind="logistic", features=3),
    "poisson": Glm(kind="poisson", features=3),
    "softmax": Softmax(features=3, classes=3),
    "mlp": Mlp(features=3, hidden=4, classes=3),
    "hazard": Hazard(features=3, ends=(0.5, 1.0, 2.5)),
}
draw = np.random.default_rng(3)


def outcomes_for(name, rows, give=draw):
    """Outcomes of each model, from uniform numbers."""
    match name:
        case "linear":
            return give.normal(size=rows)
        case "hazard":
            return np.column_stack([give.exponential(size=rows), give.integers(0, 2, rows)])
        case "softmax" | "mlp":
            return give.integers(0, 3, rows).astype(float)
        case _:
            return give.integers(0, 2, rows).astype(float)


def loss(name, form, model, inputs, outcomes):
    """Each record's loss, written down plainly."""
    if name == "hazard":
        found = []
        for x, (time, event) in zip(inputs, outcomes, strict=True):
            total, begin = 0.0, 0.0
            for period, end in enumerate(form.ends):
                hazard = 1 / (1 + math.exp(-(model[period] + x @ model[len(form.ends) :])))
                if event and begin < time <= end:
                    total -= math.log(hazard)
                elif time > end or (not event and time == end):
                    total -= math.log(1 - hazard)
                begin = end
            found.append(total)
        return np.array(found)
    if name in ("softmax", "mlp"):
        if name == "softmax":
            scores = inputs @ model.reshape(3, -1)[:, 1:].T + model.reshape(3, -1)[:, 0]
        else:
            units = np.maximum(inputs @ model[:12].reshape(3, 4) + model[12:16], 0)
            scores = units @ model[16:28].reshape(4, 3) + model[28:]
        return np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(scores)), outcomes.astype(int)]
    scores = model[0] + inputs @ model[1:]
    return {
        "linear": (scores - outcomes) ** 2 / 2,
        "logistic": np.log1p(np.exp(scores)) - outcomes * scores,
        "poisson": np.exp(scores) - outcomes * scores,
    }[name]


@pytest.mark.parametrize("name", FORMS)
def test_a_gradient_is_the_slope_of_the_mean_loss_of_patients(name):
    form, patients = FORMS[name], np.array([0, 0, 0, 1, 2, 2, 3, 4, 4, 4])
    inputs, outcomes = draw.normal(size=(10, 3)), outcomes_for(name, 10)
    model = form.start() + draw.normal(size=form.length) / 3
    learner = TableLearner(form, table(inputs, outcomes, patients))

    def mean(at):
        each = loss(name, form, at, inputs, outcomes)
        return np.mean([each[patients == who].mean() for who in range(5)])

    slopes = [(mean(model + 1e-6 * e) - mean(model - 1e-6 * e)) / 2e-6 for e in np.eye(form.length)]
    np.testing.assert_allclose(learner.gradient(model), slopes, atol=1e-7)
    np.testing.assert_allclose(learner.clipped_sum(model, 100.0) / 5, slopes, atol=1e-4)
    some = learner.gradient(model, np.array([1, 3]))
    only = table(inputs[[3, 6]], outcomes[[3, 6]])
    np.testing.assert_allclose(some, TableLearner(form, only).gradient(model), atol=1e-12)


@pytest.mark.parametrize("name", FORMS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_one_patient_moves_the_clipped_sum_by_at_most_the_clip(name, data):
    form = FORMS[name]
    rows = data.draw(st.integers(1, 7))
    inputs = data.draw(hnp.arrays(np.float64, (rows, 3), elements=ANY))
    width = (2,) if name == "hazard" else ()
    outcomes = data.draw(hnp.arrays(np.float64, (rows, *width), elements=ANY))
    patients = data.draw(hnp.arrays(np.int64, rows, elements=st.integers(0, 3)))
    model = data.draw(hnp.arrays(np.float64, form.length, elements=ANY))
    clip = data.draw(st.sampled_from([1e-9, 0.3, 1.0, 1e9]))
    with np.errstate(all="ignore"):
        whole = TableLearner(form, table(inputs, outcomes, patients)).clipped_sum(model, clip)
        assert np.isfinite(whole).all()
        for who in np.unique(patients):
            rest = patients != who
            without = TableLearner(form, table(inputs[rest], outcomes[rest], patients[rest]))
            moved = np.linalg.norm((whole - without.clipped_sum(model, clip)) / clip)
            assert moved <= 1 + 2.0**-20


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("features", [3, 61])
def test_a_patient_s_part_is_the_same_to_the_last_bit_whoever_else_is_there(name, features):
    """Else a patient at the edge of being finite, or of a step, would change with others."""
    form = type(FORMS[name])(
        **{slot: getattr(FORMS[name], slot) for slot in FORMS[name].__slots__} | {"features": features}
    )
    inputs, outcomes = draw.normal(size=(57, features)), outcomes_for(name, 57)
    model = draw.normal(size=form.length) / 5
    together = form.rows(model, inputs, outcomes)
    for at in range(57):
        alone = form.rows(model, inputs[at : at + 1], outcomes[at : at + 1])
        assert alone.tobytes() == together[at].tobytes()


def test_a_patient_who_is_not_finite_adds_nothing_to_either_sum():
    form = FORMS["logistic"]
    inputs, outcomes = draw.normal(size=(6, 3)), outcomes_for("logistic", 6)
    patients = np.array([0, 0, 1, 2, 3, 3])
    spoilt = inputs.copy()
    spoilt[1, 2] = np.nan
    rest = TableLearner(form, table(inputs[2:], outcomes[2:], patients[2:]))
    learner, model = TableLearner(form, table(spoilt, outcomes, patients)), np.ones(4)
    np.testing.assert_array_equal(learner.clipped_sum(model, 1.0), rest.clipped_sum(model, 1.0))
    np.testing.assert_allclose(learner.gradient(model) * 4, rest.gradient(model) * 3, rtol=1e-12)


def test_only_the_chosen_are_summed():
    learner = TableLearner(FORMS["linear"], table(draw.normal(size=(9, 3)), draw.normal(size=9)))
    chosen = np.arange(9) % 2 == 0
    parts = [learner.clipped_sum(np.ones(4), 0.7, each) for each in (chosen, ~chosen)]
    np.testing.assert_allclose(sum(parts), learner.clipped_sum(np.ones(4), 0.7), rtol=1e-12)


def test_gradients_that_do_not_fit_into_memory_at_once_are_the_same(monkeypatch):
    inputs, patients = draw.normal(size=(50, 3)), np.sort(draw.integers(0, 12, 50))
    learner = TableLearner(FORMS["linear"], table(inputs, draw.normal(size=50), patients))
    whole = learner.clipped_sum(np.ones(4), 0.7)
    monkeypatch.setattr("confide.federated.learners._CELLS", 12)
    assert learner.clipped_sum(np.ones(4), 0.7).tobytes() == whole.tobytes()


def test_cox_is_the_slope_of_breslow_s_likelihood_with_ties():
    n = 40
    inputs, events = draw.normal(size=(n, 3)), draw.integers(0, 2, n)
    times = np.round(draw.exponential(size=n), 1)
    learner = Cox(3, table(inputs, np.column_stack([times, events])))

    def minus_log(at):
        scores = inputs @ at
        return -sum(
            scores[i] - np.log(np.exp(scores[times >= times[i]]).sum()) for i in np.flatnonzero(events)
        )

    model = draw.normal(size=3)
    slopes = [(minus_log(model + 1e-6 * e) - minus_log(model - 1e-6 * e)) / 2e-6 / n for e in np.eye(3)]
    np.testing.assert_allclose(learner.gradient(model), slopes, atol=1e-7)
    assert np.isfinite(learner.gradient(model * 1000)).all()
    assert not learner.gradient(model, np.empty(0, dtype=np.int64)).any()


def test_coupled_patients_are_refused_where_a_patient_is_to_be_bounded():
    learner = Cox(1, table(np.ones((3, 1)), np.ones((3, 2))))
    with pytest.raises(InvalidInput) as refused:
        learner.clipped_sum(np.ones(1), 1.0)
    assert refused.value.code == "learning.coupled"


def test_records_that_do_not_fit_together_are_refused():
    for inputs, outcomes, patients in [
        (np.ones(3), np.ones(3), None), (np.ones((3, 1)), np.ones(2), None),
        (np.ones((3, 1)), np.ones(3), np.arange(2)),
    ]:  # fmt: skip
        with pytest.raises(InvalidInput):
            table(inputs, outcomes, patients)
    with pytest.raises(InvalidInput):
        Cox(1, table(np.ones((3, 1)), np.ones((3, 2)), np.array([0, 0, 1])))
    with pytest.raises(InvalidInput):
        Hazard(features=1, ends=(2.0, 1.0))


def test_records_are_not_shown():
    secret = 4711.25
    learner = TableLearner(Glm(kind="linear", features=1), table(np.full((2, 1), secret), np.full(2, secret)))
    cox = Cox(1, table(np.full((2, 1), secret), np.full((2, 2), secret)))
    for shown in (repr(learner), repr(learner._data), repr(cox)):
        assert "4711" not in shown


def test_measures_are_those_of_their_definitions():
    outcomes, scores = draw.integers(0, 2, 60).astype(float), np.round(draw.random(60), 1)
    pairs = [(a > b) + (a == b) / 2 for a in scores[outcomes == 1] for b in scores[outcomes == 0]]
    assert auc(outcomes, scores) == pytest.approx(np.mean(pairs))
    assert accuracy(outcomes, scores) == np.mean((scores > 0.5) == outcomes)
    assert accuracy(np.array([2.0]), np.array([[0.1, 0.2, 0.7]])) == 1
    times, risk = np.round(draw.exponential(size=60), 1), np.round(draw.normal(size=60), 1)
    told = [
        (risk[i] > risk[j]) + (risk[i] == risk[j]) / 2
        for i in range(60) for j in range(60)
        if outcomes[i] and (times[i] < times[j] or (times[i] == times[j] and not outcomes[j]))
    ]  # fmt: skip
    assert concordance(times, outcomes, risk) == pytest.approx(np.mean(told))
    for nothing in (auc(np.ones(3), np.ones(3)), concordance(np.ones(2), np.zeros(2), np.ones(2))):
        assert math.isnan(nothing)
