"""What `confide init` proposes for a folder: right where names are plain, marked where they are not, never a value."""

import io
import random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.records.guess import LOOKED_AT, guess
from confide.records.guess_columns import guess_columns
from confide.records.headers import identifier_class, public_bounds
from confide.records.load import load_source
from confide.records.tables import plain_columns
from confide.words import speaking

NOTE = "Seen today, sleeps well, no pain. " * 5
ENGLISH = """visit_id,patient_id,name,ssn,phone,address,dob,sex,age,district,admitted,stay_days,score,emergency,readmitted
V1,P1,Zw Aa,912-01-0001,(201) 555-0101,1 Rope Walk,1950-01-02,F,74,North,2024-01-02,3,0.5,0,1
V2,P2,Zw Bb,912-01-0002,(201) 555-0102,2 Rope Walk,1951-01-02,M,73,South,2024-01-03,4,1.5,1,0
"""
CHINESE = """就诊号,患者编号,姓名,身份证号,联系电话,住址,出生日期,性别,年龄,城区,入院日期,住院天数,评分,急诊,再入院
V1,P1,张秘,119901195001021234,15400000001,竹溪巷1号,1950-01-02,女,74,云溪区,2024-01-02,3,0.5,0,1
V2,P2,李密,119901195101021235,15400000002,竹溪巷2号,1951-01-02,男,73,石塘区,2024-01-03,4,1.5,1,0
"""
SECRETS = (
    "Zw Aa",
    "912-01-0001",
    "555-0101",
    "Rope Walk",
    "1950-01-02",
    "张秘",
    "119901",
    "154000",
    "竹溪",
    "P1",
    "V1",
)


def put(folder, **files):
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("DOT", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


@pytest.mark.parametrize(
    ("table", "national"), [(ENGLISH.encode(), "ssn"), (CHINESE.encode("gb18030"), "resident-id")]
)
def test_a_table_with_plain_names_is_guessed_right(tmp_path, table, national):
    put(tmp_path, raw__visitsDOTcsv=table)
    (found,) = guess(tmp_path)
    columns = [column.column for column in found.columns]
    assert (found.name, found.kind, found.path, found.confidence) == (
        "visits",
        "table",
        "raw/visits.csv",
        "high",
    )
    assert [column.role for column in found.columns] == [
        *("id", "patient", "identifier", "identifier", "identifier", "identifier", "identifier"),
        *("category", "identifier", "category", "identifier", "number", "number", "flag", "flag"),
    ]
    section = found.section()
    assert (section.id, section.patient) == (columns[0], columns[1])
    assert list(section.identifiers.values()) == [
        "name",
        national,
        "phone",
        "address",
        "birth-date",
        "age",
        "date",
    ]
    assert found.columns[11].bounds == (0, 60)
    assert [column.column for column in found.columns if column.is_target] == [columns[14]]


def test_a_guessed_section_reads_its_files(tmp_path):
    put(tmp_path, raw__visitsDOTcsv=ENGLISH)
    (found,) = guess(tmp_path)
    assert load_source(found.section(), {"raw/visits.csv": ENGLISH.encode()}).height == 2


@pytest.mark.parametrize("table", [ENGLISH, CHINESE])
def test_no_value_of_an_identifying_column_goes_into_a_guess(tmp_path, table):
    """Promise 8: no patient data in what is shown."""
    put(tmp_path, visitsDOTcsv=table)
    said = repr(guess(tmp_path))
    assert [secret for secret in SECRETS if secret in said] == []


@given(
    header=st.sampled_from(
        ["name", "phone", "姓名", "身份证号", "remark", "备注", "x1", "patient_id", "id", "dob"]
    ),
    cells=st.lists(st.text("ABCDEFGH张王李0123456789-", min_size=6, max_size=20), min_size=1, max_size=9),
)
def test_values_come_only_from_columns_named_like_categories(header, cells):
    table = pl.DataFrame({header: cells, "sex": ["F"] * len(cells), "_row": range(len(cells))})
    one, sex = guess_columns(plain_columns(table))
    assert one.categories == ()
    assert sex.categories == ("F",)
    with_fewer = (one.column, one.kind, one.reason, *map(str, one.bounds or ()))
    assert not any(cell in with_fewer for cell in cells)


def test_a_column_of_many_or_long_values_gives_no_categories():
    many = pl.DataFrame({"district": [f"d{i}" for i in range(13)]})
    long = pl.DataFrame({"district": ["a place that has a name much longer than a category"]})
    assert [guess_columns(plain_columns(table))[0].categories for table in (many, long)] == [(), ()]


def test_notes_are_known_by_their_text(tmp_path):
    lines = f'{{"note_id": 1, "patient_id": "P1", "note": "{NOTE}"}}\n{{"note_id": 2, "patient_id": "P1", "note": "{NOTE}"}}\n'
    put(tmp_path, notesDOTjsonl=lines, otherDOTcsv=f'pid,remark\nP1,"{NOTE}"\n')
    notes, other = guess(tmp_path)
    assert (notes.kind, notes.section().text, notes.section().id) == ("notes", "note", "note_id")
    assert (other.kind, other.section().text, other.columns[1].confidence) == ("notes", "remark", "medium")


def test_shapes_give_away_what_names_do_not():
    table = pl.DataFrame(
        {"c1": ["912-34-5678", "913-34-5678"], "c2": ["154 0000 0001", "15400000002"], "c3": ["ab", "cd"]}
    )
    assert [(one.role, one.kind) for one in guess_columns(plain_columns(table))] == [
        ("identifier", "ssn"),
        ("identifier", "phone"),
        ("other", None),
    ]


def test_files_of_one_kind_are_one_source_and_the_pattern_holds_no_other(tmp_path):
    put(
        tmp_path,
        raw__visits_2023DOTcsv=ENGLISH,
        raw__visits_2024DOTcsv=ENGLISH,
        raw__labsDOTcsv="patient_id,hba1c\nP1,6.5\n",
    )
    labs, visits = guess(tmp_path)
    assert (visits.path, visits.files) == ("raw/visits_202*.csv", 2)
    assert (labs.path, labs.files) == ("raw/labs.csv", 1)
    put(tmp_path, raw__visits_2025DOTcsv="patient_id,other\nP1,6\n")
    assert "raw/visits_202*.csv" not in [one.path for one in guess(tmp_path)]


def test_lists_and_crosswalks_are_told_from_sources(tmp_path):
    put(
        tmp_path,
        idsDOTcsv="编号,患者\nA,B\n",
        optoutDOTcsv="patient_id\nP1\n",
        同意书DOTcsv="患者编号,日期\nP1,2024-01-01\n",
    )
    assert {one.path: one.kind for one in guess(tmp_path)} == {
        "ids.csv": "crosswalk",
        "optout.csv": "optout",
        "同意书.csv": "consented",
    }


def test_folders_of_texts_are_guessed_without_showing_their_names(tmp_path):
    put(tmp_path, a__Zw1_aDOTtxt="x", a__Zw2_bDOTtxt="x", b__Zw3__noteDOTtxt="x", b__Zw4__noteDOTtxt="x")
    found = guess(tmp_path)
    assert [(one.path, one.kind, one.files) for one in found] == [
        ("a/*.txt", "notes", 2),
        ("b/*/*.txt", "notes", 2),
    ]
    assert "Zw" not in repr(found)
    assert found[0].section().is_folder_of_texts


def test_files_that_are_named_by_patient_are_not_taken_for_notes_of_their_folder(tmp_path):
    put(
        tmp_path,
        raw__随访__Zw1DOTtxt="x",
        raw__随访__Zw2DOTtxt="x",
        w__A1__note1DOTtxt="x",
        w__A2__note1DOTtxt="x",
    )
    assert [one.path for one in guess(tmp_path)] == ["raw/随访/*.txt", "w/*/*.txt"]


def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path):
    put(tmp_path, badDOTcsv=b"a,b\n1\n", goodDOTcsv="patient_id,x\nP1,2\n")
    bad, good = guess(tmp_path)
    assert (bad.kind, good.kind) == ("unread", "table")
    assert "row 2" in bad.reason


