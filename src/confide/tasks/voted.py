"""The plan of a class from few labels (PATE): teachers on disjoint patients vote on public texts, a student learns the winners.

Guarantee: that of `confide.tasks.teachers`, for every patient with all of that patient's notes; the student reads public
texts and released labels alone, so it costs nothing more. A teacher is one linear layer over hashed tokens, taught openly on
its own patients and thrown away. Using the student: `confide.tasks.diagnose`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from confide.dp.noise import Noise
from confide.errors import InvalidInput
from confide.tasks.diagnose import cases_of, fresh, guessed, losses
from confide.tasks.notes import TEXT, labelled
from confide.tasks.plan import TaskPlan
from confide.tasks.public import Public
from confide.tasks.section import TeachersSection
from confide.tasks.teachers import Ints, TeachersPlan, ask
from confide.types import Json, Progress

_EPOCHS, _RATE = 20, 4.0  # of teachers and student alike; nothing of them is looked for on patients


def voted_plan(settings: TeachersSection, public: Public) -> TaskPlan:
    """Return what teachers will be asked and what it costs; the notes arrive as `Pupils`.

    Raises:
        InvalidInput: fewer public texts than questions, or noise that would drown the votes.
    """
    found, wanted, asked = len(public.texts), settings.questions, _asked(settings)
    if found < wanted:
        raise InvalidInput("teachers.few-questions", found=found, questions=wanted)
    asked.verify_heard()
    return TaskPlan(
        settings=settings, kind="teachers", protection=asked, columns=frozenset({TEXT, settings.target}),
        constants={"public_sha256": public.sha256, "sigma": repr(asked.sigma)}, public=public, release=_release,
    )  # fmt: skip


def _asked(settings: TeachersSection) -> TeachersPlan:
    return TeachersPlan(
        name=settings.name, source=settings.source, classes=settings.classes, teachers=settings.teachers,
        questions=settings.questions, epsilon=settings.epsilon, patients=settings.patients, delta=settings.delta,
    )  # fmt: skip


def _release(plan: TaskPlan, data: "Pupils", noise: Noise, _: Progress) -> Json:
    settings: TeachersSection = plan.settings
    asked = _asked(settings)
    patients, texts, places = labelled(data.notes, settings.target, settings.classes)
    questions = plan.public.texts[: settings.questions]
    votes = ask(
        asked, cases_of(texts, places), patients, cases_of(questions, [0] * len(questions)),
        teach=teacher(len(settings.classes)), key=data.key,
    )  # fmt: skip
    told = asked.execute(votes, noise)
    return {
        **plan.to_json(),
        "epsilon": plan.epsilon,
        "delta": plan.delta,
        "test_share": settings.test_share,
        "noise": asked.sigma,
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
