"""The figure of declared batches is never below the truth and within a hundredth of it; exact sums are the oracle."""

import itertools
import math

import mpmath
import numpy as np
import pytest
from dp_accounting.pld import privacy_loss_distribution as pld
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.dp import hockeystick
from confide.dp.accountant import epsilon
from confide.dp.events import (
    ApproximateDP,
    BoundedRange,
    Composed,
    DiscreteGaussian,
    DiscreteLaplace,
    Failure,
    SampledGaussian,
)
from confide.dp.gaussian import gaussian_epsilon
from confide.dp.hockeystick import profiles
from confide.dp.pld import _convolved, _Law, _law, _Plan, _solved, declared_epsilon
from confide.errors import InvalidInput

mpmath.mp.dps = 40


def stick(p, q, at):
    """Return Σ (p - e^ε q)⁺ over the points of two laws given as {point: mass}."""
    return mpmath.fsum(max(mpmath.mpf(0), p[x] - mpmath.exp(at) * q[x]) for x in p)


def laplace(shift, scale, reach):
    t = mpmath.mpf(scale)
    c = (1 - mpmath.exp(-1 / t)) / (1 + mpmath.exp(-1 / t))
    return {x: c * mpmath.exp(-abs(x - shift) / t) for x in range(-reach, reach + 1)}


def at_points(profile, points):
    return profile(np.array(points, dtype=float))


# Profiles: every one against the probabilities themselves.


@pytest.mark.parametrize("scale", [0.3, 1.0, 6.5])
@pytest.mark.parametrize("shift", [1, 2, 5])
def test_the_profile_of_a_discrete_laplace_is_the_exact_sum(scale, shift):
    (found, other) = profiles(DiscreteLaplace(sensitivity=shift, scale=scale))
    assert found is other
    a = shift / scale
    points = [-3 * a, -a, -0.7 * a, -0.2 * a, 0.0, 0.1 * a, 0.5 * a, 0.93 * a, a, 1.5 * a]
    reach = math.ceil(60 * max(scale, 0.5)) + shift
    p, q = laplace(0, scale, reach), laplace(shift, scale, reach)
    for at, ours in zip(points, at_points(found, points), strict=True):
        true = stick(p, q, mpmath.mpf(at))
        assert true <= ours * (1 + mpmath.mpf("1e-15")) + mpmath.mpf("1e-40")
        assert ours <= true * (1 + 1e-9) + 1e-12


@given(
    vector=st.lists(st.integers(-3, 3), min_size=2, max_size=2),
    scale=st.floats(0.4, 4),
    at=st.floats(-4, 4),
)
@settings(deadline=None, max_examples=60)
def test_no_integer_vector_is_worse_than_one_coordinate_with_all_of_its_l1_norm(vector, scale, at):
    """The domination that the profile of the discrete Laplace rests on, for vectors of two."""
    norm = sum(map(abs, vector))
    if norm == 0:
        return
    reach = math.ceil(16 * scale) + 4
    axis = np.arange(-reach, reach + 1)
    x, y = np.meshgrid(axis, axis)
    p = np.exp(-(np.abs(x) + np.abs(y)) / scale) * math.tanh(0.5 / scale) ** 2
    loss = (np.abs(x - vector[0]) - np.abs(x) + np.abs(y - vector[1]) - np.abs(y)) / scale
    true = float((p * np.maximum(0.0, -np.expm1(at - loss))).sum())
    (one, _) = profiles(DiscreteLaplace(sensitivity=norm, scale=scale))
    assert true <= float(at_points(one, [at])[0]) + 1e-6  # the grid ends where masses are 1e-7


