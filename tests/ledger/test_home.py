"""The institution's folder: its log key, its signed checkpoints, and every older or other ledger that they refuse."""

import shutil
import sqlite3
from contextlib import closing

import pytest
from old_schema import ID, write_old_ledger
from people import ANNA, BO, ask, found
from test_charge import Count

from confide.crypto.note import new_signer, parse_checkpoint, verify_signature
from confide.errors import AccessDenied, IntegrityError, InvalidInput
from confide.ledger import files, log_key
from confide.ledger.home import (
    CHECKPOINT,
    COSIGNED,
    LEDGER,
    check_against,
    open_ledger,
    rotate_key,
    write_checkpoint,
)
from confide.ledger.log_key import LOG_KEY, NEXT_KEY, rotate_log_key
from confide.ledger.verify import verify_ledger


def fill(folder, names="a", **options):
    with open_ledger(folder, **options) as ledger:
        ledger.open_account("inpatients", epsilon=9.0, delta=1e-7, patients=20_000)
        ledger.grant("study", "inpatients", epsilon=9.0, delta=1e-8, purpose="Plan beds")
        for name in names:
            ledger.run(Count(name=name), [], study="study", account="inpatients")


def back_to(folder, copy):
    for name in (LEDGER, LEDGER + "-wal", LEDGER + "-shm"):
        (folder / name).unlink(missing_ok=True)
    shutil.copy(copy, folder / LEDGER)


# the log key ------------------------------------------------------------------------------------------


def test_a_new_ledger_has_a_key_for_its_owner_only_and_names_it_right_after_its_first_entry(tmp_path):
    with open_ledger(tmp_path) as ledger:
        assert ledger.store.at(1).body["kind"] == "log-key"
        assert ledger.store.at(1).body["verifier"] == ledger.signer.verifier.to_text()
        assert ledger.signer.name == f"confide-ledger/{ledger.id}"
    assert (tmp_path / LOG_KEY).stat().st_mode & 0o777 == 0o600


def test_where_roles_were_founded_a_new_log_key_takes_an_approval_of_just_that_once(tmp_path):
    with open_ledger(tmp_path) as ledger:
        found(ledger, ANNA, BO)
        before = (tmp_path / LOG_KEY).read_bytes()
        right = ask(ledger, "rotate-log-key", {"reason": "a disk was stolen"}, ANNA)
        for approval in (None, ask(ledger, "receive", {}, ANNA)):
            size = ledger.store.head()[0]
            with pytest.raises(AccessDenied):
                rotate_key(ledger, tmp_path, approval)
            assert ledger.store.head()[0] == size
            assert (tmp_path / LOG_KEY).read_bytes() == before
        key = rotate_key(ledger, tmp_path, right)
        assert key == ledger.signer.verifier.to_text() == ledger.store.last(kind="log-key").body["verifier"]
        with pytest.raises(InvalidInput, match="counts once"):
            rotate_key(ledger, tmp_path, right)
        verify_ledger(ledger)


def test_every_write_leaves_a_checkpoint_that_the_log_key_signed(tmp_path):
    with open_ledger(tmp_path) as ledger:
        for number in range(3):
            note = parse_checkpoint((tmp_path / CHECKPOINT).read_text())
            verify_signature(note, ledger.signer.verifier)
            size = ledger.store.head()[0]
            assert (note.origin, note.size) == (f"confide-ledger/{ledger.id}", size)
            assert note.root == ledger.store.root(size)
            ledger.open_account(f"a{number}", epsilon=1.0, delta=1e-9, patients=100)


@pytest.mark.parametrize("damage", ["missing", "other", "empty", "unreadable"])
def test_without_its_log_key_a_ledger_can_be_read_and_shown_and_not_written(tmp_path, damage):
    fill(tmp_path)
    if damage == "missing":
        (tmp_path / LOG_KEY).unlink()
    elif damage == "unreadable":
        (tmp_path / LOG_KEY).unlink()
        (tmp_path / LOG_KEY).mkdir()
    else:
        content = new_signer("confide-ledger/00").to_bytes() if damage == "other" else b""
        (tmp_path / LOG_KEY).write_bytes(content)
    with open_ledger(tmp_path) as ledger:
        size = ledger.store.head()[0]
        _, replayed = ledger.run(Count(name="a"), [], study="study", account="inpatients")
        assert replayed
        assert ledger.balance("inpatients").charges == 1
        with pytest.raises(AccessDenied, match="not the log key of this ledger"):
            ledger.run(Count(name="b"), [], study="study", account="inpatients")
        with pytest.raises(AccessDenied, match="not the log key of this ledger"):
            write_checkpoint(ledger, tmp_path / "elsewhere")
        assert ledger.store.head()[0] == size


