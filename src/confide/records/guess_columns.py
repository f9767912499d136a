"""Guess what each column of a table is: the patient, the text, an identifier, a number, a category.

Guarantee: a guess holds a value only as a candidate category, of a column with at most twelve short values
and a name like sex or district. Bounds come from names. Knows no files: `confide.records.guess` does.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from confide.records import headers
from confide.records.cells import SPACE, Column
from confide.words import say

Confidence = Literal["high", "medium", "low"]
Role = Literal["patient", "id", "text", "identifier", "number", "flag", "category", "other"]
_MOST = 0.8  # of the cells, to give a column away by their shape
_NEVER_NUMBERS = ("name", "kin", "staff", "organisation", "place", "date", "url", "email")
_CATEGORIES, _LONGEST_CATEGORY, _LONG_TEXT = 12, 24, 80


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnGuess:
    """What one column seems to be. `reason` is a sentence in the language in force when it was made."""

    column: str
    role: Role
    kind: str | None = None  # class of an identifier
    categories: tuple[str, ...] = ()  # candidates, to be confirmed as public
    bounds: tuple[float, float] | None = None  # from the name, never from the values
    is_target: bool = False
    confidence: Confidence
    reason: str


def guess_columns(table: Mapping[str, Column]) -> tuple[ColumnGuess, ...]:
    """Return a guess for each column of the user; at most one is the patient, one the id, one the text."""
    return tuple(_resolved([_column(name, column) for name, column in table.items()], table))


def _column(column: str, cells: Column) -> ColumnGuess:
    """Guess one column by its name, then by the shape of its values."""
    by_name, is_number = say("records.guess.by-name"), cells.kind in ("integer", "number")
    if headers.means(column, "patient"):
        return ColumnGuess(
            column=column, role="patient", kind="record-number", confidence="high", reason=by_name
        )
    if headers.means(column, "text") and cells.kind == "text":
        return ColumnGuess(column=column, role="text", confidence="high", reason=by_name)
    kind = headers.identifier_class(column)
    if is_number and kind in _NEVER_NUMBERS:
        kind = None
    if headers.means(column, "record") and len(set(cells.filled)) == len(cells.cells):
        return ColumnGuess(column=column, role="id", kind=kind, confidence="high", reason=by_name)
    if kind == "age" and not is_number and (bands := _categories(cells.filled)):
        reason = say("records.guess.category")
        return ColumnGuess(column=column, role="category", categories=bands, confidence="low", reason=reason)
    if kind is not None:
        bounds = headers.public_bounds(column) if kind == "age" else None
        return ColumnGuess(
            column=column, role="identifier", kind=kind, bounds=bounds, confidence="high", reason=by_name
        )
    return _number(column, cells) if is_number or cells.kind == "boolean" else _words(column, cells)


def _number(column: str, cells: Column) -> ColumnGuess:
    """Guess a column of numbers whose name is no identifier's."""
    if all(cell in (0, 1) for cell in cells.filled):
        target, reason = headers.means(column, "target"), say("records.guess.flag")
        return ColumnGuess(column=column, role="flag", is_target=target, confidence="high", reason=reason)
    bounds = headers.public_bounds(column)
    reason = say("records.guess.bounds" if bounds else "records.guess.no-bounds")
    sure: Confidence = "medium" if bounds else "low"
    return ColumnGuess(column=column, role="number", bounds=bounds, confidence=sure, reason=reason)


def _words(column: str, cells: Column) -> ColumnGuess:
    """Guess a column of text whose name is no identifier's, by the shape of its cells and how many differ."""
    filled = [str(cell).strip(SPACE) for cell in cells.filled]
    by_shape, target = say("records.guess.by-shape"), headers.means(column, "target")
    for kind, shape in headers.shapes():
        if sum(map(bool, map(re.compile(shape).fullmatch, filled))) > _MOST * len(filled):
            return ColumnGuess(
                column=column, role="identifier", kind=kind, confidence="medium", reason=by_shape
            )
    if sum(map(len, filled)) >= _LONG_TEXT * max(1, len(filled)):
        return ColumnGuess(column=column, role="text", confidence="medium", reason=by_shape)
    if headers.means(column, "category") and (values := _categories(filled)):
        return ColumnGuess(
            column=column,
            role="category",
            categories=values,
            is_target=target,
            confidence="low",
            reason=say("records.guess.category"),
        )
    reason = say("records.guess.unknown")
    return ColumnGuess(column=column, role="other", is_target=target, confidence="low", reason=reason)


def _categories(cells: Sequence[str | int | float | bool]) -> tuple[str, ...]:
    """Return the values of a column if they are few and short, else nothing."""
    values = [str(value) for value in sorted(set(cells))]
    fit = len(values) <= _CATEGORIES and all(len(value) <= _LONGEST_CATEGORY for value in values)
    return tuple(values) if fit else ()


def _resolved(guesses: list[ColumnGuess], table: Mapping[str, Column]) -> Iterator[ColumnGuess]:
    """Leave one patient, one id and one text; a hospital number is the patient where nothing better is."""
    best: dict[str, str] = {}
    for wanted in ("patient", "id", "text"):
        fitting = [one for one in guesses if one.role == wanted]
        fitting.sort(key=lambda one: one.confidence != "high")
        if wanted == "text":  # of several long texts, the longest
            fitting.sort(key=lambda one: -sum(len(str(cell)) for cell in table[one.column].filled))
        if fitting:
            best[wanted] = fitting[0].column
    if "patient" not in best:
        perhaps = (one for one in guesses if headers.means(one.column, "patient-perhaps"))
        if (hospital := next(perhaps, None)) is not None:
            best = {role: column for role, column in best.items() if column != hospital.column}
            best["patient"] = hospital.column
    for one in guesses:
        role: str | None = next((of for of, column in best.items() if column == one.column), None)
        if role == "patient" and one.role != "patient":
            reason = say("records.guess.patient-perhaps")
            yield ColumnGuess(
                column=one.column, role="patient", kind="record-number", confidence="low", reason=reason
            )
        elif role is None and one.role in ("patient", "id"):
            kind = one.kind or "record-number"
            yield ColumnGuess(
                column=one.column, role="identifier", kind=kind, confidence="medium", reason=one.reason
            )
        elif role is None and one.role == "text":
            reason = say("records.guess.more-text")
            yield ColumnGuess(column=one.column, role="other", confidence="low", reason=reason)
        else:
            yield one
