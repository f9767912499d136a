"""Discrete Gaussians by the million have the law of single ones: tables are exact, put together they are one Gaussian."""

import bisect
import itertools
import math
from decimal import Context, Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import has_law, opened
from scipy.stats import chi2

from confide.dp.lattice import drawn, looked_up, tables_of
from confide.dp.noise import Noise
from confide.dp.random import Stream

N = 1 << 18


def law(sigma: float, reach: int) -> np.ndarray:
    at = np.arange(-reach, reach + 1, dtype=float)
    weights = np.exp(-(at**2) / (2 * sigma**2))
    return weights / weights.sum()


def table_law(table) -> np.ndarray:
    """Return the law that a table's own thresholds give, on every integer from -reach to reach, in doubles."""
    edges = [0, *table.thresholds, 1 << 128]
    return np.array([(b - a) / 2**128 for a, b in itertools.pairwise(edges)])


@settings(max_examples=15, deadline=None)
@given(sigma=st.floats(1.0, 700.0))
def test_tables_put_together_are_the_discrete_gaussian_at_every_integer(sigma):
    """The exact law of x = B c + y, made from the thresholds, against the law that was asked for: no draw is needed."""
    tables = tables_of(sigma)
    reach = sum(-table.lowest * table.step for table in tables)
    total = np.ones(1)
    for table in tables:
        part = np.zeros(2 * -table.lowest * table.step + 1)
        part[:: table.step] = table_law(table)
        total = np.convolve(total, part)
    wanted = law(sigma, reach)
    likely = wanted > 1e-14
    assert np.abs(total[likely] / wanted[likely] - 1).max() < 1e-9
    assert np.abs(total - wanted).sum() < 1e-11


@given(sigma=st.floats(1.0, 2.0**40))
def test_variances_add_up_exactly_and_each_split_is_smooth(sigma):
    with localcontext(Context(prec=90)):
        tables = [(table.step, -table.lowest) for table in tables_of(sigma)]
        wanted = Decimal(sigma) ** 2
        for (step, reach), (next_step, _) in itertools.pairwise(tables):
            ratio = next_step // step
            tau = Decimal("2.25") * ratio
            assert int(Decimal("13.5") * tau) + 1 == reach  # the table of this sigma
            here = wanted / step**2  # in this table's steps
            rest = (here - tau**2) / ratio**2
            smooth = float(tau * rest.sqrt() / here.sqrt())
            assert 2 * math.pi**2 * smooth**2 > 140 * math.log(2)  # section "By the million" of the proof
            wanted -= (tau * step) ** 2
        step, reach = tables[-1]
        left = (wanted / step**2).sqrt()
        assert int(Decimal("13.5") * left) + 1 == reach
        assert len(tables) == 1 or left > 19


@pytest.mark.parametrize("sigma", [1.0, 2.5, 40.0, 300.0, 5000.0])
def test_draws_by_the_million_have_the_law(sigma):
    found = opened(1).discrete_gaussian(sigma, N)
    reach, width = math.ceil(9 * sigma), max(1, int(sigma / 10))
    bins = (2 * reach + 1) // width + 1
    assert np.abs(found).max() <= reach
    expected = np.add.reduceat(law(sigma, reach), np.arange(0, 2 * reach + 1, width))
    assert has_law((found + reach) // width, np.pad(expected, (0, bins - len(expected))))
    assert not has_law(
        (opened(2).discrete_gaussian(sigma * 1.03, N) + reach) // width,
        np.pad(expected, (0, bins - len(expected))),
    )  # a wrong sigma is seen


@pytest.mark.parametrize("sigma", [1e6, 1e9, 2.0**40])
def test_wide_draws_by_the_million_are_normal_in_size_and_fair_in_low_digits(sigma):
    found = opened(3).discrete_gaussian(sigma, N)
    share = np.floor(20 * np.vectorize(math.erf)(np.abs(found) / sigma / math.sqrt(2))).astype(int)
    assert chi2.sf(((np.bincount(share, minlength=20) - N / 20) ** 2 / (N / 20)).sum(), 19) > 1e-9
    for modulus in (16, 113):  # 113 is the step of the second table
        low = np.bincount(found % modulus, minlength=modulus)
        assert chi2.sf(((low - N / modulus) ** 2 / (N / modulus)).sum(), modulus - 1) > 1e-9


def test_a_quick_look_up_equals_128_bits_against_every_threshold():
    """The same bits, read at once: 16, then 48 where those do not decide."""
    (table,) = tables_of(30.0)
    stream, twin = Stream(bytes(32)), Stream(bytes(32))
    quick = looked_up(stream, table, 40_000)
    heads = twin.uint16(40_000).tolist()
    starts = {threshold >> 112 for threshold in table.thresholds}
    unsure = [at for at, head in enumerate(heads) if head in starts]
    more = dict(zip(unsure, (twin.uint64(len(unsure)) >> np.uint64(16)).tolist(), strict=True))
    assert len(unsure) > 100
    for at, head in enumerate(heads):
        whole = (head << 112) + (more.get(at, 0) << 64)
        assert quick[at] == bisect.bisect_right(table.thresholds, whole) + table.lowest
    assert stream.bytes(8) == twin.bytes(8)


class Scripted:
    """A stream that gives the bits it was told."""

    def __init__(self, head: int, middle: int, rest: int) -> None:
        self.head, self.middle, self.rest = head, middle, rest

    def uint16(self, size):
        return np.full(size, self.head, np.uint16)

    def uint64(self, size):
        return np.full(size, self.middle << 16, np.uint64)

    def bytes(self, size):
        return self.rest.to_bytes(size, "little")


@pytest.mark.parametrize("k", [60, 200, 405, 700])
@pytest.mark.parametrize("apart", [-1, 0, 1])
def test_a_tie_of_64_bits_is_decided_by_the_others(k, apart):
    (table,) = tables_of(30.0)
    whole = table.thresholds[k] + apart
    stream = Scripted(whole >> 112, (whole >> 64) & (1 << 48) - 1, whole & (1 << 64) - 1)
    wanted = sum(threshold <= whole for threshold in table.thresholds) + table.lowest
    assert looked_up(stream, table, 3).tolist() == [wanted] * 3


def test_few_draws_and_narrow_ones_go_the_other_way_and_shapes_are_kept():
    assert opened(5).discrete_gaussian(0.3, 1 << 16).std() < 0.3
    assert opened(5).discrete_gaussian(4.0, (1 << 8, 1 << 9)).shape == (256, 512)
    noise = Noise(Stream(bytes(32)))
    assert noise.discrete_gaussian(4.0, 1 << 16).tolist() == drawn(Stream(bytes(32)), 4.0, 1 << 16).tolist()
