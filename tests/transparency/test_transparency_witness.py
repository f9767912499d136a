"""What a witness signs and what it never signs; killed, hurried, copied and lied to."""

import hashlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from logs import ORIGIN, MemoryLog

from confide.crypto.note import (
    Checkpoint,
    checkpoint_body,
    new_signer,
    parse_checkpoint,
    parse_signatures,
    signed,
    verify_signature,
)
from confide.errors import IntegrityError, InvalidInput
from confide.transparency import witness as module
from confide.transparency.request import Request, parse_request, request_for
from confide.transparency.witness import KEY, MEMORY, SKEW, Witness, new_witness

NOW = 1_800_000_000


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def log():
    return MemoryLog(10)


@pytest.fixture
def witness(tmp_path, log, clock):
    new_witness(tmp_path / "witness", "north.example/witness")
    found = Witness(tmp_path / "witness", clock=clock)
    found.add_log(log.signer.verifier)
    return found


def time_of(line, note, witness):
    checkpoint = parse_checkpoint(note)
    alone = Checkpoint(
        checkpoint.origin, checkpoint.size, checkpoint.root, checkpoint.body, parse_signatures(line)
    )
    return verify_signature(alone, witness.verifier)


def refused(what, request, **settings):
    with pytest.raises((IntegrityError, InvalidInput)) as found:
        what.cosign(request, **settings)
    return found.value.code


def test_a_log_that_only_grows_is_cosigned_step_by_step(witness, log, clock):
    old = 0
    for step in (0, 1, 5, 16, 100):
        log.grow(step)
        clock.now += 60
        request = request_for(log, old)
        assert time_of(witness.cosign(request), request.note, witness) == clock.now
        old = log.size()
    (seen,) = witness.logs()
    assert (seen.origin, seen.size, seen.root, seen.time) == (ORIGIN, 132, log.root(132), clock.now)
    assert seen.note == log.checkpoint()
    assert seen.refused == ""


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moves=st.lists(
        st.tuples(st.sampled_from(["grow", "fork", "cut", "again"]), st.integers(0, 7)), max_size=8
    )
)
def test_whatever_it_is_asked_it_has_never_signed_two_histories(tmp_path_factory, moves):
    """Every two cosigned checkpoints are of one history, and a later one is never smaller."""
    honest = MemoryLog(5)
    witness = new_witness(tmp_path_factory.mktemp("w"), "north.example/witness")
    witness.add_log(honest.signer.verifier)
    current, given_out = honest, []
    for kind, amount in moves:
        if kind == "fork":
            at = min(amount, current.size() - 1)
            current = current.rewritten([*current.entries[:at], "altered", *current.entries[at + 1 :]])
        elif kind == "cut":
            current = current.rewritten(current.entries[: max(1, current.size() - amount)])
        elif kind == "grow":
            current.grow(amount)
        (seen,) = witness.logs()
        for old in {seen.size, amount}:
            if old > current.size():
                continue
            request = request_for(current, old)
            for repeat in (False, True):
                try:
                    witness.cosign(request, repeat=repeat)
                except (IntegrityError, InvalidInput):
                    continue
                given_out.append((current.size(), [current.root(size) for size in range(current.size() + 1)]))
    for (size, roots), (later, all_roots) in pairwise(given_out):
        assert size <= later
        assert roots == all_roots[: size + 1]


def test_the_same_tree_is_cosigned_again_with_a_later_time(witness, log, clock):
    first = request_for(log, 0)
    witness.cosign(first)
    clock.now += 5
    again = request_for(log, 10)
    assert time_of(witness.cosign(again), again.note, witness) == NOW + 5


def test_a_request_from_another_size_is_told_the_last_size(witness, log):
    witness.cosign(request_for(log, 0))
    log.grow(3)
    for old in (0, 3, 11, 13):
        with pytest.raises(InvalidInput) as found:
            witness.cosign(request_for(log, old))
        assert found.value.code == "transparency.other-size"
        assert found.value.public == {"size": 10}


