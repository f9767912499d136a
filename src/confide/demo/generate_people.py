"""Invent the patients of a demo hospital: names, numbers, addresses, birth dates, relatives.

Nothing here protects anybody: everything is drawn from lists of our own with a seeded generator. National
numbers and phones are of ranges that nobody has been given (see `numbers`).
"""

import datetime as dt
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from confide.types import Language

FIRST_DAY, LAST_DAY = dt.date(2023, 1, 1), dt.date(2024, 12, 31)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@cache
def lists(name: str) -> dict[str, Any]:
    """Return one of the data lists beside this file, such as `people-zh`."""
    return tomllib.loads(files(__package__).joinpath("lists", f"{name}.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Person:
    """One invented patient. `old_id` is a second id that some of the records carry, or empty."""

    id: str
    old_id: str
    surname: str
    given: str
    female: bool
    born: dt.date
    national: str
    insurance: str
    phone: str
    email: str
    social: str
    district: str
    street: str
    kin: str
    relation: str
    kin_phone: str
    employer: str
    language: Language

    @property
    def name(self) -> str:
        """The name as this language writes it."""
        return f"{self.surname}{self.given}" if self.language == "zh" else f"{self.given} {self.surname}"

    @property
    def address(self) -> str:
        """The whole address as this language writes it."""
        city = lists(f"people-{self.language}")["city"]
        if self.language == "zh":
            return f"{city}{self.district}{self.street}"
        return f"{self.street}, {self.district}, {city}"


def invent_people(n: int, language: Language, rng: np.random.Generator) -> list[Person]:
    """Return `n` patients, no two with one id, national number or phone."""
    words = lists(f"people-{language}")
    female = rng.random(n) < 0.52
    born = _birth_dates(n, rng)
    surname = _pick(words["surnames"], n, rng, skew=0.6)
    given = _given_names(words, female, language, rng)
    ids, old_ids = _ids(n, language, rng)
    national = _national_numbers(born, female, words, language, rng)
    phones, emails, socials = _contacts(surname, n, language, rng)
    kin, relation = _kin(words, surname, female, born, language, rng)
    insurance = [f"{'YB' if language == 'zh' else 'MBR'}{i:09d}" for i in _distinct(n, 10**9, rng)]
    district = _pick(words["districts"], n, rng, skew=0.4)
    streets = _streets(words, n, language, rng)
    employer = _pick(words["employers"], n, rng)
    return [
        Person(
            id=ids[i],
            old_id=old_ids[i],
            surname=surname[i],
            given=given[i],
            female=bool(female[i]),
            born=born[i],
            national=national[i],
            insurance=insurance[i],
            phone=phones[i],
            email=emails[i],
            social=socials[i],
            district=district[i],
            street=streets[i],
            kin=kin[i],
            relation=relation[i],
            kin_phone=phones[n + i],
            employer=employer[i] if born[i].year < 2006 else words["school"],
            language=language,
        )
        for i in range(n)
    ]


def invent_staff(n: int, language: Language, rng: np.random.Generator) -> list[str]:
    """Return the names of `n` doctors and nurses."""
    words = lists(f"people-{language}")
    given = _given_names(words, rng.random(n) < 0.5, language, rng)
    surname = _pick(words["surnames"], n, rng)
    return [f"{s}{g}" if language == "zh" else f"{g} {s}" for s, g in zip(surname, given, strict=True)]


def national_id(body: str) -> str:
    """Return 17 digits with their check character (GB 11643, ISO 7064 MOD 11-2).

    >>> national_id("11990119491231002")
    '119901194912310026'
    """
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, body, strict=True))
    return body + "10X98765432"[total % 11]


def _pick(options: list[str], n: int, rng: np.random.Generator, skew: float = 0.0) -> list[str]:
    """Draw `n` options; the earlier ones more often the larger the skew."""
    weights = 1 / np.arange(1, len(options) + 1) ** skew
    return [options[i] for i in rng.choice(len(options), size=n, p=weights / weights.sum())]


def _distinct(n: int, below: int, rng: np.random.Generator) -> list[int]:
    """Draw `n` different whole numbers."""
    return [int(i) for i in rng.choice(below, size=n, replace=False)]


def _birth_dates(n: int, rng: np.random.Generator) -> list[dt.date]:
    """Draw birth dates: some children, mostly older adults, one in thirty at 90 and over."""
    group = rng.choice(4, size=n, p=[0.07, 0.30, 0.60, 0.03])
    mean, spread = np.array([9.0, 38.0, 66.0, 93.5])[group], np.array([5.0, 11.0, 11.0, 2.5])[group]
    age = np.clip(rng.normal(mean, spread), 0.1, 102)
    born = np.datetime64(FIRST_DAY) - (age * 365.25).astype(np.int64)
    return [day.item() for day in born.astype("datetime64[D]")]


def _given_names(
    words: dict[str, Any], female: np.ndarray[Any, Any], language: Language, rng: np.random.Generator
) -> list[str]:
    n = len(female)
    of_women, of_men = _pick(words["given_f"], n, rng), _pick(words["given_m"], n, rng)
    names = [f if is_f else m for f, m, is_f in zip(of_women, of_men, female, strict=True)]
    if language == "en":
        return names
    more_f, more_m = _pick(words["given_f"], n, rng), _pick(words["given_m"], n, rng)
    second = [f if is_f else m for f, m, is_f in zip(more_f, more_m, female, strict=True)]
    alone = rng.random(n) < 0.2  # a fifth have a given name of one character
    return [a if one else a + b for a, b, one in zip(names, second, alone, strict=True)]


