"""Carry out the actions of a policy on single values: redact, mask, generalise, surrogate, shift, year, cap.

`Replacer` is made for one patient. The same value gets the same answer in notes and in tables. It
finds nothing; whatever it cannot carry out safely becomes a tag.
"""

import re
from collections.abc import Container
from datetime import date
from typing import Final

from confide.crypto.keyed import Keyed
from confide.deid.ages import AgeHit, find_ages
from confide.deid.classes import CLASSES, NAME_CLASSES, PLACE_CLASSES, domain
from confide.deid.codes import Codes
from confide.deid.dates import DateHit, move_date
from confide.deid.fold import normal
from confide.deid.mask import mask
from confide.deid.people import People
from confide.deid.policy import Policy, allowed_shifts
from confide.deid.surrogate_names import invent_name
from confide.deid.surrogate_numbers import invent_number
from confide.deid.surrogate_places import generalise_place, invent_place, keep_town
from confide.types import Language
from confide.words import say, speaking

OLD: Final = 90
_WIDE: Final = {
    ord(c): ord(c) + 0xFEE0 for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
}
_IS_WIDE: Final = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]")


def tags(language: Language) -> dict[str, str]:
    """Return the redaction tag of every class in the language of the study.

    >>> tags("zh")["name"], tags("en")["name"]
    ('[姓名]', '[NAME]')
    """
    with speaking(language):
        return {kind: f"[{say(f'deid.class.{kind}')}]" for kind in CLASSES}


_PARTS: Final = 24  # of a number, each standing by itself: one of more is replaced by a tag
_TRIES: Final = 20  # invented numbers that may turn out to be somebody's, before a tag stands instead