def test_a_stick_whose_answer_got_lost_can_be_carried_again(witness, log):
    request = request_for(log, 0)
    witness.cosign(request)
    assert refused(witness, request) == "transparency.other-size"
    witness.cosign(request, repeat=True)
    log.grow(1)
    assert refused(witness, request_for(log, 0), repeat=True) == "transparency.other-size"


def test_a_fork_a_rollback_and_a_second_root_of_one_size_are_refused_and_the_evidence_is_kept(witness, log):
    log.grow(10)
    witness.cosign(request_for(log, 0))
    insider = log.rewritten([*log.entries[:7], "altered", *log.entries[8:]])
    fork = Request(20, (), insider.checkpoint())
    assert refused(witness, fork) == "crypto.consistency"
    assert refused(witness, fork, repeat=True) == "crypto.consistency"
    insider.grow(5)
    assert refused(witness, request_for(insider, 20)) == "crypto.consistency"
    shorter = log.rewritten(log.entries[:12])
    assert refused(witness, request_for(shorter, 12)) == "transparency.other-size"
    assert refused(witness, Request(20, (), shorter.checkpoint())) == "transparency.request"
    (seen,) = witness.logs()
    assert (seen.size, seen.root) == (20, log.root(20))
    assert seen.refused == fork.note
    log.grow(1)
    witness.cosign(request_for(log, 20))


def test_an_empty_log_has_one_root(witness):
    empty = MemoryLog(signer=new_signer("empty.example"))
    witness.add_log(empty.signer.verifier)
    witness.cosign(request_for(empty, 0))
    false = signed(checkpoint_body("empty.example", 0, bytes(32)), empty.signer)
    assert refused(witness, Request(0, (), false)) == "crypto.consistency"


def test_only_pinned_keys_of_watched_logs_count(witness, log):
    stranger = MemoryLog(3, signer=new_signer("stranger.example"))
    assert refused(witness, request_for(stranger, 0)) == "transparency.unknown-log"
    thief = MemoryLog(3, signer=new_signer(ORIGIN))
    assert refused(witness, request_for(thief, 0)) == "crypto.not-signed"
    body = checkpoint_body(ORIGIN, 10, log.root(10))
    false = f"{body}\n{log.checkpoint_of(9).splitlines()[-1]}\n"
    assert refused(witness, Request(0, (), false)) == "crypto.forged"
    assert refused(witness, Request(0, (), "no checkpoint")) == "crypto.checkpoint"
    assert witness.logs()[0].size == 0


def test_a_key_is_changed_only_on_purpose_and_what_was_seen_stays_seen(witness, log):
    witness.cosign(request_for(log, 0))
    witness.add_log(log.signer.verifier)
    new = new_signer(ORIGIN)
    with pytest.raises(InvalidInput) as found:
        witness.add_log(new.verifier)
    assert found.value.code == "transparency.other-key"
    witness.add_log(new.verifier, replace=True)
    assert witness.logs()[0].size == 10
    log.grow(1)
    assert refused(witness, request_for(log, 10)) == "crypto.not-signed"
    log.signer = new
    witness.cosign(request_for(log, 10))


def test_a_witness_watches_no_witness(witness):
    with pytest.raises(InvalidInput) as found:
        witness.add_log(new_signer("other.example").cosigner)
    assert found.value.code == "transparency.not-a-log-key"


def test_the_time_of_a_cosignature_never_goes_back_and_a_clock_set_back_is_refused(witness, log, clock):
    witness.cosign(request_for(log, 0))
    log.grow(1)
    clock.now = NOW - SKEW
    request = request_for(log, 10)
    assert time_of(witness.cosign(request), request.note, witness) == NOW
    log.grow(1)
    clock.now = NOW - SKEW - 1
    with pytest.raises(InvalidInput) as found:
        witness.cosign(request_for(log, 11))
    assert found.value.code == "transparency.clock"
    assert found.value.public == {"minutes": 5}
    assert witness.logs()[0].size == 11
    clock.now = NOW + 1
    witness.cosign(request_for(log, 11))


