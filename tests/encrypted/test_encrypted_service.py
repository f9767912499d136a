"""The service answers over HTTP what the model says, and refuses in JSON whatever else is sent."""

import json
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
from asgi import ask as call
from models_of import compiled_cancer, no_quota, tiny, wide

from confide.encrypted.client import Client
from confide.encrypted.files import read_compiled, read_ranges, read_scores, write_compiled
from confide.encrypted.models import from_sklearn
from confide.encrypted.quota import Quota
from confide.encrypted.remote import Remote
from confide.encrypted.server import Server
from confide.encrypted.web import make_service, token_digest
from confide.errors import InvalidInput

TOKEN = "t" * 32
AUTH = {"authorization": f"Bearer {TOKEN}"}
CONFIDE = [sys.executable, "-c", "from confide.cli.main import run; run()"]


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


def test_compile_serve_and_ask_work_from_the_command_line(tmp_path):
    rows, model, _ = compiled_cancer()
    scores = from_sklearn(model)
    (tmp_path / "model.json").write_text(json.dumps(scores.to_json()))
    ranges = "".join(
        f"{name} = [{low}, {high}]\n" for name, (low, high) in wide(rows, scores.features).items()
    )
    (tmp_path / "ranges.toml").write_text("[ranges]\n" + ranges)
    (tmp_path / "token").write_text("0123456789abcdef" * 4 + "\n")
    table = "\n".join([",".join(scores.features), *(",".join(map(repr, row)) for row in rows[:3].tolist())])
    (tmp_path / "table.csv").write_text(table + "\n")
    told = _confide(tmp_path, "compile", "model.json", "compiled.json", "--ranges", "ranges.toml", "--json")
    assert json.loads(told)["security_bits"] == 128
    assert json.loads(told)["raw_answers_that_give_it_away"] == 31
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    serving = subprocess.Popen(
        [*CONFIDE, "encrypted", "serve", "compiled.json", "--client", "ward=token", "--most", "4",
         "--listen", f"127.0.0.1:{port}"], cwd=tmp_path, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert "31 raw ones give the model away" in serving.stdout.readline()
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        address = f"http://127.0.0.1:{port}"
        said = json.loads(_confide(tmp_path, "ask", address, "table.csv", "--token", "token", "--json"))
        np.testing.assert_allclose(
            np.array(said["answers"])[:, 0], model.decision_function(rows[:3]), atol=said["error"]
        )
        second = subprocess.run(
            [*CONFIDE, "encrypted", "ask", address, "table.csv", "--token", "token"],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert second.returncode == 6
        assert "no more answers" in second.stderr
    finally:
        serving.terminate()
        serving.wait(10)


def _confide(folder, *arguments):
    run = subprocess.run(
        [*CONFIDE, "encrypted", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout
