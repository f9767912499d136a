"""Where the engine listens: one autograd node at each layer's output, which keeps the input and meets the gradient.

While a layer runs, its parameters want no gradient, so a backward pass computes what flows between layers and no
weight gradient. The node saves the input as autograd saves things, so that both kinds of gradient checkpointing
free it and bring it back. Knows no norm and no clip: the gradients go to the `Listener`.
"""

from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree
from torch.utils.hooks import RemovableHandle

from confide.errors import InvalidInput

Saved = tuple[Tensor, ...]  # the tensors among a call's inputs
Gradients = tuple[Tensor | None, ...]  # at its outputs; None where nothing came back


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A module of the model that is listened to, and what its trainable parameters are called."""

    name: str
    module: nn.Module
    parameters: dict[str, str]  # trainable: name in the module -> name in the model
    whole: bool = False  # run as one piece, for each record alone


@dataclass(slots=True)
class Call:
    """One run of a place: everything but the tensors, which autograd keeps."""

    place: Place
    leaves: list[Any] = field(default_factory=list)  # of the inputs; `Tensor` where one stood
    tree: pytree.TreeSpec | None = None


class Listener(Protocol):
    """What the taps need of the engine."""

    anchor: Tensor  # wants a gradient, so that every tapped output does
    asleep: bool
    batch: int  # records of the run under way, 0 when unknown

    def met(self, call: Call, saved: Saved, gradients: Gradients) -> None:
        """Take the gradient at the output(s) of a call."""
        ...


class _Tap(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, listener: Listener, call: Call, n: int, anchor: Tensor, *tensors: Tensor) -> Any:
        """Return the first n tensors as they are; save the others."""
        ctx.listener, ctx.call, ctx.n = listener, call, n
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*tensors[n:])
        # not a view: layers may change their input in place, as ReLU(inplace=True) does with this output
        out = tuple(each.data for each in tensors[:n])
        return out[0] if n == 1 else out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> Any:
        """Tell the listener, and pass the gradients on."""
        if any(each is not None for each in gradients):
            ctx.listener.met(ctx.call, ctx.saved_tensors, gradients)
        return (None, None, None, None, *gradients, *[None] * (len(ctx.needs_input_grad) - 4 - ctx.n))


def tap(place: Place, listener: Listener) -> list[RemovableHandle]:
    """Listen to a place until the handles are removed."""

    def before(module: nn.Module, *_: Any) -> None:
        if not listener.asleep:
            _want(place, wanted=False)

    def after(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> Any:
        if listener.asleep:
            return None
        _want(place, wanted=True)
        if out is None or not torch.is_grad_enabled():
            return None
        return (_tap_whole if place.whole else _tap_layer)(place, listener, args, kwargs, out)

    if any(hook.__name__ == after.__name__ and hook.__module__ == __name__ for hook in _hooks(place.module)):
        raise InvalidInput("engine.twice")
    # `always_call`: checkpointing stops a repeated run half-way by an exception
    return [
        place.module.register_forward_pre_hook(before),
        place.module.register_forward_hook(after, with_kwargs=True, always_call=True),
    ]


def _hooks(module: nn.Module) -> list[Any]:
    return [hook for hook in module._forward_hooks.values() if hasattr(hook, "__name__")]


def _want(place: Place, *, wanted: bool) -> None:
    for name in place.parameters:
        place.module.get_parameter(name).requires_grad_(wanted)


def _tap_layer(
    place: Place, listener: Listener, args: tuple[Any, ...], kwargs: dict[str, Any], out: Tensor
) -> Tensor:
    a: Tensor = (args[0] if args else next(iter(kwargs.values()))).detach()
    if isinstance(place.module, nn.Embedding) and _is_for_all(a, listener.batch):
        a = a.reshape(1, -1).expand(listener.batch, -1)
        out = out.reshape(1, -1, out.shape[-1]).expand(listener.batch, -1, -1)
    if a.is_floating_point() and a.dtype != out.dtype and torch.is_autocast_enabled(a.device.type):
        a = a.to(out.dtype)  # what the layer itself multiplied
    tapped: Tensor = _Tap.apply(  # type: ignore[no-untyped-call]
        listener, Call(place), 1, listener.anchor, out, a
    )
    return tapped


def _is_for_all(ids: Tensor, batch: int) -> bool:
    """Say whether ids are the same for all records: position ids of shape [1, tokens] or [tokens]."""
    if batch <= 1:
        return False
    return (ids.dim() == 2 and ids.shape[0] == 1) or (ids.dim() == 1 and ids.shape[0] != batch)


def _tap_whole(
    place: Place, listener: Listener, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any
) -> Any:
    leaves, tree = pytree.tree_flatten((args, kwargs))
    call = Call(place, [Tensor if isinstance(each, Tensor) else each for each in leaves], tree)
    saved = [each.detach() for each in leaves if isinstance(each, Tensor)]
    outs, out_tree = pytree.tree_flatten(out)
    floats = [each for each in outs if isinstance(each, Tensor) and each.is_floating_point()]
    if not floats:
        return None
    tapped = _Tap.apply(  # type: ignore[no-untyped-call]
        listener, call, len(floats), listener.anchor, *floats, *saved
    )
    found: list[Tensor] = [tapped] if len(floats) == 1 else list(tapped)
    outs = [found.pop(0) if isinstance(each, Tensor) and each.is_floating_point() else each for each in outs]
    return pytree.tree_unflatten(outs, out_tree)
