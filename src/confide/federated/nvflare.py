"""Lines between hub and sites over the channels of NVFlare 2.9: it carries bytes under mutual TLS, and that is all it does.

Guarantee: what one end says comes once, whole and in order, or the line is lost and both ends learn of it within seconds.
Messages are signed by `confide.federated.messages`, so the engine is trusted with nothing but delivery. Streams of the engine's
own cells are used, neither its tasks (a poll of seconds each) nor its serialisation. Where it runs: `confide.federated.nvflare_job`.
"""

import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from nvflare.fuel.f3.cellnet.defs import MessageHeaderKey

from confide.errors import IntegrityError
from confide.federated.messages import Parcel
from confide.federated.nvflare_kits import engine_name, site_name
from confide.federated.nvflare_stream import CHANNEL, TOKEN, End, beat, beat_in, frame_in
from confide.federated.play import Heard

BEAT = 0.5  # seconds between two signs of life
SILENCE = 3.0  # seconds without any after which a site is lost
HUB_SILENCE = 10.0  # and after which a site looks for its hub anew, which no round waits for
_REMEMBERED = 16  # lines of a site that are over


class Stopped(Exception):
    """The engine was told to end the run; the journals keep what was reached."""


class HubLines:
    """The hub's lines to the sites of one run of the engine.

    Args:
        cell: the engine's, of this process.
        job: the run's name; sites are heard under it only.
        spool: a folder of the hub's own, for long messages until they are taken: memory does not grow with sites.
        stopped: says whether the engine was told to end the run.
        silence: seconds without a sign of life after which a line is lost.
    """

    def __init__(
        self, cell: Any, job: str, spool: Path, *, stopped: Callable[[], bool], silence: float = SILENCE
    ) -> None:
        self._cell, self._job, self._stopped, self._silence = cell, job, stopped, silence
        self._spool = spool
        self._ends: dict[str, End] = {}
        self._past: dict[str, deque[bytes]] = {}
        self._lock = threading.RLock()
        self._events: queue.SimpleQueue[Heard] = queue.SimpleQueue()
        cell.core_cell.register_request_cb(CHANNEL, "beat", self._on_beat)
        cell.register_stream_cb(CHANNEL, "parcel", self._on_parcel)

    def hear(self, seconds: float) -> list[Heard]:
        """Wait at most so long for something to happen; return it in its order.

        Raises:
            Stopped: the engine was told to end the run.
        """
        if self._stopped():
            raise Stopped
        self._listen()
        return self._next(seconds)

    def say(self, site: str, parcel: Parcel) -> None:
        """Send a message; to nobody where there is no line."""
        if (end := self._ends.get(site)) is not None:
            end.say(parcel)

    def close(self, seconds: float = 5.0) -> None:
        """Wait until every site has hung up, or so long."""
        until = time.monotonic() + seconds
        while self._ends and time.monotonic() < until:
            self._listen()
            time.sleep(BEAT / 10)
        with self._lock:
            for site in list(self._ends):
                self._lose(site)

    def _next(self, seconds: float) -> list[Heard]:
        found: list[Heard] = []
        with suppress(queue.Empty):
            while True:
                found.append(self._events.get(timeout=seconds if not found else 0.0))
        return found

    def _listen(self) -> None:
        with self._lock:
            for site, end in list(self._ends.items()):
                if end.lost or end.silent() > self._silence:
                    self._lose(site)

    def _lose(self, site: str) -> None:
        end = self._ends.pop(site)
        self._past.setdefault(site, deque(maxlen=_REMEMBERED)).append(end.token)
        end.end()
        self._events.put(Heard("lost", site))

    def _site(self, headers: Any) -> str:
        site, _, job = str(headers.get(MessageHeaderKey.ORIGIN, "")).partition(".")
        return site_name(site) if job == self._job else ""

    def _cell_of(self, site: str) -> str:
        return f"{engine_name(site)}.{self._job}"

    def _end_of(self, site: str, token: bytes) -> End | None:
        """Return the end of this line, a new one if the site has begun one; None where it is over."""
        with self._lock:
            end = self._ends.get(site)
            if end is not None and end.token == token:
                end.heard = time.monotonic()
                return end
            if token in self._past.get(site, ()):
                return None
            if end is not None:
                self._lose(site)
            end = self._ends[site] = End(self._cell, self._cell_of(site), token)
            self._events.put(Heard("came", site))
            return end

    def _on_beat(self, message: Any) -> None:
        site = self._site(message.headers)
        token, here = beat_in(message.payload)
        if not site or not token:
            return
        if not here:
            with self._lock:
                end = self._ends.get(site)
                if end is not None and end.token == token:
                    self._lose(site)
            return
        alive = self._end_of(site, token) is not None
        beat(self._cell, self._cell_of(site), token, alive)

    def _on_parcel(self, future: Any, stream: Any, _resume: bool) -> int:
        site = self._site(future.get_headers())
        coming = frame_in(stream)
        end = self._end_of(site, coming.token) if site else None
        if end is None:
            raise IntegrityError("fed.message-form")
        try:
            parcel = coming.rest(stream, end, self._spool)
        except Exception:
            end.lost = True
            raise
        with self._lock:
            for one in end.ordered(coming.number, parcel):
                self._events.put(Heard("said", site, one))
        return 0


