"""A source comes out with its patients, without those who opted out, and a fault is named by file and row.

The table `BAD` lists the bad input of this room: one sentence with file and row, in both languages, never a value.
"""

import io

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.errors import InvalidInput
from confide.records.checks import is_impossible_date
from confide.records.load import load_notes, load_source, load_table
from confide.records.notes import Note
from confide.records.patients import Crosswalk, read_crosswalk, read_id_list, refuse_two_patients_across
from confide.records.section import SourceSection
from confide.words import speaking

VISITS = SourceSection(
    name="visits",
    kind="table",
    path="raw/visits.csv",
    patient="pid",
    id="visit",
    identifiers={"ssn": "ssn", "birth": "birth-date", "age": "age", "phone": "phone"},
)
NOTES = SourceSection(name="notes", kind="notes", path="raw/*.jsonl", text="note", patient="pid", id="n")
HEADER = "visit,pid,ssn,birth,age,phone,days"


def visits(*rows: str) -> dict[str, bytes]:
    return {"raw/visits.csv": "\n".join([HEADER, *rows]).encode()}


GOOD = visits(
    "v1,P1,912-34-5678,1950-03-01,74,2025550101,3",
    "v2,P1,912-34-5678,1950-03-01,74,2025550101,5",
    "v3,P2,945-67-8901,1961-12-31,62,2025550102,1",
)


def test_a_table_comes_out_with_patients_rows_and_files():
    table = load_table(VISITS, GOOD)
    assert table["_patient"].to_list() == ["P1", "P1", "P2"]
    assert table["_row"].to_list() == [2, 3, 4]
    assert table["_file"].unique().to_list() == ["raw/visits.csv"]
    assert table["days"].to_list() == [3, 5, 1]
    assert table["phone"].to_list()[0] == "2025550101", "an identifier stays text"
    assert table["age"].to_list() == [74, 74, 62], "an age stays a number"


def test_a_source_of_several_files_is_read_in_the_order_of_names():
    files = {"b.csv": b"pid,x\nP2,2\n", "a.csv": b"x,pid\n1,P1\n"}
    section = SourceSection(name="t", kind="table", path="*.csv", patient="pid")
    assert load_table(section, files).select("pid", "x", "_file").rows() == [
        ("P1", 1, "a.csv"),
        ("P2", 2, "b.csv"),
    ]


broken_cell = st.sampled_from(["", "NaN", "-7", "2023-02-30", "v1", "912-34-5678", "1 MB", "文"])


@settings(max_examples=30)
@given(cells=st.lists(broken_cell, min_size=6, max_size=6))
def test_no_cell_of_a_patient_who_opted_out_changes_a_type_or_an_error(cells):
    """Promise 5 and rule C4: the opt-out list is applied before anything else is read."""
    cells = [cell.replace("1 MB", "x" * 1_000_001) for cell in cells]
    row = ",".join([cells[0], "P9", *cells[1:]])
    with_them = visits(*GOOD["raw/visits.csv"].decode().split("\n")[1:], row)
    assert load_table(VISITS, with_them, optout={"P9"}).equals(load_table(VISITS, GOOD))
    assert load_table(VISITS, with_them, consented={"P1", "P2"}).equals(load_table(VISITS, GOOD))


def test_optout_and_consent_may_use_any_id_of_the_crosswalk():
    crosswalk = read_crosswalk(b"id,patient\nOLD-1,P1\nP1,P0\n", "ids.csv")
    for one in ("OLD-1", "P1", "P0", " Ｐ1 "):
        assert load_table(VISITS, GOOD, crosswalk=crosswalk, optout={one})["_patient"].to_list() == ["P2"]
        assert set(load_table(VISITS, GOOD, crosswalk=crosswalk, consented={one})["_patient"]) == {"P0"}


def test_several_ids_of_one_person_are_one_patient():
    crosswalk = read_crosswalk("编号,患者\nP1,A\nP2,A\n".encode("gb18030"), "ids.csv")
    assert load_table(VISITS, GOOD, crosswalk=crosswalk)["_patient"].unique().to_list() == ["A"]
    assert crosswalk.ids_of() == {"A": ("A", "P1", "P2")}


