"""A grouped table as a plan: its price, the error to expect, and the one pass that makes it.

Guarantee: adding or removing one patient, with any number of rows and any values, costs at most `epsilon`,
whatever bound on the rows of a patient is chosen. Weights and values are integers throughout. Proof:
`docs/proofs/stats.md`. Knows no ledger: `confide.ledger` charges the plan and calls `execute` once.
"""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

import polars as pl

from confide.dp.accountant import exact
from confide.dp.events import Composed, DiscreteLaplace, Event, Failure
from confide.dp.noise import LARGEST_SCALE, Noise
from confide.dp.unknown import UnknownKeys
from confide.engines.polars import GRID, verify_readable
from confide.errors import InvalidInput
from confide.stats import bounds, found
from confide.stats.bounds import ASSUMED, Bounds
from confide.stats.estimates import Estimate, Measure
from confide.stats.expected import Expected
from confide.stats.expressions import derived, keep, parse
from confide.stats.intervals import CONFIDENCE
from confide.stats.keys import (
    Asked,
    Keys,
    checked_asked,
    column_of,
    labels,
    listed,
    most_cells,
    unlisted,
    written,
)
from confide.stats.measures import parse_measure
from confide.stats.parts import Covers, Part, choice_scale, draw, event, rounded_up, scale
from confide.stats.release import notes_of, rows_of
from confide.stats.section import (
    SAMPLER_DELTA,
    Shares,
    StatsSection,
    verify_delta,
    verify_intervals,
    verify_request,
    verify_rows,
)
from confide.stats.slots import size
from confide.stats.split import by_hand, least_error
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
    by: Asked = field(default_factory=dict)
    max_rows: int | Literal["private"] = 4
    shares: Shares = field(default_factory=dict)
    intervals: Covers = "noise"
    where: tuple[str, ...] = ()
    derive: dict[str, str] = field(default_factory=dict)
    source: str = ""
    delta: float = (
        SAMPLER_DELTA  # for the sampler, exact up to 2^-100 a draw; and for categories that are found
    )

    def __post_init__(self) -> None:
        """Refuse a plan that could not run, before any budget is touched."""
        verify_request(self.by, self.measures, self.epsilon, self.max_rows, self.shares)
        verify_delta(self.by, self.delta)
        verify_intervals(self.intervals, self.measures)
        verify_rows(self.where, self.derive)
        object.__setattr__(self, "by", checked_asked(self.by))
        object.__setattr__(self, "where", tuple(self.where))
        object.__setattr__(self, "measures", tuple(self.measures))
        if most_cells(self.by) * sum(size(part.slots) for part in self.parts()) > MOST_SUMS:
            raise InvalidInput("stats.too-many-sums", most=MOST_SUMS)
        if any(self.scale(part) > LARGEST_SCALE for part in self.parts()):
            raise InvalidInput("stats.too-noisy", epsilon=self.epsilon)
        self.finding()  # refuses what no threshold would do for

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
            delta=section.delta,
        )

    def parts(self) -> tuple[Part, ...]:
        """Return what is paid for; a part that two measures need is paid once."""
        return tuple(dict.fromkeys(part for measure in self.parsed() for part in measure.parts))

    def share(self, part: Part) -> Fraction:
        """Return what a part may cost: its share of what the histogram of rows and the search for keys leave.

        By `shares`, 1 where none is given; or so that the errors declared are least together.
        """
        if isinstance(self.shares, str):
            own = least_error(self.parsed(), self._for_measures(), self._whole_row())
        else:
            own = by_hand(self.parsed(), self.shares)
        return self._for_measures() * own[part]

    def finding(self) -> UnknownKeys | None:
        """Return how the categories of each column are found that nobody listed; None if all are listed."""
        columns = len(unlisted(self.by))
        if not columns:
            return None
        return found.settings(
            columns, exact(self.epsilon) * found.SHARE, exact(self.delta) - exact(SAMPLER_DELTA)
        )

    def shown_from(self) -> dict[str, int]:
        """Return, of each key whose categories are found, from how many patients one is shown as a rule."""
        finding = self.finding()
        least = 0 if finding is None else math.ceil(found.threshold(finding))
        return dict.fromkeys(unlisted(self.by), least)

    def paid(self) -> dict[str, float]:
        """Return the ε that pays for each measure; measures of one part are paid for together."""
        return {measure.text: float(self.share(measure.parts[0])) for measure in self.parsed()}

    def _for_measures(self) -> Fraction:
        """Return what of ε the measures share."""
        rows = bounds.SHARE if self.max_rows == "private" else 0
        return exact(self.epsilon) * (1 - rows - (found.SHARE if unlisted(self.by) else 0))

    def _whole_row(self) -> int:
        return GRID // (ASSUMED if self.max_rows == "private" else self.max_rows)

    def scale(self, part: Part) -> float:
        """Return the noise scale of a part, in the whole numbers that are summed."""
        return (
            scale(part, self.share(part)) if part.quantile is None else choice_scale(part, self.share(part))
        )

    def event(self) -> Event:
        """Return what one run costs when one patient is added or removed; data only."""
        finding = self.finding()
        keys = [] if finding is None else [finding.event()] * len(unlisted(self.by))
        rows = [self._sketch_event()] if self.max_rows == "private" else []
        drawn = [event(part, self.share(part)) for part in self.parts()]
        failure = Failure(delta=self.delta if finding is None else SAMPLER_DELTA)
        return Composed((*keys, *rows, *drawn, failure))

    def to_json(self) -> Json:
        """Return the kind and all public fields; numbers with a fraction as text."""
        return {
            "kind": "stats",
            "name": self.name,
            "source": self.source,
            "by": written(self.by),
            "measures": list(self.measures),
            "max_rows": self.max_rows,
            "shares": self.shares
            if isinstance(self.shares, str)
            else {text: repr(float(share)) for text, share in self.shares.items()},
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

    def verify_data(self, data: pl.DataFrame | Elsewhere) -> None:
        """Raise if the plan could not run on a table with these columns and types; `Ledger.run` asks before it charges.

        Raises:
            InvalidInput: a column is missing or of a kind that holds no value; never a cell's fault.
        """
        self.verify_columns(data.columns)
        if isinstance(data, pl.DataFrame):
            for name in sorted(self.text_columns() & set(data.columns)):
                verify_readable(data[name])

    def expected(self, rows: int = 1000) -> dict[str, Expected]:
        """Return the noise on each measure in a group where `rows` rows count, before anything is paid.

        Where the bound is chosen privately, 4 rows of a patient are assumed.
        """
        return {
            measure.text: measure.error(self.scale(measure.parts[0]), self._whole_row(), rows)
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
        keys, estimates, bound = self._released(data, noise)
        return {
            "kind": "stats",
            "name": self.name,
            "source": self.source,
            "by": {key: list(labels(values)) for key, values in keys.items()},
            "columns": [*keys, *self.measures],
            "rows": rows_of(keys, estimates),
            "epsilon": self.epsilon,
            "delta": self.delta,
            "max_rows": bound.total,
            "max_rows_ratio": bound.ratio,
            "kept": bound.kept if self.max_rows == "private" else None,
            "confidence": CONFIDENCE,
            "relation": "add or remove one patient",
            "notes": notes_of(
                bound,
                population=self.intervals == "population",
                private=self.max_rows == "private",
                columns=bool(self.columns()),
                found=self.shown_from(),
            ),
        }

    def estimates(self, data: pl.DataFrame | Elsewhere, noise: Noise) -> tuple[dict[str, Estimate], Bounds]:
        """Return the figures of `execute` as arrays in the order of the cells, and how patients were bounded."""
        return self._released(data, noise)[1:]

    def _released(
        self, data: pl.DataFrame | Elsewhere, noise: Noise
    ) -> tuple[Keys, dict[str, Estimate], Bounds]:
        """Return keys, figures and bounds: first what keys there are, then how many rows count, then the sums."""
        self.verify_columns(data.columns)
        chosen = self.rows(data) if isinstance(data, pl.DataFrame) else data
        keys = self._found(chosen, noise)
        table: Summed
        if isinstance(chosen, pl.DataFrame):
            table = tally(keys, self.parts(), chosen)
        else:
            table = chosen.tally(keys, self.parts(), self.rows, self.text_columns())
        bound = self._bounds(table, noise)
        sums = table.sums(lambda part: bound.ratio if part.ratio else bound.total)
        paid = {
            part: draw(part, sums.pop(part), self.share(part), noise, covers=self.intervals)
            for part in self.parts()
        }
        figures = {
            measure.text: measure.finish([paid[part] for part in measure.parts], bound)
            for measure in self.parsed()
        }
        return keys, figures, bound

    def _found(self, data: pl.DataFrame | Elsewhere, noise: Noise) -> Keys:
        """Return the keys with the categories that were found where none were listed."""
        keys, finding = listed(self.by), self.finding()
        if finding is None:
            return keys
        for key in unlisted(self.by):
            if isinstance(data, pl.DataFrame):
                given = found.weights(found.pairs(data, key))
            else:
                given = data.values(key, self.rows, self.text_columns())
            keys[key] = found.shown(finding, given, noise)
        return {key: keys[key] for key in self.by}

    def rows(self, data: pl.DataFrame) -> pl.DataFrame:
        """Return the rows that fulfil `where`, with the columns of `derive`: each row looked at by itself."""
        if not (self.where or self.derive):
            return data
        wider = derived(data, self.derive)
        return wider.filter(keep(wider, self.where)) if self.where else wider

    def parsed(self) -> list[Measure]:
        """Return the measures, read."""
        return [parse_measure(text, intervals=self.intervals) for text in self.measures]

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
        return DiscreteLaplace(sensitivity=1, scale=rounded_up(enough))


def _verify_there(read: Iterable[str], there: Collection[str]) -> None:
    for column in read:
        if column not in there:
            raise InvalidInput("stats.no-column", column=column)
