"""What a measure is, and what comes of it: figures with intervals, one or several per group."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from confide.engines.polars import Floats, Ints
from confide.stats.bounds import Bounds
from confide.stats.expected import Error
from confide.stats.parts import Noisy, Paid, Part


@dataclass(frozen=True, slots=True)
class Estimate:
    """One figure per group, or several under the names `at`; NaN where nothing can be said.

    Shape (cells,) or (cells, figures), with the interval that covers the noise. `order`: which of `at` each
    column of a group stands for, where that differs from group to group.
    """

    value: Floats
    low: Floats
    high: Floats
    at: tuple[str, ...] | None = None
    order: Ints | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure as it was written, the parts it pays for, how they become figures, and how far off they may be."""

    text: str
    parts: tuple[Part, ...]
    finish: Callable[[list[Paid], Bounds], Estimate]
    error: Error


def of_one(text: str, part: Part, finish: Callable[[Noisy, Bounds], Estimate], error: Error) -> Measure:
    """Return a measure of one part that is shown with its noise."""

    def finish_one(paid: list[Paid], bounds: Bounds) -> Estimate:
        (noisy,) = paid
        if not isinstance(noisy, Noisy):
            raise TypeError("a part that is shown comes with its noise")
        return finish(noisy, bounds)

    return Measure(text, (part,), finish_one, error)


def told(value: Floats, low: Floats, high: Floats, least: float, most: float) -> Estimate:
    """Say no value where the noise allows every one from `least` to `most`."""
    return Estimate(np.where((low <= least) & (high >= most), np.nan, value), low, high)