@given(ids=st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), min_size=1, max_size=6))
def test_a_crosswalk_is_refused_or_joins_every_pair_it_names(ids):
    data = "id,patient\n" + "\n".join(",".join(pair) for pair in ids)
    try:
        crosswalk = read_crosswalk(data.encode(), "ids.csv")
    except InvalidInput:
        return
    for identifier, patient in ids:
        assert crosswalk.patient_of(identifier) == crosswalk.patient_of(patient)


def test_what_holds_patients_does_not_show_them():
    """Promise 8: no patient data in reprs."""
    note = Note(id="n-77", patient="P1", text="calm", row=3, file="a.jsonl", fields={"name": "Doe"})
    assert repr(note) == "Note(row=3, file='a.jsonl')"
    assert repr(Crosswalk({"OLD-1": "P1"})) == "Crosswalk(1 ids)"


def test_unit_row_makes_each_row_a_patient_where_no_column_is_named():
    section = SourceSection(name="t", kind="table", path="*.csv")
    table = load_table(section, {"a.csv": b"x\n1\n2\n"}, unit="row")
    assert table["_patient"].to_list() == ["a.csv:2", "a.csv:3"]


def test_placeholders_in_place_of_a_national_number_do_not_join_patients():
    rows = [f"v{i},P{i},{ssn},,,," for i, ssn in enumerate(["000-00-0000"] * 2 + ["不详"] * 2 + ["", ""])]
    assert load_table(VISITS, visits(*rows)).height == 6


def test_one_national_number_under_two_ids_is_found_however_it_is_written():
    files = visits("v1,P1,912-34-5678,,,,", "v2,P2,９１２ 34 5678,,,,")
    with pytest.raises(InvalidInput, match="more than one patient id; rows: 2, 3"):
        load_table(VISITS, files)
    crosswalk = read_crosswalk(b"id,patient\nP2,P1\n", "ids.csv")
    assert load_table(VISITS, files, crosswalk=crosswalk).height == 2


def test_one_national_number_under_two_ids_is_found_over_two_sources():
    """Promise 2: the patient is the unit, over all records and sources."""
    labs = SourceSection(
        name="labs", kind="table", path="labs.csv", patient="pid", identifiers={"idno": "ssn"}
    )
    ours, kinds = load_table(VISITS, GOOD), VISITS.identifiers
    same = load_table(labs, {"labs.csv": b"pid,idno\nP1,912345678\n"})
    other = load_table(labs, {"labs.csv": b"pid,idno\nP7,945678901\nP8,\n"})
    refuse_two_patients_across({"visits": (ours, kinds), "labs": (same, labs.identifiers)})
    with pytest.raises(InvalidInput, match=r"visits\.csv: a national number .* in visits, labs .* rows: 4"):
        refuse_two_patients_across({"visits": (ours, kinds), "labs": (other, labs.identifiers)})
    refuse_two_patients_across({})


# -- notes --------------------------------------------------------------------


def test_notes_come_out_of_json_lines_with_their_other_columns():
    notes = load_notes(
        NOTES, {"raw/a.jsonl": '{"n": "1", "pid": 7, "note": "平静\\n睡眠好", "ward": "3"}\n'.encode()}
    )
    assert notes == [
        Note(
            id="1",
            patient="7",
            text="平静\n睡眠好",
            row=1,
            file="raw/a.jsonl",
            fields={"n": "1", "pid": "7", "ward": "3"},
        )
    ]


def test_notes_come_out_of_csv_and_get_an_id_from_file_and_row():
    section = SourceSection(name="n", kind="notes", path="n.csv", text="note")
    notes = load_notes(section, {"n.csv": b'pid,note\nP1,"calm,\nslept"\nP2,better\n'}, patient="pid")
    assert [(note.id, note.text) for note in notes] == [("n.csv:2", "calm,\nslept"), ("n.csv:3", "better")]


def test_a_folder_of_texts_takes_the_patient_from_the_name_and_shows_no_name():
    section = SourceSection(name="n", kind="notes", path="notes/*.txt")
    files = {"notes/P2_b.txt": "好转".encode("gb18030"), "notes/P1_a.txt": b"\xef\xbb\xbfcalm"}
    notes = load_notes(section, files, optout={"P3"})
    assert [(n.patient, n.text, n.file) for n in notes] == [
        ("P1", "calm", "notes/*.txt (1)"),
        ("P2", "好转", "notes/*.txt (2)"),
    ]


