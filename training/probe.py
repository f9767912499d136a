"""Show what confide misses and marks wrongly in 179 papers that may be looked at: they tell what to work on, and claim nothing.

Written in both languages without sight of rules, lists, training or the benchmark's styles, every paper of another kind; marked as
`written.py` says. Whole figures and one line for each miss and each span that holds too much.
Usage: python training/probe.py [zh|en]
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
PHI = HERE.parent / "benchmarks" / "clinical_phi"
sys.path[:0] = [str(HERE.parent), str(PHI)]

from score import Tally, add, places, read_spans  # noqa: E402

from training.written import read  # noqa: E402

AROUND = 16


def around(text: str, start: int, end: int) -> str:
    shown = f"{text[max(0, start - AROUND) : start]}[{text[start:end]}]{text[end : end + AROUND]}"
    return shown.replace("\n", "|")


def main() -> None:
    for language in sys.argv[1:] or ("zh", "en"):
        notes, golds = [], []
        for number, pieces in enumerate(read((HERE / "probe" / f"{language}.txt").read_text("utf-8"))):
            text, spans = "", []
            for value, kind in pieces:
                if kind:
                    spans.append({"start": len(text), "end": len(text) + len(value), "type": kind})
                text += value
            notes.append({"id": str(number), "language": language, "text": text})
            golds.append({"spans": spans, "either": [], "hard": []})
        with tempfile.TemporaryDirectory() as folder:
            file, out = Path(folder) / "notes.jsonl", Path(folder) / "spans.jsonl"
            file.write_text("".join(json.dumps(note) + "\n" for note in notes), encoding="utf-8")
            subprocess.run(
                [sys.executable, PHI / "ours.py", file, out], check=True, stdout=subprocess.DEVNULL
            )
            found = read_spans(out)
        tally = Tally()
        for note, gold in zip(notes, golds, strict=True):
            text, spans = note["text"], found.get(note["id"], [])
            add(tally, text, gold, spans)
            covered, wanted = places(text, spans), places(text, gold["spans"])
            for span in gold["spans"]:
                if not places(text, [span]) <= covered:
                    print("missed", span["type"], around(text, span["start"], span["end"]))
            for span in spans:
                if not places(text, [span]) <= wanted:
                    print("too much", span["found_by"], around(text, span["start"], span["end"]))
        figures = tally.figures()
        print(language, {key: figures[key] for key in ("cover", "precision", "names", "by_class")})


if __name__ == "__main__":
    main()
