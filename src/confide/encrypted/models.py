"""Read a trained model as scores: scikit-learn, torch, or the coefficients of a Cox model.

Guarantee: the scores equal the model's own, exactly up to rounding of doubles, but for a hidden sigmoid, whose
error is stated. A step or layer that has no such form is refused and named. Imports neither library: a model is
known by its class and read through its fitted attributes. `confide.encrypted.linear` compiles what comes out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from confide.encrypted.form import Link
from confide.encrypted.lift import Floats, Monomials, lifted, monomials, polynomial_sigmoid
from confide.errors import InvalidInput
from confide.types import Json

_REGRESSIONS = {
    "LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV", "BayesianRidge",
    "HuberRegressor", "LinearSVR", "SGDRegressor",
}  # fmt: skip
_LOG_LINKS = {"PoissonRegressor", "GammaRegressor", "TweedieRegressor"}
_CLASSIFIERS = {
    "LogisticRegression",
    "LogisticRegressionCV",
    "LinearSVC",
    "RidgeClassifier",
    "Perceptron",
    "SGDClassifier",
}
_LINEAR_KERNELS = {"SVC", "NuSVC", "SVR", "NuSVR"}  # where their kernel is linear
_SIGMOID_DEGREE = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Hidden:
    """One hidden layer: outer · activation(inner · x + shift)."""

    inner: Floats = field(repr=False)
    shift: Floats = field(repr=False)
    outer: Floats = field(repr=False)
    activation: Literal["square", "sigmoid"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """linear · x + squares · x² + a hidden layer + bias, one row for each output."""

    features: tuple[str, ...]
    outputs: tuple[str, ...]
    link: Link
    linear: Floats = field(repr=False)
    bias: Floats = field(repr=False)
    squares: Floats | None = field(default=None, repr=False)
    hidden: Hidden | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse names that do not fit the numbers."""
        if self.linear.shape != (len(self.outputs), len(self.features)):
            raise InvalidInput("encrypted.names", features=self.linear.shape[1], outputs=self.linear.shape[0])

    def inside(self, low: Floats, high: Floats) -> tuple[Monomials, Floats, Floats, float]:
        """Return monomials, weights, biases for features brought to -1 .. 1, and the error of that."""
        middle, half = (low + high) / 2, (high - low) / 2
        bias = self.bias + self.linear @ middle
        if self.squares is not None:
            single = monomials(len(middle), 1)
            first = (self.linear + 2 * self.squares * middle) * half
            wanted = single + tuple(one * 2 for one in single)
            return wanted, np.hstack([first, self.squares * half**2]), bias + self.squares @ middle**2, 0.0
        if self.hidden is None:
            return monomials(len(middle), 1), self.linear * half, bias, 0.0
        inner, shift = self.hidden.inner * half, self.hidden.inner @ middle + self.hidden.shift
        activation, off = np.array([0.0, 0.0, 1.0]), 0.0
        if self.hidden.activation == "sigmoid":
            reach = float((np.abs(inner).sum(axis=1) + np.abs(shift)).max())
            activation, each = polynomial_sigmoid(_SIGMOID_DEGREE, max(reach, 1e-3))
            off = each * float(np.abs(self.hidden.outer).sum(axis=1).max())
        wanted, weights, bias = lifted(inner, shift, self.hidden.outer, bias, activation)
        weights[:, : len(middle)] += self.linear * half
        return wanted, weights, bias, off

    def to_json(self) -> Json:
        """Return the model as JSON, for `confide encrypted compile`: its weights are in it."""
        hidden = None
        if self.hidden is not None:
            hidden = {name: getattr(self.hidden, name).tolist() for name in ("inner", "shift", "outer")}
            hidden["activation"] = self.hidden.activation
        return {
            "features": list(self.features), "outputs": list(self.outputs), "link": self.link,
            "linear": self.linear.tolist(), "bias": self.bias.tolist(),
            "squares": None if self.squares is None else self.squares.tolist(), "hidden": hidden,
        }  # fmt: skip

    @staticmethod
    def from_json(json: Any) -> "Scores":
        """Read what `to_json` wrote; `squares` and `hidden` may be missing.

        Raises:
            InvalidInput: it is something else.
        """
        try:
            squares, hidden = json.get("squares"), json.get("hidden")
            found = Scores(
                features=tuple(map(str, json["features"])), outputs=tuple(map(str, json["outputs"])),
                link=json["link"], linear=np.array(json["linear"], dtype=np.float64),
                bias=np.array(json["bias"], dtype=np.float64),
                squares=None if squares is None else np.array(squares, dtype=np.float64),
                hidden=None if hidden is None else Hidden(
                    **{name: np.array(hidden[name], dtype=np.float64) for name in ("inner", "shift", "outer")},
                    activation=hidden["activation"],
                ),
            )  # fmt: skip
        except (AttributeError, KeyError, TypeError, ValueError):
            raise InvalidInput("encrypted.scores") from None
        outputs, features = found.linear.shape
        layer = found.hidden
        sound = found.bias.shape == (outputs,) and (
            found.squares is None or found.squares.shape == (outputs, features)
        )
        if layer is not None:
            size = len(layer.shift)
            shapes = layer.inner.shape == (size, features) and layer.outer.shape == (outputs, size)
            sound = sound and shapes and layer.activation in ("square", "sigmoid") and found.squares is None
        if not sound:
            raise InvalidInput("encrypted.scores")
        return found