def test_a_text_that_is_named_by_its_patient_alone_is_that_patients_note():
    section = SourceSection(name="n", kind="notes", path="notes/*.txt")
    assert [n.patient for n in load_notes(section, {"notes/P1.txt": b"calm", "notes/P2_b.txt": b"x"})] == [
        "P1",
        "P2",
    ]


def test_a_folder_of_texts_takes_the_patient_from_the_folder_where_the_path_says_so():
    section = SourceSection(name="n", kind="notes", path="notes/*/*.txt")
    assert [n.patient for n in load_notes(section, {"notes/P1/a.txt": b"calm", "notes/P_2/b.txt": b"x"})] == [
        "P1",
        "P_2",
    ]


def test_load_source_follows_the_kind():
    assert load_source(VISITS, GOOD).height == 3
    assert isinstance(load_source(NOTES, {"a.jsonl": b'{"n": 1, "pid": 7, "note": "calm"}'})[0], Note)


@pytest.mark.parametrize(
    "cell",
    [
        "2023-02-30",
        "2023.2.29",
        "20230431",
        "2023年13月1日",
        "30/02/2023",
        "02/30/2023",
        "２０２３－０２－３０",
    ],
)
def test_a_day_that_no_calendar_has_is_impossible_in_every_form(cell):
    assert is_impossible_date(cell)


@pytest.mark.parametrize(
    "cell", ["2024-02-29", "2024年2月29日 08:00", "13/02/2023", "02/13/2023", "202302", "unknown", ""]
)
def test_a_day_that_may_be_right_in_some_form_is_not_judged(cell):
    assert not is_impossible_date(cell)


# -- refusals -----------------------------------------------------------------

SECRET = "Zw9-secret"  # stands in every bad row and must stand in no sentence
BAD = {
    "no patient id": (VISITS, visits("v1,P1,,,,,", f"v2, ,{SECRET},,,,"), "rows: 3 (1 in all)"),
    "doubled record id": (
        VISITS,
        visits(f"{SECRET},P1,,,,,", "v,P1,,,,,", f"{SECRET},P2,,,,,"),
        "rows: 2, 4 (2 in all)",
    ),
    "negative age": (
        VISITS,
        visits("v1,P1,,,-4,,", f"v2,P1,{SECRET},,7,,"),
        "column age holds an age below zero; rows: 2",
    ),
    "impossible date": (
        VISITS,
        visits(f"v1,{SECRET},,2023-02-30,,,", "v2,P2,,2024-02-29,,,"),
        "rows: 2 (1 in all)",
    ),
    "two ids": (
        VISITS,
        visits(f"v1,P1,{SECRET},,,,", f"v2,P2,{SECRET},,,,"),
        "more than one patient id; rows: 2, 3",
    ),
    "not finite": (
        VISITS,
        visits(f"v1,{SECRET},,,,,NaN", "v2,P1,,,,,2"),
        "column days holds numbers, and NaN or infinity; rows: 2",
    ),
    "huge cell": (VISITS, visits(f"v1,P1,,,,,{SECRET * 200_000}"), "1 MB in a single cell; rows: 2"),
    "unknown column": (
        VISITS,
        {"raw/visits.csv": f"pid,a,b\n{SECRET},1,2\n".encode()},
        "no column visit; it has pid, a, b",
    ),
    "unknown patient column": (
        SourceSection(name="t", kind="table", path="t.csv", patient="nr"),
        {"t.csv": f"pid,a\n{SECRET},1\n".encode()},
        "no patient column nr; it has pid, a",
    ),
    "no patient setting": (
        SourceSection(name="t", kind="table", path="t.csv"),
        {"t.csv": f"pid,a\n{SECRET},1\n".encode()},
        "does not say which column is the patient",
    ),
    "no file": (VISITS, {}, "no file matches raw/visits.csv"),
    "empty file": (VISITS, {"raw/visits.csv": b""}, "raw/visits.csv is empty"),
    "wrong encoding": (
        VISITS,
        {"raw/visits.csv": b"pid,a\n" + SECRET.encode() + b",\xff\xfe\n"},
        "neither UTF-8 nor GB18030: byte 18, in line 2",
    ),
    "other columns": (
        SourceSection(name="t", kind="table", path="*.csv", patient="pid"),
        {"a.csv": b"pid,x\n1,2\n", "b.csv": f"pid,y\n{SECRET},2\n".encode()},
        "b.csv and a.csv belong to one source and differ in the columns x, y",
    ),
    "no text column": (
        NOTES,
        {"raw/a.jsonl": f'{{"n": 1, "pid": "{SECRET}", "text": "x"}}'.encode()},
        "no column note; it has n, pid, text",
    ),
    "no text": (
        NOTES,
        {"raw/a.jsonl": f'{{"n": 1, "pid": "{SECRET}", "note": " "}}'.encode()},
        "column note is empty; rows: 1",
    ),
    "bad json": (
        NOTES,
        {"raw/a.jsonl": f'{{"n": 1, "pid": "{SECRET}"'.encode()},
        "raw/a.jsonl, line 1 is not a flat JSON object",
    ),
    "no patient in name": (
        SourceSection(name="n", kind="notes", path="n/*.txt"),
        {"n/calm.txt": SECRET.encode()},
        "does not say whose note it is",
    ),
    "empty text file": (
        SourceSection(name="n", kind="notes", path="n/*.txt"),
        {f"n/{SECRET}_a.txt": b" "},
        "n/*.txt (1) is empty",
    ),
}


