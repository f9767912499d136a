"""Sources in a database, on a real PostgreSQL server and on SQLite: read once, read only, sealed, and quiet."""

import os
import sqlite3
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from small import STUDY, make_small

from confide.cli.show import ProgressLines
from confide.errors import InvalidInput
from confide.records.load import load_source
from confide.records.section import SourceSection
from confide.records.tables import read_cells
from confide.study.check import check_study
from confide.study.erase import erase_patient
from confide.study.run import run_study
from confide.study.sources import read_records, seal_sources
from confide.study.workplace import open_workplace

pytest.importorskip("sqlalchemy", reason="the extra sql is not installed")
from confide.records.sql import read_database

sys.path.insert(0, str(Path(__file__).parents[1]))
from postgres_server import postgres_server

QUIET = ProgressLines(quiet=True)
FILES = '''kind = "table"
path = "raw/visits.csv"
id = "visit_id"'''
MADE = """CREATE TABLE visits (visit_id TEXT, patient_id TEXT, name TEXT, phone TEXT, record TEXT, born TEXT,
          sex TEXT, age INTEGER, stay_days INTEGER, readmitted INTEGER)"""


@pytest.fixture(scope="module")
def server():
    with postgres_server() as server:
        yield server


@pytest.fixture(autouse=True)
def institution(tmp_path, monkeypatch):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))


class Database:
    """A database of either kind; `run` writes to it as its owner would."""

    def __init__(self, kind, server, folder):
        self.kind, self.folder = kind, folder
        self.place = server.new_database() if kind == "postgres" else folder / "his.sqlite"
        self.url = self.place if kind == "postgres" else f"sqlite:///{self.place}"

    def run(self, *statements):
        if self.kind == "postgres":
            with psycopg.connect(self.place) as connection:
                return [self._rows(connection.execute(each)) for each in statements][-1]
        with sqlite3.connect(self.place) as connection:
            found = [connection.execute(each).fetchall() for each in statements][-1]
        connection.close()
        return found

    def fill(self, csv):
        rows = csv.read_text().splitlines()[1:]
        values = ", ".join("(" + ", ".join(f"'{cell}'" for cell in row.split(",")) + ")" for row in rows)
        self.run(MADE, f"INSERT INTO visits VALUES {values}")

    @staticmethod
    def _rows(cursor):
        return cursor.fetchall() if cursor.description else []

    def read(self, query):
        return read_database("visits", self.url, query, folder=self.folder)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request, tmp_path):
    server = request.getfixturevalue("server") if request.param == "postgres" else None
    return Database(request.param, server, tmp_path)


def study_on(database, tmp_path, query="visits"):
    """Make the small study with its visits in the database, and no file of them left."""
    section = f'kind = "sql"\nurl = "{database.url}"\nquery = "{query}"\nid = "visit_id"'
    small = make_small(tmp_path / "study", text=STUDY.replace(FILES, section))
    database.fill(small.folder / "raw/visits.csv")
    (small.folder / "raw/visits.csv").unlink()
    return small


def test_a_study_on_a_database_runs_as_one_on_files_and_calls_it_once(database, tmp_path):
    small = study_on(database, tmp_path)
    check_study(small.folder)
    first = run_study(small.folder, step=QUIET)
    assert first.verdict == "pass"
    with open_workplace(small.folder) as place:
        before = read_records(place.study, place.vault).tables["visits"]
    database.run("DROP TABLE visits")
    assert run_study(small.folder, step=QUIET).verdict == "pass"  # the snapshot is the source
    with open_workplace(small.folder) as place:
        assert read_records(place.study, place.vault).tables["visits"].equals(before)
    plain = [path for path in small.folder.rglob("*") if path.is_file() and b"Marigold" in path.read_bytes()]
    assert [path.name for path in plain] == ["notes.jsonl"]  # the original notes, which are files


