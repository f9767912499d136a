"""Small models and their compiled forms, for the tests of encrypted scores."""

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from confide.encrypted.client import Client
from confide.encrypted.linear import compile_model
from confide.encrypted.models import from_coefficients, from_sklearn
from confide.encrypted.server import Server


def no_quota(client, answers):
    """Let everybody ask."""


def pair(compiled, **settings):
    """Return a client and a server that know each other."""
    client, server = Client(compiled.form, **settings), Server(compiled, spend=no_quota)
    server.enroll("ward", client.public_key())
    return client, server


def asked(client, server, rows):
    return client.read(server.answer("ward", client.ask(rows)))


def cancer():
    """Return records, labels and a fitted pipeline of 30 features."""
    rows, labels = load_breast_cancer(return_X_y=True)
    return rows, labels, make_pipeline(StandardScaler(), LogisticRegression()).fit(rows[::2], labels[::2])


def wide(rows, names):
    """Return ranges that hold all rows; a test may read them from the rows, an owner may not."""
    span = np.ptp(rows, axis=0) + 1
    return {
        name: (float(low), float(high))
        for name, low, high in zip(names, rows.min(axis=0) - span, rows.max(axis=0) + span, strict=True)
    }


def compiled_cancer(**settings):
    rows, _, model = cancer()
    scores = from_sklearn(model)
    return rows, model, compile_model(scores, wide(rows, scores.features), name="cancer", **settings)


def tiny(**settings):
    """Return a compiled score of three features, each from -1 to 1."""
    scores = from_coefficients({"a": 0.5, "b": -1.25, "c": 2.0}, intercept=0.25)
    return compile_model(scores, dict.fromkeys("abc", (-1.0, 1.0)), name="tiny", **settings)