def test_two_coordinates_are_dominated_at_every_knot_exactly():
    """The same without a grid that ends: both sides at the knots λ = q^{a+b-2k}, at 40 digits."""
    for a, b, scale in itertools.product((1, 2, 3), (1, 2, 4), (0.5, 2.0, 9.0)):
        with mpmath.workdps(40):
            q = mpmath.exp(-1 / mpmath.mpf(scale))
            reach = math.ceil(110 * scale) + 10

            def one(shift, at, q=q):
                """The profile in λ = e^ε, as the sum over the losses of a shift."""
                losses = {shift: 1 / (1 + q), -shift: q**shift / (1 + q)}
                for x in range(1, shift):
                    losses[shift - 2 * x] = (1 - q) / (1 + q) * q**x
                return mpmath.fsum(m * max(mpmath.mpf(0), 1 - at * q**k) for k, m in losses.items())

            assert reach > a + b
            for k in range(a + b + 1):
                at = q ** (a + b - 2 * k)
                first = {a: 1 / (1 + q), -a: q**a / (1 + q)}
                for x in range(1, a):
                    first[a - 2 * x] = (1 - q) / (1 + q) * q**x
                both = mpmath.fsum(m * one(b, at * q**loss) for loss, m in first.items())
                assert both <= one(a + b, at) + mpmath.mpf("1e-35")
                # ... and both sides are what the proof says they are
                kappa, low, high = q ** (a + b - k), max(0, a - k), min(a, a + b - k)
                told = kappa * (1 + (high - low) * (1 - q) / (1 + q))
                assert abs(1 - one(a + b, at) - kappa) < mpmath.mpf("1e-35")
                assert abs(1 - both - told) < mpmath.mpf("1e-35")


@pytest.mark.parametrize("eps", [0.1, 1.0, 4.0])
def test_the_profile_of_a_stated_epsilon_is_randomised_response(eps):
    (found, _) = profiles(ApproximateDP(epsilon=eps, delta=0.1))
    p = {0: mpmath.exp(eps) / (1 + mpmath.exp(eps)), 1: 1 / (1 + mpmath.exp(eps))}
    q = {0: p[1], 1: p[0]}
    points = [-2 * eps, -eps / 2, 0.0, eps / 3, eps, 2 * eps]
    for at, ours in zip(points, at_points(found, points), strict=True):
        true = stick(p, q, mpmath.mpf(at))
        assert true - mpmath.mpf(1e-16) <= ours <= true + 1e-12


@given(eps=st.floats(0.05, 6), part=st.floats(0.01, 0.99), place=st.floats(-1.5, 1.5))
def test_the_profile_of_bounded_range_covers_every_interval_of_losses_and_no_more(eps, part, place):
    (found, _) = profiles(BoundedRange(epsilon=eps))
    ours = float(at_points(found, [place * eps])[0])

    def true(t):
        p = -math.expm1(t - eps) / -math.expm1(-eps)
        p, q = (p, 1 - p), (p * math.exp(-t), 1 - p * math.exp(-t))
        return sum(max(0.0, a - math.exp(place * eps) * b) for a, b in zip(p, q, strict=True))

    assert true(part * eps) <= ours + 1e-12
    best = max(true(t * eps / 400) for t in range(401))
    assert ours <= best + 1e-5 * eps + 1e-12


@pytest.mark.parametrize("sigma", [0.4, 1.0, 3.7, 20.0])
def test_the_profile_of_a_coarse_discrete_gaussian_is_the_exact_sum(sigma):
    (found, _) = profiles(DiscreteGaussian(sensitivity=1, sigma=sigma))
    s2, reach = 2 * mpmath.mpf(sigma) ** 2, math.ceil(16 * sigma) + 2
    weights = {x: mpmath.exp(-(mpmath.mpf(x) ** 2) / s2) for x in range(-reach, reach + 1)}
    total = mpmath.fsum(weights.values())
    p = {x: weights[x] / total for x in range(-reach + 1, reach)}
    q = {x: weights[x - 1] / total for x in range(-reach + 1, reach)}
    points = [-3 / sigma, -0.5 / sigma, 0.0, 0.2 / sigma, 1 / sigma, 4 / sigma, 7 / sigma]
    for at, ours in zip(points, at_points(found, points), strict=True):
        true = stick(p, q, mpmath.mpf(at))
        assert true - mpmath.mpf(1e-16) <= ours <= true * (1 + 1e-8) + 1e-12


