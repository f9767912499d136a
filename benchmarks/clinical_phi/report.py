"""Score confide on the benchmark and write the tables of README.md from results/*.json.

Usage: python benchmarks/clinical_phi/report.py. The peers' files come from `peers.py`; a peer that did not run
has a row that says so, and losing figures stay where they are.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from score import read, read_spans, score
from write import write

HERE = Path(__file__).parent
COLUMNS = ("cover", "overlap", "typed", "precision", "names", "hard_negatives")
SYSTEMS = ("confide", "presidio", "lac", "openmed", "scrubadub", "argus")
MARK = "<!-- tables: written by report.py -->"


def ours() -> dict[str, Any]:
    """Score confide's public door as it stands in this checkout."""
    with tempfile.TemporaryDirectory() as scratch:
        folder, out = Path(scratch), Path(scratch) / "spans.jsonl"
        write(folder)
        command = [sys.executable, HERE / "ours.py", folder / "notes.jsonl", out]
        said = json.loads(subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout)
        figures = score(read(folder / "notes.jsonl"), read(folder / "gold.jsonl"), read_spans(out))
    said["characters_per_cpu_second"] = round(said["characters"] / said["cpu_seconds"])
    return {"peer": "confide", "runs": True, "languages": ["en", "zh"], "note": "the public door, nothing known of the patient"} | said | {"scores": figures}  # fmt: skip


def table(group: str, results: dict[str, dict[str, Any]]) -> list[str]:
    """Return one table: a row per system that speaks the group's language."""
    rows = [f"\n### {group}\n", "| system | " + " | ".join(COLUMNS) + " |", "|" + "---|" * (len(COLUMNS) + 1)]
    for name, result in results.items():
        if not result["runs"]:
            rows.append(f"| {name} | does not run: {result['why']} |" + " |" * (len(COLUMNS) - 1))
        elif figures := result["scores"].get(group):
            cells = ["" if figures[c] is None else f"{figures[c]:.3f}" for c in COLUMNS]
            rows.append(f"| {name} | " + " | ".join(cells) + " |")
    return rows


def systems(results: dict[str, dict[str, Any]]) -> list[str]:
    """Return the table of what each system is, as it ran."""
    rows = [
        "\n### As they ran\n",
        "| system | what ran | characters per CPU-second | peak MiB |",
        "|---|---|---|---|",
    ]
    for name, result in results.items():
        if result["runs"]:
            rows.append(
                f"| {name} | {result['note']} | {result['characters_per_cpu_second']:,} | {result['rss_mb']:.0f} |"
            )
    return rows


def main() -> None:
    folder = HERE / "results"
    folder.mkdir(exist_ok=True)
    (folder / "confide.json").write_text(json.dumps(ours(), indent=1) + "\n", encoding="utf-8")
    paths = {name: folder / f"{name}.json" for name in SYSTEMS}
    results = {
        name: json.loads(path.read_text(encoding="utf-8")) for name, path in paths.items() if path.exists()
    }
    lines = [line for group in ("zh.held", "en.held", "zh", "en") for line in table(group, results)]
    readme = HERE / "README.md"
    head = readme.read_text(encoding="utf-8").split(MARK)[0]
    readme.write_text(head + MARK + "\n" + "\n".join([*lines, *systems(results)]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
