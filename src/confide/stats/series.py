"""Counts per public group, released period by period (a monthly dashboard), and paid for once, before the first.

Guarantee: all periods together cost one patient what `SeriesPlan.event` says, if the series was charged and each step is
shown once. Each step is a plan of its own: its charge is durable before its noise is drawn, its release is committed once
and shown again byte for byte. What it costs beside the series is the sampler's failure. `confide.study.series` is the door;
proof: `docs/proofs/continual.md`; why so: `docs/decisions/0021-a-series-is-paid-once.md`.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

from confide.dp.continual import LARGEST_LENGTH, ContinualCount
from confide.dp.events import DiscreteGaussian, Failure, check_whole
from confide.dp.noise import Noise
from confide.engines.polars import Floats, Ints, read_numbers, read_text
from confide.errors import InvalidInput
from confide.stats.keys import Keys, are_edges, cells, checked, column_of, labels, n_cells
from confide.stats.pieces import Growing, Pieces
from confide.stats.tally import tally
from confide.types import Json

GRID = 1 << 10  # weight 1 in fixed point
SAMPLER_DELTA = 1e-18
PERIOD, NEW, TOTAL = "period", "count", "running_count"
_Z = 1.959964
Table = pl.DataFrame | Pieces


@dataclass(frozen=True, kw_only=True)
class SeriesPlan:
    """What a series counts, over which periods, and what all of it costs. Every field is public.

    `max_rows`: so many rows of one patient count, over all periods together, the earliest first.
    """

    name: str
    epsilon: float
    delta: float
    periods: tuple[str, ...]
    by: Keys = field(default_factory=dict)
    max_rows: int = 4
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse a series that could not run, before any budget is touched."""
        object.__setattr__(self, "by", checked(self.by))
        object.__setattr__(self, "periods", tuple(self.periods))
        if not 1 <= len(self.periods) <= LARGEST_LENGTH or len(set(self.periods)) < len(self.periods):
            raise InvalidInput("series.periods", most=LARGEST_LENGTH)
        if taken := {PERIOD, NEW, TOTAL} & set(self.by):
            raise InvalidInput("series.key-taken", key=sorted(taken)[0])
        check_whole("max_rows", self.max_rows, 1, GRID)
        self.event()

    @cached_property
    def counter(self) -> ContinualCount:
        """Return the mechanism, with the least noise that the budget allows."""
        return ContinualCount.for_budget(
            epsilon=self.epsilon,
            delta=self.delta,
            steps=len(self.periods),
            cells=n_cells(self.by),
            sensitivity=GRID * self.max_rows,
        )

    def event(self) -> DiscreteGaussian:
        """Return what all periods together cost when one patient is added or removed; data only."""
        return self.counter.event()

    def to_json(self) -> Json:
        """Return the kind and all public fields; numbers with a fraction as text."""
        return {
            "kind": "series",
            "name": self.name,
            "source": self.source,
            "periods": list(self.periods),
            "by": {
                key: [repr(value) if isinstance(value, float) else value for value in values]
                for key, values in self.by.items()
            },
            "max_rows": self.max_rows,
            "epsilon": repr(self.epsilon),
            "delta": repr(self.delta),
        }

    def text_columns(self) -> frozenset[str]:
        """Return the columns that must be read as text, as for `StatsPlan`."""
        return frozenset({*self.by, *(key.removesuffix("_band") for key in self.by)})

    def verify_columns(self, columns: Collection[str]) -> None:
        """Raise if a column that a period needs is not there; call it before anything is charged."""
        for key in self.by:
            column_of(key, columns)
        if "_patient" not in columns:
            raise InvalidInput("stats.no-column", column="_patient")

    def expected_error(self) -> list[float]:
        """Return, per period, half of the 95 % interval of what is new in it; known before anything is paid."""
        return [float(_Z * error / GRID) for error in self.counter.news_errors()]

    def execute(self, data: None, noise: Noise) -> Json:
        """Return the declaration of the series: public settings alone. No record is read and no noise drawn."""
        return self.declaration()

    def declaration(self) -> Json:
        """Return what the paid series says of itself."""
        return {**self.to_json(), "expected_error": self.expected_error()}


@dataclass(frozen=True, kw_only=True, slots=True)
class StepData:
    """What a step reads: patient data, beside what was released before it."""

    tables: Sequence[Table] = field(repr=False)  # one per period up to the step's own
    before: Sequence[Json] = field(repr=False)  # releases of the steps before
    opening: Json = field(repr=False)  # release of the paid series


