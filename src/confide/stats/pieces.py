"""The exact integer sums of a table that comes in pieces: two passes, in the memory of one piece and of the patients.

Guarantee: the sums are those of `confide.stats.tally` over all pieces put under each other, whatever is cut where.
First pass: how many rows of each patient count. Second pass: what each row adds, at its patient's weight. Between
them only an id and a few counts per patient are held (for `patients`, also in which groups each is). Patient data
throughout; knows no noise.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from confide.engines.polars import GRID, MOST_ROWS, Ints, Mask, cell_sums, patient_weights
from confide.errors import InvalidInput
from confide.stats.found import pairs, weights
from confide.stats.keys import Keys, n_cells
from confide.stats.parts import Part
from confide.stats.slots import Patients, columns, same_rows, size
from confide.stats.tally import Rows, Tally, tally

PIECE = 1 << 20  # rows


@dataclass(frozen=True, slots=True)
class Pieces:
    """A table in pieces that can be asked for again; all have the same columns of the same types.

    `of` is given the columns that are wanted and yields the pieces, in whatever order and of whatever sizes.
    """

    columns: tuple[str, ...]
    of: Callable[[Sequence[str]], Iterable[pl.DataFrame]] = field(repr=False)

    def tally(self, by: Keys, parts: tuple[Part, ...], rows: Rows, wanted: Collection[str]) -> "PieceTally":
        """Make the first pass.

        Args:
            by: the public keys.
            parts: what is to be summed.
            rows: makes of a piece the rows that count, each row looked at by itself.
            wanted: columns that are read; those that are not there are left out.
        """
        found = PieceTally(by, parts, lambda: self._made(rows, wanted))
        found.count()
        return found

    def values(self, key: str, rows: Rows, wanted: Collection[str]) -> dict[str, int]:
        """Return what patients give to each value of a key, as `confide.stats.found.weights` does; one pass."""
        owned = Growing(lambda frame: frame.group_by("patient", "value").sum())
        for piece in self._made(rows, wanted):
            owned.add(pairs(piece.with_columns(_patient=ids_of(piece)), key))
        whole = owned.whole()
        return {} if whole is None else weights(whole)

    def _made(self, rows: Rows, wanted: Collection[str]) -> Iterator[pl.DataFrame]:
        names = [name for name in self.columns if name in wanted or name == "_patient"]
        return (rows(piece) for piece in self.of(names))


def parquet_pieces(paths: Sequence[Path], *, rows: int = PIECE) -> Pieces:
    """Return Parquet files as pieces of at most `rows` rows; no more than a piece is in memory at a time.

    Raises:
        InvalidInput: there is no file, or they differ in their columns.
    """
    if not paths:
        raise InvalidInput("pieces.none")
    schemas = [pq.read_schema(path) for path in paths]
    if any(not schema.equals(schemas[0]) for schema in schemas):
        raise InvalidInput("pieces.differ")

    def of(names: Sequence[str]) -> Iterator[pl.DataFrame]:
        for path in paths:
            with pq.ParquetFile(path, pre_buffer=False) as file:
                for batch in file.iter_batches(batch_size=rows, columns=list(names)):
                    yield pl.DataFrame(batch)

    return Pieces(tuple(schemas[0].names), of)


class PieceTally:
    """What `confide.stats.tally.Tally` gives, of a table in pieces. Shown to nobody."""

    def __init__(
        self, by: Keys, parts: tuple[Part, ...], pieces: Callable[[], Iterable[pl.DataFrame]]
    ) -> None:
        self.n_cells = n_cells(by)
        self._by, self._parts, self._pieces = by, parts, pieces
        self._names = {each: f"n{number}" for each, number in alike(parts).items()}
        self._counts = Growing(lambda frame: frame.group_by("patient").sum())
        self._pairs = Growing(lambda frame: frame.unique())

    def __repr__(self) -> str:
        return "PieceTally(hidden)"

    def count(self) -> None:
        """Make the first pass: the rows of each patient that count, per part, and the groups of each patient."""
        total = 0
        for piece in self._pieces():
            total += piece.height
            if total >= MOST_ROWS:
                raise InvalidInput("engines.too-many-rows", most=MOST_ROWS)
            found = tally(self._by, self._parts, piece)
            ids = ids_of(piece)
            counted = {
                name: pl.Series((counting(found, each)).astype(np.int64))
                for each, name in self._names.items()
            }
            inside = pl.DataFrame({"patient": ids, **counted}).filter(pl.Series(found.places >= 0))
            self._counts.add(inside)
            if any(isinstance(part.slots, Patients) for part in self._parts):
                self._pairs.add(
                    pl.DataFrame({"patient": ids, "place": found.places}).filter(pl.col("place") >= 0)
                )

    def rows(self) -> Ints:
        """Return how many rows each patient has in the groups, in no order."""
        counts = self._counts.whole()
        return counts["n0"].to_numpy() if counts is not None else np.zeros(0, dtype=np.int64)

    def sums(self, max_rows: Callable[[Part], int]) -> dict[Part, Ints]:
        """Make the second pass, and return the exact sums of every part, shape (cells, slots)."""
        summed = [part for part in self._parts if not isinstance(part.slots, Patients)]
        sums = {part: np.zeros((self.n_cells, size(part.slots)), dtype=np.int64) for part in summed}
        for piece in self._pieces() if summed else ():
            found = tally(self._by, tuple(summed), piece)
            own = self._own_rows(piece)
            weighed: dict[tuple[Hashable, int], Ints] = {}
            for part in summed:
                key = (same(part), max_rows(part))
                weighed.setdefault(key, patient_weights(own[self._names[key[0]]].to_numpy(), key[1]))
            added = cell_sums(
                found.places,
                np.arange(piece.height),
                [weighed[same(part), max_rows(part)] for part in summed],
                [found.readings[part] for part in summed],
                self.n_cells,
            )
            for part, more in zip(summed, added, strict=True):
                sums[part] += more
        return sums | {
            part: self._patient_sums(max_rows(part))
            for part in self._parts
            if isinstance(part.slots, Patients)
        }

    def _own_rows(self, piece: pl.DataFrame) -> pl.DataFrame:
        """Return, for each row, how many rows of its patient count; 0 for a patient who is in no group."""
        counts = self._counts.whole()
        ids = pl.DataFrame({"patient": ids_of(piece)})
        if counts is None:
            return ids.select(**{name: pl.lit(0, dtype=pl.Int64) for name in self._names.values()})
        return ids.join(counts, on="patient", how="left", maintain_order="left").fill_null(0)

    def _patient_sums(self, max_cells: int) -> Ints:
        """Let each patient weigh `GRID` at most over all groups with a row of theirs, the same in each."""
        sums, pairs = np.zeros((self.n_cells, 1), dtype=np.int64), self._pairs.whole()
        if pairs is not None:
            groups = pl.max_horizontal(pl.len().over("patient").cast(pl.Int64), max_cells)
            weighed = pairs.select("place", weight=pl.lit(GRID, dtype=pl.Int64) // groups)
            np.add.at(sums[:, 0], weighed["place"].to_numpy(), weighed["weight"].to_numpy())
        return sums


class Growing:
    """Frames put under each other and made small again whenever they have doubled."""

    def __init__(self, smaller: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
        self._smaller = smaller
        self._whole: pl.DataFrame | None = None
        self._more: list[pl.DataFrame] = []
        self._rows = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Put a frame under the others."""
        frame = self._smaller(frame)
        self._more.append(frame)
        self._rows += frame.height
        if self._rows > max(PIECE, 0 if self._whole is None else self._whole.height):
            self.whole()

    def whole(self) -> pl.DataFrame | None:
        """Return all of it, small; None if there was no frame."""
        if self._more:
            frames = [*([] if self._whole is None else [self._whole]), *self._more]
            self._whole, self._more, self._rows = self._smaller(pl.concat(frames)), [], 0
        return self._whole


def same(part: Part) -> Hashable:
    """Return what is equal for two parts only if the same rows count in both; None if all in the groups do."""
    return same_rows(part.slots) if columns(part.slots) else None


def alike(parts: Iterable[Part]) -> dict[Hashable, int]:
    """Number the sets of rows that count in some part; 0 are all rows in the groups."""
    kinds = dict.fromkeys([None, *(same(part) for part in parts)])
    return {each: number for number, each in enumerate(kinds)}


def counting(found: Tally, which: Hashable) -> Mask:
    """Return the rows that count in the parts that have `which` in common."""
    inside: Mask = found.places >= 0
    for part, reading in found.readings.items():
        if which is not None and same(part) == which and reading.counted is not None:
            return inside & reading.counted
    return inside


def ids_of(piece: pl.DataFrame) -> pl.Series:
    """Return the patient of each row, of a type that all pieces share."""
    ids = piece["_patient"]
    return ids.cast(pl.Int64) if ids.dtype.is_signed_integer() else ids.cast(pl.String)
