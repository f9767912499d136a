"""Put records aside on disk while they wait for their turn, so that nobody else can ever read them.

Guarantee: what is written is AES-256-GCM under a key of this object, which is drawn at random, stored nowhere and
gone with the process; the file has no name, so nothing is left of it after any end, kill -9 included. What was
changed on the disk meanwhile is refused. Knows no record: bytes in, the same bytes out, part by part.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from confide.crypto.aead import decrypt, encrypt
from confide.errors import InvalidInput
from confide.vault.durable import saying_why

_BUFFERED = 8 * 1024 * 1024  # bytes that wait in memory, over all parts


class Spill:
    """Lists of records, one per part, each kept in the order in which it was put.

    >>> with Spill(parts=2) as spill:
    ...     spill.put(1, b"second")
    ...     spill.put(0, b"first")
    ...     spill.put(1, b"third")
    ...     list(spill.take(1))
    [b'second', b'third']
    """

    __slots__ = ("_blocks", "_buffers", "_file", "_key", "_name", "_room", "size")

    def __init__(self, parts: int, folder: Path | None = None) -> None:
        self._key = os.urandom(32)
        self._name = folder or Path(tempfile.gettempdir())
        with saying_why(self._name):
            self._file = tempfile.TemporaryFile(dir=self._name, buffering=0)  # noqa: SIM115 -- `close` is ours
        self._buffers = [bytearray() for _ in range(parts)]
        self._blocks: list[list[tuple[int, int]]] = [[] for _ in range(parts)]
        self._room = max(4096, min(512 * 1024, _BUFFERED // parts))
        self.size = 0  # bytes of all records

    def __repr__(self) -> str:
        return f"Spill(parts={len(self._blocks)}, size={self.size})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a spill is not copied or pickled: its key stays in this process")

    def __enter__(self) -> "Spill":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def put(self, part: int, record: bytes) -> None:
        """Add a record to a part.

        Raises:
            InvalidInput: the disk is full, or fails.
        """
        buffer = self._buffers[part]
        buffer += len(record).to_bytes(8, "big") + record
        self.size += len(record)
        if len(buffer) >= self._room:
            self._write(part)

    def take(self, part: int) -> Iterator[bytes]:
        """Yield the records of a part, in the order in which they were put; once all were put.

        Raises:
            IntegrityError: the bytes on the disk are not what was written.
        """
        if self._buffers[part]:
            self._write(part)
        rest = b""
        for number, (start, length) in enumerate(self._blocks[part]):
            with saying_why(self._name):
                blob = os.pread(self._file.fileno(), length, start)
            rest += decrypt(self._key, blob, _belonging(part, number))
            at = 0
            while len(rest) - at >= 8 and len(rest) - at - 8 >= (size := int.from_bytes(rest[at : at + 8])):
                yield rest[at + 8 : at + 8 + size]
                at += 8 + size
            rest = rest[at:]

    def _write(self, part: int) -> None:
        """Encrypt what waits of a part and append it; its place in the file is remembered here only."""
        blocks = self._blocks[part]
        blob = encrypt(self._key, bytes(self._buffers[part]), _belonging(part, len(blocks)))
        with saying_why(self._name):
            start = self._file.seek(0, os.SEEK_END)
            if self._file.write(blob) != len(blob):
                raise InvalidInput("vault.disk-full", file=self._name.name)
        blocks.append((start, len(blob)))
        self._buffers[part].clear()


def _belonging(part: int, block: int) -> bytes:
    return part.to_bytes(8, "big") + block.to_bytes(8, "big")
