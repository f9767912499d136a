"""Real figures on a grid: what one patient moves, in exact integers; what can come out; σ of the analytic calibration."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import epsilon_seen, opened

from confide.dp.accountant import calibrate_gaussian, epsilon, pure_epsilon_exact
from confide.dp.events import DiscreteGaussian, DiscreteLaplace, event_from_json
from confide.dp.grid import RealGaussian, RealLaplace, step_of
from confide.errors import InvalidInput

bounds = st.floats(1e-280, 1e280)
anything = st.floats(allow_nan=True, allow_infinity=True) | st.floats(-3, 3)
rows = st.integers(1, 4).flatmap(
    lambda n: st.lists(st.lists(anything, min_size=n, max_size=n), min_size=1, max_size=6)
)


@given(bound=bounds)
def test_the_step_is_a_power_of_two_and_the_sensitivity_is_rounded_up(bound):
    asked = RealLaplace(bound=bound, epsilon=1.0)
    assert math.frexp(asked.step)[0] == 0.5
    exact = Fraction(bound) / Fraction(asked.step)
    assert 2**30 <= exact < 2**31
    assert asked.sensitivity - 1 < exact <= asked.sensitivity
    assert asked.step == step_of(bound)


@given(figures=rows, bound=st.floats(1e-3, 1e3) | bounds)
def test_no_patient_moves_the_integer_sums_by_more_than_the_sensitivity(figures, bound):
    """Any doubles: NaN, infinity, 1e308, figures that are too large together and not alone."""
    table = np.array(figures, dtype=np.float64).reshape(len(figures), -1)
    linear = RealLaplace(bound=bound, epsilon=1.0)
    assert all(sum(map(abs, row)) <= linear.sensitivity for row in linear.to_steps(table).tolist())
    square = RealGaussian(bound=bound, epsilon=1.0, delta=1e-6)
    assert all(sum(x * x for x in row) <= square.sensitivity**2 for row in square.to_steps(table).tolist())


@given(figures=st.lists(st.floats(-1, 1), min_size=1, max_size=5), bound=st.floats(5, 50))
def test_figures_inside_the_bound_are_off_by_less_than_one_step(figures, bound):
    for asked in (RealLaplace(bound=bound, epsilon=1.0), RealGaussian(bound=bound, epsilon=1.0, delta=1e-6)):
        back = asked.to_steps(np.array([figures])) * asked.step
        assert (np.abs(back - figures) <= asked.step * 1.001).all()


def test_a_patient_is_rounded_without_looking_at_the_others():
    table = np.random.default_rng(0).normal(size=(50, 3))
    for asked in (RealLaplace(bound=1.5, epsilon=1.0), RealGaussian(bound=1.5, epsilon=1.0, delta=1e-6)):
        together = asked.to_steps(table)
        assert (together == np.vstack([asked.to_steps(row[None]) for row in table])).all()
        assert (
            asked.to_steps(table[::-1]).sum(axis=0) == together.sum(axis=0)
        ).all()  # no order, no rounding


def test_what_can_come_out_is_the_grid_whatever_the_data():
    """In doubles the low bits of 0.1 + 0.2 and 0.3 differ, and noise does not hide it."""
    asked = RealLaplace(bound=1.0, epsilon=3.0)
    for figures in ([[0.1], [0.2]], [[0.3]], [[1e-300]]):
        totals = asked.to_steps(np.array(figures)).sum(axis=0)
        released = asked.release(np.repeat(totals, 5000), opened(1))
        assert (released == np.rint(released / asked.step) * asked.step).all()
        assert released.std() == pytest.approx(math.sqrt(2) / 3, rel=0.1)


def test_drawn_neighbours_show_no_more_than_epsilon():
    asked, n = RealLaplace(bound=2.0, epsilon=1.0), 100_000
    one = asked.to_steps(np.array([[2.0]])).sum(axis=0)
    here, there = (
        asked.release(np.zeros(n, dtype=np.int64), opened(2)),
        asked.release(np.repeat(one, n), opened(3)),
    )
    codes = [np.clip(np.floor(released) + 12, 0, 26).astype(int) for released in (here, there)]
    assert 0.8 < epsilon_seen(*codes) <= 1.0


@given(bound=st.floats(1e-3, 1e3), eps=st.floats(0.01, 20))
def test_the_event_costs_at_most_the_epsilon_that_was_asked(bound, eps):
    asked = RealLaplace(bound=bound, epsilon=eps)
    assert pure_epsilon_exact(asked.event()) <= Fraction(repr(eps))
    assert asked.event() == DiscreteLaplace(sensitivity=asked.sensitivity, scale=asked.scale)


def analytic(eps: float, delta: float) -> float:
    """Return σ of Balle, Wang 2018, Theorem 8, for sensitivity 1: δ(σ) = Φ(1/2σ - εσ) - e^ε Φ(-1/2σ - εσ)."""
    with mpmath.workdps(40):

        def excess(sigma):
            a, b = 1 / (2 * sigma), eps * sigma
            return mpmath.ncdf(a - b) - mpmath.exp(eps) * mpmath.ncdf(-a - b) - delta

        low, high = mpmath.mpf("0.01"), mpmath.mpf(1000)
        for _ in range(90):
            middle = (low + high) / 2
            low, high = (middle, high) if excess(middle) > 0 else (low, middle)
        return float(high)


@pytest.mark.parametrize(
    ("eps", "classic_by_analytic"),
    [
        (0.1, 48.4 / 30.7),
        (0.5, 9.69 / 7.03),
        (1.0, 4.84 / 3.73),
        (5.0, 0.969 / 0.892),
        (10.0, 0.4845 / 0.4999),
    ],
)
def test_sigma_is_that_of_the_analytic_calibration_and_not_the_classic_one(eps, classic_by_analytic):
    """Formula 2: the classic σ wastes 58 % at ε = 0.1 and under-noises at ε = 10."""
    asked = RealGaussian(bound=1.0, epsilon=eps, delta=1e-5)
    sigma = asked.sigma * asked.step
    assert 1 <= sigma / analytic(eps, 1e-5) <= 1 + 2e-4
    classic = math.sqrt(2 * math.log(1.25 / 1e-5)) / eps
    assert classic / sigma == pytest.approx(classic_by_analytic, rel=0.005)
    assert epsilon(asked.event(), 1e-5) <= eps
    assert asked.event() == DiscreteGaussian(sensitivity=asked.sensitivity, sigma=asked.sigma)


@pytest.mark.parametrize("eps", [0.5, 2.0, 8.0])
def test_formula_20_a_discrete_gaussian_in_coarse_units_is_never_booked_as_a_continuous_one(eps):
    """Its true δ, summed over the integers, keeps the δ asked; with the continuous σ of formula 2 it does not."""

    def true_delta(sigma):
        x = np.arange(-400, 401)
        p = np.exp(-(x**2) / (2 * sigma**2))
        q = np.exp(-((x - 1) ** 2) / (2 * sigma**2))
        return float(np.maximum(0, p / p.sum() - math.exp(eps) * q / q.sum()).sum())

    assert true_delta(calibrate_gaussian(eps, 1e-5, sensitivity=1)) <= 1e-5
    if eps == 2.0:
        assert true_delta(analytic(eps, 1e-5)) > 1e-5


def test_a_plan_says_its_grid_sensitivity_noise_and_event():
    for asked in (RealLaplace(bound=3.0, epsilon=0.5), RealGaussian(bound=3.0, epsilon=0.5, delta=1e-6)):
        said = asked.to_json()
        assert float(said["step"]) == asked.step
        assert said["sensitivity"] == asked.sensitivity
        assert event_from_json(said["event"]) == asked.event()


@pytest.mark.parametrize(
    "bad", [{"bound": 0.0}, {"bound": math.inf}, {"bound": math.nan}, {"epsilon": 0.0}, {"epsilon": 1e-9}]
)
def test_settings_that_cannot_be_are_refused(bad):
    with pytest.raises(InvalidInput):
        RealLaplace(**{"bound": 1.0, "epsilon": 1.0} | bad)
    if bad != {"epsilon": 1e-9}:
        with pytest.raises(InvalidInput):
            RealGaussian(**{"bound": 1.0, "epsilon": 1.0, "delta": 1e-6} | bad)


def test_figures_that_are_no_table_are_refused():
    for asked in (RealLaplace(bound=1.0, epsilon=1.0), RealGaussian(bound=1.0, epsilon=1.0, delta=1e-6)):
        with pytest.raises(InvalidInput):
            asked.to_steps(np.array([1.0, 2.0]))


def test_no_total_overflows_and_a_closed_stream_releases_nothing():
    for asked in (RealLaplace(bound=1.0, epsilon=1.0), RealGaussian(bound=1.0, epsilon=1.0, delta=1e-6)):
        released = asked.release(np.array([2**63 - 1, -(2**63)]), opened(4))
        assert released == pytest.approx([2.0**62 * asked.step, -(2.0**62) * asked.step])
        noise = opened(5)
        noise.close()
        with pytest.raises(InvalidInput, match="closed"):
            asked.release(np.array([0]), noise)
