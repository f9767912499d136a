"""Refuse a synthetic table of which nothing could be promised, from public numbers alone.

Below a certain number of patients the noise on a pair of columns is as large as what the pair could show, and a
synthetic table is no better than columns drawn independently. Where that is was measured: `docs/synth.md`.
"""

import math
from collections.abc import Sequence
from itertools import combinations
from statistics import median

from confide.errors import InvalidInput

MOST_NOISE = 0.1  # of the total variation between a pair's noisy and true shares, for the middle pair


def noise_in_pairs(sizes: Sequence[int], *, sigma: float, patients: float) -> float:
    """Return the total variation that noise alone makes in the middle pair of columns, before the fit mends any.

    Args:
        sizes: number of values of each column.
        sigma: of the noise on each count of a pair, in patients.
        patients: how many are expected; public.

    >>> round(noise_in_pairs([12, 5, 2], sigma=20.0, patients=20_000), 4)
    0.0096
    """
    cells = median(one * other for one, other in combinations(sizes, 2))
    return math.sqrt(1 / (2 * math.pi)) * cells * sigma / patients


def verify_large_enough(noise: float, patients: int) -> None:
    """Refuse where noise alone makes more than MOST_NOISE; looks at public values only.

    Raises:
        InvalidInput: says how many patients it would take.
    """
    if noise > MOST_NOISE:
        raise InvalidInput(
            "synth.too-small",
            noise=f"{noise:.2f}",
            most=MOST_NOISE,
            patients=patients,
            wanted=math.ceil(patients * noise / MOST_NOISE),
        )
