"""Read English addresses down to the apartment, towns with their state, hospitals, schools and employers.

"Emergency Department" and "Heart Clinic" have no name of their own and stay. Works on folded text, at the places
of words that `confide.deid.context_en` has found.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from confide.deid.hits import Hit
from confide.deid.lexicon import word_set, words

Places = Sequence[tuple[int, int]]
_TOWN: Final = r"[A-Z][a-z]+\.?(?:[ -][A-Z][a-z]+){0,2}"
_ZIP: Final = r"[0-9]{5}(?:-[0-9]{4})?"
_POSTCODE: Final = rf"(?:{_ZIP}|[A-Z]{{1,2}}[0-9][0-9A-Z]? [0-9][A-Z]{{2}}|[A-Z][0-9][A-Z] [0-9][A-Z][0-9])"
_HOUSE: Final = re.compile(
    r"(?<![0-9A-Za-z./-])(?:[0-9]{1,6}[A-Za-z]?|[0-9]{1,5}[-/][0-9]{1,4}) (?:[NSEW]\.?[NSEW]?\.? |North |South |East |West )?"
    r"(?:[A-Z][A-Za-z'.-]{0,20} |[0-9]{1,3}(?:st|nd|rd|th) ){0,4}$"
)
_LOW_HOUSE: Final = re.compile(r"(?<![0-9A-Za-z./-])[0-9]{2,5} (?:[a-z]{3,14} ){1,2}$")


def lists() -> dict[str, tuple[str, ...]]:
    """Return the words at whose places this module looks, by group."""
    codes, states = words("en", "state_codes"), words("en", "states")
    kinds = words("en", "street_types")
    upper = tuple(kind.upper() for kind in kinds)
    lower = tuple(
        kind.lower()
        for kind in kinds
        if kind
        in ("Street", "Avenue", "Road", "Boulevard", "Lane", "Drive", "Court", "St", "Ave", "Rd", "Blvd")
    )
    return {
        "street": (*kinds, *upper, *lower),
        "box": ("Box ", "BOX ", "box "),
        "state": (*(f" {code}" for code in codes), *(f" {state}" for state in states)),
        "unit": words("en", "organisation_units"),
        "place-lead": words("en", "place_leads"),
        "work-lead": words("en", "work_leads"),
        "saint": ("St. ", "St ", "Saint ", "ST. ", "ST ", "SAINT ", "st. ", "saint "),
    }


@cache
def _behind() -> re.Pattern[str]:
    """Return what may follow a street: its flat, town, state and code, each as far as it is there."""
    states = "|".join((*words("en", "state_codes"), *words("en", "states")))
    unit = (
        r"(?:,? ?\n?(?:(?:Apt|Apartment|APT|Suite|Ste|STE|Unit|UNIT|Room|Rm|Flat|Floor|Bldg|Building|apt|apartment|suite|unit|#)\.? ?"
        r"#?[A-Za-z0-9-]{1,6}|[0-9]{1,2}(?:st|nd|rd|th) [Ff]loor))?"
    )
    box = r"(?:,? P\.? ?O\.? Box [0-9]{1,6})?"
    name, state = rf"(?:{_TOWN}|[A-Z]{{4,20}})", rf"(?:,? (?:{states})(?![A-Za-z]))"
    # without a comma, or on the next line, only what has a state or a code is a town
    sure = rf"(?:{state}(?:,? {_POSTCODE})?|,? {_POSTCODE})"
    town = rf"(?:,?[ \n]{{1,2}}{name}{sure}|, {name})?"
    return re.compile(rf"\.?{unit}{box}{town}(?:,? {_POSTCODE})?")


def find_addresses(text: str, streets: Places, boxes: Places, states: Places) -> Iterator[Hit]:
    """Yield streets with a number, post-office boxes, towns with a state, ZIP codes with a state."""
    for start, end in streets:
        if text[end : end + 1].isalnum() or text[start - 1 : start] not in (" ", "-"):
            continue
        pattern = _LOW_HOUSE if text[start].islower() else _HOUSE
        house = pattern.search(text, max(0, start - 64), start)
        if house and not _is_count(house.group(), text[start:end]):
            behind = _behind().match(text, end)
            yield Hit(house.start(), behind.end() if behind else end, "address", 0.9, "context:address")
    for start, end in boxes:
        before, number = _PO.search(text, max(0, start - 8), start), _BOX_NUMBER.match(text, end)
        if before and number:
            behind = _behind().match(text, number.end())
            yield Hit(
                before.start(), behind.end() if behind else number.end(), "address", 0.85, "context:address"
            )
    for start, end in states:
        if not text[end : end + 1].isalpha():
            yield from _town(text, start, end)


_PO: Final = re.compile(r"(?<![A-Za-z])[Pp]\.? ?[Oo]\.? ?$|(?<![A-Za-z])[Pp]ost [Oo]ffice $")
_BOX_NUMBER: Final = re.compile(r"(?:[Nn]o\.? )?#?[0-9]{1,6}")
_TOWN_BEFORE: Final = re.compile(rf"(?<![A-Za-z']){_TOWN}(?=,?$)")
_CODE: Final = re.compile(rf"\.?,? {_ZIP}(?![0-9])")


def _is_count(house: str, kind: str) -> bool:
    """Say whether this counts something: "2 Way", "3 Hill", and years before a street that is none."""
    return house.count(" ") < 2 and kind not in ("Broadway",)


def _town(text: str, start: int, end: int) -> Iterator[Hit]:
    """Yield Springfield, IL 62704 and Boston, MA and IL 62704."""
    code = _CODE.match(text, end)
    comma = text[start - 1 : start] == ","
    if not (code or comma):
        return
    if comma and len(text[start:end]) > 3 and text[start + 1 : end] not in word_set("en", "states"):
        return
    town = _TOWN_BEFORE.search(text, max(0, start - 40), start)
    if town and not code and _is_degree(text, town.start(), text[start + 1 : end], town.group()):
        return
    stop = word_set("en", "stop_words")
    words_of = town.group().split() if town else []
    while words_of and words_of[0] in stop:
        words_of.pop(0)
    if words_of:
        first = start - comma - len(" ".join(words_of))
        kind, score = ("address", 0.85) if code else ("place", 0.75)
        yield Hit(first, code.end() if code else end, kind, score, f"context:{kind}")
    elif code and text[start + 1 : end].isupper():
        yield Hit(start + 1, code.end(), "address", 0.7, "context:address")


def _is_degree(text: str, at: int, code: str, town: str) -> bool:
    """Say whether MD or PA behind a comma is rather a person's degree: Sarah Chen, MD."""
    if code not in word_set("en", "degrees"):
        return False
    return town.split()[0] in word_set("en", "first_names") or not _LEADS_TO_TOWN.search(
        text[max(0, at - 10) : at]
    )


