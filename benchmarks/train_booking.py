"""How many trainings an account takes, by what the ledger books of one: a pair (ε, δ), or the curve. Arithmetic, no training.

Claim under test: for an account of ε = 8, δ = 1e-6, "renyi" admits at least four times as many trainings as "pld", for at
most 6 % more noise in each. Rival: "pld". 20,000 patients, 512 in each of 300 steps, δ = 1e-8.
"""

from collections.abc import Iterator

from lines import Line, arguments, line, show

from confide.dp.filter import Rule, Spent, cost_of
from confide.train.privacy import PrivacyPlan

RULE = Rule.for_budget(8.0, 1e-6)


def admitted(plan: PrivacyPlan, *, as_curve: bool = False) -> int:
    """Return how many trainings of this plan the account takes; `as_curve` books the steps of a "pld" plan themselves."""
    cost = cost_of(plan.mechanism() if as_curve else plan.event(), plan.delta, RULE)
    spent, count = Spent().plus(cost), 0
    while RULE.admits(spent):
        spent, count = spent.plus(cost), count + 1
    return count


def booked(_: bool = False) -> Iterator[Line]:
    for epsilon in (1.0, 2.0, 3.0):
        plans = {
            accounting: PrivacyPlan(
                epsilon=epsilon,
                delta=1e-8,
                patients=20_000,
                expected_batch=512,
                steps=300,
                accounting=accounting,
            )
            for accounting in ("pld", "renyi")
        }
        pld, renyi = (admitted(plan) for plan in plans.values())
        noise = plans["renyi"].sigma / plans["pld"].sigma
        yield line(
            f"train.booking.{epsilon:g}", renyi / pld, ">= 4", ours=renyi, rival=pld, unit="times as many trainings",
            how=f"noise {noise:.3f} of pld's; the curve at pld's noise would admit {admitted(plans['pld'], as_curve=True)}",
        )  # fmt: skip


if __name__ == "__main__":
    show({"train.booking": booked}, arguments(__doc__, "train.booking").parse_args().only)
