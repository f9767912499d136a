"""Two hospitals on one machine: a log, a witness, sticks and sockets between them; and an insider."""

import contextlib
import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import confide
from confide.cli.main import run
from confide.cli.witness import folder
from confide.crypto.merkle import appended, leaf_hash
from confide.crypto.note import Signer, checkpoint_body, cosigned, new_signer, parse_checkpoint, signed
from confide.errors import IntegrityError
from confide.ledger.entries import canonical, link
from confide.ledger.home import open_ledger, open_unchecked
from confide.study.log import prove_entry
from confide.transparency.kept import COSIGNED, EACH, WITNESSES

WITNESS = "north.example/witness"


def call(*arguments):
    """Run a command in this process; return exit code, standard output and standard error."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as left:
        run([str(argument) for argument in arguments])
    return left.value.code, out.getvalue(), err.getvalue()


def said(*arguments):
    code, out, err = call(*arguments)
    assert (code, err) == (0, "")
    return out


def given(*arguments):
    return json.loads(said(*arguments, "--json"))


def refused(*arguments):
    code, out, _ = call(*arguments, "--json")
    error = json.loads(out)["error"]
    assert error["exit_code"] == code
    return error["code"]


class Hospital:
    def __init__(self, home, monkeypatch):
        self.home, self._patch = home, monkeypatch

    def __enter__(self):
        self._patch.setenv("CONFIDE_HOME", str(self.home))
        return self

    def __exit__(self, *_):
        self._patch.delenv("CONFIDE_HOME")

    def charge_accounts(self, *names):
        with open_ledger(self.home) as ledger:
            for name in names:
                ledger.open_account(name, epsilon=1, delta=1e-8, patients=1000)


@pytest.fixture
def south(tmp_path, monkeypatch):
    """A hospital with a ledger."""
    hospital = Hospital(tmp_path / "south", monkeypatch)
    hospital.charge_accounts("inpatients", "outpatients")
    return hospital


@pytest.fixture
def north(tmp_path, monkeypatch):
    """A hospital with a witness."""
    hospital = Hospital(tmp_path / "north", monkeypatch)
    with hospital:
        said("witness", "new", WITNESS)
    return hospital


@pytest.fixture
def friends(south, north):
    with south:
        log = given("log", "show")["key"]
    with north:
        said("witness", "add-log", log)
        witness = given("witness", "show")["key"]
    with south:
        said("log", "add-witness", witness)
    return south, north


def carried(south, north, stick):
    """One round with a stick; returns what the log's side says at the end."""
    with south:
        said("log", "request", stick / "request")
    with north:
        said("witness", "sign", stick / "request", stick / "answer")
    with south:
        return given("log", "add", stick / "answer")


# the walk -------------------------------------------------------------------------------------------


def test_a_round_with_a_stick_is_told_in_one_line_each(south, north, tmp_path):
    request, answer = tmp_path / "request.txt", tmp_path / "answer.txt"
    with south:
        shown = said("log", "show").splitlines()
        key = shown[1].removeprefix("verifier key: ")
        assert shown[0].startswith("log: confide-ledger/")
        assert shown[2] == "entries: 4"
        assert len(shown[3]) == len("root: ") + 64
        assert shown[4].startswith("no witness is trusted yet")
        assert said("log", "verify").splitlines()[-1] == "entries that no witness has seen: 4"
    with north:
        assert said("witness", "show").startswith(f"verifier key: {WITNESS}+")
        assert said("witness", "add-log", key) == f"{key.split('+')[0]} is watched from now on\n"
        assert said("witness", "show").splitlines()[1].endswith(": nothing cosigned yet")
        witness = given("witness", "show")["key"]
    with south:
        assert said("log", "add-witness", witness) == f"{WITNESS} is trusted from now on\n"
        assert f"trusted witness: {witness}" in said("log", "show")
        asked = said("log", "request", request)
        assert asked == f"{request} asks for a cosignature of 4 entries; carry it to the witness\n"
    with north:
        assert "cosigned 4 entries of confide-ledger/" in said("witness", "sign", request, answer)
        assert ": cosigned 4 entries, last on 20" in said("witness", "show")
    with south:
        assert said("log", "add", answer).startswith(f"{WITNESS} cosigned the first 4 entries on 20")
        south.charge_accounts("births")
        lines = said("log", "verify").splitlines()
    assert lines[0].startswith("in order: 5 entries, root ")
    assert lines[1].startswith(f"{WITNESS} cosigned the first 4 entries on 20")
    assert lines[2] == "entries that no witness has seen: 1"


