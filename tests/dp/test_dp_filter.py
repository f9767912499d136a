"""No adversary, however it chooses its plans, gets past an account's (ε, δ); sums are whole and safe.

Promise: "accounts, not folders": the total that patients may ever be exposed to holds for plans chosen one after
the other. The strongest test here plays the best adversary exactly, by dynamic programming over its choices.
"""

import dataclasses
import itertools
import json
import math
from decimal import Decimal
from fractions import Fraction
from functools import cache

import mpmath
import numpy as np
import pytest
from dp_accounting.pld import privacy_loss_distribution as pld
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from confide.dp.accountant import calibrate_gaussian, calibrate_laplace, epsilon
from confide.dp.caps import Shares, renyi_of_pure
from confide.dp.events import (
    ApproximateDP,
    BoundedRange,
    Composed,
    DiscreteGaussian,
    DiscreteLaplace,
    Failure,
    SampledGaussian,
)
from confide.dp.filter import Cost, Rule, Spent, cost_of
from confide.dp.gaussian import gaussian_epsilon, pure_square, squared_shift
from confide.dp.renyi import rdp
from confide.dp.units import ATTO, CEILING, NANO, PICO, to_atto, to_nano
from confide.errors import InvalidInput

budgets = st.tuples(st.floats(0.01, 20), st.sampled_from([0.0, 1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-3]))
whole = st.integers(0, CEILING)
FIELDS = ("basic_epsilon", "basic_delta", "renyi", "gaussian", "additive_delta")
costs = st.builds(Cost, **dict.fromkeys(FIELDS, whole))


# The best adversary, played exactly. A menu of randomised responses (the worst ε-private mechanisms) and of failures;
# the adversary sees every answer and chooses the next plan. The value of its game is the true δ at the account's ε.


def best_adversary(admits, unit: float, budget: float, menu: dict[str, int], failing: float) -> float:
    """Return the largest δ that an adaptive adversary reaches at ε = `budget`.

    Args:
        admits: admits(counts) says whether the account may stand at so many plans of each kind of the menu.
        unit: a plan of k units is randomised response at ε = k * unit.
        menu: kind -> k; "failure" is a plan that tells all with probability `failing`.
    """
    kinds = [*menu, "failure"]

    @cache
    def value(counts: tuple[int, ...], loss: int) -> float:
        """Return the largest expected gain, under P, from here on; loss is ln(P/Q) so far, in units."""
        best = max(0.0, -math.expm1(budget - loss * unit))  # stop here
        for at, kind in enumerate(kinds):
            after = tuple(n + (i == at) for i, n in enumerate(counts))
            if not admits(dict(zip(kinds, after, strict=True))):
                continue
            if kind == "failure":
                reached = failing + (1 - failing) * value(after, loss)
            else:
                k = menu[kind]
                true = 1 / (1 + math.exp(-k * unit))
                reached = true * value(after, loss + k) + (1 - true) * value(after, loss - k)
            best = max(best, reached)
        return best

    return value((0,) * len(kinds), 0)


def pure_cost(nano: int, order: int) -> Cost:
    """Return the price of the worst plan of pure ε."""
    return Cost(
        basic_epsilon=nano,
        basic_delta=0,
        renyi=renyi_of_pure(nano, order),
        gaussian=math.ceil(pure_square(nano / NANO) * PICO),
        additive_delta=0,
    )


def spent_at(counts: dict[str, int], unit: float, menu: dict[str, int], failing: float, order: int) -> Spent:
    spent = Spent()
    for kind, n in counts.items():
        if kind == "failure":
            cost = Cost(basic_epsilon=0, basic_delta=0, renyi=0, gaussian=0, additive_delta=to_atto(failing))
        else:
            cost = pure_cost(menu[kind] * to_nano(unit), order)
        for _ in range(n):
            spent = spent.plus(cost)
    return spent


GAMES = [
    (0.5, 1e-3, 0.1, {"small": 1, "large": 3}),
    (1.0, 1e-3, 0.1, {"small": 1, "large": 4}),
    (2.0, 1e-3, 0.25, {"small": 1, "large": 3}),
    (1.0, 1e-3, 0.05, {"small": 1}),
    (3.0, 1e-4, 0.5, {"small": 1, "large": 2}),
]


