"""Taking rows out of a file: everybody else's stay as they were, byte for byte where the file is text."""

import io
import json

import openpyxl
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.errors import InvalidInput
from confide.records.patients import read_crosswalk, read_id_list
from confide.records.tables import read_cells
from confide.records.without import without_rows

CELL = st.text(st.sampled_from('abz09 ,;"\n\r患者院|\u00e9'), max_size=8)
ROWS = st.lists(st.tuples(st.integers(0, 3), CELL), min_size=1, max_size=12)


def quoted(cell, end):
    return '"' + cell.replace('"', '""').replace("\r", "").replace("\n", end) + '"'


@settings(deadline=None)
@given(
    rows=ROWS,
    gone=st.integers(0, 3),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
    ends_open=st.booleans(),
    blank=st.booleans(),
)
def test_in_csv_every_other_record_keeps_its_bytes(rows, gone, end, encoding, ends_open, blank):
    records = [f'p{who},{quoted(cell, end)},"x"{end}' for who, cell in rows]
    header = "who,cell,third" + end + (end if blank else "")
    if ends_open:
        records[-1] = records[-1].removesuffix(end)
    data = (header + "".join(records)).encode(encoding)
    named = encoding if encoding == "gb18030" else None
    table = read_cells(data, "a.csv", named)
    theirs = set(table.filter(pl.col("who") == f"p{gone}")["_row"])
    left = without_rows(data, "a.csv", theirs, named)
    kept = [record for record, (who, _) in zip(records, rows, strict=True) if who != gone]
    assert left == (header + "".join(kept)).encode(encoding)


@given(rows=ROWS, gone=st.integers(0, 3), escape=st.booleans())
def test_in_json_lines_every_other_line_keeps_its_bytes(rows, gone, escape):
    lines = [json.dumps({"who": f"p{who}", "cell": c}, ensure_ascii=escape) + "\r\n" for who, c in rows]
    data = ("".join(lines)).encode()
    theirs = {at for at, (who, _) in enumerate(rows, start=1) if who == gone}
    kept = [line for line, (who, _) in zip(lines, rows, strict=True) if who != gone]
    assert without_rows(data, "a.jsonl", theirs, "utf-8") == "".join(kept).encode()


def test_a_key_that_only_the_gone_lines_had_may_go_with_them():
    data = b'{"who":"a","odd":"1"}\n{"who":"b"}\n'
    assert without_rows(data, "a.jsonl", {1}) == b'{"who":"b"}\n'


@pytest.mark.parametrize("compression", ["none", "snappy", "zstd"])
def test_in_parquet_schema_metadata_and_every_other_value_stay(compression):
    schema = pa.schema(
        [
            pa.field("who", pa.string(), nullable=False),
            pa.field("value", pa.float32()),
            pa.field("when", pa.timestamp("ms", tz="Asia/Shanghai")),
            pa.field("kind", pa.dictionary(pa.int32(), pa.string())),
        ],
        metadata={"made": "here"},
    )
    table = pa.table(
        {"who": ["a", "b", "a", "c"], "value": [1.5, float("nan"), None, 2.5], "when": [0, 1, 2, None],
         "kind": ["x", "y", None, "x"]}, schema=schema,
    )  # fmt: skip
    out = io.BytesIO()
    pq.write_table(table, out, compression=compression, row_group_size=2)
    left = pq.read_table(io.BytesIO(without_rows(out.getvalue(), "a.parquet", {1, 3})))
    assert left.schema.equals(table.schema)
    assert left.schema.metadata[b"made"] == b"here"
    assert pl.from_arrow(left).equals(pl.from_arrow(table.take([1, 3])))


def workbook(rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@settings(deadline=None, max_examples=30)
@given(
    cells=st.lists(
        st.one_of(
            st.none(),
            st.integers(-(10**9), 10**9),
            st.floats(-1e6, 1e6),
            st.dates().filter(lambda day: day.year > 1904),
            st.text(st.sampled_from("ab <&>'\"\n患_x0"), min_size=1),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_in_excel_every_other_cell_reads_as_before_and_nothing_else_is_in_the_file(cells):
    data = workbook([["who", "cell"], ["gone-for-good", "x"], *([f"p{at}", c] for at, c in enumerate(cells))])
    left = without_rows(data, "a.xlsx", {2})
    before, after = read_cells(data, "a.xlsx"), read_cells(left, "a.xlsx")
    assert after.drop("_row").equals(before.filter(pl.col("_row") != 2).drop("_row"))
    text = b"".join(open_member for open_member in members(left))
    assert b"gone-for-good" not in text


def members(data):
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return [book.read(name) for name in book.namelist()]


def test_when_no_row_is_left_a_header_is():
    assert without_rows(b"a,b\n1,2\n", "a.csv", {2}) == b"a,b\n"
    assert without_rows(b'{"a":"1"}\n', "a.jsonl", {1}) == b""


def test_a_file_that_would_read_otherwise_is_refused_and_not_rewritten():
    """Without the Han characters the rest is everyday Chinese in GB18030 as well as Armenian in UTF-8."""
    data = "who,cell\na,患者\nb,Ժ\n".encode()
    read_cells(data, "a.csv")
    with pytest.raises(InvalidInput):
        without_rows(data, "a.csv", {2})
    assert without_rows(data, "a.csv", {2}, "utf-8") == "who,cell\nb,Ժ\n".encode()


def test_a_list_of_a_header_alone_names_nobody_and_a_headerless_id_is_still_refused():
    assert read_id_list(b"patient_id\n", "o.csv") == frozenset()
    assert read_crosswalk(b"id,patient\n", "c.csv").ids_of() == {}
    with pytest.raises(InvalidInput, match="first row names none"):
        read_id_list(b"p7\n", "o.csv")
    with pytest.raises(InvalidInput, match="empty"):
        read_id_list(b"", "o.csv")
