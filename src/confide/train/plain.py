"""The same model without noise and without clipping, to see inside what privacy has cost.

No privacy at all: what comes out is identified data. It is compared on held-out patients, its AUC
stands in the inside edition, and the coefficients themselves are thrown away.
"""

import numpy as np
import polars as pl

from confide.engines.polars import Floats
from confide.train.features import names
from confide.train.logistic import Rows, prepared
from confide.train.section import TrainSection
from confide.types import Json

RIDGE = 1.0  # in patients; keeps a column that no patient has, or that decides all, finite
MOST_STEPS = 30


def plain_model(settings: TrainSection, data: pl.DataFrame) -> Json:
    """Return the model that the same patients, features and weights give without protection.

    Guarantee: none. Never release it; `confide.train.predict.evaluate` reads it as it reads a release.

    Args:
        settings: of the private model.
        data: the training side of the table, with a column `_patient`.
    """
    weights = minimised(prepared(settings, data))
    return {
        "kind": "logistic",
        "target": settings.target,
        "features": list(settings.features),
        "coefficients": dict(zip(names(settings.features), weights.tolist(), strict=True)),
        "status": "identified",
    }


def minimised(rows: Rows) -> Floats:
    """Return the weights with the least logistic loss, each patient counting once, by Newton's steps."""
    weights = np.zeros(rows.inputs.shape[1])
    for _ in range(MOST_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(rows.inputs @ weights, -500, 500)))
        gradient = rows.inputs.T @ ((chance - rows.outcomes) * rows.shares) + RIDGE * weights
        bend = rows.inputs.T @ (rows.inputs * (chance * (1 - chance) * rows.shares)[:, None])
        step = np.linalg.solve(bend + RIDGE * np.eye(len(weights)), gradient)
        weights = weights - step
        if np.abs(step).max() < 1e-8:
            break
    return weights
