"""A privacy plan says what it costs, at least what it is, and refuses what could not teach anything."""

import dataclasses
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.dp.accountant import epsilon
from confide.dp.events import ApproximateDP, Failure, SampledGaussian
from confide.dp.pld import declared_epsilon
from confide.errors import InvalidInput
from confide.train.privacy import GRID, PrivacyPlan


def plan(**changes):
    return PrivacyPlan(
        **{"epsilon": 3.0, "delta": 1e-8, "expected_batch": 64, "steps": 100, "patients": 4000, **changes}
    )


@pytest.mark.parametrize(
    ("asked", "rate", "steps"), [(1.0, 64, 300), (3.0, 200, 50), (8.0, 30, 1000), (3.0, 4000, 5)]
)
def test_the_noise_of_a_plan_keeps_its_epsilon_and_one_percent_less_would_not(asked, rate, steps):
    ours = plan(epsilon=asked, expected_batch=rate, steps=steps)
    assert declared_epsilon(ours.mechanism(), ours.delta) <= asked
    less = SampledGaussian(rate=ours.rate, sensitivity=GRID, sigma=ours.sigma * 0.99 * GRID, steps=steps)
    assert declared_epsilon(less, ours.delta) > asked


def test_dp_accounting_prices_the_steps_of_a_plan_like_ours():
    """An oracle of another house, on a coarser grid than ours."""
    from dp_accounting import dp_event
    from dp_accounting.pld import PLDAccountant

    ours = plan(epsilon=2.0)
    step = dp_event.PoissonSampledDpEvent(ours.rate, dp_event.GaussianDpEvent(ours.sigma))
    theirs = (
        PLDAccountant(value_discretization_interval=1e-3)
        .compose(dp_event.SelfComposedDpEvent(step, ours.steps))
        .get_epsilon(ours.delta)
    )
    assert 0.97 * ours.epsilon < theirs < 1.01 * ours.epsilon


def test_pld_needs_less_noise_than_the_renyi_curve_at_the_same_price():
    assert plan().sigma < 0.97 * plan(accounting="renyi").sigma


def test_what_is_booked_is_what_was_asked():
    assert plan().event() == ApproximateDP(epsilon=3.0, delta=1e-8)
    curve = plan(accounting="renyi")
    assert epsilon(curve.event(), curve.delta) <= 3.0
    assert {type(each) for each in curve.event().events} == {SampledGaussian, Failure}


def test_the_noise_that_is_drawn_is_larger_than_that_which_is_priced():
    """Single precision may make a patient's part a little larger than the clip bound."""
    ours = plan(clip=0.5)
    assert ours.noise_on_sum == ours.sigma * 0.5 * (1 + 2**-10)
    assert ours.noise_on_gradient == ours.noise_on_sum / 64


def test_rate_comes_from_public_numbers_alone():
    assert plan().rate == 64 / 4000


def test_a_plan_is_json_without_floats_and_names_every_field():
    told = plan().to_json()
    assert json.loads(json.dumps(told)) == told
    assert not any(isinstance(each, float) for each in told.values())
    assert {field.name for field in dataclasses.fields(PrivacyPlan)} - {"bands"} < set(told)
    assert float(told["noise_multiplier"]) == plan().sigma


def test_truncation_is_paid_for_and_noise_never_shrinks_for_it():
    cut = plan(largest_batch=130, accounting="renyi")
    failures = [each.delta for each in cut.event().events if isinstance(each, Failure)]
    assert len(failures) == 2
    assert 0 < sum(failures) < cut.delta / 2
    assert cut.sigma >= plan(accounting="renyi").sigma


@settings(max_examples=6, deadline=None)
@given(first=st.floats(0.5, 5), factor=st.floats(1.05, 2))
def test_a_larger_budget_never_needs_more_noise(first, factor):
    small, large = (plan(epsilon=each, accounting="renyi").sigma for each in (first, first * factor))
    assert large <= small


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"epsilon": 0.01}, "privacy.budget-too-small"),
        ({"epsilon": math.nan}, "privacy.out-of-range"),
        ({"epsilon": 1e9}, "privacy.budget-too-small"),
        ({"delta": 1e-5}, "train.delta"),
        ({"delta": 0.0}, "train.delta"),
        ({"delta": 0}, "train.delta"),
        ({"expected_batch": 4001}, "privacy.batch"),
        ({"expected_batch": 0}, "privacy.not-whole"),
        ({"expected_batch": 2.0}, "privacy.not-whole"),
        ({"steps": True}, "privacy.not-whole"),
        ({"patients": -1}, "privacy.not-whole"),
        ({"clip": 0.0}, "privacy.out-of-range"),
        ({"clip": math.inf}, "privacy.out-of-range"),
        ({"unit": "visit"}, "privacy.out-of-range"),
        ({"accounting": "gdp"}, "privacy.out-of-range"),
        ({"largest_batch": 64}, "privacy.truncation"),
        ({"max_records": 0}, "privacy.not-whole"),
    ],
)
def test_what_could_never_be_trained_is_refused_with_what_to_do(changes, said):
    with pytest.raises(InvalidInput) as refused:
        plan(**changes)
    assert refused.value.code == said
    assert refused.value.hint


def test_noise_that_would_drown_every_patient_is_refused_before_a_charge():
    hopeless = plan(epsilon=0.1, expected_batch=2, patients=20, delta=1e-8, steps=1000)
    with pytest.raises(InvalidInput, match="noise"):
        hopeless.event()


def test_truncation_that_fails_too_often_is_refused():
    with pytest.raises(InvalidInput, match="left out"):
        plan(largest_batch=70).event()
