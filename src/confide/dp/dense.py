"""Cover millions of real figures with Gaussian noise and round the sums to a coarse grid: quick, and exactly that.

What comes out has the law of real Gaussian noise added to each figure and the exact sum rounded to whole steps of
a public grid, within total variation 2^-100 a pair: single precision decides only where it cannot be wrong, doubles
and then 90 digits decide the rest, on the same bits. Called by `confide.dp.noise` alone, which owns the stream.
Proof: `docs/proofs/dense-noise.md`.
"""

import math
from decimal import Context, Decimal, localcontext

import numpy as np
from numpy.typing import NDArray

from confide.dp.random import Stream
from confide.errors import InvalidInput

Singles = NDArray[np.float32]
Doubles = NDArray[np.float64]
Bits = NDArray[np.uint32]
Booleans = NDArray[np.bool_]

SMALLEST_DENSE_SIGMA, LARGEST_DENSE_SIGMA = 1e-20, 1e20  # so that the grid is a normal single

_FINE = 5  # a sigma has 2^4 to 2^5 steps: rounding adds less than 1/3000 to the variance
_PAIRS = 1 << 13  # at a time, so that the work stays in cache
_LOW, _HIGH = 1 << 20, (1 << 31) - (1 << 20)  # 31 bits of a radius between 0.031 and 3.91
_DOUBT = 2.0**-12  # of a step, around a border, within which single precision does not decide
_FINER_LOW = 1 << 40  # 63 bits of a radius, below which doubles do not decide
_FINER_DOUBT = 2.0**-25
_LAST = 128  # more bits of both, for the last word
_DIGITS = Context(prec=90)
_PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899")


def step_below(sigma: float) -> float:
    """Return the grid: the power of two of which `sigma` has at least 16 and less than 32.

    >>> step_below(1.0), step_below(31.9)
    (0.0625, 1.0)
    """
    return math.ldexp(1.0, math.frexp(sigma)[1] - _FINE)


def cover(stream: Stream, values: Singles, sigma: float) -> None:
    """Replace each of `values`, shape (n,), by its sum with Gaussian noise in whole steps; in place.

    1. Two normal numbers come from 31 bits of a radius and 32 of an angle (Box, Muller 1958). 2. Whole steps of a
    figure are set aside, the rest plus noise is rounded. 3. Pairs too near a border are decided with more bits.
    """
    step = step_below(sigma)
    spread = np.float32(sigma / step)
    if float(spread) < sigma / step:
        spread = np.nextafter(spread, np.float32(np.inf))
    doubtful = []
    for start in range(0, len(values), 2 * _PAIRS):
        part = values[start : start + 2 * _PAIRS]
        pairs = (len(part) + 1) // 2
        bits = stream.uint32(2 * pairs).reshape(2, pairs)
        figures = np.zeros((2, pairs), dtype=np.float32)
        figures.reshape(-1)[: len(part)] = part
        covered, sure = quick(figures * np.float32(1 / step), bits, spread)
        np.multiply(covered.reshape(-1)[: len(part)], np.float32(step), out=part)
        part += np.float32(0)  # a zero keeps no sign, which would tell that of a figure
        unsure = np.flatnonzero(~sure)
        doubtful.append((start + unsure, np.full(len(unsure), pairs), figures[:, unsure], bits[:, unsure]))
    if doubtful:
        first, apart, whose, drawn = (np.concatenate(each, axis=-1) for each in zip(*doubtful, strict=True))
        places = np.stack([first, first + apart])
        decided = careful(stream, whose.astype(np.float64) / step, drawn, float(spread))
        there = places < len(values)  # the second of the last pair may not be wanted
        values[places[there]] = (decided * step)[there] + 0.0


