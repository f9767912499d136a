"""A witness on the network, over real sockets on loopback: statuses as C2SP has them, bounds, one host only."""

import hashlib
import http.server
import socket
import threading
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest
from logs import ORIGIN, MemoryLog

from confide.crypto.note import LONGEST, cosigned, new_signer, parse_checkpoint, verify_signature
from confide.errors import ConfideError, IntegrityError, InvalidInput
from confide.transparency import ask, serve
from confide.transparency.ask import cosigned_by
from confide.transparency.request import LONGEST_REQUEST, Request, request_for
from confide.transparency.serve import Server, address_of, within
from confide.transparency.witness import MEMORY, Witness, new_witness


@contextmanager
def running(server):
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def log():
    return MemoryLog(10)


@pytest.fixture
def folder(tmp_path, log):
    new_witness(tmp_path, "north.example/witness").add_log(log.signer.verifier)
    return tmp_path


@pytest.fixture
def told():
    return []


@pytest.fixture
def server(folder, told):
    def tell(status, path):
        told.append((status, path))

    with running(Server(("127.0.0.1", 0), lambda: Witness(folder), tell)) as server:
        yield server


@pytest.fixture
def url(server):
    return f"http://127.0.0.1:{server.server_address[1]}"


def post(server, body, path="/add-checkpoint", **headers):
    connection = HTTPConnection(*server.server_address, timeout=20)
    try:
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        return response.status, response.getheader("Content-Type"), response.read().decode()
    finally:
        connection.close()


def get(server, path):
    connection = HTTPConnection(*server.server_address, timeout=20)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


# the server -----------------------------------------------------------------------------------------


def test_a_checkpoint_is_cosigned_over_http(server, folder, log, told):
    request = request_for(log, 0)
    status, kind, line = post(server, request.to_text().encode())
    assert (status, kind) == (200, "text/plain; charset=utf-8")
    assert line.startswith("— north.example/witness ")
    assert verify_signature(parse_checkpoint(request.note + line), Witness(folder).verifier)
    assert told == [(200, "/add-checkpoint")]


def test_each_refusal_has_the_status_that_c2sp_gives_it(server, log):
    def ask_for(request):
        return post(server, request.to_text().encode())

    assert post(server, b"nonsense")[0] == 400
    assert ask_for(Request(0, (), "nonsense"))[0] == 400
    assert ask_for(request_for(MemoryLog(1, signer=new_signer("other.example")), 0))[0] == 404
    assert ask_for(request_for(MemoryLog(1, signer=new_signer(ORIGIN)), 0))[0] == 403
    body = log.checkpoint().partition("\n\n")[0]
    forged = f"{body}\n\n{log.checkpoint_of(9).splitlines()[-1]}\n"
    assert ask_for(Request(0, (), forged))[0] == 403
    assert ask_for(Request(11, (), log.checkpoint()))[0] == 400
    assert ask_for(request_for(log, 0))[0] == 200
    assert ask_for(request_for(log, 0)) == (409, "text/x.tlog.size", "10\n")  # the very same once more
    log.grow(3)
    assert ask_for(request_for(log, 4)) == (409, "text/x.tlog.size", "10\n")
    fork = log.rewritten(["altered", *log.entries[1:]])
    assert ask_for(request_for(fork, 10))[0] == 422
    assert ask_for(request_for(log, 10))[0] == 200


def test_the_last_checkpoint_is_served_by_the_hash_of_the_logs_name(server, log, folder):
    path = f"/{hashlib.sha256(ORIGIN.encode()).hexdigest()}/checkpoint"
    assert get(server, path) == (404, "")
    line = post(server, request_for(log, 0).to_text().encode())[2]
    assert get(server, path) == (200, log.checkpoint() + line)
    for other in ("/", path + "/", path.replace("checkpoint", "tile"), "/" + "0" * 64 + "/checkpoint"):
        assert get(server, other)[0] == 404
    for file in folder.glob(f"{MEMORY}*"):
        file.unlink()
    assert get(server, path)[0] == 503
    assert post(server, request_for(log, 0).to_text().encode())[0] == 503


def test_two_requests_go_through_one_connection(server, log):
    connection = HTTPConnection(*server.server_address, timeout=20)
    statuses = []
    for old in (0, 10):
        connection.request("POST", "/add-checkpoint", request_for(log, old).to_text().encode())
        response = connection.getresponse()
        response.read()
        statuses.append((response.status, response.getheader("Connection")))
    connection.close()
    assert statuses == [(200, None), (200, None)]


