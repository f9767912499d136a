"""Attack the trainings of a study before they are trusted: `[[audit]]`, by canaries or planted secrets among made-up records.

Guarantee: no record of a patient is read, so an audit costs no ε; its noise comes from a charge like every other, which
books the failure of the samplers. The audit model is thrown away; what is kept are figures about canaries and noise.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from confide.audit.planted import audit_secrets, most_allowed, texts_of
from confide.audit.section import AuditSection
from confide.dp.events import Event, Failure
from confide.dp.noise import Noise
from confide.errors import InvalidInput
from confide.study.config import Study
from confide.study.tasks import TASKS, task_plans
from confide.study.watched import Watched
from confide.study.workplace import Workplace
from confide.tasks.notes_section import NotesSection
from confide.tasks.plan import TaskPlan
from confide.tasks.rehearsal import Rehearsal, Speech
from confide.tasks.report_section import ReportSection
from confide.types import Json, Progress, no_progress

SAMPLERS = 1e-18  # of all draws together, as in `confide.train.privacy`
PHYSICAL = 64  # records that go through the audit model at once


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditPlan:
    """Which training will be attacked, and how. Every field is public."""

    settings: AuditSection
    audited: TaskPlan

    def __post_init__(self) -> None:
        """Refuse a secret that the training could not be asked about, or that could refute nothing.

        Raises:
            InvalidInput: the task writes nothing, the form has no blank, too few or too many, or is longer than a note.
        """
        if (form := self.settings.secret) is None:
            return
        task = self.audited.settings
        if not isinstance(task, ReportSection | NotesSection):
            raise InvalidInput("audit.no-secret", name=self.name, training=self.audited.name)
        self._most_allowed(form)
        if len(texts_of(form, self.settings.secrets)[0]) > task.most_written:
            raise InvalidInput("audit.form-long", field="most_written", found=task.most_written)

    def _most_allowed(self, form: str) -> float:
        settings = self.settings
        return most_allowed(
            form,
            settings.secrets,
            epsilon=self.audited.epsilon,
            delta=self.audited.delta,
            level=settings.level,
        )

    @property
    def name(self) -> str:
        """Return the name of the audit inside its study."""
        return self.settings.name

    @property
    def source(self) -> str:
        """Return the source of the audited training; nothing of it is read."""
        return self.audited.source

    @property
    def epsilon(self) -> float:
        """Return what an audit costs a patient: nothing."""
        return 0.0

    @property
    def delta(self) -> float:
        """Return the δ that is booked for the samplers."""
        return SAMPLERS

    def event(self) -> Event:
        """Return what is booked; the result is the same whoever the patients are."""
        return Failure(delta=SAMPLERS)

    def to_json(self) -> Json:
        """Return the kind and all public fields, those of the audited training among them; another training is another audit."""
        settings = self.settings
        attack: Json = {"canaries": settings.canaries}
        if settings.secret is not None:
            attack = {"secret": settings.secret, "secrets": settings.secrets}
        return {
            "kind": "audit",
            "name": self.name,
            **attack,
            "level": repr(settings.level),
            "training": self.audited.to_json(),
        }

    def execute(self, data: None, noise: Noise, progress: Progress = no_progress) -> Json:
        """Train the audit model and return what attacking it showed: figures about made-up patients alone.

        Args:
            data: nothing.
            noise: the charge's.
            progress: told after each step.
        """
        there = _rehearsal(self.audited)(self.audited, progress)
        told = {"kind": "audit", "name": self.name, "training": self.settings.training}
        if self.settings.secret is not None and there.speech is not None:
            return told | self._secrets(self.settings.secret, there, there.speech, noise, progress)
        return told | self._canaries(there, noise, progress)

    def _canaries(self, there: Rehearsal, noise: Noise, progress: Progress) -> Json:
        from confide.audit.canaries import audit_training

        settings = self.settings
        found = audit_training(
            there.model, there.records, range(len(there.records)), there.loss, privacy=there.privacy, noise=noise,
            canaries=settings.canaries, level=settings.level,
            physical_batch=max(PHYSICAL, there.privacy.max_records), progress=progress,
        )  # fmt: skip
        figures = dataclasses.asdict(found)
        counts = figures.pop("found")
        return {**figures, **counts, "refuted": list(found.refuted)}

    def _secrets(self, form: str, there: Rehearsal, speech: Speech, noise: Noise, progress: Progress) -> Json:
        def train(texts: Sequence[str]) -> None:
            carried = [speech.record(text) for text in texts]
            records = [*there.records, *carried]
            speech.train(there.model, records, list(range(len(records))), noise, progress)

        found = audit_secrets(
            form, self.settings.secrets,
            epsilon=there.privacy.epsilon, delta=there.privacy.delta, level=self.settings.level, noise=noise,
            train=train, asked=lambda texts: speech.asked(there.model, texts),
        )  # fmt: skip
        return {**dataclasses.asdict(found), "secret": form, "refuted": list(found.refuted)}


@dataclass(frozen=True, slots=True)
class Audited:
    """One audit and what it showed; nothing of a patient."""

    name: str
    replayed: bool
    release: Json = field(repr=False)

    def to_json(self) -> Json:
        """Return what the dossier says of the audit."""
        return {"name": self.name, "replayed": self.replayed, "release": self.release}


def audit_plans(study: Study) -> list[AuditPlan]:
    """Return one plan per `[[audit]]`, in the order of the study file.

    Raises:
        InvalidInput: the training that it names is none of the study, none that can be attacked so, or one with bands by canaries.
    """
    trainings = {plan.name: plan for plan in task_plans(study)}
    plans = []
    for section in study.audit:
        audited = trainings.get(section.training)
        if audited is None or TASKS[type(audited.settings)].rehearsal is None:
            raise InvalidInput("audit.no-training", name=section.name, training=section.training)
        if (
            section.secret is None and audited.settings.bands > 1
        ):  # what all steps sum to is another statistic there
            raise InvalidInput("privacy.banded", field="[[audit]]", found=section.training)
        plans.append(AuditPlan(settings=section, audited=audited))
    return plans


def audit_trainings(place: Workplace, *, progress: Progress) -> list[Audited]:
    """Make, or show again, every `[[audit]]` of the study."""
    study, found = place.study, list[Audited]()
    plans = audit_plans(study)
    for plan in plans:
        watched = Watched(plan, len(found), len(plans), progress)
        release, replayed = place.ledger.run(
            watched, None, study=study.study.name, account=study.account.name, cohort=study.account.cohort
        )
        found.append(Audited(plan.name, replayed, release))
        progress(len(found), len(plans))
    return found


def _rehearsal(audited: TaskPlan) -> Callable[[Any, Progress], Rehearsal]:
    found = TASKS[type(audited.settings)].rehearsal
    if found is None:  # `audit_plans` looked
        raise InvalidInput("audit.no-training", name=audited.name, training=audited.name)
    return found
