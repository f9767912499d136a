"""The `[[synth]]` section of a study file: one synthetic table to release. All fields public."""

import math
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

from confide.engines.polars import GRID
from confide.errors import InvalidInput
from confide.synth.budget import MODEL_CELLS, Schedule, Shares, aim_shares, mst_shares, schedule
from confide.synth.columns import Column
from confide.synth.dates import date_column
from confide.synth.junction import tree_cells
from confide.synth.promise import noise_in_pairs, verify_large_enough
from confide.synth.rules import Rules, parse_rules

FEWEST_COLUMNS, MOST_COLUMNS = 2, 40
MOST_SYNTHETIC_ROWS = 1_000_000
MOST_ROWS_PER_PATIENT = 1 << 10
MOST_ROUNDS = 200
MOST_EPSILON = 10.0  # up to here the sampler's δ covers all draws: docs/proofs/synth.md


def _doc(sentence: str) -> dict[str, str]:
    return {"doc": sentence}


@dataclass(frozen=True, kw_only=True, slots=True)
class SynthSection:
    """One synthetic table: of which source, which columns with which public values, what it may cost."""

    source: str = field(metadata=_doc("Name of the source, a table."))
    columns: dict[str, tuple[str, ...] | tuple[float, ...]] = field(
        metadata=_doc("Public values per column: texts are categories, numbers are edges of half-open bins.")
    )
    epsilon: float = field(metadata=_doc("What the whole table may cost one patient."))
    dates: dict[str, tuple[str, ...]] = field(
        default_factory=dict,
        metadata=_doc(
            'Columns of dates: public first day, last day and width of a bin, as ["2020-01-01", "2024-12-31", "month"]; '
            "day, week, month, year, or so many of them, as 3 months."
        ),
    )
    patients: int = field(
        metadata=_doc(
            "Public number of patients, such as a published yearly figure; an order of magnitude will do. "
            "Never counted from the file."
        )
    )
    delta: float = field(default=1e-9, metadata=_doc("At most 1 / (100 patients)."))
    method: Literal["mst", "aim"] = field(
        default="mst", metadata=_doc("mst: a tree of pairs, quick. aim: more pairs, closer, slower.")
    )
    name: str = field(default="", metadata=_doc("Name of the release; made up from the source if left out."))
    complete: tuple[str, ...] = field(
        default=(),
        metadata=_doc("Columns that have no missing values; rows without a listed one do not count."),
    )
    rules: tuple[str, ...] = field(
        default=(),
        metadata=_doc("What every row keeps: if sex = M then pregnant = no, or admitted <= discharged."),
    )
    max_rows: int = field(
        default=1, metadata=_doc("How many rows one patient weighs at most; more rows weigh less each.")
    )
    rows: int = field(
        default=0, metadata=_doc("How many rows to make; 0 stands for the noisy number of those that count.")
    )
    rounds: int = field(
        default=0, metadata=_doc("aim: how often to choose and measure; 0 stands for two per column.")
    )
    degree: int = field(default=2, metadata=_doc("aim: columns of a group that is measured, 2 or 3."))
    target: str = field(
        default="", metadata=_doc("Column that a model is to predict, to measure usefulness with, inside.")
    )
    control_share: float = field(
        default=0.1, metadata=_doc("Share of the patients held out, to attack the table with, inside.")
    )

    def __post_init__(self) -> None:
        """Refuse what could never be released, and give the release a name."""
        if not self.name:
            object.__setattr__(self, "name", f"{self.source}-synthetic")
        object.__setattr__(self, "columns", {name: tuple(listed) for name, listed in self.columns.items()})
        object.__setattr__(self, "dates", {name: tuple(asked) for name, asked in self.dates.items()})
        verify_request(self)

    def listed(self) -> tuple[Column, ...]:
        """Return the columns, in the order of the study file, and then those of dates."""
        plain = (
            Column(name=name, listed=listed, complete=name in self.complete)
            for name, listed in self.columns.items()
        )
        days = (
            date_column(name, asked, complete=name in self.complete) for name, asked in self.dates.items()
        )
        return (*plain, *days)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns, in the order of `listed`."""
        return (*self.columns, *self.dates)

    def parsed_rules(self) -> Rules:
        """Return the rules, parsed."""
        return parse_rules(self.rules, self.listed())

    @property
    def unit(self) -> int:
        """Return what a whole row weighs, in the units of the counts; a patient weighs GRID at most."""
        return GRID // self.max_rows

    def shares(self) -> Shares:
        """Return how the budget is divided; it follows from public settings alone."""
        columns, ruled = len(self.names), self.parsed_rules().banned
        if self.method == "aim":
            return aim_shares(columns, len(ruled), self.rounds or min(2 * columns, MOST_ROUNDS))
        return mst_shares(columns, ruled=len(ruled), joined=_joined(columns, tuple(ruled)))

    def schedule(self) -> Schedule:
        """Return the noise of every measurement and the ε of every choice."""
        return schedule(self.shares(), epsilon=self.epsilon, delta=self.delta, sensitivity=GRID)

    def pair_noise(self) -> float:
        """Return how far noise alone moves the shares of a typical pair of columns, 0 to 1; public numbers only."""
        plan = self.schedule()
        return noise_in_pairs(
            [column.size for column in self.listed()],
            sigma=median([noise for _, noise in plan.rounds] or plan.pairs) / self.unit,
            patients=self.patients * (1 - self.control_share),
        )


def _joined(columns: int, pairs: tuple[tuple[int, ...], ...]) -> int:
    """Return how many joins of a tree the pairs make."""
    trees, joined = list(range(columns)), 0
    for first, second in pairs:
        one, other = trees[first], trees[second]
        joined += one != other
        trees = [one if tree == other else tree for tree in trees]
    return joined


def verify_request(section: SynthSection) -> None:
    """Refuse a request that could never be met, or of which nothing could be promised; public values only.

    Raises:
        InvalidInput: names the first field that cannot be.
    """
    if both := sorted(set(section.columns) & set(section.dates)):
        raise InvalidInput("synth.two-lists", column=both[0])
    if not FEWEST_COLUMNS <= len(section.names) <= MOST_COLUMNS:
        raise InvalidInput("synth.columns", fewest=FEWEST_COLUMNS, most=MOST_COLUMNS)
    columns = section.listed()
    for name in (*section.complete, *([section.target] if section.target else [])):
        if name not in section.names:
            raise InvalidInput("synth.not-listed", column=name)
    first, second = sorted(column.size for column in columns)[-2:]
    if first * second > MODEL_CELLS:
        raise InvalidInput("synth.pair-cells", found=first * second, most=MODEL_CELLS)
    _verify_numbers(section)
    ruled = tree_cells([column.size for column in columns], section.parsed_rules().banned)
    if ruled > MODEL_CELLS:
        raise InvalidInput("synth.rule-cells", found=ruled, most=MODEL_CELLS)
    verify_large_enough(section.pair_noise(), section.patients)


def _verify_numbers(section: SynthSection) -> None:
    whole = (
        ("patients", section.patients, 1, 1 << 32),
        ("max_rows", section.max_rows, 1, MOST_ROWS_PER_PATIENT),
        ("rows", section.rows, 0, MOST_SYNTHETIC_ROWS),
        ("rounds", section.rounds, 0, MOST_ROUNDS),
        ("degree", section.degree, 2, 3),
    )
    for name, found, low, high in whole:
        if isinstance(found, bool) or not low <= found <= high:
            raise InvalidInput("synth.whole", field=name, found=found, low=low, high=high)
    if not (math.isfinite(section.epsilon) and 0 < section.epsilon <= MOST_EPSILON):
        raise InvalidInput("synth.epsilon", found=section.epsilon)
    if not 1e-16 <= section.delta <= 1 / (100 * section.patients):
        raise InvalidInput("synth.delta", found=section.delta, most=f"{1 / (100 * section.patients):.3g}")
    if not 0 <= section.control_share <= 0.5:
        raise InvalidInput("synth.control-share", found=section.control_share)
