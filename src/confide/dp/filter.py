"""Decide whether an account may take one more charge, when plans are chosen one after the other.

One rule, fixed when the account is made: a basic sum, a Rényi sum at one order and a Gaussian sum, each with its
share of δ. Whole numbers only (ε in units of 1e-9, δ of 1e-18, μ² of 1e-12), prices rounded up, caps down.
Knows no store and no clock: the ledger keeps the sums. Proof: `docs/proofs/filter.md`.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import attrgetter

from confide.dp.accountant import additive_delta_exact, epsilon, exact, pure_epsilon_exact
from confide.dp.caps import LARGEST_ORDER, Shares, best_order, largest_renyi, read_fields, renyi_of_pure
from confide.dp.events import Event, check_whole
from confide.dp.gaussian import gaussian_epsilon, largest_square, pure_square, squared_shift, within
from confide.dp.renyi import rdp
from confide.dp.units import ATTO, CEILING, NANO, PICO, down, to_atto, to_nano, up
from confide.errors import InvalidInput
from confide.types import Json

LARGEST_EPSILON = 1e6
LARGEST_DELTA = 1e-3  # above, one could publish a patient outright and still call it private


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What one charge books: whole numbers, rounded up. It counts in all regions of the rule."""

    basic_epsilon: int  # nano; CEILING where the plan has no (ε, δ) of its own
    basic_delta: int  # atto; the δ that basic_epsilon needs, beside additive_delta
    renyi: int  # nano; the Rényi divergence at the rule's order
    gaussian: int  # pico; μ² of the Gaussian shift that the plan amounts to; CEILING where there is none
    additive_delta: int  # atto; outside every curve

    def __post_init__(self) -> None:
        """Refuse what is no price."""
        _check_sums(self)

    def to_json(self) -> Json:
        """Return the cost as JSON without floats."""
        return _sums(self)

    @classmethod
    def from_json(cls, json: Json) -> "Cost":
        """Read what `to_json` wrote; without a Gaussian figure there is no Gaussian statement."""
        return cls(**read_fields(_with_gaussian(json), "cost", _SUMS))

    def covers(self, found: "Cost") -> bool:
        """Say whether no figure is below `found` by more than a millionth: other machines round otherwise.

        A price above the truth keeps every promise; one below it does not. "No statement" is exact.
        """
        pairs = ((getattr(self, field), getattr(found, field)) for field in _SUMS)
        return all(
            ours >= theirs or (theirs < CEILING and ours * 1_000_001 >= theirs * 1_000_000)
            for ours, theirs in pairs
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """What all charges of an account booked together. Sums never fall and do not depend on the order."""

    basic_epsilon: int = 0
    basic_delta: int = 0
    renyi: int = 0
    gaussian: int = 0
    additive_delta: int = 0

    def __post_init__(self) -> None:
        """Refuse what is no sum of prices."""
        _check_sums(self)

    def plus(self, cost: "Cost | Spent") -> "Spent":
        """Return the sums with one more charge; a sum stays at `CEILING` once there.

        >>> once = Cost(basic_epsilon=5, basic_delta=0, renyi=2, gaussian=3, additive_delta=0)
        >>> Spent().plus(once).plus(once).basic_epsilon
        10
        """
        sums = object.__new__(Spent)  # what is added was checked, and adding happens a million times
        for set_sum, mine, more in zip(_SETTERS, _figures(self), _figures(cost)):  # noqa: B905
            both = mine + more
            set_sum(sums, both if both < CEILING else CEILING)
        return sums

    def to_json(self) -> Json:
        """Return the sums as JSON without floats."""
        return _sums(self)

    @classmethod
    def from_json(cls, json: Json) -> "Spent":
        """Read what `to_json` wrote; sums without a Gaussian one have no Gaussian statement, unless all are 0."""
        return cls(**read_fields(_with_gaussian(json), "spent", _SUMS))


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """The admission rule of one account or allowance; every field is public and whole.

    Guarantee: whoever chooses plans, each after seeing the results of all before, and is stopped by `admits`,
    sees an (epsilon, delta)-differentially private whole, under one patient more or less.

    Source: Rogers, Roth, Ullman, Vadhan 2016 (basic filter); Feldman, Zrnic 2021 (Rényi filter); Canonne,
    Kamath, Steinke 2020, Proposition 12 (conversion); Smith, Thakurta 2022 and Koskela, Tobaben, Honkela
    2023 (Gaussian filter). That all may stand together: `docs/proofs/filter.md`.
    """

    epsilon: int  # nano
    delta: int  # atto
    order: int
    cap: int  # nano, of the Rényi sum; below 0: no Rényi region
    gaussian: int  # pico, of the Gaussian sum; below 0: no Gaussian region
    shares: Shares

    def __post_init__(self) -> None:
        """Refuse a rule that promises more than its caps keep."""
        check_whole("epsilon", self.epsilon, 1, int(LARGEST_EPSILON * NANO))
        check_whole("delta", self.delta, 0, down(exact(LARGEST_DELTA), ATTO))
        check_whole("order", self.order, 2, LARGEST_ORDER)
        check_whole("shares", sum(self.shares.to_json().values()), 0, self.delta)
        check_whole("cap", self.cap, -1, largest_renyi(self.epsilon, self.shares.renyi, self.order))
        check_whole("gaussian", self.gaussian, -1, CEILING - 1)
        if self.gaussian >= 0 and not within(self.gaussian, self.epsilon, self.shares.gaussian):
            raise InvalidInput("dp.event-form", kind="rule", field="gaussian")

    @classmethod
    def for_budget(cls, epsilon: float, delta: float) -> "Rule":
        """Derive the rule of an account from the total that its patients may ever be exposed to.

        Args:
            epsilon: above 0, at most a million; read as the decimal number it was written as.
            delta: from 0 to 0.001. At 0 only plans of pure ε are admitted.

        Raises:
            InvalidInput: `epsilon` or `delta` is out of range or not a number.

        >>> rule = Rule.for_budget(4.0, 1e-8)
        >>> rule.order, rule.cap, rule.gaussian
        (10, 2160428292, 485288935390)
        """
        if not 1 / NANO <= epsilon <= LARGEST_EPSILON:
            raise InvalidInput("dp.out-of-range", field="epsilon", low="1e-09", high="1e+06", found=epsilon)
        if not 0 <= delta <= LARGEST_DELTA:
            raise InvalidInput("dp.out-of-range", field="delta", low="0", high="0.001", found=delta)
        return _rule(down(exact(epsilon), NANO), down(exact(delta), ATTO))

    def grown_to(self, larger: "Rule") -> "Rule":
        """Return a rule with the budget of `larger` and the order and kind of shares of this one.

        Guarantee: it admits whatever this one admits, region by region, if its ε and δ are no smaller; so nothing
        is gained by deciding on an extension after seeing releases.
        """
        shares, gaussian, order = larger.shares, larger.gaussian, larger.order
        if self.delta and self.gaussian < 0 and self.shares == Shares.without_gaussian(self.delta):
            shares, gaussian = Shares.without_gaussian(larger.delta), -1
        if self.cap >= 0:
            order = self.order
        cap = largest_renyi(larger.epsilon, shares.renyi, order)
        return replace(larger, order=order, cap=cap, shares=shares, gaussian=gaussian)

    def contains(self, smaller: "Rule") -> bool:
        """Say whether this rule admits whatever `smaller` admits, region by region.

        >>> Rule.for_budget(2.0, 1e-8).contains(Rule.for_budget(1.0, 1e-8))
        False
        """
        shares, within_shares = self.shares.to_json(), smaller.shares.to_json()
        return (
            self.epsilon >= smaller.epsilon
            and all(shares[name] >= within_shares[name] for name in shares)
            and (smaller.cap < 0 or (self.order == smaller.order and self.cap >= smaller.cap))
            and self.gaussian >= smaller.gaussian
        )

    def admits(self, spent: Spent) -> bool:
        """Say whether an account may stand at `spent`, the sums with the charge that is asked for."""
        return self._basic(spent) or self._renyi(spent) or self._gaussian(spent)

    def left(self, spent: Spent) -> float:
        """Return an ε such that any pure ε-private plan up to it, with no δ, is still admitted.

        Plans whose noise is known better (discrete Laplace, Gaussian) may be admitted beyond.
        """

        def admitted(pure: int) -> bool:
            cost = Cost(
                basic_epsilon=pure,
                basic_delta=0,
                renyi=renyi_of_pure(pure, self.order),
                gaussian=up(exact(pure_square(pure / NANO)), PICO),
                additive_delta=0,
            )
            return self.admits(spent.plus(cost))

        low, high = (0, self.epsilon) if self.admits(spent) else (0, 0)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if admitted(middle) else (low, middle - 1)
        return low / NANO

    def short_of_delta(self, spent: Spent, cost: Cost) -> tuple[float, float] | None:
        """Return the δ that one more charge asks and the δ left for it, where it is refused for its δ alone; else None.

        >>> rule = Rule.for_budget(4.0, 1e-6)
        >>> stated = Cost(basic_epsilon=NANO, basic_delta=3 * ATTO // 10**7, renyi=CEILING, gaussian=CEILING, additive_delta=0)
        >>> rule.short_of_delta(Spent(), stated)
        (3e-07, 2.5e-07)
        """
        after = spent.plus(cost)
        if self.admits(after) or not self.admits(replace(after, basic_delta=0, additive_delta=0)):
            return None
        if after.basic_epsilon <= self.epsilon:
            asked, share = cost.basic_delta + cost.additive_delta, self.shares.basic
            used = spent.basic_delta + spent.additive_delta
        else:
            fitting = (
                (self.cap - after.renyi, self.shares.renyi_additive),
                (self.gaussian - after.gaussian, self.shares.gaussian_additive),
            )
            asked, share = cost.additive_delta, max(share for room, share in fitting if room >= 0)
            used = spent.additive_delta
        return (asked / ATTO, max(0, share - used) / ATTO) if asked else None

    def epsilon_spent(self, spent: Spent) -> float:
        """Return for display the smallest ε of the sums, at the account's δ; infinity if none stands.

        The guarantee of the account is its rule; this says how much of it the sums use.
        """
        found = [math.inf]
        if spent.basic_delta + spent.additive_delta <= self.shares.basic and spent.basic_epsilon < CEILING:
            found.append(spent.basic_epsilon / NANO)
        if self.cap >= 0 and spent.additive_delta <= self.shares.renyi_additive and spent.renyi < CEILING:
            found.append((spent.renyi + self.epsilon - self.cap) / NANO)
        additive = spent.additive_delta <= self.shares.gaussian_additive
        if self.gaussian >= 0 and additive and spent.gaussian < CEILING:
            shown = gaussian_epsilon(spent.gaussian / PICO, (self.shares.gaussian - 1) / ATTO)
            whole = self.epsilon / NANO  # the double and the rule's decimals must not disagree at the brim
            found.append(
                min(shown, whole) if self._gaussian(spent) else max(shown, math.nextafter(whole, 2e6))
            )
        return min(found)

    def to_json(self) -> Json:
        """Return the rule as JSON without floats; one of the first rules as it was written then."""
        written = {field: getattr(self, field) for field in _FIRST_RULE}
        if self.gaussian < 0 and self.shares == Shares.without_gaussian(self.delta):
            return written
        return written | {"gaussian": self.gaussian, "shares": self.shares.to_json()}

    @classmethod
    def from_json(cls, json: Json) -> "Rule":
        """Read what `to_json` wrote; a cap larger than the budget allows is refused."""
        first = read_fields(json, "rule", _FIRST_RULE)
        if "gaussian" not in json and "shares" not in json:
            check_whole("delta", first["delta"], 0, ATTO)
            return cls(**first, gaussian=-1, shares=Shares.without_gaussian(first["delta"]))
        more = read_fields(json, "rule", ("gaussian", "shares"))
        return cls(**first, gaussian=more["gaussian"], shares=Shares.from_json(json["shares"]))

    def _basic(self, spent: Spent) -> bool:
        within_share = spent.basic_delta + spent.additive_delta <= self.shares.basic
        return within_share and spent.basic_epsilon <= self.epsilon

    def _renyi(self, spent: Spent) -> bool:
        return spent.additive_delta <= self.shares.renyi_additive and spent.renyi <= self.cap

    def _gaussian(self, spent: Spent) -> bool:
        return spent.additive_delta <= self.shares.gaussian_additive and spent.gaussian <= self.gaussian


@lru_cache(maxsize=1024)  # priced when shown, again when charged, and when verified
def cost_of(event: Event, delta: float, rule: Rule) -> Cost:
    """Return what a plan books under `rule`.

    Guarantee: no figure is below the truth. The event is (basic_epsilon, basic_delta + additive_delta)-DP;
    beside `additive_delta` its Rényi divergence at the rule's order is at most `renyi`, and it can be computed
    from one draw of a Gaussian that a patient shifts by at most √`gaussian`; in the units of the rule.

    Args:
        event: what the plan does.
        delta: the δ that the plan states, additive part included; 0 for a plan of pure ε.
        rule: of the account; it fixes the order.

    Raises:
        InvalidInput: `delta` is not in [0, 1).
    """
    price = epsilon(event, delta)
    additive = up(additive_delta_exact(event), ATTO)
    pure = pure_epsilon_exact(event)
    if pure is not None and up(pure, NANO) <= to_nano(price):
        basic_epsilon, basic_delta = up(pure, NANO), 0
    else:
        basic_epsilon, basic_delta = to_nano(price), max(0, to_atto(delta) - additive)
    square = squared_shift(event)
    return Cost(
        basic_epsilon=basic_epsilon,
        basic_delta=basic_delta,
        renyi=to_nano(rdp(event, rule.order)),
        gaussian=up(exact(square), PICO) if math.isfinite(square) else CEILING,
        additive_delta=additive,
    )


_SUMS = ("basic_epsilon", "basic_delta", "renyi", "gaussian", "additive_delta")
_FIRST_RULE = ("epsilon", "delta", "order", "cap")


_figures = attrgetter(*_SUMS)
_SETTERS = tuple(getattr(Spent, name).__set__ for name in _SUMS)


def _sums(sums: Cost | Spent) -> Json:
    return dict(zip(_SUMS, _figures(sums)))  # noqa: B905  # as long as each other, and made often


def _check_sums(sums: Cost | Spent) -> None:
    for which, value in enumerate(_figures(sums)):
        if type(value) is not int or not 0 <= value <= CEILING:  # most often this is all that is looked at
            check_whole(_SUMS[which], value, 0, CEILING)


def _with_gaussian(json: Json) -> Json:
    """Complete sums written before there was a Gaussian one: nothing spent is nothing, else nothing is known."""
    if "gaussian" in json:
        return json
    nothing = all(json.get(field) == 0 for field in _SUMS if field != "gaussian")
    return json | {"gaussian": 0 if nothing else CEILING}


@lru_cache(maxsize=256)
def _rule(epsilon: int, delta: int) -> Rule:
    shares = Shares.of(delta)
    order = best_order(epsilon, shares.renyi)
    return Rule(
        epsilon=epsilon,
        delta=delta,
        order=order,
        cap=largest_renyi(epsilon, shares.renyi, order),
        gaussian=largest_square(epsilon, shares.gaussian, CEILING - 1),
        shares=shares,
    )