def from_coefficients(
    coefficients: Mapping[str, float],
    *,
    intercept: float = 0.0,
    link: Link = "identity",
    output: str = "score",
) -> Scores:
    """Return the scores of named coefficients: a Cox model's (link "exp": the hazard ratio), or any linear score.

    >>> from_coefficients({"age": 0.04, "stage": 0.7}, link="exp", output="hazard ratio").features
    ('age', 'stage')
    """
    return Scores(
        features=tuple(coefficients), outputs=(output,), link=link,
        linear=np.array([list(coefficients.values())], dtype=np.float64), bias=np.array([float(intercept)]),
    )  # fmt: skip


def from_sklearn(model: Any, features: Sequence[str] | None = None) -> Scores:
    """Return the scores of a fitted scikit-learn model, or of a pipeline of scalers and one.

    Takes linear, Poisson, gamma and Tweedie regression, logistic regression, linear SVMs (of two classes, where the
    kernel is one), what SGD fits, ridge classifiers, naive Bayes (Gaussian, Bernoulli on 0 and 1, multinomial), after StandardScaler, MinMaxScaler, MaxAbsScaler and PCA.

    Args:
        model: fitted.
        features: their names; by default those that the model was fitted with.

    Raises:
        InvalidInput: a step that the compiler cannot take; the sentence names it.
    """
    steps = (
        [(str(name), step) for name, step in model.steps] if hasattr(model, "steps") else [("model", model)]
    )
    if features is None:
        features = getattr(model, "feature_names_in_", None)
    last = _final(*steps[-1])
    scalers: tuple[Floats, Floats] | None = None  # what they do: x -> x · matrix + shift
    for name, step in steps[:-1]:
        times, plus = _scaler(name, step)
        scalers = (times, plus) if scalers is None else (scalers[0] @ times, scalers[1] @ times + plus)
    if scalers is not None:
        last = _before(last, *scalers, steps[-1][0])
    names = (
        tuple(map(str, features)) if features is not None else tuple(f"x{i}" for i in range(last[1].shape[1]))
    )
    outputs, linear, bias, squares, link = last
    return Scores(features=names, outputs=outputs, link=link, linear=linear, bias=bias, squares=squares)


_Final = tuple[tuple[str, ...], Floats, Floats, Floats | None, Link]


def _scaler(name: str, step: Any) -> tuple[Floats, Floats]:
    match type(step).__name__:
        case "StandardScaler":
            mean = np.zeros(step.n_features_in_) if step.mean_ is None else step.mean_
            scale = np.ones(step.n_features_in_) if step.scale_ is None else step.scale_
            return np.diag(1 / scale), -mean / scale
        case "MinMaxScaler" if not step.clip:
            return np.diag(step.scale_), step.min_
        case "MaxAbsScaler":
            return np.diag(1 / step.scale_), np.zeros(len(step.scale_))
        case "PCA" if not step.whiten:
            return step.components_.T, -step.mean_ @ step.components_.T
        case kind:
            raise InvalidInput("encrypted.layer", layer=name, kind=kind)


def _before(last: _Final, matrix: Floats, shift: Floats, name: str) -> _Final:
    """Return the scores of a model that is given x · matrix + shift."""
    outputs, linear, bias, squares, link = last
    if squares is None:
        return outputs, linear @ matrix.T, bias + linear @ shift, None, link
    factor = np.diag(matrix)
    if matrix.shape[0] != matrix.shape[1] or not np.array_equal(np.diag(factor), matrix):
        raise InvalidInput("encrypted.layer", layer=name, kind="GaussianNB after PCA")
    moved = (linear + 2 * squares * shift) * factor
    return outputs, moved, bias + linear @ shift + squares @ shift**2, squares * factor**2, link


