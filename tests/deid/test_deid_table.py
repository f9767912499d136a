"""Tables: columns by class, text columns as notes, the same surrogates and the same shift as in the notes."""

from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.deid.deidentify import Deidentifier
from confide.deid.policy import POLICIES
from confide.errors import GateRefused, InvalidInput

D = Deidentifier(policy="gbt37964-research", key=b"k" * 32, language="zh")
FRAME = pl.DataFrame(
    {
        "_patient": ["p1", "p1", "p2"],
        "_row": [2, 3, 4],
        "name": ["张建国", "张 建国", "李敏"],
        "phone": [13800138000, None, 13900001111],
        "day": [date(2023, 5, 1), date(2023, 6, 1), None],
        "at": [datetime(2023, 5, 1, 8, 30), None, datetime(2020, 1, 1)],
        "birth": ["1931-12-31", "1980-02-30", "1980年1月2日"],
        "age": [92, 45, None],
        "text": ["张建国于2023年5月1日来诊，电话13800138000", "", None],
        "lab": [1.5, 2.5, None],
    }
)
CLASSES = {"name": "name", "phone": "phone", "day": "date", "at": "date", "birth": "birth-date", "age": "age"}


def test_a_table_keeps_its_order_its_other_columns_and_loses_the_row_number():
    out = D.table(FRAME, CLASSES, ["text"])
    assert out.columns == [name for name in FRAME.columns if name != "_row"]
    assert out["lab"].to_list() == FRAME["lab"].to_list()
    assert out["_patient"].to_list() == [D.pseudonym(p) for p in ("p1", "p1", "p2")]


def test_a_table_and_the_notes_of_a_patient_agree(note):
    out = D.table(FRAME, CLASSES, ["text"])
    (done,) = D.patient([note(FRAME["text"][0])], {"name": ("张建国",)})
    assert out["text"][0] == done.text
    assert done.text.startswith(out["name"][0] + "于")
    assert out["name"][1].replace(" ", "") == out["name"][0]
    assert done.text.endswith(out["phone"][0])
    moved = out["day"][0]
    assert f"{moved.year}年{moved.month}月{moved.day}日" in done.text


def test_all_date_columns_of_a_patient_move_by_the_same_days_and_keep_their_type():
    out = D.table(FRAME, CLASSES)
    assert out["day"].dtype == pl.Date
    assert out["at"].dtype == FRAME["at"].dtype
    days = (out["day"][0] - FRAME["day"][0]).days
    assert -365 <= days <= -1
    assert (out["day"][1] - FRAME["day"][1]).days == days
    assert (out["at"][0] - FRAME["at"][0]).days == days


def test_old_ages_and_birth_dates_and_invalid_days_are_not_seen():
    out = D.table(FRAME, CLASSES)
    assert out["age"].to_list() == [90, 45, None]
    assert out["birth"][0] == "90+"
    assert out["birth"][1] == "[出生日期]"
    born = pl.DataFrame({"_patient": ["p1"], "b": [date(1930, 1, 1)], "d": [date(2023, 1, 1)]})
    assert D.table(born, {"b": "birth-date", "d": "date"})["b"].to_list() == [None]


@pytest.mark.parametrize("policy", POLICIES)
def test_no_name_or_number_of_a_patient_survives_in_any_column(policy):
    out = Deidentifier(policy=policy, key=b"k" * 32).table(FRAME, CLASSES, ["text"])
    csv = out.write_csv()
    for value in ("张建国", "李敏", "13800138000", "13900001111", "张 建国"):
        assert value not in csv


def test_safe_harbor_turns_days_into_years():
    out = Deidentifier(policy="safe-harbor", key=b"k" * 32).table(FRAME, CLASSES)
    assert out["day"].to_list() == [2023, 2023, None]
    assert out["birth"][2] == "1980年"


@given(
    st.lists(st.one_of(st.none(), st.text(max_size=8)), min_size=1, max_size=6),
    st.sampled_from(["name", "phone", "address", "age", "date", "email", "url"]),
)
def test_any_cell_comes_through_and_null_stays_null(values, kind):
    frame = pl.DataFrame({"_patient": ["p"] * len(values), "x": pl.Series(values, dtype=pl.String)})
    out = D.table(frame, {"x": kind})["x"].to_list()
    assert [value is None for value in out] == [value is None for value in values]
    if kind in ("name", "phone", "email"):
        assert all(
            new != old
            for new, old in zip(out, values, strict=True)
            if old and old.strip() and any(c.isalnum() for c in old)
        )


def test_hold_leaves_a_doubtful_text_out_and_block_refuses():
    frame = pl.DataFrame({"_patient": ["p", "p"], "t": ["2023-02-30复诊", "律齐"]})
    held, items = Deidentifier(policy="pipl", key=b"k" * 32, review="hold").table_with_review(
        frame, {}, ["t"]
    )
    assert held["t"].to_list() == [None, "律齐"]
    assert [item.document for item in items] == ["t:1"]
    with pytest.raises(GateRefused):
        Deidentifier(policy="pipl", key=b"k" * 32, review="block").table(frame, {}, ["t"])


@pytest.mark.parametrize(
    ("frame", "identifiers", "texts", "message"),
    [
        (FRAME, {"nam": "name"}, [], "no column nam"),
        (FRAME, {"name": "nickname"}, [], "nickname is not a class"),
        (FRAME, {"name": "name"}, ["name"], "both an identifier and a column of text"),
        (FRAME.drop("_patient"), {"name": "name"}, [], "no column _patient"),
        (
            FRAME.with_columns(_patient=pl.Series(["p1", None, "p2"])),
            {"name": "name"},
            [],
            "row 3 has no patient",
        ),
    ],
)
def test_a_table_that_could_never_work_is_refused(frame, identifiers, texts, message):
    with pytest.raises(InvalidInput, match=message):
        D.table(frame, identifiers, texts)


def test_an_empty_table_stays_empty():
    assert D.table(FRAME.head(0), CLASSES, ["text"]).height == 0


def test_an_id_that_a_column_of_fractions_holds_is_the_same_patient():
    frame = pl.DataFrame(
        {"_patient": [4471.0, 4472.0], "mrn": [721148.0, None], "text": ["病案号721148", "无"]}
    )
    out = D.table(frame, {"mrn": "record-number"}, ["text"])
    assert out["_patient"].to_list() == [D.pseudonym("4471"), D.pseudonym("4472")]
    assert out["text"][0] == f"病案号{out['mrn'][0]}"
