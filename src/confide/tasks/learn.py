"""Train a small model on records of patients: privately under a charge, or openly, on public records or to compare.

The private way is `confide.train.loop.train_privately` and nothing else; the rate falls to zero along a public line, so
that the last steps average the noise out. What is learnt openly from patients is identified data and never leaves.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR

from confide.dp.noise import Noise
from confide.train.loop import train_privately, weights_to_json
from confide.train.privacy import PrivacyPlan
from confide.types import Json, Progress, no_progress

Losses = Callable[[nn.Module, list[Any]], Tensor]
_PHYSICAL = 64  # records that go through a model at once


def adam(model: nn.Module, rate: float) -> torch.optim.Optimizer:
    """Return the optimiser of models with more than one layer."""
    return torch.optim.Adam([each for each in model.parameters() if each.requires_grad], lr=rate)


def descent(model: nn.Module, rate: float) -> torch.optim.Optimizer:
    """Return the optimiser of models of one layer: all steps count the same, so noise averages out."""
    return torch.optim.SGD([each for each in model.parameters() if each.requires_grad], lr=rate, momentum=0.9)


def learn_privately(
    model: nn.Module,
    records: Sequence[Any],
    patients: Sequence[str],
    losses: Losses,
    *,
    privacy: PrivacyPlan,
    noise: Noise,
    optimiser: torch.optim.Optimizer,
    progress: Progress = no_progress,
    physical: int = _PHYSICAL,
) -> Json:
    """Train `model` in place and return its weights, as a release keeps them.

    Guarantee: that of `confide.train.loop.train_privately`.
    """
    falling = LambdaLR(optimiser, lambda step: 1 - step / privacy.steps)

    def told(done: int, steps: int) -> None:
        falling.step()
        progress(done, steps)

    train_privately(
        model, records, patients, losses,
        privacy=privacy, noise=noise, optimiser=optimiser,
        physical_batch=max(physical, privacy.max_records), progress=told,
    )  # fmt: skip
    return weights_to_json(model)


def learn_openly(
    model: nn.Module,
    records: Sequence[Any],
    losses: Losses,
    *,
    optimiser: torch.optim.Optimizer,
    epochs: int,
    seed: int = 0,
    batch: int = 32,
    progress: Progress = no_progress,
) -> None:
    """Train `model` in place without any privacy: on public records, or to see inside what privacy has cost."""
    draw = torch.Generator().manual_seed(seed)
    falling = LambdaLR(optimiser, lambda epoch: 1 - epoch / epochs)
    model.train()
    each = -(-len(records) // batch)
    for epoch in range(epochs):
        order = torch.randperm(len(records), generator=draw).tolist()
        for at in range(0, len(order), batch):
            optimiser.zero_grad()
            losses(model, [records[place] for place in order[at : at + batch]]).mean().backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            progress(epoch * each + at // batch + 1, epochs * each)
        falling.step()


def mean_losses(
    model: nn.Module, records: Sequence[Any], patients: Sequence[str], losses: Losses
) -> list[float]:
    """Return the mean loss of each patient's records: patient data, for audits inside."""
    sums: dict[str, list[float]] = {}
    with torch.no_grad():
        for at in range(0, len(records), _PHYSICAL):
            found = losses(model, list(records[at : at + _PHYSICAL])).tolist()
            for patient, loss in zip(patients[at : at + _PHYSICAL], found, strict=True):
                sums.setdefault(patient, []).append(loss)
    return [float(np.mean(each)) for each in sums.values()]
