"""Read English keys, titles and roles: `MRN: 00123`, `Dr. Smith`, `daughter Mary`, street addresses, hospitals.

The value behind the key is the identifier; the key stays. Eponyms and everyday words with a capital are
brakes (`lists/en.toml`). Works on folded text, with the case kept.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from confide.deid.hits import Hit
from confide.deid.lexicon import word_set, words

_TOKEN: Final = r"(?:Mc|Mac|O'|D'|De|Le|La|Van |von |de |del |van der )?[A-Z][a-z]+(?:[-'][A-Z][a-z]+)?"
_INITIAL: Final = r"[A-Z]\."
_CAPS: Final = r"[A-Z]{2,}(?:[-'][A-Z]{2,})?"
_PERSON: Final = re.compile(
    rf"(?:(?:{_TOKEN}|{_CAPS}), (?:{_TOKEN}|{_CAPS})(?: (?:{_INITIAL}|[A-Z](?![A-Za-z])|{_TOKEN}|{_CAPS}))?"
    rf"|(?:{_TOKEN}|{_INITIAL}|{_CAPS})(?:[ \t]{{1,2}}(?:{_INITIAL}|[A-Z](?![A-Za-z'])|{_TOKEN}|{_CAPS})){{0,3}})"
)
_SUFFIX: Final = r"(?:M\.?D\.?|D\.?O\.?|R\.?N\.?|N\.?P\.?|P\.?A\.?(?:-C)?|Ph\.?D\.?|FACS|LPN|CRNA|DDS|DPM|PharmD|MBBS|FRCP)"

# class -> keys; what stands behind `key:` is of that class. Written in lower case.
_NAME_KEYS: Final = {
    "name": "patient name|name of patient|full name|last name|first name|middle name|maiden name|name|surname|patient|pt name|pt|subject",
    "kin": "next of kin|emergency contact|guardian|spouse|husband|wife|mother|father|parent|contact person|contact|informant|caregiver|mother's name|father's name",
    "staff": "attending physician|attending|referring physician|primary care physician|primary care provider|pcp|physician|surgeon|assistant surgeon|first assistant|assistant|anesthesiologist|anesthetist|provider|dictated by|signed by|electronically signed by|transcribed by|reviewed by|ordered by|performed by|reported by|verified by|author|resident|consultant|nurse|registrar|radiologist|pathologist|doctor|seen by|cc|prepared by",
}  # fmt: skip
_ID_KEYS: Final = {
    "record-number": "mrn|medical record number|medical record no|medical record|record number|record no|chart number|chart no|chart|patient id|patient number|hospital number|hospital no|visit id|visit number|visit no|encounter id|encounter number|encounter|accession number|accession no|accession|specimen id|specimen number|specimen|case number|case no|order number|order no|requisition|unit number|unit no|study id|subject id|nhs number|nhs no|hn|csn|fin|account id|id number|id no|id|lab number|report number|prescription number|rx number",
    "insurance-id": "health plan number|health plan id|member id|member number|policy number|policy no|policy|group number|group no|insurance id|insurance number|insurance no|medicare number|medicare id|medicare|medicaid number|medicaid id|medicaid|beneficiary number|subscriber id|subscriber number|mbi",
    "account-number": "account number|account no|acct number|acct no|acct|account|bank account|iban|routing number|credit card|card number",
    "ssn": "social security number|social security no|social security|ssn",
    "passport": "passport number|passport no|passport",
    "phone": "phone number|phone no|phone|telephone|tel|mobile|cell phone|cell|home phone|work phone|fax number|fax|pager|beeper|contact number|callback",
    "device-id": "serial number|serial no|serial|s/n|device id|device number|lot number|lot no|implant id|udi|model and serial",
    "plate": "license plate|plate number|plate no|vehicle registration|vin",
    "other-id": "bed|room|room number|bed number|license number|license no|driver's license|drivers license|npi|dea number|dea no|dea|badge number|employee id|certificate number|certificate no|provider id",
    "social": "wechat id|wechat|qq|skype|twitter|facebook|instagram|whatsapp|line id|username|user name",
}  # fmt: skip
_LINE_KEYS: Final = {
    "address": "home address|mailing address|street address|address|residence|lives at|resides at|place of birth|birthplace|city|hometown|zip code|zip|postal code",
    "organisation": "employer|hospital|facility|institution|clinic|school|company|referring hospital|referring facility|place of employment",
}  # fmt: skip
_KEY: Final = re.compile(
    r"(?<![A-Za-z])([A-Za-z][A-Za-z'/]*(?: [A-Za-z'/]+){0,4}?)\.? ?(?:#|:|=|No\.|no\.)[ #:.]{0,3}"
)
_NUMBER: Final = re.compile(
    r"[A-Za-z]{0,5}[-/ ]?[0-9][A-Za-z0-9*/.-]{0,30}(?:[ -][A-Za-z0-9]*[0-9][A-Za-z0-9]*){0,4}"
)
_PHONE: Final = re.compile(r"\+?[0-9(][0-9() +.x-]{4,24}[0-9]")
_HANDLE: Final = re.compile(r"@?[A-Za-z0-9_][A-Za-z0-9_.-]{3,40}")
_LINE: Final = re.compile(r"[^\n\r;]{3,90}")


@cache
def _classes() -> dict[str, str]:
    tables = (_NAME_KEYS, _ID_KEYS, _LINE_KEYS)
    return {key: kind for table in tables for kind, keys in table.items() for key in keys.split("|")}


def find_context_en(text: str) -> list[Hit]:
    """Return what English keys, titles, roles, streets and hospital names give away.

    >>> text = "Name: Smith, John; seen by Dr. Kumar; his wife Mary agreed. Murphy sign negative."
    >>> [text[hit.start:hit.end] for hit in find_context_en(text)]
    ['Smith, John', 'Kumar', 'Mary']
    """
    hits = [*_behind_keys(text), *_numbers_behind_words(text), *_titled(text), *_with_degree(text)]
    return hits + [*_kin(text), *_first_and_last(text), *_addresses(text), *_organisations(text)]


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
    classes = _classes()
    for match in _KEY.finditer(text):
        spoken = match.group(1).lower().split()
        key = next((k for n in range(len(spoken)) if (k := " ".join(spoken[n:])) in classes), None)
        if key is not None:
            yield from _value(text, match.end(), classes[key], key)


def _value(text: str, at: int, kind: str, key: str) -> Iterator[Hit]:
    rule = f"context:{key}"
    if kind in _NAME_KEYS:
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
    elif kind in _LINE_KEYS:
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
    r"(?<![A-Za-z])(?:(?P<r>MRN|[Mm]edical [Rr]ecord [Nn]umber|[Rr]ecord [Nn]umber|[Cc]hart|[Aa]ccession|[Ee]ncounter|[Pp]atient ID|[Ss]pecimen)"
    r"|(?P<i>[Mm]ember ID|[Pp]olicy|[Mm]edicare|[Mm]edicaid|[Ii]nsurance ID)|(?P<a>[Aa]ccount|[Aa]cct)|(?P<s>SSN|[Ss]ocial [Ss]ecurity)"
    r"|(?P<d>[Ss]erial|S/N|[Pp]acemaker SN|UDI)|(?P<t>[Pp]hone|[Tt]el|[Cc]ell|[Ff]ax|[Pp]ager)|(?P<o>NPI|DEA|[Ll]icense|[Bb]adge|[Rr]oom|[Bb]ed))"
    r"(?: [Nn]umber| [Nn]o\.?| ?#)?(?: is| was|:)? {0,2}#?(?P<v>[A-Z]{0,4}-?[0-9][0-9A-Z-]{1,24})(?![0-9A-Za-z%])"
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
    r"(?<![A-Za-z])(?:(?P<staff>Dr|DR|Drs|Doctor|Prof|Professor|Nurse|Attending|Surgeon)|(?:Mr|MR|Mrs|MRS|Ms|MS|Miss|Mx|Master|Rev|Sir|Madam|Señora?))\.?[ \n]{1,2}(?=[A-Z])"
)


def _titled(text: str) -> Iterator[Hit]:
    """Yield names behind a title: Dr. Kumar, Mrs. Anne O'Brien."""
    for match in _TITLE.finditer(text):
        if place := read_person(text, match.end()):
            start, end = place
            if end - start > 1:
                yield Hit(start, end, "staff" if match.group("staff") else "name", 0.9, "context:title")


