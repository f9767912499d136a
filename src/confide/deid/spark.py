"""De-identify the rows of a Spark data frame: the patients apart over the executors, the same rows as on one machine.

Guarantee: all rows of a patient are searched together, on one executor; what comes out is, row by row, what
`confide.deid.stream` gives. No key is in the plan, in a task or in a log: executors get a function that opens the vault
there. A session that would spill plain text, or send it in the clear from machine to machine, is refused. Doubtful finds
are replaced; no queue of them is kept here. Why so: `docs/decisions/0011-keys-on-spark.md`.
"""

import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from confide.deid.deidentify import Deidentifier, check_classes
from confide.deid.stream import Document, deidentify_stream
from confide.engines.spark import verify_session
from confide.errors import ConfideError, InvalidInput
from confide.records.rows import Columns, cell_as, row_to_write, rows_read
from confide.records.tables import cells_of, held_values, plain_cells

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_FRAME = "the data frame"
_TYPES = {"integer": "bigint", "number": "double", "boolean": "boolean"}


def deidentify_frame(
    frame: "DataFrame",
    make: Callable[[], Deidentifier],
    *,
    text: str | None,
    patient: str | None,
    identifiers: Mapping[str, str] | None = None,
) -> "DataFrame":
    """Return the frame de-identified: its columns in their order, the patient by a pseudonym.

    Guarantee: as the module says.

    Args:
        frame: rows of text, numbers, booleans and dates; dates become text.
        make: makes the de-identifier on an executor, once in each of its processes. It is pickled, so it holds
            names of files and no key; a `Deidentifier` or `Vault` in it is refused by these.
        text: the column of free text; all others are searched as well.
        patient: the column that tells whose a row is; None makes each row a patient of its own.
        identifiers: column -> class; such a column is replaced whole, its values count as known.

    Raises:
        InvalidInput: no such column or class, a column that is no cell, or a session that is not encrypted. On an
            executor: a row without a patient, or what `make` raises; Spark shows the sentence and nothing of a row.
    """
    from pyspark import cloudpickle  # functions of a notebook are pickled whole

    named = dict(identifiers or {})
    check_classes(named)
    verify_session(frame.sparkSession)
    wanted = [name for name in (text, patient, *named) if name is not None]
    if absent := [name for name in wanted if name not in frame.columns]:
        raise InvalidInput("deid.unknown-column", columns=", ".join(absent))
    if patient is not None:
        named[patient] = "record-number"
    empty = pl.DataFrame(_arrow_schema(frame).empty_table())
    found, names = cells_of(plain_cells(empty, _FRAME)).kinds, tuple(frame.columns)
    # A pseudonym is no number.
    kinds: dict[str, str] = {name: kind for name, kind in found.items() if name != patient}
    columns = Columns(names=names, patient=patient, text=text, identifiers=named, kinds=kinds)
    made: bytes = cloudpickle.dumps(make)  # type: ignore[no-untyped-call]  # of pyspark
    work = partial(_guarded, made, columns)
    schema = ", ".join(f"`{name}` {_TYPES.get(columns.kinds.get(name, ''), 'string')}" for name in names)
    if patient is None:
        return frame.mapInArrow(partial(_batches, work), schema)
    from pyspark.sql import functions

    whose = functions.regexp_replace(functions.col(f"`{patient}`").cast("string"), r"(?U)^\s+|\s+$", "")

    def group(table: pa.Table) -> pa.Table:  # Spark reads how to call it from these types
        return work(table)

    return frame.groupBy(whose).applyInArrow(group, schema)


def _arrow_schema(frame: "DataFrame") -> pa.Schema:
    from pyspark.sql.pandas.types import to_arrow_schema

    return to_arrow_schema(frame.schema)


# on executors ---------------------------------------------------------------------------------------

Work = Callable[[pa.Table], pa.Table]


def _batches(work: Work, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield from work(pa.Table.from_batches([batch])).to_batches()


def _guarded(made: bytes, columns: Columns, table: pa.Table) -> pa.Table:
    """Clean a table; let no text of an unforeseen error into the logs of Spark, as it may quote a cell."""
    try:
        return _clean(_opened(made), columns, table)
    except ConfideError:
        raise
    except Exception as error:
        raise ConfideError("error.internal", kind=type(error).__name__, place="deid/spark.py") from None


@cache
def _opened(made: bytes) -> Deidentifier:
    """Make the de-identifier once in a process: opening a vault by a passphrase takes its time on purpose."""
    make: Callable[[], Deidentifier] = pickle.loads(made)  # noqa: S301 -- the driver of this very job wrote it
    return make()


def _clean(deidentifier: Deidentifier, columns: Columns, table: pa.Table) -> pa.Table:
    plain = plain_cells(pl.DataFrame(table), _FRAME)
    read = {row.number: row for row in rows_read(replace(cells_of(plain), values=held_values(plain)))}
    documents = [_document(row.number, dict(row.cells), columns) for row in read.values()]
    out: dict[str, list[Any]] = {name: [] for name in columns.names}
    for note in deidentify_stream(deidentifier, documents, identifiers=columns.identifiers):
        if note.held:
            continue
        row = row_to_write(columns.row_of(note.text, note.patient, note.fields), read[int(note.id)])
        for name in columns.names:
            out[name].append(cell_as(columns.kinds.get(name), row.get(name)))
    kinds = {"integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
    types = [(name, kinds.get(columns.kinds.get(name, ""), pa.string())) for name in columns.names]
    return pa.Table.from_pydict(out, schema=pa.schema(types))


def _document(row: int, cells: dict[str, str], columns: Columns) -> Document:
    whose = None
    if columns.patient is not None and not (whose := cells.get(columns.patient, "").strip()):
        raise InvalidInput("files.spark-no-patient", column=columns.patient)
    return Document(str(row), cells.pop(columns.text, "") if columns.text else "", whose, cells)
