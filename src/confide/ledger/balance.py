"""What an account or an allowance may spend and has spent, for people to read.

All of it public. The guarantee is the rule's (`confide.dp.filter`); figures here are for display and never below it.
"""

from dataclasses import dataclass

from confide.dp.filter import Rule, Spent


@dataclass(frozen=True, slots=True)
class Balance:
    """What one account, or one study's allowance, may spend and has spent. All of it public."""

    name: str
    epsilon: float
    delta: float
    epsilon_spent: float  # where the account has cohorts: of the patients who were exposed most
    epsilon_left: float
    charges: int
    open: int
    abandoned: int
    patients: int
    expires: str | None = None  # the last day of an allowance


@dataclass(frozen=True, slots=True)
class CohortBalance:
    """What one cohort of an account was exposed to, with what everybody was. All of it public."""

    name: str
    epsilon_spent: float
    epsilon_left: float
    overlaps: list[str]  # cohorts that may share patients with it, whose charges are counted here too


def spent_and_left(rule: Rule, sums: list[Spent]) -> tuple[float, float]:
    """Return the ε spent and the ε left that people are shown, for the patients who were exposed most.

    >>> spent_and_left(Rule.for_budget(4.0, 1e-8), [Spent(), Spent(basic_epsilon=10**9)])
    (1.0, 3.0)
    """
    shown = [_shown(rule, spent) for spent in sums]
    left = [
        max(0.0, min(rule.left(spent), rule.epsilon / 1e9 - told))
        for spent, told in zip(sums, shown, strict=True)
    ]
    return max(shown), min(left)


def _shown(rule: Rule, spent: Spent) -> float:
    """Return the ε that people are shown: the plain sum of the charges while it is within the budget.

    The sum is what a reader can add up, and never below the smallest valid statement; beyond the
    budget only that statement is left.
    """
    plain, smallest = spent.basic_epsilon / 1e9, rule.epsilon_spent(spent)
    return plain if smallest <= plain <= rule.epsilon / 1e9 else smallest
