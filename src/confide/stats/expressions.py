"""The small language of `where` and `derive`: public functions of one row, written as Python writes them.

Guarantee: the value of a row depends on that row's cells alone; changing, adding or removing other rows
changes nothing in it. Nothing fails on a cell: what cannot be computed is missing. A text is parsed, never
run. What is understood: `docs/expressions.md`. Knows no budget; `confide.stats.cells` reads the cells.

What is missing stays missing: in a calculation, and in a comparison (three values, as in SQL), so that
`not (age < 18)` does not hold either where no age is known; only what surely holds is kept.
"""

import ast
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.errors import InvalidInput
from confide.stats.cells import Kind, read_cells
from confide.stats.grammar import Rows, kind_of, value, verify_depth, verify_names

LONGEST = 1000  # characters
_BLOCK = 1 << 18  # rows at a time
_RESERVED = ("_patient", "_row", "_file")


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression, checked. Public: it may be printed, logged and signed."""

    text: str
    kind: Kind
    reads: tuple[tuple[str, Kind], ...]  # each column, and as what it is read
    tree: ast.expr = field(repr=False, compare=False)

    def columns(self) -> tuple[str, ...]:
        """Return the columns that it reads; a source has to hand them over as they were read, as text."""
        return tuple(dict.fromkeys(column for column, _ in self.reads))


@lru_cache(maxsize=1024)
def parse(text: str, kind: Kind | None = None) -> Expression:
    """Read an expression; nothing is run, and no data are needed.

    Args:
        text: for example `weight / (height / 100) ** 2`.
        kind: what its value has to be; None allows any.

    Raises:
        InvalidInput: names what is not understood.

    >>> parse("18 <= age < 65 and sex == 'F'").columns()
    ('age', 'sex')
    """
    if len(text) > LONGEST:
        raise InvalidInput("expressions.too-long", found=len(text), most=LONGEST)
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InvalidInput("expressions.not-one", found=text[:60]) from None
    verify_depth(tree)
    verify_names(tree, text)
    reads: dict[tuple[str, Kind], None] = {}

    def nothing(column: str, kind: Kind) -> pl.Series:
        reads[column, kind] = None
        return read_cells(pl.Series([], dtype=pl.String), kind)

    value(tree, kind, Rows(height=0, read=nothing))
    if not reads:
        raise InvalidInput("expressions.no-column", found=text)
    return Expression(text, kind_of(tree) or kind or Kind.TEXT, tuple(reads), tree)


def keep(frame: pl.DataFrame, conditions: Iterable[str]) -> NDArray[np.bool_]:
    """Return which rows fulfil every condition; where that is missing, a row is not kept.

    Guarantee: whether a row is kept depends on that row alone.

    Raises:
        InvalidInput: a condition is none, or names a column that is not there; never a cell's fault.

    >>> keep(pl.DataFrame({"age": ["17", "18", "?"]}), ["age >= 18"]).tolist()
    [False, True, False]
    """
    kept = np.ones(frame.height, dtype=np.bool_)
    for condition in conditions:
        kept &= _values(frame, parse(condition, Kind.TRUTH)).fill_null(False).to_numpy()
    return kept


def derived(frame: pl.DataFrame, definitions: Mapping[str, str]) -> pl.DataFrame:
    """Return the frame with a column more for each definition; a later one may use an earlier one.

    Guarantee: the new cells of a row depend on that row alone, and no column is replaced. Numbers become
    Float64, texts String, days text in ISO form, and what holds or does not hold Boolean.

    Raises:
        InvalidInput: an expression or a name that cannot be, or a column that is not there.

    >>> derived(pl.DataFrame({"kg": ["80"], "cm": ["200"]}), {"bmi": "kg / (cm / 100) ** 2"})["bmi"].to_list()
    [20.0]
    """
    for name, text in definitions.items():
        verify_name(name)
        if name in frame.columns:
            raise InvalidInput("expressions.name-taken", name=name)
        values = _values(frame, parse(text))
        frame = frame.with_columns(
            (values.cast(pl.String) if values.dtype == pl.Date else values).alias(name)
        )
    return frame


def verify_name(name: str) -> None:
    """Refuse a name that no derived column may have.

    Raises:
        InvalidInput: it is empty or one that confide uses.
    """
    if not name.strip() or name in _RESERVED:
        raise InvalidInput("expressions.name", name=name)


def _values(frame: pl.DataFrame, expression: Expression) -> pl.Series:
    """Return the value of each row, some rows at a time: what they need in between stays small."""
    for column in expression.columns():
        if column not in frame.columns:
            raise InvalidInput("stats.no-column", column=column)
    pieces = (_rows(frame.slice(start, _BLOCK)) for start in range(0, frame.height or 1, _BLOCK))
    return pl.concat(value(expression.tree, expression.kind, piece) for piece in pieces)


def _rows(piece: pl.DataFrame) -> Rows:
    return Rows(height=piece.height, read=lambda column, kind: read_cells(piece[column], kind))
