"""Use a released model, and measure it on held-out patients.

`predict` needs the release alone. What `evaluate` returns is computed from patients without noise: it is
identified data, belongs to the inside edition, and never stands in a release.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.engines.polars import Floats, patient_codes
from confide.errors import InvalidInput
from confide.train.features import matrix, names, outcomes, parse_feature
from confide.types import Json


def predict(release: Json, data: pl.DataFrame) -> Floats:
    """Return the probability that each row's target is positive.

    Raises:
        InvalidInput: the release is not a model of ours, or a column is missing.
    """
    if release.get("kind") != "logistic":
        raise InvalidInput("train.not-a-model", found=release.get("kind"))
    features = release["features"]
    for column in (parse_feature(text).column for text in features):
        if column not in data.columns:
            raise InvalidInput("train.no-column", column=column)
    weights = np.array([release["coefficients"][name] for name in names(features)])
    score = (matrix(features, data) * weights).sum(axis=1)
    chance: Floats = 1 / (1 + np.exp(-np.clip(score, -500, 500)))
    return chance


def evaluate(release: Json, held_out: pl.DataFrame) -> Json:
    """Return how well the model tells outcomes apart on held-out patients: for the inside edition only.

    Returns:
        `auc` (None where only one outcome occurs), `accuracy` at even odds, `patients`, `rows` and
        `positives` that were measured on, and the `status` "identified": these figures are exact, so they may not leave.
    """
    truth = outcomes(release["target"], held_out)
    known = ~np.isnan(truth)
    positive = truth[known] == 1
    chance = predict(release, held_out)[known]
    return {
        "auc": area_under_curve(positive, chance),
        "accuracy": float(((chance > 0.5) == positive).mean()) if len(chance) else None,
        "patients": held_out.filter(pl.Series(known))["_patient"].n_unique(),
        "rows": int(known.sum()),
        "positives": int(positive.sum()),
        "status": "identified",
    }


def area_under_curve(positive: NDArray[np.bool_], score: Floats) -> float | None:
    """Return the probability that a positive row scores above a negative one, ties counting half.

    >>> area_under_curve(np.array([True, False, False]), np.array([0.5, 0.5, 0.1]))
    0.75
    """
    above, below = int(positive.sum()), int((~positive).sum())
    if not above or not below:
        return None
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = np.cumsum(count) - (count - 1) / 2
    return float((rank[place][positive].sum() - above * (above + 1) / 2) / (above * below))


def patient_losses(release: Json, data: pl.DataFrame) -> Floats:
    """Return the mean logistic loss of each patient with a known outcome: patient data, for audits inside."""
    truth, codes = outcomes(release["target"], data), patient_codes(data["_patient"])
    known = ~np.isnan(truth) & (codes >= 0)
    chance = np.clip(predict(release, data)[known], 1e-12, 1 - 1e-12)
    loss = -np.where(truth[known] == 1, np.log(chance), np.log1p(-chance))
    _, patient, rows = np.unique(codes[known], return_inverse=True, return_counts=True)
    sums: Floats = np.bincount(patient, weights=loss, minlength=len(rows)) / rows
    return sums
