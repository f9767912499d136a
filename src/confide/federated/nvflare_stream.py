"""One end of a line over NVFlare's streams: a frame that numbers each message, and signs of life between them.

Guarantee: what was said on a line is handed on once, whole and in the order in which it was said, however the engine mixes its
pieces. What is longer than a message may be is refused before memory is taken. Who speaks when: `confide.federated.nvflare`.
"""

import mmap
import struct
import tempfile
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from nvflare.fuel.f3.message import Message
from nvflare.fuel.f3.streaming.stream_types import Stream

from confide.errors import IntegrityError
from confide.federated.messages import LARGEST_HEAD, LARGEST_TASK, Buffer, Parcel

Room = TypeVar("Room", bytearray, mmap.mmap)
CHANNEL = "confide"
TOKEN = 16  # bytes that name a line
PIECE = 1 << 20
_FRAME = struct.Struct(f">{TOKEN}sQI")  # which line, number of the message on it, bytes of its head
_BEAT = struct.Struct(f">{TOKEN}s?")  # which line, and whether it still is one


class _Outgoing(Stream):  # type: ignore[misc]  # the engine's classes carry no types
    """A message as the engine reads it, piece by piece, without a copy of the whole."""

    def __init__(self, frame: bytes, parcel: Parcel) -> None:
        self._parts = [memoryview(frame + parcel.head), memoryview(parcel.payload).cast("B")]
        super().__init__(sum(map(len, self._parts)), None)

    def read(self, size: int) -> Buffer:
        while self._parts and not len(self._parts[0]):
            self._parts.pop(0)
        if not self._parts:
            return b""
        piece, self._parts[0] = self._parts[0][:size], self._parts[0][size:]
        self.pos += len(piece)
        return piece


class End:
    """One end of a line: numbers what it says, puts in order what comes, knows when the other end was heard last."""

    def __init__(self, cell: Any, other: str, token: bytes) -> None:
        self.token, self.other = token, other
        self.heard = time.monotonic()
        self.lost = False
        self._cell, self._lock = cell, threading.Lock()
        self._said = self._taken = self._moved = 0
        self._early: dict[int, Parcel] = {}
        self._going: deque[Any] = deque(maxlen=8)

    def say(self, parcel: Parcel) -> None:
        """Hand a message to the engine, which sends it while we go on."""
        with self._lock:
            frame = _FRAME.pack(self.token, self._said, len(parcel.head))
            self._said += 1
        stream = _Outgoing(frame, parcel)
        going = self._cell.send_stream(
            CHANNEL, "parcel", self.other, Message({}, stream), optional=True, reliable=True
        )
        self._going.append(going)
        going.add_done_callback(self._gone, going)

    def silent(self) -> float:
        """Return for how many seconds nothing came, and nothing that is on its way out moved on either."""
        if (moved := sum(going.get_progress() for going in list(self._going))) != self._moved:
            self._moved, self.heard = moved, time.monotonic()
        return time.monotonic() - self.heard

    def beat(self, here: bool) -> None:
        """Say that this end is there, or that it is no more."""
        beat(self._cell, self.other, self.token, here)

    def ordered(self, number: int, parcel: Parcel) -> list[Parcel]:
        """Return what can be taken now that message `number` is here."""
        with self._lock:
            if number >= self._taken:
                self._early[number] = parcel
            found = []
            while self._taken in self._early:
                found.append(self._early.pop(self._taken))
                self._taken += 1
            return found

    def end(self) -> None:
        """Lose the line: nothing more goes out on it."""
        self.lost = True
        for going in self._going:
            going.cancel()

    def _gone(self, going: Any) -> None:
        if going.exception() is not None:
            self.lost = True


def beat(cell: Any, other: str, token: bytes, here: bool) -> None:
    """Send a sign of life, or of its end, without waiting."""
    message = Message({}, _BEAT.pack(token, here))
    with suppress(Exception):  # an engine that ends raises what it likes; silence says the same
        cell.core_cell.fire_and_forget(CHANNEL, "beat", [other], message, optional=True)


def beat_in(payload: Buffer) -> tuple[bytes, bool]:
    """Read a sign of life; no line where it is none."""
    return _BEAT.unpack(payload) if len(payload) == _BEAT.size else (b"", True)


@dataclass(frozen=True, slots=True)
class Coming:
    """A message of which the frame was read: its line, its number on it, and what is still to come."""

    token: bytes
    number: int
    head: int
    payload: int

    def rest(self, stream: Any, end: End, spool: Path | None = None) -> Parcel:
        """Read the message; each piece of it is a sign of life. What is long goes to a nameless file in `spool`."""
        head = _filled(bytearray(self.head), stream, end)
        if spool is None or self.payload <= PIECE:
            return Parcel(bytes(head), _filled(bytearray(self.payload), stream, end))
        with tempfile.TemporaryFile(dir=spool) as file:
            file.truncate(self.payload)
            room = mmap.mmap(file.fileno(), self.payload)  # outlives the file, and is gone with the message
        return Parcel(bytes(head), memoryview(_filled(room, stream, end)))


def frame_in(stream: Any) -> Coming:
    """Read the frame of a message.

    Raises:
        IntegrityError: it is none, or says that it is longer than a message may be.
    """
    token, number, head = _FRAME.unpack(_filled(bytearray(_FRAME.size), stream))
    payload = stream.get_size() - _FRAME.size - head
    if head > LARGEST_HEAD or not 0 <= payload <= LARGEST_TASK:
        raise IntegrityError("fed.message-form")
    return Coming(token, number, head, payload)


def _filled(data: Room, stream: Any, end: End | None = None) -> Room:
    done = 0
    while done < len(data):
        piece = stream.read(min(PIECE, len(data) - done))
        if not piece:
            raise IntegrityError("fed.message-form")
        data[done : done + len(piece)] = piece
        done += len(piece)
        if end is not None:
            end.heard = time.monotonic()
    return data
