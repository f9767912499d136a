"""Coins and choices by integer losses: their laws, and each exact decision against one at 60 digits."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import has_law, likeness, opened

from confide.dp import choice
from confide.dp.choice import _exactly, _weight, chosen, tossed
from confide.dp.random import Stream
from confide.errors import InvalidInput

N = 100_000
ROWS = {
    "one candidate": [0],
    "all equal": [0] * 7,
    "a geometric series": list(range(12)),
    "the best in the middle": [9, 3, 0, 3, 9],
    "two that never win": [0, 2**63, 1, 2**64 - 1],
    "many small ones": [0] + [5] * 300,
}


def stream(seed: int) -> Stream:
    return Stream(seed.to_bytes(32, "big"))


def law(losses, rate) -> list[float]:
    with mpmath.workdps(60):
        weights = [mpmath.exp(-mpmath.mpf(rate.numerator) / rate.denominator * loss) for loss in losses]
        return [float(w / mpmath.fsum(weights)) for w in weights]


@pytest.mark.parametrize("rate", [Fraction(1, 7), Fraction(1), Fraction(5, 2)], ids=str)
@pytest.mark.parametrize("name", ROWS)
def test_a_choice_has_its_law(name, rate):
    losses = np.broadcast_to(np.array(ROWS[name], dtype=np.uint64), (N, len(ROWS[name])))
    assert has_law(opened(1).choose(losses, rate), law(ROWS[name], rate))


def test_a_choice_with_the_rate_off_by_one_part_in_fifty_is_told_apart():
    losses = np.broadcast_to(np.arange(12, dtype=np.uint64), (10 * N, 12))
    drawn = opened(2).choose(losses, Fraction(51, 350))
    assert likeness(drawn, law(range(12), Fraction(1, 7))) < 1e-12


def test_rows_are_chosen_independently_each_by_its_own_losses():
    losses = np.tile(np.array([[0, 1, 2], [2, 1, 0]], dtype=np.uint64), (N, 1))
    drawn = opened(3).choose(losses, Fraction(1))
    pairs = drawn[::2] * 3 + drawn[1::2]
    one, other = law([0, 1, 2], Fraction(1)), law([2, 1, 0], Fraction(1))
    assert has_law(pairs, np.outer(one, other).ravel())


@pytest.mark.parametrize("rate", [Fraction(1, 7), Fraction(3, 2)], ids=str)
def test_a_coin_has_its_chance(rate):
    losses = np.repeat(np.arange(9, dtype=np.uint64), N)
    heads = opened(4).toss(losses, rate).reshape(9, N).sum(axis=1)
    assert heads[0] == N  # a loss of nothing never fails
    for loss in range(1, 9):
        p = math.exp(-rate * loss)
        assert has_law(np.repeat([0, 1], [N - heads[loss], heads[loss]]), [1 - p, p])


@pytest.mark.parametrize("rate", [Fraction(1, 2**40), Fraction(1, 1000), Fraction(10**6)], ids=str)
def test_the_fast_choice_is_the_exact_one_on_the_same_bits(rate, monkeypatch):
    losses = np.random.default_rng(0).integers(0, 2**42, (500, 9)).astype(np.uint64)
    losses[:, 4] = 0
    losses[::7, 2] = 0  # ties
    fast = chosen(stream(5), losses, rate)
    monkeypatch.setattr(choice, "_DOUBT", 3.0)  # nothing is left to doubles
    assert (chosen(stream(5), losses, rate) == fast).all()


def test_the_fast_coin_is_the_exact_one_on_the_same_bits(monkeypatch):
    losses = np.random.default_rng(0).integers(0, 3000, 2000).astype(np.uint64)
    fast = tossed(stream(6), losses, Fraction(1, 1000))
    monkeypatch.setattr(choice, "_DOUBT", 3.0)
    assert (tossed(stream(6), losses, Fraction(1, 1000)) == fast).all()


@given(
    losses=st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 60), min_size=1, max_size=9),
    drawn=st.integers(0, 2**128 - 1),
    rate=st.fractions(min_value=Fraction(1, 10**9), max_value=Fraction(10**6)).filter(lambda r: r > 0),
)
def test_an_exact_decision_is_that_of_sixty_digits(losses, drawn, rate):
    losses = [*losses, 0]
    found = _exactly(drawn, np.array(losses, dtype=np.uint64), rate)
    with mpmath.workdps(90):
        weights = [mpmath.exp(-mpmath.mpf(rate.numerator) / rate.denominator * loss) for loss in losses]
        at, total = mpmath.mpf(drawn) / 2**128, mpmath.fsum(weights)
        low, high = mpmath.fsum(weights[:found]) / total, mpmath.fsum(weights[: found + 1]) / total
        assert low - mpmath.mpf(2) ** -180 <= at <= high + mpmath.mpf(2) ** -180


@given(
    loss=st.integers(0, 2**64 - 1) | st.integers(0, 200),
    rate=st.fractions(0, 3),
    bits=st.sampled_from([128, 192]),
)
def test_a_weight_is_rounded_down_by_less_than_one_unit(loss, rate, bits):
    with mpmath.workdps(90):
        exact = mpmath.exp(-mpmath.mpf(rate.numerator) / rate.denominator * loss) * mpmath.mpf(2) ** bits
        assert 0 <= exact - _weight(loss, rate, bits) < 1


def test_doubtful_draws_go_to_the_exact_decision():
    """Two of equal weight, and a head that points at the border between them: the other bits decide."""
    losses = np.zeros((1, 2), dtype=np.uint64)
    found = set()
    for rest in (bytes(12), b"\xff" * 12):
        for head in (2**31 - 1, 2**31):
            found.add(
                (head, rest[0], choice._exactly((head << 96) + int.from_bytes(rest), losses[0], Fraction(1)))
            )
    assert found == {(2**31 - 1, 0, 0), (2**31 - 1, 255, 0), (2**31, 0, 1), (2**31, 255, 1)}


def test_no_rows_are_no_choices():
    assert opened(7).choose(np.zeros((0, 3), dtype=np.uint64), Fraction(1)).shape == (0,)
    assert opened(7).toss(np.zeros((2, 0), dtype=np.uint64), Fraction(1)).shape == (2, 0)


def test_a_closed_stream_chooses_nothing():
    noise = opened(8)
    noise.close()
    with pytest.raises(InvalidInput):
        noise.choose(np.zeros((2, 3), dtype=np.uint64), Fraction(1))
    with pytest.raises(InvalidInput):
        noise.toss(np.zeros(2, dtype=np.uint64), Fraction(1))
    with pytest.raises(InvalidInput):
        noise.geometric(1.0, 3)


@pytest.mark.parametrize("columns", [0, 2**16 + 1])
def test_too_many_columns_or_none_are_refused(columns):
    with pytest.raises(InvalidInput):
        opened(9).choose(np.zeros((1, columns), dtype=np.uint64), Fraction(1))


@pytest.mark.parametrize("scale", [0.3, 1.0, 6.0])
def test_geometric_noise_has_its_law_from_zero_up(scale):
    q, reach = math.exp(-1 / scale), int(50 * scale) + 10
    drawn = opened(10).geometric(scale, N)
    assert drawn.min() == 0
    assert has_law(drawn, [(1 - q) * q**x for x in range(reach)] + [q**reach])
