"""What all tasks share: how a plan writes its fields, what a release of steps says of its guarantee."""

import dataclasses
from typing import Any

from confide.train.privacy import PrivacyPlan
from confide.types import Json

_NUMBERS = ("epsilon", "delta", "clip", "learning_rate", "test_share")


def public_fields(settings: Any) -> Json:
    """Return every field of a section; numbers with a fraction as text, lists as lists; later fields where they are used."""
    found = {
        each.name: value
        for each in dataclasses.fields(settings)
        if (value := getattr(settings, each.name)) != each.default or "later" not in each.metadata
    }
    return {
        name: repr(value) if isinstance(value, float) else list(value) if isinstance(value, tuple) else value
        for name, value in found.items()
    }


def released(plan: Json, privacy: PrivacyPlan) -> Json:
    """Return the fields of a release that say what was asked and what it guarantees; numbers as numbers."""
    numbers = {name: float(plan[name]) for name in _NUMBERS if name in plan}
    guarantee = {
        "rate": privacy.rate,
        "noise_multiplier": privacy.sigma,
        "relation": "add or remove one patient",
    }
    return {**plan, **numbers, **guarantee}
