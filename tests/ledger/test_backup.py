"""Backup and restore: a restored ledger never gives back budget."""

import shutil
import sqlite3
import subprocess
import threading
from contextlib import closing

import pytest
from people import ANNA, BO, EVE, Clock, ask, found, open_with
from test_charge import Count
from test_home import back_to, fill

from confide.crypto.note import new_signer, parse_checkpoint
from confide.errors import AccessDenied, IntegrityError, InvalidInput
from confide.ledger.backup import Restored, backup, restore
from confide.ledger.home import CHECKPOINT, LEDGER, accept_clock, open_ledger
from confide.ledger.log_key import LOG_KEY, ORIGIN
from confide.ledger.verify import verify_ledger


def back_up(home, path):
    with open_ledger(home) as ledger:
        return backup(ledger, path)


def lose(home):
    """Lose the disk of the ledger; folder, key and checkpoint are still there."""
    for path in home.glob(LEDGER + "*"):
        path.unlink()


@pytest.fixture
def home(tmp_path):
    fill(tmp_path / "home")
    return tmp_path / "home"


def test_a_backup_holds_everything_in_one_file_for_its_owner(home, tmp_path):
    assert back_up(home, tmp_path / "copy") == 6
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {"home", "copy"}
    with open_ledger(home) as ledger:
        entries = ledger.store.all()
    lose(home)
    found = restore(home, tmp_path / "copy")
    assert (found.entries, found.missing, found.closed) == (6, 0, False)
    with open_ledger(home) as ledger:
        assert ledger.store.all() == entries
        verify_ledger(ledger)
        ledger.store.check_columns()
    fill(home, "ab")  # and it goes on


def test_a_backup_that_is_made_while_others_write_is_one_moment_of_the_ledger(home, tmp_path):
    writer = threading.Thread(target=fill, args=(home, "bcdefgh"))
    writer.start()
    for number in range(5):
        size = back_up(home, tmp_path / f"copy-{number}")
        with closing(sqlite3.connect(tmp_path / f"copy-{number}")) as copy:
            assert copy.execute("SELECT count(*) FROM entries").fetchone() == (size,)
    writer.join()
    lose(home)
    with pytest.raises(IntegrityError, match="more were written since"):
        restore(home, tmp_path / "copy-0")


def test_an_older_backup_is_refused_and_leaves_nothing_in_its_place(home, tmp_path):
    back_up(home, tmp_path / "copy")
    fill(home, "ab")
    lose(home)
    with pytest.raises(IntegrityError, match=r"the copy holds 6 entries, the newest of .*, and 2 more"):
        restore(home, tmp_path / "copy")
    assert not list(home.glob(f"*{LEDGER}*"))
    with pytest.raises(IntegrityError, match="there is no"):
        open_ledger(home)


def test_without_a_checkpoint_nobody_can_say_and_the_backup_is_refused(home, tmp_path):
    back_up(home, tmp_path / "copy")
    lose(home)
    (home / CHECKPOINT).unlink()
    with pytest.raises(InvalidInput, match="no checkpoint that says whether these 6 entries"):
        restore(home, tmp_path / "copy")
    assert restore(home, tmp_path / "copy", accept_loss=True).missing is None
    with open_ledger(home) as ledger, pytest.raises(IntegrityError, match="was closed"):
        ledger.open_account("more", epsilon=1.0, delta=1e-9, patients=100)


@pytest.mark.parametrize("accept_loss", [False, True])
def test_after_a_restore_a_still_older_copy_is_refused_also_on_a_machine_that_never_saw_a_checkpoint(
    home, tmp_path, accept_loss
):
    back_up(home, tmp_path / "older")
    fill(home, "ab")
    back_up(home, tmp_path / "newer")
    kept = [] if accept_loss else [shutil.copy(home / CHECKPOINT, tmp_path / "kept")]
    machine = tmp_path / "machine"
    machine.mkdir()
    shutil.copy(home / LOG_KEY, machine)
    assert (
        restore(machine, tmp_path / "newer", checkpoints=kept, accept_loss=accept_loss).closed is accept_loss
    )
    lose(machine)
    with pytest.raises(IntegrityError, match="more were written since"):
        restore(machine, tmp_path / "older")
    back_to(machine, tmp_path / "older")
    with pytest.raises(IntegrityError, match="older than its checkpoint"):
        open_ledger(machine)


def test_without_the_log_key_a_ledger_is_restored_for_reading(home, tmp_path):
    back_up(home, tmp_path / "copy")
    kept = shutil.copy(home / CHECKPOINT, tmp_path / "kept")
    assert not restore(tmp_path / "machine", tmp_path / "copy", checkpoints=[kept]).closed
    with open_ledger(tmp_path / "machine") as ledger:
        assert ledger.balance("inpatients").charges == 1
        with pytest.raises(AccessDenied, match="log key"):
            ledger.open_account("more", epsilon=1.0, delta=1e-9, patients=100)