_LEADS_TO_TOWN: Final = re.compile(r"(?:in|from|of|to|near|at) $")
_BEFORE_UNIT: Final = re.compile(r"(?<![A-Za-z])(?:[A-Z][A-Za-z'.&-]{1,24} (?:of (?:the )?|and |& )?){1,5}$")


def find_organisations(text: str, units: Places, leads: Places) -> Iterator[Hit]:
    """Yield hospitals, schools and firms that have a name of their own, and where somebody works."""
    for start, end in units:
        if text[end : end + 1].islower() or text[start - 1 : start] != " ":
            continue
        low = max(0, start - 90)
        run = _BEFORE_UNIT.search(text, low, start)
        if (
            run
            and (at := _own_name(run.group(), strict=text[start:end] in word_set("en", "short_units")))
            is not None
        ):
            yield Hit(run.start() + at, end, "organisation", 0.7, "context:organisation")
    for _, end in leads:
        if (match := _EMPLOYER.match(text, end)) and (
            at := _own_name(match.group("v") + " ", strict=True)
        ) is not None:
            yield Hit(match.start("v") + at, match.end("v"), "organisation", 0.55, "context:work")


_SAINT: Final = re.compile(
    r"(?:(?:[A-Z][a-z]+(?:[- ][A-Z][a-z]+)?|[A-Z]{3,}|[a-z]{3,})(?:'[sS]|s'))(?! (?i:wort|fire|dance|disease|day\b))(?![A-Za-z])"
)


def find_saints(text: str, saints: Places) -> Iterator[Hit]:
    """Yield what bears the name of a saint: transferred from St. Luke's; St. John's wort stays."""
    for start, end in saints:
        if not text[start - 1 : start].isalpha() and (match := _SAINT.match(text, end)):
            yield Hit(start, match.end(), "organisation", 0.7, "context:saint")


_BEFORE_NAME: Final = frozenset([
    "of", "and", "for", "the", "&", "employer", "employed", "attends", "attended", "witness", "arranged", "equipment", "through",
    "via", "contact", "handover", "works", "pt", "referred", "transferred", "from", "to", "at", "per", "seen", "called", "faxed",
    "sent", "by", "with", "service", "services", "supplied", "ordered", "discharged", "admitted",
])  # fmt: skip


def _own_name(run: str, *, strict: bool) -> int | None:
    """Return where in a run of capitalised words the name begins; None when every word is a general one."""
    stop, brakes = word_set("en", "stop_words"), word_set("en", "brakes")
    generic, units = word_set("en", "organisation_generic"), word_set("clinical_en", "generic_organisations")
    at = 0
    names = run.split()
    while names and (names[0] in stop or names[0].lower() in _BEFORE_NAME):
        at = run.index(names[0], at) + len(names[0]) + 1
        names.pop(0)
    own = [name for name in names if name not in generic and name.lower() not in units and name != "&"]
    if not own or (strict and all(name in stop or name in brakes or name.endswith(".") for name in own)):
        return None
    return at


_EMPLOYER: Final = re.compile(
    r" (?:the )?(?P<v>[A-Z][a-z'&]{2,20}(?: (?:of |and |& )?[A-Z][a-z'&]{2,20}){0,3}|[A-Z]{1,3}&[A-Z]|[0-9][A-Z]|[A-Z](?:-[A-Z]){1,3}"
    r"|[0-9]-[A-Z][a-z]{3,12}|(?!N?ICU|PICU|SNF|LTC|PCP|EMS|OPD|SELF|NIGHT|HOME|WORK)[A-Z]{3,5})(?![A-Za-z])"
)
_LED: Final = re.compile(
    r" (?:the )?(?P<v>[A-Z][a-z]{2,15}(?:[ -](?:de |del |la )?[A-Z][a-z]{2,15}){0,2})(?![A-Za-z]|'s)"
)


def find_places(text: str, leads: Places) -> Iterator[Hit]:
    """Yield towns and countries that "lives in", "moved from" and the like lead to."""
    stop, states = word_set("en", "stop_words"), word_set("en", "states")
    for _, end in leads:
        match = _LED.match(text, end)
        if match and match.group("v") not in states and not any(w in stop for w in match.group("v").split()):
            yield Hit(*match.span("v"), "place", 0.6, "context:place")
