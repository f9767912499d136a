"""Put a small file in its place at once, and read one that others wrote without believing its size.

Knows paths and bytes. What the bytes mean is for the rest of the room.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from confide.errors import InvalidInput
from confide.transparency.request import text_of


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` to `path`, readable by its owner alone.

    Guarantee: at every moment, also after a power cut, `path` is what it was or all of `data`.

    Raises:
        InvalidInput: it cannot be written.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise InvalidInput("transparency.unwritable", file=path) from error


def read_whole(path: Path, longest: int) -> str:
    """Return the text of `path`.

    Raises:
        InvalidInput: it cannot be read.
        IntegrityError: it is longer than `longest` bytes, or no text.
    """
    try:
        with path.open("rb") as file:
            data = file.read(longest + 1)
    except OSError as error:
        raise InvalidInput("transparency.unreadable", file=path) from error
    return text_of(data, longest)
