"""Train a small model on records of patients: privately under a charge, or without privacy to compare.

The private way is `confide.train.loop.train_privately` and nothing else; the rate falls to zero along a public line, so
that the last steps average the noise out. What `learn_openly` returns is identified data and never leaves.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from confide.dp.noise import Noise
from confide.train.loop import train_privately, weights_to_json
from confide.train.privacy import PrivacyPlan
from confide.types import Json, Progress, no_progress

Losses = Callable[[nn.Module, list[Any]], Tensor]
_PHYSICAL = 64  # records that go through a model at once


def learn_privately(
    model: nn.Module,
    records: Sequence[Any],
    patients: Sequence[str],
    losses: Losses,
    privacy: PrivacyPlan,
    noise: Noise,
    rate: float,
    progress: Progress = no_progress,
) -> Json:
    """Train `model` in place and return its weights, as a release keeps them.

    Guarantee: that of `confide.train.loop.train_privately`.
    """
    optimiser = torch.optim.Adam([each for each in model.parameters() if each.requires_grad], lr=rate)
    falling = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1 - step / privacy.steps)

    def told(done: int, steps: int) -> None:
        falling.step()
        progress(done, steps)

    train_privately(
        model, records, patients, losses,
        privacy=privacy, noise=noise, optimiser=optimiser,
        physical_batch=max(_PHYSICAL, privacy.max_records), progress=told,
    )  # fmt: skip
    return weights_to_json(model)


def learn_openly(
    model: nn.Module, records: Sequence[Any], losses: Losses, *, epochs: int, rate: float, seed: int = 0
) -> None:
    """Train `model` in place without any privacy, to see inside what privacy has cost."""
    optimiser = torch.optim.Adam([each for each in model.parameters() if each.requires_grad], lr=rate)
    draw = np.random.default_rng(seed)
    model.train()
    for _ in range(epochs):
        order = draw.permutation(len(records))
        for at in range(0, len(order), _PHYSICAL // 2):
            chosen = [records[place] for place in order[at : at + _PHYSICAL // 2]]
            optimiser.zero_grad()
            losses(model, chosen).mean().backward()  # type: ignore[no-untyped-call]
            optimiser.step()
