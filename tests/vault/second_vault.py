"""A second reader of the vault's store, written from docs/sealed-format.md alone: pyca and the standard library."""

import hashlib
import hmac
import json
import sqlite3
import unicodedata
from contextlib import closing

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from second_reader import bind, hkdf

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class SecondVault:
    """Everything the page describes, read only."""

    def __init__(self, path, *, passphrase=None, recovery=None):
        with closing(sqlite3.connect(path)) as db:
            ((_, self.vault_id, _),) = db.execute("SELECT * FROM vault").fetchall()
            custody = {row[0]: row[1:] for row in db.execute("SELECT * FROM custody")}
            self.epochs = dict(db.execute("SELECT epoch, wrapped FROM epochs"))
            self.files = {
                row[0]: row[1:] for row in db.execute("SELECT file_id, epoch, wrapped, facts FROM files")
            }
            self.entries = db.execute("SELECT sequence, entry FROM openings ORDER BY sequence").fetchall()
        kind = "passphrase" if passphrase else "recovery"
        settings, salt, _, wrapped, checksum = custody[kind]
        belonging = bind(b"confide root key", kind.encode(), self.vault_id, salt, settings.encode())
        assert hashlib.sha256(bind(belonging, wrapped)).digest() == checksum
        if passphrase:
            memory, passes, lanes = json.loads(settings)
            secret = unicodedata.normalize("NFC", passphrase).encode()
            kek = Argon2id(salt=salt, length=32, iterations=passes, lanes=lanes, memory_cost=memory).derive(
                secret
            )
        else:
            number = 0
            for letter in recovery.replace("-", ""):
                number = number * 32 + ALPHABET.index(letter)
            kek = hkdf(number.to_bytes(25, "big")[:20], salt, b"confide recovery key")
        self.root = self.open(kek, wrapped, belonging)

    @staticmethod
    def open(key, blob, associated):
        return AESGCM(key).decrypt(blob[:12], blob[12:], associated)

    def key(self, label):
        return hkdf(self.root, b"", bind(b"confide vault", label.encode()))

    def data_key(self, file_id):
        epoch, wrapped, _ = self.files[file_id]
        number = epoch.to_bytes(8, "big")
        belonging = bind(b"confide epoch key", self.vault_id, number)
        epoch_key = self.open(self.key("epoch keys"), self.epochs[epoch], belonging)
        return self.open(epoch_key, wrapped, bind(b"confide data key", self.vault_id, file_id, number))

    def facts(self, file_id):
        return json.loads(self.open(self.key("facts"), self.files[file_id][2], bind(self.vault_id, file_id)))

    def openings(self):
        before = b""
        for sequence, entry in self.entries:
            belonging = bind(self.vault_id, sequence.to_bytes(8, "big"), before)
            yield json.loads(self.open(self.key("openings"), entry, belonging))
            before = entry

    def digest(self, plain):
        outer, inner = (
            hkdf(self.key("fingerprint"), b"", b"confide fingerprint 1: " + end)
            for end in (b"outer", b"inner")
        )
        return hmac.digest(outer, AESGCM(inner).encrypt(bytes(12), b"", plain), "sha256").hex()
