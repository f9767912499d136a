"""Decide whether an account may take one more charge, when plans are chosen one after the other.

One rule, fixed when the account is made: a basic sum and a Rényi sum at one order, each with its share of δ.
Whole numbers only (ε in units of 1e-9, δ in units of 1e-18), prices rounded up and caps rounded down.
Knows no store and no clock: the ledger keeps the sums. Proof: `docs/proofs/filter.md`.
"""

import math
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np

from confide.dp.accountant import additive_delta_exact, epsilon, exact, pure_epsilon_exact, rdp
from confide.dp.events import Event
from confide.errors import InvalidInput
from confide.types import Json

NANO = 10**9
ATTO = 10**18
CEILING = 2**53 - 1  # the largest whole number that every JSON reader keeps: above every cap, "no bound"
LARGEST_EPSILON = 1e6
LARGEST_DELTA = 1e-3  # above, one could publish a patient outright and still call it private
LARGEST_ORDER = 2**17  # a sampled event costs time in proportion to the order


def to_nano(value: float) -> int:
    """Return a price ε in units of 1e-9, rounded up; infinity becomes `CEILING`.

    >>> to_nano(0.1), to_nano(0.1234567891)
    (100000000, 123456790)
    """
    return _up(exact(value), NANO) if math.isfinite(value) else CEILING


