"""The plan of a class from few labels (PATE): teachers on disjoint patients vote on public texts, a student learns the winners.

Guarantee: that of `confide.tasks.teachers`, for every patient with all of that patient's notes; the student reads public
texts and released labels alone, so it costs nothing more. A teacher is one linear layer over hashed tokens, taught openly on
its own patients and thrown away. Using the student: `confide.tasks.diagnose`.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from confide.dp.events import Event
from confide.dp.noise import Noise
from confide.errors import InvalidInput
from confide.tasks.diagnose import cases_of, fresh, guessed, losses
from confide.tasks.notes import TEXT, labelled, verify_columns
from confide.tasks.public import Public
from confide.tasks.releases import public_fields
from confide.tasks.section import TeachersSection
from confide.tasks.teachers import Ints, TeachersPlan, ask
from confide.types import Json

_EPOCHS, _RATE = 20, 4.0  # of teachers and student alike; nothing of them is looked for on patients


@dataclass(frozen=True, kw_only=True, slots=True)
class VotedPlan:
    """What teachers will be asked and what it costs. Every field is public; the notes arrive through `execute`."""

    settings: TeachersSection
    public: Public

    def __post_init__(self) -> None:
        """Refuse fewer public texts than questions, and noise that would drown the votes.

        Raises:
            InvalidInput: says which.
        """
        found, wanted = len(self.public.texts), self.settings.questions
        if found < wanted:
            raise InvalidInput("teachers.few-questions", found=found, questions=wanted)
        self.asked.verify_heard()

    @property
    def name(self) -> str:
        """Return the name of the release inside its study."""
        return self.settings.name

    @property
    def source(self) -> str:
        """Return the name of the notes that teachers learn from."""
        return self.settings.source

    @property
    def epsilon(self) -> float:
        """Return what all questions together cost one patient, at `delta`."""
        return self.settings.epsilon

    @property
    def delta(self) -> float:
        """Return the δ that belongs to `epsilon`."""
        return self.settings.delta

    @property
    def asked(self) -> TeachersPlan:
        """Return how the votes are protected."""
        settings = self.settings
        return TeachersPlan(
            name=settings.name, source=settings.source, classes=settings.classes, teachers=settings.teachers,
            questions=settings.questions, epsilon=settings.epsilon, patients=settings.patients, delta=settings.delta,
        )  # fmt: skip

    def event(self) -> Event:
        """Return what all questions together cost; data only."""
        return self.asked.event()

    def to_json(self) -> Json:
        """Return the kind and all public fields; numbers with a fraction as text."""
        return {
            **public_fields(self.settings),
            "kind": "teachers",
            "public_sha256": self.public.sha256,
            "sigma": repr(self.asked.sigma),
        }

    def text_columns(self) -> frozenset[str]:
        """Return the columns that are read."""
        return frozenset({TEXT, self.settings.target})

    def verify_columns(self, columns: Collection[str]) -> None:
        """Raise if a column that the plan reads is not there."""
        verify_columns(columns, self.text_columns())

    def execute(self, data: "Pupils", noise: Noise) -> Json:
        """Return the release: a label for each question, and a student that learnt them.

        Guarantee: (`epsilon`, `delta`)-differentially private for adding or removing one patient.
        """
        settings = self.settings
        patients, texts, places = labelled(data.notes, settings.target, settings.classes)
        questions = self.public.texts[: settings.questions]
        votes = ask(
            self.asked, cases_of(texts, places), patients, cases_of(questions, [0] * len(questions)),
            teach=teacher(len(settings.classes)), key=data.key,
        )  # fmt: skip
        told = self.asked.execute(votes, noise)
        return {
            **self.to_json(),
            "epsilon": self.epsilon,
            "delta": self.delta,
            "test_share": settings.test_share,
            "noise": self.asked.sigma,
            "labels": told["labels"],
            "relation": told["relation"],
            "model": student(questions, told["labels"], len(settings.classes)),
            "notes": [
                {"key": "teachers.note-unit"},
                {"key": "teachers.note-public"},
                {"key": "tasks.note-vector"},
            ],
        }


@dataclass(frozen=True, slots=True)
class Pupils:
    """Notes that teachers learn from, and the study's key that deals patients out. Never printed."""

    notes: pl.DataFrame = field(repr=False)
    key: bytes = field(repr=False)


def teacher(classes: int) -> Callable[[list[Any]], Callable[[Sequence[Any]], Ints]]:
    """Return what teaches one teacher on its own cases, openly; it answers with a class for each question."""

    def teach(cases: list[Any]) -> Callable[[Sequence[Any]], Ints]:
        model = _learnt(cases, classes)
        return lambda questions: np.array(guessed(model, list(questions)), dtype=np.int64)

    return teach


def student(questions: Sequence[str], labels: Sequence[int], classes: int) -> Json:
    """Return the weights of a layer that learnt released labels of public texts: post-processing alone."""
    from confide.train.loop import weights_to_json

    return weights_to_json(_learnt(cases_of(questions, labels), classes))


def _learnt(cases: list[Any], classes: int) -> Any:
    from confide.tasks.learn import descent, learn_openly

    model = fresh(classes)
    learn_openly(model, cases, losses, optimiser=descent(model, _RATE), epochs=_EPOCHS)
    return model
