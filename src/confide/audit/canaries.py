"""Audit the private loop itself: plant canaries in an audit model, train it as planned, guess which were in.

A canary is a made-up patient whose gradient is one coordinate of a layer that only the audit model has; a fair coin puts
it in or leaves it out. What the trained coordinate shows is then exactly what the noise was meant to hide, so an error
of clipping, noise, sampling or the normaliser shows at once. The audit model, which knows its records, never leaves.
"""

import copy
import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from confide.audit.one_run import Coins, Floats, Guessed, epsilon_lower, event_lower, gaussian_lower, guess
from confide.audit.section import FEWEST
from confide.dp.events import Composed, Event, SampledGaussian
from confide.dp.noise import Noise
from confide.errors import InvalidInput
from confide.train.loop import Loss, train_privately
from confide.train.privacy import PrivacyPlan
from confide.types import Progress, no_progress

LOUDNESS = 8.0  # a canary's gradient before clipping, in clip bounds: clipping has to work for it
Train = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit run showed. Figures about canaries and noise, none about a patient."""

    claimed: float  # ε of the plan
    delta: float
    level: float
    found: Guessed
    lower: float  # a run with this much noise, or more, is refuted
    lower_any: float  # the same without knowing the mechanism
    noise_ratio: float  # measured over claimed standard deviation, on the canaries that were left out
    noise_least: float  # the ends of its range where the claim holds
    noise_most: float
    signal_ratio: float  # measured over claimed mean of those that were in: above 1, clipping comes too late
    signal_most: float  # the end of its range where the claim holds

    @property
    def refuted(self) -> tuple[str, ...]:
        """Return which claims are refuted; that there are none is no proof of safety."""
        found = []
        if max(self.lower, self.lower_any) > self.claimed:
            found.append("epsilon")
        if not self.noise_least <= self.noise_ratio <= self.noise_most:
            found.append("noise")
        if self.signal_ratio > self.signal_most:
            found.append("clip")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class _Carried:
    """A record of the audit run, and the place of the canary that it carries, if any."""

    record: Any
    place: int | None


class _WithCanaries(nn.Module):
    """The audited model beside one layer that canaries alone reach."""

    def __init__(self, model: nn.Module, canaries: int) -> None:
        super().__init__()
        self.audited = copy.deepcopy(model)
        self.canaries = nn.Linear(canaries, 1, bias=False)
        nn.init.zeros_(self.canaries.weight)


def audit_training(
    model: nn.Module,
    records: Sequence[Any],
    patients: Sequence[int],
    loss: Loss,
    *,
    privacy: PrivacyPlan,
    noise: Noise,
    canaries: int = 1000,
    level: float = 0.95,
    learning_rate: float = 0.0,
    physical_batch: int = 32,
    train: Train = train_privately,
    progress: Progress = no_progress,
) -> Audited:
    """Train an audit copy of `model` with canaries among the records, as `privacy` plans it, and attack it.

    1. Toss a coin for each canary. 2. Train. 3. Read the canaries' coordinates. 4. Guess; measure noise and clipping.

    Args:
        model: what will be trained; it is copied and stays as it is.
        records: public or made-up records, at least one; the audit needs none of a patient.
        patients: whose each record is.
        loss: as for the training.
        privacy: the plan under audit; its number of patients is taken as it is.
        noise: of a charge of its own, or of a scratch ledger where all records are made up.
        canaries: from 50; a thousand certify half of ε = 4.
        level: of all figures.
        learning_rate: of the audited model's own parameters; the canaries' coordinates do not depend on it.
        physical_batch: as for the training.
        train: the loop under audit.
        progress: told after each step.

    Raises:
        InvalidInput: no record, too few canaries, or noise that is correlated over steps.

    Source: Nasr et al. 2023, "Tight Auditing of Differentially Private Machine Learning" (canaries in gradient
    space); Steinke, Nasr, Jagielski 2023 (many in one run).
    """
    if privacy.bands > 1:  # the sum of all steps is another statistic there
        raise InvalidInput("privacy.banded", field="audit", found=privacy.bands)
    if not records or canaries < FEWEST:
        raise InvalidInput("audit.too-few-canaries", records=len(records), canaries=canaries, least=FEWEST)
    inserted = noise.bernoulli(0.5, canaries)
    carried = [_Carried(record, None) for record in records]
    whose = [int(patient) for patient in patients]
    first = max(whose) + 1
    for place in np.flatnonzero(inserted).tolist():
        carried.append(_Carried(records[place % len(records)], place))
        whose.append(first + place)
    audit_model = _WithCanaries(model, canaries)
    groups = [
        {"params": [p for p in audit_model.audited.parameters() if p.requires_grad], "lr": learning_rate},
        {"params": [audit_model.canaries.weight], "lr": 1.0},
    ]
    train(
        audit_model,
        carried,
        whose,
        _beside(loss, canaries, LOUDNESS * privacy.clip),
        privacy=privacy,
        noise=noise,
        optimiser=torch.optim.SGD([group for group in groups if group["params"]]),
        physical_batch=physical_batch,
        progress=progress,
    )
    moved = audit_model.canaries.weight.detach().double().numpy().reshape(-1)
    return judge(-privacy.expected_batch * moved, inserted, privacy=privacy, level=level)


def _beside(loss: Loss, canaries: int, loudness: float) -> Loss:
    """Return the loss of the audit model: the planned one for records, one coordinate for canaries."""

    def both(model: nn.Module, batch: list[_Carried]) -> Tensor:
        parts: Any = model
        told = torch.zeros(len(batch), canaries)
        for row, each in enumerate(batch):
            if each.place is not None:
                told[row, each.place] = loudness
        heard: Tensor = parts.canaries(told)[:, 0]  # of all records, as every layer sees the whole batch
        ordinary = torch.tensor([each.place is None for each in batch])
        planned = loss(parts.audited, [each.record for each in batch])
        return torch.where(ordinary, planned, torch.zeros_like(planned)) + heard

    return both


def judge(scores: Floats, inserted: Coins, *, privacy: PrivacyPlan, level: float) -> Audited:
    """Hold what the canaries' coordinates show against the plan.

    Args:
        scores: shape (canaries,): the sum of all noisy sums in each canary's coordinate.
        inserted: which canaries were in.
        privacy: the plan under audit.
        level: of all figures.

    Raises:
        InvalidInput: a score is not finite: the audited training failed.
    """
    if not np.isfinite(scores).all():
        raise InvalidInput("audit.scores", scores=int(np.isfinite(scores).sum()), canaries=len(inserted))
    found = guess(scores, inserted)
    if privacy.rate < 1:
        lower = event_lower(
            found, lambda louder: _louder(privacy.mechanism(), louder), delta=privacy.delta, level=level
        )
    else:
        lower = gaussian_lower(found, delta=privacy.delta, level=level)
    claimed = privacy.sigma * privacy.clip * math.sqrt(privacy.steps)  # what the price was found for
    out = scores[~inserted] / claimed
    least, most = chi_range(len(out), level)
    signal = privacy.clip * privacy.rate * privacy.steps
    return Audited(
        claimed=privacy.epsilon,
        delta=privacy.delta,
        level=level,
        found=found,
        lower=lower,
        lower_any=epsilon_lower(found, delta=privacy.delta, level=level),
        noise_ratio=float(np.sqrt(np.mean(out * out))),
        noise_least=least,
        noise_most=most,
        signal_ratio=float(np.mean(scores[inserted])) / signal,
        signal_most=1 + _spread(privacy, int(inserted.sum()), level) / signal,
    )


def _spread(privacy: PrivacyPlan, canaries: int, level: float) -> float:
    """Return how far the mean of so many canaries that were in lies above its own at most, with `level`."""
    coins = 0.25 if privacy.rate < 1 else 0.0  # of a step: what Hoeffding grants a coin
    variance = privacy.steps * privacy.clip**2 * (privacy.sigma**2 + coins)
    return math.sqrt(-2 * math.log(1 - level) * variance / canaries)


def chi_range(degrees: int, level: float) -> tuple[float, float]:
    """Return between which ends a measured standard deviation over the true one lies, at least with `level`.

    Source: Laurent, Massart 2000, Lemma 1.

    >>> [round(end, 2) for end in chi_range(500, 0.999)]
    [0.87, 1.13]
    """
    x = math.log(2 / (1 - level))
    spread = 2 * math.sqrt(x / degrees)
    return math.sqrt(max(0.0, 1 - spread)), math.sqrt(1 + spread + 2 * x / degrees)


def _louder(event: Event, times: float) -> Event:
    """Return the event with so many times its noise."""
    if isinstance(event, Composed):
        return Composed(tuple(_louder(part, times) for part in event.events))
    if isinstance(event, SampledGaussian):
        return dataclasses.replace(event, sigma=event.sigma * times)
    return event
