"""A second number for a study: all its planned releases together, if nothing else is ever asked.

By privacy loss distributions (`confide.dp.pld`), which are tighter than sums and hold only for plans that were all
fixed before the first was run. The ledger neither uses nor keeps it: `confide.dp.filter` admits by sums that
also hold for plans chosen after seeing results.
"""

import math
from dataclasses import dataclass

from confide.dp.events import Composed
from confide.study.config import Study
from confide.study.plans import all_plans


@dataclass(frozen=True, kw_only=True, slots=True)
class Declared:
    """ε at δ of all releases of a study file together; None where nothing can be said at that δ."""

    releases: int
    epsilon: float | None
    delta: float


def declared(study: Study) -> Declared:
    """Return the second number of `study`, at the δ of its allowance; it follows from the study file alone.

    Guarantee: if all plans were fixed before the first was run and nothing else is ever released about these
    patients, what is released is (epsilon, delta)-differentially private.
    """
    from confide.dp.pld import declared_epsilon  # only a forecast and a dossier ask for it

    plans, delta = all_plans(study), study.account.delta
    found = declared_epsilon(Composed(tuple(plan.event() for plan in plans)), delta)
    return Declared(releases=len(plans), epsilon=found if math.isfinite(found) else None, delta=delta)
