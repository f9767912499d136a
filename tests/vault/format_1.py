"""A vault as the first version of confide wrote it: store format 1, made by hand, with one sealed file in it."""

import hashlib
import json
import os
import sqlite3
from contextlib import closing

from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from second_reader import bind, hkdf

from confide.vault.recovery import text_of
from confide.vault.seal import header_of

TABLES = """
CREATE TABLE vault    (format INTEGER NOT NULL, vault_id BLOB NOT NULL, checksum BLOB NOT NULL);
CREATE TABLE custody  (kind TEXT PRIMARY KEY, salt BLOB NOT NULL,
                       memory_kib INTEGER, passes INTEGER, lanes INTEGER,
                       wrapped BLOB NOT NULL, checksum BLOB NOT NULL);
CREATE TABLE epochs   (epoch INTEGER PRIMARY KEY, wrapped BLOB NOT NULL);
CREATE TABLE files    (file_id BLOB PRIMARY KEY, epoch INTEGER NOT NULL,
                       wrapped BLOB NOT NULL, facts BLOB NOT NULL);
CREATE TABLE openings (sequence INTEGER PRIMARY KEY, entry BLOB NOT NULL);
"""


def blob(key, plain, associated):
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, plain, associated)


def make_format_1(folder, passphrase, sealed, data_key):
    """Write `folder`/vault.sqlite of format 1 that knows the file `sealed`; return its recovery key."""
    root, vault_id, paper = os.urandom(32), os.urandom(16), os.urandom(20)
    file_id, epoch_key, one = header_of(sealed).file_id, os.urandom(32), (1).to_bytes(8, "big")

    def key(label):
        return hkdf(root, b"", bind(b"confide vault", label.encode()))

    def custody(kind, salt, kek, numbers):
        belonging = bind(b"confide root key", kind.encode(), vault_id, salt, json.dumps(numbers).encode())
        wrapped = blob(kek, root, belonging)
        three = numbers or (None, None, None)
        return kind, salt, *three, wrapped, hashlib.sha256(bind(belonging, wrapped)).digest()

    salts = os.urandom(16), os.urandom(16)
    stretched = hash_secret_raw(passphrase.encode(), salts[0], 1, 64, 1, 32, Type.ID, version=19)
    custodies = [
        custody("passphrase", salts[0], stretched, [64, 1, 1]),
        custody("recovery", salts[1], hkdf(paper, salts[1], b"confide recovery key"), []),
    ]
    facts = {"path": os.path.relpath(sealed, folder), "size": 5, "digest": "00", "sealed_at": "2026-01-01T00:00:00+00:00", "kind": "original"}  # fmt: skip
    opening = {"time": "2026-01-02T00:00:00+00:00", "file_id": file_id.hex(), "path": facts["path"], "purpose": "a check", "who": "a"}  # fmt: skip
    check = hashlib.sha256(bind(b"confide vault", one, vault_id)).digest()[:8]
    folder.mkdir()
    with closing(sqlite3.connect(folder / "vault.sqlite")) as db:
        db.executescript(f"PRAGMA application_id = {0x434E4656};" + TABLES)
        db.execute("INSERT INTO vault VALUES (1, ?, ?)", (vault_id, check))
        db.executemany("INSERT INTO custody VALUES (?, ?, ?, ?, ?, ?, ?)", custodies)
        wrapped = blob(key("epoch keys"), epoch_key, bind(b"confide epoch key", vault_id, one))
        db.execute("INSERT INTO epochs VALUES (1, ?)", (wrapped,))
        wrapped = blob(epoch_key, data_key, bind(b"confide data key", vault_id, file_id, one))
        closed = blob(key("facts"), json.dumps(facts).encode(), bind(vault_id, file_id))
        db.execute("INSERT INTO files VALUES (?, 1, ?, ?)", (file_id, wrapped, closed))
        entry = blob(key("openings"), json.dumps(opening).encode(), bind(vault_id, one, b""))
        db.execute("INSERT INTO openings VALUES (1, ?)", (entry,))
        db.commit()
    return text_of(paper)