def test_a_loss_that_is_accepted_closes_the_ledger_for_ever_and_its_releases_are_still_shown(home, tmp_path):
    back_up(home, tmp_path / "copy")
    fill(home, "ab")
    shutil.copy(home / CHECKPOINT, tmp_path / "of-a-study")
    lose(home)
    found = restore(home, tmp_path / "copy", accept_loss=True)
    assert found == Restored(6, found.newest, 2, True)
    with open_ledger(home, checkpoints=[tmp_path / "of-a-study"]) as ledger:
        assert ledger.store.last().body["kind"] == "restored"
        assert ledger.store.last().body["missing"] == 2
        _, replayed = ledger.run(Count(name="a"), [], study="study", account="inpatients")
        assert replayed
        for act in (
            lambda: ledger.run(Count(name="b"), [], study="study", account="inpatients"),
            lambda: ledger.open_account("more", epsilon=1.0, delta=1e-9, patients=100),
            lambda: ledger.grant("more", "inpatients", epsilon=1.0, delta=1e-9, purpose="Plan beds"),
        ):
            with pytest.raises(IntegrityError, match="can only be read"):
                act()
        verify_ledger(ledger)
        ledger.store.check_columns()
    back_up(home, tmp_path / "closed")  # a closed ledger is worth keeping
    lose(home)
    assert restore(home, tmp_path / "closed").closed  # and stays closed


def test_what_a_snapshot_put_back_can_be_closed_where_it_stands(place, kind, tmp_path):
    url = place if kind == "postgres" else None
    fill(tmp_path / "home", url=url)
    with open_ledger(tmp_path / "home", url=url) as ledger:
        size = ledger.store.head()[0]
        fill(tmp_path / "home", "ab", url=url)
        for table, column in (("releases", "sequence"), ("entries", "sequence")):
            ledger.store.database.execute(f"DELETE FROM {table} WHERE {column} >= ?", (size,))
        ledger.store.database.execute(
            "DELETE FROM nodes WHERE (idx + 1) * (1 << CAST(level AS INTEGER)) > ?", (size,)
        )
    with pytest.raises(IntegrityError, match="older than its checkpoint"):
        open_ledger(tmp_path / "home", url=url)
    with pytest.raises(IntegrityError, match="2 more were written since"):
        restore(tmp_path / "home", None, url=url)
    assert restore(tmp_path / "home", None, url=url, accept_loss=True).closed
    with open_ledger(tmp_path / "home", url=url) as ledger:
        ledger.store.check_columns()
        with pytest.raises(IntegrityError, match="can only be read"):
            ledger.open_account("more", epsilon=1.0, delta=1e-9, patients=100)


def test_a_ledger_that_lost_nothing_is_not_closed_by_accepting_a_loss(home):
    assert not restore(home, None, accept_loss=True).closed
    fill(home, "ab")


def test_a_fork_is_refused_also_by_who_accepts_a_loss(home, tmp_path):
    shutil.copytree(home, tmp_path / "other")
    fill(home, "ab")
    fill(tmp_path / "other", "ac")
    back_up(home, tmp_path / "copy")
    lose(home)
    with pytest.raises(IntegrityError, match="does not hold the 8 entries"):
        restore(home, tmp_path / "copy", checkpoints=[tmp_path / "other" / CHECKPOINT], accept_loss=True)


def test_a_copy_is_not_put_over_a_ledger(home, tmp_path):
    back_up(home, tmp_path / "copy")
    with pytest.raises(InvalidInput, match="stands where the backup should go"):
        restore(home, tmp_path / "copy", accept_loss=True)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET body = replace(body, 'inpatients', 'outpatient') WHERE sequence = 2",
        "UPDATE entries SET account = 'other' WHERE sequence = 2",
        "DELETE FROM entries WHERE sequence = 5",
        "DELETE FROM nodes WHERE level = 0 AND idx = 5",
        "UPDATE backup SET checkpoint = 'x'",
        "DROP TABLE backup",
    ],
)
def test_an_altered_copy_is_refused(home, tmp_path, statement):
    back_up(home, tmp_path / "copy")
    lose(home)
    with closing(sqlite3.connect(tmp_path / "copy")) as copy:
        copy.execute("PRAGMA foreign_keys = OFF")
        copy.execute(statement)
        copy.commit()
    with pytest.raises(IntegrityError):
        restore(home, tmp_path / "copy", accept_loss=True)
    assert not (home / LEDGER).exists()


def test_a_file_that_is_no_backup_or_not_there_is_refused(home, tmp_path):
    lose(home)
    with pytest.raises(InvalidInput, match="cannot be read"):
        restore(home, tmp_path / "nothing")
    (tmp_path / "noise").write_bytes(b"not a database" * 1000)
    with pytest.raises(IntegrityError, match="is not a ledger"):
        restore(home, tmp_path / "noise")


