"""One pass over a table with Polars and numpy: exact integer sums per cell, each patient bounded.

Everything is decided row by row or within one patient: how a value is read never depends on
another patient's rows. Knows no privacy budget and no noise; `confide.stats.plan` adds the noise
before anything is shown. Proof of the bound: `docs/proofs/stats.md`.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.errors import InvalidInput

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Adds = Callable[[slice], "tuple[Ints | None, ...]"]
Found = TypeVar("Found")
Places = Callable[[slice], Ints]  # from a slice of rows to their places in a public list

GRID = 1 << 20  # weight 1 in fixed point
MOST_ROWS = 1 << 31
BLOCK = 1 << 16  # rows handled at a time
THREADS = min(
    2, os.cpu_count() or 1
)  # sums hold the interpreter: more would only wait, each with its own tables
LARGEST_STEPS = 1 << 11  # a row's addition times a weight, summed over MOST_ROWS, stays within 2^62


@dataclass(frozen=True, slots=True)
class Reading:
    """What each row adds to the slots of its group, per unit of weight. Holds patient data: shown to nobody.

    `counted`: which rows count (None: all); what is said of others is not looked at. `adds` turns a slice of rows
    into one amount per slot and row (None: 1); or `slot` gives the one slot of each row, to which it adds 1.
    """

    counted: Mask | None
    n_slots: int
    adds: Adds | None = None
    slot: Places | None = None

    def __repr__(self) -> str:
        return "Reading(hidden)"


_NARROW = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32)
_READABLE = (pl.String, pl.Boolean, pl.Categorical, pl.Enum, pl.Date, pl.Datetime)


def read_numbers(column: pl.Series) -> Floats:
    """Return the column as floats, NaN where there is no finite number.

    Guarantee: each value is read on its own, so that one patient's odd cell changes no other row.
    """
    verify_readable(column)
    if column.dtype in (pl.Categorical, pl.Enum):
        column = column.cast(pl.String)
    numbers = column.cast(pl.Float64, strict=False).to_numpy()
    finite = np.isfinite(numbers)
    return numbers if finite.all() else np.where(finite, numbers, np.nan)


def read_text(column: pl.Series) -> pl.Series:
    """Return the column as text, null where there is none; `1.0` in a column of numbers reads `1`."""
    verify_readable(column)
    if column.dtype.is_float():
        whole = column.is_finite() & (column == column.floor()) & (column.abs() < 2**53)
        column = column.fill_nan(None)
        return column.cast(pl.String).zip_with(
            ~whole.fill_null(False), column.cast(pl.Int64, strict=False).cast(pl.String)
        )
    return column.cast(pl.String)


def category_places(column: pl.Series, categories: tuple[str, ...]) -> Places:
    """Return a reader of each row's place in the public list; -1 where not listed or missing."""
    places = {int(text): place for place, text in enumerate(categories) if _is_plain_integer(text)}
    if column.dtype.is_integer() and places and max(places) - min(places) < 1 << 16:
        low = min(places)
        table = np.full(max(places) - low + 3, -1, dtype=np.int64)  # both ends stay -1, for what lies outside
        for number, place in places.items():
            table[number - low + 1] = place
        if column.null_count() or column.dtype not in _NARROW:
            column = column.cast(pl.Int64, strict=False).fill_null(low - 1)
        numbers = column.to_numpy()
        # Where a difference wraps around, it still lands beyond an end of the table.
        return lambda rows: np.take(table, numbers[rows].astype(np.int64) - (low - 1), mode="clip")
    listed = read_text(column).cast(pl.Enum(categories), strict=False).to_physical()
    codes = listed.fill_null(len(categories)).to_numpy()
    return lambda rows: np.where(codes[rows] < len(categories), codes[rows].astype(np.int64), -1)


def bin_places(column: pl.Series, edges: tuple[float, ...]) -> Places:
    """Return a reader of each row's half-open bin [edge, next edge); -1 outside of all or missing."""
    numbers, sorted_edges = read_numbers(column), np.asarray(edges, dtype=np.float64)

    def places(rows: slice) -> Ints:
        codes = np.searchsorted(sorted_edges, numbers[rows], side="right").astype(np.int64) - 1
        codes[codes == len(edges) - 1] = -1  # at or above the last edge; NaN sorts there too
        return codes

    return places


def patient_codes(patients: pl.Series) -> Ints:
    """Return a non-negative integer per row, the same for rows of one patient; -1 for no patient."""
    if patients.dtype == pl.Categorical:
        patients = patients.to_physical()  # Polars has told the texts apart already
    if patients.dtype.is_integer() and len(patients) and patients.null_count() < len(patients):
        low, high = int(patients.min()), int(patients.max())  # type: ignore[arg-type]  # integers, not all null
        if low > -(2**62) and high - low < 4 * len(patients) + 1024:
            return (patients.cast(pl.Int64) - low).fill_null(-1).to_numpy()
    frame = pl.DataFrame({"patient": patients}).with_row_index("row")
    first_row = pl.col("row").cast(pl.Int64).first().over("patient")
    code = pl.when(pl.col("patient").is_null()).then(-1).otherwise(first_row)
    return frame.select(code=code)["code"].to_numpy()


