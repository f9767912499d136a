"""Measure columns one by one and together, and put values that nobody can see under the noise into one.

Guarantee: a patient moves the integers of one measurement by at most GRID in L2, and every
measurement gets exact discrete Gaussian noise before anything looks at it. Proof: `docs/proofs/synth.md`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.dp.noise import Noise
from confide.engines.polars import Ints
from confide.synth.columns import Rows
from confide.synth.graphical import Floats, Measured
from confide.synth.junction import Columns

_SEEN = 3.0  # a value is kept apart if its noisy count is above so many σ


@dataclass(frozen=True, slots=True)
class Packing:
    """For each column the new place of every value, and how the values that share a place divide it.

    Made from noisy counts only. Packed away are values whose noisy count is below three σ.
    """

    places: tuple[Ints, ...]
    shares: tuple[Floats, ...]  # of each value within its place
    sizes: tuple[int, ...]

    def rows(self, rows: Rows) -> Rows:
        """Return the rows with packed codes."""
        codes = [places[rows.codes[:, column]] for column, places in enumerate(self.places)]
        return Rows(np.stack(codes, axis=1), rows.weights, rows.unit)

    def measured(self, one: Measured) -> Measured:
        """Return a single column's measurement over packed places: counts and variances add up."""
        (column,) = one.columns
        places = self.places[column]
        return Measured(
            one.columns,
            _added(places, one.counts, self.sizes[column]),
            _added(places, one.variance, self.sizes[column]),
        )

    def banned(self, columns: Columns, banned: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which packed cells a rule forbids: those all of whose values it forbids."""
        first, second = (self.places[column] for column in columns)
        allowed = np.zeros((self.sizes[columns[0]], self.sizes[columns[1]]), dtype=np.bool_)
        for i, j in np.argwhere(~banned):
            allowed[first[i], second[j]] = True
        return ~allowed


def measure(rows: Rows, columns: Columns, sizes: Sequence[int], sigma: float, noise: Noise) -> Measured:
    """Return the noisy counts of a group of columns, in whole rows; `sigma` in units of the weights."""
    shape = tuple(sizes[column] for column in columns)
    noisy = rows.counts(columns, shape) + noise.discrete_gaussian(sigma, shape)
    return Measured(columns, noisy / rows.unit, np.full(shape, (sigma / rows.unit) ** 2))


def total_of(measured: Sequence[Measured]) -> float:
    """Return the number of patients that the measurements agree on best, at least 1."""
    weights = np.array([1 / float(one.variance.sum()) for one in measured])
    sums = np.array([float(one.counts.sum()) for one in measured])
    return max(1.0, float((weights * sums).sum() / weights.sum()))


def packing(singles: Sequence[Measured]) -> Packing:
    """Return how to pack each column, from its noisy counts: a function of what was released."""
    places, shares, sizes = [], [], []
    for one in singles:
        seen = one.counts > _SEEN * np.sqrt(one.variance)
        if (~seen).sum() < 2:
            seen[:] = True  # nothing to put together
        new = np.where(seen, np.cumsum(seen) - 1, int(seen.sum())).astype(np.int64)
        size = int(new.max()) + 1
        positive = np.where(seen, 1.0, np.maximum(one.counts, 0.0))
        whole = np.bincount(new, weights=positive, minlength=size)[new]
        alike = 1 / np.bincount(new, minlength=size)[new]
        places.append(new)
        shares.append(np.divide(positive, whole, out=alike, where=whole > 0))
        sizes.append(size)
    return Packing(tuple(places), tuple(shares), tuple(sizes))


def _added(places: Ints, values: Floats, size: int) -> Floats:
    return np.bincount(places, weights=values, minlength=size).astype(np.float64)
