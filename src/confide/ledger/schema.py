"""The tables of a ledger, and how an older ledger becomes one of today: numbered steps, all in one transaction.

One text for both dialects; the few words in which they differ stand in braces. A step is never changed once
a ledger was made with it. What the columns mean: `docs/ledger-format.md`.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import reduce
from typing import Any, Protocol

from confide.crypto.merkle import Node, appended, leaf_hash, node_hash
from confide.errors import IntegrityError, InvalidInput

SALT = 16  # bytes before an entry's text, so that a leaf says nothing about it
DEPTH = 11  # entries are read 2^11 at a time: the leaves of one perfect subtree

ADD_ENTRY = "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
ADD_NODE = "INSERT INTO nodes VALUES (?, ?, ?)"

_FIRST = """
CREATE TABLE entries (
    sequence {INTEGER} PRIMARY KEY,
    hash     TEXT NOT NULL,
    kind     TEXT NOT NULL,
    account  TEXT,
    study    TEXT,
    key      TEXT,
    charge   {INTEGER},
    body     TEXT NOT NULL
) {STRICT};
CREATE INDEX entries_account ON entries (account, kind, sequence);
CREATE INDEX entries_study ON entries (account, study, sequence);
CREATE INDEX entries_key ON entries (key, sequence);
CREATE INDEX entries_charge ON entries (charge);
CREATE TABLE releases (
    sequence {INTEGER} PRIMARY KEY REFERENCES entries (sequence),
    salt     {BLOB} NOT NULL,
    content  {BLOB} NOT NULL
) {STRICT};
"""

_SECOND = """
CREATE TABLE schema (version {INTEGER} NOT NULL) {STRICT};
INSERT INTO schema VALUES (1);
ALTER TABLE entries ADD COLUMN salt {BLOB};
CREATE TABLE nodes (
    level {INTEGER} NOT NULL,
    idx   {INTEGER} NOT NULL,
    hash  {BLOB} NOT NULL,
    PRIMARY KEY (level, idx)
) {STRICT};
CREATE TABLE members (
    account TEXT NOT NULL,
    digest  {BLOB} NOT NULL,
    cohort  TEXT NOT NULL,
    PRIMARY KEY (account, digest, cohort)
) {STRICT};
CREATE INDEX members_cohort ON members (account, cohort);
DROP INDEX entries_study;
DROP INDEX entries_key;
CREATE INDEX entries_kind ON entries (kind, sequence);
CREATE INDEX entries_study ON entries (account, study, kind, sequence);
CREATE INDEX entries_key ON entries (key, kind, sequence);
"""


class Database(Protocol):
    """One connection to a database that speaks our SQL; `?` stands for a value."""

    place: str  # names it in sentences, without a password
    scratch: bool  # whether it is gone with the process
    words: Mapping[str, str]  # the dialect's words for the braces above

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows; what goes wrong is said in our words."""
        ...

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each row of values."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Hold the only pen: what is done inside becomes durable together when the block ends, or not at all."""
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """See the database as it is at one moment, whatever others write until the block ends."""
        ...

    def tables(self) -> set[str]:
        """Return the names of the tables that are there."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...


def bring_up(database: Database) -> None:
    """Make the tables of today in `database`, from nothing or from an older ledger.

    Guarantee: in one transaction, after which every entry, release and hash is what it was; or nothing happened.

    Raises:
        InvalidInput: the ledger was made by a later confide.
    """
    if version(database) == len(STEPS):
        return
    with database.transaction():
        for number in range(version(database), len(STEPS)):  # looked at again: another may have been first
            STEPS[number](database)
            if number:
                database.execute("UPDATE schema SET version = ?", (number + 1,))


def version(database: Database) -> int:
    """Return the number of the last step that `database` went through; 0 where it holds no ledger.

    Raises:
        InvalidInput: a later one than we know.
        IntegrityError: the tables are not those of a ledger.
    """
    tables = database.tables()
    if "schema" not in tables:
        return int("entries" in tables)
    rows = database.execute("SELECT version FROM schema")
    if len(rows) != 1 or not isinstance(found := rows[0][0], int) or found < 1:
        raise IntegrityError("ledger.not-a-ledger", file=database.place)
    if found > len(STEPS):
        raise InvalidInput("ledger.later", file=database.place, found=found, known=len(STEPS))
    return found


def new_salt() -> bytes:
    """Return the random bytes that stand before one entry's text in the tree."""
    return os.urandom(SALT)


