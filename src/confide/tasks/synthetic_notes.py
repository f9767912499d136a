"""Measure what made-up notes repeat of real ones, beside what any text of the same kind would: inside only.

Guarantee: none; both sides are patients' notes, so every figure is patient data. A model repeats a patient where it shares
longer pieces with notes that it learnt from than with as much text of patients whom it never saw. That it does not is no
proof of safety. Drawing notes: `confide.tasks.notes_plan`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LARGEST_SIDE = 1 << 18  # characters of real notes that are compared with
_BASE = np.uint64(0x9E3779B97F4A7C15)
Hashes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Shared:
    """How long the longest pieces are that made-up notes share with real ones, in characters: inside only."""

    with_training: tuple[int, ...]
    with_held_out: tuple[int, ...]

    @property
    def excess(self) -> float:
        """Return the mean difference: near 0 where the model repeats no patient more than it repeats the language."""
        return float(np.mean(self.with_training) - np.mean(self.with_held_out)) if self.with_training else 0.0


def shared_with(made_up: Sequence[str], training: Sequence[str], held_out: Sequence[str]) -> Shared:
    """Compare made-up notes with as many characters of either side, at most `LARGEST_SIDE`.

    A longer text shares longer pieces by chance alone, so the longer side is cut.
    """
    size = min(sum(map(len, training)), sum(map(len, held_out)), LARGEST_SIDE)
    sides = [_first(training, size), _first(held_out, size)]
    found = [tuple(longest_shared(made_up, side)) for side in sides]
    return Shared(found[0], found[1])


def longest_shared(texts: Sequence[str], others: str) -> list[int]:
    """Return for each text the length of its longest piece that stands in `others`.

    A piece of some length has pieces of every smaller one, so lengths are tried from 1 up until no text shares any.

    >>> longest_shared(["denies chest pain today", "fever"], "no chest pain reported")
    [12, 1]
    """
    found = [0] * len(texts)
    left = list(range(len(texts)))
    there, length = Pieces(others), 0
    pieces = {at: Pieces(texts[at]) for at in left}
    while left:
        length += 1
        known = np.unique(there.hashes(length))
        left = [at for at in left if _shares(pieces[at], known, others, length)]
        for at in left:
            found[at] = length
    return found


def alike(texts: Sequence[str], others: Sequence[str], *, length: int = 3) -> float | None:
    """Return which share of the groups of `length` characters of `texts` stand in `others`; None where there are none.

    >>> alike(["abcd"], ["xabc"])
    0.5
    """
    known = np.unique(
        np.concatenate([Pieces(text[:LARGEST_SIDE]).hashes(length) for text in others or ("",)])
    )
    asked = np.concatenate([Pieces(text).hashes(length) for text in texts or ("",)])
    return float(np.isin(asked, known).mean()) if len(asked) else None


class Pieces:
    """A text, ready to give a hash of every piece of a length. Of a patient: never printed."""

    def __init__(self, text: str) -> None:
        self.text = text
        codes = np.frombuffer(text.encode("utf-32-le", "replace"), dtype="<u4").astype(np.uint64) + np.uint64(
            1
        )
        self._sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(codes * _powers(_BASE, len(codes)))])
        self._inverse = _powers(np.uint64(pow(int(_BASE), -1, 2**64)), len(codes))

    def hashes(self, length: int) -> Hashes:
        """Return a hash of every piece of `length` characters, by place; none where the text is shorter."""
        if length > len(self._inverse):
            return np.zeros(0, np.uint64)
        windows: Hashes = self._sums[length:] - self._sums[:-length]
        return windows * self._inverse[: len(windows)]


def _powers(base: np.uint64, count: int) -> Hashes:
    powers = np.ones(count, np.uint64)
    powers[1:] = base
    found: Hashes = np.cumprod(powers, dtype=np.uint64)
    return found


def _shares(pieces: Pieces, known: Hashes, others: str, length: int) -> bool:
    """Say whether a piece of `length` stands in `others`; a hash may be shared by chance, so the text itself is looked at."""
    hashes = pieces.hashes(length)
    if not len(hashes) or not len(known):
        return False
    places = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    return any(pieces.text[at : at + length] in others for at in np.flatnonzero(known[places] == hashes))


def _first(texts: Sequence[str], size: int) -> str:
    return "\0".join(texts)[:size]
