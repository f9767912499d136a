"""Read English names where something says that a person is meant: a title, a degree, a relation, a first name.

Eponyms and everyday words with a capital are brakes (`lists/en.toml`). Works on folded text, with the case
kept, at the places of words that `confide.deid.context_en` has found.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from confide.deid.hits import Hit
from confide.deid.lexicon import word_set, words

Places = Sequence[tuple[int, int]]
_WORD: Final = (
    r"(?:St\. |Mc|Mac|O'|D'|De|Di|Le|La|Van |Von |van |von |de |del |de la |van der |van den |al-|El-|bin )?"
    r"[A-Z][a-z]+(?:[-'][A-Z][a-z]+)?(?:[A-Z][a-z]+)?"
)
_INITIAL: Final = r"[A-Z]\."
_CAPS: Final = r"(?:O'|MC|D')?[A-Z]{2,}(?:[-'][A-Z]{2,})?"
_ANY: Final = rf"(?:{_WORD}|{_CAPS})"
_GAP: Final = r"[ \t]{1,2}"
_PERSON: Final = re.compile(
    rf"(?:{_ANY}(?: {_ANY})?, {_ANY}(?: (?:{_INITIAL}|[A-Z](?![A-Za-z])|{_ANY}))?"
    rf"|(?:{_ANY}|{_INITIAL})(?:{_GAP}(?:{_INITIAL}|[A-Z](?![A-Za-z'])|{_ANY})){{0,3}})"
)
_PIECE: Final = re.compile(r"[A-Za-z.'-]+")


@cache
def _never_names() -> frozenset[str]:
    """Return the everyday words that are no name even behind a title: not White, Long, Day."""
    return word_set("en", "stop_words") - word_set("en", "titled_words")


def read_person(text: str, at: int, *, titled: bool = False) -> tuple[int, int] | None:
    """Return the place of the name that begins at `at`, everyday words at its end cut off.

    Args:
        text: a folded text.
        at: where the name begins.
        titled: a title stands before it, so that eponyms (Dr. Wilson) and some everyday words count.

    >>> read_person("John A. Smith The patient", 0), read_person("White was seen", 0, titled=True)
    ((0, 13), (0, 5))
    """
    match = _PERSON.match(text, at)
    if match is None:
        return None
    stop = _never_names() if titled else word_set("en", "stop_words")
    pieces = list(_PIECE.finditer(match.group()))
    keep, degrees = 0, word_set("en", "degrees")
    for piece in pieces:
        word = piece.group()
        if (
            (keep and word.rstrip(".") in degrees)
            or (word in stop and len(word) > 1)
            or (word.capitalize() in stop and word.isupper() and len(word) > 2)
        ):
            break
        keep += 1
    keep = _end_of_capitals(text, match.end(), pieces[:keep])
    tokens = [piece.group() for piece in pieces[:keep]]
    if not tokens or tokens[0].capitalize() in stop or tokens[1:] == ["I"]:  # "Shall I" is no name
        return None
    if len(tokens) == 1 and not titled and tokens[0] in word_set("en", "brakes"):
        return None
    return at, at + pieces[keep - 1].end()


_CLOSED: Final = re.compile(r"  | *(?:[\n\t|;:,.()]|$)")


def _end_of_capitals(text: str, end: int, pieces: Sequence[re.Match[str]]) -> int:
    """Return how many words in capitals are the name where more run on: only SMITH of SMITH RETIRED."""
    tokens = [piece.group() for piece in pieces]
    if len(tokens) < 2 or not all(token.isupper() for token in tokens) or _CLOSED.match(text, end):
        return len(tokens)
    if pieces[0].end() + 1 < pieces[1].start():  # a comma stands between: SMITH, JOHN
        return 2
    first, keep = word_set("en", "first_names"), 0
    while keep < len(tokens) - 1 and (
        tokens[keep].capitalize() in first or len(tokens[keep].rstrip(".")) == 1
    ):
        keep += 1
    return keep + 1


_BEHIND_TITLE: Final = re.compile(r"\.?[ \n]{1,2}(?=[A-Z])|\.(?=[A-Z][a-z])")


def find_titled(text: str, titles: Places) -> Iterator[Hit]:
    """Yield names behind a title: Dr. Kumar, Mrs. Anne O'Brien."""
    staff = word_set("en", "staff_titles")
    for start, end in titles:
        if text[start - 1 : start].isalpha() or not (match := _BEHIND_TITLE.match(text, end)):
            continue
        place = read_person(text, match.end(), titled=True)
        if place and place[1] - place[0] > 1:
            yield Hit(*place, "staff" if text[start:end] in staff else "name", 0.9, "context:title")


