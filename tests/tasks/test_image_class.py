"""A network learns classes of images under a plan; one image is read whatever others there are."""

import json

import numpy as np
import pytest
import torch

from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import InvalidInput
from confide.stats.images import ImageStack
from confide.tasks.image_plan import evaluate, image_plan
from confide.tasks.image_section import ImageSection
from confide.tasks.images import Picture, area, chosen, fresh, losses, scores


def section(**changes):
    fields = {
        "task": "image", "source": "films", "target": "finding", "test_share": 0.0, "classes": ("normal", "pneumonia"), "shape": (16, 16), "epsilon": 8.0,
        "patients": 200, "delta": 1e-5, "channels": 4, "steps": 25, "expected_batch": 100, "learning_rate": 0.02, **changes,
    }  # fmt: skip
    return ImageSection(**fields)


def films(number=160, seed=0):
    """Films of which the ill are bright below and the well above."""
    draw = np.random.default_rng(seed)
    ill = np.arange(number) % 2
    pixels = draw.integers(0, 120, (number, 16, 16))
    pixels[ill == 1, 8:] += 120
    pixels[ill == 0, :8] += 120
    patients = [f"p{i // 2}" if i % 2 == 0 else f"q{i}" for i in range(number)]
    groups = ["pneumonia" if each else "normal" for each in ill]
    return ImageStack(pixels=pixels.astype(np.uint8), patients=patients, groups=groups)


def test_a_private_network_tells_the_ill_from_the_well():
    release = image_plan(section()).execute(films(), Noise(Stream(bytes(32))))
    told = evaluate(json.loads(json.dumps(release)), films(60, seed=1))
    assert told["auc"] > 0.9
    assert told["status"] == "identified"
    assert scores(release, []).shape == (0, 2)


def test_an_image_is_read_the_same_whatever_stands_beside_it():
    model = fresh(4, (16, 16), 2)
    _, pictures = chosen(films(8), section().classes)
    with torch.no_grad():
        assert torch.allclose(losses(model, pictures)[:1], losses(model, pictures[:1]), atol=1e-5)


def test_images_without_a_patient_or_of_another_class_take_no_part():
    stack = films(4)
    odd = ImageStack(
        pixels=stack.pixels, patients=[None, "a", "b", "c"], groups=["normal", "other", None, "normal"]
    )
    assert chosen(odd, section().classes)[0] == ["c"]
    assert "array" not in repr(Picture(stack.pixels[0], 1))


@pytest.mark.parametrize(
    "changes", [{"classes": ("one",)}, {"channels": 6}, {"shape": (4, 4)}, {"expected_batch": 500}]
)
def test_a_plan_that_could_never_be_trained_is_refused(changes):
    with pytest.raises(InvalidInput):
        section(**changes)


def test_images_of_another_size_are_refused():
    with pytest.raises(InvalidInput, match="16"):
        image_plan(section()).execute(
            ImageStack(pixels=np.zeros((1, 8, 8), np.uint8), patients=["a"], groups=["normal"]),
            Noise(Stream()),
        )


def test_the_area_is_that_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    draw = np.random.default_rng(0)
    truth, told = draw.integers(0, 2, 50), draw.integers(0, 9, 50) / 9
    assert area(told, truth) == pytest.approx(metrics.roc_auc_score(truth, told))
    assert area(told, np.zeros(50, int)) is None
