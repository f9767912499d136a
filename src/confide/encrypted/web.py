"""The owner's service on the network: `GET /form`, `PUT /key`, `POST /ask`; encrypted bytes in, encrypted bytes out.

Guarantee: whatever is sent, the answer is a reply or an error without a byte of what was sent; no message is read
beyond the size that public numbers give it. Clients prove themselves by a token; every answer is counted before it is
made. Listens only where it is told, and writes no log. TLS is put in front of it, as of any Starlette service.
"""

import hashlib
import hmac
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from confide.encrypted.messages import LONGEST, largest_request, most_together
from confide.encrypted.ring import ring
from confide.encrypted.server import Server
from confide.errors import AccessDenied, ConfideError, InvalidInput
from confide.types import Json

try:
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route
    from starlette.types import ASGIApp
except ImportError:
    raise InvalidInput("encrypted.no-service") from None

if TYPE_CHECKING:
    import uvicorn

SHORTEST_TOKEN = 32  # characters
PATIENCE = 10.0  # seconds for a service to come up, or to end
_BYTES = "application/octet-stream"


def token_digest(token: str) -> bytes:
    """Return what the service keeps of a token.

    Raises:
        InvalidInput: the token is short enough to be guessed.
    """
    if len(token) < SHORTEST_TOKEN:
        raise InvalidInput("encrypted.token", fewest=SHORTEST_TOKEN)
    return hashlib.sha256(token.encode()).digest()


def make_service(server: Server, clients: Mapping[str, bytes]) -> Starlette:
    """Return the service of one model.

    Args:
        server: answers; its `spend` counts.
        clients: name of each client, and the digest of its token.
    """
    form, moduli = server.form, ring(server.form.parameters).key_moduli
    largest = min(LONGEST, largest_request(form, moduli, most_together(form, moduli)))

    def name_of(request: Request) -> str:
        given = hashlib.sha256(
            request.headers.get("authorization", "").removeprefix("Bearer ").encode()
        ).digest()
        found = [name for name, digest in clients.items() if hmac.compare_digest(digest, given)]
        if not found:
            raise AccessDenied("encrypted.stranger")
        return found[0]

    async def body_of(request: Request) -> bytes:
        content = bytearray()
        async for part in request.stream():
            content += part
            if len(content) > largest:
                raise InvalidInput("encrypted.too-long", most=largest)
        return bytes(content)

    def guarded(act: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def answered(request: Request) -> Response:
            try:
                return await act(request)
            except ConfideError as error:
                return JSONResponse(error.to_json(), status_code=_status(error))
            except Exception:  # nothing that a message does may stop the service, or be quoted
                return JSONResponse(ConfideError().to_json(), status_code=500)

        return answered

    async def tell(request: Request) -> Response:
        name_of(request)
        told: Json = form.to_json()
        return JSONResponse(told)

    async def enroll(request: Request) -> Response:
        name = name_of(request)
        await run_in_threadpool(server.enroll, name, await body_of(request))
        return Response(status_code=204)

    async def ask(request: Request) -> Response:
        name = name_of(request)
        reply = await run_in_threadpool(server.answer, name, await body_of(request))
        return Response(reply, media_type=_BYTES)

    return Starlette(
        routes=[
            Route("/form", guarded(tell), methods=["GET"]),
            Route("/key", guarded(enroll), methods=["PUT"]),
            Route("/ask", guarded(ask), methods=["POST"]),
        ]
    )


def _status(error: ConfideError) -> int:
    if isinstance(error, AccessDenied):
        return 429 if error.code == "encrypted.quota" else 401
    return 413 if error.code == "encrypted.too-long" else 400


def serve(service: Starlette, host: str, port: int) -> None:
    """Serve until interrupted."""
    with suppress(KeyboardInterrupt):
        _listener(service, host, port).run()


@contextmanager
def serving(service: ASGIApp, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve on a free port while the block runs; yields the address, for `confide.encrypted.remote.Remote`.

    Raises:
        InvalidInput: the service does not come up.
    """
    with socket.create_server((host, 0)) as listening:
        listener = _listener(service, host, 0)
        thread = threading.Thread(target=listener.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        until = time.monotonic() + PATIENCE
        while not listener.started and thread.is_alive() and time.monotonic() < until:
            time.sleep(0.01)
        if not listener.started:
            raise InvalidInput("encrypted.unreachable")
        try:
            yield f"http://{host}:{listening.getsockname()[1]}"
        finally:
            listener.should_exit = True
            thread.join(PATIENCE)


def _listener(service: ASGIApp, host: str, port: int) -> "uvicorn.Server":
    """Return what listens: it writes no log and believes no header about who asks."""
    import uvicorn

    return uvicorn.Server(uvicorn.Config(
        service, host=host, port=port, log_config=None, log_level="critical", access_log=False,
        server_header=False, proxy_headers=False, lifespan="off", ws="none",
    ))  # fmt: skip
