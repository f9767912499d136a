"""Random tampering with a ledger, by who holds no key and by who holds the log's; `bench_trust.py` counts what was missed.

Claims under test: whatever row, text or checkpoint is changed, verification with the log's public key finds it; and
whoever rewrites the whole ledger consistently and signs it anew is found by the last cosigned checkpoint.
Each tampering is done to the real tables, verified by what `confide ledger verify` and `confide log verify` call, and
rolled back.
"""

import json
import random
import tempfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ledger_writer import Count

from confide.crypto import merkle
from confide.crypto.note import Verifier, cosigned, new_signer
from confide.crypto.sign import new_key
from confide.errors import ConfideError, IntegrityError
from confide.ledger.entries import START, canonical, link, salted_digest
from confide.ledger.home import checkpoint_of, open_ledger
from confide.ledger.ledger import Ledger
from confide.ledger.requests import new_request, sign_request
from confide.ledger.verify import verify_ledger
from confide.study.log import LedgerLog
from confide.transparency.verify import verify_log
from confide.types import Json

ACCOUNT, STUDY = "inpatients", "readmission"
TABLES = ("entries", "releases", "nodes", "members")


@dataclass(frozen=True)
class Scene:
    """A ledger with an entry of every kind, what is known of it from outside, and what it holds."""

    ledger: Ledger
    note: str  # its checkpoint, signed
    cosigned: str  # the same, with a witness's signature
    pinned: Verifier  # the log's public key
    witness: Verifier
    rows: dict[str, list[tuple]]
    columns: dict[str, list[str]]
    bodies: list[Json]

    @property
    def database(self):
        """The real tables."""
        return self.ledger.store.database