@pytest.mark.parametrize(("section", "files", "sentence"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_named_by_file_and_row_and_never_by_value(section, files, sentence):
    with pytest.raises(InvalidInput) as refused:
        load_source(section, files)
    assert refused.value.exit_code == 2
    for language in ("en", "zh"):
        with speaking(language):
            said = f"{refused.value} {refused.value.hint} {refused.value.public} {refused.value!r}"
        assert SECRET not in said
        assert "\n" not in said
    with speaking("en"):
        assert sentence in str(refused.value)
        assert str(refused.value.__cause__) == "None"


def test_only_the_first_five_bad_rows_are_named_and_all_are_counted():
    with pytest.raises(InvalidInput, match=r"rows: 2, 3, 4, 5, 6, … \(9 in all\)"):
        load_table(VISITS, visits(*(f"v{i},,,,,," for i in range(9))))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"a,b\nx,y\n", "no columns id and patient"),
        (b"id,patient\nx,y\nx,z\n", "gives one id to different patients; rows: 2, 3"),
        (b"id,patient\nx,y\ny,x\n", "in a circle; rows: 2, 3"),
        (b"id,patient\nx,\n", "lacks the id or the patient; rows: 2"),
    ],
)
def test_a_crosswalk_that_contradicts_itself_is_refused(data, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        read_crosswalk(data, "ids.csv")


def test_a_list_without_a_header_is_refused_so_that_no_first_id_is_lost():
    """Promise 5, fail closed: a patient who opted out is not taken for the name of a column."""
    with pytest.raises(InvalidInput, match="first row names none of id"):
        read_id_list(b"Zw9-1\nZw9-2\n", "optout.csv")


def test_a_list_with_a_missing_id_is_refused():
    with pytest.raises(InvalidInput, match="the id is missing; rows: 3"):
        read_id_list(b"id,since\nP1,2024\n,2024\n", "optout.csv")


def test_reading_a_chain_ends_at_the_last_patient():
    crosswalk = read_crosswalk(b"id,patient\na,b\nb,c\nc,c\n", "ids.csv")
    assert {crosswalk.patient_of(i) for i in "abc"} == {"c"}
    assert crosswalk.patient_of("other") == "other"


def test_a_row_without_a_number_changes_how_no_other_row_of_two_files_reads():
    section = SourceSection(name="v", kind="table", path="v.*")
    seen = []
    for wards in ([1, 2], [1.0, 2.0, None]):
        file = io.BytesIO()
        pl.DataFrame({"pid": ["a", "b", "c"][: len(wards)], "ward": wards}).write_parquet(file)
        files = {"a.parquet": file.getvalue(), "b.csv": b"pid,ward\nz,3\n"}
        table = load_table(section, files, patient="pid", text={"ward"})
        seen.append(table.filter(pl.col("pid") != "c")["ward"].to_list())
    assert seen[0] == seen[1]


def test_one_odd_cell_is_refused_where_the_study_names_the_encoding():
    section = SourceSection(name="visits", kind="table", path="v.csv", patient="id", encoding="utf-8")
    rows = "id,said\np1,décidé\n".encode()
    assert load_table(section, {"v.csv": rows})["said"].to_list() == ["décidé"]
    with pytest.raises(InvalidInput, match="line 3"):
        load_table(section, {"v.csv": rows + "p2,不详\n".encode("gb18030")})
