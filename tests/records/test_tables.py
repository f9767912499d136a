"""A cell comes out as it stands in the file, a number only where the whole column is one; else the row is named."""

import contextlib
import csv
import datetime as dt
import io

import openpyxl
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from confide.errors import InvalidInput
from confide.records.tables import read_cells, read_table

cell = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=8) | st.text(
    'a,;|"\n\t 患', max_size=8
)


@st.composite
def tables(draw):
    width = draw(st.integers(2, 5))
    rows = draw(st.lists(st.lists(cell, min_size=width, max_size=width), min_size=1, max_size=8))
    rows = [["x" + row[0], *row[1:]] for row in rows]  # no blank rows here
    return [f"column {i}" for i in range(width)], rows


@given(table=tables(), separator=st.sampled_from(",;\t|"), line_end=st.sampled_from(["\n", "\r\n"]))
def test_every_cell_comes_out_as_it_stands_in_the_file(table, separator, line_end):
    names, rows = table
    written = io.StringIO()
    csv.writer(written, delimiter=separator, lineterminator=line_end).writerows([names, *rows])
    cells = read_cells(written.getvalue().encode("utf-8-sig"), "a.csv")
    assert cells.columns == [*names, "_row"]
    assert [tuple(c or "" for c in row) for row in cells.drop("_row").rows()] == [tuple(row) for row in rows]
    assert cells["_row"].to_list() == list(range(2, len(rows) + 2))


@given(data=st.binary(max_size=300) | st.text('a,;1"\n', max_size=60).map(str.encode))
@example(b"x^,b\n1,2\n")
@example(b"^a$,b\n1,2\n")
@settings(max_examples=300)
def test_any_bytes_are_read_or_refused(data):
    for file in ("a.csv", "a.tsv", "a.jsonl"):
        with contextlib.suppress(InvalidInput):
            assert "_row" in read_table(data, file).columns


@given(data=st.binary(max_size=300))
@settings(max_examples=50)
def test_any_bytes_called_parquet_or_excel_are_read_or_refused(data):
    for file in ("a.parquet", "a.xlsx"):
        for start in (b"", b"PAR1", b"PK\x03\x04"):
            with pytest.raises(InvalidInput):
                read_table(start + data, file)


@given(numbers=st.lists(st.integers(-(10**15) + 1, 10**15 - 1), min_size=1))
def test_whole_numbers_come_out_as_whole_numbers(numbers):
    data = "n\n" + "\n".join(map(str, numbers))
    assert read_table(data.encode(), "a.csv")["n"].to_list() == numbers


