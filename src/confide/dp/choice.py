"""Draw by whole-number losses: coins with chance exp(-rate · loss), and one of many in that proportion.

Every draw is within total variation 2^-100 of the law that it names, for every uint64 and every rate: doubles
decide only where they cannot be wrong, 90 digits decide the rest. Called by `confide.dp.noise` alone, which
owns the stream; `confide.dp.selection` makes mechanisms of it. Proofs: `docs/proofs/selection.md`, section 1.
"""

import math
from decimal import Context, Decimal, localcontext
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from confide.dp.random import Stream

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
Losses = NDArray[np.uint64]

LARGEST_CHOICES = 1 << 16  # columns of a row

_BITS = 128  # a draw is decided by so many bits
_HEAD = 32  # ... of which so many are looked at first
_WEIGHT_BITS = 192  # of a weight, where 90 digits decide
_NIL = 134  # exp(-134) < 2^-192
_DOUBT = 2.0**-24  # share of the whole within which doubles do not decide
_CHUNK = 1 << 15  # cells at a time, so that the work stays in cache
_DIGITS = Context(prec=90)


def tossed(stream: Stream, losses: Losses, rate: Fraction) -> Booleans:
    """Toss one coin per loss, shape (n,): True with probability exp(-rate · loss), to 2^-128."""
    coins = np.empty(len(losses), dtype=np.bool_)
    for start in range(0, len(losses), _CHUNK):
        part = losses[start : start + _CHUNK]
        drawn = stream.uint32(len(part))
        apart = drawn - _doubles(part, rate) * 2.0**_HEAD
        kept = apart < 0
        for j in np.flatnonzero(np.abs(apart) <= _DOUBT * 2.0**_HEAD):
            kept[j] = _whole(stream, int(drawn[j])) < _weight(int(part[j]), rate, _BITS)
        coins[start : start + len(part)] = kept
    return coins


def chosen(stream: Stream, losses: Losses, rate: Fraction) -> Integers:
    """Draw one column per row, shape (rows, columns): column j with probability ∝ exp(-rate · loss[j]).

    The least loss of every row must be 0.
    """
    rows, columns = losses.shape
    found = np.empty(rows, dtype=np.int64)
    step = max(1, _CHUNK // columns)
    for start in range(0, rows, step):
        part = losses[start : start + step]
        found[start : start + len(part)] = _chosen(stream, part, rate)
    return found


def _chosen(stream: Stream, losses: Losses, rate: Fraction) -> Integers:
    ends = _doubles(losses, rate)
    np.cumsum(ends, axis=1, out=ends)  # column j owns the stretch up to ends[j]
    whole = ends[:, -1]
    drawn = stream.uint32(len(losses))
    at = (drawn + 0.5) * 2.0**-_HEAD * whole
    column: Integers = (ends > at[:, None]).argmax(axis=1)
    rows = np.arange(len(losses))
    before = np.where(column > 0, ends[rows, np.maximum(column - 1, 0)], -whole)
    after = ends[rows, column]
    doubt = _DOUBT * whole
    for row in np.flatnonzero((at - before <= doubt) | (after - at <= doubt)):
        column[row] = _exactly(_whole(stream, int(drawn[row])), losses[row], rate)
    return column


def _exactly(drawn: int, losses: Losses, rate: Fraction) -> int:
    """Return the column whose stretch holds `drawn` / 2^128 of the whole, by weights of 192 bits."""
    weights = [_weight(int(loss), rate, _WEIGHT_BITS) for loss in losses]
    at, end = drawn * sum(weights), 0
    for column, weight in enumerate(weights):
        end += weight << _BITS
        if at < end:
            return column
    raise ArithmeticError("128 bits are below 2^128")


def _doubles(losses: Losses, rate: Fraction) -> NDArray[np.float64]:
    with np.errstate(under="ignore"):
        found: NDArray[np.float64] = np.exp(losses * -float(rate))
    return found


def _whole(stream: Stream, head: int) -> int:
    """Return the 128 bits that begin with `head`; the others are drawn now."""
    return (head << (_BITS - _HEAD)) + int.from_bytes(stream.bytes((_BITS - _HEAD) // 8), "little")


def _weight(loss: int, rate: Fraction, bits: int) -> int:
    """Return exp(-rate · loss) in units of 2^-bits, rounded down."""
    exponent = rate * loss
    if exponent > _NIL:
        return 0
    with localcontext(_DIGITS):
        return math.floor((-Decimal(exponent.numerator) / Decimal(exponent.denominator)).exp() * (1 << bits))
