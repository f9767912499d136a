"""Rounds over local processes: frames on a loopback or Unix socket, one message in memory at a time.

For one machine, tests and demonstrations: who connects is believed to be whom it names, since every message is signed
anyway. Many machines, certificates and roles are the engine's matter. The clock is here, and only here.
"""

import selectors
import socket
import struct
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from confide.errors import ConfideError, IntegrityError
from confide.federated.durable import DurableHub, DurableSite
from confide.federated.hub import STAGES, Outgoing
from confide.federated.messages import LARGEST_HEAD, LARGEST_TASK, Buffer, Parcel

_FRAME = struct.Struct(">IQ")
Update = Callable[[Buffer, int], NDArray[np.int32]]


def send(link: socket.socket, parcel: Parcel) -> None:
    """Write one message: two lengths, head, payload."""
    link.sendall(_FRAME.pack(len(parcel.head), len(parcel.payload)) + parcel.head)
    link.sendall(parcel.payload)


def take(link: socket.socket) -> Parcel | None:
    """Read one message; None where the other side closed.

    Raises:
        IntegrityError: it says that it is longer than a message may be.
    """
    frame = _exactly(link, _FRAME.size)
    if frame is None:
        return None
    head, payload = _FRAME.unpack(frame)
    if head > LARGEST_HEAD or payload > LARGEST_TASK:
        raise IntegrityError("fed.message-form")
    first, rest = _exactly(link, head), _exactly(link, payload)
    return None if first is None or rest is None else Parcel(bytes(first), rest)


def _exactly(link: socket.socket, size: int) -> bytearray | None:
    data = bytearray(size)
    view, done = memoryview(data), 0
    while done < size:
        try:
            got = link.recv_into(view[done:])
        except ConnectionError:
            return None
        if not got:
            return None
        done += got
    return data


class LocalHub:
    """Plays the hub's part of rounds with sites that connect to `listener`.

    Args:
        listener: a bound, listening socket.
        patience: seconds that a stage may last before whoever has not answered is out.
        grace: seconds in which a site whose connection closed may come back.
    """

    def __init__(self, listener: socket.socket, *, patience: float = 60.0, grace: float = 2.0) -> None:
        self._listener, self._patience, self._grace = listener, patience, grace
        self._links: dict[str, socket.socket] = {}
        self._lost: dict[str, float] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ, "")
        self.refused: list[str] = []  # codes of what was refused, for whoever looks after the hub

    def play(self, durable: DurableHub) -> None:
        """Play a round to its end: `durable.hub.stage` is then "done" or "aborted"."""
        hub = durable.hub
        now = time.monotonic()
        self._lost |= {name: now for name in hub.points if name not in self._links and name not in self._lost}
        self._say(hub.resend())
        while hub.stage in STAGES:
            stage, began = hub.stage, time.monotonic()
            while hub.stage == stage:
                for key, _ in self._selector.select(0.05):
                    self._say(self._hear(durable, key.data))
                for name, since in list(self._lost.items()):
                    if time.monotonic() - since > self._grace and hub.alive[name]:
                        self._say(durable.gone(name))
                if hub.stage == stage and time.monotonic() - began > self._patience:
                    self._say(durable.expire())

    def close(self) -> None:
        """Hang up on every site."""
        for link in self._links.values():
            link.close()
        self._selector.close()

    def _hear(self, durable: DurableHub, name: str) -> list[Outgoing]:
        if not name:
            return self._welcome(durable)
        with suppress(ConfideError):
            parcel = take(self._links[name])
            if parcel is None:
                self._lose(name)
                return []
            try:
                return durable.receive(parcel)
            except ConfideError as refused:
                self.refused.append(refused.code)
                return []
        self._lose(name)  # a frame without sense: nothing after it can be read
        return []

    def _welcome(self, durable: DurableHub) -> list[Outgoing]:
        link, _ = self._listener.accept()
        link.settimeout(self._patience)
        hello = take(link)
        name = hello.head.decode(errors="replace") if hello else ""
        if name not in durable.hub.points:
            link.close()
            return []
        if name in self._links:
            self._lose(name)
        self._lost.pop(name, None)
        self._links[name] = link
        self._selector.register(link, selectors.EVENT_READ, name)
        return [each for each in durable.hub.resend() if each.to == name]

    def _say(self, out: Iterable[Outgoing]) -> None:
        for each in out:
            if (link := self._links.get(each.to)) is not None:
                try:
                    send(link, each.parcel)
                except OSError:
                    self._lose(each.to)

    def _lose(self, name: str) -> None:
        link = self._links.pop(name)
        self._selector.unregister(link)
        link.close()
        self._lost[name] = time.monotonic()


def run_site(
    connect: Callable[[], socket.socket], durable: DurableSite, name: str, update: Update, *, rounds: int
) -> None:
    """Play a site's part until `rounds` rounds have ended; connect again whenever the hub is gone.

    Args:
        connect: returns a connected socket, or raises OSError while there is no hub.
        durable: the site with its journal.
        name: of the site.
        update: called once a round with the hub's task and the round's number; returns the update in steps.
        rounds: number of the last one.
    """
    while not _is_over(durable, rounds):
        try:
            link = connect()
        except OSError:
            time.sleep(0.02)
            continue
        with link, suppress(ConnectionError):
            send(link, Parcel(name.encode()))
            if durable.site is not None and durable.site.wants_update:  # it was killed while it trained
                send(link, durable.give(update(durable.site.task, durable.site.number)))
            while not _is_over(durable, rounds) and (parcel := take(link)) is not None:
                for answer in _answers(durable, parcel, update):
                    send(link, answer)


def _answers(durable: DurableSite, parcel: Parcel, update: Update) -> list[Parcel]:
    try:
        answers = durable.receive(parcel)
    except IntegrityError as wrong:
        opened = durable.site is not None and not durable.site.closed
        return [durable.stop(wrong.code.partition(".")[2])] if opened else []
    except ConfideError:
        return []
    site = durable.site
    if site is not None and site.wants_update:
        answers.append(durable.give(update(site.task, site.number)))
    return answers


def _is_over(durable: DurableSite, rounds: int) -> bool:
    last = durable.journal.last()
    return last >= rounds and durable.journal.state(last) != "open"
