"""How well private models of text do at ε = 3 and 8, beside the same model without privacy; one JSON line per figure.

Claim under test: with recipes frozen on public data (`train_accuracy_text.toml`, which says where), what privacy costs is
no more than the published anchors lose. Mean and 95 % interval (Student) over seeds; noise is drawn anew each time.
Units are said in each line: where a corpus names no patient, a document, or where it names none, a sentence.
"""

import csv
import gzip
import io
import math
import statistics
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import torch
from lines import Line, arguments, line, show

from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.ledger.home import open_ledger
from confide.tasks import diagnose, tagger
from confide.tasks.corpora import cell_of, read_mentions, read_tokens
from confide.tasks.diagnose import Case, cases_of, fresh, guessed
from confide.tasks.encoder import Encoder, encoder_in, sha256_of
from confide.tasks.learn import adam, descent, learn_openly, learn_privately
from confide.tasks.ner import ner_plan
from confide.tasks.notes import frame_of
from confide.tasks.public import NO_PUBLIC, Public
from confide.tasks.section import NerSection
from confide.tasks.spans import Tagged
from confide.train.estimators import DPMLP
from confide.train.features import matrix, outcomes
from confide.train.logistic import LogisticPlan
from confide.train.plain import plain_model
from confide.train.predict import area_under_curve, evaluate
from confide.train.privacy import PrivacyPlan
from confide.train.section import TrainSection
from confide.train.split import split_patients

DATA = Path(__file__).parents[2] / "shared" / "data"
RECIPES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())
EPSILONS = (3.0, 8.0)
ANCHOR = "none published for DP clinical NER; 5 points as GLUE loses at ε = 3"
STUDENT = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78, 6: 2.57, 10: 2.26}  # 97.5 % points, by number of seeds
Score = Callable[[float | None, int], float]


def data(name: str) -> bytes:
    return gzip.decompress((DATA / name).read_bytes())


def over_seeds(score: Score, epsilon: float | None, seeds: int) -> tuple[float, float | None]:
    """Return mean and half the 95 % interval, which one seed does not have."""
    found = [score(epsilon, seed) for seed in range(seeds)]
    if seeds == 1:
        return found[0], None
    return statistics.mean(found), round(
        STUDENT.get(seeds, 2.0) * statistics.stdev(found) / math.sqrt(seeds), 4
    )


def lines_of(
    name: str, score: Score, seeds: int, *, gap: float, unit: str, how: str, anchor: str
) -> Iterator[Line]:
    """Yield one line per ε: how far below the model without privacy, against what the anchor loses."""
    plain, plain_half = over_seeds(score, None, seeds)
    for epsilon in EPSILONS:
        ours, half = over_seeds(score, epsilon, seeds)
        figures = {"mean": round(ours, 4), "half_95": half, "seeds": seeds}
        yield line(
            f"train.accuracy.{name}.gap.{epsilon:g}", plain - ours, f"<= {gap}",
            ours=figures, rival={"without privacy": round(plain, 4), "half_95": plain_half, "anchor": anchor},
            unit=unit, how=how,
        )  # fmt: skip


# entities --------------------------------------------------------------------------------------------------


def tagged(name: str) -> list[Tagged]:
    return read_tokens(data(f"bio-ner/{name}.tsv.gz"), name)


@cache
def consultations() -> list[tuple[str, str]]:
    """Return (question, department) of the consultations, each question once."""
    text = data("zh-medical-dialogue/internal_medicine_sample.csv.gz").decode("gb18030")
    rows = csv.DictReader(io.StringIO(text))
    return list({f"{row['title']}。{row['ask']}": row["department"] for row in rows}.items())


def minilm() -> str:
    from all_minilm_l6_v2 import get_model_path

    return str(get_model_path())