def test_rows_of_a_database_are_read_as_rows_of_a_file(database, tmp_path):
    small = make_small(tmp_path / "study")
    csv = small.folder / "raw/visits.csv"
    database.fill(csv)
    section = SourceSection(name="visits", kind="sql", url=database.url, query="visits", id="visit_id")
    files = SourceSection(name="visits", kind="table", path="raw/visits.csv", id="visit_id")
    ours = load_source(section, {section.path: database.read("visits")}, patient="patient_id", text=["age"])
    theirs = load_source(files, {"raw/visits.csv": csv.read_bytes()}, patient="patient_id", text=["age"])
    assert ours.drop("_file", "_row").equals(theirs.drop("_file", "_row"))


def test_rows_are_read_again_only_when_somebody_asks(database, tmp_path):
    small = study_on(database, tmp_path, "SELECT * FROM visits WHERE age < 200")
    with open_workplace(small.folder) as place:
        seal_sources(place.study, place.vault)
        before = len(read_records(place.study, place.vault).tables["visits"])
        database.run("DELETE FROM visits WHERE patient_id = 'p1'")
        seal_sources(place.study, place.vault)
        assert len(read_records(place.study, place.vault).tables["visits"]) == before
        sealed = list((small.folder / "sealed").glob("*.sealed"))
        seal_sources(place.study, place.vault, read_again=True)
        assert len(read_records(place.study, place.vault).tables["visits"]) < before
        assert sorted(sealed) == sorted((small.folder / "sealed").glob("*.sealed"))


def test_rows_that_a_run_refused_are_read_again_until_they_are_good(database, tmp_path):
    small = study_on(database, tmp_path)
    database.run("UPDATE visits SET age = -5 WHERE visit_id = 'v3-0'")
    with pytest.raises(InvalidInput) as refused:
        run_study(small.folder, step=QUIET)
    assert refused.value.code == "records.negative-age"
    database.run("UPDATE visits SET age = 55 WHERE visit_id = 'v3-0'")
    assert run_study(small.folder, step=QUIET).verdict == "pass"


def test_an_erased_patient_does_not_come_back_from_the_database(database, tmp_path):
    small = study_on(database, tmp_path)
    with open_workplace(small.folder) as place:
        seal_sources(place.study, place.vault)
        read_records(place.study, place.vault)
        left = erase_patient(place, ["p5"]).survivors
        assert {"what": "databases", "count": 1, "names": ["visits"]} in left
        assert "p5" not in set(read_records(place.study, place.vault).tables["visits"]["patient_id"])
        with pytest.raises(InvalidInput) as refused:
            seal_sources(place.study, place.vault, read_again=True)
        assert refused.value.code == "erase.came-back"


def test_every_cell_is_text_by_itself(database):
    types = {
        "postgres": "a BIGINT, b DOUBLE PRECISION, c NUMERIC, d DATE, e TIMESTAMPTZ, f BOOLEAN, g TEXT, h TIMESTAMP, i UUID",
        "sqlite": "a, b, c, d, e, f, g, h, i",
    }[database.kind]
    database.run(
        f"CREATE TABLE t ({types})",
        "INSERT INTO t VALUES (9007199254740993, 7.0, '72.50', '2024-02-29', '2024-03-05T23:30:00-08:00', true,"
        " '007 % :x', '2024-03-05 00:00:00', '5b2d9a7e-0000-4000-8000-000000000000')",
        "INSERT INTO t VALUES (NULL, 0.1, NULL, NULL, NULL, NULL, '', NULL, NULL)",
    )
    cells = read_cells(database.read("t"), "t.parquet").drop("_row")
    day = {"postgres": "2024-03-06 07:30:00+00:00", "sqlite": "2024-03-05T23:30:00-08:00"}[database.kind]
    truth = {"postgres": "true", "sqlite": "1"}[database.kind]
    night = {"postgres": "2024-03-05", "sqlite": "2024-03-05 00:00:00"}[database.kind]
    assert cells.rows() == [
        ("9007199254740993", "7", "72.50", "2024-02-29", day, truth, "007 % :x", night, "5b2d9a7e-0000-4000-8000-000000000000"),
        (None, "0.1", None, None, None, None, None, None, None),
    ]  # fmt: skip


