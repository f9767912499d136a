"""How the gradient of each kind of layer comes from what went in and what came back, record by record.

Each rule is a function of the layer, its saved input (records first), the gradient at its output and the patients;
it yields the local parameter names with factors (`Outer`, `Rows`) or explicit gradients per patient. Knows no hook.
Which layer has which rule: `rule_of`. Attention: `train.attention`; anything else: `train.each_alone`.
"""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from confide.errors import InvalidInput
from confide.train.convolved import Convolved
from confide.train.per_sample import Outer, Patients, Rows, Use

PORTION = 1 << 17  # numbers

Found = Iterator[tuple[str, Use | Convolved | Tensor]]
Rule = Callable[[nn.Module, Tensor, Tensor, Patients], Found]


def rule_of(module: nn.Module) -> Rule | None:
    """Return the rule of a layer with parameters of its own, None where there is none."""
    for kind, rule in RULES.items():
        if type(module) is kind or (isinstance(module, kind) and _runs_as(type(module), kind)):
            return rule
    if type(module).__name__ == "Conv1D" and hasattr(module, "nf"):
        return transposed_linear  # of transformers, which is not imported for it
    if is_rms_norm(module):
        return rms_norm
    return None


def _runs_as(own: type[nn.Module], kind: type[nn.Module]) -> bool:
    """Say whether a layer computes what its kind does: a convolution may also be changed below its forward."""
    return all(getattr(own, name, None) is getattr(kind, name, None) for name in ("forward", "_conv_forward"))


def linear(module: nn.Module, a: Tensor, g: Tensor, patients: Patients) -> Found:
    """Weight (out, in): Σ over tokens of g aᵀ."""
    a, g = _tokens(a, len(patients.of_record)), _tokens(g, len(patients.of_record))
    if _wants(module, "bias"):
        yield "bias", patients.total(_sum(g))
    if _wants(module, "weight"):
        yield "weight", Outer(g, a)


def transposed_linear(module: nn.Module, a: Tensor, g: Tensor, patients: Patients) -> Found:
    """Weight (in, out): Σ over tokens of a gᵀ."""
    for name, found in linear(module, a, g, patients):
        yield name, Outer(found.y, found.x) if isinstance(found, Outer) else found


def embedding(module: nn.Module, ids: Tensor, g: Tensor, patients: Patients) -> Found:
    """Row i of the weight: Σ over the tokens with id i of g. The padding row learns nothing."""
    records = len(patients.of_record)
    ids, g = ids.reshape(records, -1), _tokens(g, records)
    if isinstance(module, nn.Embedding) and module.padding_idx is not None:
        g = g.masked_fill(ids.eq(module.padding_idx).unsqueeze(-1), 0)
    yield "weight", Rows(ids, g)


def layer_norm(module: nn.Module, a: Tensor, g: Tensor, patients: Patients) -> Found:
    """Weight: Σ g · normalised input; bias: Σ g."""
    shape = list(module.normalized_shape)  # type: ignore[arg-type]
    eps = float(module.eps)  # type: ignore[arg-type]
    return _affine(module, lambda x: functional.layer_norm(x, shape, None, None, eps), a, g, patients)


def rms_norm(module: nn.Module, a: Tensor, g: Tensor, patients: Patients) -> Found:
    """Weight: Σ g · normalised input, whether the layer multiplies by w or by 1 + w (`is_rms_norm` looked)."""
    shape, eps = module.get_parameter("weight").shape, rms_epsilon(module, a.dtype)
    return _affine(module, lambda x: _rms(x, shape, eps), a, g, patients)


def group_norm(module: nn.Module, a: Tensor, g: Tensor, patients: Patients) -> Found:
    """As `layer_norm`, one weight for a channel (dimension 1)."""
    patients = patients.spread(len(g))
    if _wants(module, "weight"):
        groups, eps = int(module.num_groups), float(module.eps)  # type: ignore[arg-type]
        found = [
            _of_channels(torch.group_norm(x.float(), groups, None, None, eps).mul_(y))
            for x, y in _portions(a, g)
        ]
        yield "weight", patients.total(torch.cat(found))
    if _wants(module, "bias"):
        yield "bias", patients.total(_of_channels(g))


def convolution(module: nn.Module, a: Tensor, g: Tensor, patients: Patients) -> Found:
    """Weight: Σ over places of (gradient) (patch of the input)ᵀ, as the kernel went over them."""
    if not isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d):
        raise TypeError(type(module).__name__)
    if g.dim() != 2 + len(module.stride):
        raise InvalidInput(
            "engine.batch-lost",
            module=type(module).__name__,
            records=len(patients.of_record),
            found=g.shape[0],
        )
    patients = patients.spread(len(g))
    if _wants(module, "bias"):
        yield "bias", patients.total(_of_channels(g))
    if not _wants(module, "weight"):
        return
    a, padding = _padded(module, a)
    yield "weight", Convolved(
        a=a, g=g, stride=tuple(module.stride), padding=padding, dilation=tuple(module.dilation), groups=module.groups
    )  # fmt: skip


