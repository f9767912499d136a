"""How long it takes to verify a ledger of a million entries, and how much memory; `bench_trust.py` prints the line.

Claim under test: all that `confide ledger verify` checks (chain, every text's one spelling, columns, tree, prices,
sums, admissions, releases) takes 30 s for a million entries; of each plan it keeps its key, of past entries nothing else.
"""

import json
import resource
import time
from pathlib import Path

from ledger_writer import ACCOUNT, STUDY, Count

from confide.ledger.home import open_ledger
from confide.ledger.spend import charge, commit
from confide.ledger.verify import verify_ledger

BATCH = 5_000  # charges of one transaction while the ledger is filled


def verify_seconds(folder: Path, entries: int) -> dict[str, float]:
    """Return seconds and mebibytes of one verification of `entries` entries: half charges, half releases.

    The entries are written by what writes every charge and commit, only many in one transaction.
    """
    with open_ledger(folder) as ledger:
        ledger.open_account(ACCOUNT, epsilon=1e6, delta=1e-9, patients=1_000_000)
        ledger.grant(STUDY, ACCOUNT, epsilon=1e6, delta=1e-9, purpose="load")
        began = time.perf_counter()
        while (left := entries - ledger.store.head()[0]) > 0:
            first = ledger.store.head()[0]
            with ledger._write() as writer:
                for number in range(first, first + min(2 * BATCH, left), 2):
                    plan = Count(f"count-{number}", (0.25, 0.5, 1.0)[number % 3])
                    charged = charge(
                        ledger.store, writer, plan, study=STUDY, account=ACCOUNT, commitment="ab" * 32, cohort=None
                    )  # fmt: skip
                    content = json.dumps({"count": number, "name": plan.name}).encode()
                    commit(ledger.store, writer, charged.sequence, content)
        filling = time.perf_counter() - began
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        found = verify_ledger(ledger)
        seconds = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "entries": float(found.entries),
        "seconds": seconds,
        "filling_s": filling,
        "grown_mb": (after - before) / 1024,
        "mb": after / 1024,
    }
