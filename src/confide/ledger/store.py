"""Keep entries, their tree and their releases, on SQLite or PostgreSQL, with one writer at a time.

What `Store.write` holds is durable when its block ends; what was not written in full is not there at all.
Knows bytes, order, chain and tree; no account and no budget. The dialects are `confide.ledger.sqlite` and
`confide.ledger.postgres`, the tables `confide.ledger.schema`, the format `docs/ledger-format.md`.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Self

from confide.crypto import merkle
from confide.errors import ConfideError, IntegrityError, InvalidInput
from confide.ledger.entries import START, Entry, canonical, link, parse
from confide.ledger.schema import (
    ADD_ENTRY,
    Database,
    bring_up,
    grow,
    new_salt,
    nodes_at,
    whole_subtrees,
)
from confide.ledger.walk import INDEXED, Form, Release, any_form, parts, walk
from confide.types import Json

SKEW = timedelta(minutes=10)  # by which the clocks of machines that share a ledger may differ
SET_BACK = "clock"  # the one kind of entry that may be older than the one before it
_NEWEST = "SELECT sequence, hash, body FROM entries ORDER BY sequence DESC LIMIT 1"


class Writer:
    """Appends inside one transaction; made by `Store.write` and useless after it."""

    def __init__(self, database: Database, clock: Callable[[], str]) -> None:
        self._database = database
        self._clock = clock

    def append(self, body: Json) -> Entry:
        """Append one entry and its leaf; adds sequence, previous hash and time to `body`.

        Raises:
            InvalidInput: the machine's clock was set back, or a text cannot be kept.
        """
        newest = self._database.execute(_NEWEST)
        sequence, previous = (newest[0][0] + 1, newest[0][1]) if newest else (0, START)
        time = self._clock()
        if newest and body["kind"] != SET_BACK:
            time = _not_before(newest[0], time)
        whole = {**body, "sequence": sequence, "previous": previous, "time": time}
        columns = [whole.get(column) for column in INDEXED]
        try:
            text = canonical(whole)
            digest = link(previous, text)
        except UnicodeEncodeError:
            raise InvalidInput("ledger.text") from None
        if any(isinstance(value, str) and "\0" in value for value in columns):
            raise InvalidInput("ledger.text")
        salt = new_salt()
        self._database.execute(ADD_ENTRY, (sequence, digest, *columns, text, salt))
        grow(self._database, sequence, salt, text)
        return Entry(sequence, digest, whole)

    def keep_release(self, sequence: int, salt: bytes, content: bytes) -> None:
        """Keep the bytes of the release that entry `sequence` commits."""
        self._database.execute("INSERT INTO releases VALUES (?, ?, ?)", (sequence, salt, content))

    def add_members(
        self, account: str, cohort: str, digests: Collection[bytes], *, overlaps: Collection[str] = ()
    ) -> None:
        """Make `digests` members of `cohort`; one that is a member already stays one.

        Guarantee: within an account, a digest that is added belongs to no cohort but this one and its `overlaps`.

        Raises:
            InvalidInput: some belong to another cohort of `account`; then none was added.
        """
        chosen, open_to = sorted(set(digests)), sorted({cohort, *overlaps})
        names = ", ".join("?" * len(open_to))
        for start in range(0, len(chosen), 500):
            part = chosen[start : start + 500]
            among = ", ".join("?" * len(part))
            taken = self._database.execute(
                "SELECT 1 FROM members WHERE account = ?"  # noqa: S608
                f" AND cohort NOT IN ({names}) AND digest IN ({among}) LIMIT 1",
                (account, *open_to, *part),
            )
            if taken:
                raise InvalidInput("ledger.cohort-overlap", account=account, cohort=cohort)
        self._database.execute_many(
            "INSERT INTO members VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [(account, digest, cohort) for digest in chosen],
        )


class Store:
    """The entries of one ledger, kept by `database`; its tables are made or brought up to date."""

    def __init__(self, database: Database, clock: Callable[[], str]) -> None:
        self.database = database
        self.place, self.scratch = database.place, database.scratch
        self.refusal: ConfideError | None = None  # why nothing may be written, where nothing may
        self._clock = clock
        try:
            bring_up(database)
        except BaseException:
            database.close()
            raise

    def close(self) -> None:
        """Release the database."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def write(self) -> Iterator[Writer]:
        """Hold the only pen: all that is read and appended inside becomes durable together, or not at all.

        Raises:
            ConfideError: the ledger was opened for reading only; it says why.
        """
        if self.refusal is not None:
            raise type(self.refusal)(self.refusal.code, **self.refusal.public)
        with self.database.transaction():
            yield Writer(self.database, self._clock)

    # entries ----------------------------------------------------------------------------------------

    def last(self, **where: str | int) -> Entry | None:
        """Return the newest entry whose indexed columns equal `where`, its link checked."""
        return self.newest(where)[0]

    def newest(self, *wheres: Mapping[str, str | int]) -> list[Entry | None]:
        """Return what `last` returns for each of `wheres`, in one look: all as they are at one moment."""
        parts = [
            f"SELECT * FROM ({_entries(str(which), where)} ORDER BY e.sequence DESC LIMIT 1) AS newest{which}"  # noqa: S608
            for which, where in enumerate(wheres)
        ]
        values = [value for where in wheres for value in where.values()]
        found: list[Entry | None] = [None] * len(wheres)
        for which, *row in self.database.execute(" UNION ALL ".join(parts), values):
            found[which] = _entry(row)
        return found

    def all(self, **where: str | int) -> list[Entry]:
        """Return the entries whose indexed columns equal `where`, oldest first, their links checked."""
        rows = self.database.execute(f"{_entries('0', where)} ORDER BY e.sequence", tuple(where.values()))
        return [_entry(row) for _, *row in rows]

    def count(self, **where: str | int) -> int:
        """Return how many entries have indexed columns that equal `where`, without reading them."""
        condition = _condition(where, "")
        found = self.database.execute(
            f"SELECT count(*) FROM entries WHERE {condition}",  # noqa: S608
            tuple(where.values()),
        )
        return int(found[0][0])

    def at(self, sequence: int) -> Entry:
        """Return the entry with this number.

        Raises:
            IntegrityError: there is none.
        """
        found = self.last(sequence=sequence)
        if found is None:
            raise IntegrityError("ledger.broken-chain", sequence=sequence)
        return found

    def rows(self) -> Iterator[tuple[int, str, str, bytes, list[Any]]]:
        """Yield (sequence, hash, text, salt, indexed columns) of every entry, as stored and unchecked.

        Reads a few thousand at a time, so that a ledger of millions fits into memory.
        """
        for part in parts(self.database):
            for sequence, digest, text, salt, *values, _, _ in part:
                yield sequence, digest, text, salt, values

    def time(self) -> str:
        """Return the time that an entry would state if it were written now.

        Raises:
            InvalidInput: the machine's clock was set back.
        """
        newest = self.database.execute(_NEWEST)
        return _not_before(newest[0], self._clock()) if newest else self._clock()

    def head(self) -> tuple[int, str]:
        """Return how many entries there are, and the hash of the last."""
        newest = self.database.execute(_NEWEST)
        return (newest[0][0] + 1, newest[0][1]) if newest else (0, START)

    def hash_at(self, sequence: int) -> str | None:
        """Return the hash of entry `sequence`, or None where the ledger is shorter."""
        if sequence < 0:
            return START
        found = self.database.execute("SELECT hash FROM entries WHERE sequence = ?", (sequence,))
        return str(found[0][0]) if found else None

    def walk(self, form: Form = any_form) -> Iterator[tuple[Entry, Release | None]]:
        """Yield every entry and, where it has one, its release as (salt, content); all of one moment.

        Guarantee: an entry that was yielded has the right link, columns, salt, text and form; when the last was, the
        whole tree is the one over these entries, and there is no other entry, node or release.

        Args:
            form: says whether the fields of an entry are those of its kind; a function of a module.

        Raises:
            IntegrityError: naming the first entry of which something is not what the entries say.
        """
        return walk(self.database, form)

    def check_columns(self) -> None:
        """Compare the indexed columns and the whole tree with the chained bodies.

        Raises:
            IntegrityError: a link, a column, a salt or a hash of the tree is not what the entries say.
        """
        for _ in self.walk():
            pass

    # the tree ---------------------------------------------------------------------------------------

    def salt(self, sequence: int) -> bytes:
        """Return the bytes that stand before the text of entry `sequence` in its leaf.

        Raises:
            IntegrityError: there is no such entry.
        """
        found = self.database.execute("SELECT salt FROM entries WHERE sequence = ?", (sequence,))
        if not found:
            raise IntegrityError("ledger.broken-chain", sequence=sequence)
        return bytes(found[0][0])

    def root(self, size: int) -> bytes:
        """Return the root of the tree over the first `size` entries; `size` is at most the ledger's."""
        nodes = nodes_at(self.database, whole_subtrees(size))
        return merkle.root(size, lambda level, index: nodes[level, index])

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Prove that entry `index` is in the tree over the first `size` entries."""
        return merkle.inclusion(index, size, self._node_at)

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Prove that the tree over `new` entries begins with the tree over `old`."""
        return merkle.consistency(old, new, self._node_at)

    # releases and members ---------------------------------------------------------------------------

    def release(self, sequence: int) -> tuple[bytes, bytes]:
        """Return (salt, content) of the release committed by entry `sequence`."""
        found = self.database.execute("SELECT salt, content FROM releases WHERE sequence = ?", (sequence,))
        if not found:
            raise IntegrityError("ledger.release-missing", sequence=sequence)
        return bytes(found[0][0]), bytes(found[0][1])

    def members(self, account: str, cohort: str) -> set[bytes]:
        """Return the digests that belong to `cohort` of `account`."""
        found = self.database.execute(
            "SELECT digest FROM members WHERE account = ? AND cohort = ?", (account, cohort)
        )
        return {bytes(digest) for (digest,) in found}

    def count_members(self) -> int:
        """Return how many digests belong to any cohort."""
        return int(self.database.execute("SELECT count(*) FROM members")[0][0])

    def shared(self, account: str) -> set[tuple[str, str]]:
        """Return the pairs of cohorts of `account` that share members, each in the order of the alphabet."""
        found = self.database.execute(
            "SELECT DISTINCT one.cohort, other.cohort FROM members one"
            " JOIN members other ON other.account = one.account AND other.digest = one.digest"
            " WHERE one.account = ?",
            (account,),
        )
        return {(one, other) for one, other in found if one < other}

    # inside -----------------------------------------------------------------------------------------

    def _node_at(self, level: int, index: int) -> bytes:
        return nodes_at(self.database, [(level, index)])[level, index]


