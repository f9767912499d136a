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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from confide.errors import InvalidInput
from confide.records.cells import SPACE, Cells
from confide.records.naming import checked_names

SEPARATORS = ",;\t|"
_QUOTE, _NEWLINE = ord('"'), ord("\n")
_BLANK_LINES = re.compile(rb"(?:[ \t\v\f]*\n)*")
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


@dataclass(frozen=True, slots=True)
class Delimited:
    """A delimited text that was found to be sound: each row under the header has as many cells as there are names."""

    names: list[str]
    separator: str
    body: bytes = field(repr=False)  # below the header, from the first row that is not blank
    first: int  # number of that row
    ends: list[int]  # in `body`, of that row and those behind it, blank ones included


def sound_delimited(text: bytes, file: str) -> Delimited:
    """Find the rows and cells of a text, or say where it is broken.

    Args:
        text: UTF-8 with lines that end in a line feed, as `confide.records.encoding.to_utf8` returns it.
        file: its name, for refusals.

    Raises:
        InvalidInput: no header, two columns of one name, a ragged row, a stray or an open quote.
    """
    separator, layout = _separator(text, file)
    header_end = int(layout.ends[0])
    names = checked_names(_header(text[:header_end], separator), file)
    _refuse_ragged(text, layout, len(names), file)
    below = text[header_end + 1 :]
    above = _blank_lines(below)
    body, blank = below[len(above) :], above.count(b"\n")
    if not body.strip():
        raise InvalidInput("records.no-rows", file=file)
    ends = layout.ends[1 + blank :] - (len(text) - len(body))
    return Delimited(names, separator, body, 2 + blank, ends.tolist())


def _blank_lines(text: bytes) -> bytes:
    found = _BLANK_LINES.match(text)
    return found.group() if found else b""


def delimited_cells(text: bytes, file: str) -> Cells:
    r"""Return the cells of `text`, which `confide.records.tables` returns as a frame.

    Raises:
        InvalidInput: as `sound_delimited`, or the header is a row of data.

    >>> cells = delimited_cells(b"id;note\n1;calm\n\n2;\"bet;ter\"\n", "a.csv")
    >>> cells.rows, cells.columns["note"]
    ([2, 4], ['calm', 'bet;ter'])
    """
    found = sound_delimited(text, file)
    starts = [0, *(end + 1 for end in found.ends[:-1])]
    rows = (
        (number, list(_cells_in(found.body[start:end].decode(), found.separator)))
        for number, (start, end) in enumerate(zip(starts, found.ends, strict=True), start=found.first)
    )
    filled = [(number, cells) for number, cells in rows if any(cell.strip(SPACE) for cell in cells)]
    columns = {name: [cells[at] or None for _, cells in filled] for at, name in enumerate(found.names)}
    again = [name in cells for name, cells in columns.items()]
    refuse_data_as_header(found.names, again, file)
    return Cells(columns, [number for number, _ in filled])


def _cells_in(row: str, separator: str) -> Iterator[str]:
    """Yield the cells of a row of which every quote opens or closes a cell or is doubled."""
    held: list[str] = []
    quotes = 0
    for piece in row.split(separator):
        held.append(piece)
        quotes += piece.count('"')
        if quotes % 2 == 0:
            cell = separator.join(held)
            yield cell[1:-1].replace('""', '"') if quotes else cell
            held, quotes = [], 0


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


def refuse_data_as_header(names: list[str], again: Sequence[bool], file: str) -> None:
    """Refuse a first row that is data: its cells would pass for column names, and be printed.

    Args:
        names: the header.
        again: of each name, whether a cell below it is the same.
        file: its name.
    """
    if any(_DATA_IN_HEADER.fullmatch(name) for name in names) or 2 * sum(again) >= len(names):
        raise InvalidInput("records.header", file=file)
