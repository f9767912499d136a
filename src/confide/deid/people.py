"""Who is meant: the people of one patient's documents, behind all the ways in which their names are written.

Guarantee: 张伟, 张 伟, 張偉, zhang wei, Z.W., Mr Zhang and 老张 lead to the same parts of a name, so that one
invented person stands for them. Learns from the names of one patient at a time; `repr` shows nothing.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Final, Literal

from confide.deid.fold import fold, normal
from confide.deid.lexicon import word_set, words
from confide.deid.spelling import simplified, spellings, split_han_name

Gender = Literal["", "male", "female"]
HAN: Final = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
TOKEN: Final = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Mention:
    """A name as it stands somewhere, what found it, and what a title beside it tells."""

    name: str = field(repr=False)
    found_by: str = ""
    gender: Gender = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a Han name, which a word in Latin letters spells: all of it, one character, or a first letter."""

    role: Literal["surname", "given"]
    whole: str = field(repr=False)  # surname or given name
    place: int | None = None  # one character of it
    initial: bool = False


class People:
    """The people that one patient's documents name. Holds names: `repr` shows nothing."""

    __slots__ = ("_families", "_first", "_gender", "_spelled", "_to_spell")

    def __init__(self, mentions: Iterable[Mention] = ()) -> None:
        self._first: set[str] = set()
        self._gender: dict[str, Gender] = {}
        self._families: dict[str, set[str]] = {}
        self._spelled: dict[str, tuple[Part, ...]] = {}
        self._to_spell: list[
            tuple[str, str]
        ] = []  # until somebody asks: most Chinese notes hold no Latin name
        hints: dict[str, Gender] = {}
        for mention in mentions:
            family, given = _split(mention)
            if family and given:
                self._families.setdefault(family, set()).add(given)
            if family and HAN.match(family) and given:
                self._to_spell.append((family, given))
            elif given:
                self._first |= set(given.split())
            if mention.gender:
                hints[given or family] = mention.gender
        for family, givens in self._families.items():
            for given in givens:
                told = hints.get(given) or (hints.get(family) if len(givens) == 1 else None)
                if told:
                    self._gender[given] = told

    def __repr__(self) -> str:
        return "People(hidden)"

    def is_first(self, word: str) -> bool:
        """Say whether a lone word is rather a first name."""
        small = word.lower()
        listed = word.capitalize() in word_set("en", "first_names") and small not in self._families
        return small in self._first or listed  # Mary Thomas is Mrs. Thomas

    def first_with(self, initial: str) -> str | None:
        """Return the first name that an initial stands for, when there is exactly one."""
        fits = [word for word in self._first if word[0] == initial.lower() and len(word) > 1]
        return fits[0] if len(fits) == 1 else None

    def spelled(self, word: str) -> tuple[Part, ...]:
        """Return the parts of a Han name that a word in Latin letters spells; nothing if it spells none."""
        for family, given in self._to_spell:
            for spelled, parts in _spelled(family, given):
                self._spelled.setdefault(spelled, parts)
        self._to_spell.clear()
        return self._spelled.get(normal(word), ())

    def canonical(self, name: str, found_by: str) -> str:
        """Return the full name, in one form, that a name or a part of one stands for; else what it is by itself.

        >>> people = People([Mention("张伟"), Mention("Smith, John")])
        >>> [people.canonical(name, "") for name in ("張 偉", "Zhang Wei", "wei", "Mr. Smith"[4:], "John Smith")]
        ['张伟', '张伟', '张伟', 'john smith', 'john smith']
        """
        family, given = _split(Mention(name, found_by, "male"))  # a gender, so that nothing is left out
        if parts := [part for word in TOKEN.findall(name) for part in self.spelled(word)]:
            family = next((part.whole for part in parts if part.role == "surname"), "")
            given = next((part.whole for part in parts if part.role == "given"), "")
        if bool(family) != bool(given):
            either = family or given
            full = [
                (last, first)
                for last, firsts in self._families.items()
                for first in firsts
                if either == last or either in (first, *first.split())
            ]
            family, given = full[0] if len(full) == 1 else (family, given)
        return family + given if HAN.match(family or given) else f"{given} {family}".strip()

    def gender(self, given: str) -> Gender:
        """Return what a title or the given name itself tells of a man or a woman.

        >>> People([Mention("张晓", gender="female")]).gender("晓"), People().gender("建国"), People().gender("mary")
        ('female', 'male', 'female')
        """
        return self._gender.get(given) or _gender_of(given)


