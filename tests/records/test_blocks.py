"""A table read block by block is the table read whole; a table written again is the same table."""

import io
import json
from dataclasses import replace

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.errors import InvalidInput
from confide.records.blocks import cell_blocks, plain_cells_of, row_blocks
from confide.records.rows import RowWriter, columns_in, parquet_types, row_to_write, rows_of, rows_read
from confide.records.tables import cells_of

cell = st.text('ab"国,;\n 1', max_size=6)
table = st.lists(st.tuples(st.integers(0, 99), cell), min_size=1, max_size=30)


def as_csv(rows):
    out = io.StringIO()
    import csv

    csv.writer(out, lineterminator="\n").writerows([("id", "note"), *rows])
    return out.getvalue().encode()


def as_lines(rows):
    return "".join(json.dumps({"id": n, "note": text}) + "\n" for n, text in rows).encode()


@given(table, st.integers(1, 200), st.sampled_from([as_csv, as_lines]))
@settings(max_examples=50)
def test_blocks_of_any_size_hold_the_rows_and_row_numbers_of_the_whole_file(rows, block, written):
    data, name = written(rows), "a.csv" if written is as_csv else "a.jsonl"
    try:
        whole = list(rows_of(plain_cells_of(data, name)))
    except InvalidInput as refused:
        code = refused.code
        if code in ("records.no-rows", "records.header"):
            return  # a block of such a file may be a fine one
        with pytest.raises(InvalidInput):
            list(cell_blocks(io.BytesIO(data), name, block=block))
        with pytest.raises(InvalidInput):
            list(row_blocks(io.BytesIO(data), name, block=block))
        return
    try:
        blocks = [
            each for cells in cell_blocks(io.BytesIO(data), name, block=block) for each in rows_of(cells)
        ]
    except InvalidInput as refused:
        if refused.code not in (
            "records.header",
            "records.no-rows",
            "records.unreadable",
            "records.ragged",
        ):  # a small block may look like a header, or like another separator
            raise
        return
    assert blocks == whole
    frames = row_blocks(io.BytesIO(data), name, block=block)
    assert [each for frame in frames for each in rows_of(cells_of(frame))] == whole


def test_a_file_of_many_blocks_is_read_whole_in_every_kind(tmp_path):
    rows = [(n, f"患者{n}, stable\n{n}") for n in range(900)]
    frame = pl.DataFrame({"id": [n for n, _ in rows], "note": [text for _, text in rows]})
    out = io.BytesIO()
    frame.write_parquet(out, row_group_size=100)
    for name, data in (
        ("a.csv", as_csv(rows)), ("b.csv", as_csv(rows).decode().encode("gb18030")),
        ("c.csv", as_csv(rows).decode().encode("utf-16")), ("d.csv", b"\xef\xbb\xbf" + as_csv(rows)),
        ("e.jsonl", as_lines(rows)), ("f.parquet", out.getvalue()),
    ):  # fmt: skip
        read = [row for cells in cell_blocks(io.BytesIO(data), name, block=5000) for row in rows_of(cells)]
        frames = row_blocks(io.BytesIO(data), name, block=5000)
        assert [row for frame in frames for row in rows_of(cells_of(frame))] == read, name
        assert [row for _, row in read] == [{"id": str(n), "note": text} for n, text in rows], name
        first = 1 if name in ("e.jsonl", "f.parquet") else 2
        assert [number for number, _ in read] == list(range(first, first + 900)), name


def test_one_odd_byte_late_in_a_large_file_is_refused_before_its_first_row():
    data = as_csv([(n, "stable") for n in range(3000)]) + b"9,caf\xe9 r\xe9sum\xe9\n"
    with pytest.raises(InvalidInput) as refused:
        next(row_blocks(io.BytesIO(data), "a.csv", block=2000))
    assert refused.value.code == "records.encoding"


FRAME = pl.DataFrame(
    {
        "patient_id": ["p1", "p2"],
        "note": ['a, "b"\nc', "国 <&>"],
        "n": [1, None],
        "x": [0.5, 2.5],
        "ok": [True, False],
    }
)


def as_file(frame, suffix):
    out = io.BytesIO()
    if suffix == ".xlsx":
        book = openpyxl.Workbook()
        for row in (frame.columns, *frame.rows()):
            book.active.append(row)
        book.save(out)
    else:
        {".csv": frame.write_csv, ".jsonl": frame.write_ndjson, ".parquet": frame.write_parquet}[suffix](out)
    return out.getvalue()


def written_again(data, suffix, changed=None):
    """Return a file as `confide deid` writes it again, with `changed` for the text of cells in which something is found."""
    name, out = f"a{suffix}", io.BytesIO()
    columns = columns_in(next(cell_blocks(io.BytesIO(data), name)), name)
    if suffix == ".parquet":
        columns = replace(columns, types=parquet_types(io.BytesIO(data), columns))
    writer = RowWriter(out, suffix, columns)
    for cells in cell_blocks(io.BytesIO(data), name):
        for read in rows_read(cells):
            row = {column: (changed or {}).get(cell, cell) for column, cell in read.cells.items()}
            writer.write(row_to_write(columns.row_of("", read.cells.get("patient_id", ""), row), read))
    writer.close()
    return out.getvalue()


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".xlsx"])
def test_a_table_that_is_written_again_is_the_same_table(suffix):
    data = written_again(as_file(FRAME, suffix), suffix)
    if suffix == ".parquet":
        assert pl.read_parquet(io.BytesIO(data)).equals(FRAME)
    elif suffix == ".xlsx":
        sheet = openpyxl.load_workbook(io.BytesIO(data)).active
        assert [list(row) for row in sheet.values] == [FRAME.columns, *map(list, FRAME.rows())]
    elif suffix == ".jsonl":
        assert [json.loads(line) for line in data.splitlines()] == [*FRAME.to_dicts()]
    else:
        assert pl.read_csv(io.BytesIO(data)).equals(FRAME)


def test_a_cell_of_numbers_that_is_none_any_more_becomes_empty_and_the_column_stays():
    columns = columns_in(plain_cells_of(b"n,x\n1,0.5\n2,1.5\n", "a.csv"), "a.csv")
    file = io.BytesIO()
    writer = RowWriter(file, ".parquet", columns)
    writer.write({"n": "[phone]", "x": "90+"})
    writer.write({"n": "7", "x": "1e3"})
    writer.close()
    assert pl.read_parquet(io.BytesIO(file.getvalue())).rows() == [(None, None), (7, 1000.0)]


def test_what_is_named_goes_before_what_is_guessed():
    cells = plain_cells_of("姓名,药名,编号,病程\n张建国,name,7,平稳\n".encode(), "a.csv")
    columns = columns_in(cells, "a.csv", identifiers={"姓名": "text", "编号": "phone"}, texts=["药名"])
    assert (columns.identifiers, columns.text) == ({"编号": "phone"}, "药名")
    assert columns_in(cells, "a.csv").identifiers["姓名"] == "name"
