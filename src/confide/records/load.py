"""Read one source: all its files, the rows that may be used, each with its patient, checked.

Guarantee: the order is fixed. Whose row it is comes first, then those who opted out or did not consent
leave, and only what stays is typed, checked and named in errors. A file that cannot be split into rows is
refused as a whole, because then nobody can say whose row is whose.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import polars as pl

from confide.errors import InvalidInput
from confide.records.checks import check_columns, check_rows
from confide.records.columns import typed
from confide.records.notes import PATIENT, Note, folder_of_texts, notes_of
from confide.records.patients import Crosswalk, assign_patients, refuse_two_patients
from confide.records.section import RESERVED, SourceSection
from confide.records.tables import read_cells

Files = Mapping[str, bytes] | Iterable[tuple[str, bytes]]


def load_source(
    section: SourceSection,
    files: Files,
    *,
    patient: str | None = None,
    crosswalk: Crosswalk | None = None,
    optout: Collection[str] = (),
    consented: Collection[str] | None = None,
    unit: str = "patient",
    text: Collection[str] = (),
) -> pl.DataFrame | list[Note]:
    """Return the table or the notes of a source, by its kind; see `load_table` and `load_notes`."""
    who: Any = {
        "patient": patient,
        "crosswalk": crosswalk,
        "optout": optout,
        "consented": consented,
        "unit": unit,
    }
    return (
        load_notes(section, files, **who)
        if section.holds == "notes"
        else load_table(section, files, **who, text=text)
    )


def load_table(
    section: SourceSection,
    files: Files,
    *,
    patient: str | None = None,
    crosswalk: Crosswalk | None = None,
    optout: Collection[str] = (),
    consented: Collection[str] | None = None,
    unit: str = "patient",
    text: Collection[str] = (),
) -> pl.DataFrame:
    """Return the usable rows of a table source, typed and checked.

    Guarantee: how a cell of a column in `text` is read depends on that cell alone, so that a private
    statistic of one patient's rows is not changed by another's odd cell. A patient who opted out, under any id of the crosswalk, leaves no row, and no cell of such a
    row, well formed or not, changes a type or an error.

    Args:
        section: what the study says about the source.
        files: name relative to the study folder and whole content; read in the order of names.
        patient: the patient column of the study, for a section that names none.
        crosswalk: joins several ids of one person.
        optout: any id of those who opted out.
        consented: any id of those who agreed; None if no list is kept.
        unit: "row" makes each row a patient of its own where no patient column is named.
        text: columns to return as they were read, though they were checked by their types.

    Returns:
        The columns of the files with `_patient`, `_row` and `_file`.

    Raises:
        InvalidInput: one of the faults that this room knows; one sentence with file, column and rows.
    """
    rows, column = _usable_rows(section, files, patient, crosswalk, optout, consented, unit)
    table = typed(rows, section.name, text=section.text_columns | ({column} if column else set()))
    check_rows(table, section, section.name)
    if column is not None:
        refuse_two_patients(table, section.identifiers, section.name)
    return table.with_columns(rows[name] for name in text if name in rows.columns)


def load_notes(
    section: SourceSection,
    files: Files,
    *,
    patient: str | None = None,
    crosswalk: Crosswalk | None = None,
    optout: Collection[str] = (),
    consented: Collection[str] | None = None,
    unit: str = "patient",
) -> list[Note]:
    """Return the usable notes of a source, in the order of files and rows; arguments as of `load_table`.

    Raises:
        InvalidInput: one of the faults that this room knows; one sentence with file, column and rows.
    """
    rows, column = _usable_rows(section, files, patient, crosswalk, optout, consented, unit)
    names = [name for name in rows.columns if name not in RESERVED]
    table = typed(rows, section.name, text=names)
    check_rows(table, section, section.name)
    if column is not None:
        refuse_two_patients(table, section.identifiers, section.name)
    return notes_of(table, section)


def _usable_rows(
    section: SourceSection,
    files: Files,
    patient: str | None,
    crosswalk: Crosswalk | None,
    optout: Collection[str],
    consented: Collection[str] | None,
    unit: str,
) -> tuple[pl.DataFrame, str | None]:
    """Return the rows that may be used, untyped, and the patient column."""
    ordered = sorted(files.items() if isinstance(files, Mapping) else files, key=lambda pair: pair[0])
    if not ordered:
        raise InvalidInput("records.no-files", source=section.name, path=section.path)
    column = PATIENT if section.is_folder_of_texts else section.patient or patient
    if column is None and unit != "row":
        raise InvalidInput("records.no-patient-setting", source=section.name)
    if section.is_folder_of_texts:
        rows = folder_of_texts(ordered, section)
    else:
        rows = one_table([(name, read_cells(data, name, section.encoding)) for name, data in ordered])
        check_columns(rows, section, ordered[0][0])
    usable = assign_patients(
        rows, column, file=ordered[0][0], crosswalk=crosswalk, optout=optout, consented=consented
    )
    return usable, column


def one_table(tables: list[tuple[str, pl.DataFrame]]) -> pl.DataFrame:
    """Put the files of a source under each other; all have the same columns, in whatever order."""
    first_name, first = tables[0]
    lines = all(name.endswith((".jsonl", ".ndjson")) for name, _ in tables)  # a key may be left out there
    for name, table in tables:
        different = set(first.columns) ^ set(table.columns)
        if different and not lines:
            raise InvalidInput(
                "records.other-columns", file=name, first=first_name, columns=", ".join(sorted(different))
            )
    named = [
        table.with_columns(*_whole_as_text(table, tables), pl.lit(name).alias("_file"))
        for name, table in tables
    ]
    try:
        return pl.concat(named, how="diagonal_relaxed")
    except pl.exceptions.PolarsError:
        raise InvalidInput("records.other-kinds", file=tables[-1][0], first=first_name) from None


def _whole_as_text(table: pl.DataFrame, tables: list[tuple[str, pl.DataFrame]]) -> list[pl.Expr]:
    """Write the floats of a column that is text in another file: 1.0 as 1, as whole numbers are written there.

    Parquet holds whole numbers as floats as soon as one row has none: that row would change how all others read.
    """
    exprs = []
    for name, kind in table.schema.items():
        if kind == pl.Float64 and any(other.schema.get(name) == pl.String for _, other in tables):
            cell = pl.col(name)
            whole = (cell == cell.floor()) & (cell.abs() < 2**53)
            text = cell.cast(pl.String)
            exprs.append(
                pl.when(whole)
                .then(cell.cast(pl.Int64, strict=False).cast(pl.String))
                .otherwise(text)
                .alias(name)
            )
    return exprs