_SIGNED: Final = re.compile(
    r"(?i)(?:(?:(?:re|dis)?cussed|signed|read|reviewed|updated|requested|seen|dictated|witness(?:ed)?|attending|verified|called|by|at|on|to|from|with) )+"
)
_BEFORE_DEGREE: Final = re.compile(rf"{_ANY}(?: (?:{_INITIAL}|[A-Z]|{_ANY})){{1,3}}(?=(?:,? |,)$)")


def find_with_degree(text: str, degrees: Places) -> Iterator[Hit]:
    """Yield names before a degree: Jane Q. Doe, M.D."""
    for start, end in degrees:
        if text[end : end + 1].isalpha() or text[start - 1 : start] not in (" ", ","):
            continue
        low = max(0, start - 50)
        before = text[low:start]
        for name in _BEFORE_DEGREE.finditer(before):
            lead = _SIGNED.match(before, name.start())
            place = read_person(before[: name.end()], lead.end() if lead else name.start())
            if place and place[1] == name.end():
                yield Hit(low + place[0], low + place[1], "staff", 0.85, "context:degree")


_BEHIND_KIN: Final = re.compile(r",? (?:named |is |called )?(?=[A-Z])|,? \((?=[A-Z])")


def find_relations(text: str, relations: Places) -> Iterator[Hit]:
    """Yield names behind a relation: his wife Mary, daughter, Anne Lee."""
    for start, end in relations:
        if text[start - 1 : start].isalpha() or not (match := _BEHIND_KIN.match(text, end)):
            continue
        place = read_person(text, match.end())
        if place and place[1] - place[0] > 2 and not text[place[0] : place[1]].isupper():
            yield Hit(*place, "kin", 0.75, "context:relation")


def find_introduced(text: str, places: Places) -> Iterator[Hit]:
    """Yield names behind "my name is" and "named"."""
    for start, end in places:
        place = None if text[start - 1 : start].isalpha() else read_person(text, end + 1)
        if place and place[1] - place[0] > 2 and not text[place[0] : place[1]].isupper():
            yield Hit(*place, "name", 0.75, "context:introduced")


_REST: Final = re.compile(rf"(?: {_INITIAL}| [A-Z](?= ))? (?P<last>{_WORD})(?![a-z])")
_TAIL: Final = re.compile(r"(?:'s|s')? ([A-Za-z]+)")
_LAST_BEFORE: Final = re.compile(rf"(?:^|[\n:;(\t|] ?)({_ANY}), $")


def find_first_and_last(text: str, firsts: Places) -> Iterator[Hit]:
    """Yield a usual first name with another capitalised word behind it, or before it and a comma: Smith, John."""
    stop, tails = word_set("en", "stop_words"), word_set("en", "eponym_tails")
    brakes = word_set("en", "brakes")
    for start, end in firsts:
        if (start and (text[start - 1].isalpha() or text[start - 1] in "'-")) or text[
            end : end + 1
        ].isalpha():
            continue
        last = (
            _LAST_BEFORE.search(text, max(0, start - 24), start) if text[start - 2 : start] == ", " else None
        )
        if last and last.group(1).capitalize() not in stop | brakes:
            yield Hit(last.start(1), end, "name", 0.65, "context:first-name")
            continue
        match = _REST.match(text, end)
        if match is None or match.group("last") in stop:
            continue
        tail = _TAIL.match(text, match.end())
        if not (tail and tail.group(1).lower() in tails):
            yield Hit(start, match.end(), "name", 0.7, "context:first-name")


_AFTER_LEAD: Final = re.compile(r":? ?(?:\n[ \n]{0,4})?")
_TITLE: Final = re.compile(r"(?:Dr|DR|Mr|Mrs|Ms|Miss|Prof)\b")


def find_led(text: str, leads: Places) -> Iterator[Hit]:
    """Yield names behind "signed by", "Dear" and the like, if a usual first name or several words stand there."""
    first = word_set("en", "first_names")
    for start, end in leads:
        if text[start - 1 : start].isalpha():
            continue
        gap = _AFTER_LEAD.match(text, end)
        at = gap.end() if gap else end
        place = None if _TITLE.match(text, at) else read_person(text, at)
        if place is None or at == end:
            continue
        tokens = text[place[0] : place[1]].replace(",", " ").split()
        signed = len(tokens) > 1 and text[start:end].lower().endswith((" by", ",", "/s/"))
        if signed or tokens[0] in first or (len(tokens) > 1 and tokens[1] in first):
            kind = "staff" if text[start:end].endswith((" by", "with", "BY")) else "name"
            yield Hit(*place, kind, 0.7 if len(tokens) > 1 else 0.6, "context:lead")


def lists() -> dict[str, tuple[str, ...]]:
    """Return the words at whose places this module looks, by group."""
    return {
        "title": (*words("en", "staff_titles"), *words("en", "titles")),
        "degree": words("en", "degrees"),
        "relation": words("en", "relations"),
        "introduced": ("y name is", "ame is", "s named", " named", "Named"),
        "first": words("en", "first_names"),
        "lead": words("en", "name_leads"),
    }
