"""From scores per character to spans: labels BIOES of each type, and the best path that breaks no rule of them.

Where the best label of every character already makes a legal path, that path is the best; the other stretches are
searched by Viterbi. Knows no text.
"""

import re
from collections.abc import Sequence
from operator import add
from struct import Struct
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]

TYPES: Final = ("name", "organisation", "address", "place", "date", "other-id")
LABELS: Final = ("O", *(f"{place}-{kind}" for kind in TYPES for place in "BIES"))
_MAYBE: Final = 3.5  # a character whose score for nothing leads by more than this ends a stretch
_NEVER: Final = -1e4
_NOTHING: Final = np.array([0.0, *[_NEVER] * (len(LABELS) - 1)], np.float32)  # where no text stands
Found = tuple[int, int, str, float]


def spans_of(scores: Floats) -> list[Found]:
    """Return (start, end, type, probability) of what stands in a text, from scores of shape (places, labels).

    Guarantee: spans do not overlap and come in order; a span is B I* E of one type, or S. Its probability is the
    mean over its places of the probability that something stands there.

    >>> scores = np.zeros((4, len(LABELS)), np.float32)
    >>> scores[[0, 1, 2, 3], [0, LABELS.index("B-name"), LABELS.index("E-name"), 0]] = 9
    >>> [(start, end, kind) for start, end, kind, _ in spans_of(scores)]
    [(1, 3, 'name')]
    """
    return spans_in(scores, [(0, len(scores))])[0]


def spans_in(scores: Floats, texts: Sequence[tuple[int, int]]) -> list[list[Found]]:
    """Return what `spans_of` returns for each of several texts, by the scores of a row in which they stand apart.

    Args:
        scores: of the row, shape (places, labels); overwritten where no text stands.
        texts: start and end of each in the row, in order; between two of them is at least one place.
    """
    at = 0
    for start, end in texts:
        scores[at:start], at = _NOTHING, end
    scores[at:] = _NOTHING
    leading = scores.copy()
    leading[:, 0] -= _MAYBE
    maybe = leading.argmax(axis=1).nonzero()[0]  # several times as quick as to ask for the maximum
    if not len(maybe):
        return [[] for _ in texts]
    rows = scores[maybe]
    powers = np.exp(rows - rows.max(axis=1)[:, None])
    something = np.zeros(len(scores))
    something[maybe] = 1 - powers[:, 0] / powers.sum(axis=1)
    between = np.zeros(len(scores) + 2, np.uint8)  # a path begins and ends beside an O
    between[maybe + 1] = rows.argmax(axis=1)
    before, labels, after = between[maybe], between[maybe + 1], between[maybe + 2]
    broken = maybe[_BROKEN[before, labels] | _BROKEN[labels, after]]
    path = between[1:-1].tobytes()
    if len(broken):
        path = _mended(path, scores, maybe, broken)
    return [_spans(path[start:end], something[start:end]) for start, end in texts]


def _spans(path: bytes, something: npt.NDArray[np.float64]) -> list[Found]:
    """Return the spans of a legal path, by the probability at each place that something stands there."""
    found: list[Found] = []
    sums: list[float] = []
    for match in _SPAN.finditer(path):
        start, end = match.span()
        sums = sums or [0.0, *something.cumsum().tolist()]
        kind = TYPES[(path[start] - 1) // 4]
        found.append((start, end, kind, (sums[end] - sums[start]) / (end - start)))
    return found


_SPAN: Final = (
    re.compile(  # in a legal path, a byte to a label; each of the ways begins with a byte: that is quick
        b"|".join(
            b"\\x%02x|\\x%02x\\x%02x*\\x%02x" % (b + 3, b, b + 1, b + 2) for b in range(1, len(LABELS), 4)
        )
    )
)


def _may_follow(label: str, after: str) -> bool:
    if label[0] in "OES":
        return after[0] in "OBS"
    return after[0] in "IE" and after[1:] == label[1:]


_BROKEN: Final = np.array([[not _may_follow(label, after) for after in LABELS] for label in LABELS])


def _mended(path: bytes, scores: Floats, maybe: Places, broken: Places) -> bytes:
    """Return the path with the best legal one written over each stretch of `maybe` that has a place of `broken`."""
    inside = np.zeros(len(path), np.uint8)
    inside[maybe] = 1
    stretches, mended, end = inside.tobytes(), bytearray(path), 0
    for place in broken.tolist():
        if place >= end:
            start, end = stretches.rfind(b"\0", 0, place) + 1, (stretches + b"\0").find(b"\0", place)
            mended[start:end] = _best_path(scores[start:end])
    return bytes(mended)


def _best_path(scores: Floats) -> bytes:
    """Return the legal path of the highest score over some places, by Viterbi; sums are of 32 bits.

    Types that nowhere reach O are left out: O in place of their labels is legal, and better. The other labels are
    sorted anew: those behind which a span may begin, O and the E and S of each type, then every B, then every I.
    """
    reach = np.flatnonzero((scores[:, 1:] >= scores[:, :1]).any(axis=0)) // 4
    firsts = [1 + 4 * kind for kind in sorted(set(reach.tolist()))]
    m, n = len(firsts), 1 + 2 * len(firsts)
    order = [0, *(b + i for b in firsts for i in (2, 3)), *firsts, *(b + 1 for b in firsts)]
    best, *rows = scores[:, order].tolist()
    best[1:n:2] = best[n + m :] = [_NEVER] * m
    steps, floats = [], Struct(f"{len(order)}f")
    for row in rows:
        opened, inner, high = best[n : n + m], best[n + m :], max(best[:n])
        steps.append((best.index(high), opened, inner))
        came = [high] * len(row)
        came[1:n:2] = came[n + m :] = list(map(max, opened, inner))
        best = list(floats.unpack(floats.pack(*map(add, came, row))))
    held = {
        **{1 + 2 * k: k for k in range(m)},
        **{n + m + k: k for k in range(m)},
    }  # E and I, which follow B or I
    path = [best.index(max(best[:n]))]
    for top, opened, inner in reversed(steps):
        k = held.get(path[-1])
        path.append(top if k is None else n + k if opened[k] >= inner[k] else n + m + k)
    return bytes(order[i] for i in reversed(path))
