"""What hub and sites play in the tests over NVFlare: found by name in each machine's own kit, read from each machine's own folder."""

import hashlib
import json
import os
import time
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from confide.crypto.sign import PersonKey
from confide.federated.durable import DurableHub, DurableSite
from confide.federated.journal import Journal
from confide.federated.play import Rounds, play_site
from confide.federated.settings import Federation, Grid, Member

GRACE = 1.5


def key_of(name):
    return PersonKey(Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest()))


def federation_of(names, length, threshold):
    members = tuple(Member(name=name, key=key_of(name).public) for name in names)
    return Federation(
        name="study", hub=key_of("the hub").public, members=members, threshold=threshold, colluders=0,
        length=length, grid=Grid(clip=1.0),
    )  # fmt: skip


def update_of(name, number, length):
    seed = hashlib.sha256(f"{name} {number}".encode()).digest()
    return np.random.default_rng(list(seed)).integers(-(2**20), 2**20, length, dtype=np.int32)


def hub(folder: Path, lines):
    plan = json.loads((folder / "plan.json").read_text())
    fed = federation_of(plan["sites"], plan["length"], plan["threshold"])
    journal, rounds = Journal(folder / "journal"), Rounds(lines, patience=30.0, grace=GRACE)
    task = bytes(4 * plan["length"])
    for number in range(journal.last() + (journal.state(journal.last()) != "open"), plan["rounds"] + 1):
        rounds.wait(plan["sites"], least=plan["threshold"], seconds=8.0)
        began = time.monotonic()
        durable = DurableHub(journal, fed, number, key_of("the hub"), task=task)
        rounds.play(durable)
        if durable.hub.stage == "done":
            np.save(folder / f"sum-{number}.npy", durable.hub.total)
        said = {"survivors": durable.hub.survivors, "stage": durable.hub.stage, "refused": rounds.refused}
        (folder / "part").write_text(json.dumps(said | {"seconds": time.monotonic() - began}))
        (folder / "part").replace(folder / f"round-{number}.json")


def site(folder: Path, connect):
    plan = json.loads((folder / "plan.json").read_text())
    fed = federation_of(plan["sites"], plan["length"], plan["threshold"])
    name = plan["name"]
    (folder / "pid").write_text(str(os.getpid()))

    def update(_task, number, give):
        (folder / f"training-{number}").touch()
        while (folder / f"hold-{number}").exists():
            time.sleep(0.02)
        return give(update_of(name, number, plan["length"]))

    durable = DurableSite(Journal(folder / "journal"), fed, key_of(name))
    play_site(connect, durable, update, rounds=plan["rounds"])