def entity_score(
    train: list[Tagged],
    test: list[Tagged],
    public: Public,
    recipe: dict[str, float],
    encoder: str | None = None,
) -> Score:
    """Return what trains a tagger and gives its micro-F1 over exact entities."""
    types = tuple(sorted({each.type for note in train for each in note.entities}))
    notes = frame_of(
        [(str(at), note.text, {"labels": cell_of(note.entities)}) for at, note in enumerate(train)]
    )
    n = len(train)

    def score(epsilon: float | None, seed: int) -> float:
        section = NerSection(
            task="ner", source="notes", labels="labels", types=types, epsilon=epsilon or 1.0, delta=1 / (100 * n),
            patients=n, test_share=0.0, piece=int(recipe["piece"]),
            pieces=int(recipe["pieces"]), steps=int(recipe["steps"]), expected_batch=round(n * recipe["rate"]),
            clip=recipe["clip"], learning_rate=recipe["learning_rate"], encoder=encoder,
        )  # fmt: skip
        if epsilon is None:
            _, model = tagger.begun(section, public, encoder and sha256_of(encoder))
            pieces, _ = tagger.cut([""] * n, train, types, section.piece, model.read)
            learn_openly(
                model, pieces, tagger.losses, optimiser=adam(model, recipe["plain_rate"]),
                epochs=int(recipe["plain_epochs"]), seed=seed,
            )  # fmt: skip
        else:
            release = ner_plan(section, public).execute(notes, Noise(Stream()))
            model = tagger.model_of(release)
        found = tagger.found_by(model, [note.text for note in test], types, section.piece)
        return float(tagger.report(test, found, types)["micro"]["f1"] or 0.0)

    return score


def remembered(public: Public) -> Public:
    """Make the table of public text once for all seeds: it is the same each time."""
    table = tagger.start.from_texts(public.texts)
    tagger.start.from_texts = lambda texts: table  # type: ignore[assignment]
    return public


def answers() -> list[str]:
    """Return the physicians' answers to the consultations: more public text."""
    text = data("zh-medical-dialogue/internal_medicine_sample.csv.gz").decode("gb18030")
    return list(dict.fromkeys(row["answer"] for row in csv.DictReader(io.StringIO(text))))


def entities_zh(seeds: int) -> Iterator[Line]:
    train = read_mentions(data("cEHRNER/train.jsonl.gz"), "train")
    test = [
        note for part in ("dev", "test") for note in read_mentions(data(f"cEHRNER/{part}.jsonl.gz"), part)
    ]
    texts = [text for text, _ in consultations()] + answers()
    public = remembered(Public("consultations", tuple(texts)))
    yield from lines_of(
        "ner-zh", entity_score(train, test, public, RECIPES["ner"]), seeds, gap=0.05, unit="micro-F1, exact entities",
        how="cEHRNER 914 documents, each a patient; table from public consultations, 1.6 M characters; 85 documents held out",
        anchor=ANCHOR,
    )  # fmt: skip


def entities_en(seeds: int) -> Iterator[Line]:
    corpus = tagged("NCBI-disease.train")
    public = remembered(Public("NCBI", tuple(note.text for note in corpus), tuple(corpus)))
    score = entity_score(tagged("BC5CDR.train"), tagged("BC5CDR.test")[:1500], public, RECIPES["ner"])
    unit = (
        "BC5CDR 4,560 sentences, each a unit of its own (the file names no document): weaker than a patient"
    )
    yield from lines_of(
        "ner-en", score, seeds, gap=0.05, unit="micro-F1, exact entities",
        how=f"{unit}; begun on public NCBI-disease; 1,500 sentences held out", anchor=ANCHOR,
    )  # fmt: skip


def entities_encoded(seeds: int) -> Iterator[Line]:
    read_once()
    score = entity_score(
        tagged("BC5CDR.train"), tagged("BC5CDR.test")[:1500], NO_PUBLIC, RECIPES["ner-encoder"], minilm()
    )
    yield from lines_of(
        "ner-en-encoder", score, seeds, gap=0.05, unit="micro-F1, exact entities",
        how="BC5CDR 4,560 sentences, each a unit of its own (the file names no document): weaker than a patient; one layer "
        "over MiniLM, frozen; 1,500 sentences held out", anchor=ANCHOR,
    )  # fmt: skip


def read_once() -> None:
    """Have the encoder read each text once for all seeds: its vectors are the same each time."""
    read = Encoder.read
    held: dict[str, np.ndarray] = {}

    def remembered(self, text, places):
        if text not in held:
            held[text] = read(self, text, places)
        return held[text]

    Encoder.read = remembered  # type: ignore[method-assign]


# classes ---------------------------------------------------------------------------------------------------


