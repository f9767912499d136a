"""Teachers on disjoint patients: one patient moves one vote a question, and what leaves are winners after noise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.dp.accountant import epsilon
from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import InvalidInput
from confide.tasks.teachers import TeachersPlan, ask

KEY = b"a key for tests."


def plan(**changes):
    fields = {
        "name": "labels", "source": "notes", "classes": ("well", "ill"), "teachers": 50, "questions": 20,
        "epsilon": 4.0, "patients": 1000, "delta": 1e-6, **changes,
    }  # fmt: skip
    return TeachersPlan(**fields)


def teach(records):
    """A teacher that answers by the mean of what it saw: anything that looks at its own records alone."""
    level = np.mean(records)
    return lambda questions: (np.array(questions) > level).astype(int)


@given(st.data())
def test_one_patient_changes_the_answers_of_one_teacher(data):
    small = plan(teachers=5)
    records = data.draw(st.lists(st.floats(-1, 1), min_size=1, max_size=30))
    patients = [f"p{data.draw(st.integers(0, 9))}" for _ in records]
    questions = list(np.linspace(-1, 1, 20))
    leaver = data.draw(st.sampled_from(patients))
    kept = [(r, p) for r, p in zip(records, patients, strict=True) if p != leaver]
    every = ask(small, records, patients, questions, teach=teach, key=KEY)
    without = ask(small, [r for r, _ in kept], [p for _, p in kept], questions, teach=teach, key=KEY)
    assert (every != without).any(axis=1).sum() <= 1
    counts = [(votes[:, :, None] == np.arange(2)).sum(axis=0) for votes in (every, without)]
    assert np.linalg.norm(counts[0] - counts[1]) <= small.sensitivity


def test_the_noise_keeps_the_price_of_all_questions_together():
    for questions in (1, 20, 500):
        asked = plan(questions=questions)
        assert epsilon(asked.event(), asked.delta) <= asked.epsilon
        assert asked.sensitivity >= np.sqrt(2 * questions)


def test_what_most_teachers_say_wins():
    votes = np.zeros((50, 20), dtype=int)
    votes[:, 10:] = 1
    released = plan(epsilon=20.0).execute(votes, Noise(Stream(bytes(32))))
    assert released["labels"] == [0] * 10 + [1] * 10


def test_the_noise_has_the_size_that_was_paid_for():
    """With all votes equal between two classes, a winner is a fair coin; with a lead of one sigma it is Φ(1/√2)."""
    asked = plan(questions=4000, teachers=100, epsilon=20.0)
    lead = round(asked.sigma)
    votes = (np.arange(100)[:, None] < (100 + lead) / 2).astype(int) * np.ones((1, 4000), int)
    won = np.mean(asked.execute(votes, Noise(Stream(bytes(32))))["labels"])
    assert abs(won - 0.76) < 0.04


@pytest.mark.parametrize(
    "votes", [np.zeros((49, 20), int), np.zeros((50, 20)), np.full((50, 20), 2), np.full((50, 20), -1)]
)
def test_votes_that_are_not_those_of_the_plan_are_refused(votes):
    with pytest.raises(InvalidInput):
        plan().execute(votes, Noise(Stream(bytes(32))))


@pytest.mark.parametrize(
    "changes", [{"classes": ("one",)}, {"teachers": 1}, {"questions": 0}, {"epsilon": 0.0}, {"delta": 0.1}]
)
def test_a_plan_that_could_never_be_asked_is_refused(changes):
    with pytest.raises(InvalidInput):
        plan(**changes)


def test_a_plan_in_json_has_no_floats():
    assert not [value for value in plan().to_json().values() if isinstance(value, float)]
