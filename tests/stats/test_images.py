"""One patient, with any number of any images, moves what is summed by no more than what is paid for."""

import math
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.dp.accountant import epsilon
from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import ConfideError, InvalidInput
from confide.ledger.home import open_ledger
from confide.stats.images import GRID, ImagePlan, ImageStack, exact_sums
from confide.stats.masking import STATUS, mask_pixels
from confide.stats.png import grey_png, mean_images
from real_data import SHARED

REAL = SHARED / "data" / "pneumoniamnist" / "pneumoniamnist.npz"
EDGES = (0, 10, 200, 256)


def plan(**changes):
    asked = {
        "name": "m",
        "epsilon": 1.0,
        "delta": 1e-6,
        "shape": (4, 6),
        "groups": ("a", "b"),
        "edges": EDGES,
    }
    return ImagePlan(**asked | changes)


def stack(pixels, patients, groups):
    return ImageStack(pixels=np.asarray(pixels, dtype=np.uint8), patients=patients, groups=groups)


def without(images, patient):
    keep = [at for at, one in enumerate(images.patients) if one != patient]
    return stack(images.pixels[keep], [images.patients[k] for k in keep], [images.groups[k] for k in keep])


@st.composite
def stacks(draw):
    n = draw(st.integers(0, 12))
    seed, level = draw(st.integers(0, 2**32)), draw(st.sampled_from([None, 0, 255]))
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (n, 4, 6)) if level is None else np.full((n, 4, 6), level)
    patients = draw(st.lists(st.sampled_from(["p", "q", "r", None]), min_size=n, max_size=n))
    groups = draw(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=n, max_size=n))
    return stack(pixels, patients, groups)


@given(stacks(), st.integers(1, 4), st.sampled_from([1, 2]), st.booleans(), st.booleans())
@settings(deadline=None, max_examples=150)
def test_one_patient_moves_all_sums_by_at_most_the_declared_distance(images, most, pool, mean, edges):
    asked = plan(max_images=most, pool=pool, mean=mean or not edges, edges=EDGES if edges else ())
    everybody = exact_sums(asked, images)
    for patient in {*images.patients, "nobody"} - {None}:
        moved = (everybody - exact_sums(asked, without(images, patient))).ravel()
        assert math.sqrt(sum(int(x) ** 2 for x in moved)) <= asked.sensitivity()


@pytest.mark.parametrize("copies", [4, 8, 4096])
def test_a_patient_of_black_images_in_one_group_attains_it(copies):
    asked = plan(max_images=4)
    moved = exact_sums(asked, stack(np.zeros((copies, 4, 6)), ["p"] * copies, ["a"] * copies)).ravel()
    assert math.sqrt(sum(int(x) ** 2 for x in moved)) == pytest.approx(asked.sensitivity(), rel=1e-9)


def test_images_of_no_listed_group_take_no_weight_from_the_others():
    images = stack(np.full((3, 4, 6), 9), ["p", "p", "p"], ["a", "elsewhere", None])
    assert exact_sums(plan(), images)[0, 0] == GRID * plan().units[1]


@pytest.mark.parametrize("size", [{}, {"pool": 2}, {"mean": False}, {"edges": ()}, {"max_images": 9}])
@pytest.mark.parametrize("asked", [0.1, 1.0, 8.0])
def test_the_event_costs_what_the_plan_says(size, asked):
    it = plan(epsilon=asked, **size)
    assert 0.99 * asked < epsilon(it.event(), it.delta) <= asked


def release_of(asked, images):
    return asked.execute(images, Noise(Stream()))


def test_intervals_hold_the_true_mean_and_histogram_in_at_least_95_of_100():
    random, hits, seen = np.random.default_rng(5), 0, 0
    images = stack(
        random.integers(0, 90, (400, 4, 6)), [f"{k}" for k in range(400)], ["a"] * 150 + ["b"] * 250
    )
    asked = plan(epsilon=4.0)
    true = {"a": images.pixels[:150].mean(axis=0), "b": images.pixels[150:].mean(axis=0)}
    for _ in range(150):
        for row in release_of(asked, images)["rows"]:
            assert row["mean"] is not None
            hits += int((abs(np.array(row["mean"]) - true[row["group"]]) <= row["half_width"] + 0.005).sum())
            seen += 24
    assert hits / seen > 0.95 - 0.006


def test_a_group_of_nobody_is_always_there_and_has_an_image_no_oftener_than_its_interval_is_wrong():
    nobody, said = stack(np.zeros((0, 4, 6)), [], []), 0
    for _ in range(100):
        rows = release_of(plan(), nobody)["rows"]
        assert [row["group"] for row in rows] == ["a", "b"]
        said += sum(row["mean"] is not None or row["histogram"]["value"] != [None] * 3 for row in rows)
    assert said <= 20  # a count of nobody passes for one in 2.5 of 100 rows: 5 of 200, seldom above 10


