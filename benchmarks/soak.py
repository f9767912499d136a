"""Kill -9 the writers of ledgers, and the servers under some, ten thousand times; in pieces, so that it can be stopped.

Each piece has a ledger and a seed of its own. What was counted is a line of FOLDER/kills.jsonl; started again, pieces
that are there are not done again. Ends with 1 if anything was ever lost, charged twice or unpaid.
Usage: python benchmarks/soak.py FOLDER [--kills 10000] [--piece 500].
"""

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from kills import kill_all
from lines import line

BAD = ("lost", "charged_twice", "unpaid")


def soak(folder: Path, kills: int, piece: int) -> dict[str, int]:
    """Do what is missing of `kills` kills; return what was counted over all, by field of `LedgerTally`."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "kills.jsonl"
    done = [json.loads(text) for text in log.read_text().splitlines()] if log.exists() else []
    while (killed := sum(each["kills"] for each in done)) < kills:
        began = time.monotonic()
        found = kill_all(min(piece, kills - killed), seed=len(done) * 1_000)
        told = {
            name: sum(asdict(tally)[name] for tally in found.values())
            for name in asdict(found["SQLite writers"])
        }
        done.append({"piece": len(done), **told, "seconds": round(time.monotonic() - began, 1)})
        with log.open("a") as file:
            print(json.dumps(done[-1]), file=file, flush=True)
        print(json.dumps(done[-1]), flush=True)
    return {
        name: sum(each[name] for each in done)
        for name in (*BAD, "kills", "acknowledged", "abandoned", "entries")
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=10_000)
    parser.add_argument("--piece", type=int, default=500)
    asked = parser.parse_args()
    found = soak(asked.folder, asked.kills, asked.piece)
    how = f"{found['kills']} kill -9, {found['acknowledged']} acknowledged, {found['abandoned']} charges abandoned"
    for name in BAD:
        print(
            json.dumps(
                line(
                    f"soak.{name}", found[name], "== 0", ours=found[name], rival=None, unit="entries", how=how
                )
            )
        )
    sys.exit(any(found[name] for name in BAD))


if __name__ == "__main__":
    main()
