"""Write a long file past the system's page cache, in whole aligned chunks, where the file system allows it.

Copying ciphertext into the cache costs more than encrypting it, and pushes out what is needed. Knows
bytes only; `confide.vault.seal` fills the chunks in place. Where that is refused, it writes as usual.
"""

import errno
import fcntl
import mmap
import os
from io import FileIO

from confide.crypto.segments import write_all

CHUNK = 4 << 20  # a multiple of every block size


class DirectWriter:
    """An aligned buffer in front of a file: ask for room, fill it, say how much; `finish` at the end."""

    def __init__(self, file: FileIO, largest: int) -> None:
        """Take over `file`, which stands at its beginning; `largest` is the most room asked for at once."""
        self._file = file
        self._buffer = memoryview(mmap.mmap(-1, CHUNK + largest))  # begins at a page
        self._held = 0
        self._direct = False

    def room(self, size: int) -> memoryview:
        """Return the next `size` bytes of the file, to be filled."""
        return self._buffer[self._held : self._held + size]

    def advance(self, size: int) -> None:
        """Take in `size` bytes that were filled; write the chunks that they complete."""
        self._held += size
        whole = self._held // CHUNK * CHUNK
        if whole:
            self._set_direct(wanted=True)
            self._write(self._buffer[:whole])
            rest = self._held - whole
            self._buffer[:rest] = self._buffer[whole : self._held]
            self._held = rest

    def finish(self) -> None:
        """Write what is left, which need not fill a chunk."""
        self._set_direct(wanted=False)
        self._write(self._buffer[: self._held])
        self._held = 0

    def _write(self, data: memoryview) -> None:
        try:
            before = self._file.tell()
            write_all(self._file, data)
        except OSError as error:
            if error.errno != errno.EINVAL or not self._direct:
                raise
            self._set_direct(wanted=False)  # not on this file system, or not from here on
            write_all(self._file, data[self._file.tell() - before :])

    def _set_direct(self, *, wanted: bool) -> None:
        if wanted == self._direct:
            return
        flags = fcntl.fcntl(self._file, fcntl.F_GETFL)
        try:
            fcntl.fcntl(self._file, fcntl.F_SETFL, flags | os.O_DIRECT if wanted else flags & ~os.O_DIRECT)
        except OSError:
            return
        self._direct = wanted
