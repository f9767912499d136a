"""Promise 1 on a failing disk: every write, sync, truncate, rename and unlink fails once; or all do from then on; or the
process is killed there.

The disk fails below SQLite and below our own files alike: `failing_io.c` stands between the process and the system.
The files lie in memory, because the system is asked to sync thousands of times.
"""

import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from scenario import ACCOUNT, STUDY, Count

import confide
from confide.errors import InvalidInput
from confide.ledger.home import open_ledger
from confide.ledger.verify import verify_ledger

HERE = Path(__file__).parent
MODES = ("once", "lasting", "half", "kill", "torn")  # in the order of `failing_io.c`


@dataclass
class Day:
    """What a process was told before its disk failed it."""

    told: list[str] = field(default_factory=list)
    refused: str | None = None
    killed: bool = False
    drawn: set[str] = field(default_factory=set)
    shown: dict[str, int] = field(default_factory=dict)
    failures: int = 0


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    if shutil.which("gcc") is None:
        pytest.skip("there is no gcc to build the failing disk with")
    shim = tmp_path_factory.mktemp("shim") / "failing_io.so"
    subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", shim, HERE / "failing_io.c", "-ldl"], check=True)
    source = str(Path(confide.__file__).parents[1])
    with subprocess.Popen(
        [sys.executable, HERE / "scenario.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=dict(os.environ) | {"LD_PRELOAD": str(shim), "PYTHONPATH": source, "OPENBLAS_NUM_THREADS": "1"},
    ) as running:  # fmt: skip
        yield running
        running.stdin.close()


@pytest.fixture
def disk():
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        yield Path(folder)


def live(process, folder, nth, error, mode="once"):
    """Live one day in `folder`, whose `nth` change of a file fails."""
    process.stdin.write(f"{folder} {nth} {error} {MODES.index(mode)}\n")
    process.stdin.flush()
    found = Day()
    while True:
        match process.stdout.readline().split():
            case ["refused", code]:
                found.refused = code
            case ["drawn", name]:
                found.drawn.add(name)
            case ["shown", name, count]:
                found.shown[name] = int(count)
            case ["calls", _, failures]:
                found.failures = int(failures)
                return found
            case ["killed", number]:
                assert int(number) == signal.SIGKILL
                found.killed = True
                return found
            case [word]:
                found.told.append(word)
            case line:
                raise AssertionError(" ".join(line))


def check(found, folder):
    """Reopen the ledger on a disk that works, and compare it with what the process was told."""
    with open_ledger(folder) as ledger:
        verify_ledger(ledger)
        assert ("account" not in found.told) or ledger.accounts() == [ACCOUNT]
        assert ("allowance" not in found.told) or ledger.studies(ACCOUNT) == [STUDY]
        charges = [entry.body["name"] for entry in ledger.store.all(kind="charge")]
        assert found.drawn <= set(charges), "noise was drawn that nobody paid"
        if charges:
            balance, commits = ledger.balance(ACCOUNT), ledger.store.count(kind="commit")
            assert balance.epsilon_spent == len(charges), "a charge was lost, or counted twice"
            assert balance.charges == commits + balance.abandoned + balance.open == len(charges)
        for name, count in found.shown.items():
            release = ledger.released(Count(name), study=STUDY, account=ACCOUNT)
            assert release["count"] == count, "a release was shown that is not durable"
        return {name: charges.count(name) for name in charges}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "error", "step"),
    [
        ("once", errno.EIO, 1),
        ("lasting", errno.ENOSPC, 3),
        ("half", errno.ENOSPC, 2),
        ("kill", 0, 1),
        ("torn", 0, 2),
    ],
)
def test_whatever_write_fails_nothing_acknowledged_is_lost_and_nothing_is_shown_that_is_not_durable(
    process, disk, mode, error, step
):
    ended = 0
    for nth in range(1, 1_000, step):
        folder = disk / str(nth)
        found = live(process, folder, nth, error, mode)
        if "done" in found.told and not found.failures:
            break
        ended += found.killed or found.refused is not None
        assert found.refused in {None, "ledger.unwritable"}
        assert ("done" in found.told) is (found.refused is None and not found.killed), (
            "neither done nor refused"
        )
        paid = check(found, folder)
        again = live(process, folder, 0, error)  # and the day can be lived to its end
        assert again.told[-1] == "done"
        assert found.shown.items() <= again.shown.items(), "a release that was shown has changed"
        for name, times in check(again, folder).items():
            assert times <= paid.get(name, 0) + 1, "a plan was charged twice in one day"
            assert name not in found.shown or times == paid[name], "a release was charged again"
        shutil.rmtree(folder)
    assert nth > 150, "the disk hardly ever failed"
    assert ended > nth / step / 2


def test_a_folder_that_cannot_be_written_at_all_is_refused_in_one_sentence(process, disk):
    found = live(process, disk / "home", 1, errno.ENOSPC, "lasting")
    assert found == Day(refused="ledger.unwritable", failures=found.failures)
    with pytest.raises(InvalidInput, match="cannot be written"):
        raise InvalidInput(found.refused, file="ledger.sqlite")
