"""The `[model]` section of a federation file: what is learnt from which columns, and a site's table turned into numbers.

Guarantee: a row becomes numbers by public rules alone, each on its own; nothing is learnt from other rows. All fields public.
Networks: `confide.study.networks`.
"""

from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.engines.polars import Floats, category_places, patient_codes, read_numbers
from confide.errors import InvalidInput
from confide.federated.glm import Glm, Softmax
from confide.federated.learners import Learner, Table, TableLearner, table
from confide.federated.mlp import Mlp
from confide.federated.survival import Cox, Hazard
from confide.study.networks import (
    ImageNet,
    Net,
    TextNet,
    head_length,
    image_of,
    learner_on,
    probabilities,
    start_of,
)
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

_NETS = ("images", "texts")
_CLASSES, _NUMBERS, _SURVIVAL = ("softmax", "mlp", *_NETS), ("linear", "poisson"), ("cox", "hazard")
_TABLES = ("logistic", "linear", "poisson", "softmax", "mlp", "cox", "hazard")
_OWN = {  # keys that other kinds do not have
    "features": _TABLES, "time": _SURVIVAL, "ends": ("hazard",), "hidden": ("mlp",), "image": ("images",), "channels": ("images",),
    "base": ("texts",), "width": ("texts",), "layers": ("texts",), "rank": ("texts",), "tokens": ("texts",), "personal": _NETS,
}  # fmt: skip


def _doc(sentence: str) -> dict[str, str]:
    return {"doc": sentence}


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSection:
    """What is predicted from what; the columns that each site's table must have."""

    target: str = field(
        metadata=_doc(
            "What to predict. logistic: a column of 0 and 1, or is(column, value, ...); linear, poisson: "
            "number(column, low, high); softmax, mlp, images, texts: category(column, value, ...); cox, hazard: the column that says "
            "whether it happened."
        )
    )
    kind: Literal["logistic", "linear", "poisson", "softmax", "mlp", "cox", "hazard", "images", "texts"] = field(
        default="logistic", metadata=_doc("The model.")
    )  # fmt: skip
    features: tuple[str, ...] = field(
        default=(),
        metadata=_doc(
            "What to predict from, but for images and texts: number(column, low, high) or category(column, value, ...)."
        ),
    )
    time: str | None = field(
        default=None,
        metadata=_doc("cox, hazard: number(column, 0, last), the time until it happened or was lost."),
    )
    ends: tuple[float, ...] = field(
        default=(), metadata=_doc("hazard: where the intervals of time end, in the units of `time`.")
    )
    hidden: int = field(default=16, metadata=_doc("mlp: numbers in the hidden layer."))
    image: str = field(
        default="",
        metadata=_doc("images: image(column, height, width), the grey levels row by row, in base64."),
    )
    channels: int = field(default=16, metadata=_doc("images: channels of the first layer, a multiple of 4."))
    base: str = field(
        default="",
        metadata=_doc("texts: digest of the language model at each site; `confide federate base` prints it."),
    )
    width: int = field(default=0, metadata=_doc("texts: numbers a token of that model; printed beside it."))
    layers: int = field(default=1, metadata=_doc("texts: how many of its last layers get adapters."))
    rank: int = field(default=4, metadata=_doc("texts: rank of the adapters (LoRA)."))
    tokens: int = field(
        default=128, metadata=_doc("texts: tokens of a note that are read, from its beginning.")
    )
    personal: bool = field(
        default=False, metadata=_doc("images, texts: the last layer stays at each site, a head of its own.")
    )

    def __post_init__(self) -> None:
        """Refuse what no records could be read for."""
        for each in fields(self):
            changed = getattr(self, each.name) != (each.default if each.default is not MISSING else None)
            if changed and self.kind not in _OWN.get(each.name, (self.kind,)):
                raise InvalidInput("fed.model-key", key=each.name, kind=self.kind)
        if self.kind in _NETS:
            net_of(self)
            return
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
        """Return the columns that a site's table, or its notes beside the text, must have."""
        if self.kind in _NETS:
            return {self.outcome().column} | ({image_of(self.image)[0]} if self.kind == "images" else set())
        read = {parse_feature(text).column for text in self.features} | {self.outcome().column}
        return read | {self.clock().column} if self.kind in _SURVIVAL else read


