"""Entities as spans of a text, and as one tag per token: B, I of each type, and O.

Guarantee: `spans_of(tags_of(tokens, spans))` gives the spans back wherever they begin and end with tokens and do not
overlap. Offsets count Unicode code points. Pure functions; nothing of a text is in a message or a repr.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

OUTSIDE = 0


@dataclass(frozen=True, order=True, slots=True)
class Entity:
    """An entity of a text, `text[start:end]`: where it stands and of which type. Of a patient: shown to nobody."""

    start: int = field(repr=False)
    end: int = field(repr=False)
    type: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tagged:
    """A text and its entities, in order. Of a patient: never printed."""

    text: str = field(repr=False)
    entities: tuple[Entity, ...] = field(repr=False)


Places = Sequence[tuple[int, int]]  # where each token begins and ends


def tags_of(tokens: Places, entities: Sequence[Entity], types: Sequence[str]) -> list[int]:
    """Return the tag of each token: 0 outside, 1 + 2k where an entity of type k begins, 2 + 2k inside one.

    A token belongs to the entity that it shares a character with. An entity of a type that is not listed has none.

    >>> tags_of([(0, 2), (2, 3), (3, 4)], [Entity(2, 4, "drug")], ["test", "drug"])
    [0, 3, 4]
    """
    kinds = {name: place for place, name in enumerate(types)}
    tags, at = [OUTSIDE] * len(tokens), 0
    for entity in sorted(each for each in entities if each.type in kinds):
        first = True
        while at < len(tokens) and tokens[at][1] <= entity.start:
            at += 1
        while at < len(tokens) and tokens[at][0] < entity.end:
            tags[at] = 1 + 2 * kinds[entity.type] + (not first)
            first = False
            at += 1
    return tags


def spans_of(tokens: Places, tags: Sequence[int], types: Sequence[str]) -> list[Entity]:
    """Return the entities that tags mean; an I that continues nothing of its type begins an entity.

    >>> spans_of([(0, 2), (2, 3), (3, 4)], [0, 3, 4], ["test", "drug"]) == [Entity(2, 4, "drug")]
    True
    """
    found: list[Entity] = []
    before = OUTSIDE
    for (start, end), tag in zip(tokens, tags, strict=True):
        if tag != OUTSIDE:
            continues = tag % 2 == 0 and before in (tag, tag - 1)
            kind = types[(tag - 1) // 2]
            found.append(Entity(found.pop().start if continues else start, end, kind))
        before = tag
    return found