def test_a_key_of_another_ledger_is_not_taken_for_a_new_one(tmp_path):
    (tmp_path / LOG_KEY).write_bytes(new_signer("confide-ledger/0011").to_bytes())
    with open_ledger(tmp_path) as ledger:
        assert ledger.signer is None
        assert ledger.store.last(kind="log-key") is None
        with pytest.raises(AccessDenied):
            ledger.open_account("inpatients", epsilon=1.0, delta=1e-9, patients=100)


def test_a_key_that_was_made_before_a_crash_is_taken(tmp_path, monkeypatch):
    def stop(folder):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(log_key, "sync_folder", stop)
        with pytest.raises(KeyboardInterrupt):
            open_ledger(tmp_path)
    made = (tmp_path / LOG_KEY).read_bytes()
    with open_ledger(tmp_path) as ledger:
        assert ledger.signer.to_bytes() == made
        assert ledger.store.at(1).body["kind"] == "log-key"


def rotate(ledger, folder):
    def append(verifier):
        with ledger.store.write() as writer:
            writer.append({"kind": "log-key", "verifier": verifier})

    rotate_log_key(ledger, folder, append)


def test_after_a_rotation_old_checkpoints_stay_good_and_new_ones_carry_the_new_key(tmp_path):
    fill(tmp_path)
    shutil.copy(tmp_path / CHECKPOINT, tmp_path / "older")
    old = (tmp_path / LOG_KEY).read_bytes()
    with open_ledger(tmp_path) as ledger:
        rotate(ledger, tmp_path)
        ledger.open_account("more", epsilon=1.0, delta=1e-9, patients=100)
    assert (tmp_path / LOG_KEY).read_bytes() != old
    assert (tmp_path / LOG_KEY).stat().st_mode & 0o777 == 0o600
    with open_ledger(tmp_path, checkpoints=[tmp_path / "older"]) as ledger:
        verify_signature(parse_checkpoint((tmp_path / CHECKPOINT).read_text()), ledger.signer.verifier)
        assert ledger.signer.to_bytes() == (tmp_path / LOG_KEY).read_bytes()
    (tmp_path / LOG_KEY).write_bytes(old)
    with open_ledger(tmp_path) as ledger, pytest.raises(AccessDenied):
        fill(tmp_path)


@pytest.mark.parametrize("durable", [False, True])
def test_a_rotation_that_dies_in_the_middle_is_finished_if_its_entry_is_durable_and_never_happened_if_not(
    tmp_path, durable
):
    fill(tmp_path)
    with open_ledger(tmp_path) as ledger:

        def die(verifier):
            if durable:
                with ledger.store.write() as writer:
                    writer.append({"kind": "log-key", "verifier": verifier})
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            rotate_log_key(ledger, tmp_path, die)
    with open_ledger(tmp_path) as ledger:
        ledger.open_account("more", epsilon=1.0, delta=1e-9, patients=100)
    assert (tmp_path / NEXT_KEY).exists() is not durable


# checkpoints ------------------------------------------------------------------------------------------


def test_a_restored_snapshot_is_refused_against_the_checkpoint_beside_it(tmp_path):
    fill(tmp_path)
    shutil.copy(tmp_path / LEDGER, tmp_path / "snapshot")
    fill(tmp_path, "abc")
    back_to(tmp_path, tmp_path / "snapshot")
    with pytest.raises(
        IntegrityError, match=r"older than its checkpoint .* which saw 10 entries where now 6 are"
    ):
        open_ledger(tmp_path)


