"""A grouped table as a plan: its price, the error to expect, and the one pass that makes it.

Guarantee: adding or removing one patient, with any number of rows and any values, costs at most `epsilon`,
whatever bound on the rows of a patient is chosen. Weights and values are integers throughout. Proof:
`docs/proofs/stats.md`. Knows no ledger: `confide.ledger` charges the plan and calls `execute` once.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import polars as pl

from confide.dp.accountant import exact
from confide.dp.events import Composed, DiscreteLaplace, Event, Failure
from confide.dp.noise import LARGEST_SCALE, Noise
from confide.engines.polars import GRID
from confide.errors import InvalidInput
from confide.stats import bounds
from confide.stats.bounds import ASSUMED, Bounds
from confide.stats.estimates import Estimate, Measure
from confide.stats.expected import Expected
from confide.stats.expressions import derived, keep, parse
from confide.stats.intervals import CONFIDENCE
from confide.stats.keys import Values, cells, checked, column_of, labels, n_cells
from confide.stats.measures import parse_measure
from confide.stats.parts import Covers, Part, choice_scale, draw, event, scale
from confide.stats.section import StatsSection, verify_intervals, verify_request, verify_rows
from confide.stats.slots import size
from confide.stats.tally import Elsewhere, Summed, tally
from confide.types import Json

MOST_SUMS = 1 << 26  # half a gigabyte of whole numbers


@dataclass(frozen=True, kw_only=True, slots=True)
class StatsPlan:
    """What will be counted and what it costs. Every field is public: print, log and sign it freely.

    The records arrive through `execute` and never become a field.
    """

    name: str
    epsilon: float
    measures: tuple[str, ...]
    by: dict[str, Values] = field(default_factory=dict)
    max_rows: int | Literal["private"] = 4
    shares: dict[str, float] = field(default_factory=dict)
    intervals: Covers = "noise"
    where: tuple[str, ...] = ()
    derive: dict[str, str] = field(default_factory=dict)
    source: str = ""
    delta: float = 1e-18  # pays for the sampler, which is exact up to 2^-100 a draw

    def __post_init__(self) -> None:
        """Refuse a plan that could not run, before any budget is touched."""
        verify_request(self.by, self.measures, self.epsilon, self.max_rows, self.shares)
        verify_intervals(self.intervals, self.measures)
        verify_rows(self.where, self.derive)
        object.__setattr__(self, "by", checked(self.by))
        object.__setattr__(self, "where", tuple(self.where))
        object.__setattr__(self, "measures", tuple(self.measures))
        if n_cells(self.by) * sum(size(part.slots) for part in self.parts()) > MOST_SUMS:
            raise InvalidInput("stats.too-many-sums", most=MOST_SUMS)
        if any(self.scale(part) > LARGEST_SCALE for part in self.parts()):
            raise InvalidInput("stats.too-noisy", epsilon=self.epsilon)

    @classmethod
    def from_section(cls, section: StatsSection) -> "StatsPlan":
        """Return the plan that a section of a study file asks for."""
        return cls(
            name=section.name,
            source=section.source,
            by=section.by,
            measures=section.measures,
            max_rows=section.max_rows,
            shares=section.shares,
            intervals=section.intervals,
            where=section.where,
            derive=section.derive,
            epsilon=section.epsilon,
        )

    def parts(self) -> tuple[Part, ...]:
        """Return what is paid for; a part that two measures need is paid once."""
        return tuple(dict.fromkeys(part for measure in self.parsed() for part in measure.parts))

    def share(self, part: Part) -> Fraction:
        """Return what a part may cost: of `epsilon`, what its measures' shares of all shares are.

        A share that is not given is 1. Where the bound is chosen, its histogram is paid first.
        """
        given = {text: exact(self.shares.get(text, 1.0)) for text in self.measures}
        own = sum(
            (given[measure.text] / len(measure.parts) for measure in self.parsed() if part in measure.parts),
            Fraction(0),
        )
        left = 1 - (bounds.SHARE if self.max_rows == "private" else 0)
        return exact(self.epsilon) * left * own / sum(given.values())

    def scale(self, part: Part) -> float:
        """Return the noise scale of a part, in the whole numbers that are summed."""
        return (
            scale(part, self.share(part)) if part.quantile is None else choice_scale(part, self.share(part))
        )

    def event(self) -> Event:
        """Return what one run costs when one patient is added or removed; data only."""
        first = [self._sketch_event()] if self.max_rows == "private" else []
        drawn = [event(part, self.share(part)) for part in self.parts()]
        return Composed((*first, *drawn, Failure(delta=self.delta)))

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
            "shares": {text: repr(float(share)) for text, share in self.shares.items()},
            "intervals": self.intervals,
            "where": list(self.where),
            "derive": dict(self.derive),
            "epsilon": repr(self.epsilon),
            "delta": repr(self.delta),
        }

    def columns(self) -> tuple[str, ...]:
        """Return the columns that hold what is measured."""
        return tuple(dict.fromkeys(column for part in self.parts() for column in part.columns))

    def text_columns(self) -> frozenset[str]:
        """Return the columns that must be read as text, and names that a key may stand for.

        A reader that types a column after looking at all of it would let one patient's odd cell
        change how every other patient's cell reads, and so break the guarantee.
        """
        read = {column for text in (*self.where, *self.derive.values()) for column in parse(text).columns()}
        return frozenset({*self.columns(), *self.by, *(key.removesuffix("_band") for key in self.by), *read})

    def verify_columns(self, columns: Collection[str]) -> None:
        """Raise if a column that the plan needs is not there; call it before anything is charged.

        Raises:
            InvalidInput: names the first missing column.
        """
        there = list(columns)
        for name, text in self.derive.items():
            _verify_there(parse(text).columns(), there)
            if name in there:
                raise InvalidInput("expressions.name-taken", name=name)
            there.append(name)
        for key in self.by:
            column_of(key, there)
        read = [column for condition in self.where for column in parse(condition).columns()]
        _verify_there(["_patient", *self.columns(), *read], there)

    def expected(self, rows: int = 1000) -> dict[str, Expected]:
        """Return the noise on each measure in a group where `rows` rows count, before anything is paid.

        Where the bound is chosen privately, 4 rows of a patient are assumed.
        """
        whole_row = GRID // (ASSUMED if self.max_rows == "private" else self.max_rows)
        return {
            measure.text: measure.error(self.scale(measure.parts[0]), whole_row, rows)
            for measure in self.parsed()
        }

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

    def execute(self, data: pl.DataFrame | Elsewhere, noise: Noise) -> Json:
        """Return the release: one row per public cell, each measure with its interval.

        Guarantee: `epsilon`-differentially private for adding or removing one patient (up to
        `delta` of the sampler). Everything after the noise works on noisy integers and public values.

        Args:
            data: the table, with a column `_patient`; in memory, in pieces or on Spark.
            noise: the charge's source of noise.

        Raises:
            InvalidInput: a column is missing or of a kind that holds no value; never a cell's fault.
        """
        estimates, bound = self.estimates(data, noise)
        return {
            "kind": "stats",
            "name": self.name,
            "source": self.source,
            "by": {key: list(labels(values)) for key, values in self.by.items()},
            "columns": [*self.by, *self.measures],
            "rows": _rows(self, estimates),
            "epsilon": self.epsilon,
            "delta": self.delta,
            "max_rows": bound.total,
            "max_rows_ratio": bound.ratio,
            "kept": bound.kept if self.max_rows == "private" else None,
            "confidence": CONFIDENCE,
            "relation": "add or remove one patient",
            "notes": _notes(self, bound),
        }

    def estimates(self, data: pl.DataFrame | Elsewhere, noise: Noise) -> tuple[dict[str, Estimate], Bounds]:
        """Return the figures of `execute` as arrays in the order of the cells, and how patients were bounded."""
        self.verify_columns(data.columns)
        table: Summed
        if isinstance(data, pl.DataFrame):
            table = tally(self.by, self.parts(), self.rows(data))
        else:
            table = data.tally(self.by, self.parts(), self.rows, self.text_columns())
        bound = self._bounds(table, noise)
        sums = table.sums(lambda part: bound.ratio if part.ratio else bound.total)
        paid = {
            part: draw(part, sums.pop(part), self.share(part), noise, covers=self.intervals)
            for part in self.parts()
        }
        return {
            measure.text: measure.finish([paid[part] for part in measure.parts], bound)
            for measure in self.parsed()
        }, bound

    def rows(self, data: pl.DataFrame) -> pl.DataFrame:
        """Return the rows that fulfil `where`, with the columns of `derive`: each row looked at by itself."""
        if not (self.where or self.derive):
            return data
        wider = derived(data, self.derive)
        return wider.filter(keep(wider, self.where)) if self.where else wider

    def parsed(self) -> list[Measure]:
        """Return the measures, read."""
        return [parse_measure(text, intervals=self.intervals != "none") for text in self.measures]

    def _bounds(self, table: Summed, noise: Noise) -> Bounds:
        """Return how many rows of a patient count: as declared, or chosen from a noisy histogram."""
        if self.max_rows != "private":
            return Bounds(total=self.max_rows, ratio=self.max_rows)
        sketch, wide = bounds.sketch(table.rows()), self._sketch_event().scale
        noisy = sketch + noise.discrete_laplace(wide, size=len(sketch))
        shares = [
            [float(self.share(part)) for part in self.parts() if part.ratio is ratio]
            for ratio in (False, True)
        ]
        return bounds.chosen(noisy, wide, (shares[0], shares[1]), table.n_cells)

    def _sketch_event(self) -> DiscreteLaplace:
        enough = 1 / (exact(self.epsilon) * bounds.SHARE)
        return DiscreteLaplace(sensitivity=1, scale=float(enough * (1 + Fraction(1, 1 << 40))))


def _verify_there(read: Iterable[str], there: Collection[str]) -> None:
    for column in read:
        if column not in there:
            raise InvalidInput("stats.no-column", column=column)


def _rows(plan: StatsPlan, estimates: dict[str, Estimate]) -> list[Json]:
    names = [*plan.by, *estimates]
    columns = [*zip(*cells(plan.by), strict=True), *(_figures(estimate) for estimate in estimates.values())]
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


def _notes(plan: StatsPlan, bound: Bounds) -> list[dict[str, Any]]:
    """Return the sentences that belong to the release, as keys of `words` with their fields."""
    notes: list[dict[str, Any]] = [
        {"key": "stats.note-population" if plan.intervals == "population" else "stats.note-noise"}
    ]
    if plan.max_rows == "private":
        fields = {"total": bound.total, "ratio": bound.ratio, "cut": round(100 * (1 - bound.kept))}
        notes.append({"key": "stats.note-private", **fields})
    else:
        notes.append({"key": "stats.note-weights", "max_rows": plan.max_rows})
    notes.append({"key": "stats.note-keys"})
    if plan.columns():
        notes.append({"key": "stats.note-nulls"})
    return notes
