"""What is said of a training before it is paid, held against the noise it draws and the models it makes."""

import numpy as np
import polars as pl
import pytest

from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import InvalidInput
from confide.train.logistic import GRID, LogisticPlan
from confide.train.plain import plain_model
from confide.train.predict import evaluate
from confide.train.section import TrainSection


def plan(patients: int, **changes) -> LogisticPlan:
    given = {
        "source": "visits",
        "target": "again",
        "features": (
            "number(age, 0, 120)",
            "number(stay, 0, 30)",
            "number(before, 0, 6)",
            "category(sex, F, M)",
        ),
        "epsilon": 1.0,
        "patients": patients,
        "delta": min(1e-7, 1 / (100 * patients)),
    }
    return LogisticPlan(settings=TrainSection(**given | changes))


def invented(patients: int, seed: int) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    age, stay = draw.integers(18, 95, patients), draw.integers(1, 30, patients)
    before, sex = draw.poisson(1, patients).clip(0, 6), draw.integers(0, 2, patients)
    again = draw.random(patients) < 1 / (1 + np.exp(3 - age / 40 - stay / 25 - 0.4 * before - 0.2 * sex))
    columns = {"age": age, "stay": stay, "before": before, "again": again.astype(int)}
    texts = {name: column.astype(str) for name, column in columns.items()}
    return pl.DataFrame(
        {"_patient": [f"p{i}" for i in range(patients)], **texts, "sex": np.where(sex, "F", "M")}
    )


def loss_of_auc(patients: int, times: int = 4) -> float:
    """Train with and without noise on invented records, and return what the noise costs on average."""
    asked, unseen, lost = plan(patients), invented(8000, 99), []
    for seed in range(times):
        data = invented(asked.settings.training_patients, seed)
        released = asked.execute(data, Noise(Stream(key=bytes([seed + 1]) * 32)))
        plain = plain_model(asked.settings, data)
        lost.append(evaluate(plain, unseen)["auc"] - evaluate(released, unseen)["auc"])
    return float(np.mean(lost))


def test_what_is_called_mostly_noise_trains_to_little_and_what_is_called_fine_loses_less_than_two_points():
    assert plan(300).expected(300).grade == "noise"
    assert loss_of_auc(300) > 0.05
    assert plan(2000).expected(2000).grade == "fine"
    assert loss_of_auc(2000) < 0.02


def test_the_noise_of_a_step_is_the_noise_that_is_drawn():
    asked = plan(1000)
    drawn = Noise(Stream(key=bytes(32))).discrete_gaussian(asked.sigma, size=50_000) / GRID
    assert drawn.std() == pytest.approx(asked.expected(1000).noise, rel=0.02)


def test_the_patients_in_a_step_are_the_coins_that_fall():
    asked = plan(10_000)
    inside = round(10_000 * (1 - asked.settings.test_share))
    coins = Noise(Stream(key=bytes(32))).bernoulli(asked.rate, inside)
    assert coins.sum() == pytest.approx(asked.expected(10_000).taking_part, rel=0.1)


def test_the_signal_grows_with_patients_and_falls_with_the_root_of_the_columns():
    few, many = plan(1000).expected(100), plan(1000).expected(1000)
    assert many.signal_to_noise == pytest.approx(10 * few.signal_to_noise)
    assert (few.patients, few.columns) == (100, 6)
    wide = plan(1000, features=tuple(f"number(x{i}, 0, 1)" for i in range(23))).expected(1000)
    assert wide.columns == 24
    assert wide.signal_to_noise == pytest.approx(many.signal_to_noise / 2)


@pytest.mark.parametrize(
    ("patients", "grade"), [(400, "noise"), (500, "coarse"), (1200, "coarse"), (1700, "fine")]
)
def test_the_grades_begin_where_they_were_found_to(patients, grade):
    assert plan(10_000).expected(patients).grade == grade


def test_nobody_is_no_number_of_patients():
    with pytest.raises(InvalidInput, match="at least 1"):
        plan(1000).expected(0)