@pytest.mark.parametrize("where", [COSIGNED, "outside"])
def test_a_snapshot_of_the_whole_folder_is_refused_against_a_newer_checkpoint(tmp_path, where):
    home = tmp_path / "home"
    fill(home)
    shutil.copytree(home, tmp_path / "snapshot")
    fill(home, "abc")
    newer = (home / CHECKPOINT).read_bytes()
    shutil.rmtree(home)
    shutil.copytree(tmp_path / "snapshot", home)
    open_ledger(home).close()  # alone it cannot know
    (home / where if where == COSIGNED else tmp_path / where).write_bytes(newer)
    with pytest.raises(IntegrityError, match="older than its checkpoint"):
        open_ledger(home, checkpoints=[tmp_path / "outside"])


def test_a_fork_of_the_same_length_is_refused(tmp_path):
    fill(tmp_path / "one")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    fill(tmp_path / "one", "ab")
    fill(tmp_path / "two", "ac")
    with pytest.raises(IntegrityError, match="does not hold the 8 entries that the checkpoint"):
        open_ledger(tmp_path / "one", checkpoints=[tmp_path / "two" / CHECKPOINT])


def test_a_checkpoint_that_somebody_else_signed_is_refused(tmp_path):
    fill(tmp_path)
    from confide.crypto.note import signed

    note = parse_checkpoint((tmp_path / CHECKPOINT).read_text())
    (tmp_path / "forged").write_text(signed(note.body, new_signer(note.origin)))
    with open_ledger(tmp_path) as ledger, pytest.raises(IntegrityError, match="does not hold"):
        check_against(ledger, tmp_path / "forged")


def test_no_prefix_of_a_checkpoint_is_taken_for_one(tmp_path):
    fill(tmp_path)
    whole = (tmp_path / CHECKPOINT).read_bytes()
    with open_ledger(tmp_path) as ledger:
        for length in range(len(whole)):
            (tmp_path / "half").write_bytes(whole[:length])
            with pytest.raises(IntegrityError, match=r"not a checkpoint|does not hold"):
                check_against(ledger, tmp_path / "half")


def test_a_half_written_checkpoint_is_refused_in_one_sentence(tmp_path):
    fill(tmp_path)
    whole = (tmp_path / CHECKPOINT).read_bytes()
    (tmp_path / CHECKPOINT).write_bytes(whole[:40])
    with pytest.raises(IntegrityError, match="checkpoint is not a checkpoint"):
        open_ledger(tmp_path)


def test_a_folder_is_no_checkpoint(tmp_path):
    with open_ledger(tmp_path) as ledger, pytest.raises(IntegrityError, match="is not a checkpoint"):
        check_against(ledger, tmp_path)


def test_an_unsigned_checkpoint_of_an_older_ledger_is_a_lower_bound_once(tmp_path):
    rows = write_old_ledger(tmp_path)
    unsigned = (tmp_path / CHECKPOINT).read_bytes()
    open_ledger(tmp_path).close()
    assert (tmp_path / CHECKPOINT).read_bytes() != unsigned
    (tmp_path / "kept").write_bytes(unsigned)  # of a study that ran last before the migration
    open_ledger(tmp_path, checkpoints=[tmp_path / "kept"]).close()
    for size, head in ((len(rows), rows[0][1]), (len(rows) - 1, rows[-1][1])):
        (tmp_path / "kept").write_text(f"confide-ledger/{ID}\n{size}\n{head}\n")
        with pytest.raises(IntegrityError, match="does not hold"):
            open_ledger(tmp_path, checkpoints=[tmp_path / "kept"])


def test_an_unsigned_checkpoint_is_not_taken_for_what_came_after_the_log_key(tmp_path):
    fill(tmp_path)
    with open_ledger(tmp_path) as ledger:
        size, head = ledger.store.head()
    (tmp_path / "kept").write_text(f"confide-ledger/{ledger.id}\n{size}\n{head}\n")
    with pytest.raises(IntegrityError, match="does not hold"):
        open_ledger(tmp_path, checkpoints=[tmp_path / "kept"])


