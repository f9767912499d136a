"""A synthetic table as a plan: its price, and the one run that makes it.

Guarantee: adding or removing one patient, with any number of rows and any values, moves the integer counts of each
measured group of columns by at most `GRID` in L2, and each score of a choice by at most what its mechanism
takes; together that costs at most (epsilon, delta). Model and rows are made from noisy counts alone.
Proof: `docs/proofs/synth.md`. Knows no ledger: `confide.ledger` charges the plan and calls `execute` once.
"""

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.dp.events import Event
from confide.dp.noise import Noise
from confide.engines.polars import Ints, patient_codes, patient_rows, patient_weights
from confide.errors import InvalidInput
from confide.synth.aim import aim
from confide.synth.columns import Rows, codes_of
from confide.synth.graphical import Measured, Model, fit
from confide.synth.junction import Columns
from confide.synth.measure import Packing, measure, packing, total_of
from confide.synth.mst import mst
from confide.synth.rules import Banned
from confide.synth.sample import drawn, unpacked
from confide.synth.section import MOST_SYNTHETIC_ROWS, SynthSection
from confide.synth.write import packed_csv
from confide.types import Json, Progress, no_progress

_TRIES = 200  # rows that break a rule are drawn anew so often


@dataclass(frozen=True, kw_only=True, slots=True)
class SynthPlan:
    """What synthetic table will be made and what it costs. Every field is public: print, log and sign it freely.

    The records arrive through `execute` and never become a field.
    """

    settings: SynthSection

    @property
    def name(self) -> str:
        """Return the name of the release inside its study."""
        return self.settings.name

    @property
    def source(self) -> str:
        """Return the name of the table that is read."""
        return self.settings.source

    @property
    def epsilon(self) -> float:
        """Return what the table costs one patient, at `delta`."""
        return self.settings.epsilon

    @property
    def delta(self) -> float:
        """Return the δ that belongs to `epsilon`."""
        return self.settings.delta

    def event(self) -> Event:
        """Return what one run costs when one patient is added or removed, whatever is chosen on the way."""
        return self.settings.schedule().event()

    def to_json(self) -> Json:
        """Return the kind and all public fields; numbers with a fraction as text."""
        fields = ((each.name, getattr(self.settings, each.name)) for each in dataclasses.fields(SynthSection))
        shown = {key: _shown(value) for key, value in fields}
        if not self.settings.dates:
            del shown["dates"]  # a plan without dates is the plan that it was before there were any
        return {"kind": "synth", **shown, "order": list(self.settings.names)}

    def text_columns(self) -> frozenset[str]:
        """Return the columns that are read, all of which must be read as text.

        A reader that types a column after looking at all of it would let one patient's odd cell
        change how every other patient's cell reads, and so break the guarantee.
        """
        return frozenset(self.settings.names)

    def verify_columns(self, columns: Collection[str]) -> None:
        """Raise if a column that the plan needs is not there; call it before anything is charged.

        Raises:
            InvalidInput: names the first missing column.
        """
        for column in ("_patient", *self.settings.names):
            if column not in columns:
                raise InvalidInput("synth.no-column", column=column)

    def verify_data(self, data: pl.DataFrame) -> None:
        """Raise if the plan could not run on these data, by what is public of them; `Ledger.run` asks before it charges."""
        self.verify_columns(data.columns)

    def execute(self, data: pl.DataFrame, noise: Noise, progress: Progress = no_progress) -> Json:
        """Return the release: the synthetic table as text, with everything public that says how it was made.

        Guarantee: (`epsilon`, `delta`)-differentially private for adding or removing one patient.

        Args:
            data: the table, with a column `_patient`.
            noise: the charge's source of noise; rows are drawn from it too, after all measurements.
            progress: told after each round of AIM.

        Raises:
            InvalidInput: a column is missing or of a kind that holds no value; never a cell's fault.
        """
        self.verify_columns(data.columns)
        rows = bounded_rows(self.settings, data)
        model, packed, groups = fitted(self.settings, rows, noise, progress)
        codes = synthetic_codes(self.settings, model, packed, noise)
        settings, names = self.settings, list(self.settings.names)
        return {
            "kind": "synth",
            "name": settings.name,
            "source": settings.source,
            "method": settings.method,
            "columns": names,
            "measured": [[names[column] for column in group] for group in groups],
            "rows": len(codes),
            "table": packed_csv(settings.listed(), settings.parsed_rules().chains, codes, noise),
            "epsilon": settings.epsilon,
            "delta": settings.delta,
            "max_rows": settings.max_rows,
            "patients": settings.patients,
            "control_share": settings.control_share,
            "rules": list(settings.rules),
            "relation": "add or remove one patient",
            "notes": [
                {"key": "synth.note-what"},
                {"key": "synth.note-weights", "max_rows": settings.max_rows},
                {"key": "synth.note-values"},
                *([{"key": "synth.note-dates"}] if settings.dates else []),
                {"key": "synth.note-control"},
            ],
        }


