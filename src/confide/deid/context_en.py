"""Read what English keys, titles, roles, streets and hospitals give away: `MRN: 00123`, `Dr. Smith`.

The key stays, the value behind it goes. One pass finds every word that may stand beside an identifier
(`confide.deid.sieve`); regular expressions look only there. Names are read by `confide.deid.names_en`, addresses
and hospitals by `confide.deid.places_en`. Works on folded text, with the case kept.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from confide.deid import names_en, places_en
from confide.deid.classes import NAME_CLASSES
from confide.deid.columns import closed, find_columns
from confide.deid.hits import Hit
from confide.deid.lexicon import key_classes, word_set
from confide.deid.names_en import read_person
from confide.deid.sieve import Anchors

Places = Sequence[tuple[int, int]]
_NUMBER: Final = re.compile(
    r"\(?[A-Za-z]{0,6}[-/ ]?\(?[0-9][A-Za-z0-9*/.()-]{0,34}(?:[ -][A-Za-z0-9]*[0-9][A-Za-z0-9]*){0,6}"
)
_PHONE: Final = re.compile(r"\(?\+?[0-9(][0-9() +./-]{4,24}[0-9](?:,? ?(?:x|ext\.?|extension) ?[0-9]{1,6})?")
_EXTENSION: Final = re.compile(r"[0-9]{3,6}(?![0-9])")
_HANDLE: Final = re.compile(r"@?[A-Za-z0-9_][A-Za-z0-9_.-]{3,40}")
_LINE: Final = re.compile(r"[^\n\r;\t|]{3,120}")
_LINE_END: Final = re.compile(
    r"  | (?=[A-Z][A-Za-z /]{2,24}:)|\. (?=[A-Z])|,? (?=(?:Phone|Tel|Fax|DOB|MRN|Ph)\b)"
)
_DOSE: Final = re.compile(
    r"[0-9.,/-]{1,5} ?(?:mg|ml|mL|%|cm|mm|g|kg|lbs?|mcg|yo|years?|days?|weeks?|times|x)?"
)
_ROOM_KEYS: Final = frozenset({"bed", "room", "ext", "extension", "rm", "ward"})


_PLATE_WORDS: Final = (
    "plate",
    "plates",
    "Plate",
    "Plates",
    "license tag",
    "plate number",
    "Plate number",
    "registration",
    "PLATE",
)


@cache
def _anchors() -> Anchors:
    return Anchors(
        {
            "separator": (":", "#", "=", "No. ", "no. ", "No ", "|", "\t", " is "),
            "number": tuple(spelling for word in _NUMBER_WORDS for spelling in _spellings(word)),
            "plate": _PLATE_WORDS,
            "vin": ("VIN", "vin", "vehicle id", "Vehicle ID", "vehicle ID"),
            **names_en.lists(),
            **places_en.lists(),
        }
    )


def find_context_en(text: str) -> list[Hit]:
    """Return what English keys, titles, roles, streets and hospital names give away.

    >>> text = "Name: Smith, John; seen by Dr. Kumar; his wife Mary agreed. Murphy sign negative."
    >>> [text[hit.start:hit.end] for hit in find_context_en(text)]
    ['Smith, John', 'Kumar', 'Mary', 'Smith, John']
    """
    at = _anchors().find(text)
    hits = [*_behind_keys(text, at.get("separator", ())), *_numbers_behind_words(text, at.get("number", ()))]
    if "\t" in text or "|" in text:
        hits += find_columns(
            text, _column_keys(), lambda text, at, kind, key: _value(text, at, kind, key.lower())
        )
    hits += _vehicles(text, at.get("plate", ()), at.get("vin", ()))
    hits += names_en.find_titled(text, at.get("title", ()))
    hits += names_en.find_with_degree(text, at.get("degree", ()))
    hits += names_en.find_relations(text, at.get("relation", ()))
    hits += names_en.find_introduced(text, at.get("introduced", ()))
    hits += names_en.find_first_and_last(text, at.get("first", ()))
    hits += names_en.find_led(text, at.get("lead", ()))
    hits += places_en.find_addresses(text, at.get("street", ()), at.get("box", ()), at.get("state", ()))
    hits += places_en.find_organisations(text, at.get("unit", ()), at.get("work-lead", ()))
    hits += places_en.find_saints(text, at.get("saint", ()))
    hits += places_en.find_places(text, at.get("place-lead", ()))
    return hits


def _spellings(word: str) -> dict[str, None]:
    """Return a word in lower, upper and title case, and with one capital."""
    return dict.fromkeys((word, word.upper(), word.title(), word[0].upper() + word[1:]))


@cache
def _column_keys() -> dict[str, str]:
    return {spelling: kind for key, kind in key_classes("en").items() for spelling in _spellings(key)}


_KEY: Final = re.compile(r"(?<![A-Za-z])[A-Za-z][A-Za-z'/]{0,20}(?:[ ,-] ?[A-Za-z'/]{1,20}){0,4}$")
_AFTER_KEY: Final = re.compile(r"[ #:=.*_|\t]{0,6}(?P<line>\n *(?=[A-Z0-9(+]))?")
_BACKWARDS: Final = re.compile(r"[ *_.]{0,3}(?:\)[^()\n:]{1,16}\( ?)?[.*_ ]{0,3}(?P<word>[A-Za-z'/-]{1,21})")
_BEFORE_SEPARATOR: Final = re.compile(r"(?: ?\([^()\n:]{1,16}\))?[.*_]{0,2} ?$")


def _behind_keys(text: str, separators: Places) -> Iterator[Hit]:
    """Yield the values of `key: value`; the longest run of words before the separator that is a key decides."""
    classes, last_words = key_classes("en"), _last_words()
    for start, end in separators:
        before = text[max(0, start - 60) : start]
        word = _BACKWARDS.match(before[::-1])
        if word is None or word.group("word")[::-1].lower() not in last_words:
            continue  # most separators stand behind no key: a cheap look at the last word says so
        if text[start] in "Nn|\t" and before[-1] not in " .)|" and text[start] in "Nn":
            continue
        trimmed = _BEFORE_SEPARATOR.sub("", before)
        key = _key_at_the_end(trimmed, classes) or _key_at_the_end(before.rstrip(" *_."), classes)
        if key is None:
            continue
        after = _AFTER_KEY.match(text, end)
        at = after.end() if after else end
        strict = text[start] in "|\t" or bool(after and after.group("line"))
        if strict and text[start] in "|\t" and "\n" in text[end:at]:
            continue
        if text[start] == " " and not _LONG_NUMBER.match(text, at):
            continue  # "is" announces numbers only
        yield from _value(text, at, classes[key], key, strict=strict)


_PLATE: Final = re.compile(
    r"(?: of| is|:|#| no\.?| number)? {0,2}#?(?P<v>(?=[A-Z0-9 -]{0,6}[0-9])[A-Z0-9]{1,4}[ -]?[A-Z0-9]{2,5})(?![A-Za-z0-9])"
)
_VIN: Final = re.compile(
    r"(?:#| number| no\.?)?(?: is|:)? {0,2}(?P<v>[A-HJ-NPR-Z0-9](?:[ -]?[A-HJ-NPR-Z0-9]){16})(?![A-Za-z0-9])"
)


def _vehicles(text: str, plates: Places, vins: Places) -> Iterator[Hit]:
    """Yield number plates and VINs behind their word: plate ABC 1234."""
    for places, pattern in ((plates, _PLATE), (vins, _VIN)):
        for start, end in places:
            match = None if text[start - 1 : start].isalpha() else pattern.match(text, end)
            if match and sum(c.isdigit() for c in match.group("v")) > 1:
                yield Hit(*match.span("v"), "plate", 0.7, "context:plate")


_LONG_NUMBER: Final = re.compile(r"[A-Za-z(+-]{0,5}[0-9][0-9() -]?[0-9]")


@cache
def _last_words() -> frozenset[str]:
    """Return the last words of all keys, each also as it reads behind a mark that parts it: `b` of `a/b`."""
    return frozenset(key.split()[-1] for key in key_classes("en"))


def _key_at_the_end(before: str, classes: dict[str, str]) -> str | None:
    """Return the longest key that ends a text: of `his home phone` the key `home phone`."""
    match = _KEY.search(before)
    if match is None:
        return None
    spoken = match.group().lower().split()
    return next((k for n in range(len(spoken)) if (k := " ".join(spoken[n:])) in classes), None)


def _value(text: str, at: int, kind: str, key: str, *, strict: bool = False) -> Iterator[Hit]:
    """Yield the value that stands at `at`, by the kind of value its class has."""
    rule = f"context:{key}"
    if kind in NAME_CLASSES:
        yield from _person(text, at, kind, key, strict=strict)
    elif kind in ("address", "organisation"):
        if match := _LINE.match(text, at):
            value = _LINE_END.split(match.group())[0].rstrip(" .,*_")
            if value and (
                kind == "address"
                or (value[0].isupper() and value.split()[0] not in word_set("en", "no_value"))
            ):
                yield Hit(at, at + len(value), kind, 0.8, rule)
    elif kind in ("ethnicity", "occupation"):
        if (match := _TRAIT.match(text, at)) and match.group().split()[0] not in word_set("en", "no_value"):
            yield Hit(at, match.end(), kind, 0.7, rule)
    elif kind == "social":
        if match := _HANDLE.match(text, at):
            yield Hit(at, at + len(match.group().rstrip(".")), kind, 0.9, rule)
    else:
        pattern = _PHONE if kind == "phone" else _NUMBER
        match = pattern.match(text, at) or (_EXTENSION.match(text, at) if kind == "phone" else None)
        if match and any(c.isdigit() for c in match.group()):
            value = closed(match.group())
            if not _DOSE.fullmatch(value) or key.split()[0] in _ROOM_KEYS:
                yield Hit(at, at + len(value), kind, 0.9, rule)


_TRAIT: Final = re.compile(r"[A-Za-z][A-Za-z/-]*(?:[ ][A-Za-z/&-]+){0,4}")
_STRONG: Final = re.compile(
    r"name|by$|surname|attending|surgeon|physician|provider|pcp|next of kin|nok|emergency contact|spouse|guardian|doctor$|assistant"
    r"|ologist|etist|resident|consultant|author|nok|informant|registrar|scribe|gp$|trist$"
)


def _person(text: str, at: int, kind: str, key: str, *, strict: bool) -> Iterator[Hit]:
    """Yield a name behind a key; a single word counts behind a strong key, at the end of a line, or as a usual name."""
    title = _TITLE.match(text, at)
    at = title.end() if title else at
    if "name" in key and (lower := _LOWER_NAME.match(text, at)):
        yield Hit(at, lower.end(), kind, 0.7, f"context:{key}")
        return
    place = read_person(text, at)
    if place is None:
        return
    tokens = text[place[0] : place[1]].replace(",", " ").split()
    if len(tokens) < 2:
        ends = text[place[1] : place[1] + 1] in ("", "\n", "\r", "\t", "|", ";", ",")
        usual = tokens[0] in word_set("en", "first_names")
        if key in word_set("en", "weak_keys"):
            fits = ends and key in ("name", "pt", "patient") and len(tokens[0]) > 2
        else:
            fits = usual or (not strict and bool(_STRONG.search(key))) or (ends and bool(_STRONG.search(key)))
        if not fits:
            return
    elif (
        not _STRONG.search(key) and key not in word_set("en", "weak_keys") and not _looks_like_person(tokens)
    ):
        return
    yield Hit(*place, kind, 0.9 if len(tokens) > 1 else 0.75, f"context:{key}")


_LOWER_NAME: Final = re.compile(
    r"[a-z]{2,14}(?:[-'][a-z]+)?,? (?:[a-z]\.? )?[a-z]{2,14}(?:[-'][a-z]+)?(?= *(?:[\n;,|\t]|$|  ))"
)
_TITLE: Final = re.compile(r"(?:Dr|DR|Mr|Mrs|Ms|Miss|Prof|Nurse)\.? ")


def _looks_like_person(tokens: list[str]) -> bool:
    """Say whether one of the first two words is a usual first name, or an initial stands among them."""
    first = word_set("en", "first_names")
    return any(t in first or t.capitalize() in first for t in tokens[:2]) or any(
        len(t.rstrip(".")) == 1 for t in tokens
    )


_NUMBER_WORDS: Final = {
    **dict.fromkeys(("MRN", "medical record", "record number", "chart", "accession", "encounter", "patient ID", "specimen"), "record-number"),
    **dict.fromkeys(("case number", "visit number", "visit ID", "hospital number", "NHS number", "NHS", "CSN", "order number"), "record-number"),
    **dict.fromkeys(("member ID", "policy", "Medicare", "Medicaid", "insurance ID", "group number", "GRP", "group #", "subscriber ID", "health plan"), "insurance-id"),
    **dict.fromkeys(("account", "acct", "credit card", "card number", "card ending", "routing number"), "account-number"),
    **dict.fromkeys(("SSN", "social security", "four of social", "4 of social", "last four", "last 4", "last4"), "ssn"),
    **dict.fromkeys(("serial", "S/N", "pacemaker SN", "UDI", "lot number", "device ID", "ser.", "SN", "ser"), "device-id"),
    **dict.fromkeys(("phone", "tel", "telephone", "ext", "ext.", "pager number", "cell", "fax", "pager", "beeper", "mobile", "extension"), "phone"),
    **dict.fromkeys(("NPI", "DEA", "license", "licence", "badge", "room", "bed", "driver's license", "employee ID", "certificate"), "other-id"),
    **dict.fromkeys(("passport",), "passport"),
    **dict.fromkeys(("license plate", "plate number", "VIN"), "plate"),
    **dict.fromkeys(("green card", "alien number", "visa number", "residence permit", "work permit", "military ID"), "permit"),
}  # fmt: skip
_BEHIND_WORD: Final = re.compile(
    r"(?: [Nn]umbers?| [Nn]o\.?| ?#| [Cc]ode| ID)?(?: is| was|:| of(?: SSN| social)?| ending(?: in)?)? {0,2}#?(?P<v>[A-Z]{0,4}-?[0-9][0-9A-Z-]{1,24})(?![0-9A-Za-z%]|[./][0-9])"
)


@cache
def _number_classes() -> dict[str, str]:
    return {spelling: kind for word, kind in _NUMBER_WORDS.items() for spelling in _spellings(word)}


def _numbers_behind_words(text: str, places: Places) -> Iterator[Hit]:
    """Yield numbers right behind their word: MRN 0012345, SSN is 123456789."""
    classes = _number_classes()
    for start, end in places:
        if text[start - 1 : start].isalpha():
            continue
        if match := _BEHIND_WORD.match(text, end):
            yield Hit(*match.span("v"), classes[text[start:end]], 0.8, "context:number")
