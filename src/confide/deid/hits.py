"""Hits of all layers, and how overlapping ones become spans that do not overlap.

Guarantee of `settle`: every letter and digit that any hit covers is covered by a span. Knows no language.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from confide.deid.classes import domain


@dataclass(frozen=True, slots=True)
class Hit:
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
        return list(hits)
    names: dict[int, list[int]] = {}
    for hit in hits:
        if hit.is_known and domain(hit.type) == "name":
            names.setdefault(hit.start, []).append(hit.end)
    if names:
        hits = [_without_known(text, hit, names.get(hit.start, [])) for hit in hits]
    ranked = sorted(dict.fromkeys(hits), key=_rank)
    settled = [hit for cluster in _clusters(ranked) for hit in _settle_cluster(text, cluster)]
    return sorted(settled, key=lambda hit: hit.start)


def _rank(hit: Hit) -> tuple[bool, int, bool, float]:
    return hit.score < 0.5, hit.start - hit.end, not hit.is_known, -hit.score


def _clusters(hits: Sequence[Hit]) -> list[list[Hit]]:
    """Group hits that touch each other, directly or through others; rank order is kept inside a group."""
    order = {id(hit): rank for rank, hit in enumerate(hits)}
    groups: list[list[Hit]] = []
    end = -1
    for hit in sorted(hits, key=lambda h: h.start):
        if hit.start >= end:
            groups.append([])
        groups[-1].append(hit)
        end = max(end, hit.end)
    return [sorted(group, key=lambda h: order[id(h)]) for group in groups]


def _settle_cluster(text: str, ranked: list[Hit]) -> list[Hit]:
    """Let the best hits of one cluster take their place first, and the others what is left."""
    if len(ranked) == 1:
        return ranked
    start, end = min(h.start for h in ranked), max(h.end for h in ranked)
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
        piece = text[start + i : start + j]
        if owner[i] >= 0 and any(c.isalnum() for c in piece):
            out.append(replace(ranked[owner[i]], start=start + i, end=start + j))
        i = j
    return out


def _without_known(text: str, hit: Hit, ends: Sequence[int]) -> Hit:
    """Cut a known name off the front of a longer guess of a Han name, so that it keeps its surrogate."""
    if hit.is_known or domain(hit.type) != "name" or text[hit.start].isascii():
        return hit
    longest = max((end for end in ends if end < hit.end), default=hit.start)
    return replace(hit, start=longest)
