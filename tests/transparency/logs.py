"""A log in memory, for the tests: entries, their salts, and a tree. What an insider may do to it, too."""

import os

from confide.crypto import merkle
from confide.crypto.merkle import leaf_hash
from confide.crypto.note import Signer, checkpoint_body, new_signer, signed

ORIGIN = "confide-ledger/0123456789abcdef"


class MemoryLog:
    """A real log: what it proves it proves from its entries, with the key that it is given."""

    def __init__(self, entries: int = 0, *, signer: Signer | None = None) -> None:
        self.signer = signer or new_signer(ORIGIN)
        self.entries: list[str] = []
        self.salts: list[bytes] = []
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.grow(entries)

    @property
    def origin(self) -> str:
        return self.signer.name

    def size(self) -> int:
        return len(self.entries)

    def root(self, size: int) -> bytes:
        return merkle.root(size, self.at)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        return merkle.inclusion(index, size, self.at)

    def consistency(self, old: int, new: int) -> list[bytes]:
        return merkle.consistency(old, new, self.at)

    def checkpoint(self) -> str:
        return self.checkpoint_of(self.size())

    def checkpoint_of(self, size: int) -> str:
        return signed(checkpoint_body(self.origin, size, self.root(size)), self.signer)

    def at(self, level: int, index: int) -> bytes:
        return self.nodes[level, index]

    def append(self, text: str, salt: bytes | None = None) -> None:
        salt = salt or os.urandom(16)
        for level, index, digest in merkle.appended(self.size(), leaf_hash(salt + text.encode()), self.at):
            self.nodes[level, index] = digest
        self.entries.append(text)
        self.salts.append(salt)

    def grow(self, count: int) -> None:
        for _ in range(count):
            self.append(f'{{"kind":"charge","sequence":{self.size()}}}')

    def rewritten(self, entries: list[str]) -> "MemoryLog":
        """What whoever holds the key makes of it: other entries, a whole tree, a valid signature."""
        other = MemoryLog(signer=self.signer)
        for index, text in enumerate(entries):
            other.append(text, self.salts[index] if index < self.size() else None)
        return other
