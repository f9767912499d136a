"""`confide advise`: what an ε means, what remains, what error to expect, which method fits.

Guarantee: nothing is spent and no record is opened; figures come from options, the study file, the ledger
and the plans' own arithmetic. Which method fits stands in `advice.toml`, one row per combination, and in
`words/*/advise.toml`; a row never offers a command that is not there. It advises and decides nothing.
"""

import math
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from confide.dp.explain import Meaning, how_many_more, meaning
from confide.dp.filter import cost_of
from confide.errors import InvalidInput
from confide.ledger.ledger import Ledger
from confide.stats.expected import Wanted, epsilon_for, rows_for
from confide.stats.plan import StatsPlan
from confide.study.check import SIZES, Forecast, after_plans, forecast, reading_ledger, standings
from confide.study.config import Study, load_study
from confide.study.machine import Machine, this_machine
from confide.study.plans import all_plans, stats_plans
from confide.train.logistic import LogisticPlan
from confide.train.section import TrainSection
from confide.types import Json, Status

Goal = Literal["table", "model", "rows", "question", "hospitals"]
Data = Literal["table", "text"]
LawName = Literal["hipaa", "gdpr", "pipl"]

LADDER = (0.1, 0.5, 1.0, 2.0, 4.0, 8.0)
TYPICAL = StatsPlan(
    name="count", measures=("count",), epsilon=1.0
)  # what the sentences of the table speak of
FIVE_PERCENT = Wanted(0.05, True)
ROWS_PER_GIB = 300_000  # a run over 500,000 rows of 20 columns took 1.6 GiB, over 100,000 0.4 GiB


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """A row of the table: what fits a goal. `today`: the commands of this version do it."""

    id: str
    goal: Goal
    data: Data
    patients: tuple[float, float] = (0, math.inf)
    today: bool
    commands: tuple[str, ...]

    def to_json(self) -> Json:
        """Return what `--json` prints; no end of a range is None."""
        low, high = self.patients
        return asdict(self) | {"patients": [low, None if math.isinf(high) else high]}


@dataclass(frozen=True, kw_only=True, slots=True)
class Law:
    """A row of the table: which policy goes under a law, and the status that the output then has."""

    id: str
    law: LawName
    output: Literal["rows", "dp"]
    policy: str | None = None
    status: Status


