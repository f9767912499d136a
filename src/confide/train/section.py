"""The `[[train]]` section of a study file: one classifier to train and release. All fields public."""

import math
from dataclasses import dataclass, field
from typing import Literal

from confide.errors import InvalidInput
from confide.train.features import names, parse_target
from confide.train.privacy import SMALLEST_EPSILON

TUNABLE = ("learning_rate", "clip")
MOST_TRIED = 16


def _doc(sentence: str) -> dict[str, str]:
    return {"doc": sentence}


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainSection:
    """One classifier: which source, what from what, what it may cost, and public constants of training."""

    source: str = field(metadata=_doc("Name of the source, a table."))
    target: str = field(
        metadata=_doc(
            "What to predict: a column of 0 and 1, or is(column, value, ...) for the listed values."
        )
    )
    features: tuple[str, ...] = field(
        metadata=_doc("What to predict from: number(column, low, high) or category(column, value, ...).")
    )
    epsilon: float = field(metadata=_doc("What the whole training may cost one patient."))
    patients: int = field(
        metadata=_doc(
            "Public number of patients, such as a published yearly figure; an order of magnitude will do. "
            "Never counted from the file."
        )
    )
    delta: float = field(default=1e-9, metadata=_doc("At most 1 / (100 patients)."))
    task: Literal["classify"] = field(default="classify", metadata=_doc("What is trained."))
    name: str = field(default="", metadata=_doc("Name of the release; made up from the source if left out."))
    steps: int = field(default=80, metadata=_doc("How many noisy steps to take."))
    expected_batch: int = field(
        default=0,
        metadata=_doc("Patients expected in a step; 0 stands for a quarter of the training patients."),
    )
    clip: float = field(default=1.0, metadata=_doc("Largest L2 norm of one patient's gradient."))
    learning_rate: float = field(default=2.0, metadata=_doc("Size of a step."))
    test_share: float = field(
        default=0.2, metadata=_doc("Share of the patients held out, to measure on inside.")
    )
    tune: dict[str, tuple[float, ...]] = field(
        default_factory=dict,
        metadata=_doc(
            "Values to try of learning_rate, clip or both: all combinations are trained, one is chosen by the held-out patients; "
            "epsilon pays for all of it."
        ),
    )

    def __post_init__(self) -> None:
        """Refuse what could never be trained, and fill in what follows from public fields."""
        if not self.name:
            object.__setattr__(self, "name", f"{self.source}-{parse_target(self.target).column}")
        verify_request(self)
        verify_tune(self)
        if self.expected_batch == 0:
            object.__setattr__(self, "expected_batch", max(1, round(self.training_patients / 4)))

    @property
    def training_patients(self) -> int:
        """Return how many of the declared patients are expected on the training side."""
        return max(1, round(self.patients * (1 - self.test_share)))


def verify_tune(section: "TrainSection") -> None:
    """Refuse settings to try that are none, too many, or that nobody is held out to choose among.

    Raises:
        InvalidInput: says what is possible.
    """
    tried = section.tune
    if not tried:
        return
    values = [value for each in tried.values() for value in each]
    fit = all(name in TUNABLE and each and len(set(each)) == len(each) for name, each in tried.items())
    combined = math.prod(len(each) for each in tried.values())
    if not (fit and all(1e-9 <= value <= 1e9 for value in values) and 2 <= combined <= MOST_TRIED):
        raise InvalidInput("train.tune", field="tune", names=", ".join(TUNABLE), most=MOST_TRIED)
    if section.test_share == 0:
        raise InvalidInput("train.tune-nobody", field="test_share")


def verify_request(section: "TrainSection") -> None:
    """Refuse a request that could never be met; looks at public values only.

    Raises:
        InvalidInput: names the first field that cannot be.
    """
    parse_target(section.target)
    columns = names(section.features)
    if len(columns) < 2 or len(set(columns)) < len(columns):
        raise InvalidInput("train.features")
    if isinstance(section.patients, bool) or not 1 <= section.patients <= 1 << 32:
        raise InvalidInput("train.patients", found=section.patients)
    if not (math.isfinite(section.epsilon) and section.epsilon > 0):
        raise InvalidInput("train.epsilon", found=section.epsilon)
    if section.epsilon < SMALLEST_EPSILON:
        raise InvalidInput(
            "privacy.budget-too-small", field="epsilon", found=section.epsilon, least=SMALLEST_EPSILON
        )
    if not 1e-16 <= section.delta <= 1 / (100 * section.patients):
        raise InvalidInput("train.delta", found=section.delta, most=f"{1 / (100 * section.patients):.3g}")
    if isinstance(section.steps, bool) or not 1 <= section.steps <= 100_000:
        raise InvalidInput("train.steps", found=section.steps)
    if not 0 <= section.test_share < 1:
        raise InvalidInput("train.test-share", found=section.test_share)
    for field_name in ("clip", "learning_rate"):
        if not 1e-9 <= (found := getattr(section, field_name)) <= 1e9:
            raise InvalidInput("train.positive", field=field_name, found=found)
    if (
        isinstance(section.expected_batch, bool)
        or not 0 <= section.expected_batch <= section.training_patients
    ):
        raise InvalidInput(
            "train.expected-batch", found=section.expected_batch, most=section.training_patients
        )
