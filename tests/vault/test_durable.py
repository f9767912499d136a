"""A file takes its name at once, whole, and never in the place of something that it must not replace."""

import errno
import os
import resource
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

import pytest

from confide.errors import InvalidInput
from confide.vault.durable import placing, reading, reserve


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path):
    target = tmp_path / "plain"
    with pytest.raises(InvalidInput) as caught, placing(target, replace=False):
        target.write_bytes(b"theirs")
    assert caught.value.code == "vault.taken"
    assert target.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [target]


def test_the_name_appears_only_when_all_is_written(tmp_path):
    target = tmp_path / "plain"
    with placing(target, replace=True) as file:
        file.write(b"half")
        assert not target.exists()
        file.write(b" and half")
    assert target.read_bytes() == b"half and half"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_is_not_there_or_a_file_in_its_place_is_one_sentence(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    for target in (tmp_path / "missing/name", tmp_path / "file/name"):
        with pytest.raises(InvalidInput) as caught, placing(target, replace=True):
            pytest.fail("there is no place to write to")
        assert caught.value.code == "vault.cannot-write"


@pytest.fixture
def without_links(monkeypatch):
    """The answer of a file system that knows no second name for a file, such as that of a memory stick."""

    def refuse(*_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)


def test_where_there_are_no_links_a_file_takes_its_name_and_replaces_nothing(tmp_path, without_links):
    target = tmp_path / "plain"
    with placing(target, replace=False) as file:
        file.write(b"ours")
    assert target.read_bytes() == b"ours"
    with pytest.raises(InvalidInput) as caught, placing(target, replace=False) as file:
        file.write(b"other")
    assert caught.value.code == "vault.taken"
    assert target.read_bytes() == b"ours"
    assert list(tmp_path.iterdir()) == [target]


def test_space_is_claimed_where_that_can_be_done_and_left_to_the_writing_where_not(tmp_path):
    with FileIO("/dev/null", "wb") as device:  # has no space to claim
        reserve(device, 1 << 20)
    with FileIO(tmp_path / "a", "wb") as file:
        reserve(file, 5000)
        assert os.fstat(file.fileno()).st_size == 5000
        with (
            limited(resource.RLIMIT_FSIZE, 10_000),
            pytest.raises(OSError, match=os.strerror(errno.EFBIG)),
        ):
            reserve(file, 20_000)


def test_a_disk_that_does_not_give_its_bytes_is_named_with_the_reason():
    """The first page of a process's own memory is never there: the kernel answers EIO, as a broken disk does."""
    with pytest.raises(InvalidInput) as caught, reading(Path("/proc/self/mem")) as file:
        file.readinto(bytearray(10))
    assert (caught.value.code, caught.value.public) == ("vault.cannot-read", {"file": "mem", "reason": "EIO"})


def test_a_file_that_may_not_be_opened_is_named_with_the_reason(tmp_path):
    (tmp_path / "a").write_bytes(b"")
    with limited(resource.RLIMIT_NOFILE, 0), pytest.raises(InvalidInput) as caught, reading(tmp_path / "a"):
        pytest.fail("no file can be opened")
    assert (caught.value.code, caught.value.public) == (
        "vault.cannot-read",
        {"file": "a", "reason": "EMFILE"},
    )


@contextmanager
def limited(what, most):
    before = resource.getrlimit(what)
    resource.setrlimit(what, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(what, before)
