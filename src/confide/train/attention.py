"""Gradients of torch's MultiheadAttention: it is run again with a tap at each projection, for all records together.

Its projections are linear layers whose weights are never run as modules, or in a fused path: their gradients per record are
Σ over tokens of (gradient at the projection) · (what it multiplied). Both come from one more run of the attention, written
out in torch operations, without the weights. What is written otherwise goes to `confide.train.each_alone`.
"""

import inspect
import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils import _pytree as pytree

from confide.errors import InvalidInput
from confide.train.each_alone import each_alone
from confide.train.per_sample import Outer, Patients, Use
from confide.train.taps import Call, Gradients, Saved

Found = Iterator[tuple[str, Use | Tensor]]
_GIVEN = inspect.signature(nn.MultiheadAttention.forward)


def attention(call: Call, saved: Saved, gradients: Gradients, patients: Patients) -> Found:
    """Yield factors of the projections' weights and explicit gradients of their biases.

    Args:
        call: of a MultiheadAttention, records first or second.
        saved: the tensors among its inputs.
        gradients: at the output and, where it is given, at the attention weights.

    Raises:
        InvalidInput: it drops attention weights at random while training.
    """
    module = call.place.module
    given = _given(call, saved)
    if not isinstance(module, nn.MultiheadAttention) or not _is_written_out(module, given):
        yield from each_alone(call, saved, gradients, patients)
        return
    if module.dropout and module.training:
        raise InvalidInput("engine.attention-dropout", module=call.place.name)
    first = 0 if module.batch_first else 1
    inputs = [given[name].movedim(first, 0).float() for name in ("query", "key", "value")]
    with torch.enable_grad():
        plain = [functional.linear(x, w, b) for x, (w, b) in zip(inputs, _maps(module), strict=True)]
        leaves = [each.detach().requires_grad_() for each in plain]
        context, weights = _attended(module, leaves, given)
        out = functional.linear(context, module.out_proj.weight.detach().float())
        pairs = [
            (made, g.movedim(first, 0).float() if at == 0 else g.float())
            for at, (made, g) in enumerate(zip((out, weights), gradients, strict=False))
            if g is not None
        ]
        found = torch.autograd.grad(
            [made for made, _ in pairs], leaves, [g for _, g in pairs], materialize_grads=True
        )
    if gradients[0] is not None:
        at_out = pairs[0][1]
        yield "out_proj.weight", Outer(at_out, context.detach())
        yield "out_proj.bias", patients.total(at_out.sum(1))
    yield from _projections(module, found, inputs, patients)


def _given(call: Call, saved: Saved) -> dict[str, Any]:
    """Return the inputs by name, defaults among them."""
    kept = iter(saved)
    flat = [next(kept) if each is Tensor else each for each in call.leaves]
    if call.tree is None:
        raise InvalidInput("engine.no-rule", module=call.place.name)
    args, kwargs = pytree.tree_unflatten(flat, call.tree)
    bound = _GIVEN.bind(None, *args, **kwargs)
    bound.apply_defaults()
    return bound.arguments


def _is_written_out(module: nn.MultiheadAttention, given: dict[str, Any]) -> bool:
    """Say whether `_attended` is what this module does: no own forward, no extra keys, records in a dimension of their own."""
    own = type(module).forward is nn.MultiheadAttention.forward
    return own and module.bias_k is None and not module.add_zero_attn and given["query"].dim() == 3


def _maps(module: nn.MultiheadAttention) -> list[tuple[Tensor, Tensor | None]]:
    """Return weight and bias of the three projections of the inputs."""
    if module._qkv_same_embed_dim:
        weights: Sequence[Tensor] = module.get_parameter("in_proj_weight").detach().float().chunk(3)
    else:
        weights = [module.get_parameter(f"{each}_proj_weight").detach().float() for each in "qkv"]
    bias = module.in_proj_bias
    biases = [None] * 3 if bias is None else list(bias.detach().float().chunk(3))
    return list(zip(weights, biases, strict=True))


def _attended(
    module: nn.MultiheadAttention, projected: list[Tensor], given: dict[str, Any]
) -> tuple[Tensor, Tensor]:
    """Return what the heads say, side by side, and the attention weights as the module gives them."""
    heads = module.num_heads
    q, k, v = (each.view(*each.shape[:2], heads, -1).transpose(1, 2) for each in projected)
    scores = (q / math.sqrt(q.shape[-1])) @ k.mT
    mask, padding = given["attn_mask"], given["key_padding_mask"]
    if mask is not None:
        scores = scores + _added(mask if mask.dim() == 2 else mask.view(-1, heads, *mask.shape[1:]))
    if padding is not None:
        scores = scores + _added(padding)[:, None, None, :]
    weights = scores.softmax(dim=-1)
    context = (weights @ v).transpose(1, 2).flatten(2)
    return context, weights.mean(dim=1) if given["average_attn_weights"] else weights


def _added(mask: Tensor) -> Tensor:
    """Return a mask as what is added to scores: -∞ where a mask of yes and no says yes."""
    if mask.dtype != torch.bool:
        return mask.float()
    return torch.zeros(mask.shape, device=mask.device).masked_fill_(mask, -math.inf)


def _projections(
    module: nn.MultiheadAttention, found: tuple[Tensor, ...], inputs: list[Tensor], patients: Patients
) -> Found:
    """Yield what the gradients at the three projections say about their weights and the one bias."""
    yield "in_proj_bias", patients.total(torch.cat([each.sum(1) for each in found], dim=1))
    if not module._qkv_same_embed_dim:
        for name, g, x in zip("qkv", found, inputs, strict=True):
            yield f"{name}_proj_weight", Outer(g, x)
        return
    at = 0
    while at < 3:  # projections of one input stand side by side: one use of the weight
        stop = at + 1
        while stop < 3 and _is_same(inputs[at], inputs[stop]):
            stop += 1
        around = (at * module.embed_dim, (3 - stop) * module.embed_dim)  # rows of the other projections
        g = torch.cat(found[at:stop], dim=2)
        yield "in_proj_weight", Outer(functional.pad(g, around) if any(around) else g, inputs[at])
        at = stop


def _is_same(one: Tensor, other: Tensor) -> bool:
    return one.data_ptr() == other.data_ptr() and one.shape == other.shape and one.stride() == other.stride()
