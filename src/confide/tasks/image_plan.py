"""The plan of a class from an image in a study, differentially private per patient; the network is that of `confide.tasks.images`.

Guarantee: that of `confide.train.loop`, for every patient with all of that patient's images. Classes and size stand in the
study file; an image of another class takes no part, and nobody is told which. Knows no ledger and no file.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import shake_256

import numpy as np

from confide.dp.events import Event
from confide.dp.noise import Noise
from confide.engines.polars import Floats
from confide.errors import InvalidInput
from confide.stats.images import ImageStack
from confide.tasks import images
from confide.tasks.image_section import ImageSection
from confide.tasks.images import Picture, chosen
from confide.tasks.notes import verify_columns
from confide.tasks.rehearsal import MADE_UP, Rehearsal
from confide.tasks.releases import privacy_of, public_fields, released
from confide.train.privacy import PrivacyPlan
from confide.types import Json, Progress, no_progress


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageTaskPlan:
    """What will be trained and what it costs. Every field is public; the images arrive through `execute`."""

    settings: ImageSection

    @property
    def name(self) -> str:
        """Return the name of the release inside its study."""
        return self.settings.name

    @property
    def source(self) -> str:
        """Return the name of the images that are read."""
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
        return privacy_of(self.settings, max_records=self.settings.images)

    def event(self) -> Event:
        """Return what the training costs when one patient is added or removed; data only."""
        return self.privacy.event()

    def to_json(self) -> Json:
        """Return the kind and all public fields; numbers with a fraction as text."""
        return {"kind": "image-class", **public_fields(self.settings)}

    def text_columns(self) -> frozenset[str]:
        """Return the columns that are read."""
        return frozenset({self.settings.target})

    def verify_columns(self, columns: Collection[str]) -> None:
        """Raise if the column of the class is not there, or what the training runs on."""
        verify_columns(columns, self.text_columns())

    def verify_size(self, size: tuple[int, int]) -> None:
        """Raise if images of this height and width are not those of the plan; call it before anything is charged.

        Raises:
            InvalidInput: another size.
        """
        if tuple(size) != self.settings.size:
            raise InvalidInput("images.shape", height=self.settings.shape[0], width=self.settings.shape[1])

    def execute(self, data: ImageStack, noise: Noise, progress: Progress = no_progress) -> Json:
        """Return the release: weights, and everything public that is needed to use them.

        Guarantee: (`epsilon`, `delta`)-differentially private for adding or removing one patient.

        Args:
            data: images to learn from, whose they are, and the class of each as its group.
            noise: the charge's.
            progress: told after each step.
        """
        from confide.tasks.learn import adam, learn_privately

        settings, privacy = self.settings, self.privacy
        self.verify_size((data.pixels.shape[1], data.pixels.shape[2]))
        patients, pictures = chosen(data, settings.classes)
        model = images.fresh(settings.channels, settings.size, len(settings.classes))
        weights = learn_privately(
            model, pictures, patients, images.losses,
            privacy=privacy, noise=noise, optimiser=adam(model, settings.learning_rate), progress=progress,
        )  # fmt: skip
        notes = [{"key": "images.note-unit"}, {"key": "train.note-held-out"}]
        return {**released(self.to_json(), privacy), "weights": weights, "notes": notes}


def evaluate(release: Json, held_out: ImageStack) -> Json:
    """Return accuracy, F1 and for two classes the area under the curve on held-out images: for the inside edition only."""
    patients, pictures = chosen(held_out, release["classes"])
    told = images.evaluate(release, pictures)
    return {"patients": len(set(patients)), "records": len(pictures), **told}


def patient_losses(release: Json, data: ImageStack) -> Floats:
    """Return the mean loss of each patient's images: patient data, for audits inside."""
    from confide.tasks.learn import mean_losses

    patients, pictures = chosen(data, release["classes"])
    return np.asarray(mean_losses(images.model_of(release), pictures, patients, images.losses))


def rehearsal(plan: ImageTaskPlan) -> Rehearsal:
    """Return what an audit of the training trains: the public network, on made-up images."""
    settings = plan.settings
    shape = (len(MADE_UP), *settings.size)
    drawn = np.frombuffer(shake_256(b"made-up images").digest(math.prod(shape)), np.uint8).reshape(shape)
    pictures = [Picture(pixels, at % len(settings.classes)) for at, pixels in enumerate(drawn)]
    model = images.fresh(settings.channels, settings.size, len(settings.classes))
    return Rehearsal(model, pictures, images.losses, plan.privacy)
