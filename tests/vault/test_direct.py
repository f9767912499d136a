"""What is written past the page cache is what would have been written through it."""

import errno
import os
from io import FileIO
from pathlib import Path

import pytest

from confide.vault.direct import CHUNK, DirectWriter

LARGEST = 1 << 20
PLACES = [None, "/dev/shm"]  # a disk, and a file system in memory that may refuse


def stream_into(file, content, step=LARGEST):
    out = DirectWriter(file, LARGEST)
    for start in range(0, len(content), step):
        piece = content[start : start + step]
        out.room(len(piece))[:] = piece
        out.advance(len(piece))
    out.finish()


def write(path, content, step):
    with FileIO(path, "wb") as file:
        stream_into(file, content, step)
        assert file.tell() == len(content)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("size", [0, 1, 4095, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 12345])
@pytest.mark.parametrize("step", [LARGEST, LARGEST - 13])
def test_every_size_arrives_whole_and_in_order(tmp_path, place, size, step):
    if place is not None and not Path(place).is_dir():
        pytest.skip(f"no {place} on this machine")
    path = Path(place or tmp_path) / f"confide-test-direct-{os.getpid()}"
    content = (os.urandom(9973) * (size // 9973 + 1))[:size]
    try:
        write(path, content, step)
        assert path.read_bytes() == content
    finally:
        path.unlink()


def test_a_device_that_knows_no_direct_writing_is_written_as_usual():
    with FileIO("/dev/null", "wb") as file:
        assert stream_into(file, os.urandom(2 * CHUNK + 7)) is None


def test_a_disk_that_is_full_is_told_apart_from_one_that_refuses_direct_writing():
    with FileIO("/dev/full", "wb") as file, pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        stream_into(file, os.urandom(CHUNK))


def test_a_file_that_refuses_direct_writing_is_written_as_usual(tmp_path):
    """The kernel answers EINVAL to a direct write at an odd offset, as some file systems do to every one."""
    content = os.urandom(2 * CHUNK + 7)
    with FileIO(tmp_path / "odd", "wb") as file:
        file.write(b"!")
        stream_into(file, content)
    assert (tmp_path / "odd").read_bytes() == b"!" + content
