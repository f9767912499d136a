"""Few labels: teachers on disjoint patients vote on public records; the noisy winners are labels for a student.

Guarantee: a patient is in one teacher only, so adding or removing one moves one vote per question: a vector of norm
√(2 · questions), which gets discrete Gaussian noise once. Only the winners leave. What teachers learn, and how sure they
are, stays inside. The student learns from public records and released labels: that costs nothing more.
"""

import hmac
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from confide.dp.accountant import calibrate_gaussian
from confide.dp.events import Composed, DiscreteGaussian, Event, Failure, check_number
from confide.dp.noise import Noise
from confide.errors import InvalidInput
from confide.tasks.section import verify_budget, verify_listed, verify_whole
from confide.types import Json

Ints = NDArray[np.int64]
Teach = Callable[
    [list[Any]], Callable[[Sequence[Any]], Ints]
]  # records -> a teacher, which names a class for each question

_SAMPLER_DELTA = 1e-18


@dataclass(frozen=True, kw_only=True, slots=True)
class TeachersPlan:
    """How often teachers are asked and what it costs. Every field is public; the votes arrive through `execute`."""

    name: str
    source: str
    classes: tuple[str, ...]
    teachers: int
    questions: int
    epsilon: float
    patients: int
    delta: float = 1e-9

    def __post_init__(self) -> None:
        """Refuse what could never be asked."""
        verify_listed("classes", self.classes, least=2)
        verify_whole("teachers", self.teachers, 2, 1 << 20)
        verify_whole("questions", self.questions, 1, 1 << 20)
        check_number("epsilon", self.epsilon, 0.01, 1000)
        verify_budget(self.epsilon, self.delta, self.patients)

    @property
    def sensitivity(self) -> float:
        """Return how far one patient moves all votes together: one vote of each question goes elsewhere."""
        return math.nextafter(math.sqrt(2 * self.questions), math.inf)

    @property
    def sigma(self) -> float:
        """Return the standard deviation of the noise on each count of votes."""
        return _calibrated(self.epsilon, self.delta - 2 * _SAMPLER_DELTA, self.sensitivity)

    def verify_heard(self) -> None:
        """Refuse noise that even votes without a dissenter would drown in; public values only.

        Raises:
            InvalidInput: says what to change.
        """
        if self.sigma > self.teachers:
            raise InvalidInput(
                "teachers.noise-drowns",
                sigma=f"{self.sigma:.3g}",
                teachers=self.teachers,
                questions=self.questions,
            )

    def event(self) -> Event:
        """Return what all questions together cost; data only."""
        return Composed(
            (
                DiscreteGaussian(sensitivity=self.sensitivity, sigma=self.sigma),
                Failure(delta=_SAMPLER_DELTA),
            )
        )

    def to_json(self) -> Json:
        """Return every field and the noise; numbers with a fraction as text."""
        return {
            "kind": "teachers",
            "name": self.name,
            "source": self.source,
            "classes": list(self.classes),
            "teachers": self.teachers,
            "questions": self.questions,
            "epsilon": repr(self.epsilon),
            "delta": repr(self.delta),
            "patients": self.patients,
            "sigma": repr(self.sigma),
        }

    def execute(self, data: Ints, noise: Noise) -> Json:
        """Return the class of each question that most teachers name, after noise.

        Guarantee: (`epsilon`, `delta`)-differentially private for adding or removing one patient.

        Args:
            data: shape (teachers, questions): the class that each teacher names, from `ask`.
            noise: the charge's.

        Raises:
            InvalidInput: not so many teachers and questions, or a class that is none.
        """
        if data.shape != (self.teachers, self.questions) or not np.issubdtype(data.dtype, np.integer):
            raise InvalidInput("teachers.votes", teachers=self.teachers, questions=self.questions)
        if data.size and not 0 <= data.min() <= data.max() < len(self.classes):
            raise InvalidInput("teachers.votes", teachers=self.teachers, questions=self.questions)
        counts = (data[:, :, None] == np.arange(len(self.classes))).sum(axis=0)
        noisy = counts + noise.discrete_gaussian(self.sigma, counts.shape)
        return {
            **self.to_json(),
            "labels": noisy.argmax(axis=1).tolist(),
            "relation": "add or remove one patient",
        }


def ask(
    plan: TeachersPlan,
    records: Sequence[Any],
    patients: Sequence[str],
    questions: Sequence[Any],
    *,
    teach: Teach,
    key: bytes,
) -> Ints:
    """Teach each teacher on its own patients and return what all answer: patient data, for `execute` alone.

    Guarantee: which teacher has a patient depends on the key and the patient's id alone, so one patient more or less
    changes one row of the answer.

    Args:
        plan: how many teachers and questions.
        records: of the patients.
        patients: whose each record is.
        questions: public records, such as synthetic ones.
        teach: learns from one teacher's records, in any way; of a teacher without records it is not asked.
        key: secret of the study, at least 16 bytes.

    Returns:
        Shape (teachers, questions): a class each; 0 of a teacher who has nobody.

    Raises:
        InvalidInput: not as many questions as planned.
    """
    if len(questions) != plan.questions or len(records) != len(patients):
        raise InvalidInput("teachers.votes", teachers=plan.teachers, questions=plan.questions)
    if len(key) < 16:
        raise ValueError("a key has at least 16 bytes")
    own: list[list[Any]] = [[] for _ in range(plan.teachers)]
    for record, patient in zip(records, patients, strict=True):
        own[_teacher(patient, key, plan.teachers)].append(record)
    none = np.zeros(plan.questions, dtype=np.int64)
    return np.stack([teach(theirs)(questions) if theirs else none for theirs in own]).astype(np.int64)


def _teacher(patient: str, key: bytes, teachers: int) -> int:
    digest = hmac.digest(key, b"confide teacher\0" + patient.encode(), "sha256")
    return int.from_bytes(digest[:16], "big") % teachers


@lru_cache(maxsize=64)
def _calibrated(epsilon: float, delta: float, sensitivity: float) -> float:
    return calibrate_gaussian(epsilon, delta, sensitivity=sensitivity)
