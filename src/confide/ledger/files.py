"""Put a file in its place at once and for good, alone: whoever looks sees the old one or the whole new one.

Knows no ledger. Checkpoints, the log key, backups and exports are written through here.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from confide.errors import InvalidInput


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Be the only one who writes `path`; say in our words what goes wrong with it."""
    try:
        handle = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
    except OSError as error:
        raise InvalidInput("ledger.unwritable", file=path) from error


def put(path: Path, content: bytes, *, mode: int = 0o666) -> None:
    """Put a file in its place, in full or not at all; call it inside `alone`."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with FileIO(os.open(scratch, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, mode), "wb") as file:
            if file.write(content) != len(content):  # the disk is full
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError:
        with suppress(OSError):
            scratch.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def placing(path: Path) -> Iterator[Path]:
    """Yield the name of a file that takes the name `path` when the block ends well, and is gone when not."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
        yield part
        handle = os.open(part, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        part.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise InvalidInput("ledger.unwritable", file=path) from error
    finally:
        for name in (part, *(part.with_name(part.name + end) for end in ("-wal", "-shm", "-journal"))):
            with suppress(OSError):
                name.unlink(missing_ok=True)
