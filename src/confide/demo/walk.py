"""`confide demo`: make two invented hospitals, run the whole walk in each, and say what came of it.

Each hospital is an institution of its own: own home, own vault, own ledger. Nothing is shown that a real
run would not show, but for the truth about the planted identifiers, which only a demo knows.
"""

import csv
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from confide.demo.generate import generate
from confide.errors import InvalidInput
from confide.ledger.home import home, open_ledger
from confide.study.config import FILE
from confide.study.keys import make_vault
from confide.study.run import Outcome, Step, run_study
from confide.types import Json, Language
from confide.words import say

_STUDIES = Path(__file__).parent / "studies"
_DIRECT = {
    "name", "kin", "staff", "resident-id", "ssn", "insurance-id", "record-number", "phone", "email", "social", "address",
}  # fmt: skip
_MARK = "made-by-confide-demo"  # a folder without it is never removed


@dataclass(frozen=True, kw_only=True, slots=True)
class Hospital:
    """What came of one hospital; figures and paths."""

    name: str
    verdict: str
    figures: dict[str, str]
    dossiers: list[str]

    def to_json(self) -> Json:
        """Return what `--json` prints."""
        return asdict(self)


def walk(folder: Path, *, patients: int, steps: Callable[[str], Step]) -> list[Hospital]:
    """Make the hospitals under `folder` and run their studies.

    Raises:
        InvalidInput: `folder` exists and was not made by a demo.
    """
    fresh(folder)
    return [_hospital(folder / language, language, patients, steps) for language in ("zh", "en")]


def fresh(folder: Path) -> None:
    """Make `folder` anew, if a demo made it before.

    Raises:
        InvalidInput: it exists and was not made by a demo.
    """
    if folder.exists() and any(folder.iterdir()):
        if not (folder / _MARK).exists():
            raise InvalidInput("demo.folder-taken", folder=folder)
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).touch()


def keep_secret(file: Path, secret: str) -> None:
    """Write a secret to a new file that only its owner reads."""
    with os.fdopen(os.open(file, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as out:
        out.write(secret + "\n")


def _hospital(folder: Path, language: Language, patients: int, steps: Callable[[str], Step]) -> Hospital:
    name = say(f"demo.hospital.{language}")
    step = steps(f"{name}  ")
    with step("generate"):
        generate(folder, language, patients=patients)
    text = (_STUDIES / f"{language}.toml").read_text(encoding="utf-8")
    (folder / FILE).write_text(text.replace("patients = 20000", f"patients = {patients}"), encoding="utf-8")
    passphrase = secrets.token_urlsafe(24)
    keep_secret(folder / "passphrase.txt", passphrase)
    with institution(folder / "institution"):
        make_vault(passphrase)
        with open_ledger(home()) as ledger:
            account = "住院患者" if language == "zh" else "inpatients"
            ledger.open_account(account, epsilon=8.0, delta=1e-7, patients=patients)
        outcome = run_study(folder, step=step)
    return Hospital(
        name=name,
        verdict=outcome.verdict,
        figures=_figures(folder, outcome),
        dossiers=[str(path) for path in outcome.dossiers],
    )


@contextmanager
def institution(folder: Path) -> Iterator[None]:
    """Let `folder` be the institution's home while the block runs."""
    before = os.environ.get("CONFIDE_HOME")
    os.environ["CONFIDE_HOME"] = str(folder)
    try:
        yield
    finally:
        os.environ.pop("CONFIDE_HOME")
        if before is not None:
            os.environ["CONFIDE_HOME"] = before


def _figures(folder: Path, outcome: Outcome) -> dict[str, str]:
    """Return the five figures that matter, as text."""
    facts = outcome.facts
    planted, left = _planted(folder, outcome)
    account, search = facts["account"], facts["audit"]["bytes"]
    count = facts["stats"][0]
    [model] = facts["train"]
    return {
        "identifiers": say("demo.figure.identifiers", found=search["found"], known=search["identifiers"]),
        "planted": say("demo.figure.planted", left=left, planted=planted),
        "account": say(
            "demo.figure.account",
            spent=f"{account['epsilon_this_study']:.2f}",
            left=f"{account['epsilon_left']:.2f}",
            total=f"{account['epsilon_total']:g}",
        ),
        "statistics": say(
            "demo.figure.statistics",
            error=f"{count['expected_error']['count']:.0f}",
            median=f"{median([row['count']['value'] for row in count['release']['rows']]):,.0f}",
        ),
        "model": say(
            "demo.figure.model", auc=f"{model['held_out']['auc']:.3f}", epsilon=model["release"]["epsilon"]
        ),
    }


def _planted(folder: Path, outcome: Outcome) -> tuple[int, int]:
    """Count the direct identifiers planted in the notes, and those that still stand letter for letter.

    A patient's values are looked for in the lines of that patient that left: elsewhere the same name is
    another person's.
    """
    lines: dict[str | None, bytes] = {}
    for output in outcome.outputs:
        if output.kind == "notes":
            for patient, content in output.records:
                lines[patient] = lines.get(patient, b"") + content
    crosswalk = dict(csv.reader((folder / "raw" / "ids.csv").read_text(encoding="utf-8").splitlines()))
    patients = {}
    for line in (folder / "raw" / "notes.jsonl").read_text(encoding="utf-8").splitlines():
        note, patient, *_ = json.loads(line).values()
        patients[note] = crosswalk.get(patient, patient)
    planted = left = 0
    for line in (folder / "truth" / "planted.jsonl").read_text(encoding="utf-8").splitlines():
        span = json.loads(line)
        if span["type"] in _DIRECT and patients[span["note"]] in lines:
            planted += 1
            left += (
                json.dumps(span["text"], ensure_ascii=False)[1:-1].encode() in lines[patients[span["note"]]]
            )
    return planted, left
