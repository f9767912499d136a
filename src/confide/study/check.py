"""`confide check` and `confide run --dry-run`: what a run would cost, leave and err, before anything is spent.

Guarantee: the ledger has the same entries before and after. `dry_run` opens the study file and the ledger
and nothing else: no record, no vault, no passphrase. `check_study` reads the records as well, to find
what a run would find wrong with them; no figure of a forecast depends on one.
"""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from confide.deid.policy import load_policy
from confide.dp.filter import Rule, Spent, cost_of
from confide.errors import BudgetExceeded, ConfideError, InvalidInput
from confide.ledger.home import CHECKPOINT as HOME_CHECKPOINT
from confide.ledger.home import LEDGER, home, open_ledger
from confide.ledger.ledger import Ledger
from confide.stats.bounds import ASSUMED
from confide.stats.expected import Expected
from confide.stats.images import ImagePlan
from confide.stats.plan import StatsPlan
from confide.stats.section import LEAST_ERROR
from confide.stats.series import SeriesPlan
from confide.study.cohort import members_of
from confide.study.config import Study, load_study
from confide.study.declared import Declared, declared
from confide.study.keys import nobody_types
from confide.study.plans import AnyPlan, all_plans, verify_paid, verify_plans
from confide.study.rows import policy_of
from confide.study.sources import read_originals
from confide.study.tokens import status_of
from confide.study.training_audits import AuditPlan
from confide.study.workplace import CHECKPOINT, open_workplace
from confide.synth.plan import SynthPlan
from confide.train.expected import Signal
from confide.train.logistic import LogisticPlan
from confide.train.tuned import TunedPlan
from confide.types import Json, Progress, Status, no_progress

SIZES = (100, 1_000, 10_000)
_KINDS = {
    StatsPlan: "stats", SeriesPlan: "series", ImagePlan: "images", SynthPlan: "synth", LogisticPlan: "train",
    TunedPlan: "train", AuditPlan: "audit",
}  # else a task # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """What one release would cost, and how far off it would be. Public settings only.

    `errors`: per measure of a table, one figure per assumed group size. `signals`: for a model, one per
    assumed number of patients. `pair_noise`: for a synthetic table, what noise alone moves in a pair of columns.
    `found`: of each key whose categories are found, from how many patients one is shown. `paid`: the ε of each
    measure, where it was shared out for the least declared error. `periods`: of a series, half of the interval of each.
    `images`: for each assumed number of images of a group, half of the interval of a grey level and of a histogram's share.
    """

    name: str
    kind: str
    source: str
    epsilon: float
    delta: float
    released: bool
    max_rows: int | None
    errors: dict[str, list[Expected]]
    signals: list[Signal]
    pair_noise: float | None = None
    periods: list[tuple[str, float]] = field(default_factory=list)
    found: dict[str, int] = field(default_factory=dict)
    paid: dict[str, float] = field(default_factory=dict)
    images: list[tuple[float | None, float | None]] = field(default_factory=list)

    def to_json(self) -> Json:
        """Return what `--json` prints."""
        errors = {
            text: [asdict(one) | {"share": one.share} for one in ones] for text, ones in self.errors.items()
        }
        signals = [asdict(one) | {"grade": one.grade} for one in self.signals]
        return asdict(self) | {"errors": errors, "signals": signals}


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """What an account or an allowance may spend, has left before a run and after it; None where it is refused."""

    name: str
    epsilon: float
    delta: float
    before: float
    after: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaving:
    """A source that would leave row by row: ε does not cover it."""

    source: str
    policy: str
    status: Status


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """What a run would spend and leave. `refusal` is what would end it before anything is charged.

    `patients` is the public figure of the account; `broken_gate` the study's ε after the run where its own
    gate would not let it leave, though it would be charged. `declared` is a second number, which no ledger uses.
    """

    study: str
    account: str
    unit: str
    sizes: Sequence[int]
    prices: list[Price]
    asked: float
    asked_delta: float
    declared: Declared
    allowance: Left
    account_left: Left | None
    patients: int | None
    rows: list[Leaving]
    gate: float | None
    broken_gate: float | None
    refusal: ConfideError | None

    @property
    def left(self) -> float:
        """Return the ε that the study's allowance would have left."""
        return self.allowance.before if self.allowance.after is None else self.allowance.after

    def to_json(self) -> Json:
        """Return what `--json` prints."""
        shown = asdict(replace(self, refusal=None)) | {"prices": [price.to_json() for price in self.prices]}
        return shown | {"refusal": None if self.refusal is None else self.refusal.to_json()["error"]}