def test_other_paths_methods_and_lengths_are_refused(server):
    assert post(server, b"", path="/")[0] == 404
    assert post(server, b"x", **{"Content-Length": "x"})[0] == 411
    assert post(server, b"x", **{"Content-Length": "-1"})[0] == 411
    assert post(server, b"x", **{"Content-Length": str(LONGEST_REQUEST + 1)})[0] == 413
    assert raw(server, b"POST /add-checkpoint HTTP/1.1\r\nHost: a\r\n\r\n").startswith(b"HTTP/1.1 411")
    assert raw(server, b"DELETE / HTTP/1.1\r\nHost: a\r\n\r\n").startswith(b"HTTP/1.1 501")
    assert raw(server, b"\x16\x03\x01 <what TLS says>\r\n\r\n") == b"400"
    assert get(server, "/")[0] == 404


def raw(server, data):
    with socket.create_connection(server.server_address, timeout=20) as connection:
        connection.sendall(data)
        return connection.recv(1000)


def test_a_connection_that_breaks_or_dawdles_takes_nobody_else_down(server, log, monkeypatch):
    monkeypatch.setattr(serve, "LIFE", 0.3)
    length = str(LONGEST_REQUEST).encode()
    slow = socket.create_connection(server.server_address, timeout=20)
    slow.sendall(b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: " + length + b"\r\n\r\nold 0")
    broken = socket.create_connection(server.server_address, timeout=20)
    broken.sendall(b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: " + length + b"\r\n\r\nold 0")
    broken.close()
    assert post(server, request_for(log, 0).to_text().encode())[0] == 200
    slow.settimeout(5)  # before the server's patience with silence ends
    while slow.recv(1000):
        pass
    slow.close()


def test_more_than_a_crowd_waits_and_is_served(server, log, monkeypatch):
    idle = [socket.create_connection(server.server_address, timeout=20) for _ in range(serve.CROWD)]
    statuses = []

    def ask_once():
        statuses.append(post(server, request_for(log, 0).to_text().encode())[0])

    thread = threading.Thread(target=ask_once)
    thread.start()
    for connection in idle:
        connection.close()
    thread.join(timeout=30)
    assert statuses == [200]


def test_an_address_in_use_is_said(server):
    with pytest.raises(InvalidInput) as refused:
        Server(server.server_address, lambda: None, print)
    assert refused.value.code == "transparency.cannot-listen"


def test_it_listens_on_ipv6_where_asked(folder, log):
    try:
        server = Server(("::1", 0), lambda: Witness(folder), lambda status, path: None)
    except InvalidInput:
        pytest.skip("this machine has no IPv6")
    with running(server):
        note = cosigned_by(log, f"http://[::1]:{server.server_address[1]}")
        assert len(parse_checkpoint(note).signatures) == 2


@pytest.mark.parametrize(
    "text",
    ["", "8480", "host", "host:x", "host:70000", ":8480", "a@host:1", "host:1/path", "host:1?q", "host:1#f"],
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(InvalidInput) as refused:
        address_of(text)
    assert refused.value.code == "transparency.address"


@pytest.mark.parametrize(
    ("text", "found"),
    [("127.0.0.1:8480", ("127.0.0.1", 8480)), ("[::1]:0", ("::1", 0)), ("h:65535", ("h", 65535))],
)
def test_an_address_is_a_host_and_a_port(text, found):
    assert address_of(text) == found


def test_a_timer_cuts_what_takes_too_long_and_nothing_else():
    one, other = socket.socketpair()
    with within(one, 60):
        pass
    with within(one, 0.01):
        assert other.recv(1) == b""
    one.close()
    serve._cut(one)  # closed already
    other.close()


# the client -----------------------------------------------------------------------------------------


def test_a_log_asks_and_gets_the_whole_note(url, log, folder):
    note = cosigned_by(log, url)
    checkpoint = parse_checkpoint(note)
    assert checkpoint.size == 10
    assert verify_signature(checkpoint, Witness(folder).verifier)
    log.grow(7)
    assert parse_checkpoint(cosigned_by(log, url + "/")).size == 17
    assert parse_checkpoint(cosigned_by(log, url)).size == 17


def code_of(log, url):
    with pytest.raises(ConfideError) as refused:
        cosigned_by(log, url)
    return refused.value.code


def test_a_log_that_was_rewritten_or_restored_is_told_so(url, log):
    cosigned_by(log, url)
    fork = log.rewritten(["altered", *log.entries])
    with pytest.raises(IntegrityError) as refused:
        cosigned_by(fork, url)
    assert refused.value.code == "transparency.refused-as-fork"
    assert refused.value.public == {"host": "127.0.0.1", "size": 10}
    with pytest.raises(IntegrityError) as behind:
        cosigned_by(log.rewritten(log.entries[:8]), url)
    assert behind.value.public == {"seen": 10, "found": 8}


def test_a_witness_that_does_not_watch_the_log_says_so(url):
    other = MemoryLog(1, signer=new_signer("other.example"))
    with pytest.raises(InvalidInput) as refused:
        cosigned_by(other, url)
    assert refused.value.public == {"host": "127.0.0.1", "status": 404}


@pytest.mark.parametrize(
    "url",
    [
        "", "host", "ftp://host", "file:///etc/passwd", "http://", "http://host:x", "http://host:70000", "http://host:0",
        "http://user:secret@host", "http://host/?q", "http://host/#f", "http://hôst", "http://[::1",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_witness_is_refused(url, log):
    assert code_of(log, url) == "transparency.url"


def test_where_nobody_answers_is_said(log):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}", f"https://127.0.0.1:{port}", f"http://127.0.0.1:{port}/a b"):
        assert code_of(log, url) == "transparency.unreachable"


@contextmanager
def answering(*answers):
    """A server that gives the answers in turn, and the last one for ever: (status, headers, body)."""
    answers, asked = list(answers), []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(self.rfile.read(int(self.headers["Content-Length"])))
            status, headers, body = answers.pop(0) if len(answers) > 1 else answers[0]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    with running(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((500, {}, b""), "transparency.refused"),
        ((409, {}, b"x"), "transparency.refused"),
        ((409, {}, b"010\n"), "transparency.refused"),
        ((409, {}, b"10"), "transparency.refused"),
        ((409, {}, b"9" * 19 + b"\n"), "transparency.refused"),
        ((409, {}, b"9" * 5000 + b"\n"), "transparency.refused"),
        ((409, {}, b"3\n"), "transparency.refused"),  # again and again
        ((200, {}, b"x" * (LONGEST + 1)), "transparency.too-long"),
        ((200, {}, b"\xff"), "transparency.not-text"),
        ((200, {"Transfer-Encoding": "chunked"}, b"zz\r\n"), "transparency.unreachable"),
    ],
)
def test_whatever_a_witness_answers_the_log_ends_with_one_sentence(answer, code, log):
    with answering(answer) as (url, asked):
        assert code_of(log, url) == code
        assert len(asked) <= 4


def test_no_redirect_is_followed_and_no_proxy_used(log, server, monkeypatch):
    """Sockets only to the host that the command names."""
    other = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setenv("http_proxy", other)
    monkeypatch.setenv("HTTP_PROXY", other)
    for status in (301, 302, 307, 308):
        with answering((status, {"Location": other}, b"")) as (url, asked):
            with pytest.raises(InvalidInput) as refused:
                cosigned_by(log, url)
            assert refused.value.public["status"] == status
            assert len(asked) == 1


def test_what_is_sent_holds_no_entry(log):
    with answering((409, {}, b"4\n")) as (url, asked):
        code_of(log, url)
    assert [request.split(b"\n")[0] for request in asked] == [b"old 0", b"old 4", b"old 4", b"old 4"]
    assert all(entry.encode() not in request for entry in log.entries for request in asked)


def test_a_server_that_dawdles_is_left(log, monkeypatch):
    monkeypatch.setattr(ask, "LIFE", 0.3)
    monkeypatch.setattr(ask, "PATIENCE", 30)
    codes = []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        thread = threading.Thread(target=lambda: codes.append(code_of(log, url)), daemon=True)
        thread.start()
        thread.join(10)
        assert codes == ["transparency.unreachable"]


def test_a_note_from_the_network_is_what_a_stick_would_bring(url, log, folder):
    line = cosigned_by(log, url)[len(log.checkpoint()) :]
    witness = Witness(folder)
    (seen,) = witness.logs()
    assert cosigned(log.checkpoint(), witness._signer, seen.time) == log.checkpoint() + line
