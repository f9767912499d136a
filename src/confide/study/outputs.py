"""Write de-identified documents as files of the kinds they came from, under numbers for names.

Guarantee: files are made with mode 0600 in a folder that the caller owns; names come from the order of the input alone.
A Word document is written from its original, read again, with the found places replaced, and so is a row of a file that
has types; what changed meanwhile never leaves. Knows no policy and no key.
"""

import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from confide.deid.deidentify import DeidNote
from confide.errors import InvalidInput
from confide.records.docx import Edit, write_docx
from confide.records.rows import TYPED, RowRead, RowWriter, row_to_write
from confide.study.inputs import KINDS, Inputs, bytes_of, kind_of, text_of
from confide.types import Span


class Writers:
    """Writes the documents of one call, which come in the order of the inputs."""

    def __init__(self, folder: Path, inputs: Inputs) -> None:
        self._folder, self._inputs = folder, inputs
        self._number = 0
        self._file: BinaryIO | None = None
        self._rows: RowWriter | None = None
        self._again: Iterator[RowRead] = iter(())  # the rows of a typed table, read again
        self._digits = max(4, len(str(len(inputs.files))))
        self.pictures = 0
        self.names: dict[str, str] = {}  # of output -> of input

    def __enter__(self) -> "Writers":
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._end()
        elif self._file is not None:
            self._file.close()

    def write(self, note: DeidNote) -> None:
        """Write one document to the file that its id tells; one that is held is left out."""
        number = int(note.id.partition(":")[0])
        path = self._inputs.files[number - 1]
        if number != self._number:
            self._end()
            self._number = number
        if note.held:
            return
        if path not in self._inputs.tables:
            self._write_text(path, note)
            return
        columns = self._inputs.tables[path]
        if self._rows is None:
            self._file = self._new(path)
            self._rows = RowWriter(self._file, KINDS[kind_of(path)], columns)
            self._again = self._inputs.rows_of(path) if kind_of(path) in TYPED else iter(())
        row = columns.row_of(note.text, note.patient, note.fields)
        self._rows.write(row_to_write(row, self._read_again(path, note)) if kind_of(path) in TYPED else row)

    def _read_again(self, path: Path, note: DeidNote) -> RowRead:
        """Return the row that a document was, with its types."""
        number = int(note.id.partition(":")[2])
        read = next((each for each in self._again if each.number == number), None)
        if read is None:
            raise InvalidInput("vault.changed", file=path.name)
        return read

    def _write_text(self, path: Path, note: DeidNote) -> None:
        content = note.text.encode(errors="replace")
        if kind_of(path) == ".docx":
            data = bytes_of(path)
            edits = edits_between(text_of(path, data), note.text, note.spans)
            if edits is None:
                raise InvalidInput("vault.changed", file=path.name)
            content, pictures = write_docx(data, path.name, edits)
            self.pictures += pictures
        with self._new(path) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def _new(self, path: Path) -> BinaryIO:
        name = f"{self._number:0{self._digits}}{KINDS[kind_of(path)]}"
        self.names[name] = str(path.absolute())
        handle = os.open(self._folder / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        return os.fdopen(handle, "wb")

    def _end(self) -> None:
        if self._file is not None and self._rows is not None:
            self._rows.close()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        self._file = self._rows = None


def edits_between(old: str, new: str, spans: Sequence[Span]) -> list[Edit] | None:
    """Return what each span became, or None if `new` is not `old` with other text in the place of the spans.

    Where two splits fit, such as between spans that touch, either gives `new`.

    >>> [edit.new for edit in edits_between("Ann met Bob.", "X met Y.", [Span(0, 3, "name", 1, ""), Span(8, 11, "name", 1, "")])]
    ['X', 'Y']
    """
    edits: list[Edit] = []
    gaps = [old[left.end : right.start] for left, right in itertools.pairwise(spans)]
    first, last = (old[: spans[0].start], old[spans[-1].end :]) if spans else (old, "")
    if not new.startswith(first) or not new.endswith(last) or (not spans and new != old):
        return None
    at, stop = len(first), len(new) - len(last)
    for span, gap in zip(spans, [*gaps, None], strict=False):
        end = stop if gap is None else new.find(gap, at, stop)
        if end < at:
            return None
        edits.append(Edit(span.start, span.end, new[at:end]))
        at = end + len(gap or "")
    return edits