def class_score(train: list[Case], test: list[Case], classes: int, recipe: dict[str, float]) -> Score:
    """Return what trains one layer on vectors of length 1 and gives its accuracy."""
    n, truth, width = len(train), [case.place for case in test], len(train[0].vector)

    def score(epsilon: float | None, seed: int) -> float:
        model = fresh(classes, width)
        if epsilon is None:
            plain = descent(model, recipe["plain_rate"])
            learn_openly(model, train, diagnose.losses, optimiser=plain, epochs=30, seed=seed, batch=64)
        else:
            privacy = PrivacyPlan(
                epsilon=epsilon, delta=1 / (100 * n), expected_batch=round(n * recipe["rate"]),
                steps=int(recipe["steps"]), patients=n, clip=recipe["clip"], max_records=1,
            )  # fmt: skip
            learn_privately(
                model, train, [str(at) for at in range(n)], diagnose.losses, privacy=privacy, noise=Noise(Stream()),
                optimiser=descent(model, recipe["learning_rate"]),
            )  # fmt: skip
        return float(np.mean(np.array(guessed(model, test)) == truth))

    return score


def divided(cases: list[Case], share: float = 0.2) -> tuple[list[Case], list[Case]]:
    order = np.random.default_rng(7).permutation(len(cases))
    held = int(len(cases) * share)
    return [cases[at] for at in order[held:]], [cases[at] for at in order[:held]]


def departments(seeds: int) -> Iterator[Line]:
    departments = sorted({name for _, name in consultations()})
    cases = cases_of(
        [text for text, _ in consultations()], [departments.index(name) for _, name in consultations()]
    )
    train, test = divided(cases)
    yield from lines_of(
        "diagnose-zh", class_score(train, test, len(departments), RECIPES["diagnose"]), seeds, gap=0.034,
        unit="accuracy", how=f"{len(departments)} departments from {len(train)} questions, each a patient; hashed words",
        anchor="MNLI, RoBERTa-large: 90.2 to 86.8 at ε = 3",
    )  # fmt: skip


def specialties(seeds: int) -> Iterator[Line]:
    csv.field_size_limit(1 << 24)
    rows = list(csv.DictReader(io.StringIO(data("mtsamples-subset/mtsamples_10pct.csv.gz").decode())))
    texts, places = [row["text"] for row in rows], [int(row["label"]) - 1 for row in rows]
    for name, how, cases in (
        ("diagnose-en", "hashed words", cases_of(texts, places)),
        ("diagnose-en-encoder", "one layer over MiniLM, frozen", cases_of(texts, places, read_by_minilm())),
    ):
        train, test = divided(cases)
        yield from lines_of(
            name, class_score(train, test, 4, RECIPES["diagnose"]), seeds, gap=0.034, unit="accuracy",
            how=f"4 groups of specialties from 400 notes, each a patient; {how}; 80 held out",
            anchor="MNLI, RoBERTa-large: 90.2 to 86.8 at ε = 3",
        )  # fmt: skip


def read_by_minilm() -> Callable[[str], np.ndarray]:
    return encoder_in(minilm(), sha256_of(minilm())).vector


