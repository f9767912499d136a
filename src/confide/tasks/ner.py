"""Find entities in notes, by a model that is differentially private per patient.

Guarantee: that of `confide.train.loop`, for every patient with all of that patient's notes; the table that the model
begins with comes from public text alone, and the types from the study file. Reading notes with a released model costs
nothing more by itself; what it finds in a patient's notes is that patient's data. Knows no ledger.
"""

import base64
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from confide.dp.events import Event
from confide.dp.noise import Noise
from confide.errors import InvalidInput
from confide.tasks import start
from confide.tasks.notes import TEXT, marked, verify_columns
from confide.tasks.scores import entity_report, token_report
from confide.tasks.section import NerSection, training_patients
from confide.tasks.spans import Entity, Tagged, spans_of, tags_of
from confide.tasks.start import DIMS, Table
from confide.tasks.tokens import BUCKETS, numbers_of, places_of
from confide.train.privacy import PrivacyPlan
from confide.types import Json, Progress, no_progress

if TYPE_CHECKING:
    from confide.tasks.tagger import Tagger

_SEED = 1  # of the first weights: public


@dataclass(frozen=True, kw_only=True, slots=True)
class NerPlan:
    """What will be trained and what it costs. Every field is public.

    `public_sha256` is of the public text that `table` was made from; None where there is none.
    """

    settings: NerSection
    public_sha256: str | None = None
    table: Table = field(default_factory=start.from_nothing, repr=False, compare=False)

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
        settings = self.settings
        return PrivacyPlan(
            epsilon=settings.epsilon,
            delta=settings.delta,
            expected_batch=settings.expected_batch,
            steps=settings.steps,
            patients=training_patients(settings),
            clip=settings.clip,
            max_records=settings.pieces,
        )

    def event(self) -> Event:
        """Return what the training costs when one patient is added or removed; data only."""
        return self.privacy.event()

    def to_json(self) -> Json:
        """Return the kind and all public fields; numbers with a fraction as text."""
        return {"kind": "ner", "public_sha256": self.public_sha256, **public_fields(self.settings)}

    def text_columns(self) -> frozenset[str]:
        """Return the columns that are read."""
        return frozenset({TEXT, self.settings.labels})

    def verify_columns(self, columns: Sequence[str]) -> None:
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
        from confide.tasks.learn import learn_privately
        from confide.tasks.tagger import losses, pieces_of

        settings = self.settings
        patients, notes = marked(data, settings.labels)
        model = _fresh(settings, self.table)
        cut = [pieces_of(note, settings.types, settings.piece) for note in notes]
        pieces = [piece for ones in cut for piece in ones]
        whose = [patient for patient, ones in zip(patients, cut, strict=True) for _ in ones]
        weights = learn_privately(
            model, pieces, whose, losses, self.privacy, noise, settings.learning_rate, progress
        )
        table = base64.b64encode(self.table.tobytes()).decode() if self.public_sha256 else None
        return {
            **released(self.to_json(), self.privacy),
            "model": weights,
            "table": table,
            "notes": [
                {"key": "tasks.note-unit"},
                {"key": "tasks.note-public"},
                {"key": "train.note-held-out"},
            ],
        }


def public_fields(settings: Any) -> Json:
    """Return every field of a section; numbers with a fraction as text, lists as lists."""
    found: Json = {}
    for each in dataclasses.fields(settings):
        value = getattr(settings, each.name)
        found[each.name] = (
            repr(value) if isinstance(value, float) else list(value) if isinstance(value, tuple) else value
        )
    return found


def _fresh(settings: NerSection, table: Table) -> "Tagger":
    import torch

    from confide.tasks.tagger import Tagger

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        return Tagger(table, tags=2 * len(settings.types) + 1, hidden=settings.hidden)


def find(release: Json, texts: Sequence[str]) -> list[list[Entity]]:
    """Return what a released model finds in each text: of its patient, as the text is.

    Raises:
        InvalidInput: the release is no such model.
        IntegrityError: its weights are not of its shape.
    """
    import torch

    from confide.tasks.tagger import best_tags

    model, types, longest = model_of(release), release["types"], release["piece"]
    found = []
    with torch.no_grad():
        for text in texts:
            places = places_of(text)
            numbers = torch.from_numpy(numbers_of(text, places))
            tags = [
                tag
                for at in range(0, len(places), longest)
                for tag in best_tags(model(numbers[None, at : at + longest])[0])
            ]
            found.append(spans_of(places, tags, types))
    return found


def model_of(release: Json) -> "Tagger":
    """Return the model of a release, ready to use; raises as `find` does."""
    from confide.train.loop import load_weights

    if release.get("kind") != "ner":
        raise InvalidInput("train.not-a-model", found=release.get("kind"))
    table = start.from_nothing()
    if release["table"] is not None:
        table = np.frombuffer(base64.b64decode(release["table"]), dtype=np.int8).reshape(BUCKETS, DIMS).copy()
    model = _fresh(_settings_of(release), table)
    load_weights(model, release["model"])
    model.eval()
    return model


def _settings_of(release: Json) -> NerSection:
    known = {each.name: release[each.name] for each in dataclasses.fields(NerSection)}
    numbers = {"epsilon", "delta", "clip", "learning_rate", "test_share"}
    return NerSection(
        **{
            name: float(value) if name in numbers else tuple(value) if name == "types" else value
            for name, value in known.items()
        }
    )


def evaluate(release: Json, held_out: pl.DataFrame) -> Json:
    """Return the report of entities and of tokens on held-out notes: for the inside edition only."""
    patients, notes = marked(held_out, release["labels"])
    return {
        "patients": len(set(patients)),
        "records": len(notes),
        **report(notes, find(release, [n.text for n in notes]), release["types"]),
    }


def report(notes: Sequence[Tagged], found: Sequence[Sequence[Entity]], types: Sequence[str]) -> Json:
    """Return the report of the articles for what was found in notes."""
    true, guessed = [], []
    for note, entities in zip(notes, found, strict=True):
        places = places_of(note.text)
        true += tags_of(places, note.entities, types)
        guessed += tags_of(places, entities, types)
    listed = [[each for each in note.entities if each.type in types] for note in notes]
    return {**entity_report(listed, found, types), "token": token_report(true, guessed)}


def patient_losses(release: Json, data: pl.DataFrame) -> Floats:
    """Return the mean loss of each patient's pieces: patient data, for audits inside."""
    import torch

    from confide.tasks.tagger import losses, pieces_of

    model, sums = model_of(release), {}
    patients, notes = marked(data, release["labels"])
    with torch.no_grad():
        for patient, note in zip(patients, notes, strict=True):
            if pieces := pieces_of(note, release["types"], release["piece"]):
                sums.setdefault(patient, []).extend(losses(model, pieces).tolist())
    return np.array([np.mean(each) for each in sums.values()])
