"""The exact integer sums behind a table: one pass over a frame, each patient bounded. Patient data throughout.

Guarantee: one patient more or less moves the sums of a part by at most `part.sensitivity` in L1, over all groups
and slots together, whatever `max_rows` is. Knows no noise: `confide.stats.plan` adds it before anything is shown.
"""

from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import polars as pl

from confide.engines.polars import (
    Ints,
    Mask,
    Reading,
    cell_sums,
    combined_codes,
    patient_codes,
    patient_rows,
    patient_weights,
)
from confide.stats.keys import REST, Keys, column_of, labels, n_cells
from confide.stats.parts import Part
from confide.stats.slots import Patients, placer, read, same_rows

Rows = Callable[[pl.DataFrame], pl.DataFrame]  # keeps some rows and adds columns, each row by itself


class Summed(Protocol):
    """A table with its patients and groups told apart, wherever its rows are."""

    @property
    def n_cells(self) -> int:
        """The number of groups."""
        ...

    def rows(self) -> Ints:
        """Return how many rows each patient has in the groups, in no order."""
        ...

    def sums(self, max_rows: Callable[[Part], int]) -> dict[Part, Ints]:
        """Return the exact sums of every part, shape (cells, slots)."""
        ...


class Elsewhere(Protocol):
    """A table that is not in memory: in pieces (`confide.stats.pieces`) or on Spark (`confide.stats.spark`)."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, `_patient` among them."""
        ...

    def tally(self, by: Keys, parts: tuple[Part, ...], rows: Rows, wanted: Collection[str]) -> Summed:
        """Tell patients and groups apart, of the rows that `rows` makes, looking at the columns `wanted`."""
        ...

    def values(self, key: str, rows: Rows, wanted: Collection[str]) -> dict[str, int]:
        """Return what `confide.stats.found.weights` gives for the values of a key in these rows."""
        ...


@dataclass(frozen=True, slots=True)
class Tally:
    """A table with its patients and groups told apart. Shown to nobody."""

    patients: Ints  # a code of each row's patient
    places: Ints  # of each row's group; -1 for none, or where there is no patient
    n_cells: int
    readings: dict[Part, Reading]
    _own: list[Ints] = field(default_factory=list)

    def __repr__(self) -> str:
        return "Tally(hidden)"

    def rows(self) -> Ints:
        """Return how many rows each patient has in the groups, by patient code."""
        if not self._own:  # asked for twice where the bound is chosen
            self._own.append(patient_rows(self.patients, _both(self.places, None)))
        return self._own[0]

    def sums(self, max_rows: Callable[[Part], int]) -> dict[Part, Ints]:
        """Return the exact sums of every part, shape (cells, slots).

        Args:
            max_rows: how many rows of a patient are whole ones in a part.
        """
        # 1. How many rows of each patient count, and so what each row weighs: parts over the same rows share it.
        rows: dict[Hashable, Ints] = {}
        weights: dict[Hashable, Ints] = {}
        own = {
            part: (None if reading.counted is None else same_rows(part.slots), max_rows(part))
            for part, reading in self.readings.items()
        }
        for part, (same, most) in own.items():
            if same not in rows:
                mask = self.readings[part].counted
                rows[same] = (
                    self.rows() if mask is None else patient_rows(self.patients, _both(self.places, mask))
                )
            if (same, most) not in weights:
                weights[same, most] = patient_weights(rows[same], most)
        # 2. One pass for all parts that add up rows, and one for the patients of a group.
        summed = [part for part in self.readings if not isinstance(part.slots, Patients)]
        found = cell_sums(
            self.places,
            self.patients,
            [weights[own[part]] for part in summed],
            [self.readings[part] for part in summed],
            self.n_cells,
        )
        sums = dict(zip(summed, found, strict=True))
        for part in self.readings:
            if isinstance(part.slots, Patients):
                sums[part] = _patient_sums(self.places, self.patients, max_rows(part), self.n_cells)
        return sums


def tally(by: Keys, parts: tuple[Part, ...], data: pl.DataFrame) -> Tally:
    """Tell the patients and the groups of a table apart, and read what its rows add.

    Args:
        by: the public keys.
        parts: what is to be summed.
        data: the table, with a column `_patient`.
    """
    patients = patient_codes(data["_patient"])
    readers = [
        placer(
            data[column_of(key, data.columns)],
            values,
            rest=tuple(values).index(REST) if REST in values else None,
        )
        for key, values in by.items()
    ]
    places = combined_codes(readers, [len(labels(values)) for values in by.values()], len(data))
    places[patients < 0] = -1
    return Tally(patients, places, n_cells(by), {part: read(part.slots, data) for part in parts})


def _both(places: Ints, counted: Mask | None) -> Mask | None:
    inside = places >= 0
    if inside.all():
        return counted
    return inside if counted is None else inside & counted


def _patient_sums(places: Ints, patients: Ints, max_cells: int, n_cells: int) -> Ints:
    """Let each patient weigh `GRID` at most over all groups with a row of theirs, the same in each."""
    inside = places >= 0
    pairs = np.unique(patients[inside] * n_cells + places[inside])
    weights = patient_weights(patient_rows(pairs // n_cells, None), max_cells)
    sums = np.zeros(n_cells, dtype=np.int64)
    np.add.at(sums, pairs % n_cells, weights[pairs // n_cells])
    return sums[:, None]
