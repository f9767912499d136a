"""The plan of a model that says which class a note belongs to, differentially private per patient.

Guarantee: that of `confide.train.loop`, for every patient with all of that patient's notes. A note becomes a vector by
hashing its tokens and pairs of tokens, or by a public encoder: nothing is learnt from other notes, and the classes come from the study file.
One linear layer: with so few numbers to learn, little noise is enough. Torch is loaded where it runs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.dp.noise import Noise
from confide.engines.polars import Floats
from confide.errors import InvalidInput
from confide.tasks.encoder import constants_of, encoder_in
from confide.tasks.notes import TEXT, labelled
from confide.tasks.plan import TaskPlan
from confide.tasks.rehearsal import MADE_UP, Rehearsal
from confide.tasks.releases import released
from confide.tasks.scores import class_report
from confide.tasks.section import DiagnoseSection, privacy_of
from confide.tasks.tokens import numbers_of, places_of
from confide.train.privacy import PrivacyPlan
from confide.types import Json, Progress, no_progress

if TYPE_CHECKING:
    from torch import Tensor, nn

WIDTH = 2048
RECORDS = 8  # of a patient that take part in a step, at most
Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Case:
    """A note as a vector, and the place of its class. Of a patient: never printed."""

    vector: Vector = field(repr=False)
    place: int = field(repr=False)


def vector_of(text: str) -> Vector:
    """Return a text as a vector of length 1: each token and each pair of neighbours counts once, with a sign.

    >>> vector = vector_of("头痛三天")
    >>> vector.shape, round(float(vector @ vector), 3)
    ((2048,), 1.0)
    """
    features = np.unique(numbers_of(text, places_of(text))[:, :2])
    mixed = features * 2654435761 & 0xFFFFFFFF  # Knuth's multiplicative hashing
    vector = np.bincount(mixed >> 21, np.where(mixed & 1024, 1.0, -1.0), WIDTH)
    norm = np.linalg.norm(vector)
    return (vector / norm if norm else vector).astype(np.float32)


def cases_of(
    texts: Sequence[str], places: Sequence[int], read: Callable[[str], Vector] = vector_of
) -> list[Case]:
    """Return what the model reads of each note."""
    return [Case(read(text), place) for text, place in zip(texts, places, strict=True)]


def reader_of(public: Json) -> tuple[Callable[[str], Vector], int]:
    """Return what makes a vector of a text, and how wide, by the public fields of a plan or a release.

    Raises:
        InvalidInput: the encoder that they name is not there.
    """
    if public.get("encoder") is None:
        return vector_of, WIDTH
    encoder = encoder_in(public["encoder"], public["encoder_sha256"])
    return encoder.vector, encoder.width


def diagnose_plan(settings: DiagnoseSection) -> TaskPlan:
    """Return what will be trained and what it costs; the notes arrive as `confide.tasks.notes` has them."""
    return TaskPlan(
        settings=settings, kind="diagnose", protection=_privacy(settings),
        columns=frozenset({TEXT, settings.target}), constants=constants_of(settings.encoder), release=_release,
    )  # fmt: skip


def _privacy(settings: DiagnoseSection) -> PrivacyPlan:
    return privacy_of(settings, max_records=RECORDS)


def _release(plan: TaskPlan, data: pl.DataFrame, noise: Noise, progress: Progress) -> Json:
    from confide.tasks.learn import descent, learn_privately

    settings: DiagnoseSection = plan.settings
    privacy = _privacy(settings)
    patients, texts, places = labelled(data, settings.target, settings.classes)
    read, width = reader_of(plan.to_json())
    model = fresh(len(settings.classes), width)
    weights = learn_privately(
        model, cases_of(texts, places, read), patients, losses,
        privacy=privacy, noise=noise, optimiser=descent(model, settings.learning_rate), progress=progress,
    )  # fmt: skip
    how = "tasks.note-vector" if settings.encoder is None else "tasks.note-encoder"
    notes = [{"key": "tasks.note-unit"}, {"key": how}, {"key": "train.note-held-out"}]
    return {**released(plan.to_json(), privacy), "model": weights, "notes": notes}


def fresh(classes: int, width: int = WIDTH) -> "nn.Linear":
    """Return a layer that prefers no class."""
    from torch import nn

    layer = nn.Linear(width, classes)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def losses(model: "nn.Module", cases: Sequence[Case]) -> "Tensor":
    """Return one loss per case."""
    import torch

    scores = model(torch.from_numpy(np.stack([case.vector for case in cases])))
    places = torch.tensor([case.place for case in cases])
    return torch.nn.functional.cross_entropy(scores, places, reduction="none")


def diagnose(release: Json, texts: Sequence[str]) -> list[int]:
    """Return the place of the likeliest class of each text: of its patient, as the text is.

    Raises:
        InvalidInput: the release is no such model, or its encoder is not there.
        IntegrityError: its weights are not of its shape.
    """
    if not texts:
        return []
    return guessed(model_of(release), cases_of(texts, [0] * len(texts), reader_of(release)[0]))


def guessed(model: "nn.Module", cases: Sequence[Case]) -> list[int]:
    """Return the place of the likeliest class of each case."""
    import torch

    with torch.no_grad():
        scores = model(torch.from_numpy(np.stack([case.vector for case in cases])))
    return [int(place) for place in scores.argmax(dim=1)]


def model_of(release: Json) -> "nn.Linear":
    """Return the model of a release, ready to use; raises as `diagnose` does."""
    from confide.train.loop import load_weights

    if release.get("kind") not in ("diagnose", "teachers"):  # a student is the same layer
        raise InvalidInput("train.not-a-model", found=release.get("kind"))
    model = fresh(len(release["classes"]), reader_of(release)[1])
    load_weights(model, release["model"])
    return model


def evaluate(release: Json, held_out: pl.DataFrame) -> Json:
    """Return accuracy and F1 on held-out notes: for the inside edition only."""
    patients, texts, places = labelled(held_out, release["target"], release["classes"])
    report = class_report(places, diagnose(release, texts), release["classes"])
    return {"patients": len(set(patients)), "records": len(texts), **report}


def patient_losses(release: Json, data: pl.DataFrame) -> Floats:
    """Return the mean loss of each patient's notes: patient data, for audits inside."""
    from confide.tasks.learn import mean_losses

    patients, texts, places = labelled(data, release["target"], release["classes"])
    cases = cases_of(texts, places, reader_of(release)[0])
    return np.asarray(mean_losses(model_of(release), cases, patients, losses))


def rehearsal(plan: TaskPlan, _progress: Progress = no_progress) -> Rehearsal:
    """Return what an audit of the training trains."""
    classes, (read, width) = len(plan.settings.classes), reader_of(plan.to_json())
    cases = cases_of(MADE_UP, [at % classes for at in range(len(MADE_UP))], read)
    return Rehearsal(fresh(classes, width), cases, losses, _privacy(plan.settings))
