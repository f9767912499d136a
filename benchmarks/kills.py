"""kill -9 a run of a study, or processes that write to a ledger, at random moments, and read the ledger.

Nothing is mocked: each is a process of its own, and SIGKILL leaves it no last word. `kill_many` kills `confide run`,
which is then run to its end; `kill_ledger` kills small writers, which start in milliseconds; `kill_server` the
PostgreSQL under them. `kill_all` does both, for `trust.kill` and for `make soak`.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ledger_writer import ACCOUNT, STUDY, Count, begin, begin_ledger, digest, told, writers
from lines import Line, line

from confide.ledger.home import home, open_ledger
from confide.ledger.ledger import Ledger
from confide.ledger.verify import verify_ledger

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from postgres_server import Server, postgres_server, programs


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
    """What was counted over all kills of writers of one ledger, or of its server."""

    kills: int = 0
    acknowledged: int = 0
    lost: int = 0  # acknowledged charges and releases that the ledger does not have, or has with other bytes
    charged_twice: int = 0  # plans with two charges of which neither was abandoned
    unpaid: int = 0  # releases without a commit, commits without a release
    abandoned: int = 0
    entries: int = 0


def kill_ledger(
    folder: Path, kills: int, *, url: str | None = None, seed: int = 0, parallel: int = 2
) -> LedgerTally:
    """Kill -9 the processes that write to one ledger, `kills` times in all, and read what is left.

    Several write at the same time. After each kill the ledger is opened anew, which checks it against its checkpoint,
    and every charge and release that the dead process was told of is looked up.

    Args:
        folder: of a ledger of its own.
        kills: of writers.
        url: of a fresh PostgreSQL database; None means SQLite in `folder`.
        seed: of the moments.
        parallel: writers at a time.
    """
    begin_ledger(folder, url, 1e6)
    seen, lost = dict[str, str](), 0
    shares = [kills // parallel + (number < kills % parallel) for number in range(parallel)]
    with ThreadPoolExecutor(parallel) as pool:
        jobs = [
            pool.submit(_kill_writers, folder, url, share, chr(ord("a") + number), seed + number)
            for number, share in enumerate(shares)
        ]
        for job in jobs:
            missing, acknowledged = job.result()
            lost += missing
            seen |= acknowledged
    return _judge(folder, url, seen, LedgerTally(kills=kills, lost=lost))


def kill_server(server: Server, folder: Path, kills: int, *, seed: int = 0, parallel: int = 2) -> LedgerTally:
    """End the PostgreSQL server at random moments of its writers' transactions, start it again, and read what is left.

    Every second time by kill -9, else as `pg_ctl stop -m immediate` does.
    """
    url, draw, seen, lost = server.new_database(), random.Random(seed), dict[str, str](), 0
    begin_ledger(folder, url, 1e6)
    released = [0] * parallel
    with ExitStack() as stack:
        running = [stack.enter_context(writers()) for _ in range(parallel)]
        for number in range(kills):
            for which, process in enumerate(running):
                begin(process, "release", folder, url, chr(ord("a") + which), released[which])
            time.sleep(draw.uniform(0.05, 0.4))
            (server.stop if number % 2 else server.kill)()
            new = dict[str, str]()
            for which, process in enumerate(running):
                new |= (found := _acknowledged(process))
                released[which] += sum(name.startswith("released") for name in found)
            server.start()
            lost += _lost(folder, url, seen, new)
    return _judge(folder, url, seen, LedgerTally(kills=kills, lost=lost))


def _kill_writers(
    folder: Path, url: str | None, kills: int, prefix: str, seed: int
) -> tuple[int, dict[str, str]]:
    """Kill `kills` writers one after the other; return what was lost, and all that they were told."""
    draw, lost, seen, released = random.Random(seed), 0, dict[str, str](), 0
    with writers() as process:
        for _ in range(kills):
            writer = begin(process, "release", folder, url, prefix, released)
            time.sleep(draw.uniform(0, 0.08 if url is None else 0.16))  # a few transactions
            os.kill(writer, signal.SIGKILL)
            new = _acknowledged(process)
            released += sum(name.startswith("released") for name in new)
            lost += _lost(folder, url, seen, new)
    return lost, seen


def _acknowledged(process: subprocess.Popen[str]) -> dict[str, str]:
    """Return what a writer was told was durable, until its end."""
    found = {}
    for what, name, *rest in told(process):
        if what == "refused":
            if name != "ledger.server-gone":
                raise RuntimeError(f"a writer was refused: {name}")
        else:
            found[f"{what} {name}"] = rest[0]
    return found


def _lost(folder: Path, url: str | None, seen: dict[str, str], new: dict[str, str]) -> int:
    """Look up in a ledger that is opened anew what is new, add it to what was seen, and count what is not there."""
    with open_ledger(folder, url=url) as ledger:
        lost = sum(not _has(ledger, name, what) for name, what in new.items())
    lost += sum(name.startswith("released") and seen.get(name, what) != what for name, what in new.items())
    seen |= new
    return lost


def _judge(folder: Path, url: str | None, seen: dict[str, str], tally: LedgerTally) -> LedgerTally:
    """Verify the whole ledger, and compare it with all that writers were told."""
    with open_ledger(folder, url=url) as ledger:
        verify_ledger(ledger)
        ledger.store.check_columns()
        tally.acknowledged = len(seen)
        tally.lost += sum(not _has(ledger, name, what) for name, what in seen.items())
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


def _has(ledger: Ledger, name: str, what: str) -> bool:
    """Tell whether the ledger has the charge or release that a process was told of."""
    kind, plan = name.split()
    if kind == "charged":
        entry = ledger.store.last(kind="charge", sequence=int(what))
        return entry is not None and entry.body["name"] == plan
    return digest(ledger.released(Count(plan), study=STUDY, account=ACCOUNT)) == what


def kill_all(kills: int, *, seed: int = 0) -> dict[str, LedgerTally]:
    """Kill writers of SQLite; where there is PostgreSQL, a tenth as often its writers, and a hundredth its server."""
    found = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if programs() is not None:
            with postgres_server() as server:
                url = server.new_database()
                found["PostgreSQL writers"] = kill_ledger(
                    folder / "b", max(1, kills // 10), url=url, seed=seed
                )
                found["PostgreSQL servers"] = kill_server(
                    server, folder / "c", max(2, kills // 100), seed=seed
                )
        left = max(1, kills - sum(tally.kills for tally in found.values()))
        found["SQLite writers"] = kill_ledger(folder / "a", left, seed=seed)
    return found


def kill_lines(kills: int, *, seed: int = 0) -> Iterator[Line]:
    """Print what `kill_all` counted."""
    found = kill_all(kills, seed=seed)
    how = "; ".join(
        f"{name}: {tally.kills} kill -9, {tally.acknowledged} acknowledged, {tally.abandoned} charges abandoned"
        for name, tally in found.items()
    )
    lost = sum(tally.lost + tally.unpaid for tally in found.values())
    twice = sum(tally.charged_twice for tally in found.values())
    yield line("trust.kill.lost", lost, "== 0", ours=lost, rival=None, unit="acknowledged entries", how=how)
    yield line("trust.kill.charged_twice", twice, "== 0", ours=twice, rival=None, unit="plans", how=how)
