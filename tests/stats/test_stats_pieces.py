"""A table that comes in pieces has the integers of the same table in one piece."""

from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stats_tables import Silent, exact_sums, tables

from confide.engines.polars import GRID
from confide.errors import InvalidInput
from confide.stats.pieces import Pieces, parquet_pieces
from confide.stats.plan import StatsPlan
from confide.stats.tally import tally

BY = {"sex": ("F", "M", "女"), "age_band": (0, 18, 45, 65, 120)}
MEASURES = (
    "count", "patients", "sum(stay, -5, 60)", "mean(stay, 0, 60)", "variance(stay, 0, 60)", "proportion(sex, F)",
    "median(stay, 0, 60)", "histogram(age, 0, 18, 65)", "top(sex, 1, F, M, 女)",
)  # fmt: skip


def plan(**changes) -> StatsPlan:
    return StatsPlan(**{"name": "t", "epsilon": 1.0, "by": BY, "measures": MEASURES, "max_rows": 2} | changes)


def cut(data: pl.DataFrame, at: list[int]) -> Pieces:
    """Cut a table at these rows."""
    ends = [0, *sorted(min(each, data.height) for each in at), data.height]
    slices = [data[low:high] for low, high in pairwise(ends)]
    return Pieces(tuple(data.columns), lambda names: (each.select(names) for each in slices))


def whole(data: pl.DataFrame) -> pl.DataFrame:
    return data


@settings(max_examples=60)
@given(
    data=tables, at=st.lists(st.integers(0, 3000), max_size=4), most=st.integers(1, 5), as_text=st.booleans()
)
def test_a_table_in_pieces_has_the_sums_of_the_whole_table(data, at, most, as_text):
    asked, data = plan(max_rows=most), data.with_columns(pl.all().cast(pl.String)) if as_text else data
    found = cut(data, at).tally(asked.by, asked.parts(), whole, asked.text_columns())
    expected = exact_sums(asked, data)
    for part, sums in found.sums(lambda _: most).items():
        assert (sums == expected[part]).all()
    rows = tally(asked.by, asked.parts(), data).rows()
    assert sorted(found.rows().tolist()) == sorted(rows[rows > 0].tolist())


@settings(max_examples=30)
@given(
    ids=st.lists(st.one_of(st.none(), st.integers(-3, 3), st.sampled_from([2**62, -(2**62)])), max_size=50),
    at=st.lists(st.integers(0, 50), max_size=3),
)
def test_patients_are_told_apart_over_pieces_as_in_one_table(ids, at):
    data = pl.DataFrame({"_patient": pl.Series(ids, dtype=pl.Int64), "sex": ["F"] * len(ids)})
    asked = plan(by={"sex": ("F",)}, measures=("count", "patients"), max_rows=1)
    for each in (
        data,
        data.cast({"_patient": pl.String}),
        data.cast({"_patient": pl.String}).cast({"_patient": pl.Categorical}),
    ):
        found = cut(each, at).tally(asked.by, asked.parts(), whole, {"sex"}).sums(lambda _: 1)
        for part, sums in exact_sums(asked, each).items():
            assert (found[part] == sums).all()


def test_a_patient_in_every_piece_weighs_what_one_patient_weighs():
    """The bound is on a patient, not on a patient's rows in one piece."""
    data = pl.DataFrame({"_patient": ["p"] * 4096, "sex": ["F"] * 4096})
    asked = plan(by={"sex": ("F",)}, measures=("count",), max_rows=4)
    (sums,) = (
        cut(data, list(range(0, 4096, 64)))
        .tally(asked.by, asked.parts(), whole, {"sex"})
        .sums(lambda _: 4)
        .values()
    )
    assert sums.tolist() == [[GRID]]


def test_rows_that_are_left_out_do_not_lessen_a_patients_weight():
    data = pl.DataFrame({"_patient": ["p"] * 10, "sex": ["F"] * 10, "stay": [str(n) for n in range(10)]})
    asked = plan(by={"sex": ("F",)}, measures=("count",), max_rows=1)
    found = cut(data, [3, 6]).tally(
        asked.by, asked.parts(), lambda piece: piece.filter(pl.col("stay") == "7"), {"sex", "stay"}
    )
    assert [sums.tolist() for sums in found.sums(lambda _: 1).values()] == [[[GRID]]]


