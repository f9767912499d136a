"""Read English keys, titles and roles: `MRN: 00123`, `Dr. Smith`, `daughter Mary`, streets, hospitals.

The value behind the key is the identifier; the key stays. Eponyms and everyday words with a capital are
brakes (`lists/en.toml`). Works on folded text, with the case kept.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from confide.deid.classes import NAME_CLASSES
from confide.deid.hits import Hit
from confide.deid.lexicon import key_classes, word_set, words

_WORD: Final = r"(?:Mc|Mac|O'|D'|De|Le|La|Van |von |de |del |van der )?[A-Z][a-z]+(?:[-'][A-Z][a-z]+)?"
_INITIAL: Final = r"[A-Z]\."
_CAPS: Final = r"[A-Z]{2,}(?:[-'][A-Z]{2,})?"
_PERSON: Final = re.compile(
    rf"(?:(?:{_WORD}|{_CAPS}), (?:{_WORD}|{_CAPS})(?: (?:{_INITIAL}|[A-Z](?![A-Za-z])|{_WORD}|{_CAPS}))?"
    rf"|(?:{_WORD}|{_INITIAL}|{_CAPS})"
    rf"(?:[ \t]{{1,2}}(?:{_INITIAL}|[A-Z](?![A-Za-z'])|{_WORD}|{_CAPS})){{0,3}})"
)
_SUFFIX: Final = (
    r"(?:M\.?D\.?|D\.?O\.?|R\.?N\.?|N\.?P\.?|P\.?A\.?(?:-C)?"
    r"|Ph\.?D\.?|FACS|LPN|CRNA|DDS|DPM|PharmD|MBBS|FRCP)"
)

_KEY: Final = re.compile(
    r"(?<![A-Za-z])([A-Za-z][A-Za-z'/]{0,20}(?: [A-Za-z'/]{1,20}){0,4}?)\.? ?(?:#|:|=|No\.|no\.)[ #:.]{0,3}"
)
_NUMBER: Final = re.compile(
    r"[A-Za-z]{0,5}[-/ ]?[0-9][A-Za-z0-9*/.-]{0,30}(?:[ -][A-Za-z0-9]*[0-9][A-Za-z0-9]*){0,4}"
)
_PHONE: Final = re.compile(r"\+?[0-9(][0-9() +.x-]{4,24}[0-9]")
_HANDLE: Final = re.compile(r"@?[A-Za-z0-9_][A-Za-z0-9_.-]{3,40}")
_LINE: Final = re.compile(r"[^\n\r;]{3,90}")


def find_context_en(text: str) -> list[Hit]:
    """Return what English keys, titles, roles, streets and hospital names give away.

    >>> text = "Name: Smith, John; seen by Dr. Kumar; his wife Mary agreed. Murphy sign negative."
    >>> [text[hit.start:hit.end] for hit in find_context_en(text)]
    ['Smith, John', 'Kumar', 'Mary']
    """
    hits = [*_behind_keys(text), *_numbers_behind_words(text), *_titled(text), *_with_degree(text)]
    return [*hits, *_kin(text), *_first_and_last(text), *_addresses(text), *_organisations(text)]


def _is_name(tokens: list[str]) -> bool:
    stop, brakes = word_set("en", "stop_words"), word_set("en", "brakes")
    first = tokens[0]
    if len(tokens) == 2 and tokens[1] == "I":
        return False  # "Shall I": no name ends with a bare I without another word
    return first not in stop and first.capitalize() not in stop and not (len(tokens) == 1 and first in brakes)


def read_person(text: str, at: int) -> tuple[int, int] | None:
    """Return the place of the name that begins at `at`, everyday words at its end cut off.

    >>> read_person("John A. Smith The patient", 0)
    (0, 13)
    """
    match = _PERSON.match(text, at)
    if match is None:
        return None
    stop = word_set("en", "stop_words")
    pieces = list(re.finditer(r"[A-Za-z.'-]+", match.group()))
    keep = 0
    for piece in pieces:
        word = piece.group()
        if (word in stop and len(word) > 1) or (
            word.capitalize() in stop and word.isupper() and len(word) > 2
        ):
            break
        keep += 1
    if not keep or not _is_name([piece.group() for piece in pieces[:keep]]):
        return None
    return at, at + pieces[keep - 1].end()


def _behind_keys(text: str) -> Iterator[Hit]:
    """Yield the values of `key: value`; the longest run of words before the colon that is a key decides."""
    classes = key_classes("en")
    for match in _KEY.finditer(text):
        spoken = match.group(1).lower().split()
        key = next((k for n in range(len(spoken)) if (k := " ".join(spoken[n:])) in classes), None)
        if key is not None:
            yield from _value(text, match.end(), classes[key], key)


def _value(text: str, at: int, kind: str, key: str) -> Iterator[Hit]:
    rule = f"context:{key}"
    if kind in NAME_CLASSES:
        place = read_person(text, at)
        if place is None:
            return
        several = " " in text[place[0] : place[1]]
        if (
            key in ("patient", "doctor", "mother", "father", "nurse", "name", "pt", "husband", "wife", "cc")
            and not several
        ):
            ends = text[place[1] : place[1] + 1] in ("", "\n", "\r") and key in ("name", "pt", "patient")
            if not ends or len(text[at : place[1]]) < 3:
                return  # "Patient: Yeah" of a dialogue
        yield Hit(*place, kind, 0.9 if several else 0.75, rule)
    elif kind in ("address", "organisation"):
        if match := _LINE.match(text, at):
            value = re.split(r"  |\t| (?=[A-Z][A-Za-z ]{2,20}:)|\. (?=[A-Z])", match.group())[0].rstrip(" .,")
            if kind != "organisation" or value[:1].isupper():
                yield Hit(at, at + len(value), kind, 0.8, rule)
    else:
        pattern = _PHONE if kind == "phone" else _HANDLE if kind == "social" else _NUMBER
        match = pattern.match(text, at)
        if match and (kind == "social" or any(c.isdigit() for c in match.group())):
            value = match.group().rstrip(".-/ ")
            if not re.fullmatch(r"[0-9.]{1,4}(?:mg|ml|%)?", value) or key in (
                "bed",
                "room",
                "bed number",
                "room number",
            ):
                yield Hit(at, at + len(value), kind, 0.9, rule)


_WORD_NUMBER: Final = re.compile(
    r"(?<![A-Za-z])(?:(?P<r>MRN|[Mm]edical [Rr]ecord [Nn]umber|[Rr]ecord [Nn]umber"
    r"|[Cc]hart|[Aa]ccession|[Ee]ncounter|[Pp]atient ID|[Ss]pecimen)"
    r"|(?P<i>[Mm]ember ID|[Pp]olicy|[Mm]edicare|[Mm]edicaid|[Ii]nsurance ID)|(?P<a>[Aa]ccount|[Aa]cct)"
    r"|(?P<s>SSN|[Ss]ocial [Ss]ecurity)"
    r"|(?P<d>[Ss]erial|S/N|[Pp]acemaker SN|UDI)|(?P<t>[Pp]hone|[Tt]el|[Cc]ell|[Ff]ax|[Pp]ager)"
    r"|(?P<o>NPI|DEA|[Ll]icense|[Bb]adge|[Rr]oom|[Bb]ed))"
    r"(?: [Nn]umber| [Nn]o\.?| ?#)?(?: is| was|:)? {0,2}#?"
    r"(?P<v>[A-Z]{0,4}-?[0-9][0-9A-Z-]{1,24})(?![0-9A-Za-z%])"
)
_WORD_CLASS: Final = {
    "r": "record-number",
    "i": "insurance-id",
    "a": "account-number",
    "s": "ssn",
    "d": "device-id",
    "t": "phone",
    "o": "other-id",
}


def _numbers_behind_words(text: str) -> Iterator[Hit]:
    """Yield numbers right behind their word: MRN 0012345, SSN is 123456789."""
    for match in _WORD_NUMBER.finditer(text):
        kind = next(_WORD_CLASS[name] for name in _WORD_CLASS if match.group(name))
        yield Hit(match.start("v"), match.end("v"), kind, 0.8, "context:number")


_TITLE: Final = re.compile(
    r"(?<![A-Za-z])(?:(?P<staff>Dr|DR|Drs|Doctor|Prof|Professor|Nurse|Attending|Surgeon)"
    r"|(?:Mr|MR|Mrs|MRS|Ms|MS|Miss|Mx|Master|Rev|Sir|Madam|Señora?))\.?[ \n]{1,2}(?=[A-Z])"
)


def _titled(text: str) -> Iterator[Hit]:
    """Yield names behind a title: Dr. Kumar, Mrs. Anne O'Brien."""
    for match in _TITLE.finditer(text):
        if place := read_person(text, match.end()):
            start, end = place
            if end - start > 1:
                yield Hit(start, end, "staff" if match.group("staff") else "name", 0.9, "context:title")


