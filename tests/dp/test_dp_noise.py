"""Each draw has the named distribution; a sampler with a planted bug is told apart from ours."""

import math
from decimal import Decimal, getcontext, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from confide.dp.noise import Noise, _acceptance, _geometric_thresholds
from confide.dp.random import Stream
from confide.errors import InvalidInput

N = 200_000
SAME, OTHER = (
    1e-6,
    1e-12,
)  # a right sampler gives a larger p-value than SAME, a wrong one a smaller than OTHER


def opened(seed: int) -> Noise:
    return Noise(Stream(seed.to_bytes(32, "big")))


def laplace_weights(x: np.ndarray, scale: float) -> np.ndarray:
    return np.exp(-np.abs(x) / scale)


def gaussian_weights(x: np.ndarray, sigma: float) -> np.ndarray:
    return np.exp(-(x.astype(float) ** 2) / (2 * sigma * sigma))


def likeness(drawn: np.ndarray, weights, width: float) -> float:
    """Return the p-value of a chi-square test of `drawn` against weights(x), for integers x."""
    reach = math.ceil(45 * width) + 2
    x = np.arange(-reach, reach + 1)
    probability = weights(x)
    probability = probability / probability.sum()
    assert np.abs(drawn).max() <= reach
    counts = np.bincount(drawn + reach, minlength=len(x)).astype(float)
    expected = probability * len(drawn)
    # join neighbouring integers until each bin expects 10 draws or more
    edges = np.unique(
        np.searchsorted(np.cumsum(expected), np.arange(0, len(drawn), max(10.0, len(drawn) / 300)))
    )
    observed, wanted = np.add.reduceat(counts, edges), np.add.reduceat(expected, edges)
    keep = wanted >= 10
    observed, wanted = (
        np.append(observed[keep], observed[~keep].sum()),
        np.append(wanted[keep], wanted[~keep].sum()),
    )
    observed, wanted = observed[wanted > 0.5], wanted[wanted > 0.5]
    statistic = ((observed - wanted) ** 2 / wanted).sum()
    return float(chi2.sf(statistic, max(1, len(wanted) - 1)))


