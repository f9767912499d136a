"""Fit a joint distribution to noisy counts of a few groups of columns: a graphical model on a junction tree.

Everything here works on numbers that were noised already, so nothing here can cost privacy. Exact up to
floating point where tables are small; no sampling, no compilation. `docs/decisions/0020-synthetic-tables.md`
says why this is not mbi. Rows are drawn by `confide.synth.sample`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from confide.synth.junction import Columns, Tree, junction_tree

Floats = NDArray[np.float64]
Forbidden = Mapping[Columns, NDArray[np.bool_]]

BANNED = -1e3  # log weight of a cell that rules forbid; its share is 0 in floating point
_PATIENCE = 1e-6  # relative gain over a stretch of steps below which the fit ends
_STRETCH = 25
_GROWTH, _HALVINGS = 1.4, 30  # of the step size


@dataclass(frozen=True, slots=True)
class Measured:
    """Noisy counts of a group of columns, in whole rows, with the variance of the noise of each cell."""

    columns: Columns
    counts: Floats
    variance: Floats


@dataclass(frozen=True, slots=True)
class Model:
    """A joint distribution: the shares of each clique of a junction tree, and the log weights that made them."""

    tree: Tree
    shares: tuple[Floats, ...]
    total: float
    weights: dict[Columns, Floats]

    def marginal(self, columns: Columns) -> Floats:
        """Return the shares of a group of columns, which need not lie in one clique; they sum to 1."""
        home = self.tree.home(columns)
        if home is not None:
            return _onto(self.shares[home], self.tree.cliques[home], columns)
        return self._across(columns)

    def _across(self, columns: Columns) -> Floats:
        """Multiply the cliques on the way between `columns`, each given what it shares with its parent."""
        tree, kept = self.tree, set(range(len(self.tree.cliques)))
        wanted, pruned = set(columns), True
        while pruned:  # an outer clique that only repeats what its one neighbour has adds nothing
            pruned = False
            for at in sorted(kept, reverse=True):
                near = [i for i in kept if tree.parents[i] == at]
                near += [tree.parents[at]] if tree.parents[at] in kept else []
                if len(near) == 1 and wanted & set(tree.cliques[at]) <= set(tree.cliques[near[0]]):
                    kept.remove(at)
                    pruned = True
        names: dict[int, int] = {}
        operands: list[Any] = []
        for at in sorted(kept):
            clique, shares = tree.cliques[at], self.shares[at]
            if tree.parents[at] in kept:
                below = _spread(_onto(shares, clique, tree.shared[at]), tree.shared[at], clique)
                shares = np.divide(shares, below, out=np.zeros_like(shares), where=below > 0)
            operands += [shares, [names.setdefault(column, len(names)) for column in clique]]
        found: Floats = np.einsum(*operands, [names[column] for column in columns], optimize="greedy")
        return found


def fit(
    sizes: Sequence[int],
    measured: Sequence[Measured],
    *,
    total: float,
    banned: Forbidden | None = None,
    start: dict[Columns, Floats] | None = None,
    steps: int = 1000,
) -> Model:
    """Return the model whose counts are closest to what was measured, weighted by its variances.

    Steps: 1 hang each measured group on a clique; 2 entropic mirror descent on the log weights of the groups,
    with step sizes by line search; 3 stop when a stretch of steps gains next to nothing.

    Args:
        sizes: number of values of each column.
        measured: at least one group; every column should be in one.
        total: number of rows that the model stands for; above 0.
        banned: cells that must have a share of 0, by group; each group is measured too.
        start: log weights of an earlier model, to go on from.
        steps: at most so many steps.

    Returns:
        The model.

    Source: McKenna, Sheldon, Miklau 2019, "Graphical-model based estimation and inference for differential
    privacy", Algorithm 1 (proximal estimation) with a line search.
    """
    problem = _Problem(tuple(sizes), tuple(measured), total, banned or {})
    weights = {group: np.zeros(problem.shape(group)) for group in problem.home}
    weights |= {group: array for group, array in (start or {}).items() if group in weights}
    shares, counts = problem.said(weights)
    now, before = problem.loss(counts), np.inf
    pace = 1 / (total * max(float((1 / one.variance).max()) for one in measured))
    for step in range(steps):
        slopes = problem.slopes(counts)
        for _ in range(_HALVINGS):
            tried = {group: weights[group] - pace * slopes[group] for group in weights}
            shares, new_counts = problem.said(tried)
            after = problem.loss(new_counts)
            gain = sum(
                float((slopes[group] * (counts[group] - new_counts[group])).sum()) for group in weights
            )
            if now - after >= 0.5 * gain:
                break
            pace /= 2
        weights, counts, now, pace = tried, new_counts, after, pace * _GROWTH
        if step % _STRETCH == _STRETCH - 1:
            if before - now <= _PATIENCE * abs(now):
                break
            before = now
    return Model(problem.tree, tuple(shares), total, weights)


class _Problem:
    """What is measured, hung on a junction tree."""

    def __init__(
        self, sizes: tuple[int, ...], measured: tuple[Measured, ...], total: float, banned: Forbidden
    ) -> None:
        self.sizes, self.measured, self.total, self.banned = sizes, measured, total, banned
        groups = list(dict.fromkeys(one.columns for one in measured))
        self.tree = junction_tree(sizes, groups)
        self.home = {group: self.tree.home(group) or 0 for group in groups}

    def shape(self, columns: Columns) -> tuple[int, ...]:
        return tuple(self.sizes[column] for column in columns)

    def said(self, weights: dict[Columns, Floats]) -> tuple[list[Floats], dict[Columns, Floats]]:
        """Return the shares of each clique under these log weights, and the counts of each group."""
        logs = [np.zeros(self.shape(clique)) for clique in self.tree.cliques]
        for group, at in self.home.items():
            own = weights[group]
            if group in self.banned:
                own = np.where(self.banned[group], BANNED, own)
            logs[at] += _spread(own, group, self.tree.cliques[at])
        shares = _calibrated(self.tree, logs)
        return shares, {
            group: _onto(shares[at], self.tree.cliques[at], group) * self.total
            for group, at in self.home.items()
        }

    def loss(self, counts: dict[Columns, Floats]) -> float:
        return sum(
            float(((counts[one.columns] - one.counts) ** 2 / one.variance).sum()) / 2 for one in self.measured
        )

    def slopes(self, counts: dict[Columns, Floats]) -> dict[Columns, Floats]:
        found = {group: np.zeros(self.shape(group)) for group in self.home}
        for one in self.measured:
            found[one.columns] += (counts[one.columns] - one.counts) / one.variance
        return found


def _calibrated(tree: Tree, logs: list[Floats]) -> list[Floats]:
    """Pass messages up and down the tree; return the shares of each clique."""
    # 1. Up: every clique tells its parent what it holds beyond what the two share.
    up: list[Floats] = [np.zeros(())] * len(logs)
    for at in range(len(logs) - 1, 0, -1):
        parent = tree.parents[at]
        up[at] = _log_onto(logs[at], tree.cliques[at], tree.shared[at])
        logs[parent] = logs[parent] + _spread(up[at], tree.shared[at], tree.cliques[parent])
    # 2. The first clique is complete now; down: every parent tells what it has heard elsewhere.
    for at in range(1, len(logs)):
        parent = tree.parents[at]
        down = _log_onto(logs[parent], tree.cliques[parent], tree.shared[at]) - up[at]
        logs[at] = logs[at] + _spread(down, tree.shared[at], tree.cliques[at])
    found = []
    for log in logs:
        shares = np.exp(log - log.max())
        found.append(shares / shares.sum())
    return found


def _axes(clique: Columns, columns: Columns) -> tuple[int, ...]:
    return tuple(at for at, column in enumerate(clique) if column not in columns)


def _onto(table: Floats, clique: Columns, columns: Columns) -> Floats:
    found: Floats = table.sum(axis=_axes(clique, columns))
    return found


def _log_onto(table: Floats, clique: Columns, columns: Columns) -> Floats:
    axes = _axes(clique, columns)
    most = table.max(axis=axes, keepdims=True)
    found: Floats = np.log(np.exp(table - most).sum(axis=axes)) + most.squeeze(axis=axes)
    return found


def _spread(table: Floats, columns: Columns, clique: Columns) -> Floats:
    """Return `table` with an axis of length 1 for every column of the clique that it lacks."""
    shape = iter(table.shape)
    return table.reshape([next(shape) if column in columns else 1 for column in clique])
