"""Notes as the plans of tasks read them: a frame with the columns `_patient` and `_text`, and the note's other columns.

Guarantee: a note is read by itself, whatever other notes there are; one whose labels do not fit its text takes no part,
and nobody is told which. Patient data throughout: shown to nobody.
"""

from collections.abc import Collection, Sequence
from importlib.util import find_spec

import polars as pl

from confide.errors import InvalidInput
from confide.tasks.corpora import entities_of
from confide.tasks.spans import Entity, Tagged

PATIENT, TEXT = "_patient", "_text"


def frame_of(rows: Sequence[tuple[str, str, dict[str, str]]]) -> pl.DataFrame:
    """Return a frame of (patient, text, other columns), all as text; a column that a note lacks is empty there."""
    columns = sorted({name for _, _, fields in rows for name in fields} - {PATIENT, TEXT})
    held: dict[str, list[str | None]] = {
        PATIENT: [patient for patient, _, _ in rows],
        TEXT: [text for _, text, _ in rows],
        **{name: [fields.get(name) for _, _, fields in rows] for name in columns},
    }
    return pl.DataFrame(held, schema=dict.fromkeys(held, pl.String))


def verify_columns(columns: Collection[str], wanted: frozenset[str]) -> None:
    """Raise if a column that a plan reads is not there, or what it runs on; call it before anything is charged.

    Raises:
        InvalidInput: names the first missing column, or the extra.
    """
    if find_spec("torch") is None or find_spec("safetensors") is None:
        raise InvalidInput("tasks.extra")
    for column in sorted(wanted):
        if column not in columns:
            raise InvalidInput("train.no-column", column=column.removeprefix("_"))


def marked(data: pl.DataFrame, labels: str) -> tuple[list[str], list[Tagged]]:
    """Return (patients, notes) of the notes whose entities are marked."""
    patients, notes = [], []
    for patient, text, cell in data.select(pl.col(PATIENT).cast(pl.String), TEXT, labels).iter_rows():
        if patient is not None and (entities := _entities(cell, text)) is not None:
            patients.append(patient)
            notes.append(Tagged(text, entities))
    return patients, notes


def labelled(
    data: pl.DataFrame, target: str, classes: Sequence[str]
) -> tuple[list[str], list[str], list[int]]:
    """Return (patients, texts, places of their classes) of the notes whose class is listed."""
    place = {name: at for at, name in enumerate(classes)}
    rows = data.select(pl.col(PATIENT).cast(pl.String), TEXT, pl.col(target).str.strip_chars()).iter_rows()
    kept = [(who, text, place[name]) for who, text, name in rows if who is not None and name in place]
    return [row[0] for row in kept], [row[1] for row in kept], [row[2] for row in kept]


def _entities(cell: str | None, text: str) -> tuple[Entity, ...] | None:
    try:
        return None if cell is None else entities_of(cell, text)
    except ValueError:
        return None
