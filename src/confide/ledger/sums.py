"""What the patients of an account were exposed to, and whether one more charge may stand.

Guarantee: a charge is admitted only if, for every patient, what was charged for all patients and what was charged
for the patient's cohorts together stay within the account's rule. Who is in two cohorts is in two that overlap.
Arithmetic of sums, no store. Why it is sound: `docs/proofs/cohorts.md`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from confide.dp.events import event_from_json
from confide.dp.filter import Cost, Rule, Spent, cost_of
from confide.dp.units import to_atto, to_nano
from confide.errors import BudgetExceeded, InvalidInput
from confide.ledger.charge import Plan
from confide.ledger.entries import Entry
from confide.types import Json

Overlaps = frozenset[
    tuple[str, str]
]  # pairs of cohorts that may share patients, each in the order of the alphabet


def pair_of(one: str, other: str) -> tuple[str, str]:
    """Return two cohorts as a pair of `Overlaps`."""
    return min(one, other), max(one, other)


def near(cohort: str, overlaps: Overlaps) -> set[str]:
    """Return the cohorts that a patient of `cohort` may be in beside it.

    >>> sorted(near("b", frozenset({("a", "b"), ("b", "c"), ("c", "d")})))
    ['a', 'c']
    """
    return {other for pair in overlaps if cohort in pair for other in pair if other != cohort}


@dataclass(frozen=True, slots=True)
class Exposure:
    """Sums of one account: of charges on all its patients, and of charges on each cohort alone."""

    common: Spent = Spent()  # noqa: RUF009  # frozen
    cohorts: Mapping[str, Spent] = field(default_factory=dict)

    def plus(self, cost: Cost, cohort: str | None) -> "Exposure":
        """Return the sums with one more charge, on `cohort` or on all patients."""
        if cohort is None:
            return Exposure(self.common.plus(cost), self.cohorts)
        return Exposure(self.common, {**self.cohorts, cohort: self.cohorts.get(cohort, Spent()).plus(cost)})

    def of(self, cohort: str | None, overlaps: Overlaps = frozenset()) -> list[Spent]:
        """Return the sums of every kind of patient that a charge on `cohort`, or on all, exposes.

        Guarantee: no such patient was exposed to more than one of them says.
        """
        if cohort is not None:
            return [self._of_members(cohort, overlaps)]
        return [self.common, *(self._of_members(each, overlaps) for each in self.cohorts)]

    def _of_members(self, cohort: str, overlaps: Overlaps) -> Spent:
        """Return the sums of one who is in `cohort` and in all that it overlaps: nobody in it stands above."""
        spent = self.common
        for each in (cohort, *near(cohort, overlaps)):
            spent = spent.plus(self.cohorts.get(each, Spent()))
        return spent

    def to_json(self) -> Json:
        """Return the fields of a charge; an account without charged cohorts has no `spent_cohorts`."""
        told: Json = {"spent_account": self.common.to_json()}
        if self.cohorts:
            told["spent_cohorts"] = {name: alone.to_json() for name, alone in self.cohorts.items()}
        return told

    @classmethod
    def from_json(cls, body: Json) -> "Exposure":
        """Read the sums that the charge `body` states."""
        cohorts = body.get("spent_cohorts", {})
        return cls(
            Spent.from_json(body["spent_account"]),
            {name: Spent.from_json(alone) for name, alone in cohorts.items()},
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """Rules and sums that one charge of one study must respect."""

    account: Rule
    study: Rule
    exposure: Exposure
    spent: Spent  # by the study
    overlaps: Overlaps  # of the account's cohorts

    def after(self, plan: Plan, *, names: Mapping[str, str], cohort: str | None) -> tuple[Json, "Standing"]:
        """Return what a charge of `plan` books (event, costs, sums), and where the account then stands.

        Args:
            plan: what is charged.
            names: of the "account" and the "study", for the refusal.
            cohort: whom it exposes; None for everybody.

        Raises:
            InvalidInput: the plan claims less than it costs.
            BudgetExceeded: the account or the study has too little left.
        """
        event = plan.event()
        costs = {
            holder: cost_of(event, plan.delta, rule)
            for holder, rule in (("account", self.account), ("study", self.study))
        }
        stated, additive = to_nano(plan.epsilon), to_atto(plan.delta)
        if costs["account"].basic_epsilon > stated or costs["account"].additive_delta > additive:
            raise InvalidInput("ledger.plan-understates", name=plan.name, asked=plan.epsilon)
        exposure, spent = self.exposure.plus(costs["account"], cohort), self.spent.plus(costs["study"])
        for holder, rule, after, before in (
            ("study", self.study, [spent], [self.spent]),
            (
                "account",
                self.account,
                exposure.of(cohort, self.overlaps),
                self.exposure.of(cohort, self.overlaps),
            ),
        ):
            if not all(rule.admits(each) for each in after):
                raise _refusal(plan, rule, before, costs[holder], holder=holder, name=names[holder])
        booked = {
            "event": event.to_json(),
            "cost_account": costs["account"].to_json(),
            "cost_study": costs["study"].to_json(),
        }
        booked |= {**exposure.to_json(), "spent_study": spent.to_json()}
        return booked, Standing(self.account, self.study, exposure, spent, self.overlaps)


def _refusal(
    plan: Plan, rule: Rule, before: Sequence[Spent], cost: Cost, *, holder: str, name: str
) -> BudgetExceeded:
    """Return the refusal of a plan that does not fit: it names δ where ε alone would fit, else ε."""
    stopped = [each for each in before if not rule.admits(each.plus(cost))]
    short = [rule.short_of_delta(each, cost) for each in stopped]
    deltas = [each for each in short if each is not None]
    if len(deltas) == len(stopped):
        asked, left = min(deltas, key=lambda each: each[1])
        code = f"ledger.delta-exceeded-{holder}"
    else:
        asked, left = plan.epsilon, min(rule.left(each) for each in before)
        code = f"ledger.budget-exceeded-{holder}"
    said = f"{asked:.4g}" if asked > left * 1.001 else f"{asked:.15g}"
    return BudgetExceeded(code, name=name, asked=said, left=f"{left:.4g}", plan=plan.name)


def summed(charges: Iterator[Entry], rule: Rule) -> Spent:
    """Return what `charges` cost together under another rule, recomputed from what they did."""
    spent = Spent()
    for charge in charges:
        event = event_from_json(charge.body["event"])
        spent = spent.plus(cost_of(event, float(charge.body["delta"]), rule))
    return spent


def most(sums: Sequence[Spent]) -> Spent:
    """Return the largest of each sum: no patient of any kind stands above it."""
    fields = [each.to_json() for each in sums]
    return Spent.from_json({name: max(each[name] for each in fields) for name in fields[0]})
