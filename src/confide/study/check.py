"""`confide check`: read everything, price everything, spend nothing.

Guarantee: the ledger has the same entries before and after.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from confide.study.plans import all_plans, stats_plans, verify_paid, verify_plans
from confide.study.sources import read_originals
from confide.study.workplace import nobody_types, open_workplace
from confide.types import Json, Progress, no_progress


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """What one step would cost, and how far off its answers would be."""

    name: str
    epsilon: float
    released: bool
    expected_error: dict[str, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """Everything is in order, and this is what a run would spend."""

    study: str
    account: str
    prices: list[Price]
    asked: float
    left: float

    def to_json(self) -> Json:
        """Return what `--json` prints."""
        return asdict(self)


def check_study(
    folder: Path, *, ask: Callable[[], str] = nobody_types, progress: Progress = no_progress
) -> Checked:
    """Validate the study in `folder` and price its steps.

    Raises:
        InvalidInput: the study file or a source is wrong.
        BudgetExceeded: a run would be refused.
    """
    with open_workplace(folder, ask=ask) as place:
        study, ledger = place.study, place.ledger
        left, released = verify_paid(study, ledger)
        records = read_originals(study, place.vault, progress=progress)
        verify_plans(study, ledger, records.tables, records.commitments)
        errors = {plan.name: plan.expected_error() for plan in stats_plans(study)}
        prices = [
            Price(
                name=plan.name,
                epsilon=plan.epsilon,
                released=plan.name in released,
                expected_error=errors.get(plan.name, {}),
            )
            for plan in all_plans(study)
        ]
        return Checked(
            study=study.study.name,
            account=study.account.name,
            prices=prices,
            asked=math.fsum(price.epsilon for price in prices if not price.released),
            left=left,
        )
