"""Whole numbers for sums that never drift: ε in units of 1e-9, δ of 1e-18, μ² of 1e-12.

Prices are rounded up, budgets and caps down. Pure arithmetic; `confide.dp.filter` keeps the sums.
"""

import math
from fractions import Fraction

from confide.dp.accountant import exact

NANO = 10**9
PICO = 10**12
ATTO = 10**18
CEILING = 2**53 - 1  # the largest whole number that every JSON reader keeps: above every cap, "no bound"


def to_nano(value: float) -> int:
    """Return a price ε in units of 1e-9, rounded up; infinity becomes `CEILING`.

    >>> to_nano(0.1), to_nano(0.1234567891)
    (100000000, 123456790)
    """
    return up(exact(value), NANO) if math.isfinite(value) else CEILING


def to_atto(value: float) -> int:
    """Return a price δ in units of 1e-18, rounded up.

    >>> to_atto(1e-8)
    10000000000
    """
    return up(exact(value), ATTO)


def up(value: Fraction, unit: int) -> int:
    """Return `value` in whole units, rounded up; `CEILING` where it is larger."""
    return min(CEILING, math.ceil(value * unit))


def down(value: Fraction, unit: int) -> int:
    """Return `value` in whole units, rounded down."""
    return math.floor(value * unit)
