"""Invent names of people: the same person keeps one invented name in every document and table of a patient.

Keyed by patient and by part of the name, so that 张伟 and 张先生, John Smith and Mr. Smith stay the same
person. Han names keep their length and get a usual surname; English names come from our own lists.
"""

import re
from collections.abc import Iterable
from typing import Final

from confide.crypto.keyed import Keyed
from confide.deid.fold import fold, normal
from confide.deid.known import split_han_name
from confide.deid.lexicon import word_set, words

_HAN: Final = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_TOKEN: Final = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")


class NameBook:
    """Which words of a patient's full names are first names. `repr` shows nothing."""

    __slots__ = ("_first",)

    def __init__(self, full_names: Iterable[str] = ()) -> None:
        self._first: set[str] = set()
        for name in full_names:
            folded = fold(name).text
            if _HAN.search(folded):
                continue
            _last, comma, rest = folded.partition(",")
            tokens = [t.lower() for t in _TOKEN.findall(rest if comma else folded)]
            self._first |= set(tokens if comma else tokens[:-1])

    def __repr__(self) -> str:
        return "NameBook(hidden)"

    def is_first(self, token: str) -> bool:
        """Say whether a lone word is rather a first name."""
        return token.lower() in self._first

    def first_with(self, initial: str) -> str | None:
        """Return the first name that an initial stands for, when there is exactly one."""
        fits = [token for token in self._first if token[0] == initial.lower() and len(token) > 1]
        return fits[0] if len(fits) == 1 else None


def invent_name(keyed: Keyed, patient: str, name: str, found_by: str, book: NameBook) -> str:
    """Return an invented name in the layout of `name` (folded text).

    Guarantee: the result differs from `name`, and so does every word or part of it.

    >>> invented = invent_name(Keyed(bytes(16)), "p1", "欧阳 明月", "known:name", NameBook())
    >>> len(invented), "欧阳" in invented
    (5, False)
    """
    if _HAN.search(name):
        return _lay_out(name, _han(keyed, patient, normal(name), found_by))
    comma = name.find(",")
    matches = list(_TOKEN.finditer(name))
    pieces: list[str] = []
    at = 0
    for i, match in enumerate(matches):
        several = len(matches) > 1
        is_last = (match.end() <= comma) if comma >= 0 else i == len(matches) - 1
        token = match.group()
        first = not is_last if several else book.is_first(token) or _usual_first(token)
        pieces += [name[at : match.start()], _latin(keyed, patient, token, book, first=first)]
        at = match.end()
    return "".join([*pieces, name[at:]]) if matches else _lay_out(name, _letters(keyed, patient, name))


def _usual_first(token: str) -> bool:
    return token.capitalize() in word_set("en", "first_names")


def _latin(keyed: Keyed, patient: str, token: str, book: NameBook, *, first: bool) -> str:
    """Return an invented word for one word of a name, in the same case."""
    whole = book.first_with(token) if len(token) == 1 else None
    if whole is not None:
        new = _latin(keyed, patient, whole, book, first=True)[0].upper()
        return (
            new
            if new.lower() != token.lower()
            else keyed.choice(_INITIALS, token, patient, "name", token.lower())
        )
    if len(token) == 1:
        new = keyed.choice(_INITIALS, token, patient, "name", token.lower())
        return new if token.isupper() else new.lower()
    options = words("en", "first_names" if first else "last_names")
    new = keyed.choice(options, token, patient, "name", token.lower())
    return new.upper() if token.isupper() else new.lower() if token.islower() else new


_INITIALS: Final = tuple("ABCDEFGHJKLMNPRSTW")


def _han(keyed: Keyed, patient: str, name: str, found_by: str) -> str:
    """Return an invented Han name; a part of a name alone gets the part it has in the whole name."""
    if found_by.endswith("-part") or len(name) > 4:
        return _given(keyed, patient, name)
    surname, given = split_han_name(name)
    if name in word_set("zh", "compound_surnames"):
        surname, given = name, ""
    return _surname(keyed, patient, surname) + (_given(keyed, patient, given) if given else "")


def _surname(keyed: Keyed, patient: str, surname: str) -> str:
    options = words("zh", "compound_surnames") if len(surname) == 2 else words("zh", "surnames")[:48]
    return keyed.choice(options, surname, patient, "name", "surname", surname)


def _given(keyed: Keyed, patient: str, given: str) -> str:
    characters = words("zh", "given")
    return "".join(
        keyed.choice(characters, old, patient, "name", "given", given, str(i)) for i, old in enumerate(given)
    )


def _letters(keyed: Keyed, patient: str, name: str) -> str:
    return "".join(
        keyed.choice(_INITIALS, c, patient, "name", name, str(i)) for i, c in enumerate(normal(name))
    )


def _lay_out(layout: str, characters: str) -> str:
    """Put characters where the letters and digits of `layout` stand; spaces and dots stay."""
    supply = iter(characters)
    return "".join(next(supply, "") if c.isalnum() else c for c in layout) + "".join(supply)
