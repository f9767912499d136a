"""An older, cut, altered or foreign ledger is refused."""

import gc
import shutil
import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_charge import Count

from confide.errors import IntegrityError, InvalidInput
from confide.ledger.entries import START, canonical, link, parse
from confide.ledger.home import CHECKPOINT, check_against, open_ledger, write_checkpoint
from confide.ledger.ledger import Ledger, now
from confide.ledger.sqlite import Sqlite
from confide.ledger.store import Store
from confide.ledger.verify import verify_ledger


def fill(home, names="ab"):
    with open_ledger(home) as ledger:
        ledger.open_account("inpatients", epsilon=9.0, delta=1e-7, patients=20_000)
        ledger.grant("study", "inpatients", epsilon=9.0, delta=1e-8, purpose="bed planning")
        for name in names:
            ledger.run(Count(name=name), [], study="study", account="inpatients")
        with ledger.charge(Count(name="left"), study="study", account="inpatients"):
            pass


@pytest.mark.parametrize("more", [" ", "\n", "{}", "x"])
def test_a_text_with_anything_behind_the_entry_is_none_though_its_hash_fits(more):
    text = canonical({"kind": "genesis", "sequence": 0, "previous": START})
    assert parse(0, START, link(START, text), text).body["kind"] == "genesis"
    with pytest.raises(IntegrityError):
        parse(0, START, link(START, text + more), text + more)


def test_whoever_keeps_the_collector_off_finds_it_off_after_a_verification(tmp_path):
    fill(tmp_path)
    with open_ledger(tmp_path) as ledger:
        verify_ledger(ledger)
        assert gc.isenabled()
        gc.disable()
        try:
            verify_ledger(ledger)
            assert not gc.isenabled()
        finally:
            gc.enable()


def test_a_ledger_older_than_its_own_checkpoint_is_refused(tmp_path):
    fill(tmp_path, "a")
    shutil.copy(tmp_path / "ledger.sqlite", tmp_path / "backup")
    fill(tmp_path, "abc")
    for name in ("ledger.sqlite-wal", "ledger.sqlite-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    shutil.copy(tmp_path / "backup", tmp_path / "ledger.sqlite")
    with pytest.raises(IntegrityError, match="older than its checkpoint"):
        open_ledger(tmp_path)


def test_a_restored_folder_is_refused_against_a_checkpoint_outside(tmp_path):
    home, outside = tmp_path / "home", tmp_path / "outside"
    fill(home, "a")
    shutil.copytree(home, tmp_path / "backup")
    fill(home, "abc")
    with open_ledger(home) as ledger:
        write_checkpoint(ledger, outside)
    shutil.rmtree(home)
    shutil.copytree(tmp_path / "backup", home)
    open_ledger(home).close()  # alone it cannot know
    with pytest.raises(IntegrityError, match="older than its checkpoint"):
        open_ledger(home, checkpoints=[outside])


def test_another_ledger_is_refused(tmp_path):
    fill(tmp_path / "one")
    fill(tmp_path / "two")
    with pytest.raises(IntegrityError, match="another ledger"):
        open_ledger(tmp_path / "one", checkpoints=[tmp_path / "two" / CHECKPOINT])


@pytest.mark.parametrize("content", [b"", b"x\n1\n2\n", b"\xff\xfe", b"confide-ledger/ab\n-1\nzz\n"])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path, content):
    (tmp_path / "c").write_bytes(content)
    with open_ledger(tmp_path / "home") as ledger, pytest.raises(IntegrityError):
        check_against(ledger, tmp_path / "c")


def test_a_file_that_is_no_ledger_is_refused(tmp_path):
    (tmp_path / "ledger.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(IntegrityError):
        open_ledger(tmp_path)


def test_an_unwritable_home_is_refused_in_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="cannot be written"):
        open_ledger(tmp_path / "file" / "home")


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    fill(home)
    with sqlite3.connect(home / "ledger.sqlite") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return home


def open_and_verify(folder, checkpoint):
    with open_ledger(folder) as ledger:
        check_against(ledger, checkpoint)
        verify_ledger(ledger)


def tampered(filled, folder, statement, *values):
    shutil.copy(filled / "ledger.sqlite", folder / "ledger.sqlite")
    (folder / CHECKPOINT).unlink(missing_ok=True)
    with sqlite3.connect(folder / "ledger.sqlite") as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        assert connection.execute(statement, values).rowcount != 0
    connection.close()
    with pytest.raises(IntegrityError):
        open_and_verify(folder, filled / CHECKPOINT)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_changed_character_of_one_entry_is_found(filled, tmp_path, data):
    with sqlite3.connect(filled / "ledger.sqlite") as connection:
        bodies = [body for (body,) in connection.execute("SELECT body FROM entries ORDER BY sequence")]
    number = data.draw(st.integers(0, len(bodies) - 1))
    at = data.draw(st.integers(0, len(bodies[number]) - 1))
    other = data.draw(st.characters(codec="ascii").filter(lambda c: c != bodies[number][at]))
    changed = bodies[number][:at] + other + bodies[number][at + 1 :]
    tampered(filled, tmp_path, "UPDATE entries SET body = ? WHERE sequence = ?", changed, number)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM entries WHERE sequence = 3",
        "DELETE FROM entries WHERE sequence = (SELECT max(sequence) FROM entries)",
        "DELETE FROM releases",
        "UPDATE releases SET content = CAST(content || ' ' AS BLOB)",
        "UPDATE releases SET salt = zeroblob(16)",
        "UPDATE entries SET account = 'other' WHERE kind = 'charge'",
        "UPDATE entries SET kind = 'allowance' WHERE kind = 'charge'",
        "UPDATE entries SET key = NULL WHERE kind = 'commit'",
    ],
)
def test_deleted_cut_or_relabelled_entries_are_found(filled, tmp_path, statement):
    tampered(filled, tmp_path, statement)


def test_an_untouched_ledger_is_in_order(filled):
    with open_ledger(filled) as ledger:
        found = verify_ledger(ledger)
    assert (found.charges, found.releases, found.abandoned, found.open) == (3, 2, 1, 0)


def test_a_ledger_of_another_format_is_no_ledger():
    with Store(Sqlite(None), now) as store:
        with store.write() as writer:
            writer.append({"kind": "genesis", "format": "confide-ledger/2", "ledger": "00" * 8})
        with pytest.raises(IntegrityError, match="is not a ledger"):
            Ledger(store)