def patient_rows(patients: Ints, counted: Mask | None) -> Ints:
    """Return how many rows of each patient count, by patient code.

    Args:
        patients: codes from `patient_codes`, none of them -1 where `counted`.
        counted: which rows count; None for all.
    """
    return np.bincount(patients if counted is None else patients[counted], minlength=1)


def patient_weights(rows: Ints, max_rows: int) -> Ints:
    """Give every patient a fixed-point weight per row, so that all rows of one together weigh `GRID` at most.

    Guarantee: weight times rows of one patient is at most `GRID`, and a weight depends on that patient's own
    rows only. A patient with more than `GRID` rows weighs nothing.

    Args:
        rows: rows of each patient that count.
        max_rows: how many rows of a patient are whole ones, from 1; a whole row weighs `GRID // max_rows`.

    Returns:
        Weights by patient code, from 0 to `GRID // max_rows`.
    """
    return GRID // np.maximum(rows, max_rows)


def cell_sums(
    cells: Ints, patients: Ints, weights: list[Ints], readings: list[Reading], n_cells: int
) -> list[Ints]:
    """Sum weight times addition per cell and slot, exactly; rows of cell -1 are left out, in one pass.

    Guarantee: integers throughout, and no overflow: a row adds at most 2^31, of at most 2^31 rows.

    Args:
        cells: code of each row's cell, -1 for none.
        patients: code of each row's patient.
        weights: for each reading, weights by patient code from `patient_weights`.
        readings: what each row adds, at most `LARGEST_STEPS` in size over all slots. The rows that do not count
            in a reading are left out of its sums.
        n_cells: number of public cells; each is in the result, empty or not.

    Returns:
        One array per reading, shape (n_cells, slots).
    """
    different = {id(weight): weight.astype(np.int32) for weight in weights}

    def summed(spans: Iterator[slice]) -> list[Ints]:
        # One table of all slots, or one for each; cell -1 falls into the last row, which is dropped.
        sums = [
            np.zeros((n_cells + 1, reading.n_slots), dtype=np.int64, order="C" if reading.slot else "F")
            for reading in readings
        ]
        for rows in spans:
            cell, own = cells[rows], patients[rows]
            taken = {
                key: np.take(weight, own, mode="clip").astype(np.int64) for key, weight in different.items()
            }
            for reading, weight, total in zip(readings, weights, sums, strict=True):
                amount = taken[id(weight)]
                if reading.counted is not None:
                    amount = amount * reading.counted[rows]
                if reading.slot is not None:
                    np.add.at(total.reshape(-1), cell * reading.n_slots + reading.slot(rows), amount)
                elif reading.adds is not None:
                    for place, steps in enumerate(reading.adds(rows)):
                        np.add.at(total[:, place], cell, amount if steps is None else amount * steps)
        return sums

    parts = side_by_side(summed, len(cells))
    return [
        np.add.reduce(each)[:n_cells] if len(each) > 1 else each[0][:n_cells]
        for each in zip(*parts, strict=True)
    ]


def side_by_side(work: Callable[[Iterator[slice]], Found], rows: int) -> list[Found]:
    """Do `work` on the blocks of so many rows, divided among threads where that is worth it."""
    spans = list(blocks(rows))
    threads = min(THREADS, len(spans) // 32)
    if threads < 2:
        return [work(iter(spans))]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, (iter(spans[at::threads]) for at in range(threads))))


def blocks(rows: int) -> Iterator[slice]:
    """Yield slices that cover `rows` rows and are small enough to stay in a processor's cache."""
    if rows >= MOST_ROWS:
        raise InvalidInput("engines.too-many-rows", most=MOST_ROWS)
    return (slice(start, start + BLOCK) for start in range(0, rows, BLOCK))


def combined_codes(readers: list[Places], sizes: list[int], rows: int) -> Ints:
    """Return one cell number per row from its place in each list; -1 if any place is -1."""
    cells = np.zeros(rows, dtype=np.int64)

    def combined(spans: Iterator[slice]) -> None:
        for block in spans:
            cell = cells[block]
            outside = np.zeros(len(cell), dtype=np.bool_)
            for places, size in zip(readers, sizes, strict=True):
                codes = places(block)
                cell *= size
                cell += codes
                outside |= codes < 0
            cell[outside] = -1

    side_by_side(combined, rows)
    return cells


def _is_plain_integer(text: str) -> bool:
    return (
        text.removeprefix("-").isdecimal()
        and text.isascii()
        and str(int(text)) == text
        and abs(int(text)) < 2**62
    )


def verify_readable(column: pl.Series) -> None:
    """Refuse a column whose type holds no cells, such as lists; its cells are not looked at."""
    if not (column.dtype.is_numeric() or column.dtype in _READABLE or column.dtype == pl.Null):
        raise InvalidInput("engines.column-type", column=column.name, found=str(column.dtype))
