"""Any torch module as a vector: the parameters that want a gradient travel, but for those that stay at the site by name.

So LoRA adapters travel and the model under them does not; all of it is what was approved, by `start_digest`. Guarantee of `clipped_sum`: that of `confide.train.engine`, on a
patient's mean loss, added up over pieces in doubles; see `docs/proofs/patient-unit.md`. Wants torch (confide[train]).
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from confide.errors import InvalidInput
from confide.train.engine import Engine
from confide.train.recognise import MIXES_RECORDS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Loss = Callable[[nn.Module, list[Any]], Tensor]


class TorchLearner:
    """A torch module on one site's records; made by `torch_learner`."""

    def __init__(
        self,
        module: nn.Module,
        loss: Loss,
        records: Sequence[Any],
        patients: Sequence[Any] | NDArray[Any],
        personal: Sequence[str],
        physical_batch: int,
    ) -> None:
        if len(records) != len(patients):
            raise InvalidInput("learning.table")
        for name, below in module.named_modules():
            if isinstance(below, MIXES_RECORDS):
                raise InvalidInput("engine.batch-norm", module=name or type(below).__name__)
        self._module, self._loss, self._records = module, loss, records
        named = {n: p for n, p in module.named_parameters() if p.requires_grad}
        staying = [n for n in named if any(n == each or n.startswith(f"{each}.") for each in personal)]
        if not all(any(n == each or n.startswith(f"{each}.") for n in named) for each in personal):
            raise InvalidInput("learning.personal")
        if len(staying) == len(named):
            raise InvalidInput("engine.nothing-trainable")
        self._parameters = {n: named[n] for n in [*(n for n in named if n not in staying), *staying]}
        self._first = self._vector({n: p.detach() for n, p in self._parameters.items()})
        self.length = sum(p.numel() for n, p in named.items() if n not in staying)
        _, self._codes, counts = np.unique(np.asarray(patients), return_inverse=True, return_counts=True)
        self.n_patients, self._shares = len(counts), 1.0 / counts
        self._of_patient = np.split(np.argsort(self._codes, kind="stable"), np.cumsum(counts)[:-1])
        self._physical = physical_batch

    def __repr__(self) -> str:
        return f"TorchLearner({type(self._module).__name__}, length={self.length})"

    def start(self) -> Floats:
        """Return the module's own numbers, as they were approved."""
        return self._first[: self.length].copy()

    def stays(self) -> Floats:
        """Return the parameters that stay here, as they were."""
        return self._first[self.length :].copy()

    def load(self, model: Floats) -> None:
        """Put the numbers of a model into the module: those that travel, or with those that stay behind them."""
        if len(model) == self.length:
            model = np.concatenate([model, self._first[self.length :]])
        if model.shape != self._first.shape:
            raise InvalidInput("learning.task", wanted=len(self._first))
        at = 0
        with torch.no_grad():
            for parameter in self._parameters.values():
                part = model[at : at + parameter.numel()].astype(np.float32)
                parameter.copy_(torch.from_numpy(part).reshape(parameter.shape))
                at += parameter.numel()

    def gradient(self, model: Floats, chosen: Ints | None = None) -> Floats:
        """Return the mean gradient of the chosen patients, by plain autograd; one that is not finite adds nothing."""
        self.load(model)
        who = np.arange(self.n_patients) if chosen is None else np.asarray(chosen)
        total = np.zeros(len(self._first))
        for records, patients in self._pieces(who):
            part = self._plain(records, patients)
            if np.isfinite(part).all():
                total += part
                continue
            for each in np.unique(patients):
                own = patients == each
                part = self._plain(records[own], patients[own])
                total += part if np.isfinite(part).all() else 0.0
        return total / max(1, len(who))

    def _plain(self, records: Ints, patients: Ints) -> Floats:
        """Return the sum of the patients' gradients, unclipped."""
        self._module.zero_grad(set_to_none=True)
        losses = self._losses(records)
        (losses * torch.from_numpy(self._shares[patients]).to(losses)).sum().backward()  # type: ignore[no-untyped-call]
        found = self._vector({n: p.grad for n, p in self._parameters.items() if p.grad is not None})
        self._module.zero_grad(set_to_none=True)
        return found

    def clipped_sum(self, model: Floats, clip: float, chosen: Mask | None = None) -> Floats:
        """Return the sum of the patients' clipped gradients; all records of a patient are in one piece."""
        self.load(model)
        who = np.arange(self.n_patients) if chosen is None else np.flatnonzero(chosen)
        total = np.zeros(len(self._first))
        engine = Engine(self._module, clip=clip)
        try:
            for records, patients in self._pieces(who):
                losses = self._losses(records).float()
                weights = torch.from_numpy(self._shares[patients]).to(losses)
                engine.backward(losses * weights, torch.from_numpy(patients).to(losses.device))
                total += self._vector(engine.take())
        finally:
            engine.close()
        return total

    def _losses(self, records: Ints) -> Tensor:
        losses = self._loss(self._module, [self._records[at] for at in records.tolist()])
        if losses.shape != (len(records),):
            raise InvalidInput("privacy.loss-shape")
        return losses

    def _pieces(self, who: Ints) -> Iterator[tuple[Ints, Ints]]:
        """Return records, and whose they are, so many at a time as go through the module at once."""
        waiting: list[Ints] = []
        held: list[int] = []
        for patient in who.tolist():
            records = self._of_patient[patient]
            if waiting and sum(map(len, waiting)) + len(records) > self._physical:
                yield np.concatenate(waiting), np.repeat(held, [len(each) for each in waiting])
                waiting, held = [], []
            waiting.append(records)
            held.append(patient)
        if waiting:
            yield np.concatenate(waiting), np.repeat(held, [len(each) for each in waiting])

    def _vector(self, named: dict[str, Tensor]) -> Floats:
        parts = [
            named[n].detach().to("cpu", torch.float64).reshape(-1).numpy()
            if n in named
            else np.zeros(p.numel())
            for n, p in self._parameters.items()
        ]
        return np.concatenate(parts)


