"""Rounds by files: two folders that somebody carries between closed networks, or that both sides share.

Guarantee: a file counts when its bytes are those that its name promises, so what is half carried, damaged or foreign is left
where it lies and named in `foreign`. A message is written whole under another name, then renamed; nothing is overwritten. It is
removed once its answer is out. Order, doubles and replays are the machines' matter: they refuse what does not fit.
"""

import hashlib
import os
import re
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from confide.errors import InvalidInput
from confide.federated.local import FRAME
from confide.federated.messages import KINDS, LARGEST_HEAD, LARGEST_TASK, Parcel, label_of
from confide.federated.play import Heard

_NAME = re.compile(r"\d{10}-\d{2}-(\d{2})-([0-9a-f]{64})\.confide")
_LARGEST = FRAME.size + LARGEST_HEAD + LARGEST_TASK


class Inbox:
    """Takes messages of `senders` (0 is the hub) out of a folder, in the order of their names: by round, then by step."""

    def __init__(self, folder: Path, senders: range, *, pause: float = 0.0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._senders, self._pause = folder, senders, pause
        self._look_again = 0.0  # a share is not asked more often than every `pause` seconds while it is empty
        self._taken: Path | None = None
        self._looked: dict[
            str, tuple[int, int]
        ] = {}  # size and time of what did not count when it was last read
        self.foreign: set[str] = (
            set()
        )  # names of what lies there and does not count, for whoever looks after it

    def take(self) -> tuple[int, Parcel] | None:
        """Return who sent the next message, and it; the one before is removed now."""
        if self._taken is not None:
            self._taken.unlink(missing_ok=True)
            self._taken = None
        if time.monotonic() < self._look_again:
            return None
        there = sorted(entry.name for entry in os.scandir(self._folder) if entry.name[:1] != ".")
        self.foreign &= set(there)
        for name in there:
            parcel = self._whole(self._folder / name)
            if parcel is None:
                self.foreign.add(name)
                continue
            self.foreign.discard(name)
            self._taken = self._folder / name
            return int(name.split("-")[2]), parcel
        self._look_again = time.monotonic() + self._pause
        return None

    def _whole(self, file: Path) -> Parcel | None:
        """Return the message in a file, if its bytes are those that its name promises."""
        named = _NAME.fullmatch(file.name)
        if named is None or int(named[1]) not in self._senders or file.is_symlink() or not file.is_file():
            return None
        state = file.stat()
        seen = (state.st_size, state.st_mtime_ns)
        if self._looked.get(file.name) == seen or not FRAME.size < state.st_size <= _LARGEST:
            return None
        content = np.fromfile(file, dtype=np.uint8).data
        head, payload = FRAME.unpack(content[: FRAME.size])
        if len(content) != FRAME.size + head + payload or hashlib.sha256(content).hexdigest() != named[2]:
            self._looked[file.name] = seen
            return None
        start = FRAME.size + head
        return Parcel(bytes(content[FRAME.size : start]), content[start:])


def put(folder: Path, sender: int, parcel: Parcel) -> None:
    """Write a message into a folder; one that lies there already is left as it is.

    Raises:
        OSError: it cannot be written.
    """
    number, kind = label_of(parcel)
    frame = FRAME.pack(len(parcel.head), len(parcel.payload)) + parcel.head
    digest = hashlib.sha256(frame)
    digest.update(parcel.payload)
    name = f"{number:010}-{list(KINDS).index(kind):02}-{sender:02}-{digest.hexdigest()}.confide"
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / name).exists():
        return
    part = folder / f".{name}.{os.urandom(4).hex()}"
    try:
        with part.open("xb") as file:
            file.write(frame)
            file.write(parcel.payload)
            file.flush()
            os.fsync(file.fileno())
        part.rename(folder / name)
    finally:
        part.unlink(missing_ok=True)


def _place(folder: Path, number: int) -> Path:
    return folder / (f"to-site-{number:02}" if number else "to-hub")


class DropLines:
    """The hub's lines: messages for the site that stands at place k go to `to-site-k`, those of all come from `to-hub`.

    Args:
        folder: what is carried, for one federation alone.
        names: of the sites, in the federation's order.
        pause: seconds between two looks into the folder.
    """

    def __init__(self, folder: Path, names: Sequence[str], *, pause: float = 1.0) -> None:
        self._folder, self._names, self._pause = folder, list(names), pause
        self.inbox = Inbox(_place(folder, 0), range(1, len(self._names) + 1), pause=pause)
        self._new = True

    def hear(self, seconds: float) -> list[Heard]:
        """Return the next message. Nobody is seen to come or go: at first all are taken to be there."""
        if self._new:
            self._new = False
            return [Heard("came", name) for name in self._names]
        found = _wait(self.inbox, seconds, self._pause)
        return [] if found is None else [Heard("said", self._names[found[0] - 1], found[1])]

    def say(self, site: str, parcel: Parcel) -> None:
        """Write a message for a site."""
        put(_place(self._folder, self._names.index(site) + 1), 0, parcel)


class DropLine:
    """A site's line: messages for the hub go to `to-hub`, its own come from `to-site-k`.

    Args:
        folder: what is carried, for one federation alone.
        names: of the sites, in the federation's order.
        name: of this site.
        patience: seconds after which `take` gives up.
        pause: seconds between two looks into the folder.
    """

    def __init__(
        self, folder: Path, names: Sequence[str], name: str, *, patience: float = 60.0, pause: float = 1.0
    ) -> None:
        if name not in names:
            raise InvalidInput("fed.foreign")
        self._folder, self._number, self._patience, self._pause = (
            folder,
            list(names).index(name) + 1,
            patience,
            pause,
        )
        self.inbox = Inbox(_place(folder, self._number), range(1), pause=pause)

    def say(self, parcel: Parcel) -> None:
        """Write a message for the hub."""
        put(_place(self._folder, 0), self._number, parcel)

    def take(self) -> Parcel | None:
        """Wait for a message of the hub; None where none came in time."""
        found = _wait(self.inbox, self._patience, self._pause)
        return None if found is None else found[1]

    def close(self) -> None:
        """Nothing is held open."""


def _wait(inbox: Inbox, seconds: float, pause: float) -> tuple[int, Parcel] | None:
    until = time.monotonic() + seconds
    while (found := inbox.take()) is None and (left := until - time.monotonic()) > 0:
        time.sleep(min(pause, left))
    return found