def sentiment(seeds: int, sentences: int) -> Iterator[Line]:
    """SST-2: a frozen public encoder (MiniLM), one private layer."""
    parts = {name: list(csv.reader(io.StringIO(data(f"sst2/{name}.tsv.gz").decode()), delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
             for name in ("train", "test")}  # fmt: skip
    chosen = np.random.default_rng(3).permutation(len(parts["train"]))[:sentences]
    train, test = (
        cases_of([text for text, _ in rows], [int(label) for _, label in rows], read_by_minilm())
        for rows in ([parts["train"][at] for at in chosen], parts["test"])
    )
    yield from lines_of(
        "sst2", class_score(train, test, 2, RECIPES["diagnose"]), seeds, gap=0.03, unit="accuracy",
        how=f"SST-2, {sentences} sentences of the training set, each a unit; MiniLM-L6 frozen, one private layer; 872 held out",
        anchor="RoBERTa-large, fully tuned on 67,349: 93.9 at ε = 3, 96.4 without",
    )  # fmt: skip


# tables, to compare ----------------------------------------------------------------------------------------

FEATURES = (
    "number(number_inpatient, 0, 6)", "number(number_emergency, 0, 6)", "number(number_outpatient, 0, 6)",
    "number(time_in_hospital, 1, 14)", "number(num_medications, 0, 50)", "number(num_lab_procedures, 0, 100)",
    "number(num_procedures, 0, 6)", "number(number_diagnoses, 1, 16)", "category(A1Cresult, Norm, >7, >8)",
    "category(insulin, No, Steady, Up, Down)", "category(diabetesMed, No, Yes)", "category(change, No, Ch)",
    "category(admission_type_id, 1, 2, 3)", "category(discharge_disposition_id, 1, 3, 6, 2, 5, 22)",
)  # fmt: skip


def readmission(seeds: int) -> Iterator[Line]:
    """Readmission within 30 days from a table: the MLP against the logistic plan at the same price, AUC."""
    with zipfile.ZipFile(DATA / "diabetes-130-us-hospitals" / "dataset_diabetes.zip") as archive:
        table = pl.read_csv(
            io.BytesIO(archive.read("dataset_diabetes/diabetic_data.csv")), infer_schema=False
        )
    train, test = split_patients(
        table.rename({"patient_nbr": "_patient"}), b"a fixed key, this is a benchmark", 0.2
    )
    inputs, target, recipe = matrix(FEATURES, train)[:, 1:], 'is(readmitted, "<30")', RECIPES["readmission"]
    labels, truth = outcomes(target, train).astype(int), outcomes(target, test) == 1
    held, patients = matrix(FEATURES, test)[:, 1:], 56_000  # four fifths of a public 70,000

    def mlp(epsilon: float | None, seed: int) -> float:
        assert epsilon is not None
        privacy = PrivacyPlan(
            epsilon=epsilon, delta=1e-8, patients=patients, expected_batch=round(patients * recipe["rate"]),
            steps=int(recipe["steps"]), max_records=4,
        )  # fmt: skip
        model = DPMLP(privacy=privacy, classes=[0, 1], hidden=(32,), learning_rate=recipe["learning_rate"])
        with open_ledger(Path(tempfile.mkdtemp())) as ledger:
            ledger.open_account("bench", epsilon=20.0, delta=1e-7, patients=70_000)
            ledger.grant("training", "bench", epsilon=20.0, delta=1e-7, purpose="a benchmark")
            model.fit(inputs, labels, patients=train["_patient"].to_list(), ledger=ledger, account="bench")
        return area_under_curve(truth, model.predict_proba(held)[:, 1]) or 0.5

    def logistic(epsilon: float | None, seed: int) -> float:
        section = TrainSection(
            source="-", target=target, features=FEATURES, epsilon=epsilon or 1.0, delta=1e-8, patients=70_000,
            steps=120, expected_batch=14_000,
        )  # fmt: skip
        release = (
            LogisticPlan(settings=section).execute(train, Noise(Stream()))
            if epsilon
            else plain_model(section, train)
        )
        return float(evaluate(release, test)["auc"])

    plain = logistic(None, 0)
    for epsilon in EPSILONS:
        ours, half = over_seeds(mlp, epsilon, seeds)
        other, other_half = over_seeds(logistic, epsilon, seeds)
        yield line(
            f"train.accuracy.readmission.behind.{epsilon:g}", other - ours, "<= 0.01",
            ours={"mean": round(ours, 4), "half_95": half, "seeds": seeds},
            rival={"logistic plan": round(other, 4), "half_95": other_half, "logistic without privacy": round(plain, 4)},
            unit="AUC", how="diabetes-130, readmitted within 30 days; DPMLP of 32 hidden units against the numpy logistic plan",
        )  # fmt: skip


def main() -> None:
    options = arguments(__doc__, "train.accuracy").parse_args()
    torch.set_num_threads(1)
    seeds = 1 if options.quick else 5
    show(
        {
            "train.accuracy.diagnose-zh": lambda: departments(seeds),
            "train.accuracy.diagnose-en": lambda: specialties(seeds),
            "train.accuracy.readmission": lambda: readmission(seeds),
            "train.accuracy.ner-zh": lambda: entities_zh(seeds),
            "train.accuracy.ner-en": lambda: entities_en(seeds),
            "train.accuracy.ner-en-encoder": lambda: entities_encoded(seeds),
            "train.accuracy.sst2": lambda: sentiment(seeds, 2_000 if options.quick else 10_000),
        },
        options.only,
    )


if __name__ == "__main__":
    sys.exit(main())