@pytest.mark.parametrize("rate", [1e-4, 0.05, 0.6])
@pytest.mark.parametrize("sigma", [0.6, 2.0])
def test_sampling_has_a_profile_for_each_direction_and_both_are_the_exact_sums(rate, sigma):
    adding, removing = profiles(SampledGaussian(rate=rate, sensitivity=1, sigma=sigma, steps=3))
    s2, reach = 2 * mpmath.mpf(sigma) ** 2, math.ceil(18 * sigma) + 2
    weights = {x: mpmath.exp(-(mpmath.mpf(x) ** 2) / s2) for x in range(-reach, reach + 1)}
    total = mpmath.fsum(weights.values())
    inner = range(-reach + 1, reach)
    still = {x: weights[x] / total for x in inner}
    mixed = {x: (1 - mpmath.mpf(rate)) * still[x] + rate * weights[x - 1] / total for x in inner}
    points = [-1.0, -rate / 2, -rate / 50, 0.0, rate / 50, rate / 2, 2 * rate, 0.3, 1.0, 2.5]
    for profile, p, q in ((adding, mixed, still), (removing, still, mixed)):
        for at, ours in zip(points, at_points(profile, points), strict=True):
            true = stick(p, q, mpmath.mpf(at))
            assert true - mpmath.mpf(1e-16) <= ours <= true * (1 + 1e-6) + 1e-12


@pytest.mark.parametrize(
    "leaf",
    [
        DiscreteLaplace(sensitivity=3, scale=4.0),
        BoundedRange(epsilon=1.3),
        ApproximateDP(epsilon=0.7, delta=0.0),
        SampledGaussian(rate=0.03, sensitivity=50, sigma=60.0, steps=1),
        DiscreteGaussian(sensitivity=50, sigma=60.0),
    ],
)
@pytest.mark.parametrize("step", [0.3, 0.01])
def test_the_law_on_the_grid_dominates_its_profile_at_every_epsilon(leaf, step):
    for profile in profiles(leaf):
        law = _law(profile, 1, -6.0, 6.0, step)
        assert law.masses.sum() + law.infinite == pytest.approx(1, abs=1e-12)
        places = np.linspace(-1, 5, 301)
        for at, true in zip(places, at_points(profile, places), strict=True):
            ours = law.infinite + float(law.masses @ np.maximum(0.0, -np.expm1(at - law.losses)))
            assert ours >= true * (1 - 1e-12) - 1e-15


def test_a_law_that_moves_losses_down_would_be_seen():
    """The guard fails when what it guards is broken: the same law one grid point lower does not dominate."""
    (profile, _) = profiles(DiscreteLaplace(sensitivity=3, scale=4.0))
    law = _law(profile, 1, -1.0, 1.0, 0.01)
    lower = law.infinite + float(law.masses @ np.maximum(0.0, -np.expm1(0.3 - (law.losses - 0.01))))
    assert lower < float(at_points(profile, [0.3])[0])


# Compositions against exact sums.


def losses_of(event):
    """Return the law of the loss of a composition of discrete Laplaces moved by 1 and choices of stated ε."""
    law = {mpmath.mpf(0): mpmath.mpf(1)}
    for leaf in event.events:
        loss = 1 / mpmath.mpf(leaf.scale) if isinstance(leaf, DiscreteLaplace) else mpmath.mpf(leaf.epsilon)
        true = 1 / (1 + mpmath.exp(-loss))
        after = {}
        for at, mass in law.items():
            for to, part in ((at + loss, true), (at - loss, 1 - true)):
                key = mpmath.nstr(to, 25)
                after[key] = after.get(key, 0) + mass * part
        law = {mpmath.mpf(key): mass for key, mass in after.items()}
    return law


@given(
    first=st.integers(0, 30),
    second=st.integers(1, 12),
    delta=st.sampled_from([1e-3, 1e-6, 1e-9]),
)
@settings(deadline=None, max_examples=12)
def test_a_declared_batch_of_answers_is_within_a_hundredth_of_the_exact_sum(first, second, delta):
    event = Composed(
        (DiscreteLaplace(sensitivity=1, scale=8.0),) * first
        + (ApproximateDP(epsilon=0.5, delta=0.0),) * second
    )
    found = declared_epsilon(event, delta)
    with mpmath.workdps(30):
        law = losses_of(event)

        def at(eps):
            return mpmath.fsum(m * max(mpmath.mpf(0), -mpmath.expm1(eps - x)) for x, m in law.items())

        assert at(mpmath.mpf(found)) <= delta
        assert at(mpmath.mpf(found * 0.99)) > delta


