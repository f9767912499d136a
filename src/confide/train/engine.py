"""Sums of per-patient clipped gradients of an unmodified torch model, in one backward pass.

Guarantee: what `backward` adds is Σ over patients of min(1, clip / ‖g‖) · g, where g is the gradient of the sum of
the patient's own losses with respect to all trainable parameters together; a patient whose ‖g‖ is not finite adds
nothing. So one patient moves the sums by at most `clip` in L2, up to the rounding stated in the proof.
Adds no noise, draws nothing, knows no ledger and no optimiser. Proof: `docs/proofs/per-sample.md`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed, nn

from confide.errors import InvalidInput
from confide.train.attention import attention
from confide.train.convolved import Convolved
from confide.train.each_alone import each_alone
from confide.train.held import Held
from confide.train.per_sample import Patients, Use, as_patients
from confide.train.ranks import shard
from confide.train.recognise import places
from confide.train.recurrent import records_of, recurrent
from confide.train.rules import Found, rule_of
from confide.train.taps import Call, Gradients, Saved, tap

DOUBT = 2.0**-20  # a squared norm from pairs of tokens is off by at most so much of the square of its reach
LEFT_OUT = 2.0**-10  # so much of a square, or of the clip's, needs no care: the noise is booked for more


@dataclass(frozen=True, kw_only=True, slots=True)
class Explained:
    """How one parameter's gradient is found. Every field is public."""

    parameter: str
    module: str
    shape: tuple[int, ...]
    rule: str  # the rule's name; after a backward pass also "ghost" (from factors) or "direct" (written down)


