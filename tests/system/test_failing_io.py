"""Promise 1 on a failing disk: every write, sync, truncate, rename and unlink fails once; or all do from then on.

The disk fails below SQLite and below our own files alike: `failing_io.c` stands between the process and the system.
"""

import errno
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from scenario import ACCOUNT, STUDY, Count

import confide
from confide.errors import InvalidInput
from confide.ledger.home import open_ledger
from confide.ledger.verify import verify_ledger

HERE = Path(__file__).parent


@dataclass
class Day:
    """What a process was told before its disk failed it."""

    told: list[str] = field(default_factory=list)
    refused: str | None = None
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


def live(process, folder, nth, error, *, lasting=False):
    """Live one day in `folder`, whose `nth` change of a file fails."""
    process.stdin.write(f"{folder} {nth} {error} {int(lasting)}\n")
    process.stdin.flush()
    found = Day()
    while (line := process.stdout.readline().split())[0] != "calls":
        match line:
            case ["refused", code]:
                found.refused = code
            case ["drawn", name]:
                found.drawn.add(name)
            case ["shown", name, count]:
                found.shown[name] = int(count)
            case [word]:
                found.told.append(word)
            case _:
                raise AssertionError(" ".join(line))
    found.failures = int(line[2])
    return found


def check(found, folder):
    """Reopen the ledger on a disk that works, and compare it with what the process was told."""
    with open_ledger(folder) as ledger:
        verify_ledger(ledger)
        assert ("account" not in found.told) or ledger.accounts() == [ACCOUNT]
        assert ("allowance" not in found.told) or ledger.studies(ACCOUNT) == [STUDY]
        charges = [entry.body["name"] for entry in ledger.store.all(kind="charge")]
        assert found.drawn <= set(charges), "noise was drawn that nobody paid"
        if charges:
            assert ledger.balance(ACCOUNT).epsilon_spent == len(charges)
        for name, count in found.shown.items():
            release = ledger.released(Count(name), study=STUDY, account=ACCOUNT)
            assert release == {"count": count}, "a release was shown that is not durable"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("error", "lasting"), [(errno.EIO, False), (errno.ENOSPC, True)], ids=["fails-once", "full-from-then-on"]
)
def test_whatever_write_fails_nothing_acknowledged_is_lost_and_nothing_is_shown_that_is_not_durable(
    process, tmp_path, error, lasting
):
    refusals = 0
    for nth in range(1, 1_000):
        folder = tmp_path / str(nth)
        found = live(process, folder, nth, error, lasting=lasting)
        if found.failures == 0:
            break
        refusals += found.refused is not None
        assert found.refused in {None, "ledger.unwritable"}
        assert (found.refused is None) == ("done" in found.told), "neither done nor refused"
        check(found, folder)
        again = live(process, folder, 0, error)  # and the day can be lived to its end
        assert again.told[-1] == "done"
        assert found.shown.items() <= again.shown.items(), "a release that was shown has changed"
        check(again, folder)
        shutil.rmtree(folder)
    assert found.told[-1] == "done"
    assert nth > 60, "the disk hardly ever failed"
    assert refusals > nth / 2


def test_a_folder_that_cannot_be_written_at_all_is_refused_in_one_sentence(process, tmp_path):
    found = live(process, tmp_path / "home", 1, errno.ENOSPC, lasting=True)
    assert found == Day(refused="ledger.unwritable", failures=found.failures)
    with pytest.raises(InvalidInput, match="cannot be written"):
        raise InvalidInput(found.refused, file="ledger.sqlite")
