"""The store believes nothing that SQLite hands back, waits for others as long as it says, and names what stops it."""

import hashlib
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from io import BytesIO

import pytest
from format_1 import make_format_1
from passphrase import PASSPHRASE
from second_reader import bind

from confide.errors import AccessDenied, IntegrityError, InvalidInput
from confide.vault import sqlite
from confide.vault.seal import new_data_key, new_header, write_sealed
from confide.vault.store import Store
from confide.vault.vault import describe_vault, open_vault


def changed(vault, *statements):
    with closing(sqlite3.connect(vault.folder / "vault.sqlite")) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


def refused(call, kind, code):
    with pytest.raises(kind) as caught:
        call()
    assert (caught.value.code, type(caught.value)) == (code, kind)
    assert str(caught.value)
    assert caught.value.hint


@pytest.fixture
def full(vault, tmp_path):
    """A vault with one sealed file that was opened once."""
    vault.seal_bytes(b"plain", tmp_path / "a")
    vault.open_to(tmp_path / "a", tmp_path / "plain", purpose="p", who="w")
    return vault


@pytest.fixture
def behind(full):
    """The store of that vault as it is without a write-ahead log: as one of an early version may be, or a copy."""
    changed(full, "PRAGMA journal_mode = DELETE")
    return full.folder / "vault.sqlite"


# Others at work


