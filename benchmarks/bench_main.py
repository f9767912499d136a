"""The figures of the main job: the demo, the command's start, sealing, grouped statistics, kills.

Each line of output is one JSON object: id, value, target, holds, ours, rival, unit, how.
Usage: python benchmarks/bench_main.py [--only PREFIX] [--quick] [--kills N]. Time nothing else meanwhile.
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from lines import arguments, line, show

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "tests" / "study"))
CONFIDE = [sys.executable, "-c", "from confide.cli.main import run; run()"]


def demo(quick: bool) -> Iterator[dict[str, object]]:
    """`confide demo` with outbound sockets blocked: a network namespace with loopback alone."""
    blocked = (
        shutil.which("unshare") is not None
        and subprocess.run(["unshare", "-n", "true"], check=False).returncode == 0
    )
    with tempfile.TemporaryDirectory() as folder:
        command = [*CONFIDE, "demo", f"{folder}/demo", "--json"]
        if quick:
            command += ["--patients", "2000"]
        if blocked:
            command = [
                "unshare",
                "-n",
                "sh",
                "-c",
                'ip link set lo up 2>/dev/null; exec "$@"',
                "sh",
                *command,
            ]
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | {"HOME": folder})
        seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    how = (
        "whole process, sockets blocked"
        if blocked
        else "whole process, sockets NOT blocked: unshare is not allowed here"
    )
    yield line("main.demo.seconds", seconds, "<= 300", ours=seconds, rival=None, unit="s", how=how)
    yield line(
        "main.demo.rss_mb", peak, "<= 4096", ours=peak, rival=None, unit="MiB", how=how + ", largest process"
    )


def help_start(quick: bool) -> Iterator[dict[str, object]]:
    """`confide --help` against `python -c pass`, in turns."""

    def seconds(command: list[str]) -> float:
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - began

    bare = [sys.executable, "-c", "pass"]
    pairs = [(seconds([*CONFIDE, "--help"]), seconds(bare)) for _ in range(7 if quick else 25)]
    ours, rival = statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)
    ratio = statistics.median(a / b for a, b in pairs)
    yield line(
        "main.help.ratio",
        ratio,
        "<= 6",
        ours=ours,
        rival=rival,
        unit="ratio",
        how="median of pairs, python -c pass",
    )


def seal(quick: bool) -> Iterator[dict[str, object]]:
    """Sealing a file in memory-backed storage against `openssl speed`, one core."""
    from bench_seal import seal_ratio

    yield seal_ratio(quick=quick)


def stats(quick: bool) -> Iterator[dict[str, object]]:
    """The grouped query of 8,000 cells against plain Polars, on the text ids that a run has coded."""
    from stats_polars import ratio

    found = {
        kind: ratio(1_000_000, 5 if quick else 31, ids=ids)
        for kind, ids in (("integers", "number"), ("text ids", "category"))
    }
    ours, how = (
        found["text ids"],
        "1 M rows, 8,000 groups, count, mean and median, median of pairs in turns; integer ids: ",
    )
    yield line(
        "main.stats.polars", ours["ratio"], "<= 2", ours=ours["ours_ms"], rival=ours["plain_ms"], unit="ratio of ms",
        how=f"{how}{found['integers']['ratio']:.2f}",
    )  # fmt: skip


def kill(quick: bool, kills: int) -> Iterator[dict[str, object]]:
    """Kill -9 at random moments of `confide run`."""
    from kills import kill_many
    from small import STUDY, make_small

    text = STUDY.format(language="en").replace('name = "stay"', 'name = "stay-{n}"')
    text = text.replace("steps = 10", "steps = 1000")  # a charge that is open for a while
    text = text.replace('name = "readmitted"', 'name = "readmitted-{n}"').replace(
        "epsilon = 3.0", "epsilon = 900.0"
    )
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CONFIDE_HOME"] = f"{folder}/home"
        study = make_small(Path(folder) / "study", text=STUDY, epsilon=1000.0).folder
        tally = kill_many(study, text, kills=5 if quick else kills)
    how = f"{tally.kills} kills, {tally.finished_first} came too late, {tally.releases} releases, {tally.abandoned} charges abandoned"
    yield line("main.kill.lost", tally.lost, "== 0", ours=tally.lost, rival=None, unit="releases", how=how)
    yield line(
        "main.kill.charged_twice",
        tally.charged_twice,
        "== 0",
        ours=tally.charged_twice,
        rival=None,
        unit="plans",
        how=how,
    )


def main() -> None:
    parser = arguments(__doc__, "main")
    parser.add_argument("--kills", type=int, default=50)
    asked = parser.parse_args()
    parts = {
        "main.demo": lambda: demo(asked.quick),
        "main.help": lambda: help_start(asked.quick),
        "main.seal": lambda: seal(asked.quick),
        "main.stats": lambda: stats(asked.quick),
        "main.kill": lambda: kill(asked.quick, asked.kills),
    }
    show(parts, asked.only)


if __name__ == "__main__":
    main()