def _ids(n: int, language: Language, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Draw record numbers, with leading zeros; three in a hundred have an older one as well."""
    numbers, old = _distinct(n, 10_000_000, rng), _distinct(n, 1_000_000, rng)
    has_old = rng.random(n) < 0.03
    main, former = ("ZY{:08d}", "M{:06d}") if language == "zh" else ("{:08d}", "LB-{:06d}")
    return [main.format(i) for i in numbers], [
        former.format(i) if h else "" for i, h in zip(old, has_old, strict=True)
    ]


def _national_numbers(
    born: list[dt.date],
    female: np.ndarray[Any, Any],
    words: dict[str, Any],
    language: Language,
    rng: np.random.Generator,
) -> list[str]:
    """Draw resident ids of areas that do not exist, or SSNs that begin with 9 and were never given out."""
    n = len(born)
    if language == "en":
        drawn = _distinct(n, 100 * 49 * 9999, rng)
        return [f"9{i % 100:02d}-{i // 100 % 49 + 1:02d}-{i // 4900 + 1:04d}" for i in drawn]
    areas, serials = _pick(words["areas"], n, rng), rng.integers(0, 500, size=n)
    taken: set[str] = set()
    numbers = []
    for area, day, is_f, serial in zip(areas, born, female, serials, strict=True):
        step = int(serial)
        while (body := f"{area}{day:%Y%m%d}{2 * (step % 500) + (not is_f):03d}") in taken:
            step += 1
        taken.add(body)
        numbers.append(national_id(body))
    return numbers


def _contacts(
    surname: list[str], n: int, language: Language, rng: np.random.Generator
) -> tuple[list[str], list[str], list[str]]:
    """Draw phones (one each, then one for a relative), e-mail addresses and WeChat names of nobody.

    Phones: prefix 154, which no operator has been given, or 555-0100 to 555-0199, kept for fiction.
    E-mail: example.com and example.org, kept by RFC 2606.
    """
    tags = _distinct(n, 1_000_000, rng)
    domain = _pick(["example.com", "mail.example.org"], n, rng)
    if language == "zh":
        phones = [f"154{i:08d}" for i in _distinct(2 * n, 10**8, rng)]
        return (
            phones,
            [f"lan{i:06d}@{d}" for i, d in zip(tags, domain, strict=True)],
            [f"wx_lan{i:06d}" for i in tags],
        )
    drawn = [int(i) for i in rng.permutation(79_000)] * (2 * n // 79_000 + 1)  # all there are, then again
    phones = [f"({i // 100 + 201}) 555-01{i % 100:02d}" for i in drawn[: 2 * n]]
    emails = [f"{s.lower()}{i % 10_000}@{d}" for s, i, d in zip(surname, tags, domain, strict=True)]
    return phones, emails, [f"@{s.lower()}_{i % 1000}" for s, i in zip(surname, tags, strict=True)]


def _streets(words: dict[str, Any], n: int, language: Language, rng: np.random.Generator) -> list[str]:
    street, house = _pick(words["streets"], n, rng), rng.integers(1, 900, size=n)
    block, floor, door = rng.integers(1, 20, size=n), rng.integers(1, 18, size=n), rng.integers(1, 5, size=n)
    if language == "zh":
        rows = zip(street, house, block, floor, door, strict=True)
        return [f"{s}{h}号{b}幢{f}{d:02d}室" for s, h, b, f, d in rows]
    rows_en = zip(street, house, block, strict=True)
    return [f"{h} {s}" + (f", Apt {b}" if b % 3 == 0 else "") for s, h, b in rows_en]


def _kin(
    words: dict[str, Any],
    surname: list[str],
    female: np.ndarray[Any, Any],
    born: list[dt.date],
    language: Language,
    rng: np.random.Generator,
) -> tuple[list[str], list[str]]:
    """Draw one relative each: of a fitting kind, and with the family name where relatives share it."""
    n = len(surname)
    wives, husbands = list(words["kin"])[:2]
    children, parents, siblings = list(words["kin"])[2:4], list(words["kin"])[4:6], list(words["kin"])[6:]
    pick, other = rng.integers(0, 12, size=n), _pick(words["surnames"], n, rng)
    relations = []
    for is_f, day, p in zip(female, born, pick, strict=True):
        if day.year > 2000:
            relations.append(parents[p % 2])
        elif p < 5:
            relations.append(husbands if is_f else wives)
        else:
            relations.append((children if p < 10 else siblings)[p % 2])
    kin_female = np.array([words["kin"][relation] == words["sexes"][0] for relation in relations])
    given = _given_names(words, kin_female, language, rng)
    shares = [r not in (wives, husbands, parents[0]) or language == "en" for r in relations]
    family = [s if same else o for s, o, same in zip(surname, other, shares, strict=True)]
    join = "{}{}" if language == "zh" else "{1} {0}"
    return [join.format(f, g) for f, g in zip(family, given, strict=True)], relations
