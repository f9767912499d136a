"""What belongs to each task of `[[train]]` that reads notes or images: its section, its plan, its scores and its files, in one table.

A new task is one line of `TASKS`. Here no record is read and nothing is charged; `confide.study.task_runs` does that.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from confide.engines.polars import Floats
from confide.errors import InvalidInput
from confide.stats.images import ImageStack
from confide.study.outgoing import Output, model_file
from confide.tasks import diagnose, image_plan, mapped, ner, notes_plan, reports
from confide.tasks.image_section import ImageSection
from confide.tasks.mapped import Read, graph_plan
from confide.tasks.notes_section import NotesSection
from confide.tasks.plan import TaskPlan
from confide.tasks.public import NO_PUBLIC, Public, read_public
from confide.tasks.rehearsal import Rehearsal
from confide.tasks.report_section import ReportSection
from confide.tasks.section import DiagnoseSection, GraphSection, NerSection, TeachersSection
from confide.tasks.voted import Pupils, voted_plan
from confide.types import Json, Progress

if TYPE_CHECKING:
    from confide.study.config import Study

TaskSection = (
    NerSection
    | DiagnoseSection
    | GraphSection
    | ReportSection
    | TeachersSection
    | ImageSection
    | NotesSection
)
Side = pl.DataFrame | ImageStack  # records of a source, of those to learn from or of those held out
Figures = dict[str, float | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """What belongs to one task.

    `plan` reads the study file and public files only. `data` is what the plan's `execute` gets: from the records to learn from,
    the releases so far, and a key of the study that deals patients out. `scores` measures a release on held-out records, `losses` gives one loss per patient for the attack;
    `compared` sets a release beside the records on both sides. None where there is nothing of the kind. `files` are further
    files that leave. `rehearsal` is what an audit trains; None where no model is trained by noisy steps.
    """

    plan: Callable[["Study", Any], TaskPlan]
    data: Callable[[Any, Any, Mapping[str, Json], bytes], Any] = lambda plan, notes, releases, key: notes
    scores: Callable[[Json, Any], Json] | None = None
    losses: Callable[[Json, Any], Floats] | None = None
    compared: Callable[[Json, Any, Any], Json] | None = None
    files: Callable[[Json], list[Output]] = lambda release: []
    rehearsal: Callable[[Any, Progress], Rehearsal] | None = None


def _ner(study: "Study", section: NerSection) -> TaskPlan:
    return ner.ner_plan(section, _public(study, section.public, labels=section.labels))


def _report(study: "Study", section: ReportSection) -> TaskPlan:
    return reports.report_plan(section, _public(study, section.public, given=section.findings))


def _notes(study: "Study", section: NotesSection) -> TaskPlan:
    return notes_plan.made_up_plan(section, _public(study, section.public, given=section.target))


def _public(
    study: "Study", pattern: str | None, *, labels: str | None = None, given: str | None = None
) -> Public:
    return read_public(study.folder, pattern, labels, given=given) if pattern else NO_PUBLIC


def _graph(study: "Study", section: GraphSection) -> TaskPlan:
    """Return the plan of a graph; its model is an earlier `[[train]]`, so that its release is there when it is read.

    Raises:
        InvalidInput: there is no such model further up.
    """
    for other in study.train:
        if other is section:
            break
        if isinstance(other, NerSection) and other.name == section.model:
            return graph_plan(section, other.types)
    raise InvalidInput("tasks.no-model", name=section.name, model=section.model)


def _teachers(study: "Study", section: TeachersSection) -> TaskPlan:
    return voted_plan(section, read_public(study.folder, section.public, least=1))


def _made_up(release: Json) -> Output:
    """Return made-up notes as a file; each of them is nobody's, and is searched by itself for what is known of anybody."""
    records: list[tuple[str | None, bytes]] = [(None, line) for line in notes_plan.lines_of(release)]
    file = f"synthetic/{release['name']}.jsonl"
    return Output(file=file, kind="made-up", status="dp", rows=release["count"], records=records)


TASKS: dict[type, Task] = {
    NerSection: Task(plan=_ner, scores=ner.evaluate, losses=ner.patient_losses, rehearsal=ner.rehearsal),
    DiagnoseSection: Task(
        plan=lambda study, section: diagnose.diagnose_plan(section),
        scores=diagnose.evaluate,
        losses=diagnose.patient_losses,
        rehearsal=diagnose.rehearsal,
    ),
    GraphSection: Task(
        plan=_graph,
        data=lambda plan, notes, releases, key: Read(notes, releases[plan.settings.model]),
        files=lambda release: [
            model_file(release["name"], suffix, content)
            for suffix, content in mapped.files_of(release).items()
        ],
    ),
    ReportSection: Task(
        plan=_report,
        scores=reports.evaluate,
        losses=reports.patient_losses,
        rehearsal=reports.rehearsal,
    ),
    TeachersSection: Task(
        plan=_teachers,
        data=lambda plan, notes, releases, key: Pupils(notes, key),
        scores=diagnose.evaluate,
        losses=diagnose.patient_losses,
    ),
    ImageSection: Task(
        plan=lambda study, section: image_plan.image_plan(section),
        scores=image_plan.evaluate,
        losses=image_plan.patient_losses,
        rehearsal=image_plan.rehearsal,
    ),
    NotesSection: Task(
        plan=_notes,
        scores=notes_plan.evaluate,
        losses=notes_plan.patient_losses,
        compared=notes_plan.compare,
        files=lambda release: [_made_up(release)],
        rehearsal=notes_plan.rehearsal,
    ),
}


def task_plans(study: "Study") -> list[TaskPlan]:
    """Return one plan per `[[train]]` that is a task of `TASKS`, in the order of the study file."""
    return [TASKS[type(section)].plan(study, section) for section in study.train if type(section) in TASKS]


def told(scores: Json) -> tuple[Figures, list[Json]]:
    """Return what the inside edition shows of a report: figures by name, and a row per type or class."""
    token = scores.get("token") or {}
    names = (
        "patients", "records", "auc", "accuracy", "accuracy_real", "majority", "micro_f1_with_o", "micro_f1_without_o", "loss",
        "contradicted", "longest_training", "longest_held_out", "shared_training", "shared_held_out", "alike", "alike_real",
    )  # fmt: skip
    figures = {name: source.get(name) for source in (scores, token) for name in names if name in source}
    rows = {**(scores.get("types") or scores.get("classes") or {})}
    rows |= {name: scores[name] for name in ("micro", "macro") if name in scores}
    return figures, [{"name": name, **rates} for name, rates in rows.items()]
