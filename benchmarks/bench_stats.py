"""The figures of statistics and synthetic tables: speed of noise, planted bugs, MST and AIM against dpmm.

Each line of output is one JSON object: id, value, target, holds, ours, rival, unit, how.
Usage: python benchmarks/bench_stats.py [--only PREFIX] [--quick]. Time nothing else meanwhile.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median

from environments import environment
from lines import Line, arguments, line, show

HERE = Path(__file__).parent
OPENDP = ["opendp==0.16.0"]
DRAWS = (("laplace", 8.0), ("laplace", 1e6), ("gaussian", 8.0), ("gaussian", 1e6))


def ours_seconds(kind: str, scale: float, draws: int) -> tuple[float, float]:
    """Return the seconds of processor for one draw, and the mean size of the noise."""
    from confide.dp.noise import Noise
    from confide.dp.random import Stream

    noise = Noise(Stream())
    draw = noise.discrete_laplace if kind == "laplace" else noise.discrete_gaussian
    draw(scale, 1000)
    began = time.process_time()
    drawn = draw(scale, draws)
    return (time.process_time() - began) / draws, float(abs(drawn).mean())


def sampler(quick: bool) -> Iterator[Line]:
    """Exact discrete noise against OpenDP's, in turns; processor time, the worst of four laws."""
    rival_python = environment("opendp", OPENDP)
    draws, rounds = (20_000, 3) if quick else (200_000, 7)
    found = {}
    for kind, scale in DRAWS:
        pairs = []
        for _ in range(rounds):
            command = [rival_python, HERE / "opendp_draws.py", kind, str(scale), str(draws)]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
            theirs, size = map(float, said)
            ours, own_size = ours_seconds(kind, scale, draws * 5)
            if abs(size / own_size - 1) > 0.05:
                raise RuntimeError(f"{kind} of scale {scale}: the two sides draw noise of different sizes")
            pairs.append((ours, theirs))
        found[f"{kind} {scale:g}"] = (
            median(t / o for o, t in pairs),
            *(1e6 * median(side) for side in zip(*pairs, strict=True)),
        )
    worst = min(found, key=lambda law: found[law][0])
    how = "OpenDP 0.16.0 on a vector, processor time, " + "; ".join(
        f"{law}: {ours:.2f} and {theirs:.1f} us, {ratio:.0f} times"
        for law, (ratio, ours, theirs) in found.items()
    )
    yield line(
        "stats.sampler.opendp", found[worst][0], ">= 25", ours=found[worst][1], rival=found[worst][2],
        unit="ratio of us per draw", how=how,
    )  # fmt: skip


def planted(quick: bool) -> Iterator[Line]:
    """Bugs in mechanisms, sensitivities and composition, each in a copy of the source."""
    from planted import BUGS, caught

    bugs = BUGS[::6] if quick else BUGS
    missed = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, test in caught(bugs, Path(scratch)):
            print(f"{name}: {test or 'MISSED'}", file=sys.stderr, flush=True)
            missed += [] if test else [name]
    how = f"{len(bugs)} bugs" + "".join(f"; missed: {name}" for name in missed)
    yield line(
        "stats.planted.missed", len(missed), "== 0", ours=len(missed), rival=None, unit="bugs", how=how
    )


def error(quick: bool) -> Iterator[Line]:
    """Errors of a grouped table against three rivals, and with a private bound against one fixed bound."""
    import stats_error

    rows, epsilons, seeds = (200_000, (1.0,), 5) if quick else (1_000_000, (0.1, 1.0, 3.0), 20)
    yield from stats_error.errors(seeds, epsilons, rows=rows, seconds=10.0 if quick else 180.0)


def seconds(quick: bool) -> Iterator[Line]:
    """Seconds of a grouped table, from a Parquet file to figures, against OpenDP's."""
    import stats_error

    yield stats_error.seconds(1 if quick else 5, rows=200_000 if quick else 1_000_000)


CASES = {
    "1m": (1_000_000, "number", 21, "<= 1.2"),
    "10m": (10_000_000, "number", 5, "<= 1.2"),
    "string_ids": (1_000_000, "category", 21, "<= 1.5"),
}


def polars(name: str, quick: bool) -> Iterator[Line]:
    """The grouped query against plain Polars on the same frame."""
    from stats_polars import ratio

    rows, ids, rounds, target = CASES[name]
    rows, rounds = (100_000, 3) if quick else (rows, rounds)
    found = ratio(rows, rounds, ids=ids)
    how = (
        "8,000 groups, count, mean and median, bound chosen privately, results as arrays, median of pairs in turns; "
        f"the release as JSON takes {found['json_ms']:.0f} ms"
    )
    if ids == "category":
        left = ratio(rows, 5, ids="text")["ratio"]
        how += f"; ids as a run codes them when it reads a table; left as text {left:.2f}"
    yield line(
        f"stats.time.{name}", found["ratio"], target, ours=found["ours_ms"], rival=found["plain_ms"],
        unit="ratio of ms", how=how,
    )  # fmt: skip


def rss(quick: bool) -> Iterator[Line]:
    """The most memory of a process that reads a table and runs the query, with and without protection."""
    from stats_polars import memory

    rows = 100_000 if quick else 10_000_000
    ours, plain = memory(rows)
    how = f"peak of a process that reads {rows:,} rows from Parquet and runs the query"
    yield line("stats.rss", ours / plain, "<= 1.5", ours=ours, rival=plain, unit="ratio of MiB", how=how)


def undercoverage(quick: bool) -> Iterator[Line]:
    """How often intervals at 95 % miss: nine cells, each with 20,000 groups, for either thing they may cover."""
    from undercoverage import missed

    groups = 2_000 if quick else 20_000
    found = {kind: missed(groups, intervals=kind) for kind in ("noise", "population")}
    worst = max(share for each in found.values() for share in each.values()) - 0.05
    how = f"{groups} groups a cell, the worst of nine; " + "; ".join(
        f"{kind}: " + ", ".join(f"{name}: {share:.4f}" for name, share in each.items())
        for kind, each in found.items()
    )
    yield line(
        "stats.undercoverage", worst, "<= 0.005", ours=worst + 0.05, rival=0.05, unit="share missed", how=how
    )


def main() -> None:
    import synth_figures

    asked = arguments(__doc__, "").parse_args()
    show(
        {
            "stats.sampler": lambda: sampler(asked.quick),
            "stats.planted": lambda: planted(asked.quick),
            "stats.error": lambda: error(asked.quick),
            "stats.time.opendp": lambda: seconds(asked.quick),
            **{f"stats.time.{name}": partial(polars, name, asked.quick) for name in CASES},
            "stats.rss": lambda: rss(asked.quick),
            "stats.undercoverage": lambda: undercoverage(asked.quick),
            "synth.mst": lambda: synth_figures.mst(asked.quick),
            "synth.aim": lambda: synth_figures.aim(asked.quick),
        },
        asked.only,
    )


if __name__ == "__main__":
    main()