def _entries(which: str, where: Mapping[str, str | int]) -> str:
    """Return the statement that reads the entries of `where`, each with the hash of the one before it."""
    return (
        f"SELECT {which} AS which, e.sequence, e.hash, e.body, before.hash AS previous FROM entries e"  # noqa: S608
        f" LEFT JOIN entries before ON before.sequence = e.sequence - 1 WHERE {_condition(where, 'e.')}"
    )


def _entry(row: Sequence[Any]) -> Entry:
    sequence, digest, text, before = row
    return parse(sequence, (before or "") if sequence else START, digest, text)


def _condition(where: Mapping[str, str | int], table: str) -> str:
    if not set(where) <= {"sequence", *INDEXED}:
        raise TypeError("entries are found by their indexed columns")
    return " AND ".join(f"{table}{column} = ?" for column in where) or "1 = 1"


def _not_before(before: Sequence[Any], time: str) -> str:
    """Return `time`, or that of the entry `before` where the clocks of two machines differ a little.

    Raises:
        InvalidInput: the clock was set back.
        IntegrityError: that entry is none.
    """
    try:
        newest = str(json.loads(before[2])["time"])
        ahead = datetime.fromisoformat(newest) - datetime.fromisoformat(time)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise IntegrityError("ledger.broken-chain", sequence=before[0]) from None
    if time >= newest:
        return time
    if ahead > SKEW:
        raise InvalidInput("ledger.clock", newest=newest, now=time)
    return newest
