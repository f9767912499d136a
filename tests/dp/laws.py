"""Whether draws have a law, and how much two laws of draws give away: tests whose false alarms are counted."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import beta, chi2

from confide.dp.noise import Noise
from confide.dp.random import Stream

FALSE_ALARM = 1e-9  # chance that a right mechanism fails one of these tests, were its seed not fixed


def opened(seed: int) -> Noise:
    return Noise(Stream(seed.to_bytes(32, "big")))


def likeness(drawn: np.ndarray, law: Sequence[float]) -> float:
    """Return the p-value of a chi-square test of `drawn`, numbers from 0, against the chances in `law`."""
    counts = np.bincount(drawn, minlength=len(law)).astype(float)
    expected = np.asarray(law, dtype=float) * len(drawn)
    assert len(counts) == len(expected)
    assert math.isclose(expected.sum(), len(drawn), rel_tol=1e-9)
    if counts[expected < 1e-9].any():
        return 0.0  # something was drawn that never should be
    rare = expected < 10
    if rare.any():
        counts = np.append(counts[~rare], counts[rare].sum())
        expected = np.append(expected[~rare], expected[rare].sum())
        if expected[-1] < 1:
            counts, expected = counts[:-1], expected[:-1] * (counts[:-1].sum() / expected[:-1].sum())
    return float(chi2.sf(((counts - expected) ** 2 / expected).sum(), max(1, len(expected) - 1)))


def has_law(drawn: np.ndarray, law: Sequence[float]) -> bool:
    return likeness(drawn, law) > FALSE_ALARM


def epsilon_seen(here: np.ndarray, there: np.ndarray) -> float:
    """Return an ε that the two laws of draws (numbers from 0) have at least, unless by a chance of 1e-9.

    Sets of answers are picked by one half of the draws and counted in the other (Clopper-Pearson bounds).
    """
    size = int(max(here.max(), there.max())) + 1
    best = 0.0
    for one, other in ((here, there), (there, here)):
        a, b = (np.bincount(draws[::2], minlength=size) + 0.5 for draws in (one, other))
        telling = np.argsort(-a / b)
        sets = [telling[:n] for n in range(1, min(size, 40) + 1)] + [np.array([x]) for x in telling[:40]]
        risk = FALSE_ALARM / (4 * len(sets))
        n, m = len(one[1::2]), len(other[1::2])
        hits, misses = (np.bincount(draws[1::2], minlength=size) for draws in (one, other))
        for answers in sets:
            x, y = int(hits[answers].sum()), int(misses[answers].sum())
            if x > 0 and y < m:
                low, high = beta.ppf(risk, x, n - x + 1), beta.ppf(1 - risk, y + 1, m - y)
                best = max(best, math.log(low / high))
    return best
