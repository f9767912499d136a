"""Rows of a table on their way through de-identification: what each column is, cells as text, written again.

Guarantee: a cell that is written stands under the name of the column that it was read from, in a file of the same
kind; a column of numbers stays one, and a cell of it that is no number any more becomes empty. Knows no
identifiers but the classes that a name of a column suggests.
"""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol
from xml.sax.saxutils import escape

from confide.errors import InvalidInput
from confide.records.cells import Cells, Column, typed_columns, untyped_columns
from confide.records.guess_columns import guess_columns
from confide.records.naming import shown

SUFFIXES = {".csv": ".csv", ".tsv": ".csv", ".jsonl": ".jsonl", ".ndjson": ".jsonl", ".parquet": ".parquet",
            ".xlsx": ".xlsx"}  # fmt: skip
_LOOKED_AT = 5000  # rows
_BATCH = 5000
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Row = Mapping[str, str | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """What the columns of a table are; public."""

    names: tuple[str, ...]
    patient: str | None
    text: str | None  # the first column of text, whose cell is the document
    identifiers: dict[str, str]
    guessed: tuple[str, ...] = ()  # of the columns above, those that nobody named
    kinds: dict[str, str] = field(default_factory=dict)  # column -> integer, number or boolean

    def row_of(self, text: str, patient: str, fields: Row) -> dict[str, str | None]:
        """Return a row whose cells of text, of the patient and of other columns are these, in the order of columns.

        Cells of columns that only later lines of a file have, as lines of JSON may, come last.
        """
        row = dict(fields)
        if self.text is not None and text:
            row[self.text] = text
        if self.patient is not None:
            row[self.patient] = patient
        late = {name: cell for name, cell in row.items() if name not in self.names}
        return {name: row[name] for name in self.names if name in row} | late


def columns_in(
    cells: Cells,
    file: str,
    *,
    patient: str | None = None,
    texts: Sequence[str] = (),
    identifiers: Mapping[str, str] | None = None,
) -> Columns:
    """Say what each column is: as named, and by its name or the shape of its cells where nothing was named.

    Args:
        cells: the first rows.
        file: its name, for refusals.
        patient: the column of the patient's id, if the file has it.
        texts: columns of free text.
        identifiers: column -> class, or "text" for a column that only looks like an identifier.
    """
    named = dict(identifiers or {})
    names = list(cells.columns)
    looked_at = cells.head(_LOOKED_AT)
    head = typed_columns(looked_at, text=[*texts, *named])
    if head is None:  # cells of which a study would make numbers, and could not; here they are text
        head = untyped_columns(looked_at)
    guesses = guess_columns(head)
    found = {each.role: each.column for each in reversed(guesses)}
    known = {each.column: each.kind for each in guesses if each.kind is not None}
    whose = patient if patient in names else None if patient else found.get("patient")
    classes = {name: kind for name, kind in (known | named).items() if kind != "text" and name in names}
    if whose is not None:
        classes[whose] = "record-number"
    text = next((name for name in texts if name in names), None) or found.get("text")
    text = None if text in classes else text
    classes = {name: kind for name, kind in classes.items() if name not in texts}
    kinds = _kinds(cells, head, classes, has_types=file.lower().endswith(".parquet"))
    return Columns(
        names=tuple(names),
        patient=whose,
        text=text,
        identifiers=classes,
        guessed=tuple(name for name in classes if name not in named and name != patient),
        kinds={name: kind for name, kind in kinds.items() if name != whose},  # a pseudonym is no number
    )


def verify_named(tables: Mapping[str, Columns], named: Sequence[str]) -> None:
    """Refuse a named column that no table has.

    Raises:
        InvalidInput: names the column, the first file and its columns.
    """
    for column in named:
        if tables and not any(column in each.names for each in tables.values()):
            file, first = next(iter(tables.items()))
            raise InvalidInput("records.no-column", file=file, column=column, columns=shown(first.names))


def _kinds(
    cells: Cells, head: Mapping[str, Column], classes: Mapping[str, str], *, has_types: bool
) -> dict[str, str]:
    """Return which columns hold numbers or booleans: as a file of types says, else by the cells of those that identify nobody."""
    if has_types:
        return dict(cells.kinds)
    kinds: dict[str, str] = {
        name: column.kind
        for name, column in head.items()
        if column.kind != "text" and classes.get(name, "age") == "age"
    }
    texts = (name for name, column in head.items() if column.kind == "text" and name not in classes)
    return kinds | {name: "boolean" for name in texts if _is_boolean(head[name])}


def _is_boolean(column: Column) -> bool:
    filled = column.filled
    return bool(filled) and all(cell in ("true", "false") for cell in filled)


def rows_of(cells: Cells) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the number of each row and its filled cells."""
    names = list(cells.columns)
    for row, *values in zip(cells.rows, *cells.columns.values(), strict=True):
        yield row, {name: value for name, value in zip(names, values, strict=True) if value is not None}


class _Writer(Protocol):
    def row(self, row: Row) -> None: ...
    def close(self) -> None: ...


class RowWriter:
    """Writes rows to a file of one kind; `close` ends it."""

    def __init__(self, file: BinaryIO, suffix: str, columns: Columns) -> None:
        self._write: _Writer = _WRITERS[suffix](file, columns)

    def write(self, row: Row) -> None:
        """Write one row; a column that it lacks is empty."""
        self._write.row(row)

    def close(self) -> None:
        """Write what is still to be written; the file stays open."""
        self._write.close()


def cell_as(kind: str | None, cell: str | None) -> Any:
    """Return a cell as its column wants it; None where it is no number any more.

    >>> cell_as("integer", "90"), cell_as("integer", "90+"), cell_as("number", "1e3"), cell_as(None, "90+")
    (90, None, 1000.0, '90+')
    """
    if cell is None or kind is None:
        return cell
    if kind == "boolean":
        return {"true": True, "false": False}.get(cell)
    if not _NUMBER.fullmatch(cell.strip()):
        return None
    number = float(cell)
    if kind == "integer":
        return int(number) if number.is_integer() and "." not in cell and abs(number) < 2**63 else None
    return number


class _Csv:
    def __init__(self, file: BinaryIO, columns: Columns) -> None:
        self._file = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        self._names = columns.names
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(columns.names)

    def row(self, row: Row) -> None:
        self._writer.writerow([row.get(name) for name in self._names])

    def close(self) -> None:
        self._file.detach()


class _JsonLines:
    def __init__(self, file: BinaryIO, columns: Columns) -> None:
        self._file, self._kinds = file, columns.kinds

    def row(self, row: Row) -> None:
        cells = {name: cell_as(self._kinds.get(name), cell) for name, cell in row.items()}
        self._file.write(json.dumps(cells, ensure_ascii=False).encode() + b"\n")

    def close(self) -> None:
        pass


class _Parquet:
    def __init__(self, file: BinaryIO, columns: Columns) -> None:
        import pyarrow as pa  # 30 MB that no other kind of file needs
        from pyarrow import parquet

        kinds = {"integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
        types = [(name, kinds.get(columns.kinds.get(name, ""), pa.string())) for name in columns.names]
        self._schema, self._kinds = pa.schema(types), columns.kinds
        self._writer, self._table = parquet.ParquetWriter(file, self._schema), pa.Table
        self._rows: list[dict[str, Any]] = []

    def row(self, row: Row) -> None:
        self._rows.append(
            {name: cell_as(self._kinds.get(name), row.get(name)) for name in self._schema.names}
        )
        if len(self._rows) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(self._table.from_pylist(self._rows, schema=self._schema))
            self._rows.clear()

    def close(self) -> None:
        self._flush()
        self._writer.close()


class _Excel:
    """One sheet of text and numbers, by the letter of ECMA-376, 18.3: nothing more is needed to open it."""

    def __init__(self, file: BinaryIO, columns: Columns) -> None:
        self._names, self._kinds = columns.names, columns.kinds
        self._book = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        for name, content in _EXCEL.items():
            self._book.writestr(_dateless(name), _XML + content)
        self._sheet = self._book.open(_dateless("xl/worksheets/sheet1.xml"), "w", force_zip64=True)
        self._sheet.write(f'{_XML}<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
        self.row(dict(zip(columns.names, columns.names, strict=True)), heading=True)

    def row(self, row: Row, *, heading: bool = False) -> None:
        cells = []
        for name in self._names:
            value = row.get(name) if heading else cell_as(self._kinds.get(name), row.get(name))
            if value is None or isinstance(value, str):
                text = escape(_NO_XML.sub("", value or ""))
                shown = (
                    f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>' if value else "<c/>"
                )
            else:
                shown = (
                    f'<c t="b"><v>{int(value)}</v></c>'
                    if isinstance(value, bool)
                    else f"<c><v>{value}</v></c>"
                )
            cells.append(shown)
        self._sheet.write(f"<row>{''.join(cells)}</row>".encode())

    def close(self) -> None:
        self._sheet.write(b"</sheetData></worksheet>")
        self._sheet.close()
        self._book.close()


def _dateless(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


_WRITERS: dict[str, Callable[[BinaryIO, Columns], _Writer]] = {
    ".csv": _Csv,
    ".jsonl": _JsonLines,
    ".parquet": _Parquet,
    ".xlsx": _Excel,
}
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_EXCEL = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>'
    '<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
}
