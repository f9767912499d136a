"""A witness on the network: `POST /add-checkpoint` and `GET /HASH/checkpoint` of C2SP tlog-witness.

It listens on the address it is given and opens no connection itself. Requests prove themselves by the log's
signature; nothing else is asked for. Sizes, times and the number of connections are bounded.
"""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from confide.errors import ConfideError, InvalidInput
from confide.transparency.request import LONGEST_REQUEST, parse_request
from confide.transparency.witness import Witness

PATIENCE = 10.0  # seconds without a byte
LIFE = 30.0  # seconds of one connection in all
CROWD = 32  # connections at once
_CHECKPOINT = re.compile(r"/([0-9a-f]{64})/checkpoint")
_STATUS = {
    "transparency.unknown-log": 404,
    "crypto.not-signed": 403,
    "crypto.forged": 403,
    "transparency.other-size": 409,
    "crypto.consistency": 422,
    "transparency.clock": 503,
    "transparency.memory-lost": 503,
    "transparency.memory-unwritable": 503,
}  # all else is a request that nobody should have sent: 400

Told = Callable[[int, str], None]  # status, path: what a server tells of each request; no byte of its body


class Server(ThreadingHTTPServer):
    """Serves one witness until `shutdown`.

    Args:
        address: host and port; port 0 takes a free one.
        open_witness: called for every request, so that no two threads share a connection to its memory.
        told: hears of every request, before its answer leaves.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], open_witness: Callable[[], Witness], told: Told) -> None:
        self.open_witness, self.told = open_witness, told
        self._room = threading.BoundedSemaphore(CROWD)
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        try:
            super().__init__(address, _Handler)
        except OSError as error:
            raise InvalidInput("transparency.cannot-listen", address=f"{address[0]}:{address[1]}") from error

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client: object) -> None:
        """Serve a connection in a thread of its own; where too many are open, the next one waits."""
        self._room.acquire()
        super().process_request(request, client)

    def process_request_thread(
        self, request: socket.socket | tuple[bytes, socket.socket], client: object
    ) -> None:
        """Serve a connection, and make room for the next."""
        try:
            super().process_request_thread(request, client)
        finally:
            self._room.release()

    def handle_error(self, request: object, client: object) -> None:
        """Say nothing: a connection that breaks is the other side's affair, and a traceback is nobody's."""


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE
    error_content_type, error_message_format = "text/plain", "%(code)d"  # what was asked is not repeated

    def handle(self) -> None:
        with within(self.connection, LIFE):
            super().handle()

    def do_POST(self) -> None:
        if self.path != "/add-checkpoint":
            self._answer(404)
            return
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch(r"[0-9]{1,9}", length):
            self._answer(411)
        elif int(length) > LONGEST_REQUEST:
            self._answer(413)
        else:
            self._cosign(self.rfile.read(int(length)))

    def do_GET(self) -> None:
        match = _CHECKPOINT.fullmatch(self.path)
        try:
            note = self.server.open_witness().latest(match.group(1)) if match else None
        except ConfideError as error:
            self._answer(_STATUS.get(error.code, 503))
            return
        self._answer(200 if note else 404, note or "")

    def _cosign(self, body: bytes) -> None:
        try:
            line = self.server.open_witness().cosign(parse_request(body))
        except ConfideError as error:
            status = _STATUS.get(error.code, 400)
            if status == 409:
                self._answer(409, f"{error.public['size']}\n", kind="text/x.tlog.size")
            else:
                self._answer(status)
        else:
            self._answer(200, line)

    def _answer(self, status: int, text: str = "", *, kind: str = "text/plain; charset=utf-8") -> None:
        data = text.encode()
        self.server.told(status, self.path[:100])
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        if status not in (200, 404, 409):
            self.send_header("Connection", "close")  # what comes next may be the rest of a bad request
            self.close_connection = True
        self.end_headers()
        self.wfile.write(data)

    def version_string(self) -> str:
        return "confide"

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Write nothing; `told` hears what there is."""


@contextmanager
def within(connection: socket.socket, longest: float) -> Iterator[None]:
    """Cut the connection when the block takes longer than `longest` seconds, however it dawdles."""
    timer = threading.Timer(longest, _cut, [connection])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def address_of(text: str) -> tuple[str, int]:
    """Read `HOST:PORT`.

    Raises:
        InvalidInput: it is something else.

    >>> address_of("127.0.0.1:8480"), address_of("[::1]:0")
    (('127.0.0.1', 8480), ('::1', 0))
    """
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or port is None or parts.path or parts.query or parts.fragment or "@" in text:
        raise InvalidInput("transparency.address")
    return host, port
