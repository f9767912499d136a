"""Draw exact discrete noise: discrete Laplace, geometric, discrete Gaussian, coins, one of many by its loss.

Every draw is within total variation 2^-100 of the distribution that it names, whatever the scale; no draw
comes from rounding a real number. Knows no budget and no data: `confide.ledger` opens a `Noise` for each
charge, `confide.dp.accountant` says what a draw is worth. Proofs: `docs/proofs/noise.md`, `selection.md`.
"""

import math
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache
from typing import Any, NoReturn, final, overload

import numpy as np
from numpy.typing import NDArray

from confide.dp.choice import LARGEST_CHOICES, Losses, chosen, tossed
from confide.dp.dense import LARGEST_DENSE_SIGMA, SMALLEST_DENSE_SIGMA, Singles, cover
from confide.dp.lattice import drawn as by_tables
from confide.dp.random import Stream
from confide.errors import InvalidInput

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
Size = int | tuple[int, ...]

SMALLEST_SCALE, LARGEST_SCALE = 0.01, 2.0**53  # 178 scales and the data fit int64
SMALLEST_SIGMA, LARGEST_SIGMA = 0.3, 2.0**40

_BITS = 128  # an acceptance or a bit is decided against a threshold of so many bits
_HEAD = 16  # ... of which so many are looked at first, the others only in a tie
_REST = _BITS - _HEAD
_TAIL = 89  # exp(-89) < 2^-128: bits of a geometric number beyond are zero
_MILLIONS = 1 << 16  # draws from which on tables pay for themselves
_CHUNK = 1 << 13  # draws at a time, so that the work stays in cache
_DIGITS = Context(prec=90)


def _threshold(p: Decimal) -> int:
    """Return floor(p * 2^128); call it inside `localcontext(_DIGITS)`, as all arithmetic on `p`."""
    return math.floor(p * (1 << _BITS))


@lru_cache(maxsize=256)
def _geometric_thresholds(scale: float) -> tuple[int, ...]:
    """Return, for bit i of a geometric number with ratio exp(-1/scale), P(bit i = 1) in units of 2^-128."""
    thresholds: list[int] = []
    with localcontext(_DIGITS):
        exponent = 1 / Decimal(scale)
        while not thresholds or exponent <= _TAIL:  # at most 60 times, as the scale is at most 2^53
            x = (-exponent).exp()
            thresholds.append(_threshold(x / (1 + x)))
            exponent = (1 << len(thresholds)) / Decimal(scale)
    return tuple(thresholds)


