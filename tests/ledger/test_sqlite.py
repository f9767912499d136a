"""What the disk says is said in our words, and a ledger that cannot be written is refused, not begun anew."""

import os
import resource
import shutil
import signal
import sqlite3
import threading
from contextlib import closing

import pytest
from test_charge import Count
from test_home import fill

from confide.errors import IntegrityError, InvalidInput
from confide.ledger.home import LEDGER, open_ledger
from confide.ledger.ledger import now
from confide.ledger.sqlite import Sqlite
from confide.ledger.store import Store
from confide.ledger.verify import verify_ledger


def test_another_database_is_no_ledger(tmp_path):
    with closing(sqlite3.connect(tmp_path / "other")) as connection:
        connection.execute("CREATE TABLE patients (name TEXT)")
    with (
        closing(Sqlite(tmp_path / "other")) as database,
        pytest.raises(IntegrityError, match="is not a ledger"),
    ):
        Store(database, now)


def test_a_file_that_is_no_database_is_refused_and_closed(tmp_path):
    (tmp_path / "noise").write_bytes(b"Z" * 8192)
    with pytest.raises(IntegrityError, match="is not a ledger"):
        Sqlite(tmp_path / "noise")


def test_a_place_that_cannot_be_had_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="cannot be written"):
        Sqlite(tmp_path / "no" / "folder")
    with pytest.raises(InvalidInput, match="cannot be written"):
        Sqlite(tmp_path)


def test_a_file_that_another_process_made_first_is_opened(tmp_path, monkeypatch):
    fill(tmp_path)
    monkeypatch.setattr("pathlib.Path.exists", lambda path: False)
    with closing(Sqlite(tmp_path / LEDGER)) as database:
        assert "entries" in database.tables()


def test_whoever_opens_a_restored_file_waits_for_the_one_who_changes_its_log(tmp_path):
    path = tmp_path / LEDGER
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("CREATE TABLE entries (sequence INTEGER)")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(InvalidInput, match="in use"):
            Sqlite(path, patience=0.05)
        letting_go = threading.Timer(0.3, other.execute, ("ROLLBACK",))
        letting_go.start()
        with closing(Sqlite(path, patience=30.0)) as database:
            assert database.execute("PRAGMA journal_mode") == [("wal",)]
        letting_go.join()


def test_a_copy_to_a_place_that_cannot_be_had_is_refused(tmp_path):
    with closing(Sqlite(None)) as database, pytest.raises(InvalidInput, match="cannot be written"):
        database.copy_to(tmp_path / "no" / "folder")


def test_the_file_is_for_its_owner_and_every_commit_is_synced(tmp_path):
    with closing(Sqlite(tmp_path / LEDGER)) as database:
        assert database.execute("PRAGMA journal_mode") == [("wal",)]
        assert database.execute("PRAGMA synchronous") == [(2,)]
        assert database.execute("PRAGMA foreign_keys") == [(1,)]
    assert (tmp_path / LEDGER).stat().st_mode & 0o777 == 0o600


def test_a_lone_surrogate_in_a_row_of_many_is_refused():
    with closing(Sqlite(None)) as database:
        database.execute("CREATE TABLE entries (a TEXT)")
        with pytest.raises(InvalidInput, match="a sign that the ledger cannot keep"):
            database.execute_many("INSERT INTO entries VALUES (?)", [("\ud800",)])
        with pytest.raises(IntegrityError, match="is not a ledger"):
            database.execute_many("INSERT INTO nowhere VALUES (?)", [("a",)])


def test_a_transaction_that_sqlite_ended_itself_is_not_taken_for_written(tmp_path):
    with Store(Sqlite(tmp_path / LEDGER), now) as store:
        with pytest.raises(IntegrityError), store.write() as writer:  # noqa: PT012
            writer.append({"kind": "not-private"})
            store.database.execute("ROLLBACK")
        assert store.head()[0] == 0


def test_a_full_disk_refuses_the_charge_and_loses_nothing(tmp_path):
    """A limit on the size of files stands for the disk: the system answers a write with an error all the same."""
    fill(tmp_path)
    with open_ledger(tmp_path) as ledger:
        before, spent = ledger.store.all(), ledger.balance("inpatients").epsilon_spent
        limit, handler = (
            resource.getrlimit(resource.RLIMIT_FSIZE),
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
        )
        try:
            used = (tmp_path / f"{LEDGER}-wal").stat().st_size
            resource.setrlimit(resource.RLIMIT_FSIZE, (used + 4096, limit[1]))
            for name in "bcd":
                with pytest.raises(InvalidInput, match="cannot be written, so nothing can be charged"):
                    ledger.run(Count(name=name), [], study="study", account="inpatients")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
            signal.signal(signal.SIGXFSZ, handler)
        assert ledger.store.all() == before
        assert ledger.balance("inpatients").epsilon_spent == spent
        ledger.run(Count(name="b"), [], study="study", account="inpatients")  # there is room again
        verify_ledger(ledger)


def test_a_ledger_on_a_disk_that_may_only_be_read_refuses_to_charge(tmp_path, monkeypatch):
    fill(tmp_path)
    with closing(sqlite3.connect(tmp_path / LEDGER)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    with open_ledger(tmp_path) as ledger:
        ledger.store.database.execute("PRAGMA query_only = ON")
        with pytest.raises(InvalidInput, match="cannot be written"):
            ledger.run(Count(name="b"), [], study="study", account="inpatients")


def test_a_process_that_died_with_the_write_lock_leaves_a_ledger_that_can_be_written(tmp_path):
    fill(tmp_path)
    child = os.fork()
    if child == 0:
        with Sqlite(tmp_path / LEDGER).transaction():
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    fill(tmp_path, "b")


def test_a_ledger_whose_write_ahead_log_is_gone_is_refused_by_its_checkpoint(tmp_path):
    fill(tmp_path)
    with open_ledger(tmp_path) as ledger:
        ledger.run(Count(name="b"), [], study="study", account="inpatients")
        shutil.copy(tmp_path / LEDGER, tmp_path / "main-file-only")
    (tmp_path / LEDGER).unlink()
    shutil.copy(tmp_path / "main-file-only", tmp_path / LEDGER)
    with pytest.raises(IntegrityError, match=r"older than its checkpoint|is not a ledger"):
        open_ledger(tmp_path)
