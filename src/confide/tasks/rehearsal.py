"""What an audit trains in place of a task's model: a fresh one of the same shape, made-up records, the same loss and plan.

Guarantee: follows from public settings alone; no record is of a patient. `confide.audit.canaries` trains and throws away.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from confide.train.privacy import PrivacyPlan

if TYPE_CHECKING:
    from torch import Tensor, nn

MADE_UP = tuple(f"made-up record {i} of an audit: {i * i} and {i * i * i}" for i in range(16))


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The parts of one training, without a patient."""

    model: "nn.Module"
    records: list[Any]
    loss: "Callable[[nn.Module, list[Any]], Tensor]"
    privacy: PrivacyPlan
