"""What an audit trains in place of a task's model: a fresh one of the same shape, made-up records, the same loss and plan.

Guarantee: follows from public settings alone; no record is of a patient. `confide.audit.canaries` trains and throws away.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from confide.dp.noise import Noise
from confide.engines.polars import Floats
from confide.train.privacy import PrivacyPlan
from confide.types import Progress

if TYPE_CHECKING:
    from torch import Tensor, nn

MADE_UP = tuple(f"made-up record {i} of an audit: {i * i} and {i * i * i}" for i in range(16))


@dataclass(frozen=True, slots=True)
class Speech:
    """What a task that writes adds, for planted secrets.

    `record` is a made-up patient's note with a text; `train` trains a model in place as the task does, on records and whose each
    is; `asked` is how little a trained model expects each of some texts.
    """

    record: Callable[[str], Any]
    train: "Callable[[nn.Module, list[Any], list[int], Noise, Progress], None]"
    asked: "Callable[[nn.Module, Sequence[str]], Floats]"


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The parts of one training, without a patient; `speech` of a task that writes."""

    model: "nn.Module"
    records: list[Any]
    loss: "Callable[[nn.Module, list[Any]], Tensor]"
    privacy: PrivacyPlan
    speech: Speech | None = None
