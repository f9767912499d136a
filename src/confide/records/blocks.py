"""Read a table of any size block by block, with the readers of whole files.

Guarantee: the blocks hold the rows that the whole file holds, under the same column names and row numbers; a file that
would be refused as a whole for its encoding is refused before its first row is given. Excel, and UTF-16, are read whole.
"""

import codecs
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from confide.errors import InvalidInput
from confide.records.cells import Cells
from confide.records.delimited import delimited_cells, refuse_data_as_header
from confide.records.encoding import to_utf8
from confide.records.jsonlines import json_cells
from confide.records.naming import checked_names

if TYPE_CHECKING:
    import polars as pl

ROWS = 20_000  # of a Parquet file
BLOCK = 1_000_000  # bytes of a file that are read at a time; a file up to this is read whole
_CHECKED = 1_000_000
_LINES = (".jsonl", ".ndjson")


def row_blocks(
    file: BinaryIO, name: str, *, block: int = BLOCK, encoding: str | None = None
) -> "Iterator[pl.DataFrame]":
    """Yield the cells of a table with `_row`, as `confide.records.tables.read_cells` returns them.

    Args:
        file: open for reading, at its beginning.
        name: of the file; tells its kind.
        block: bytes to read at a time.
        encoding: of a text file, where it is known; None guesses it from the whole file.

    Raises:
        InvalidInput: what `read_cells` refuses.
    """
    from confide.records.tables import read_cells, with_rows_from

    if _suffix(name) == ".parquet":  # whose size says little: the same words a million times take no room
        yield from (cells for _, cells in _row_groups(file, name))
        return
    columns: list[str] = []
    for piece, before, known in _pieces(file, name, block, encoding):
        with _rows_before(before):
            cells = read_cells(piece, name, known)
        columns = _the_same(columns, cells.columns, name)
        yield with_rows_from(cells, before)


def cell_blocks(file: BinaryIO, name: str, *, block: int = BLOCK) -> Iterator[Cells]:
    """Yield a table as plain cells; arguments and refusals as of `row_blocks`. Text and JSON lines load no Polars."""
    if _suffix(name) in (".parquet", ".xlsx"):
        from confide.records.tables import cells_of, held_values

        if _suffix(name) == ".xlsx":
            yield from map(cells_of, row_blocks(file, name, block=block))
            return
        for table, plain in _row_groups(file, name):
            yield replace(cells_of(plain), values=held_values(table))
        return
    columns: list[str] = []
    for piece, before, known in _pieces(file, name, block, None):
        with _rows_before(before):
            cells = plain_cells_of(piece, name, known)
        columns = _the_same(columns, list(cells.columns), name)
        yield replace(cells, rows=[row + before for row in cells.rows])


def plain_cells_of(data: bytes, name: str, encoding: str | None = None) -> Cells:
    """Return a whole table as plain cells; raises as `confide.records.tables.read_cells`."""
    if not data:
        raise InvalidInput("records.empty", file=name)
    if _suffix(name) in _LINES:
        return json_cells(to_utf8(data, name, encoding), name)
    if _suffix(name) in (".csv", ".tsv", ".txt"):
        return delimited_cells(to_utf8(data, name, encoding), name)
    from confide.records.tables import cells_of, read_cells

    return cells_of(read_cells(data, name, encoding))


def _suffix(name: str) -> str:
    return PurePath(name).suffix.lower()


def _the_same(columns: list[str], found: list[str], name: str) -> list[str]:
    """Return the columns of a block; every block of a delimited text has those of the first."""
    if columns and _suffix(name) not in _LINES and found != columns:
        raise InvalidInput("records.unreadable", file=name, kind="CSV")
    return found