def test_a_backup_is_never_written_over(home, tmp_path):
    (tmp_path / "copy").write_text("an older backup")
    with pytest.raises(InvalidInput, match="exists already"):
        back_up(home, tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "an older backup"


def test_a_ledger_without_its_key_makes_no_backup_that_nobody_signed(home, tmp_path):
    (home / LOG_KEY).unlink()
    with pytest.raises(AccessDenied):
        back_up(home, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_copy_of_a_file_is_not_put_beside_a_ledger_that_a_server_keeps(home, tmp_path, monkeypatch):
    back_up(home, tmp_path / "copy")
    monkeypatch.setenv("CONFIDE_LEDGER", "postgresql://localhost/ledger")
    with pytest.raises(InvalidInput, match="makes its own backups"):
        restore(tmp_path / "machine", tmp_path / "copy", accept_loss=True)
    assert not (tmp_path / "machine").exists()


def test_a_server_makes_its_own_backups(server, tmp_path):
    with (
        open_ledger(tmp_path, url=server.new_database()) as ledger,
        pytest.raises(InvalidInput, match="makes its own backups"),
    ):
        backup(ledger, tmp_path / "copy")


def test_a_dump_of_the_server_is_judged_where_it_was_put_back(server, tmp_path):
    home, url, dump = tmp_path / "home", server.new_database(), tmp_path / "dump"
    fill(home, url=url)
    subprocess.run([server.programs / "pg_dump", "--format=custom", f"--file={dump}", url], check=True)
    kept = shutil.copy(home / CHECKPOINT, tmp_path / "kept")
    fill(home, "b", url=url)

    def put_back():
        again = server.new_database()
        subprocess.run([server.programs / "pg_restore", "--no-owner", f"--dbname={again}", dump], check=True)
        return again

    with pytest.raises(IntegrityError, match="2 more were written since"):
        restore(home, None, url=put_back())
    shutil.copy(kept, home / CHECKPOINT)  # as if the dump had been the newest
    again = put_back()
    assert not restore(home, None, url=again).closed
    fill(home, "c", url=again)
    with open_ledger(home, url=again) as ledger:
        verify_ledger(ledger)


def test_a_person_may_accept_the_clock_and_the_log_tells(home):
    with open_ledger(home) as ledger:
        assert accept_clock(ledger, home) == ledger.store.at(5).body["time"]
        assert ledger.store.last().body["kind"] == "clock"
        verify_ledger(ledger)
    open_ledger(home).close()


def founded(folder, clock):
    ledger = open_with(clock, folder / "ledger.sqlite")
    ledger.signer = new_signer(ORIGIN + ledger.id)
    found(ledger, ANNA, BO)
    return ledger


def test_where_roles_were_founded_nobody_sets_the_clock_back_alone(tmp_path):
    """Else one person could bring back to life what had expired: an allowance, a request."""
    clock = Clock()
    with founded(tmp_path, clock) as ledger:
        ledger.grant("short", "inpatients", epsilon=1.0, delta=1e-8, purpose="x", expires=clock()[:10])
        clock.goes(days=300)
        newest = ledger.record("anything", details={}).body["time"]
        clock.goes(days=-300)
        right = ask(ledger, "accept-clock", {"newest": newest}, ANNA)
        before = ledger.store.head()
        for request in (
            None,
            ask(ledger, "accept-clock", {"newest": newest}),
            ask(ledger, "accept-clock", {"newest": newest}, EVE),
            ask(ledger, "accept-clock", {"newest": clock()}, ANNA),
            ask(ledger, "accept-clock", {"newest": newest, "more": 1}, ANNA),
            ask(ledger, "hand-over", {"newest": newest}, ANNA),
        ):
            with pytest.raises(AccessDenied):
                accept_clock(ledger, tmp_path, request)
            assert ledger.store.head() == before
        assert accept_clock(ledger, tmp_path, right) == newest
        assert [entry.body["kind"] for entry in ledger.store.all()][-2:] == ["clock", "approval"]
        verify_ledger(ledger)
        with pytest.raises(InvalidInput, match="carried out before"):
            accept_clock(ledger, tmp_path, right)


def test_the_refusal_of_a_clock_says_which_request_to_write(tmp_path):
    with founded(tmp_path, Clock()) as ledger, pytest.raises(AccessDenied) as refused:
        accept_clock(ledger, tmp_path)
    newest = refused.value.public["newest"]
    assert f"--kind accept-clock --field newest={newest}" in refused.value.hint


def test_a_ledger_that_was_closed_twice_is_compared_up_to_its_first_loss(home, tmp_path):
    back_up(home, tmp_path / "copy")
    fill(home, "a")
    shutil.copy(home / CHECKPOINT, tmp_path / "seen")
    lose(home)
    restore(home, tmp_path / "copy", accept_loss=True)
    with open_ledger(home) as ledger:
        size = parse_checkpoint((tmp_path / "seen").read_text(encoding="utf-8")).size
        while ledger.store.head()[0] <= size:
            with ledger.store.write() as writer:
                writer.append({"kind": "restored", "missing": 1})
    open_ledger(home, checkpoints=[tmp_path / "seen"]).close()
