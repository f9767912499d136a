"""Write the spans of confide's own public door for the benchmark's notes.

A note is its own patient and nothing is known of it beforehand. Usage: python ours.py [--notes FOLDER] [--out FILE]
"""

import argparse
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from score import read

from confide.deid.deidentify import Deidentifier

POLICIES = {"zh": "gbt37964-research", "en": "safe-harbor"}


def spans(notes: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield one line per note, as the scorer reads it, with the layer that found each span."""
    doors = {lang: Deidentifier(policy=name, key=bytes(32)) for lang, name in POLICIES.items()}
    for note in notes:
        [clean] = doors[note["language"]].texts([note["text"]], {}, "p")
        yield {
            "id": note["id"],
            "spans": [{"start": s.start, "end": s.end, "type": s.type, "found_by": s.found_by} for s in clean.spans],
        }  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=Path, default=Path("build/clinical_phi"))
    parser.add_argument("--out", type=Path, default=Path("build/clinical_phi/confide.jsonl"))
    asked = parser.parse_args()
    lines = [json.dumps(line, ensure_ascii=False) for line in spans(read(asked.notes / "notes.jsonl"))]
    asked.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
