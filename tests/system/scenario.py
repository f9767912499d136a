"""One ledger's day, from its first file to a shown release, in a process whose disk fails where it is told to.

Reads lines `FOLDER NTH ERRNO MODE`, forks a process for each, and prints what it was told, step by step: `drawn`
only after noise was drawn, `shown` only after a release came back. `refused CODE` is an error of ours, `broke TYPE`
any other. `calls N FAILURES` ends the run, or `killed SIGNAL`. Modes: `failing_io.c`.
"""

import ctypes
import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
from ledger_writer import ACCOUNT, STUDY, Count

from confide.errors import ConfideError
from confide.ledger.home import open_ledger
from confide.ledger.ledger import Ledger, now
from confide.ledger.sqlite import Sqlite
from confide.ledger.store import Store


def tell(line):
    os.write(1, line.encode() + b"\n")


def day(folder):
    """Open an account, grant, and release two plans; the ledger is opened anew in between."""
    with open_ledger(folder) as ledger:
        tell("opened")
        ledger.open_account(ACCOUNT, epsilon=9.0, delta=1e-9, patients=1_000)
        tell("account")
        ledger.grant(STUDY, ACCOUNT, epsilon=9.0, delta=1e-9, purpose="load")
        tell("allowance")
    for name in "ab":
        with open_ledger(folder) as ledger:
            plan = Count(name)
            release = ledger.released(plan, study=STUDY, account=ACCOUNT)
            if release is None:
                with ledger.charge(plan, study=STUDY, account=ACCOUNT) as charge:
                    release = plan.execute(None, charge.noise)
                    tell(f"drawn {name}")
                    release = charge.commit(release)
            tell(f"shown {name} {release['count']}")


def warm_up():
    """Load and compute once what every day begins with, so that a fork starts in milliseconds."""
    with Ledger(Store(Sqlite(None), now)) as ledger:
        ledger.open_account(ACCOUNT, epsilon=9.0, delta=1e-9, patients=1_000)
        ledger.grant(STUDY, ACCOUNT, epsilon=9.0, delta=1e-9, purpose="load")
        ledger.run(Count("first"), None, study=STUDY, account=ACCOUNT)


def run(folder, nth, error, mode):
    shim = ctypes.CDLL(None)
    shim.failing_io_arm(os.fsencode(folder), ctypes.c_long(nth), error, mode)
    try:
        day(folder)
        tell("done")
    except ConfideError as refused:
        tell(f"refused {refused.code}")
    except BaseException as broke:
        tell(f"broke {type(broke).__name__} {broke}")
    shim.failing_io_disarm()
    tell(f"calls {shim.failing_io_calls()} {shim.failing_io_failures()}")


if __name__ == "__main__":
    warm_up()
    for line in sys.stdin:
        where, *numbers = line.split()
        child = os.fork()
        if child == 0:
            run(Path(where), *map(int, numbers))
            os._exit(0)
        if (ended := os.waitpid(child, 0)[1]) != 0:
            tell(f"killed {os.WTERMSIG(ended)}")