def check_study(
    folder: Path, *, ask: Callable[[], str] = nobody_types, progress: Progress = no_progress
) -> Forecast:
    """Validate the study in `folder` and its records, and price its steps.

    Raises:
        InvalidInput: the study file or a source is wrong.
        BudgetExceeded: a run would be refused.
    """
    with open_workplace(folder, ask=ask) as place:
        study, ledger = place.study, place.ledger
        verify_paid(study, ledger)
        records = read_originals(study, place.vault, members=members_of(study, ledger), progress=progress)
        verify_plans(study, ledger, records.columns, records.commitments, records.sizes)
        return forecast(study, ledger)


def dry_run(folder: Path, *, sizes: Sequence[int] = SIZES) -> Forecast:
    """Price the study in `folder` from its study file and the ledger alone.

    Guarantee: nothing is spent and no record is opened, present or not.

    Raises:
        InvalidInput: the study file is wrong.
        IntegrityError: the ledger is not what it was.
    """
    study = load_study(folder)
    with reading_ledger(folder) as ledger:
        return forecast(study, ledger, sizes=sizes)


@contextmanager
def reading_ledger(folder: Path) -> Iterator[Ledger | None]:
    """Open the institution's ledger to look at it; None where there is none yet, and none is made."""
    checkpoint = folder / CHECKPOINT
    traces = [home() / LEDGER, home() / HOME_CHECKPOINT, checkpoint]
    if "CONFIDE_LEDGER" in os.environ or any(trace.exists() for trace in traces):
        with open_ledger(home(), checkpoints=[checkpoint]) as ledger:
            yield ledger
    else:
        yield None


def forecast(study: Study, ledger: Ledger | None, *, sizes: Sequence[int] = SIZES) -> Forecast:
    """Say what a run of `study` would cost, leave and err.

    1. Ask the ledger whether it would let the run begin. 2. Price each release. 3. Take the prices from
    allowance and account.
    """
    refusal, released = _would_refuse(study, ledger)
    plans = all_plans(study)
    due = [plan for plan in plans if plan.name not in released]
    asked = math.fsum(plan.epsilon for plan in due)
    allowance, account = _lefts(study, ledger, due, refused=refusal is not None)
    return Forecast(
        study=study.study.name,
        account=study.account.name,
        unit=study.patient.unit,
        sizes=list(sizes),
        prices=[_price(plan, plan.name in released, sizes) for plan in plans],
        asked=asked,
        asked_delta=math.fsum(plan.delta for plan in due),
        declared=declared(study),
        allowance=allowance,
        account_left=account,
        patients=None if ledger is None or account is None else ledger.balance(study.account.name).patients,
        rows=_leaving(study),
        gate=study.gates.epsilon,
        broken_gate=None if refusal else _broken_gate(study, ledger, due, asked),
        refusal=refusal,
    )


def _would_refuse(study: Study, ledger: Ledger | None) -> tuple[ConfideError | None, set[str]]:
    """Return what a run would be refused with before it begins, and the names of what is released already."""
    if ledger is None:
        return InvalidInput("ledger.no-account", account=study.account.name), set()
    try:
        return None, verify_paid(study, ledger)[1]
    except (InvalidInput, BudgetExceeded) as error:
        refusal = error
    name, account, released = study.study.name, study.account, set()
    for plan in all_plans(study):
        with suppress(InvalidInput, BudgetExceeded):
            released |= ledger.price(
                [plan],
                study=name,
                account=account.name,
                epsilon=account.epsilon,
                delta=account.delta,
                cohort=account.cohort,
            )[1]
    return refusal, released


