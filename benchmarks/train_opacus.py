"""Opacus 1.6.0, by hooks and by ghost clipping, as its documentation says to set it up, without noise.

Runs in an environment of its own: see `train_rivals.py`, which prints what is found.
"""

import train_shapes as shapes
from opacus.grad_sample import GradSampleModule
from opacus.grad_sample.grad_sample_module_fast_gradient_clipping import (
    GradSampleModuleFastGradientClipping,
)
from opacus.optimizers import DPOptimizer, DPOptimizerFastGradientClipping
from opacus.utils.fast_gradient_clipping_utils import DPTensorFastGradientClipping
from torch import nn
from train_rivals import CLIP, Loss, Optimiser, main


def by_hooks(model: nn.Module, loss: Loss, batch: shapes.Batch, optimiser_of: Optimiser) -> shapes.Step:
    wrapped = GradSampleModule(model, loss_reduction="mean")
    optimiser = DPOptimizer(
        optimiser_of(wrapped), noise_multiplier=0.0, max_grad_norm=CLIP, expected_batch_size=len(batch[0])
    )

    def step() -> None:
        loss(wrapped, *batch).mean().backward()
        optimiser.step()
        optimiser.zero_grad()

    return step


def by_ghost(model: nn.Module, loss: Loss, batch: shapes.Batch, optimiser_of: Optimiser) -> shapes.Step:
    wrapped = GradSampleModuleFastGradientClipping(model, max_grad_norm=CLIP, use_ghost_clipping=True)
    optimiser = DPOptimizerFastGradientClipping(
        optimiser_of(wrapped), noise_multiplier=0.0, max_grad_norm=CLIP, expected_batch_size=len(batch[0])
    )

    def step() -> None:
        DPTensorFastGradientClipping(wrapped, optimiser, loss(wrapped, *batch), "mean").backward()
        optimiser.step()
        optimiser.zero_grad()

    return step


if __name__ == "__main__":
    main({"opacus hooks": by_hooks, "opacus ghost": by_ghost})
