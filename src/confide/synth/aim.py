"""AIM: again and again measure the group of columns that the model so far describes worst, chosen privately.

Source: McKenna, Mullins, Sheldon, Miklau 2022, "AIM: An Adaptive and Iterative Mechanism for Differentially Private
Synthetic Data", Algorithms 2 and 3. We differ in one thing: the budget of a round grows on a schedule that is fixed
beforehand (`confide.synth.budget`), so that what a run costs is known before it.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from confide.dp.noise import Noise
from confide.dp.selection import ExponentialChoice
from confide.engines.polars import Ints
from confide.synth.budget import MODEL_CELLS, MOST_WEIGHT, Schedule
from confide.synth.columns import Rows
from confide.synth.graphical import Floats, Measured, Model, fit
from confide.synth.junction import Columns, cells, junction_tree, tree_cells
from confide.synth.measure import measure
from confide.synth.mst import LARGEST_COUNT, distance
from confide.types import Progress, no_progress

_STEPS = 100  # of the fit between rounds, which goes on from the last one


def candidates(columns: int, degree: int) -> dict[Columns, int]:
    """Return the groups of up to `degree` columns, with how much each overlaps with those of `degree`, up to 16.

    >>> candidates(3, 2)
    {(0,): 8, (1,): 8, (2,): 8, (0, 1): 16, (0, 2): 16, (1, 2): 16}
    """
    workload = [set(each) for each in combinations(range(columns), degree)]
    groups = [group for size in range(1, degree + 1) for group in combinations(range(columns), size)]
    overlap = {group: sum(len(each.intersection(group)) for each in workload) for group in groups}
    most = max(overlap.values())
    return {group: max(1, MOST_WEIGHT * found // most) for group, found in overlap.items()}


def aim(
    rows: Rows,
    sizes: Sequence[int],
    measured: Sequence[Measured],
    total: float,
    schedule: Schedule,
    noise: Noise,
    *,
    degree: int,
    banned: Mapping[Columns, NDArray[np.bool_]],
    progress: Progress = no_progress,
) -> tuple[list[Measured], Model]:
    """Choose and measure, round by round; return the new noisy counts and the last model.

    Guarantee: one exponential mechanism and one measurement per round. A score, weight · (L1 distance of counts and
    model − what noise alone makes of it), moves by at most MOST_WEIGHT · `schedule.sensitivity` with one patient:
    model, weight and what noise makes are functions of what was released before.

    Args:
        rows: patient data.
        sizes: number of values of each column.
        measured: what was measured before, every column at least.
        total: the number of patients, from noisy counts.
        schedule: with the ε and σ of each round.
        noise: of the charge.
        degree: groups have up to so many columns.
        banned: cells that must have a share of 0, by group.
        progress: told after each round.
    """
    weights, found = candidates(len(sizes), degree), list(measured)
    model = fit(sizes, found, total=total, banned=banned, steps=_STEPS)
    spent, whole = 0.0, sum(sigma**-2 for _, sigma in schedule.rounds)
    for done, (epsilon, sigma) in enumerate(schedule.rounds, start=1):
        spent += sigma**-2 / whole
        groups = _small_enough(weights, sizes, [one.columns for one in found], MODEL_CELLS * spent)
        said = {group: model.marginal(group) * (total * rows.unit) for group in groups}
        scores = scores_of(rows, {group: weights[group] for group in groups}, said, sigma=sigma)
        choice = ExponentialChoice(epsilon=epsilon, sensitivity=MOST_WEIGHT * schedule.sensitivity)
        group = groups[int(choice.choose(scores, noise)[0])]
        found.append(measure(rows, group, sizes, sigma, noise))
        model = fit(sizes, found, total=total, banned=banned, start=model.weights, steps=_STEPS)
        progress(done, len(schedule.rounds))
    return found[len(measured) :], model


def scores_of(
    rows: Rows, weights: Mapping[Columns, int], said: Mapping[Columns, Floats], *, sigma: float
) -> Ints:
    """Return the score of each group, shape (1, groups): patient data, for the choice alone.

    Guarantee: one patient, who moves counts by at most Δ in L1, moves a score by at most MOST_WEIGHT · Δ.

    Args:
        rows: patient data.
        weights: how much each group is worth, 1 to MOST_WEIGHT.
        said: what the model says of each group, in units of the weights of rows.
        sigma: of the noise that a measurement would get, in the same units.
    """
    found = np.empty((1, len(weights)), dtype=np.int64)
    for at, (group, weight) in enumerate(weights.items()):
        from_noise = round(min(LARGEST_COUNT, math.sqrt(2 / math.pi) * sigma * said[group].size))
        apart = distance(rows.counts(group, said[group].shape), said[group])
        found[0, at] = weight * (apart - from_noise)
    return found


def _small_enough(
    weights: Mapping[Columns, int], sizes: Sequence[int], there: list[Columns], most: float
) -> list[Columns]:
    """Return the groups with which the model stays below `most` cells, and those inside its cliques.

    None has more than MODEL_CELLS cells itself, which bounds how many numbers are drawn.
    """
    tree = junction_tree(sizes, there)
    return [
        group
        for group in weights
        if cells(group, sizes) <= MODEL_CELLS
        and (tree.home(group) is not None or tree_cells(sizes, [*there, group]) <= most)
    ]
