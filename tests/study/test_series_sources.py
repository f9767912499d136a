"""A series counts the same whole numbers whatever its months lie in: files held or in pieces, JSON lines, a database."""

import io
import json
import sqlite3
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small import STUDY, make_small

from confide.cli.show import ProgressLines
from confide.errors import InvalidInput
from confide.ledger.home import home, open_ledger
from confide.records.section import SourceSection
from confide.stats.pieces import Pieces
from confide.stats.series import GRID, SeriesPlan, exact_counts
from confide.study import pieces
from confide.study.check import check_study
from confide.study.keys import nobody_types
from confide.study.run import run_study
from confide.study.sources import read_records, seal_sources
from confide.study.workplace import open_workplace

sys.path.insert(0, str(Path(__file__).parents[1]))
from postgres_server import postgres_server

QUIET = ProgressLines(quiet=True)
HEAD = STUDY.split("[[source]]")[0].format(language="en")
SERIES = """
[[series]]
name = "admissions"
sources = {sources}
periods = ["1", "2", "3"]
by = {{ward = ["A", "B"], age = [0, 40, 120]}}
max_rows = 2
epsilon = 1.0
delta = 1e-9
"""
COLUMNS = ("patient_id", "ward", "age", "n")


@pytest.fixture(autouse=True)
def institution(tmp_path, monkeypatch):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))


def rows(month):
    """Return rows in which wards and ages are odd or missing, some patients come often, and ids have spaces."""
    draw = np.random.default_rng(month)
    return [
        (
            f"{' ' if k % 11 == 0 else ''}p{draw.integers(0, 120)}{'-old' if k == 50 else ''}".replace("p3-old", "p0-old"),
            ["A", "B", "C", None][draw.integers(0, 4)],
            ["7", "39.5", "40", "120", "nan", "?", None][draw.integers(0, 7)],
            str(k),
        )
        for k in range(400)
    ]  # fmt: skip


def csv_of(month):
    lines = [",".join(cell or "" for cell in row) for row in rows(month)]
    return "\n".join([",".join(COLUMNS), *lines]) + "\n"


def json_of(month):
    """Leave out what is missing; the first lines have no ward at all, so that whole pieces lack the key."""
    found = [
        {name: cell for name, cell in zip(COLUMNS, row, strict=True) if cell is not None}
        for row in rows(month)
    ]
    without = sorted(found, key=lambda row: "ward" in row)
    return "".join(json.dumps(row) + "\n" for row in without)


def in_database(place, months):
    """Write the months into one table, as their owner would."""
    values = [(month, *row) for month in range(1, months + 1) for row in rows(month)]
    made = "CREATE TABLE v (month INTEGER, patient_id TEXT, ward TEXT, age TEXT, n TEXT)"
    if isinstance(place, Path):
        with sqlite3.connect(place) as connection:
            connection.execute(made)
            connection.executemany("INSERT INTO v VALUES (?, ?, ?, ?, ?)", values)
        connection.close()
        return f"sqlite:///{place}"
    url = place.new_database()
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(made)
        cursor.executemany("INSERT INTO v VALUES (%s, %s, %s, %s, %s)", values)
    return url


def study(folder, kind, months, *, in_pieces=False, url=""):
    """Write a study on so many months in files of a kind, or in a database; return its folder."""
    if not folder.exists():
        make_small(folder, text=HEAD.replace("{", "{{").replace("}", "}}"))
    text, names = HEAD, [f"m{month}" for month in range(1, months + 1)]
    for month, name in enumerate(names, start=1):
        path = folder / "raw" / f"{name}.{kind}"
        where = f'path = "raw/{path.name}"\npieces = {str(in_pieces).lower()}'
        if kind == "sql":
            query = f"SELECT {', '.join(COLUMNS)} FROM v WHERE month = {month}"
            where = f'url = "{url}"\nquery = "{query}"'
        elif kind == "parquet":
            pl.DataFrame(rows(month), schema=dict.fromkeys(COLUMNS, pl.String), orient="row").write_parquet(
                path
            )
        else:
            path.write_text(csv_of(month) if kind == "csv" else json_of(month))
        text += f'[[source]]\nname = "{name}"\nkind = "{"sql" if kind == "sql" else "table"}"\n{where}\n'
    (folder / "study.toml").write_text(text + SERIES.format(sources=json.dumps(names)))
    return folder


def integers(folder):
    """Return the whole numbers before the noise, of what a run would read."""
    with open_workplace(folder, ask=nobody_types) as place:
        seal_sources(place.study, place.vault)
        records = read_records(place.study, place.vault)
        (section,) = place.study.series
        kinds = [type(records.table(name)) for name in section.sources]
        return kinds, exact_counts(section.plan(), [records.table(name) for name in section.sources])


