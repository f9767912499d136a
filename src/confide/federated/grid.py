"""Write an update of real numbers as whole steps: clip in L2, turn, round at random, and the way back.

Guarantee: what comes out has an L2 norm of at most `federation.bound()` steps and no coordinate beyond `levels` + 1, for every
input; an update that is not finite counts as zero. On average over the rounding it is the clipped update, within 2^-16 of a
step. No noise that protects is drawn here. Proof: `docs/proofs/secure-aggregation.md`.
"""

import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from numpy.typing import NDArray

from confide.crypto.derive import hkdf
from confide.errors import InvalidInput
from confide.federated.settings import Federation

Floats = NDArray[np.float64]
Steps = NDArray[np.int32]

_TRIES = 4  # then towards zero, which never grows
_CHUNK = 1 << 15  # numbers at a time, so that the work stays in cache; whole blocks
_BLOCK = 12  # the transform mixes up to 2^12 numbers
_SMALLEST, _LARGEST = 1e-200, 1e300  # squares of norms that doubles hold without a thought


def to_steps(update: NDArray[Any], federation: Federation, *, weight: int, turn: bytes, key: bytes) -> Steps:
    """Return the update in whole steps, times the site's public weight.

    Args:
        update: shape (length,), floats.
        federation: has the clip, the number of steps in it, and whether to turn.
        weight: of this site.
        turn: what all sites share in this round, such as its context; names the turn, hides nothing.
        key: 32 fresh bytes, for the rounding alone.

    Raises:
        InvalidInput: another shape.

    Source: Kairouz, Liu, Steinke 2021, "The Distributed Discrete Gaussian Mechanism", Algorithm 1 (clip, rotate, conditional
    rounding). We turn in blocks of 2^12, and round toward zero after four tries instead of trying for ever.
    """
    if update.shape != (federation.length,):
        raise InvalidInput("fed.update-shape", wanted=federation.length)
    update, largest, norm = _measured(update)
    if not norm > 0:
        return np.zeros(federation.length, dtype=np.int32)
    scale = federation.grid.levels * min(largest / federation.grid.clip, 1 / norm)
    if federation.grid.rotate:
        update, scale = rotated(update * np.float64(scale), turn), 1.0
    bound = federation.bound()
    for attempt in range(_TRIES):
        steps, square = _rounded(update, scale, hkdf(key, b"confide federated 1: rounding %d" % attempt))
        if square <= bound**2:
            break
    else:
        steps = np.trunc(update * np.float64(scale)).astype(np.int32)
    if weight != 1:
        steps *= np.int32(weight)
    return steps


def from_steps(total: NDArray[np.int32], federation: Federation, *, turn: bytes) -> Floats:
    """Return a sum of `to_steps` in the units of the updates; the caller divides by the public weights."""
    values = total.astype(np.float64)
    values *= federation.grid.clip / federation.grid.levels
    return turned_back(values, turn) if federation.grid.rotate else values


def rotated(values: NDArray[Any], turn: bytes) -> Floats:
    """Flip signs at random and mix blocks by a Hadamard transform: an L2 norm stays, a spike is spread.

    >>> spike = np.zeros(8); spike[3] = 1.0
    >>> np.abs(rotated(spike, b"round 1")).round(3).tolist()[:4]
    [0.354, 0.354, 0.354, 0.354]
    """
    out = np.empty(len(values))
    for at, signs in _signs(len(values), turn):
        out[at] = _mixed(values[at] * signs)
    return out


def turned_back(values: Floats, turn: bytes) -> Floats:
    """Undo `rotated`; it is linear, so the sum of what was turned can be turned back."""
    out = np.empty(len(values))
    for at, signs in _signs(len(values), turn):
        out[at] = _mixed(values[at]) * signs
    return out


def _signs(length: int, turn: bytes) -> Iterator[tuple[slice, NDArray[np.int8]]]:
    """Yield signs, piece by piece; pieces end where blocks end."""
    stream = _stream(hkdf(turn, b"confide federated 1: turn"))
    for start in range(0, length, _CHUNK):
        count = min(_CHUNK, length - start)
        bits = np.unpackbits(np.frombuffer(stream.update(bytes(-(-count // 8))), np.uint8))[:count]
        yield slice(start, start + count), np.int8(1) - np.int8(2) * bits.view(np.int8)


def _mixed(values: Floats) -> Floats:
    """Transform blocks of 2^12, then the rest in blocks of smaller powers of two: nothing is padded."""
    out = np.empty_like(values)
    start = 0
    for power in range(_BLOCK, -1, -1):
        end = start + ((len(values) - start) >> power << power)
        if end > start:
            blocks = values[start:end].reshape(-1, 1 << (power - power // 2), 1 << (power // 2))
            out[start:end] = (_hadamard(power - power // 2) @ blocks @ _hadamard(power // 2)).ravel()
        start = end
    return out


@cache
def _hadamard(power: int) -> Floats:
    """Return the symmetric, orthogonal matrix of size 2^power; that of a block is the product of two smaller ones."""
    matrix = np.ones((1, 1))
    for _ in range(power):
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return matrix / math.sqrt(len(matrix))


def _measured(update: NDArray[Any]) -> tuple[NDArray[Any], float, float]:
    """Return an update, what it was divided by so that no square overflows or vanishes, and the norm of what is left.

    The norm is zero where nothing can be counted: all zeros, or something that is not finite.
    """
    square = _square(update)
    if _SMALLEST < square < _LARGEST:
        return update, 1.0, math.sqrt(square)
    largest = float(np.max(np.abs(update)))
    if not math.isfinite(largest) or largest == 0:
        return update, 1.0, 0.0
    update = update.astype(np.float64) / largest
    return update, largest, math.sqrt(_square(update))


def _square(update: NDArray[Any]) -> float:
    total = 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(update), _CHUNK):
            total += _squared(update[start : start + _CHUNK].astype(np.float64))
    return total


def _rounded(update: NDArray[Any], scale: float, key: bytes) -> tuple[Steps, float]:
    """Round each number times `scale` up or down, right on average; return the steps and the exact square of their norm."""
    steps, square = np.empty(len(update), dtype=np.int32), 0.0
    stream = _stream(key)
    for start in range(0, len(update), _CHUNK):
        part = np.multiply(update[start : start + _CHUNK], scale, dtype=np.float64)
        drawn = np.frombuffer(stream.update(bytes(2 * len(part))), dtype="<u2")
        part += np.multiply(drawn, 2.0**-16, dtype=np.float64)
        whole = np.floor(part, out=part)
        square += _squared(whole)  # whole numbers whose squares add up to less than 2^53
        steps[start : start + _CHUNK] = whole
    return steps, square


def _squared(part: Floats) -> float:
    """Return the sum of squares, in this thread: `@` wakes a BLAS thread a core, and several sites then wait for each other."""
    return float(np.einsum("i,i->", part, part))


def _stream(key: bytes) -> CipherContext:
    return Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor()
