"""Models that are linear in the features: linear, logistic and Poisson regression, and softmax over classes.

Forms of `confide.federated.learners`: public settings and pure array functions. The first number of each output is its intercept.
A record's scores are found row by row, not by a matrix product whose blocks records share, wherever a patient is clipped.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from confide.dp.events import check_whole
from confide.errors import InvalidInput

Floats = NDArray[np.float64]
Kind = Literal["linear", "logistic", "poisson"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Glm:
    """One output: the loss is half a squared error, or minus the logarithm of a likelihood. Every field is public.

    Args:
        kind: "linear"; "logistic", outcomes 0 and 1; "poisson", outcomes are counts.
        features: columns of the inputs.
    """

    kind: Kind
    features: int

    def __post_init__(self) -> None:
        """Refuse what is no model."""
        if self.kind not in get_args(Kind):
            wanted = ", ".join(get_args(Kind))
            raise InvalidInput("learning.choice", field="kind", found=self.kind, wanted=wanted)
        check_whole("features", self.features, 0, 1 << 24)

    @property
    def length(self) -> int:
        """An intercept and a slope for each feature."""
        return self.features + 1

    def start(self) -> Floats:
        """All zeros."""
        return np.zeros(self.length)

    def rows(self, model: Floats, inputs: Floats, outcomes: Floats) -> Floats:
        """Return each record's gradient: its error, and its error times its inputs."""
        errors = self._mean((inputs * model[1:]).sum(axis=1) + model[0]) - outcomes
        return np.column_stack([errors, inputs * errors[:, None]])

    def total(self, model: Floats, inputs: Floats, outcomes: Floats, weights: Floats) -> Floats:
        """Return the weighted sum of gradients."""
        errors = (self.predict(model, inputs) - outcomes) * weights
        return np.concatenate([[errors.sum()], errors @ inputs])

    def predict(self, model: Floats, inputs: Floats) -> Floats:
        """Return the expected outcome of each record."""
        return self._mean(inputs @ model[1:] + model[0])

    def _mean(self, scores: Floats) -> Floats:
        match self.kind:
            case "linear":
                return scores
            case "logistic":
                return sigmoid(scores)
            case "poisson":
                with np.errstate(over="ignore"):
                    expected: Floats = np.exp(scores)
                return expected


@dataclass(frozen=True, kw_only=True, slots=True)
class Softmax:
    """One of several classes; outcomes are 0, 1, … classes - 1. Every field is public.

    The numbers of the model: for each class an intercept and a slope for each feature.
    """

    features: int
    classes: int

    def __post_init__(self) -> None:
        """Refuse what is no model."""
        check_whole("features", self.features, 0, 1 << 24)
        check_whole("classes", self.classes, 2, 1 << 16)

    @property
    def length(self) -> int:
        """A row of numbers for each class."""
        return self.classes * (self.features + 1)

    def start(self) -> Floats:
        """All zeros."""
        return np.zeros(self.length)

    def rows(self, model: Floats, inputs: Floats, outcomes: Floats) -> Floats:
        """Return each record's gradient: for each class its error, and its error times the inputs."""
        of_class = model.reshape(self.classes, -1)
        scores = np.stack([(inputs * each[1:]).sum(axis=1) + each[0] for each in of_class], axis=1)
        errors = shares_of(scores) - one_of(outcomes, self.classes)
        with_one = np.column_stack([np.ones(len(inputs)), inputs])
        return (errors[:, :, None] * with_one[:, None, :]).reshape(len(inputs), -1)

    def total(self, model: Floats, inputs: Floats, outcomes: Floats, weights: Floats) -> Floats:
        """Return the weighted sum of gradients."""
        errors = (self.predict(model, inputs) - one_of(outcomes, self.classes)) * weights[:, None]
        return np.column_stack([errors.sum(axis=0), errors.T @ inputs]).ravel()

    def predict(self, model: Floats, inputs: Floats) -> Floats:
        """Return the probability of each class, shape (records, classes)."""
        of_class = model.reshape(self.classes, -1)
        return shares_of(inputs @ of_class[:, 1:].T + of_class[:, 0])


def sigmoid(scores: Floats) -> Floats:
    """Return 1 / (1 + e^-score); nothing overflows."""
    probability: Floats = 1 / (1 + np.exp(-np.clip(scores, -500, 500)))
    return probability


def shares_of(scores: Floats) -> Floats:
    """Return e^score over its sum along the last axis; nothing overflows."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: Floats = raised / raised.sum(axis=-1, keepdims=True)
    return shares


def one_of(outcomes: Floats, classes: int) -> Floats:
    """Return a row with a single 1 at the class of each record; NaN where the outcome is no class."""
    known = np.arange(classes) == outcomes[:, None]
    return np.where(known.any(axis=1, keepdims=True), known.astype(np.float64), np.nan)