def scene(folder: Path) -> Scene:
    """Make the ledger: accounts, cohorts, an extension under roles, charges of each fate, records."""
    ledger = open_ledger(folder)
    officer, trustee = new_key(), new_key()
    ledger.open_account(ACCOUNT, epsilon=8.0, delta=1e-8, patients=20_000)
    ledger.grant(STUDY, ACCOUNT, epsilon=2.0, delta=1e-9, purpose="plan beds")
    for key, label, signer in ((officer, "officer", officer), (trustee, "trustee", officer)):
        fields = {"label": label, "key": key.public, "roles": ["approve", "extend"]}
        ledger.carry_out(sign_request(new_request("appoint", fields, ledger), signer))
    ledger.declare_cohort(ACCOUNT, "2024", [f"p{n}" for n in range(5)])
    ledger.declare_cohort(ACCOUNT, "2025", [f"q{n}" for n in range(5)])
    for number in range(4):
        ledger.run(Count(f"all-{number}", 0.25), None, study=STUDY, account=ACCOUNT)
    more = {"study": STUDY, "account": ACCOUNT, "epsilon": "4.0", "delta": "1e-09", "expires": "9999-12-31",
            "reason": "one more question"}  # fmt: skip
    ledger.carry_out(sign_request(new_request("extend", more, ledger, requester=officer), trustee))
    for number in range(3):
        ledger.run(Count(f"2024-{number}", 0.25), None, study=STUDY, account=ACCOUNT, cohort="2024")
    try:
        with ledger.charge(Count("broken"), study=STUDY, account=ACCOUNT):
            raise RuntimeError
    except RuntimeError:
        pass
    ledger.record("vault-opening", study=STUDY, details={"file": "0123", "purpose": "answer a complaint"})
    verify_ledger(ledger)
    database, signer = ledger.store.database, new_signer("witness.example")
    database.execute("PRAGMA foreign_keys = OFF")
    note = checkpoint_of(ledger)
    return Scene(
        ledger=ledger,
        note=note,
        cosigned=cosigned(note, signer, 1_800_000_000),
        pinned=ledger.signer.verifier,
        witness=signer.cosigner,
        rows={table: database.execute(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES},
        columns={
            table: [row[1] for row in database.execute(f"PRAGMA table_info({table})")] for table in TABLES
        },
        bodies=[entry.body for entry in ledger.store.all()],
    )


# without a key ----------------------------------------------------------------------------------------


def keyless(at: Scene, draw: random.Random) -> tuple[str, str]:
    """Tamper as somebody who can write to every file, and holds no key; return what was done and the checkpoint."""
    kinds: list[Callable[[Scene, random.Random], str | None]] = [
        a_cell, a_cell, a_row_gone, a_row_twice, two_rows, the_end_cut, rewritten, the_checkpoint,
    ]  # fmt: skip
    while True:
        kind = draw.choice(kinds)
        at.database.execute("BEGIN")
        try:
            note = kind(at, draw)
        except IntegrityError:  # the database itself refuses: a value of another type, a row twice
            note = None
        if note is not None:
            return kind.__name__, note
        at.database.execute("ROLLBACK")


def a_cell(at: Scene, draw: random.Random) -> str | None:
    """Change one value of one row."""
    table = draw.choice(TABLES)
    row, other = draw.choice(at.rows[table]), draw.choice(at.rows[table])
    column = draw.randrange(len(row))
    value = draw.choice([altered(row[column], draw), other[column]])
    if value == row[column]:
        return None
    return _set(at, table, row, {at.columns[table][column]: value})


def a_row_gone(at: Scene, draw: random.Random) -> str | None:
    """Delete a row."""
    table = draw.choice(TABLES)
    return _where(at, f"DELETE FROM {table}", (), table, draw.choice(at.rows[table]))


def a_row_twice(at: Scene, draw: random.Random) -> str | None:
    """Add a row that looks like another one."""
    table = draw.choice(TABLES)
    row = list(draw.choice(at.rows[table]))
    column = draw.choice([0, 1]) if table in ("nodes", "members") else 0
    row[column] = altered(row[column], draw)
    at.database.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
    return at.note


def two_rows(at: Scene, draw: random.Random) -> str | None:
    """Exchange what two rows say, except where they stand."""
    table = draw.choice(["entries", "releases", "nodes"])
    one, two = draw.sample(at.rows[table], 2)
    keys = 2 if table == "nodes" else 1
    if one[keys:] == two[keys:]:
        return None
    names = at.columns[table][keys:]
    _set(at, table, one, dict(zip(names, two[keys:], strict=True)))
    return _set(at, table, two, dict(zip(names, one[keys:], strict=True)))


def the_end_cut(at: Scene, draw: random.Random) -> str | None:
    """Cut off the newest entries, consistently."""
    return _rewrite(at, at.bodies[: draw.randrange(1, len(at.bodies))])


def rewritten(at: Scene, draw: random.Random) -> str | None:
    """Change an entry and recompute chain, columns and tree."""
    return _rewrite(at, changed(at.bodies, draw))


def the_checkpoint(at: Scene, draw: random.Random) -> str | None:
    """Change the checkpoint's text."""
    note = altered(at.note, draw)
    return None if note == at.note else note


# with the log's key -----------------------------------------------------------------------------------


def insider(at: Scene, draw: random.Random) -> tuple[str, str]:
    """Rewrite what was cosigned, consistently, and sign it anew; return what was done and the new checkpoint."""
    at.database.execute("BEGIN")
    how = draw.choice(["changed", "cut", "salt", "release"])
    bodies, salts, releases = at.bodies, None, None
    if how == "changed":
        bodies = changed(at.bodies, draw)
    elif how == "cut":
        bodies = at.bodies[: draw.randrange(1, len(at.bodies))]
    elif how == "salt":
        salts = [row[-1] for row in at.rows["entries"]]
        salts[draw.randrange(len(salts))] = draw.randbytes(16)
    else:  # another result than the one that was released
        sequence, salt, content = draw.choice(at.rows["releases"])
        other = json.dumps(json.loads(content) | {"count": draw.randrange(1000)}).encode()
        releases = [row if row[0] != sequence else (sequence, salt, other) for row in at.rows["releases"]]
        bodies = list(at.bodies)
        bodies[sequence] = bodies[sequence] | {"release": salted_digest(salt, other)}
    _rewrite(at, bodies, salts, releases)
    return how, checkpoint_of(at.ledger)


def changed(bodies: list[Json], draw: random.Random) -> list[Json]:
    """Return the entries with one dropped, moved, repeated, or one figure or word of it changed."""
    bodies = list(bodies)
    where = draw.randrange(len(bodies))
    how = draw.randrange(5)
    if how == 0 and len(bodies) > 1:
        del bodies[where]
    elif how == 1 and where:
        bodies[where - 1], bodies[where] = bodies[where], bodies[where - 1]
    elif how == 2 and where < len(bodies) - 1:  # behind the last one, nothing that was signed would change
        bodies.insert(where, bodies[where])
    else:
        bodies[where] = _changed_field(bodies[where], draw)
    return bodies


def _changed_field(body: Json, draw: random.Random) -> Json:
    whole = json.loads(canonical(body))
    inside = whole
    while True:
        name = draw.choice([n for n in inside if inside is not whole or n not in ("sequence", "previous")])
        if isinstance(inside[name], dict) and inside[name]:
            inside = inside[name]
            continue
        before = inside[name]
        inside[name] = altered(before, draw) if isinstance(before, int | str) and before != "" else "x"
        return whole if inside[name] != before else _changed_field(body, draw)


def altered(value: object, draw: random.Random) -> object:
    """Return another value of the same type, most often a near one."""
    if isinstance(value, int):
        return draw.choice([value + 1, value - 1, value ^ (1 << draw.randrange(40)), draw.randrange(2**40)])
    if isinstance(value, bytes):
        where = draw.randrange(len(value) or 1)
        return draw.choice([
            value[:where] + bytes([value[where] ^ (1 << draw.randrange(8))]) + value[where + 1 :],
            value[:where],
            value + b"\0",
        ])  # fmt: skip
    if isinstance(value, str):
        where = draw.randrange(len(value) or 1)
        letter = draw.choice('0123456789abcdefXYZ:,"{}\n \u00e9')
        return draw.choice([value[:where] + letter + value[where + 1 :], value[:where] + value[where + 1 :]])
    return draw.choice([0, "x", b"x"])


def _set(at: Scene, table: str, row: tuple, values: dict[str, object]) -> str:
    sets = ", ".join(f"{name} = ?" for name in values)
    return _where(at, f"UPDATE {table} SET {sets}", tuple(values.values()), table, row)


def _where(at: Scene, statement: str, values: tuple, table: str, row: tuple) -> str:
    keys = at.columns[table][:2]
    condition = " AND ".join(f"{key} IS ?" for key in keys)
    at.database.execute(f"{statement} WHERE {condition}", (*values, *row[:2]))
    return at.note


def _rewrite(at: Scene, bodies: list[Json], salts: list[bytes] | None = None, releases=None) -> str:
    """Make these the entries, with the chain, the columns, the tree and the releases that fit them."""
    salts = salts or [row[-1] for row in at.rows["entries"]]
    salts += salts[: len(bodies) - len(salts)] if len(bodies) > len(salts) else []
    previous, entries, leaves, commits = START, [], [], set()
    for sequence, body in enumerate(bodies):
        body = {**body, "sequence": sequence, "previous": previous}
        text = canonical(body)
        previous = link(previous, text)
        columns = [body.get(name) for name in ("kind", "account", "study", "key", "charge")]
        entries.append((sequence, previous, *columns, text, salts[sequence]))
        leaves.append(merkle.leaf_hash(salts[sequence] + text.encode()))
        if body["kind"] == "commit":
            commits.add(sequence)
    nodes = [
        (level, index, digest)
        for level, digests in enumerate(merkle.perfect_subtrees(leaves))
        for index, digest in enumerate(digests)
    ]
    for table in ("entries", "nodes", "releases"):
        at.database.execute(f"DELETE FROM {table}")
    at.database.execute_many("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", entries)
    at.database.execute_many("INSERT INTO nodes VALUES (?, ?, ?)", nodes)
    kept = [row for row in (releases or at.rows["releases"]) if row[0] in commits]
    at.database.execute_many("INSERT INTO releases VALUES (?, ?, ?)", kept)
    return at.note


# verification -----------------------------------------------------------------------------------------


def found_by_anyone(at: Scene, note: str) -> bool:
    """Verify as who knows the log's public key."""
    try:
        verify_ledger(at.ledger)
        verify_log(LedgerLog(at.ledger), checkpoints=[note], log_keys=[at.pinned], notes=[], trusted=[])
    except ConfideError:
        return True
    return False


def found_by_cosignature(at: Scene, note: str) -> bool:
    """Verify as who has the last cosigned checkpoint, and believes the signature of the log whatever it signs."""
    try:
        at.ledger.store.check_columns()
        verify_log(
            LedgerLog(at.ledger),
            checkpoints=[note],
            log_keys=[at.pinned],
            notes=[at.cosigned],
            trusted=[at.witness],
        )
    except ConfideError:
        return True
    return False


def tamper(attack: str, times: int, seed: int) -> tuple[int, Counter[str]]:
    """Tamper `times` times; return how often it was missed, and what was tried."""
    draw, tried, missed = random.Random(seed), Counter[str](), 0
    by, found = (keyless, found_by_anyone) if attack == "keyless" else (insider, found_by_cosignature)
    with tempfile.TemporaryDirectory() as folder:
        at = scene(Path(folder))
        if found_by_anyone(at, at.note) or found_by_cosignature(at, at.note):
            raise RuntimeError("a sound ledger is refused")
        for _ in range(times):
            how, note = by(at, draw)
            tried[how] += 1
            if not found(at, note):
                missed += 1
                print(f"missed: {attack}, {how}", flush=True)
            at.database.execute("ROLLBACK")
        if found_by_anyone(at, at.note):
            raise RuntimeError("the ledger was not put back")
        at.ledger.close()
    return missed, tried


def missed(attack: str, times: int, *, processes: int = 2) -> tuple[int, Counter[str]]:
    """Return how many of `times` random tamperings were missed, and how many of each kind were tried.

    Args:
        attack: "keyless" or "insider".
        times: in all.
        processes: that share them.
    """
    shares = [times // processes + (n < times % processes) for n in range(processes)]
    with ProcessPoolExecutor(processes) as pool:
        done = list(pool.map(partial(tamper, attack), shares, range(processes)))
    return sum(count for count, _ in done), sum((tried for _, tried in done), Counter())


if __name__ == "__main__":
    for attack in ("keyless", "insider"):
        print(attack, *missed(attack, 4000))
