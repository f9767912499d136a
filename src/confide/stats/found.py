"""Categories that nobody listed: which values of a column are common enough to be groups, found at a price.

Guarantee: `weights` moves by at most `GRID` in L1, on at most `MOST_KEYS` values, where one patient comes or goes, with any
rows. `settings` says what showing the common ones costs in ε and in δ: a value that one patient alone has is shown with
a chance of at most δ. What is shown is a function of noisy numbers. Proof: `docs/proofs/stats.md`.
"""

from fractions import Fraction

import polars as pl

from confide.dp.noise import Noise
from confide.dp.unknown import UnknownKeys
from confide.engines.polars import GRID, read_text
from confide.stats.keys import MOST_FOUND, REST, column_of
from confide.stats.parts import down

SHARE = Fraction(1, 5)  # of a table's ε, for all columns of which the categories are found
MOST_KEYS = 64  # values of one patient that are looked at, the most frequent first


def settings(columns: int, epsilon: Fraction, delta: Fraction) -> UnknownKeys:
    """Return how the values of each of so many columns are found, for `epsilon` and `delta` together.

    Raises:
        InvalidInput: no threshold is high enough.
    """
    return UnknownKeys.for_delta(
        epsilon=down(epsilon / columns), delta=down(delta / columns), sensitivity=GRID, keys=MOST_KEYS
    )


def threshold(asked: UnknownKeys) -> float:
    """Return from how many patients a value is shown, if each has no other; before its noise."""
    return asked.threshold / GRID


def pairs(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """Return who has which value in how many rows: `patient`, `value`, `rows`. Each cell is read by itself."""
    values = read_text(frame[column_of(key, frame.columns)])
    rows = pl.DataFrame({"patient": frame["_patient"], "value": values}).drop_nulls()
    return rows.filter(pl.col("value") != REST).group_by("patient", "value").agg(rows=pl.len().cast(pl.Int64))


def weights(owned: pl.DataFrame) -> dict[str, int]:
    """Return what all patients give to each value: each shares `GRID` out evenly among the values it has.

    Guarantee: what a patient gives depends on that patient's own rows only. Who has more than `MOST_KEYS` values
    gives to those with the most rows, and of these to the first by letters.

    Args:
        owned: of `pairs`, each patient and value once.
    """
    own = pl.len().over("patient")
    many = owned.filter(own > MOST_KEYS).sort("patient", -pl.col("rows"), "value")
    kept = pl.concat(
        [owned.filter(own <= MOST_KEYS), many.group_by("patient", maintain_order=True).head(MOST_KEYS)]
    )
    given = kept.select("value", weight=pl.lit(GRID, dtype=pl.Int64) // own.cast(pl.Int64))
    summed = given.group_by("value").agg(pl.col("weight").sum())
    return dict(zip(summed["value"].to_list(), summed["weight"].to_list(), strict=True))


def shown(asked: UnknownKeys, given: dict[str, int], noise: Noise) -> tuple[str, ...]:
    """Return the values that are shown, in the order of their letters, and `REST` for all others.

    Of more than `MOST_FOUND` those with the largest noisy weights.
    """
    found = asked.show(given, noise)
    most = sorted(found, key=lambda value: (-found[value], value))[:MOST_FOUND]
    return (*sorted(most), REST)
