"""Rows of a table on their way through de-identification: what each column is, cells as text, written again.

Guarantee: a cell that is written stands under the name of the column that it was read from, in a file of the same
kind. A cell in which nothing was found is written as it was read, of its type; one in which something was found is
written as what took its place, and is empty only where a typed column of Parquet cannot hold that. Knows no identifiers
but the classes that a name of a column suggests.
"""

import csv
import io
import itertools
import math
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, BinaryIO, Final, Protocol
from xml.sax.saxutils import escape

from confide.errors import InvalidInput
from confide.records.cells import NUMBER, SPACE, Cells, Column, Numeral, typed_columns, untyped_columns
from confide.records.guess_columns import guess_columns
from confide.records.jsonlines import numeral_or_text, written_line
from confide.records.naming import checked_names, shown

SUFFIXES = {".csv": ".csv", ".tsv": ".csv", ".jsonl": ".jsonl", ".ndjson": ".jsonl", ".parquet": ".parquet",
            ".xlsx": ".xlsx"}  # fmt: skip
_LOOKED_AT = 5000  # rows
_BATCH = 5000
TYPED: Final = (".jsonl", ".ndjson", ".parquet")  # kinds of file that say of a cell whether it is a number
_NUMBER, _DIGITS = re.compile(NUMBER), re.compile("[+-]?[0-9]+")
_PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]*[1-9])?")  # as a workbook's reader writes one
_SEARCHED_DIGITS = 6  # of a measurement
_OLDEST = "90+"  # what a policy puts in place of an age of 90 or more
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Row = Mapping[str, Any]  # text, or a value of a typed file


@dataclass(frozen=True, slots=True)
class RowRead:
    """A row as it was read: its filled cells as they are searched, and what a typed file holds. `repr` shows no cell."""

    number: int
    cells: dict[str, str] = field(repr=False)
    values: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """What the columns of a table are; public."""

    names: tuple[str, ...]
    patient: str | None
    text: str | None  # the first column of text, whose cell is the document
    identifiers: dict[str, str]
    guessed: tuple[str, ...] = ()  # of the columns above, those that nobody named
    kinds: dict[str, str] = field(default_factory=dict)  # column -> integer, number or boolean
    types: dict[str, Any] = field(default_factory=dict)  # column -> its Arrow type, where that stays

    def row_of(self, text: str, patient: str, fields: Row) -> dict[str, Any]:
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


def rows_read(cells: Cells) -> Iterator[RowRead]:
    """Yield each row with its values, and its cells as they are searched.

    Guarantee: all digits of text and of whole numbers are searched; of a typed number with decimals the first six or, if
    there are more, those before the point and one behind it: a longer row of digits would pass for somebody's number. A
    float that is no number, whose text would pass for a word, is not searched.
    """
    for (row, filled), values in zip(rows_of(cells), cells.values or itertools.repeat({})):  # noqa: B905 -- endless
        searched = {
            name: _searched(text, values.get(name))
            for name, text in filled.items()
            if not (isinstance(values.get(name), float) and not math.isfinite(values[name]))
        }
        yield RowRead(row, searched, values)


def _searched(text: str, value: object) -> str:
    if isinstance(value, Numeral) and _DIGITS.fullmatch(text):
        return text
    if not isinstance(value, float | Decimal | Numeral):
        return text
    number = float(text)
    if not math.isfinite(number) or number.is_integer():
        return text
    places = max(1, _SEARCHED_DIGITS - len(str(abs(int(number)))))
    return f"{number:.{places}f}".rstrip("0").rstrip(".")


def row_to_write(row: Row, read: RowRead) -> dict[str, Any]:
    """Return a de-identified row: a cell in which nothing was found, or searched, is what the file holds there.

    >>> read = RowRead(1, {"x": "0.10", "age": "92"}, {"x": Numeral("0.10"), "age": Numeral("92"), "y": None})
    >>> [getattr(cell, "text", cell) for cell in row_to_write({"x": "0.10", "age": "90+"}, read).values()]
    ['0.10', '90', None]
    """
    values = read.values
    new = {
        name: cell if name not in values else values[name] if read.cells.get(name) == cell else _in_place(cell, values[name])
        for name, cell in row.items()
    }  # fmt: skip
    return new | {name: value for name, value in values.items() if name not in read.cells and name not in row}


def _in_place(cell: str, value: object) -> Numeral | str:
    """Return what stands in place of a value: a number for a number, where it is one."""
    if isinstance(value, bool | str) or value is None:
        return cell
    return numeral_or_text("90" if cell == _OLDEST else cell)


class _Writer(Protocol):
    def row(self, row: Row) -> None: ...
    def close(self) -> None: ...


class RowWriter:
    """Writes rows to a file of one kind; `close` ends it."""

    def __init__(self, file: BinaryIO, suffix: str, columns: Columns) -> None:
        self._write: _Writer = _WRITERS[suffix](file, columns)

    def write(self, row: Row) -> None:
        """Write one row, of texts or as `row_to_write` returns it; a column that it lacks is empty."""
        self._write.row(row)

    def close(self) -> None:
        """Write what is still to be written; the file stays open."""
        self._write.close()