@given(numbers=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_come_out_as_they_were_written(numbers):
    data = "n\n" + "\n".join(map(repr, numbers))
    assert read_table(data.encode(), "a.csv")["n"].to_list() == numbers


@pytest.mark.parametrize(
    "id_like", ["007", "-012", "1234567890123456", "110101199003078888", "12 34", "1,234", "0x1F", "１２"]
)
def test_ids_with_leading_zeros_or_many_digits_stay_text(id_like):
    column = read_table(f'n\n1\n"{id_like}"\n'.encode(), "a.csv")["n"]
    assert column.to_list() == ["1", id_like]


def test_a_missing_number_is_null_and_a_text_that_says_so_stays():
    table = read_table(b"n,t\n1,NA\nNA,b\n,c\n", "a.csv")
    assert table.rows() == [(1, "NA", 2), (None, "b", 3), (None, "c", 4)]


@pytest.mark.parametrize("odd", ["NaN", "nan", "inf", "-Infinity", "1e999"])
def test_nan_and_infinity_in_a_column_of_numbers_are_refused_by_row(odd):
    with pytest.raises(InvalidInput) as refused:
        read_table(f"n,m\n1,1\n{odd},2\n2,3\n{odd},4\n".encode(), "a.csv")
    assert refused.value.public == {"file": "a.csv", "rows": "3, 5", "count": 2, "column": "n"}


def test_the_row_number_is_what_a_spreadsheet_shows():
    table = read_table(b'a,b\n1,"two\nlines"\n\n,\n3,x\n', "a.csv")
    assert table["_row"].to_list() == [2, 5]
    assert table["b"].to_list() == ["two\nlines", "x"]


def test_one_column_may_have_blank_lines_and_separators_in_quotes():
    assert read_table(b'id\n7\n\n"a,b"\n', "a.csv").rows() == [("7", 2), ("a,b", 4)]


def test_a_column_asked_for_as_text_stays_text():
    assert read_table(b"phone\n13800000000\n", "a.csv", text=["phone"])["phone"].to_list() == ["13800000000"]


def test_a_table_in_gb18030_is_read_with_its_chinese_columns():
    table = read_table("编号,性别\n007,女\n".encode("gb18030"), "a.csv")
    assert table.to_dicts() == [{"编号": "007", "性别": "女", "_row": 2}]


BAD = {
    "empty": (b"", "is empty"),
    "blank": (b" \n\n", "is empty"),
    "header only": (b"a,b\n", "has a header and no rows"),
    "one cell too many": (b"a,b\n1,2\n1,2,3\n", "row 3: 3 cells where the header has 2"),
    "one cell too few": (b"a,b\n1\n", "row 2: 1 cells where the header has 2"),
    "a name twice": (b"a,b,a\n1,2,3\n", "columns number 1 and 3 have the same name"),
    "no name": (b"a,,b\n1,2,3\n", "column number 2 has no name"),
    "our name": (b"a,_patient\n1,2\n", "keeps for itself"),
    "no header, numbers": (b"10023,1980-02-03\n10024,1981-02-03\n", "first row"),
    "no header, ids": (b"ZY00123456,x\nZY00123457,y\n", "first row"),
    "no header, words": ("张三,男,内科\n李四,男,内科\n王五,女,外科\n".encode(), "first row"),
    "stray quote": (b'a,b\n1,x"y"\n', "row 2: a double quote"),
    "open quote": (b'a,b\n1,2\n3,"x\n4,5\n', "row 3: a double quote"),
    "excel formula": (b'a,b\n="01",2\n', "row 2: a double quote"),
}


@pytest.mark.parametrize(("data", "sentence"), BAD.values(), ids=BAD.keys())
def test_a_broken_table_is_refused_by_row(data, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        read_table(data, "a.csv")


def test_a_cell_of_ten_megabytes_is_refused_by_row_and_column():
    with pytest.raises(InvalidInput) as refused:
        read_table(b"a,b\n1,2\n2," + b"x" * 10_000_000 + b"\n", "a.csv")
    assert refused.value.public == {"file": "a.csv", "rows": "3", "count": 1, "column": "b"}


def test_another_kind_of_file_is_refused_with_the_kinds_that_are_read():
    with pytest.raises(InvalidInput) as refused:
        read_table(b"x", "a.docx")
    assert ".parquet" in refused.value.hint


def parquet(**columns):
    file = io.BytesIO()
    pl.DataFrame(columns).write_parquet(file)
    return file.getvalue()


def test_parquet_comes_out_as_text_numbers_and_booleans():
    data = parquet(
        id=pl.Series([1, 2], dtype=pl.UInt16),
        day=[dt.date(2024, 2, 29), None],
        at=[dt.datetime(2024, 2, 29), dt.datetime(2024, 3, 1, 4, 5)],
        sex=pl.Series(["F", ""], dtype=pl.Categorical),
        x=pl.Series([0.5, None], dtype=pl.Float32),
        ok=[True, None],
    )
    table = read_table(data, "a.parquet")
    assert table.rows() == [
        (1, "2024-02-29", "2024-02-29", "F", 0.5, True, 1),
        (2, None, "2024-03-01 04:05:00", None, None, None, 2),
    ]
    assert read_table(data, "a.parquet", text=["id"])["id"].to_list() == ["1", "2"]


def test_nan_in_parquet_is_refused_by_record():
    with pytest.raises(InvalidInput, match="column x holds numbers, and NaN or infinity; rows: 2"):
        read_table(parquet(x=[1.0, float("nan")]), "a.parquet")


def test_a_nested_column_of_parquet_is_refused_by_name():
    with pytest.raises(InvalidInput, match="column x holds List"):
        read_table(parquet(x=[[1], [2]]), "a.parquet")


def workbook(*rows, sheets=1):
    book = openpyxl.Workbook()
    for number in range(sheets):
        sheet = book.active if number == 0 else book.create_sheet()
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_excel_keeps_ids_numbers_and_days_and_counts_rows_as_it_shows_them():
    data = workbook(["编号", "天数", "日期"], ["007", 3, dt.date(2024, 2, 29)], [], ["012", 4.5, None])
    assert read_table(data, "a.xlsx").rows() == [("007", 3.0, "2024-02-29", 2), ("012", 4.5, None, 4)]


@pytest.mark.parametrize("odd", ["unknown", 4.5, dt.datetime(2024, 3, 1, 9, 30), True, None])
def test_one_odd_cell_of_excel_changes_how_no_other_row_reads(odd):
    rows = [["a", dt.date(2024, 2, 29)], ["b", 3], ["c", "x 00:00:00"]]
    fewer = read_cells(workbook(["id", "x"], *rows[:1]), "a.xlsx")
    same = read_cells(workbook(["id", "x"], *rows), "a.xlsx")
    more = read_cells(workbook(["id", "x"], *rows, ["d", odd]), "a.xlsx")
    assert more.head(3).rows() == same.rows()
    assert more.head(1).rows() == fewer.rows()


def test_excel_rows_are_counted_from_the_top_of_the_sheet():
    with pytest.raises(InvalidInput, match="column number 1 has no name"):
        read_table(workbook([], ["id"], [1]), "a.xlsx")


def test_a_workbook_with_two_filled_sheets_is_refused():
    with pytest.raises(InvalidInput, match="2 filled sheets"):
        read_table(workbook(["a"], [1], sheets=2), "a.xlsx")


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[1]",
        "3",
        '{"a": [1]}',
        '{"a": NaN}',
        '{"a": 1, "a": 2}',
        '{"a": "\\ud800"}',
        "[" * 100_000,
        "{}",
    ],
)
def test_a_bad_json_line_is_named_by_its_number(line):
    with pytest.raises(InvalidInput, match=r"a\.jsonl, line 3 is not a flat JSON object"):
        read_table(f'{{"a": 1}}\n\n{line}\n'.encode(), "a.jsonl")


def test_json_numbers_are_read_as_they_were_written():
    assert read_cells(b'{"a": 1.50, "b": 12345678901234567890, "c": true, "d": null}', "a.jsonl").rows() == [
        ("1.50", "12345678901234567890", "true", None, 1)
    ]


def test_blank_lines_below_the_header_are_passed_over_and_counted():
    table = read_table(b"id,note\n\n\r\n7,calm\n", "a.csv", text=("id",))
    assert table.rows() == [("7", "calm", 4)]