class Engine:
    """Listens to a model and adds up clipped per-patient gradients. Close it to have the model back.

    Args:
        model: any torch module; every parameter with `requires_grad` is managed from here on.
        clip: largest norm a patient's gradient keeps; finite and above zero.

    Raises:
        InvalidInput: a layer mixes records or has no rule, see `confide.train.recognise`.
    """

    def __init__(self, model: nn.Module, *, clip: float) -> None:
        if not (math.isfinite(clip) and clip > 0):
            raise InvalidInput("engine.clip", found=clip)
        self.sums: dict[str, Tensor] = {}
        self.asleep = False
        self.batch = 0
        self.anchor = torch.zeros((), requires_grad=True)
        self._model, self._clip = model, clip
        if isinstance(model, nn.parallel.DistributedDataParallel):
            model.require_backward_grad_sync = False  # the sums are what ranks add, not gradients
        self._places = places(model)
        self._shapes = {n: p.shape for n, p in model.named_parameters() if p.requires_grad}
        self._rules = {place.name: rule_of(place.module) for place in self._places if not place.whole}
        self._patients: Patients | None = None
        self._probe: Tensor | None = None  # records whose losses are sent back alone, to see whom they reach
        self._probed = False
        self._held: dict[str, Held] = {}
        self._found_by: dict[str, str] = {}
        self._seen: Tensor | None = None
        self._handles = [handle for place in self._places for handle in tap(place, self)]
        self._handles.append(model.register_forward_pre_hook(self._count, with_kwargs=True))
        self._handles += [
            p.register_post_accumulate_grad_hook(self._refuse_bare(n))  # type: ignore[no-untyped-call]
            for n, p in model.named_parameters()
            if p.requires_grad
        ]

    def backward(self, losses: Tensor, patients: Tensor | None = None) -> None:
        """Add Σ over patients of min(1, clip / ‖g‖) · g to `sums`.

        Guarantee: every patient adds at most `clip` in L2 over all parameters together. All records of a
        patient must come in one call; another call with the same id before `take` is refused.

        Args:
            losses: shape (records,): one loss for each record, of that record alone.
            patients: shape (records,), int64, equal for the records of one patient; None: each its own.

        Raises:
            InvalidInput: losses are not one for each record, or reach other patients' records; a layer lost
                the record dimension; a patient came twice; a parameter was used outside its module.
        """
        self._check(losses, patients)
        if not len(losses):
            return
        whose = as_patients(patients, len(losses), losses.device)
        try:
            self._patients = whose
            # norms and sums are fp32, wherever this is called
            with torch.autocast(losses.device.type, enabled=False):
                self._send_back(losses, whose)
        finally:
            self.asleep = False
            self._patients = self._probe = None
            self._held = {}
        if patients is not None:
            self._seen = patients if self._seen is None else torch.cat([self._seen, patients])

    def _send_back(self, losses: Tensor, whose: Patients) -> None:
        """Send the losses back, those of half of the patients first when nothing was looked at yet, and add up."""
        # with sharded parameters every rank must send back as often as the others, whatever it holds
        if not self._probed and (whose.n > 1 or distributed.is_initialized()):
            for half in (0, 1):  # the losses of every other patient, then of the rest
                self._probe = whose.of_record % 2 == half
                torch.autograd.backward(losses, self._probe.to(losses.dtype), retain_graph=True)
            self._probe, self._probed = None, True
        torch.autograd.backward(losses, torch.ones_like(losses))
        with torch.no_grad():
            self._add_up()

    def take(self) -> dict[str, Tensor]:
        """Return what was added since the last `take`, zeros where nothing was, and start anew."""
        device = {n: p.device for n, p in self._model.named_parameters()}
        found = {
            n: self.sums[n] if n in self.sums else torch.zeros(shape, device=device[n])
            for n, shape in self._shapes.items()
        }
        self.sums, self._seen = {}, None
        return found

    def write(self, gradients: dict[str, Tensor]) -> None:
        """Put gradients, by parameter name, where torch optimisers look; other parameters get none."""
        for name, parameter in self._model.named_parameters():
            found = gradients.get(name)
            parameter.grad = None if found is None else shard(found, parameter)

    def explain(self) -> list[Explained]:
        """Return one line for each trainable parameter: its module and how its gradient is found."""
        lines = []
        for place in self._places:
            rule = self._rules.get(place.name)
            label = (_run_of(place.module) if rule is None else rule).__name__.replace("_", " ")
            for name in place.parameters.values():
                found = self._found_by.get(name)
                lines.append(
                    Explained(
                        parameter=name,
                        module=place.name,
                        shape=tuple(self._shapes[name]),
                        rule=label if found is None else f"{label}, {found}",
                    )
                )
        return lines

    def verify(
        self,
        batch: Sequence[Any],
        loss: Callable[[nn.Module, Sequence[Any]], Tensor],
        patients: Tensor | None = None,
    ) -> float:
        """Return how far the engine is from the explicit loop over patients, on this model and these records.

        Both run in evaluation mode, as dropout would differ. The loop shows the model one patient at a time.

        Args:
            batch: records as `loss` takes them.
            loss: (model, records) to one loss for each record.
            patients: as in `backward`.

        Returns:
            The largest ‖difference‖ / ‖loop‖ over the parameters, each ‖loop‖ at least a thousandth of the
            norm of all together. Below 1e-5 in fp32.
        """
        training = {module: module.training for module in self._model.modules()}
        before, seen = self.sums, self._seen
        self._model.eval()
        try:
            self.sums, self._seen = {}, None
            self.backward(loss(self._model, batch), patients)
            ours = self.take()
            self.asleep = True
            theirs = self._loop(batch, loss, patients)
        finally:
            self.asleep = False
            self.sums, self._seen = before, seen
            for module, was in training.items():
                module.training = was
        together = torch.stack([each.norm() for each in theirs.values()]).norm()
        return max(
            float((ours[n] - theirs[n]).norm() / torch.maximum(theirs[n].norm(), together / 1000))
            for n in theirs
        )

    def close(self) -> None:
        """Take the hooks off; the model is as it was."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def met(self, call: Call, saved: Saved, gradients: Gradients) -> None:
        """Take the gradient at the output of a call; for `confide.train.taps`."""
        patients = self._patients
        if patients is None:
            raise InvalidInput("engine.plain-backward")
        with torch.no_grad():
            if self._probe is not None:
                self._look(call, gradients, self._probe)
                return
            names = call.place.parameters
            run = self._run_again if call.place.whole else self._by_rule
            for name, found in run(call, saved, gradients, patients):
                if isinstance(found, Tensor) and len(found) != patients.n:
                    raise InvalidInput(
                        "engine.batch-lost", module=call.place.name, records=patients.n, found=len(found)
                    )
                if name in names:
                    held = self._held.setdefault(names[name], Held(self._shapes[names[name]], patients))
                    held.add(found)

    def _run_again(
        self, call: Call, saved: Saved, gradients: Gradients, patients: Patients
    ) -> list[tuple[str, Use | Convolved | Tensor]]:
        self.asleep = True  # the same module runs, with nobody listening
        found = list(_run_of(call.place.module)(call, saved, gradients, patients))
        self.asleep = False
        return found

    def _by_rule(self, call: Call, saved: Saved, gradients: Gradients, patients: Patients) -> Found:
        records, (a,), (g,) = len(patients.of_record), saved, gradients
        rule = self._rules[call.place.name]
        if g is None or rule is None or not g.numel():
            return
        if g.shape[0] % records or a.shape[0] != g.shape[0]:
            raise InvalidInput("engine.batch-lost", module=call.place.name, records=records, found=g.shape[0])
        yield from rule(call.place.module, a, g, patients)

    def _look(self, call: Call, gradients: Gradients, probe: Tensor) -> None:
        """Refuse when the losses of one patient reach what belongs to other patients' records."""
        for at, each in enumerate(gradients):
            if each is None:
                continue
            g, records = records_of(call, at, each), len(probe)
            if g.shape[0] % records:
                raise InvalidInput(
                    "engine.batch-lost", module=call.place.name, records=records, found=g.shape[0]
                )
            others = g.reshape(records, -1)[~probe]
            if bool((others.abs() > 0).any()):  # NaN is not above 0, and says nothing
                raise InvalidInput("engine.coupled", module=call.place.name)

    def _add_up(self) -> None:
        """Clip each patient by the norm over all parameters, and add the sums."""
        if not self._held or self._patients is None:
            return
        squares = torch.stack([held.squares() for held in self._held.values()]).sum(0)
        doubt = DOUBT * torch.stack([held.reach().square() for held in self._held.values()]).sum(0)
        matters = doubt > LEFT_OUT * squares.clamp_min(self._clip**2)
        norms = torch.where(matters, squares + doubt, squares).clamp_min(0).sqrt()
        factor = torch.where(norms.isfinite(), self._clip / norms.clamp_min(self._clip), 0.0)
        spoilt = bool((factor == 0).any())
        for name in list(self._held):
            held = self._held.pop(name)
            self._found_by[name] = held.rule
            found = held.weighted(factor, spoilt=spoilt)
            self.sums[name] = self.sums[name].add_(found) if name in self.sums else found

    def _check(self, losses: Tensor, patients: Tensor | None) -> None:
        if losses.dim() != 1:
            raise InvalidInput("engine.losses", found=str(tuple(losses.shape)))
        if len(losses) and not losses.requires_grad:
            raise InvalidInput("engine.no-gradient")
        if patients is None:
            return
        if patients.shape != losses.shape or patients.is_floating_point():
            raise InvalidInput("engine.patients", records=len(losses), found=str(tuple(patients.shape)))
        if self._seen is not None and bool(torch.isin(patients, self._seen).any()):
            raise InvalidInput("engine.patient-twice")

    def _count(self, _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        tensors = [each for each in (*args, *kwargs.values()) if isinstance(each, Tensor) and each.dim()]
        self.batch = len(tensors[0]) if tensors else 0

    def _refuse_bare(self, name: str) -> Callable[[Tensor], None]:
        def refuse(parameter: Tensor) -> None:
            if self.asleep:  # nobody listens: an ordinary backward pass, whose gradient is wanted
                return
            parameter.grad = None
            raise InvalidInput("engine.bare-use", parameter=name)

        return refuse

    def _loop(
        self,
        batch: Sequence[Any],
        loss: Callable[[nn.Module, Sequence[Any]], Tensor],
        patients: Tensor | None,
    ) -> dict[str, Tensor]:
        """Do what `backward` promises, patient after patient, by plain autograd."""
        parameters = {n: p for n, p in self._model.named_parameters() if n in self._shapes}
        total = {n: torch.zeros(shape) for n, shape in self._shapes.items()}
        owner = list(range(len(batch))) if patients is None else patients.tolist()
        for patient in dict.fromkeys(owner):
            records = [record for record, whose in zip(batch, owner, strict=True) if whose == patient]
            found = torch.autograd.grad(
                loss(self._model, records).sum(), list(parameters.values()), allow_unused=True
            )
            kept = {n: g.float() for n, g in zip(parameters, found, strict=True) if g is not None}
            norm = torch.stack([g.double().norm() for g in kept.values()]).norm()
            for name, g in kept.items() if norm.isfinite() else ():
                total[name] = total[name].to(g.device) + g * float(self._clip / norm.clamp_min(self._clip))
        return total


def _run_of(module: nn.Module) -> Callable[[Call, Saved, Gradients, Patients], Found]:
    """Return how a module that is run as one piece is run again."""
    if isinstance(module, nn.MultiheadAttention):
        return attention
    return recurrent if isinstance(module, nn.RNNBase) else each_alone