def _padded(module: nn.Conv1d | nn.Conv2d | nn.Conv3d, a: Tensor) -> tuple[Tensor, tuple[int, ...]]:
    """Return the input and the zero padding that is left to the convolution itself."""
    if module.padding_mode != "zeros" or isinstance(module.padding, str):
        around = module._reversed_padding_repeated_twice
        mode = "constant" if module.padding_mode == "zeros" else module.padding_mode
        return functional.pad(a, around, mode=mode), (0,) * len(module.stride)
    return a, tuple(module.padding)


def _affine(
    module: nn.Module, normalise: Callable[[Tensor], Tensor], a: Tensor, g: Tensor, patients: Patients
) -> Found:
    """Weight and bias that multiply and shift the last dimensions of the normalised input."""
    shape, records = module.get_parameter("weight").shape, len(patients.of_record)
    if _wants(module, "weight"):
        apart = [each.reshape(records, -1, *shape) for each in (a, g)]
        found = [(normalise(x.float()) * y).sum(1) for x, y in _portions(*apart)]
        yield "weight", patients.total(torch.cat(found))
    if _wants(module, "bias"):
        yield "bias", patients.total(g.reshape(records, -1, *shape).sum(1, dtype=torch.float32))


def _portions(a: Tensor, g: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield some records at a time, so that on a processor what is made of them stays near it."""
    step = max(1, PORTION // max(1, a[:1].numel())) if a.device.type == "cpu" else len(a)
    for at in range(0, len(a), step):
        yield a[at : at + step], g[at : at + step]


def _wants(module: nn.Module, name: str) -> bool:
    return getattr(module, name, None) is not None


def _of_channels(values: Tensor) -> Tensor:
    """Return the sums over places of (rows, channels, …), in fp32."""
    return values.reshape(*values.shape[:2], -1).sum(2, dtype=torch.float32)


def _tokens(values: Tensor, records: int) -> Tensor:
    """Return (records, tokens, width)."""
    return values.reshape(records, -1, values.shape[-1])


def _sum(g: Tensor) -> Tensor:
    return g[:, 0] if g.shape[1] == 1 else g.sum(1, dtype=torch.float32)


def rms_epsilon(module: nn.Module, dtype: torch.dtype) -> float:
    """Return the number an RMS norm adds to the mean square."""
    found = getattr(module, "variance_epsilon", getattr(module, "eps", None))
    return torch.finfo(dtype).eps if found is None else float(found)


def _rms(a: Tensor, shape: torch.Size, epsilon: float) -> Tensor:
    return functional.rms_norm(a, list(shape), None, epsilon)


def is_rms_norm(module: nn.Module) -> bool:
    """Say whether the layer is input / sqrt(mean square + ε), times a linear function of its only parameter.

    Looks at what the layer computes, not at its name: the difference between two weights must be the normalised
    input times the difference of the weights, for a large and a small input. So w and 1 + w both pass, and the
    gradient is the same; a norm that does something else with its weight does not.
    """
    own = dict(module.named_parameters())
    if list(own) != ["weight"] or own["weight"].dim() != 1 or not hasattr(module, "forward"):
        return False
    if not (hasattr(module, "variance_epsilon") or hasattr(module, "eps")):
        return False
    width = len(own["weight"])
    device = own["weight"].device
    steps = torch.arange(3 * width, device=device, dtype=torch.float32).view(1, 3, width)
    weights = [torch.cos(torch.arange(width, device=device) * k + k) for k in (1.0, 2.0)]
    for size in (1.0, 1e-3):
        a = torch.sin(steps * math.e + 1) * size
        try:
            with torch.no_grad():
                one, two = (torch.func.functional_call(module, {"weight": w}, (a,)) for w in weights)
        except (RuntimeError, TypeError, ValueError, IndexError):
            return False
        wanted = _rms(a, own["weight"].shape, rms_epsilon(module, a.dtype)) * (weights[0] - weights[1])
        if not isinstance(one, Tensor) or one.shape != a.shape:
            return False
        if not torch.allclose((one - two).float(), wanted, rtol=1e-4, atol=1e-5):
            return False
    return True


RULES: dict[type[nn.Module], Rule] = {
    nn.Linear: linear,
    nn.Embedding: embedding,
    nn.LayerNorm: layer_norm,
    nn.GroupNorm: group_norm,
    nn.Conv1d: convolution,
    nn.Conv2d: convolution,
    nn.Conv3d: convolution,
}
