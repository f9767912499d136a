"""The plan of a model that finds entities in notes, differentially private per patient; torch is loaded where it runs.

Guarantee: that of `confide.train.loop`, for every patient with all of that patient's notes. What the model begins with
comes from public files alone, and the types from the study file. Reading notes with the released model costs nothing
more by itself; what it finds in a patient's notes is that patient's data. Knows no ledger.
"""

import base64

import numpy as np
import polars as pl

from confide.dp.noise import Noise
from confide.engines.polars import Floats
from confide.tasks.encoder import constants_of
from confide.tasks.notes import TEXT, marked
from confide.tasks.plan import TaskPlan
from confide.tasks.public import NO_PUBLIC, Public
from confide.tasks.rehearsal import MADE_UP, Rehearsal
from confide.tasks.releases import released
from confide.tasks.section import NerSection, privacy_of
from confide.tasks.spans import Tagged
from confide.train.privacy import PrivacyPlan
from confide.types import Json, Progress, no_progress


def ner_plan(settings: NerSection, public: Public = NO_PUBLIC) -> TaskPlan:
    """Return what will be trained and what it costs; the notes arrive as `confide.tasks.notes` has them."""
    return TaskPlan(
        settings=settings, kind="ner", protection=_privacy(settings), columns=frozenset({TEXT, settings.labels}),
        constants={"public_sha256": public.sha256, **constants_of(settings.encoder)}, public=public, release=_release,
    )  # fmt: skip


def _privacy(settings: NerSection) -> PrivacyPlan:
    return privacy_of(settings, max_records=settings.pieces)


def _release(plan: TaskPlan, data: pl.DataFrame, noise: Noise, progress: Progress) -> Json:
    from confide.tasks.learn import adam, learn_privately
    from confide.tasks.tagger import begun, cut, losses

    settings: NerSection = plan.settings
    privacy = _privacy(settings)
    table, model = begun(settings, plan.public, plan.constants.get("encoder_sha256"))
    pieces, whose = cut(*marked(data, settings.labels), settings.types, settings.piece, model.read)
    weights = learn_privately(
        model, pieces, whose, losses,
        privacy=privacy, noise=noise, optimiser=adam(model, settings.learning_rate), progress=progress,
    )  # fmt: skip
    return {
        **released(plan.to_json(), privacy),
        "model": weights,
        "table": None
        if table is None or not plan.public.texts
        else base64.b64encode(table.tobytes()).decode(),
        "notes": [
            {"key": "tasks.note-unit"},
            {"key": "tasks.note-public" if settings.encoder is None else "tasks.note-encoder"},
            {"key": "train.note-held-out"},
        ],
    }


def evaluate(release: Json, held_out: pl.DataFrame) -> Json:
    """Return the report of entities and of tokens on held-out notes: for the inside edition only."""
    from confide.tasks.tagger import find, report

    patients, notes = marked(held_out, release["labels"])
    found = find(release, [note.text for note in notes])
    return {
        "patients": len(set(patients)),
        "records": len(notes),
        **report(notes, found, release["types"]),
    }


def patient_losses(release: Json, data: pl.DataFrame) -> Floats:
    """Return the mean loss of each patient's pieces: patient data, for audits inside."""
    from confide.tasks.learn import mean_losses
    from confide.tasks.tagger import cut, losses, model_of

    model = model_of(release)
    pieces, whose = cut(*marked(data, release["labels"]), release["types"], release["piece"], model.read)
    return np.asarray(mean_losses(model, pieces, whose, losses))


def rehearsal(plan: TaskPlan, _progress: Progress = no_progress) -> Rehearsal:
    """Return what an audit of the training trains: the public model that it begins with, on texts without entities."""
    from confide.tasks.tagger import begun, cut, losses

    _, model = begun(plan.settings, plan.public, plan.constants.get("encoder_sha256"))
    notes = [Tagged(text, ()) for text in MADE_UP]
    pieces, _ = cut(MADE_UP, notes, plan.settings.types, plan.settings.piece, model.read)
    return Rehearsal(model, pieces, losses, _privacy(plan.settings))
