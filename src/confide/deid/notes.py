"""Clean the notes of one patient with their fields: all texts and cells are searched together.

Guarantee: what the identifying fields of any note hold is known in all texts. Knows no key: what cleans is passed in
by `confide.deid.deidentify`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from confide.deid.cells import text_cell
from confide.deid.fold import fold
from confide.deid.lexicon import key_classes
from confide.deid.replace import Replacer
from confide.deid.results import CleanText, NoteLike
from confide.deid.review import ReviewItem

Known = Mapping[str, Sequence[str]]
Cleaned = tuple[CleanText, Mapping[str, str], tuple[ReviewItem, ...]]


def clean_notes(
    notes: Sequence[NoteLike],
    known: Known,
    identifiers: Mapping[str, str],
    *,
    clean: Callable[[Sequence[str], Known, str], tuple[list[CleanText], Replacer]],
) -> list[Cleaned]:
    """Return the text, the fields and the doubtful spans of each note.

    Args:
        notes: of one patient; at least one.
        known: class -> values of the patient's own structured fields.
        identifiers: name of a field -> class; such a field is replaced whole, any other is searched like a text.
        clean: cleans all texts of a patient.
    """
    values = {kind: list(texts) for kind, texts in known.items()}
    for note in notes:
        for name, kind in identifiers.items():
            if note.fields.get(name, "").strip():
                values.setdefault(kind, []).append(note.fields[name])
    free = [(i, name) for i, note in enumerate(notes) for name in note.fields if name not in identifiers]
    prefixes = [_key_before(name) for _, name in free]
    cells = [prefix + notes[i].fields[name] for prefix, (i, name) in zip(prefixes, free, strict=True)]
    texts = [note.text for note in notes]
    cleaned, tool = clean([*texts, *cells], values, notes[0].patient)
    fields = [dict.fromkeys(note.fields, "") for note in notes]
    review = [list(done.review) for done in cleaned[: len(texts)]]
    for (i, name), prefix, done in zip(free, prefixes, cleaned[len(texts) :], strict=True):
        fields[i][name] = done.text[len(prefix) :]
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
