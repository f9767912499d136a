"""Turn the sections `[[stats]]` and `[[train]]` into plans, and ask for the allowance that pays for them.

Guarantee: what a plan costs depends on the study file only, never on a record.
"""

from confide.ledger.ledger import Ledger
from confide.stats.plan import StatsPlan
from confide.study.config import Study
from confide.train.logistic import LogisticPlan


def stats_plans(study: Study) -> list[StatsPlan]:
    """Return one plan per `[[stats]]`, in the order of the study file."""
    return [StatsPlan.from_section(section) for section in study.stats]


def train_plans(study: Study) -> list[LogisticPlan]:
    """Return one plan per `[[train]]`, in the order of the study file."""
    return [LogisticPlan(settings=section) for section in study.train]


def all_plans(study: Study) -> list[StatsPlan | LogisticPlan]:
    """Return every plan that a run of the study charges, in order."""
    return [*stats_plans(study), *train_plans(study)]


def columns_of_plans(study: Study, source: str) -> set[str]:
    """Return the columns of a table that plans read: cell by cell, whatever stands in other patients' rows."""
    return {column for plan in all_plans(study) if plan.source == source for column in plan.text_columns()}


def grant(study: Study, ledger: Ledger) -> None:
    """Ask the account for the allowance that the study file names."""
    ledger.grant(
        study.study.name,
        study.account.name,
        epsilon=study.account.epsilon,
        delta=study.account.delta,
        unit=study.patient.unit,
        requester=study.study.requester,
        purpose=study.study.purpose,
    )
