"""Small federations for tests, and a driver that plays one round with drop-outs at any stage."""

import os
from collections import deque
from collections.abc import Mapping

import numpy as np

from confide.crypto.sign import new_key
from confide.federated.hub import STAGES, Hub
from confide.federated.settings import Federation, Grid, Member
from confide.federated.site import Site

KEYS = [new_key() for _ in range(17)]
HUB_KEY = KEYS[16]
# what a site has last answered when it dies
ANSWERED = dict(zip(("begin", "roster", "dealt", "survivors", "agreements"), STAGES, strict=True))


def federation(n=5, threshold=None, colluders=0, length=7, weights=None, **more) -> Federation:
    threshold = threshold or max((n + colluders) // 2 + 1, colluders + 3)
    weights = weights or [1] * n
    names = [f"site-{number:02}" for number in range(n)]
    members = [Member(name=names[i], key=KEYS[i].public, weight=weights[i]) for i in range(n)]
    more = {"grid": Grid(clip=1.0, levels=1 << 10)} | more
    return Federation(
        name="study", hub=HUB_KEY.public, members=tuple(members), threshold=threshold, colluders=colluders,
        length=length, **more,
    )  # fmt: skip


def machines(settings: Federation, number: int = 1, task: bytes = b"model") -> tuple[Hub, dict[str, Site]]:
    sites = {
        member.name: Site(settings, number, key, os.urandom(32))
        for member, key in zip(settings.members, KEYS, strict=False)
    }
    return Hub(settings, number, HUB_KEY, task), sites


def updates_of(settings: Federation, seed: int = 0) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(seed)
    return {m.name: draw.integers(-(2**20), 2**20, settings.length) for m in settings.members}


def play(
    hub: Hub, sites: Mapping[str, Site], updates, dies: Mapping[str, str] | None = None, seen=None
) -> None:
    """Play the round to its end. `dies[site]` is the stage before whose answer the site is gone.

    What the hub receives is appended to `seen`.
    """
    dies = dies or {}
    waiting = deque(hub.begin())
    while waiting:
        out = waiting.popleft()
        site = sites[out.to]
        for answer in heard(site, out.parcel, updates):
            stage = answer_kind(answer)
            if dies.get(out.to) == stage:
                waiting.extend(hub.gone(out.to))
                break
            if seen is not None:
                seen.append((out.to, stage, answer))
            if hub.stage in STAGES:
                waiting.extend(hub.receive(answer))


def heard(site: Site, parcel, updates) -> list:
    answers = site.receive(parcel)
    return [*answers, site.give(updates[site.name])] if site.wants_update else answers


def answer_kind(parcel) -> str:
    head = parcel.head
    start = head.index(b'"kind":"confide federated 1: ') + len(b'"kind":"confide federated 1: ')
    return head[start : head.index(b'"', start)].decode()


def plain_sum(updates, names) -> np.ndarray:
    """The sum that nobody hid: modulo 2^32, as signed numbers."""
    total = np.zeros(len(next(iter(updates.values()))), dtype=np.uint32)
    for name in names:
        total += updates[name].astype(np.uint32)
    return total.view(np.int32)
