"""What is put aside comes back as it was, and lies nowhere in a form that anybody else could read."""

import os
import pickle
import resource
import secrets
import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.errors import IntegrityError, InvalidInput
from confide.vault.spill import Spill


@given(st.lists(st.tuples(st.integers(0, 4), st.binary(max_size=9000)), max_size=60))
def test_every_part_gives_back_its_records_in_their_order(records):
    with Spill(parts=5) as spill:
        for part, record in records:
            spill.put(part, record)
        assert spill.size == sum(len(record) for _, record in records)
        for part in range(5):
            assert list(spill.take(part)) == [record for at, record in records if at == part]


def test_nothing_plain_is_written_and_no_file_has_a_name(tmp_path):
    canary = secrets.token_bytes(16)
    with Spill(parts=3, folder=tmp_path) as spill:
        for n in range(3000):
            spill.put(n % 3, canary + bytes(2000))
        assert list(tmp_path.iterdir()) == []
        held = os.pread(spill._file.fileno(), 10_000_000, 0)
        assert len(held) > 3_000_000
        assert canary not in held
        assert bytes(64) not in held
        assert sum(1 for _ in spill.take(1)) == 1000
    assert list(tmp_path.iterdir()) == []


def test_a_byte_that_was_changed_on_the_disk_is_refused():
    with Spill(parts=1) as spill:
        spill.put(0, bytes(2_000_000))
        list(spill.take(0))
        path = Path(f"/proc/self/fd/{spill._file.fileno()}")
        with path.open("r+b") as file:
            file.seek(100)
            file.write(b"x")
        with pytest.raises(IntegrityError):
            list(spill.take(0))


def test_a_disk_that_takes_half_of_a_block_is_said_to_be_full():
    was, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with Spill(parts=1) as spill:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, was[1]))
            with pytest.raises(InvalidInput, match="disk"):
                spill.put(0, bytes(9_000_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, was)
        signal.signal(signal.SIGXFSZ, handler)


def test_two_blocks_that_change_places_are_refused():
    with Spill(parts=2) as spill:
        for part in (0, 1):
            spill.put(part, bytes([part]) * 2_000_000)
        spill._blocks.reverse()
        with pytest.raises(IntegrityError):
            list(spill.take(0))


def test_a_spill_is_not_pickled_and_its_repr_shows_no_key():
    with Spill(parts=1) as spill:
        spill.put(0, b"abc")
        assert repr(spill) == "Spill(parts=1, size=3)"
        with pytest.raises(TypeError):
            pickle.dumps(spill)
