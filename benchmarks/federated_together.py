"""Learn one model at several sites in this process: with the machines that hide updates, or with plain averages of floats.

All ways use the same learners, the same course at the hub and the same clip, so that they differ in nothing but secrecy.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.federated.distributed_dp import add_noise
from confide.federated.grid import Steps
from confide.federated.horizontal import mean_update
from confide.federated.learners import Learner
from confide.federated.learning import Course, Learning, local_update, sent_length
from confide.federated.one_process import learn_here
from confide.federated.patient_unit import in_steps, with_noise
from confide.federated.settings import Federation, Grid

sys.path.append(str(Path(__file__).parents[1] / "tests" / "federated"))
import fed_rounds

How = Literal["masked", "steps", "floats"]
Mean = Callable[[Sequence[np.ndarray], int], np.ndarray]


def together(
    learning: Learning,
    learners: Sequence[Learner],
    *,
    clip: float,
    how: How,
    weights: Sequence[int] | None = None,
    start: np.ndarray | None = None,
    privacy: Mapping[str, float] | None = None,
    colluders: int = 0,
) -> np.ndarray:
    """Return the model after all rounds.

    Args:
        learning: the settings.
        learners: one for each site.
        clip: longest update of a site; with privacy the grid follows from the patients' clip.
        how: "masked": Hub and Site play each round (`learn_here`); "steps": the same whole numbers, added in the open (bit for bit the
            same sum: fed.secagg.bit_differences); "floats": no grid at all, and a single site may be alone.
        weights: public, of the sites.
        start: of the first round; None: the learner's.
        privacy: epsilon, delta, honest, most: what `with_noise` takes; each site adds its part.
        colluders: sites that may side with the hub.
    """
    weights = weights or [1] * len(learners)
    start = learners[0].start() if start is None else start
    if how == "floats":
        return _folded(
            learning, learners, start, clip,
            lambda updates, _: np.average([_shortened(each, clip) for each in updates], axis=0, weights=weights),
        )  # fmt: skip
    fed = fed_rounds.federation(
        len(learners), length=sent_length(learning, len(start)), weights=weights, grid=Grid(clip=clip),
        colluders=colluders,
    )  # fmt: skip
    fed = with_noise(fed, learning, **privacy) if privacy is not None else fed
    if how == "steps":
        return _folded(
            learning, learners, start, fed.grid.clip,
            lambda updates, number: _summed(fed, learning, number, updates),
        )  # fmt: skip
    learners[0].start = lambda: start  # what the first round hands out
    names = [member.name for member in fed.members]
    return learn_here(
        learning, fed, fed_rounds.HUB_KEY, dict(zip(names, fed_rounds.KEYS, strict=False)),
        dict(zip(names, learners, strict=True)), release=lambda _name, _number, steps: _noised(fed, steps),
    )  # fmt: skip


def _folded(
    learning: Learning, learners: Sequence[Learner], start: np.ndarray, clip: float, mean: Mean
) -> np.ndarray:
    course, states = Course(learning, start), [b""] * len(learners)
    for number in range(1, learning.rounds + 1):
        task, updates = course.task(), []
        for at, learner in enumerate(learners):
            update, states[at] = local_update(learning, learner, task, number, states[at], clip=clip)
            updates.append(update)
        course.take(mean(updates, number), number=number)
    return course.model


def _shortened(update: np.ndarray, clip: float) -> np.ndarray:
    return update * min(1.0, clip / max(float(np.linalg.norm(update)), 1e-300))


def _noised(fed: Federation, steps: Steps) -> Steps:
    return steps if fed.noise is None else add_noise(steps, fed.noise.sigma, Noise(Stream()))


def _summed(fed: Federation, learning: Learning, number: int, updates: Sequence[np.ndarray]) -> np.ndarray:
    """Return the mean of a round in whole numbers that are added in the open."""
    names = [member.name for member in fed.members]
    steps = {
        name: _noised(fed, in_steps(learning, fed, name, number, update))
        for name, update in zip(names, updates, strict=True)
    }
    return mean_update(fed_rounds.plain_sum(steps, names), fed, names, number)
