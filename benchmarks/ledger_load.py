"""Many processes at one account, and the time of one decision; `bench_trust.py` prints the same lines.

Claims under test: processes that charge at the same time never spend more than the account's rule admits, and exactly
as many charges are admitted as one process alone would get; a decision takes at most 1 ms at 100,000 entries (p99),
commit apart, on SQLite.
Usage: python benchmarks/ledger_load.py [--only ID] [--quick] [--charges N] [--entries N]. Time nothing else meanwhile.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ledger_writer import (
    ACCOUNT,
    DELTA,
    STUDY,
    Count,
    append_charge,
    begin,
    begin_ledger,
    charge_open,
    told,
    writers,
)
from lines import Line, arguments, line, show

from confide.dp.filter import Cost, Rule, Spent, cost_of
from confide.ledger.home import open_ledger
from confide.ledger.ledger import Ledger, now
from confide.ledger.postgres import Postgres
from confide.ledger.sqlite import Sqlite
from confide.ledger.store import Store
from confide.ledger.verify import verify_ledger

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from postgres_server import postgres_server, programs


@dataclass(frozen=True)
class Load:
    """What came of many processes at one account."""

    admitted: int
    refused: int
    allowed: int  # what one process alone would get
    over: int  # charges beyond that; 0 if the ledger keeps its promise
    seconds: float


def overspend(folder: Path, processes: int, charges: int, *, url: str | None = None) -> Load:
    """Let `processes` ask for `charges` charges each; the account has budget for a quarter by plain sums, a third by its rule.

    Args:
        folder: of a ledger of its own.
        processes: that ask at the same time.
        charges: of each.
        url: of a fresh PostgreSQL database; None means SQLite in `folder`.
    """
    budget = processes * charges / 4
    begin_ledger(folder, url, budget)
    with ExitStack() as stack:
        running = [stack.enter_context(writers()) for _ in range(processes)]
        began = time.monotonic()
        for number, process in enumerate(running):
            begin(process, "charge", folder, url, f"writer-{number}", charges)
        answers = [list(told(process)) for process in running]
        seconds = time.monotonic() - began
    if any(len(answer) != 1 or answer[0][0] != "admitted" for answer in answers):
        raise RuntimeError(f"a writer did not get to its end: {answers}")
    with open_ledger(folder, url=url) as ledger:
        verify_ledger(ledger)  # every price, every sum and every admission anew, from what was charged
        charged = ledger.store.all(kind="charge")
        rule, spent = ledger.standing(ACCOUNT)
    admitted = len(charged)
    if admitted != sum(int(answer[0][1]) for answer in answers):
        raise RuntimeError("the ledger does not hold what the processes were told")
    cost, recomputed = Cost.from_json(charged[0].body["cost_account"]), Spent()
    for _ in charged:
        recomputed = recomputed.plus(cost)
    if recomputed != spent or not rule.admits(spent):
        raise RuntimeError("the sums of the ledger are not those of its charges")
    allowed = alone(rule, processes * charges)
    return Load(admitted, processes * charges - admitted, allowed, max(0, admitted - allowed), seconds)


def alone(rule: Rule, most: int) -> int:
    """Count how many of `most` equal charges the rule admits one after the other, without a ledger."""
    plan, spent = Count("any"), Spent()
    cost = cost_of(plan.event(), plan.delta, rule)
    for number in range(most):
        spent = spent.plus(cost)
        if not rule.admits(spent):
            return number
    return most


class TimedSqlite(Sqlite):
    """Takes the time of the transaction's commit."""

    commit = 0.0

    def execute(self, sql, values=()):
        """Run the statement, and look at the clock around a commit."""
        if sql != "COMMIT":
            return super().execute(sql, values)
        began = time.perf_counter()
        super().execute(sql, values)
        self.commit = time.perf_counter() - began
        return []


class TimedPostgres(Postgres):
    """The same on PostgreSQL."""

    commit = 0.0

    def _commit(self) -> None:
        began = time.perf_counter()
        super()._commit()
        self.commit = time.perf_counter() - began


@dataclass(frozen=True)
class Times:
    """Milliseconds of the charges that were timed."""

    decision_p50: float
    decision_p99: float
    commit_p50: float
    commit_p99: float
    balance: float  # of one reading of the account's balance


