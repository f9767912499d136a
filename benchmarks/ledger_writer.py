"""A ledger's writers to be killed: a process that has everything loaded and forks one for each line that it reads.

A line is `FOLDER URL PREFIX FIRST`. The writer charges, draws and commits one plan after the other and prints, after
each step that the ledger has confirmed, `charged NAME SEQUENCE` or `released NAME DIGEST`. `ended` follows its death.
"""

import hashlib
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from confide.dp.accountant import calibrate_laplace
from confide.dp.events import DiscreteLaplace
from confide.ledger.home import open_ledger
from confide.ledger.ledger import Ledger, now
from confide.ledger.sqlite import Sqlite
from confide.ledger.store import Store

ACCOUNT = STUDY = "load"


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


def digest(release):
    return hashlib.sha256(json.dumps(release, sort_keys=True).encode()).hexdigest()


def work(folder, url, prefix, first):
    """Release `prefix-first`, `prefix-(first + 1)` and so on, until somebody kills us."""
    with open_ledger(folder, url=url) as ledger:
        for number in range(first, first + 100_000):
            plan = Count(f"{prefix}-{number}")
            release = ledger.released(plan, study=STUDY, account=ACCOUNT)
            if release is None:
                with ledger.charge(plan, study=STUDY, account=ACCOUNT) as charge:
                    tell(f"charged {plan.name} {charge.sequence}")
                    release = charge.commit(plan.execute(None, charge.noise))
            tell(f"released {plan.name} {digest(release)}")


def tell(line):
    os.write(1, line.encode() + b"\n")  # in one piece, or not at all


def warm_up():
    """Load and compute once whatever a first charge loads and computes, in a ledger that nobody keeps."""
    with Ledger(Store(Sqlite(None), now)) as ledger:
        ledger.open_account(ACCOUNT, epsilon=1e6, delta=1e-9, patients=1_000_000)
        ledger.grant(STUDY, ACCOUNT, epsilon=1e6, delta=1e-9, purpose="load")
        ledger.run(Count("first"), None, study=STUDY, account=ACCOUNT)


def main():
    warm_up()
    for line in sys.stdin:
        folder, url, prefix, first = line.split()
        child = os.fork()
        if child == 0:
            work(Path(folder), None if url == "-" else url, prefix, int(first))
            os._exit(0)
        tell(f"writer {child}")
        os.waitpid(child, 0)
        tell("ended")


if __name__ == "__main__":
    main()
