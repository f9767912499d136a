"""Draft reports from findings, by a language model that is differentially private per patient.

Guarantee: that of `confide.train.loop`, for every patient with all of that patient's notes; what the model begins with
is public. A draft is a draft: `confide.tasks.facts` finds some of what it invents or turns round, a physician signs.
What a released model writes about a patient's findings is that patient's data. Knows no ledger.
"""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from confide.dp.noise import Noise
from confide.engines.polars import Floats
from confide.errors import InvalidInput
from confide.tasks.facts import faithfulness
from confide.tasks.notes import PATIENT, TEXT
from confide.tasks.notes_section import NotesSection
from confide.tasks.plan import TaskPlan
from confide.tasks.public import NO_PUBLIC, Public
from confide.tasks.rehearsal import MADE_UP, Rehearsal
from confide.tasks.releases import released
from confide.tasks.report_section import FROM_NOTHING, ReportSection
from confide.tasks.section import privacy_of
from confide.train.privacy import PrivacyPlan
from confide.types import Json, Progress, no_progress

if TYPE_CHECKING:
    from torch import Tensor, nn

    from confide.tasks.language import Example, Tongue

MOST_DRAFTS = 40  # held-out notes that are drafted to be scored: writing is slow
_PHYSICAL = 16  # records that go through a model at once
_OPEN_RATE = 0.004  # of what is learnt from public text


def report_plan(settings: ReportSection, public: Public = NO_PUBLIC) -> TaskPlan:
    """Return what will be trained and what it costs; the notes arrive as `confide.tasks.notes` has them."""
    return TaskPlan(
        settings=settings, kind="report", protection=protection(settings), columns=frozenset({TEXT, settings.findings}),
        constants=constants_of(public), public=public, release=_release,
    )  # fmt: skip


def constants_of(public: Public) -> Json:
    """Return what a plan of a task that writes says of its public text: nothing without any."""
    return {} if public.sha256 is None else {"public_sha256": public.sha256}


def protection(settings: ReportSection | NotesSection) -> PrivacyPlan:
    """Return how the steps of a task that writes are protected."""
    return privacy_of(settings, max_records=settings.records)


def _release(plan: TaskPlan, data: pl.DataFrame, noise: Noise, progress: Progress) -> Json:
    settings: ReportSection = plan.settings
    model, tongue = begun(settings, plan.public, progress)
    patients, examples = examples_of(settings, tongue, data)
    weights = train(model, settings, loss_of(settings, tongue), examples, patients, noise, progress)
    return {
        **released(plan.to_json(), protection(settings)),
        "weights": weights,
        "notes": [
            {"key": "tasks.note-unit"},
            {"key": "reports.note-draft"},
            *public_notes(plan.public),
            {"key": "train.note-held-out"},
        ],
    }


def train(
    model: "nn.Module",
    settings: ReportSection | NotesSection,
    loss: "Callable[[nn.Module, list[Example]], Tensor]",
    examples: "list[Example]",
    patients: list[str],
    noise: Noise,
    progress: Progress,
) -> Json:
    """Train a model that writes, in place, as its section says, and return its weights; an audit trains by this as well.

    Args:
        model: from `begun`.
        settings: of the task.
        loss: from `loss_of`.
        examples: to learn from.
        patients: whose each example is.
        noise: the charge's.
        progress: told after each step.
    """
    from confide.tasks.learn import adam, learn_privately

    return learn_privately(
        model, examples, patients, loss,
        privacy=protection(settings), noise=noise, optimiser=adam(model, settings.learning_rate), progress=progress,
        physical=_PHYSICAL,
    )  # fmt: skip


