"""A round over NVFlare, secrecy on, against NVFlare's own federated averaging of the same vectors, plus the time of the masks.

Claim under test: at most 1.1 times, at 1 and 25 million numbers. One hub and four sites as processes on this machine, one port, mutual
TLS; both play on the same engine, one run after the other. Ours is all that a round is: the model out, clipping, rounding, masks,
signatures, hashes, journals on the disk, unmasking. Theirs has no secrecy, no journal and no signature, and sends floats.
"""

import hashlib
import json
import os
import socket
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from federated_nvflare_plain import update_of
from lines import Line, line

from confide.crypto.sign import PersonKey
from confide.federated.durable import DurableHub, DurableSite
from confide.federated.horizontal import steps_for
from confide.federated.journal import Journal
from confide.federated.masks import add_mask
from confide.federated.nvflare_kits import kits_here, set_part
from confide.federated.nvflare_run import administrator, end, start, submit, wait, wait_for
from confide.federated.nvflare_settings import HUB, SITE
from confide.federated.play import Rounds, play_site
from confide.federated.settings import Federation, Grid, Member

SITES = ["site-1", "site-2", "site-3", "site-4"]
PLAIN = ["federated_nvflare_plain.PlainHub", "federated_nvflare_plain.PlainSite"]


def _key(name: str) -> PersonKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return PersonKey(Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest()))


def _federation(length: int) -> Federation:
    members = tuple(Member(name=name, key=_key(name).public) for name in SITES)
    return Federation(
        name="bench", hub=_key("hub").public, members=members, threshold=3, colluders=0, length=length, grid=Grid(clip=1.0)
    )  # fmt: skip


def hub_part(folder: Path, lines) -> None:
    """Play the hub's part; found by name in its kit."""
    plan = json.loads((folder / "plan.json").read_text())
    fed, play, seconds = _federation(plan["length"]), Rounds(lines, patience=600.0), []
    task, journal = np.zeros(plan["length"], dtype="<f4"), Journal(folder / "journal")
    play.wait(SITES, least=len(SITES), seconds=120.0)
    for number in range(1, plan["rounds"] + 1):
        began = time.perf_counter()
        durable = DurableHub(journal, fed, number, _key("hub"), task=task.data.cast("B"))
        play.play(durable)
        if len(durable.hub.survivors) != len(SITES):
            raise RuntimeError(durable.hub.reason)
        seconds.append(time.perf_counter() - began)
    (folder / "ours.json").write_text(json.dumps(seconds))


def site_part(folder: Path, connect) -> None:
    """Play a site's part; found by name in its kit."""
    plan = json.loads((folder / "plan.json").read_text())
    fed, name = _federation(plan["length"]), SITES[plan["at"]]
    value = update_of(plan["at"], plan["length"])
    durable = DurableSite(Journal(folder / "journal"), fed, _key(name))

    def update(_task, number, give):
        return give(steps_for(fed, name, number, value))

    play_site(connect, durable, update, rounds=plan["rounds"])


def mask_seconds(length: int) -> float:
    """Return the time of one site's masks (its own and one for each other), and of taking the sites' own ones off the sum."""
    words, key = np.zeros(length, dtype="<u4"), os.urandom(32)
    began = time.perf_counter()
    for _ in range(2 * len(SITES)):
        add_mask(words, key, sign=1)
    return time.perf_counter() - began


def both(length: int, rounds: int) -> tuple[list[float], list[float]]:
    """Return seconds of our rounds and of theirs, but for the first of each."""
    with tempfile.TemporaryDirectory() as name, socket.socket() as probe:
        folder = Path(name)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        kits = kits_here(folder, "bench", "localhost", port, SITES)
        for at, (who, kit) in enumerate(kits.items(), -2):
            if who == "admin":
                continue
            own = folder / f"own-{who}"
            own.mkdir()
            (own / "plan.json").write_text(json.dumps({"length": length, "rounds": rounds, "at": at}))
            set_part(
                kit, "federated_nvflare:hub_part" if who == "hub" else "federated_nvflare:site_part", own
            )
            settings = json.loads((kit / "local" / "resources.json").read_text())
            settings["class_allow_list"] = [HUB, SITE, *PLAIN]
            (kit / "local" / "resources.json").write_text(json.dumps(settings))
        os.environ["PYTHONPATH"] = os.pathsep.join(
            [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
        )
        try:
            for who in ("hub", *SITES):
                start(kits[who])
            with administrator(kits["admin"]) as session:
                wait_for(session, SITES)
                states = [wait(session, submit(session, "ours", SITES, least=len(SITES)))]
                states.append(wait(session, session.submit_job(_plain_job(folder / "plain", length, rounds))))
        finally:
            for who in (*SITES, "hub"):
                end(kits[who])
        if states != ["finished", "finished"]:
            raise RuntimeError(f"a run of the engine ended as {states}")
        found = [
            json.loads((folder / "own-hub" / f"{which}.json").read_text())[1:] for which in ("ours", "plain")
        ]
        return found[0], found[1]


def _plain_job(folder: Path, length: int, rounds: int) -> str:
    hub = {"id": "hub", "path": PLAIN[0], "args": {"length": length, "sites": len(SITES), "rounds": rounds}}
    site = {"tasks": ["train"], "executor": {"path": PLAIN[1], "args": {}}}
    parts = {
        "meta.json": {
            "name": "plain",
            "min_clients": len(SITES),
            "deploy_map": {"hub": ["server"], "site": SITES},
        },
        "hub/config/config_fed_server.json": {"format_version": 2, "workflows": [hub], "components": []},
        "site/config/config_fed_client.json": {"format_version": 2, "executors": [site], "components": []},
    }
    for path, content in parts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(json.dumps(content))
    return str(folder)


def nvflare_lines(quick: bool) -> Iterator[Line]:
    """Print the worse of both sizes as the ratio, with all figures beside."""
    found = []
    for length, rounds in ((1_000_000, 4 if quick else 9), (25_000_000, 3 if quick else 6)):
        ours, theirs = map(statistics.median, both(length, rounds))
        masks = mask_seconds(length)
        found.append((ours / (theirs + masks), length, ours, theirs, masks))
    each = "; ".join(
        f"{n:,} numbers: ours {o:.2f}, theirs {t:.2f}, masks {m:.2f} s, ratio {r:.2f}"
        for r, n, o, t, m in found
    )
    ratio, _, ours, theirs, masks = max(found)
    how = f"median round over mutual TLS on the loopback, 4 sites, the worse of two sizes; {each}"
    yield line("fed.nvflare.ratio", ratio, "<= 1.1", ours=ours, rival=theirs + masks, unit="ratio", how=how)


if __name__ == "__main__":
    import sys

    print(both(int(sys.argv[1]), int(sys.argv[2])), mask_seconds(int(sys.argv[1])))