def cell_as(kind: str | None, cell: Any) -> Any:
    """Return a text as its column wants it, None where it is no number any more; a value stays as it is.

    >>> cell_as("integer", "90"), cell_as("integer", "90+"), cell_as("number", "1e3"), cell_as(None, "90+")
    (90, None, 1000.0, '90+')
    """
    cell = cell.text if isinstance(cell, Numeral) else cell
    if kind is None or not isinstance(cell, str):
        return cell
    if kind == "boolean":
        return {"true": True, "false": False}.get(cell)
    bare = cell.strip(SPACE)
    if kind == "integer":
        return int(bare) if _DIGITS.fullmatch(bare) and -(2**63) <= int(bare) < 2**63 else None
    return float(bare) if _NUMBER.fullmatch(bare) or _DIGITS.fullmatch(bare) else None


def parquet_types(file: BinaryIO, columns: Columns) -> dict[str, Any]:
    """Return the Arrow types of the columns of a Parquet file that can stay: numbers, booleans, and words of a dictionary.

    Guarantee: nothing else of the file's own description is in them, which may list all words of a dictionary.
    """
    import pyarrow as pa
    from pyarrow import parquet

    types: dict[str, Any] = {}
    schema = parquet.read_schema(file)
    for name, kind in zip(checked_names(schema.names, ""), schema.types, strict=True):
        if pa.types.is_dictionary(kind):
            if name not in columns.kinds and name != columns.patient:
                types[name] = pa.dictionary(pa.int32(), pa.string())
        elif name in columns.kinds and not pa.types.is_float16(kind):
            types[name] = kind
    return types


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
        self._file, self._names = file, columns.names

    def row(self, row: Row) -> None:
        first = {name: row[name] for name in self._names if name in row}
        self._file.write(written_line(first | dict(row)))

    def close(self) -> None:
        pass


class _Parquet:
    def __init__(self, file: BinaryIO, columns: Columns) -> None:
        import pyarrow as pa  # 30 MB that no other kind of file needs
        from pyarrow import parquet

        kinds = {"integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
        types = [
            (name, columns.types.get(name) or kinds.get(columns.kinds.get(name, ""), pa.string()))
            for name in columns.names
        ]
        self._schema, self._kinds = pa.schema(types), columns.kinds
        self._writer, self._table = parquet.ParquetWriter(file, self._schema), pa.Table
        self._rows: list[dict[str, Any]] = []

    def row(self, row: Row) -> None:
        self._rows.append({name: self._cell(name, row.get(name)) for name in self._schema.names})
        if len(self._rows) >= _BATCH:
            self._flush()

    def _cell(self, name: str, cell: Any) -> Any:
        """Return what was read as it was; of what took its place, what the type of the column can hold."""
        kind = self._kinds.get(name)
        if kind is None or not isinstance(cell, str | Numeral):
            return cell_as(kind, cell)
        return _fitting(cell, kind, self._schema.field(name).type)

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(self._table.from_pylist(self._rows, schema=self._schema))
            self._rows.clear()

    def close(self) -> None:
        self._flush()
        self._writer.close()


def _fitting(cell: str | Numeral, kind: str, wanted: Any) -> Any:
    """Return a text as a value of an Arrow type, or None if it is none of that type."""
    import pyarrow as pa

    try:
        value = cell_as(kind, cell)
        if value is not None and pa.types.is_decimal(wanted):
            value = Decimal(cell.text if isinstance(cell, Numeral) else cell)
        return pa.scalar(value, wanted).as_py()
    except (pa.ArrowException, InvalidOperation, OverflowError):
        return None


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
            value = row.get(name) if heading else _excel_cell(self._kinds.get(name), row.get(name))
            if value is None or isinstance(value, str):
                text = escape(_NO_XML.sub("", value or ""))
                shown = (
                    f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>' if value else "<c/>"
                )
            else:
                shown = (
                    f'<c t="b"><v>{int(value)}</v></c>'
                    if isinstance(value, bool)
                    else f"<c><v>{value.text}</v></c>"
                )
            cells.append(shown)
        self._sheet.write(f"<row>{''.join(cells)}</row>".encode())

    def close(self) -> None:
        self._sheet.write(b"</sheetData></worksheet>")
        self._sheet.close()
        self._book.close()


def _excel_cell(kind: str | None, cell: str | None) -> Numeral | str | bool | None:
    """Return a cell as its column wants it, or as text where a number would not be written so, or would change.

    >>> [getattr(_excel_cell("number", cell), "text", "text") for cell in ("0.5", "+1", "1.50", "<0.5", "90+")]
    ['0.5', 'text', 'text', 'text', '90']
    """
    if cell is None or kind is None:
        return cell
    if kind == "boolean":
        return {"true": True, "false": False}.get(cell, cell)
    bare = "90" if cell == _OLDEST else cell
    is_number = _PLAIN_NUMBER.fullmatch(bare) and Decimal(repr(float(bare))) == Decimal(bare)
    return Numeral(bare) if is_number else cell


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
