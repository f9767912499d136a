"""RAND HIE as a table of codes: 20,190 rows of 10 columns from the statsmodels wheel, with bins that we declare.

The bins are written here and never read from the data. Both sides of a benchmark see the same codes.
"""

import csv
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

COLUMNS: dict[str, tuple[str, ...] | tuple[float, ...]] = {
    "mdvis": (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0, 40.0, 80.0),
    "lncoins": (0.0, 1.0, 3.5, 4.2, 4.6, 5.0),
    "idp": ("0", "1"),
    "lpi": (0.0, 1.0, 3.0, 4.0, 5.0, 5.5, 6.0, 6.25, 6.5, 6.75, 7.0, 7.5),
    "fmde": (0.0, 1.0, 4.0, 5.0, 6.0, 6.5, 7.0, 7.5, 8.0, 8.5),
    "physlm": (0.0, 0.01, 0.5, 1.5),
    "disea": (0.0, 3.0, 4.0, 5.0, 7.0, 9.0, 10.0, 11.0, 13.0, 14.0, 18.0, 25.0, 40.0, 60.0),
    "hlthg": ("0", "1"),
    "hlthf": ("0", "1"),
    "hlthp": ("0", "1"),
}


def wheel_csv(python: Path) -> Path:
    """Return where the environment of `python` keeps the table."""
    (found,) = python.parents[1].glob("lib/python3*/site-packages/statsmodels/datasets/randhie/randhie.csv")
    return found


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows as texts."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def place(value: str, listed: Sequence[str] | Sequence[float]) -> int:
    """Return where a value stands among the categories, or in which half-open bin it lies."""
    if isinstance(listed[0], str):
        return [str(each) for each in listed].index(value)
    (found,) = [
        at for at, (low, high) in enumerate(pairwise(float(e) for e in listed)) if low <= float(value) < high
    ]
    return found


def sizes() -> dict[str, int]:
    """Return how many categories or bins each column has."""
    return {name: len(listed) - (not isinstance(listed[0], str)) for name, listed in COLUMNS.items()}


def codes(rows: list[dict[str, str]]) -> list[list[int]]:
    """Return one list of codes per row, in the order of COLUMNS."""
    return [[place(row[name], listed) for name, listed in COLUMNS.items()] for row in rows]
