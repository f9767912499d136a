"""Between an engine that reaches other machines and our own process on this one: parcels pass, nothing else.

Guarantee: the engine's process holds no key, no journal and no record; what passes it is signed and, where it matters, masked. When
our process is ended or killed the sites stay on their lines, and a new one finds them there. Called by `confide.federated.nvflare_job`.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from confide.errors import ConfideError
from confide.federated.local import LocalLine, send, take
from confide.federated.play import Line, Lines

SOCKET, OVER = "line", "over"  # in the folder that our process and the engine's share


@contextmanager
def address_in(folder: Path) -> Iterator[str]:
    """Yield a name of the socket in `folder` that is short enough for a socket, however long the folder's is."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{SOCKET}"
    finally:
        os.close(handle)


def dial(folder: Path, name: str) -> LocalLine:
    """Connect to whoever listens in `folder`.

    Raises:
        OSError: nobody does.
    """
    link = socket.socket(socket.AF_UNIX)
    try:
        with address_in(folder) as address:
            link.connect(address)
        return LocalLine(link, name)
    except OSError:
        link.close()
        raise


@contextmanager
def listening(folder: Path) -> Iterator[socket.socket]:
    """Listen in `folder`, for this user's processes alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / SOCKET).unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        with address_in(folder) as address:
            listener.bind(address)
        (folder / SOCKET).chmod(0o600)
        listener.listen(100)
        try:
            yield listener
        finally:
            (folder / SOCKET).unlink(missing_ok=True)


def hub(folder: Path, lines: Lines) -> None:
    """Pass parcels between the sites and the hub's own process, which listens in `folder`, until the latter is done.

    Args:
        folder: of the relay; a file `over` in it says that the last round has ended.
        lines: to the sites.
    """
    passes: dict[str, LocalLine] = {}
    there: set[str] = set()
    while not (folder / OVER).exists():
        for heard in lines.hear(0.05):
            if heard.what == "came":
                there.add(heard.site)
            elif heard.what == "lost":
                there.discard(heard.site)
                _hang_up(passes, heard.site)
            elif (line := passes.get(heard.site)) is not None:
                with suppress(OSError):
                    line.say(heard.parcel)
        for site in there - passes.keys():
            with suppress(OSError):  # our process is not there yet, or was killed
                passes[site] = dial(folder, site)
                threading.Thread(target=_down, args=(passes, site, passes[site], lines), daemon=True).start()


def _down(passes: dict[str, LocalLine], site: str, line: LocalLine, lines: Lines) -> None:
    """Pass what the hub says to a site, until the hub's process hangs up."""
    while (parcel := line.take()) is not None:
        lines.say(site, parcel)
    if passes.get(site) is line:
        _hang_up(passes, site)


def _hang_up(passes: dict[str, LocalLine], site: str) -> None:
    if (line := passes.pop(site, None)) is not None:
        line.close()


def site(folder: Path, connect: Callable[[], Line]) -> None:
    """Pass parcels between the hub and this site's own process, which dials `folder`, for as long as the engine runs.

    Args:
        folder: of the relay.
        connect: returns a line to the hub; OSError while there is none.
    """
    with listening(folder) as listener:
        while True:
            link, _ = listener.accept()
            with link, suppress(ConfideError, OSError):
                take(link)  # the name, which the engine knows by its certificate
                line = _reached(connect)
                threading.Thread(target=_up, args=(link, line), daemon=True).start()
                while (parcel := line.take()) is not None:
                    send(link, parcel)


def _reached(connect: Callable[[], Line]) -> Line:
    while True:
        try:
            return connect()
        except OSError:
            time.sleep(0.1)


def _up(link: socket.socket, line: Line) -> None:
    """Pass what this site's process says to the hub; when either is gone, so is the other line."""
    with suppress(ConfideError, OSError):
        while (parcel := take(link)) is not None:
            line.say(parcel)
    line.close()
    with suppress(OSError):
        link.shutdown(socket.SHUT_RDWR)
