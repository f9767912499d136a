"""Invent names of people: the same person keeps one invented name in every document and table of a patient.

Keyed by patient and by part of the name, so that 张伟, 张先生, Zhang Wei and Mr Zhang stay the same person. Han
names keep their length, get a usual surname, and in pinyin the pinyin of the invented name; a man's name stays a
man's, a woman's a woman's. English names come from our own lists.
"""

from functools import cache
from typing import Final

from confide.crypto.keyed import Keyed
from confide.deid.fold import normal
from confide.deid.lexicon import word_set, words
from confide.deid.people import HAN, TOKEN, Gender, Part, People
from confide.deid.spelling import reading, simplified, split_han_name

_INITIALS: Final = tuple("ABCDEFGHJKLMNPRSTW")


def invent_name(keyed: Keyed, patient: str, name: str, found_by: str, people: People) -> str:
    """Return an invented name in the layout of `name` (folded text).

    Guarantee: the result differs from `name`, and so does every word or part of it.

    >>> invented = invent_name(Keyed(bytes(16)), "p1", "欧阳 明月", "known:name", People())
    >>> len(invented), "欧阳" in invented
    (5, False)
    """
    if HAN.search(name):
        return _lay_out(name, _han(keyed, patient, simplified(normal(name)), found_by, people))
    comma = name.find(",")
    matches = list(TOKEN.finditer(name))
    pieces: list[str] = []
    at = 0
    for i, match in enumerate(matches):
        is_last = (match.end() <= comma) if comma >= 0 else i == len(matches) - 1
        token = match.group()
        first = not is_last if len(matches) > 1 else people.is_first(token)
        pieces += [name[at : match.start()], _latin(keyed, patient, token, people, first=first)]
        at = match.end()
    return "".join([*pieces, name[at:]]) if matches else _lay_out(name, _letters(keyed, patient, name))


def _latin(keyed: Keyed, patient: str, token: str, people: People, *, first: bool) -> str:
    """Return an invented word for one word of a name, in the same case."""
    if parts := people.spelled(token):
        new = "".join(_in_pinyin(keyed, patient, part, people) for part in parts)
        if new and new != normal(token):
            return _like(token, new)
    if len(token) == 1:
        whole = people.first_with(token)
        new = _latin(keyed, patient, whole, people, first=True)[0] if whole else ""
        if not new or new.lower() == token.lower():
            new = keyed.choice(_INITIALS, token, patient, "name", token.lower())
        return _like(token, new)
    options = words("en", "last_names")
    if first:
        gender = people.gender(token.lower())
        options = words("people", f"en_{gender}") if gender else words("en", "first_names")
    return _like(token, keyed.choice(options, token, patient, "name", token.lower()))


def _like(token: str, new: str) -> str:
    """Write a word in capitals, small letters or with one capital, as another is written."""
    if token.isupper() and (len(token) > 1 or len(new) == 1):
        return new.upper()
    return new.lower() if token.islower() else new[:1].upper() + new[1:]


def _in_pinyin(keyed: Keyed, patient: str, part: Part, people: People) -> str:
    """Return what a part of an invented Han name is in pinyin; empty if there is none."""
    if part.role == "surname":
        syllables = [reading(c, surname=True) for c in _surname(keyed, patient, part.whole)]
    else:
        syllables = [reading(c) for c in _given(keyed, patient, part.whole, people)]
    if part.place is not None:
        syllables = syllables[part.place : part.place + 1]
    return "".join(syllable[:1] for syllable in syllables[:1]) if part.initial else "".join(syllables)


def _han(keyed: Keyed, patient: str, name: str, found_by: str, people: People) -> str:
    """Return an invented Han name; a part of a name alone gets the part it has in the whole name."""
    if found_by.endswith("-part") or len(name) > 4:
        return _given(keyed, patient, name, people)
    surname, given = split_han_name(name)
    if name in word_set("zh", "compound_surnames"):
        surname, given = name, ""
    return _surname(keyed, patient, surname) + (_given(keyed, patient, given, people) if given else "")


def _surname(keyed: Keyed, patient: str, surname: str) -> str:
    if len(surname) == 2:
        return keyed.choice(words("zh", "compound_surnames"), surname, patient, "name", "surname", surname)
    options = _read_otherwise("zh", "surnames", reading(surname, surname=True))
    return keyed.choice(options, surname, patient, "name", "surname", surname)


def _given(keyed: Keyed, patient: str, given: str, people: People) -> str:
    gender = people.gender(given)
    return "".join(
        keyed.choice(
            _characters(gender, reading(old), last=i == len(given) - 1), old, patient, "name", "given", given, str(i)
        )
        for i, old in enumerate(given)
    )  # fmt: skip


def _characters(gender: Gender, sound: str, *, last: bool) -> tuple[str, ...]:
    """Return characters for a given name; the last one tells a man from a woman where the old name did."""
    if not gender:
        return _read_otherwise("zh", "given", sound)
    return _read_otherwise("people", f"zh_{gender}" if last else "zh_either", sound)


@cache
def _read_otherwise(language: str, key: str, sound: str) -> tuple[str, ...]:
    """Return the characters of a list that do not sound like `sound`, so that pinyin differs as well."""
    options = words(language, key)[:48] if key == "surnames" else words(language, key)
    surname = key == "surnames"
    return tuple(c for c in options if not sound or reading(c, surname=surname) != sound)


def _letters(keyed: Keyed, patient: str, name: str) -> str:
    return "".join(
        keyed.choice(_INITIALS, c, patient, "name", name, str(i)) for i, c in enumerate(normal(name))
    )


def _lay_out(layout: str, characters: str) -> str:
    """Put characters where the letters and digits of `layout` stand; spaces and dots stay."""
    supply = iter(characters)
    return "".join(next(supply, "") if c.isalnum() else c for c in layout) + "".join(supply)
