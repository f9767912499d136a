"""Plain cells are the cells of a frame, and are typed alike: one meaning of a table, with Polars and without."""

import io

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from confide.errors import InvalidInput
from confide.records.blocks import cell_blocks, plain_cells_of
from confide.records.cells import LARGEST_CELL, typed_columns, untyped_columns
from confide.records.columns import typed
from confide.records.tables import cells_of, plain_columns, read_cells

CELL = st.one_of(
    st.text('ab"国,;\t|\n 1\x1c\x85\u3000', max_size=6),
    st.sampled_from(["", "NA", " null", "007", "+7", "-0", "1.", ".5", "1e3", "1e999", "NaN", "-Inf", "∞", "ınf", "true", "12345678901234567"]),
    st.integers(-99, 99).map(str),
    st.floats().map(str),
)  # fmt: skip
TABLE = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=8)
)


def as_csv(rows, separator=","):
    """Write rows with a header, every cell in quotes."""
    header = [f"c{at}" for at in range(len(rows[0]))]
    quoted = (['"' + cell.replace('"', '""') + '"' for cell in row] for row in rows)
    return "\n".join(map(separator.join, [header, *quoted])).encode()


def outcome(read, data, name):
    try:
        cells = read(data, name)
    except InvalidInput as refused:
        return refused.code, dict(refused.public)
    return {name: list(column) for name, column in cells.columns.items()}, list(cells.rows)


def framed(data, name):
    return cells_of(read_cells(data, name))


@given(TABLE, st.sampled_from(",;|"))
def test_the_cells_of_a_delimited_text_are_those_of_its_frame(rows, separator):
    data = as_csv(rows, separator)
    assert outcome(plain_cells_of, data, "a.csv") == outcome(framed, data, "a.csv")


@given(st.text('ab",;\t|\n 1', max_size=40).map(str.encode))
@example(b'a;b\n"x;""\ny";2\n\n3;4')
@example(b"a,b\n  \n1,2\n\n")
@example(b"a,b\nx^,\n")
@example("a\nx\u0680\n".encode())
@example(b'a\n""\n""""\n')
@settings(max_examples=200)
def test_what_is_no_sound_table_is_refused_alike(data):
    assert outcome(plain_cells_of, data, "a.csv") == outcome(framed, data, "a.csv")


@given(TABLE, st.sets(st.sampled_from(["c0", "c1"])))
@example([["NaN"], ["1"]], set())
@example([["1e999"]], set())
@example([["∞"]], {"c0"})
def test_columns_are_typed_as_those_of_a_frame(rows, text):
    try:
        table = read_cells(as_csv(rows), "a.csv")
    except InvalidInput:
        return
    found = typed_columns(cells_of(table), text=text)
    try:
        wanted = plain_columns(typed(table, "a.csv", text=text))
    except InvalidInput:
        assert found is None
        return
    assert found is not None
    assert {name: (of.kind, repr(list(of.cells))) for name, of in found.items()} == {
        name: (of.kind, repr(of.cells)) for name, of in wanted.items()
    }


@given(st.lists(st.none() | st.floats(), max_size=4), st.booleans())
@example([1.0, -0.0, 1e17], True)
@example([2.0**63], True)
@example([float("nan")], True)
def test_numbers_of_a_file_of_types_are_typed_as_those_of_a_frame(numbers, as_text):
    table = pl.DataFrame(
        {"c0": pl.Series(numbers, dtype=pl.Float64), "_row": range(len(numbers))},
        schema_overrides={"_row": pl.Int64},
    )
    found = typed_columns(cells_of(table), text=["c0"] if as_text else [])
    try:
        wanted = plain_columns(typed(table, "a.parquet", text=["c0"] if as_text else []))
    except InvalidInput:
        assert found is None
        assert repr(untyped_columns(cells_of(table))["c0"].cells) == repr(numbers)
        return
    assert found is not None
    assert (found["c0"].kind, repr(list(found["c0"].cells))) == (wanted["c0"].kind, repr(wanted["c0"].cells))


@pytest.mark.parametrize(("length", "is_typed"), [(LARGEST_CELL, True), (LARGEST_CELL + 1, False)])
def test_a_cell_beyond_a_megabyte_is_refused_as_in_a_frame(length, is_typed):
    cells = plain_cells_of(b"n\n" + b"x" * length, "a.csv")
    assert (typed_columns(cells) is not None) == is_typed


def test_a_cell_longer_than_a_csv_field_of_the_library_is_read():
    long = "国" * 200_000
    (cells,) = cell_blocks(io.BytesIO(as_csv([[long, "1"]])), "a.csv", block=1 << 20)
    assert cells.columns["c0"] == [long]
