"""Many processes at one account, and the time of one decision; `bench_trust.py` prints them as lines.

Claims under test: processes that charge at the same time never spend more than the account's rule admits, and exactly
as many charges are admitted as one process alone would get; a decision takes at most 1 ms at 100,000 entries (p99),
commit apart, on SQLite.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ledger_writer import ACCOUNT, STUDY, Count

from confide.dp.filter import Rule, Spent, cost_of
from confide.errors import BudgetExceeded
from confide.ledger.home import open_ledger
from confide.ledger.ledger import Ledger, now
from confide.ledger.postgres import Postgres
from confide.ledger.spend import charge
from confide.ledger.sqlite import Sqlite
from confide.ledger.store import Store
from confide.ledger.verify import verify_ledger

DELTA = 1e-9


@dataclass(frozen=True)
class Load:
    """What came of many processes at one account."""

    admitted: int
    refused: int
    allowed: int  # what one process alone would get
    over: int  # charges beyond that; 0 if the ledger keeps its promise
    seconds: float


def overspend(folder: Path, processes: int, charges: int, *, url: str | None = None) -> Load:
    """Let `processes` ask for `charges` charges each, half of which the account has budget for by plain sums.

    Args:
        folder: of a ledger of its own.
        processes: that ask at the same time.
        charges: of each.
        url: of a fresh PostgreSQL database; None means SQLite in `folder`.
    """
    budget = processes * charges / 2
    with open_ledger(folder, url=url) as ledger:
        ledger.open_account(ACCOUNT, epsilon=budget, delta=DELTA, patients=1_000_000)
        ledger.grant(STUDY, ACCOUNT, epsilon=budget, delta=DELTA, purpose="load")
        rule = Rule.from_json(ledger.store.last(kind="account").body["rule"])
    began = time.monotonic()
    command = [sys.executable, __file__, str(folder), url or "-", str(charges)]
    running = [
        subprocess.Popen(
            [*command, str(number)],
            stdout=subprocess.PIPE,
            env=dict(os.environ) | {"OPENBLAS_NUM_THREADS": "1"},
        )
        for number in range(processes)
    ]
    found = [json.loads(process.communicate()[0]) for process in running]
    seconds = time.monotonic() - began
    with open_ledger(folder, url=url) as ledger:
        verify_ledger(ledger)
        admitted = ledger.balance(ACCOUNT).charges
    if admitted != sum(each["admitted"] for each in found):
        raise RuntimeError("the ledger does not hold what the processes were told")
    allowed = alone(rule, processes * charges)
    refused = sum(each["refused"] for each in found)
    return Load(admitted, refused, allowed, max(0, admitted - allowed), seconds)


def alone(rule: Rule, most: int) -> int:
    """Count how many of `most` equal charges the rule admits one after the other, without a ledger."""
    plan, spent = Count("any"), Spent()
    cost = cost_of(plan.event(), plan.delta, rule)
    for number in range(most):
        spent = spent.plus(cost)
        if not rule.admits(spent):
            return number
    return most


def ask(folder: Path, url: str | None, charges: int, prefix: str) -> dict[str, int]:
    """Ask for `charges` charges, one plan each, and count the answers."""
    told = {"admitted": 0, "refused": 0}
    with open_ledger(folder, url=url) as ledger:
        for number in range(charges):
            try:
                spend(ledger, f"{prefix}-{number}")
                told["admitted"] += 1
            except BudgetExceeded:
                told["refused"] += 1
    return told


class TimedSqlite(Sqlite):
    """Takes the time from having the pen to just before the commit."""

    def __init__(self, path: Path | None) -> None:
        self.seconds: list[float] = []
        super().__init__(path)

    def execute(self, sql, values=()):
        """Run the statement, and look at the clock around the transaction's ends."""
        if sql == "COMMIT":
            self.seconds.append(time.perf_counter() - self.began)
        done = super().execute(sql, values)
        if sql.startswith("BEGIN"):
            self.began = time.perf_counter()
        return done


class TimedPostgres(Postgres):
    """The same on PostgreSQL, where each statement is a round trip."""

    def __init__(self, url: str) -> None:
        self.seconds: list[float] = []
        super().__init__(url)

    def execute(self, sql, values=()):
        """Run the statement, and look at the clock when the pen is had."""
        done = super().execute(sql, values)
        if "pg_advisory_xact_lock" in sql:
            self.began = time.perf_counter()
        return done

    def _commit(self) -> None:
        self.seconds.append(time.perf_counter() - self.began)
        super()._commit()


def decision_p99(
    folder: Path, entries: int, *, url: str | None = None, rounds: int = 2_000
) -> dict[str, float]:
    """Return milliseconds of a decision (all that is done between having the pen and the commit) at `entries` entries.

    Returns:
        "p50_ms", "p99_ms", "max_ms" of `rounds` charges, and "balance_ms" of one reading of the account's balance.
    """
    database = TimedSqlite(folder / "load.sqlite") if url is None else TimedPostgres(url)
    with Ledger(Store(database, now)) as ledger:
        ledger.open_account(ACCOUNT, epsilon=1e6, delta=DELTA, patients=1_000_000)
        ledger.grant(STUDY, ACCOUNT, epsilon=1e6, delta=DELTA, purpose="load")
        fill(ledger, entries)
        database.seconds.clear()
        for number in range(rounds):
            spend(ledger, f"timed-{number}")
        began = time.perf_counter()
        ledger.balance(ACCOUNT)
        balance = time.perf_counter() - began
    taken = np.array(database.seconds) * 1e3
    return {
        "p50_ms": float(np.quantile(taken, 0.5)),
        "p99_ms": float(np.quantile(taken, 0.99)),
        "max_ms": float(taken.max()),
        "balance_ms": balance * 1e3,
    }


def spend(ledger: Ledger, name: str) -> None:
    """Charge one plan as `Ledger.charge` does, and let it stay open."""
    with ledger._write() as writer:
        charge(
            ledger.store,
            writer,
            Count(name),
            study=STUDY,
            account=ACCOUNT,
            commitment="",
            cohort=None,
        )


def fill(ledger: Ledger, entries: int) -> None:
    """Append real charges until the ledger has `entries` entries, all in one commit."""
    with ledger.store.write() as writer:
        for number in range(entries - ledger.store.head()[0]):
            charge(
                ledger.store,
                writer,
                Count(f"fill-{number}"),
                study=STUDY,
                account=ACCOUNT,
                commitment="",
                cohort=None,
            )


if __name__ == "__main__":
    where, address, number, name = sys.argv[1:]
    print(json.dumps(ask(Path(where), None if address == "-" else address, int(number), name)))
