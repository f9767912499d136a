"""The service answers over HTTP what the model says, and refuses in JSON whatever else is sent."""

import json
import socket

import numpy as np
import pytest
from asgi import ask as call
from models_of import no_quota, tiny

from confide.encrypted.client import Client
from confide.encrypted.files import read_compiled, read_ranges, read_scores, write_compiled
from confide.encrypted.quota import Quota
from confide.encrypted.remote import Remote
from confide.encrypted.server import Server
from confide.encrypted.web import make_service, serving, token_digest
from confide.errors import AccessDenied, InvalidInput

TOKEN = "t" * 32
AUTH = {"authorization": f"Bearer {TOKEN}"}


def service(compiled, spend=no_quota):
    return make_service(Server(compiled, spend=spend), {"ward": token_digest(TOKEN)})


def test_a_query_over_the_service_is_the_models_score():
    compiled = tiny()
    app, client = service(compiled), Client(compiled.form)
    assert json.loads(call(app, "/form", **AUTH).body) == compiled.form.to_json()
    assert call(app, "/key", method="PUT", body=client.public_key(), **AUTH).status == 204
    reply = call(app, "/ask", method="POST", body=client.ask(np.array([[1.0, 1.0, 1.0]])), **AUTH)
    assert reply.status == 200
    assert client.read(reply.body)[0, 0] == pytest.approx(1.5, abs=compiled.form.error)


@pytest.mark.parametrize(("path", "method"), [("/form", "GET"), ("/key", "PUT"), ("/ask", "POST")])
@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"authorization": TOKEN[:-1]}])
def test_strangers_get_nothing(path, method, headers):
    answer = call(service(tiny()), path, method=method, body=b"x", **headers)
    assert answer.status == 401
    assert json.loads(answer.body)["error"]["code"] == "encrypted.stranger"


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"CFDE" + bytes(56), 400), (b"x" * 3_000_000, 413), (b"\x5e\xa1\x10", 400)],
)
def test_what_is_no_message_is_refused_without_being_repeated(body, status):
    app = service(tiny())
    for path, method in (("/key", "PUT"), ("/ask", "POST")):
        answer = call(app, path, method=method, body=body, **AUTH)
        assert answer.status in (status, 400)
        assert not body or body not in answer.body


def test_a_spent_quota_is_said_with_its_own_status(tmp_path):
    compiled = tiny()
    app = service(compiled, Quota(tmp_path / "answers", compiled.form, 1).spend)
    client = Client(compiled.form)
    call(app, "/key", method="PUT", body=client.public_key(), **AUTH)
    asked = [
        call(app, "/ask", method="POST", body=client.ask(np.zeros((1, 3))), **AUTH).status for _ in range(2)
    ]
    assert asked == [200, 429]


@pytest.mark.parametrize(
    "address",
    [
        "http://elsewhere.example",
        "ftp://127.0.0.1",
        "https://",
        "http://[::1",
        "https://u:p@h",
        "127.0.0.1:1",
    ],
)
def test_an_address_without_tls_elsewhere_is_refused(address):
    with pytest.raises(InvalidInput, match="https://HOST"):
        Remote(address, TOKEN)


def test_nobody_at_the_address_is_said():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(InvalidInput, match="nobody answers"):
        Remote(f"http://127.0.0.1:{port}", TOKEN).form()


def test_a_short_token_is_refused():
    with pytest.raises(InvalidInput, match="32 characters"):
        token_digest("short")


def test_a_compiled_model_is_for_its_owner_alone_and_never_overwritten(tmp_path):
    file = tmp_path / "m.json"
    write_compiled(file, tiny())
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_compiled(file).form == tiny().form
    with pytest.raises(InvalidInput, match="exists already"):
        write_compiled(file, tiny())


@pytest.mark.parametrize("content", [b"\x80\x04pickle", b"[1]", b"{}", b'{"features": 3}', b"[" * 10_000])
def test_a_file_that_is_no_model_is_refused_and_never_executed(tmp_path, content):
    file = tmp_path / "f"
    file.write_bytes(content)
    for read, said in ((read_scores, "no model"), (read_compiled, "no compiled"), (read_ranges, "no table")):
        with pytest.raises(InvalidInput, match=said):
            read(file)


def test_what_is_served_on_a_free_port_answers_there_and_no_longer_when_the_block_ends():
    compiled = tiny()
    with serving(service(compiled)) as address:
        remote = Remote(address, TOKEN)
        assert remote.form() == compiled.form
        with pytest.raises(AccessDenied, match="token is not one"):
            Remote(address, "u" * 32).form()
    with pytest.raises(InvalidInput, match="nobody answers"):
        remote.form()
