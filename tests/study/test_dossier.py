import copy
import html
import json
import re
from importlib.resources import files

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.study.canonical import canonical, number
from confide.study.dossier import build, digest, render

SCHEMA = json.loads(files("confide.study").joinpath("dossier.schema.json").read_text(encoding="utf-8"))
BLOCKS = ["verdict", "leaves", "undo", "risk", "not-checked", "account", "accuracy", "signature"]
AGES, SEXES = ["0-17", "18-44", "45-64", "65-120"], ["F", "M"]


def example_facts(language):
    """A study as it would be handed over; all figures are invented."""
    zh = language == "zh"
    rows = []
    for i, age in enumerate(AGES):
        for j, sex in enumerate(SEXES):
            n, stay = 900 + 1417 * i + 83 * j, 3.1 + 0.92 * i - 0.2 * j
            rows.append(
                {
                    "age_band": age,
                    "sex": ("女", "男")[j] if zh else sex,
                    "count": {"value": n, "low": n - 37, "high": n + 37},
                    "mean(stay_days, 0, 60)": {"value": stay, "low": stay - 0.31, "high": stay + 0.31},
                }
            )
    return {
        "study": {
            "name": "三十日再入院" if zh else "Readmission within thirty days",
            "purpose": "按年龄段与性别了解哪些住院患者会在三十天内再次入院，以便安排出院后的随访。"
            if zh
            else "Learn which inpatients come back within thirty days, by age band and sex, so that follow-up visits can be planned.",
            "requester": "医务处 · 质量管理科" if zh else "Quality office, Department of Medicine",
            "language": language,
            "unit": "patient",
            "confide_version": "0.1.0",
            "started": "2026-07-14T09:30:11",
            "finished": "2026-07-14T09:33:52",
        },
        "account": {
            "name": "inpatients",
            "epsilon_total": 10.0,
            "delta_total": 1e-7,
            "epsilon_spent_before": 2.5,
            "epsilon_this_study": 2.0,
            "delta_this_study": 1e-8,
            "epsilon_left": 5.5,
            "allowance_epsilon": 4.0,
            "allowance_delta": 1e-8,
            "abandoned_charges": 1,
            "ledger_id": "hospital-a/7f3c",
            "checkpoint_size": 41,
            "checkpoint_hash": "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
            "scratch": False,
        },
        "seal": {
            "files": 3,
            "bytes": 18_734_112,
            "plain_originals": 3,
            "custody": "passphrase",
            "suite": "AES256-GCM-HKDF-1MB",
            "recovery_key_on_this_machine": True,
        },
        "sources": [
            {"name": "notes", "kind": "notes", "files": 1, "rows": 1204, "patients": 400, "opted_out": 6},
            {
                "name": "visits",
                "kind": "table",
                "files": 2,
                "rows": 48_120,
                "patients": 20_000,
                "opted_out": 112,
            },
        ],
        "deid": {
            "policy": "gbt37964-research" if zh else "hipaa-expert",
            "review": "mask",
            "documents": 1190,
            "held": 0,
            "doubtful": 37,
            "spans": {
                "name": 3911,
                "phone": 804,
                "resident-id": 371,
                "birth-date": 402,
                "date": 5120,
                "address": 377,
            },
            "found_by": {"known": 6120, "pattern": 2983, "context": 1441, "sweep": 441},
            "dates": "shift",
            "sources": ["notes"],
        },
        "risk": [
            {
                "source": "notes",
                "rows": 1190,
                "patients": 394,
                "quasi_identifiers": ["age", "sex", "district"],
                "k": 6,
                "unique": 0,
                "share_unique": 0.0,
                "prosecutor": 0.1667,
                "marketer": 0.041,
                "grade": 3,
            }
        ],
        "stats": [
            {
                "name": "stays",
                "replayed": False,
                "release": {
                    "name": "stays",
                    "by": {"age_band": AGES, "sex": ["女", "男"] if zh else SEXES},
                    "measures": ["count", "mean(stay_days, 0, 60)"],
                    "rows": rows,
                    "epsilon": 1.0,
                    "delta": 0.0,
                    "max_rows": 4,
                },
                "expected_error": {"count": 37.0, "mean(stay_days, 0, 60)": 0.31},
            }
        ],
        "train": [
            {
                "name": "readmitted",
                "replayed": False,
                "release": {
                    "name": "readmitted",
                    "features": ["number(age, 0, 120)", "category(sex, F, M)", "number(stay_days, 0, 60)"],
                    "target": "readmitted",
                    "epsilon": 1.0,
                    "delta": 1e-8,
                    "steps": 600,
                    "rate": 0.0256,
                    "noise_multiplier": 1.93,
                    "clip": 1.0,
                    "coefficients": {"age": 0.71, "sex = F": -0.12, "sex = M": 0.09, "stay_days": 0.44},
                },
                "held_out": {"auc": 0.683, "accuracy": 0.742, "patients": 4000},
                "plain": {"auc": 0.691, "accuracy": 0.747},
            }
        ],
        "audit": {
            "bytes": {"identifiers": 5210, "outputs": 4, "bytes": 2_871_223, "found": 0},
            "membership": [
                {
                    "model": "readmitted",
                    "auc": 0.504,
                    "epsilon_lower": 0.0,
                    "epsilon_bound": 1.0,
                    "patients": 8000,
                }
            ],
        },
        "outputs": [
            {
                "file": "notes.jsonl",
                "kind": "notes",
                "status": "pseudonymised",
                "rows": 1190,
                "sha256": "3f" * 32,
                "left": True,
            },
            {
                "file": "stays.csv",
                "kind": "statistics",
                "status": "dp",
                "rows": 8,
                "sha256": "a1" * 32,
                "left": True,
            },
            {
                "file": "readmitted.json",
                "kind": "model",
                "status": "dp",
                "rows": None,
                "sha256": "c4" * 32,
                "left": True,
            },
        ],
        "not_private": [{"what": "notes", "when": "2026-03-02", "study": "pilot-2026"}],
        "not_checked": ["linkage", "free-text", "images", "inference", "machine", "legal"],
        "gates": [
            {"name": "k", "value": 6, "threshold": 5, "holds": True, "public": False},
            {"name": "identifier_risk", "value": 0.041, "threshold": 0.05, "holds": True, "public": False},
            {"name": "epsilon", "value": 2.0, "threshold": 4.0, "holds": True, "public": True},
            {"name": "open_reviews", "value": 0, "threshold": 0, "holds": True, "public": False},
        ],
        "openings": [{"what": "notes.sealed", "when": "2026-07-14T10:02:00", "who": "officer"}],
        "verdict": "pass",
        "seconds": {"seal": 1.2, "deid": 41.0, "risk": 0.4, "stats": 0.9, "train": 22.1, "audit": 12.0},
    }


LANGUAGES = ("en", "zh")


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_editions_are_valid_against_the_published_schema(language):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for document in build(example_facts(language)):
        jsonschema.Draft202012Validator(SCHEMA).validate(document)
