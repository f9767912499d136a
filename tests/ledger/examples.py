"""The example exports of `docs/ledger-format.md`: how they were made, and how they become a ledger again.

`python tests/ledger/examples.py` makes them anew, with other keys and salts; the page shows parts of the small
one, so whoever does that copies the new lines into the page. Every clock and every private key here is public.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.append(str(Path(__file__).parent))
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from people import Clock, ask, extension, found

from confide.crypto.note import Signer, cosigned
from confide.crypto.sign import PersonKey
from confide.dp.accountant import epsilon
from confide.dp.events import (
    ApproximateDP,
    BoundedRange,
    Composed,
    DiscreteGaussian,
    DiscreteLaplace,
    Event,
    Failure,
    SampledGaussian,
)
from confide.ledger import acts
from confide.ledger.cohorts import digest_of
from confide.ledger.entries import START, link
from confide.ledger.export import export, read_export
from confide.ledger.home import COSIGNED, checkpoint_of
from confide.ledger.ledger import Ledger
from confide.ledger.log_key import LOG_KEY, ORIGIN, rotate_log_key, take_key
from confide.ledger.schema import ADD_ENTRY, ADD_NODE, Edge
from confide.ledger.sqlite import Sqlite
from confide.ledger.store import Store
from confide.types import Json

SMALL, WHOLE = (Path(__file__).parent / f"example_{name}.jsonl" for name in ("small", "whole"))
WITNESS = Signer.from_bytes(bytes(range(32, 64)) + b"north.example/witness")
COHORTS = {"2024": ["p1", "p2"], "2025": ["p3"]}
MEMBERS = COHORTS | {"ward": ["p2", "p3"]}  # which overlaps both


@dataclass(frozen=True, kw_only=True)
class Stated:
    """A plan that does nothing but what its event says."""

    name: str
    made: Event
    delta: float = 0.0

    @property
    def epsilon(self) -> float:
        return epsilon(self.made, self.delta) * 1.001

    def event(self) -> Event:
        return self.made

    def to_json(self):
        return {"kind": "example", "name": self.name}

    def execute(self, data, noise):
        return {"name": self.name, "count": 41, "share": 0.1 + 0.2}


def person(number: int) -> PersonKey:
    return PersonKey(Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


def keyed(data: bytes) -> bytes:
    return sha256(b"a key that everybody knows" + data).digest()


class Ticking(Clock):
    """A clock that is two minutes late and goes on by a second for every entry, so that requests are never early."""

    def __init__(self) -> None:
        super().__init__()
        self.goes(minutes=-2)

    def __call__(self) -> str:
        self.goes(seconds=1)
        return super().__call__()


def opened(folder: Path) -> Ledger:
    ledger = Ledger(Store(Sqlite(folder / "ledger.sqlite"), Ticking()))
    ledger.folder = folder
    (folder / LOG_KEY).write_bytes(bytes(range(32)) + (ORIGIN + ledger.id).encode())
    take_key(ledger, folder)
    return ledger


def witness(ledger: Ledger, folder: Path) -> None:
    seconds = int(datetime.now(UTC).timestamp())
    (folder / COSIGNED).write_text(cosigned(checkpoint_of(ledger), WITNESS, seconds), encoding="utf-8")


def small(folder: Path) -> None:
    """Write the small one: an account, an allowance, somebody who may approve, a charge and its release."""
    with opened(folder) as ledger:
        ledger.open_account("inpatients", epsilon=4.0, delta=1e-7, patients=20_000)
        found(ledger, person(1))
        ledger.grant("beds", "inpatients", epsilon=1.0, delta=1e-8, purpose="bed planning 床位")
        witness(ledger, folder)
        event = Composed((DiscreteLaplace(sensitivity=2, scale=10.0), Failure(delta=1e-10)))
        ledger.run(Stated(name="stay", made=event, delta=1e-10), [], study="beds", account="inpatients")
        export(ledger, SMALL, folder=folder, with_releases=True)


def whole(folder: Path) -> None:
    """Write the other one: every kind of entry, every kind of event, sums of cohorts."""
    anna, bo, chen = (person(number) for number in (1, 2, 3))
    with opened(folder) as ledger:
        ledger.open_account("inpatients", epsilon=8.0, delta=1e-7, patients=20_000)
        ledger.open_account("visits", epsilon=1.0, delta=0.0001, patients=100, unit="row")
        ledger.grant(
            "study", "inpatients", epsilon=3.0, delta=1e-8, purpose="bed planning", expires="2099-12-31"
        )
        charges(ledger, cohort=None)
        found(ledger, anna, bo, chen)
        for cohort, patients in COHORTS.items():
            ledger.declare_cohort("inpatients", cohort, patients, digest=keyed)
        ledger.carry_out(ask(ledger, "extend", extension("6.0", "5e-08", "2099-12-31"), bo, requester=anna))
        ledger.declare_cohort("inpatients", "ward", MEMBERS["ward"], overlaps=list(COHORTS), digest=keyed)
        charges(ledger, cohort="2024")
        witness(ledger, folder)
        ledger.carry_out(ask(ledger, "dismiss", {"key": chen.public, "reason": "left"}, anna, bo))
        document = ask(ledger, "rotate-log-key", {}, anna)
        rotate_log_key(ledger, folder, lambda verifier: rotated(ledger, document, verifier))
        ledger.record("vault-opening", study="study", details={"files": 3}, commitment="00ff")
        ledger.note_not_private("row-level notes, policy pipl", study="study", account="inpatients")
        newest = ledger.store.at(ledger.store.head()[0] - 1).body["time"]
        document = ask(ledger, "accept-clock", {"newest": newest}, anna)
        with ledger.store.write() as writer:
            writer.append({"kind": "clock", "newest": newest})
            acts.approve_outside(ledger.store, writer, document, ledger=ledger.id)
        for cohort in ("2025", "ward"):
            event = DiscreteLaplace(sensitivity=1, scale=75.0)
            ledger.run(
                Stated(name=f"in {cohort}", made=event),
                [],
                study="study",
                account="inpatients",
                cohort=cohort,
            )
        with ledger.charge(
            Stated(name="lost", made=EVENTS[0]), study="study", account="inpatients", cohort="2025"
        ):
            pass
        with ledger.store.write() as writer:
            writer.append({"kind": "restored", "missing": 2})
        export(ledger, WHOLE, folder=folder, with_releases=True)


EVENTS = (
    DiscreteLaplace(sensitivity=1, scale=50.0),
    DiscreteGaussian(sensitivity=10.0, sigma=400.0),
    SampledGaussian(rate=0.01, sensitivity=8.0, sigma=20.0, steps=100),
    SampledGaussian(rate=1.0, sensitivity=8.0, sigma=800.0, steps=4),
    BoundedRange(epsilon=0.01),
    ApproximateDP(epsilon=0.02, delta=1e-12),
    Composed(
        (
            DiscreteLaplace(sensitivity=1, scale=100.0),
            Composed((DiscreteGaussian(sensitivity=1.5, sigma=90.0), Failure(delta=1e-12))),
        )
    ),
)


def charges(ledger: Ledger, *, cohort: str | None) -> None:
    """Charge one plan of every kind of event, and leave one of them open."""
    for number, event in enumerate(EVENTS):
        plan = Stated(name=f"plan {number}", made=event, delta=0.0 if number in (0, 4) else 1e-10)
        if number == 5 and cohort is None:
            Ledger.charge(ledger, plan, study="study", account="inpatients").__enter__()
        else:
            ledger.run(plan, [], study="study", account="inpatients", cohort=cohort)


def rotated(ledger: Ledger, document: Json, verifier: str) -> None:
    with ledger.store.write() as writer:
        approved = acts.approve_outside(ledger.store, writer, document, ledger=ledger.id)
        writer.append({"kind": "log-key", "verifier": verifier, "approval": approved.sequence})


def ledger_of(path: Path) -> Ledger:
    """Return a ledger in memory that holds what an export holds, so that it can be verified."""
    read = read_export(path)
    return ledger_with([entry.body for entry in read.entries], read.releases)


def ledger_with(
    bodies: list[Json],
    releases: dict[int, tuple[bytes, bytes]],
    written: Callable[[str], str] = str,
) -> Ledger:
    """Return a ledger in memory that holds these entries, chained anew, with a tree that fits them.

    `written` may write the canonical text of an entry in another way.
    """
    store, edge, previous = Store(Sqlite(None), Clock()), Edge(), START
    for sequence, body in enumerate(bodies):
        whole = {**body, "previous": previous}
        text = written(json.dumps(in_order(whole), separators=(",", ":"), ensure_ascii=False))
        previous, salt = link(previous, text), bytes(16)
        columns = [whole.get(name) for name in ("kind", "account", "study", "key", "charge")]
        store.database.execute(ADD_ENTRY, (sequence, previous, *columns, text, salt))
        for node in edge.add(sequence, salt, text):
            store.database.execute(ADD_NODE, node)
    with store.write() as writer:
        for sequence, (salt, content) in releases.items():
            writer.keep_release(sequence, salt, content)
        declared = {body.get("cohort") for body in bodies if body["kind"] == "cohort"}
        for cohort, patients in MEMBERS.items():
            if cohort in declared:
                digests = {digest_of(keyed, "inpatients", patient) for patient in patients}
                writer.add_members("inpatients", cohort, digests, overlaps=list(MEMBERS))
    return Ledger(store)


def in_order(value: object) -> object:
    """Return `value` with sorted keys, whatever it holds; no key here has letters for which the order matters."""
    if isinstance(value, dict):
        return {key: in_order(value[key]) for key in sorted(value)}
    return [in_order(each) for each in value] if isinstance(value, list) else value


if __name__ == "__main__":
    for write in (small, whole):
        with TemporaryDirectory() as place:
            write(Path(place))
