"""Plain text in memory only on our side: intake creates no plain file (promise 9 of the design, rule C7).

A child seals 64 MB that hold a canary of 128 bits in every 4 KiB, and stops at every MiB until the parent has
looked into each file below the work folder, temporary files included, into every file that the child holds
open, deleted or not, and into its environment. Three planted leaks show that the look finds what is there.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

MEGABYTES = 64
CHILD = """
import os, shutil, sys, tempfile
from pathlib import Path
from confide.vault.custody import Cost
from confide.vault.vault import create_vault

written = []
sys.addaudithook(lambda event, args: written.append(str(args[0]))
    if event == "open" and not isinstance(args[0], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) else None)
folder, leak = Path(sys.argv[1]), sys.argv[2]
calls, kept = 0, []

def step(done, total):
    global calls
    calls += 1
    if calls == 20 and leak == "named":
        shutil.copyfile(folder / "raw/visits.csv", Path(tempfile.gettempdir()) / "copy")
    if calls == 20 and leak == "deleted":
        kept.append(tempfile.TemporaryFile())
        kept[0].write((folder / "raw/visits.csv").read_bytes()[:100000])
        kept[0].flush()
    if calls == 20 and leak == "environment":
        os.execve(sys.executable, [sys.executable, "-c", "print('.', flush=True); input(); print('end')"],
                  {"LEAK": (folder / "raw/visits.csv").read_bytes()[:40].split(b",")[1].decode()})
    if calls == 22 and leak == "named":
        (Path(tempfile.gettempdir()) / "copy").unlink()
    if calls == 22 and leak == "deleted":
        kept[0].close()
    print(".", flush=True)
    sys.stdin.readline()

vault, _ = create_vault(folder / "vault", "eleven green bicycles", cost=Cost(memory_kib=64, passes=1, lanes=1))
vault.seal(folder / "raw/visits.csv", folder / "sealed/visits.sealed", progress=step)
vault.verify(folder / "sealed/visits.sealed", folder / "raw/visits.csv")
vault.read(folder / "sealed/visits.sealed")
vault.seal_bytes(Path(folder / "raw/visits.csv").read_bytes(), folder / "sealed/queue.sealed")
print("end", *written, sep="\\t", flush=True)
"""


def canary():
    return os.urandom(8).hex().encode()  # 128 bits as text of a table, which may stand in an environment too


def holds(path, mark, allowed):
    """Whether the file at `path`, if it is a plain file other than `allowed`, holds the canary."""
    try:
        if not path.is_file() or os.path.samestat(path.stat(), allowed):
            return False
        return mark in path.read_bytes()
    except OSError:  # it went away under our eyes
        return False


def plain_copies(folder, process, mark, allowed):
    """Return the names of everything outside memory that holds the canary at this moment."""
    here = Path("/proc") / str(process.pid)
    places = [*folder.rglob("*"), *here.joinpath("fd").iterdir()]
    found = [str(path) for path in places if holds(path, mark, allowed)]
    return found + [name for name in ("environ", "cmdline") if mark in here.joinpath(name).read_bytes()]


def watch(folder, leak, megabytes):
    """Seal in a child; return what was found on the way, how often was looked, and what it opened to write."""
    for name in ("raw", "sealed", "tmp", "home"):
        (folder / name).mkdir()
    mark = canary()
    source = folder / "raw/visits.csv"
    source.write_bytes((b"row," + mark + b",").ljust(4096, b"x") * (megabytes * 256))
    allowed, found, looks = source.stat(), set(), 0
    places = {
        "TMPDIR": str(folder / "tmp"),
        "HOME": str(folder / "home"),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    command = [sys.executable, "-c", CHILD, str(folder), leak]
    with subprocess.Popen(
        command, cwd=folder, env=places, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout:
            if line.startswith("end"):
                break
            looks += 1
            found |= set(plain_copies(folder, process, mark, allowed))
            process.stdin.write("\n")
            process.stdin.flush()
    found |= {str(path) for path in folder.rglob("*") if holds(path, mark, allowed)}
    return found, looks, line.rstrip("\n").split("\t")[1:]


needs_proc = pytest.mark.skipif(
    not Path("/proc/self/fd").exists(), reason="looks into /proc, which only Linux has"
)


@needs_proc
def test_plain_text_stays_in_memory_and_intake_creates_no_plain_file(tmp_path):
    found, looks, written = watch(tmp_path, "none", MEGABYTES)
    assert found == set()
    assert looks >= MEGABYTES
    kinds = {Path(name).suffix for name in written}
    assert kinds == {".part"}, "besides SQLite's own files, only ciphertext under way is opened for writing"
    assert {Path(name).parent for name in written} == {tmp_path / "sealed", tmp_path / "vault"}


@needs_proc
@pytest.mark.parametrize("leak", ["named", "deleted", "environment"])
def test_the_look_finds_a_planted_plain_copy(tmp_path, leak):
    found, _, _ = watch(tmp_path, leak, 24)
    assert found, f"a {leak} copy of the canary was planted and not found"
