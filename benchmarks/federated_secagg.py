"""The price of secrecy: a round of four sites with masks against the same round without, over the same messages.

Both sides clip, round, sign, hash, check and sum the same updates with the same journal-less machines in one process, and say
the digest of the sum; the plain side only leaves out keys, shares and masks. Processor time, interleaved, in memory that stays with the
process, so that no page is fetched anew. Beside it: bits that differ from the plain quantised sum, what a hub holds, and drop-outs.
"""

import ctypes
import hashlib
import itertools
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
from lines import Line, line

from confide.crypto.sign import new_key
from confide.federated.grid import to_steps
from confide.federated.hub import STAGES, Hub
from confide.federated.messages import Parcel, read, write
from confide.federated.settings import HUB, Federation, Grid, Member
from confide.federated.site import Site

KEYS = [new_key() for _ in range(17)]


def federation(sites: int, length: int, threshold: int | None = None, colluders: int = 0) -> Federation:
    return Federation(
        name="bench", hub=KEYS[16].public, threshold=threshold or max(3, sites // 2 + 1), colluders=colluders,
        members=tuple(Member(name=f"site-{at:02}", key=KEYS[at].public) for at in range(sites)),
        length=length, grid=Grid(clip=1.0),
    )  # fmt: skip


def secret_round(fed: Federation, updates: dict[str, np.ndarray], dies: dict[str, str] | None = None) -> Hub:
    """Play a round; `dies` names the stage before whose answer a site is gone."""
    hub = Hub(fed, 1, KEYS[16], b"model")
    sites = {m.name: Site(fed, 1, key, os.urandom(32)) for m, key in zip(fed.members, KEYS, strict=False)}
    waiting = hub.begin()
    while waiting:
        stage, then = hub.stage, []
        for out in waiting:
            site = sites[out.to]
            if (dies or {}).get(out.to) == stage:
                then += hub.gone(out.to)
                continue
            answers = site.receive(out.parcel)
            if site.wants_update:
                answers = [site.give(quantised(updates, out.to, fed))]
            for answer in answers:
                if hub.stage in STAGES:
                    then += hub.receive(answer)
        waiting = then
    return hub


def plain_round(fed: Federation, updates: dict[str, np.ndarray]) -> np.ndarray:
    """The same, in the open: each site signs its quantised update, the hub checks and adds."""
    digest, total = fed.digest(), np.zeros(fed.length, dtype="<u4")
    for member, key in zip(fed.members, KEYS, strict=False):
        steps = quantised(updates, member.name, fed).view("<u4")
        sent = write(key, digest, 1, member.name, "input", {"dealt": "0" * 64}, steps.data.cast("B"))
        message = read(sent, fed, digest, 1)
        np.add(total, np.frombuffer(message.parcel.payload, "<u4"), out=total)
    names = [member.name for member in fed.members]
    write(
        KEYS[16],
        digest,
        1,
        HUB,
        "commit",
        {"survivors": names, "sum": hashlib.sha256(total.data).hexdigest()},
    )
    return total.view("<i4")


def quantised(updates: dict[str, np.ndarray], name: str, fed: Federation) -> np.ndarray:
    """Clip and round, with a key of the site's own so that both rounds round alike."""
    return to_steps(updates[name], fed, weight=1, turn=b"turn", key=name.encode().ljust(32, b"."))


def updates_of(fed: Federation) -> dict[str, np.ndarray]:
    return {
        m.name: np.random.default_rng(at).standard_normal(fed.length, dtype=np.float32)
        for at, m in enumerate(fed.members)
    }


def secagg_lines(quick: bool) -> Iterator[Line]:
    """Ratio of the two rounds at 25 M numbers, and the bits in which their sums differ."""
    fed = federation(4, 1_000_000 if quick else 25_000_000)
    updates = updates_of(fed)
    pairs, differences = [], 0
    _keep_memory()
    for _ in range(3 if quick else 7):
        began = time.process_time()
        plain = plain_round(fed, updates)
        middle = time.process_time()
        total = secret_round(fed, updates).total
        pairs.append((middle - began, time.process_time() - middle))
        differences += int(np.bitwise_count(plain.view(np.uint32) ^ total.view(np.uint32)).sum())
    plain_s, secret_s = (statistics.median(side) for side in zip(*pairs, strict=True))
    how = f"4 sites, {fed.length} numbers, processor seconds of all parties in one process, median of {len(pairs)} interleaved"
    yield line(
        "fed.secagg.ratio", secret_s / plain_s, "<= 1.5", ours=secret_s, rival=plain_s, unit="ratio", how=how
    )
    yield line(
        "fed.secagg.bit_differences", differences, "== 0", ours=differences, rival=0, unit="bits",
        how=f"{len(pairs)} sums of {fed.length} numbers against the plain quantised sum",
    )  # fmt: skip


def _keep_memory() -> None:
    """Let the C library keep what is freed (mallopt M_MMAP_MAX, M_TRIM_THRESHOLD); elsewhere nothing is done."""
    with suppress(AttributeError, OSError):
        library = ctypes.CDLL(None)
        library.mallopt(-4, 0)
        library.mallopt(-1, 2**31 - 1)


def dropout_lines(quick: bool) -> Iterator[Line]:
    """Every way in which three of ten go at one stage, then mixed stages; and the fourth."""
    fed = federation(10, 32, 7, 2)
    updates = updates_of(fed)
    names = [m.name for m in fed.members]
    steps = {name: quantised(updates, name, fed) for name in names}
    wrong = rounds = aborted = 0
    cases = [
        dict.fromkeys(gone, stage)
        for stage in STAGES
        for gone in list(itertools.combinations(names, 3))[:: 40 if quick else 4]
    ]
    draw = np.random.default_rng(0)
    for _ in range(10 if quick else 100):
        gone = draw.choice(names, 3, replace=False)
        cases.append({str(name): STAGES[draw.integers(len(STAGES))] for name in gone})
    for dies in cases:
        hub = secret_round(fed, updates, dies)
        there = [name for name in names if dies.get(name, "unmask") in ("agreed", "unmask")]
        wanted = sum(steps[name].astype(np.int64) for name in there)
        rounds += 1
        wrong += not (hub.stage == "done" and (hub.total == wanted).all())
    for stage in STAGES:
        hub = secret_round(fed, updates, dict.fromkeys(names[:4], stage))
        aborted += 1
        wrong += hub.stage != "aborted"
    how = f"n = 10, t = 7: {rounds} rounds in which three go, at one or at mixed stages; {aborted} in which a fourth goes, which must end unopened"
    yield line("fed.dropout.wrong", wrong, "== 0", ours=wrong, rival=None, unit="rounds", how=how)


def hub_lines(quick: bool) -> Iterator[Line]:
    """The hub's peak over what the process held before the round, in updates, with 4 and with 16 sites."""
    found = {}
    for sites in (4, 16):
        length = 1_000_000 if quick else 10_000_000
        run = subprocess.run(
            [sys.executable, __file__, str(sites), str(length)],
            capture_output=True, text=True, check=True, env=dict(os.environ), cwd=Path(__file__).parent,
        )  # fmt: skip
        found[sites] = float(run.stdout)
    how = (
        f"growth of the resident peak while a hub hears masked updates of {length} numbers one by one and unmasks: "
        + ", ".join(f"{sites} sites {peak:.2f}" for sites, peak in found.items())
    )
    yield line(
        "fed.hub.payloads",
        max(found.values()),
        "<= 4",
        ours=found[16],
        rival=found[4],
        unit="payloads",
        how=how,
    )


def _hub_peak(sites: int, length: int) -> float:
    """Let the sites live in another process, so that this one holds the hub alone."""
    from multiprocessing import get_context

    fed = federation(sites, length)
    here, there = get_context("fork").Pipe()
    if os.fork() == 0:
        _all_sites(fed, there)
        os._exit(0)
    warm = Hub(federation(4, 8), 1, KEYS[16])
    warm.begin()
    hub = Hub(fed, 1, KEYS[16], b"model")
    waiting = hub.begin()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    while waiting:
        then = []
        for out in waiting:
            here.send((out.to, out.parcel.head, bytes(out.parcel.payload)))
            if hub.stage in STAGES:
                head = here.recv()
                payload = bytearray(here.recv())
                for at in range(0, len(payload), 1 << 20):
                    piece = here.recv_bytes()
                    payload[at : at + len(piece)] = piece
                then += hub.receive(Parcel(head, payload))
                del payload
        waiting = then
    if hub.stage != "done":
        raise RuntimeError(hub.reason)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return grown * 1024 / (4 * length)


def _all_sites(fed: Federation, link) -> None:
    sites = {m.name: Site(fed, 1, key, os.urandom(32)) for m, key in zip(fed.members, KEYS, strict=False)}
    update = np.ones(fed.length, dtype=np.int32)
    over = 0
    while over < len(sites):
        name, head, payload = link.recv()
        site = sites[name]
        answers = site.receive(Parcel(head, payload))
        if site.wants_update:
            answers = [site.give(update.copy())]
            site._said["dealt"] = Parcel(answers[0].head)  # this process need not repeat itself
        over += bool(site.closed)
        for answer in answers:
            link.send(answer.head)
            link.send(len(answer.payload))
            view = memoryview(answer.payload)
            for at in range(0, len(view), 1 << 20):
                link.send_bytes(view[at : at + (1 << 20)])


if __name__ == "__main__":
    print(_hub_peak(int(sys.argv[1]), int(sys.argv[2])))
