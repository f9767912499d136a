"""Formulas that popular articles get wrong: each test passes for the right form and fails for the wrong one."""

import math

import numpy as np
import pytest
from dp_accounting.pld import privacy_loss_distribution as pld
from scipy.stats import norm

from confide.dp.accountant import calibrate_gaussian, calibrate_laplace, epsilon, pure_epsilon
from confide.dp.events import Composed, DiscreteGaussian, DiscreteLaplace
from confide.dp.filter import PICO, Rule, Spent, cost_of
from confide.dp.gaussian import gaussian_epsilon
from confide.dp.renyi import rdp
from confide.errors import InvalidInput


def exact_delta(shift: int, sigma: float, at: float) -> float:
    """Return the true δ(ε) of one discrete Gaussian, by summing over the integers."""
    reach = math.ceil(45 * sigma) + shift
    x = np.arange(-reach, reach + 1, dtype=float)
    weight = np.exp(-x * x / (2 * sigma * sigma))
    with np.errstate(over="ignore"):
        gain = np.maximum(0, -np.expm1(at - (2 * x * shift + shift * shift) / (2 * sigma * sigma)))
    return float((weight * gain).sum() / weight.sum())


# 1. Laplace scale b = Δ1/ε. The wrong b = Δ1·ε agrees at ε = 1, so test at another ε.


def test_formula_1_the_laplace_scale_is_sensitivity_over_epsilon():
    right, wrong = calibrate_laplace(0.1, sensitivity=1), 1 * 0.1
    assert right == 10.0
    assert pure_epsilon(DiscreteLaplace(sensitivity=1, scale=right)) == 0.1
    assert pure_epsilon(DiscreteLaplace(sensitivity=1, scale=wrong)) == 10.0
    assert calibrate_laplace(1.0, sensitivity=1) == 1.0  # where both agree
    assert calibrate_laplace(0.1, sensitivity=5) == 50.0


# 2. Gaussian noise needs δ; σ falls as ε grows; the classic σ is proved for ε < 1 only.


def analytic_delta(sigma: float, at: float) -> float:
    """Return δ(ε) of the continuous Gaussian with sensitivity 1 (Balle, Wang 2018, Theorem 8)."""
    return float(norm.cdf(0.5 / sigma - at * sigma) - math.exp(at) * norm.cdf(-0.5 / sigma - at * sigma))


def test_formula_2_the_classic_sigma_is_too_small_at_epsilon_10_and_ours_is_not():
    delta, grid = 1e-5, 1000  # a fine grid, where discrete and continuous agree
    classic = math.sqrt(2 * math.log(1.25 / delta)) / 10
    assert classic == pytest.approx(0.4845, abs=1e-4)
    assert analytic_delta(classic, 10) == pytest.approx(2.27e-5, rel=0.01)
    assert exact_delta(grid, classic * grid, 10) > 2 * delta
    ours = calibrate_gaussian(10, delta, sensitivity=grid) / grid
    assert exact_delta(grid, ours * grid, 10) <= delta
    assert ours == pytest.approx(0.4999, abs=1e-4)


@pytest.mark.parametrize(
    ("asked", "analytic"), [(0.1, 30.7), (0.5, 7.03), (1, 3.73), (2, 1.99), (5, 0.892), (10, 0.4999)]
)
def test_formula_2_our_sigma_is_never_below_the_analytic_one_and_within_a_thousandth(asked, analytic):
    ours = calibrate_gaussian(asked, 1e-5, sensitivity=1000.0) / 1000
    assert analytic_delta(ours, asked) <= 1e-5
    assert ours == pytest.approx(analytic, rel=0.002)  # the table's three digits
    assert analytic_delta(ours * 0.999, asked) > 1e-5


def test_formula_2_sigma_falls_as_epsilon_grows_and_without_delta_there_is_none():
    sigmas = [calibrate_gaussian(asked, 1e-6) for asked in (0.1, 0.5, 1, 2, 5)]
    assert sigmas == sorted(sigmas, reverse=True)
    assert len(set(sigmas)) == 5
    with pytest.raises(InvalidInput):
        calibrate_gaussian(1.0, 0.0)


# 20. A discrete Gaussian booked as a Gaussian under-reports δ in PLD; book ρ = Δ²/(2σ²).


@pytest.mark.parametrize(("sigma", "least"), [(0.5, 2.0), (1.0, 1.5), (2.0, 1.1), (5.0, 1.0)])
def test_formula_20_a_discrete_gaussian_is_not_booked_as_a_continuous_one(sigma, least):
    def under_reported(at):
        claimed = analytic_delta(sigma, at)
        return exact_delta(1, sigma, at) / claimed if claimed > 1e-12 else 0.0

    grid = np.linspace(0.05, 6 / sigma, 400)
    worst_at = max(grid, key=under_reported)
    assert under_reported(worst_at) > least  # the wrong form: the claimed δ is too small
    true_delta = exact_delta(1, sigma, worst_at)
    continuous = pld.from_gaussian_mechanism(sigma, value_discretization_interval=1e-4).get_epsilon_for_delta(
        true_delta
    )
    ours = epsilon(DiscreteGaussian(sensitivity=1, sigma=sigma), true_delta * 0.999)
    assert continuous < worst_at  # the wrong form says: more private than it is
    assert ours >= worst_at  # the right form does not
    assert exact_delta(1, sigma, ours) <= true_delta
    assert rdp(DiscreteGaussian(sensitivity=1, sigma=sigma), 2) >= 2 * 1 / (2 * sigma**2)


def test_formula_20_a_sum_of_discrete_gaussians_is_composed_and_not_renamed():
    """Two releases at σ are priced as two; no event says "one discrete Gaussian at σ/√2"."""
    two = Composed((DiscreteGaussian(sensitivity=1, sigma=2.0),) * 2)
    assert rdp(two, 5) == pytest.approx(2 * rdp(DiscreteGaussian(sensitivity=1, sigma=2.0), 5), rel=1e-12)


# 21. The smallest of several accountants is valid for plans fixed in advance, not for adaptive ones.


def test_formula_21_an_account_does_not_admit_by_the_smallest_of_several_accountants_at_full_delta():
    """At every state the wrong rule takes the cheaper statement at the full δ; ours gives each region its share."""
    total, delta = 2.0, 1e-6
    rule = Rule.for_budget(total, delta)
    sigma = calibrate_gaussian(total, delta, sensitivity=1000)
    gaussian = DiscreteGaussian(sensitivity=1000, sigma=sigma)
    assert epsilon(gaussian, delta) <= total  # the smallest of the accountants says: fits
    price = cost_of(gaussian, delta, rule)
    assert price.basic_epsilon <= rule.epsilon
    assert gaussian_epsilon(price.gaussian / PICO, delta) <= total * (1 + 1e-6)
    assert not rule.admits(Spent().plus(price))


def test_formula_21_the_order_of_the_rule_is_fixed_with_the_account():
    """The wrong rule re-chooses the best order after each release; ours keeps one, whatever was spent."""
    rule = Rule.for_budget(4.0, 1e-8)
    assert Rule.from_json(rule.to_json()) == rule
    with pytest.raises(AttributeError):
        rule.order = 40
