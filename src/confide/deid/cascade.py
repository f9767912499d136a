"""Find identifiers in all documents of one patient, layer by layer, then sweep.

Layers: known values, patterns, dates, ages, context, the tagger.

Each layer hands in hits over the folded text; overlaps are settled at the end. Decides nothing about what
happens to a find.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import accumulate
from typing import Final

from confide.deid.ages import AgeHit, find_ages
from confide.deid.brakes import is_clinical, is_saying, without_clinical
from confide.deid.classes import DATE_CLASSES, NAME_CLASSES, NUMBER_CLASSES
from confide.deid.context_en import find_context_en
from confide.deid.counted import is_measured
from confide.deid.dates import DateHit, find_dates
from confide.deid.everyday import is_called, is_everyday, listed_with
from confide.deid.fold import Folded, fold, normal
from confide.deid.hits import Hit, settle
from confide.deid.known import Known, find_known, known_values
from confide.deid.patterns import find_patterns
from confide.deid.tagger import find_tagged
from confide.deid.whole import whole_names

_SURE: Final = 0.7  # a find below this is not searched for in the other documents
_LONGEST: Final = 80  # what is longer is no name and no number, and is not searched for elsewhere
_SURELY_TAGGED: Final = 0.65  # of the tagger's 0.69 at most
_SWEPT: Final = {*NAME_CLASSES, *NUMBER_CLASSES} - {"url", "ip"}
_GUESSES: Final = frozenset({"context:first-name", "context:title"})  # Earl Grey and Dr Pepper are drinks
_BIRTH_KEY: Final = re.compile(
    r"(?:出生日期|出生年月日?|出生时间|生日|出生于?|生于|DOB|D\.O\.B\.?"
    r"|[Dd]ate [Oo]f [Bb]irth|DATE OF BIRTH|[Bb]irth ?[Dd]ate|[Bb]orn(?: on)?|[Bb]irthday)[ :是为(]{0,4}$"
)
_BIRTH_YEAR: Final = re.compile(
    r"(?:生于|出生于|出生年份?[ :]?)(?P<a>1[89][0-9]{2}年?)"
    r"|(?P<b>1[89][0-9]{2}年)(?=出生|生人|生[,。;])|[Bb]orn in (?P<c>1[89][0-9]{2})(?![0-9])"
)


@dataclass(frozen=True, slots=True)
class Document:
    """One text of a patient after the search. `hits` do not overlap; places are of the folded text."""

    folded: Folded = field(repr=False)
    hits: tuple[Hit, ...] = field(repr=False)
    dates: Mapping[tuple[int, int], DateHit] = field(repr=False)
    ages: Mapping[tuple[int, int], AgeHit] = field(repr=False)

    def value(self, hit: Hit) -> str:
        """Return the folded text of a hit."""
        return self.folded.text[hit.start : hit.end]


def find_in_documents(texts: Sequence[str], known: Known) -> list[Document]:
    """Search all documents of one patient.

    Guarantee: a name or number that is found surely in one document is found in all of them, but where it stands
    as a clinical word (Foley catheter); a value that was given is found there too.

    >>> first, second = find_in_documents(["患者张建国,男", "建国... 张建国复诊"], known_values({}))
    >>> [second.value(hit) for hit in second.hits]
    ['建国', '张建国']
    """
    return find_in_patients([(texts, known)])[0]


def find_in_patients(patients: Iterable[tuple[Sequence[str], Known]]) -> list[list[Document]]:
    """Search the documents of several patients, each by themselves; the tagger reads them all at once.

    Guarantee: as `find_in_documents`, patient by patient.
    """
    searched = [(known, [_search(text, known) for text in texts]) for texts, known in patients]
    tagged = iter(find_tagged([draft.folded.text for _, drafts in searched for draft in drafts]))
    return [
        _swept([_with_tagged(draft, next(tagged), known) for draft in drafts]) for known, drafts in searched
    ]


def _swept(drafts: Sequence[Document]) -> list[Document]:
    """Search all documents of a patient for what was found in one of them, and settle the hits."""
    swept = known_values(_found_values(drafts), layer="sweep")
    documents = []
    for draft in drafts:
        hits = [*draft.hits, *_again(draft, swept)] if swept.forms else list(draft.hits)
        documents.append(replace(draft, hits=tuple(settle(draft.folded.text, hits))))
    return documents


def _again(draft: Document, swept: Known) -> list[Hit]:
    """Return where the swept values stand, but for clinical words that are written like one: Foley catheter.

    What lies inside of a longer find that is likely right would lose to it, and is left out as well.
    """
    text, found = draft.folded.text, {(hit.start, hit.end) for hit in draft.hits}
    likely = (hit for hit in draft.hits if hit.score >= 0.5 and text[hit.start].isascii())
    places = sorted((hit.start, hit.end) for hit in likely)
    starts = [start for start, _ in places]
    reach = list(accumulate((end for _, end in places), max, initial=-1))  # of the first so many places
    return [
        hit
        for hit in find_known(text, swept)
        if (hit.start, hit.end) in found
        or (
            (reach[bisect_right(starts, hit.start)] < hit.end or not text[hit.start].isascii())
            and not is_clinical(text, hit)
        )
    ]


def _search(text: str, known: Known) -> Document:
    """Run every layer over one text; the hits may still overlap."""
    folded = fold(text)
    plain = folded.text
    dates, ages = find_dates(plain), find_ages(plain)
    hits = [*find_known(plain, known, dates), *find_patterns(plain)]
    hits += [_date_hit(plain, hit) for hit in dates]
    hits += [Hit(hit.start, hit.end, "age", 0.9, "pattern:age") for hit in ages]
    hits += find_birth_years(plain)
    if not plain.isascii():
        from confide.deid.context_zh import find_context_zh  # reads its lists where a text needs them

        hits += find_context_zh(plain)
    hits += (
        hit for hit in find_context_en(plain) if hit.found_by not in _GUESSES or not is_saying(plain, hit)
    )
    return Document(
        folded, tuple(hits), {(h.start, h.end): h for h in dates}, {(h.start, h.end): h for h in ages}
    )


def _with_tagged(draft: Document, hits: Sequence[Hit], known: Known) -> Document:
    text = draft.folded.text  # a word that is also the patient's given name is never let go
    words = {
        hit for hit in hits if _is_word(text, hit) and normal(text[hit.start : hit.end]) not in known.needles
    }
    if words:
        words -= listed_with(text, words, [hit for hit in hits if hit not in words])
    hits = [hit for hit in hits if hit not in words]
    if not text.isascii():
        from confide.deid.names_zh import without_strays

        hits = without_strays(text, hits)
    found = (*draft.hits, *beside_rules(without_clinical(text, hits), draft))
    return replace(draft, hits=(*found, *whole_names(text, found)))


def _is_word(text: str, hit: Hit) -> bool:
    """Say whether a guess of the tagger is but a word, or begins like one, and nothing says that it is somebody."""
    if is_everyday(text, hit):
        return not is_called(text, hit)
    if hit.type != "name" or text[hit.start].isascii():
        return False
    from confide.deid.names_zh import is_braked  # reads its lists where a text needs them

    return is_braked(text, hit.start) and not is_called(text, hit)


def beside_rules(tagged: Sequence[Hit], draft: Document) -> list[Hit]:
    """Return what the tagger adds to the rules: their dates keep their places, their numbers their classes."""
    waiting = sorted(draft.hits, key=lambda hit: hit.start, reverse=True)
    rules: list[Hit] = []
    out: list[Hit] = []
    for hit in tagged:
        while waiting and waiting[-1].start < hit.end:
            rules.append(waiting.pop())
        rules = [other for other in rules if other.end > hit.start]
        dated = [other for other in rules if other.type in DATE_CLASSES or other.type == "age"]
        if hit.type == "date" and dated:
            out += _beside_dates(draft.folded.text, hit, dated)
            continue
        numbers = [other for other in rules if other.type in NUMBER_CLASSES]
        if any(other.start <= hit.start and hit.end <= other.end for other in numbers):
            continue
        if hit.type == "name" and any(_is_nearly(other, hit) for other in rules):
            continue
        if hit.type == "other-id" and numbers:
            hit = hit._replace(type=max(numbers, key=lambda other: other.end - other.start).type)
        out.append(hit)
    return out


_OF_DATE: Final = re.compile(
    r"(?i)[0-9一二三四五六七八九十廿卅]|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|(?:first|second|third|st|nd|rd|th)\b"
)
_JOINED: Final = frozenset(",&-–/~、至到及和")
_MARKS: Final = " ,;&-/.'~、至到及和"


def _beside_dates(text: str, hit: Hit, dated: Sequence[Hit]) -> Iterator[Hit]:
    """Yield what a guess at a date holds beside the dates of rules: the other days of 10月2、12、17日, the end of 5/1-5/8."""
    at = hit.start
    for start, end in [*sorted((other.start, other.end) for other in dated), (hit.end, hit.end)]:
        piece = text[at : max(at, start)]
        low = at + len(piece) - len(piece.lstrip(_MARKS))
        high = at + len(piece.rstrip(_MARKS))
        if (
            low < high
            and _OF_DATE.search(piece)
            and not _is_a_part(text, at, low, high)
            and not is_measured(text, low, high)
        ):
            yield hit._replace(start=low, end=high)
        at = max(at, end)


def _is_a_part(text: str, at: int, low: int, high: int) -> bool:
    """Say whether a piece is the rest of a number, or a small number that no mark joins to the date before it: 12 80 systolic."""
    if text[low - 1 : low + 1].isdigit() or (text[high - 1 : high + 1].isdigit() and high < len(text)):
        return high - low < 3 or low == at
    is_joined = set(text[at:low]) & _JOINED or text[high : high + 2].strip()[:1] in _JOINED
    return high - low < 3 and text[low:high].isdigit() and not is_joined


def _is_nearly(known: Hit, hit: Hit) -> bool:
    """Say whether a known name is all of a hit but for one character: 张 in 老张."""
    inside = hit.start <= known.start and known.end <= hit.end
    return (
        known.is_known and known.type in NAME_CLASSES and inside
        and hit.end - hit.start <= known.end - known.start + 1
    )  # fmt: skip


def _date_hit(text: str, hit: DateHit) -> Hit:
    birth = _BIRTH_KEY.search(text, max(0, hit.start - 18), hit.start)
    return Hit(hit.start, hit.end, "birth-date" if birth else "date", hit.score, f"pattern:date-{hit.rule}")


def find_birth_years(text: str) -> list[Hit]:
    """Return years of birth that stand alone: 生于1931年, born in 1931."""
    if "生" not in text and "orn in" not in text:
        return []
    hits = []
    for match in _BIRTH_YEAR.finditer(text):
        name = next(name for name in "abc" if match.group(name))
        hits.append(Hit(*match.span(name), "birth-date", 0.8, "context:birth-year"))
    return hits


def _found_values(drafts: Iterable[Document]) -> dict[str, list[str]]:
    """Collect what to sweep for: names and numbers that were found surely, not those already known."""
    values: dict[str, dict[str, str]] = {}
    for draft in drafts:
        for hit in draft.hits:
            if hit.type not in _SWEPT or hit.is_known or not _is_sure(hit, value := draft.value(hit)):
                continue
            if len(key := normal(value)) >= (2 if hit.type in NAME_CLASSES else 4):
                values.setdefault(hit.type, {}).setdefault(key, value)
    return {kind: list(found.values()) for kind, found in values.items()}


def _is_sure(hit: Hit, value: str) -> bool:
    """Say whether a find may be searched for elsewhere; of the tagger's, only what is no everyday word."""
    if len(value) > _LONGEST:
        return False
    if not hit.found_by.startswith("tagger"):
        return hit.score >= _SURE
    if hit.score < _SURELY_TAGGED:
        return False
    if hit.type in NAME_CLASSES:
        return " " in value if value.isascii() else len(normal(value)) >= 3
    return sum(c.isdigit() for c in value) >= 5


def latest_date(documents: Iterable[Document], births: frozenset[date]) -> date | None:
    """Return the latest day that the documents name, birth dates apart; None when they name none."""
    days = [
        hit.readings[0]
        for document in documents
        for hit in document.dates.values()
        if hit.readings
        and hit.grain in ("day", "month")
        and hit.readings[0] not in births
        and hit.score > 0.5
    ]
    return max(days, default=None)
