"""The plain loop of private training: draw patients, clip each, add noise once, divide by a public number, step.

Guarantee: with the noise of a charge of `privacy.event()`, the parameters after training are (ε, δ)-differentially
private for adding or removing one patient with all records. Nothing else about the records may be shown.
Clipping: `confide.train.engine`. Noise: `confide.dp.dense`. Sampling: `confide.train.sampling`. Knows no ledger.
"""

import base64
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from confide.dp.noise import Noise
from confide.errors import IntegrityError, InvalidInput
from confide.train.banded import Bands
from confide.train.engine import Engine
from confide.train.privacy import PrivacyPlan
from confide.train.sampling import Batch, Groups, batches, group
from confide.types import Json, Progress, no_progress

Loss = Callable[[nn.Module, list[Any]], Tensor]


def train_privately(
    model: nn.Module,
    records: Sequence[Any],
    patients: Sequence[Any] | NDArray[Any],
    loss: Loss,
    *,
    privacy: PrivacyPlan,
    noise: Noise,
    optimiser: torch.optim.Optimizer,
    physical_batch: int = 32,
    progress: Progress = no_progress,
) -> None:
    """Train the parameters of `model` that want a gradient, in place.

    Guarantee: that of the module. What `loss` does with a record depends on that record and the model alone.

    Args:
        model: any torch module whose layers the engine knows.
        records: what `loss` reads; anything.
        patients: whose each record is: whole numbers from 0, or texts.
        loss: takes the model and a list of records, returns one loss per record, shape (records,).
        privacy: how; what the charge was made for.
        noise: the charge's.
        optimiser: of the same parameters; its rate and schedule are public and yours.
        physical_batch: records that go through the model at once; at least `privacy.max_records`.
        progress: told after each step.

    Raises:
        InvalidInput: no patient id, a loss that is not one finite number per record, or a layer without a rule.
    """
    if len(records) != len(patients):
        raise InvalidInput("privacy.patient-missing")
    privacy.verify_physical(physical_batch)
    groups = group(patients, privacy)
    bands = Bands(groups, privacy, noise) if privacy.bands > 1 else None
    engine = Engine(model, clip=privacy.clip)
    try:
        model.train()
        for step in range(privacy.steps):
            write_gradient(engine, model, records, groups, loss, privacy, noise, physical_batch, bands)
            optimiser.step()
            progress(step + 1, privacy.steps)
    finally:
        engine.close()


def write_gradient(
    engine: Engine,
    model: nn.Module,
    records: Sequence[Any],
    groups: Groups,
    loss: Loss,
    privacy: PrivacyPlan,
    noise: Noise,
    physical_batch: int,
    bands: Bands | None = None,
) -> None:
    """Write the private gradient of one logical batch into the parameters, for any optimiser.

    1. Draw the patients and their records. 2. Add up clipped gradients, piece by piece. 3. Add noise once, also
    where nobody was drawn. 4. Divide by the public expected batch. With `bands`, of the training under way, those whose turn
    it is are drawn, and the noise is correlated with that of the steps before.
    """
    for batch in batches(groups if bands is None else bands.turn(), privacy, noise, physical_batch):
        losses = per_record(loss(model, [records[i] for i in batch.records.tolist()]), batch)
        weights = torch.from_numpy(batch.weights).to(losses.device)
        engine.backward(losses.float() * weights, torch.from_numpy(batch.patients).to(losses.device))
    engine.write(noised(engine.take(), privacy, noise, bands))


def per_record(losses: Tensor, batch: Batch) -> Tensor:
    """Return `losses` if they are one finite number per record.

    Raises:
        InvalidInput: a mean over the batch, where each would depend on the others; or a loss that is not finite.
    """
    if losses.shape != (len(batch.records),):
        raise InvalidInput("privacy.loss-shape")
    if not torch.isfinite(losses.detach()).all():
        raise InvalidInput("privacy.loss-not-finite")
    return losses


def noised(
    sums: dict[str, Tensor], privacy: PrivacyPlan, noise: Noise, bands: Bands | None = None
) -> dict[str, Tensor]:
    """Return noisy sums over the public expected batch; call it exactly once for each logical batch."""
    flat = {
        name: total.detach().to("cpu", torch.float32).reshape(-1).contiguous().numpy()
        for name, total in sums.items()
    }
    if bands is None:
        for each in flat.values():
            noise.add_gaussian(each, privacy.noise_on_sum)
    else:
        flat = bands.noised(flat)
    return {
        name: torch.from_numpy(flat[name]).reshape(total.shape).to(total.device) / privacy.expected_batch
        for name, total in sums.items()
    }


def weights_to_json(model: nn.Module, only_trainable: bool = True) -> Json:
    """Return the parameters as a ledger keeps them: safetensors in base64, the same bytes for the same numbers."""
    named = dict(_parameters(model, only_trainable))
    held = {name: tensor.detach().to("cpu").contiguous().clone() for name, tensor in named.items()}
    return {"form": "safetensors", "weights": base64.b64encode(safetensors.torch.save(held)).decode()}


def load_weights(model: nn.Module, json: Json) -> None:
    """Put released parameters back into a model of the same shape, in place.

    Raises:
        IntegrityError: not such a release, or of another model.
    """
    try:
        held = safetensors.torch.load(base64.b64decode(json["weights"], validate=True))
    except (KeyError, TypeError, ValueError, safetensors.SafetensorError):
        raise IntegrityError("privacy.weights-form") from None
    named = dict(model.named_parameters())
    if not held or any(name not in named or named[name].shape != each.shape for name, each in held.items()):
        raise IntegrityError("privacy.weights-form")
    with torch.no_grad():
        for name, tensor in held.items():
            named[name].copy_(tensor)


def _parameters(model: nn.Module, only_trainable: bool) -> Iterable[tuple[str, nn.Parameter]]:
    return (
        (name, each) for name, each in model.named_parameters() if each.requires_grad or not only_trainable
    )
