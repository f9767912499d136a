"""Turn `[[stats]]`, `[[series]]`, `[[images]]`, `[[synth]]`, `[[train]]` and `[[audit]]` into plans, and ask for the allowance that pays.

Guarantee: what a plan costs depends on the study file only, never on a record.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from confide.errors import InvalidInput
from confide.ledger.ledger import Ledger
from confide.stats.images import ImagePlan
from confide.stats.plan import StatsPlan
from confide.stats.series import SeriesPlan
from confide.study.config import Study
from confide.study.replays import commitment_for
from confide.study.series import steps_of
from confide.study.tasks import task_plans
from confide.study.training_audits import AuditPlan, audit_plans
from confide.synth.plan import SynthPlan
from confide.tasks.image_section import ImageSection
from confide.tasks.plan import TaskPlan
from confide.train.logistic import LogisticPlan
from confide.train.section import TrainSection
from confide.train.tuned import TunedPlan

OnePlan = StatsPlan | ImagePlan | SynthPlan | LogisticPlan | TunedPlan | TaskPlan  # reads one source
AnyPlan = OnePlan | SeriesPlan | AuditPlan


def stats_plans(study: Study) -> list[StatsPlan]:
    """Return one plan per `[[stats]]`, in the order of the study file."""
    return [StatsPlan.from_section(section) for section in study.stats]


def image_plans(study: Study) -> list[ImagePlan]:
    """Return one plan per `[[images]]`, in the order of the study file."""
    return [section.plan() for section in study.images]


def synth_plans(study: Study) -> list[SynthPlan]:
    """Return one plan per `[[synth]]`, in the order of the study file."""
    return [SynthPlan(settings=section) for section in study.synth]


def train_plans(study: Study) -> list[LogisticPlan | TunedPlan]:
    """Return one plan per `[[train]]` with `task = "classify"`, in the order of the study file."""
    tables = [section for section in study.train if isinstance(section, TrainSection)]
    return [
        TunedPlan(settings=section) if section.tune else LogisticPlan(settings=section) for section in tables
    ]


def one_plans(study: Study) -> list[OnePlan]:
    """Return every plan that reads one source, in order."""
    return [
        *stats_plans(study),
        *image_plans(study),
        *synth_plans(study),
        *train_plans(study),
        *task_plans(study),
    ]


def all_plans(study: Study) -> list[AnyPlan]:
    """Return every plan that a run of the study pays for, in order."""
    series = [section.plan() for section in study.series]
    return [*stats_plans(study), *series, *one_plans(study)[len(study.stats) :], *audit_plans(study)]


def columns_of_plans(study: Study, source: str) -> set[str]:
    """Return the columns of a source that plans read: cell by cell, whatever stands in other patients' rows."""
    reading = [plan for plan in one_plans(study) if plan.source == source]
    series = [section.plan() for section in study.series if source in section.sources]
    return {column for plan in (*reading, *series) for column in plan.text_columns()}


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
    steps = [
        step
        for section in study.series
        for step in steps_of(
            ledger,
            section.plan(),
            len(section.sources),
            study=name,
            account=account.name,
            cohort=account.cohort,
        )
    ]
    return ledger.price(
        [*all_plans(study), *steps],
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
    sizes: Mapping[str, tuple[int, int]],
) -> None:
    """Refuse, before anything is charged, a plan whose columns are not there or whose release is of other data.

    `sizes`: of the images of each source of images, which must be those of the plan.

    Raises:
        InvalidInput: names the step and its source.
    """
    for plan in one_plans(study):
        with _of_step(plan.name, plan.source):
            plan.verify_columns(columns[plan.source])
            if isinstance(plan, ImagePlan):
                plan.verify_size(sizes[plan.source])
            elif isinstance(plan, TaskPlan) and isinstance(plan.settings, ImageSection):
                plan.settings.verify_size(sizes[plan.source])
        commitment_for(study, ledger, plan, plan.source, commitments[plan.source])
    account = study.account
    for section in study.series:
        series = section.plan()
        steps = steps_of(
            ledger,
            series,
            len(section.sources),
            study=study.study.name,
            account=account.name,
            cohort=account.cohort,
        )
        for step, source in zip(steps, section.sources, strict=True):
            with _of_step(step.name, source):
                series.verify_columns(columns[source])
            commitment_for(study, ledger, step, source, commitments[source])


@contextmanager
def _of_step(name: str, source: str) -> Iterator[None]:
    try:
        yield
    except InvalidInput as error:
        refused = {"step": name, "source": source, "problem": str(error), "advice": error.hint}
        raise InvalidInput("study.step-refused", **refused) from error


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
