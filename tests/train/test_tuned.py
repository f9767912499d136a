"""Settings that are tried on patients are paid for: all candidates by one event, the choice by another, the winner alone leaves."""

import dataclasses
import json

import numpy as np
import polars as pl
import pytest
from train_tables import section, visits

from confide.dp.accountant import epsilon
from confide.dp.events import BoundedRange, SampledGaussian, leaves
from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import InvalidInput
from confide.ledger.home import open_ledger
from confide.train.logistic import LogisticPlan
from confide.train.predict import evaluate
from confide.train.tuned import UNITS, Sides, TunedPlan, score

RATES = {"learning_rate": (1e-6, 2.0)}


def noise(number=0):
    return Noise(Stream(number.to_bytes(32, "big")))


def tuned(**changes):
    return TunedPlan(settings=section(**{"steps": 4, "tune": RATES, "epsilon": 4.0} | changes))


def sides(patients=400):
    both = visits(patients)
    held_out = pl.col("_patient").is_in([f"p{i}" for i in range(patients // 4)])
    return Sides(both.filter(~held_out), both.filter(held_out))


@pytest.mark.parametrize("tried", [RATES, {"learning_rate": (0.5, 1.0, 2.0), "clip": (0.5, 1.0)}])
def test_what_is_booked_pays_for_every_candidate_and_for_the_choice(tried):
    plan = tuned(tune=tried)
    count = len(plan.candidates)
    steps, choice = (
        next(leaf for leaf in leaves(plan.event()) if isinstance(leaf, kind))
        for kind in (SampledGaussian, BoundedRange)
    )
    assert steps.steps == 4 * count
    assert choice.epsilon == pytest.approx(0.4)
    assert {candidate.sigma for candidate in plan.candidates} == {
        steps.sigma
    }  # what is drawn is what is booked
    assert {candidate.rate for candidate in plan.candidates} == {steps.rate}
    assert plan.epsilon * 0.8 < epsilon(plan.event(), plan.delta) <= plan.epsilon


def test_more_candidates_cost_more_noise_for_each():
    one, two, four = (
        LogisticPlan(settings=section(steps=4, epsilon=3.6)).sigma,
        tuned().candidates[0].sigma,
        tuned(tune={"learning_rate": (0.1, 0.5, 1.0, 2.0)}).candidates[0].sigma,
    )
    assert one < two < four


def test_the_setting_that_foretells_held_out_patients_better_is_released_alone():
    plan = tuned(epsilon=20.0, steps=20)
    release = plan.execute(sides(), noise())
    assert (release["learning_rate"], release["candidates"], release["epsilon"]) == (2.0, 2, 20.0)
    assert json.dumps(release).count('"coefficients"') == 1
    assert evaluate(release, sides().held_out)["auc"] > 0.6


def test_one_held_out_patient_moves_every_score_up_by_at_most_what_the_choice_pays_for():
    release = LogisticPlan(settings=section(steps=4)).execute(sides().training, noise())
    held_out = sides(60).held_out
    whole = score(release, held_out)
    for patient in held_out["_patient"].unique():
        moved = whole - score(release, held_out.filter(pl.col("_patient") != patient))
        assert 0 <= moved <= tuned().choice.sensitivity  # and none falls: the choice is monotone
    steep = {**release, "coefficients": dict.fromkeys(release["coefficients"], 1e300)}
    assert 0 <= score(steep, held_out) <= UNITS * held_out["_patient"].n_unique()
    assert score(release, held_out.clear()) == 0


def test_a_patient_of_many_rows_has_one_voice_in_the_choice():
    release = LogisticPlan(settings=section(steps=4)).execute(sides().training, noise())
    one = sides(60).held_out.filter(pl.col("_patient") == "p1")
    assert score(release, pl.concat([one] * 50)) == score(release, one)


def test_what_is_chosen_depends_on_scores_with_chance():
    plan = tuned(epsilon=0.5, steps=1)
    chosen = {plan.execute(sides(8), noise(number))["learning_rate"] for number in range(12)}
    assert chosen == {1e-6, 2.0}


def test_progress_is_told_over_all_candidates():
    told = []
    tuned().execute(sides(20), noise(), lambda done, steps: told.append((done, steps)))
    assert told == [(at, 8) for at in range(1, 9)]


def test_a_plan_without_tuning_is_written_as_it_was_and_one_with_it_names_what_is_tried():
    assert "tune" not in LogisticPlan(settings=section()).to_json()
    told = tuned().to_json()
    assert (told["kind"], told["tune"]) == ("tuned", {"learning_rate": ["1e-06", "2.0"]})
    assert {field.name for field in dataclasses.fields(section())} <= set(told)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tune": {"steps": (1.0, 2.0)}}, "tune"),
        ({"tune": {"learning_rate": (1.0,)}}, "tune"),
        ({"tune": {"learning_rate": (1.0, 1.0)}}, "tune"),
        ({"tune": {"learning_rate": (1.0, -1.0)}}, "tune"),
        ({"tune": {"learning_rate": (1.0, float("nan"))}}, "tune"),
        ({"tune": {"learning_rate": (1.0, 2.0), "clip": ()}}, "tune"),
        ({"tune": {"learning_rate": tuple(np.arange(1.0, 18.0))}}, "tune"),
        ({"test_share": 0.0}, "nobody is held out"),
    ],
)
def test_what_cannot_be_tuned_is_refused(changes, said):
    with pytest.raises(InvalidInput, match=said):
        tuned(**changes)


def test_a_side_without_a_column_is_refused_at_the_door_and_nothing_is_spent(tmp_path):
    plan, both = tuned(), sides()
    with open_ledger(tmp_path) as ledger:
        ledger.open_account("all", epsilon=8.0, delta=1e-4, patients=100)
        ledger.grant("s", "all", epsilon=8.0, delta=1e-4, purpose="plan beds")
        before = ledger.store.head()
        for without in (dataclasses.replace(both, training=both.training.drop("age")),
                        dataclasses.replace(both, held_out=both.held_out.drop("age"))):  # fmt: skip
            with pytest.raises(InvalidInput, match="age"):
                ledger.run(plan, without, study="s", account="all")
        assert ledger.store.head() == before
