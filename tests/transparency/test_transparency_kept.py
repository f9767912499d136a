"""What the institution keeps of its witnesses, and what an insider cannot take back."""

import random
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logs import ORIGIN, MemoryLog

from confide.crypto.note import checkpoint_body, cosigned, new_signer, parse_checkpoint, signed
from confide.errors import ConfideError, IntegrityError, InvalidInput
from confide.transparency.files import read_whole, write_whole
from confide.transparency.kept import (
    COSIGNED,
    EACH,
    WITNESSES,
    Cosigned,
    add_witness,
    alone,
    keep,
    last_of,
    newest,
    notes,
    witnesses,
)
from confide.transparency.verify import verify_log

NORTH, SOUTH, STRANGER = (new_signer(f"{name}.example/witness") for name in ("north", "south", "stranger"))
NOW = 1_800_000_000


@pytest.fixture
def log():
    return MemoryLog(10)


@pytest.fixture
def folder(tmp_path):
    add_witness(tmp_path, NORTH.cosigner.to_text())
    add_witness(tmp_path, SOUTH.cosigner.to_text())
    return tmp_path


def keys(log):
    return [log.signer.verifier]


def kept(folder, log, note):
    return keep(folder, log, keys(log), note)


def verified(folder, log, *brought):
    return verify_log(
        log,
        checkpoints=[log.checkpoint(), *brought],
        log_keys=keys(log),
        notes=notes(folder),
        trusted=witnesses(folder),
    )


def code_of(call, *arguments):
    with pytest.raises(ConfideError) as refused:
        call(*arguments)
    return refused.value.code


# keeping --------------------------------------------------------------------------------------------


def test_what_a_witness_cosigned_is_kept_whole(folder, log):
    note = cosigned(log.checkpoint(), NORTH, NOW)
    assert kept(folder, log, note) == [Cosigned(NORTH.name, 10, NOW)]
    assert (folder / COSIGNED).read_text(encoding="utf-8") == note
    assert last_of(folder, NORTH.cosigner) == note
    assert last_of(folder, SOUTH.cosigner) is None
    assert notes(folder) == [note, note]


def test_the_newest_note_carries_the_signatures_of_all_who_cosigned_that_tree(folder, log):
    kept(folder, log, cosigned(log.checkpoint(), NORTH, NOW))
    kept(folder, log, cosigned(log.checkpoint(), SOUTH, NOW + 1))
    whole = parse_checkpoint((folder / COSIGNED).read_text(encoding="utf-8"))
    assert [line.name for line in whole.signatures] == [ORIGIN, NORTH.name, SOUTH.name]
    found = verified(folder, log)
    assert found.cosigned == (Cosigned(SOUTH.name, 10, NOW + 1), Cosigned(NORTH.name, 10, NOW))


def test_a_note_of_fewer_entries_never_replaces_a_longer_one(folder, log):
    short = cosigned(log.checkpoint(), NORTH, NOW)
    log.grow(5)
    long = cosigned(log.checkpoint(), NORTH, NOW)
    kept(folder, log, long)
    kept(folder, log, short)
    assert last_of(folder, NORTH.cosigner) == long
    assert (folder / COSIGNED).read_text(encoding="utf-8") == long
    later = cosigned(log.checkpoint(), NORTH, NOW + 9)
    kept(folder, log, later)
    assert last_of(folder, NORTH.cosigner) == later
    kept(folder, log, cosigned(short, SOUTH, NOW))
    assert parse_checkpoint((folder / COSIGNED).read_text(encoding="utf-8")).size == 15
    assert last_of(folder, NORTH.cosigner) == later