@pytest.mark.parametrize("lock", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_whoever_opens_a_store_without_write_ahead_log_waits_for_the_one_who_writes(behind, lock):
    """SQLite itself refuses the change to a write-ahead log at once while another holds the writer's lock."""
    with closing(sqlite3.connect(behind, isolation_level=None, check_same_thread=False)) as other:
        other.execute(lock)
        release = threading.Timer(0.3, lambda: other.execute("COMMIT"))
        release.start()
        assert Store(behind).counts() == {"epoch": 1, "files": 1, "destroyed": 0, "openings": 1}
        release.join()


@pytest.mark.parametrize("lock", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_whoever_waited_long_enough_says_that_the_store_is_in_use(behind, lock, monkeypatch):
    monkeypatch.setattr(sqlite, "PATIENCE", 0.05)
    with closing(sqlite3.connect(behind, isolation_level=None)) as other:
        other.execute(lock)
        refused(Store(behind).counts, InvalidInput, "vault.busy")


def test_a_writer_that_waited_long_enough_says_so_and_a_reader_reads_meanwhile(full, tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite, "PATIENCE", 0.05)
    with closing(sqlite3.connect(full.folder / "vault.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert full.read(tmp_path / "a") == b"plain"
        refused(lambda: full.seal_bytes(b"more", tmp_path / "b"), InvalidInput, "vault.busy")
    assert not (tmp_path / "b").exists()


def test_what_was_deleted_does_not_stay_in_the_log_of_a_reader_unsaid(full, cheap, monkeypatch):
    """The log cannot be emptied while somebody reads an earlier moment: that is said, not passed over."""
    monkeypatch.setattr(sqlite, "PATIENCE", 0.05)
    with closing(sqlite3.connect(full.folder / "vault.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM custody").fetchall()
        refused(
            lambda: full.change_passphrase("twelve blue tricycles", cost=cheap), InvalidInput, "vault.busy"
        )


def test_two_that_take_in_one_file_at_once_have_one_row_of_it(vault, tmp_path):
    key = new_data_key()
    write_sealed(BytesIO(b"brought"), 7, tmp_path / "e", key, new_header(key), record=lambda: None)
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda _: vault.adopt(tmp_path / "e", key), range(4)))
    assert sorted(one.written for one in taken) == [False, False, False, True]
    assert {one.file_id for one in taken} == {vault.files()[0].file_id}
    assert len(vault.files()) == 1


def test_a_file_destroyed_while_it_is_taken_in_stays_destroyed(vault, tmp_path):
    """Between the look and the taking in there is no moment: both are one transaction."""
    file_id = bytes.fromhex(vault.seal_bytes(b"plain", tmp_path / "a").file_id)
    vault._store.destroy_file(file_id)
    assert vault._store.add_file(file_id, lambda epoch, wrapped: pytest.fail("a row is made")) is None
    refused(lambda: vault.read(tmp_path / "a"), AccessDenied, "vault.key-destroyed")


# What a store may hold


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE custody SET settings = x'5b5d' WHERE kind = 'recovery'",
        "UPDATE custody SET kind = x'00' WHERE kind = 'passphrase'",
        "UPDATE custody SET kind = 'friend' WHERE kind = 'passphrase'",
        "DELETE FROM custody WHERE kind = 'recovery'",
        "UPDATE custody SET salt = 'text' WHERE kind = 'recovery'",
        "UPDATE custody SET wrapped = 7 WHERE kind = 'recovery'",
        "UPDATE epochs SET epoch = -1",
        "UPDATE files SET epoch = 'one'",
        "UPDATE files SET epoch = -1",
        "UPDATE files SET wrapped = 'text'",
        "UPDATE openings SET entry = 3.5",
        "UPDATE openings SET sequence = -1",
        "DELETE FROM vault",
        "INSERT INTO vault SELECT * FROM vault",
        "UPDATE vault SET vault_id = 'text'",
        "UPDATE vault SET checksum = x'0000000000000000'",
        "UPDATE vault SET format = 'two'",
        "PRAGMA application_id = 7",
        "DROP TABLE files",
        "ALTER TABLE openings RENAME COLUMN entry TO text",
    ],
)
def test_any_value_in_any_place_of_the_store_is_read_as_damage_and_never_as_a_key(full, statement, tmp_path):
    changed(full, statement)

    def use():
        vault = open_vault(full.folder, passphrase=PASSPHRASE)
        describe_vault(full.folder)
        vault.files()
        vault.openings()
        vault.rotate()

    refused(use, IntegrityError, "vault.store-damaged")


@pytest.mark.parametrize("settings", ["[", "[" * 100_000, "nonsense"])
def test_a_description_of_a_store_with_broken_settings_is_damage_also_with_a_right_check(full, settings):
    record = full._store.custodies()["recovery"]
    belonging = bind(b"confide root key", b"recovery", full._keys.vault_id, record.salt, settings.encode())
    check = hashlib.sha256(bind(belonging, record.wrapped)).digest()
    with closing(sqlite3.connect(full.folder / "vault.sqlite")) as db:
        db.execute("UPDATE custody SET settings = ?, checksum = ? WHERE kind = 'recovery'", (settings, check))
        db.commit()
    refused(lambda: describe_vault(full.folder), IntegrityError, "vault.store-damaged")


def test_a_description_shows_what_opens_a_vault_how_much_is_in_it_and_no_secret(full):
    described = describe_vault(full.folder)
    assert described == {
        "vault": full.id,
        "format": 2,
        "opened_by": {"passphrase": [64, 1, 1], "recovery": []},
        "epoch": 1,
        "files": 1,
        "destroyed": 0,
        "openings": 1,
    }
    changed(full, "UPDATE custody SET settings = '[65, 1, 1]' WHERE kind = 'passphrase'")
    refused(lambda: describe_vault(full.folder), IntegrityError, "vault.store-damaged")


def test_bytes_that_are_no_store_at_all_and_a_schema_that_is_no_text_are_damage(full):
    path = full.folder / "vault.sqlite"
    changed(
        full, "PRAGMA writable_schema = ON", "UPDATE sqlite_master SET name = CAST(x'ff' AS TEXT), sql = 'x'"
    )
    refused(lambda: describe_vault(full.folder), IntegrityError, "vault.store-damaged")
    path.write_bytes(b"SQLite is not what this is" * 200)
    refused(lambda: describe_vault(full.folder), IntegrityError, "vault.store-damaged")


# What stops SQLite


def test_a_store_that_cannot_be_opened_or_is_full_is_one_sentence(full, tmp_path):
    path = full.folder / "vault.sqlite"

    def fill():
        with sqlite.saying_what_failed(path), closing(sqlite.connect(path)) as db:
            db.execute("PRAGMA max_page_count = 1")  # a disk with no room for another page
            db.execute("INSERT INTO destroyed VALUES (zeroblob(100000))")

    refused(fill, InvalidInput, "vault.disk-full")
    for name in ("vault.sqlite-wal", "vault.sqlite-shm"):
        (full.folder / name).unlink(missing_ok=True)
    (full.folder / "vault.sqlite-wal").mkdir()
    refused(full.files, InvalidInput, "vault.cannot-write")


def test_a_store_that_is_gone_is_not_made_anew(full):
    path = full.folder / "vault.sqlite"
    path.unlink()
    refused(full.files, InvalidInput, "vault.none")
    with pytest.raises(InvalidInput), sqlite.saying_what_failed(path):
        sqlite.connect(path)
    assert not path.exists()


def test_old_stores_opened_by_many_at_once_are_migrated_once_and_nobody_is_turned_away(tmp_path):
    key = new_data_key()
    write_sealed(BytesIO(b"plain"), 5, tmp_path / "a", key, new_header(key), record=lambda: None)
    for number in range(12):
        folder = tmp_path / f"{number}"
        make_format_1(folder, PASSPHRASE, tmp_path / "a", key)
        store, start = Store(folder / "vault.sqlite"), threading.Barrier(6)

        def one(_, store=store, start=start):
            start.wait()
            store.verify()
            return store.counts()["files"]

        with ThreadPoolExecutor(6) as pool:
            assert list(pool.map(one, range(6))) == [1] * 6
