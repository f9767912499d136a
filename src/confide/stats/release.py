"""What a release of statistics looks like: a row per group, each measure with its interval, and the sentences below.

Pure functions of figures after their noise and of public settings. `confide.stats.plan` makes the figures.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from confide.stats.bounds import Bounds
from confide.stats.estimates import Estimate
from confide.stats.keys import Keys, cells
from confide.types import Json


def rows_of(by: Keys, estimates: dict[str, Estimate]) -> list[Json]:
    """Return a row per group: its keys, and each measure's figures with their intervals."""
    names = [*by, *estimates]
    columns = [*zip(*cells(by), strict=True), *(_figures(estimate) for estimate in estimates.values())]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _figures(estimate: Estimate) -> list[dict[str, Any]]:
    """Return the figures of each group, None where nothing can be said."""
    value, low, high = (_listed(each) for each in (estimate.value, estimate.low, estimate.high))
    figures = [
        {"value": one, "low": least, "high": most} for one, least, most in zip(value, low, high, strict=True)
    ]
    if estimate.at is None:
        return figures
    if estimate.order is None:
        return [{"at": list(estimate.at)} | figure for figure in figures]
    names = [[estimate.at[place] for place in places] for places in estimate.order.tolist()]
    return [{"at": at} | figure for at, figure in zip(names, figures, strict=True)]


def _listed(figures: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> list[Any]:
    if figures.ndim > 1:
        return [_listed(each) for each in figures]
    found: list[Any] = figures.tolist()
    for place in np.flatnonzero(np.isnan(figures)).tolist():
        found[place] = None
    return found


def notes_of(
    bound: Bounds, *, population: bool, private: bool, columns: bool, found: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Return the sentences that belong to the release, as keys of `words` with their fields.

    Args:
        bound: how patients were bounded.
        population: whether intervals cover sampling.
        private: whether the bound was chosen by a charged histogram.
        columns: whether a measure reads a column.
        found: of each key whose categories were found, from how many patients one is shown.
    """
    notes: list[dict[str, Any]] = [{"key": "stats.note-population" if population else "stats.note-noise"}]
    if private:
        fields = {"total": bound.total, "ratio": bound.ratio, "cut": round(100 * (1 - bound.kept))}
        notes.append({"key": "stats.note-private", **fields})
    else:
        notes.append({"key": "stats.note-weights", "max_rows": bound.total})
    notes.append({"key": "stats.note-keys"})
    notes += [{"key": "stats.note-found", "column": key, "patients": least} for key, least in found.items()]
    if columns:
        notes.append({"key": "stats.note-nulls"})
    return notes