def test_the_machines_clock_is_the_clock(tmp_path, log):
    plain = new_witness(tmp_path, "north.example/witness")
    plain.add_log(log.signer.verifier)
    request = request_for(log, 0)
    assert abs(time_of(plain.cosign(request), request.note, plain) - module.seconds()) < 60


def test_the_last_checkpoint_is_shown_to_everybody_with_the_cosignature_that_was_given(witness, log):
    name = hashlib.sha256(ORIGIN.encode()).hexdigest()
    assert witness.latest(name) is None
    line = witness.cosign(request_for(log, 0))
    assert witness.latest(name) == log.checkpoint() + line
    assert witness.latest("0" * 64) is None


# the folder -----------------------------------------------------------------------------------------


def test_the_key_is_its_owners_alone_and_shown_nowhere(tmp_path):
    found = new_witness(tmp_path / "w", "north.example/witness")
    for name in (KEY, MEMORY):
        assert stat.S_IMODE((tmp_path / "w" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "w").stat().st_mode) == 0o700
    assert Witness(tmp_path / "w").verifier == found.verifier
    secret = (tmp_path / "w" / KEY).read_bytes()[:32]
    assert secret.hex() not in repr(found) + repr(vars(found))
    assert secret not in (tmp_path / "w" / MEMORY).read_bytes()


def test_a_second_witness_in_one_folder_is_refused(tmp_path):
    first = new_witness(tmp_path, "north.example/witness")
    with pytest.raises(InvalidInput) as found:
        new_witness(tmp_path, "south.example/witness")
    assert found.value.code == "transparency.witness-exists"
    assert Witness(tmp_path).verifier == first.verifier


def test_a_witness_that_was_killed_while_it_was_made_is_made_by_the_next_try(tmp_path):
    new_witness(tmp_path, "north.example/witness")
    (tmp_path / KEY).unlink()
    with pytest.raises(InvalidInput) as found:
        Witness(tmp_path)
    assert found.value.code == "transparency.no-witness"
    new_witness(tmp_path, "north.example/witness")


def test_a_witness_that_lost_its_memory_signs_nothing(witness, log, tmp_path):
    witness.cosign(request_for(log, 0))
    for path in (tmp_path / "witness").glob(f"{MEMORY}*"):
        path.unlink()
    with pytest.raises(IntegrityError) as found:
        Witness(tmp_path / "witness")
    assert found.value.code == "transparency.memory-lost"
    assert refused(witness, request_for(log, 0)) == "transparency.memory-unwritable"
    assert not (tmp_path / "witness" / MEMORY).exists()
    (tmp_path / "witness" / MEMORY).touch()
    assert refused(witness, request_for(log, 0)) == "transparency.memory-lost"
    (tmp_path / "witness" / MEMORY).write_bytes(b"not a database, but long enough to look at" * 100)
    assert refused(witness, request_for(log, 0)) == "transparency.memory-lost"


def test_a_folder_that_cannot_be_made_or_read_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput) as found:
        new_witness(tmp_path / "file" / "w", "north.example/witness")
    assert found.value.code == "transparency.memory-unwritable"
    assert found.value.public == {"folder": tmp_path / "file" / "w"}
    new_witness(tmp_path / "w", "north.example/witness")
    (tmp_path / "w" / KEY).write_bytes(b"short")
    with pytest.raises(IntegrityError) as broken:
        Witness(tmp_path / "w")
    assert broken.value.code == "crypto.key-name"


