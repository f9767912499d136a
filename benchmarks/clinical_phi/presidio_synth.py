"""The 1,500 template sentences of presidio-research, read as notes and gold of this benchmark.

Mapping, stated because it decides the figures: PERSON is a name, STREET_ADDRESS and ZIP_CODE an address, GPE a
place, ORGANIZATION an organisation, CREDIT_CARD and IBAN_CODE an account number, DOMAIN_NAME a URL,
US_DRIVER_LICENSE another identifier. Either way: TITLE and NRP (no identifier by our classes), ages under 90,
bare years, weekdays and
times of day, countries, codes of two letters, and the value "nan". Nothing is left out of the text.
"""

import gzip
import json
import re
from pathlib import Path
from typing import Any

CLASSES = {
    "PERSON": "name", "STREET_ADDRESS": "address", "ZIP_CODE": "address", "GPE": "place",
    "ORGANIZATION": "organisation", "CREDIT_CARD": "account-number", "IBAN_CODE": "account-number",
    "DATE_TIME": "date", "PHONE_NUMBER": "phone", "EMAIL_ADDRESS": "email", "DOMAIN_NAME": "url",
    "US_SSN": "ssn", "IP_ADDRESS": "ip", "US_DRIVER_LICENSE": "other-id", "AGE": "age",
}  # fmt: skip
_COUNTRIES = frozenset(
    [
        "estonia",
        "norway",
        "finland",
        "czech republic",
        "sweden",
        "new zealand",
        "canada",
        "hungary",
        "austria",
        "iceland",
        "slovenia",
        "belgium",
        "tunisia",
        "italy",
        "france",
        "uruguay",
        "poland",
        "spain",
        "united states",
        "netherlands",
        "south africa",
        "germany",
        "united kingdom",
        "switzerland",
        "brazil",
        "denmark",
        "cyprus",
        "cyprus (greek)",
        "portugal",
        "australia",
        "greenlander",
        "nan",
    ]
)
_TIME = re.compile(r" \d\d:\d\d:\d\d$")
_WEEKDAY_OR_YEAR = re.compile(r"(?i)\d{4}|[a-z]+day")


def is_identifier(kind: str, value: str) -> bool:
    """Return whether a gold span of the set is an identifier by our classes; the rest is either way."""
    if kind == "DATE_TIME":
        return not _WEEKDAY_OR_YEAR.fullmatch(value)
    if kind == "AGE":
        return int(value) >= 90
    if kind == "GPE":
        return value.lower() not in _COUNTRIES and len(value) > 2
    return kind in CLASSES


def notes_and_gold(path: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the set in the shape of notes.jsonl and gold.jsonl."""
    notes, golds = [], []
    for i, record in enumerate(json.loads(gzip.decompress(path.read_bytes()))):
        gold: dict[str, Any] = {"id": f"synth-{i:04d}", "spans": [], "either": [], "hard": []}
        for s in record["spans"]:
            span = {"start": s["start_position"], "end": s["end_position"]}
            if s["entity_type"] == "DATE_TIME" and (time := _TIME.search(s["entity_value"])):
                gold["either"].append({"start": span["start"] + time.start(), "end": span["end"]})
                span["end"] = span["start"] + time.start()
            if is_identifier(s["entity_type"], s["entity_value"]):
                gold["spans"].append(span | {"type": CLASSES[s["entity_type"]]})
            else:
                gold["either"].append(span)
        notes.append(
            {"id": gold["id"], "language": "en", "style": "synth", "held": False, "text": record["full_text"]}
        )
        golds.append(gold)
    return notes, golds


def everything(golds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the gold with the either-way spans as gold too: the strictest reading of the set."""
    return [
        gold | {"spans": [*gold["spans"], *({**span, "type": "other"} for span in gold["either"])], "either": []}
        for gold in golds
    ]  # fmt: skip
