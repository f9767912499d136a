"""A ledger's writers: a process that has everything loaded and forks one for each line that it reads.

`release FOLDER URL PREFIX FIRST` charges, draws and commits one plan after the other, until it is killed or refused, and
prints, after each step that the ledger has confirmed, `charged NAME SEQUENCE` or `released NAME DIGEST`.
`charge FOLDER URL PREFIX NUMBER` asks for so many charges and prints `admitted NUMBER`.
`writer PID` comes first; `refused CODE` is an error of ours; `ended` follows the writer's death. `writers` starts such a
process and `begin` and `told` talk to it; nothing is mocked, and SIGKILL leaves a writer no last word.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from confide.dp.accountant import calibrate_laplace
from confide.dp.events import DiscreteLaplace
from confide.errors import BudgetExceeded, ConfideError
from confide.ledger import spend
from confide.ledger.home import open_ledger
from confide.ledger.ledger import Ledger, now
from confide.ledger.sqlite import Sqlite
from confide.ledger.store import Store

ACCOUNT = STUDY = "load"
DELTA = 1e-9


@dataclass(frozen=True)
class Count:
    """One count with discrete Laplace noise, at ε = 1 unless said otherwise."""

    name: str
    epsilon: float = 1.0
    delta: float = 1e-15

    def event(self):
        """One patient changes one count by one."""
        return DiscreteLaplace(sensitivity=1, scale=calibrate_laplace(self.epsilon, sensitivity=1))

    def to_json(self):
        """Every field."""
        return {"kind": "count", "name": self.name, "epsilon": repr(self.epsilon)}

    def execute(self, data, noise):
        """Draw; there are no data."""
        return {"name": self.name, "count": noise.discrete_laplace(1 / self.epsilon)}


@contextmanager
def writers() -> Iterator[subprocess.Popen[str]]:
    """Run a process that forks writers."""
    with subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ) | {"OPENBLAS_NUM_THREADS": "1"},
    ) as process:
        yield process


def begin(
    process: subprocess.Popen[str], what: str, folder: Path, url: str | None, prefix: str, n: int
) -> int:
    """Start one writer, and return its process id."""
    process.stdin.write(f"{what} {folder} {url or '-'} {prefix} {n}\n")
    process.stdin.flush()
    return int(process.stdout.readline().split()[1])


def told(process: subprocess.Popen[str]) -> Iterator[list[str]]:
    """Yield what the writer printed, until its end."""
    while (line := process.stdout.readline().split()) != ["ended"]:
        yield line


def begin_ledger(folder: Path, url: str | None, epsilon: float) -> None:
    """Make the ledger with its one account and its one allowance."""
    with open_ledger(folder, url=url) as ledger:
        ledger.open_account(ACCOUNT, epsilon=epsilon, delta=DELTA, patients=1_000_000)
        ledger.grant(STUDY, ACCOUNT, epsilon=epsilon, delta=DELTA, purpose="load")


def digest(release):
    return hashlib.sha256(json.dumps(release, sort_keys=True).encode()).hexdigest()


def release_all(folder, url, prefix, first):
    """Release `prefix-first`, `prefix-(first + 1)` and so on, until somebody ends us."""
    with open_ledger(folder, url=url) as ledger:
        for number in range(first, first + 100_000):
            plan = Count(f"{prefix}-{number}")
            release = ledger.released(plan, study=STUDY, account=ACCOUNT)
            if release is None:
                with ledger.charge(plan, study=STUDY, account=ACCOUNT) as charge:
                    tell(f"charged {plan.name} {charge.sequence}")
                    release = charge.commit(plan.execute(None, charge.noise))
            tell(f"released {plan.name} {digest(release)}")


def charge_all(folder, url, prefix, charges):
    """Ask for `charges` charges, one plan each, and count how many were admitted."""
    admitted = 0
    with open_ledger(folder, url=url) as ledger:
        for number in range(charges):
            try:
                charge_open(ledger, f"{prefix}-{number}")
                admitted += 1
            except BudgetExceeded:
                pass
    tell(f"admitted {admitted}")


def charge_open(ledger, name):
    """Charge one plan as `Ledger.charge` does, and let it stay open."""
    with ledger._write() as writer:
        append_charge(ledger, writer, name)


def append_charge(ledger, writer, name):
    """Append the charge of one plan, with all that a decision looks at."""
    spend.charge(ledger.store, writer, Count(name), study=STUDY, account=ACCOUNT, commitment="", cohort=None)


def tell(line):
    os.write(1, line.encode() + b"\n")  # in one piece, or not at all


def warm_up():
    """Load and compute once whatever a first charge loads and computes, in a ledger that nobody keeps."""
    with Ledger(Store(Sqlite(None), now)) as ledger:
        ledger.open_account(ACCOUNT, epsilon=1e6, delta=1e-9, patients=1_000_000)
        ledger.grant(STUDY, ACCOUNT, epsilon=1e6, delta=1e-9, purpose="load")
        ledger.run(Count("first"), None, study=STUDY, account=ACCOUNT)
    with suppress(ImportError):
        import psycopg  # noqa: F401


def main():
    warm_up()
    for line in sys.stdin:
        what, folder, url, prefix, number = line.split()
        child = os.fork()
        if child == 0:
            tell(f"writer {os.getpid()}")  # before anything that it is told itself
            work = {"release": release_all, "charge": charge_all}[what]
            try:
                work(Path(folder), None if url == "-" else url, prefix, int(number))
            except ConfideError as refused:
                tell(f"refused {refused.code}")
            os._exit(0)
        os.waitpid(child, 0)
        tell("ended")


if __name__ == "__main__":
    main()