def test_every_answer_can_be_had_as_json(friends, tmp_path):
    south, north = friends
    assert carried(south, north, tmp_path)[0].keys() == {"witness", "size", "time"}
    with south:
        assert given("log", "request", tmp_path / "r") == {"file": str(tmp_path / "r"), "size": 4}
        found = given("log", "verify")
        assert (found["size"], found["tail"], found["cosigned"][0]["witness"]) == (4, 0, WITNESS)
        assert found["root"] == given("log", "show")["root"]
        witness = given("log", "show")["witnesses"][0]
        assert given("log", "add-witness", witness) == {"trusted": witness}
        key = given("log", "show")["key"]
    with north:
        assert given("witness", "add-log", key) == {"watched": key}
        (seen,) = given("witness", "show")["logs"]
        assert (seen["size"], seen["root"], seen["refused"]) == (4, found["root"], "")
        signed_file = given("witness", "sign", tmp_path / "r", tmp_path / "a")
        assert signed_file == {"file": str(tmp_path / "a"), "origin": found["origin"], "size": 4}
    north.home = tmp_path / "third"
    with north:
        assert given("witness", "new", "third.example/witness")["key"].startswith("third.example/witness+")


def test_rounds_go_on_from_what_is_kept(friends, tmp_path):
    south, north = friends
    for number in range(3):
        assert carried(south, north, tmp_path)[0]["size"] == 4 + number
        south.charge_accounts(f"births {number}")


def test_a_lost_answer_is_asked_for_again_with_the_size_that_the_witness_says(friends, tmp_path):
    south, north = friends
    with south:
        said("log", "request", tmp_path / "request")
    with north:
        said("witness", "sign", tmp_path / "request", tmp_path / "lost")
        said("witness", "sign", tmp_path / "request", tmp_path / "again")
    south.charge_accounts("births")
    with south:
        said("log", "request", tmp_path / "request")
    with north:
        code, _, err = call("witness", "sign", tmp_path / "request", tmp_path / "answer")
        assert code == 2
        assert "--since 4" in err
    with south:
        said("log", "request", tmp_path / "request", "--since", "4")
    with north:
        said("witness", "sign", tmp_path / "request", tmp_path / "answer")
    with south:
        said("log", "add", tmp_path / "answer")
        assert given("log", "verify")["tail"] == 0
        assert refused("log", "request", tmp_path / "request", "--since", "9") == "transparency.behind"


def test_the_witness_of_a_request_is_named_where_there_are_several_or_none(south, tmp_path):
    keys = [new_signer(f"{name}.example/witness").cosigner.to_text() for name in ("east", "west")]
    with south:
        assert refused("log", "request", tmp_path / "r") == "transparency.no-such-witness"
        for key in keys:
            said("log", "add-witness", key)
        assert refused("log", "request", tmp_path / "r") == "transparency.no-such-witness"
        assert refused("log", "request", tmp_path / "r", "--witness", "x") == "transparency.no-such-witness"
        said("log", "request", tmp_path / "r", "--witness", "west.example/witness")


def test_files_that_are_something_else_are_refused_in_one_sentence(friends, tmp_path):
    south, north = friends
    (tmp_path / "junk").write_bytes(b"\xff\x00 junk")
    (tmp_path / "text").write_text("junk", encoding="utf-8")
    with south:
        said("log", "request", tmp_path / "request")
        assert refused("log", "add", tmp_path / "junk") == "transparency.not-text"
        assert refused("log", "add", tmp_path / "text") == "crypto.checkpoint"
        assert refused("log", "add", tmp_path / "none") == "cli.bad-value"
        assert refused("log", "add-witness", "x") == "crypto.verifier-key"
        assert refused("log", "verify", "--against", tmp_path / "text") == "crypto.checkpoint"
        assert refused("witness", "show") == "transparency.no-witness"
    with north:
        assert refused("witness", "sign", tmp_path / "text", tmp_path / "a") == "transparency.request"
        assert refused("witness", "add-log", "x") == "crypto.verifier-key"
        assert refused("witness", "new", WITNESS) == "transparency.witness-exists"
        assert refused("witness", "serve", "--listen", "nowhere") == "transparency.address"
    assert not (tmp_path / "a").exists()


# proofs ---------------------------------------------------------------------------------------------


