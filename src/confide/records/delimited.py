"""Read CSV and its relatives (`,` `;` tab `|`) into text cells, or say in which row the file is broken.

Guarantee: every cell that comes out stands in the file under that column name; a ragged row, a stray quote
or a missing header is refused, never repaired. Knows no types and no patients: `confide.records.tables`
goes on.

A row number is what a spreadsheet shows: the header is row 1, blank lines count, and a line break inside
quotes does not. Rows without a value in any cell are passed over.
"""

import csv
import io
import re
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.errors import InvalidInput
from confide.records.naming import checked_names

SEPARATORS = ",;\t|"
_QUOTE, _NEWLINE = ord('"'), ord("\n")
_DATA_IN_HEADER = re.compile(
    r"[+-]?[A-Za-z]{0,4}-?\d{5,}[Xx]?|[+-]?\d*\.\d+|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}( .*)?"
    r"|\S+@\S+\.\S+|\d{3}[- ]\d{4}.*"
)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the records of a text end and how many cells each one has."""

    ends: NDArray[np.int64]  # position of the line break (or the end of the text) of each record
    cells: NDArray[np.int64]  # cells of each record

    def row_at(self, position: int) -> int:
        return int(np.searchsorted(self.ends, position)) + 1


def read_delimited(text: bytes, file: str) -> pl.DataFrame:
    r"""Return the cells of `text` as strings (empty ones as null), with `_row`.

    Args:
        text: UTF-8 with lines that end in a line feed, as `confide.records.encoding.to_utf8` returns it.
        file: its name, for refusals.

    Raises:
        InvalidInput: no header, two columns of one name, a ragged row, a stray or an open quote.

    >>> read_delimited(b"id;note\n1;calm\n\n2;better\n", "a.csv").rows()
    [('1', 'calm', 2), ('2', 'better', 4)]
    """
    separator, layout = _separator(text, file)
    header_end = int(layout.ends[0])
    names = checked_names(_header(text[:header_end], separator), file)
    _refuse_ragged(text, layout, len(names), file)
    below = text[header_end + 1 :]
    body = below.lstrip(b"\n")  # the reader drops blank lines at the beginning, without counting them
    blank = len(below) - len(body)
    if not body.strip():
        raise InvalidInput("records.no-rows", file=file)
    try:
        cells = pl.read_csv(
            io.BytesIO(body), separator=separator, has_header=False, schema=dict.fromkeys(names, pl.String)
        )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):  # "x^" begins a zlib stream
        raise InvalidInput("records.unreadable", file=file, kind="CSV") from None
    if cells.height + blank != len(layout.ends) - 1:  # the two readers disagree about what a row is
        raise InvalidInput("records.unreadable", file=file, kind="CSV")
    _refuse_data_as_header(cells, names, file)
    cells = cells.with_columns(pl.col(pl.String).replace("", None))
    cells = cells.with_columns(pl.int_range(2 + blank, pl.len() + 2 + blank, dtype=pl.Int64).alias("_row"))
    return cells.filter(pl.any_horizontal(pl.col(names).str.strip_chars().str.len_bytes() > 0))


def headings(text: bytes, file: str) -> list[str]:
    r"""Return the column names of a text that holds nothing but its header.

    >>> headings(b"id;since\n", "optout.csv")
    ['id', 'since']
    """
    separator, layout = _separator(text, file)
    return checked_names(_header(text[: int(layout.ends[0])], separator), file)


def _layout(codes: NDArray[np.uint8], separator: str, file: str) -> _Layout:
    """Find the records and their cells in one pass; refuse quotes that RFC 4180 does not allow."""
    newline, cut = codes == _NEWLINE, codes == ord(separator)
    quote = codes == _QUOTE
    fault = None
    if quote.any():
        inside = (np.cumsum(quote, dtype=np.uint8) & 1).astype(bool)  # wraps at 256, the parity stays
        newline &= ~inside
        cut &= ~inside
        fault = _stray_quote(codes, quote, inside, newline | cut)
    ends = np.flatnonzero(newline)
    if len(codes) and (not len(ends) or ends[-1] != len(codes) - 1):
        ends = np.append(ends, len(codes))
    cuts = np.searchsorted(np.flatnonzero(cut), ends)
    layout = _Layout(ends=ends, cells=np.diff(cuts, prepend=0) + 1)
    if fault is not None:
        raise InvalidInput("records.quote", file=file, row=layout.row_at(fault))
    return layout


def _stray_quote(
    codes: NDArray[np.uint8], quote: NDArray[np.bool_], inside: NDArray[np.bool_], border: NDArray[np.bool_]
) -> int | None:
    """Return the position of a quote that neither opens, closes nor is doubled, or of one that stays open."""
    places = np.flatnonzero(quote)
    opens = inside[places]
    after_border = np.append(True, border)[places]
    before_border = np.append(border, True)[places + 1]
    after_quote = np.append(False, quote)[places]
    before_quote = np.append(quote, False)[places + 1]
    stray = np.where(opens, ~(after_border | after_quote), ~(before_border | before_quote))
    if stray.any():
        return int(places[np.argmax(stray)])
    return int(places[-1]) if len(places) % 2 else None


def _separator(text: bytes, file: str) -> tuple[str, _Layout]:
    """Return the separator that makes all rows as wide as the header, or else the one with most columns."""
    if not text.strip():
        raise InvalidInput("records.empty", file=file)
    codes = np.frombuffer(text, dtype=np.uint8)
    first_line = text.split(b"\n", 1)[0]
    present = [s for s in SEPARATORS if s.encode() in first_line] or [","]
    if file.lower().endswith(".tsv"):
        present = ["\t"]
    fitting: list[tuple[int, str, _Layout]] = []
    fault: InvalidInput | None = None
    for separator in present:
        try:
            layout = _layout(codes, separator, file)
        except InvalidInput as refused:
            fault = fault or refused
            continue
        even = bool(np.isin(layout.cells, (1, layout.cells[0])).all())
        fitting.append((int(layout.cells[0]) * (1_000_000 if even else 1), separator, layout))
    if fitting:
        _, separator, layout = max(fitting, key=lambda found: found[0])
        return separator, layout
    raise fault or InvalidInput("records.unreadable", file=file, kind="CSV")


def _header(line: bytes, separator: str) -> list[str]:
    return next(csv.reader(io.StringIO(line.decode("utf-8"), newline=""), delimiter=separator), [])


def _refuse_ragged(text: bytes, layout: _Layout, wanted: int, file: str) -> None:
    starts = np.append(0, layout.ends[:-1] + 1)
    rows = [
        int(i) + 1
        for i in np.flatnonzero(layout.cells != wanted)
        if text[starts[i] : layout.ends[i]].strip()  # a blank line is passed over, not ragged
    ]
    if rows:
        raise InvalidInput(
            "records.ragged",
            file=file,
            row=rows[0],
            count=len(rows),
            wanted=wanted,
            found=int(layout.cells[rows[0] - 1]),
        )


def _refuse_data_as_header(cells: pl.DataFrame, names: list[str], file: str) -> None:
    """Refuse a first row that is data: its cells would pass for column names, and be printed."""
    if any(_DATA_IN_HEADER.fullmatch(name) for name in names):
        raise InvalidInput("records.header", file=file)
    again = cells.select(pl.col(name).eq(name).any() for name in names).row(0)
    if 2 * sum(map(bool, again)) >= len(names):
        raise InvalidInput("records.header", file=file)
