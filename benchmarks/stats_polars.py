"""Grouped count, mean and median with differential privacy against the plain Polars query, in turns.

Claim under test: on 8,000 groups and patients with heavy-tailed numbers of rows, the whole release as arrays (bound on
rows chosen privately, exact sums, noise) takes at most 1.2 times the plain group-by at a million and ten million rows,
and at most 1.5 times its memory. Both sides see the same frame. Text ids are told apart once, when a run reads its
table (`confide.study.sources`), as a Polars categorical; left as text they are timed as well, and lose.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl

from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.stats.plan import StatsPlan
from confide.stats.tally import tally

KEYS = {"hospital": 20, "diagnosis": 50, "age_band": 8}
MEASURES = ("count", "mean(value, 40, 400)", "median(value, 40, 400)")


def invented(rows: int, *, ids: str = "number") -> pl.DataFrame:
    """Return invented visits; `ids`: number, category (as a run codes them) or text."""
    rng = np.random.default_rng(0)
    patients = rng.permutation(np.repeat(np.arange(rows), rng.zipf(1.8, rows).clip(1, 2000))[:rows])
    columns: dict[str, Any] = {key: rng.integers(0, size, rows, dtype=np.int16) for key, size in KEYS.items()}
    frame = pl.DataFrame({"_patient": patients, **columns, "value": rng.normal(150, 40, rows)})
    if ids == "number":
        return frame
    texts = frame.with_columns(pl.format("P{}", "_patient").alias("_patient"))
    return texts.with_columns(pl.col("_patient").cast(pl.Categorical)) if ids == "category" else texts


def plan() -> StatsPlan:
    """Return the query of the claim."""
    by = {key: tuple(str(place) for place in range(size)) for key, size in KEYS.items()}
    return StatsPlan(
        name="bench", epsilon=1.0, by=by, measures=MEASURES, max_rows="private", intervals="none"
    )


def plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Run the same query without protection."""
    value = pl.col("value")
    return frame.group_by(*KEYS).agg(pl.len(), value.mean().alias("mean"), value.median().alias("median"))


def check_both_sides_agree() -> None:
    """Without noise, where every patient has one row, the counts of both sides are the same."""
    frame, asked = invented(100_000).with_columns(_patient=np.arange(100_000)), plan()
    count = tally(asked.by, asked.parts(), frame).sums(lambda _: 1)[asked.parts()[0]][:, 0] / (1 << 20)
    cells = plain(frame).sort(*KEYS)
    places = (
        cells["hospital"].cast(pl.Int64) * 400 + cells["diagnosis"].cast(pl.Int64) * 8 + cells["age_band"]
    )
    np.testing.assert_array_equal(count[places.to_numpy()], cells["len"].to_numpy())


def seconds(work: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ratio(rows: int, rounds: int, *, ids: str = "number") -> dict[str, float]:
    """Time both in turns; the ratio is the median of the rounds' ratios, after one that warms up."""
    check_both_sides_agree()
    frame, asked, noise = invented(rows, ids=ids), plan(), Noise(Stream())
    pairs = [
        (seconds(lambda: asked.estimates(frame, noise)), seconds(lambda: plain(frame)))
        for _ in range(rounds + 1)
    ][1:]
    release = median(seconds(lambda: asked.execute(frame, noise)) for _ in range(min(rounds, 5)))
    return {
        "ratio": median(ours / theirs for ours, theirs in pairs),
        "ours_ms": median(ours for ours, _ in pairs) * 1e3,
        "plain_ms": median(theirs for _, theirs in pairs) * 1e3,
        "json_ms": release * 1e3,
    }


def memory(rows: int) -> tuple[float, float]:
    """Return the peak of both sides in MiB, each in a process of its own that makes the frame first."""
    found = []
    for side in ("ours", "plain"):
        command = [sys.executable, Path(__file__), side, str(rows)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found.append(json.loads(said)["mib"])
    return found[0], found[1]


def _peak(side: str, rows: int) -> float:
    """Run one side on a frame read from Parquet, and return the most memory that was ever in use."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "visits.parquet"
        make = f"import stats_polars; stats_polars.invented({rows}).write_parquet({str(path)!r})"
        subprocess.run([sys.executable, "-c", make], cwd=Path(__file__).parent, check=True)
        frame = pl.read_parquet(path)
    if side == "ours":
        plan().estimates(frame, Noise(Stream()))
    else:
        plain(frame)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(json.dumps({"mib": _peak(sys.argv[1], int(sys.argv[2]))}))
