"""The figures of de-identification: the public benchmark, Presidio's own set, speed, memory, known values.

Claims under test are the targets below; the rivals run in the same call, each in an environment of its own
(`benchmarks/clinical_phi/peers.py` makes it). Each line of output is one JSON object: id, value, target, holds,
ours, rival, unit, how. Usage: python benchmarks/bench_deid.py [--only PREFIX] [--quick]. Time nothing else meanwhile.
"""

import csv
import gzip
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from lines import Line, arguments, line, show

HERE = Path(__file__).parent
sys.path.append(str(HERE / "clinical_phi"))

import peers  # noqa: E402  (they lie beside, in a folder that is no package)
import presidio_synth  # noqa: E402
from score import read, read_spans, score  # noqa: E402
from write import notes, write  # noqa: E402

SHARED = HERE.parents[1] / "shared"
_KEPT = tempfile.TemporaryDirectory(prefix="bench-deid-")  # goes when the process ends
SCRATCH = Path(_KEPT.name)
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
# Modules are compiled once, as pip leaves them: a checkout compiles them at each start where it may write no bytecode.
COMPILED = {"PYTHONPYCACHEPREFIX": str(SCRATCH / "bytecode"), "PYTHONDONTWRITEBYTECODE": ""}


def run_ours(notes_file: Path, *options: str) -> tuple[dict[str, Any], Path]:
    """Run our door over a file on one core; return what the run says of itself, and its spans."""
    out = SCRATCH / f"{notes_file.stem}.ours"
    core = {max(os.sched_getaffinity(0))}
    run = subprocess.run(
        [sys.executable, HERE / "clinical_phi" / "ours.py", notes_file, out, *options],
        check=True, text=True, stdout=subprocess.PIPE, env=os.environ | ONE_THREAD | COMPILED,
        preexec_fn=lambda: os.sched_setaffinity(0, core),
    )  # fmt: skip
    return json.loads(run.stdout), out


@cache
def scored() -> dict[str, dict[str, Any]]:
    """Score our spans on the public benchmark, per language and style."""
    folder = SCRATCH / "clinical_phi"
    write(folder)
    _, out = run_ours(folder / "notes.jsonl")
    return score(read(folder / "notes.jsonl"), read(folder / "gold.jsonl"), read_spans(out))


def peer_figures(name: str, group: str, key: str) -> float | None:
    """Return a figure that `peers.py` wrote down, None where that peer did not run."""
    path = HERE / "clinical_phi" / "results" / f"{name}.json"
    found = json.loads(path.read_text()) if path.exists() else {"runs": False}
    return found["scores"][group][key] if found["runs"] else None


def quality(language: str) -> Iterator[Line]:
    """Full cover, precision and names on the held style; the rival is the best peer of the language there."""
    rival = {"zh": "lac", "en": "presidio"}[language]
    targets = {"cover": {"zh": "0.98", "en": "0.97"}, "precision": {"zh": "0.93", "en": "0.93"}, "names": {"zh": "0.985", "en": "0.96"}}  # fmt: skip
    for key, target in targets.items():
        value, overall = scored()[f"{language}.held"][key], scored()[language][key]
        yield line(
            f"deid.{language}.{key}", value, f">= {target[language]}", ours=value, unit="share",
            rival=peer_figures(rival, f"{language}.held", key),
            how=f"style held, {scored()[f'{language}.held']['gold_spans']} gold spans; all styles {overall:.4f}; rival {rival}",
        )  # fmt: skip


def hard_negatives() -> Iterator[Line]:
    """Share of marked hard negatives of which a letter or digit was covered."""
    value, overall = scored()["held"]["hard_negatives"], scored()["all"]["hard_negatives"]
    rival = {name: peer_figures(name, "held", "hard_negatives") for name in ("presidio", "lac")}
    how = f"style held of both languages, {scored()['held']['hard_spans']} spans; all styles {overall:.4f}"
    yield line("deid.hard_negatives", value, "<= 0.05", ours=value, rival=rival, unit="share", how=how)


