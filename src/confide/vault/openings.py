"""The record of openings: who made a sealed file plain again, when, and what for.

Entries are encrypted, as a purpose may name a patient, and each is bound to the one before it. That the
last ones were not cut off is for the transparency log to show; this record alone cannot.
"""

from dataclasses import dataclass, field
from pathlib import Path

from confide.types import Json
from confide.vault.keys import Keys
from confide.vault.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One recorded opening of a sealed file."""

    time: str  # UTC, ISO 8601
    file_id: str
    path: Path  # where the sealed file stood, from the vault's folder
    purpose: str = field(repr=False)
    who: str


def record_opening(store: Store, keys: Keys, opening: Opening) -> None:
    """Append an opening, durable when this returns."""
    fields: Json = {name: str(getattr(opening, name)) for name in opening.__slots__}
    store.append_opening(lambda sequence, last: keys.close_json("openings", fields, _number(sequence), last))


def read_openings(store: Store, keys: Keys) -> list[Opening]:
    """Return all openings, oldest first.

    Raises:
        IntegrityError: an entry was changed, moved, or taken out before the last one.
    """
    found, previous = [], b""
    for sequence, entry in store.openings():  # each is bound to its number and to the one before
        fields = keys.open_json("openings", entry, _number(sequence), previous)
        fields["path"] = Path(fields["path"])
        found.append(Opening(**fields))
        previous = entry
    return found


def _number(sequence: int) -> bytes:
    return sequence.to_bytes(8, "big")