def bounded_rows(settings: SynthSection, data: pl.DataFrame) -> Rows:
    """Return the rows that count as codes, each with the weight that bounds its patient.

    Guarantee: the weights of one patient sum to at most GRID, and code and weight of a row depend on
    that patient's own rows alone.
    """
    patients = patient_codes(data["_patient"])
    codes, whole = codes_of(settings.listed(), data)
    counted = whole & (patients >= 0)
    weights = patient_weights(patient_rows(patients, counted), settings.max_rows)
    return Rows(codes[counted], weights[patients[counted]], settings.unit)


def fitted(
    settings: SynthSection, rows: Rows, noise: Noise, progress: Progress = no_progress
) -> tuple[Model, Packing, list[Columns]]:
    """Measure and fit; return the model, how its values are packed, and the groups that were measured.

    1. Every column alone. 2. Put values that the noise hides into one. 3. The pairs that rules name.
    4. Choose and measure groups. 5. Fit the model to all of it.
    """
    plan, sizes = settings.schedule(), [column.size for column in settings.listed()]
    # 1.
    singles = [measure(rows, (at,), sizes, sigma, noise) for at, sigma in enumerate(plan.columns)]
    total = total_of(singles)
    # 2.
    packed = packing(singles)
    rows, singles = packed.rows(rows), [packed.measured(one) for one in singles]
    # 3.
    banned: Banned = {
        pair: packed.banned(pair, cells) for pair, cells in settings.parsed_rules().banned.items()
    }
    ruled = [
        measure(rows, pair, packed.sizes, sigma, noise)
        for pair, sigma in zip(banned, plan.pairs, strict=True)
    ]
    # 4.
    start, found = None, [*singles, *ruled]
    if settings.method == "aim":
        more, last = aim(
            rows, packed.sizes, found, total, plan, noise,
            degree=min(settings.degree, len(sizes)), banned=banned, progress=progress,
        )  # fmt: skip
        start = last.weights
    else:
        more = mst(rows, packed.sizes, singles, ruled, total, plan, noise)
    found += more
    # 5.
    model = fit(packed.sizes, found, total=total, banned=banned, start=start)
    return model, packed, _groups(found)


def synthetic_codes(settings: SynthSection, model: Model, packed: Packing, noise: Noise) -> Ints:
    """Return rows of codes that keep all rules: those that break one are drawn anew. After the noise."""
    wanted = settings.rows or min(MOST_SYNTHETIC_ROWS, max(1, round(model.total)))
    rules, kept = settings.parsed_rules(), np.empty((0, len(packed.sizes)), dtype=np.int64)
    for _ in range(_TRIES):
        codes = drawn(model, packed.sizes, wanted - len(kept), noise)
        values = [
            unpacked(places, shares, codes[:, at], noise)
            for at, (places, shares) in enumerate(zip(packed.places, packed.shares, strict=True))
        ]
        codes = np.stack(values, axis=1)
        kept = np.concatenate([kept, codes[~rules.broken(codes)]])
        if len(kept) == wanted:
            break
    return kept


def _groups(measured: list[Measured]) -> list[Columns]:
    return list(dict.fromkeys(one.columns for one in measured if len(one.columns) > 1))


def _shown(value: object) -> object:
    if isinstance(value, dict):
        return {key: _shown(each) for key, each in value.items()}
    if isinstance(value, tuple):
        return [_shown(each) for each in value]
    return repr(value) if isinstance(value, float) else value