@pytest.mark.parametrize(("budget", "delta", "unit", "menu"), GAMES)
def test_the_best_adaptive_adversary_stays_within_epsilon_and_delta(budget, delta, unit, menu):
    rule = Rule.for_budget(budget, delta)
    failing = delta / 8
    game = cache(lambda counts: rule.admits(spent_at(dict(counts), unit, menu, failing, rule.order)))
    reached = best_adversary(lambda counts: game(tuple(counts.items())), unit, budget, menu, failing)
    assert 0 < reached <= delta


@pytest.mark.parametrize("region", ["basic", "renyi", "gaussian"])
def test_each_region_alone_keeps_its_share_of_delta_against_the_best_adversary(region):
    """The argument of the proof, part by part: stop for ever where the region is left."""
    budget, delta, unit, menu = 1.0, 1e-3, 0.1, {"small": 1, "large": 3}
    rule, failing = Rule.for_budget(budget, delta), delta / 32
    inside = {"basic": rule._basic, "renyi": rule._renyi, "gaussian": rule._gaussian}[region]
    shares = rule.shares.to_json()
    share = sum(v for name, v in shares.items() if name.startswith(region)) / ATTO
    game = cache(lambda counts: inside(spent_at(dict(counts), unit, menu, failing, rule.order)))
    reached = best_adversary(lambda counts: game(tuple(counts.items())), unit, budget, menu, failing)
    assert 0 < reached <= share


def test_the_shares_of_all_regions_together_are_at_most_delta():
    for delta in (0, 1, 5, 15, 16, 17, 10**10, 10**15):
        assert sum(Shares.of(delta).to_json().values()) <= delta
        assert sum(Shares.without_gaussian(delta).to_json().values()) <= delta
    rule = Rule.for_budget(1.0, 1e-8)
    with pytest.raises(InvalidInput):
        dataclasses.replace(rule, shares=dataclasses.replace(rule.shares, basic=rule.delta))
    with pytest.raises(InvalidInput):
        Shares(basic=-1, renyi=0, renyi_additive=0, gaussian=0, gaussian_additive=0)


def test_two_filters_side_by_side_leak_more_than_the_larger_and_at_most_their_sum():
    """Why shares add up, and the largest of them is not enough: the analyst goes on where luck leaves it."""
    unit, budget, menu, failing = 0.5, 1.0, {"small": 1}, 0.1

    def first(counts):
        return counts["small"] <= 3 and counts["failure"] == 0

    def second(counts):
        return counts["small"] <= 2 and counts["failure"] <= 1

    def either(counts):
        return first(counts) or second(counts)

    alone = [best_adversary(admits, unit, budget, menu, failing) for admits in (first, second)]
    both = best_adversary(either, unit, budget, menu, failing)
    assert 1.5 * max(alone) < both <= sum(alone)


@given(
    parts=st.lists(st.integers(0, 10**16), min_size=5, max_size=5),
    delta=st.integers(0, 10**15),
)
def test_no_rule_stands_whose_shares_add_up_to_more_than_delta(parts, delta):
    shares = Shares(**dict(zip(Shares.of(0).to_json(), parts, strict=True)))
    fields = {"epsilon": NANO, "delta": delta, "order": 2, "cap": -1, "gaussian": -1, "shares": shares}
    if sum(parts) <= delta:
        assert Rule(**fields).shares == shares
    else:
        with pytest.raises(InvalidInput):
            Rule(**fields)