def _price(plan: AnyPlan, released: bool, sizes: Sequence[int]) -> Price:
    max_rows: int | None = None
    errors: dict[str, list[Expected]] = {}
    signals: list[Signal] = []
    pair_noise: float | None = None
    found: dict[str, int] = {}
    paid: dict[str, float] = {}
    periods: list[tuple[str, float]] = []
    images: list[tuple[float | None, float | None]] = []
    if isinstance(plan, StatsPlan):
        found = plan.shown_from()
        paid = plan.paid() if plan.shares == LEAST_ERROR else {}
        max_rows = ASSUMED if plan.max_rows == "private" else plan.max_rows
        by_size = [plan.expected(size) for size in sizes]
        errors = {text: [found[text] for found in by_size] for text in plan.measures}
    elif isinstance(plan, SeriesPlan):
        max_rows, periods = plan.max_rows, list(zip(plan.periods, plan.expected_error(), strict=True))
    elif isinstance(plan, ImagePlan):
        max_rows, images = plan.max_images, [_of_images(plan, size) for size in sizes]
    elif isinstance(plan, SynthPlan):
        max_rows, pair_noise = plan.settings.max_rows, plan.settings.pair_noise()
    elif isinstance(plan, LogisticPlan | TunedPlan):
        signals = [plan.expected(patients) for patients in assumed_patients(plan)]
    return Price(
        name=plan.name,
        kind=_KINDS.get(type(plan), "task"),
        source=plan.source,
        epsilon=plan.epsilon,
        delta=plan.delta,
        released=released,
        max_rows=max_rows,
        errors=errors,
        signals=signals,
        pair_noise=pair_noise,
        periods=periods,
        found=found,
        paid=paid,
        images=images,
    )


def _of_images(plan: ImagePlan, images: int) -> tuple[float | None, float | None]:
    grey = plan.expected_error(images) if plan.mean else None
    return grey, plan.expected_share_error(images) if plan.edges else None


def assumed_patients(plan: LogisticPlan | TunedPlan) -> list[int]:
    """Return the declared number of patients, with a hundredth and a tenth of it before."""
    declared = plan.settings.patients
    return [number for number in (declared // 100, declared // 10, declared) if number > 0]


def standings(study: Study, ledger: Ledger) -> dict[str, tuple[Rule, Spent]]:
    """Return rule and sums of the study's allowance, granted or not, and of its account."""
    name, account = study.study.name, study.account
    granted = ledger.granted_on(account.name, name) is not None
    allowance = (Rule.for_budget(account.epsilon, account.delta), Spent())
    if granted:
        allowance = ledger.standing(account.name, name)
    return {"allowance": allowance, "account": ledger.standing(account.name, cohort=account.cohort)}


def _lefts(
    study: Study, ledger: Ledger | None, due: list[AnyPlan], *, refused: bool
) -> tuple[Left, Left | None]:
    name, account = study.study.name, study.account
    if ledger is None or account.name not in ledger.accounts():
        whole = account.epsilon
        return Left(name=name, epsilon=whole, delta=account.delta, before=whole, after=None), None
    lefts = []
    for title, (rule, spent) in zip((name, account.name), standings(study, ledger).values(), strict=True):
        after = None if refused else rule.left(after_plans(rule, spent, due))
        lefts.append(
            Left(
                name=title,
                epsilon=rule.epsilon / 1e9,
                delta=rule.delta / 1e18,
                before=rule.left(spent),
                after=after,
            )
        )
    return lefts[0], lefts[1]


def after_plans(rule: Rule, spent: Spent, plans: Sequence[AnyPlan]) -> Spent:
    """Return the sums after `plans`."""
    for plan in plans:
        spent = spent.plus(cost_of(plan.event(), plan.delta, rule))
    return spent


def _leaving(study: Study) -> list[Leaving]:
    if study.deid is None:
        return []
    status = load_policy(policy_of(study.folder, study.deid.policy)).status
    policy = study.deid.policy
    return [
        Leaving(source=name, policy=policy, status=status_of(study, name, status)) for name in study.leaving
    ]


def _broken_gate(study: Study, ledger: Ledger | None, due: list[AnyPlan], asked: float) -> float | None:
    """Return the ε of the study after a run, where its own gate would then refuse what was paid for.

    As the ledger shows it: the plain sum while that is within the allowance, else what its rule states.
    """
    gate, spent = study.gates.epsilon, 0.0
    if gate is None or not due:
        return None
    name, account = study.study.name, study.account
    if ledger is not None and ledger.granted_on(account.name, name) is not None:
        spent = ledger.balance(account.name, name).epsilon_spent
        rule, sums = ledger.standing(account.name, name)
        if spent + asked > account.epsilon:
            spent, asked = rule.epsilon_spent(after_plans(rule, sums, due)), 0.0
    return spent + asked if spent + asked > gate * (1 + 1e-9) else None