def truth(months):
    """Count in plain Python: the earliest rows of a patient first, those that share what is left weigh less."""
    counts, left = [[0, 0, 0, 0] for _ in range(months)], {}
    for month in range(1, months + 1):
        own = {}
        for who, ward, age, _ in rows(month):
            try:
                band = (
                    -1
                    if age is None
                    else next(
                        (
                            at
                            for at, (low, high) in enumerate(((0, 40), (40, 120)))
                            if low <= float(age) < high
                        ),
                        -1,
                    )
                )
            except ValueError:
                band = -1
            patient = who.strip().replace("p0-old", "p0")
            if ward in ("A", "B") and band >= 0 and patient != "p7":  # who opted out
                own.setdefault(patient, []).append("AB".index(ward) * 2 + band)
        for patient, places in own.items():
            weight = min(GRID, left.setdefault(patient, 2 * GRID) // len(places))
            left[patient] -= weight * len(places)
            for place in places:
                counts[month - 1][place] += weight
    return counts  # fmt: skip


@pytest.fixture(scope="module")
def server():
    with postgres_server() as server:
        yield server


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "sqlite", "postgres"])
def test_a_series_counts_the_same_whole_numbers_wherever_its_months_lie(tmp_path, monkeypatch, request, kind):
    monkeypatch.setattr(pieces, "BLOCK", 1000)
    folder = tmp_path / "study"
    if kind in ("sqlite", "postgres"):
        pytest.importorskip("sqlalchemy", reason="the extra sql is not installed")
        place = tmp_path / "his.sqlite" if kind == "sqlite" else request.getfixturevalue("server")
        _, found = integers(study(folder, "sql", 3, url=in_database(place, 3)))
    else:
        kinds, found = integers(study(folder, kind, 3, in_pieces=True))
        assert set(kinds) == {Pieces}
        kinds, held = integers(study(folder, kind, 3))
        assert set(kinds) == {pl.DataFrame}
        assert held.tolist() == found.tolist()
    assert found.tolist() == truth(3)


def test_months_that_were_released_in_pieces_are_shown_again_of_the_tables_held(tmp_path, monkeypatch):
    monkeypatch.setattr(pieces, "BLOCK", 1000)
    folder = study(tmp_path / "study", "jsonl", 2, in_pieces=True)
    check_study(folder)
    assert run_study(folder, step=QUIET).verdict == "pass"
    file = folder / "outgoing" / "statistics" / "admissions 2.csv"
    shown = file.read_bytes()
    with open_ledger(home()) as ledger:
        size = ledger.store.head()
    run_study(study(folder, "jsonl", 2), step=QUIET)
    assert file.read_bytes() == shown
    with open_ledger(home()) as ledger:
        assert ledger.store.head() == size
    run_study(study(folder, "jsonl", 3, in_pieces=True), step=QUIET)
    later = (folder / "outgoing" / "statistics" / "admissions 3.csv").read_bytes()
    assert later.startswith(shown.rstrip(b"\n"))


def test_a_month_of_a_database_stands_as_it_was_sealed_whatever_becomes_of_its_rows(tmp_path):
    pytest.importorskip("sqlalchemy", reason="the extra sql is not installed")
    place = tmp_path / "his.sqlite"
    url = in_database(place, 3)
    folder = study(tmp_path / "study", "sql", 1, url=url)
    assert run_study(folder, step=QUIET).verdict == "pass"
    shown = (folder / "outgoing" / "statistics" / "admissions 1.csv").read_bytes()
    with sqlite3.connect(place) as connection:
        connection.execute("UPDATE v SET ward = 'A' WHERE month = 1")
    connection.close()
    assert run_study(study(folder, "sql", 2, url=url), step=QUIET).verdict == "pass"
    later = (folder / "outgoing" / "statistics" / "admissions 2.csv").read_bytes()
    assert later.startswith(shown.rstrip(b"\n"))
    assert integers(folder)[1].tolist() == truth(2)


@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from(["p", "q", None]), st.sampled_from(["F", "M", "X", None])), max_size=12),
        min_size=3, max_size=3,
    ),
    st.lists(st.integers(0, 12), max_size=4), st.integers(1, 3),
)  # fmt: skip
@settings(deadline=None, max_examples=60)
def test_cutting_tables_into_pieces_changes_no_count(months, cuts, most):
    plan = SeriesPlan(
        name="s", epsilon=1.0, delta=1e-8, periods=("1", "2", "3"), by={"sex": ("F", "M")}, max_rows=most
    )
    whole = [
        pl.DataFrame(each, schema={"_patient": pl.String, "sex": pl.String}, orient="row") for each in months
    ]

    def cut(table):
        ends = sorted({0, *(at for at in cuts if at < len(table)), len(table)})
        parts = [table[low:high] for low, high in pairwise(ends)]
        return Pieces(("_patient", "sex"), lambda names: [part.select(names) for part in parts[::-1]])

    held = exact_counts(plan, whole)
    assert (exact_counts(plan, [cut(table) for table in whole]) == held).all()
    assert (exact_counts(plan, [whole[0], cut(whole[1]), whole[2]]) == held).all()


@pytest.mark.parametrize(
    ("at", "line", "code"),
    [
        (299, '{"patient_id": "p1", "ward": ["secret"]}', "records.json-line"),
        (399, '{"ward": "A", "age": "44"}', "records.no-patient"),
        (0, '{"ward": "A", "age": "44"}', "records.no-patient"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_by_its_place_in_the_whole_file(monkeypatch, at, line, code):
    monkeypatch.setattr(pieces, "BLOCK", 1000)
    lines = json_of(1).splitlines()
    lines[at] = line
    with pytest.raises(InvalidInput) as refused:
        looked_at("\n".join(lines))
    assert refused.value.code == code
    assert str(refused.value.public.get("row") or refused.value.public["rows"]) == str(at + 1)
    assert "secret" not in str(refused.value)


def test_a_table_of_lines_none_of_which_names_a_patient_is_refused_in_pieces_too(monkeypatch):
    monkeypatch.setattr(pieces, "BLOCK", 1000)
    with pytest.raises(InvalidInput) as refused:
        looked_at('{"ward": "A", "age": "44"}\n' * 200)
    assert refused.value.code == "records.no-patient"


def looked_at(text):
    section = SourceSection(name="m1", kind="table", path="raw/m1.jsonl", pieces=True)
    whose = pieces.Whose(
        column="patient_id", crosswalk=None, optout=frozenset(), consented=None, members=None, gone=None
    )
    return pieces.streamed(section, [("raw/m1.jsonl", lambda: io.BytesIO(text.encode()))], whose)
