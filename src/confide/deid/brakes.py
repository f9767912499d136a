"""Let go of guesses at names, places and organisations that are clinical words: Cooper ligaments, 墨菲征, Norco.

Guarantee: a known value stays, and so does a name behind a title or a key; every other hit goes only if the text
beside it says so, or if its words are nobody's name. Languages: `brakes_en`, `brakes_zh`; lists: `lists/clinical_*.toml`.
"""

from collections.abc import Sequence
from typing import Final

from confide.deid import brakes_en
from confide.deid.classes import domain
from confide.deid.hits import Hit

_GUESSED: Final = ("name", "place", "address", "organisation")


def without_clinical(text: str, hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits without those that are clinical, the others as they were; some are cut shorter.

    Guarantee: nothing is added, nothing grows, and what is left is left alone by a second call.

    Args:
        text: a folded text.
        hits: of any layer, in any order; those of other classes and known ones pass through.

    Returns:
        The hits that stay, in the order given.

    >>> text = "Mr. Cooper: Cooper ligaments intact, Norco stopped. 墨菲征阴性。"
    >>> places = [(4, 10), (12, 18), (37, 42), (52, 54)]
    >>> hits = [Hit(start, end, "name", 0.8, "tagger:name") for start, end in places]
    >>> [hit.start for hit in without_clinical(text, hits)]
    [4]
    """
    kept = []
    for hit in hits:
        place = _rest(text, hit) if _may_go(text, hit) else (hit.start, hit.end)
        if place == (hit.start, hit.end):
            kept.append(hit)
        elif place is not None:
            kept.append(hit._replace(start=place[0], end=place[1]))
    return kept


def is_clinical(text: str, hit: Hit) -> bool:
    """Say whether nothing of a find would stay, were it a guess."""
    return domain(hit.type) in _GUESSED and _rest(text, hit) is None


def is_saying(text: str, hit: Hit) -> bool:
    """Say whether a find is part of a saying, a drink or a dish: Earl Grey, Dr Pepper."""
    return brakes_en.in_saying(text, hit.start, hit.end)


def _may_go(text: str, hit: Hit) -> bool:
    return (
        not hit.is_known
        and domain(hit.type) in _GUESSED
        and 0 <= hit.start < hit.end <= len(text)
        and text[hit.start : hit.end].strip() != ""
    )


def _rest(text: str, hit: Hit) -> tuple[int, int] | None:
    """Return what stays of a hit; None when nothing does. A rest is looked at again until it stays as it is."""
    start, end, kind = hit.start, hit.end, domain(hit.type)
    while True:
        if text[start].isascii():
            rest = brakes_en.rest(text, start, end, kind)
        else:
            from confide.deid import brakes_zh  # reads its lists where a text needs them

            rest = brakes_zh.rest(text, start, end, kind)
        if rest is None or rest == (start, end):
            return rest
        start, end = rest
