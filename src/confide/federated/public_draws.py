"""Draws that are the same everywhere: orders, positions and starting weights from a public label. They protect nothing.

A label stands in for a seed, so that hub, sites and a new start after a crash draw alike on every machine. Noise that
protects comes from a charge (`confide.ledger`), never from here.
"""

import itertools
from collections.abc import Iterator

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from numpy.typing import NDArray

from confide.crypto.derive import hkdf

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def order(count: int, *label: object) -> Ints:
    """Return 0 … `count` - 1 in an order that follows from the label.

    >>> sorted(order(5, "batches", 1).tolist()), order(9, "a").tolist() == order(9, "b").tolist()
    ([0, 1, 2, 3, 4], False)
    """
    found: Ints = np.argsort(_bits(count, label), kind="stable").astype(np.int64)
    return found


def batches(size: int, patients: int, *label: object) -> Iterator[Ints | None]:
    """Go through the patients in batches, in a new order each time all were seen; None for all at once, again and again."""
    if not 0 < size < patients:
        yield from itertools.repeat(None)
    left = np.empty(0, dtype=np.int64)
    for epoch in itertools.count():
        left = np.concatenate([left, order(patients, *label, epoch)])
        while len(left) >= size:
            yield left[:size]
            left = left[size:]


def some_of(count: int, wanted: int, *label: object) -> Ints:
    """Return `wanted` different positions below `count`, in rising order; each is as likely as any other.

    >>> some_of(4, 4, "round", 1).tolist()
    [0, 1, 2, 3]
    """
    if wanted == count:
        return np.arange(count, dtype=np.int64)
    found: Ints = np.sort(np.argpartition(_bits(count, label), wanted)[:wanted]).astype(np.int64)
    return found


def evenly(count: int, *label: object) -> Floats:
    """Return numbers between -1 and 1, spread evenly."""
    whole = (_bits(count, label) >> np.uint64(11)).astype(np.float64)
    return whole * 2.0**-52 - 1


def _bits(count: int, label: tuple[object, ...]) -> NDArray[np.uint64]:
    key = hkdf(repr(label).encode(), b"confide federated 1: public draws")
    stream = Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor()
    return np.frombuffer(stream.update(bytes(8 * count)), dtype="<u8")
