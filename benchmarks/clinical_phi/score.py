"""Score spans against the gold: cover, overlap, type, precision, names, hard negatives touched.

Only letters and digits count on either side, so that nobody gains or loses by a blank or a comma.
Usage: python benchmarks/clinical_phi/score.py SPANS.jsonl [--notes FOLDER] [--json]
SPANS.jsonl: one line per note, {"id": ..., "spans": [{"start": 0, "end": 4, "type": "name"}, ...]}.
"""

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = dict[str, Any]
NAMES = ("name", "staff", "kin")
# Classes that count as one another when types are compared: the roles of a person, the kinds of place.
FAMILIES = {
    **dict.fromkeys(NAMES, "name"),
    **dict.fromkeys(("date", "birth-date"), "date"),
    **dict.fromkeys(("address", "place"), "place"),
    **dict.fromkeys(("other-id", "permit", "passport"), "document"),
}


@dataclass
class Tally:
    """Counts of one group of notes; every figure of the benchmark is a ratio of two of them.

    `is_told`: figures by class are told too. Never where a held style is in them: who works on the rules and knows
    of which class the misses are is no longer blind.
    """

    is_told: bool = True
    gold: int = 0
    covered: int = 0
    overlapped: int = 0
    typed: int = 0
    names: int = 0
    names_covered: int = 0
    marked: int = 0  # letters and digits under somebody's spans, either-way ones apart
    marked_right: int = 0
    hard: int = 0
    hard_touched: int = 0
    hard_kinds: dict[str, list[int]] = field(default_factory=dict)  # kind -> [touched, all]
    classes: dict[str, list[int]] = field(default_factory=dict)  # class -> [covered, all]

    def figures(self) -> Json:
        """Return the ratios, None where nothing was there to count."""

        def ratio(a: int, b: int) -> float | None:
            return round(a / b, 4) if b else None

        return {
            "cover": ratio(self.covered, self.gold), "overlap": ratio(self.overlapped, self.gold),
            "typed": ratio(self.typed, self.gold), "precision": ratio(self.marked_right, self.marked),
            "names": ratio(self.names_covered, self.names),
            "hard_negatives": ratio(self.hard_touched, self.hard), "gold_spans": self.gold, "hard_spans": self.hard,
        } | ({
            "by_class": {k: ratio(*v) for k, v in sorted(self.classes.items())},
            "hard_by_kind": {k: ratio(*v) for k, v in sorted(self.hard_kinds.items())},
        } if self.is_told else {})  # fmt: skip


def places(text: str, spans: Iterable[Mapping[str, Any]]) -> set[int]:
    """Return the positions of the letters and digits under the spans."""
    return {i for span in spans for i in range(span["start"], span["end"]) if text[i].isalnum()}


def add(tally: Tally, text: str, gold: Mapping[str, Any], found: Sequence[Mapping[str, Any]]) -> None:
    """Count one note: `gold` as in gold.jsonl, `found` the spans of the system under test."""
    covered = places(text, found)
    of_type: dict[str, set[int]] = {}
    for span in found:
        kind = str(span.get("type", ""))
        of_type.setdefault(FAMILIES.get(kind, kind), set()).update(places(text, [span]))
    wanted = places(text, gold["spans"])
    counted = covered - places(text, gold["either"])
    tally.marked += len(counted)
    tally.marked_right += len(counted & wanted)
    for span in gold["spans"]:
        inside = places(text, [span])
        full = inside <= covered
        kind = FAMILIES.get(span["type"], span["type"])
        tally.gold += 1
        tally.covered += full
        tally.overlapped += bool(inside & covered)
        tally.typed += inside <= of_type.get(kind, set())
        if span["type"] in NAMES:
            tally.names += 1
            tally.names_covered += full
        seen = tally.classes.setdefault(span["type"], [0, 0])
        seen[0] += full
        seen[1] += 1
    for span in gold["hard"]:
        touched = bool(places(text, [span]) & covered)
        tally.hard += 1
        tally.hard_touched += touched
        seen = tally.hard_kinds.setdefault(span["kind"], [0, 0])
        seen[0] += touched
        seen[1] += 1


def score(
    notes: Iterable[Json], golds: Iterable[Json], found: Mapping[str, Sequence[Json]]
) -> dict[str, Json]:
    """Return the figures per language, style and overall; a note without a line counts as nothing found."""
    tallies: dict[str, Tally] = {}
    for note, gold in zip(notes, golds, strict=True):
        language, style = note["language"], note["style"]
        for group in ("all", language, f"{language}.{style}", *(("held",) if note["held"] else ())):
            tally = tallies.setdefault(group, Tally())
            tally.is_told &= not note["held"]
            add(tally, note["text"], gold, found.get(note["id"], ()))
    return {group: tally.figures() for group, tally in tallies.items()}


def read(path: Path) -> list[Json]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def read_spans(path: Path) -> dict[str, list[Json]]:
    return {line["id"]: line["spans"] for line in read(path)}


def table(scores: Mapping[str, Json]) -> str:
    """Return the figures as a Markdown table, one row per group."""
    columns = ("cover", "overlap", "typed", "precision", "names", "hard_negatives")
    rows = ["| group | " + " | ".join(columns) + " |", "|" + "---|" * (len(columns) + 1)]
    for group, figures in scores.items():
        cells = ["" if figures[c] is None else f"{figures[c]:.3f}" for c in columns]
        rows.append(f"| {group} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("spans", type=Path)
    parser.add_argument("--notes", type=Path, default=Path("build/clinical_phi"))
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    notes, golds = read(asked.notes / "notes.jsonl"), read(asked.notes / "gold.jsonl")
    found = score(notes, golds, read_spans(asked.spans))
    print(json.dumps(found, indent=1) if asked.json else table(found))
