"""What a plan does to the data, written down as sensitivity and noise: the events that an accountant prices.

Events are public, frozen and exact: they may be printed, signed and stored (floats as decimal strings).
They hold no data and know no price: `confide.dp.accountant` has that. Neighbours: one patient more or less.
`confide.dp.mechanisms` writes the field's mechanisms (thresholding, banded matrices …) as such events.
"""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

from confide.dp.noise import LARGEST_SCALE, LARGEST_SIGMA, SMALLEST_SCALE, SMALLEST_SIGMA
from confide.errors import InvalidInput
from confide.types import Json

LARGEST_SENSITIVITY = 2**53  # a float holds every whole number up to here
LARGEST_STEPS = 2**31
LARGEST_EPSILON = 1e6
SMALLEST_RATE = 1e-9  # below, the accountant's floating-point slack would need a new proof


def check_number(field: str, value: object, low: float, high: float) -> None:
    """Refuse what is no number from `low` to `high`; NaN is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InvalidInput("dp.out-of-range", field=field, low=f"{low:g}", high=f"{high:g}", found=value)


def _epsilon(value: object) -> None:
    check_number("epsilon", value, 1e-9, LARGEST_EPSILON)


def check_whole(field: str, value: object, low: int, high: int) -> None:
    """Refuse what is no whole number from `low` to `high`; True and 1.0 are none."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidInput("dp.not-whole", field=field, low=low, high=high, found=value)


@dataclass(frozen=True, kw_only=True, slots=True)
class DiscreteLaplace:
    """Independent discrete Laplace noise on integers; one patient moves them by `sensitivity` in L1."""

    sensitivity: int
    scale: float

    def __post_init__(self) -> None:
        """Refuse what no noise of ours could do."""
        check_whole("sensitivity", self.sensitivity, 1, LARGEST_SENSITIVITY)
        check_number("scale", self.scale, SMALLEST_SCALE, LARGEST_SCALE)

    def to_json(self) -> Json:
        """Return the event as JSON without floats."""
        return {"kind": "discrete-laplace", "sensitivity": self.sensitivity, "scale": repr(float(self.scale))}


