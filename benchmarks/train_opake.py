"""opake 0.16.1 (vmap of grad over a functional model), as its documentation says to set it up, without noise.

Runs in an environment of its own: see `train_rivals.py`, which prints what is found.
"""

import torch
import train_shapes as shapes
from opake.api.engine.clipping import clipped_grad
from torch import Tensor, nn
from torch.func import functional_call
from train_rivals import CLIP, Loss, Optimiser, main


def by_vmap(model: nn.Module, loss: Loss, batch: shapes.Batch, optimiser_of: Optimiser) -> shapes.Step:
    trained = {name: each for name, each in model.named_parameters() if each.requires_grad}
    optimiser = optimiser_of(model)

    def of_one(weights: dict[str, Tensor], *record: Tensor) -> Tensor:
        def called(*args: Tensor, **named: Tensor) -> Tensor:
            return functional_call(model, weights, args, named)

        return loss(called, *(part[None] for part in record))[0]

    gradient, state = clipped_grad(
        of_one,
        clipping_norm=CLIP, normalize_by=float(len(batch[0])), batch_argnums=tuple(range(1, len(batch) + 1)),
    )  # fmt: skip

    def step() -> None:
        nonlocal state
        found, state = gradient({name: each.detach() for name, each in trained.items()}, *batch, state=state)
        clipped = getattr(found, "pytree", found)
        with torch.no_grad():
            for name, each in trained.items():
                each.grad = clipped[name]
        optimiser.step()
        optimiser.zero_grad()

    return step


if __name__ == "__main__":
    main({"opake": by_vmap})