def grow(database: Database, size: int, salt: bytes, text: str) -> None:
    """Add the leaf of entry `size` to the tree, in the transaction that adds the entry."""
    leaf, ends = (
        leaf_hash(salt + text.encode()),
        (size ^ (size + 1)).bit_length() - 1,
    )  # ones at the end of `size`
    there = nodes_at(database, whole_subtrees(size)[:ends])
    database.execute_many(ADD_NODE, appended(size, leaf, lambda level, index: there[level, index]))


def whole_subtrees(size: int) -> list[tuple[int, int]]:
    """Return (level, index) of the perfect subtrees that a tree of `size` leaves consists of, the smallest first.

    >>> whole_subtrees(6)
    [(1, 2), (2, 0)]
    """
    return [(level, (size >> level) - 1) for level in range(size.bit_length()) if size >> level & 1]


def nodes_at(database: Database, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    """Return the hashes of perfect subtrees of the tree over all entries, by level and index, in one look.

    Raises:
        IntegrityError: the tree has lost one.
    """
    if not wanted:
        return {}
    found = database.execute(
        "SELECT level, idx, hash FROM nodes WHERE "  # noqa: S608
        + " OR ".join(["(level = ? AND idx = ?)"] * len(wanted)),
        [number for place in wanted for number in place],
    )
    nodes = {(level, index): bytes(digest) for level, index, digest in found}
    for level, index in wanted:
        if (level, index) not in nodes:
            raise IntegrityError("ledger.broken-chain", sequence=index << level)
    return nodes


class Edge:
    """The right edge of a tree that is built from its first leaf on: the newest subtree of every level.

    Nothing else is asked for when the next leaf comes, so a million entries take no more memory than two.
    """

    def __init__(self) -> None:
        self.size = 0
        self._newest: dict[int, bytes] = {}

    def add(self, sequence: int, salt: bytes, text: str) -> list[Node]:
        """Add the leaf of an entry and return the subtrees that are new with it.

        Raises:
            IntegrityError: `sequence` is not the next one.
        """
        if sequence != self.size:
            raise IntegrityError("ledger.broken-chain", sequence=self.size)
        leaf = leaf_hash(salt + text.encode())
        new = appended(self.size, leaf, lambda level, index: self._newest[level])
        self._newest |= {level: digest for level, _, digest in new}
        self.size += 1
        return new

    def root(self) -> bytes:
        """Return the root of the tree as it is now, with one leaf or more."""
        levels = [level for level in self._newest if self.size >> level & 1]
        digests = [self._newest[level] for level in sorted(levels)]
        return reduce(lambda right, left: node_hash(left, right), digests)


def _first(database: Database) -> None:
    _run(database, _FIRST)


def _second(database: Database) -> None:
    """Give every entry a salt and the ledger its tree."""
    _run(database, _SECOND)
    edge = Edge()
    while rows := database.execute(
        "SELECT sequence, body FROM entries WHERE sequence >= ? ORDER BY sequence LIMIT ?",
        (edge.size, 2**DEPTH),
    ):
        salts, nodes = [], list[Node]()
        for sequence, text in rows:
            salts.append((salt := new_salt(), sequence))
            nodes += edge.add(sequence, salt, text)
        database.execute_many("UPDATE entries SET salt = ? WHERE sequence = ?", salts)
        database.execute_many(ADD_NODE, nodes)


def _run(database: Database, text: str) -> None:
    for statement in text.format_map(database.words).split(";")[:-1]:
        database.execute(statement)


STEPS: list[Callable[[Database], None]] = [_first, _second]