@dataclass(frozen=True, kw_only=True, slots=True)
class DiscreteGaussian:
    """Independent discrete Gaussian noise on integers; one patient moves them by `sensitivity` in L2.

    The norm is counted in grid units, so it is at least 1: an integer vector of a smaller norm is zero.
    At most 2^40 integers at a time.
    """

    sensitivity: float
    sigma: float

    def __post_init__(self) -> None:
        """Refuse what no noise of ours could do."""
        check_number("sensitivity", self.sensitivity, 1, LARGEST_SENSITIVITY)
        check_number("sigma", self.sigma, SMALLEST_SIGMA, LARGEST_SIGMA)

    def to_json(self) -> Json:
        """Return the event as JSON without floats."""
        return {
            "kind": "discrete-gaussian",
            "sensitivity": repr(float(self.sensitivity)),
            "sigma": repr(float(self.sigma)),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class SampledGaussian:
    """`steps` times: each patient takes part with probability `rate`, then discrete Gaussian noise is added.

    Patients are drawn independently. One who takes part moves the step's integers by an integer vector of L2
    norm at most `sensitivity`, in grid units, which may depend on the results of the steps before.
    At most 2^40 integers at a time.
    """

    rate: float
    sensitivity: float
    sigma: float
    steps: int

    def __post_init__(self) -> None:
        """Refuse what no noise of ours could do."""
        check_number("rate", self.rate, SMALLEST_RATE, 1)
        check_number("sensitivity", self.sensitivity, 1, LARGEST_SENSITIVITY)
        check_number("sigma", self.sigma, SMALLEST_SIGMA, LARGEST_SIGMA)
        check_whole("steps", self.steps, 1, LARGEST_STEPS)

    def to_json(self) -> Json:
        """Return the event as JSON without floats."""
        return {
            "kind": "sampled-gaussian",
            "rate": repr(float(self.rate)),
            "sensitivity": repr(float(self.sensitivity)),
            "sigma": repr(float(self.sigma)),
            "steps": self.steps,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class BoundedRange:
    """One choice by an exponential mechanism: the privacy loss of all answers lies in an interval of `epsilon`.

    Pr ∝ exp(epsilon · u / (2Δ)), or exp(epsilon · u / Δ) where a patient moves all u in one direction. Not for
    permute-and-flip nor for the largest of noisy counts: their loss spreads up to twice as wide, so they are
    an `ApproximateDP` with delta 0.
    """

    epsilon: float

    def __post_init__(self) -> None:
        """Refuse what is no ε."""
        _epsilon(self.epsilon)

    def to_json(self) -> Json:
        """Return the event as JSON without floats."""
        return {"kind": "bounded-range", "epsilon": repr(float(self.epsilon))}


@dataclass(frozen=True, kw_only=True, slots=True)
class ApproximateDP:
    """Anything that was proved (epsilon, delta)-differentially private, and of which nothing more is known."""

    epsilon: float
    delta: float

    def __post_init__(self) -> None:
        """Refuse what is no ε or no δ."""
        _epsilon(self.epsilon)
        check_number("delta", self.delta, 0, 1)

    def to_json(self) -> Json:
        """Return the event as JSON without floats."""
        return {
            "kind": "approximate-dp",
            "epsilon": repr(float(self.epsilon)),
            "delta": repr(float(self.delta) + 0.0),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """With probability at most `delta` the release may tell all: a lone patient's key passes a threshold."""

    delta: float

    def __post_init__(self) -> None:
        """Refuse what is no probability."""
        check_number("delta", self.delta, 0, 1)

    def to_json(self) -> Json:
        """Return the event as JSON without floats."""
        return {"kind": "failure", "delta": repr(float(self.delta) + 0.0)}


@dataclass(frozen=True, slots=True)
class Composed:
    """All of `events` on the same patients; a later one may look at the results of the earlier ones."""

    events: "tuple[Event, ...]"

    def __post_init__(self) -> None:
        """Refuse anything that is not a tuple of events."""
        if not isinstance(self.events, tuple) or not all(isinstance(e, Event) for e in self.events):
            raise TypeError("Composed takes a tuple of events")

    def to_json(self) -> Json:
        """Return the events as JSON without floats, in their order."""
        return {"kind": "composed", "events": [event.to_json() for event in self.events]}


Leaf = DiscreteLaplace | DiscreteGaussian | SampledGaussian | BoundedRange | ApproximateDP | Failure
Event = Leaf | Composed


def leaves(event: Event) -> Counter[Leaf]:
    """Return how often each simple event happens inside `event`; the order does not change a price.

    >>> lap = DiscreteLaplace(sensitivity=1, scale=10.0)
    >>> leaves(Composed((lap, Composed((lap,)))))[lap]
    2
    """
    counted: Counter[Leaf] = Counter()
    waiting: list[Event] = [event]
    while waiting:
        at = waiting.pop()
        if isinstance(at, Composed):
            waiting.extend(at.events)
        else:
            counted[at] += 1
    return counted


def event_from_json(json: Json) -> Event:
    """Read what `to_json` wrote.

    Raises:
        InvalidInput: an unknown kind, a missing field, or a value that the event refuses.

    >>> event_from_json(DiscreteLaplace(sensitivity=2, scale=4.0).to_json())
    DiscreteLaplace(sensitivity=2, scale=4.0)
    """
    match json.get("kind"):
        case "discrete-laplace":
            return DiscreteLaplace(sensitivity=_read_whole(json, "sensitivity"), scale=_read(json, "scale"))
        case "discrete-gaussian":
            return DiscreteGaussian(sensitivity=_read(json, "sensitivity"), sigma=_read(json, "sigma"))
        case "sampled-gaussian":
            return SampledGaussian(
                rate=_read(json, "rate"),
                sensitivity=_read(json, "sensitivity"),
                sigma=_read(json, "sigma"),
                steps=_read_whole(json, "steps"),
            )
        case "bounded-range":
            return BoundedRange(epsilon=_read(json, "epsilon"))
        case "approximate-dp":
            return ApproximateDP(epsilon=_read(json, "epsilon"), delta=_read(json, "delta"))
        case "failure":
            return Failure(delta=_read(json, "delta"))
        case "composed":
            events = json.get("events")
            if not isinstance(events, list) or not all(isinstance(e, dict) for e in events):
                raise InvalidInput("dp.event-form", kind="composed", field="events")
            return Composed(tuple(event_from_json(e) for e in events))
        case other:
            raise InvalidInput("dp.event-kind", found=other)


def _read(json: Json, field: str) -> float:
    text: Any = json.get(field)
    try:
        value = float(text) if isinstance(text, str) else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InvalidInput("dp.event-form", kind=json["kind"], field=field)
    return value


def _read_whole(json: Json, field: str) -> int:
    value: Any = json.get(field)
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidInput("dp.event-form", kind=json["kind"], field=field)
    return value