def to_atto(value: float) -> int:
    """Return a price δ in units of 1e-18, rounded up.

    >>> to_atto(1e-8)
    10000000000
    """
    return _up(exact(value), ATTO)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What one charge books: whole numbers, rounded up. It counts in both regions of the rule."""

    basic_epsilon: int  # nano; CEILING where the plan has no (ε, δ) of its own
    basic_delta: int  # atto; the δ that basic_epsilon needs, beside additive_delta
    renyi: int  # nano; the Rényi divergence at the rule's order
    additive_delta: int  # atto; outside every curve

    def __post_init__(self) -> None:
        """Refuse what is no price."""
        _check_sums(self)

    def to_json(self) -> Json:
        """Return the cost as JSON without floats."""
        return _sums(self)

    @classmethod
    def from_json(cls, json: Json) -> "Cost":
        """Read what `to_json` wrote."""
        return cls(**_read(json, "cost", _SUMS))


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """What all charges of an account booked together. Sums never fall and do not depend on the order."""

    basic_epsilon: int = 0
    basic_delta: int = 0
    renyi: int = 0
    additive_delta: int = 0

    def __post_init__(self) -> None:
        """Refuse what is no sum of prices."""
        _check_sums(self)

    def plus(self, cost: "Cost | Spent") -> "Spent":
        """Return the sums with one more charge; a sum stays at `CEILING` once there.

        >>> once = Cost(basic_epsilon=5, basic_delta=0, renyi=2, additive_delta=0)
        >>> Spent().plus(once).plus(once).basic_epsilon
        10
        """
        return Spent(**{field: min(CEILING, getattr(self, field) + getattr(cost, field)) for field in _SUMS})

    def to_json(self) -> Json:
        """Return the sums as JSON without floats."""
        return _sums(self)

    @classmethod
    def from_json(cls, json: Json) -> "Spent":
        """Read what `to_json` wrote."""
        return cls(**_read(json, "spent", _SUMS))


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """The admission rule of one account or allowance; every field is public and whole.

    Guarantee: whoever chooses plans, each after seeing the results of all before, and is stopped by `admits`,
    sees an (epsilon, delta)-differentially private whole, under one patient more or less.

    Source: Rogers, Roth, Ullman, Vadhan 2016 (basic filter); Feldman, Zrnic 2021 (Rényi filter); Canonne,
    Kamath, Steinke 2020, Proposition 12 (conversion). That both may stand together: `docs/proofs/filter.md`.
    """

    epsilon: int  # nano
    delta: int  # atto
    order: int
    cap: int  # nano, of the Rényi sum; below 0: no Rényi region

    def __post_init__(self) -> None:
        """Refuse a rule that promises more than its caps keep."""
        _whole("epsilon", self.epsilon, 1, int(LARGEST_EPSILON * NANO))
        _whole("delta", self.delta, 0, _down(exact(LARGEST_DELTA), ATTO))
        _whole("order", self.order, 2, LARGEST_ORDER)
        _whole("cap", self.cap, -1, _cap(self.epsilon, self.delta, self.order))

    @classmethod
    def for_budget(cls, epsilon: float, delta: float) -> "Rule":
        """Derive the rule of an account from the total that its patients may ever be exposed to.

        Args:
            epsilon: above 0, at most a million; read as the decimal number it was written as.
            delta: from 0 to 0.001. At 0 only plans of pure ε are admitted.

        Raises:
            InvalidInput: `epsilon` or `delta` is out of range or not a number.

        >>> Rule.for_budget(4.0, 1e-8)
        Rule(epsilon=4000000000, delta=10000000000, order=10, cap=2160428292)
        """
        if not 1 / NANO <= epsilon <= LARGEST_EPSILON:
            raise InvalidInput("dp.out-of-range", field="epsilon", low="1e-09", high="1e+06", found=epsilon)
        if not 0 <= delta <= LARGEST_DELTA:
            raise InvalidInput("dp.out-of-range", field="delta", low="0", high="0.001", found=delta)
        whole_epsilon, whole_delta = _down(exact(epsilon), NANO), _down(exact(delta), ATTO)
        order = _best_order(whole_epsilon, whole_delta)
        cap = _cap(whole_epsilon, whole_delta, order)
        return cls(epsilon=whole_epsilon, delta=whole_delta, order=order, cap=cap)

    def admits(self, spent: Spent) -> bool:
        """Say whether an account may stand at `spent`, the sums with the charge that is asked for."""
        return self._basic(spent) or self._renyi(spent)

    def left(self, spent: Spent) -> float:
        """Return an ε such that any pure ε-private plan up to it, with no δ, is still admitted.

        Plans whose noise is known better (discrete Laplace, Gaussian) may be admitted beyond.
        """
        basic = self.epsilon - spent.basic_epsilon if self._basic(spent) else 0
        low, high = 0, self.epsilon  # randomised response has the largest curve among ε-private mechanisms
        while self._renyi(spent) and low < high:
            middle = (low + high + 1) // 2
            fits = spent.renyi + _randomised_response(middle, self.order) <= self.cap
            low, high = (middle, high) if fits else (low, middle - 1)
        return max(basic, low) / NANO

    def epsilon_spent(self, spent: Spent) -> float:
        """Return for display the smallest ε of the two sums, at the account's δ; infinity if neither stands.

        The guarantee of the account is its rule; this says how much of it the sums use.
        """
        found = [math.inf]
        if spent.basic_delta + spent.additive_delta <= self.delta // 2 and spent.basic_epsilon < CEILING:
            found.append(spent.basic_epsilon / NANO)
        if self.cap >= 0 and spent.additive_delta <= self.delta // 4 and spent.renyi < CEILING:
            found.append((spent.renyi + self.epsilon - self.cap) / NANO)
        return min(found)

    def to_json(self) -> Json:
        """Return the rule as JSON without floats."""
        return {"epsilon": self.epsilon, "delta": self.delta, "order": self.order, "cap": self.cap}

    @classmethod
    def from_json(cls, json: Json) -> "Rule":
        """Read what `to_json` wrote; a cap larger than the budget allows is refused."""
        return cls(**_read(json, "rule", ("epsilon", "delta", "order", "cap")))

    def _basic(self, spent: Spent) -> bool:
        within = spent.basic_delta + spent.additive_delta <= self.delta // 2
        return within and spent.basic_epsilon <= self.epsilon

    def _renyi(self, spent: Spent) -> bool:
        return spent.additive_delta <= self.delta // 4 and spent.renyi <= self.cap


def cost_of(event: Event, delta: float, rule: Rule) -> Cost:
    """Return what a plan books under `rule`.

    Guarantee: no figure is below the truth. The event is (basic_epsilon, basic_delta + additive_delta)-DP,
    and its Rényi divergence at the rule's order is at most `renyi`, in the units of the rule.

    Args:
        event: what the plan does.
        delta: the δ that the plan states, additive part included; 0 for a plan of pure ε.
        rule: of the account; it fixes the order.

    Raises:
        InvalidInput: `delta` is not in [0, 1).
    """
    price = epsilon(event, delta)
    additive = _up(additive_delta_exact(event), ATTO)
    pure = pure_epsilon_exact(event)
    if pure is not None and _up(pure, NANO) <= to_nano(price):
        basic_epsilon, basic_delta = _up(pure, NANO), 0
    else:
        basic_epsilon, basic_delta = to_nano(price), max(0, to_atto(delta) - additive)
    renyi = to_nano(rdp(event, rule.order))
    return Cost(basic_epsilon=basic_epsilon, basic_delta=basic_delta, renyi=renyi, additive_delta=additive)


_SUMS = ("basic_epsilon", "basic_delta", "renyi", "additive_delta")


def _sums(sums: Cost | Spent) -> Json:
    return {field: getattr(sums, field) for field in _SUMS}


def _check_sums(sums: Cost | Spent) -> None:
    for field in _SUMS:
        _whole(field, getattr(sums, field), 0, CEILING)


def _whole(field: str, value: object, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidInput("dp.not-whole", field=field, low=low, high=high, found=value)


def _read(json: Json, kind: str, fields: tuple[str, ...]) -> dict[str, int]:
    for field in fields:
        if field not in json:
            raise InvalidInput("dp.event-form", kind=kind, field=field)
    return {field: json[field] for field in fields}


def _up(value: Fraction, unit: int) -> int:
    return min(CEILING, math.ceil(value * unit))


def _down(value: Fraction, unit: int) -> int:
    return math.floor(value * unit)


def _cap(epsilon: int, delta: int, order: int) -> int:
    """Return in nano, rounded down, the largest Rényi sum that converts to (ε, δ/4); -1 if there is none."""
    if delta < 4:
        return -1
    with localcontext(prec=40):  # the same digits on every machine, so that a stored rule can be checked
        alpha, share = Decimal(order), Decimal(delta // 4) / ATTO
        gap = ((alpha - 1) / alpha).ln() - (share.ln() + alpha.ln()) / (alpha - 1)
        return max(-1, epsilon - math.ceil((gap + Decimal("1e-30")) * NANO))


def _best_order(epsilon: int, delta: int) -> int:
    """Return the order α with the largest B(α) / α, that is with room for the most Gaussian noise."""
    if delta < 4:
        return 2
    orders = np.unique(
        np.concatenate([np.arange(2, 4096), np.geomspace(4096, LARGEST_ORDER, 2000).astype(int)])
    )
    gap = np.log1p(-1 / orders) - (math.log((delta // 4) / ATTO) + np.log(orders)) / (orders - 1)
    return int(orders[np.argmax((epsilon / NANO - gap) / orders)])


def _randomised_response(epsilon: int, order: int) -> int:
    """Return in nano, rounded up, the largest divergence that an ε-private mechanism has at `order`.

    Randomised response has it: ln((e^{αε} + e^{(1-α)ε}) / (1 + e^ε)) / (α-1).
    """
    x = epsilon / NANO
    other = math.exp(-x) / (1 + math.exp(-x))  # the chance of the untrue answer
    curve = x + math.log1p(math.expm1(-(2 * order - 2) * x) * other) / (order - 1)
    return math.ceil(min(x, 0.5 * order * x * x, curve + 1e-12) * (1 + 1e-9) * NANO)