def test_a_query_is_sent_as_it_is_written(database):
    database.run("CREATE TABLE t (a TEXT)", "INSERT INTO t VALUES ('50% :b ?'), ('x')")
    found = database.read(
        "  WITH t2 AS (SELECT a FROM t WHERE a LIKE '50% :b ?')\nSELECT a AS \"列\" FROM t2;  "
    )
    assert read_cells(found, "t.parquet").rows() == [("50% :b ?", 1)]


def test_rows_come_in_chunks_through_a_cursor_of_the_server(server, tmp_path):
    database = Database("postgres", server, tmp_path)
    database.run("CREATE TABLE t AS SELECT n::text AS a FROM generate_series(1, 25000) AS n")
    cells = read_cells(
        database.read("SELECT a, (SELECT count(*) FROM pg_cursors)::text AS held FROM t"), "t.parquet"
    )
    assert cells.height == 25_000
    assert set(cells["held"]) == {"1"}


def test_nothing_can_be_written_through_a_query(database):
    database.run("CREATE TABLE t (a TEXT)", "INSERT INTO t VALUES ('x')")
    writing = {
        "postgres": [
            "WITH gone AS (DELETE FROM t RETURNING a) SELECT * FROM gone",
            "SELECT set_config('transaction_read_only', 'off', true), lo_creat(1)",
            "SELECT * INTO u FROM t",
        ],
        "sqlite": ["WITH u AS (SELECT 1) INSERT INTO t SELECT 'y'", "WITH u AS (SELECT 1) DELETE FROM t"],
    }[database.kind]
    for query in writing:
        with pytest.raises(InvalidInput) as refused:
            database.read(query)
        assert refused.value.code == "sql.refused"
    assert database.run("SELECT a FROM t") == [("x",)]


def test_what_a_server_says_of_a_cell_is_not_passed_on(database):
    database.run("CREATE TABLE t (a TEXT)", "INSERT INTO t VALUES ('Zebulon')")
    query = {"postgres": "SELECT a::int FROM t", "sqlite": "SELECT abs(-9223372036854775807 - 1) AS a FROM t"}
    with pytest.raises(InvalidInput) as refused:
        database.read(query[database.kind])
    assert refused.value.code == "sql.refused"
    assert "Zebulon" not in f"{refused.value}{refused.value.hint}{refused.value.__cause__}"
    assert refused.value.__suppress_context__


def test_what_is_no_cell_is_refused_by_its_column(database):
    database.run(
        "CREATE TABLE t (a BYTEA)" if database.kind == "postgres" else "CREATE TABLE t (a)",
        "INSERT INTO t VALUES ('\\x00ff')"
        if database.kind == "postgres"
        else "INSERT INTO t VALUES (x'00ff')",
    )
    for query, code in [
        ("t", "records.column-kind"), ("SELECT 1 AS b WHERE 1 = 0", "records.no-rows"), ("nothing_here", "sql.refused"),
        ("SELECT 1 AS b, 2 AS b", "records.doubled-column"), ("SELECT 1 AS _patient", "records.reserved-column"),
    ]:  # fmt: skip
        with pytest.raises(InvalidInput) as refused:
            database.read(query)
        assert refused.value.code == code


def test_only_the_host_that_is_named_is_called(server, monkeypatch, tmp_path):
    """Promise 10: the settings of the machine do not send us elsewhere."""
    url = server.new_database()
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.9")
    monkeypatch.setenv("PGHOST", "elsewhere.invalid")
    (tmp_path / "services").write_text("[his]\nhostaddr=127.0.0.9\nport=1\n")
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    monkeypatch.setenv("PGSERVICE", "his")
    monkeypatch.setenv("PGPORT", "5432")
    found = read_database("t", url, "SELECT 1 AS a", folder=tmp_path)
    assert read_cells(found, "t.parquet").rows() == [("1", 1)]


