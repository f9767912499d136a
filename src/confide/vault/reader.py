"""Look at the plain bytes of a sealed file as at an open file, a window at a time; nothing plain is written.

Guarantee: what is read was sealed at this place of this file, and the file was neither cut nor lengthened, as
`confide.vault.seal.read_sealed_range` says of each window. Never more than a window is in memory.
"""

import io
from collections.abc import Callable
from typing import Any

WINDOW = 8 << 20  # bytes


class SealedReader(io.RawIOBase):
    """A sealed file, read and sought in like a plain one."""

    def __init__(self, size: int, read_range: Callable[[int, int], bytes]) -> None:
        super().__init__()
        self._size, self._read_range = size, read_range
        self._at, self._start, self._window = 0, 0, b""

    def __repr__(self) -> str:
        return "SealedReader(hidden)"

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Return the place of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a place, and return it."""
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence])
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        """Fill the buffer as far as the window goes, and return how much; 0 at the end."""
        if not self._start <= self._at < self._start + len(self._window):
            stop = min(self._size, self._at + WINDOW)
            self._start = min(self._at, self._size)
            self._window = self._read_range(self._start, stop) if self._start < stop else b""
        view = memoryview(buffer).cast("B")
        begin = self._at - self._start
        found = self._window[begin : begin + len(view)]
        view[: len(found)] = found
        self._at += len(found)
        return len(found)
