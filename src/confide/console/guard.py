"""Who may talk to the review's web view: one browser, once let in, on this machine.

Guarantee: no answer without a session but the login and what looks like nothing (style, script). The token of the
printed address opens one session, once, for ten minutes; the session ends after a while without a click. A request to
another name of this machine (DNS rebinding), from another page (CSRF), or larger than 64 KiB is refused before
anything reads it. Every answer forbids caching, framing by others, scripts but ours, and any other host.
"""

import hmac
import secrets
import time
from collections.abc import Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "confide_review"
TOKEN_SECONDS = 600
LARGEST = 64 * 1024  # bytes of a request: a decision, or a key file with its passphrase
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "cache-control": "no-store",
    "referrer-policy": "same-origin",  # "no-referrer" would blank the origin of our own forms
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class Guard:
    """Wraps the application; `token` is for the address that is printed.

    Args:
        app: what answers those who are let in.
        host: the one name under which it is reached, such as "127.0.0.1:8765".
        idle: seconds without a request after which the session is over.
        refused: makes the page for who is not let in.
        clock: tells seconds.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        host: str,
        idle: float,
        refused: Callable[[], Response],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app, self._host, self._idle, self._refused, self._clock = app, host, idle, refused, clock
        self.token = secrets.token_urlsafe(32)
        self._token_left: str | None = self.token
        self._session: str | None = None
        self._began = self._seen = clock()

    @property
    def is_over(self) -> bool:
        """Say whether nobody can get in any more: the session was ended, or idle; or the token expired unused."""
        waited = self._clock() - self._seen
        if self._session is not None:
            return waited > self._idle
        return self._token_left is None or self._clock() - self._began > TOKEN_SECONDS

    def end(self) -> None:
        """End the session; the token was used up long before."""
        self._session = self._token_left = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or let the application answer it."""
        if scope["type"] != "http":
            return
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _protect(message)
            await send(message)

        try:
            answer = self._refuse(scope) or self._login(scope) or self._app
            await answer(scope, receive, guarded)
        except Exception:  # its text, and a traceback in a log, could hold a patient's
            if not started:
                await PlainTextResponse("error", 500)(scope, receive, guarded)

    def _refuse(self, scope: Scope) -> Response | None:
        """Refuse what no page of ours asks for, whoever asks."""
        headers, method = Headers(scope=scope), scope["method"]
        if headers.getlist("host") != [self._host]:
            return PlainTextResponse("wrong host", 421)
        if method not in ("GET", "POST"):
            return PlainTextResponse("wrong method", 405)
        if method == "POST":
            if headers.get("origin") != f"http://{self._host}":
                return PlainTextResponse("wrong origin", 403)
            length = headers.get("content-length", "")
            if not length.isdecimal() or int(length) > LARGEST:
                return PlainTextResponse("too large", 413)
        if scope["path"] != "/login" and headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return PlainTextResponse("wrong page", 403)
        return None

    def _login(self, scope: Scope) -> Response | None:
        """Let in who brings the token or the session; None means that the application answers."""
        if scope["path"].startswith("/static/"):
            return None
        if scope["path"] == "/login":
            return self._first(scope)
        brought = cookie_parser(Headers(scope=scope).get("cookie", "")).get(COOKIE, "")
        if self._session is None or self.is_over or not _same(brought, self._session):
            return self._refused()
        self._seen = self._clock()
        return None

    def _first(self, scope: Scope) -> Response:
        """Use the token up; it opens nothing a second time, whoever brings it."""
        brought = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if self._token_left is None or self.is_over or not _same(brought, self._token_left):
            return self._refused()
        self._token_left, self._session, self._seen = None, secrets.token_urlsafe(32), self._clock()
        answer = RedirectResponse("/", 303)
        answer.set_cookie(COOKIE, self._session, httponly=True, samesite="strict", path="/")
        return answer


def _same(brought: str, wanted: str) -> bool:
    return hmac.compare_digest(brought.encode(), wanted.encode())


def _protect(message: MutableMapping[str, Any]) -> None:
    """Add the headers; a page that set its own policy (the dossier, which runs no script) keeps it."""
    headers = MutableHeaders(raw=message["headers"])
    message["headers"] = headers.raw
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