class SitePort:
    """A site's way to the hub of one run of the engine; `connect` begins a line.

    Args:
        cell: the engine's, of this process.
        hub: the name of the hub's cell.
        stopped: says whether the engine was told to end the run.
        silence: seconds without a sign of life after which a line is lost.
    """

    def __init__(
        self, cell: Any, hub: str, *, stopped: Callable[[], bool], silence: float = HUB_SILENCE
    ) -> None:
        self._cell, self._hub, self._stopped, self._silence = cell, hub, stopped, silence
        self._line: SiteLine | None = None
        cell.core_cell.register_request_cb(CHANNEL, "beat", self._on_beat)
        cell.register_stream_cb(CHANNEL, "parcel", self._on_parcel)
        threading.Thread(target=self._beats, daemon=True).start()

    def connect(self) -> "SiteLine":
        """Begin a line.

        Raises:
            OSError: there is no hub.
            Stopped: the engine was told to end the run.
        """
        line = self._line = SiteLine(
            End(self._cell, self._hub, os.urandom(TOKEN)), self._stopped, self._silence
        )
        line.end.beat(True)
        if not line.answered.wait(SILENCE):
            line.close()
            if self._stopped():
                raise Stopped
            raise ConnectionError
        return line

    def _beats(self) -> None:
        while not self._stopped():
            if (line := self._line) is not None and not line.end.lost:
                line.end.beat(True)
            time.sleep(BEAT)

    def _of(self, origin: Any, token: bytes) -> "SiteLine | None":
        line = self._line
        return line if line is not None and origin == self._hub and line.end.token == token else None

    def _on_beat(self, message: Any) -> None:
        token, here = beat_in(message.payload)
        if (line := self._of(message.get_header(MessageHeaderKey.ORIGIN), token)) is not None:
            line.end.heard = time.monotonic()
            line.end.lost |= not here
            line.answered.set()

    def _on_parcel(self, future: Any, stream: Any, _resume: bool) -> int:
        coming = frame_in(stream)
        line = self._of(future.get_headers().get(MessageHeaderKey.ORIGIN), coming.token)
        if line is None:
            raise IntegrityError("fed.message-form")
        line.came(coming.number, coming.rest(stream, line.end))
        return 0


class SiteLine:
    """A site's line to the hub; made by `SitePort.connect`."""

    def __init__(self, end: End, stopped: Callable[[], bool], silence: float) -> None:
        self.end, self.answered = end, threading.Event()
        self._stopped, self._silence = stopped, silence
        self._come: queue.SimpleQueue[Parcel] = queue.SimpleQueue()

    def say(self, parcel: Parcel) -> None:
        """Send a message.

        Raises:
            OSError: the line is lost.
        """
        if self._is_lost():
            raise ConnectionError
        self.end.say(parcel)

    def take(self) -> Parcel | None:
        """Wait for a message; None where the line is lost.

        Raises:
            Stopped: the engine was told to end the run.
        """
        while not self._is_lost():
            if self._stopped():
                raise Stopped
            with suppress(queue.Empty):
                return self._come.get(timeout=BEAT / 5)
        return None

    def close(self) -> None:
        """Hang up; where the engine ends the run, silently, since the hub is to end before it counts us as gone."""
        if not self._stopped():
            self.end.beat(False)
        self.end.lost = True

    def came(self, number: int, parcel: Parcel) -> None:
        """Take what the engine brought."""
        for one in self.end.ordered(number, parcel):
            self._come.put(one)

    def _is_lost(self) -> bool:
        return self.end.lost or self.end.silent() > self._silence
