"""Draw discrete Gaussians by the million: small ones from tables of 128-bit thresholds, put together to a large one.

Guarantee: every draw is within total variation 2^-110 of the discrete Gaussian with exactly the sigma asked for. Whole
numbers throughout: no draw comes from rounding a real number. Called by `confide.dp.noise` alone, which owns the stream.
Proof: `docs/proofs/noise.md`, "By the million".
"""

from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from confide.dp.random import Stream

Integers = NDArray[np.int64]

_WIDEST = 256  # sigma of a table: it stays in cache, and about one draw in 40 needs a second look
_FINE = Decimal("2.25")  # sigma of the fine part, in steps of the coarse one: 2.23 would do for 2^-140
_COARSE = 20  # least sigma of the coarse part, in its own steps
_REACH = Decimal("13.5")  # sigmas: beyond lies less than 2^-130
_CHUNK = 1 << 16
_HEADS = 1 << 16
_OPEN = np.int16(-(1 << 15))
_DIGITS = Context(prec=90)


@dataclass(frozen=True, slots=True)
class Table:
    """A discrete Gaussian of small sigma, times `step`: a draw is `lowest` plus the number of thresholds below 128 bits."""

    step: int
    lowest: int
    thresholds: tuple[int, ...]  # of 128 bits, rising
    tops: NDArray[np.uint64]  # their first 64 bits
    first: NDArray[np.int16]  # by the first 16 bits: the draw, or `_OPEN` where those do not decide


def drawn(stream: Stream, sigma: float, size: int) -> Integers:
    """Return `size` independent draws of the discrete Gaussian of `sigma`, between 1 and 2^40."""
    tables = tables_of(sigma)
    total = np.zeros(size, dtype=np.int64)
    for start in range(0, size, _CHUNK):
        part = total[start : start + _CHUNK]
        for table in tables:
            part += looked_up(stream, table, len(part)) * np.int64(table.step)
    return total


def looked_up(stream: Stream, table: Table, size: int) -> NDArray[np.int16]:
    """Return draws of one table: by 16 bits where they decide, else by 48 more, and in a tie by 64 more."""
    heads = stream.uint16(size)
    found = table.first.take(heads)
    open_ = np.flatnonzero(found == _OPEN)
    bits = (heads[open_].astype(np.uint64) << np.uint64(48)) | (stream.uint64(len(open_)) >> np.uint64(16))
    above = np.searchsorted(table.tops, bits, side="right")
    for tied in np.flatnonzero(table.tops[above - 1] == bits):  # one in 2^48
        whole = (int(bits[tied]) << 64) + int.from_bytes(stream.bytes(8), "little")
        above[tied] = sum(threshold <= whole for threshold in table.thresholds)
    found[open_] = above + table.lowest
    return found


@lru_cache(maxsize=16)
def tables_of(sigma: float) -> tuple[Table, ...]:
    """Return tables whose independent draws, added up, are a discrete Gaussian of `sigma`.

    While a sigma is too wide for a table, x = B c + y: y of sigma 2.25 B, c of what is left of the variance, in steps of B.

    Source: Micciancio, Walter 2017, "Gaussian Sampling over the Integers", section 3 (convolution); the proof is ours.
    """
    tables, step = [], 1
    with localcontext(_DIGITS):
        variance = Decimal(sigma) ** 2
        while variance > _WIDEST**2:
            coarse = min(int(_WIDEST / _FINE), int(variance.sqrt() / _COARSE))
            fine = (_FINE * coarse) ** 2
            tables.append(_table(fine, step))
            variance, step = (variance - fine) / coarse**2, step * coarse
        return (*tables, _table(variance, step))


@lru_cache(maxsize=64)
def _table(variance: Decimal, step: int) -> Table:
    """Return the table of a discrete Gaussian; its probabilities come from three products each, at 90 digits."""
    with localcontext(_DIGITS):
        reach = int(_REACH * variance.sqrt()) + 1
        ratio = (-1 / (2 * variance)).exp()  # weight k + 1 is weight k times ratio^(2k + 1)
        weights, power, square = [Decimal(1)], ratio, ratio * ratio
        for _ in range(reach):
            weights.append(weights[-1] * power)
            power *= square
        scale = (1 << 128) / (2 * sum(weights, Decimal(0)) - 1)
        thresholds, below = [], Decimal(0)
        for k in range(-reach, reach):
            below += weights[abs(k)]
            thresholds.append(int(below * scale))
    return Table(step, -reach, tuple(thresholds), *_heads(thresholds, -reach))


def _heads(thresholds: list[int], lowest: int) -> tuple[NDArray[np.uint64], NDArray[np.int16]]:
    tops = np.array([threshold >> 64 for threshold in thresholds], dtype=np.uint64)
    heads = tops >> np.uint64(48)
    first = np.searchsorted(heads, np.arange(_HEADS, dtype=np.uint64), side="right") + lowest
    first[heads] = _OPEN  # a threshold begins with these 16 bits
    return tops, first.astype(np.int16)
