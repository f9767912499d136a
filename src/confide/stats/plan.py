"""A grouped table as a plan: its price, the error to expect, and the one pass that makes it.

Guarantee: adding or removing one patient, with any number of rows and any values, moves the vector
of exact integer sums of a part by at most `GRID * max_rows * part.bound` in L1; each part gets
discrete Laplace noise for that, and the parts together cost at most `epsilon`. Weights and values
are integers throughout. Proof: `docs/proofs/stats.md`. Knows no ledger: `confide.ledger` charges the
plan and calls `execute` once.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import polars as pl

from confide.dp.accountant import exact
from confide.dp.events import Composed, DiscreteLaplace, Event, Failure
from confide.dp.noise import LARGEST_SCALE, Noise
from confide.engines.polars import (
    GRID,
    Ints,
    bin_places,
    category_places,
    cell_sums,
    combined_codes,
    patient_codes,
    patient_weights,
)
from confide.errors import InvalidInput
from confide.stats.expected import Expected, expected
from confide.stats.intervals import CONFIDENCE
from confide.stats.keys import are_edges, cells, checked, column_of, labels, n_cells
from confide.stats.measures import Estimate, Measure, Noisy, Part, contribution, parse_measure, read_rows
from confide.stats.section import StatsSection, verify_request
from confide.types import Json


@dataclass(frozen=True, kw_only=True, slots=True)
class StatsPlan:
    """What will be counted and what it costs. Every field is public: print, log and sign it freely.

    The records arrive through `execute` and never become a field.
    """

    name: str
    epsilon: float
    measures: tuple[str, ...]
    by: dict[str, tuple[str, ...] | tuple[float, ...]] = field(default_factory=dict)
    max_rows: int = 4
    source: str = ""
    delta: float = 1e-18  # pays for the sampler, which is exact up to 2^-100 a draw

    def __post_init__(self) -> None:
        """Refuse a plan that could not run, before any budget is touched."""
        verify_request(self.by, self.measures, self.epsilon, self.max_rows)
        object.__setattr__(self, "by", checked(self.by))
        object.__setattr__(self, "measures", tuple(self.measures))
        if any(self.scale(part) > LARGEST_SCALE for part in self.parts()):
            raise InvalidInput("stats.too-noisy", epsilon=self.epsilon, max_rows=self.max_rows)

    @classmethod
    def from_section(cls, section: StatsSection) -> "StatsPlan":
        """Return the plan that a section of a study file asks for."""
        return cls(
            name=section.name,
            source=section.source,
            by=section.by,
            measures=section.measures,
            max_rows=section.max_rows,
            epsilon=section.epsilon,
        )

    def parts(self) -> tuple[Part, ...]:
        """Return the integer sums that are paid for; a part that two measures need is paid once."""
        return tuple(dict.fromkeys(part for measure in self._parsed() for part in measure.parts))

    def sensitivity(self, part: Part) -> int:
        """Return how far one patient can move the sums of a part, over all cells together (L1)."""
        return GRID * self.max_rows * part.bound

    def scale(self, part: Part) -> float:
        """Return the noise scale of a part: its sensitivity over an even share of epsilon.

        Guarantee: rounded up, so that the parts cost less than `epsilon` together, however a
        reader rounds the sum of their costs in double precision.
        """
        enough = self.sensitivity(part) * len(self.parts()) / exact(self.epsilon)
        return float(enough * (1 + Fraction(1, 1 << 40)))

    def event(self) -> Event:
        """Return what one run costs when one patient is added or removed; data only."""
        noise = (
            DiscreteLaplace(sensitivity=self.sensitivity(part), scale=self.scale(part))
            for part in self.parts()
        )
        return Composed((*noise, Failure(delta=self.delta)))

    def to_json(self) -> Json:
        """Return the kind and all public fields; numbers with a fraction as text."""
        return {
            "kind": "stats",
            "name": self.name,
            "source": self.source,
            "by": {
                key: [repr(value) if isinstance(value, float) else value for value in values]
                for key, values in self.by.items()
            },
            "measures": list(self.measures),
            "max_rows": self.max_rows,
            "epsilon": repr(self.epsilon),
            "delta": repr(self.delta),
        }

    def columns(self) -> tuple[str, ...]:
        """Return the columns that hold what is measured."""
        return tuple(dict.fromkeys(part.column for part in self.parts() if part.column is not None))

    def text_columns(self) -> frozenset[str]:
        """Return the columns that must be read as text, and names that a key may stand for.

        A reader that types a column after looking at all of it would let one patient's odd cell
        change how every other patient's cell reads, and so break the guarantee.
        """
        return frozenset({*self.columns(), *self.by, *(key.removesuffix("_band") for key in self.by)})

    def verify_columns(self, columns: Collection[str]) -> None:
        """Raise if a column that the plan needs is not there; call it before anything is charged.

        Raises:
            InvalidInput: names the first missing column.
        """
        for key in self.by:
            column_of(key, columns)
        for column in ("_patient", *self.columns()):
            if column not in columns:
                raise InvalidInput("stats.no-column", column=column)

    def expected(self, rows: int = 1000) -> dict[str, Expected]:
        """Return the noise on each measure in a group where `rows` rows count, before anything is paid."""
        return {measure.text: expected(measure, self.scale, rows) for measure in self._parsed()}

    def expected_error(self, rows: int = 1000) -> dict[str, float]:
        """Return half the width of each measure's 95 % interval, before anything is paid.

        Args:
            rows: for a mean or proportion, in a cell where this many rows count; a count and a sum
                are as uncertain in every cell. Where no figure could be shown: half of what is possible.
        """
        found = self.expected(rows)
        return {
            text: one.whole / 2 if one.half_width is None else one.half_width for text, one in found.items()
        }

    def execute(self, data: pl.DataFrame, noise: Noise) -> Json:
        """Return the release: one row per public cell, each measure with its interval.

        Guarantee: `epsilon`-differentially private for adding or removing one patient (up to
        `delta` of the sampler). Everything after the noise works on noisy integers and public values.

        Args:
            data: the table, with a column `_patient`.
            noise: the charge's source of noise.

        Raises:
            InvalidInput: a column is missing or of a kind that holds no value; never a cell's fault.
        """
        noisy = {}
        for part, sums in exact_sums(self, data).items():
            drawn = noise.discrete_laplace(self.scale(part), size=len(sums))
            noisy[part] = Noisy((sums + drawn).astype(np.float64), self.scale(part))
        estimates = {m.text: m.finish([noisy[part] for part in m.parts]) for m in self._parsed()}
        return {
            "kind": "stats",
            "name": self.name,
            "source": self.source,
            "by": {key: list(labels(values)) for key, values in self.by.items()},
            "columns": [*self.by, *self.measures],
            "rows": _rows(self, estimates),
            "epsilon": self.epsilon,
            "delta": self.delta,
            "max_rows": self.max_rows,
            "confidence": CONFIDENCE,
            "relation": "add or remove one patient",
            "notes": _notes(self),
        }

    def _parsed(self) -> list[Measure]:
        return [parse_measure(text) for text in self.measures]


def exact_sums(plan: StatsPlan, data: pl.DataFrame) -> dict[Part, Ints]:
    """Return the exact integer sums per cell, before noise: patient data, to be shown to nobody.

    Guarantee: one patient more or less moves the sums of each part by at most
    `plan.sensitivity(part)` in L1. Rows outside the public keys, without a patient, or without a
    value in the part's column count nowhere, and do not lessen the weight of the patient's others.
    """
    plan.verify_columns(data.columns)
    patients = patient_codes(data["_patient"])
    places = _cell_codes(plan, data)
    places[patients < 0] = -1
    # 1. Parts over the same rows share their weights and one pass.
    read = {(part.column, part.read): read_rows(part, data) for part in plan.parts()}
    same_rows: dict[Any, list[Part]] = {}
    for part in plan.parts():
        everywhere = read[part.column, part.read][0] is None
        same_rows.setdefault(None if everywhere else (part.column, part.read), []).append(part)
    # 2. Bound every patient over those rows, and sum.
    sums: dict[Part, Ints] = {}
    for parts in same_rows.values():
        has_value, _ = read[parts[0].column, parts[0].read]
        counting = places if has_value is None else np.where(has_value, places, -1)
        weights = patient_weights(patients, counting >= 0, plan.max_rows)
        added = [contribution(part, read[part.column, part.read][1]) for part in parts]
        found = cell_sums(counting, patients, weights, added, n_cells(plan.by))
        sums |= dict(zip(parts, found, strict=True))
    return sums


def _cell_codes(plan: StatsPlan, data: pl.DataFrame) -> Ints:
    readers = []
    for key, values in plan.by.items():
        column = data[column_of(key, data.columns)]
        if are_edges(values):
            readers.append(bin_places(column, tuple(float(value) for value in values)))
        else:
            readers.append(category_places(column, tuple(str(value) for value in values)))
    return combined_codes(readers, [len(labels(values)) for values in plan.by.values()], len(data))


def _rows(plan: StatsPlan, estimates: dict[str, Estimate]) -> list[Json]:
    names = [*plan.by, *estimates]
    columns = [*zip(*cells(plan.by), strict=True), *(_figures(estimate) for estimate in estimates.values())]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _figures(estimate: Estimate) -> list[dict[str, float | None]]:
    value: list[float | None] = estimate.value.tolist()
    for place in np.flatnonzero(np.isnan(estimate.value)).tolist():
        value[place] = None
    figures = zip(value, estimate.low.tolist(), estimate.high.tolist(), strict=True)
    return [{"value": middle, "low": low, "high": high} for middle, low, high in figures]


def _notes(plan: StatsPlan) -> list[dict[str, Any]]:
    """Return the sentences that belong to the release, as keys of `words` with their fields."""
    notes: list[dict[str, Any]] = [
        {"key": "stats.note-noise"},
        {"key": "stats.note-weights", "max_rows": plan.max_rows},
        {"key": "stats.note-keys"},
    ]
    if any(part.column is not None for part in plan.parts()):
        notes.append({"key": "stats.note-nulls"})
    return notes
