"""Hits of all layers, and how overlapping ones become spans that do not overlap.

Guarantee of `settle`: every letter and digit that any hit covers is covered by a span, but for a sex (男, 女) that passes for
a name. Knows no other word of any language.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from confide.deid.classes import NAME_CLASSES


class Hit(NamedTuple):
    """A find in a folded text: `text[start:end]`, places in the folded text."""

    start: int
    end: int
    type: str
    score: float
    found_by: str

    @property
    def is_known(self) -> bool:
        """Say whether the value was given, or found elsewhere in the patient's documents."""
        return self.found_by.startswith(("known", "sweep"))


def settle(text: str, hits: Sequence[Hit]) -> list[Hit]:
    """Return non-overlapping hits, in order.

    A find that is more likely right than wrong wins over one that is not, so that nobody who lets a doubtful find go
    lets a sure one inside of it go as well. Else the longest wins; among equals a known one, then the higher score.
    What is left of a loser beside the winner stays a hit of its own if a letter or digit is in it. A known name at
    the front of a longer guess of a name is cut off it first.
    """
    if len(hits) < 2:
        return [_without_marks(text, hit) for hit in hits]
    names: dict[int, list[int]] = {}
    for hit in hits:
        if hit.type in NAME_CLASSES and hit.is_known:
            names.setdefault(hit.start, []).append(hit.end)
    if names:
        hits = [_without_known(text, hit, names[hit.start]) if hit.start in names else hit for hit in hits]
    hits = [
        hit
        for hit in hits
        if not (hit.type in NAME_CLASSES and text[hit.start : hit.end].strip() in _NO_NAME)
    ]
    settled = (
        hit for cluster in _clusters(list(dict.fromkeys(hits))) for hit in _settle_cluster(text, cluster)
    )
    return [_without_marks(text, hit) for hit in settled]


_MARKS: Final = frozenset('"|^')
_NO_NAME: Final = ("", "男", "女")


def _without_marks(text: str, hit: Hit) -> Hit:
    """Cut off what holds the fields of JSON and HL7 apart: a quote or a bar stays where it stood."""
    start, end = hit.start, hit.end
    while start < end and text[start] in _MARKS:
        start += 1
    while start < end and text[end - 1] in _MARKS:
        end -= 1
    return hit if start == end else hit._replace(start=start, end=end)


def _rank(hit: Hit) -> tuple[bool, int, bool, float]:
    return hit.score < 0.5, hit.start - hit.end, not hit.is_known, -hit.score


def _clusters(hits: Sequence[Hit]) -> list[list[Hit]]:
    """Group hits that touch each other, directly or through others; each group by rank, equals as they come."""
    groups: list[list[int]] = []
    end = -1
    starts = [hit.start for hit in hits]
    for place in sorted(range(len(hits)), key=starts.__getitem__):
        if starts[place] >= end:
            groups.append([])
        groups[-1].append(place)
        end = max(end, hits[place].end)
    return [
        [hits[group[0]]] if len(group) == 1 else sorted([hits[place] for place in sorted(group)], key=_rank)
        for group in groups
    ]


def _settle_cluster(text: str, ranked: list[Hit]) -> list[Hit]:
    """Let the best hits of one cluster take their place first, and the others what is left."""
    if len(ranked) == 1:
        return ranked
    start, end = min(h.start for h in ranked), max(h.end for h in ranked)
    if (ranked[0].start, ranked[0].end) == (start, end):
        return ranked[:1] if _says_something(text[start:end]) else []
    owner: list[int] = [-1] * (end - start)
    for rank, hit in enumerate(ranked):
        for i in range(hit.start - start, hit.end - start):
            if owner[i] < 0:
                owner[i] = rank
    out: list[Hit] = []
    i = 0
    while i < len(owner):
        j = i
        while j < len(owner) and owner[j] == owner[i]:
            j += 1
        if owner[i] >= 0 and _says_something(text[start + i : start + j]):
            out.append(ranked[owner[i]]._replace(start=start + i, end=start + j))
        i = j
    return out


def _says_something(piece: str) -> bool:
    return any(map(str.isalnum, piece))


def _without_known(text: str, hit: Hit, ends: Sequence[int]) -> Hit:
    """Cut a known name off the front of a longer guess of a Han name, so that it keeps its surrogate."""
    if hit.type not in NAME_CLASSES or hit.is_known or text[hit.start].isascii():
        return hit
    longest = max((end for end in ends if end < hit.end), default=hit.start)
    return hit._replace(start=longest)
