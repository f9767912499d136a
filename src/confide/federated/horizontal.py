"""Vectors on their way: a model as the bytes of a task, an update as steps of a sum, a sum as a weighted mean.

Weights are the federation's public ones, of the survivors. Knows nothing of models but that they are vectors of numbers; what
is learnt from a mean: `confide.federated.learning`.
"""

import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from confide.errors import IntegrityError
from confide.federated.deal import context_of
from confide.federated.grid import from_steps, to_steps
from confide.federated.messages import Buffer
from confide.federated.settings import Federation

Floats = NDArray[np.float64]
Steps = NDArray[np.int32]


def task_of(model: Floats) -> bytes:
    """Write a model as the bytes that a round begins with: little-endian doubles."""
    return np.ascontiguousarray(model, dtype="<f8").tobytes()


def model_of(task: Buffer, length: int) -> Floats:
    """Read what `task_of` wrote.

    Raises:
        IntegrityError: another length, or a number that is not finite.
    """
    model = np.frombuffer(task, dtype="<f8") if len(task) == 8 * length else np.empty(0)
    if len(model) != length or not np.isfinite(model).all():
        raise IntegrityError("fed.task", wanted=length)
    return model.astype(np.float64)


def mean_update(total: Steps, federation: Federation, survivors: Sequence[str], number: int) -> Floats:
    """Return the weighted mean of the survivors' clipped updates, in the units of the model.

    Source: McMahan et al. 2017, "Communication-Efficient Learning", Algorithm 1, with public weights in the place of n_k / n.
    """
    weights = sum(federation.member(name).weight for name in survivors)
    turn = context_of(federation.digest(), number)
    return from_steps(total, federation, turn=turn) / weights


def steps_for(federation: Federation, name: str, number: int, update: Floats) -> Steps:
    """Return a site's update in weighted steps, as it enters the sum of this round."""
    turn = context_of(federation.digest(), number)
    weight = federation.member(name).weight
    return to_steps(update, federation, weight=weight, turn=turn, key=os.urandom(32))
