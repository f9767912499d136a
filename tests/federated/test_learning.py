"""Learning on vectors: the hub's fold and a site's steps against the papers' lines written out by hand."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.errors import IntegrityError, InvalidInput
from confide.federated.glm import Glm
from confide.federated.learners import TableLearner, table
from confide.federated.learning import Course, Learning, local_update, sent_length, task_length

ALGORITHMS = ("fedavg", "fedprox", "scaffold", "fedadam", "fedyogi")
draw = np.random.default_rng(7)
DATA = [(draw.normal(size=(n, 3)) + at, draw.normal(size=n)) for at, n in enumerate((8, 11, 5))]
SITES = [TableLearner(Glm(kind="linear", features=3), table(*each)) for each in DATA]
WEIGHTS = np.array([8, 11, 5]) / 24


def plain_gradient(at, model):
    """Of half the mean squared error, from the data and not from our learners."""
    inputs, outcomes = DATA[at]
    errors = model[0] + inputs @ model[1:] - outcomes
    return np.concatenate([[errors.mean()], (errors[:, None] * inputs).mean(axis=0)])


def played(learning, rounds, sites=SITES, weights=WEIGHTS, missing=lambda _number: ()):
    course, states = Course(learning, sites[0].start()), [b""] * len(sites)
    means = []
    for number in range(1, rounds + 1):
        task = course.task()
        standing = [at for at in range(len(sites)) if at not in missing(number)]
        updates = {}
        for at in standing:
            updates[at], states[at] = local_update(learning, sites[at], task, number, states[at])
        share = float(weights[standing].sum())
        mean = sum(weights[at] * updates[at] for at in standing) / share
        course.take(mean, number=number, share=share)
        means.append((mean, number, share))
    return course, states, means


def test_with_one_site_and_one_step_fedavg_is_gradient_descent():
    learning = Learning(rounds=5, rate=0.1)
    course, _, _ = played(learning, 5, SITES[:1], np.array([1.0]))
    model = np.zeros(4)
    for _ in range(5):
        model = model - 0.1 * plain_gradient(0, model)
    np.testing.assert_allclose(course.model, model, rtol=1e-12)


@pytest.mark.parametrize("algorithm", ["fedavg", "fedprox"])
def test_three_rounds_are_those_of_the_papers_lines(algorithm):
    proximal = 0.3 if algorithm == "fedprox" else 0.0
    learning = Learning(rounds=3, rate=0.05, algorithm=algorithm, steps=4, proximal=proximal)
    course, _, _ = played(learning, 3)
    model = np.zeros(4)
    for _ in range(3):
        after = []
        for at in range(3):
            local = model.copy()
            for _ in range(4):
                local = local - 0.05 * (plain_gradient(at, local) + proximal * (local - model))
            after.append(local)
        model = sum(w * each for w, each in zip(WEIGHTS, after, strict=True))
    np.testing.assert_allclose(course.model, model, rtol=1e-10)


def test_three_rounds_of_scaffold_are_those_of_option_two():
    steps, rate = 4, 0.05
    learning = Learning(rounds=3, rate=rate, algorithm="scaffold", steps=steps)
    course, _, _ = played(learning, 3)
    model, mine, common = np.zeros(4), [np.zeros(4)] * 3, np.zeros(4)
    for _ in range(3):
        moved, changed = np.zeros(4), np.zeros(4)
        for at in range(3):
            local = model.copy()
            for _ in range(steps):
                local = local - rate * (plain_gradient(at, local) - mine[at] + common)
            after = mine[at] - common + (model - local) / (steps * rate)
            moved, changed = moved + WEIGHTS[at] * (local - model), changed + WEIGHTS[at] * (after - mine[at])
            mine[at] = after
        model, common = model + moved, common + changed
    np.testing.assert_allclose(course.model, model, rtol=1e-10)
    np.testing.assert_allclose(course.task()[4:], common, rtol=1e-9)


@pytest.mark.parametrize("algorithm", ["fedadam", "fedyogi"])
def test_three_rounds_of_the_adaptive_are_those_of_algorithm_two(algorithm):
    learning = Learning(rounds=3, rate=0.05, algorithm=algorithm, steps=2, server_rate=0.1, adaptivity=0.01)
    course, _, means = played(learning, 3)
    model, first, second = np.zeros(4), np.zeros(4), np.full(4, 0.01**2)
    for mean, _, _ in means:
        first = 0.9 * first + 0.1 * mean
        square = mean**2
        if algorithm == "fedadam":
            second = 0.99 * second + 0.01 * square
        else:
            second = second - 0.01 * square * np.sign(second - square)
        model = model + 0.1 * first / (np.sqrt(second) + 0.01)
    np.testing.assert_allclose(course.model, model, rtol=1e-12)


def test_fedprox_without_a_pull_is_fedavg():
    same = [
        played(Learning(rounds=3, rate=0.05, algorithm=name, steps=3, batch=4), 3)[0].model
        for name in ("fedavg", "fedprox")
    ]
    np.testing.assert_array_equal(*same)


def test_the_control_variate_of_the_hub_is_the_weighted_mean_of_the_sites_whoever_is_missing():
    learning = Learning(rounds=6, rate=0.05, algorithm="scaffold", steps=3, batch=4)
    course, states, _ = played(learning, 6, missing=lambda number: {number % 4} - {3})
    mine = [np.frombuffer(state[32:], dtype="<f8") for state in states]
    np.testing.assert_allclose(course.task()[4:], WEIGHTS @ np.stack(mine), rtol=1e-9)


def test_a_shortened_update_leaves_hub_and_sites_with_the_same_control_variates():
    learning = Learning(rounds=1, rate=0.05, algorithm="scaffold", steps=3)
    course = Course(learning, np.zeros(4))
    update, state = local_update(learning, SITES[1], course.task(), 1, b"", clip=0.01)
    assert np.linalg.norm(update) <= 0.01 * (1 + 1e-12)
    course.take(update, number=1)
    np.testing.assert_allclose(course.task()[4:], np.frombuffer(state[32:], dtype="<f8"), rtol=1e-12)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_fold_replays_to_the_same_bytes(algorithm):
    learning = Learning(rounds=4, rate=0.1, algorithm=algorithm, steps=2, batch=3)
    course, _, means = played(learning, 4)
    again = Course(learning, SITES[0].start())
    for mean, number, share in means:
        again.take(mean, number=number, share=share)
    assert again.task().tobytes() == course.task().tobytes()


@settings(max_examples=50, deadline=None)
@given(
    algorithm=st.sampled_from(ALGORITHMS),
    numbers=st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=4, max_size=4),
)
def test_what_is_not_finite_never_reaches_the_model(algorithm, numbers):
    course = Course(Learning(rounds=1, rate=1e-3, algorithm=algorithm, server_rate=10.0), np.ones(4))
    before = course.task().tobytes()
    try:
        course.take(np.array(numbers))
    except InvalidInput:
        assert course.task().tobytes() == before
    assert np.isfinite(course.task()).all()


def test_training_that_goes_astray_sends_zeros_and_keeps_the_state():
    learning = Learning(rounds=1, rate=1e6, algorithm="scaffold", steps=100)
    _, state = local_update(Learning(rounds=1, rate=0.1, algorithm="scaffold"), SITES[0], np.zeros(8), 1, b"")
    update, after = local_update(learning, SITES[0], np.zeros(8), 2, state)
    assert not update.any()
    assert after == state


def test_a_site_without_patients_moves_nothing():
    nobody = TableLearner(Glm(kind="linear", features=3), table(np.zeros((0, 3)), np.zeros(0)))
    update, _ = local_update(Learning(rounds=1, rate=0.1, steps=3, batch=2), nobody, np.ones(4), 1, b"")
    assert not update.any()


def test_a_site_that_starts_again_trains_the_same_update():
    learning = Learning(rounds=9, rate=0.1, steps=7, batch=3)
    twice = [local_update(learning, SITES[0], np.ones(4), 5, b"")[0].tobytes() for _ in range(2)]
    other = local_update(learning, SITES[0], np.ones(4), 6, b"")[0].tobytes()
    assert twice[0] == twice[1] != other


def test_all_sites_send_the_same_positions_and_on_average_the_whole_update():
    learning = Learning(rounds=1, rate=0.1, sent=2)
    assert sent_length(learning, 4) == 2
    whole = local_update(Learning(rounds=1, rate=0.1), SITES[0], np.ones(4), 1, b"")[0]
    found = []
    for number in range(1, 601):
        course = Course(learning, np.ones(4))
        course.take(local_update(learning, SITES[0], course.task(), number, b"")[0], number=number)
        assert ((course.model != 1).sum()) <= 2
        found.append(course.model - 1)
    np.testing.assert_allclose(np.mean(found, axis=0), whole, atol=0.15 * np.abs(whole).max())


def test_a_state_of_another_model_or_a_task_of_another_length_is_refused():
    learning = Learning(rounds=1, rate=0.1, algorithm="scaffold")
    assert task_length(learning, 4) == 8
    _, state = local_update(learning, SITES[0], np.zeros(8), 1, b"")
    for wrong in (state[:-1], state + b"\0", state[:40] + b"\xff" * (len(state) - 40), b"x" * len(state)):
        with pytest.raises(IntegrityError):
            local_update(learning, SITES[0], np.zeros(8), 2, wrong)
    for task in (np.zeros(4), np.full(8, np.nan)):
        with pytest.raises(InvalidInput):
            local_update(learning, SITES[0], task, 2, b"")


@pytest.mark.parametrize(
    "wrong",
    [
        {"algorithm": "fedsgd"}, {"rounds": 0}, {"rate": 0.0}, {"rate": math.nan}, {"steps": 0},
        {"proximal": 0.1}, {"protection": "patient"}, {"clip": 1.0}, {"multiplier": 1.0},
        {"protection": "patient", "clip": 1.0, "patients": 10, "steps": 2},
        {"protection": "patient", "clip": 1.0, "patients": 10, "algorithm": "scaffold"},
        {"protection": "each", "multiplier": 1.0},
        {"protection": "each", "clip": 1.0, "patients": 10, "multiplier": 1.0, "batch": 11},
        {"sent": 3, "algorithm": "scaffold"}, {"sent": 3, "algorithm": "fedadam"},
        {"sent": 3, "protection": "site"},
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_together_are_refused(wrong):
    with pytest.raises(InvalidInput):
        Learning(**({"rounds": 1, "rate": 0.1} | wrong))


def test_more_numbers_than_there_are_cannot_travel():
    with pytest.raises(InvalidInput):
        Course(Learning(rounds=1, rate=0.1, sent=5), np.zeros(4))
    with pytest.raises(InvalidInput):  # without the round's number nobody knows which positions these are
        Course(Learning(rounds=1, rate=0.1, sent=2), np.zeros(4)).take(np.ones(2))


@pytest.mark.parametrize("name", ["federated-learning.md", "federated-learning.zh-CN.md"])
def test_the_example_of_the_page_on_learning_runs(name):
    page = Path(__file__).parents[2] / "docs" / name
    [example] = re.findall(
        r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    exec(example, {})