def net_of(model: ModelSection) -> Net | None:
    """Return the network that the section names; None of a model of tables.

    Raises:
        InvalidInput: a size is out of range, or a key is missing.
    """
    outcome = model.outcome()
    classes = len(outcome.values) if isinstance(outcome, Category) else 0
    if model.kind == "images":
        column, height, width = image_of(model.image)
        return ImageNet(column=column, height=height, width=width, channels=model.channels, classes=classes)
    if model.kind == "texts":
        return TextNet(
            base=model.base, width=model.width, layers=model.layers, rank=model.rank, tokens=model.tokens, classes=classes
        )  # fmt: skip
    return None


def begun(model: ModelSection) -> tuple[Floats, Floats]:
    """Return what travels and what stays at a site, as they are at first: from public settings alone."""
    if (net := net_of(model)) is None:
        return blank(model).start(), np.zeros(0)
    whole = start_of(net)
    cut = len(whole) - (head_length(net) if model.personal else 0)
    return whole[:cut].copy(), whole[cut:].copy()


def chances(model: ModelSection, numbers: Floats, frame: pl.DataFrame, *, base: Path | None = None) -> Floats:
    """Return what a learnt model says of each row: of patients, as the rows are.

    Args:
        model: the section.
        numbers: the model that was learnt; where a head stays at its site, `confide.study.joining.own_model`.
        frame: with the section's columns; for texts with `_text`.
        base: texts: folder of the language model.

    Returns:
        As the form's `predict`; for images and texts the probability of each class, NaN where there is nothing to read.
    """
    if (net := net_of(model)) is None:
        return blank(model).predict(numbers, inputs_of(model, frame))
    return probabilities(net, numbers, frame, base=base)


def learner_of(model: ModelSection, frame: pl.DataFrame, *, base: Path | None = None) -> Learner:
    """Return the model on a site's records; rows without a patient or a known outcome are left out.

    Args:
        model: the section.
        frame: with the section's columns and `_patient`; for texts with `_text`.
        base: texts: folder of the language model.
    """
    if (net := net_of(model)) is not None:
        places = _places(model, frame)
        here = (frame["_patient"].is_not_null() & pl.Series(places >= 0)).to_numpy()
        return learner_on(
            net, frame.filter(pl.Series(here)), places[here], personal=model.personal, base=base
        )
    outcome, codes = _outcomes(model, frame), patient_codes(frame["_patient"])
    known = ~np.isnan(outcome if outcome.ndim == 1 else outcome.sum(axis=1))
    kept = np.flatnonzero((codes >= 0) & known)
    return _on(model, table(inputs_of(model, frame)[kept], outcome[kept], codes[kept]))


def blank(model: ModelSection) -> TableLearner | Cox:
    """Return a model of tables on no records: its length and its start, from public settings alone."""
    outcome = np.zeros((0, 2)) if model.kind in _SURVIVAL else np.zeros(0)
    return _on(model, table(np.zeros((0, _width(model))), outcome))


def _on(model: ModelSection, data: Table) -> TableLearner | Cox:
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


def _places(model: ModelSection, frame: pl.DataFrame) -> NDArray[np.int64]:
    """Return the place of each row's class in the public list; -1 where it is not listed."""
    outcome = model.outcome()
    classes = outcome.values if isinstance(outcome, Category) else ()
    return category_places(frame[outcome.column], classes)(slice(None))


def _outcomes(model: ModelSection, frame: pl.DataFrame) -> Floats:
    outcome = model.outcome()
    if isinstance(outcome, Number):
        return np.clip(read_numbers(frame[outcome.column]), outcome.low, outcome.high)
    if isinstance(outcome, Category):
        places = _places(model, frame)
        return np.where(places < 0, np.nan, places.astype(np.float64))
    happened = outcomes(model.target, frame)
    if model.kind not in _SURVIVAL:
        return happened
    clock = model.clock()
    times = np.clip(read_numbers(frame[clock.column]), clock.low, clock.high)
    return np.stack([times, happened], axis=1)
