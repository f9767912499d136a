"""Rounds over a real NVFlare: a hub and four sites as processes with kits of their own, mutual TLS, kills, and who may do what."""

import datetime
import json
import os
import signal
import socket
import ssl
import time
from pathlib import Path

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from nvflare_parts import update_of

from confide.errors import InvalidInput
from confide.federated.journal import Journal
from confide.federated.messages import Parcel
from confide.federated.nvflare_kits import (
    engine_name,
    kits_here,
    make_kit,
    new_project,
    request,
    set_part,
    sign,
    site_name,
)
from confide.federated.nvflare_run import (
    administrator,
    end,
    running,
    start,
    status,
    stop,
    submit,
    wait,
    wait_for,
)

pytest.importorskip("nvflare", reason="the extra federated is not installed")

SITES = ["north.example", "south", "east", "west"]
LENGTH = 30_000
ROUNDS = 6
ENOUGH = 60.0  # seconds that a busy machine may take for a step


def until(true, seconds=ENOUGH):
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, "it did not come to pass"
        time.sleep(0.05)
    return time.monotonic() - began


@pytest.fixture(scope="module")
def kits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nvflare")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kits = kits_here(folder, "study", "localhost", port, SITES)
    plan = {"sites": SITES, "length": LENGTH, "threshold": 3, "rounds": ROUNDS}
    for name, kit in kits.items():
        if name != "admin":
            own = folder / f"own-{name}"
            own.mkdir()
            (own / "plan.json").write_text(json.dumps(plan | {"name": name}))
            set_part(kit, "nvflare_parts:hub" if name == "hub" else "nvflare_parts:site", own)
    paths = [
        str(Path(__file__).parent),
        str(Path(__file__).parents[2] / "src"),
        os.environ.get("PYTHONPATH", ""),
    ]
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    try:
        for name in ("hub", *SITES):
            start(kits[name])
        yield kits
    finally:
        for name in (*SITES, "hub"):
            end(kits[name], seconds=2.0)
        os.environ.pop("PYTHONPATH") if before is None else os.environ.__setitem__("PYTHONPATH", before)


@pytest.fixture(scope="module")
def session(kits):
    with administrator(kits["admin"], seconds=ENOUGH) as session:
        assert wait_for(session, SITES, seconds=ENOUGH) == sorted(SITES)
        yield session


def own(kits, name):
    return kits["hub"].parent / f"own-{name}"


def pid_of(kits, name):
    return int((own(kits, name) / "pid").read_text())


def ended(kits, number):
    return (own(kits, "hub") / f"round-{number}.json").exists


@pytest.fixture(scope="module")
def walk(kits, session):
    """Two runs of the engine: a site's process is killed in round 2, a site's machine dies in round 4, the run is stopped in round 5.

    Whoever is to be hit is held in its training from before the round begins.
    """
    seen = {}
    for name, number in (("east", 2), ("west", 4), ("south", 5)):
        (own(kits, name) / f"hold-{number}").touch()
    first = submit(session, "study", SITES, least=3)
    until((own(kits, "east") / "training-2").exists)
    os.kill(pid_of(kits, "east"), signal.SIGKILL)
    (own(kits, "east") / "hold-2").unlink()
    seen["killed process"] = until(ended(kits, 2))
    until((own(kits, "west") / "training-4").exists)
    for pid in (running(kits["west"]), pid_of(kits, "west")):
        os.kill(pid, signal.SIGKILL)
    seen["dead machine"] = until(ended(kits, 4))
    (own(kits, "west") / "hold-4").unlink()
    end(kits["west"])  # only takes its leave of the dead process
    start(kits["west"])
    until((own(kits, "south") / "training-5").exists)
    seen["while it runs"] = status(session, first)
    stop(session, first)
    seen["after the stop"] = wait(session, first, seconds=ENOUGH)
    (own(kits, "south") / "hold-5").unlink()
    seen["open"] = Journal(own(kits, "hub") / "journal").state(5)
    until(lambda: (kits["west"] / "console.txt").read_text().count("registered client") > 1)
    second = submit(session, "study", SITES, least=3)
    seen["at the end"] = wait(session, second, seconds=ENOUGH)
    files = [own(kits, "hub") / f"round-{number}.json" for number in range(1, ROUNDS + 1)]
    seen["rounds"] = [json.loads(file.read_text()) for file in files]
    return seen


