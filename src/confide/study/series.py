"""Release a series of counts period by period: the meeting of its plans with the ledger, and the one door to its steps.

Guarantee: a step runs only after the whole series was charged, durably, on the same account, study and cohort; each step's
noise is of its own charge; a step that was committed is shown again, byte for byte, and one that was lost to a kill was
visible to nobody and is drawn afresh. The periods before are read again from the same data, or nothing is released.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from confide.ledger.charge import Plan
from confide.ledger.ledger import Ledger
from confide.ledger.spend import key_of
from confide.stats.series import SeriesPlan, SeriesStep, StepData, Table
from confide.types import Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """The records of one period, as they were sealed: corrections come as rows of a later one."""

    table: Table = field(repr=False)
    commitment: str  # keyed digest of its data, such as `Records.commitments` has


def steps_of(
    ledger: Ledger, series: SeriesPlan, periods: int, *, study: str, account: str, cohort: str | None
) -> list[SeriesStep]:
    """Return the steps of the first periods of a series; those of one that is not paid for name no entry."""
    key = key_of(series, study=study, account=account, cohort=cohort)
    paid = ledger.store.last(kind="commit", key=key)
    number = -1 if paid is None else paid.sequence
    return [SeriesStep(series=series, step=at, paid_by=number) for at in range(1, periods + 1)]


def _as_it_is(plan: Plan, commitment: str) -> str:
    return commitment


def release_series(
    ledger: Ledger,
    series: SeriesPlan,
    periods: Sequence[Period],
    *,
    study: str,
    account: str,
    cohort: str | None = None,
    standing: Callable[[Plan, str], str] = _as_it_is,
) -> list[Json]:
    """Return the releases of all `periods`, oldest first; those that were released before cost nothing.

    Args:
        ledger: of the institution.
        series: what is counted; it is charged as a whole when its first period is released.
        periods: the tables so far, in order, none left out.
        study: whose allowance pays.
        account: whose patients are exposed.
        cohort: whose patients alone the tables hold.
        standing: from a step and the commitment of its data now, the one under which its release stands
            (`confide.study.replays.commitment_for`, where patients were erased).

    Raises:
        BudgetExceeded: the series as a whole costs more than is left; nothing was spent.
        InvalidInput: a period was released from other data, or a column is not there; nothing new was charged.
    """
    for period in periods:
        series.verify_columns(period.table.columns)
    opening, _ = ledger.run(series, None, study=study, account=account, cohort=cohort)
    steps = steps_of(ledger, series, len(periods), study=study, account=account, cohort=cohort)
    found: list[Json] = []
    for at, (step, period) in enumerate(zip(steps, periods, strict=True), start=1):
        data = StepData(tables=[each.table for each in periods[:at]], before=tuple(found), opening=opening)
        commitment = standing(step, period.commitment)
        release, _ = ledger.run(
            step, data, study=study, account=account, commitment=commitment, cohort=cohort
        )
        found.append(release)
    return found
