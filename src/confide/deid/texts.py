"""Put the replacements of one patient into a text, and read from all texts who the people are and when they were born.

Guarantee: what lies outside the spans is untouched, character by character. Finds nothing and knows no key:
`confide.deid.cascade` found, `confide.deid.replace` says what stands in place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from confide.crypto.keyed import Keyed
from confide.deid.cascade import Document
from confide.deid.classes import DATE_CLASSES, NAME_CLASSES
from confide.deid.hits import Hit
from confide.deid.people import Mention, People, gender_beside
from confide.deid.replace import OLD, Replacer, as_wide
from confide.deid.results import CleanText
from confide.deid.review import Marks, ReviewItem, Rulings, review_item, undecided
from confide.types import Span


@dataclass(frozen=True, slots=True)
class Judged:
    """What people ruled on doubtful spans of a patient, and the key of the marks by which rulings are found again."""

    keyed: Keyed
    patient: str = field(repr=False)
    rulings: Rulings = field(repr=False)


def replace_text(text: str, document: Document, replacer: Replacer, judged: Judged) -> CleanText:
    """Return a text with its finds replaced; finds that stay as they are get no span."""
    pieces: list[str] = []
    spans: list[Span] = []
    places: list[tuple[int, int]] = []
    items: list[ReviewItem] = []
    marks: Marks | None = None
    at = written = 0
    for hit in document.hits:
        start, end = document.folded.span(hit.start, hit.end)
        start = max(start, at)
        if start >= end:
            continue
        span = Span(start, end, hit.type, hit.score, hit.found_by)
        item = None
        if hit.score < replacer.threshold:
            marks = marks or Marks(judged.keyed, judged.patient, text)
            item = review_item(text, span, mark=marks.of(span), patient=judged.patient)
            if ruling := judged.rulings.get(item.mark):
                if ruling.verdict == "reject":
                    items.append(item)
                    continue
                hit = hit._replace(type=ruling.type, found_by=f"review:{hit.found_by}")
                span = replace(span, type=hit.type, found_by=hit.found_by)
        new = _new(document, hit, replacer, doubtful=item is not None)
        if new is None:
            continue
        if item is not None:
            items.append(item)
        new = as_wide(text[start:end], new)
        pieces += [text[at:start], new]
        written += start - at + len(new)
        places.append((written - len(new), written))
        spans.append(span)
        at = end
    pieces.append(text[at:])
    is_open = bool(undecided(items, judged.rulings))
    return CleanText("".join(pieces), tuple(spans), tuple(items), places=tuple(places), is_open=is_open)


def _new(document: Document, hit: Hit, replacer: Replacer, *, doubtful: bool) -> str | None:
    """Return what stands in place of a hit; None when the policy lets it stay."""
    value, place = document.value(hit), (hit.start, hit.end)
    if replacer.action(hit.type, doubtful=doubtful) == "keep":
        return None
    if hit.type == "age":
        age = document.ages.get(place)
        if age is not None and age.years < OLD and replacer.action("age") == "cap":
            return None
        return replacer.age(age, value, doubtful=doubtful)
    if hit.type in DATE_CLASSES:
        day = document.dates.get(place)
        new = replacer.day(hit.type, day, value, doubtful=doubtful)
        return None if day is None and new == value else new
    return replacer.value(hit.type, value, found_by=hit.found_by, doubtful=doubtful)


def people_of(documents: Sequence[Document], known: Mapping[str, Sequence[str]]) -> People:
    """Return the people whom the patient's own fields and documents name.

    What is known comes first, then the longest names: the parts of a name belong to whoever was met first.
    """
    named = [Mention(value) for kind in NAME_CLASSES for value in known.get(kind, ())]
    found = [
        Mention(document.value(hit), hit.found_by, gender_beside(document.folded.text, hit.start, hit.end))
        for document in documents
        for hit in document.hits
        if hit.type in NAME_CLASSES
    ]
    return People([*named, *sorted(found, key=lambda mention: -len(mention.name))])


def births_in(documents: Sequence[Document]) -> frozenset[date]:
    """Return the days that a document calls a date of birth."""
    return frozenset(
        day
        for document in documents
        for hit in document.hits
        if hit.type == "birth-date" and (read := document.dates.get((hit.start, hit.end)))
        for day in read.readings
    )
