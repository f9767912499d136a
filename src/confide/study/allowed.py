"""List what each edition of the dossier may hold, field by field, and how a field is read.

Promise: only what is listed under "may leave" reaches the outside edition; a new fact stays inside
until somebody lists it here. Knows no layout: `confide.study.dossier` puts the editions together.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from confide.types import Json

Facts = Mapping[str, Any]
Fields = Mapping[str, Callable[[Any], Any]]

# 1. Readers of single values: what is not of the wanted kind becomes null, never an exception.


def text(value: Any) -> str | None:
    """Read a text that can be written as UTF-8."""
    return None if value is None else str(value).encode("utf-8", "replace").decode("utf-8")


def number(value: Any) -> int | float | None:
    """Read a number, also one that a release wrote as text; what is not finite becomes null.

    >>> [number(x) for x in (3, "0.5", float("nan"), None, "many", 10**400)]
    [3, 0.5, None, None, None, None]
    """
    try:
        found = int(value) if isinstance(value, int) and abs(value) <= 2**53 else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def flag(value: Any) -> bool | None:
    """Read a yes or no."""
    return None if value is None else bool(value)


def texts(value: Any) -> list[str | None]:
    """Read a list of texts."""
    return [text(one) for one in value or ()]


def day(value: Any) -> str | None:
    """Read the day of a time, and nothing finer.

    >>> day("2026-07-14T09:30:11")
    '2026-07-14'
    """
    found = re.match(r"\d{4}-\d{2}-\d{2}", str(value), re.ASCII)
    return found.group() if found else None


def numbers(value: Any) -> dict[str, int | float | None]:
    """Read named numbers."""
    return {str(text(name)): number(found) for name, found in (value or {}).items()}


def pick(facts: Facts | None, fields: Fields) -> Json:
    """Return the listed fields and no other."""
    return {name: read((facts or {}).get(name)) for name, read in fields.items()}


def pick_each(facts: Iterable[Facts] | None, fields: Fields) -> list[Json]:
    """Return the listed fields of each."""
    return [pick(one, fields) for one in facts or ()]


# 2. What may leave: constants of the study file and of the ledger, figures that were charged.

STUDY: Fields = {
    "name": text, "purpose": text, "requester": text, "language": text, "unit": text,
    "confide_version": text,
}  # fmt: skip
ACCOUNT: Fields = {
    "name": text, "epsilon_total": number, "delta_total": number, "epsilon_spent_before": number,
    "epsilon_this_study": number, "delta_this_study": number, "epsilon_left": number,
    "allowance_epsilon": number, "allowance_delta": number, "abandoned_charges": number,
    "ledger_id": text, "checkpoint_size": number, "checkpoint_hash": text, "scratch": flag,
}  # fmt: skip
DECLARED: Fields = {"releases": number, "epsilon": number, "delta": number}
KEYS: Fields = {"custody": text, "suite": text}
SOURCE: Fields = {"name": text, "kind": text}
DEID: Fields = {"policy": text, "review": text, "dates": text, "sources": texts}
ASSESSED: Fields = {"source": text, "quasi_identifiers": texts}
NOT_PRIVATE: Fields = {"what": text, "when": text, "study": text}
STATISTICS: Fields = {
    "name": text, "source": text, "epsilon": number, "delta": number, "max_rows": number,
    "max_rows_ratio": number, "kept": number, "confidence": number,
}  # fmt: skip
NOTE: Fields = {
    "key": text, "max_rows": number, "total": number, "ratio": number, "cut": number, "column": text,
    "patients": number,
}  # fmt: skip
PICTURE: Fields = {"group": text, "half_width": number, "png": text}
INTERVAL: Fields = {"value": number, "low": number, "high": number}
SYNTHETIC: Fields = {
    "name": text, "source": text, "method": text, "epsilon": number, "delta": number, "rows": number,
    "columns": texts, "max_rows": number, "control_share": number, "rules": texts,
}  # fmt: skip
MODEL: Fields = {
    "name": text, "source": text, "target": text, "features": texts, "epsilon": number, "delta": number,
    "steps": number, "rate": number, "noise_multiplier": number, "clip": number, "intercept": number,
    "expected_batch": number, "learning_rate": number, "test_share": number, "candidates": number,
}  # fmt: skip

TASK: Fields = {
    "name": text, "task": text, "source": text, "epsilon": number, "delta": number, "steps": number, "rate": number,
    "noise_multiplier": number, "clip": number, "expected_batch": number, "learning_rate": number,
    "test_share": number, "public_sha256": text, "encoder_sha256": text, "model": text, "noise": number, "threshold": number,
    "teachers": number, "questions": number, "count": number, "bands": number,
}  # fmt: skip
AUDIT: Fields = {  # of made-up patients: nothing of a patient was read
    "name": text, "training": text, "claimed": number, "delta": number, "level": number, "lower": number,
    "lower_any": number, "noise_ratio": number, "noise_least": number, "noise_most": number, "signal_ratio": number,
    "signal_most": number, "canaries": number, "guesses": number, "correct": number, "refuted": texts,
    "secret": text, "secrets": number, "candidates": number, "exposure": number, "exposure_mean": number, "allowed": number,
}  # fmt: skip

# Outputs: a file is named only if its name follows from the study file (see `confide.study.dossier`).
SUFFIXES = (
    "csv",
    "tsv",
    "json",
    "jsonl",
    "md",
    "npz",
    "nt",
    "parquet",
    "png",
    "safetensors",
    "svg",
    "ttl",
    "txt",
    "vl",
    "xlsx",
)

# 3. What stays inside.

READ: Fields = {**SOURCE, "files": number, "rows": number, "patients": number, "opted_out": number}
DEID_COUNTS: Fields = {
    "documents": number, "held": number, "doubtful": number, "undecided": number, "accepted": number,
    "rejected": number, "spans": numbers, "found_by": numbers,
}  # fmt: skip
SAMPLE: Fields = {
    "documents": number, "of": number, "characters": number, "missed": number, "with_missed": number,
    "level": number, "bound_documents": number, "bound_per_1000": number, "of_this_output": flag,
}  # fmt: skip
RISK: Fields = {
    **ASSESSED, "rows": number, "patients": number, "k": number, "unique": number, "share_unique": number,
    "prosecutor": number, "journalist": number, "marketer": number, "grade": text,
}  # fmt: skip
SEAL: Fields = {
    **KEYS, "files": number, "bytes": number, "plain_originals": number, "recovery_key_on_this_machine": flag,
}  # fmt: skip
SEARCH: Fields = {"identifiers": number, "outputs": number, "bytes": number, "found": number}
ATTACK: Fields = {
    "model": text, "auc": number, "epsilon_lower": number, "epsilon_bound": number, "patients": number,
}  # fmt: skip
SCORE: Fields = {"auc": number, "accuracy": number}
HELD_OUT: Fields = {**SCORE, "patients": number, "rows": number, "positives": number}
RATES: Fields = {"name": text, "precision": number, "recall": number, "f1": number, "support": number}
FIDELITY: Fields = {"columns": number, "groups": number, "mean": number, "worst": number}
USEFULNESS: Fields = {"target": text, "rows": number, "ours": number, "plain": number, "guess": number}
OPENING: Fields = {"time": text, "who": text, "purpose": text, "path": text}
GATE: Fields = {"name": text, "value": number, "threshold": number, "holds": flag, "public": flag}
OUTPUT: Fields = {
    "file": text, "kind": text, "status": text, "rows": number, "sha256": text, "left": flag,
}  # fmt: skip
