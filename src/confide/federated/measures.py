"""How good a model is on patients that it has not seen: accuracy, AUC, concordance. Plain functions of arrays.

They look at patients one by one and add no noise: what they return stays inside, unless it is charged.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def accuracy(outcomes: Floats, predicted: Floats) -> float:
    """Return the share of records that are told right; NaN where there is none.

    Args:
        outcomes: shape (records,), 0 and 1, or the number of a class.
        predicted: shape (records,), the probability of a 1; or (records, classes).

    >>> accuracy(np.array([0.0, 1.0, 1.0]), np.array([0.2, 0.7, 0.4]))
    0.6666666666666666
    """
    told = predicted.argmax(axis=1) if predicted.ndim == 2 else predicted > 0.5
    return float(np.mean(told == outcomes)) if len(outcomes) else float("nan")


def auc(outcomes: Floats, scores: Floats) -> float:
    """Return the chance that a 1 is scored above a 0, ties counting half; NaN where one of them is missing.

    Source: Hanley, McNeil 1982: the statistic of Mann and Whitney, from mean ranks.

    >>> auc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
    0.75
    """
    ones = outcomes > 0
    n_ones, n_zeros = int(ones.sum()), int((~ones).sum())
    if not n_ones or not n_zeros:
        return float("nan")
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return float((ranks[ones].sum() - n_ones * (n_ones + 1) / 2) / (n_ones * n_zeros))


def concordance(times: Floats, events: Floats, risk: Floats) -> float:
    """Return the share of comparable pairs in which the higher risk came first, ties counting half (c-index).

    A pair is comparable where the earlier time is an event and the other is later, or was lost at that time. NaN where none is.

    Source: Harrell et al. 1982, "Evaluating the Yield of Medical Tests".

    >>> concordance(np.array([1.0, 2.0, 3.0]), np.array([1, 1, 0]), np.array([3.0, 1.0, 2.0]))
    0.6666666666666666
    """
    right = pairs = 0.0
    for time, own in zip(times[events > 0], risk[events > 0], strict=True):
        later = risk[(times > time) | ((times == time) & ~(events > 0))]
        right += float((own > later).sum()) + float((own == later).sum()) / 2
        pairs += len(later)
    return right / pairs if pairs else float("nan")
