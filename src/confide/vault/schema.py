"""The tables of the vault's store, and how a store of an earlier format becomes one of today's.

Statements only: no key is needed to migrate, because nothing encrypted is bound to the form of a table.
`confide.vault.store` runs them, each migration in one transaction. In words: `docs/sealed-format.md`.
"""

import hashlib
import sqlite3

from confide.crypto.aead import bind

FORMAT = 2
APPLICATION = 0x434E4656  # "CNFV"

TABLES = (
    "CREATE TABLE vault (format INTEGER NOT NULL, vault_id BLOB NOT NULL, checksum BLOB NOT NULL)",
    "CREATE TABLE custody (kind TEXT PRIMARY KEY, settings TEXT NOT NULL, salt BLOB NOT NULL,"
    " guarded BLOB NOT NULL, wrapped BLOB NOT NULL, checksum BLOB NOT NULL)",
    "CREATE TABLE epochs (epoch INTEGER PRIMARY KEY, wrapped BLOB NOT NULL)",
    "CREATE TABLE files (file_id BLOB PRIMARY KEY, epoch INTEGER NOT NULL,"
    " wrapped BLOB NOT NULL, facts BLOB NOT NULL)",
    "CREATE TABLE destroyed (file_id BLOB PRIMARY KEY)",
    "CREATE TABLE openings (sequence INTEGER PRIMARY KEY, entry BLOB NOT NULL)",
)

_FROM_1_TO_2 = (  # custody by more than a passphrase, and the ids of files whose key was destroyed
    "ALTER TABLE custody RENAME TO custody_1",
    TABLES[1],
    "INSERT INTO custody SELECT kind, CASE kind WHEN 'recovery' THEN '[]'"
    " ELSE '[' || memory_kib || ', ' || passes || ', ' || lanes || ']' END, salt, x'', wrapped, checksum"
    " FROM custody_1",
    "DROP TABLE custody_1",
    TABLES[4],
)
MIGRATIONS = {1: _FROM_1_TO_2}  # from which format


def migrate(db: sqlite3.Connection, found: int, vault_id: bytes) -> None:
    """Bring a store of format `found` to today's, inside the transaction that is open."""
    for step in range(found, FORMAT):
        for statement in MIGRATIONS[step]:
            db.execute(statement)
    db.execute("UPDATE vault SET format = ?, checksum = ?", (FORMAT, identity_check(FORMAT, vault_id)))


def identity_check(version: int, vault_id: bytes) -> bytes:
    """Return what tells an accident in the row of `vault` without a key."""
    return hashlib.sha256(bind(b"confide vault", version.to_bytes(8, "big"), vault_id)).digest()[:8]