@given(budget=budgets, more=st.tuples(st.floats(1, 5), st.floats(1, 5)), is_first=st.booleans())
@settings(deadline=None, max_examples=40)
def test_an_extended_rule_admits_whatever_the_old_one_did_region_by_region(budget, more, is_first):
    """Else an analyst could gain, by what was released, from deciding whether to ask for an extension."""
    old = Rule.for_budget(*budget)
    if is_first:
        old = Rule.from_json({name: getattr(old, name) for name in ("epsilon", "delta", "order", "cap")})
    larger = Rule.for_budget(min(20.0, budget[0] * more[0]), min(1e-3, budget[1] * more[1] + 1e-17))
    new = old.grown_to(larger)
    assert (new.epsilon, new.delta) == (larger.epsilon, larger.delta)
    assert new.epsilon >= old.epsilon
    assert new.order == old.order or old.cap < 0
    assert new.cap >= old.cap
    assert new.gaussian >= old.gaussian
    assert all(share >= old.shares.to_json()[name] for name, share in new.shares.to_json().items())
    assert sum(new.shares.to_json().values()) <= new.delta
    assert Rule.from_json(new.to_json()) == new
    assert new.contains(old)


def test_a_rule_with_one_figure_less_or_another_order_does_not_contain_the_other():
    rule = Rule.for_budget(2.0, 1e-7)
    shares = dataclasses.replace(rule.shares, renyi_additive=rule.shares.renyi_additive - 1)
    for less in ({"cap": rule.cap - 1}, {"gaussian": rule.gaussian - 1}, {"shares": shares},
                 {"cap": 0, "order": rule.order + 1}):  # fmt: skip
        assert not dataclasses.replace(rule, **less).contains(rule)
    poor = dataclasses.replace(rule, cap=-1, gaussian=-1)
    assert not dataclasses.replace(poor, epsilon=rule.epsilon - 1).contains(poor)
    assert rule.contains(dataclasses.replace(poor, order=rule.order + 7))
    assert rule.contains(rule)


def test_the_game_sees_a_rule_that_admits_too_much():
    """The guard fails when what it guards is broken: a cap raised by half is found out."""
    budget, delta, unit, menu = 1.0, 1e-3, 0.25, {"small": 1}

    def loose(counts):
        return counts["failure"] == 0 and counts["small"] * unit <= 1.5 * budget

    assert best_adversary(loose, unit, budget, menu, delta / 8) > 10 * delta


def smallest_of_accountants(budget: float, delta: float, unit: float, failing: float):
    """Return the wrong rule: admit while some statement about the plans so far, each valid for fixed plans, fits."""
    orders = 1 + np.geomspace(0.03, 300, 300)
    true = 1 / (1 + math.exp(-unit))
    curve = np.log(
        true**orders * (1 - true) ** (1 - orders) + (1 - true) ** orders * true ** (1 - orders)
    ) / (orders - 1)

    @cache
    def admits(small: int, failures: int) -> bool:
        left = delta - (1 - (1 - failing) ** failures)
        if left < 0 or small * unit <= budget:
            return left >= 0
        gap = (
            np.log1p(-1 / orders) - (math.log(left) + np.log(orders)) / (orders - 1) if left > 0 else math.inf
        )
        return bool(np.min(small * curve + gap) <= budget)

    return lambda counts: admits(counts["small"], counts["failure"])


def test_formula_21_the_smallest_of_several_accountants_is_beaten_by_an_adaptive_adversary_and_ours_is_not():
    budget, delta, unit, menu = 1.0, 1e-3, 0.1, {"small": 1}
    wrong = smallest_of_accountants(budget, delta, unit, delta / 4)
    assert best_adversary(wrong, unit, budget, menu, delta / 4) > 1.3 * delta
    rule = Rule.for_budget(budget, delta)
    right = cache(lambda counts: rule.admits(spent_at(dict(counts), unit, menu, delta / 4, rule.order)))
    assert best_adversary(lambda counts: right(tuple(counts.items())), unit, budget, menu, delta / 4) <= delta


# Fixed plans, filled up to the brim, against exact composition.


def filled(rule: Rule, event, delta: float) -> int:
    """Return how many times `event` is admitted."""
    cost, spent, times = cost_of(event, delta, rule), Spent(), 0
    while times < 20_000 and rule.admits(spent.plus(cost)):
        spent, times = spent.plus(cost), times + 1
    return times


