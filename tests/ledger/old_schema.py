"""A ledger file as the first version of confide wrote it: its SQL, its chain, its three-line checkpoint.

Kept by value, not by import, so that it stays what it was when the code of today changes.
"""

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

TABLES = """
CREATE TABLE entries (
    sequence INTEGER PRIMARY KEY,
    hash     TEXT NOT NULL,
    kind     TEXT NOT NULL,
    account  TEXT,
    study    TEXT,
    key      TEXT,
    charge   INTEGER,
    body     TEXT NOT NULL
) STRICT;
CREATE INDEX entries_account ON entries (account, kind, sequence);
CREATE INDEX entries_study ON entries (account, study, sequence);
CREATE INDEX entries_key ON entries (key, sequence);
CREATE INDEX entries_charge ON entries (charge);
CREATE TABLE releases (
    sequence INTEGER PRIMARY KEY REFERENCES entries (sequence),
    salt     BLOB NOT NULL,
    content  BLOB NOT NULL
) STRICT;
"""
ID = "00112233445566ff"
KEY = "9b6d5a5e9f0a4dbeb4a38d7a5a4e5e6f8a9c2b1d0e3f4a5b6c7d8e9f0a1b2c3d"
RULE = {"cap": 3012345678, "delta": 100000000000, "epsilon": 9000000000, "order": 9}
NOTHING = {"additive_delta": 0, "basic_delta": 0, "basic_epsilon": 0, "renyi": 0}
ONE = {"additive_delta": 0, "basic_delta": 0, "basic_epsilon": 1000000000, "renyi": 900000000}
SALT, CONTENT = bytes(range(16)), '{"count":7,"exact":0.30000000000000004,"名":"x"}'.encode()


def bodies() -> list[dict]:
    """Genesis, an account, an allowance, a charge with its commit, and one of which nothing came."""
    who = {"account": "inpatients", "study": "研究"}
    done = who | {"key": KEY, "name": "count"}
    lost = who | {"key": KEY[::-1], "name": "lost"}
    charge = {
        "kind": "charge", "plan": {"kind": "count"}, "event": {"kind": "discrete-laplace", "scale": "1.0", "sensitivity": 1},
        "delta": "1e-15", "cost_account": ONE, "cost_study": ONE, "commitment": "data-1", "unit": "patient",
        "relation": "add or remove one patient", "versions": {"confide": "0.1.0", "python": "3.11.7"},
    }  # fmt: skip
    two = {name: 2 * value for name, value in ONE.items()}
    digest = hashlib.sha256(b"confide release\0" + SALT + CONTENT).hexdigest()
    return [
        {"kind": "genesis", "format": "confide-ledger/1", "ledger": ID},
        {"kind": "account", "account": "inpatients", "rule": RULE, "patients": 20000, "unit": "patient",
         "relation": "add or remove one patient"},
        who | {"kind": "allowance", "rule": RULE, "spent_study": NOTHING, "requester": "", "purpose": ""},
        done | charge | {"spent_account": ONE, "spent_study": ONE},
        done | {"kind": "commit", "charge": 3, "release": digest, "commitment": "data-1"},
        lost | charge | {"spent_account": two, "spent_study": two},
        lost | {"kind": "abandon", "charge": 5, "reason": "left without a commit"},
    ]  # fmt: skip


def write_old_ledger(folder: Path, *, more: int = 0) -> list[tuple]:
    """Write `ledger.sqlite` and `checkpoint`; return the rows of entries. `more` abandons follow, to fill pages."""
    rows, previous = [], "0" * 64
    filler = [{"kind": "not-private", "account": "inpatients", "what": str(n)} for n in range(more)]
    for sequence, body in enumerate(bodies() + filler):
        whole = body | {
            "sequence": sequence,
            "previous": previous,
            "time": f"2026-01-31T09:30:{sequence % 60:02}Z",
        }
        if sequence >= 7:
            whole["time"] = "2026-01-31T10:00:00Z"
        text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        previous = hashlib.sha256(bytes.fromhex(previous) + text.encode()).hexdigest()
        columns = [whole.get(name) for name in ("kind", "account", "study", "key", "charge")]
        rows.append((sequence, previous, *columns, text))
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(TABLES)
        connection.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute("INSERT INTO releases VALUES (4, ?, ?)", (SALT, CONTENT))
        connection.commit()
    (folder / "checkpoint").write_text(f"confide-ledger/{ID}\n{len(rows)}\n{previous}\n")
    return rows
