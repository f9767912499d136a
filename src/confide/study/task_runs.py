"""Carry out the tasks of a study under its ledger, split by patient, and measure them inside.

Guarantee: a release is charged and committed before anybody sees it; what is measured on held-out patients is exact, so
it is for the inside edition only.
"""

import json
from dataclasses import dataclass, field

import polars as pl

from confide.audit.membership import Membership
from confide.stats.images import ImageStack
from confide.study.attacked import attack_to_json, attacked
from confide.study.config import Study
from confide.study.images import stack_of
from confide.study.models import card_of
from confide.study.outgoing import Output, model_file
from confide.study.replays import commitment_for
from confide.study.sources import Records, with_unit
from confide.study.tasks import TASKS, Side, task_plans, told
from confide.study.watched import Watched
from confide.study.workplace import Workplace
from confide.tasks.image_section import ImageSection
from confide.tasks.notes import frame_of
from confide.tasks.plan import TaskPlan
from confide.train.split import split_patients
from confide.types import Json, Progress


@dataclass(frozen=True, slots=True)
class Done:
    """One release of a task and what was measured with it; None where there was nothing to measure, or too few."""

    plan: TaskPlan
    replayed: bool
    release: Json = field(repr=False)
    card: str | None  # of a model; a graph is none
    scores: Json | None = field(repr=False)
    attack: Membership | None

    def outputs(self) -> list[Output]:
        """Return the files that leave."""
        content = json.dumps(self.release, ensure_ascii=False, indent=2, sort_keys=True)
        found = [model_file(self.plan.name, "json", content + "\n")]
        if self.card is not None:
            found.append(model_file(self.plan.name, "md", self.card))
        return [*found, *TASKS[type(self.plan.settings)].files(self.release)]

    def to_json(self) -> Json:
        """Return what the dossier says of the release."""
        figures, rows = told(self.scores or {})
        return {
            "name": self.plan.name,
            "task": self.plan.settings.task,
            "replayed": self.replayed,
            "release": self.release,
            "figures": figures,
            "rows": rows,
        }

    def attack_to_json(self) -> Json | None:
        """Return what the membership attack reached, beside the bound that it must respect."""
        return attack_to_json(self.attack, self.plan.name, self.plan.epsilon)


def do_tasks(place: Workplace, records: Records, *, progress: Progress) -> list[Done]:
    """Carry out, or replay, one task per plan, in the order of the study file."""
    study = place.study
    key = place.vault.subkey(f"split/{study.study.name}")
    dealing = place.vault.subkey(f"teachers/{study.study.name}")
    plans, done = task_plans(study), list[Done]()
    for plan in plans:
        task = TASKS[type(plan.settings)]
        members, others = sides_of(study, records, plan, key)
        releases = {each.plan.name: each.release for each in done}
        release, replayed = place.ledger.run(
            Watched(plan, len(done), len(plans), progress),
            task.data(plan, members, releases, dealing),
            study=study.study.name,
            account=study.account.name,
            commitment=commitment_for(
                study, place.ledger, plan, plan.source, records.commitments[plan.source]
            ),
            cohort=study.account.cohort,
        )
        scores = task.scores(release, others) if task.scores else None
        if task.compared:
            scores = {**(scores or {}), **task.compared(release, members, others)}
        card = card_of(study, release) if task.scores else None
        done.append(Done(plan, replayed, release, card, scores, _attack(plan, release, members, others)))
        progress(len(done), len(plans))
    return done


def sides_of(study: Study, records: Records, plan: TaskPlan, key: bytes) -> tuple[Side, Side]:
    """Return the records to learn from and those held out, by patient."""
    share = plan.settings.test_share
    if not isinstance(plan.settings, ImageSection):
        return split_patients(notes_of(study, records, plan.source), key, share)
    units = records.units[plan.source]
    stack = stack_of(records.images[plan.source], units, plan.settings.target)
    members, others = (
        ImageStack(
            pixels=stack.pixels[at],
            patients=[stack.patients[row] for row in at],
            groups=[stack.groups[row] for row in at],
        )
        for at in (side["_at"].to_numpy() for side in split_patients(units.with_row_index("_at"), key, share))
    )
    return members, others


def notes_of(study: Study, records: Records, source: str) -> pl.DataFrame:
    """Return the notes of a source as a frame, each with what the study protects as `_patient`."""
    rows = [(note.patient, note.text, note.fields) for note in records.notes[source]]
    return with_unit(study, source, frame_of(rows))


def _attack(plan: TaskPlan, release: Json, members: Side, others: Side) -> Membership | None:
    losses = TASKS[type(plan.settings)].losses
    if losses is None:
        return None
    return attacked(losses(release, members), losses(release, others), delta=plan.delta)
