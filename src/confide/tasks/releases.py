"""What all trained tasks share: how steps are protected, how a plan writes its fields, what a release says of its guarantee."""

import dataclasses
from typing import Any

from confide.tasks.section import training_patients
from confide.train.privacy import PrivacyPlan
from confide.types import Json

_NUMBERS = ("epsilon", "delta", "clip", "learning_rate", "test_share")


def privacy_of(settings: Any, *, max_records: int) -> PrivacyPlan:
    """Return how the steps of a section are protected; `max_records` of a patient are read in each."""
    return PrivacyPlan(
        epsilon=settings.epsilon,
        delta=settings.delta,
        expected_batch=settings.expected_batch,
        steps=settings.steps,
        patients=training_patients(settings),
        clip=settings.clip,
        max_records=max_records,
    )


def public_fields(settings: Any) -> Json:
    """Return every field of a section; numbers with a fraction as text, lists as lists."""
    found = {each.name: getattr(settings, each.name) for each in dataclasses.fields(settings)}
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
