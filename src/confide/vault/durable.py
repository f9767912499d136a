"""Put a file in its place at once and for good: whoever looks sees the old one or the whole new one.

Knows bytes and folders, no keys. A file under way is `.confide-….part` in the target's folder, made
with O_EXCL and mode 0600; it is removed when the work fails. `confide.vault.seal` writes through here.
"""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO, FileIO
from pathlib import Path
from typing import Any

from confide.errors import ConfideError, InvalidInput
from confide.types import Progress

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def placing(target: Path, *, replace: bool) -> Iterator[FileIO]:
    """Yield a new file that takes the name `target` when the block ends well.

    Guarantee: at every moment, also after a power cut, `target` is what it was or all that the block
    wrote. When the block raises, `target` is untouched and the new file is gone.

    Args:
        target: where the file shall stand; its folder exists.
        replace: whether a file of that name may be replaced.

    Raises:
        InvalidInput: the folder is missing, full or closed to us, or `target` exists and `replace` is False.
    """
    part = target.with_name(f".confide-{secrets.token_hex(8)}.part")
    with saying_why(target):
        file = FileIO(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")
    try:
        with file, saying_why(target):
            yield file
            os.fsync(file.fileno())
        with saying_why(target):
            if replace:
                part.replace(target)
            else:
                _name_if_free(part, target)
        sync_folder(target.parent)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def reserve(file: FileIO, size: int) -> None:
    """Claim the space for `size` bytes, so that a full disk shows before the work, not in the middle."""
    try:
        os.posix_fallocate(file.fileno(), 0, size)
    except OSError as error:
        if error.errno in _FULL:
            raise  # other errors: this file system cannot, and the writing itself will tell


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable; file systems that cannot are left to their own ways."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)


class Source(FileIO):
    """A file that is read; when the disk fails, it says so by name."""

    def readinto(self, buffer: Any, /) -> int | None:
        """Fill the buffer from the front and return how much; 0 at the end.

        Raises:
            InvalidInput: the disk does not give the bytes.
        """
        try:
            return super().readinto(buffer)
        except OSError as error:
            raise InvalidInput(
                "vault.cannot-read", file=Path(str(self.name)).name, reason=_short(error)
            ) from None


@contextmanager
def reading(path: Path) -> Iterator[Source]:
    """Open a plain file for reading.

    Raises:
        InvalidInput: there is none, it is a folder or a device, or it may not be read.
    """
    if not path.exists():
        raise InvalidInput("vault.no-file", file=path.name)
    if not path.is_file():
        raise InvalidInput("vault.not-a-file", file=path.name)
    try:
        file = Source(path, "rb")
    except OSError as error:
        raise InvalidInput("vault.cannot-read", file=path.name, reason=_short(error)) from None
    with file:
        yield file


class Steady:
    """A source on its way: counts what went by, and notices when a file changes meanwhile."""

    def __init__(self, source: Source | BytesIO, name: str, progress: Progress) -> None:
        self._source, self._name, self._progress = source, name, progress
        self._before = self._moment()
        self.size, self.done = self._before[0], 0

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill the buffer from the front and return how much; 0 at the end."""
        return self._source.readinto(buffer)

    def advance(self, size: int) -> None:
        """Count `size` bytes more as done."""
        self.done += size
        self._progress(self.done, max(self.done, self.size))

    def verify_unchanged(self) -> None:
        """Raise InvalidInput unless the file is what it was at the beginning, and all of it was read."""
        if self._moment() != self._before or self.done != self.size:
            raise InvalidInput("vault.changed", file=self._name)

    def _moment(self) -> tuple[int, int]:
        if isinstance(self._source, BytesIO):
            return len(self._source.getbuffer()), 0
        return moment(os.fstat(self._source.fileno()))


def moment(status: os.stat_result) -> tuple[int, int]:
    """Return size and time of the last change, which a later look compares."""
    return status.st_size, status.st_mtime_ns


@contextmanager
def saying_why(target: Path) -> Iterator[None]:
    """Turn what the operating system says about writing `target` into one sentence."""
    try:
        yield
    except ConfideError:
        raise
    except FileExistsError:
        raise InvalidInput("vault.taken", file=target.name) from None
    except OSError as error:
        if error.errno in _FULL:
            raise InvalidInput("vault.disk-full", file=target.name) from None
        raise InvalidInput("vault.cannot-write", file=target.name, reason=_short(error)) from None


def _name_if_free(part: Path, target: Path) -> None:
    """Rename, but never over something; raises FileExistsError where `target` stands."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links, such as that of a memory stick
        if target.exists():
            raise FileExistsError from None
        part.replace(target)
    else:
        part.unlink()


def _short(error: OSError) -> str:
    """Return the name of the system's error, which is the same in every language."""
    return errno.errorcode.get(error.errno or 0, "EIO")
