"""The public matrix C of banded noise: its diagonals, and what they do to sensitivity and noise. Numbers alone.

Which training draws it: `confide.train.banded`; what it costs: `confide.train.privacy`.
"""

import math
from collections import deque
from functools import lru_cache

MOST_BANDS = 256  # so many sums and results less one are kept


@lru_cache(maxsize=64)
def coefficients(bands: int) -> tuple[float, ...]:
    """Return the first column of C: the square root of summing up, cut after `bands` diagonals.

    Source: Kalinin, Lampert 2024, "Banded Square Root Matrix Factorization for Differentially Private Model Training",
    Theorem 1 without momentum and decay: c_k = (2k choose k) / 4^k.

    >>> coefficients(3)
    (1.0, 0.5, 0.375)
    """
    found = [1.0]
    for k in range(1, bands):
        found.append(found[-1] * (2 * k - 1) / (2 * k))
    return tuple(found)


def column_norm(bands: int) -> float:
    """Return the largest L2 norm of a column of C, rounded up: what one patient's turn is stretched to.

    >>> column_norm(1)
    1.0
    """
    exact = math.sqrt(math.fsum(c * c for c in coefficients(bands)))
    return exact if bands == 1 else math.nextafter(exact, math.inf)


@lru_cache(maxsize=64)
def loudest(bands: int, steps: int) -> float:
    """Return the largest standard deviation of a step's noise C⁻¹z, in those of z: what an optimiser may assume.

    >>> loudest(1, 100)
    1.0
    """
    c, inverse = coefficients(bands), deque([1.0], maxlen=max(1, bands - 1))
    total = 1.0
    for _ in range(min(steps, 16 * bands) - 1):  # the rest is below a thousandth
        inverse.appendleft(-math.fsum(a * b for a, b in zip(c[1:], inverse, strict=False)))
        total += inverse[0] ** 2
    return math.sqrt(total)
