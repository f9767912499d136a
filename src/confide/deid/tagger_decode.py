"""From scores per character to spans: labels BIOES of each type, and the best path that breaks no rule of them.

Where the best label of every character already makes a legal path, that path is the best; the other stretches are
searched by Viterbi. Knows no text.
"""

import re
from collections.abc import Sequence
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
    inside = np.zeros(len(path) + 1, np.uint8)
    inside[maybe] = 1
    stretches, mended, end = inside.tobytes(), bytearray(path), 0
    places = []
    for place in broken.tolist():
        if place >= end:
            start, end = stretches.rfind(b"\0", 0, place) + 1, stretches.find(b"\0", place)
            places.append((start, end))
    for (start, end), best in zip(places, _best_paths(scores, places), strict=True):
        mended[start:end] = best
    return bytes(mended)


_KINDS: Final = len(TYPES)
_ENDED: Final = 1 + 2 * _KINDS  # so many labels are O, E or S: behind them a span may begin
_ORDER: Final = np.array(
    [0, *(b + i for b in range(1, len(LABELS), 4) for i in (2, 3)), *range(1, len(LABELS), 4), *range(2, len(LABELS), 4)]
)  # fmt: skip
_ORDERED: Final = bytes(_ORDER.tolist())
_KIND_INSIDE: Final = {  # place in the order of E and of I, which follow B or I -> their type
    **{1 + 2 * kind: kind for kind in range(_KINDS)},
    **{_ENDED + _KINDS + kind: kind for kind in range(_KINDS)},
}


def _best_paths(scores: Floats, stretches: Sequence[tuple[int, int]]) -> list[bytes]:
    """Return the legal path of the highest score over each stretch, by Viterbi; sums are of 32 bits.

    Types that nowhere in a stretch reach O are left out: O in place of their labels is legal, and better. The labels
    are sorted anew: those behind which a span may begin, O and the E and S of each type, then every B, then every I.
    All stretches take a step together, the longest first, so that those that go on are the first so many.
    """
    longest_first = sorted(range(len(stretches)), key=lambda i: stretches[i][0] - stretches[i][1])
    lengths = np.array([stretches[i][1] - stretches[i][0] for i in longest_first])
    starts = np.concatenate(([0], lengths.cumsum()[:-1]))
    rows = np.concatenate([scores[slice(*stretches[i])] for i in longest_first])
    reach = (rows[:, 1:] >= rows[:, :1]).reshape(-1, _KINDS, 4).any(axis=2)
    reach = np.logical_or.reduceat(reach, starts).repeat(lengths, axis=0).repeat(4, axis=1)
    rows[:, 1:][~reach] = _NEVER
    rows = rows[:, _ORDER]

    # 1. Forwards: the best sum of a path to each label, and where it came from.
    best = rows[starts]
    best[:, 1:_ENDED:2] = best[:, _ENDED + _KINDS :] = _NEVER
    tops: list[list[int]] = []  # of each step, the best label that ends something, by stretch
    opened: list[list[list[bool]]] = []  # whether what goes on came from B rather than I, by stretch and type
    for step in range(1, int(lengths[0])):
        going = int(np.searchsorted(-lengths, -step))
        now = best[:going]
        begun, inner, top = (
            now[:, _ENDED : _ENDED + _KINDS],
            now[:, _ENDED + _KINDS :],
            now[:, :_ENDED].argmax(axis=1),
        )
        tops.append(top.tolist())
        opened.append((begun >= inner).tolist())
        came = now[np.arange(going), top][:, None].repeat(len(LABELS), axis=1)
        came[:, 1:_ENDED:2] = came[:, _ENDED + _KINDS :] = np.maximum(begun, inner)
        best[:going] = came + rows[starts[:going] + step]

    # 2. Backwards, from the best label that may stand last.
    lasts, paths = best[:, :_ENDED].argmax(axis=1).tolist(), [b""] * len(stretches)
    for slot, i in enumerate(longest_first):
        path = [lasts[slot]]
        for step in range(int(lengths[slot]) - 2, -1, -1):
            kind = _KIND_INSIDE.get(path[-1])
            if kind is None:
                path.append(tops[step][slot])
            else:
                path.append(_ENDED + kind if opened[step][slot][kind] else _ENDED + _KINDS + kind)
        paths[i] = bytes(_ORDERED[label] for label in reversed(path))
    return paths
