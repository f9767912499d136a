"""Dense noise: rounded sums have the exact law, lie on a public grid, and no quick decision is ever a wrong one."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import FALSE_ALARM, opened
from scipy.special import ndtr
from scipy.stats import chi2, kstwobign

from confide.dp.dense import _DOUBT, _HIGH, _LOW, careful, last_word, quick, step_below
from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import InvalidInput

N = 1 << 20
PLANTED = 1e-12  # a wrong law gives a smaller p-value than this


def covered(values: np.ndarray, sigma: float, seed: int = 1) -> np.ndarray:
    values = np.array(values, dtype=np.float32)
    opened(seed).add_gaussian(values, sigma)
    return values


def borders(sigma: float, reach: float) -> np.ndarray:
    step = step_below(sigma)
    half = math.ceil(reach * sigma / step) + 0.5
    return np.arange(-half, half + 1) * step


def likeness(drawn: np.ndarray, figure: float, sigma: float) -> float:
    """Return the p-value of a chi-square test of `drawn` against figure + N(0, sigma²), rounded to the grid."""
    edges = borders(sigma, 3) + np.round(figure / step_below(sigma)) * step_below(sigma)
    below = ndtr(np.concatenate([[-np.inf], (edges - figure) / sigma, [np.inf]]))
    wanted = np.diff(below) * len(drawn)
    counts = np.bincount(np.searchsorted(edges, drawn), minlength=len(wanted))
    assert wanted.min() > 5
    return float(chi2.sf(((counts - wanted) ** 2 / wanted).sum(), len(wanted) - 1))


@pytest.mark.parametrize("sigma", [1.0, 1.1, 0.03, 777.7, 1.9999])
@pytest.mark.parametrize("figure", [0.0, 0.31, -0.0271, 3.0, 40_000.49])
def test_a_figure_with_noise_has_the_law_of_a_rounded_gaussian(sigma, figure):
    exact = float(np.float32(figure * sigma))
    drawn = covered(np.full(N // 4, exact), sigma, seed=int(1000 * sigma) + int(abs(figure) * 100))
    assert likeness(drawn, exact, sigma) > FALSE_ALARM


@pytest.mark.parametrize("wrong", [0.99, 1.01, 0.5])
def test_noise_of_a_planted_wrong_sigma_is_seen(wrong):
    assert likeness(covered(np.zeros(N), 1.1 * wrong), 0.0, 1.1) < PLANTED


def test_noise_that_forgets_a_figures_part_of_a_step_is_seen():
    step = step_below(1.1)
    assert likeness(covered(np.full(N, 0.4 * step), 1.1), 0.0, 1.1) < PLANTED


def test_moments_are_those_of_the_gaussian_and_of_rounding():
    sigma = 1.7
    drawn = covered(np.full(4 * N, 0.123), sigma).astype(np.float64) - np.float32(0.123)
    variance = sigma**2 + step_below(sigma) ** 2 / 12
    z = drawn / math.sqrt(variance)
    for power, wanted, spread in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96), (6, 15, 10170)):
        assert abs((z**power).mean() - wanted) < 6 * math.sqrt(spread / len(z)), power


def test_tails_are_as_heavy_as_they_should_be():
    """Single precision cannot draw beyond 6.7 sigma, and 32 bits of a radius not beyond 6.66: here nothing ends."""
    sigma, n = 1.0, 8 * N
    drawn = np.abs(covered(np.zeros(n), sigma))
    for far in (3, 4, 5):
        border = far + step_below(sigma) / 2  # where the cell of `far` ends
        wanted = 2 * n * ndtr(-border)
        assert abs((drawn > far).sum() - wanted) < 6 * math.sqrt(wanted) + 6, far


def test_the_distance_to_the_normal_law_is_that_of_chance():
    """Kolmogorov, Smirnov: at the borders between cells the law is the normal one itself."""
    drawn, edges = covered(np.zeros(N), 1.3), borders(1.3, 6)
    seen = np.searchsorted(np.sort(drawn), edges) / len(drawn)
    distance = np.abs(seen - ndtr(edges / 1.3)).max()
    assert kstwobign.sf(distance * math.sqrt(len(drawn))) > FALSE_ALARM


def test_the_two_of_a_pair_and_neighbours_are_independent():
    z = covered(np.zeros(1 << 19), 1.0).astype(np.float64)
    for lag in (1, 2, 1 << 13, 1 << 14):  # 2^13 apart stand the two of a pair
        for power in (1, 2):
            one, other = z[:-lag] ** power, z[lag:] ** power
            assert abs(np.corrcoef(one, other)[0, 1]) < 6 / math.sqrt(len(one)), (lag, power)


# no decision is a wrong one: each way against the next finer one, on the same bits


def bits_at(rng: np.random.Generator, pairs: int) -> np.ndarray:
    """Return random bits of pairs, a quarter of them at the ends of the radius and of the angle."""
    drawn = rng.integers(0, 1 << 32, size=(2, pairs), dtype=np.uint64).astype(np.uint32)
    ends = pairs // 4
    near = np.concatenate([_LOW + np.arange(ends // 2), _HIGH - 1 - np.arange(ends - ends // 2)])
    drawn[0, :ends] = near.astype(np.uint32)
    drawn[1, : ends // 2] = rng.integers(0, 64, ends // 2) << 26
    return drawn


def test_single_precision_is_off_by_less_than_half_the_doubt_that_is_granted():
    """Assumed of numpy in the proof: errors of log, cos and sin in single precision; here at 2^21 pairs."""
    rng, spread = np.random.default_rng(0), np.float32(32)
    bits = bits_at(rng, 1 << 21)
    share = ((bits[0] & np.uint32(0x7FFFFFFF)) + rng.random(1 << 21)) * 2.0**-31
    angle = (bits[1].view(np.int32) + rng.random(1 << 21)) * (math.pi * 2.0**-31)
    true = float(spread) * np.sqrt(-2 * np.log(share)) * np.stack([np.cos(angle), np.sin(angle)])
    inside = (share * 2.0**31 >= _LOW) & (share * 2.0**31 < _HIGH)
    radius = np.sqrt(
        np.float32(-2) * np.log((bits[0] & np.uint32(0x7FFFFFFF)).astype(np.float32) * np.float32(2.0**-31))
    )
    turn = bits[1].view(np.int32).astype(np.float32) * np.float32(math.pi / 2.0**31)
    ours = np.stack([np.cos(turn), np.sin(turn)]) * (radius * spread)
    assert np.abs(ours - true)[:, inside].max() < _DOUBT / 2


def test_what_single_precision_is_sure_of_doubles_confirm():
    rng = np.random.default_rng(1)
    for spread in (16.0, 23.7, 32.0):
        bits = bits_at(rng, 1 << 18)
        steps = (rng.normal(size=(2, 1 << 18)) * rng.choice([0.01, 1, 1e4], size=(2, 1 << 18))).astype(
            np.float32
        )
        found, sure = quick(steps, bits, np.float32(spread))
        assert 0.99 < sure[1 << 16 :].mean() < 1  # a few are left for doubles, not many
        finer = careful(Stream(), steps[:, sure].astype(np.float64), bits[:, sure], float(np.float32(spread)))
        np.testing.assert_array_equal(found[:, sure], finer.astype(np.float32))


@given(
    head=st.one_of(
        st.integers(0, 2**31 - 1), st.sampled_from([0, 1, 255, 256, _LOW - 1, _LOW, _HIGH, 2**31 - 1])
    ),
    angle=st.one_of(st.integers(0, 2**32 - 1), st.sampled_from([0, 2**30, 2**31 - 1, 2**31, 3 * 2**30])),
    rests=st.tuples(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5)),
    spread=st.floats(16, 32, width=32),
)
def test_what_singles_and_doubles_decide_is_what_ninety_digits_say(head, angle, rests, spread):
    bits = np.array([[head], [angle]], dtype=np.uint32)
    steps = np.array(rests, dtype=np.float32).reshape(2, 1)
    found = careful(Stream(bytes(32)), steps.astype(np.float64), bits, spread)[:, 0]
    whole = np.rint(steps[:, 0].astype(np.float64))
    rest = [float(each) for each in steps[:, 0].astype(np.float64) - whole]
    more = Stream(bytes(32)).uint32(2)
    signed = angle - (1 << 32 if angle >> 31 else 0)
    said = last_word(
        rest, ((head << 32) + int(more[0])) << 128, ((signed << 32) + int(more[1])) << 128, spread
    )
    assert found.tolist() == (whole + said).tolist()
    there, sure = quick(steps, bits, np.float32(spread))
    if sure[0]:
        assert there[:, 0].tolist() == found.tolist()


@given(
    spread=st.floats(16, 32, width=32), off=st.floats(-(2.0**-13), 2.0**-13), seed=st.integers(0, 2**32 - 1)
)
def test_nothing_near_a_border_is_decided_quickly(spread, off, seed):
    bits = np.random.default_rng(seed).integers(0, 1 << 32, size=(2, 1), dtype=np.uint64).astype(np.uint32)
    radius = math.sqrt(-2 * math.log(((int(bits[0, 0]) & 0x7FFFFFFF) + 0.5) * 2.0**-31))
    noisy = spread * radius * math.cos((int(bits[1].view(np.int32)[0]) + 0.5) * math.pi * 2.0**-31)
    figure = 0.5 - noisy + off  # figure plus noise lies within the doubt of a border
    steps = np.array([[figure - np.rint(figure)], [0.0]], dtype=np.float32)
    assert not quick(steps, bits, np.float32(spread))[1][0]


def test_a_radius_of_zero_bits_is_drawn_further_than_single_precision_can():
    """A radius of zero bits is beyond 6.6 sigma: the next bits say how far, to 20 sigma."""
    zero = np.array([[0], [0]], dtype=np.uint32)
    found = careful(Stream(bytes(32)), np.zeros((2, 1)), zero, 16.0)
    assert 16 * 6.5 < found[0, 0] < 16 * 20
    assert found[1, 0] == 0


# the grid, and what is refused


@given(figures=st.lists(st.floats(-1e6, 1e6, width=32), max_size=40), sigma=st.floats(1e-3, 1e3))
def test_what_comes_out_lies_on_a_grid_that_only_sigma_knows(figures, sigma):
    """Mironov 2012: low bits, or the sign of a zero, would tell the figure."""
    out = covered(figures, sigma)
    steps = out.astype(np.float64) / step_below(sigma)
    np.testing.assert_array_equal(steps, np.rint(steps))
    assert not np.signbit(out[out == 0]).any()
    assert 16 * step_below(sigma) <= sigma < 32 * step_below(sigma)


def test_zeros_of_both_signs_are_drawn_without_their_sign():
    out = covered(np.tile(np.array([-1e-9, 1e-9], dtype=np.float32), 1 << 16), 1.0)
    assert (out == 0).sum() > 1000
    assert not np.signbit(out[out == 0]).any()


def test_neighbouring_inputs_reach_the_same_outputs():
    here, there = covered(np.zeros(N), 1.0, 2), covered(np.full(N, 0.01), 1.0, 3)
    often = {float(x) for x, n in zip(*np.unique(here, return_counts=True), strict=True) if n > 100}
    assert often <= set(np.unique(there).tolist())


@pytest.mark.parametrize("size", [0, 1, 2, 3, (1 << 14) - 1, 1 << 14, (1 << 14) + 1, 40_001])
def test_every_figure_of_any_number_gets_its_own_noise(size):
    out = covered(np.full(size, 7.0), 0.5)
    assert out.shape == (size,)
    assert size < 100 or abs(out.mean() - 7) < 6 * 0.5 / math.sqrt(size)
    assert size < 100 or 0.4 < out.std() < 0.6
    assert size < 100 or 0.4 < out[-50:].std() < 0.65


def test_two_calls_and_two_starts_draw_fresh_noise():
    noise = opened(4)
    one, two = np.zeros(1000, dtype=np.float32), np.zeros(1000, dtype=np.float32)
    noise.add_gaussian(one, 1.0)
    noise.add_gaussian(two, 1.0)
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.2
    again = np.zeros(1000, dtype=np.float32)
    Noise(Stream()).add_gaussian(again, 1.0)
    assert (again != one).mean() > 0.9


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_figure_that_is_not_finite_is_refused(bad):
    with pytest.raises(InvalidInput, match="not all finite"):
        covered([0.0, bad, 1.0], 1.0)


@pytest.mark.parametrize("sigma", [0.0, -1.0, math.nan, math.inf, 1e-21, 1e21])
def test_a_sigma_out_of_range_is_refused(sigma):
    with pytest.raises(InvalidInput):
        covered([0.0], sigma)


@pytest.mark.parametrize("values", [np.zeros(4), np.zeros((2, 2), np.float32), np.zeros(8, np.float32)[::2]])
def test_figures_of_another_shape_or_kind_are_a_mistake(values):
    with pytest.raises(TypeError):
        opened(1).add_gaussian(values, 1.0)