@dataclass(frozen=True, kw_only=True, slots=True)
class More:
    """How many more releases like `name` the study's allowance and the account would admit after this run."""

    name: str
    allowance: int
    account: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Inverse:
    """What a wanted error takes: the ε of the whole table per group size, and the group size at its own ε."""

    name: str
    measure: str
    epsilon: float
    rows: int | None
    epsilons: list[float | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What somebody asks `confide advise`. Public; None and empty mean: not said."""

    goal: Goal | None = None
    data: Data | None = None
    patients: int | None = None
    law: LawName | None = None
    epsilon: float | None = None
    delta: float | None = None
    error: str | None = None
    sizes: tuple[int, ...] = ()
    measures: tuple[str, ...] = ()
    max_rows: int | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that count nothing."""
        for name, found in (("patients", self.patients), *(("group-size", size) for size in self.sizes)):
            if found is not None and not 1 <= found <= 1 << 32:
                raise InvalidInput("error.invalid-input", field=name, wanted="1 … 2^32", found=found)

    def of_a_plan(self) -> bool:
        """Say whether a plan is described, as a study file would."""
        return not (
            self.epsilon is None and self.delta is None and self.max_rows is None and not self.measures
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Advice:
    """All that `confide advise` says, but for the words. Every figure is public."""

    forecast: Forecast | None
    unit: str
    patients: int | None
    meanings: dict[str, Meaning]
    more: list[More] = field(default_factory=list)
    sizes: list[int]
    inverses: list[Inverse]
    methods: list[Method]
    laws: list[Law]
    machine: Machine
    machine_rows: list[str]

    def to_json(self) -> Json:
        """Return what `--json` prints; a factor too large for a number is None."""
        meanings = {
            name: asdict(one) | {"grade": one.grade, "factor": one.factor if one.factor < math.inf else None}
            for name, one in self.meanings.items()
        }
        return {
            "forecast": None if self.forecast is None else self.forecast.to_json(),
            "unit": self.unit,
            "patients": self.patients,
            "meanings": meanings,
            "more": [asdict(one) for one in self.more],
            "sizes": self.sizes,
            "inverses": [asdict(one) for one in self.inverses],
            "methods": [one.to_json() for one in self.methods],
            "laws": [asdict(one) for one in self.laws],
            "machine": asdict(self.machine) | {"rows": self.machine_rows},
        }


def advise(asked: Asked) -> Advice:
    """Advise without a study, from options alone.

    Raises:
        InvalidInput: an option that cannot be.
    """
    machine = this_machine()
    delta = 0.0 if asked.delta is None else asked.delta
    ladder = LADDER if asked.epsilon is None else (asked.epsilon,)
    sizes = asked.sizes or SIZES
    return Advice(
        forecast=None,
        unit="patient",
        patients=asked.patients,
        meanings={f"{epsilon:g}": meaning(epsilon, delta) for epsilon in ladder},
        sizes=list(sizes),
        inverses=inverses(plans_asked(asked), asked.error, sizes),
        methods=methods(asked.goal, asked.data, asked.patients) if asked.goal else [],
        laws=laws(asked.law, {asked.goal} if asked.goal else {"rows", "table"}),
        machine=machine,
        machine_rows=machine_rows(machine),
    )


def advise_study(folder: Path, asked: Asked) -> Advice:
    """Advise on the study in `folder`: its ε, what remains, its errors, and whether another method fits better.

    Raises:
        InvalidInput: the study file is wrong, or an option describes a plan, which the study does already.
        IntegrityError: the ledger is not what it was.
    """
    if asked.of_a_plan():
        raise InvalidInput("advise.folder-or-plan")
    study, machine = load_study(folder), this_machine()
    sizes = asked.sizes or SIZES
    with reading_ledger(folder) as ledger:
        found = forecast(study, ledger, sizes=sizes)
        more = [] if ledger is None or found.account_left is None else _more(study, ledger, found)
    patients = asked.patients or found.patients
    wishes = {(asked.goal, asked.data)} if asked.goal else goals_of(study)
    return Advice(
        forecast=found,
        unit=found.unit,
        patients=patients,
        meanings={
            name: meaning(left.epsilon, left.delta)
            for name, left in (("allowance", found.allowance), ("account", found.account_left))
            if left is not None
        },
        more=more,
        sizes=list(sizes),
        inverses=inverses(stats_plans(study), asked.error, sizes),
        methods=[
            row
            for goal, data in sorted(wishes, key=str)
            for row in methods(goal, asked.data or data, patients)
        ],
        laws=laws(asked.law or law_of(study), {goal for goal, _ in wishes}),
        machine=machine,
        machine_rows=machine_rows(machine),
    )


# error -----------------------------------------------------------------------------------------------


def plans_asked(asked: Asked) -> list[StatsPlan]:
    """Return one table per measure that was named; where none was, one count and one proportion."""
    return [
        StatsPlan(
            name=text,
            measures=(text,),
            epsilon=1.0 if asked.epsilon is None else asked.epsilon,
            max_rows=TYPICAL.max_rows if asked.max_rows is None else asked.max_rows,
        )
        for text in asked.measures or ("count", "proportion(column, value)")
    ]


def inverses(plans: Sequence[StatsPlan], error: str | None, sizes: Sequence[int]) -> list[Inverse]:
    """Return what the wanted error takes, per table and measure; nothing where none is wanted."""
    if error is None:
        return []
    wanted = Wanted.parse(error)
    return [
        Inverse(
            name=plan.name,
            measure=text,
            epsilon=plan.epsilon,
            rows=rows_for(plan, text, wanted),
            epsilons=[epsilon_for(plan, text, wanted, size) for size in sizes],
        )
        for plan in plans
        for text in plan.measures
    ]


def typical_figures(patients: int | None) -> dict[str, object]:
    """Return the figures that the sentences of the table name, computed by the plans themselves."""
    rows, rows_one = (
        rows_for(replace(TYPICAL, max_rows=most), "count", FIVE_PERCENT) or 0
        for most in (TYPICAL.max_rows, 1)
    )
    return {
        "half": f"{TYPICAL.expected_error()['count']:.0f}",
        "max_rows": TYPICAL.max_rows,
        "rows": rows,
        "rows_one": rows_one,
        "noise": f"{typical_model(patients or 10_000).expected(1).noise:.0f}",
    }


def typical_model(patients: int) -> LogisticPlan:
    """Return a training with the defaults at ε = 1 and ten columns, the intercept among them."""
    features = tuple(f"number(x{i}, 0, 1)" for i in range(9))
    delta = min(1e-7, 1 / (100 * patients))
    section = TrainSection(
        source="-", target="y", features=features, epsilon=1.0, patients=patients, delta=delta
    )
    return LogisticPlan(settings=section)


# what remains ------------------------------------------------------------------------------------------


def _more(study: Study, ledger: Ledger, found: Forecast) -> list[More]:
    """Count the further releases of each kind, each kind alone, after what the run would charge."""
    due = [] if found.refusal else [p for p in all_plans(study) if p.name not in _released(found)]
    after = {
        name: (rule, after_plans(rule, spent, due))
        for name, (rule, spent) in standings(study, ledger).items()
    }
    return [
        More(
            name=plan.name,
            **{
                name: how_many_more(rule, spent, cost_of(plan.event(), plan.delta, rule))
                for name, (rule, spent) in after.items()
            },
        )
        for plan in all_plans(study)
    ]


def _released(found: Forecast) -> set[str]:
    return {price.name for price in found.prices if price.released}


# which method ------------------------------------------------------------------------------------------


def goals_of(study: Study) -> set[tuple[Goal, Data]]:
    """Return what a study is out for."""
    kinds = {source.name: source.holds for source in study.source}
    goals: set[tuple[Goal, Data]] = set()
    if study.stats:
        goals.add(("table", "table"))
    if any(isinstance(section, TrainSection) for section in study.train):
        goals.add(("model", "table"))
    for name in study.leaving:
        goals.add(("rows", "text" if kinds[name] == "notes" else "table"))
    return goals


def methods(goal: Goal, data: Data | None, patients: int | None) -> list[Method]:
    """Return the rows that fit; what was not said fits every row."""
    return [
        row
        for row in all_methods()
        if row.goal == goal
        and data in (None, row.data)
        and (patients is None or row.patients[0] <= patients < row.patients[1])
    ]


def laws(law: LawName | None, goals: set[Goal]) -> list[Law]:
    """Return the rows of a law for what the goals put out; none where no law was named."""
    outputs = {"rows" if goal == "rows" else "dp" for goal in goals}
    return [row for row in all_laws() if row.law == law and row.output in outputs]


def law_of(study: Study) -> LawName | None:
    """Return the law whose policy a study names."""
    policy = None if study.deid is None else study.deid.policy
    found = [row.law for row in all_laws() if row.policy is not None and row.policy == policy]
    return found[0] if found else None


def machine_rows(machine: Machine) -> list[str]:
    """Return the ids of what is to be said about a machine."""
    found: list[dict[str, Any]] = _rows()["machine"]
    return [
        str(row["id"])
        for row in found
        if row["range"][0] <= getattr(machine, row["figure"]) < row["range"][1]
    ]


@cache
def all_methods() -> tuple[Method, ...]:
    """Return the methods of the table, in its order."""
    rows: list[dict[str, Any]] = _rows()["method"]
    return tuple(
        Method(
            **row
            | {"patients": tuple(row.get("patients", (0, math.inf))), "commands": tuple(row["commands"])}
        )
        for row in rows
    )


@cache
def all_laws() -> tuple[Law, ...]:
    """Return the laws of the table, in its order."""
    return tuple(Law(**row) for row in _rows()["law"])


@cache
def _rows() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("advice.toml").read_text(encoding="utf-8"))