@pytest.mark.parametrize(("rate", "noise", "steps"), [(0.01, 1.0, 1000), (0.1, 2.0, 100), (0.002, 0.7, 3000)])
def test_declared_training_agrees_with_the_privacy_loss_distribution_of_dp_accounting(rate, noise, steps):
    grid = 2.0**20
    event = SampledGaussian(rate=rate, sensitivity=grid, sigma=noise * grid, steps=steps)
    settings_ = {"sampling_prob": rate, "value_discretization_interval": 2e-4}
    below = pld.from_gaussian_mechanism(noise, pessimistic_estimate=False, **settings_).self_compose(steps)
    above = pld.from_gaussian_mechanism(noise, **settings_).self_compose(steps)
    for delta in (1e-5, 1e-8):
        ours = declared_epsilon(event, delta)
        assert below.get_epsilon_for_delta(delta) <= ours
        assert ours <= above.get_epsilon_for_delta(delta) * 1.01
        assert ours < epsilon(event, delta)


def test_gaussian_noise_without_sampling_is_one_shift_however_often():
    event = Composed(
        (DiscreteGaussian(sensitivity=2.0**20, sigma=2.0**24), DiscreteLaplace(sensitivity=1, scale=1e6))
        * 500
    )
    with_laplace = declared_epsilon(event, 1e-6)
    alone = gaussian_epsilon(500 / 256, 1e-6)
    assert alone <= with_laplace <= alone * 1.001


def test_coarse_and_fine_gaussians_and_choices_compose_into_one_figure():
    event = Composed(
        (
            DiscreteGaussian(sensitivity=1, sigma=1.5),
            SampledGaussian(rate=0.2, sensitivity=1, sigma=1.5, steps=5),
            SampledGaussian(rate=1, sensitivity=30, sigma=200.0, steps=2),
            BoundedRange(epsilon=0.3),
            Failure(delta=1e-9),
        )
    )
    found, priced = declared_epsilon(event, 1e-6), epsilon(event, 1e-6)
    assert gaussian_epsilon(1 / 1.5**2, 1e-6) < found < priced


def test_formula_20_declared_discrete_gaussians_are_not_taken_for_continuous_ones():
    for sigma in (0.5, 1.0, 2.0):
        found = declared_epsilon(DiscreteGaussian(sensitivity=1, sigma=sigma), 1e-5)
        (profile, _) = profiles(DiscreteGaussian(sensitivity=1, sigma=sigma))
        assert float(at_points(profile, [found])[0]) <= 1e-5
    assert declared_epsilon(DiscreteGaussian(sensitivity=1, sigma=1.0), 1e-3) > gaussian_epsilon(1.0, 1e-3)


def test_where_no_profile_is_proved_the_accountant_speaks():
    event = DiscreteGaussian(sensitivity=2, sigma=1.0)
    assert profiles(event) is None
    assert declared_epsilon(event, 1e-6) == epsilon(event, 1e-6)
    sampled = SampledGaussian(rate=0.1, sensitivity=2, sigma=1.0, steps=3)
    assert declared_epsilon(sampled, 1e-6) == epsilon(sampled, 1e-6)
    plain = SampledGaussian(rate=1, sensitivity=2, sigma=1.0, steps=3)
    assert declared_epsilon(plain, 1e-6) == epsilon(plain, 1e-6)


def test_a_failure_has_no_profile():
    with pytest.raises(TypeError):
        profiles(Failure(delta=0.1))


@given(
    times=st.lists(st.integers(0, 40), min_size=4, max_size=4),
    delta=st.sampled_from([0.0, 1e-12, 1e-6, 0.1]),
)
@settings(deadline=None, max_examples=25)
def test_the_declared_figure_is_never_above_the_accountants(times, delta):
    kinds = (
        DiscreteLaplace(sensitivity=4, scale=60.0),
        BoundedRange(epsilon=0.1),
        DiscreteGaussian(sensitivity=9, sigma=400.0),
        Failure(delta=1e-13),
    )
    event = Composed(tuple(k for k, n in zip(kinds, times, strict=True) for _ in range(n)))
    assert 0 <= declared_epsilon(event, delta) <= epsilon(event, delta)