@given(budget=budgets, sigma=st.floats(100, 20_000), share=st.floats(1e-3, 0.5))
@settings(max_examples=40, deadline=None)
def test_gaussians_up_to_the_brim_stay_within_their_closed_form(budget, sigma, share):
    total, delta = budget
    rule = Rule.for_budget(total, delta)
    times = filled(rule, DiscreteGaussian(sensitivity=100, sigma=sigma), delta * share)
    if delta == 0:
        assert times == 0
    elif times:
        mu = math.sqrt(times) * 100 / sigma
        true = norm.cdf(mu / 2 - total / mu) - math.exp(total + norm.logcdf(-mu / 2 - total / mu))
        assert true <= delta


@pytest.mark.parametrize(("total", "delta"), [(1.0, 1e-8), (4.0, 1e-8), (8.0, 1e-5)])
@pytest.mark.parametrize("scale", [2.0, 30.0, 200.0])
def test_laplaces_up_to_the_brim_stay_within_their_privacy_loss_distribution(total, delta, scale):
    times = filled(Rule.for_budget(total, delta), DiscreteLaplace(sensitivity=1, scale=scale), 0)
    exact = pld.from_discrete_laplace_mechanism(
        1 / scale, value_discretization_interval=1e-3, pessimistic_estimate=False
    )
    assert times >= math.floor(total * scale)  # basic composition at least
    if times:
        assert exact.self_compose(times).get_delta_for_epsilon(total) <= delta


def test_the_renyi_region_admits_far_more_small_plans_than_adding_up():
    rule = Rule.for_budget(1.0, 1e-8)
    assert filled(rule, DiscreteLaplace(sensitivity=1, scale=1000.0), 0) > 5 * 1000


def gaussian_game(total: float, delta: float, mu: float, admits, steps: int = 600) -> float:
    """Return the best δ at ε = `total` of an adversary that releases Gaussians of shift `mu` while it may."""
    times = 0
    while times < steps and admits(times + 1):
        times += 1
    root = mu * math.sqrt(times)
    return norm.cdf(root / 2 - total / root) - math.exp(total) * norm.cdf(-root / 2 - total / root)


def test_a_hundred_adaptive_gaussians_need_hardly_more_than_their_exact_figure():
    each = DiscreteGaussian(sensitivity=2.0**20, sigma=calibrate_gaussian(0.1, 1e-6, sensitivity=2.0**20))
    exact = gaussian_epsilon(100 * squared_shift(each), 1e-6)
    assert filled(Rule.for_budget(exact * 1.06, 1e-6), each, 1e-6) >= 100
    assert filled(Rule.for_budget(exact, 1e-6), each, 1e-6) < 100  # the shares of the other regions are real
    times = filled(Rule.for_budget(exact, 1e-6), each, 1e-6)
    mu = math.sqrt(squared_shift(each))
    assert 0.1e-6 < gaussian_game(exact, 1e-6, mu, lambda n: n <= times) <= 1e-6


def test_plans_of_every_kind_share_the_gaussian_region():
    rule, spent = Rule.for_budget(2.0, 1e-6), Spent()
    events = [
        DiscreteGaussian(sensitivity=100, sigma=700.0),
        DiscreteLaplace(sensitivity=1, scale=20.0),
        BoundedRange(epsilon=0.1),
        ApproximateDP(epsilon=0.1, delta=1e-9),
        SampledGaussian(rate=0.5, sensitivity=100, sigma=5000.0, steps=9),
    ]
    for event in events:
        spent = spent.plus(cost_of(event, 1e-6, rule))
    assert spent.gaussian < CEILING
    assert rule._gaussian(spent)
    assert spent.additive_delta == to_atto(1e-9)
    assert not rule._basic(spent)


def test_a_failure_beyond_the_share_of_a_region_closes_it_and_no_other_number_helps():
    rule = Rule.for_budget(1.0, 1e-6)
    for share, inside in (
        (rule.shares.renyi_additive, rule._renyi),
        (rule.shares.gaussian_additive, rule._gaussian),
        (rule.shares.basic, rule._basic),
    ):
        assert inside(Spent(additive_delta=share))
        assert not inside(Spent(additive_delta=share + 1))
    everything = Spent(additive_delta=max(rule.shares.to_json().values()) + 1)
    assert rule.left(everything) == 0
    assert rule.epsilon_spent(everything) == math.inf


# The first rules and entries, written before there was a Gaussian region.

