"""Several processes, one update: the sums of all ranks are added, and every rank writes the same gradients.

Each rank has an engine of its own and its own patients: all records of a patient on one rank. Noise is drawn in
one place, after the sums were added, and handed out here; a noise per rank would be a mistake that no rank sees.
"""

import torch
from torch import Tensor, distributed

Sums = dict[str, Tensor]


def add_over_ranks(sums: Sums) -> Sums:
    """Return Σ over the ranks of what each took, the same on every rank; alone, what was given."""
    if distributed.is_initialized():
        for name in sorted(sums):
            distributed.all_reduce(sums[name])
    return sums


def from_first_rank(gradients: Sums) -> Sums:
    """Return the first rank's gradients on every rank: there the noise was added, once."""
    if distributed.is_initialized():
        for name in sorted(gradients):
            distributed.broadcast(gradients[name], src=0)
    return gradients


def shard(gradient: Tensor, like: Tensor) -> Tensor:
    """Return this rank's part of a gradient, laid out as a parameter that `fully_shard` divided."""
    from torch.distributed.tensor import DTensor, distribute_tensor

    gradient = gradient.to(like.dtype)
    if not isinstance(like, DTensor):
        return gradient
    with torch.no_grad():
        return distribute_tensor(gradient, like.device_mesh, like.placements, src_data_rank=None)
