"""Draw rows from a fitted model: after the noise, so nothing here can cost privacy.

Each group of rows that agree so far is divided in proportion, not drawn one by one: shares of 30 % of ten rows are
three rows. That takes most of the error of drawing away, as in MST's own generator.
"""

import numpy as np

from confide.dp.noise import Noise
from confide.engines.polars import Ints
from confide.synth.graphical import Floats, Model
from confide.synth.junction import Columns

_UNIT = 2.0**40


def uniforms(noise: Noise, n: int) -> Floats:
    """Return numbers between 0 and 1: what an exponential number's tail is, from a geometric one."""
    found: Floats = np.exp(-noise.geometric(_UNIT, n) / _UNIT)
    return found


def drawn(model: Model, sizes: tuple[int, ...], n: int, noise: Noise) -> Ints:
    """Return `n` rows of codes, shape (n, columns)."""
    codes = np.zeros((n, len(sizes)), dtype=np.int64)
    for clique, shared, shares in zip(model.tree.cliques, model.tree.shared, model.shares, strict=True):
        new = tuple(column for column in clique if column not in shared)
        if not new:
            continue
        axes = [clique.index(column) for column in (*shared, *new)]
        table = np.transpose(shares, axes).reshape(_cells(shared, sizes), _cells(new, sizes))
        groups = _number(codes, shared, sizes)
        cell = _divided(table, groups, noise)
        for column, values in zip(
            new, np.unravel_index(cell, tuple(sizes[column] for column in new)), strict=True
        ):
            codes[:, column] = values
    return codes


def _divided(table: Floats, groups: Ints, noise: Noise) -> Ints:
    """Return a cell per row, the rows of each group divided over the cells in proportion to its line of `table`."""
    n = len(groups)
    order = np.lexsort((uniforms(noise, n), groups))  # groups in turn, shuffled within
    starts = uniforms(noise, len(table))
    cells = np.empty(n, dtype=np.int64)
    ends = np.cumsum(np.bincount(groups, minlength=len(table)))
    for group in np.unique(groups):
        mine = order[(ends[group - 1] if group else 0) : ends[group]]
        line = np.cumsum(table[group])
        if line[-1] <= 0:  # no share at all: nothing is known of such rows
            line = np.arange(1.0, len(line) + 1)
        at = (np.arange(len(mine)) + starts[group]) / len(mine) * line[-1]
        cells[mine] = np.minimum(np.searchsorted(line, at, side="right"), len(line) - 1)
    return cells


def _cells(columns: Columns, sizes: tuple[int, ...]) -> int:
    return int(np.prod([sizes[column] for column in columns], dtype=np.int64))


def _number(codes: Ints, columns: Columns, sizes: tuple[int, ...]) -> Ints:
    found = np.zeros(len(codes), dtype=np.int64)
    for column in columns:
        found = found * sizes[column] + codes[:, column]
    return found


def unpacked(places: Ints, shares: Floats, codes: Ints, noise: Noise) -> Ints:
    """Return a value for every packed place: the one that has it, or one of those that share it, by their shares."""
    found = np.empty(len(codes), dtype=np.int64)
    pick = uniforms(noise, len(codes))
    for place in np.unique(codes):
        values = np.flatnonzero(places == place)
        ends = np.cumsum(shares[values])
        mine = codes == place
        at = np.searchsorted(ends, pick[mine] * ends[-1], side="right")
        found[mine] = values[np.minimum(at, len(values) - 1)]
    return found
