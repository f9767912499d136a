"""Turn the sections `[[stats]]`, `[[synth]]` and `[[train]]` into plans, and ask for the allowance that pays for them.

Guarantee: what a plan costs depends on the study file only, never on a record.
"""

from collections.abc import Collection, Mapping

from confide.errors import InvalidInput
from confide.ledger.ledger import Ledger
from confide.stats.plan import StatsPlan
from confide.study.config import Study
from confide.study.replays import commitment_for
from confide.study.tasks import TaskPlan, task_plans
from confide.synth.plan import SynthPlan
from confide.train.logistic import LogisticPlan
from confide.train.section import TrainSection

AnyPlan = StatsPlan | SynthPlan | LogisticPlan | TaskPlan


def stats_plans(study: Study) -> list[StatsPlan]:
    """Return one plan per `[[stats]]`, in the order of the study file."""
    return [StatsPlan.from_section(section) for section in study.stats]


def synth_plans(study: Study) -> list[SynthPlan]:
    """Return one plan per `[[synth]]`, in the order of the study file."""
    return [SynthPlan(settings=section) for section in study.synth]


def train_plans(study: Study) -> list[LogisticPlan]:
    """Return one plan per `[[train]]` with `task = "classify"`, in the order of the study file."""
    return [LogisticPlan(settings=section) for section in study.train if isinstance(section, TrainSection)]


def all_plans(study: Study) -> list[AnyPlan]:
    """Return every plan that a run of the study charges, in order."""
    return [*stats_plans(study), *synth_plans(study), *train_plans(study), *task_plans(study)]


def columns_of_plans(study: Study, source: str) -> set[str]:
    """Return the columns of a table that plans read: cell by cell, whatever stands in other patients' rows."""
    return {column for plan in all_plans(study) if plan.source == source for column in plan.text_columns()}


def verify_paid(study: Study, ledger: Ledger) -> tuple[float, set[str]]:
    """Refuse, before a record is read, what account and allowance would refuse in the middle of a run.

    Returns:
        The ε that the allowance would have left, and the names of the plans that are released already.
    Raises:
        InvalidInput: there is no such account, or the study holds another allowance.
        BudgetExceeded: not every plan that is still to be charged fits into what is left.
    """
    name, account = study.study.name, study.account
    ledger.may_grant(
        account.name,
        epsilon=account.epsilon,
        delta=account.delta,
        unit=study.patient.unit,
        study=name,
        expires=account.expires,
    )
    return ledger.price(
        all_plans(study),
        study=name,
        account=account.name,
        epsilon=account.epsilon,
        delta=account.delta,
        cohort=account.cohort,
    )


def verify_plans(
    study: Study,
    ledger: Ledger,
    columns: Mapping[str, Collection[str]],
    commitments: Mapping[str, str],
) -> None:
    """Refuse, before anything is charged, a plan whose columns are not there or whose release is of other data.

    Raises:
        InvalidInput: names the step and its source.
    """
    for plan in all_plans(study):
        try:
            plan.verify_columns(columns[plan.source])
        except InvalidInput as error:
            raise InvalidInput(
                "study.step-refused",
                step=plan.name,
                source=plan.source,
                problem=str(error),
                advice=error.hint,
            ) from error
        commitment_for(study, ledger, plan, plan.source, commitments[plan.source])


def grant(study: Study, ledger: Ledger) -> None:
    """Ask the account for the allowance that the study file names."""
    ledger.grant(
        study.study.name,
        study.account.name,
        epsilon=study.account.epsilon,
        delta=study.account.delta,
        unit=study.patient.unit,
        expires=study.account.expires,
        requester=study.study.requester,
        purpose=study.study.purpose,
    )
