"""Say from an image which of some classes it is of, pneumonia say, by a small network that is private per patient.

Guarantee: that of `confide.train.loop`, for every patient with all images; grey levels are scaled by public numbers and
normalised within one image (GroupNorm), so that no image shapes how another is read. Knows no ledger.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from confide.engines.polars import Floats
from confide.errors import InvalidInput
from confide.stats.images import ImageStack
from confide.tasks.image_section import GROUPS
from confide.tasks.scores import class_report
from confide.types import Json

if TYPE_CHECKING:
    from torch import Tensor, nn

_SEED = 1  # of the first weights: public


@dataclass(frozen=True, slots=True)
class Picture:
    """One image and the place of its class. Of a patient: shown to nobody."""

    pixels: NDArray[np.uint8] = field(repr=False)
    label: int = field(repr=False)


def chosen(data: ImageStack, classes: Sequence[str]) -> tuple[list[str], list[Picture]]:
    """Return (patients, images) of those that have a patient and a listed class, each looked at by itself."""
    place = {name: at for at, name in enumerate(classes)}
    kept = [
        (patient, Picture(pixels, place[group]))
        for pixels, patient, group in zip(data.pixels, data.patients, data.groups, strict=True)
        if patient is not None and group in place
    ]
    return [patient for patient, _ in kept], [picture for _, picture in kept]


def fresh(channels: int, shape: tuple[int, int], classes: int) -> "nn.Module":
    """Return the network before training, its weights drawn under a public seed."""
    import torch
    from torch import nn

    def block(into: int, out: int) -> "list[nn.Module]":
        return [nn.Conv2d(into, out, 3, padding=1), nn.GroupNorm(GROUPS, out), nn.ReLU(), nn.MaxPool2d(2)]

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        return nn.Sequential(
            *block(1, channels),
            *block(channels, 2 * channels),
            *block(2 * channels, 2 * channels),
            nn.Flatten(),
            nn.Linear(2 * channels * (shape[0] // 8) * (shape[1] // 8), classes),
        )


def losses(model: "nn.Module", batch: list[Picture]) -> "Tensor":
    """Return one loss per image, of that image alone."""
    import torch
    from torch.nn.functional import cross_entropy

    return cross_entropy(model(scaled(batch)), torch.tensor([each.label for each in batch]), reduction="none")


def scaled(batch: list[Picture]) -> "Tensor":
    """Return grey levels from -1 to 1, by public numbers."""
    import torch

    pixels = np.stack([each.pixels for each in batch])[:, None].astype(np.float32)
    return torch.from_numpy(pixels / 127.5 - 1.0)


def model_of(release: Json) -> "nn.Module":
    """Return the network of a release, ready to use.

    Raises:
        InvalidInput: the release is no such model.
        IntegrityError: its weights are not of its shape.
    """
    from confide.train.loop import load_weights

    if release.get("kind") != "image-class":
        raise InvalidInput("train.not-a-model", found=release.get("kind"))
    model = fresh(release["channels"], (release["shape"][0], release["shape"][1]), len(release["classes"]))
    load_weights(model, release["weights"])
    model.eval()
    return model


def scores(release: Json, pictures: list[Picture]) -> Floats:
    """Return the probability of each class for each image, shape (images, classes): patient data; raises as `model_of`."""
    import torch

    model = model_of(release)
    found = np.zeros((len(pictures), len(release["classes"])))
    with torch.no_grad():
        for at in range(0, len(pictures), 256):
            told = model(scaled(pictures[at : at + 256])).softmax(dim=1)
            found[at : at + 256] = told.double().numpy()
    return found


def evaluate(release: Json, pictures: list[Picture]) -> Json:
    """Return accuracy and F1 on held-out images, and for two classes the area under the curve: inside only."""
    told = scores(release, pictures)
    truth = [each.label for each in pictures]
    report = class_report(truth, told.argmax(axis=1).tolist(), release["classes"])
    return {**report, "auc": area(told[:, 1], np.array(truth)) if len(release["classes"]) == 2 else None}


def area(scores: Floats, truth: NDArray[np.int64]) -> float | None:
    """Return the area under the curve of hits against false alarms; None without both classes.

    >>> area(np.array([0.1, 0.4, 0.4, 0.9]), np.array([0, 0, 1, 1]))
    0.875
    """
    ill, well = np.sort(scores[truth == 1]), scores[truth == 0]
    if not len(ill) or not len(well):
        return None
    below = 0.5 * sum(np.searchsorted(ill, well, side=side).sum() for side in ("left", "right"))
    return float(1 - below / (len(ill) * len(well)))
