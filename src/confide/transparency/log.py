"""What this room needs of a log. Anything with these members can be witnessed and verified.

Knows no ledger; the ledger as a log is in `confide.study.log`.
"""

from typing import Protocol


class Log(Protocol):
    """A log that only grows, with an RFC 6962 tree over its entries and a key that signs its checkpoints."""

    @property
    def origin(self) -> str:
        """The name under which the log signs; unique, for ever the same."""
        ...

    def size(self) -> int:
        """How many entries there are."""
        ...

    def root(self, size: int) -> bytes:
        """The root over the first `size` entries."""
        ...

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The proof that entry `index` is among the first `size`."""
        ...

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the first `new` entries begin with the first `old`."""
        ...

    def checkpoint(self) -> str:
        """The newest checkpoint, signed by the log."""
        ...
