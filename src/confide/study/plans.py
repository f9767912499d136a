"""Turn the sections `[[stats]]` and `[[train]]` into plans, and share the study's δ among them.

Guarantee: what a plan costs depends on the study file and the account's public figures only.
"""

from confide.ledger.charge import Plan
from confide.ledger.ledger import Ledger
from confide.stats.plan import StatsPlan
from confide.study.config import Study
from confide.train.logistic import LogisticPlan

# Of an allowance's δ, half pays for basic composition (`confide.dp.filter`). Half of that half goes to the
# training plans of one run, so that a run that was killed in the middle can be paid once more.
_TRAINING_SHARE = 0.25


def stats_plans(study: Study) -> list[StatsPlan]:
    """Return one plan per `[[stats]]`, in the order of the study file."""
    return [StatsPlan.from_section(section) for section in study.stats]


def train_plans(study: Study, ledger: Ledger) -> list[LogisticPlan]:
    """Return one plan per `[[train]]`; the account's public number of patients sizes the batch."""
    patients = ledger.balance(study.account.name).patients
    delta = study.account.delta * _TRAINING_SHARE / max(1, len(study.train))
    return [LogisticPlan.from_section(section, delta=delta, patients=patients) for section in study.train]


def all_plans(study: Study, ledger: Ledger) -> list[Plan]:
    """Return every plan that a run of the study charges, in order."""
    return [*stats_plans(study), *train_plans(study, ledger)]


def grant(study: Study, ledger: Ledger) -> None:
    """Ask the account for the allowance that the study file names."""
    ledger.grant(
        study.study.name,
        study.account.name,
        epsilon=study.account.epsilon,
        delta=study.account.delta,
        requester=study.study.requester,
        purpose=study.study.purpose,
    )
