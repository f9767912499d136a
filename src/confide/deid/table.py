"""De-identify a table: identifier columns by class, text columns as notes, the patient by a pseudonym.

Works patient by patient, so that a table agrees with the notes of the same patient. Knows no key: what
replaces values is passed in by `confide.deid.deidentify`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Protocol

import polars as pl

from confide.deid.cells import cell, written
from confide.deid.dates import find_dates
from confide.deid.fold import fold
from confide.deid.notes import Gathered
from confide.deid.replace import Replacer
from confide.deid.review import ReviewItem
from confide.errors import InvalidInput

PATIENT, ROW = "_patient", "_row"


class _Clean(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def review(self) -> tuple[ReviewItem, ...]: ...
    @property
    def is_open(self) -> bool: ...


def deidentify_table(
    frame: pl.DataFrame,
    identifiers: Mapping[str, str],
    text_columns: Sequence[str],
    *,
    clean: Callable[[Iterable[Gathered]], Iterator[Sequence[_Clean]]],
    replacer: Callable[..., Replacer],
    pseudonym: Callable[[str], str],
    hold: bool,
    today: date,
) -> tuple[pl.DataFrame, list[ReviewItem]]:
    """Return the de-identified table and what was doubtful in its text; see `Deidentifier.table`."""
    _check_columns(frame, identifiers, text_columns)
    patients = [written(value) for value in frame[PATIENT].to_list()]
    rows_of: dict[str, list[int]] = {}
    for i, patient in enumerate(patients):
        rows_of.setdefault(patient, []).append(i)
    used = [*identifiers, *text_columns]
    old: dict[str, list[Any]] = {name: frame[name].to_list() for name in used}
    new: dict[str, list[Any]] = {name: [None] * frame.height for name in used}
    items: list[ReviewItem] = []
    for patient, rows in rows_of.items():
        tool = replacer(patient, _reference(old, identifiers, rows) or today)
        for name, kind in identifiers.items():
            for i in rows:
                new[name][i] = cell(tool, kind, old[name][i])
    if text_columns:
        asked = (_gathered(old, identifiers, text_columns, *each) for each in rows_of.items())
        for rows, cleaned in zip(rows_of.values(), clean(asked), strict=True):
            for (name, i), done in zip(_places(old, text_columns, rows), cleaned, strict=True):
                items += [replace(item, document=f"{name}:{i + 1}") for item in done.review]
                new[name][i] = None if hold and done.is_open else done.text
    columns = [_series(name, new[name], frame[name].dtype) for name in used]
    named = pl.Series(PATIENT, [pseudonym(patient) for patient in patients], dtype=pl.String)
    return frame.with_columns(*columns, named).drop(ROW, strict=False), items


def _check_columns(frame: pl.DataFrame, identifiers: Mapping[str, str], text_columns: Sequence[str]) -> None:
    if absent := [name for name in [PATIENT, *identifiers, *text_columns] if name not in frame.columns]:
        raise InvalidInput("deid.unknown-column", columns=", ".join(absent))
    if both := sorted(set(identifiers) & set(text_columns)):
        raise InvalidInput("deid.two-uses", columns=", ".join(both))
    missing = frame[PATIENT].is_null()
    if missing.any():
        at = missing.to_list().index(True)
        row = frame[ROW][at] if ROW in frame.columns else at + 1
        raise InvalidInput("deid.no-patient", row=row)


def _reference(
    old: Mapping[str, list[Any]], identifiers: Mapping[str, str], rows: Sequence[int]
) -> date | None:
    """Return the latest day in the date columns of a patient's rows, birth dates apart."""
    days = []
    for name, kind in identifiers.items():
        if kind == "date":
            for i in rows:
                value = old[name][i]
                if isinstance(value, datetime):
                    days.append(value.date())
                elif isinstance(value, date):
                    days.append(value)
                elif isinstance(value, str):
                    days += [hit.readings[0] for hit in find_dates(fold(value).text)[:1] if hit.readings]
    return max(days, default=None)


def _gathered(
    old: Mapping[str, list[Any]],
    identifiers: Mapping[str, str],
    text_columns: Sequence[str],
    patient: str,
    rows: Sequence[int],
) -> Gathered:
    """Return the text cells of one patient, to be cleaned together; the identifier columns of the same rows are known."""
    known: dict[str, list[str]] = {}
    for name, kind in identifiers.items():
        if kind != "age":
            values = dict.fromkeys(written(old[name][i]) for i in rows if old[name][i] is not None)
            known.setdefault(kind, []).extend(values)
    return Gathered(patient, [str(old[name][i]) for name, i in _places(old, text_columns, rows)], known)


def _places(
    old: Mapping[str, list[Any]], text_columns: Sequence[str], rows: Sequence[int]
) -> list[tuple[str, int]]:
    return [(name, i) for name in text_columns for i in rows if old[name][i] is not None]


def _series(name: str, values: list[Any], before: pl.DataType) -> pl.Series:
    """Make a column of its old type when every value still fits it, of the type of its values otherwise."""
    kinds = {type(value) for value in values if value is not None}
    if not kinds:
        return pl.Series(name, values, dtype=before)
    if before.is_temporal() and kinds <= {date, datetime}:
        return pl.Series(name, values, dtype=before)
    if before.is_numeric() and kinds <= {int, float}:
        return pl.Series(name, values, dtype=before, strict=False)
    if kinds <= {int}:
        return pl.Series(name, values, dtype=pl.Int32)
    return pl.Series(name, [None if value is None else str(value) for value in values], dtype=pl.String)
