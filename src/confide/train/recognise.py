"""Which modules of a model are listened to, by which rule; refusals by name before the first step.

Knows no gradient. Rules: `confide.train.rules`; whole modules: `confide.train.each_alone`.
"""

from collections.abc import Iterator

from torch import nn

from confide.errors import InvalidInput
from confide.train.recurrent import RECURRENT
from confide.train.rules import rule_of
from confide.train.taps import Place

MIXES_RECORDS = (nn.modules.batchnorm._BatchNorm, nn.modules.batchnorm._LazyNormBase)
CONTAINERS = (nn.ParameterList, nn.ParameterDict, nn.utils.parametrize.ParametrizationList)
EXPERTS = ("router", "experts", "moe")


def places(model: nn.Module) -> list[Place]:
    """Return one place for every module with trainable parameters of its own.

    Raises:
        InvalidInput: nothing is trainable; a layer mixes records; experts are trained; a parameter lies where no
            module runs; an embedding counts over the batch.
    """
    names = {id(p): name for name, p in model.named_parameters() if p.requires_grad}
    if not names:
        raise InvalidInput("engine.nothing-trainable")
    once = {id(place.module): place for place in _places(model, "", names)}  # a layer may stand in two places
    return list(once.values())


def _places(module: nn.Module, name: str, names: dict[int, str]) -> Iterator[Place]:
    shown = name or type(module).__name__
    _refuse(module, shown, names)
    own = _trainable(module, names, recurse=False)
    inside = _trainable(module, names, recurse=True)
    whole = isinstance(module, (nn.MultiheadAttention, *RECURRENT)) and bool(inside)
    if own and not whole and rule_of(module) is None:
        whole = True
    if whole:
        for child, below in module.named_modules():
            _refuse(below, f"{shown}.{child}" if child else shown, names)
        yield Place(name=shown, module=module, parameters=inside, whole=True)
        return
    if own:
        yield Place(name=shown, module=module, parameters=own)
    for child, below in module.named_children():
        yield from _places(below, f"{name}.{child}" if name else child, names)


def _trainable(module: nn.Module, names: dict[int, str], *, recurse: bool) -> dict[str, str]:
    return {n: names[id(p)] for n, p in module.named_parameters(recurse=recurse) if id(p) in names}


def _refuse(module: nn.Module, shown: str, names: dict[int, str]) -> None:
    kind = type(module).__name__
    if isinstance(module, MIXES_RECORDS):
        raise InvalidInput("engine.batch-norm", module=shown)
    if isinstance(module, nn.modules.instancenorm._InstanceNorm) and module.track_running_stats:
        raise InvalidInput("engine.batch-norm", module=shown)
    if not _trainable(module, names, recurse=True):
        return
    if any(word in kind.lower() for word in EXPERTS):
        raise InvalidInput("engine.experts", module=shown, kind=kind)
    if isinstance(module, CONTAINERS) and _trainable(module, names, recurse=False):
        raise InvalidInput("engine.bare-parameter", module=shown)
    if isinstance(module, nn.Embedding) and (
        module.max_norm is not None or module.scale_grad_by_freq or module.sparse
    ):
        raise InvalidInput("engine.embedding", module=shown)
