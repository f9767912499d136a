"""What opens a vault, and how that is changed: passphrases, recovery keys, key services, HSMs, epochs.

The half of `confide.vault.vault.Vault` that looks into no file. How each of them wraps the root key:
`confide.vault.custody`; what a rotation does to keys: `confide.vault.store`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from confide.errors import InvalidInput
from confide.vault import custody
from confide.vault.custody import Cost, Guard, RewrapGuard
from confide.vault.keys import Keys
from confide.vault.openings import OnRecord, no_record
from confide.vault.shelf import Shelf
from confide.vault.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What `Vault.rotate` did."""

    epoch: int  # the number of the new one
    files: int  # whose keys it wraps


def no_keeper(text: str) -> None:
    """Keep nothing: the caller of `new_recovery_key` does."""


class Locks:
    """The locks of one vault; `Vault` is made with them."""

    __slots__ = ("_keys", "_shelf", "_store")

    def __init__(self, store: Store, keys: Keys, shelf: Shelf) -> None:
        self._store, self._keys, self._shelf = store, keys, shelf

    @property
    def id(self) -> str:
        """Random and public, for ever the same: what the ledger and other institutions call this vault."""
        return self._keys.vault_id.hex()

    def custodies(self) -> dict[str, str]:
        """Return the ways to open this vault, with their public settings as JSON."""
        return {kind: record.settings for kind, record in self._store.custodies().items()}

    def change_passphrase(self, passphrase: str, *, cost: Cost | None = None) -> None:
        """Let `passphrase` open the vault from now on, and the old one no more; no file is touched.

        A copy of the store that was made before still opens with the old one.

        Raises:
            InvalidInput: too short.
        """
        keys = self._keys
        record = custody.wrap_with_passphrase(keys.root(), passphrase, keys.vault_id, cost or Cost())
        self._store.set_custody(record)

    def new_recovery_key(self, keep: Callable[[str], object] = no_keeper) -> str:
        """Return a fresh recovery key, stored nowhere, in the place of the old one.

        Args:
            keep: is given the key before it takes effect, to put it where it stays; when it raises, the old
                key still opens the vault.
        """
        record, text = custody.wrap_with_recovery(self._keys.root(), self._keys.vault_id)
        keep(text)
        self._store.set_custody(record)
        return text

    def add_custody(self, guard: Guard) -> None:
        """Let a key service or HSM open the vault too, in the place of the one of its kind.

        Guarantee: stored only after it opened what it closed.
        """
        keys = self._keys
        record = custody.wrap_with_guard(keys.root(), guard, keys.vault_id)
        custody.open_with_guard(record, guard, keys.vault_id)
        self._store.set_custody(record)

    def rewrap(self, guard: RewrapGuard) -> None:
        """Put the wrapping key under the newest version of a key service's key; no file is touched.

        Guarantee: stored only after it opened with what the service returned.
        """
        keys = self._keys
        record = custody.record_of(self._store.custodies(), guard.kind)
        fresh = custody.with_guarded(record, guard.rewrap(record.guarded), keys.vault_id)
        custody.open_with_guard(fresh, guard, keys.vault_id)
        self._store.set_custody(fresh)

    def remove_custody(self, kind: str) -> None:
        """Let a passphrase, key service or HSM open the vault no more; older copies of it still open.

        Raises:
            InvalidInput: it is the recovery key, or all that is left beside it, or not in use.
        """
        records = self._store.custodies()
        if kind not in records:
            raise InvalidInput("vault.custody-absent", kind=kind, known=", ".join(records))
        if kind == "recovery" or set(records) <= {"recovery", kind}:
            raise InvalidInput("vault.custody-last", kind=kind)
        self._store.drop_custody(kind)

    def rotate(self, *, on_record: OnRecord = no_record) -> Rotation:
        """Begin a new epoch: wrap all data keys anew, and destroy the keys of earlier epochs.

        Guarantee: no data file is touched, and every file that opened opens. Stopped at any moment, the
        vault is as before or as after. Keys of files that were replaced are gone for good.
        """
        self._shelf.finish_replaced()
        epoch, files = self._store.rotate(self._keys.new_epoch_key, self._keys.rewrap_data_key)
        try:
            on_record("vault-rotation", {"vault": self.id, "epoch": epoch, "files": files})
        finally:  # neither may keep the other from being done: the keys are gone from the tables already
            self._store.wipe_log()
        return Rotation(epoch=epoch, files=files)