def test_what_cannot_be_written_down_is_not_signed(witness, log, tmp_path):
    with sqlite3.connect(tmp_path / "witness" / MEMORY) as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE UPDATE ON logs BEGIN SELECT raise(ROLLBACK, 'full'); END"
        )
    assert refused(witness, request_for(log, 0)) == "transparency.memory-unwritable"
    with sqlite3.connect(tmp_path / "witness" / MEMORY) as connection:
        connection.execute("DROP TRIGGER full")
    assert witness.logs()[0].size == 0


def test_nothing_is_signed_before_it_is_on_the_disk(witness, log, tmp_path, monkeypatch):
    """The order itself: another process sees the new size at the moment of signing."""
    seen = []

    def look(*arguments):
        seen.append(Witness(tmp_path / "witness").logs()[0].size)
        return cosignature(*arguments)

    cosignature = module.cosignature
    monkeypatch.setattr(module, "cosignature", look)
    witness.cosign(request_for(log, 0))
    assert seen == [10]


# processes ------------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from pathlib import Path
from confide.transparency import witness
from confide.transparency.request import parse_request

def die(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)

witness.cosignature = die
witness.Witness(Path(sys.argv[1])).cosign(parse_request(sys.stdin.buffer.read()))
"""
COSIGN = """
import sys
from pathlib import Path
from confide.errors import ConfideError
from confide.transparency.request import parse_request
from confide.transparency.witness import Witness

for path in sys.argv[2:]:
    try:
        sys.stdout.write(Witness(Path(sys.argv[1])).cosign(parse_request(Path(path).read_bytes())))
    except ConfideError as error:
        sys.stdout.write(error.code + "\\n")
"""


def run(code, *arguments, stdin=b""):
    environment = os.environ | {"PYTHONPATH": str(Path(module.__file__).parents[2])}
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        input=stdin, capture_output=True, env=environment, timeout=60, check=False,
    )  # fmt: skip


def test_a_kill_between_storing_and_signing_is_harmless(witness, log, tmp_path):
    request = request_for(log, 0)
    killed = run(KILLED, tmp_path / "witness", stdin=request.to_text().encode())
    assert killed.returncode == -signal.SIGKILL
    assert killed.stdout == b""
    assert witness.logs()[0].size == 10
    insider = log.rewritten([*log.entries[:3], "altered", *log.entries[4:]])
    assert refused(witness, request_for(insider, 10)) == "crypto.consistency"
    witness.cosign(request, repeat=True)
    log.grow(4)
    witness.cosign(request_for(log, 10))


def test_of_two_processes_that_are_asked_to_sign_two_histories_at_once_one_is_refused(witness, log, tmp_path):
    insider = log.rewritten([*log.entries[:3], "altered", *log.entries[4:]])
    files = []
    for number, each in enumerate((log, insider)):
        files.append(tmp_path / f"{number}")
        files[-1].write_text(request_for(each, 0).to_text(), encoding="utf-8")
    out = [b"", b""]

    def ask(number):
        out[number] = run(COSIGN, tmp_path / "witness", files[number], files[1 - number]).stdout

    threads = [threading.Thread(target=ask, args=[number]) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = b"".join(out).decode().splitlines(keepends=True)
    given = [line for line in lines if line.startswith("— ")]
    assert len(lines) == 4
    assert len(given) == 1
    assert witness.logs()[0].root in (log.root(10), insider.root(10))


def test_threads_of_one_witness_lose_nothing(witness, log):
    log.grow(30)
    requests = [
        Request(old, tuple(log.consistency(old, old + 1)), log.checkpoint_of(old + 1)) for old in range(40)
    ]
    done, codes = [], set()

    def climb():
        for request in requests:
            try:
                witness.cosign(parse_request(request.to_text().encode()))
                done.append(request.old)
            except InvalidInput as refusal:
                codes.add(refusal.code)

    threads = [threading.Thread(target=climb) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes <= {"transparency.other-size"}  # another thread was there before
    assert sorted(done) == list(range(len(done)))
    assert witness.logs()[0].size == len(done)
