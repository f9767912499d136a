"""Kill -9 the hub of a federation at random moments, and now and then a site: nothing accepted is lost, no sum differs.

Hub and sites are processes over a Unix socket, each with its journal; the hub plays one round after the other and is started
again after each kill. Updates are drawn from the site's and the round's number, so that every sum is known.
"""

import multiprocessing
import os
import random
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
from lines import Line, line

from confide.crypto.sign import PersonKey, new_key
from confide.federated.durable import DurableHub, DurableSite
from confide.federated.journal import Journal
from confide.federated.local import LocalLines, connect_to
from confide.federated.messages import Parcel, number_of
from confide.federated.play import Rounds, play_site
from confide.federated.settings import Federation, Grid, Member

FORK = multiprocessing.get_context("fork")
SITES, LENGTH, EVER = 4, 2000, 10**6


@dataclass
class Tally:
    """What was counted over all kills."""

    kills: int = 0
    site_kills: int = 0
    rounds: int = 0
    accepted: int = 0
    lost: int = 0  # accepted messages that a later journal does not have, or has otherwise
    wrong: int = 0  # rounds that ended without a sum, or with another one
    twice: int = 0  # rounds in which a site gave two updates
    slowest: float = 0.0  # seconds from a new start to the next accepted message


def update_of(name: str, number: int) -> np.ndarray:
    return np.random.default_rng([int(name[-2:]), number]).integers(-(2**20), 2**20, LENGTH, dtype=np.int32)


def _hub(folder: Path, federation: Federation, key: PersonKey) -> None:
    path = folder / "socket"
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(SITES)
        rounds = Rounds(LocalLines(listener, {m.name for m in federation.members}), grace=30.0)
        journal = Journal(folder / "hub")
        while True:
            last = journal.last()
            number = last if journal.state(last) == "open" else last + 1
            rounds.play(DurableHub(journal, federation, number, key, task=b"model"))


def _site(folder: Path, federation: Federation, key: PersonKey, name: str) -> None:
    durable = DurableSite(Journal(folder / name), federation, key)
    path = str(folder / "socket")
    play_site(
        lambda: connect_to(path, name),
        durable,
        lambda _, number, give: give(update_of(name, number)),
        rounds=EVER,
    )


def start(target, *arguments) -> BaseProcess:
    process = FORK.Process(target=target, args=arguments, daemon=True)
    process.start()
    return process


def end(process: BaseProcess) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.join()


def kill_many(folder: Path, kills: int, *, seed: int = 0) -> Tally:
    """Kill the hub `kills` times, and every fifth time a site too; then look at everything that was kept."""
    draw, tally = random.Random(seed), Tally()
    keys = {f"site-{number:02}": new_key() for number in range(SITES)}
    hub_key = new_key()
    federation = Federation(
        name="kills", hub=hub_key.public, threshold=3, colluders=0, length=LENGTH, grid=Grid(clip=1.0),
        members=tuple(Member(name=name, key=key.public) for name, key in keys.items()),
    )  # fmt: skip
    sites = {name: start(_site, folder, federation, key, name) for name, key in keys.items()}
    hub = start(_hub, folder, federation, hub_key)
    known: list[tuple[int, tuple]] = []
    try:
        for number in range(kills):
            time.sleep(draw.uniform(0.01, 0.15))
            end(hub)
            tally.kills += 1
            if number % 5 == 4:
                name = draw.choice(sorted(sites))
                end(sites[name])
                sites[name] = start(_site, folder, federation, keys[name], name)
                tally.site_kills += 1
            now = _accepted(folder)
            tally.lost += now[: len(known)] != known
            known = now
            began, hub = time.monotonic(), start(_hub, folder, federation, hub_key)
            while _count(folder) <= len(known) and time.monotonic() - began < 20:
                time.sleep(0.002)
            tally.slowest = max(tally.slowest, time.monotonic() - began)
        time.sleep(0.5)
    finally:
        for process in (hub, *sites.values()):
            end(process)
    _judge(folder, known, tally)
    return tally


def _accepted(folder: Path) -> list[tuple[int, tuple]]:
    journal = Journal(folder / "hub", looks=True)
    found = [(n, head) for n in range(1, journal.last() + 1) for head in journal.heads(n)]
    journal.close()
    return found


def _count(folder: Path) -> int:
    return len(_accepted(folder))


def _judge(folder: Path, known: list[tuple[int, tuple]], tally: Tally) -> None:
    """Compare every round with the sum that nobody hid, and with what each site's journal says that it gave."""
    now = _accepted(folder)
    tally.lost += now[: len(known)] != known
    tally.accepted = len(now)
    journal = Journal(folder / "hub", looks=True)
    for number in range(1, journal.last() + 1):
        state = journal.state(number)
        if state == "open":
            continue
        tally.rounds += 1
        heads = [head for kind, _, head in journal.heads(number) if kind == "message" and b": input" in head]
        names = [name for name in _sites(folder) if any(name.encode() in head for head in heads)]
        wanted = np.zeros(LENGTH, np.uint32)
        for name in names:
            wanted += update_of(name, number).astype(np.uint32)
        same = state == "commit" and bytes(journal.result(number)) == wanted.tobytes()
        tally.wrong += not (same and len(names) == SITES)
        for name in names:
            own = Journal(folder / name, looks=True)
            gave = [head for kind, _, head in own.heads(number) if kind == "gave"]
            tally.twice += len(gave) != 1 or gave[0] not in heads or number_of(Parcel(gave[0])) != number
            own.close()
    journal.close()


def _sites(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("site-??"))


def kill_lines(kills: int) -> Iterator[Line]:
    """Print what was counted."""
    with tempfile.TemporaryDirectory() as name:
        tally = kill_many(Path(name), kills)
    differences = tally.lost + tally.wrong + tally.twice
    how = (
        f"{tally.kills} kill -9 of the hub and {tally.site_kills} of sites over {tally.rounds} rounds of {SITES} sites: "
        f"{tally.accepted} accepted messages, {tally.lost} lost, {tally.wrong} rounds with another sum, {tally.twice} updates "
        f"twice; slowest from start to next message {tally.slowest:.2f} s"
    )
    yield line(
        "fed.kill.differences", differences, "== 0", ours=differences, rival=None, unit="differences", how=how
    )
