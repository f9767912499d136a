"""The keys of one open vault: root key, epoch keys, data keys, and what is encrypted under them.

    root (custody) ── HKDF by label ──┬── wraps epoch keys ── each wraps the data keys of its files
                                      └── facts, openings, fingerprints, subkeys, digests

Only `confide.vault.vault` and `confide.vault.openings` hold this object; its repr shows nothing.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from confide.crypto.aead import bind, decrypt, encrypt
from confide.crypto.derive import hkdf
from confide.errors import AccessDenied, ConfideError, IntegrityError
from confide.types import Json
from confide.vault.seal import Header
from confide.vault.store import Store


class Keys:
    """The root key and what follows from it. Never printed, copied or pickled."""

    __slots__ = ("__root", "_store", "vault_id")

    def __init__(self, store: Store, vault_id: bytes, root: bytes) -> None:
        self._store = store
        self.vault_id = vault_id
        self.__root = root

    def __repr__(self) -> str:
        return "<Keys>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys are not copied or pickled: they stay in this process")

    def root(self) -> bytes:
        """Return the root key, for custody to wrap."""
        return self.__root

    def derive(self, label: str, length: int = 32) -> bytes:
        """Return the key of one purpose."""
        return hkdf(self.__root, bind(b"confide vault", label.encode()), length)

    def wrap_data_key(self, data_key: bytes, file_id: bytes, epoch: int, file: str) -> bytes:
        """Return the data key wrapped under its epoch, bound to vault, file and epoch."""
        return encrypt(self._epoch_key(epoch, file), data_key, of_file(self.vault_id, file_id, epoch))

    def data_key(self, header: Header, file: str) -> bytes:
        """Return the data key of a sealed file.

        Raises:
            AccessDenied: this vault did not seal it, or its key was destroyed.
            IntegrityError: the store was damaged.
        """
        row = self._store.file(header.file_id)
        if row is None:
            raise AccessDenied("vault.unknown-file", file=file)
        epoch_key = self._epoch_key(row.epoch, file)
        with as_store_damage():
            return decrypt(epoch_key, row.wrapped, of_file(self.vault_id, row.file_id, row.epoch))

    def close_json(self, label: str, fields: Json, *belonging: bytes) -> bytes:
        """Encrypt public fields for the store under the key of `label`, bound to where they belong."""
        return encrypt(self.derive(label), json.dumps(fields).encode(), bind(self.vault_id, *belonging))

    def open_json(self, label: str, blob: bytes, *belonging: bytes) -> dict[str, Any]:
        """Return what `close_json` was given; IntegrityError if the store was damaged."""
        with as_store_damage():
            plain = decrypt(self.derive(label), blob, bind(self.vault_id, *belonging))
        fields: dict[str, Any] = json.loads(plain)
        return fields

    def _epoch_key(self, epoch: int, file: str) -> bytes:
        wrapped = self._store.epoch_key(epoch)
        if wrapped is None:
            raise AccessDenied("vault.key-destroyed", file=file)
        with as_store_damage():
            return decrypt(self.derive("epoch keys"), wrapped, of_epoch(self.vault_id, epoch))


def new_epoch_key(root: bytes, vault_id: bytes, epoch: int) -> bytes:
    """Return a fresh epoch key, wrapped under the root key, bound to vault and epoch."""
    wrapping = hkdf(root, bind(b"confide vault", b"epoch keys"))
    return encrypt(wrapping, os.urandom(32), of_epoch(vault_id, epoch))


def of_epoch(vault_id: bytes, epoch: int) -> bytes:
    """Return what a wrapped epoch key is bound to."""
    return bind(b"confide epoch key", vault_id, epoch.to_bytes(8, "big"))


def of_file(vault_id: bytes, file_id: bytes, epoch: int) -> bytes:
    """Return what a wrapped data key is bound to."""
    return bind(b"confide data key", vault_id, file_id, epoch.to_bytes(8, "big"))


@contextmanager
def as_store_damage() -> Iterator[None]:
    """Say of a value that does not open that the store was damaged."""
    try:
        yield
    except ConfideError:
        raise IntegrityError("vault.store-damaged") from None
