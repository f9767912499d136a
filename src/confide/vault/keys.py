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
from confide.vault.store import FileRow, Store


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

    def wrap_data_key(self, data_key: bytes, file_id: bytes, epoch: int, epoch_key: bytes) -> bytes:
        """Return the data key wrapped under the epoch whose wrapped key this is, bound to vault, file, epoch."""
        key = self._open_epoch_key(epoch, epoch_key)
        return encrypt(key, data_key, of_file(self.vault_id, file_id, epoch))

    def rewrap_data_key(self, row: FileRow, old_key: bytes, epoch: int, epoch_key: bytes) -> bytes:
        """Return the data key of `row` wrapped under another epoch; both epoch keys come wrapped."""
        return self.wrap_data_key(self._open_data_key(row, old_key), row.file_id, epoch, epoch_key)

    def data_key(self, header: Header, file: str) -> bytes:
        """Return the data key of a sealed file.

        Raises:
            AccessDenied: this vault did not seal it, or its key was destroyed.
            IntegrityError: the store was damaged.
        """
        row, epoch_key = self._store.file_and_epoch_key(header.file_id)
        if row is None:
            destroyed = self._store.is_destroyed(header.file_id)
            raise AccessDenied("vault.key-destroyed" if destroyed else "vault.unknown-file", file=file)
        if epoch_key is None:
            raise AccessDenied("vault.key-destroyed", file=file)
        return self._open_data_key(row, epoch_key)

    def new_epoch_key(self, epoch: int) -> bytes:
        """Return a fresh epoch key, wrapped under the root key, bound to vault and epoch."""
        return new_epoch_key(self.__root, self.vault_id, epoch)

    def close_json(self, label: str, fields: Json, *belonging: bytes) -> bytes:
        """Encrypt public fields for the store under the key of `label`, bound to where they belong."""
        return encrypt(self.derive(label), json.dumps(fields).encode(), bind(self.vault_id, *belonging))

    def open_json(self, label: str, blob: bytes, *belonging: bytes) -> dict[str, Any]:
        """Return what `close_json` was given; IntegrityError if the store was damaged."""
        with as_store_damage():
            plain = decrypt(self.derive(label), blob, bind(self.vault_id, *belonging))
        fields: dict[str, Any] = json.loads(plain)
        return fields

    def _open_epoch_key(self, epoch: int, wrapped: bytes) -> bytes:
        with as_store_damage():
            return decrypt(self.derive("epoch keys"), wrapped, of_epoch(self.vault_id, epoch))

    def _open_data_key(self, row: FileRow, epoch_key: bytes) -> bytes:
        with as_store_damage():
            key = self._open_epoch_key(row.epoch, epoch_key)
            return decrypt(key, row.wrapped, of_file(self.vault_id, row.file_id, row.epoch))


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