def _split(mention: Mention) -> tuple[str, str]:
    """Return family name and given names of a mention, in the form of `normal`; either may be empty."""
    folded = fold(mention.name).text
    if HAN.search(folded):
        whole = simplified(normal(folded))
        if mention.found_by.endswith("-part") or len(whole) > 4:
            return "", whole if mention.gender and len(whole) <= 4 else ""
        if mention.found_by.endswith("-title") or whole in word_set("zh", "compound_surnames"):
            return whole, ""
        return split_han_name(whole)
    last, comma, rest = folded.partition(",")
    tokens = [token.lower() for token in TOKEN.findall(rest if comma else folded)]
    if comma:
        return normal(last), " ".join(tokens)
    if len(tokens) == 1:
        return (
            ("", tokens[0]) if mention.found_by.endswith("-part") and not mention.gender else (tokens[0], "")
        )
    return (normal(tokens[-1]), " ".join(tokens[:-1])) if tokens else ("", "")


def _spelled(family: str, given: str) -> Iterator[tuple[str, tuple[Part, ...]]]:
    """Yield the words that spell a Han name or a piece of it; the longer ones first."""
    f, g = Part("surname", family), Part("given", given)
    characters = [Part("given", given, i) for i in range(len(given))]
    letters = [Part("given", given, i, initial=True) for i in range(len(given))]
    first = Part("surname", family, initial=True)
    for last in ("".join(way) for way in spellings(family, surname=True)):
        for syllables in spellings(given):
            joint, initials = "".join(syllables), "".join(syllable[0] for syllable in syllables)
            yield last + joint, (f, g)
            yield joint + last, (g, f)
            yield last + initials, (f, *letters)
            yield initials + last, (*letters, f)
            yield last, (f,)
            yield joint, (g,)
            yield last[0] + initials, (first, *letters)
            yield initials + last[0], (*letters, first)
            yield initials, tuple(letters)
            for syllable, part in zip(syllables, characters, strict=True):
                yield syllable, (part,)
            yield last[0], (first,)
            for syllable, part in zip(syllables, letters, strict=True):
                yield syllable[0], (part,)


def _gender_of(given: str) -> Gender:
    if HAN.search(given):
        for character in reversed(given):
            for gender in _GENDERS:
                if character in word_set("people", f"zh_{gender}"):
                    return gender
        return ""
    word = (given.split() or [""])[0].capitalize()
    return next((gender for gender in _GENDERS if word in word_set("people", f"en_{gender}")), "")


_GENDERS: Final[tuple[Gender, ...]] = ("female", "male")


@cache
def _beside() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Match a title before, and one behind, a name."""
    titles = {gender: words("people", f"{gender}_titles") for gender in _GENDERS}

    def either(ascii_only: bool, ending: str) -> str:
        groups = (
            f"(?P<{gender}>{'|'.join(t for t in found if t.isascii() == ascii_only)}{more})"
            for (gender, found), more in zip(titles.items(), ending.split("/"), strict=True)
        )
        return "|".join(groups)

    before = re.compile(rf"(?<![a-z])(?:{either(True, '/')})\.?\s*$", re.IGNORECASE)
    behind = re.compile(
        rf"\s*(?:{either(False, '|[,、 (]{0,2}(?:性别:?)?女(?![士儿婿友朋])/|[,、 (]{0,2}(?:性别:?)?男(?![友朋])')})"
    )
    return before, behind


def gender_beside(text: str, start: int, end: int) -> Gender:
    """Return what stands beside the name `text[start:end]` of a folded text: a title, or the word of the sex.

    >>> gender_beside("Mrs. Li", 5, 7), gender_beside("张晓,男,45岁", 0, 2), gender_beside("张晓来诊", 0, 2)
    ('female', 'male', '')
    """
    before, behind = _beside()
    found = behind.match(text, end)
    if (
        found is None and text[max(0, start - 10) : start].rstrip()[-1:].isascii()
    ):  # a title before it is in Latin letters
        found = before.search(text, max(0, start - 10), start)
    return next((gender for gender in _GENDERS if found and found.group(gender)), "")