def test_processes_that_keep_at_once_keep_the_newest(folder, log):
    log.grow(30)
    made = [cosigned(log.checkpoint_of(size), random.choice((NORTH, SOUTH)), NOW) for size in range(1, 41)]
    made.append(cosigned(cosigned(log.checkpoint(), NORTH, NOW), SOUTH, NOW))
    threads = [
        threading.Thread(target=kept, args=(folder, log, note)) for note in random.sample(made, len(made))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert parse_checkpoint((folder / COSIGNED).read_text(encoding="utf-8")).size == 40
    assert {each.size for each in verified(folder, log).cosigned} == {40}
    assert not list(folder.rglob("*.part"))


def test_who_keeps_waits_for_who_is_keeping(folder, log):
    note = cosigned(log.checkpoint(), NORTH, NOW)
    thread = threading.Thread(target=kept, args=(folder, log, note))
    with alone(folder):
        thread.start()
        thread.join(0.3)
        assert notes(folder) == []
    thread.join()
    assert notes(folder) == [note, note]


def test_only_what_log_and_witness_signed_and_the_log_holds_is_kept(folder, log):
    note = log.checkpoint()
    assert code_of(kept, folder, log, note) == "transparency.no-cosignature"
    assert code_of(kept, folder, log, cosigned(note, STRANGER, NOW)) == "transparency.no-cosignature"
    line = cosigned(log.checkpoint_of(9), NORTH, NOW).splitlines()[-1]
    assert code_of(kept, folder, log, f"{note}{line}\n") == "crypto.forged"
    thief = MemoryLog(10, signer=new_signer(ORIGIN))
    assert code_of(kept, folder, log, cosigned(thief.checkpoint(), NORTH, NOW)) == "crypto.not-signed"
    other = MemoryLog(10, signer=new_signer("other.example"))
    assert code_of(kept, folder, log, cosigned(other.checkpoint(), NORTH, NOW)) == "transparency.other-log"
    fork = log.rewritten([*log.entries[:-1], "altered"])
    assert code_of(kept, folder, log, cosigned(fork.checkpoint(), NORTH, NOW)) == "transparency.forked"
    longer = log.rewritten([*log.entries, "more"])
    assert code_of(kept, folder, log, cosigned(longer.checkpoint(), NORTH, NOW)) == "transparency.cut"
    assert code_of(kept, folder, log, "nothing") == "crypto.checkpoint"
    assert notes(folder) == []


def test_a_note_signed_before_the_log_changed_its_key_is_kept(folder, log):
    note, old = cosigned(log.checkpoint(), NORTH, NOW), log.signer
    log.signer = new_signer(ORIGIN)
    assert code_of(keep, folder, log, keys(log), note) == "crypto.not-signed"
    keep(folder, log, [log.signer.verifier, old.verifier], note)
    line = log.checkpoint_of(9).splitlines()[-1]
    false = f"{note}{line}\n"
    assert code_of(keep, folder, log, [old.verifier, log.signer.verifier], false) == "crypto.forged"


def test_newest_of_notes_is_the_longest_whatever_their_order(log):
    short, long = (cosigned(log.checkpoint_of(size), NORTH, NOW) for size in (3, 7))
    assert newest([short, long]) == newest([long, short]) == newest([long, long]) == long


# keys -----------------------------------------------------------------------------------------------


def test_witnesses_are_trusted_once_and_by_one_key(folder):
    assert witnesses(folder) == [NORTH.cosigner, SOUTH.cosigner]
    before = (folder / WITNESSES).read_bytes()
    assert add_witness(folder, NORTH.cosigner.to_text()) == NORTH.cosigner
    assert (folder / WITNESSES).read_bytes() == before
    with pytest.raises(InvalidInput) as refused:
        add_witness(folder, new_signer(NORTH.name).cosigner.to_text())
    assert refused.value.code == "transparency.other-witness"
    assert refused.value.public == {"witness": NORTH.name}


def test_a_key_that_is_no_witnesss_is_refused_from_a_person_and_from_the_file(folder, log):
    assert code_of(add_witness, folder, log.signer.verifier.to_text()) == "transparency.not-a-witness-key"
    assert code_of(add_witness, folder, "x") == "crypto.verifier-key"
    (folder / WITNESSES).write_text(f"\n{NORTH.cosigner.to_text()}\n\n", encoding="utf-8")
    assert witnesses(folder) == [NORTH.cosigner]
    (folder / WITNESSES).write_text("x\n", encoding="utf-8")
    assert code_of(witnesses, folder) == "crypto.verifier-key"


def test_without_a_file_there_is_no_witness(tmp_path):
    assert witnesses(tmp_path) == []
    assert notes(tmp_path) == []


# verifying ------------------------------------------------------------------------------------------


def test_verification_states_the_last_cosigned_size_and_the_unwitnessed_tail(folder, log):
    alone = verified(folder, log)
    assert (alone.last, alone.cosigned, alone.tail) == (None, (), 10)
    kept(folder, log, cosigned(log.checkpoint_of(4), SOUTH, NOW + 5))
    kept(folder, log, cosigned(log.checkpoint(), NORTH, NOW))
    log.grow(7)
    found = verified(folder, log)
    assert found.last == Cosigned(NORTH.name, 10, NOW)
    assert found.cosigned == (found.last, Cosigned(SOUTH.name, 4, NOW + 5))
    assert (found.size, found.tail, found.root, found.origin) == (17, 7, log.root(17), ORIGIN)


def test_a_note_that_somebody_brings_counts_like_a_kept_one(folder, log):
    note = cosigned(log.checkpoint(), NORTH, NOW)
    log.grow(1)
    assert verified(folder, log, note).tail == 1
    assert verified(folder, log, note, cosigned(note, NORTH, NOW + 1)).last == Cosigned(
        NORTH.name, 10, NOW + 1
    )
    assert verified(folder, log, cosigned(note, NORTH, NOW + 1), note).last == Cosigned(
        NORTH.name, 10, NOW + 1
    )
    kept(folder, log, note)
    assert verified(folder, log).tail == 1


def test_a_kept_note_that_no_trusted_witness_signed_is_refused(folder, log):
    kept(folder, log, cosigned(log.checkpoint(), NORTH, NOW))
    (folder / WITNESSES).write_text(SOUTH.cosigner.to_text(), encoding="utf-8")
    assert code_of(verified, folder, log) == "transparency.nobody-known"


def test_notes_and_checkpoints_of_other_logs_or_keys_are_refused(folder, log):
    other = MemoryLog(3, signer=new_signer("other.example"))
    assert (
        code_of(verified, folder, log, cosigned(other.checkpoint(), NORTH, NOW)) == "transparency.other-log"
    )
    thief = MemoryLog(3, signer=new_signer(ORIGIN))
    for text, code in (
        (other.checkpoint(), "transparency.other-log"),
        (thief.checkpoint(), "crypto.not-signed"),
        (log.rewritten([*log.entries, "more"]).checkpoint(), "transparency.cut"),
        (log.rewritten(log.entries[1:]).checkpoint(), "transparency.forked"),
    ):
        with pytest.raises(IntegrityError) as refused:
            verify_log(log, checkpoints=[text], log_keys=keys(log), notes=[], trusted=[])
        assert refused.value.code == code


# the insider ----------------------------------------------------------------------------------------


def tampered(log, seed, below):
    """Rewrite the log at random as the holder of its key could; something below `below` is altered or gone."""
    chance = random.Random(seed)
    entries, at = list(log.entries), chance.randrange(below)
    kind = chance.choice(["alter", "delete", "insert", "swap", "cut", "salt"])
    if kind == "alter":
        entries[at] = entries[at].replace("charge", "refund")
    elif kind == "delete":
        del entries[at]
    elif kind == "insert":
        entries.insert(at, '{"kind":"allowance"}')
    elif kind == "swap":
        other = (at + 1 + chance.randrange(below - 1)) % below
        entries[at], entries[other] = entries[other], entries[at]
    elif kind == "cut":
        entries = entries[:at]
    result = log.rewritten(entries)
    if kind == "salt":
        result = MemoryLog(signer=log.signer)
        for index, text in enumerate(log.entries):
            result.append(text, bytes(16) if index == at else log.salts[index])
    if chance.random() < 0.5:  # and goes on, to be as long as before, or longer
        result.grow(max(0, log.size() - result.size()) + chance.randrange(3))
    return result


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**63), size=st.integers(2, 40), tail=st.integers(0, 9))
def test_an_insider_with_the_signing_key_who_rewrites_below_the_last_cosigned_checkpoint_is_always_found(
    seed, size, tail
):
    log = MemoryLog(size)
    note = cosigned(log.checkpoint(), NORTH, NOW)
    log.grow(tail)
    forged = tampered(log, seed, size)
    honest = {
        "checkpoints": [log.checkpoint()],
        "log_keys": keys(log),
        "notes": [note],
        "trusted": [NORTH.cosigner],
    }
    assert verify_log(log, **honest).tail == tail
    alone = {
        "checkpoints": [forged.checkpoint()],
        "log_keys": keys(log),
        "notes": [],
        "trusted": [NORTH.cosigner],
    }
    verify_log(forged, **alone)  # whole and signed: nothing shows without the witness
    with pytest.raises(IntegrityError) as refused:
        verify_log(forged, **alone | {"notes": [note]})
    assert refused.value.code in ("transparency.forked", "transparency.cut")
    assert refused.value.public["witness"] == NORTH.name
    assert refused.value.public["size"] == size


