"""A table, or a piece of one, as plain columns of cells; what each column holds, decided by all of its cells.

Guarantee: as `confide.records.columns`, which does the same to whole tables with Polars: a column becomes numbers
only if every filled cell is one. Loads no Polars, so that a stream of documents is read in little memory.
"""

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Kind = Literal["text", "integer", "number", "boolean"]
Cell = str | int | float | bool | None

LARGEST_CELL: Final = 1_000_000  # bytes of UTF-8
MISSING: Final = ("NA", "N/A", "NULL", "null")
WHOLE: Final = "[+-]?(?:0|[1-9][0-9]{0,14})"
NUMBER: Final = r"[+-]?(?:(?:0|[1-9][0-9]*)\.[0-9]*|\.[0-9]+|0|[1-9][0-9]{0,14})(?:[eE][+-]?[0-9]{1,3})?"
NO_NUMBER: Final = "[+-]?(?:nan|inf|infinity|∞)"  # in any case
SPACE: Final = (  # White_Space of Unicode, as Polars reads it; `str.strip` takes four more
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_WHOLE, _NUMBER = re.compile(WHOLE), re.compile(NUMBER)
_NO_NUMBER = re.compile(NO_NUMBER, re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells as text, None where they are empty, and the number of each row. `repr` shows no cell.

    `kinds` is what a file of types, such as Parquet, says of its columns of numbers and booleans. `values` holds, row by
    row, what a file of types has in place of the text; a file of text has none.
    """

    columns: Mapping[str, Sequence[str | None]] = field(repr=False)
    rows: Sequence[int]
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    values: Sequence[Mapping[str, Any]] = field(default=(), repr=False)

    def head(self, rows: int) -> "Cells":
        """Return the first so many rows."""
        columns = {name: cells[:rows] for name, cells in self.columns.items()}
        return Cells(columns, self.rows[:rows], self.kinds, self.values[:rows])


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number as a file of text has it, digit by digit, where that file tells numbers from text. `repr` hides it."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Column:
    """One column by what it holds. `repr` shows no cell."""

    kind: Kind
    cells: Sequence[Cell] = field(repr=False)

    @property
    def filled(self) -> list[str | int | float | bool]:
        """The cells that are not empty."""
        return [cell for cell in self.cells if cell is not None]


def untyped_columns(cells: Cells) -> dict[str, Column]:
    """Return the columns as the file has them: text, but for what a file of types says."""
    return {name: _declared(column, cells.kinds.get(name)) for name, column in cells.columns.items()}


def typed_columns(cells: Cells, *, text: Collection[str] = ()) -> dict[str, Column] | None:
    """Return the columns by what they hold; None where `confide.records.columns.typed` would refuse the table.

    Args:
        cells: a table, or its first rows.
        text: columns that stay text, or become it.
    """
    typed = {}
    for name, column in cells.columns.items():
        kind = cells.kinds.get(name)
        if kind is None and any(cell is not None and _is_large(cell) for cell in column):
            return None
        if name in text:
            typed[name] = Column("text", _as_text(column, kind))
        elif kind is None:
            found = _column_of(column)
            if found is None:
                return None
            typed[name] = found
        else:
            typed[name] = _declared(column, kind)
            if kind == "number" and not all(map(math.isfinite, typed[name].filled)):  # type: ignore[arg-type]  # floats
                return None
    return typed


def _is_true(cell: str) -> bool:
    return cell == "true"


_READ: Final[Mapping[Kind, Callable[[str], Cell]]] = {"integer": int, "number": float, "boolean": _is_true}


def _is_large(cell: str) -> bool:
    return 4 * len(cell) > LARGEST_CELL and len(cell.encode()) > LARGEST_CELL


def _declared(column: Sequence[str | None], kind: Kind | None) -> Column:
    """Return a column of a kind that the file says, as values."""
    if kind is None or kind == "text":
        return Column("text", column)
    read = _READ[kind]
    return Column(kind, [None if cell is None else read(cell) for cell in column])


def _as_text(column: Sequence[str | None], kind: Kind | None) -> Sequence[str | None]:
    """Return cells as text; whole numbers that Parquet held as floats lose their `.0`."""
    if kind != "number":
        return column
    numbers = [None if cell is None else float(cell) for cell in column]
    if all(number is None or (number.is_integer() and abs(number) < 2**63) for number in numbers):
        return [None if number is None else str(int(number)) for number in numbers]
    return column


def _column_of(column: Sequence[str | None]) -> Column | None:
    """Return a column of text as what its cells are; None where it is numbers, and one of them is not finite."""
    stripped = [None if cell is None else cell.strip(SPACE) for cell in column]
    bare = [None if cell in ("", *MISSING) else cell for cell in stripped]
    filled = [cell for cell in bare if cell is not None]
    if not filled:
        return Column("text", column)
    if all(map(_WHOLE.fullmatch, filled)):
        return Column("integer", [None if cell is None else int(cell) for cell in bare])
    if not all(_NUMBER.fullmatch(cell) or _NO_NUMBER.fullmatch(cell) for cell in filled):
        return Column("text", column)
    numbers = [None if cell is None else float(cell.replace("∞", "inf")) for cell in bare]
    return Column("number", numbers) if all(x is None or math.isfinite(x) for x in numbers) else None