def _pieces(
    file: BinaryIO, name: str, block: int, encoding: str | None
) -> Iterator[tuple[bytes, int, str | None]]:
    """Yield pieces of a text file that are files themselves, the rows before each, and the encoding, if known."""
    suffix = _suffix(name)
    size = file.seek(0, io.SEEK_END)
    start = file.seek(0) or file.read(2)
    file.seek(0)
    if suffix == ".xlsx" or size <= block or start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        yield file.read(), 0, encoding
        return
    known = encoding or _encoding(file, name)
    for piece, before in _cut(file, block, is_lines=suffix in _LINES):
        yield piece, before, known


def _row_groups(file: BinaryIO, name: str) -> "Iterator[tuple[pl.DataFrame, pl.DataFrame]]":
    """Yield pieces of a Parquet file, each as the file has it and as cells with `_row`."""
    import polars as pl
    from pyarrow import parquet as pq  # 30 MB that no other kind of file needs

    from confide.records.tables import parquet_table, plain_cells, with_rows_from

    try:
        source = pq.ParquetFile(file, pre_buffer=False, buffer_size=1 << 20)  # else whole row groups are held
        if source.metadata.num_rows <= ROWS:
            file.seek(0)
            table = parquet_table(file.read(), name)
            yield table, plain_cells(table, name)
            return
        before = 0
        for batch in source.iter_batches(batch_size=ROWS):
            table = pl.DataFrame(batch)
            table.columns = checked_names(table.columns, name)
            refuse_data_as_header(table.columns, (), name)
            cells = plain_cells(table, name)
            yield table, with_rows_from(cells, before)
            before += cells.height
    except (OSError, ValueError, pl.exceptions.PolarsError):  # pyarrow's errors are of these kinds
        raise InvalidInput("records.unreadable", file=name, kind="Parquet") from None


def _cut(file: BinaryIO, block: int, *, is_lines: bool) -> Iterator[tuple[bytes, int]]:
    """Cut a text after whole rows; every piece of a delimited text begins with the header."""
    header, rest, rows, is_first = b"", b"", 0, True
    while True:
        piece = file.read(block)
        rest += piece
        ends = _ends(rest, is_lines=is_lines)
        if not piece:
            end, count = len(rest), len(ends)
        elif not len(ends):
            continue
        else:
            end, count = int(ends[-1]) + 1, len(ends)
        if not header and not is_lines:
            header = rest[: int(ends[0]) + 1]
        body = rest[:end] if is_lines or is_first else header + rest[:end]
        if body.strip() and (is_lines or body.strip() != header.strip() or is_first):
            yield body, rows - (0 if is_lines or is_first else 1)
            is_first = False
        rows, rest = rows + count, rest[end:]
        if not piece:
            return


@contextmanager
def _rows_before(before: int) -> Iterator[None]:
    """Let a refusal of a part of a file name the row as it is numbered in the whole file."""
    try:
        yield
    except InvalidInput as error:
        if "row" not in error.public:
            raise
        row = int(str(error.public["row"])) + before
        raise InvalidInput(error.code, **{**error.public, "row": row}) from None


def _ends(text: bytes, *, is_lines: bool) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Return the places of the line breaks that end a row."""
    codes = np.frombuffer(text, dtype=np.uint8)
    newline = codes == ord("\n")
    if not is_lines:
        newline &= (np.cumsum(codes == ord('"'), dtype=np.uint8) & 1) == 0  # wraps at 256, the parity stays
    return np.flatnonzero(newline)


def _encoding(file: BinaryIO, name: str) -> str:
    """Decide the encoding by the whole file: UTF-8, or else what the first text beyond ASCII says."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    telling = b""
    try:
        while piece := file.read(_CHECKED):
            if not telling and not piece.isascii():
                telling = piece[: piece.rfind(b"\n") + 1]
            decoder.decode(piece)
        decoder.decode(b"", final=True)
        return "utf-8"
    except UnicodeDecodeError:
        to_utf8(telling, name)  # refuses what is no everyday Chinese either
        return "gb18030"
    finally:
        file.seek(0)