@dataclass(frozen=True, kw_only=True, slots=True)
class SeriesStep:
    """One period of a series that is paid for. Public.

    `paid_by`: number of the ledger's entry that committed the series; whoever reads the ledger finds the price there.
    """

    series: SeriesPlan
    step: int  # 1 for the first period
    paid_by: int
    delta: float = SAMPLER_DELTA

    def __post_init__(self) -> None:
        """Refuse a step that the series has not."""
        check_whole("step", self.step, 1, len(self.series.periods))

    @property
    def name(self) -> str:
        """Return the name of this release inside its study."""
        return f"{self.series.name} {self.series.periods[self.step - 1]}"

    @property
    def epsilon(self) -> float:
        """Return what the step costs beside the series."""
        return 0.0

    def event(self) -> Failure:
        """Return what the step costs beside the series: the sampler's distance from the noise that was paid for."""
        return Failure(delta=self.delta)

    def to_json(self) -> Json:
        """Return every public field."""
        return {
            "kind": "series-step",
            "series": self.series.to_json(),
            "step": self.step,
            "paid_by": self.paid_by,
        }

    def execute(self, data: StepData, noise: Noise) -> Json:
        """Return the release: every period so far, what is new in it and the total up to it, per group.

        Args:
            data: the tables of all periods so far, and what was released before.
            noise: the step's own charge's; never used by another step.

        Raises:
            InvalidInput: the series is not the paid one, or tables or releases are not those of the steps before.
        """
        series = self.series
        if data.opening != series.declaration():
            raise InvalidInput("series.unpaid", name=series.name)
        if len(data.tables) != self.step or [each["step"] for each in data.before] != list(
            range(1, self.step)
        ):
            raise InvalidInput("series.order", name=series.name)
        row = series.counter.row(exact_counts(series, data.tables), noise)
        shown = [*([int(cell) for cell in each["row"]] for each in data.before), row.tolist()]
        totals = series.counter.totals(np.array(shown, dtype=np.int64)) / GRID
        return {
            "kind": "stats",
            "name": self.name,
            "source": series.source,
            "step": self.step,
            "row": [str(cell) for cell in row.tolist()],  # of C x + z; the steps after need it
            "by": {PERIOD: list(series.periods[: self.step])}
            | {key: list(labels(values)) for key, values in series.by.items()},
            "columns": [PERIOD, *series.by, NEW, TOTAL],
            "rows": _rows(series, totals),
            "epsilon": series.epsilon,
            "delta": series.delta,
            "max_rows": series.max_rows,
            "confidence": 0.95,
            "relation": "add or remove one patient",
            "notes": [
                {"key": "series.note-noise"},
                {"key": "series.note-paid"},
                {"key": "series.note-rows", "max_rows": series.max_rows},
            ],
        }


def exact_counts(series: SeriesPlan, tables: Sequence[Table]) -> Ints:
    """Return what is new in each period, in 1/1024 of a row, shape (periods, cells): shown to nobody.

    Guarantee: one patient adds at most `GRID * max_rows` to all of it. What is new in a period depends on that period's
    table and those before, so that it is the same whenever it is computed, and however the tables are cut into pieces.

    Each table is gone through twice: how many rows of each patient count, then what each adds. Between them there is an
    id and a number for each patient.
    """
    counts = np.zeros((len(tables), n_cells(series.by)), dtype=np.int64)
    spent = pl.DataFrame(schema={"patient": pl.String, "spent": pl.Int64})
    for period, table in enumerate(tables):
        # 1. What each row of a patient weighs: all together no more than what earlier periods left.
        rows = Growing(lambda frame: frame.group_by("patient").agg(pl.col("rows").sum()))
        for patients, places in _inside(series, table):
            rows.add(pl.DataFrame({"patient": patients, "rows": np.ones(len(places), dtype=np.int64)}))
        if (own := rows.whole()) is None:
            continue
        own = own.join(spent, on="patient", how="left").with_columns(pl.col("spent").fill_null(0))
        left = GRID * series.max_rows - pl.col("spent")
        own = own.with_columns(weight=pl.min_horizontal(left // pl.col("rows"), pl.lit(GRID)))
        # 2. What the period adds to each group.
        for patients, places in _inside(series, table):
            weighed = pl.DataFrame({"patient": patients}).join(
                own, on="patient", how="left", maintain_order="left"
            )
            np.add.at(counts[period], places, weighed["weight"].to_numpy())
        more = own.select("patient", spent=pl.col("weight") * pl.col("rows"))
        spent = pl.concat([spent, more]).group_by("patient").agg(pl.col("spent").sum())
    return counts


def _inside(series: SeriesPlan, table: Table) -> Iterator[tuple[pl.Series, Ints]]:
    """Yield, piece by piece, the patient and the group of each row that counts, each cell read by itself."""
    series.verify_columns(table.columns)
    names = ["_patient", *dict.fromkeys(column_of(key, table.columns) for key in series.by)]
    for piece in table.of(names) if isinstance(table, Pieces) else [table]:
        columns = [read_text(piece["_patient"]).alias("_patient")]
        for key, values in series.by.items():
            column = piece[column_of(key, table.columns)]
            columns.append(
                pl.Series(key, read_numbers(column)) if are_edges(values) else read_text(column).alias(key)
            )
        frame = pl.DataFrame(columns)
        places = tally(series.by, (), frame).places
        yield frame["_patient"].filter(places >= 0), places[places >= 0]


def _rows(series: SeriesPlan, totals: Floats) -> list[Json]:
    """Return a row per period and group; what the noise makes negative is shown as 0."""
    news = np.diff(totals, axis=0, prepend=0.0)
    wide = [_Z / GRID * errors for errors in (series.counter.news_errors(), series.counter.errors())]
    groups = list(cells(series.by))
    return [
        {
            PERIOD: period,
            **dict(zip(series.by, group, strict=True)),
            NEW: _figure(float(news[at, cell]), float(wide[0][at])),
            TOTAL: _figure(float(totals[at, cell]), float(wide[1][at])),
        }
        for at, period in enumerate(series.periods[: len(totals)])
        for cell, group in enumerate(groups)
    ]


def _figure(value: float, half: float) -> Json:
    return {"value": max(value, 0.0), "low": max(value - half, 0.0), "high": max(value + half, 0.0)}
