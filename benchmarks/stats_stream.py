"""A table of statistics over Parquet that does not fit into memory: peak memory against rows.

Claim under test: with the number of patients given, the peak does not grow with the rows. An invented file is written
in row groups, then read in two passes by `confide.stats.pieces`; each size runs in a process of its own, and the peak
is that process's. `python benchmarks/stats_stream.py [--rows N] [--patients N] [--folder F]`: N and a tenth of it.
One JSON line per size, and one that compares them.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from lines import line

GROUP = 1 << 20
BY = {"hospital": tuple(str(n) for n in range(20)), "band": (0.0, 18.0, 45.0, 65.0, 120.0)}
MEASURES = ("count", "mean(stay, 0, 60)", "median(stay, 0, 60)")


def write(path: Path, rows: int, patients: int, *, patient: str = "_patient", group: int = GROUP) -> None:
    """Invent visits, `group` rows at a time; every patient comes at least once, and some come often."""
    draw = np.random.default_rng(0)
    writer = None
    for start in range(0, rows, group):
        n = min(group, rows - start)
        place = np.arange(start, start + n)
        often = np.minimum(draw.pareto(1.2, n) * patients / 50, patients - 1).astype(np.int64)
        table = pl.DataFrame(
            {
                patient: np.where(place < patients, place, often),
                "hospital": draw.integers(0, 20, n).astype(np.int8),
                "band": draw.integers(0, 100, n).astype(np.float32),
                "stay": draw.exponential(6.0, n).astype(np.float32),
            }
        ).to_arrow()
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def peak_mib() -> float:
    """Return the most that this process had in memory; getrusage would count the parent's before exec."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")


def measure(path: Path) -> None:
    """Run the two passes and print rows per second and the peak of this process in MiB."""
    from confide.stats.pieces import parquet_pieces
    from confide.stats.plan import StatsPlan

    plan = StatsPlan(name="t", epsilon=1.0, by=BY, measures=MEASURES, max_rows=8)
    before = peak_mib()
    began = time.process_time()
    table = parquet_pieces([path]).tally(plan.by, plan.parts(), plan.rows, plan.text_columns())
    sums = table.sums(lambda _: 8)
    spent, peak = time.process_time() - began, peak_mib()
    print(peak, before, spent, len(table.rows()), int(sum(each.sum() for each in sums.values())))


def run(rows: int, patients: int, folder: Path) -> float:
    """Measure one size in a process of its own; return its peak in MiB."""
    path = folder / f"{rows}.parquet"
    write(path, rows, patients)
    out = subprocess.run(
        [sys.executable, __file__, "--measure", str(path)], check=True, capture_output=True, text=True
    )
    peak, before, spent, seen, _ = (float(each) for each in out.stdout.split())
    path.unlink()
    how = (
        f"{rows} rows, {seen:.0f} patients; {before:.0f} MiB before the first row; {spent:.0f} s of processor"
    )
    shown = line("stats.stream.peak", peak, "> 0", ours=peak, rival=None, unit="MiB", how=how)
    print(json.dumps(shown), flush=True)
    return peak


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--patients", type=int, default=200_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--measure", type=Path)
    asked = parser.parse_args()
    if asked.measure:
        measure(asked.measure)
    else:
        with tempfile.TemporaryDirectory(dir=asked.folder) as name:
            few, many = (run(n, asked.patients, Path(name)) for n in (asked.rows // 10, asked.rows))
        ratio = many / few
        how = f"peak of the process at {asked.rows} rows over that at a tenth of them, the same patients"
        found = line("stats.stream.constant", ratio, "<= 1.2", ours=many, rival=few, unit="x", how=how)
        print(json.dumps(found))
