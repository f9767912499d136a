"""Rounds over local processes: frames on a loopback or Unix socket, one message in memory at a time.

For one machine, tests and demonstrations: who connects is believed to be whom it names, since every message is signed
anyway. Many machines, certificates and roles are the engine's matter: `confide.federated.nvflare`.
"""

import selectors
import socket
import struct
from contextlib import suppress

import numpy as np

from confide.errors import ConfideError, IntegrityError
from confide.federated.messages import LARGEST_HEAD, LARGEST_TASK, Parcel
from confide.federated.play import Heard

FRAME = struct.Struct(">IQ")  # lengths of head and payload


def send(link: socket.socket, parcel: Parcel) -> None:
    """Write one message: two lengths, head, payload."""
    link.sendall(FRAME.pack(len(parcel.head), len(parcel.payload)) + parcel.head)
    link.sendall(parcel.payload)


def take(link: socket.socket) -> Parcel | None:
    """Read one message; None where the other side closed.

    Raises:
        IntegrityError: it says that it is longer than a message may be.
    """
    frame = _exactly(link, FRAME.size)
    if frame is None:
        return None
    head, payload = FRAME.unpack(frame)
    if head > LARGEST_HEAD or payload > LARGEST_TASK:
        raise IntegrityError("fed.message-form")
    first, rest = _exactly(link, head), _exactly(link, payload)
    return None if first is None or rest is None else Parcel(bytes(first), rest)


def _exactly(link: socket.socket, size: int) -> memoryview | None:
    view, done = np.empty(size, dtype=np.uint8).data, 0  # in large pages, where the system has them
    while done < size:
        try:
            got = link.recv_into(view[done:])
        except OSError:  # gone, or silent in the middle of a message
            return None
        if not got:
            return None
        done += got
    return view


class LocalLines:
    """The hub's lines to sites that connect to `listener`.

    Args:
        listener: a bound, listening socket.
        names: of the sites; nobody else is heard.
        patience: seconds that a message may stand still on its way.
    """

    def __init__(self, listener: socket.socket, names: set[str], *, patience: float = 60.0) -> None:
        self._listener, self._names, self._patience = listener, names, patience
        self._links: dict[str, socket.socket] = {}
        self._gone: list[Heard] = []
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ, "")

    def hear(self, seconds: float) -> list[Heard]:
        """Wait for connections and messages."""
        heard = self._gone
        self._gone = []
        for key, _ in self._selector.select(0 if heard else seconds):
            if key.fileobj is self._listener:
                heard += self._welcome()
            elif key.fileobj is self._links.get(
                key.data
            ):  # else another event of this moment ended that line
                heard += self._take(key.data)
        return heard

    def say(self, site: str, parcel: Parcel) -> None:
        """Send a message where there is a line."""
        if (link := self._links.get(site)) is not None:
            try:
                send(link, parcel)
            except OSError:
                self._gone += self._lose(site)

    def close(self) -> None:
        """Hang up on every site."""
        for link in self._links.values():
            link.close()
        self._selector.close()

    def _take(self, name: str) -> list[Heard]:
        with suppress(ConfideError):
            parcel = take(self._links[name])
            if parcel is not None:
                return [Heard("said", name, parcel)]
        return self._lose(name)  # closed, or a frame without sense: nothing after it can be read

    def _welcome(self) -> list[Heard]:
        link, _ = self._listener.accept()
        link.settimeout(self._patience)
        hello = None
        with suppress(ConfideError):
            hello = take(link)
        name = hello.head.decode(errors="replace") if hello else ""
        if name not in self._names:
            link.close()
            return []
        lost = self._lose(name) if name in self._links else []
        self._links[name] = link
        self._selector.register(link, selectors.EVENT_READ, name)
        return [*lost, Heard("came", name)]

    def _lose(self, name: str) -> list[Heard]:
        link = self._links.pop(name)
        self._selector.unregister(link)
        link.close()
        return [Heard("lost", name)]


class LocalLine:
    """A site's line to a hub on this machine.

    Args:
        link: a connected socket.
        name: of the site.
    """

    def __init__(self, link: socket.socket, name: str) -> None:
        self._link = link
        send(link, Parcel(name.encode()))

    def say(self, parcel: Parcel) -> None:
        """Send a message."""
        send(self._link, parcel)

    def take(self) -> Parcel | None:
        """Wait for a message."""
        try:
            return take(self._link)
        except IntegrityError:
            return None

    def close(self) -> None:
        """Hang up."""
        self._link.close()


def connect_to(address: str | tuple[str, int], name: str) -> LocalLine:
    """Connect to the hub that listens on a Unix socket or a port of this machine.

    Raises:
        OSError: there is none.
    """
    link = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
    try:
        link.connect(address)
        return LocalLine(link, name)
    except OSError:
        link.close()
        raise
