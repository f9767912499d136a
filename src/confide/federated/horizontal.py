"""Federated averaging on vectors: hand out a model, train at each site, add what the weighted mean update says.

Weights are the federation's public ones, of the survivors. Knows nothing of models but that they are vectors of numbers; in
one process here (`simulate`), over local processes with `confide.federated.local`, with the same machines.
"""

import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from confide.crypto.sign import PersonKey
from confide.errors import IntegrityError
from confide.federated.deal import SEED, context_of
from confide.federated.grid import from_steps, to_steps
from confide.federated.hub import STAGES, Hub
from confide.federated.messages import Buffer
from confide.federated.settings import Federation
from confide.federated.site import Site
from confide.types import Progress, no_progress

Floats = NDArray[np.float64]
Steps = NDArray[np.int32]
Train = Callable[[str, Floats, int], Floats]
Release = Callable[[str, int, Steps], Steps]


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


def simulate(
    federation: Federation,
    hub_key: PersonKey,
    site_keys: Mapping[str, PersonKey],
    model: Floats,
    train: Train,
    *,
    rounds: int,
    release: Release | None = None,
    progress: Progress = no_progress,
) -> Floats:
    """Play `rounds` rounds of federated averaging in this process, with the machines that also run apart.

    Args:
        federation: all settings.
        hub_key: under which the hub signs.
        site_keys: by name; a site that has none takes no part.
        model: shape (length,), what the first round starts from.
        train: returns a site's update, given its name, the model and the round's number.
        release: adds a site's part of the noise to its steps, under that site's charge; None where none is declared.
        progress: called after each round.

    Returns:
        The model after the last round; a round that was aborted changes nothing.
    """
    for number in range(1, rounds + 1):
        hub = Hub(federation, number, hub_key, task_of(model))
        sites = {name: Site(federation, number, key, os.urandom(SEED)) for name, key in site_keys.items()}
        waiting = deque(hub.begin())
        for name in hub.points.keys() - site_keys.keys():
            waiting.extend(hub.gone(name))
        while waiting:
            out = waiting.popleft()
            if (site := sites.get(out.to)) is None:
                continue
            answers = site.receive(out.parcel)
            if site.wants_update:
                update = train(site.name, model_of(site.task, federation.length), number)
                steps = steps_for(federation, site.name, number, update)
                answers = [site.give(steps if release is None else release(site.name, number, steps))]
            for answer in answers:
                if hub.stage in STAGES:
                    waiting.extend(hub.receive(answer))
        if hub.stage == "done":
            model = model + mean_update(hub.total, federation, hub.survivors, number)
        progress(number, rounds)
    return model