FIRST = {"epsilon": 4_000_000_000, "delta": 10_000_000_000, "order": 10, "cap": 2_160_428_292}


def test_a_first_rule_keeps_its_meaning_and_its_text():
    rule = Rule.from_json(FIRST)
    assert rule.to_json() == FIRST
    assert rule.shares.basic == 5_000_000_000
    assert rule.shares.renyi == rule.shares.renyi_additive == 2_500_000_000
    plan = Spent(basic_epsilon=4_000_000_000, basic_delta=5_000_000_000, renyi=CEILING, gaussian=0)
    assert rule.admits(plan)
    assert not rule.admits(plan.plus(Spent(basic_delta=1)))
    assert not rule.admits(Spent(basic_epsilon=CEILING, renyi=CEILING, gaussian=0))
    assert rule.admits(Spent(basic_epsilon=CEILING, renyi=2_160_428_292, gaussian=CEILING))
    with pytest.raises(InvalidInput):
        Rule.from_json(FIRST | {"cap": FIRST["cap"] + 1})
    with pytest.raises(InvalidInput):
        Rule.from_json(FIRST | {"delta": "1"})


def test_first_entries_have_no_gaussian_statement_unless_nothing_was_spent():
    first = {"basic_epsilon": 5, "basic_delta": 0, "renyi": 2, "additive_delta": 0}
    assert Cost.from_json(first).gaussian == Spent.from_json(first).gaussian == CEILING
    assert Spent.from_json(dict.fromkeys(first, 0)) == Spent()
    later = Spent.from_json(first).plus(Cost(**first, gaussian=7))
    assert later.gaussian == CEILING
    for field in first:
        with pytest.raises(InvalidInput):
            Cost.from_json({k: v for k, v in first.items() if k != field})


@given(cost=costs, field=st.sampled_from(FIELDS))
def test_a_price_covers_what_is_found_again_up_to_a_millionth(cost, field):
    assert cost.covers(cost)
    below = getattr(cost, field) * 999_998 // 1_000_000
    altered = dataclasses.replace(cost, **{field: below})
    assert cost.covers(altered)  # a price above the truth keeps every promise
    assert altered.covers(cost) == (getattr(cost, field) == below)


@pytest.mark.parametrize("shares", [None, 3, {}, {"basic": 1}])
def test_a_rule_without_its_shares_is_refused(shares):
    written = Rule.for_budget(4.0, 1e-8).to_json()
    with pytest.raises(InvalidInput):
        Rule.from_json(written | {"shares": shares})
    with pytest.raises(InvalidInput):
        Rule.from_json(FIRST | {"gaussian": 5})


# Whole numbers, rounded the safe way.


