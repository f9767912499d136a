"""From scores per character to spans: labels BIOES of each type, and the best path that breaks no rule of them.

Where the best label of every character already makes a legal path, that path is the best; the other stretches are
searched by Viterbi. Knows no text.
"""

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.intp]

TYPES: Final = ("name", "organisation", "address", "place", "date", "other-id")
LABELS: Final = ("O", *(f"{place}-{kind}" for kind in TYPES for place in "BIES"))
_MAYBE: Final = 3.5  # a character whose score for nothing leads by more than this ends a stretch
_NEVER: Final = np.float32(-1e4)


def spans_of(scores: Floats) -> list[tuple[int, int, str, float]]:
    """Return (start, end, type, probability) of what stands in a text, from scores of shape (places, labels).

    Guarantee: spans do not overlap and come in order; a span is B I* E of one type, or S. Its probability is the
    mean over its places of the probability that something stands there.

    >>> scores = np.zeros((4, len(LABELS)), np.float32)
    >>> scores[[0, 1, 2, 3], [0, LABELS.index("B-name"), LABELS.index("E-name"), 0]] = 9
    >>> [(start, end, kind) for start, end, kind, _ in spans_of(scores)]
    [(1, 3, 'name')]
    """
    if not len(scores):
        return []
    maybe = np.flatnonzero(scores[:, 1:].max(axis=1) > scores[:, 0] - _MAYBE)
    if not len(maybe):
        return []
    labels, inside = np.zeros(len(scores), np.intp), np.zeros(len(scores))
    labels[maybe] = scores[maybe].argmax(axis=1)
    powers = np.exp(scores[maybe] - scores[maybe, labels[maybe]][:, None])
    inside[maybe] = 1 - powers[:, 0] / powers.sum(axis=1)
    illegal = _follow()[np.append(0, labels), np.append(labels, 0)] < 0
    if illegal.any():
        _mend(scores, labels, inside > 0, np.append(0, np.cumsum(illegal)))
    place = (labels - 1) % 4
    held = labels > 0
    starts = np.flatnonzero(held & ((place == 0) | (place == 3)))
    ends = np.flatnonzero(held & (place >= 2)) + 1
    sums = np.append(0.0, np.cumsum(inside))
    means = (sums[ends] - sums[starts]) / (ends - starts)
    kinds = (labels[starts] - 1) // 4
    found = zip(starts.tolist(), ends.tolist(), kinds.tolist(), means.tolist(), strict=True)
    return [(start, end, TYPES[kind], mean) for start, end, kind, mean in found]


@cache
def _follow() -> Floats:
    """Return what may follow what, from and to: 0 or never. A path begins and ends beside an O."""
    n = len(LABELS)
    place = np.array([-1, *[(i - 1) % 4 for i in range(1, n)]])
    kind = np.array([-1, *[(i - 1) // 4 for i in range(1, n)]])
    opens, closed = np.isin(place, (-1, 0, 3)), np.isin(place, (-1, 2, 3))
    goes_on = ~closed[:, None] & ~opens[None, :] & (kind[:, None] == kind[None, :])
    return np.where((closed[:, None] & opens[None, :]) | goes_on, np.float32(0), _NEVER)


def _mend(scores: Floats, labels: Labels, maybe: npt.NDArray[np.bool_], wrong: npt.NDArray[np.intp]) -> None:
    """Write the best legal path over each stretch of `maybe` whose labels break a rule.

    `wrong[i]` counts the broken rules before place i, the step into place 0 and out of the last included.
    """
    edges = np.diff((maybe | (labels > 0)).astype(np.int8), prepend=0, append=0)
    for start, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
        if wrong[end + 1] > wrong[start]:
            labels[start:end] = _best_path(scores[start:end])


def _best_path(scores: Floats) -> Labels:
    follow = _follow()
    best = scores[0] + follow[0]
    back = np.zeros(scores.shape, np.intp)
    for step in range(1, len(scores)):
        through = best[:, None] + follow
        back[step] = through.argmax(axis=0)
        best = through.max(axis=0) + scores[step]
    path = np.zeros(len(scores), np.intp)
    label = (best + follow[:, 0]).argmax()
    for step in range(len(scores) - 1, -1, -1):
        path[step] = label
        label = back[step, label]
    return path
