"""Take rows out of a file and leave all others as they were: what erasing a patient does to a source.

Guarantee: in CSV and its relatives and in JSON lines every record that stays keeps its bytes, its line end
and its place; in Parquet its values and the schema; in Excel every cell as confide reads it, as text, and
nothing else of the workbook (formats, formulas and comments may hold what is to be forgotten). The result is
read back and compared before it is returned. Knows no patient: `confide.study.erase` says which rows.
"""

import codecs
import io
import re
import zipfile
from collections.abc import Collection
from pathlib import PurePath
from xml.sax.saxutils import escape

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from confide.errors import InvalidInput
from confide.records.images import without_images
from confide.records.tables import read_cells

_UTF16 = ((codecs.BOM_UTF16_LE, "<u2"), (codecs.BOM_UTF16_BE, ">u2"))
_QUOTE, _NEWLINE, _RETURN = 34, 10, 13
_LINES = (".jsonl", ".ndjson")
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_SHEET = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Type='
        '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"'
        ' Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
        ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        '<sheets><sheet name="Sheet1" sheetId="1" r:id="r1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Type='
        '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"'
        ' Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}


def without_rows(data: bytes, file: str, rows: Collection[int], encoding: str | None = None) -> bytes:
    r"""Return `data` without the rows that `read_cells` gives these numbers.

    Args:
        data: a whole file that `read_cells` reads, or an .npz of images.
        file: its name, whose suffix tells the kind.
        rows: values of `_row`; what is left may be no row at all, only a header.
        encoding: as the study names it for its text files.

    Raises:
        InvalidInput: the file cannot be read; or what is left would be read otherwise than before.

    >>> without_rows(b'id,note\r\n7,"a\nb"\r\n\r\n8,c\r\n', "a.csv", {2})
    b'id,note\r\n\r\n8,c\r\n'
    """
    suffix = PurePath(file).suffix.lower()
    if suffix == ".npz":
        return without_images(data, file, rows)
    before = read_cells(data, file, encoding)
    if suffix == ".parquet":
        left = _parquet_without(data, rows)
    elif suffix == ".xlsx":
        left = _workbook(before.filter(~pl.col("_row").is_in(list(rows))).drop("_row"))
    else:
        left = _text_without(data, rows, quoted=suffix not in _LINES)
    _verify(before.filter(~pl.col("_row").is_in(list(rows))), left, file, encoding)
    return left


def _verify(kept: pl.DataFrame, left: bytes, file: str, encoding: str | None) -> None:
    """Raise unless `left` reads as the rows that were to stay, cell by cell."""
    if kept.height == 0:
        return
    after = read_cells(left, file, encoding)
    gone = [name for name in kept.columns if name not in after.columns]  # a key that only those rows had
    same = kept.drop("_row", *gone).equals(after.select(kept.drop("_row", *gone).columns))
    if not same or not all(kept[name].is_null().all() for name in gone):
        raise InvalidInput("records.without", file=file)


def _text_without(data: bytes, rows: Collection[int], *, quoted: bool) -> bytes:
    """Cut whole records out of a text file, in the bytes that it is written in.

    A byte of a line end or of a quote is never a part of another character in UTF-8 or GB18030; UTF-16 is
    looked at by its units.
    """
    mark = next((bom for bom in (codecs.BOM_UTF8, *(bom for bom, _ in _UTF16)) if data.startswith(bom)), b"")
    unit = dict(_UTF16).get(mark, "u1")
    ends = _ends(np.frombuffer(data, unit, offset=len(mark)), quoted=quoted)
    places = len(mark) + ends * np.dtype(unit).itemsize
    starts = [len(mark), *places[:-1].tolist()]
    pieces = [
        data[start:end]
        for row, (start, end) in enumerate(zip(starts, places.tolist(), strict=True), start=1)
        if row not in rows
    ]
    return mark + b"".join(pieces)


def _ends(codes: NDArray[np.unsignedinteger], *, quoted: bool) -> NDArray[np.int64]:
    """Return where each record ends, behind its line break: a line feed, a return, or both together."""
    line_feed = codes == _NEWLINE
    last = line_feed | ((codes == _RETURN) & ~np.append(line_feed[1:], False))
    if quoted:
        last &= (np.cumsum(codes == _QUOTE, dtype=np.uint8) & 1) == 0  # wraps at 256, the parity stays
    ends = np.flatnonzero(last) + 1
    return ends if len(ends) and ends[-1] == len(codes) else np.append(ends, len(codes))


def _parquet_without(data: bytes, rows: Collection[int]) -> bytes:
    """Write the same table, schema and metadata without some records; row groups are made anew."""
    source = pq.ParquetFile(io.BytesIO(data))
    table = source.read()
    keep = np.ones(table.num_rows, dtype=bool)
    keep[[row - 1 for row in rows]] = False
    out = io.BytesIO()
    codec = source.metadata.row_group(0).column(0).compression.lower()
    pq.write_table(
        table.filter(pa.array(keep)), out, compression="none" if codec == "uncompressed" else codec
    )
    return out.getvalue()


def _workbook(cells: pl.DataFrame) -> bytes:
    """Return the smallest workbook that reads as these cells: one sheet of texts under a header."""
    lines = [_line(1, cells.columns), *(_line(at, row) for at, row in enumerate(cells.iter_rows(), start=2))]
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        + "".join(lines)
        + "</sheetData></worksheet>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in (_SHEET | {"xl/worksheets/sheet1.xml": sheet}).items():
            book.writestr(name, '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>' + content)
    return out.getvalue()


def _line(number: int, cells: Collection[str | None]) -> str:
    texts = (
        f'<c r="{_letters(at)}{number}" t="inlineStr"><is><t xml:space="preserve">{_as_xml(cell)}</t></is></c>'
        for at, cell in enumerate(cells)
        if cell is not None
    )
    return f'<row r="{number}">{"".join(texts)}</row>'


def _letters(at: int) -> str:
    """Return the letters of a column, counted from 0.

    >>> [_letters(at) for at in (0, 25, 26, 701, 702)]
    ['A', 'Z', 'AA', 'ZZ', 'AAA']
    """
    letters = ""
    while at >= 0:
        at, rest = divmod(at, 26)
        letters, at = chr(65 + rest) + letters, at - 1
    return letters


def _as_xml(cell: str) -> str:
    """Escape a text; what XML cannot hold is written as Excel writes it."""
    return escape(_NOT_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", cell), {"\r": "&#13;"})
