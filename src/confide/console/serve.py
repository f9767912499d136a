"""Listen on the loopback address of this machine until the review ends, and say where, once.

Guarantee: no other machine can reach it; it makes no connection itself and writes no log.
"""

import asyncio
import socket
from collections.abc import Callable
from contextlib import closing, suppress

import uvicorn

from confide.console.app import Sitting, make_app, message_page
from confide.console.guard import Guard

LOOPBACK = "127.0.0.1"


def serve(sitting: Sitting, *, announce: Callable[[str], None], idle: float, port: int = 0) -> None:
    """Serve one review; return when it was ended, interrupted, or nobody clicked for `idle` seconds.

    Args:
        sitting: what is open.
        announce: is told the address, which works once.
        idle: seconds.
        port: 0 takes any free one.
    """
    with closing(socket.create_server((LOOPBACK, port))) as listening:
        host = f"{LOOPBACK}:{listening.getsockname()[1]}"
        guard = Guard(
            make_app(sitting),
            host=host,
            idle=idle,
            refused=lambda: message_page(sitting.language, "refused", 403),
        )
        sitting.end = guard.end
        announce(f"http://{host}/login?token={guard.token}")
        with suppress(KeyboardInterrupt):
            asyncio.run(_serve(guard, listening))


async def _serve(guard: Guard, listening: socket.socket) -> None:
    server = uvicorn.Server(
        uvicorn.Config(
            guard,
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            server_header=False,
            proxy_headers=False,
            ws="none",
            timeout_graceful_shutdown=2,
        )
    )
    watching = asyncio.create_task(_watch(server, guard))
    await server.serve(sockets=[listening])
    watching.cancel()


async def _watch(server: uvicorn.Server, guard: Guard) -> None:
    """Stop the server soon after nobody can get in any more."""
    while not guard.is_over:
        await asyncio.sleep(0.5)
    server.should_exit = True
