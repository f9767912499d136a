"""The `[model]` section of a federation file: what is learnt from which columns, and a site's table turned into numbers.

Guarantee: a row becomes numbers by public rules alone, each on its own; nothing is learnt from other rows. All fields public.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import polars as pl

from confide.engines.polars import Floats, category_places, patient_codes, read_numbers
from confide.errors import InvalidInput
from confide.federated.glm import Glm, Softmax
from confide.federated.learners import Learner, Table, TableLearner, table
from confide.federated.mlp import Mlp
from confide.federated.survival import Cox, Hazard
from confide.train.features import (
    Category,
    Number,
    Target,
    matrix,
    names,
    outcomes,
    parse_feature,
    parse_target,
)

_CLASSES, _NUMBERS, _SURVIVAL = ("softmax", "mlp"), ("linear", "poisson"), ("cox", "hazard")


def _doc(sentence: str) -> dict[str, str]:
    return {"doc": sentence}


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSection:
    """What is predicted from what; the columns that each site's table must have."""

    features: tuple[str, ...] = field(
        metadata=_doc("What to predict from: number(column, low, high) or category(column, value, ...).")
    )
    target: str = field(
        metadata=_doc(
            "What to predict. logistic: a column of 0 and 1, or is(column, value, ...); linear, poisson: "
            "number(column, low, high); softmax, mlp: category(column, value, ...); cox, hazard: the column that says "
            "whether it happened."
        )
    )
    kind: Literal["logistic", "linear", "poisson", "softmax", "mlp", "cox", "hazard"] = field(
        default="logistic", metadata=_doc("The model.")
    )
    time: str | None = field(
        default=None,
        metadata=_doc("cox, hazard: number(column, 0, last), the time until it happened or was lost."),
    )
    ends: tuple[float, ...] = field(
        default=(), metadata=_doc("hazard: where the intervals of time end, in the units of `time`.")
    )

    hidden: int = field(default=16, metadata=_doc("mlp: numbers in the hidden layer."))

    def __post_init__(self) -> None:
        """Refuse what no table could be read for."""
        columns = names(self.features)
        if len(columns) < 2 or len(set(columns)) < len(columns):
            raise InvalidInput("train.features")
        if (self.kind in _SURVIVAL) != (self.time is not None) or (self.kind == "hazard") != bool(self.ends):
            raise InvalidInput("fed.model-time", kind=self.kind)
        if len(self.columns()) < len({parse_feature(text).column for text in self.features}) + 1:
            raise InvalidInput("fed.model-target-twice")
        blank(self)

    def outcome(self) -> Target | Number | Category:
        """Return how the target is read."""
        if self.kind not in _CLASSES + _NUMBERS:
            return parse_target(self.target)
        found = parse_feature(self.target)
        if not isinstance(found, Category if self.kind in _CLASSES else Number):
            wanted = "category(column, value, ...)" if self.kind in _CLASSES else "number(column, low, high)"
            raise InvalidInput("fed.model-target", kind=self.kind, wanted=wanted)
        return found

    def clock(self) -> Number:
        """Return how the time is read."""
        found = parse_feature(self.time or "")
        if not isinstance(found, Number):
            raise InvalidInput("fed.model-time", kind=self.kind)
        return found

    def columns(self) -> set[str]:
        """Return the columns that a site's table must have."""
        read = {parse_feature(text).column for text in self.features} | {self.outcome().column}
        return read | {self.clock().column} if self.kind in _SURVIVAL else read


def learner_of(model: ModelSection, frame: pl.DataFrame) -> Learner:
    """Return the model on a site's records; rows without a patient or a known outcome are left out.

    Args:
        model: the section.
        frame: with the section's columns and `_patient`.
    """
    outcome, codes = _outcomes(model, frame), patient_codes(frame["_patient"])
    known = ~np.isnan(outcome if outcome.ndim == 1 else outcome.sum(axis=1))
    kept = np.flatnonzero((codes >= 0) & known)
    return _on(model, table(inputs_of(model, frame)[kept], outcome[kept], codes[kept]))


def blank(model: ModelSection) -> Learner:
    """Return the model on no records: its length and its start, from public settings alone."""
    outcome = np.zeros((0, 2)) if model.kind in _SURVIVAL else np.zeros(0)
    return _on(model, table(np.zeros((0, _width(model))), outcome))


def _on(model: ModelSection, data: Table) -> Learner:
    features, outcome = _width(model), model.outcome()
    match model.kind:
        case "cox":
            return Cox(features, data)
        case "hazard":
            return TableLearner(Hazard(features=features, ends=model.ends), data)
        case "linear" | "poisson" | "logistic" as kind:
            return TableLearner(Glm(kind=kind, features=features), data)
        case "mlp":
            classes = len(outcome.values) if isinstance(outcome, Category) else 0
            return TableLearner(Mlp(features=features, hidden=model.hidden, classes=classes), data)
        case _:
            classes = len(outcome.values) if isinstance(outcome, Category) else 0
            return TableLearner(Softmax(features=features, classes=classes), data)


def _width(model: ModelSection) -> int:
    return len(names(model.features)) - 1  # each model has an intercept of its own, or none


def inputs_of(model: ModelSection, frame: pl.DataFrame) -> Floats:
    """Return the numbers of each row, shape (rows, features), each at most 1 in size."""
    return matrix(model.features, frame)[:, 1:]


def _outcomes(model: ModelSection, frame: pl.DataFrame) -> Floats:
    outcome = model.outcome()
    if isinstance(outcome, Number):
        return np.clip(read_numbers(frame[outcome.column]), outcome.low, outcome.high)
    if isinstance(outcome, Category):
        places = category_places(frame[outcome.column], outcome.values)(slice(None))
        return np.where(places < 0, np.nan, places.astype(np.float64))
    happened = outcomes(model.target, frame)
    if model.kind not in _SURVIVAL:
        return happened
    clock = model.clock()
    times = np.clip(read_numbers(frame[clock.column]), clock.low, clock.high)
    return np.stack([times, happened], axis=1)
