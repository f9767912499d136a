"""Invent clinical notes from templates and remember, to the character, where each identifier was planted.

Names come with spaces and in other orders, numbers in full width and in groups, dates in the forms that
doctors write. Eponyms and durations, which a careless rule would take for names and dates, are recorded too.
"""

import datetime as dt
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from confide.demo.generate_people import Person, lists
from confide.demo.generate_visits import age_on

_WIDE = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
TYPES = ("admission", "progress", "discharge", "consult")
TYPE_NAMES = {
    "en": dict(zip(TYPES, TYPES, strict=True)),
    "zh": dict(zip(TYPES, ("入院记录", "病程记录", "出院小结", "会诊记录"), strict=True)),
}


@dataclass(frozen=True, slots=True)
class Planted:
    """One invented identifier, or one look-alike (`type` "none"), at `text[start:end]` in code points."""

    start: int
    end: int
    type: str
    text: str


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a note is about: who, which stay, who treated them, when it is written."""

    person: Person
    id: str
    kind: str
    admitted: dt.date
    stay: int
    seen: dt.date
    department: str
    case: int  # which case of the lists, the same in all notes of a patient
    staff: tuple[str, str, str, str]  # attending, resident, consultant, nurse


Fill = Callable[[str], tuple[str, str | None]]


def write_note(about: Occasion, rng: np.random.Generator) -> tuple[str, list[Planted], list[Planted]]:
    """Return the text of a note, what was planted, and the look-alikes."""
    words = lists(f"notes-{about.person.language}")
    fill = _filler(
        about, words["clinical"] | {key: [text] for key, text in words["case"][about.case].items()}, rng
    )
    pieces: list[str] = []
    planted: list[Planted] = []
    at = 0
    for alternatives in words[about.kind]["parts"]:
        template = _one(alternatives, rng)
        for literal, key, form, _ in string.Formatter().parse(template):
            for text, kind in (
                (literal, None),
                fill(f"{key}:{form}" if form else key) if key else ("", None),
            ):
                if kind is not None:
                    planted.append(Planted(at, at + len(text), kind, text))
                pieces.append(text)
                at += len(text)
    text = "".join(pieces)
    return text, planted, _look_alikes(text, planted, [*words["negatives"], *words["durations"]])


def _look_alikes(text: str, planted: list[Planted], phrases: list[str]) -> list[Planted]:
    """Find the phrases that are no identifiers, outside of those that are."""
    found = []
    for phrase in phrases:
        at = text.find(phrase)
        while at >= 0:
            end = at + len(phrase)
            if not any(span.start < end and at < span.end for span in planted):
                found.append(Planted(at, end, "none", phrase))
            at = text.find(phrase, end)
    return sorted(found, key=lambda span: span.start)


def _one(options: list[str], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]


def _filler(about: Occasion, clinical: dict[str, list[str]], rng: np.random.Generator) -> Fill:
    """Return the function that turns a key of a template into text and its class; None identifies nobody."""
    person, words = about.person, lists(f"people-{about.person.language}")
    zh = person.language == "zh"
    attending, resident, consultant, nurse = about.staff
    age = age_on(person, about.seen)
    earlier = about.admitted - dt.timedelta(days=int(rng.integers(5, 400)))
    days: dict[str, dt.date] = {
        "admitted": about.admitted,
        "seen": about.seen,
        "earlier": earlier,
        "discharged": about.admitted + dt.timedelta(days=about.stay),
        "followup": about.admitted + dt.timedelta(days=about.stay + int(rng.integers(7, 40))),
    }
    plain: dict[str, str] = {
        "sex": words["sexes"][0 if person.female else 1],
        "sex_word": "woman" if person.female else "man",
        "title": "Ms." if person.female else "Mr.",
        "they": "she" if person.female else "he",
        "their": "her" if person.female else "his",
        "relation": person.relation,
        "relation_capital": person.relation.capitalize(),
        "department": about.department,
        "days": str(max(1, (about.seen - about.admitted).days)),
        "test_capital": clinical["test"][0][:1].upper() + clinical["test"][0][1:],
        "history": _one(clinical["history" if age >= 18 else "history_child"], rng),
        "temp": f"{rng.normal(36.8, 0.4):.1f}" if zh else f"{rng.normal(98.4, 0.7):.1f}",
        "pulse": str(int(rng.normal(80, 10))),
        "bp": f"{int(rng.normal(134, 14))}/{int(rng.normal(80, 8))}",
    }
    identifiers: dict[str, tuple[str, Callable[[], str]]] = {
        "name:header": ("name", lambda: _header_name(person, rng)),
        "name:text": ("name", lambda: person.name),
        "last": ("name", lambda: person.surname),
        "kin": ("kin", lambda: person.kin),
        "attending": ("staff", lambda: attending),
        "resident": ("staff", lambda: resident),
        "consultant": ("staff", lambda: consultant),
        "nurse": ("staff", lambda: nurse),
        "national": ("resident-id" if zh else "ssn", lambda: _number(person.national, rng, zh=zh)),
        "record": ("record-number", lambda: _number(about.id, rng, zh=zh)),
        "insurance": ("insurance-id", lambda: person.insurance),
        "phone": ("phone", lambda: _phone(person.phone, rng, zh=zh)),
        "kin_phone": ("phone", lambda: _phone(person.kin_phone, rng, zh=zh)),
        "email": ("email", lambda: person.email),
        "social": ("social", lambda: person.social),
        "address": ("address", lambda: person.address),
        "address_part": ("address", lambda: person.district + person.street if zh else person.street),
        "born": ("birth-date", lambda: _day(person.born, rng, zh=zh, whole=True)),
        "hospital": ("organisation", lambda: str(words["hospital"])),
        "other_hospital": ("organisation", lambda: _one(words["other_hospitals"], rng)),
        "employer": ("organisation", lambda: person.employer),
    }

    def fill(key: str) -> tuple[str, str | None]:
        if key in days:
            return _day(days[key], rng, zh=zh, whole=key != "seen"), "date"
        if key in identifiers:
            kind, write = identifiers[key]
            return write(), kind
        if key == "age":  # below 90 an age is no identifier of Safe Harbor
            return (
                str(age).translate(_WIDE) if zh and rng.random() < 0.1 else str(age)
            ), "age" if age >= 90 else None
        return (plain[key] if key in plain else _one(clinical[key], rng)), None

    return fill


def _header_name(person: Person, rng: np.random.Generator) -> str:
    """Return a name as forms show it: spaced out in Chinese, last name first in English, now and then."""
    draw = rng.random()
    if person.language == "zh":
        return " ".join(person.name) if draw < 0.15 else person.name
    if draw < 0.25:
        return f"{person.surname}, {person.given}"
    return person.name.upper() if draw < 0.35 else person.name


def _number(number: str, rng: np.random.Generator, *, zh: bool) -> str:
    """Return a number plain, in full width (Chinese), or in groups."""
    draw = rng.random()
    if zh and draw < 0.10:
        return number.translate(_WIDE)
    if zh and len(number) == 18 and draw < 0.25:
        return f"{number[:6]} {number[6:14]} {number[14:]}"
    if not zh and number.count("-") == 2 and draw < 0.15:
        return number.replace("-", " ")
    return number


def _phone(phone: str, rng: np.random.Generator, *, zh: bool) -> str:
    draw = rng.random()
    if zh and draw < 0.10:
        return phone.translate(_WIDE)
    if zh:
        between = "-" if draw < 0.2 else " " if draw < 0.3 else ""
        return between.join((phone[:3], phone[3:7], phone[7:]))
    digits = "".join(character for character in phone if character.isdigit())
    if draw < 0.2:
        return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"
    return f"+1 {digits[:3]} {digits[3:6]} {digits[6:]}" if draw < 0.3 else phone


def _day(day: dt.date, rng: np.random.Generator, *, zh: bool, whole: bool) -> str:
    """Return a date in one of the forms that doctors write; only some leave the year out."""
    draw = int(rng.integers(5 if whole else 6))
    if zh:
        plain = f"{day.year}年{day.month}月{day.day}日"
        dotted, short = f"{day.year}.{day.month}.{day.day}", f"{day.month}月{day.day}日"
        forms = (plain, plain, day.isoformat(), dotted, plain.translate(_WIDE), short)
        return forms[draw]
    month = _MONTHS[day.month - 1]
    forms = (
        f"{day:%m/%d/%Y}",
        f"{month} {day.day}, {day.year}",
        day.isoformat(),
        f"{day.day} {month[:3]} {day.year}",
        f"{day.month}/{day.day}/{day.year % 100:02d}",
        f"{month} {day.day}",
    )
    return forms[draw]


def occasions(
    person: Person, stays: list[dict[str, Any]], staff: list[str], rng: np.random.Generator
) -> list[Occasion]:
    """Return one to four occasions for a note, in the order of time, over the stays of one patient."""
    wanted = int(rng.choice([1, 2, 3, 4], p=[0.3, 0.35, 0.2, 0.15]))
    stay = stays[int(rng.integers(len(stays)))]
    kinds = ["admission", *[TYPES[i] for i in sorted(rng.choice([1, 2, 3], size=wanted - 1, replace=False))]]
    if wanted == 1:
        kinds = [TYPES[int(rng.integers(4))]]
    four = [staff[i] for i in rng.choice(len(staff), size=4, replace=False)]
    made = []
    for kind in kinds:
        length = int(stay["stay"])
        later = {"admission": 0, "discharge": length}.get(kind, int(rng.integers(0, length + 1)))
        id_shown = person.old_id if person.old_id and rng.random() < 0.5 else person.id
        made.append(
            Occasion(
                person=person,
                id=id_shown,
                kind=kind,
                admitted=stay["admitted"],
                stay=length,
                seen=stay["admitted"] + dt.timedelta(days=later),
                department=stay["department"],
                case=int(stay["case"]),
                staff=(four[0], four[1], four[2], four[3]),
            )
        )
    return sorted(made, key=lambda occasion: occasion.seen)
