"""Measure a synthetic table against real rows: fidelity, usefulness, distances for an attack. For inside alone.

What is computed here is exact, so it is identified data: it belongs to the inside edition and never stands in a
release. Choosing another plan because of it is tuning on private data.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import polars as pl

from confide.engines.polars import Ints, patient_codes
from confide.synth.columns import Column, codes_of
from confide.synth.graphical import Floats
from confide.synth.junction import cells
from confide.synth.plan import bounded_rows
from confide.synth.section import SynthSection
from confide.types import Json

MOST_CELLS = 2_000_000  # of a group of columns that is compared
MOST_COMPARED = 1000  # rows of either side of the attack
_STEPS, _PULL = 150, 1e-3  # of the model that measures usefulness: steps, and L2 penalty


def fidelity(settings: SynthSection, data: pl.DataFrame, synthetic: pl.DataFrame) -> list[Json]:
    """Return, for groups of one, two and three columns, how far the shares are apart: mean and worst.

    Args:
        settings: of the plan.
        data: the real rows that the table was made of, with a column `_patient`; they weigh as they did there.
        synthetic: the table, every column as text.

    Returns:
        Per size of group: `columns`, `groups`, and `mean` and `worst` total variation, 0 to 1.
    """
    columns = settings.listed()
    rows, made = bounded_rows(settings, data), codes_of(columns, synthetic)[0]
    sizes, found = [column.size for column in columns], []
    for degree in (1, 2, 3):
        groups = [
            group for group in combinations(range(len(columns)), degree) if cells(group, sizes) <= MOST_CELLS
        ]
        apart = [
            float(
                np.abs(
                    _shares(rows.codes, rows.weights.astype(np.float64), group, sizes)
                    - _shares(made, np.ones(len(made)), group, sizes)
                ).sum()
            )
            / 2
            for group in groups
        ]
        if groups:
            found.append(
                {
                    "columns": degree,
                    "groups": len(groups),
                    "mean": float(np.mean(apart)),
                    "worst": float(np.max(apart)),
                }
            )
    return found


def usefulness(
    settings: SynthSection, members: pl.DataFrame, controls: pl.DataFrame, synthetic: pl.DataFrame
) -> Json | None:
    """Train on synthetic rows, test on real patients who took no part; beside it the same trained on real rows.

    Returns:
        `target`, `rows` tested on, and the share of right answers of a model of the synthetic rows (`ours`), of the
        real rows (`plain`), and of always saying what is most frequent (`guess`); None without target or controls.
    """
    columns = settings.listed()
    if not settings.target or not len(synthetic):
        return None
    at = [column.name for column in columns].index(settings.target)
    real, test = (bounded_rows(settings, frame).codes for frame in (members, controls))
    made = codes_of(columns, synthetic)[0]
    if not len(real) or not len(test):
        return None
    truth = test[:, at]
    answers = {
        name: _answers(_learnt(columns, rows, at), columns, test, at)
        for name, rows in (("ours", made), ("plain", real))
    }
    frequent = np.bincount(real[:, at]).argmax()
    return {
        "target": settings.target,
        "rows": len(test),
        **{name: float((given == truth).mean()) for name, given in answers.items()},
        "guess": float((truth == frequent).mean()),
    }


def closest_distances(settings: SynthSection, data: pl.DataFrame, synthetic: pl.DataFrame) -> Floats:
    """Return per patient in how many columns the most similar synthetic row differs: what an attack looks at.

    A small distance more often among patients who took part than among those who did not is a bug; no difference
    proves nothing. At most MOST_COMPARED rows are compared, evenly over the table.
    """
    columns = settings.listed()
    codes, whole = codes_of(columns, data)
    patients = patient_codes(data["_patient"])
    counted = np.flatnonzero(whole & (patients >= 0))
    counted = counted[:: max(1, -(-len(counted) // MOST_COMPARED))]
    made = np.unique(codes_of(columns, synthetic)[0], axis=0)
    if not len(made):
        return np.full(len(np.unique(patients[counted])), float(len(columns)))
    nearest = np.array([int((made != row).sum(axis=1).min()) for row in codes[counted]], dtype=np.float64)
    _, dense = np.unique(patients[counted], return_inverse=True)
    found = np.full(int(dense.max(initial=-1)) + 1, float(len(columns)))
    np.minimum.at(found, dense, nearest)
    return found


def _shares(codes: Ints, weights: Floats, group: tuple[int, ...], sizes: Sequence[int]) -> Floats:
    shape = tuple(sizes[column] for column in group)
    place = np.ravel_multi_index(tuple(codes[:, column] for column in group), shape)
    sums = np.bincount(place, weights=weights, minlength=cells(group, sizes)).astype(np.float64)
    return sums / max(1.0, float(sums.sum()))


def _inputs(columns: Sequence[Column], codes: Ints, target: int) -> Floats:
    """Return one column of 0 and 1 per value of every column but the target, and one of ones."""
    parts = [
        (codes[:, at, None] == np.arange(column.size)) for at, column in enumerate(columns) if at != target
    ]
    return np.concatenate([*parts, np.ones((len(codes), 1), dtype=np.bool_)], axis=1).astype(np.float64)


def _learnt(columns: Sequence[Column], codes: Ints, target: int) -> Floats:
    """Return the weights of a multinomial logistic regression, by gradient steps with momentum."""
    inputs = _inputs(columns, codes, target)
    wanted = (codes[:, target, None] == np.arange(columns[target].size)).astype(np.float64)
    weights = np.zeros((inputs.shape[1], wanted.shape[1]))
    velocity, pace = np.zeros_like(weights), 2.0 / len(columns)
    for _ in range(_STEPS):
        scores = inputs @ weights
        chance = np.exp(scores - scores.max(axis=1, keepdims=True))
        chance /= chance.sum(axis=1, keepdims=True)
        slope = inputs.T @ (chance - wanted) / len(inputs) + _PULL * weights
        velocity = 0.9 * velocity - pace * slope
        weights = weights + velocity
    return weights


def _answers(weights: Floats, columns: Sequence[Column], codes: Ints, target: int) -> Ints:
    found: Ints = (_inputs(columns, codes, target) @ weights).argmax(axis=1)
    return found
