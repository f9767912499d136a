"""A store of an earlier format becomes one of today's, whole or not at all, and opens what it opened."""

import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest
from format_1 import make_format_1
from passphrase import PASSPHRASE

from confide.errors import AccessDenied, IntegrityError
from confide.vault import schema
from confide.vault.custody import KINDS
from confide.vault.schema import FORMAT, TABLES
from confide.vault.seal import new_data_key, new_header, write_sealed
from confide.vault.vault import open_vault


@pytest.fixture
def old(tmp_path):
    """The folder of a vault of format 1, and its recovery key; it sealed the file `a`."""
    data_key = new_data_key()
    write_sealed(BytesIO(b"plain"), 5, tmp_path / "a", data_key, new_header(data_key), record=lambda: None)
    return tmp_path / "vault", make_format_1(tmp_path / "vault", PASSPHRASE, tmp_path / "a", data_key)


def format_of(folder):
    with closing(sqlite3.connect(folder / "vault.sqlite")) as db:
        return db.execute("SELECT format FROM vault").fetchone()[0]


def test_a_store_of_format_1_opens_by_both_its_keys_and_becomes_one_of_today(old, tmp_path):
    folder, recovery = old
    assert format_of(folder) == 1
    for again in (
        open_vault(folder, passphrase=PASSPHRASE),
        open_vault(folder, recovery_key=recovery),
        open_vault(folder, passphrase=PASSPHRASE),
    ):
        assert format_of(folder) == schema.FORMAT
        assert again.read(tmp_path / "a") == b"plain"
        assert [(one.purpose, one.salt) for one in again.openings()] == [("a check", "")]
        assert [one.path for one in again.files()] == [tmp_path / "a"]
    with pytest.raises(AccessDenied):
        open_vault(folder, passphrase="twelve blue tricycles")


def test_a_migrated_vault_does_all_that_a_new_one_does(old, tmp_path):
    vault = open_vault(old[0], passphrase=PASSPHRASE)
    vault.rotate()
    vault.new_recovery_key()
    vault.reseal(tmp_path / "a", b"other")
    assert open_vault(old[0], passphrase=PASSPHRASE).read(tmp_path / "a") == b"other"


@pytest.mark.parametrize("broken", range(5))
def test_a_migration_that_fails_at_any_statement_leaves_the_old_store_whole(
    old, tmp_path, monkeypatch, broken
):
    steps = list(schema.MIGRATIONS[1])
    steps[broken] = "INSERT INTO nowhere VALUES (1)"
    with monkeypatch.context() as planted:
        planted.setitem(schema.MIGRATIONS, 1, tuple(steps))
        with pytest.raises(IntegrityError):
            open_vault(old[0], passphrase=PASSPHRASE)
    assert format_of(old[0]) == 1
    assert open_vault(old[0], passphrase=PASSPHRASE).read(tmp_path / "a") == b"plain"


def test_processes_that_open_an_old_store_at_once_migrate_it_once(old, tmp_path):
    def one(_):
        return open_vault(old[0], passphrase=PASSPHRASE).read(tmp_path / "a")

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(one, range(6))) == {b"plain"}


def test_a_damaged_store_of_format_1_is_refused_and_not_migrated(old):
    with closing(sqlite3.connect(old[0] / "vault.sqlite")) as db:
        db.execute("UPDATE custody SET memory_kib = NULL WHERE kind = 'passphrase'")
        db.commit()
    with pytest.raises(IntegrityError):
        open_vault(old[0], passphrase=PASSPHRASE)
    assert format_of(old[0]) == 1


def test_a_format_that_never_was_is_damage(old):
    with closing(sqlite3.connect(old[0] / "vault.sqlite")) as db:
        (vault_id,) = db.execute("SELECT vault_id FROM vault").fetchone()
        db.execute("UPDATE vault SET format = 0, checksum = ?", (schema.identity_check(0, vault_id),))
        db.commit()
    with pytest.raises(IntegrityError):
        open_vault(old[0], passphrase=PASSPHRASE)


def test_the_page_shows_the_tables_of_a_new_vault():
    page = (Path(__file__).parents[2] / "docs" / "sealed-format.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(\w+)` \| ((?:`\w+`(?:, )?)+) \|", page, re.MULTILINE))
    with closing(sqlite3.connect(":memory:")) as db:
        for statement in TABLES:
            db.execute(statement)
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {table: [row[1] for row in db.execute(f"PRAGMA table_info({table})")] for table in tables}
    assert {table: re.findall(r"\w+", told[table]) for table in tables} == columns
    assert f"This is format {FORMAT}." in page
    assert re.findall(r"^\| `(\w+)` \|.*\| (?:from the |random)", page, re.MULTILINE) == list(KINDS)