def test_an_older_ledger_that_was_cut_is_refused_before_it_is_given_a_key(tmp_path):
    write_old_ledger(tmp_path)
    with closing(sqlite3.connect(tmp_path / LEDGER)) as connection:
        connection.execute("DELETE FROM entries WHERE sequence = 6")
        connection.commit()
    with pytest.raises(IntegrityError, match="older than its checkpoint"):
        open_ledger(tmp_path)
    assert not (tmp_path / LOG_KEY).exists()


def test_a_ledger_that_is_gone_or_emptied_is_not_begun_anew(place, kind, tmp_path):
    url = place if kind == "postgres" else None
    home = tmp_path / "home"
    fill(home, url=url)
    if kind == "sqlite":
        (home / LEDGER).unlink()
        with pytest.raises(IntegrityError, match="there is no"):
            open_ledger(home)
        (home / LEDGER).touch()
    else:
        import psycopg

        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    with pytest.raises(IntegrityError, match="there is no"):
        open_ledger(home, url=url)


def test_checkpoint_and_key_lie_in_the_folder_on_both_dialects_and_a_second_machine_needs_the_key(
    place, kind, tmp_path
):
    url = place if kind == "postgres" else None
    home, second = tmp_path / "home", tmp_path / "second"
    fill(home, url=url)
    assert (home / CHECKPOINT).exists()
    if kind == "sqlite":
        return
    with open_ledger(second, url=url) as ledger, pytest.raises(AccessDenied, match="log key"):
        ledger.open_account("more", epsilon=1.0, delta=1e-9, patients=100)
    assert not (second / LOG_KEY).exists()
    shutil.copy(home / LOG_KEY, second / LOG_KEY)
    fill(second, "b", url=url)
    fill(home, "c", url=url)


def test_a_ledger_on_a_server_is_found_by_the_environment(server, tmp_path, monkeypatch):
    monkeypatch.setenv("CONFIDE_LEDGER", server.new_database())
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path))
    with open_ledger() as ledger:
        assert ledger.store.place.startswith("d")
        assert not ledger.scratch
    assert not (tmp_path / LEDGER).exists()


@pytest.mark.parametrize("url", ["mysql://host/db", "ledger.sqlite", "postgresql://host:nonsense:5/x?y"])
def test_an_address_that_is_none_is_refused_without_repeating_it(url, tmp_path):
    with pytest.raises(InvalidInput) as refused:
        open_ledger(tmp_path, url=url)
    assert refused.value.code in ("ledger.not-a-url", "ledger.server-gone")
    assert "nonsense" not in str(refused.value)


def test_an_institution_without_a_folder_yet_gets_a_scratch_ledger(monkeypatch, tmp_path):
    monkeypatch.delenv("CONFIDE_LEDGER", raising=False)
    with open_ledger() as ledger:
        assert ledger.scratch
        ledger.open_account("inpatients", epsilon=1.0, delta=1e-9, patients=100)
        with pytest.raises(AccessDenied):
            write_checkpoint(ledger, tmp_path / "c")


def test_the_folder_is_under_the_home_of_the_user_by_default(monkeypatch, tmp_path):
    from confide.ledger.home import home

    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert home() == tmp_path / ".local" / "share" / "confide"


# files ------------------------------------------------------------------------------------------------


def test_a_file_that_cannot_be_written_in_full_leaves_the_one_before(tmp_path, monkeypatch):
    target = tmp_path / "checkpoint"
    target.write_bytes(b"before")
    full = files.FileIO.write
    monkeypatch.setattr(
        files, "FileIO", type("Short", (files.FileIO,), {"write": lambda f, c: full(f, c[:3])})
    )
    with pytest.raises(InvalidInput, match="cannot be written"), files.alone(target):
        files.put(target, b"after")
    assert target.read_bytes() == b"before"
    assert {path.name for path in tmp_path.iterdir()} == {".checkpoint.lock", "checkpoint"}


def test_a_placed_file_is_whole_or_not_there(tmp_path):
    with pytest.raises(ZeroDivisionError), files.placing(tmp_path / "target") as part:  # noqa: PT012
        part.write_bytes(b"half")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InvalidInput, match="cannot be written"), files.placing(tmp_path / "target") as part:
        part.unlink()
    with files.placing(tmp_path / "target") as part:
        part.write_bytes(b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]