def test_only_the_beginning_of_a_large_file_is_looked_at(tmp_path):
    row = f'P1,"{NOTE}\n{NOTE}"\n'
    put(tmp_path, bigDOTcsv="pid,remark\n" + row * (2 * LOOKED_AT // len(row)) + "broken")
    (found,) = guess(tmp_path)
    assert found.kind == "notes"


def test_an_excel_and_a_parquet_file_are_looked_at(tmp_path):
    import openpyxl

    frame = pl.read_csv(io.StringIO(ENGLISH))
    frame.write_parquet(tmp_path / "p.parquet")
    book = openpyxl.Workbook()
    for row in [frame.columns, *frame.rows()]:
        book.active.append(row)
    book.save(tmp_path / "x.xlsx")
    assert [(one.kind, one.column_of("patient")) for one in guess(tmp_path)] == [("table", "patient_id")] * 2


def test_hidden_files_and_other_kinds_are_passed_over(tmp_path):
    put(tmp_path, DOTgit__xDOTcsv=ENGLISH, readmeDOTmd="x", picDOTpng=b"x")
    assert guess(tmp_path) == []


def test_a_guess_speaks_the_language_in_force(tmp_path):
    put(tmp_path, visitsDOTcsv=ENGLISH)
    with speaking("zh"):
        assert guess(tmp_path)[0].columns[0].reason == "根据列名"


def test_a_hospital_number_is_the_patient_only_where_nothing_better_is():
    alone = guess_columns(plain_columns(pl.DataFrame({"住院号": ["a", "b"], "x": [1.5, 2.5]})))
    beside = guess_columns(plain_columns(pl.DataFrame({"住院号": ["a", "b"], "患者编号": ["c", "d"]})))
    assert (alone[0].role, alone[0].confidence) == ("patient", "low")
    assert [one.role for one in beside] == ["id", "patient"]


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Patient Name", "name"),
        ("患者姓名", "name"),
        ("联系人", "kin"),
        ("联系人电话", "phone"),
        ("mother_name", "kin"),
        ("attending_physician", "staff"),
        ("主治医师", "staff"),
        ("Date of Birth", "birth-date"),
        ("出生年月", "birth-date"),
        ("zip_code", "address"),
        ("户口所在地", "address"),
        ("工作单位", "organisation"),
        ("医保卡号", "insurance-id"),
        ("Medicare_ID", "insurance-id"),
        ("护照号", "passport"),
        ("军官证号", "permit"),
        ("港澳居民来往内地通行证号码", "permit"),
        ("discharge_date", "date"),
        ("出院时间", "date"),
        ("微信号", "social"),
        ("e-mail", "email"),
        ("hba1c", None),
        ("diagnosis", None),
        ("诊断", None),
        ("sex", None),
        ("医保类型", None),
    ],
)
def test_names_of_columns_tell_the_class(header, kind):
    assert identifier_class(header) == kind


def test_bounds_follow_from_the_name_and_not_from_the_values():
    numbers = [random.Random(0).uniform(-1e6, 1e6) for _ in range(50)]
    assert (
        guess_columns(plain_columns(pl.DataFrame({"bmi": numbers})))[0].bounds
        == public_bounds("bmi")
        == (10, 60)
    )
    assert guess_columns(plain_columns(pl.DataFrame({"score": numbers})))[0].bounds is None
