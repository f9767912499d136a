"""Gradients of a module without a rule: the module is run again for every record alone, under vmap.

Exact and slower: the module's forward runs twice. Refuses what is not a function of the record: randomness inside,
state that is written, inputs without the records in a known dimension. Knows no hook and no clip.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from confide.errors import InvalidInput
from confide.train.per_sample import Patients
from confide.train.taps import Call, Gradients, Saved


def each_alone(
    call: Call, saved: Saved, gradients: Gradients, patients: Patients
) -> Iterator[tuple[str, Tensor]]:
    """Yield the gradient of every trainable parameter of the call's module: (patients, …), fp32.

    Raises:
        InvalidInput: the module cannot be run for one record at a time, or is random.
    """
    module, tree = call.place.module, call.tree
    given = {n: p.detach().float() for n, p in module.named_parameters() if n in call.place.parameters}
    rest = {n: p.detach() for n, p in module.named_parameters() if n not in given}
    kept = iter(saved)
    leaves = [next(kept) if each is Tensor else each for each in call.leaves]
    present = [(at, g.float()) for at, g in enumerate(gradients) if g is not None]
    at_out = [at for at, _ in present]
    if any(isinstance(each, nn.Module) for each in leaves) or tree is None:
        raise InvalidInput("engine.no-rule", module=call.place.name)

    def told(parameters: dict[str, Tensor], flat: list[Any], gs: list[Tensor]) -> Tensor:
        args, kwargs = pytree.tree_unflatten(flat, tree)
        out = torch.func.functional_call(
            module, {**rest, **dict(module.named_buffers()), **parameters}, args, kwargs
        )
        floats = [o for o in pytree.tree_leaves(out) if isinstance(o, Tensor) and o.is_floating_point()]
        return torch.stack([(floats[at] * g).sum() for at, g in zip(at_out, gs, strict=True)]).sum()

    dims = [_input_dim(each, len(patients.of_record)) for each in leaves]
    try:
        with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
            run = torch.func.vmap(torch.func.grad(told), in_dims=(None, dims, 0), randomness="error")
            found = run(given, [_fp32(each) for each in leaves], [g for _, g in present])
    except (RuntimeError, TypeError, ValueError, AttributeError, IndexError) as fault:
        raise InvalidInput("engine.no-rule", module=call.place.name) from fault
    for name, each in found.items():
        yield name, patients.total(each)


def _input_dim(value: object, records: int) -> int | None:
    """Return where the records lie in an input, None for what is the same for all."""
    return 0 if isinstance(value, Tensor) and value.dim() and value.shape[0] == records else None


def _fp32(value: Any) -> Any:
    return value.float() if isinstance(value, Tensor) and value.is_floating_point() else value
