"""kill -9 a run of a study at random moments, then run it to its end, and read the ledger.

Nothing is mocked: `confide run` is a process of its own, and SIGKILL leaves it no last word.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from confide.ledger.home import home, open_ledger
from confide.ledger.verify import verify_ledger


@dataclass
class Tally:
    """What was counted over all kills."""

    kills: int = 0
    finished_first: int = 0
    abandoned: int = 0
    releases: int = 0
    lost: int = 0
    charged_twice: int = 0


def start(folder: Path) -> subprocess.Popen[bytes]:
    """Start `confide run` in a process of its own."""
    command = [sys.executable, "-c", "from confide.cli.main import run; run()", "run", str(folder), "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ))


def committed() -> dict[int, tuple[bytes, bytes]]:
    """Return every committed release by its entry: salt and bytes."""
    with open_ledger(home()) as ledger:
        return {
            entry.sequence: ledger.store.release(entry.sequence) for entry in ledger.store.all(kind="commit")
        }


def charged_twice() -> int:
    """Count the plans with two charges of which neither is abandoned."""
    with open_ledger(home()) as ledger:
        verify_ledger(ledger)
        alive: dict[str, int] = {}
        for charge in ledger.store.all(kind="charge"):
            if ledger.state_of(charge.sequence) != "abandoned":
                alive[charge.body["key"]] = alive.get(charge.body["key"], 0) + 1
    return sum(count > 1 for count in alive.values())


def kill_many(folder: Path, text: str, kills: int, *, seed: int = 0) -> Tally:
    """Kill `kills` runs of the study in `folder`, each of a study file with fresh releases.

    Args:
        folder: a study that runs; its study file is written anew for each kill.
        text: the study file with {n} where names of releases want to be fresh.
    """
    draw, tally = random.Random(seed), Tally()
    (folder / "study.toml").write_text(text.replace("{n}", "first"))
    whole = finish(folder)
    for number in range(kills):
        (folder / "study.toml").write_text(text.replace("{n}", str(number)))
        before = committed()
        process = start(folder)
        try:
            process.wait(timeout=draw.uniform(0.2, 1.0) * whole)
            tally.finished_first += 1
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            tally.kills += 1
        killed = committed()
        tally.lost += sum(killed.get(number) != release for number, release in before.items())
        finish(folder)
        after = committed()
        tally.lost += sum(after.get(number) != release for number, release in killed.items())
        tally.charged_twice += charged_twice()
    with open_ledger(home()) as ledger:
        tally.abandoned = ledger.balance(ledger.accounts()[0]).abandoned
    tally.releases = len(committed())
    return tally


def finish(folder: Path) -> float:
    """Run the study to its end; show it again, which must be the same bytes; return the first run's seconds."""
    outputs, seconds = [], []
    for _ in range(2):
        began = time.monotonic()
        process = start(folder)
        out, err = process.communicate(timeout=300)
        seconds.append(time.monotonic() - began)
        if process.returncode != 0:
            raise RuntimeError(f"the run ended with {process.returncode}: {out.decode()} {err.decode()}")
        files = json.loads(out)["outgoing"]
        outputs.append({name: Path(name).read_bytes() for name in files})
    if outputs[0] != outputs[1]:
        raise RuntimeError("a run that was shown again differs")
    return seconds[0]
