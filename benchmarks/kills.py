"""kill -9 a run of a study, or processes that write to a ledger, at random moments, and read the ledger.

Nothing is mocked: each is a process of its own, and SIGKILL leaves it no last word. `kill_many` kills `confide run`,
which is then run to its end; `kill_ledger` kills small writers, which start in milliseconds.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ledger_writer import ACCOUNT, STUDY, Count, digest

from confide.ledger.home import home, open_ledger
from confide.ledger.ledger import Ledger
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


@dataclass
class LedgerTally:
    """What was counted over all kills of writers of one ledger."""

    kills: int = 0
    acknowledged: int = 0
    lost: int = 0  # acknowledged charges and releases that the ledger does not have
    charged_twice: int = 0  # plans with two charges of which neither was abandoned
    unpaid: int = 0  # releases without a charge
    abandoned: int = 0
    entries: int = 0


def kill_ledger(
    folder: Path, kills: int, *, url: str | None = None, seed: int = 0, writers: int = 2
) -> LedgerTally:
    """Kill -9 the processes that write to one ledger, `kills` times in all, and read what is left.

    Several write at the same time. After each kill the ledger is opened anew, which checks it against its checkpoint,
    and every charge and release that the dead process was told of is looked up.
    """
    with open_ledger(folder, url=url) as ledger:
        ledger.open_account(ACCOUNT, epsilon=1e6, delta=1e-9, patients=1_000_000)
        ledger.grant(STUDY, ACCOUNT, epsilon=1e6, delta=1e-9, purpose="load")
    tally, told = LedgerTally(), dict[str, str]()
    shares = [kills // writers + (number < kills % writers) for number in range(writers)]
    with ThreadPoolExecutor(writers) as pool:
        jobs = [
            pool.submit(_kill_writer, folder, url, share, chr(ord("a") + number), seed + number)
            for number, share in enumerate(shares)
        ]
        for job in jobs:
            dead, lost, acknowledged = job.result()
            tally.kills += dead
            tally.lost += lost
            told |= acknowledged
    with open_ledger(folder, url=url) as ledger:
        verify_ledger(ledger)
        ledger.store.check_columns()
        tally.acknowledged = len(told)
        tally.lost += sum(_has(ledger, name, what) is False for name, what in told.items())
        alive = Counter(
            charge.body["key"]
            for charge in ledger.store.all(kind="charge")
            if ledger.state_of(charge.sequence) != "abandoned"
        )
        tally.charged_twice = sum(count > 1 for count in alive.values())
        commits = {entry.sequence for entry in ledger.store.all(kind="commit")}
        kept = {number for (number,) in ledger.store.database.execute("SELECT sequence FROM releases")}
        tally.unpaid = len(kept ^ commits)
        tally.abandoned = ledger.balance(ACCOUNT).abandoned
        tally.entries = ledger.store.head()[0]
    return tally


def _kill_writer(
    folder: Path, url: str | None, kills: int, prefix: str, seed: int
) -> tuple[int, int, dict[str, str]]:
    """Kill `kills` writers one after the other; return how many died, what was lost, and all that they were told."""
    draw, lost, told, released = random.Random(seed), 0, dict[str, str](), 0
    command = [sys.executable, str(Path(__file__).with_name("ledger_writer.py"))]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ) | {"OPENBLAS_NUM_THREADS": "1"},
    ) as server:
        for _ in range(kills):
            server.stdin.write(f"{folder} {url or '-'} {prefix} {released}\n")
            server.stdin.flush()
            process = int(server.stdout.readline().split()[1])
            time.sleep(draw.uniform(0, 0.08))
            os.kill(process, signal.SIGKILL)
            new = {}
            while (line := server.stdout.readline().split())[0] != "ended":
                new[f"{line[0]} {line[1]}"] = line[2]
                released += line[0] == "released"
            with open_ledger(folder, url=url) as ledger:
                lost += sum(not _has(ledger, name, what) for name, what in new.items())
            told |= new
        server.stdin.close()
    return kills, lost, told


def _has(ledger: Ledger, name: str, what: str) -> bool:
    """Tell whether the ledger has the charge or release that a process was told of."""
    kind, plan = name.split()
    if kind == "charged":
        entry = ledger.store.last(kind="charge", sequence=int(what))
        return entry is not None and entry.body["name"] == plan
    return digest(ledger.released(Count(plan), study=STUDY, account=ACCOUNT)) == what
