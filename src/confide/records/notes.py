"""Notes: one text of one patient each, with the other columns of its record.

Guarantee: printing a note shows its file and row and nothing of the patient. Knows no encoding and no lists:
`confide.records.load` reads files and applies crosswalk, opt-out and consent before a `Note` is made.

In a folder of texts (`path` ends in .txt) each file is one note. The patient id is in the name of the file
(`P001_admission.txt`, `P001.txt`), or it is the name of the folder where `path` has a `*` for it (`notes/*/*.txt`). Such names hold ids, so an error or a note shows the pattern and the place of the file in
the order of names: `notes/*.txt (12)`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

from confide.errors import InvalidInput
from confide.records.columns import refuse_rows
from confide.records.encoding import to_utf8
from confide.records.owners import patient_of_text
from confide.records.section import SourceSection

TEXT, PATIENT = "text", "patient"  # columns of a folder of texts


@dataclass(frozen=True, slots=True)
class Note:
    """One note. `fields` holds the other columns of its record as text, among them the patient id as written.

    >>> Note(id="n1", patient="P1", text="calm", row=2, file="notes.csv", fields={"ward": "3"})
    Note(row=2, file='notes.csv')
    """

    id: str = field(repr=False)
    patient: str = field(repr=False)
    text: str = field(repr=False)
    row: int
    file: str
    fields: dict[str, str] = field(repr=False)


def notes_of(table: pl.DataFrame, section: SourceSection) -> list[Note]:
    """Make a note of each row of a table that has `_patient`, `_row` and `_file`.

    Raises:
        InvalidInput: a row has no text; says which.
    """
    text = section.text or TEXT
    bare = pl.col(text).is_null() | (pl.col(text).str.strip_chars().str.len_bytes() == 0)
    refuse_rows(table, bare, "records.no-text", section.name, column=text)
    others = [name for name in table.columns if name not in (text, "_patient", "_row", "_file")]
    cells = table.select(pl.exclude("_row").cast(pl.String), "_row")
    return [_note(record, section, text, others) for record in cells.iter_rows(named=True)]


def _note(record: dict[str, str], section: SourceSection, text: str, others: list[str]) -> Note:
    file, row = record["_file"], int(record["_row"])
    return Note(
        id=(section.id and record[section.id]) or f"{file}:{row}",
        patient=record["_patient"],
        text=record[text],
        row=row,
        file=file,
        fields={name: record[name] for name in others if record[name] is not None},
    )


def folder_of_texts(files: Iterable[tuple[str, bytes]], section: SourceSection) -> pl.DataFrame:
    """Return one row per file with the columns `patient` and `text`; `_file` shows no id.

    Args:
        files: name relative to the study folder and content, in the order of names.
        section: its `path` tells whether a folder or the beginning of the name is the patient.

    Raises:
        InvalidInput: a file is empty, or its name holds no patient id.
    """
    patients, texts, shown = [], [], []
    for place, (name, data) in enumerate(files, start=1):
        seen = f"{section.path} ({place})"
        patient = patient_of_text(section.path, name)
        if not patient.strip():
            raise InvalidInput("records.no-patient-in-name", file=seen)
        text = to_utf8(data, seen, section.encoding).decode("utf-8")
        if not text.strip():
            raise InvalidInput("records.empty", file=seen)
        patients.append(patient)
        texts.append(text)
        shown.append(seen)
    table = pl.DataFrame(
        {PATIENT: patients, TEXT: texts, "_file": shown}, schema_overrides={PATIENT: pl.String}
    )
    return table.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("_row"))