def fresh(settings: ReportSection | NotesSection) -> "tuple[nn.Module, Tongue]":
    """Return a model of the shape that is asked for, from scratch or a checkpoint, and its words.

    Raises:
        InvalidInput: the checkpoint is not there.
    """
    from confide.tasks import characters
    from confide.tasks.language import by_character, checkpoint, small_model

    if settings.model != FROM_NOTHING:
        return checkpoint(Path(settings.model), rank=settings.rank)
    model = small_model(
        width=settings.width,
        layers=settings.layers,
        heads=max(1, settings.width // 32),
        length=settings.length,
        words=characters.vocabulary(),
    )
    return model, by_character()


def begun(
    settings: ReportSection | NotesSection, public: Public, progress: Progress = no_progress
) -> "tuple[nn.Module, Tongue]":
    """Return the public model that training begins with, once it has learnt the public texts of the study, and its words.

    They are learnt without privacy: of what they say the model may repeat all.

    Args:
        settings: of the task.
        public: the texts; nothing is learnt of none.
        progress: told after each step over them.

    Raises:
        InvalidInput: the checkpoint is not there.
    """
    from confide.tasks.language import example
    from confide.tasks.learn import adam, learn_openly

    model, tongue = fresh(settings)
    if public.texts:
        lengths = {"most_given": settings.most_given, "most_written": settings.most_written}
        pairs = zip(public.given, public.texts, strict=True)
        examples = [example(tongue, given, text, **lengths) for given, text in pairs]
        learn_openly(
            model, examples, loss_of(settings, tongue),
            optimiser=adam(model, _OPEN_RATE), epochs=settings.public_epochs, progress=progress,
        )  # fmt: skip
    return model, tongue


def public_notes(public: Public) -> list[Json]:
    """Return what a release says of the public text that it begins with."""
    return [{"key": "reports.note-public"}] if public.texts else []


def examples_of(
    settings: ReportSection, tongue: "Tongue", data: pl.DataFrame
) -> "tuple[list[str], list[Example]]":
    """Return (patients, examples) of the notes that have a patient, findings and a text."""
    from confide.tasks.language import example

    patients, found = [], []
    for patient, given, written in _rows(settings, data):
        patients.append(patient)
        found.append(
            example(
                tongue, given, written, most_given=settings.most_given, most_written=settings.most_written
            )
        )
    return patients, found


def loss_of(
    settings: ReportSection | NotesSection, tongue: "Tongue"
) -> "Callable[[nn.Module, list[Example]], Tensor]":
    """Return the loss of one example each, as training wants it."""
    from confide.tasks.language import losses

    return lambda model, batch: losses(model, batch, length=settings.length, pad=tongue.pad)


def model_of(release: Json) -> "tuple[nn.Module, Tongue]":
    """Return the model of a release, ready to write.

    Raises:
        InvalidInput: the release is no such model, or its public checkpoint is not there.
        IntegrityError: its weights are not of its shape.
    """
    from confide.train.loop import load_weights

    settings = settings_of(release)
    model, tongue = fresh(settings)
    load_weights(model, release["weights"])
    model.eval()
    return model, tongue


def settings_of(release: Json) -> ReportSection:
    """Return the public settings that a release was trained with.

    Raises:
        InvalidInput: the release is no such model.
    """
    if release.get("kind") != "report":
        raise InvalidInput("train.not-a-model", found=release.get("kind"))
    return ReportSection(
        **{
            each.name: release[each.name]
            for each in dataclasses.fields(ReportSection)
            if each.name in release
        }
    )


def draft(release: Json, findings: Sequence[str]) -> list[str]:
    """Return a draft report for each of `findings`: patient data, as the findings are."""
    from confide.tasks.language import write

    settings = settings_of(release)
    model, tongue = model_of(release)
    return [
        write(model, tongue, each, most_given=settings.most_given, most_written=settings.most_written)
        for each in findings
    ]


def evaluate(release: Json, held_out: pl.DataFrame, *, most: int = MOST_DRAFTS) -> Json:
    """Return how drafts for held-out patients fit their findings: for the inside edition only.

    `loss` is of a token of the text, the mean over patients. Under `types`, "draft" says how faithful drafts are to their
    findings, and "physician" how the texts that physicians wrote of the same findings score, which hold facts from
    elsewhere too: the most that is to be asked.
    """
    settings = settings_of(release)
    rows = _rows(settings, held_out)
    given = [findings for _, findings, _ in rows[:most]]
    drafts = draft(release, given)
    language = settings.text_language
    drafted = faithfulness(list(zip(given, drafts, strict=True)), language)
    written = faithfulness([(findings, text) for _, findings, text in rows[:most]], language)
    each = patient_losses(release, held_out)
    return {
        "patients": len(each),
        "records": len(rows),
        "loss": float(each.mean()) if len(each) else None,
        "contradicted": drafted["contradicted"],
        "types": {"draft": _rates(drafted), "physician": _rates(written)},
        "status": "identified",
    }


def _rates(scored: Json) -> Json:
    precision, recall = scored["precision"], scored["recall"]
    f1 = 2 * precision * recall / (precision + recall) if precision and recall else None
    return {"precision": precision, "recall": recall, "f1": f1, "support": scored["facts_known"]}


def patient_losses(release: Json, data: pl.DataFrame) -> Floats:
    """Return the mean loss of a token for each patient: patient data, for audits inside."""
    from confide.tasks.learn import mean_losses

    settings = settings_of(release)
    model, tongue = model_of(release)
    patients, examples = examples_of(settings, tongue, data)
    return np.asarray(mean_losses(model, examples, patients, loss_of(settings, tongue)))


def _rows(settings: ReportSection, data: pl.DataFrame) -> list[tuple[str, str, str]]:
    """Return (patient, findings, text) of complete notes, each looked at by itself."""
    chosen = data.select(pl.col(PATIENT).cast(pl.String), settings.findings, TEXT).drop_nulls()
    return [row for row in chosen.iter_rows() if row[1].strip() and row[2].strip()]


def rehearsal(plan: TaskPlan, progress: Progress = no_progress) -> Rehearsal:
    """Return what an audit of the training trains: the public model that it begins with, on made-up pairs."""
    from confide.tasks.language import example
    from confide.tasks.speech import speech_of

    settings: ReportSection = plan.settings
    model, tongue = begun(settings, plan.public, progress)
    loss = loss_of(settings, tongue)
    most = {"most_given": settings.most_given, "most_written": settings.most_written}
    examples = [example(tongue, text, text, **most) for text in MADE_UP]
    return Rehearsal(model, examples, loss, protection(settings), speech_of(settings, tongue, loss))