def decision_times(folder: Path, entries: int, *, url: str | None = None, rounds: int = 2_000) -> Times:
    """Return what a charge takes in a ledger of `entries` entries, its commit apart.

    The decision is all of a charge from asking for the pen, which nobody else has, to the commit: reading account,
    allowance and sums, pricing the plan, admitting it, writing the entry and its place in the chain and in the tree.

    Args:
        folder: of a ledger of its own.
        entries: so many, all real charges.
        url: of a fresh PostgreSQL database; None means SQLite in `folder`.
        rounds: charges that are timed.
    """
    database = TimedSqlite(folder / "load.sqlite") if url is None else TimedPostgres(url)
    with Ledger(Store(database, now)) as ledger:
        ledger.open_account(ACCOUNT, epsilon=1e6, delta=DELTA, patients=1_000_000)
        ledger.grant(STUDY, ACCOUNT, epsilon=1e6, delta=DELTA, purpose="load")
        fill(ledger, entries)
        decisions, commits = [], []
        for number in range(rounds):
            began = time.perf_counter()
            charge_open(ledger, f"timed-{number}")
            whole = time.perf_counter() - began
            decisions.append((whole - database.commit) * 1e3)
            commits.append(database.commit * 1e3)
        began = time.perf_counter()
        ledger.balance(ACCOUNT)
        balance = (time.perf_counter() - began) * 1e3
    quantiles = [float(np.quantile(taken, q)) for taken in (decisions, commits) for q in (0.5, 0.99)]
    return Times(*quantiles, balance)


def fill(ledger: Ledger, entries: int) -> None:
    """Append real charges until the ledger has `entries` entries, all in one commit."""
    with ledger.store.write() as writer:
        for number in range(entries - ledger.store.head()[0]):
            append_charge(ledger, writer, f"fill-{number}")


def databases(folder: Path) -> Iterator[tuple[str, str | None]]:
    """Yield "sqlite" and, where there is one to run, "postgres", each with the address of a fresh database."""
    yield "sqlite", None
    if programs() is not None:
        with postgres_server(durable=True) as server:
            yield "postgres", server.new_database()


def overspend_lines(charges: int, *, processes: int = 8) -> Iterator[Line]:
    """Print how many charges were admitted beyond the budget, on both databases."""
    with tempfile.TemporaryDirectory() as name:
        for kind, url in databases(Path(name)):
            load = overspend(Path(name) / kind, processes, charges, url=url)
            how = f"{processes} processes x {charges}: {load.refused} refused, {load.seconds:.0f} s"
            yield line(
                f"trust.overspend.{kind}", load.over, "== 0", ours=load.admitted, rival=load.allowed, unit="charges",
                how=how + "; rival: admitted to one process alone",
            )  # fmt: skip


def decision_lines(entries: int, *, rounds: int = 2_000) -> Iterator[Line]:
    """Print the time of a decision on SQLite; that on PostgreSQL stands beside it, each statement a round trip."""
    with tempfile.TemporaryDirectory() as name:
        found = {
            kind: decision_times(Path(name), entries, url=url, rounds=rounds)
            for kind, url in databases(Path(name))
        }
    ours, rival = found["sqlite"], found.get("postgres")
    told = "; ".join(
        f"{kind}: decision {each.decision_p50:.2f}/{each.decision_p99:.2f} ms, commit {each.commit_p50:.2f}/"
        f"{each.commit_p99:.2f} ms (p50/p99), balance {each.balance:.2f} ms"
        for kind, each in found.items()
    )
    yield line(
        "trust.decision.p99_ms", ours.decision_p99, "<= 1", ours=ours.decision_p99,
        rival=rival and rival.decision_p99, unit="ms", how=f"{entries} entries, commit apart; rival: PostgreSQL; {told}",
    )  # fmt: skip


def main() -> None:
    parser = arguments(__doc__, "trust")
    parser.add_argument("--charges", type=int, default=10_000, help="of each of 8 processes")
    parser.add_argument("--entries", type=int, default=100_000)
    asked = parser.parse_args()
    charges, entries = (100, 2_000) if asked.quick else (asked.charges, asked.entries)
    parts = {
        "trust.overspend": lambda: overspend_lines(charges),
        "trust.decision": lambda: decision_lines(entries),
    }
    show(parts, asked.only)


if __name__ == "__main__":
    main()
