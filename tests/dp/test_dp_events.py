"""Events are frozen, exact and readable back; what no noise could do is refused."""

import dataclasses
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.dp.events import (
    ApproximateDP,
    BoundedRange,
    Composed,
    DiscreteGaussian,
    DiscreteLaplace,
    Failure,
    SampledGaussian,
    event_from_json,
    leaves,
)
from confide.errors import InvalidInput
from confide.words import speaking

sensitivities = st.floats(1, 2.0**53)
sigmas = st.floats(0.3, 2.0**40)
simple = st.one_of(
    st.builds(DiscreteLaplace, sensitivity=st.integers(1, 2**53), scale=st.floats(0.01, 2.0**53)),
    st.builds(DiscreteGaussian, sensitivity=sensitivities, sigma=sigmas),
    st.builds(
        SampledGaussian,
        rate=st.floats(1e-9, 1),
        sensitivity=sensitivities,
        sigma=sigmas,
        steps=st.integers(1, 2**31),
    ),
    st.builds(BoundedRange, epsilon=st.floats(1e-9, 1e6)),
    st.builds(ApproximateDP, epsilon=st.floats(1e-9, 1e6), delta=st.floats(0, 1)),
    st.builds(Failure, delta=st.floats(0, 1)),
)
events = st.recursive(
    simple, lambda inner: st.lists(inner, max_size=3).map(lambda e: Composed(tuple(e))), max_leaves=8
)


@given(event=events)
def test_an_event_is_read_back_as_it_was_written(event):
    assert event_from_json(json.loads(json.dumps(event.to_json()))) == event


@given(event=events)
def test_a_written_event_holds_no_floats(event):
    def floats(value):
        if isinstance(value, dict):
            return any(floats(v) for v in value.values())
        return any(floats(v) for v in value) if isinstance(value, list) else isinstance(value, float)

    assert not floats(event.to_json())


def test_equal_events_are_counted_together_whatever_the_nesting():
    lap, gauss = DiscreteLaplace(sensitivity=1, scale=2.0), DiscreteGaussian(sensitivity=1, sigma=2.0)
    assert leaves(Composed((lap, Composed((gauss, lap)), lap))) == {lap: 3, gauss: 1}
    assert leaves(Composed(())) == {}


def test_events_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        DiscreteLaplace(sensitivity=1, scale=2.0).scale = 3.0


@pytest.mark.parametrize(
    ("event", "good", "field", "bad"),
    [
        (
            DiscreteLaplace,
            {"sensitivity": 1, "scale": 2.0},
            "sensitivity",
            [0, -1, 1.0, True, math.nan, 2**53 + 1, "1"],
        ),
        (
            DiscreteLaplace,
            {"sensitivity": 1, "scale": 2.0},
            "scale",
            [0, -1.0, math.nan, math.inf, 2.0**54, "2"],
        ),
        (DiscreteGaussian, {"sensitivity": 1, "sigma": 2.0}, "sensitivity", [0.5, 0, math.nan, math.inf]),
        (DiscreteGaussian, {"sensitivity": 1, "sigma": 2.0}, "sigma", [0.0, 0.2, math.nan, math.inf]),
        (
            SampledGaussian,
            {"rate": 0.1, "sensitivity": 1, "sigma": 2.0, "steps": 3},
            "rate",
            [0, -0.1, 1.1, math.nan],
        ),
        (
            SampledGaussian,
            {"rate": 0.1, "sensitivity": 1, "sigma": 2.0, "steps": 3},
            "steps",
            [0, -1, 1.5, True],
        ),
        (Failure, {"delta": 0.1}, "delta", [-0.1, 1.1, math.nan]),
        (BoundedRange, {"epsilon": 0.1}, "epsilon", [0, -0.1, 1e7, math.nan, math.inf, "1"]),
        (ApproximateDP, {"epsilon": 0.1, "delta": 0.0}, "epsilon", [0, -0.1, 1e7, math.nan, True]),
        (ApproximateDP, {"epsilon": 0.1, "delta": 0.0}, "delta", [-0.1, 1.1, math.nan]),
    ],
)
def test_what_no_noise_could_do_is_refused(event, good, field, bad):
    event(**good)
    for value in bad:
        with pytest.raises(InvalidInput) as refused:
            event(**(good | {field: value}))
        assert field in str(refused.value)


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"kind": "laplace"},
        {"kind": "discrete-laplace", "sensitivity": 1},
        {"kind": "discrete-laplace", "sensitivity": 1, "scale": 2.0},  # a float, not its text
        {"kind": "discrete-laplace", "sensitivity": "1", "scale": "2.0"},
        {"kind": "discrete-gaussian", "sensitivity": "nan", "sigma": "2.0"},
        {"kind": "discrete-gaussian", "sensitivity": "1.0", "sigma": "two"},
        {"kind": "composed", "events": {"kind": "failure"}},
        {"kind": "composed", "events": [3]},
        {"kind": "failure", "delta": "2.0"},
        {"kind": "bounded-range"},
        {"kind": "approximate-dp", "epsilon": "1.0"},
        {"kind": "approximate-dp", "epsilon": "0.0", "delta": "0.0"},
    ],
)
def test_a_damaged_entry_is_refused_in_both_languages(written):
    with pytest.raises(InvalidInput) as refused:
        event_from_json(written)
    for language in ("en", "zh"):
        with speaking(language):
            assert str(refused.value)
            assert refused.value.hint


def test_composed_takes_a_tuple_of_events_only():
    for bad in ([], ("x",), (Composed,)):
        with pytest.raises(TypeError):
            Composed(bad)