_DEGREE: Final = re.compile(rf"(?<=[A-Za-z.])(?:,? |,){_SUFFIX}(?![A-Za-z])")
_BEFORE: Final = re.compile(rf"(?:{_WORD}|{_CAPS})(?: (?:{_INITIAL}|[A-Z]|{_WORD}|{_CAPS})){{1,3}}$")


def _with_degree(text: str) -> Iterator[Hit]:
    """Yield names before a degree: Jane Q. Doe, M.D."""
    for match in _DEGREE.finditer(text):
        low = max(0, match.start() - 50)
        name = _BEFORE.search(text[low : match.start()])
        if name and (place := read_person(text, low + name.start())) and place[1] == match.start():
            yield Hit(*place, "staff", 0.85, "context:degree")


_KIN: Final = re.compile(
    r"(?<![A-Za-z])(?:wife|husband|son|daughter|mother|father|sister|brother|spouse|partner|aunt|uncle|niece|nephew|cousin|friend|caregiver|grandmother|grandfather|grandson|granddaughter|boyfriend|girlfriend|fianc[e]{1,2}|neighbor|guardian)"
    r",? (?:named |is |called )?(?=[A-Z])|(?:[Mm]y name is|[Nn]ame is|[Ii]s named|[Nn]amed) (?=[A-Z])"
)


