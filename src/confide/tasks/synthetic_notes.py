"""Synthetic notes with labels, drawn from a released private model; and how much of any real note they repeat.

Guarantee: drawing costs nothing beyond the release. That a model is private does not make each sentence harmless: the check
compares what notes share with real ones of the training with what they share with held-out ones, and stays inside.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.tasks.reports import model_of, settings_of
from confide.types import Json

_BASE = np.uint64(0x9E3779B97F4A7C15)


def invent(release: Json, labels: Sequence[str], *, seed: int, temperature: float = 0.8) -> list[str]:
    """Return one made-up note for each label, from a model that was trained with labels in place of findings.

    Args:
        release: of `confide.tasks.reports`, with the column of labels as its findings.
        labels: public; how many of each is yours to say, not read off the patients.
        seed: of the drawing; it protects nobody.
        temperature: below 1 the likelier words are drawn more often.
    """
    import torch

    from confide.tasks.language import drawn

    settings = settings_of(release)
    model, tongue = model_of(release)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return [
            drawn(
                model,
                tongue,
                label,
                most_given=settings.most_given,
                most_written=settings.most_written,
                temperature=temperature,
            )
            for label in labels
        ]


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
    """Compare made-up notes with as many characters of either side.

    A longer text shares longer pieces by chance alone, so the longer side is cut.
    """
    size = min(sum(map(len, training)), sum(map(len, held_out)))
    sides = [_first(training, size), _first(held_out, size)]
    found = [tuple(longest_shared(note, side) for note in made_up) for side in sides]
    return Shared(found[0], found[1])


def longest_shared(text: str, others: str) -> int:
    """Return the length of the longest piece of `text` that stands in `others`.

    >>> longest_shared("denies chest pain today", "no chest pain reported")
    12
    """
    low, high = 0, min(len(text), len(others))
    while low < high:  # a piece of length n has pieces of every smaller length
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _shares(text, others, middle) else (low, middle - 1)
    return low


def _shares(text: str, others: str, length: int) -> bool:
    both = np.intersect1d(_windows(text, length), _windows(others, length))
    if not len(both):
        return False
    hashes = _windows(text, length)  # a hash may be shared by chance: look at the text itself
    return any(text[at : at + length] in others for at in np.flatnonzero(np.isin(hashes, both)))


def _windows(text: str, length: int) -> NDArray[np.uint64]:
    """Return a rolling hash of every piece of `length` characters."""
    codes = np.frombuffer(text.encode("utf-32-le"), dtype="<u4").astype(np.uint64) + np.uint64(1)
    powers = np.ones(len(codes), np.uint64)
    powers[1:] = np.cumprod(np.full(len(codes) - 1, _BASE))
    total = np.concatenate([np.zeros(1, np.uint64), np.cumsum(codes * powers, dtype=np.uint64)])
    inverse = np.ones(len(codes), np.uint64)
    inverse[1:] = np.cumprod(np.full(len(codes) - 1, np.uint64(pow(int(_BASE), -1, 2**64))))
    hashes: NDArray[np.uint64] = (total[length:] - total[:-length]) * inverse[: len(codes) - length + 1]
    return hashes


def _first(texts: Sequence[str], size: int) -> str:
    return "\0".join(texts)[:size]
