"""A study whose notes somebody marked: invented here, in both languages, with its vault and its account."""

import json
from pathlib import Path

import numpy as np

from confide.ledger.home import home, open_ledger
from confide.study.keys import make_vault
from confide.tasks.notes import frame_of
from confide.tasks.section import NerSection

PASSPHRASE = "correct horse battery staple"
STUDY = """
[study]
name = "entities"
purpose = "See what is treated with what"
requester = "Ward 3"
language = "{language}"

[account]
name = "inpatients"
epsilon = 30.0
delta = 5e-4

[patient]
id = "patient_id"

[keys]
passphrase_file = "passphrase.txt"

[[source]]
name = "notes"
kind = "notes"
path = "raw/notes.jsonl"
text = "note"

[[train]]
task = "ner"
name = "found"
source = "notes"
labels = "entities"
types = ["disease", "drug"]
public = "public/*.jsonl"
epsilon = 8.0
delta = 1e-5
patients = 60
steps = 3
bands = 2

[[train]]
task = "diagnose"
name = "ward"
source = "notes"
target = "ward"
classes = ["heart", "lung"]
epsilon = 8.0
delta = 1e-5
patients = 60
steps = 3

[[train]]
task = "graph"
name = "map"
source = "notes"
model = "found"
epsilon = 8.0
delta = 1e-5
patients = 60
entities = 2
pairs = 1
"""
DISEASES = {"en": ("asthma", "angina pectoris", "pneumonia"), "zh": ("哮喘", "心绞痛", "肺炎")}
DRUGS = {"en": ("aspirin", "salbutamol"), "zh": ("阿司匹林", "沙丁胺醇")}
SAID = {"en": ("Patient with {} was given {} twice a day.",), "zh": ("患者因{}入院，予{}口服，每日两次。",)}


def note(language: str, disease: str, drug: str) -> tuple[str, str]:
    """Return a text and the cell that marks its two entities."""
    text = SAID[language][0].format(disease, drug)
    marked = [
        {"start": text.index(word), "end": text.index(word) + len(word), "type": kind}
        for word, kind in ((disease, "disease"), (drug, "drug"))
    ]
    return text, json.dumps(marked)


def make_task_study(folder: Path, *, language: str = "en", text: str = STUDY, patients: int = 60) -> Path:
    """Write a study folder, its vault and its account."""
    draw = np.random.default_rng(0)
    for name in ("raw", "public"):
        (folder / name).mkdir(parents=True)
    lines, public = [], []
    for i in range(patients):
        disease = DISEASES[language][draw.integers(3)]
        said, cell = note(language, disease, DRUGS[language][draw.integers(2)])
        ward = "heart" if disease == DISEASES[language][1] else "lung"
        lines.append({"patient_id": f"p{i}", "note": said, "entities": cell, "ward": ward})
    for i in range(200):  # as a corpus that anybody may read
        said, cell = note(language, DISEASES[language][i % 3], DRUGS[language][i % 2])
        public.append({"text": f"{i} {said} {i * 7}", "entities": "[]" if i % 2 else None})
    for name, rows in (("raw/notes", lines), ("public/corpus", public)):
        written = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(written, encoding="utf-8")
    (folder / "passphrase.txt").write_text(PASSPHRASE + "\n", encoding="utf-8")
    (folder / "passphrase.txt").chmod(0o600)
    (folder / "study.toml").write_text(text.format(language=language), encoding="utf-8")
    make_vault(PASSPHRASE)
    with open_ledger(home()) as ledger:
        ledger.open_account("inpatients", epsilon=40.0, delta=1e-3, patients=10)
    return folder


TYPES = ("disease", "drug")
MARKED = [note("en", disease, drug) for disease in ("asthma", "gout", "flu") for drug in ("aspirin", "zinc")]


def notes(times=10):
    """Return notes of a disease and a drug each, and their wards, as a plan reads them."""
    rows = [
        (f"p{i}", text, {"entities": cell, "ward": "heart" if i % 2 else "lung"})
        for i, (text, cell) in enumerate(MARKED * times)
    ]
    return frame_of(rows)


def ner_section(**changes):
    """Return the section of a short training on `notes`."""
    given = {
        "task": "ner",
        "source": "notes",
        "labels": "entities",
        "types": TYPES,
        "epsilon": 8.0,
        "patients": 60,
    }
    return NerSection(**given | {"delta": 1e-5, "steps": 2, "piece": 8, "test_share": 0.0} | changes)