_DEGREE: Final = re.compile(rf"(?<=[A-Za-z.])(?:,? |,){_SUFFIX}(?![A-Za-z])")
_BEFORE: Final = re.compile(rf"(?:{_TOKEN}|{_CAPS})(?: (?:{_INITIAL}|[A-Z]|{_TOKEN}|{_CAPS})){{1,3}}$")


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
    rf"(?<![A-Za-z'-])([A-Z][a-z]{{2,11}})(?: {_INITIAL}| [A-Z](?= ))? ({_TOKEN})(?![a-z])"
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
    r"[0-9]{1,6}[A-Z]? (?:[NSEW]\.? |North |South |East |West )?(?:[A-Z][A-Za-z'.-]{1,20} |[0-9]{1,3}(?:st|nd|rd|th) ){1,4}"
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
                rf"{_STREET}{unit}(?:,?[ \n]{{1,2}}{town}(?:,? (?:{codes}|{states}))?(?:,? [0-9]{{5}}(?:-[0-9]{{4}})?)?)?"
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


_ORGANISATION: Final = re.compile(
    r"(?<![A-Za-z])((?:[A-Z][A-Za-z'.&-]+ (?:of |and |for )?){1,5})"
    r"(?:Hospital|Medical Center|Medical Centre|Clinic|Health System|Health Center|University|Nursing Home|Healthcare|Infirmary|Hospice|Medical Group|College|High School|Elementary School|Rehabilitation Center|Surgery Center)(?![a-z])"
)
_GENERIC: Final = {
    *("The", "A", "An", "This", "Our", "Your", "General", "Emergency", "Pain", "Mental", "Sleep", "Wound", "Urgent", "Care", "Local", "Eye", "Cancer", "Women's", "Children's"),
    *("Outpatient", "Inpatient", "Walk-in", "Primary", "Community", "Family", "Orthopedic", "Cardiology", "Oncology", "In", "At", "To", "From", "State", "County", "City", "Day", "Teaching"),
    *("Specialty", "Surgical", "Medical", "Diabetes", "Heart", "Dental", "Skilled", "Psychiatric", "Rehabilitation", "Neurology", "Dermatology", "Pediatric", "Coumadin", "Memory", "Foot"),
}  # fmt: skip


def _organisations(text: str) -> Iterator[Hit]:
    """Yield hospitals and schools that have a name of their own."""
    for match in _ORGANISATION.finditer(text):
        names = match.group(1).split()
        lead = 0
        while lead < len(names) and (
            names[lead] in word_set("en", "stop_words") or names[lead] in ("of", "and", "for")
        ):
            lead += 1
        if any(name not in _GENERIC and name not in ("of", "and", "for") for name in names[lead:]):
            start = match.start() + sum(len(name) + 1 for name in names[:lead])
            yield Hit(start, match.end(), "organisation", 0.7, "context:organisation")


def key_classes_en() -> dict[str, str]:
    """Return the keys of header lines and their classes, in lower case."""
    return dict(_classes())
