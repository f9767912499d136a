"""Find the rows of one patient, under any id, in any file of a study: what erasing and its guards look at.

Guarantee: whose row it is is decided as a run decides it, by the patient's column, name of the file or folder,
in compared form; in lists by every column of ids. Nothing of a row but its ids, and the values of the columns
that the study calls identifying, is kept. A file that cannot be split into rows is said to be unreadable.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import polars as pl

from confide.errors import InvalidInput
from confide.records.columns import refuse_rows
from confide.records.encoding import to_utf8
from confide.records.images import read_stack_table, with_names
from confide.records.naming import shown as shown_names
from confide.records.owners import patient_in_name, patient_of_text
from confide.records.patients import clean_id, id_text, ids_in_list, list_cells
from confide.records.section import SourceSection
from confide.records.tables import read_cells
from confide.study.config import Study
from confide.study.index import LISTS
from confide.vault.vault import Vault

Owners = Mapping[str, Set[str]]  # from the name of a .png to the ids, in compared form, of whose it is
Gone = Callable[[str], bool]  # whether an id, in compared form, is of somebody who is to be forgotten
_SHOWN_ROWS = 5


@dataclass(frozen=True, slots=True)
class Theirs:
    """The rows of a file that are to go. Patient data: never printed."""

    rows: frozenset[int]
    left: int  # rows of others
    values: dict[str, set[str]] = field(repr=False)  # class -> values of the rows' identifying columns


def digest_of_id(vault: Vault, identifier: str) -> str:
    """Return what the index keeps of an erased patient's id: nothing without the vault's key."""
    return vault.keyed_digest(identifier.encode(), "erased")


def gone_by(vault: Vault, erased: Iterable[str]) -> Gone:
    """Return what tells an erased id by its keyed digest."""
    digests = frozenset(erased)
    return lambda identifier: digest_of_id(vault, identifier) in digests


def section_of(study: Study, source: str) -> SourceSection | None:
    """Return the section of a source; None for the lists, and for a source that the study names no more."""
    return next((section for section in study.source if section.name == source), None)


def shown_name(study: Study, source: str, name: str) -> str:
    """Return the name of a file as a sentence may hold it: of a text file only the pattern."""
    section = section_of(study, source)
    if section is not None and (section.is_folder_of_texts or is_image(name)):
        return section.path
    return name if section is not None or source == LISTS else source


def owners_of(study: Study, files: Iterable[tuple[str, str, bytes]]) -> dict[str, Set[str]]:
    """Return whose each .png is, from every copy of the tables that name images.

    Args:
        study: whose files they are.
        files: source, name of the original, and content; those that are no such table, or unreadable, tell nothing.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for source, name, data in files:
        section = section_of(study, source)
        if section is None or section.index != name:
            continue
        column = section.patient or study.patient.id
        with suppress(InvalidInput):
            table = with_names(read_cells(data, name), name)
            if column in table.columns:
                for image, who in zip(table["_image_file"], _ids(table, column), strict=True):
                    found[image] |= {who} - {None}
    return dict(found)


def rows_of(
    study: Study,
    source: str,
    name: str,
    data: bytes,
    gone: Gone,
    *,
    named: bool = False,
    owners: Owners | None = None,
) -> Theirs:
    """Return which rows of a file are of somebody who is to be forgotten.

    Args:
        study: whose file it is.
        source: of the file.
        name: of the original.
        data: its content.
        gone: says of whom.
        named: whether a row that names nobody is refused, as a run does; else it counts as somebody else's.
        owners: whose each .png is (`owners_of`).

    Raises:
        InvalidInput: nobody says whose a .png is; the file cannot be split into rows, or has no column of patients.
    """
    section = section_of(study, source)
    if section is not None and section.is_folder_of_texts:
        return _whole_text(patient_of_text(section.path, name), gone)
    if section is None and source != LISTS and PurePosixPath(name).suffix.lower() == ".txt":
        return _whole_text(patient_in_name(PurePosixPath(name)), gone)
    if is_image(name):
        ids = (owners or {}).get(name, frozenset[str]())
        if not ids:
            raise InvalidInput("records.image-whose", source=source)
        is_theirs = any(gone(each) for each in ids)
        return Theirs(frozenset({1} if is_theirs else ()), 0 if is_theirs else 1, {})
    if source == LISTS:
        table = list_cells(data, name)
        columns = ids_in_list(table)
    else:
        table = _cells(data, name, section.encoding if section else None)
        columns = [(section.patient if section else None) or study.patient.id]
    if not columns or not set(columns) <= set(table.columns):
        raise InvalidInput("records.no-patient-column", file=shown_name(study, source, name),
                           column=study.patient.id, columns=shown_names(table.columns))  # fmt: skip
    if table.height == 0:
        return Theirs(frozenset(), 0, {})
    for column in columns if named else ():
        nobody = pl.lit(_ids(table, column).is_null())
        refuse_rows(table, nobody, "records.no-patient", shown_name(study, source, name), column=column)
    theirs = table.filter(pl.any_horizontal(_is_gone(table, column, gone) for column in columns))
    values: dict[str, set[str]] = defaultdict(set)
    for column, kind in (section.identifiers if section else {}).items():
        if column in theirs.columns:
            values[kind] |= {str(value) for value in theirs[column].drop_nulls()}
    return Theirs(frozenset(theirs["_row"]), table.height - theirs.height, dict(values))


def is_image(name: str) -> bool:
    """Say whether a file is one image, of which a table says whose it is."""
    return PurePosixPath(name).suffix.lower() == ".png"


def _cells(data: bytes, name: str, encoding: str | None) -> pl.DataFrame:
    stack = PurePosixPath(name).suffix.lower() == ".npz"
    return read_stack_table(data, name) if stack else read_cells(data, name, encoding)


def _whole_text(patient: str, gone: Gone) -> Theirs:
    theirs = gone(clean_id(patient))
    return Theirs(frozenset({1} if theirs else ()), 0 if theirs else 1, {})


def _is_gone(table: pl.DataFrame, column: str, gone: Gone) -> pl.Expr:
    clean = _ids(table, column)
    found = [each for each in clean.drop_nulls().unique() if gone(each)]
    return pl.lit(clean.is_in(found).fill_null(False))


def _ids(table: pl.DataFrame, column: str) -> pl.Series:
    """Return the ids of a column in compared form; null where a row has none."""
    ids = pl.Series(table.select(id_text(table, column)).to_series()).cast(pl.String)
    return ids.str.normalize("NFKC").str.strip_chars().replace("", None)


def refuse_erased(study: Study, source: str, name: str, data: bytes, gone: Gone) -> None:
    """Refuse an original that brings an erased patient back.

    Raises:
        InvalidInput: names file and rows. A file that cannot be read is left for the reader to refuse.
    """
    try:
        theirs = rows_of(study, source, name, data, gone)
    except InvalidInput:
        return
    if theirs.rows:
        numbers = ", ".join(map(str, sorted(theirs.rows)[:_SHOWN_ROWS]))
        more = ", …" if len(theirs.rows) > _SHOWN_ROWS else ""
        raise InvalidInput("erase.came-back", file=shown_name(study, source, name), rows=numbers + more)


def as_text(source: str, study: Study, name: str, data: bytes) -> bytes:
    """Return the content of a file as UTF-8, for the byte search; of images, what stands beside the pixels."""
    section = section_of(study, source)
    if PurePosixPath(name).suffix.lower() in (".parquet", ".xlsx", ".npz"):
        return _cells(data, name, None).write_csv().encode()
    if is_image(name):
        return b""
    return to_utf8(data, name, section.encoding if section else None)