def quick(steps: Singles, bits: Bits, spread: np.float32) -> tuple[Singles, Booleans]:
    """Return figures in `steps` (2, pairs) covered and rounded, and for which pairs both are surely right."""
    head = (bits[0] & np.uint32(0x7FFFFFFF)).view(np.int32)
    sure: Booleans = (head - np.int32(_LOW)).view(np.uint32) < np.uint32(_HIGH - _LOW)
    radius = head.astype(np.float32)
    radius *= np.float32(2.0**-31)
    with np.errstate(divide="ignore", invalid="ignore"):  # such pairs are not sure
        np.log(radius, out=radius)
        radius *= np.float32(-2)
        np.sqrt(radius, out=radius)
        angle = bits[1].view(np.int32).astype(np.float32)
        angle *= np.float32(math.pi / 2.0**31)
        radius *= spread
        noisy = np.empty_like(steps)
        np.cos(angle, out=noisy[0])
        np.sin(angle, out=noisy[1])
        noisy *= radius
        whole = np.rint(steps)
        steps = steps - whole
        noisy += steps
        rounded = np.rint(noisy)
        noisy -= rounded
        np.abs(noisy, out=noisy)
        sure &= (noisy < np.float32(0.5 - _DOUBT)).all(axis=0)  # false for NaN too
        whole += rounded
    return whole, sure


def careful(stream: Stream, steps: Doubles, bits: Bits, spread: float) -> Doubles:
    """Return the same, shape (2, pairs), by doubles with 32 more bits of each number, and where need be by digits.

    Raises:
        InvalidInput: a figure is not finite.
    """
    if not np.isfinite(steps).all():
        raise InvalidInput("dp.figures-not-finite")
    pairs = steps.shape[1]
    more = stream.uint32(2 * pairs).reshape(2, pairs).astype(np.int64)
    radius_bits = ((bits[0] & np.uint32(0x7FFFFFFF)).astype(np.int64) << 32) | more[0]
    angle_bits = (bits[1].view(np.int32).astype(np.int64) << 32) | more[1]
    share = radius_bits * 2.0**-63
    missing = ((np.int64(2**63 - 1) - radius_bits) + 0.5) * 2.0**-63  # what lacks to 1, with all its digits
    with np.errstate(divide="ignore"):
        radius = np.sqrt(-2 * np.where(share < 0.5, np.log(share), np.log1p(-missing)))
    angle = angle_bits * (math.pi * 2.0**-63)
    whole = np.rint(steps)
    noisy = (steps - whole) + spread * radius * np.stack([np.cos(angle), np.sin(angle)])
    rounded = np.rint(noisy)
    sure = (np.abs(noisy - rounded) < 0.5 - _FINER_DOUBT).all(axis=0) & (radius_bits >= _FINER_LOW)
    for j in np.flatnonzero(~sure):
        radius_rest, angle_rest = (int.from_bytes(stream.bytes(_LAST // 8), "little") for _ in range(2))
        rounded[:, j] = last_word(
            [float(each) for each in (steps - whole)[:, j]],
            (int(radius_bits[j]) << _LAST) + radius_rest,
            (int(angle_bits[j]) << _LAST) + angle_rest,
            spread,
        )
    decided: Doubles = whole + rounded
    return decided


def last_word(rests: list[float], radius_bits: int, angle_bits: int, spread: float) -> list[int]:
    """Return the two rounded sums at 90 digits, from 191 bits of the radius and a signed 192 of the angle."""
    with localcontext(_DIGITS):
        scale = Decimal(1 << (63 + _LAST))
        radius = Decimal(spread) * (-2 * ((radius_bits + Decimal("0.5")) / scale).ln()).sqrt()
        turned = _turned((angle_bits + Decimal("0.5")) / scale * _PI)
        return [round(Decimal(rest) + radius * part) for rest, part in zip(rests, turned, strict=True)]


def _turned(angle: Decimal) -> tuple[Decimal, Decimal]:
    """Return cosine and sine of an angle from -π to π, by their series."""
    sums, term, n = [Decimal(0), Decimal(0)], Decimal(1), 0
    while abs(term) > Decimal("1e-70"):
        sums[n % 2] += term if n % 4 < 2 else -term
        n += 1
        term *= angle / n
    return sums[0], sums[1]
