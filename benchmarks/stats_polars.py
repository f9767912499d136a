"""Grouped count and mean with differential privacy against the plain Polars query, in turns.

Claim under test: on a million rows and 8,000 groups, patients with heavy-tailed numbers of rows, the whole
release (weights, exact sums, noise, intervals, rows of JSON) takes at most twice the plain group-by. Text
ids are told apart once, when a run reads its table (`confide.study.sources`), as a Polars categorical; left
as text they cost 2.2 to 2.9 times the plain query, because telling a million texts apart costs as much as it.
Both sides see the same frame; without noise they agree on a frame where every patient has few rows. `stats_ratio` returns the figures; `python benchmarks/stats_polars.py` prints them.
"""

import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.stats.plan import StatsPlan, exact_sums

KEYS = {"hospital": 20, "diagnosis": 50, "age_band": 8}


def visits(rows: int, *, string_ids: bool = False) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    patients = rng.permutation(np.repeat(np.arange(rows), rng.zipf(1.8, rows).clip(1, 2000))[:rows])
    columns: dict[str, Any] = {key: rng.integers(0, size, rows) for key, size in KEYS.items()}
    frame = pl.DataFrame({"_patient": patients, **columns, "value": rng.normal(150, 40, rows)})
    if not string_ids:
        return frame
    return frame.with_columns(pl.format("P{}", "_patient").cast(pl.Categorical).alias("_patient"))


def plan() -> StatsPlan:
    by = {key: tuple(str(place) for place in range(size)) for key, size in KEYS.items()}
    return StatsPlan(name="bench", epsilon=1.0, by=by, measures=("count", "mean(value, 40, 400)"))


def plain(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.group_by(*KEYS).agg(pl.len(), pl.col("value").mean())


def check_both_sides_agree() -> None:
    frame = visits(100_000).with_columns(_patient=np.arange(100_000))
    count = next(iter(exact_sums(plan(), frame).values())) / (1 << 20)
    cells = plain(frame).sort(*KEYS)
    places = cells["hospital"] * 400 + cells["diagnosis"] * 8 + cells["age_band"]
    np.testing.assert_array_equal(count[places.to_numpy()], cells["len"].to_numpy())


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def stats_ratio(rows: int = 1_000_000, rounds: int = 31, *, string_ids: bool = False) -> dict[str, float]:
    """Time both in turns; the ratio is the median of the rounds' ratios."""
    check_both_sides_agree()
    frame, asked, noise = visits(rows, string_ids=string_ids), plan(), Noise(Stream())
    pairs = [
        (seconds(lambda: asked.execute(frame, noise)), seconds(lambda: plain(frame)))
        for _ in range(rounds + 2)
    ][2:]
    ours, theirs = np.median(pairs, axis=0)
    ratio = float(np.median([one / other for one, other in pairs]))
    return {
        "ratio": ratio,
        "ours_ms": ours * 1e3,
        "plain_ms": theirs * 1e3,
        "best": float(np.min(pairs, axis=0)[0] / np.min(pairs, axis=0)[1]),
    }


if __name__ == "__main__":
    for string_ids in (False, True):
        print(
            json.dumps(
                {"string_ids": string_ids}
                | {k: round(v, 3) for k, v in stats_ratio(string_ids=string_ids).items()}
            )
        )