def test_an_insider_who_rewrites_the_tail_is_not_found_and_the_tail_is_stated(folder, log):
    kept(folder, log, cosigned(log.checkpoint(), NORTH, NOW))
    log.grow(3)
    forged = log.rewritten([*log.entries[:11], "altered", "altered"])
    assert verified(folder, forged).tail == 3


# files ----------------------------------------------------------------------------------------------


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    write_whole(tmp_path / "a", b"one")
    write_whole(tmp_path / "a", b"two")
    assert read_whole(tmp_path / "a", 3) == "two"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    (tmp_path / "folder").mkdir()
    with pytest.raises(InvalidInput) as refused:
        write_whole(tmp_path / "folder", b"x")
    assert refused.value.code == "transparency.unwritable"
    assert refused.value.public == {"file": tmp_path / "folder"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "folder"]
    assert code_of(write_whole, tmp_path / "none" / "a", b"x") == "transparency.unwritable"


def test_a_file_of_others_is_read_up_to_a_bound(tmp_path):
    (tmp_path / "a").write_bytes(b"four")
    assert code_of(read_whole, tmp_path / "a", 3) == "transparency.too-long"
    assert code_of(read_whole, tmp_path / "none", 3) == "transparency.unreadable"


def test_a_folder_that_is_not_there_is_said(tmp_path, log):
    assert code_of(add_witness, tmp_path / "none", NORTH.cosigner.to_text()) == "transparency.unwritable"


def test_each_witness_has_its_own_file(folder, log):
    kept(folder, log, cosigned(cosigned(log.checkpoint(), NORTH, NOW), SOUTH, NOW))
    assert {path.name for path in (folder / EACH).iterdir()} == {
        NORTH.cosigner.id.hex(),
        SOUTH.cosigner.id.hex(),
    }
    body = checkpoint_body(ORIGIN, 10, log.root(10))
    assert last_of(folder, NORTH.cosigner).startswith(signed(body, log.signer))
