"""A small real study for tests: 300 patients, 40 with notes, invented here; every value is made up."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from confide.ledger.home import home, open_ledger
from confide.study.keys import make_vault

PASSPHRASE = "correct horse battery staple"
STUDY = """
[study]
name = "readmission"
purpose = "Plan beds"
requester = "Ward 3"
language = "{language}"

[account]
name = "inpatients"
epsilon = 3.0
delta = 1e-7

[patient]
id = "patient_id"
crosswalk = "ids.csv"

[consent]
optout = "optout.csv"

[keys]
custody = "passphrase"
passphrase_file = "passphrase.txt"

[[source]]
name = "notes"
kind = "notes"
path = "raw/notes.jsonl"
text = "note"
id = "note_id"

[[source]]
name = "visits"
kind = "table"
path = "raw/visits.csv"
id = "visit_id"
identifiers = {{name = "name", phone = "phone", record = "record-number", born = "birth-date"}}

[deid]
policy = "gbt37964-research"

[[stats]]
name = "stay"
source = "visits"
by = {{sex = ["F", "M"], age = [0, 40, 65, 120]}}
measures = ["count", "mean(stay_days, 0, 30)"]
epsilon = 1.0

[[train]]
name = "readmitted"
source = "visits"
target = "readmitted"
features = ["number(age, 0, 120)", "category(sex, F, M)", "number(stay_days, 0, 30)"]
epsilon = 1.0
patients = 300
steps = 10

[gates]
k = 2
identifier_risk = 0.05
epsilon = 3.0
open_reviews = 0
"""


@dataclass(frozen=True)
class Small:
    folder: Path
    names: list[str]
    phones: list[str]


def make_small(
    folder: Path,
    *,
    language: str = "en",
    seed: int = 0,
    text: str = STUDY,
    patients: int = 300,
    epsilon: float = 10.0,
) -> Small:
    """Write a study folder, its vault and its account; return what was planted."""
    draw = np.random.default_rng(seed)
    raw = folder / "raw"
    raw.mkdir(parents=True)
    if language == "zh":
        names = [
            f"{'赵钱孙李周吴郑王'[i % 8]}{'建国秀英志强美玲'[i % 7]}{'明华芳伟'[i % 4]}"
            for i in range(patients)
        ]
    else:
        names = [
            f"{['Zebulon', 'Quillon', 'Marigold', 'Thandiwe'][i % 4]} {['Ash', 'Birk', 'Crom'][i % 3]}worth{'abcdefghij'[i // 12 % 10]}{'klmnopqrst'[i // 120 % 10]}"
            for i in range(patients)
        ]
    phones = [f"139{10000000 + 7919 * i:08d}" for i in range(patients)]
    rows = ["visit_id,patient_id,name,phone,record,born,sex,age,stay_days,readmitted"]
    for i in range(patients):
        for visit in range(1 + int(draw.random() < 0.3)):
            age, stay = int(draw.integers(18, 95)), int(draw.integers(1, 30))
            again = int(draw.random() < 1 / (1 + np.exp(3 - age / 30 - stay / 15)))
            rows.append(
                f"v{i}-{visit},p{i},{names[i]},{phones[i]},R{700000 + i},{2024 - age}-03-0{1 + i % 9},"
                f"{'FM'[i % 2]},{age},{stay},{again}"
            )
    (raw / "visits.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    with (raw / "notes.jsonl").open("w", encoding="utf-8") as file:
        for i in range(40):
            told = (
                f"患者姓名：{names[i]}，联系电话：{phones[i]}，病案号：R{700000 + i}，2024年3月5日入院，神志清，律齐。"
                if language == "zh"
                else f"Patient: {names[i]}, phone {phones[i]}, MRN: R{700000 + i}. Admitted 2024-03-05 with Parkinson disease."
            )
            file.write(
                json.dumps({"note_id": f"n{i}", "patient_id": f"p{i}", "note": told}, ensure_ascii=False)
                + "\n"
            )
    (folder / "ids.csv").write_text("id,patient\np0-old,p0\n", encoding="utf-8")
    (folder / "optout.csv").write_text("patient_id\np7\n", encoding="utf-8")
    (folder / "passphrase.txt").write_text(PASSPHRASE + "\n", encoding="utf-8")
    (folder / "passphrase.txt").chmod(0o600)
    (folder / "study.toml").write_text(text.format(language=language), encoding="utf-8")
    make_vault(PASSPHRASE)
    with open_ledger(home()) as ledger:
        ledger.open_account("inpatients", epsilon=epsilon, delta=3e-7, patients=30_000)
    return Small(folder, names, phones)
