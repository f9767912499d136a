"""What an ε and its δ mean, as the best that anybody could do who wants to know whether one patient is in the data.

Guarantee: the figures bound every attacker, also one who knows all other records and all of our code; they
follow from the definition of (ε, δ)-differential privacy alone. Pure arithmetic: the sentences are in `words/`.
"""

import math
from dataclasses import dataclass
from typing import Literal

from confide.dp.filter import Cost, Rule, Spent
from confide.errors import InvalidInput

Grade = Literal["strong", "moderate", "weak"]

FALSE_ALARMS = 0.01  # the share of others whom the attacker of `caught` may wrongly accuse
STRONG, MODERATE = 1.0, 10.0
MOST_MORE = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Meaning:
    """What one (ε, δ) allows an attacker at most. All of it public.

    `factor`: how much likelier any outcome becomes by one patient's taking part; infinite where no double
    holds it. `guess`: how often a guess "is this patient in?" is right, where a coin toss is right half
    the time. `caught`: the share of patients in the data who are recognised, at 1 % false alarms.
    """

    epsilon: float
    delta: float
    factor: float
    guess: float
    caught: float

    @property
    def grade(self) -> Grade:
        """Return the tier of ε: strong to 1, moderate to 10, weak above.

        Source: Ponomareva et al. 2023, "How to DP-fy ML". A convention, no theorem.
        """
        return "strong" if self.epsilon <= STRONG else "moderate" if self.epsilon <= MODERATE else "weak"


def meaning(epsilon: float, delta: float) -> Meaning:
    """Return what (ε, δ) means for one patient.

    Guarantee: each figure is the least upper bound over all (ε, δ)-private releases and all tests.

    Args:
        epsilon: finite and above 0.
        delta: from 0 up to, not including, 1.

    Raises:
        InvalidInput: a figure is out of range.

    Source: Kairouz, Oh, Viswanath 2015, "The Composition Theorem for Differential Privacy", Theorem 2.1:
    the errors of a test obey fp + e^ε fn >= 1 - δ and e^ε fp + fn >= 1 - δ. Equal priors: the least sum of
    the errors is 2 (1 - δ) / (1 + e^ε).

    >>> one = meaning(1.0, 0.0)
    >>> round(one.factor, 2), round(one.guess, 3), round(one.caught, 4)
    (2.72, 0.731, 0.0272)
    """
    if not 0 < epsilon < math.inf:
        raise InvalidInput("dp.not-positive", field="epsilon", found=epsilon)
    if not 0 <= delta < 1:
        raise InvalidInput("dp.out-of-range", field="delta", low="0", high="1", found=delta)
    shrunk = math.exp(-epsilon)
    factor = math.exp(epsilon) if epsilon < 709 else math.inf
    return Meaning(
        epsilon=epsilon,
        delta=delta,
        factor=factor,
        guess=(1 + delta * shrunk) / (1 + shrunk),
        caught=min(1.0, factor * FALSE_ALARMS + delta, 1 - shrunk * (1 - delta - FALSE_ALARMS)),
    )


def chance_of_any(delta: float, patients: int) -> float:
    """Return a bound on the chance that what δ allows happens to any of so many patients.

    >>> chance_of_any(1e-8, 20_000)
    0.0002
    """
    return min(1.0, delta * patients)


def how_many_more(rule: Rule, spent: Spent, cost: Cost) -> int:
    """Return how many more charges of `cost`, one after the other, `rule` admits from `spent` on.

    Guarantee: exact up to a million; that is what is returned where there is no end.

    >>> from confide.dp.filter import cost_of
    >>> from confide.dp.events import DiscreteLaplace
    >>> rule = Rule.for_budget(1.0, 0)
    >>> how_many_more(rule, Spent(), cost_of(DiscreteLaplace(sensitivity=5, scale=12.5), 0, rule))
    2
    """
    low, high = 0, MOST_MORE
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if rule.admits(spent.plus(_times(cost, middle))) else (low, middle - 1)
    return low


def _times(cost: Cost, number: int) -> Spent:
    """Return the sums of `number` equal charges, at least one, by doubling."""
    total, power = Spent(), Spent().plus(cost)
    while number:
        if number % 2:
            total = total.plus(power)
        power, number = power.plus(power), number // 2
    return total