def assert_plain_sum(kits, number, survivors):
    total = sum(update_of(name, number, LENGTH).astype(np.int64) for name in survivors)
    np.testing.assert_array_equal(np.load(own(kits, "hub") / f"sum-{number}.npy"), total.astype(np.int32))


@pytest.mark.slow
def test_rounds_over_nvflare_open_the_plain_sum_bit_for_bit(kits, walk):
    assert walk["at the end"] == "finished"
    assert walk["rounds"][0]["survivors"] == SITES
    for number, said in enumerate(walk["rounds"], 1):
        assert said["stage"] == "done"
        assert_plain_sum(kits, number, said["survivors"])


@pytest.mark.slow
def test_a_sites_process_that_is_killed_holds_nobody_up_and_is_back_in_this_round_or_the_next(walk):
    assert set(walk["rounds"][1]["survivors"]) >= {"north.example", "south", "west"}
    assert walk["killed process"] < 5 + 15  # five to notice, and what a busy machine takes
    assert walk["rounds"][2]["survivors"] == SITES


@pytest.mark.slow
def test_a_machine_that_dies_is_left_out_within_seconds_and_back_in_the_next_run(walk):
    assert walk["rounds"][3]["survivors"] == ["north.example", "south", "east"]
    assert walk["dead machine"] < 5 + 15
    assert walk["rounds"][5]["survivors"] == SITES


@pytest.mark.slow
def test_a_run_that_is_stopped_goes_on_in_the_next_where_the_journals_stood(walk):
    assert (walk["while it runs"], walk["after the stop"], walk["open"]) == ("running", "stopped", "open")
    assert "south" in walk["rounds"][4]["survivors"]


