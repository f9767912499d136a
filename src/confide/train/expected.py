"""How loud the noise of a training is beside what patients pull, from public settings alone, before it is paid.

Guarantee: no record is looked at. How well a model predicts depends on the data too, so this is a
forecast and no bound; `tests/train/test_train_expected.py` holds the grades against real trainings.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from confide.errors import InvalidInput
from confide.train.features import names

if TYPE_CHECKING:
    from confide.train.logistic import LogisticPlan

Grade = Literal["noise", "coarse", "fine"]

COARSE_FROM, FINE_FROM = 3.0, 10.0  # of `signal_to_noise`, found by trying: docs/choosing.md


@dataclass(frozen=True, kw_only=True, slots=True)
class Signal:
    """Noise and signal of one training step, in units of the largest pull of one patient (`clip`).

    `noise`: standard deviation of the noise on each coefficient's summed gradient. `taking_part`: patients
    expected in a step. `signal_to_noise`: per feature, if all pull as hard as they may and spread their
    pull evenly over the `columns` of the model.
    """

    patients: int
    columns: int
    noise: float
    taking_part: float
    signal_to_noise: float

    @property
    def grade(self) -> Grade:
        """Return what such a training came to, when it was tried on invented records."""
        found = self.signal_to_noise
        return "noise" if found < COARSE_FROM else "coarse" if found < FINE_FROM else "fine"


def expected_signal(plan: "LogisticPlan", patients: int, *, noise: float) -> Signal:
    """Return how loud the noise of a step is, if the source held so many patients.

    Args:
        plan: what will be trained.
        patients: an assumed number; the plan's own sampling rate stays as it is.
        noise: the plan's noise, in units of the largest pull of one patient.

    Raises:
        InvalidInput: `patients` is not above 0.
    """
    if patients < 1:
        raise InvalidInput("train.patients", found=patients)
    taking_part = plan.rate * patients * (1 - plan.settings.test_share)
    columns = len(names(plan.settings.features))
    return Signal(
        patients=patients,
        columns=columns,
        noise=noise,
        taking_part=taking_part,
        signal_to_noise=taking_part / (noise * math.sqrt(columns)),
    )
