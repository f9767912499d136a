"""Invented hospital visits: heavy-tailed numbers of visits per patient, 8,000 public groups, one value each.

A few patients have hundreds of visits, most have a few: what bounding a patient's rows is about. Patients keep
to a home hospital and a main diagnosis, so that their rows crowd in few groups. Nobody here was ever real.
Usage: python benchmarks/visits.py ROWS SEED FILE.parquet
"""

import sys
from pathlib import Path

import numpy as np
import polars as pl

SIZES = {"hospital": 20, "diagnosis": 50, "age_band": 8}
LOW, HIGH = 40.0, 400.0


def visits(rows: int, seed: int) -> pl.DataFrame:
    """Return the table: patient, hospital, diagnosis, age_band and value; a fifth as many patients as rows."""
    rng = np.random.default_rng(seed)
    people = rows // 5
    often = rng.pareto(1.8, people) + 0.2
    patient = rng.choice(people, size=rows, p=often / often.sum())
    age = rng.normal(55, 20, people).clip(0, 99)[patient]
    diagnosis = _own_or_any(
        rng, patient, rng.choice(50, size=people, p=_falling(50, 0.7)), 0.5, _falling(50, 0.7)
    )
    return pl.DataFrame(
        {
            "patient": patient,
            "hospital": _own_or_any(rng, patient, rng.integers(0, 20, people), 0.8, _falling(20, 0.5)),
            "diagnosis": diagnosis,
            "age_band": (age // 12.5).astype(np.int64),
            "value": rng.normal(110 + 0.4 * (age - 55) + 0.6 * diagnosis, 30).clip(LOW, HIGH),
        }
    )


def _falling(size: int, power: float) -> np.ndarray:
    weights = np.arange(1, size + 1) ** -power
    return weights / weights.sum()


def _own_or_any(rng, patient, own, share: float, law: np.ndarray) -> np.ndarray:
    anywhere = rng.choice(len(law), size=len(patient), p=law)
    return np.where(rng.random(len(patient)) < share, own[patient], anywhere).astype(np.int64)


if __name__ == "__main__":
    visits(int(sys.argv[1]), int(sys.argv[2])).write_parquet(Path(sys.argv[3]))
