"""A round of federated averaging over local processes, secrecy on: four sites, 1 and 25 million parameters.

Ours is everything between the model's leaving the hub and the durable sum: the model to every site, clipping, rounding, masks,
signatures, hashes, journals on the disk, unmasking. A site trains nothing: its update is at hand. A number goes both ways as 4 bytes.
"""

import multiprocessing
import resource
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from federated_flower import flower_seconds
from federated_secagg import KEYS, federation
from lines import Line, line

from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.federated.distributed_dp import RoundPlan, noise_for
from confide.federated.durable import DurableHub, DurableSite
from confide.federated.horizontal import steps_for
from confide.federated.journal import Journal
from confide.federated.local import LocalLines, connect_to
from confide.federated.play import Rounds, play_site
from confide.federated.settings import Federation, SiteNoise

FORK = multiprocessing.get_context("fork")
SITES = 4


def update_of(at: int, length: int) -> np.ndarray:
    return np.random.default_rng(at).standard_normal(length, dtype=np.float32)


def _site(folder: Path, fed: Federation, at: int, rounds: int, used) -> None:
    name, value = fed.members[at].name, update_of(at, fed.length)
    durable = DurableSite(Journal(folder / name), fed, KEYS[at])
    used.put("ready")
    before = _cpu()

    def update(_task, number, give):
        steps = steps_for(fed, name, number, value)
        if fed.noise is None:
            return give(steps)
        plan, sent = (
            RoundPlan(name="r", federation=fed, number=number, sensitivity=1 << 20, weight=1, delta=1e-8),
            [],
        )
        plan.execute(
            (steps, lambda noised: sent.append(give(noised)) or ""), Noise(Stream())
        )  # here without a ledger
        return sent[0]

    play_site(lambda: connect_to(str(folder / "socket"), name), durable, update, rounds=rounds)
    used.put(_cpu() - before)


def _cpu() -> float:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


def rounds_of(length: int, rounds: int, noise: SiteNoise | None = None) -> tuple[list[float], float]:
    """Return seconds of each round but the first, and processor seconds of all parties a round."""
    fed, used = replace(federation(SITES, length), noise=noise), FORK.Queue()
    names = [member.name for member in fed.members]
    model = np.zeros(length, dtype="<f4")
    with tempfile.TemporaryDirectory() as name, socket.socket(socket.AF_UNIX) as listener:
        folder = Path(name)
        listener.bind(str(folder / "socket"))
        listener.listen(SITES)
        sites = [
            FORK.Process(target=_site, args=(folder, fed, at, rounds, used), daemon=True)
            for at in range(SITES)
        ]
        for site in sites:
            site.start()
        for _ in sites:
            used.get()
        lines = LocalLines(listener, set(names))
        play, journal, seconds = Rounds(lines), Journal(folder / "hub"), []
        play.wait(names, least=SITES, seconds=60)
        before = _cpu()
        for number in range(1, rounds + 1):
            began = time.perf_counter()
            durable = DurableHub(journal, fed, number, KEYS[16], task=model.data.cast("B"))
            play.play(durable)
            if durable.hub.stage != "done" or len(durable.hub.survivors) != SITES:
                raise RuntimeError(durable.hub.reason)
            seconds.append(time.perf_counter() - began)
        spent = _cpu() - before + sum(used.get() for _ in sites)
        for site in sites:
            site.join()
        lines.close()
    return seconds[1:], spent / rounds


def round_lines(quick: bool) -> Iterator[Line]:
    """Print both sizes, with Flower beside; NVFlare's own round is in `fed.nvflare`."""
    for name, length, target, rounds in (
        ("fed.round.1m.seconds", 1_000_000, "<= 0.5", 8),
        ("fed.round.25m.seconds", 25_000_000, "<= 4", 5),
    ):
        seconds, spent = rounds_of(length, 3 if quick else rounds)
        noised, noised_spent = rounds_of(length, 3, noise_for(1.0, 1e-8, sensitivity=1 << 20, honest=3))
        ours = statistics.median(seconds)
        try:
            theirs, said = flower_seconds(length, 4, 300.0), ""
        except (RuntimeError, OSError) as wrong:
            theirs, said = None, f" (did not run here: {str(wrong).strip().splitlines()[-1]})"
        how = (
            f"{SITES} sites as processes over a Unix socket, secrecy and journals on, the model out and back at 4 bytes a number; "
            f"median of {len(seconds)} rounds, from {min(seconds):.2f} to {max(seconds):.2f} s; {spent:.2f} processor seconds a round of "
            f"all parties; with distributed noise {statistics.median(noised):.2f} s and {noised_spent:.2f}; "
            f"rival: Flower 1.41's FedAvg in the open, four SuperNodes, no TLS, no journal{said}"
        )
        yield line(name, ours, target, ours=ours, rival=theirs, unit="s", how=how)


if __name__ == "__main__":
    print(rounds_of(int(sys.argv[1]), int(sys.argv[2])))