def few_by_few(noise: Noise, sigma: float) -> np.ndarray:
    """Return N draws, so few at a time that none comes from tables (`test_dp_lattice` has those)."""
    return np.concatenate([noise.discrete_gaussian(sigma, N // 4) for _ in range(4)])


@pytest.mark.parametrize("scale", [0.11, 0.5, 1.0, 2.5, 24.0, 1000.0])
def test_discrete_laplace_has_its_distribution(scale):
    assert likeness(opened(1).discrete_laplace(scale, N), lambda x: laplace_weights(x, scale), scale) > SAME


@pytest.mark.parametrize("sigma", [0.3, 0.5, 1.0, 1.7, 12.0, 500.0])
def test_discrete_gaussian_has_its_distribution(sigma):
    assert likeness(few_by_few(opened(2), sigma), lambda x: gaussian_weights(x, sigma), sigma) > SAME


@pytest.mark.parametrize("scale", [1e6, 1e13, 2.0**53])
def test_large_discrete_laplace_is_exponential_in_size_and_fair_in_sign_and_low_bits(scale):
    drawn = opened(3).discrete_laplace(scale, N)
    share = np.floor(20 * -np.expm1(-np.abs(drawn) / scale)).astype(int)  # uniform on 20 bins
    assert chi2.sf(((np.bincount(share, minlength=20) - N / 20) ** 2 / (N / 20)).sum(), 19) > SAME
    assert abs((drawn > 0).mean() - 0.5) < 5 * 0.5 / math.sqrt(N)
    low = np.bincount(drawn & 15, minlength=16)
    assert chi2.sf(((low - N / 16) ** 2 / (N / 16)).sum(), 15) > SAME
    assert np.abs(drawn).max() < 178 * scale + 2


@pytest.mark.parametrize("sigma", [1e6, 1e9, 2.0**40])
def test_large_discrete_gaussian_is_normal_in_size_and_fair_in_sign_and_low_bits(sigma):
    drawn = few_by_few(opened(4), sigma)
    share = np.floor(20 * np.vectorize(math.erf)(np.abs(drawn) / sigma / math.sqrt(2))).astype(int)
    assert chi2.sf(((np.bincount(share, minlength=20) - N / 20) ** 2 / (N / 20)).sum(), 19) > SAME
    assert abs((drawn > 0).mean() - 0.5) < 5 * 0.5 / math.sqrt(N)
    low = np.bincount(drawn & 15, minlength=16)
    assert chi2.sf(((low - N / 16) ** 2 / (N / 16)).sum(), 15) > SAME


@pytest.mark.parametrize("p", [0.0, 1e-3, 0.3, 0.5, 1 - 2**-53, 1.0])
def test_a_coin_shows_true_with_its_probability(p):
    share = opened(5).bernoulli(p, N).mean()
    assert abs(share - p) <= 5 * math.sqrt(p * (1 - p) / N)


def test_a_coin_is_exact_beyond_its_first_sixteen_bits():
    n, p = 1 << 24, 1.5 / 65536  # 384 expected; 256 or 512 if a tie always fell to one side
    assert abs(int(opened(6).bernoulli(p, n).sum()) - 384) < 5 * math.sqrt(384)


def test_draws_are_independent_of_each_other():
    drawn = opened(7).discrete_laplace(3.0, N).astype(float)
    for lag in (1, 2, 8192):
        assert abs(np.corrcoef(drawn[:-lag], drawn[lag:])[0, 1]) < 5 / math.sqrt(N)


# The vectorised sampler against the definition, on the same bits.


def coin(head: int, stream: Stream, threshold: int) -> bool:
    """Toss a coin from a 16-bit head, reading the other 112 bits only in a tie."""
    if head != threshold >> 112:
        return head < threshold >> 112
    return int.from_bytes(stream.bytes(14), "little") < threshold & ((1 << 112) - 1)


def plain_laplace(stream: Stream, scale: float, n: int) -> list[int]:
    thresholds = _geometric_thresholds(scale)
    heads = stream.uint16(len(thresholds) * 2 * n).reshape(len(thresholds), 2 * n).tolist()
    geometric = [0] * (2 * n)
    for i, threshold in enumerate(thresholds):
        for j in range(2 * n):
            geometric[j] += coin(heads[i][j], stream, threshold) << i
    return [geometric[j] - geometric[n + j] for j in range(n)]


@pytest.mark.parametrize("scale", [0.3, 7.0, 1e13])
def test_the_fast_sampler_equals_the_plain_one_on_the_same_bits(scale):
    for seed in range(3):
        plain = plain_laplace(Stream(seed.to_bytes(32, "big")), scale, 1500)
        assert opened(seed).discrete_laplace(scale, 1500).tolist() == plain


def test_the_fast_gaussian_equals_an_exact_decision_on_the_same_bits():
    sigma, n, doubtful = 2.7, 8000, 0
    for seed in range(8):
        stream = Stream(seed.to_bytes(32, "big"))
        proposed = plain_laplace(stream, 3.0, n + n // 2 + 8)
        heads = stream.uint32(len(proposed)).tolist()
        chance = {y: _acceptance(y, sigma, 3) for y in set(map(abs, proposed))}
        kept = []
        for y, head in zip(proposed, heads, strict=True):
            threshold = chance[abs(y)]
            if abs(head - threshold / 2**96) <= 2**16:
                doubtful += 1
                accept = (head << 96) + int.from_bytes(stream.bytes(12), "little") < threshold
            else:
                accept = head << 96 < threshold
            if accept:
                kept.append(y)
        noise = opened(seed)
        assert noise._gaussian(sigma, n).tolist() == kept[:n]
        assert noise._stream.bytes(8) == stream.bytes(8)  # the same coins went to the exact decision
    assert doubtful > 0  # the exact path was taken


@given(scale=st.floats(0.01, 2.0**53))
def test_thresholds_are_the_probabilities_of_the_bits(scale):
    thresholds = _geometric_thresholds.__wrapped__(
        scale
    )  # outside the block, whose digits it must not borrow
    with localcontext() as context:
        context.prec = 120
        for i, threshold in enumerate(thresholds):
            x = (-Decimal(2**i) / Decimal(scale)).exp()
            assert 0 <= x / (1 + x) * 2**128 - threshold < Decimal(1) + Decimal("1e-30")
        beyond = (-Decimal(2 ** len(thresholds)) / Decimal(scale)).exp()
        assert beyond <= Decimal(2) ** -128
    assert getcontext().prec == 28


@given(sigma=st.floats(0.3, 2.0**40), share=st.floats(0, 20))
def test_acceptance_is_right_to_128_bits_and_in_doubles_to_30(sigma, share):
    scale, distance = math.floor(sigma) + 1, int(share * sigma)
    found = _acceptance(distance, sigma, scale)  # outside the block, whose digits it must not borrow
    with localcontext() as context:
        context.prec = 120
        apart = Decimal(distance) - Decimal(sigma) ** 2 / scale
        exact = (-(apart**2) / (2 * Decimal(sigma) ** 2)).exp() * 2**128
        assert 0 <= exact - found < Decimal(1) + Decimal("1e-30")
    off = (distance - sigma * (sigma / scale)) / sigma
    assert abs(math.exp(-0.5 * off * off) - found / 2**128) < 2**-30


# Planted bugs. Each is a sampler that somebody has shipped, or could.


def zero_counted_twice(scale: float) -> np.ndarray:
    """A geometric size with a fair sign, which gives zero two ways."""
    generator = np.random.default_rng(0)
    return (generator.geometric(-math.expm1(-1 / scale), N) - 1) * generator.choice([-1, 1], N)


LAPLACE_BUGS = {
    "half the scale": lambda noise, scale: noise.discrete_laplace(scale / 2, N),
    "sensitivity 1 for sensitivity 2": lambda noise, scale: noise.discrete_laplace(scale / 2, N),
    "epsilon for 1/epsilon": lambda noise, scale: noise.discrete_laplace(1 / scale, N),
    "scale off by 3 %": lambda noise, scale: noise.discrete_laplace(scale * 0.97, N),
    "one geometric only": lambda noise, scale: np.abs(noise.discrete_laplace(scale, N)),
    "zero counted twice": lambda noise, scale: zero_counted_twice(scale),
    "shifted by one": lambda noise, scale: noise.discrete_laplace(scale, N) + 1,
    "never zero": lambda noise, scale: (lambda x: x[x != 0])(noise.discrete_laplace(scale, N)),
    "clipped at three scales": lambda noise, scale: np.clip(
        noise.discrete_laplace(scale, N), -3 * int(scale), 3 * int(scale)
    ),
    "even numbers only": lambda noise, scale: 2 * (noise.discrete_laplace(scale / 2, N)),
    "one draw for all": lambda noise, scale: np.full(N, noise.discrete_laplace(scale)),
    "bounded noise": lambda noise, scale: noise.bernoulli(0.5, N).astype(int) - noise.bernoulli(0.5, N),
    "a Gaussian of the same variance": lambda noise, scale: noise.discrete_gaussian(scale * math.sqrt(2), N),
    "a rounded real Laplace": lambda noise, scale: np.rint(
        np.random.default_rng(0).laplace(0, scale, N)
    ).astype(int),
}


@pytest.mark.parametrize("bug", LAPLACE_BUGS)
def test_a_planted_laplace_bug_is_caught(bug):
    scale = 2.0 if "rounded" in bug else 5.0
    assert likeness(LAPLACE_BUGS[bug](opened(8), scale), lambda x: laplace_weights(x, scale), scale) < OTHER


GAUSSIAN_BUGS = {
    "half the sigma": lambda noise, sigma: noise.discrete_gaussian(sigma / 2, N),
    "sigma off by 3 %": lambda noise, sigma: noise.discrete_gaussian(sigma * 0.97, N),
    "variance for sigma": lambda noise, sigma: noise.discrete_gaussian(sigma * sigma, N),
    "no rejection": lambda noise, sigma: noise.discrete_laplace(math.floor(sigma) + 1, N),
    "a Laplace of the same variance": lambda noise, sigma: noise.discrete_laplace(sigma / math.sqrt(2), N),
    "a sum of two smaller ones": lambda noise, sigma: (
        noise.discrete_gaussian(sigma / 1.5, N) + noise.discrete_gaussian(sigma / 1.5, N)
    ),
    "one draw for all": lambda noise, sigma: np.full(N, noise.discrete_gaussian(sigma)),
}


@pytest.mark.parametrize("bug", GAUSSIAN_BUGS)
def test_a_planted_gaussian_bug_is_caught(bug):
    sigma = 4.0
    assert likeness(GAUSSIAN_BUGS[bug](opened(9), sigma), lambda x: gaussian_weights(x, sigma), sigma) < OTHER


def measured_epsilon(scale: float, sensitivity: int, seed: int) -> float:
    """Return a lower bound, at five deviations, of ln P(M(D) in S) / P(M(D') in S) over half-lines S."""
    here, there = (
        opened(seed).discrete_laplace(scale, N),
        sensitivity + opened(seed + 1).discrete_laplace(scale, N),
    )
    best = -math.inf
    for edge in range(-40, 41):
        a, b = int((here <= edge).sum()), int((there <= edge).sum())
        if min(a, b) > 300:
            best = max(best, math.log(a / b) - 5 * math.sqrt(1 / a + 1 / b))
    return best


def test_neighbours_differ_by_no_more_than_epsilon_and_half_the_noise_is_seen():
    epsilon = 0.5
    right, wrong = 2 / epsilon, 1 / epsilon  # two rows of one patient: sensitivity 2, not 1
    assert 0.8 * epsilon < measured_epsilon(right, 2, 10) <= epsilon
    assert measured_epsilon(wrong, 2, 12) > 1.5 * epsilon


# Shapes and refusals.


def test_size_works_as_in_numpy():
    noise = opened(14)
    assert type(noise.discrete_laplace(1.0)) is int
    assert type(noise.discrete_gaussian(1.0)) is int
    for draw in (noise.discrete_laplace, noise.discrete_gaussian):
        assert draw(2.0, 0).shape == (0,)
        assert draw(2.0, (3, 4)).shape == (3, 4)
        assert draw(2.0, 20_000).dtype == np.int64
    assert noise.bernoulli(0.5, (2, 5)).shape == (2, 5)
    assert noise.bernoulli(0.5, 0).shape == (0,)


@pytest.mark.parametrize("scale", [0.0, -1.0, math.nan, math.inf, 0.009, 2.0**54])
def test_a_scale_out_of_range_is_refused(scale):
    with pytest.raises(InvalidInput):
        opened(15).discrete_laplace(scale, 3)


@pytest.mark.parametrize("sigma", [0.0, -1.0, math.nan, math.inf, 0.29, 2.0**41])
def test_a_sigma_out_of_range_is_refused(sigma):
    with pytest.raises(InvalidInput):
        opened(15).discrete_gaussian(sigma, 3)


@pytest.mark.parametrize("p", [-1e-9, 1.0001, math.nan, math.inf])
def test_what_is_no_probability_is_refused(p):
    with pytest.raises(InvalidInput):
        opened(15).bernoulli(p, 3)
