"""The exact integer sums of a Spark data frame: executors read rows as one machine reads them, Spark adds them up.

Guarantee: the sums are those of `confide.stats.tally` over all rows on one machine. Rows reach Spark's shuffles as
patient, place and whole numbers, encrypted on disk; an executor's unforeseen error takes no cell into a log. Knows no noise.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa

from confide.engines.polars import Ints, Mask
from confide.engines.spark import (
    COUNTS,
    OWNED,
    SCHEMA,
    rows_per_patient,
    value_weights,
    verify_session,
    weighted_sums,
)
from confide.errors import ConfideError
from confide.stats.found import MOST_KEYS, pairs
from confide.stats.keys import Keys, n_cells
from confide.stats.parts import Part
from confide.stats.pieces import alike, counting, ids_of, same
from confide.stats.slots import Patients, size
from confide.stats.tally import Rows, Tally, tally

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True, slots=True)
class OnSpark:
    """A Spark data frame with a column `_patient`, to be summed where its rows are."""

    frame: "DataFrame" = field(repr=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        return tuple(self.frame.columns)

    def tally(self, by: Keys, parts: tuple[Part, ...], rows: Rows, wanted: Collection[str]) -> "SparkTally":
        """Say what executors have to do; nothing runs yet. Arguments as of `confide.stats.pieces.Pieces.tally`.

        Raises:
            InvalidInput: the session is not encrypted, or a column is of a kind that holds no value.
        """
        return SparkTally(by, parts, self._on_executors(partial(_amounts, by, parts, rows), wanted, SCHEMA))

    def values(self, key: str, rows: Rows, wanted: Collection[str]) -> dict[str, int]:
        """Return what patients give to each value of a key, as `confide.stats.found.weights` does."""
        return value_weights(self._on_executors(partial(_owned, key, rows), wanted, OWNED), MOST_KEYS)

    def _on_executors(self, work: "Work", wanted: Collection[str], schema: str) -> "DataFrame":
        verify_session(self.frame.sparkSession)
        names = [name for name in self.columns if name in wanted or name == "_patient"]
        frame = self.frame.select([f"`{name.replace('`', '``')}`" for name in names])
        work(pl.DataFrame(_schema_of(frame).empty_table()))  # what is refused, is refused here
        return frame.mapInArrow(partial(_batches, work, schema), schema)


class SparkTally:
    """What `confide.stats.tally.Tally` gives, of a Spark data frame. Shown to nobody."""

    def __init__(self, by: Keys, parts: tuple[Part, ...], amounts: "DataFrame") -> None:
        self.n_cells = n_cells(by)
        self._parts, self._amounts = parts, amounts

    def __repr__(self) -> str:
        return "SparkTally(hidden)"

    def rows(self) -> Ints:
        """Return how many rows each patient has in the groups, in no order."""
        return rows_per_patient(self._amounts, 0)

    def sums(self, max_rows: Callable[[Part], int]) -> dict[Part, Ints]:
        """Return the exact sums of every part, shape (cells, slots)."""
        most = {place: max_rows(part) for place, part in enumerate(self._parts)}
        once = {place for place, part in enumerate(self._parts) if isinstance(part.slots, Patients)}
        found = weighted_sums(
            self._amounts,
            {place: each for place, each in most.items() if place not in once},
            {place: each for place, each in most.items() if place in once},
        )
        sums = {}
        for place, part in enumerate(self._parts):
            flat = np.zeros(self.n_cells * size(part.slots), dtype=np.int64)
            if place in found:
                at, amounts = found[place]
                flat[at] = amounts
            sums[part] = flat.reshape(self.n_cells, size(part.slots))
        return sums


def _schema_of(frame: "DataFrame") -> pa.Schema:
    from pyspark.sql.pandas.types import to_arrow_schema

    return to_arrow_schema(frame.schema)


# on executors ---------------------------------------------------------------------------------------

Work = Callable[[pl.DataFrame], pl.DataFrame]


_TYPES = {"binary": pa.binary(), "int": pa.int32(), "bigint": pa.int64()}


def _batches(work: Work, schema: str, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Work on each batch; let no text of an unforeseen error into the logs of Spark, as it may quote a cell."""
    columns = (column.split() for column in schema.split(","))
    types = pa.schema([(name, _TYPES[kind]) for name, kind in columns])
    for batch in batches:
        try:
            found = work(pl.DataFrame(batch)).to_arrow().cast(types)
        except ConfideError:
            raise
        except Exception as error:
            raise ConfideError("error.internal", kind=type(error).__name__, place="stats/spark.py") from None
        yield from found.to_batches()


def _amounts(by: Keys, parts: tuple[Part, ...], rows: Rows, piece: pl.DataFrame) -> pl.DataFrame:
    """Return what the patients of a piece add, in the form of `confide.engines.spark.SCHEMA`."""
    piece = rows(piece)
    found = tally(by, parts, piece)
    patients = ids_of(piece).cast(pl.String).cast(pl.Binary)  # told apart by bytes, whatever collation is set
    numbers = alike(parts)
    frames = [
        _summed(patients, counting(found, each), number, COUNTS, [(np.zeros_like(found.places), None)])
        for each, number in numbers.items()
    ]
    for place, part in enumerate(parts):
        counted = counting(found, same(part))
        made = _summed(patients, counted, numbers[same(part)], place, _added(found, part))
        once = isinstance(part.slots, Patients)
        frames.append(made.with_columns(amount=pl.lit(1, dtype=pl.Int64)) if once else made)
    return pl.concat(frames)


def _owned(key: str, rows: Rows, piece: pl.DataFrame) -> pl.DataFrame:
    """Return who has which value of a key in how many rows, in the form of `confide.engines.spark.OWNED`."""
    piece = rows(piece)
    owned = pairs(piece.with_columns(_patient=ids_of(piece).cast(pl.String)), key)
    return owned.with_columns(pl.col("patient", "value").cast(pl.Binary))


def _added(found: Tally, part: Part) -> list[tuple[Ints, Ints | None]]:
    """Return, for each slot that a row has something for, the place of each row and what it adds (None: 1)."""
    reading, whole = found.readings[part], slice(0, len(found.places))
    first = found.places * reading.n_slots
    if reading.slot is not None:
        return [(first + reading.slot(whole), None)]
    added = reading.adds(whole) if reading.adds is not None else ()
    return [(first + place, steps) for place, steps in enumerate(added)]


def _summed(
    patients: pl.Series, counted: Mask, number: int, part: int, added: list[tuple[Ints, Ints | None]]
) -> pl.DataFrame:
    ones = np.ones(len(patients), dtype=np.int64)
    frame = pl.concat(
        pl.DataFrame({"patient": patients, "at": at, "amount": ones if steps is None else steps}).filter(
            counted
        )
        for at, steps in added
    )
    summed = frame.group_by("patient", "at").agg(pl.col("amount").sum())
    return summed.select("patient", counted=pl.lit(number), part=pl.lit(part), at="at", amount="amount")
