"""One browser, let in once: tokens, sessions, hosts, origins, sizes, headers. No network is needed to see it."""

import hashlib
import re
from importlib.resources import files

import pytest
from asgi import ask, post
from starlette.responses import PlainTextResponse

from confide.console.guard import LARGEST, TOKEN_SECONDS, Guard

HOST = "127.0.0.1:8000"
HTMX = "2.0.11", "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"


class Clock:
    time = 0.0

    def __call__(self):
        return self.time


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def guard(clock):
    async def inner(scope, receive, send):
        if scope["path"] == "/fails":
            raise ValueError("a name of a patient")
        await PlainTextResponse("a patient's text")(scope, receive, send)

    return Guard(inner, host=HOST, idle=60, refused=lambda: PlainTextResponse("refused", 403), clock=clock)


def let_in(guard):
    answer = ask(guard, f"/login?token={guard.token}")
    assert answer.status == 303
    return answer["set-cookie"].partition(";")[0]


def test_the_token_lets_one_browser_in_once(guard):
    cookie = let_in(guard)
    assert ask(guard, "/", cookie=cookie).body == b"a patient's text"
    again = ask(guard, f"/login?token={guard.token}")
    assert (again.status, again["set-cookie"]) == (403, None)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/spans",
        "/login",
        "/login?token=",
        "/login?token=x",
        "/login?token=%00",
        "/static/../",
        "/edition",
    ],
)
def test_without_token_or_session_nothing_is_shown(guard, path):
    if not path.startswith("/static"):
        assert ask(guard, path).body == b"refused"
        assert ask(guard, path, cookie="confide_review=").body == b"refused"


def test_a_token_that_was_not_used_expires(guard, clock):
    clock.time = TOKEN_SECONDS + 1
    assert guard.is_over
    assert ask(guard, f"/login?token={guard.token}").status == 403


def test_a_session_ends_after_a_while_without_a_click_and_not_while_there_are_clicks(guard, clock):
    cookie = let_in(guard)
    for _ in range(5):
        clock.time += 59
        assert ask(guard, "/", cookie=cookie).status == 200
    clock.time += 61
    assert guard.is_over
    assert ask(guard, "/", cookie=cookie).status == 403


def test_an_ended_session_lets_nobody_in(guard):
    cookie = let_in(guard)
    guard.end()
    assert guard.is_over
    assert ask(guard, "/", cookie=cookie).status == 403
    assert ask(guard, f"/login?token={guard.token}").status == 403


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost:8000", "127.0.0.1", "127.0.0.1:8001", "127.0.0.1:8000.evil.example", ""],
)
def test_under_another_name_of_this_machine_nothing_is_answered(guard, host):
    assert ask(guard, "/", host=host, cookie=let_in(guard)).status == 421
    assert ask(guard, "/static/style.css", host=host).status == 421


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "", "http://127.0.0.1:8001", "https://127.0.0.1:8000"]
)
def test_another_pages_form_is_refused(guard, origin):
    assert post(guard, "/decide", cookie=let_in(guard), origin=origin).status == 403


def test_a_form_without_an_origin_or_from_another_site_is_refused(guard):
    cookie = let_in(guard)
    assert ask(guard, "/decide", method="POST", cookie=cookie, content_length="0").status == 403
    assert post(guard, "/decide", cookie=cookie, sec_fetch_site="same-site").status == 403
    assert ask(guard, "/", cookie=cookie, sec_fetch_site="cross-site").status == 403
    assert post(guard, "/decide", cookie=cookie, sec_fetch_site="same-origin").status == 200


@pytest.mark.parametrize("length", [str(LARGEST + 1), "", "-1", "x", "1e3", "²"])
def test_a_request_too_large_or_of_unknown_length_is_refused(guard, length):
    assert (
        post(
            guard, "/decide", cookie=let_in(guard), content_length=length.encode("utf-8").decode("latin-1")
        ).status
        == 413
    )


@pytest.mark.parametrize("method", ["PUT", "DELETE", "TRACE", "OPTIONS", "HEAD", "CONNECT"])
def test_other_methods_are_refused(guard, method):
    assert ask(guard, "/", method=method, cookie=let_in(guard)).status == 405


@pytest.mark.parametrize("path", ["/", "/static/style.css", "/login", "/fails"])
def test_every_answer_forbids_caching_framing_and_other_hosts(guard, path):
    answer = ask(guard, path, cookie=let_in(guard))
    assert answer["cache-control"] == "no-store"
    policy = answer["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert answer["x-frame-options"] == "DENY"
    assert answer["x-content-type-options"] == "nosniff"


def test_the_cookie_is_for_this_host_and_no_script(guard):
    cookie = ask(guard, f"/login?token={guard.token}")["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "domain" not in cookie
    assert "max-age" not in cookie


def test_a_failure_shows_and_logs_nothing(guard, capfd, caplog):
    answer = ask(guard, "/fails", cookie=let_in(guard))
    assert (answer.status, answer.body) == (500, b"error")
    assert "patient" not in "".join([*capfd.readouterr(), caplog.text])


def static(name):
    return files("confide.console").joinpath("static", name).read_bytes()


def test_the_htmx_that_is_shipped_is_the_one_that_was_published():
    version, digest = HTMX
    assert hashlib.sha256(static("htmx.min.js")).hexdigest() == digest
    assert f'version:"{version}"'.encode() in static("htmx.min.js")
    assert b"Zero-Clause BSD" in static("htmx.LICENSE")


def test_our_pages_name_no_outside_host_and_hold_no_script_of_their_own():
    pages = [
        each for each in files("confide.console").joinpath("pages").iterdir() if each.name.endswith(".html")
    ]
    texts = [each.read_text(encoding="utf-8") for each in pages] + [
        static("keys.js").decode(),
        static("style.css").decode(),
    ]
    assert len(texts) > 8
    for text in texts:
        assert not re.search(r"https?:|//[a-z]|@import", text.replace("// ", ""))
        assert not re.search(r"<script(?! src=\"/static/)|<style|\son[a-z]+=|style=|hx-on|javascript:", text)