def dial(port, root, certificate=None, key=None):
    """Shake hands with the hub as NVFlare's machines do, and say whether it went on talking."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(root)
    if certificate:
        context.load_cert_chain(certificate, key)
    link = socket.create_connection(("127.0.0.1", port), timeout=10)
    try:
        with link, context.wrap_socket(link) as secure:
            secure.settimeout(1.0)
            return secure.recv(1) != b""  # a refusal comes here, after the handshake of TLS 1.3
    except TimeoutError:
        return True  # it waits for what we say
    except OSError:
        return False


def self_signed(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "south")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), 1, now, now + datetime.timedelta(days=1)
    ).sign(key, hashes.SHA256())
    none = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    (folder / "key").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, none))
    (folder / "crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return folder / "crt", folder / "key"


@pytest.mark.slow
def test_the_hub_hangs_up_on_no_certificate_and_on_one_of_another_root(kits, session, tmp_path):
    startup = kits["south"] / "startup"
    port = json.loads((kits["admin"] / "startup" / "fed_admin.json").read_text())["admin"]["port"]
    root = startup / "rootCA.pem"
    assert dial(port, root, startup / "client.crt", startup / "client.key")
    assert not dial(port, root)
    assert not dial(port, root, *self_signed(tmp_path))


def job(folder, path, *, custom=False):
    """A job as an administrator could write it by hand."""
    for app, name in (("hub", "server"), ("site", "client")):
        (folder / app / "config").mkdir(parents=True)
        kind = "workflows" if app == "hub" else "executors"
        hub = {"id": "hub", "path": path, "args": {}}
        site = {
            "tasks": ["*"],
            "executor": {"path": "confide.federated.nvflare_job.SiteExecutor", "args": {}},
        }
        settings = {"format_version": 2, kind: [hub if app == "hub" else site], "components": []}
        (folder / app / "config" / f"config_fed_{name}.json").write_text(json.dumps(settings))
    if custom:
        (folder / "hub" / "custom").mkdir()
        (folder / "hub" / "custom" / "own.py").write_text("")
    names = [
        engine_name(SITES[0])
    ]  # what is refused is the hub's part: one site's process is enough to wait for
    meta = {"name": "x", "min_clients": 1, "deploy_map": {"hub": ["server"], "site": names}}
    (folder / "meta.json").write_text(json.dumps(meta))
    return str(folder)


@pytest.mark.slow
def test_a_job_of_another_class_fails_before_anything_of_it_is_made(kits, session, walk, tmp_path):
    run = session.submit_job(
        job(tmp_path / "job", "nvflare.app_common.workflows.scatter_and_gather.ScatterAndGather")
    )
    assert wait(session, run, seconds=ENOUGH) == "failed"
    assert "is not in allow_list" in (kits["hub"] / "console.txt").read_text()


@pytest.mark.slow
def test_a_job_that_brings_code_is_refused(session, walk, tmp_path):
    run = session.submit_job(
        job(tmp_path / "job", "confide.federated.nvflare_job.HubController", custom=True)
    )
    assert wait(session, run, seconds=ENOUGH) == "failed"


@pytest.mark.slow
def test_an_administrator_cannot_read_files_of_a_machine(session):
    with pytest.raises(Exception, match=r"(?i)authoriz"):  # the engine's own exception
        session.cat_target("server", file="startup/fed_server.json")


@pytest.mark.slow
def test_no_private_key_but_the_roots_is_where_requests_are_signed(kits, tmp_path):
    root = kits["hub"].parent / "root"
    asked = request(tmp_path / "site", root / "profile.json", "site", "fifth.example")
    signed = sign(root, asked, tmp_path)
    assert b"PRIVATE KEY" not in asked.read_bytes() + signed.read_bytes()
    assert [file.name for file in root.rglob("*.key")] == ["rootCA.key"]
    with pytest.raises(InvalidInput, match="refused"):
        make_kit(tmp_path / "site", signed, "SHA256:" + ":".join(["00"] * 32), tmp_path / "kit")
    with pytest.raises(InvalidInput, match="fingerprint"):
        make_kit(tmp_path / "site", signed, "", tmp_path / "kit")
    assert not (tmp_path / "kit").exists()


@pytest.mark.slow
def test_a_kit_stores_nothing_outside_itself_and_runs_two_classes(kits):
    for name in ("hub", *SITES):
        settings = (kits[name] / "local" / "resources.json").read_text()
        assert "/tmp" not in settings.replace(
            str(kits[name]), ""
        )  # where the engine would store, if it were not told
        found = json.loads(settings)
        assert found["class_list_enforcement_mode"] == "enforce"
        assert [path.rpartition(".")[2] for path in found["class_allow_list"]] == [
            "HubController",
            "SiteExecutor",
        ]
        assert found["allow_log_streaming"] is False
        assert kits[name].stat().st_mode & 0o077 == 0


def test_a_folder_that_is_there_is_never_written_over(tmp_path):
    for refused in (
        lambda: new_project(tmp_path, "study", "localhost", 8470),
        lambda: request(tmp_path, tmp_path / "profile.json", "site", "north"),
    ):
        with pytest.raises(InvalidInput, match="there already"):
            refused()
    with pytest.raises(InvalidInput, match="small letters"):
        new_project(tmp_path / "root", "Study 1", "localhost", 8470)
    with pytest.raises(InvalidInput, match="no kit"):
        start(tmp_path)


@given(site=st.text(max_size=20))
def test_the_engines_name_of_a_site_is_its_own_and_leads_back(site):
    try:
        plain = engine_name(site)
    except InvalidInput:
        return
    assert plain.replace("_", "").replace("-", "").isalnum()
    assert site_name(plain) == site


@given(order=st.permutations(range(6)), twice=st.lists(st.integers(0, 5), max_size=3))
def test_messages_are_handed_on_once_and_in_order_however_the_engine_mixes_them(order, twice):
    from confide.federated.nvflare_stream import TOKEN, End

    line = End(None, "", bytes(TOKEN))
    found = [one.head for number in [*order, *twice] for one in line.ordered(number, Parcel(bytes([number])))]
    assert found == [bytes([number]) for number in range(6)]