def _final(name: str, model: Any) -> _Final:
    kind = type(model).__name__
    if kind in _REGRESSIONS | _LOG_LINKS:
        if kind == "TweedieRegressor" and not (
            model.link == "log" or (model.link == "auto" and model.power > 0)
        ):
            return ("score",), *_rows(model.coef_, model.intercept_), None, "identity"
        linear, bias = _rows(model.coef_, model.intercept_)
        outputs = tuple(f"y{i}" for i in range(len(linear))) if len(linear) > 1 else ("score",)
        return outputs, linear, bias, None, "exp" if kind in _LOG_LINKS else "identity"
    if kind in _CLASSIFIERS:
        linear, bias = _rows(model.coef_, model.intercept_)
        return _classes(model, linear, bias, None, is_logistic=kind.startswith("Logistic"))
    if kind in _LINEAR_KERNELS and model.kernel == "linear":
        if not hasattr(model, "classes_"):
            return ("score",), *_rows(model.coef_, model.intercept_), None, "identity"
        if len(model.classes_) == 2:  # more are voted on pair by pair
            return _classes(model, *_rows(model.coef_, model.intercept_), None, is_logistic=False)
    if kind in ("GaussianNB", "BernoulliNB", "MultinomialNB"):
        return _bayes(model, kind)
    raise InvalidInput("encrypted.layer", layer=name, kind=kind)


def _rows(coefficients: Any, intercept: Any) -> tuple[Floats, Floats]:
    linear = np.atleast_2d(np.asarray(coefficients, dtype=np.float64))
    bias = np.broadcast_to(np.asarray(intercept, dtype=np.float64), (len(linear),)).copy()
    return linear, bias


def _bayes(model: Any, kind: str) -> _Final:
    if kind == "GaussianNB":
        mean, variance = model.theta_, model.var_
        bias = np.log(model.class_prior_) - 0.5 * (np.log(2 * np.pi * variance) + mean**2 / variance).sum(
            axis=1
        )
        return _classes(model, mean / variance, bias, -0.5 / variance, is_logistic=True)
    linear, bias = model.feature_log_prob_, model.class_log_prior_.copy()
    if kind == "BernoulliNB":
        absent = np.log1p(-np.exp(linear))
        linear, bias = linear - absent, bias + absent.sum(axis=1)
    return _classes(model, linear, bias, None, is_logistic=True)


def _classes(
    model: Any, linear: Floats, bias: Floats, squares: Floats | None, *, is_logistic: bool
) -> _Final:
    """Return one score for two classes, above zero for the second; else one for each."""
    names = tuple(map(str, model.classes_.tolist()))
    if len(names) > 2:
        return names, linear, bias, squares, "largest"
    if len(linear) == 2:
        linear, bias = linear[1:] - linear[:1], bias[1:] - bias[:1]
        squares = None if squares is None else squares[1:] - squares[:1]
    return names[1:], linear, bias, squares, "logistic" if is_logistic else "identity"


def from_torch(
    module: Any, features: Sequence[str], outputs: Sequence[str] | None = None, link: Link = "identity"
) -> Scores:
    """Return the scores of a torch `Linear`, or a `Sequential` of linear layers with at most one activation between.

    The activation is a module of a class called `Square` (exact), or `Sigmoid` (a cubic, error stated). `Identity`,
    `Dropout` and `Flatten` are passed over; a `Sigmoid` or `Softmax` at the end becomes the link.

    Raises:
        InvalidInput: a layer that the compiler cannot take; the sentence names it.
    """
    layers = [
        (str(name), layer)
        for name, layer in (module.named_modules() if len([*module.children()]) else [("model", module)])
        if not len([*layer.children()])
    ]
    layers = [at for at in layers if type(at[1]).__name__ not in ("Identity", "Dropout", "Flatten")]
    if layers and type(layers[-1][1]).__name__ in ("Sigmoid", "Softmax"):
        link = "logistic" if type(layers.pop()[1]).__name__ == "Sigmoid" else "largest"
    activation: Literal["square", "sigmoid"] | None = None
    inner, shift, outer, bias = None, None, None, None
    for name, layer in layers:
        kind = type(layer).__name__
        if kind in ("Square", "Sigmoid") and activation is None and inner is not None:
            activation = "square" if kind == "Square" else "sigmoid"
        elif kind == "Linear":
            weight = layer.weight.detach().numpy().astype(np.float64)
            plus = (
                np.zeros(len(weight))
                if layer.bias is None
                else layer.bias.detach().numpy().astype(np.float64)
            )
            if activation is None:
                inner, shift = (weight, plus) if inner is None else (weight @ inner, weight @ shift + plus)
            else:
                outer, bias = (weight, plus) if outer is None else (weight @ outer, weight @ bias + plus)
        else:
            raise InvalidInput("encrypted.layer", layer=name, kind=kind)
    if inner is None or shift is None or (activation is not None and outer is None):
        raise InvalidInput("encrypted.layer", layer="model", kind=type(module).__name__)
    last = inner if outer is None else outer
    names = tuple(outputs) if outputs is not None else tuple(f"y{i}" for i in range(len(last)))
    if outer is None or bias is None or activation is None:
        return Scores(features=tuple(features), outputs=names, link=link, linear=inner, bias=shift)
    hidden = Hidden(inner=inner, shift=shift, outer=outer, activation=activation)
    nothing = np.zeros((len(outer), inner.shape[1]))
    return Scores(
        features=tuple(features), outputs=names, link=link, linear=nothing, bias=bias, hidden=hidden
    )
