"""A small network of one hidden layer, with numpy alone: for tables whose classes no straight line parts.

A form of `confide.federated.learners`. For more layers, images or texts take torch (`confide.federated.torch_learner`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.dp.events import check_whole
from confide.federated.glm import one_of, shares_of
from confide.federated.public_draws import evenly

Floats = NDArray[np.float64]
_Layers = tuple[Floats, Floats, Floats, Floats]


@dataclass(frozen=True, kw_only=True, slots=True)
class Mlp:
    """Classes by softmax over a hidden layer of rectified units; outcomes are 0, 1, … classes - 1. Every field is public.

    Args:
        features: columns of the inputs.
        hidden: units between.
        classes: of the outcome; two for yes and no.
        seed: names the start, the same at all sites.
    """

    features: int
    hidden: int
    classes: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what is no model."""
        check_whole("features", self.features, 1, 1 << 20)
        check_whole("hidden", self.hidden, 1, 1 << 16)
        check_whole("classes", self.classes, 2, 1 << 16)

    @property
    def length(self) -> int:
        """Weights and intercepts of both layers."""
        return self.hidden * (self.features + 1) + self.classes * (self.hidden + 1)

    def start(self) -> Floats:
        """Return evenly spread weights and intercepts of zero, from the seed alone.

        Source: Glorot, Bengio 2010, "Understanding the Difficulty of Training Deep Feedforward Neural Networks", (16).
        """
        sizes = (self.features, self.hidden), (self.hidden, self.classes)
        parts = []
        for at, (into, out) in enumerate(sizes):
            spread = np.sqrt(6 / (into + out))
            parts += [spread * evenly(into * out, "mlp", self.seed, at), np.zeros(out)]
        return np.concatenate(parts)

    def rows(self, model: Floats, inputs: Floats, outcomes: Floats) -> Floats:
        """Return each record's gradient, one record at a time: what shares no product shares no rounding."""
        wanted = one_of(outcomes, self.classes)
        found = np.empty((len(inputs), self.length))
        for at, x in enumerate(inputs):
            found[at] = self._row(self._layers(model), x, wanted[at])
        return found

    def total(self, model: Floats, inputs: Floats, outcomes: Floats, weights: Floats) -> Floats:
        """Return the weighted sum of gradients."""
        first, first_bias, second, second_bias = self._layers(model)
        units = np.maximum(inputs @ first + first_bias, 0)
        errors = shares_of(units @ second + second_bias) - one_of(outcomes, self.classes)
        errors *= weights[:, None]
        back = (errors @ second.T) * (units > 0)
        return np.concatenate(
            [(inputs.T @ back).ravel(), back.sum(axis=0), (units.T @ errors).ravel(), errors.sum(axis=0)]
        )

    def predict(self, model: Floats, inputs: Floats) -> Floats:
        """Return the probability of each class, shape (records, classes)."""
        first, first_bias, second, second_bias = self._layers(model)
        return shares_of(np.maximum(inputs @ first + first_bias, 0) @ second + second_bias)

    def _layers(self, model: Floats) -> _Layers:
        cut = np.cumsum([self.features * self.hidden, self.hidden, self.hidden * self.classes])
        first, first_bias, second, second_bias = np.split(model, cut)
        return (
            first.reshape(self.features, self.hidden),
            first_bias,
            second.reshape(self.hidden, self.classes),
            second_bias,
        )

    def _row(self, layers: _Layers, x: Floats, wanted: Floats) -> Floats:
        first, first_bias, second, second_bias = layers
        units = np.maximum((x[:, None] * first).sum(axis=0) + first_bias, 0)
        errors = shares_of((units[:, None] * second).sum(axis=0) + second_bias) - wanted
        back = (second * errors).sum(axis=1) * (units > 0)
        return np.concatenate([np.outer(x, back).ravel(), back, np.outer(units, errors).ravel(), errors])
