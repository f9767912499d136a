"""Write an update of real numbers as whole steps: clip in L2, turn, round at random, and the way back.

Guarantee: what comes out has an L2 norm of at most `federation.bound()` steps and no coordinate beyond `levels` + 1, for every
input; an update that is not finite counts as zero. On average over the rounding it is the clipped update, within 2^-16 of a
step. No noise that protects is drawn here. Proof: `docs/proofs/secure-aggregation.md`.
"""

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
_CHUNK = 1 << 16
_BLOCK = 12  # the transform mixes up to 2^12 numbers: twelve passes that stay in cache


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
    levels, clip = federation.grid.levels, federation.grid.clip
    with np.errstate(over="ignore", invalid="ignore"):
        largest = float(np.max(np.abs(update)))
        if not np.isfinite(largest) or largest == 0:
            return np.zeros(federation.length, dtype=np.int32)
        scaled = np.asarray(update, dtype=np.float64) / largest  # so that no square overflows or vanishes
    norm = float(np.linalg.norm(scaled))
    scaled *= levels * min(largest / clip, 1 / norm)
    if federation.grid.rotate:
        scaled = rotated(scaled, turn)
    bound = federation.bound()
    for attempt in range(_TRIES):
        steps, square = _rounded(scaled, hkdf(key, b"confide federated 1: rounding %d" % attempt))
        if square <= bound**2:
            break
    else:
        steps = np.trunc(scaled).astype(np.int32)
    return steps * np.int32(weight)


def from_steps(total: NDArray[np.int32], federation: Federation, *, turn: bytes) -> Floats:
    """Return a sum of `to_steps` in the units of the updates; the caller divides by the public weights."""
    values = total.astype(np.float64)
    values *= federation.grid.clip / federation.grid.levels
    return turned_back(values, turn) if federation.grid.rotate else values


def rotated(values: Floats, turn: bytes) -> Floats:
    """Flip signs at random and mix blocks by a Hadamard transform: an L2 norm stays, a spike is spread.

    >>> spike = np.zeros(8); spike[3] = 1.0
    >>> np.abs(rotated(spike, b"round 1")).round(3).tolist()[:4]
    [0.354, 0.354, 0.354, 0.354]
    """
    return _mixed(values * _signs(len(values), turn))


def turned_back(values: Floats, turn: bytes) -> Floats:
    """Undo `rotated`; it is linear, so the sum of what was turned can be turned back."""
    back: Floats = _mixed(values) * _signs(len(values), turn)
    return back


def _signs(length: int, turn: bytes) -> NDArray[np.int8]:
    bits = np.frombuffer(
        _stream(hkdf(turn, b"confide federated 1: turn")).update(bytes(length // 8 + 1)), np.uint8
    )
    signs: NDArray[np.int8] = 1 - 2 * np.unpackbits(bits)[:length].astype(np.int8)
    return signs


def _mixed(values: Floats) -> Floats:
    """Transform blocks of 2^12, then the rest in blocks of smaller powers of two: nothing is padded."""
    out = np.empty_like(values)
    start = 0
    for power in range(_BLOCK, -1, -1):
        size = 1 << power
        count = (len(values) - start) // size
        end = start + count * size
        step = max(1, _CHUNK // size) * size
        for first in range(start, end, step):
            last = min(first + step, end)
            out[first:last] = _hadamard(values[first:last].reshape(-1, size)).ravel()
        start = end
    return out


def _hadamard(blocks: Floats) -> Floats:
    rows, size = blocks.shape
    half = 1
    while half < size:
        pairs = blocks.reshape(rows, -1, 2, half)
        blocks = np.stack([pairs[:, :, 0] + pairs[:, :, 1], pairs[:, :, 0] - pairs[:, :, 1]], axis=2)
        half *= 2
    mixed: Floats = blocks.reshape(rows, size) / np.sqrt(size)
    return mixed


def _rounded(scaled: Floats, key: bytes) -> tuple[Steps, float]:
    """Round each number up or down, right on average; return the steps and the exact square of their norm."""
    steps, square = np.empty(len(scaled), dtype=np.int32), 0.0
    stream = _stream(key)
    for start in range(0, len(scaled), _CHUNK):
        part = scaled[start : start + _CHUNK]
        drawn = np.frombuffer(stream.update(bytes(2 * len(part))), dtype="<u2")
        whole = np.floor(part + drawn * 2.0**-16)
        square += float(whole @ whole)  # whole numbers whose squares add up to less than 2^53
        steps[start : start + _CHUNK] = whole
    return steps, square


def _stream(key: bytes) -> CipherContext:
    return Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor()
