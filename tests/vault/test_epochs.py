"""Rotation, files that are replaced, adopted or handed over: what must open opens, what is destroyed does not."""

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from io import BytesIO

import pytest
from passphrase import PASSPHRASE

from confide.errors import AccessDenied, IntegrityError, InvalidInput
from confide.vault import sqlite as vault_sqlite
from confide.vault.seal import new_data_key, new_header, write_sealed
from confide.vault.vault import create_vault, open_vault


def epochs(vault):
    with closing(sqlite3.connect(vault.folder / "vault.sqlite")) as db:
        return db.execute("SELECT epoch, wrapped FROM epochs").fetchall()


def refuse(*_):
    raise OSError("the ledger cannot be written")


def wrong_half_way(vault):
    """Have the second data key of a rotation fail to open."""
    with closing(sqlite3.connect(vault.folder / "vault.sqlite")) as db:
        db.execute("UPDATE files SET wrapped = zeroblob(60) WHERE rowid = 2")
        db.commit()


# Rotation


def test_rotation_destroys_the_old_epoch_key_touches_no_file_and_everything_still_opens(vault, tmp_path):
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        vault.seal_bytes(path.name.encode(), path)
    ((_, old_key),) = epochs(vault)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}
    told = []
    assert vault.rotate(on_record=lambda *what: told.append(what)).files == 3
    assert told == [("vault-rotation", {"vault": vault.id, "epoch": 2, "files": 3})]
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths} == before
    ((epoch, new_key),) = epochs(vault)
    assert (epoch, new_key != old_key) == (2, True)
    for again in (vault, open_vault(vault.folder, passphrase=PASSPHRASE)):
        assert [again.read(path) for path in paths] == [b"a", b"b", b"c"]
    assert {file.epoch for file in vault.files()} == {2}
    vault.seal_bytes(b"d", tmp_path / "d")
    assert vault.files()[-1].epoch == 2


def test_no_byte_of_the_old_epoch_key_stays_beside_the_store(vault, tmp_path):
    vault.seal_bytes(b"a", tmp_path / "a")
    ((_, old_key),) = epochs(vault)
    with closing(
        sqlite3.connect(vault.folder / "vault.sqlite")
    ) as reader:  # keeps the log from being removed
        reader.execute("SELECT * FROM vault").fetchall()
        vault.rotate()
        kept = b"".join(path.read_bytes() for path in vault.folder.iterdir())
    assert old_key not in kept
    assert epochs(vault)[0][1] in kept  # the look would have found it


def test_a_rotation_that_fails_half_way_changes_nothing_and_can_be_run_again(vault, tmp_path):
    for name in "abc":
        vault.seal_bytes(name.encode(), tmp_path / name)
    whole = (vault.folder / "vault.sqlite").read_bytes()
    wrong_half_way(vault)
    before = epochs(vault)
    with pytest.raises(IntegrityError):
        vault.rotate()
    assert epochs(vault) == before
    assert [vault.read(tmp_path / name) for name in "ac"] == [b"a", b"c"]
    (vault.folder / "vault.sqlite").write_bytes(whole)
    vault.rotate()
    assert [vault.read(tmp_path / name) for name in "abc"] == [b"a", b"b", b"c"]


def test_a_rotation_without_its_record_says_so_and_leaves_a_vault_that_opens(vault, tmp_path):
    vault.seal_bytes(b"a", tmp_path / "a")
    with pytest.raises(OSError, match="ledger"):
        vault.rotate(on_record=refuse)
    assert vault.read(tmp_path / "a") == b"a"
    assert vault.rotate().files == 1