def test_counts_per_patient_are_kept_small_however_many_pieces_there_are(monkeypatch):
    monkeypatch.setattr("confide.stats.pieces.PIECE", 8)  # made small again after every eighth row
    data = pl.DataFrame({"_patient": [n % 5 for n in range(400)], "sex": ["F", "M"] * 200})
    asked = plan(by={"sex": ("F", "M")}, measures=("count", "patients"), max_rows=3)
    found = cut(data, list(range(0, 400, 3))).tally(asked.by, asked.parts(), whole, {"sex"})
    assert max(len(each._whole) + each._rows for each in (found._counts, found._pairs)) <= 32
    for part, sums in exact_sums(asked, data).items():
        assert (found.sums(lambda _: 3)[part] == sums).all()


def test_parquet_files_are_read_in_pieces_and_only_the_columns_that_are_wanted(tmp_path):
    data = pl.DataFrame(
        {
            "_patient": [f"p{n % 7}" for n in range(1000)],
            "sex": ["F", "M"] * 500,
            "stay": [n % 31 for n in range(1000)],
            "note": ["x"] * 1000,
        }
    )
    for place, piece in enumerate((data[:600], data[600:])):
        piece.write_parquet(tmp_path / f"{place}.parquet", row_group_size=128)
    asked = plan(by={"sex": ("F", "M")}, measures=("count", "mean(stay, 0, 30)"), max_rows=3)
    table = parquet_pieces(sorted(tmp_path.iterdir()), rows=50)
    pieces = list(table.of(["_patient", "sex"]))
    assert max(piece.height for piece in pieces) <= 50
    assert pieces[0].columns == ["_patient", "sex"]
    seen = []
    found = table.tally(
        asked.by, asked.parts(), lambda piece: seen.append(piece.columns) or piece, asked.text_columns()
    )
    assert seen[0] == ["_patient", "sex", "stay"]
    for part, sums in exact_sums(asked, data).items():
        assert (found.sums(lambda _: 3)[part] == sums).all()


def test_an_empty_table_and_a_table_of_nobody_have_sums_of_nought():
    for data in (
        pl.DataFrame(schema={"_patient": pl.String, "sex": pl.String}),
        pl.DataFrame({"_patient": [None], "sex": ["F"]}),
    ):
        asked = plan(by={"sex": ("F",)}, measures=("count", "patients"))
        found = cut(data, []).tally(asked.by, asked.parts(), whole, {"sex"})
        assert len(found.rows()) == 0
        assert [sums.tolist() for sums in found.sums(lambda _: 2).values()] == [[[0]], [[0]]]


def test_files_that_are_no_one_table_are_refused(tmp_path):
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"a": ["1"]}).write_parquet(tmp_path / "b.parquet")
    for paths, code in [([], "pieces.none"), (sorted(tmp_path.iterdir()), "pieces.differ")]:
        with pytest.raises(InvalidInput) as refused:
            parquet_pieces(paths)
        assert refused.value.code == code


def test_neither_pieces_nor_sums_show_a_patient():
    data = pl.DataFrame({"_patient": ["Zebulon"], "sex": ["F"]})
    asked = plan(by={"sex": ("F",)}, measures=("count",))
    pieces = cut(data, [])
    assert "Zebulon" not in repr(pieces) + repr(pieces.tally(asked.by, asked.parts(), whole, {"sex"}))


def test_a_plan_runs_on_pieces_as_in_memory_with_a_bound_that_is_chosen():
    data = pl.DataFrame({"_patient": [n % 300 for n in range(900)], "sex": ["F", "M", "F"] * 300})
    asked = plan(
        by={"sex": ("F", "M")}, measures=("count", "patients"), max_rows="private", where=("sex == 'F'",)
    )
    assert asked.execute(cut(data, [100, 555]), Silent()) == asked.execute(data, Silent())
