"""The plan of a class from an image in a study, differentially private per patient; the network is that of `confide.tasks.images`.

Guarantee: that of `confide.train.loop`, for every patient with all of that patient's images. Classes and size stand in the
study file; an image of another class takes no part, and nobody is told which. Knows no ledger and no file.
"""

import math
from hashlib import shake_256

import numpy as np

from confide.dp.noise import Noise
from confide.engines.polars import Floats
from confide.stats.images import ImageStack
from confide.tasks import images
from confide.tasks.image_section import ImageSection
from confide.tasks.images import Picture, chosen
from confide.tasks.plan import TaskPlan
from confide.tasks.rehearsal import MADE_UP, Rehearsal
from confide.tasks.releases import released
from confide.tasks.section import privacy_of
from confide.train.privacy import PrivacyPlan
from confide.types import Json, Progress, no_progress


def image_plan(settings: ImageSection) -> TaskPlan:
    """Return what will be trained and what it costs; the images arrive as an `ImageStack`, with the class of each as its group."""
    return TaskPlan(
        settings=settings, kind="image-class", protection=_privacy(settings),
        columns=frozenset({settings.target}), release=_release,
    )  # fmt: skip


def _privacy(settings: ImageSection) -> PrivacyPlan:
    return privacy_of(settings, max_records=settings.images)


def _release(plan: TaskPlan, data: ImageStack, noise: Noise, progress: Progress) -> Json:
    from confide.tasks.learn import adam, learn_privately

    settings: ImageSection = plan.settings
    privacy = _privacy(settings)
    settings.verify_size((data.pixels.shape[1], data.pixels.shape[2]))
    patients, pictures = chosen(data, settings.classes)
    model = images.fresh(settings.channels, settings.size, len(settings.classes))
    weights = learn_privately(
        model, pictures, patients, images.losses,
        privacy=privacy, noise=noise, optimiser=adam(model, settings.learning_rate), progress=progress,
    )  # fmt: skip
    notes = [{"key": "images.note-unit"}, {"key": "train.note-held-out"}]
    return {**released(plan.to_json(), privacy), "weights": weights, "notes": notes}


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


def rehearsal(plan: TaskPlan, _progress: Progress = no_progress) -> Rehearsal:
    """Return what an audit of the training trains: the public network, on made-up images."""
    settings: ImageSection = plan.settings
    shape = (len(MADE_UP), *settings.size)
    drawn = np.frombuffer(shake_256(b"made-up images").digest(math.prod(shape)), np.uint8).reshape(shape)
    pictures = [Picture(pixels, at % len(settings.classes)) for at, pixels in enumerate(drawn)]
    model = images.fresh(settings.channels, settings.size, len(settings.classes))
    return Rehearsal(model, pictures, images.losses, _privacy(settings))
