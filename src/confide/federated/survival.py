"""Time until an event: Cox regression within each site, and hazards of periods in which each patient stands alone.

In Cox's likelihood the patients of a site stand in each other's risk sets: no patient has a gradient of its own, so it is refused
where patients are protected. `Hazard` is a form of `confide.federated.learners` and works there. Outcomes: time, event (0 or 1).
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.dp.events import check_number, check_whole
from confide.errors import InvalidInput
from confide.federated.glm import sigmoid
from confide.federated.learners import Table

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

_USUAL = math.log(0.1 / 0.9)  # a hazard of a tenth in each period is where the first round starts


@dataclass(frozen=True, kw_only=True, slots=True)
class Hazard:
    """The chance of an event in each period, for who came so far: a logistic regression with an intercept a period.

    Guarantee: a record's gradient looks at that record alone. Who is lost within a period is not counted in it.

    Args:
        features: columns of the inputs.
        ends: of the periods, rising; the first begins at 0. Public, never read off the data.

    Source: Singer, Willett 1993, "It's About Time"; Gensheimer, Narasimhan 2019, "A Scalable Discrete-Time Survival Model", (3).
    """

    features: int
    ends: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse what is no model."""
        check_whole("features", self.features, 0, 1 << 24)
        check_whole("ends", len(self.ends), 1, 1 << 12)
        for before, after in itertools.pairwise((0.0, *self.ends)):
            check_number("ends", after, math.nextafter(before, math.inf), 1e12)

    @property
    def length(self) -> int:
        """An intercept for each period, a slope for each feature."""
        return len(self.ends) + self.features

    def start(self) -> Floats:
        """A hazard of a tenth, whatever the features."""
        return np.concatenate([np.full(len(self.ends), _USUAL), np.zeros(self.features)])

    def rows(self, model: Floats, inputs: Floats, outcomes: Floats) -> Floats:
        """Return each record's gradient."""
        periods = len(self.ends)
        errors = self._errors(model, (inputs * model[periods:]).sum(axis=1), outcomes)
        return np.column_stack([errors, inputs * errors.sum(axis=1)[:, None]])

    def total(self, model: Floats, inputs: Floats, outcomes: Floats, weights: Floats) -> Floats:
        """Return the weighted sum of gradients."""
        errors = self._errors(model, inputs @ model[len(self.ends) :], outcomes) * weights[:, None]
        return np.concatenate([errors.sum(axis=0), errors.sum(axis=1) @ inputs])

    def predict(self, model: Floats, inputs: Floats) -> Floats:
        """Return the hazard of all periods together: higher is earlier."""
        return -np.log(self.surviving(model, inputs)[:, -1])

    def surviving(self, model: Floats, inputs: Floats) -> Floats:
        """Return the chance to get past each period, shape (records, periods)."""
        scores = (inputs @ model[len(self.ends) :])[:, None] + model[: len(self.ends)]
        past: Floats = np.cumprod(np.maximum(1 - sigmoid(scores), 1e-300 ** (1 / len(self.ends))), axis=1)
        return past

    def _errors(self, model: Floats, along: Floats, outcomes: Floats) -> Floats:
        """Return, for each record and period, how far the hazard is from what happened; 0 where it was not at risk."""
        time, event = outcomes[:, :1], outcomes[:, 1:] > 0
        ends = np.asarray(self.ends)
        happened = event & (time <= ends) & (time > np.concatenate([[0.0], ends[:-1]]))
        passed = np.where(event, time > ends, time >= ends)
        hazard = sigmoid(along[:, None] + model[: len(ends)])
        known = np.isfinite(time) & np.isfinite(outcomes[:, 1:])
        errors: Floats = np.where(known, (passed | happened) * hazard - happened, np.nan)
        return errors


class Cox:
    """Proportional hazards with Breslow's ties; risk sets are those of the site (a stratified Cox model).

    Args:
        features: columns of the inputs; a slope for each.
        data: this site's patients, one record each; one that is not finite is left out.

    Raises:
        InvalidInput: not so many features, no time and event, or a patient with several records.

    Source: Breslow 1974, "Covariance Analysis of Censored Survival Data"; the sum over sites of their partial likelihoods.
    """

    def __init__(self, features: int, data: Table) -> None:
        if data.inputs.shape[1] != features or data.outcomes.shape[1:] != (2,) or (data.shares < 1).any():
            raise InvalidInput("learning.table")
        finite = np.isfinite(data.inputs).all(axis=1) & np.isfinite(data.outcomes).all(axis=1)
        by_time = np.flatnonzero(finite)[np.argsort(data.outcomes[finite, 0], kind="stable")]
        self.length, self.n_patients = features, len(by_time)
        self._inputs, (self._times, events) = data.inputs[by_time], data.outcomes[by_time].T
        self._events = events > 0

    def __repr__(self) -> str:
        return f"Cox(features={self.length})"

    def start(self) -> Floats:
        """All zeros."""
        return np.zeros(self.length)

    def stays(self) -> Floats:
        """Return nothing: all of the model travels."""
        return np.zeros(0)

    def gradient(self, model: Floats, chosen: Ints | None = None) -> Floats:
        """Return minus the gradient of the partial likelihood of the chosen patients, over their number."""
        used = slice(None) if chosen is None else np.unique(chosen)
        inputs, times, events = self._inputs[used], self._times[used], self._events[used]
        if not events.any():
            return np.zeros(self.length)
        scores = inputs @ model
        first = np.searchsorted(times, times, side="left")
        at_risk = np.logaddexp.accumulate(scores[::-1])[::-1][first]  # log of the sum over who is still there
        terms = np.where(events, -at_risk, -np.inf)
        last = np.searchsorted(times, times, side="right") - 1
        weights = np.exp(
            scores + np.logaddexp.accumulate(terms)[last]
        )  # of each patient in all means at risk
        found: Floats = (weights - events) @ inputs / len(inputs)
        return found

    def clipped_sum(self, model: Floats, clip: float, chosen: Mask | None = None) -> Floats:
        """Refuse: a patient's gradient depends on who else is at risk.

        Raises:
            InvalidInput: always.
        """
        raise InvalidInput("learning.coupled", model="cox")

    def predict(self, model: Floats, inputs: Floats) -> Floats:
        """Return the logarithm of the relative hazard: higher is earlier."""
        risk: Floats = np.asarray(inputs, dtype=np.float64) @ model
        return risk
