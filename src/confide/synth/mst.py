"""MST: join the columns by the pairs that depend most, chosen privately, and measure these pairs.

Source: McKenna, Miklau, Sheldon 2021, "Winning the NIST Contest: A scalable and general approach to
differentially private synthetic data", Algorithm 1 and section 4.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from confide.dp.noise import Noise
from confide.dp.selection import ExponentialChoice
from confide.engines.polars import Ints
from confide.synth.budget import Schedule
from confide.synth.columns import Rows
from confide.synth.graphical import Floats, Measured
from confide.synth.junction import Columns
from confide.synth.measure import measure

LARGEST_COUNT = 2.0**52  # in units of the weights: whole numbers up to here are exact


def chosen_pairs(
    rows: Rows,
    alone: Sequence[Floats],
    ruled: Sequence[Columns],
    schedule: Schedule,
    noise: Noise,
) -> list[Columns]:
    """Return the pairs that make a tree of all columns, together with the `ruled` ones.

    Guarantee: one exponential mechanism per round. Its score, how far the counts of a pair are in L1 from what
    the columns alone say, moves by at most `schedule.sensitivity` with one patient.

    Args:
        rows: patient data.
        alone: what the noisy counts say of each column, in units of the weights.
        ruled: pairs that are measured in any case.
        schedule: with one round for each pair that is to be chosen.
        noise: of the charge.
    """
    total = max(1.0, float(np.mean([counts.sum() for counts in alone])))
    pairs = list(combinations(range(len(alone)), 2))
    scores = {pair: _distance(rows, pair, np.outer(alone[pair[0]], alone[pair[1]]) / total) for pair in pairs}
    trees = list(range(len(alone)))  # the tree that each column is in
    for pair in ruled:
        _join(trees, pair)
    found: list[Columns] = []
    for epsilon, _ in schedule.rounds:
        apart = [pair for pair in pairs if trees[pair[0]] != trees[pair[1]]]
        choice = ExponentialChoice(epsilon=epsilon, sensitivity=schedule.sensitivity)
        at = choice.choose(np.array([[scores[pair] for pair in apart]], dtype=np.int64), noise)
        found.append(apart[int(at[0])])
        _join(trees, found[-1])
    return found


def distance(counts: Ints, said: Floats) -> int:
    """Return the L1 distance of exact counts from what a model says, both in units of the weights."""
    whole = np.rint(np.clip(said, 0, LARGEST_COUNT)).astype(np.int64)
    return int(np.abs(counts - whole).sum())


def _distance(rows: Rows, pair: Columns, said: Floats) -> int:
    return distance(rows.counts(pair, said.shape), said)


def _join(trees: list[int], pair: Columns) -> None:
    first, second = trees[pair[0]], trees[pair[1]]
    trees[:] = [first if tree == second else tree for tree in trees]


def mst(
    rows: Rows,
    sizes: Sequence[int],
    singles: Sequence[Measured],
    ruled: Sequence[Measured],
    total: float,
    schedule: Schedule,
    noise: Noise,
) -> list[Measured]:
    """Choose pairs and measure each; return their noisy counts."""
    alone = [
        np.maximum(one.counts, 0) * (total * rows.unit / max(1.0, float(np.maximum(one.counts, 0).sum())))
        for one in singles
    ]
    pairs = chosen_pairs(rows, alone, [one.columns for one in ruled], schedule, noise)
    return [
        measure(rows, pair, sizes, sigma, noise)
        for pair, (_, sigma) in zip(pairs, schedule.rounds, strict=True)
    ]