def test_a_rotation_is_recorded_also_while_a_reader_keeps_the_log_from_being_emptied(
    vault, tmp_path, monkeypatch
):
    vault.seal_bytes(b"plain", tmp_path / "a")
    monkeypatch.setattr(vault_sqlite, "PATIENCE", 0.05)
    told = []
    with closing(sqlite3.connect(vault.folder / "vault.sqlite", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM epochs").fetchall()
        with pytest.raises(InvalidInput) as caught:
            vault.rotate(on_record=lambda what, details: told.append((what, details["epoch"])))
    assert caught.value.code == "vault.busy"
    assert told == [("vault-rotation", 2)]
    assert vault.read(tmp_path / "a") == b"plain"
    assert vault.rotate().epoch == 3


def test_a_vault_killed_while_it_rotates_opens_everything_and_rotates_again(vault, tmp_path):
    """`kill -9` at ten moments of a process that does nothing but rotate."""
    child = """
import sys
from pathlib import Path
from confide.vault.vault import open_vault
vault = open_vault(Path(sys.argv[1]), passphrase="eleven green bicycles")
print("ready", flush=True)
while True:
    vault.rotate()
"""
    for n in range(40):
        vault.seal_bytes(b"%d" % n, tmp_path / f"{n}")
    for moment in range(10):
        with subprocess.Popen([sys.executable, "-c", child, vault.folder], stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            time.sleep(0.004 * moment)
            process.kill()
        assert [vault.read(tmp_path / f"{n}") for n in range(0, 40, 13)] == [b"0", b"13", b"26", b"39"]
    last = epochs(vault)[0][0]
    assert last > 1
    assert vault.rotate().epoch == last + 1
    assert [vault.read(tmp_path / f"{n}") for n in range(40)] == [b"%d" % n for n in range(40)]


def test_what_is_sealed_while_others_rotate_opens_and_so_does_what_is_read(vault, tmp_path):
    child = """
import sys
from pathlib import Path
from confide.vault.vault import open_vault
vault = open_vault(Path(sys.argv[1]), passphrase="eleven green bicycles")
print("ready", flush=True)
for _ in range(60):
    vault.rotate()
"""
    vault.seal_bytes(b"first", tmp_path / "first")
    command = [sys.executable, "-c", child, vault.folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        for n in range(30):
            vault.seal_bytes(b"%d" % n, tmp_path / f"{n}")
            assert vault.read(tmp_path / "first") == b"first"
    assert [vault.read(tmp_path / f"{n}") for n in range(30)] == [b"%d" % n for n in range(30)]


def test_a_store_without_any_epoch_is_damaged(vault, tmp_path):
    with closing(sqlite3.connect(vault.folder / "vault.sqlite")) as db:
        db.execute("DELETE FROM epochs")
        db.commit()
    for call in (vault.rotate, lambda: vault.seal_bytes(b"", tmp_path / "a")):
        with pytest.raises(IntegrityError):
            call()


def test_a_file_whose_epoch_was_destroyed_before_stays_destroyed_and_stops_no_rotation(vault, tmp_path):
    vault.seal_bytes(b"a", tmp_path / "a")
    with closing(sqlite3.connect(vault.folder / "vault.sqlite")) as db:
        db.execute("UPDATE files SET epoch = 9")
        db.commit()
    vault.seal_bytes(b"b", tmp_path / "b")
    assert vault.rotate().files == 1
    assert vault.read(tmp_path / "b") == b"b"
    with pytest.raises(AccessDenied, match="destroyed"):
        vault.read(tmp_path / "a")


# Files that are replaced


def test_a_resealed_original_has_its_new_content_and_no_copy_of_the_old_one_opens(vault, tmp_path, original):
    sealed = vault.seal(original, tmp_path / "n.sealed")
    (tmp_path / "backup").write_bytes(sealed.path.read_bytes())
    again = vault.reseal(sealed.path, b"all but one patient")
    assert (again.kind, again.file_id != sealed.file_id) == ("original", True)
    assert vault.read(sealed.path) == b"all but one patient"
    assert [file.file_id for file in vault.files()] == [again.file_id]
    with pytest.raises(AccessDenied) as caught:
        vault.read(tmp_path / "backup")
    assert caught.value.code == "vault.key-destroyed"


def test_a_working_file_that_is_resealed_stays_a_working_file(vault, tmp_path):
    vault.seal_bytes(b"queue", tmp_path / "q")
    assert vault.reseal(tmp_path / "q", b"less").kind == "working"


def test_a_resealing_that_was_stopped_before_the_old_key_went_is_finished_by_rotation(
    vault, tmp_path, monkeypatch
):
    vault.seal_bytes(b"old", tmp_path / "a")
    (tmp_path / "copy").write_bytes((tmp_path / "a").read_bytes())
    with monkeypatch.context() as planted:
        planted.setattr("confide.vault.store.Store.destroy_file", refuse)
        with pytest.raises(OSError, match="ledger"):
            vault.reseal(tmp_path / "a", b"new")
    assert vault.read(tmp_path / "copy") == b"old"
    assert vault.read(tmp_path / "a") == b"new"
    vault.rotate()
    assert vault.read(tmp_path / "a") == b"new"
    with pytest.raises(AccessDenied):
        vault.read(tmp_path / "copy")
    vault.rotate()  # nothing is left to finish


@pytest.mark.parametrize("there", ["old", "nothing", "damage"])
def test_a_resealing_that_was_stopped_before_the_new_file_stood_keeps_the_old_one(
    vault, tmp_path, monkeypatch, there
):
    vault.seal_bytes(b"old", tmp_path / "a")
    (tmp_path / "copy").write_bytes((tmp_path / "a").read_bytes())
    with monkeypatch.context() as planted:
        planted.setattr("confide.vault.durable.sync_folder", lambda folder: None)
        planted.setattr("pathlib.Path.replace", refuse)
        with pytest.raises(InvalidInput):
            vault.reseal(tmp_path / "a", b"new")
    if there == "nothing":
        (tmp_path / "a").unlink()
    if there == "damage":
        (tmp_path / "a").write_bytes((tmp_path / "a").read_bytes()[:40])
    vault.rotate()
    assert vault.read(tmp_path / "copy") == b"old"


def test_resealing_what_is_not_there_or_not_ours_is_refused(vault, tmp_path, cheap):
    foreign, _ = create_vault(tmp_path / "foreign", PASSPHRASE, cost=cheap)
    foreign.seal_bytes(b"theirs", tmp_path / "theirs")
    for path, code in ((tmp_path / "none", "vault.no-file"), (tmp_path / "theirs", "vault.unknown-file")):
        with pytest.raises((InvalidInput, AccessDenied)) as caught:
            vault.reseal(path, b"x")
        assert caught.value.code == code


# Files sealed elsewhere, and keys handed over


@pytest.fixture
def elsewhere(tmp_path):
    key = new_data_key()
    write_sealed(BytesIO(b"brought"), 7, tmp_path / "e", key, new_header(key), record=lambda: None)
    return tmp_path / "e", key


def test_an_adopted_file_opens_and_adopting_it_again_changes_nothing(vault, elsewhere):
    path, key = elsewhere
    with pytest.raises(AccessDenied):
        vault.read(path)
    first = vault.adopt(path, key)
    again = vault.adopt(path, key)
    assert (first.written, again.written, again) == (True, False, first)
    assert (first.size, first.kind, vault.read(path)) == (7, "original", b"brought")
    assert vault.seal_bytes(b"brought", path.with_name("same")).digest == first.digest


def test_a_wrong_key_or_a_cut_file_is_not_adopted(vault, elsewhere):
    path, key = elsewhere
    with pytest.raises(IntegrityError):
        vault.adopt(path, os.urandom(32))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(IntegrityError):
        vault.adopt(path, key)
    assert vault.files() == []


def test_what_was_destroyed_once_is_not_adopted_again(vault, tmp_path, elsewhere):
    path, key = elsewhere
    vault.adopt(path, key)
    (tmp_path / "copy").write_bytes(path.read_bytes())
    vault.reseal(path, b"without")
    with pytest.raises(AccessDenied, match="destroyed"):
        vault.adopt(tmp_path / "copy", key)


def test_a_data_key_is_revealed_only_after_its_opening_was_recorded_and_for_one_file(vault, tmp_path, cheap):
    one, two = vault.seal_bytes(b"1", tmp_path / "1").path, vault.seal_bytes(b"2", tmp_path / "2").path
    told = []
    permit = vault.permit(one, purpose="to B", who="officer", on_record=lambda *what: told.append(what))
    assert [(what, details["file"]) for what, details in told] == [("vault-opening", permit.file_id)]
    assert [opening.purpose for opening in vault.openings()] == ["to B"]
    other, _ = create_vault(tmp_path / "other", PASSPHRASE, cost=cheap)
    assert other.adopt(one, vault.reveal_data_key(one, permit)).size == 1
    for foreign in (vault.permit(two, purpose="p", who="w"), other.permit(one, purpose="p", who="w")):
        with pytest.raises(AccessDenied) as caught:
            vault.reveal_data_key(one, foreign)
        assert caught.value.code == "vault.permit"
    assert vault.reveal_data_key(one, permit).hex() not in repr(permit) + repr(vault)


def test_an_opening_that_cannot_be_recorded_opens_nothing(vault, tmp_path):
    vault.seal_bytes(b"1", tmp_path / "1")
    for call in (
        lambda: vault.permit(tmp_path / "1", purpose="p", who="w", on_record=refuse),
        lambda: vault.open_to(tmp_path / "1", tmp_path / "x", purpose="p", who="w", on_record=refuse),
    ):
        with pytest.raises(OSError, match="ledger"):
            call()
    assert not (tmp_path / "x").exists()


def test_the_ledger_is_told_of_an_opening_by_a_salted_commitment_and_no_word_of_its_purpose(vault, tmp_path):
    vault.seal_bytes(b"1", tmp_path / "1")
    told = []
    for n in "ab":
        vault.open_to(
            tmp_path / "1",
            tmp_path / n,
            purpose="about Zhang San",
            who="w",
            on_record=lambda *w: told.append(w),
        )
    openings = vault.openings()
    assert [details["commitment"] for _, details in told] == [each.commitment() for each in openings]
    assert told[0][1]["commitment"] != told[1][1]["commitment"]
    assert [details["opening"] for _, details in told] == [1, 2]
    assert "Zhang" not in repr(told)
