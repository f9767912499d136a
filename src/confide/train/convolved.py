"""A convolution's weight gradient per patient, from its input and the gradient at its output.

The norm is read off explicit gradients, a few patients at a time; the clipped sum is the one convolution that a plain
backward makes. So no gradient of a patient is kept where it would take more memory than the factors (`train.held`).
Pure functions of tensors. Proof: `docs/proofs/per-sample.md`.
"""

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from confide.train.per_sample import Patients, squared_norms

SMALL_RECORD, SMALL_WEIGHT = 20_480, 1 << 17  # numbers; the first is where torch itself changes its way
SHARE = 2.0**-4  # of the reach of factors: what an explicit gradient may be wrong by is so much less


@dataclass(frozen=True, kw_only=True, slots=True)
class Convolved:
    """One use of a convolution's weight: `a` (records, channels in, …) went in, `g` (records, channels out, …) came back."""

    a: Tensor
    g: Tensor
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int


def is_smaller(use: Convolved, patients: Patients, shape: torch.Size) -> bool:
    """Say whether the factors take less memory than the gradient of each patient."""
    return use.a.numel() + use.g.numel() < patients.n * shape.numel()


def explicit(use: Convolved, patients: Patients, shape: torch.Size) -> Tensor:
    """Return the gradient of each patient, written down: fp32, shape (patients, *shape)."""
    dense = torch.empty(patients.n, *shape, device=use.g.device)
    for places, found in _some(use, patients, shape):
        dense[places] = found
    return dense


def squares(use: Convolved, patients: Patients, shape: torch.Size) -> Tensor:
    """Return the squared norm of each patient's gradient: fp32, shape (patients,)."""
    return torch.cat([squared_norms(found) for _, found in _some(use, patients, shape)])


def reach(use: Convolved, patients: Patients, shape: torch.Size) -> Tensor:
    """Return an upper bound of `SHARE` · Σ over places of ‖patch‖‖gradient‖ for each patient: shape (patients,)."""
    norms = [torch.linalg.vector_norm(each.float().flatten(1), dim=1) for each in (use.a, use.g)]
    patients, kernel = patients.spread(len(use.g)), math.prod(shape[2:])
    bound: Tensor = patients.total(norms[0] * norms[1]) * (SHARE * kernel**0.5)
    return bound


def weighted(
    use: Convolved, factor: Tensor, patients: Patients, shape: torch.Size, *, spoilt: bool
) -> Tensor:
    """Return Σ factor[patient] · gradient, in fp32; `spoilt`: what a factor of zero multiplies is dropped."""
    a, g, patients = use.a.float(), use.g.float(), patients.spread(len(use.g))
    of_record = factor[patients.of_record].view(-1, *[1] * (g.dim() - 1))
    if spoilt:  # 0 · NaN is NaN
        a, g = (each.masked_fill(of_record == 0, 0) for each in (a, g))
    return _gradients(use, a, g * of_record, shape, 1)[0]


def _some(use: Convolved, patients: Patients, shape: torch.Size) -> Iterator[tuple[slice, Tensor]]:
    """Yield the places of a few patients and their gradients, shape (patients, *shape), until all have come."""
    patients = patients.spread(len(use.g))
    a, g = patients.arrange(use.a), patients.arrange(use.g)
    place = record = 0
    for n, each in patients.blocks:
        for at in range(0, n, step := _side_by_side(a, shape)):
            m = min(step, n - at)
            rows = slice(record, record + m * each)
            yield slice(place, place + m), _gradients(use, a[rows].float(), g[rows].float(), shape, m)
            place, record = place + m, rows.stop


def _side_by_side(a: Tensor, shape: torch.Size) -> int:
    """Return how many patients' weight gradients one convolution finds, as groups of channels.

    On a processor torch gives a small record that comes alone to a slow path, and groups to a quick one; large weights or
    records gain nothing by it.
    """
    if a.device.type != "cpu" or a[0].numel() > SMALL_RECORD or shape.numel() > SMALL_WEIGHT:
        return 1
    return max(4, min(16, SMALL_WEIGHT // shape.numel()))


def _gradients(use: Convolved, a: Tensor, g: Tensor, shape: torch.Size, patients: int) -> Tensor:
    """Return the weight gradient of each of `patients` with equally many records: (patients, *shape)."""
    if patients > 1:
        a, g = (
            each.unflatten(0, (patients, -1)).transpose(0, 1).flatten(1, 2)  # type: ignore[no-untyped-call]
            for each in (a, g)
        )
    weight = a.new_empty(patients * shape[0], *shape[1:])  # only its shape is read
    settings = (None, use.stride, use.padding, use.dilation, False, [0] * len(use.stride))
    with _in_fp32(g):
        found: Tensor = torch.ops.aten.convolution_backward(
            g, a, weight, *settings, patients * use.groups, [False, True, False]
        )[1]
    return found.view(patients, *shape)


def _in_fp32(g: Tensor) -> AbstractContextManager[None]:
    """Have a GPU multiply in fp32, which cuDNN does not do unless it is told: norms and sums must agree."""
    cudnn = torch.backends.cudnn
    if not g.is_cuda:
        return nullcontext()
    kept = {"enabled": cudnn.enabled, "benchmark": cudnn.benchmark, "deterministic": cudnn.deterministic}
    chosen: AbstractContextManager[None] = cudnn.flags(**kept, allow_tf32=False)
    return chosen