def test_a_password_comes_from_a_file_that_only_we_can_read(server, tmp_path):
    database = Database("postgres", server, tmp_path)
    section = (
        f'kind = "sql"\nurl = "{database.url}"\nquery = "visits"\npassword_file = "db.txt"\nid = "visit_id"'
    )
    small = make_small(tmp_path / "study", text=STUDY.replace(FILES, section))
    database.fill(small.folder / "raw/visits.csv")
    (small.folder / "db.txt").write_text("secret\n")
    (small.folder / "db.txt").chmod(0o644)
    with open_workplace(small.folder) as place:
        with pytest.raises(InvalidInput) as refused:
            seal_sources(place.study, place.vault)
        assert refused.value.code == "vault.secret-open"
        (small.folder / "db.txt").chmod(0o600)
        assert seal_sources(place.study, place.vault).files == 4


def test_who_does_not_answer_is_named_by_the_source_alone(tmp_path):
    for url in (
        "postgresql://u@127.0.0.1:1/db",
        "sqlite:///not/there.sqlite",
        "postgresql://u@/db?host=/nowhere",
    ):
        with pytest.raises(InvalidInput) as refused:
            read_database("visits", url, "t", folder=tmp_path)
        assert refused.value.code == "sql.unreachable"
        assert str(refused.value) == "source visits: the database does not answer, or does not let us in"


@pytest.mark.parametrize(
    ("url", "query", "code"),
    [
        (None, "t", "missing"), ("sqlite:///a.db", None, "missing"), ("postgresql://u:hush@h/db", "t", "password"),
        ("postgresql://u@h/db?password=hush", "t", "password"), ("postgresql://u:@h/db", "t", "password"),
        ("mysql://u@h/db", "t", "dialect"), ("postgresql+psycopg2://u@h/db", "t", "dialect"), ("visits.db", "t", "dialect"),
        ("postgresql:///db", "t", "no-host"), ("postgresql://u@/db", "t", "no-host"), ("postgresql://u@h", "t", "url"),
        ("postgresql://u@h:x/db", "t", "url"), ("sqlite://", "t", "url"), ("sqlite:///a.db?mode=rw", "t", "url"),
        ("postgresql://u@h/db?service=x", "t", "parameter"), ("postgresql://u@h/db?options=-c", "t", "parameter"),
        ("postgresql://u@h/db?hostaddr=1.1.1.1", "t", "parameter"), ("sqlite:///a.db", "DELETE FROM t", "not-select"),
        ("sqlite:///a.db", "SELECT 1; DROP TABLE t", "not-select"), ("sqlite:///a.db", "t; DROP", "not-select"),
        ("sqlite:///a.db", "", "not-select"), ("sqlite:///a.db", "-- x\nSELECT 1", "not-select"),
    ],
)  # fmt: skip
def test_an_address_that_is_not_one_is_refused_and_never_repeated(url, query, code):
    with pytest.raises(InvalidInput) as refused:
        SourceSection(name="visits", kind="sql", url=url, query=query)
    assert refused.value.code == f"sql.{code}"
    assert "hush" not in f"{refused.value}{refused.value.hint}"


def test_keys_of_files_and_of_databases_do_not_mix():
    for keys, code in [
        ({"kind": "sql", "url": "sqlite:///a.db", "query": "t", "path": "raw/a.csv"}, "sql.path"),
        ({"kind": "table", "path": "raw/a.csv", "url": "sqlite:///a.db"}, "sql.foreign"),
        ({"kind": "table", "path": "raw/a.csv", "password_file": "p"}, "sql.foreign"),
        ({"kind": "table"}, "records.source-path"),
    ]:
        with pytest.raises(InvalidInput) as refused:
            SourceSection(name="visits", **keys)
        assert refused.value.code == code
    notes = SourceSection(name="n", kind="sql", url="sqlite:///a.db", query="t", text="note")
    assert (notes.holds, notes.is_folder_of_texts) == ("notes", False)


def test_confide_loads_no_database_before_one_is_called():
    code = "import sys, confide.study.sources; assert 'sqlalchemy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ}, timeout=60)


def test_a_decimal_is_written_out():
    from confide.records.sql import _text

    assert _text(Decimal("1E+3"), "a", "t") == "1000"
