"""Refuse tables whose columns are called like people: names of columns are written out as they are.

Guarantee: no name, phone number, id or address of e-mail that the search finds as the whole name of a column goes on, and
the refusal gives the number of the column and nothing of it. Knows no file.
"""

import re
from collections.abc import Collection, Sequence
from functools import cache
from typing import Final

from confide.deid.brakes import is_clinical
from confide.deid.cascade import Document, find_in_patients
from confide.deid.classes import NAME_CLASSES
from confide.deid.fold import fold
from confide.deid.known import known_values
from confide.deid.lexicon import key_classes, word_set
from confide.deid.people import HAN
from confide.deid.spelling import simplified
from confide.errors import InvalidInput
from confide.records.headers import identifier_class

_NUMBERS: Final = (
    "resident-id", "passport", "permit", "ssn", "insurance-id", "record-number", "phone", "email", "social",
)  # fmt: skip
_JOINED: Final = re.compile(r"[A-Z][a-z]+(?:[_.][A-Z][a-z]+)+")  # Ann_Otto
_SURNAMES: Final = ("surnames", "careful_surnames", "compound_surnames")
_WORD: Final = re.compile(r"[^\W\d_]+")


def refuse_identifying(
    names: Sequence[str], file: str, *, before: int = 0, nobody: Collection[str] = ()
) -> None:
    """Refuse names of columns that identify somebody.

    Guarantee: as the module says. What is a key itself, such as "patient name", identifies nobody.

    Args:
        names: of columns, in order.
        file: its name.
        before: how many columns come before these.
        nobody: names that somebody said to be nobody's, such as a herb's.

    Raises:
        InvalidInput: gives the number of the first such column.
    """
    asked = [
        (place, name)
        for place, name in enumerate(names, start=before + 1)
        if name not in nobody and not _is_key(name)
    ]
    nothing = known_values({})
    texts = [re.sub("[_.]", " ", name) if _JOINED.fullmatch(name) else name for _, name in asked]
    for (place, _), (found,) in zip(
        asked, find_in_patients([([text], nothing) for text in texts]), strict=True
    ):
        if _identifies(found):
            raise InvalidInput("files.heading", file=file, place=place)


def _is_key(name: str) -> bool:
    plain = fold(name).text.strip()
    known = plain in key_classes("zh") or plain.lower() in key_classes("en")
    return known or identifier_class(name) is not None


def _identifies(found: Document) -> bool:
    """Say whether the name of a column is somebody's, and not a name with a word of medicine beside it."""
    text = found.folded.text
    for hit in found.hits:
        if is_clinical(text, hit):  # 桑白皮, which a table of herbs has for a column
            continue
        beside = text[: hit.start] + " " + text[hit.end :]
        if hit.type in _NUMBERS:
            return True
        alone = all(len(word) <= 2 or _is_key(word) for word in _WORD.findall(beside))
        if hit.type in NAME_CLASSES and alone and _is_full_name(found.value(hit), hit.found_by):
            return True
    return False


def _is_full_name(value: str, found_by: str) -> bool:
    """Say whether a name is more than a word: Na, Ross and NR-AR are found as names, and are names of columns."""
    if HAN.search(value):
        characters = HAN.findall(value)
        if "·" in value:
            return True
        is_said_so = not found_by.startswith("tagger")
        is_short = 2 <= len(characters) <= 4
        return is_short and (is_said_so or simplified(characters[0]) in _surname_beginnings())
    return len(re.split(r"[\s,]+", value)) >= 2 or not found_by.startswith("tagger")


@cache
def _surname_beginnings() -> frozenset[str]:
    return frozenset(name[0] for key in _SURNAMES for name in word_set("zh", key))