def _kin(text: str) -> Iterator[Hit]:
    """Yield names behind a relation: his wife Mary, daughter, Anne Lee."""
    for match in _KIN.finditer(text):
        if (
            (place := read_person(text, match.end()))
            and place[1] - place[0] > 2
            and not text[place[0] : place[1]].isupper()
        ):
            yield Hit(*place, "kin", 0.75, "context:relation")


_CAPITALISED: Final = re.compile(
    rf"(?<![A-Za-z'-])([A-Z][a-z]{{2,11}})(?: {_INITIAL}| [A-Z](?= ))? ({_WORD})(?![a-z])"
)


def _first_and_last(text: str) -> Iterator[Hit]:
    """Yield a usual first name with another capitalised word behind it: John Smith."""
    first, stop = word_set("en", "first_names"), word_set("en", "stop_words") | word_set("en", "brakes")
    for match in _CAPITALISED.finditer(text):
        if match.group(1) in first and match.group(2) not in stop:
            tail = re.match(r" ([A-Za-z]+)", text[match.end() : match.end() + 20])
            if not (tail and tail.group(1).lower() in word_set("en", "eponym_tails")):
                yield Hit(match.start(), match.end(), "name", 0.7, "context:first-name")


_STREET: Final = (
    r"[0-9]{1,6}[A-Z]? (?:[NSEW]\.? |North |South |East |West )?"
    r"(?:[A-Z][A-Za-z'.-]{1,20} |[0-9]{1,3}(?:st|nd|rd|th) ){1,4}"
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Way|Place|Pl|Terrace|Ter|Circle|Cir|Highway|Hwy|Parkway|Pkwy|Square|Sq|Trail|Alley)\b\.?"
)


@cache
def _address_patterns() -> tuple[tuple[str, float, re.Pattern[str]], ...]:
    codes, states = "|".join(words("en", "state_codes")), "|".join(words("en", "states"))
    town = r"[A-Z][a-z]+(?:[ -][A-Z][a-z]+){0,2}"
    zipped = rf"(?:{town},? (?:{codes}|{states})\.?,? [0-9]{{5}}(?:-[0-9]{{4}})?)"
    unit = r"(?:,? (?:Apt|Apartment|Suite|Ste|Unit|#|Room|Floor|Bldg)\.? ?#?[A-Za-z0-9-]{1,6})?"
    return (
        (
            "address",
            0.9,
            re.compile(
                rf"{_STREET}{unit}(?:,?[ \n]{{1,2}}{town}(?:,? (?:{codes}|{states}))?"
                rf"(?:,? [0-9]{{5}}(?:-[0-9]{{4}})?)?)?"
            ),
        ),
        ("address", 0.85, re.compile(rf"(?:P\.? ?O\.? Box [0-9]{{1,6}}(?:, )?)?{zipped}")),
        ("address", 0.85, re.compile(r"P\.? ?O\.? Box [0-9]{1,6}")),
        ("place", 0.75, re.compile(rf"(?<![A-Za-z]){town}, (?:{codes}|{states})(?![A-Za-z])")),
        ("address", 0.7, re.compile(rf"(?<![A-Za-z])(?:{codes}) [0-9]{{5}}(?:-[0-9]{{4}})?(?![0-9])")),
    )


def _addresses(text: str) -> Iterator[Hit]:
    """Yield streets with a number, towns with a state, ZIP codes with a state."""
    for kind, score, pattern in _address_patterns():
        for match in pattern.finditer(text):
            first = re.match(r"[A-Za-z]*", match.group())
            if kind == "place" and first and first.group() in word_set("en", "stop_words"):
                continue
            yield Hit(match.start(), match.end(), kind, score, f"context:{kind}")


@cache
def _organisation() -> re.Pattern[str]:
    units = "|".join(words("en", "organisation_units"))
    return re.compile(
        rf"(?<![A-Za-z])((?:[A-Z][A-Za-z'.&-]{{1,24}} (?:of |and |for )?){{1,5}})(?:{units})(?![a-z])"
    )


def _organisations(text: str) -> Iterator[Hit]:
    """Yield hospitals and schools that have a name of their own."""
    generic = word_set("en", "organisation_generic")
    for match in _organisation().finditer(text):
        names = match.group(1).split()
        lead = 0
        while lead < len(names) and (
            names[lead] in word_set("en", "stop_words") or names[lead] in ("of", "and", "for")
        ):
            lead += 1
        if any(name not in generic for name in names[lead:]):
            start = match.start() + sum(len(name) + 1 for name in names[:lead])
            yield Hit(start, match.end(), "organisation", 0.7, "context:organisation")
