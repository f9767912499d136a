"""Noise in parts against noise in one place: pneumonia from X-rays at ten sites, differentially private by patient.

Each of ten sites adds so much that the parts of three honest ones pay for ε; all ten take part, so that the sum holds more noise
than one curator would have to add. Rival: that curator, who sees all images and adds noise once; same learner, same rounds.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from federated_studies import interval
from federated_tables import SHARED
from federated_together import How, together
from lines import Line, line

from confide.dp.accountant import calibrate_gaussian
from confide.federated.glm import Glm
from confide.federated.learners import TableLearner, table
from confide.federated.learning import Course, Learning
from confide.federated.measures import accuracy

SITES, HONEST, COLLUDERS = 10, 3, 3
EPSILONS, DELTA = (8.0, 3.0, 1.0), 1e-5
SIDE = 14
FORM = Glm(kind="logistic", features=SIDE * SIDE)
# frozen on the validation part (`python federated_distributed.py` prints what was tried), for ε = 8 with noise in parts
ROUNDS, RATE = 100, 20.0


def pictures(part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return images in 14 × 14 as numbers by public rules that look at one image: less its mean, of length 1."""
    published = np.load(SHARED / "pneumoniamnist" / "pneumoniamnist.npz")
    images = published[f"{part}_images"] / 255.0
    small = images.reshape(len(images), SIDE, 2, SIDE, 2).mean(axis=(2, 4)).reshape(len(images), -1)
    small -= small.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(small, axis=1, keepdims=True)
    return small / np.maximum(norms, 1e-9), published[f"{part}_labels"].ravel().astype(float)


def sites(seed: int) -> list[TableLearner]:
    """Deal the training images out to ten sites of about one size."""
    inputs, outcomes = pictures("train")
    parts = np.array_split(np.random.default_rng(seed).permutation(len(inputs)), SITES)
    return [TableLearner(FORM, table(inputs[part], outcomes[part])) for part in parts]


def settings(rounds: int, rate: float, patients: int) -> Learning:
    return Learning(rounds=rounds, rate=rate, protection="patient", clip=1.0, patients=patients)


def in_parts(epsilon: float, seed: int, how: How, rounds: int = ROUNDS, rate: float = RATE) -> np.ndarray:
    """Return the model of ten sites, each with its part of the noise; 250 patients a site is a public number."""
    privacy = {"epsilon": epsilon, "delta": DELTA, "honest": HONEST, "most": 500}
    learning = settings(rounds, rate, 250)
    return together(learning, sites(seed), clip=1.0, how=how, privacy=privacy, colluders=COLLUDERS)


def in_one_place(epsilon: float, seed: int) -> np.ndarray:
    """Return a curator's model: the same steps on all images, noise added once; no noise where ε is infinite."""
    inputs, outcomes = pictures("train")
    learner, learning = TableLearner(FORM, table(inputs, outcomes)), settings(ROUNDS, RATE, 250 * SITES)
    course, draw = Course(learning, learner.start()), np.random.default_rng([seed, 1])
    sigma = calibrate_gaussian(epsilon, DELTA, sensitivity=1, steps=ROUNDS) if np.isfinite(epsilon) else 0.0
    for _ in range(ROUNDS):
        total = learner.clipped_sum(course.model, learning.clip) + sigma * draw.normal(size=learner.length)
        course.take(-RATE / learning.patients * total)
    return course.model


def scored(models: Sequence[np.ndarray], part: str = "test") -> list[float]:
    inputs, outcomes = pictures(part)
    return [accuracy(outcomes, FORM.predict(model, inputs)) for model in models]


def distributed_lines(quick: bool) -> Iterator[Line]:
    """Print the points lost at ε = 8, and the whole curve beside."""
    seeds = range(3 if quick else 10)
    parts, one = {}, {}
    for epsilon in EPSILONS:  # masks in the first seed; without them the sums are the same to the bit
        parts[epsilon] = scored([in_parts(epsilon, s, "steps" if s else "masked") for s in seeds])
        one[epsilon] = scored([in_one_place(epsilon, s) for s in seeds])
    [open_figure] = scored([in_one_place(np.inf, 0)])
    lost = {epsilon: 100 * float(np.mean(one[epsilon]) - np.mean(parts[epsilon])) for epsilon in EPSILONS}
    yield line(
        "fed.distributed_dp.points_at_8", lost[8.0], "<= 2", ours=interval(parts[8.0]), rival=interval(one[8.0]), unit="points",
        how=f"accuracy on PneumoniaMNIST's 468 test images (a patient each), {SITES} sites, {HONEST} honest of {SITES} assumed and all taking "
        f"part, t = 7, {COLLUDERS} colluders, logistic regression on 14 × 14, {ROUNDS} rounds, δ = {DELTA:g}, {len(seeds)} seeds, 95 % intervals; "
        "points lost, parts, one place: "
        + "; ".join(f"ε = {e:g}: {lost[e]:.1f}, {interval(parts[e])}, {interval(one[e])}" for e in EPSILONS)
        + f"; without noise {open_figure:.3f}; rounds and rate found on the validation part in the open",
    )  # fmt: skip


def main() -> None:
    """Print what was tried on the validation part; no test image is read."""
    for rounds in (30, 60, 100):
        for rate in (5.0, 10.0, 20.0, 40.0):
            models = [in_parts(8.0, seed, "steps", rounds, rate) for seed in range(5)]
            print(f"{np.mean(scored(models, 'val')):.4f} rounds {rounds} rate {rate:g}", flush=True)


if __name__ == "__main__":
    main()