def presidio_set(shared: Path) -> Iterator[Line]:
    """Cover and precision on all 1,500 sentences of presidio-research; Presidio runs over them here and now."""
    found, golds = presidio_synth.notes_and_gold(
        shared / "data" / "presidio-synth-pii" / "synth_dataset_v2.json.gz"
    )
    file = SCRATCH / "synth.jsonl"
    file.write_text("\n".join(json.dumps(note) for note in found) + "\n", encoding="utf-8")
    _, out = run_ours(file)
    theirs = SCRATCH / "synth.presidio"
    try:
        peers.find("presidio", file, theirs)
        rival = score(found, golds, read_spans(theirs))["all"]
    except (RuntimeError, subprocess.SubprocessError) as error:
        rival = {"cover": f"does not run: {error}", "precision": None}
    ours = score(found, golds, read_spans(out))["all"]
    strict = score(found, presidio_synth.everything(golds), read_spans(out))["all"]
    for key, target in (("cover", "> 0.68"), ("precision", "> 0.87")):
        how = f"identifiers by our classes (mapping in presidio_synth.py); with titles, ages, years, countries too {strict[key]:.4f}"
        yield line(
            f"deid.presidio_synth.{key}",
            ours[key],
            target,
            ours=ours[key],
            rival=rival[key],
            unit="share",
            how=how,
        )


def real_texts(shared: Path, language: str) -> list[str]:
    """Return real consultations (zh) or notes (en): few identifiers per line, where our notes are full of them."""
    if language == "zh":
        raw = (shared / "data/zh-medical-dialogue/internal_medicine_sample.csv.gz").read_bytes()
        rows = csv.DictReader(io.StringIO(gzip.decompress(raw).decode("gb18030", errors="replace")))
        return [f"{row['ask']}\n{row['answer']}" for row in islice(rows, 400)]
    raw = (shared / "data/aci-bench/train.csv.gz").read_bytes()
    return [row["note"] for row in csv.DictReader(io.StringIO(gzip.decompress(raw).decode()))]


def speed(peer: str, language: str, target: str, *, shared: Path, quick: bool) -> Iterator[Line]:
    """Characters per CPU-second of one process on one core, the same texts in turns; ours replaces as well."""
    ours = [note["text"] for note in notes(per_style=20 if quick else 90) if note["language"] == language]
    figures = {}
    for kind, texts in (("benchmark", ours), ("real", real_texts(shared, language)[: len(ours)])):
        file = SCRATCH / f"speed-{kind}-{language}.jsonl"
        lines = [
            json.dumps({"id": str(i), "language": language, "text": text}) for i, text in enumerate(texts)
        ]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        pairs = []
        for _ in range(1 if quick else 5):
            said, _ = run_ours(file, "--rounds", "3")
            theirs = peers.find(peer, file, SCRATCH / f"speed.{peer}")
            pairs.append(
                (said["characters"] / said["cpu_seconds"], theirs["characters"] / theirs["cpu_seconds"])
            )
        medians = [round(statistics.median(column)) for column in zip(*pairs, strict=True)]
        figures[kind] = (statistics.median(a / b for a, b in pairs), *medians)
    ratio, mine, theirs_speed = figures["benchmark"]
    real = "on real texts, which hold few identifiers, {:.1f} ({} against {})".format(*figures["real"])
    how = f"median of {len(pairs)} turns over {len(ours)} notes, start not counted, ours replaces too; {real}; {peers_note(peer)}"
    yield line(f"deid.speed.{peer}", ratio, target, ours=mine, rival=theirs_speed, unit="ratio of characters per CPU-second", how=how)  # fmt: skip


def peers_note(peer: str) -> str:
    return "against " + " then ".join(" ".join(packages) for packages in peers.PACKAGES[peer])


@cache
def big_run(size: int) -> dict[str, float]:
    """De-identify a file of `size` bytes of mixed notes by `confide deid` in a fresh vault; one core, one process."""
    file, written, characters = SCRATCH / "big.jsonl", 0, 0
    with file.open("w", encoding="utf-8") as out:
        for i, note in enumerate(notes(seed=7, per_style=10_000)):
            text = json.dumps({"id": str(i), "text": note["text"]}, ensure_ascii=False)
            written += len(text.encode()) + 1
            characters += len(note["text"])
            out.write(text + "\n")
            if written >= size:
                break
    secret = SCRATCH / "passphrase"
    secret.write_text("a passphrase for a vault of invented notes\n")
    secret.chmod(0o600)
    run_confide(
        "vault", "new", "--passphrase-file", str(secret), "--recovery-file", str(SCRATCH / "recovery")
    )
    out_folder = str(SCRATCH / "big.out")
    said = run_confide(
        "deid", str(file), "--out", out_folder, "--passphrase-file", str(secret), "--processes", "1"
    )
    return said | {"characters": characters}