figures = st.builds(
    Cost,
    basic_epsilon=st.sampled_from([NANO, 3 * NANO, CEILING]),
    basic_delta=st.sampled_from([0, 10**9, 10**12]),
    renyi=st.sampled_from([0, NANO // 9, CEILING]),
    gaussian=st.sampled_from([0, PICO // 99, CEILING]),
    additive_delta=st.sampled_from([0, 10**9, 10**12]),
)


@given(cost=figures, before=st.lists(figures, max_size=2))
def test_delta_is_named_exactly_where_the_same_charge_without_its_delta_would_fit(cost, before):
    rule, spent = Rule.for_budget(4.0, 1e-6), Spent()
    for each in before:
        spent = spent.plus(each)
    short = rule.short_of_delta(spent, cost)
    bare = dataclasses.replace(spent.plus(cost), basic_delta=0, additive_delta=0)
    fits_without = not rule.admits(spent.plus(cost)) and rule.admits(bare)
    assert fits_without if short else not (fits_without and cost.basic_delta and cost.additive_delta)
    if short:
        assert short[0] > short[1] >= 0


@given(value=st.floats(1e-12, 1e5))
def test_prices_round_up(value):
    assert to_nano(value) - 1 < Fraction(repr(value)) * NANO <= to_nano(value)


@given(value=st.floats(0, 1e-3))
def test_deltas_round_up(value):
    assert Fraction(repr(value)) * ATTO <= to_atto(value) < Fraction(repr(value)) * ATTO + 1


@given(budget=budgets)
@settings(deadline=None)
def test_caps_round_down_and_convert_to_a_quarter_of_delta(budget):
    total, delta = budget
    rule = Rule.for_budget(total, delta)
    assert rule.epsilon <= Fraction(repr(total)) * NANO < rule.epsilon + 1
    assert rule.delta <= Fraction(repr(delta)) * ATTO < rule.delta + 1
    if rule.cap >= 0:  # δ from Proposition 12 at the cap, in decimals
        a, gap = Decimal(rule.order), (Decimal(rule.cap) - Decimal(rule.epsilon)) / NANO
        log_delta = (a - 1) * gap - (a - 1).ln() + a * ((a - 1) / a).ln()
        assert log_delta.exp() <= Decimal(rule.delta) / 4 / ATTO
    with pytest.raises(InvalidInput):
        dataclasses.replace(rule, cap=rule.cap + 1)


@given(budget=budgets)
@settings(max_examples=30, deadline=None)
def test_gaussian_caps_are_the_largest_that_keep_their_share_of_delta(budget):
    rule = Rule.for_budget(*budget)
    if rule.gaussian >= 0:
        allowed = (rule.shares.gaussian - 1) * mpmath.mpf(10) ** -18
        assert exact_gaussian_delta(rule.gaussian, rule.epsilon) <= allowed
        assert exact_gaussian_delta(rule.gaussian + 1, rule.epsilon) > allowed
    with pytest.raises(InvalidInput):
        dataclasses.replace(rule, gaussian=rule.gaussian + 1)


def exact_gaussian_delta(pico: int, nano: int):
    """Return Balle and Wang's δ at 50 digits, with mpmath's erfc."""
    with mpmath.workdps(50):
        mu, eps = mpmath.sqrt(mpmath.mpf(pico) / PICO), mpmath.mpf(nano) / NANO
        if mu == 0:
            return mpmath.mpf(0)
        below, above = (mpmath.erfc((eps / mu + side * mu / 2) / mpmath.sqrt(2)) / 2 for side in (-1, 1))
        return below - mpmath.exp(eps) * above


@given(budget=st.tuples(st.floats(0.1, 10), st.sampled_from([1e-10, 1e-8, 1e-5])))
@settings(deadline=None)
def test_the_order_of_a_rule_gives_gaussian_noise_the_most_room(budget):
    rule = Rule.for_budget(*budget)
    for other in range(max(2, rule.order - 3), rule.order + 4):
        gap = math.log1p(-1 / other) - (math.log(budget[1] / 4) + math.log(other)) / (other - 1)
        assert (budget[0] - gap) / other <= rule.cap / NANO / rule.order * (1 + 1e-6)


EVENTS = [
    (DiscreteLaplace(sensitivity=3, scale=7.0), 0.0),
    (DiscreteLaplace(sensitivity=1, scale=100.0), 1e-10),
    (DiscreteGaussian(sensitivity=2.5, sigma=11.0), 1e-9),
    (SampledGaussian(rate=0.02, sensitivity=1, sigma=1.1, steps=40), 1e-9),
    (Composed((DiscreteLaplace(sensitivity=1, scale=100.0),) * 500), 1e-9),
    (Composed((DiscreteLaplace(sensitivity=1, scale=5.0), Failure(delta=1e-10))), 1e-10),
    (Composed((DiscreteGaussian(sensitivity=1, sigma=9.0), Failure(delta=1e-10))), 1e-9),
]


@pytest.mark.parametrize(("event", "delta"), EVENTS)
def test_a_cost_is_never_below_the_figures_of_the_event(event, delta):
    rule = Rule.for_budget(4.0, 1e-8)
    cost = cost_of(event, delta, rule)
    assert cost.renyi >= Fraction(rdp(event, rule.order)) * NANO
    stated = Fraction(cost.basic_delta + cost.additive_delta, ATTO)
    assert Fraction(repr(epsilon(event, float(stated)))) * NANO <= cost.basic_epsilon
    assert stated <= max(Fraction(repr(delta)), Fraction(cost.additive_delta, ATTO)) + Fraction(1, ATTO)


def test_a_pure_plan_books_no_delta_and_its_own_epsilon_to_the_digit():
    rule = Rule.for_budget(4.0, 1e-8)
    for asked in ("0.1", "0.7", "1.0", "1.3", "0.05"):
        event = DiscreteLaplace(sensitivity=7, scale=calibrate_laplace(float(asked), sensitivity=7))
        cost = cost_of(event, 1e-9, rule)
        assert cost.basic_delta == cost.additive_delta == 0
        assert cost.basic_epsilon == Decimal(asked) * NANO


def test_four_plans_of_one_fill_an_account_of_four_and_a_fifth_is_refused():
    rule = Rule.for_budget(4.0, 0.0)
    assert filled(rule, DiscreteLaplace(sensitivity=1, scale=1.0), 0) == 4
    assert (
        filled(
            Rule.for_budget(0.7, 0),
            DiscreteLaplace(sensitivity=1, scale=calibrate_laplace(0.1, sensitivity=1)),
            0,
        )
        == 7
    )


def test_without_delta_only_pure_plans_are_admitted():
    rule = Rule.for_budget(4.0, 0.0)
    assert rule.cap == -1
    for event, delta in EVENTS[2:4]:
        assert not rule.admits(Spent().plus(cost_of(event, delta, rule)))


def test_a_gaussian_without_a_delta_of_its_own_can_only_stand_in_the_renyi_region():
    rule = Rule.for_budget(4.0, 1e-8)
    cost = cost_of(DiscreteGaussian(sensitivity=1, sigma=10.0), 0.0, rule)
    assert cost.basic_epsilon == CEILING
    assert rule.admits(Spent().plus(cost))


# Sums.


@given(parts=st.lists(costs, max_size=5), budget=budgets)
@settings(deadline=None)
def test_sums_do_not_depend_on_the_order_and_never_fall(parts, budget):
    rule = Rule.for_budget(*budget)
    ends = set()
    for arranged in itertools.islice(itertools.permutations(parts), 5):
        spent = Spent()
        for cost in arranged:
            after = spent.plus(cost)
            assert all(getattr(after, f) >= getattr(spent, f) for f in FIELDS)
            assert rule.admits(spent) or not rule.admits(after)
            assert rule.left(after) <= rule.left(spent)
            spent = after
        ends.add(spent)
    assert len(ends) == 1


@given(parts=st.lists(costs, max_size=4))
def test_costs_and_sums_are_read_back_as_written(parts):
    spent = Spent()
    for cost in parts:
        assert Cost.from_json(json.loads(json.dumps(cost.to_json()))) == cost
        spent = spent.plus(cost)
    assert Spent.from_json(json.loads(json.dumps(spent.to_json()))) == spent


@given(budget=budgets)
@settings(deadline=None)
def test_a_rule_is_read_back_as_written_and_holds_whole_numbers_only(budget):
    rule = Rule.for_budget(*budget)
    written = json.loads(json.dumps(rule.to_json()))
    numbers = [v for name, v in written.items() if name != "shares"]
    numbers += written.get("shares", {}).values()
    assert all(type(v) is int and abs(v) <= CEILING for v in numbers)
    assert sum(written.get("shares", {}).values()) <= written["delta"]
    assert Rule.from_json(written) == rule


# What is left, and what is shown.


@given(budget=budgets, releases=st.lists(st.floats(0.01, 3), max_size=6), sigma=st.floats(1, 100))
@settings(deadline=None)
def test_any_pure_plan_up_to_what_is_left_is_admitted_and_a_larger_one_is_not(budget, releases, sigma):
    rule = Rule.for_budget(*budget)
    spent = Spent()
    plans = [DiscreteLaplace(sensitivity=1, scale=1 / e) for e in releases]
    for event in [*plans, DiscreteGaussian(sensitivity=1, sigma=sigma)]:
        if rule.admits(after := spent.plus(cost_of(event, budget[1] / 10, rule))):
            spent = after

    left = round(rule.left(spent) * NANO)
    assert rule.admits(spent.plus(pure_cost(left, rule.order)))
    assert not rule.admits(spent.plus(pure_cost(left + 2, rule.order)))


@pytest.mark.parametrize("order", [2, 7, 300])
@pytest.mark.parametrize("x", [1e-4, 0.1, 1.0, 6.0])
def test_randomised_response_is_the_worst_pure_mechanism(order, x):
    true = 1 / (1 + math.exp(-x))
    exact = (
        math.log(true**order * (1 - true) ** (1 - order) + (1 - true) ** order * true ** (1 - order))
        / (order - 1)
        if order < 100
        else None
    )
    found = renyi_of_pure(to_nano(x), order) / NANO
    if exact is not None:
        assert exact * (1 - 1e-6) <= found <= exact * (1 + 1e-4) + 2e-9
    assert found >= rdp(DiscreteLaplace(sensitivity=1, scale=1 / x), order) * (1 - 1e-6)


def test_a_large_epsilon_does_not_overflow():
    rule = Rule.for_budget(1e6, 1e-8)
    assert rule.left(Spent()) == 1e6
    assert rule.epsilon_spent(Spent()) == 0


@given(budget=budgets, sigma=st.floats(0.5, 200), times=st.integers(0, 20))
@settings(deadline=None)
def test_what_is_shown_as_spent_fits_the_account_exactly_when_the_sums_do(budget, sigma, times):
    rule = Rule.for_budget(*budget)
    spent = Spent()
    for _ in range(times):
        spent = spent.plus(cost_of(DiscreteGaussian(sensitivity=1, sigma=sigma), budget[1] / 100, rule))
    assert rule.admits(spent) == (rule.epsilon_spent(spent) <= rule.epsilon / NANO)


def test_nothing_spent_is_shown_as_zero():
    rule = Rule.for_budget(1.0, 1e-8)
    assert rule.epsilon_spent(Spent()) == 0
    assert rule.left(Spent()) == 1.0


# Refusals.


@pytest.mark.parametrize("total", [0, -1.0, math.nan, math.inf, 1e-10, 1e7])
def test_an_account_without_a_proper_epsilon_is_refused(total):
    with pytest.raises(InvalidInput):
        Rule.for_budget(total, 1e-8)


@pytest.mark.parametrize("delta", [-1e-9, math.nan, math.inf, 0.01, 1.0])
def test_an_account_without_a_proper_delta_is_refused(delta):
    with pytest.raises(InvalidInput):
        Rule.for_budget(1.0, delta)


@pytest.mark.parametrize("bad", [-1, 1.0, True, CEILING + 1, math.nan])
def test_what_is_no_sum_is_refused(bad):
    for field in FIELDS:
        good = dict.fromkeys(FIELDS, 0)
        with pytest.raises(InvalidInput):
            Cost(**(good | {field: bad}))
        with pytest.raises(InvalidInput):
            Spent(**(good | {field: bad}))


def test_a_damaged_rule_is_refused():
    good = Rule.for_budget(4.0, 1e-8).to_json()
    for field in good:
        with pytest.raises(InvalidInput):
            Rule.from_json({k: v for k, v in good.items() if k != field})
        with pytest.raises(InvalidInput):
            Rule.from_json(good | {field: "4"})
    with pytest.raises(InvalidInput):
        Rule.from_json(good | {"epsilon": good["epsilon"] // 2})  # a cap above what the budget keeps


@pytest.mark.parametrize("delta", [-1e-9, math.nan, 1.0])
def test_a_plan_without_a_proper_delta_has_no_cost(delta):
    with pytest.raises(InvalidInput):
        cost_of(DiscreteLaplace(sensitivity=1, scale=1.0), delta, Rule.for_budget(1.0, 0))


def test_sums_reach_the_ceiling_and_stay_there():
    top = Cost(basic_epsilon=CEILING, basic_delta=0, renyi=CEILING, gaussian=CEILING, additive_delta=0)
    spent = Spent().plus(top).plus(top)
    assert spent.basic_epsilon == spent.renyi == spent.gaussian == CEILING
    rule = Rule.for_budget(1e6, 1e-3)
    assert not rule.admits(spent)
    assert rule.left(spent) == 0
    assert rule.epsilon_spent(spent) == math.inf
    assert np.isfinite(rule.left(Spent()))
