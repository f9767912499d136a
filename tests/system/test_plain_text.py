"""Promises 9 and 10: plain text in memory only on our side, and no call to an outside host.

A canary of 128 bits stands in a note, in a name, in a cell and in the passphrase. While `confide run` is a
process at work, after its end and after kill -9, every file we could have written and what the process
shows of itself is searched for it, also in the encodings in which it could hide.
"""

import base64
import codecs
import os
import secrets
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path

import pytest
from quick import make_quick
from small import STUDY, make_small

from confide.ledger.home import home

pytestmark = pytest.mark.slow

CONFIDE = [sys.executable, "-c", "from confide.cli.main import run; run()"]
OURS_TO_READ = ("raw", "outgoing", ".outgoing.new", "passphrase.txt", "ids.csv", "optout.csv", "study.toml")


def new_canary() -> str:
    """Return 128 bits in letters; digits might read as a telephone number, which would be replaced."""
    return secrets.token_hex(16).translate(str.maketrans("0123456789", "ghijklmnop"))


def forms(canary: str) -> dict[str, bytes]:
    """Return the bytes in which a text of letters could lie somewhere."""
    plain = canary.encode()
    return {
        "plain": plain,
        "upper case": canary.upper().encode(),
        "UTF-16": canary.encode("utf-16-le"),
        "base64": base64.b64encode(plain).rstrip(b"=")[:-2],
        "hex": plain.hex().encode(),
        "turned around": plain[::-1],
        "rot13": codecs.encode(canary, "rot13").encode(),
    }


def found_in(places: list[Path], canaries: list[str], *, apart: tuple[Path, ...] = ()) -> list[str]:
    """Name each file, by content or by name, that holds a canary; files that vanish meanwhile hold none."""
    found = []
    for place in places:
        for path in [place, *place.rglob("*")]:
            if any(path == each or each in path.parents for each in apart):
                continue
            try:
                content = path.read_bytes() if path.is_file() else b""
            except OSError:
                continue
            for canary in canaries:
                for form, wanted in forms(canary).items():
                    if wanted in content or wanted in os.fsencode(path.name):
                        found.append(f"{path} ({form})")
    return found


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """A study with four canaries, and folders of its own for everything a process may write."""
    canaries = [new_canary() for _ in range(4)]
    note, name, cell, passphrase = canaries
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))
    for variable in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_STATE_HOME", "POLARS_TEMP_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
        (tmp_path / variable.lower()).mkdir()
    text = STUDY.replace("steps = 10", "steps = 1500").format(language="en")
    folder = make_small(tmp_path / "study", text=STUDY, patients=60).folder
    (folder / "study.toml").write_text(text)
    table, notes = folder / "raw/visits.csv", folder / "raw/notes.jsonl"
    rows = table.read_text().splitlines()
    first = rows[1].split(",")
    rows = [f"{row},{'ward' if n == 0 else cell if n == 3 else 'north'}" for n, row in enumerate(rows)]
    table.write_text("\n".join(rows).replace(first[2], f"Zed {name}") + "\n")
    notes.write_text(
        notes.read_text().replace("Parkinson", f"{note} Parkinson").replace(first[2], f"Zed {name}")
    )
    make_quick(passphrase)
    (folder / "passphrase.txt").write_text(passphrase)
    return folder, canaries


def places_of(folder: Path) -> tuple[list[Path], tuple[Path, ...]]:
    """Return where to look, and what is the hospital's own, not ours."""
    return [folder.parent], tuple(folder / name for name in OURS_TO_READ)


def processes(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    return [pid, *map(int, children.read_text().split())] if children.exists() else [pid]


def shown_by(pid: int, apart: tuple[Path, ...]) -> bytes:
    """Return what a process shows of itself: arguments, environment, and every file that it holds open."""
    seen = b""
    for each in processes(pid):
        for name in ("cmdline", "environ", "comm", "status"):
            with suppress(OSError):
                seen += Path(f"/proc/{each}/{name}").read_bytes()
        with suppress(OSError):
            for handle in Path(f"/proc/{each}/fd").iterdir():  # also of files without a name
                with suppress(OSError):
                    if handle.is_file() and not any(handle.readlink().is_relative_to(a) for a in apart):
                        seen += handle.read_bytes()
    return seen


def test_the_scan_finds_a_planted_canary_in_every_form(tmp_path):
    canary = new_canary()
    for number, wanted in enumerate(forms(canary).values()):
        (tmp_path / f"{number}.bin").write_bytes(b"\0" * 1000 + wanted + b"\0" * 1000)
    (tmp_path / f"{canary}.txt").write_bytes(b"")
    assert len(found_in([tmp_path], [canary])) == len(forms(canary)) + 1
    assert found_in([tmp_path], [new_canary()]) == []


def test_the_scan_finds_the_canaries_where_they_were_planted(planted):
    folder, canaries = planted
    for canary, name in zip(
        canaries, ("raw/notes.jsonl", "raw/visits.csv", "raw/visits.csv", "passphrase.txt"), strict=True
    ):
        assert found_in([folder / name], [canary])


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="the process is watched through /proc")
@pytest.mark.parametrize("killed", [False, True], ids=["during and after a run", "after kill -9"])
def test_plain_text_lies_in_memory_only_on_our_side(planted, killed):
    folder, canaries = planted
    places, apart = places_of(folder)
    logs = folder.parent / "log.txt"
    rounds = 0
    with logs.open("wb") as log:
        process = subprocess.Popen([*CONFIDE, "run", str(folder)], stdout=log, stderr=log)
        began = time.monotonic()
        while process.poll() is None and time.monotonic() - began < 60:
            seen = shown_by(process.pid, apart)
            assert not any(canary.encode() in seen for canary in canaries)
            assert found_in(places, canaries, apart=apart) == []
            rounds += 1
            if killed and (folder / "sealed/index.sealed").exists():
                process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)
    assert rounds >= 3
    assert process.returncode == (-signal.SIGKILL if killed else 0), logs.read_text()
    assert found_in(places, canaries, apart=apart) == []
    if not killed:
        out = folder / "outgoing"
        assert found_in([out], canaries[1:]) == []
        assert found_in([out], ["Parkinson"]) != [], "the notes have left: what is no identifier stays"


NO_SOCKET = """
    import socket, sys
    class NoSocket(socket.socket):
        def __init__(self, *args, **kwargs):
            raise SystemExit("a socket was made")
    socket.socket = NoSocket
    socket.create_connection = socket.getaddrinfo = NoSocket
    sys.addaudithook(lambda event, _: event.startswith("socket.") and sys.exit("a socket was made: " + event))
    from confide.cli.main import run
    run()
"""


def test_the_guard_against_sockets_stops_one():
    code = (
        textwrap.dedent(NO_SOCKET).split("from confide")[0]
        + "import urllib.request as u; u.urlopen('http://192.0.2.1')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "a socket was made" in done.stderr


def test_offline_a_run_makes_no_socket(tmp_path, monkeypatch):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))
    folder = make_small(tmp_path / "study", text=STUDY, patients=60).folder
    command = [sys.executable, "-c", textwrap.dedent(NO_SOCKET), "run", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_offline_a_run_works_where_there_is_no_network_at_all(tmp_path, monkeypatch):
    alone = ["unshare", "-rn"]
    if shutil.which("unshare") is None or subprocess.run([*alone, "true"], check=False).returncode != 0:
        pytest.skip("this machine does not let a test cut its network")
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))
    folder = make_small(tmp_path / "study", text=STUDY, patients=60).folder
    done = subprocess.run([*alone, *CONFIDE, "run", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (home() / "ledger.sqlite").exists()