def run_confide(*words: str) -> dict[str, float]:
    """Run one command on one core in a home of its own; return its seconds and its peak of memory."""
    home = SCRATCH / "home"
    core = {max(os.sched_getaffinity(0))}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", "from confide.cli.main import run; run()", *words], stdout=subprocess.DEVNULL,
        env=os.environ | ONE_THREAD | COMPILED | {"CONFIDE_HOME": str(home), "HOME": str(home)},
        preexec_fn=lambda: os.sched_setaffinity(0, core),
    )  # fmt: skip
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"confide {words[0]} ended with {process.returncode}")
    return {
        "wall": time.perf_counter() - began, "cpu": round(used.ru_utime + used.ru_stime, 2),
        "rss_mb": round(used.ru_maxrss / 1024, 1),
    }  # fmt: skip


def file7mb(quick: bool) -> Iterator[Line]:
    """Say how long the command takes; --quick takes a seventh of the file, times seven."""
    said = big_run(1_000_000 if quick else 7_000_000)
    seconds = said["wall"] * (7 if quick else 1)
    how = (
        f"confide deid on {said['characters']} characters of JSON lines, each its own patient, from the start of the "
        f"process to its end, one core, one process, by the wall clock; {said['cpu']} CPU-seconds"
    )
    yield line("deid.file7mb.seconds", seconds, "<= 30", ours=seconds, rival="7 to 10 minutes (presidio issue 1461)", unit="s", how=how)  # fmt: skip


def start(quick: bool) -> Iterator[Line]:
    file = SCRATCH / "start.jsonl"
    file.write_text("")
    run_ours(file)  # compiles
    seconds = statistics.median(run_ours(file)[0]["start_seconds"] for _ in range(3 if quick else 9))
    how = "from import to the first de-identified line, median of fresh processes, one core, modules compiled as pip leaves them"
    yield line("deid.start.seconds", seconds, "<= 0.5", ours=seconds, rival=None, unit="s", how=how)  # fmt: skip


def memory(quick: bool) -> Iterator[Line]:
    peak = big_run(1_000_000 if quick else 7_000_000)["rss_mb"]
    how = "peak of the process of confide deid on the big file"
    yield line("deid.rss_mb", peak, "<= 150", ours=peak, rival=None, unit="MiB", how=how)


def known_values(which: str, *, shared: Path, quick: bool) -> Iterator[Line]:
    """Known values planted in real dialogues, and exact round trips; `benchmarks/known_values.py`."""
    from known_values import known, roundtrip

    yield from known(quick, shared / "data") if which == "known" else roundtrip(quick)


def main() -> None:
    parser = arguments(__doc__, "deid")
    parser.add_argument(
        "--shared", type=Path, default=SHARED, help="the folder whose data/ holds the open sets"
    )
    asked = parser.parse_args()
    show({
        "deid.zh": lambda: quality("zh"), "deid.en": lambda: quality("en"), "deid.hard_negatives": hard_negatives,
        "deid.presidio_synth": lambda: presidio_set(asked.shared),
        "deid.speed.presidio": lambda: speed("presidio", "en", ">= 15", shared=asked.shared, quick=asked.quick),
        "deid.speed.lac": lambda: speed("lac", "zh", ">= 10", shared=asked.shared, quick=asked.quick),
        "deid.file7mb": lambda: file7mb(asked.quick), "deid.start": lambda: start(asked.quick),
        "deid.rss": lambda: memory(asked.quick),
        "deid.known": lambda: known_values("known", shared=asked.shared, quick=asked.quick), "deid.roundtrip": lambda: known_values("roundtrip", shared=asked.shared, quick=asked.quick),
    }, asked.only)  # fmt: skip


if __name__ == "__main__":
    main()