class Replacer:
    """Replaces the values of one patient. Holds a key and names: `repr` shows neither.

    `reference`: the day at which a birth date is looked at to see whether it implies an age of 90 or more.
    `taken`: numbers of people, in lower case, which no invented one may equal or hold as a piece of its own.
    """

    __slots__ = (
        "_codes",
        "_done",
        "_keyed",
        "_patient",
        "_people",
        "_policy",
        "_reference",
        "_tags",
        "_taken",
        "days",
    )

    def __init__(
        self,
        *,
        policy: Policy,
        keyed: Keyed,
        codes: Codes,
        patient: str,
        tags: dict[str, str],
        reference: date,
        people: People | None = None,
        taken: Container[str] = (),
    ) -> None:
        self._taken, self._codes = taken, codes
        self._done: dict[tuple[str, str, str, bool], str] = {}  # most values stand there more than once
        self._policy, self._keyed, self._patient, self._tags = policy, keyed, patient, tags
        self._reference, self._people = reference, people or People()
        self.days = shift_of(policy, keyed, patient)

    def __repr__(self) -> str:
        return "Replacer(hidden)"

    def action(self, kind: str, *, doubtful: bool = False) -> str:
        """Return what is done with a class. A doubtful find is never kept."""
        action = self._policy.action(kind)
        return "redact" if doubtful and action == "keep" else action

    @property
    def threshold(self) -> float:
        """Return the score below which a find is doubtful."""
        return self._policy.threshold

    def tag(self, kind: str) -> str:
        """Return the redaction tag of a class."""
        return self._tags[kind]

    def value(self, kind: str, value: str, *, found_by: str = "", doubtful: bool = False) -> str:
        """Return what stands in place of a name, number or place (folded text).

        Guarantee: unless the policy keeps the class, the result differs from `value`.
        """
        key = (kind, value, found_by, doubtful)
        if key not in self._done:
            self._done[key] = self._value(kind, value, found_by, self.action(kind, doubtful=doubtful))
        return self._done[key]

    def _value(self, kind: str, value: str, found_by: str, action: str) -> str:
        if action == "keep":
            return value
        if action == "surrogate":
            return self._surrogate(kind, value, found_by)
        if action in ("token", "hash"):
            return self._code(kind, value, found_by, reversible=action == "token")
        if action == "mask":
            masked = mask(kind, value)
            return masked if masked != value else self._tags[kind]
        if action == "generalise":
            general = generalise_place(kind, value, self._tags[kind])
        elif action == "town":
            general = keep_town(value, self._tags[kind])
        else:
            general = self._tags[kind]
        return general if general != value else self._tags[kind]

    def _surrogate(self, kind: str, value: str, found_by: str) -> str:
        if kind in NAME_CLASSES:
            new = invent_name(self._keyed, self._patient, value, found_by, self._people)
        elif kind in PLACE_CLASSES:
            new = invent_place(self._keyed, self._patient, kind, value)
        else:
            tries = (f"{self._patient}\0{n}" if n else self._patient for n in range(_TRIES))
            valid = self._policy.valid_numbers
            invented = (invent_number(self._keyed, patient, kind, value, valid=valid) for patient in tries)
            new = next((one for one in invented if not self._is_somebodys(one)), self._tags[kind])
        return new if new.casefold() != value.casefold() else self._tags[kind]

    def _code(self, kind: str, value: str, found_by: str, *, reversible: bool) -> str:
        """Return a tag with a code that is the same for all spellings of a value of this patient."""
        plain = self._people.canonical(value, found_by) if kind in NAME_CLASSES else normal(value) or value
        made = self._codes.token if reversible else self._codes.digest
        return f"{self._tags[kind][:-1]}:{made(self._patient, domain(kind), plain)}]"

    def _is_somebodys(self, invented: str) -> bool:
        """Say whether a number, or a piece of it that stands by itself ("p126" in "p126-1"), is in `taken`."""
        if not self._taken:
            return False
        text = invented.casefold()
        words = [found.span() for found in re.finditer("[0-9a-z]+", text)] or [(0, len(text))]
        if len(words) > _PARTS:  # no number of anybody, and too many pieces to look at
            return True
        pieces = (text[start:end] for start, _ in words for _, end in words if start < end)
        return text in self._taken or any(piece in self._taken for piece in pieces)

    def day(self, kind: str, hit: DateHit | None, value: str, *, doubtful: bool = False) -> str:
        """Return what stands in place of a date; a tag when there is no such day or no way to move it."""
        action = self.action(kind, doubtful=doubtful)
        if action == "keep":
            return value
        if kind == "birth-date" and self.caps and self.is_old(hit, value):
            return self.old(value)
        if hit is None and re.fullmatch("[0-9]{4}年?", value) and action in ("shift", "year"):
            return value  # a bare year of birth
        if hit is None or not hit.readings:
            return self._tags[kind]
        if action == "shift":
            return move_date(hit, self.days) or self._tags[kind]
        return self._year(hit) or self._tags[kind] if action == "year" else self._tags[kind]

    @staticmethod
    def _year(hit: DateHit) -> str | None:
        """Return the year of a date in its own way of writing; None when it has none."""
        for name, start, end in hit.parts:
            if name == "y":
                year = hit.text[start:end] if not hit.text[start:end].isascii() else str(hit.readings[0].year)
                return f"{year}年" if "年" in hit.text else year
        return None

    @property
    def caps(self) -> bool:
        """Say whether ages from 90 up must not be seen."""
        return self._policy.action("age") in ("cap", "generalise", "redact")

    def is_old(self, hit: DateHit | None, value: str) -> bool:
        """Say whether a date of birth implies 90 years or more at the reference day."""
        if hit is not None and hit.readings:
            return any(self.is_old_day(born) for born in hit.readings)
        year = re.fullmatch("([0-9]{4})年?", value)
        return bool(year) and self._reference.year - int(value[:4]) >= OLD

    def is_old_day(self, born: date) -> bool:
        """Say whether somebody born on this day is 90 or more at the reference day."""
        return age_at(born, self._reference) >= OLD

    def age(self, hit: AgeHit | None, value: str, *, doubtful: bool = False) -> str:
        """Return what stands in place of an age: 90 and more become one group.

        >>> from confide.deid.policy import load_policy
        >>> public = {"policy": load_policy("pipl"), "tags": tags("zh"), "reference": date(2024, 1, 1)}
        >>> replacer = Replacer(keyed=Keyed(bytes(16)), codes=Codes(bytes(16)), patient="p", **public)
        >>> [replacer.age(find_ages(text)[0], text) for text in ("92岁", "45岁")]
        ['90岁以上', '45岁']
        """
        action = self.action("age", doubtful=doubtful)
        if action == "keep":
            return value
        if hit is None or action == "redact":
            return self._tags["age"]
        if hit.years >= OLD:
            return self.old(value)
        if action == "generalise":
            low = hit.years // 5 * 5
            return f"{low}-{low + 4}" + ("岁" if "岁" in value else "")
        return value

    def old(self, value: str) -> str:
        """Return the group of 90 years and more, in the language of the value or else of the study."""
        han = re.search("[\u3400-\u9fff]", value) or (not value.isascii())
        return "90岁以上" if han else "90+"

    def age_cell(self, value: str) -> str:
        """Return what stands in place of a cell of a column of ages."""
        text = value.strip()
        if re.fullmatch(r"[0-9]{1,3}(?:\.[0-9]+)?", text):
            return self.age(AgeHit(0, len(text), int(float(text)), han=False), value)
        if found := find_ages(text):
            done = self.age(found[0], text[found[0].start : found[0].end])
            rest = text[: found[0].start] + done + text[found[0].end :]
            return value if done == text[found[0].start : found[0].end] else rest
        if self.action("age") == "keep" or re.fullmatch(
            r"[0-9.]{1,4} ?(?:个月|月|天|日龄?|周|小时|months?|days?|weeks?|m|d|w)", text
        ):
            return value
        return self._tags["age"]


def shift_of(policy: Policy, keyed: Keyed, patient: str) -> int:
    """Return by how many days the dates of a patient move; 0 when the policy shifts none, and only then."""
    if policy.shift_days is None:
        return 0
    days = allowed_shifts(policy.shift_days, keep_weekday=policy.keep_weekday)
    return days[keyed.number(patient, "date-shift") % len(days)]


def age_at(born: date, day: date) -> int:
    """Return full years of age; below zero for a day before birth.

    >>> age_at(date(1934, 2, 28), date(2024, 2, 27)), age_at(date(1934, 2, 28), date(2024, 2, 28))
    (89, 90)
    """
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def as_wide(original: str, new: str) -> str:
    """Write plain digits and letters full-width again where the original did."""
    return new.translate(_WIDE) if _IS_WIDE.search(original) and not new.startswith("[") else new