def test_a_third_party_checks_an_entry_without_the_ledger(friends, tmp_path, monkeypatch):
    south, north = friends
    carried(south, north, tmp_path)
    with south:
        key = given("log", "show")["key"]
        witness = given("log", "show")["witnesses"][0]
        (tmp_path / "proof.json").write_text(said("log", "prove", 2), encoding="utf-8")
        south.charge_accounts("births")
        late = said("log", "prove", 4)
        assert refused("log", "prove", 5) == "transparency.no-entry"
        with pytest.raises(IntegrityError):
            prove_entry(-1)
    (tmp_path / "late.json").write_text(late, encoding="utf-8")
    shutil.rmtree(south.home)
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "nothing"))
    lines = said(
        "log", "check-proof", tmp_path / "proof.json", "--log", key, "--witness", witness
    ).splitlines()
    assert lines[0].startswith("entry 2 of confide-ledger/")
    assert json.loads(lines[1])["account"] == "inpatients"
    assert lines[2].startswith(f"{WITNESS} cosigned the first 4 entries on 20")
    shown = given("log", "check-proof", tmp_path / "late.json", "--log", key)
    assert (shown["sequence"], shown["size"], shown["cosigned"]) == (4, 5, [])
    for arguments, code in (
        (["late.json", "--log", key, "--witness", witness], "crypto.not-signed"),
        (["proof.json", "--log", witness], "transparency.other-log"),
        (["proof.json", "--log", "x"], "crypto.verifier-key"),
        (["proof.json"], "cli.missing"),
    ):
        assert refused("log", "check-proof", tmp_path / arguments[0], *arguments[1:]) == code
    assert not (tmp_path / "nothing").exists()


def test_without_a_trusted_witness_a_proof_stands_on_the_logs_signature(friends, tmp_path):
    south, north = friends
    carried(south, north, tmp_path)
    (south.home / WITNESSES).unlink()
    with south:
        assert len(parse_checkpoint(json.loads(said("log", "prove", 0))["checkpoint"]).signatures) == 1


# the insider ----------------------------------------------------------------------------------------


def rewrite(home, change):
    """Rewrite the whole ledger as root with log.key could: entries, chain, tree, checkpoint, and nothing else."""
    with contextlib.closing(sqlite3.connect(home / "ledger.sqlite", isolation_level=None)) as connection:
        rows = connection.execute("SELECT sequence, body, salt FROM entries ORDER BY sequence").fetchall()
        bodies = change([json.loads(body) for _, body, _ in rows])
        salts = [salt for _, _, salt in rows] + [os.urandom(16)] * len(bodies)
        connection.execute("DELETE FROM nodes")
        connection.execute("DELETE FROM entries WHERE sequence >= ?", (len(bodies),))
        previous, nodes = "0" * 64, {}
        for sequence, body in enumerate(bodies):
            text = canonical(body | {"sequence": sequence, "previous": previous})
            previous = link(previous, text)
            connection.execute(
                "UPDATE entries SET body = ?, hash = ?, kind = ?, account = ? WHERE sequence = ?",
                (text, previous, body["kind"], body.get("account"), sequence),
            )
            leaf = leaf_hash(salts[sequence] + text.encode())
            for level, index, digest in appended(sequence, leaf, lambda *at: nodes[at]):
                nodes[level, index] = digest
                connection.execute("INSERT INTO nodes VALUES (?, ?, ?)", (level, index, digest))
    with open_unchecked(home, url=None, seen=None) as ledger:
        root = ledger.store.root(len(bodies))
        body = checkpoint_body(f"confide-ledger/{ledger.id}", len(bodies), root)
    signer = Signer.from_bytes((home / "log.key").read_bytes())
    (home / "checkpoint").write_text(signed(body, signer), encoding="utf-8")


def altered(bodies):
    return [body | {"patients": 9} if body["kind"] == "account" else body for body in bodies]


def shortened(bodies):
    return bodies[:-1]


def forget(home):
    """And takes away what the institution itself kept of its witnesses' signatures."""
    shutil.rmtree(home / EACH)
    (home / COSIGNED).unlink()


@pytest.mark.parametrize("change", [altered, shortened])
def test_a_ledger_rewritten_by_an_insider_is_found_against_what_the_witness_cosigned(
    friends, tmp_path, change
):
    south, north = friends
    carried(south, north, tmp_path)
    cosigned_note = tmp_path / "answer"
    rewrite(south.home, change)
    with south:
        assert refused("log", "verify") in ("ledger.forked", "ledger.rolled-back")
        forget(south.home)
        assert given("log", "verify")["cosigned"] == []  # nothing shows: but nobody has cosigned it either
        found = refused("log", "verify", "--against", cosigned_note)
        assert found in ("transparency.forked", "transparency.cut")
        request = tmp_path / "request"
        since = 4 if change is altered else 0
        said("log", "request", request, "--since", since)
    with north:
        assert refused("witness", "sign", request, tmp_path / "no") in (
            "crypto.consistency",
            "transparency.other-size",
        )
        (seen,) = given("witness", "show")["logs"]
        assert seen["size"] == 4
        assert bool(seen["refused"]) == (change is altered)
        assert ("refused a checkpoint of 4 entries" in said("witness", "show")) == (change is altered)
    assert not (tmp_path / "no").exists()


