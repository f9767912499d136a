"""Take the notes of one patient apart into texts and known values, and put them together again when cleaned.

Guarantee: all texts and cells are searched together, and what the identifying fields of any note hold is known in
them. Knows no key: `confide.deid.deidentify` cleans in between.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from confide.deid.cells import text_cell
from confide.deid.fold import fold
from confide.deid.lexicon import key_classes
from confide.deid.replace import Replacer
from confide.deid.results import CleanText, NoteLike
from confide.deid.review import ReviewItem

Known = Mapping[str, Sequence[str]]
Cleaned = tuple[CleanText, Mapping[str, str], tuple[ReviewItem, ...]]


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
    """Return the text, the fields and the doubtful spans of each note; `cleaned` are the texts of `gathered`."""
    fields = [dict.fromkeys(note.fields, "") for note in notes]
    review = [list(done.review) for done in cleaned[: len(notes)]]
    for (i, name, key), done in zip(gathered.cells, cleaned[len(notes) :], strict=True):
        fields[i][name] = done.text[len(key) :]
        review[i] += done.review
    for note, new in zip(notes, fields, strict=True):
        for name, kind in identifiers.items():
            if name in note.fields:
                new[name] = text_cell(tool, kind, note.fields[name])
    return [
        (done, new, tuple(replace(item, document=note.id) for item in items))
        for note, done, new, items in zip(notes, cleaned, fields, review, strict=False)
    ]


def _key_before(name: str) -> str:
    """Return the name of a field as a key before its value, so that the context rules read it."""
    folded = fold(name).text.strip()
    return f"{folded}: " if folded in key_classes("zh") or folded.lower() in key_classes("en") else ""
