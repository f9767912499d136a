"""The record of openings: who made a sealed file plain again, when, and what for.

Entries are encrypted, as a purpose may name a patient, and each is bound to the one before it. That the
last ones were not cut off is for the ledger to show, which is told of each by a salted commitment.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from confide.crypto.aead import bind
from confide.types import Json
from confide.vault.keys import Keys
from confide.vault.store import Store

# on_record(what, details): writes a public fact about the vault where it cannot be taken back, the ledger.
OnRecord = Callable[[str, Json], object]


def no_record(what: str, details: Json) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One recorded opening of a sealed file."""

    time: str  # UTC, ISO 8601
    file_id: str
    path: Path  # where the sealed file stood, from the vault's folder
    purpose: str = field(repr=False)
    who: str
    salt: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)

    def commitment(self) -> str:
        """Return what the ledger holds of it: 64 hexadecimal digits.

        Guarantee: without the salt it confirms no guess at who and what for; with it, it binds to one.
        """
        texts = (self.salt, self.time, self.file_id, self.purpose, self.who)
        return hashlib.sha256(bind(b"confide opening", *(text.encode() for text in texts))).hexdigest()


def record_opening(store: Store, keys: Keys, opening: Opening, on_record: OnRecord = no_record) -> None:
    """Append an opening, durable when this returns, and tell `on_record` of it in public terms."""
    fields: Json = {name: str(getattr(opening, name)) for name in opening.__slots__}
    number = store.append_opening(
        lambda sequence, last: keys.close_json("openings", fields, _number(sequence), last)
    )
    details = {"file": opening.file_id, "opening": number, "commitment": opening.commitment()}
    on_record("vault-opening", {"vault": keys.vault_id.hex(), **details})


def read_openings(store: Store, keys: Keys) -> list[Opening]:
    """Return all openings, oldest first.

    Raises:
        IntegrityError: an entry was changed, moved, or taken out before the last one.
    """
    found, previous = [], b""
    for sequence, entry in store.openings():  # each is bound to its number and to the one before
        fields = keys.open_json("openings", entry, _number(sequence), previous)
        fields["path"] = Path(fields["path"])
        found.append(Opening(**{"salt": "", **fields}))  # the first version wrote none
        previous = entry
    return found


def _number(sequence: int) -> bytes:
    return sequence.to_bytes(8, "big")