def test_the_error_said_before_is_the_error_of_the_release():
    asked = plan(epsilon=4.0)
    images = stack(np.zeros((500, 4, 6)), [f"{k}" for k in range(500)], ["a"] * 500)
    assert release_of(asked, images)["rows"][0]["half_width"] == pytest.approx(
        asked.expected_error(500), rel=0.1
    )
    assert asked.expected_error(1) is None


@pytest.mark.skipif(not REAL.exists(), reason="the real images lie beside the project, and are not here")
@pytest.mark.parametrize(("copies", "most", "pool", "largest"), [(1, 1, 1, 6), (1, 1, 4, 1.6), (3, 3, 2, 8)])
def test_a_mean_chest_image_at_epsilon_4_is_a_few_grey_levels_off(copies, most, pool, largest):
    with np.load(REAL) as real:
        pixels, labels = real["train_images"].reshape(-1, 28, 28), real["train_labels"].ravel()
    asked = ImagePlan(
        name="chest",
        epsilon=4.0,
        delta=4e-6,
        shape=(28, 28),
        groups=("normal", "pneumonia"),
        max_images=most,
        pool=pool,
    )
    patients = [f"{at // copies}" for at in range(len(pixels))]
    images = stack(pixels, patients, [asked.groups[label] for label in labels])
    released = release_of(asked, images)
    for label, row in enumerate(released["rows"]):
        true = pixels[labels == label].reshape(-1, 28 // pool, pool, 28 // pool, pool).mean(axis=(0, 2, 4))
        assert math.sqrt(((np.array(row["mean"]) - true) ** 2).mean()) < largest
    assert set(mean_images(released)) == set(asked.groups)


def test_a_png_holds_the_pixels_it_was_given():
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    data = grey_png(pixels, enlarge=2)
    assert struct.unpack(">II", data[16:24]) == (8, 6)
    length = struct.unpack(">I", data[33:37])[0]
    lines = np.frombuffer(zlib.decompress(data[41 : 41 + length]), dtype=np.uint8).reshape(6, 9)
    assert (lines[:, 0] == 0).all()
    assert (lines[::2, 1::2] == pixels).all()


@pytest.mark.parametrize(
    "changes",
    [
        {"pool": 3}, {"groups": ()}, {"groups": ("a", "a")}, {"edges": (0, 300)}, {"edges": (0, 9, 9, 256)},
        {"mean": False, "edges": ()}, {"shape": (4096, 4096)}, {"epsilon": 0.0}, {"epsilon": math.nan},
        {"delta": 0.0}, {"max_images": 0}, {"max_images": True}, {"epsilon": 1e-6, "delta": 1e-15},
    ],
)  # fmt: skip
def test_a_plan_that_cannot_run_is_refused_before_anything_is_spent(changes):
    with pytest.raises(InvalidInput):
        plan(**changes)


def test_a_stack_of_another_size_or_kind_is_refused():
    good = stack(np.zeros((2, 4, 6)), ["p", "q"], ["a", "b"])
    for bad in (
        replace(good, pixels=good.pixels[:, :3]), replace(good, pixels=good.pixels.astype(np.float64)),
        replace(good, groups=["a"]), replace(good, pixels=good.pixels[0]),
    ):  # fmt: skip
        with pytest.raises(InvalidInput):
            plan().verify_stack(bad)


def test_no_image_stands_in_a_repr():
    assert "7" not in repr(stack(np.full((1, 4, 6), 7), ["7"], ["a"]))


def test_a_masked_image_is_never_called_private_and_its_entry_comes_first(tmp_path):
    image = np.full((28, 28), 130, dtype=np.uint8)
    with open_ledger(tmp_path) as ledger:
        ledger.open_account("all", epsilon=1.0, delta=1e-8, patients=1000)
        ledger.grant("s", "all", epsilon=1.0, delta=1e-8, purpose="p")
        masked = mask_pixels(
            image, strength=40, note=lambda what: ledger.note_not_private(what, study="s", account="all")
        )
        [entry] = ledger.not_private("all")
        assert entry["kind"] == "not-private"
        assert STATUS in entry["what"]
        assert ledger.balance("all").epsilon_spent == 0
    assert masked.status == "masked, not differentially private"
    assert int(abs(masked.pixels.astype(int) - 130).max()) == 40


def test_where_no_entry_can_be_written_nothing_is_masked():
    def full(_):
        raise ConfideError

    with pytest.raises(ConfideError):
        mask_pixels(np.zeros((2, 2), dtype=np.uint8), strength=1, note=full)
    with pytest.raises(InvalidInput):
        mask_pixels(np.zeros((2, 2), dtype=np.uint8), strength=0, note=lambda _: None)