def test_a_witness_removed_from_the_list_does_not_hide_what_it_cosigned(friends, tmp_path):
    south, north = friends
    carried(south, north, tmp_path)
    (south.home / WITNESSES).unlink()
    with south:
        assert refused("log", "verify") == "transparency.nobody-known"


def test_a_checkpoint_that_somebody_brings_may_be_cosigned_or_not(friends, tmp_path):
    south, north = friends
    shutil.copy(south.home / "checkpoint", tmp_path / "plain")
    carried(south, north, tmp_path)
    with south:
        forget(south.home)
        assert given("log", "verify", "--against", tmp_path / "plain")["tail"] == 4
        assert (
            given("log", "verify", "--against", tmp_path / "plain", "--against", tmp_path / "answer")["tail"]
            == 0
        )
        (south.home / "checkpoint").unlink()
        assert given("log", "verify")["tail"] == 4


def test_an_entry_altered_without_the_key_is_found_in_the_entries(friends):
    south, _ = friends
    with contextlib.closing(
        sqlite3.connect(south.home / "ledger.sqlite", isolation_level=None)
    ) as connection:
        connection.execute("UPDATE nodes SET hash = ? WHERE level = 1 AND idx = 0", (bytes(32),))
    with south:
        assert refused("log", "verify") == "ledger.broken-chain"


def test_two_witnesses_are_both_remembered(friends, tmp_path):
    south, north = friends
    carried(south, north, tmp_path)
    second = new_signer("east.example/witness")
    with south:
        said("log", "add-witness", second.cosigner.to_text())
        south.charge_accounts("births")
        said("log", "request", tmp_path / "r", "--witness", second.name)
        assert (tmp_path / "r").read_text(encoding="utf-8").startswith("old 0\n")
        note = (tmp_path / "r").read_text(encoding="utf-8").partition("\n\n")[2]
        (tmp_path / "a").write_text(cosigned(note, second, 1_900_000_000), encoding="utf-8")
        said("log", "add", tmp_path / "a")
        sizes = {each["witness"]: each["size"] for each in given("log", "verify")["cosigned"]}
    assert sizes == {WITNESS: 4, second.name: 5}


# the network ----------------------------------------------------------------------------------------


@contextlib.contextmanager
def serving(home, *options):
    environment = os.environ | {
        "CONFIDE_HOME": str(home),
        "PYTHONPATH": str(Path(confide.__file__).parents[1]),
    }
    command = [sys.executable, "-u", "-c", "from confide.cli.main import run; run()"]
    process = subprocess.Popen(
        [*command, "witness", "serve", "--listen", "127.0.0.1:0", *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
        process.stdout.close()
        process.stderr.close()


def test_a_log_is_witnessed_over_the_network_by_a_process_of_its_own(friends):
    south, north = friends
    with serving(north.home) as server, south:
        line = server.stdout.readline()
        assert line.startswith(f"{WITNESS} listens on 127.0.0.1:")
        url = "http://" + line.split()[-1]
        assert said("log", "witness", url).startswith(f"{WITNESS} cosigned the first 4 entries")
        assert server.stdout.readline() == "200 /add-checkpoint\n"
        south.charge_accounts("births")
        assert given("log", "witness", url)[0]["size"] == 5
        assert given("log", "verify")["tail"] == 0
        assert refused("log", "witness", url + "/elsewhere") == "transparency.refused"
        assert refused("log", "witness", "ftp://x") == "transparency.url"
    assert server.returncode == 130


def test_a_server_tells_its_life_in_json(friends):
    south, north = friends
    with serving(north.home, "--json") as server, south:
        address = json.loads("".join(server.stdout.readline() for _ in range(4)))
        assert address["name"] == WITNESS
        said("log", "witness", f"http://{address['address']}")
        assert json.loads("".join(server.stdout.readline() for _ in range(4)))["status"] == 200


def test_the_witness_lives_in_the_institutions_folder(north):
    with north:
        assert folder() == north.home / "witness"
