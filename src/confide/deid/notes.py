"""Take the notes of one patient apart into texts and known values, and put them together again when cleaned.

Guarantee: all texts and cells are searched together, and what the identifying fields of any note hold is known in
them. Knows no key: `confide.deid.deidentify` cleans in between.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from confide.deid.cells import text_cell
from confide.deid.fold import fold
from confide.deid.lexicon import key_classes
from confide.deid.replace import Replacer
from confide.deid.results import CleanText, NoteLike
from confide.deid.review import ReviewItem
from confide.types import Span

Known = Mapping[str, Sequence[str]]
Cleaned = tuple[CleanText, Mapping[str, str], tuple[ReviewItem, ...], tuple[Span, ...]]
# A cell that says what was measured: 5.5, <0.01, 1457, 12.4 %, 108/68.
_MEASURED: Final = re.compile(
    r"[<>≤≥=~±+-]{0,2} ?[0-9]{1,4}(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]{1,3})? ?%?|[<>]? ?[0-9]*[.][0-9]+|(?:[5-9][0-9]|[12][0-9]{2})/[0-9]{2,3}"
)
# Columns that may well hold 3.5 for the fifth of March, or a short number of somebody.
_NOT_MEASURED: Final = re.compile(
    "(?i)date|dob|birth|visit|adm|disch|surg|onset|death|dod|日|时间|生|入院|出院|手术|就诊|死亡|经"
    "|phone|number|号|码|(?:^|[^a-z])(?:no|nr|ids?|ext|case|code|key|pin)(?:$|[^a-z])"
)
_GUESSED: Final = ("tagger", "pattern:date", "pattern:age")


@dataclass(frozen=True, slots=True)
class Gathered:
    """What is to be cleaned of one patient: texts, and behind those of notes their cells, each with its key."""

    patient: str = field(repr=False)
    texts: Sequence[str] = field(repr=False)
    known: Known = field(repr=False)
    cells: Sequence[tuple[int, str, str]] = field(
        default=(), repr=False
    )  # number of the note, field, key before it


def gather(notes: Sequence[NoteLike], known: Known, identifiers: Mapping[str, str]) -> Gathered:
    """Return what is to be cleaned, and what is known.

    Args:
        notes: of one patient.
        known: class -> values of the patient's own structured fields.
        identifiers: name of a field -> class; such a field is replaced whole, any other is searched like a text.
    """
    values = {kind: list(texts) for kind, texts in known.items()}
    for note in notes:
        for name, kind in identifiers.items():
            if note.fields.get(name, "").strip():
                values.setdefault(kind, []).append(note.fields[name])
    cells = [
        (i, name, _key_before(name))
        for i, note in enumerate(notes)
        for name in note.fields
        if name not in identifiers
    ]
    texts = [*(note.text for note in notes), *(key + notes[i].fields[name] for i, name, key in cells)]
    return Gathered(notes[0].patient if notes else "", texts, values, cells)


def assemble(
    notes: Sequence[NoteLike],
    gathered: Gathered,
    identifiers: Mapping[str, str],
    cleaned: Sequence[CleanText],
    tool: Replacer,
) -> list[Cleaned]:
    """Return the text, the fields, and the doubtful spans of each note, and the spans of its fields.

    Guarantee: a cell that is a number measured stays as it is, unless a value that was given or a pattern of its own says otherwise.

    Args:
        notes: of one patient.
        gathered: what `gather` made of them.
        identifiers: name of a field -> class.
        cleaned: the texts of `gathered`.
        tool: what replaces whole fields.
    """
    fields = [dict.fromkeys(note.fields, "") for note in notes]
    review = [list(done.review) for done in cleaned[: len(notes)]]
    spans: list[list[Span]] = [[] for _ in notes]
    for (i, name, key), done in zip(gathered.cells, cleaned[len(notes) :], strict=True):
        value = notes[i].fields[name]
        if not key and _is_measured(name, value, done.spans):
            fields[i][name] = value
            continue
        fields[i][name] = done.text[len(key) :]
        review[i] += done.review
        spans[i] += done.spans
    for note, new in zip(notes, fields, strict=True):
        for name, kind in identifiers.items():
            if name in note.fields:
                new[name] = text_cell(tool, kind, note.fields[name])
    return [
        (done, new, tuple(replace(item, document=note.id) for item in items), tuple(found))
        for note, done, new, items, found in zip(notes, cleaned, fields, review, spans, strict=False)
    ]


def _is_measured(name: str, value: str, spans: Sequence[Span]) -> bool:
    return (
        _MEASURED.fullmatch(value.strip()) is not None
        and not _NOT_MEASURED.search(name)
        # a long fraction is taken for a number surely, and so looked for in itself
        and all(
            span.found_by.startswith((*_GUESSED, "sweep") if "." in value else _GUESSED) for span in spans
        )
    )


def _key_before(name: str) -> str:
    """Return the name of a field as a key before its value, so that the context rules read it."""
    folded = fold(name).text.strip()
    return f"{folded}: " if folded in key_classes("zh") or folded.lower() in key_classes("en") else ""
