"""Learn one model together in this process, with the machines that also run apart: for trying settings out, and for tests.

Nothing is hidden from who runs it. Hub and sites apart: `confide.federated.play` with a place; with approvals, charges and
journals: `confide.study`.
"""

import os
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from confide.crypto.sign import PersonKey
from confide.federated.deal import SEED
from confide.federated.grid import Steps
from confide.federated.horizontal import mean_update, model_of, task_of
from confide.federated.hub import STAGES, Hub
from confide.federated.learners import Learner
from confide.federated.learning import Course, Learning, local_update, task_length
from confide.federated.patient_unit import in_steps, verify_together
from confide.federated.settings import Federation
from confide.federated.site import Site
from confide.types import Progress, no_progress

Floats = NDArray[np.float64]
Release = Callable[[str, int, Steps], Steps]
Train = Callable[[Learner, Floats, int, bytes], tuple[Floats, bytes]]


def learn_here(
    learning: Learning,
    federation: Federation,
    hub_key: PersonKey,
    site_keys: Mapping[str, PersonKey],
    learners: Mapping[str, Learner],
    *,
    release: Release | None = None,
    train: Train | None = None,
    progress: Progress = no_progress,
) -> Floats:
    """Play all rounds and return the model after the last one.

    Args:
        learning: how sites learn.
        federation: how they sum.
        hub_key: under which the hub signs.
        site_keys: by name; a site that has none takes no part.
        learners: by name, each on its site's records.
        release: adds a site's part of the noise to its steps, under that site's charge; None where none is declared.
        train: None for `local_update`; under `protection = "each"` what takes noisy steps under a charge.
        progress: called after each round; one that was aborted changes nothing.

    Raises:
        InvalidInput: the federation does not sum what is learnt.
    """
    first = next(iter(learners.values()))
    verify_together(learning, federation, first.length)
    steps_of = train or partial(_trained, learning, federation.grid.clip)
    course, states = Course(learning, first.start()), dict.fromkeys(site_keys, b"")
    for number in range(1, learning.rounds + 1):
        after: dict[str, bytes] = {}

        def given(site: Site, number: int = number, after: dict[str, bytes] = after) -> Steps:
            learner = learners[site.name]
            task = model_of(site.task, task_length(learning, learner.length))
            update, after[site.name] = steps_of(learner, task, number, states[site.name])
            steps = in_steps(learning, federation, site.name, number, update)
            return steps if release is None else release(site.name, number, steps)

        hub = _played(federation, number, hub_key, site_keys, task_of(course.task()), given)
        if hub.stage == "done":
            weights = [federation.member(name).weight for name in hub.survivors]
            share = sum(weights) / sum(member.weight for member in federation.members)
            mean = mean_update(hub.total, federation, hub.survivors, number)
            course.take(mean, number=number, share=share)
            states.update({name: after[name] for name in hub.survivors})
        progress(number, learning.rounds)
    return course.model


def _trained(
    learning: Learning, clip: float, learner: Learner, task: Floats, number: int, state: bytes
) -> tuple[Floats, bytes]:
    return local_update(learning, learner, task, number, state, clip=clip)


def _played(
    federation: Federation,
    number: int,
    hub_key: PersonKey,
    site_keys: Mapping[str, PersonKey],
    task: bytes,
    given: Callable[[Site], Steps],
) -> Hub:
    """Play one round to its end; sites without a key are gone from the start."""
    hub = Hub(federation, number, hub_key, task)
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
            answers = [site.give(given(site))]
        for answer in answers:
            if hub.stage in STAGES:
                waiting.extend(hub.receive(answer))
    return hub
