"""The plan of a model that finds entities in notes, differentially private per patient; torch is loaded where it runs.

Guarantee: that of `confide.train.loop`, for every patient with all of that patient's notes. What the model begins with
comes from public files alone, and the types from the study file. Reading notes with the released model costs nothing
more by itself; what it finds in a patient's notes is that patient's data. Knows no ledger.
"""

import base64
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.dp.events import Event
from confide.dp.noise import Noise
from confide.engines.polars import Floats
from confide.tasks.notes import TEXT, marked, verify_columns
from confide.tasks.public import NO_PUBLIC, Public
from confide.tasks.rehearsal import MADE_UP, Rehearsal
from confide.tasks.releases import privacy_of, public_fields, released
from confide.tasks.section import NerSection
from confide.tasks.spans import Tagged
from confide.train.privacy import PrivacyPlan
from confide.types import Json, Progress, no_progress


@dataclass(frozen=True, kw_only=True, slots=True)
class NerPlan:
    """What will be trained and what it costs. Every field is public."""

    settings: NerSection
    public: Public = NO_PUBLIC

    @property
    def name(self) -> str:
        """Return the name of the release inside its study."""
        return self.settings.name

    @property
    def source(self) -> str:
        """Return the name of the notes that are read."""
        return self.settings.source

    @property
    def epsilon(self) -> float:
        """Return what the training costs one patient, at `delta`."""
        return self.settings.epsilon

    @property
    def delta(self) -> float:
        """Return the δ that belongs to `epsilon`."""
        return self.settings.delta

    @property
    def privacy(self) -> PrivacyPlan:
        """Return how the steps are protected."""
        return privacy_of(self.settings, max_records=self.settings.pieces)

    def event(self) -> Event:
        """Return what the training costs when one patient is added or removed; data only."""
        return self.privacy.event()

    def to_json(self) -> Json:
        """Return the kind and all public fields; numbers with a fraction as text."""
        return {"kind": "ner", "public_sha256": self.public.sha256, **public_fields(self.settings)}

    def text_columns(self) -> frozenset[str]:
        """Return the columns that are read."""
        return frozenset({TEXT, self.settings.labels})

    def verify_columns(self, columns: Collection[str]) -> None:
        """Raise if a column that the plan reads is not there."""
        verify_columns(columns, self.text_columns())

    def execute(self, data: pl.DataFrame, noise: Noise, progress: Progress = no_progress) -> Json:
        """Return the release: weights, and everything public that is needed to use them.

        Guarantee: (`epsilon`, `delta`)-differentially private for adding or removing one patient.

        Args:
            data: notes to learn from, as `confide.tasks.notes` has them.
            noise: the charge's.
            progress: told after each step.
        """
        from confide.tasks.learn import adam, learn_privately
        from confide.tasks.tagger import begun, cut, losses

        settings, privacy = self.settings, self.privacy
        table, model = begun(settings, self.public)
        pieces, whose = cut(*marked(data, settings.labels), settings.types, settings.piece)
        weights = learn_privately(
            model, pieces, whose, losses,
            privacy=privacy, noise=noise, optimiser=adam(model, settings.learning_rate), progress=progress,
        )  # fmt: skip
        return {
            **released(self.to_json(), privacy),
            "model": weights,
            "table": base64.b64encode(table.tobytes()).decode() if self.public.texts else None,
            "notes": [
                {"key": "tasks.note-unit"},
                {"key": "tasks.note-public"},
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

    pieces, whose = cut(*marked(data, release["labels"]), release["types"], release["piece"])
    return np.asarray(mean_losses(model_of(release), pieces, whose, losses))


def rehearsal(plan: NerPlan) -> Rehearsal:
    """Return what an audit of the training trains: the public model that it begins with, on texts without entities."""
    from confide.tasks.tagger import begun, cut, losses

    _, model = begun(plan.settings, plan.public)
    notes = [Tagged(text, ()) for text in MADE_UP]
    pieces, _ = cut(MADE_UP, notes, plan.settings.types, plan.settings.piece)
    return Rehearsal(model, pieces, losses, plan.privacy)