def _check(field: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # false for NaN too
        raise InvalidInput("dp.out-of-range", field=field, low=f"{low:g}", high=f"{high:g}", found=value)


@final
class Noise:
    """Draws noise from one stream; `size` works as in numpy, None gives one plain `int`.

    Guarantee: each draw is within total variation 2^-100 of the named distribution, given that the stream's
    bits are uniform. Shows nothing of its state, cannot be copied or pickled, and refuses after `close`.
    """

    __slots__ = ("_stream",)

    def __init__(self, stream: Stream) -> None:
        if type(stream) is not Stream:
            raise TypeError("noise is drawn from a Stream")
        self._stream = stream

    @overload
    def discrete_laplace(self, scale: float, size: None = None) -> int: ...
    @overload
    def discrete_laplace(self, scale: float, size: Size) -> Integers: ...
    def discrete_laplace(self, scale: float, size: Size | None = None) -> int | Integers:
        """Draw integers x with probability proportional to exp(-|x| / scale).

        Guarantee: within total variation 2^-100 of that distribution, and |x| < 178 * scale + 2, so that x
        added to data below 2^62 stays inside int64.

        Args:
            scale: between 0.01 and 2^53, in the units of the integers. For ε: L1 sensitivity / ε.
            size: number or shape of independent draws; None for one plain `int`.

        Returns:
            int64, shape `size`; or one `int`.

        Raises:
            InvalidInput: the scale is out of range, or the stream is closed or forked.

        Source: Ghosh, Roughgarden, Sundararajan 2009 (the geometric mechanism), as the difference of two
        geometric numbers, whose bits are independent. (Canonne, Kamath, Steinke 2020 draw one and a sign.)
        """
        _check("scale", scale, SMALLEST_SCALE, LARGEST_SCALE)
        drawn = self._fill(_count(size), lambda n: self._laplace(float(scale), n))
        return int(drawn[0]) if size is None else drawn.reshape(size)

    @overload
    def discrete_gaussian(self, sigma: float, size: None = None) -> int: ...
    @overload
    def discrete_gaussian(self, sigma: float, size: Size) -> Integers: ...
    def discrete_gaussian(self, sigma: float, size: Size | None = None) -> int | Integers:
        """Draw integers x with probability proportional to exp(-x² / (2 sigma²)).

        Guarantee: within total variation 2^-100 of that distribution.

        Args:
            sigma: between 0.3 and 2^40, in the units of the integers.
            size: number or shape of independent draws; None for one plain `int`.

        Returns:
            int64, shape `size`; or one `int`.

        Raises:
            InvalidInput: sigma is out of range, or the stream is closed or forked.

        Source: Canonne, Kamath, Steinke 2020, "The Discrete Gaussian for Differential Privacy", Algorithm 3; from
        65536 draws on `confide.dp.lattice`. Acceptance is decided in floating point only where that cannot be wrong, elsewhere with 128 bits.
        """
        _check("sigma", sigma, SMALLEST_SIGMA, LARGEST_SIGMA)
        if _count(size) >= _MILLIONS and sigma >= 1:  # the same law, 10 to 30 times as quick
            return by_tables(self._stream, float(sigma), _count(size)).reshape(size)
        drawn = self._fill(_count(size), lambda n: self._gaussian(float(sigma), n))
        return int(drawn[0]) if size is None else drawn.reshape(size)

    def add_gaussian(self, values: Singles, sigma: float) -> None:
        """Add real Gaussian noise to millions of figures and round to a coarse public grid, in place.

        Guarantee: `values` become multiples of `confide.dp.dense.step_below(sigma)` with the law of the exact sums
        of figures and independent N(0, sigma²) noise, rounded (sigma at most 2^-24 larger); within total variation
        2^-100 a pair. So the release is a function of the Gaussian mechanism's and costs no more.

        Args:
            values: float32, one dimension, contiguous and writable; sums over patients, which the caller bounds.
            sigma: between 1e-20 and 1e20, in the units of the values.

        Raises:
            InvalidInput: sigma is out of range, a figure is not finite, or the stream is closed or forked.

        Source: Box, Muller 1958, with bits drawn until the rounding is certain. Rounding after the noise: Mironov
        2012. The proof: our docs.

        >>> from confide.dp.random import Stream
        >>> sums = np.zeros(3, dtype=np.float32)
        >>> Noise(Stream()).add_gaussian(sums, 1.0)
        >>> (sums * 16 == np.rint(sums * 16)).all()
        np.True_
        """
        _check("sigma", sigma, SMALLEST_DENSE_SIGMA, LARGEST_DENSE_SIGMA)
        if values.dtype != np.float32 or values.ndim != 1 or not values.flags.c_contiguous:
            raise TypeError("figures are a contiguous array of float32 with one dimension")
        cover(self._stream, values, float(sigma))

    def geometric(self, scale: float, size: Size) -> Integers:
        """Draw integers x ≥ 0 with probability proportional to exp(-x / scale): one-sided geometric noise.

        On a count it hides nothing, as it never lowers: for choices (`confide.dp.selection.NoisyMax`) alone.

        Guarantee: within total variation 2^-100 of that distribution, and x < 178 * scale + 2.

        Args:
            scale: between 0.01 and 2^53, in the units of the integers.
            size: number or shape of independent draws.

        Returns:
            int64, shape `size`.

        Raises:
            InvalidInput: the scale is out of range, or the stream is closed or forked.
        """
        _check("scale", scale, SMALLEST_SCALE, LARGEST_SCALE)
        return self._fill(_count(size), lambda n: self._geometric(float(scale), n)).reshape(size)

    def bernoulli(self, p: float, size: Size) -> Booleans:
        """Toss independent coins that show True with probability `p` (to 2^-128): Poisson sampling.

        Args:
            p: between 0 and 1.
            size: number or shape of coins, for example the number of patients.

        Returns:
            bool, shape `size`.

        Raises:
            InvalidInput: `p` is not a probability, or the stream is closed or forked.
        """
        _check("p", p, 0.0, 1.0)
        n = _count(size)
        coins = np.empty(n, dtype=np.bool_)
        with localcontext(_DIGITS):
            threshold = _threshold(Decimal(p)) if p < 1 else None
        for start in range(0, n, 16 * _CHUNK):
            m = min(16 * _CHUNK, n - start)
            coins[start : start + m] = True if threshold is None else self._coins((threshold,), m)[0]
        return coins.reshape(size)

    def toss(self, losses: Losses, rate: Fraction) -> Booleans:
        """Toss one coin per loss, True with probability exp(-rate · loss) (to 2^-128).

        Args:
            losses: uint64, any shape.
            rate: above 0.

        Returns:
            bool, shape of `losses`.

        Raises:
            InvalidInput: the stream is closed or forked.
        """
        return tossed(self._stream, losses.ravel(), rate).reshape(losses.shape)

    def choose(self, losses: Losses, rate: Fraction) -> Integers:
        """Draw one column per row, with probability proportional to exp(-rate · loss).

        Guarantee: within total variation 2^-100 of that distribution, whatever the losses.

        Args:
            losses: uint64, shape (rows, columns), 1 to 2^16 columns; 0 somewhere in every row.
            rate: above 0.

        Returns:
            int64, shape (rows,): the columns.

        Raises:
            InvalidInput: the number of columns is out of range, or the stream is closed or forked.
        """
        _check("choices", losses.shape[1], 1, LARGEST_CHOICES)
        return chosen(self._stream, losses, rate)

    def close(self) -> None:
        """Forget the stream's key; every later draw is refused."""
        self._stream.close()

    def _fill(self, n: int, draw: Any) -> Integers:
        """Collect `n` draws from `draw(m)`, which returns at most m of them."""
        drawn = np.empty(n, dtype=np.int64)
        done = 0
        while done < n:
            part = draw(min(_CHUNK, n - done))
            drawn[done : done + len(part)] = part
            done += len(part)
        return drawn

    def _coins(self, thresholds: tuple[int, ...], n: int) -> Booleans:
        """Toss `n` coins per threshold; coin [i, j] is True with probability thresholds[i] / 2^128."""
        heads = np.array([t >> _REST for t in thresholds], dtype=np.uint16)[:, None]
        drawn = self._stream.uint16(len(thresholds) * n).reshape(len(thresholds), n)
        coins: Booleans = drawn < heads
        for i, j in np.argwhere(drawn == heads):  # about one coin in 65536
            rest = int.from_bytes(self._stream.bytes(_REST // 8), "little")
            coins[i, j] = rest < thresholds[i] & ((1 << _REST) - 1)
        return coins

    def _laplace(self, scale: float, n: int) -> Integers:
        """Return `n` differences of two geometric numbers."""
        geometric = self._geometric(scale, 2 * n)
        return geometric[:n] - geometric[n:]

    def _geometric(self, scale: float, n: int) -> Integers:
        """Return `n` geometric numbers, put together from their bits."""
        bits = self._coins(_geometric_thresholds(scale), n).view(np.uint8)
        geometric = np.zeros(n, dtype=np.int64)
        for low in range(0, len(bits), 8):
            byte = bits[low].copy()
            for i in range(low + 1, min(low + 8, len(bits))):
                byte |= bits[i] << np.uint8(i - low)
            geometric |= byte.astype(np.int64) << low
        return geometric

    def _gaussian(self, sigma: float, n: int) -> Integers:
        """Return up to `n` draws: propose discrete Laplace numbers, keep each with the right probability."""
        scale = math.floor(sigma) + 1
        proposed = self._laplace(float(scale), n + n // 2 + 8)
        distance = (np.abs(proposed) - sigma * (sigma / scale)) / sigma
        with np.errstate(under="ignore"):
            chance = np.exp(-0.5 * distance * distance) * 2.0**32
        drawn = self._stream.uint32(len(proposed))
        apart = drawn - chance
        kept: Booleans = apart < 0
        for j in np.flatnonzero(np.abs(apart) <= 2.0**16):  # about one in 32768; see the proof for the width
            rest = int.from_bytes(self._stream.bytes(12), "little")
            kept[j] = (int(drawn[j]) << 96) + rest < _acceptance(int(abs(proposed[j])), sigma, scale)
        return proposed[kept][:n]

    def __repr__(self) -> str:
        return "<Noise>"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a Noise is never pickled: a second copy would draw the same noise")

    def __copy__(self) -> NoReturn:
        raise TypeError("a Noise is never copied: a second copy would draw the same noise")

    def __deepcopy__(self, memo: Any) -> NoReturn:
        raise TypeError("a Noise is never copied: a second copy would draw the same noise")


def _acceptance(distance: int, sigma: float, scale: int) -> int:
    """Return exp(-(distance - sigma²/scale)² / (2 sigma²)) in units of 2^-128, rounded down."""
    with localcontext(_DIGITS):
        variance = Decimal(sigma) * Decimal(sigma)
        off = distance - variance / scale
        return _threshold((-off * off / (2 * variance)).exp())


def _count(size: Size | None) -> int:
    return 1 if size is None else math.prod(size) if isinstance(size, tuple) else int(size)