def test_a_failure_takes_its_part_of_a_declared_delta():
    many = (DiscreteLaplace(sensitivity=1, scale=20.0),) * 100
    half = declared_epsilon(Composed((*many, Failure(delta=5e-7))), 1e-6)
    assert half == pytest.approx(declared_epsilon(Composed(many), 5e-7), rel=1e-6)
    assert declared_epsilon(Composed((*many, Failure(delta=2e-6))), 1e-6) == math.inf


@given(
    weights=st.lists(st.integers(0, 10**6), min_size=2, max_size=5).filter(any),
    first=st.integers(-5, 3),
    times=st.integers(1, 15),
    tilt=st.floats(0.01, 5),
)
@settings(deadline=None, max_examples=15)
def test_all_errors_of_the_transform_together_stay_within_their_bound(weights, first, times, tilt):
    """The sum of the losses by exact arithmetic, folded, against what the transform says and admits to be off by."""
    law = _Law(first, np.array(weights, dtype=float) / sum(weights), 0.0, 0.1, times)
    cells = 512
    found, rounding = _convolved([law], tilt, cells)
    with mpmath.workdps(40):
        tilted = [
            mpmath.mpf(float(m)) * mpmath.exp(mpmath.mpf(tilt) * mpmath.mpf(float(x)))
            for m, x in zip(law.masses, law.losses, strict=True)
        ]
        whole = mpmath.fsum(tilted)
        true = {0: mpmath.mpf(1)}
        for _ in range(times):
            after = {}
            for (at, mass), (i, part) in itertools.product(true.items(), enumerate(tilted)):
                key = (at + first + i) % cells
                after[key] = after.get(key, 0) + mass * part / whole
            true = after
        off = mpmath.fsum(abs(mpmath.mpf(float(found[k])) - true.get(k, 0)) for k in range(cells))
    assert 2 * off <= rounding  # it counts in both sums of δ
    assert rounding < 1e-8


def test_a_window_that_ends_too_low_has_no_answer():
    (profile, _) = profiles(DiscreteLaplace(sensitivity=1, scale=2.0))
    law = _law(profile, 40, -1.0, 1.0, 0.01)
    assert _solved([law], _Plan(tilt=3.0, guess=1.0, top=1.5, bottom=-1.0), 1e-9) == math.inf


def test_equal_events_are_one_part_however_they_are_written():
    one = SampledGaussian(rate=0.05, sensitivity=2.0**20, sigma=2.0**20, steps=1)
    many = SampledGaussian(rate=0.05, sensitivity=2.0**20, sigma=2.0**20, steps=300)
    lap = DiscreteLaplace(sensitivity=1, scale=30.0)
    nested = Composed((Composed((one, lap)),) * 300)
    assert declared_epsilon(nested, 1e-7) == declared_epsilon(Composed((many, *(lap,) * 300)), 1e-7)


@given(
    scales=st.lists(st.floats(1.0, 40), min_size=1, max_size=3),
    times=st.integers(1, 60),
    delta=st.sampled_from([1e-4, 1e-7, 1e-10]),
)
@settings(deadline=None, max_examples=15)
def test_more_releases_and_less_delta_never_lower_a_declared_figure(scales, times, delta):
    parts = tuple(DiscreteLaplace(sensitivity=1, scale=scale) for scale in scales)
    found = declared_epsilon(Composed(parts * times), delta)
    assert found <= declared_epsilon(Composed(parts * (times + 1)), delta) * (1 + 1e-3)
    assert found <= declared_epsilon(Composed(parts * times), delta / 10) * (1 + 1e-3)


def test_a_large_delta_leaves_no_epsilon():
    assert declared_epsilon(DiscreteLaplace(sensitivity=1, scale=30.0), 0.5) == 0.0
    assert declared_epsilon(Failure(delta=1e-9), 1e-6) == 0.0


@pytest.mark.parametrize("delta", [-1e-9, 1.0, math.nan])
def test_what_is_no_delta_is_refused(delta):
    with pytest.raises(InvalidInput):
        declared_epsilon(DiscreteLaplace(sensitivity=1, scale=1.0), delta)


def test_a_mirrored_profile_is_that_of_a_symmetric_pair():
    profile = hockeystick.gaussian(2.0)
    for at in (0.1, 1.0, 3.0):
        here, there = at_points(profile, [at, -at])
        assert there == pytest.approx(1 - math.exp(-at) + math.exp(-at) * here, rel=1e-12)