def start_digest(module: nn.Module) -> str:
    """Return the name of exactly this module before training, in 64 hexadecimal digits.

    Of every parameter and buffer the name, the shape, the form of its numbers, their bytes, and whether it wants a gradient.
    """
    wanted = {name for name, parameter in module.named_parameters() if parameter.requires_grad}
    whole = hashlib.sha256(b"confide start 1")
    for name, value in sorted(module.state_dict().items()):
        told = f"{name}|{tuple(value.shape)}|{value.dtype}|{name in wanted}".encode()
        whole.update(b"%d:%s" % (len(told), told))
        whole.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return whole.hexdigest()


def torch_learner(
    module: nn.Module,
    loss: Loss,
    records: Sequence[Any],
    patients: Sequence[Any] | NDArray[Any],
    *,
    start: str,
    personal: Sequence[str] = (),
    physical_batch: int = 32,
) -> TorchLearner:
    """Return a torch module as a learner, for `confide.federated.learning`.

    Guarantee: the module is, to the last bit, the one whose `start_digest` all approved: what travels and what lies under it. A
    module that has learnt already is refused.

    Args:
        module: the same at all sites at first: build it under one seed, or from one checkpoint. Its mode stays as it is. Under
            differential privacy its layers must be ones that `confide.train.engine` knows.
        loss: takes the module and a list of records, returns one loss per record, shape (records,), of that record alone.
        records: what `loss` reads; anything.
        patients: whose each record is: whole numbers, or texts.
        start: `start_digest` of the module, as all approved it: make it a part of `Federation.manifest`.
        personal: names of parameters, or of modules, that never leave the site: a head of its own.
        physical_batch: records that go through the module at once; a patient with more goes through alone.

    Raises:
        InvalidInput: a batch norm, which mixes records and keeps averages that do not travel; a name of nothing; nothing is
            left to travel; records without a patient; a module with other weights than were approved.
    """
    if (found := start_digest(module)) != start:
        raise InvalidInput("learning.start", wanted=start[:16], found=found[:16])
    return TorchLearner(module, loss, records, patients, personal, physical_batch)
