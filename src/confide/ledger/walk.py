"""Read every entry of a ledger in one pass and of one moment: each checked by itself, all by their tree.

What can be said of an entry alone (link, spelling, columns, leaf) is said a part at a time; for a long ledger a second
process says it, some parts ahead of the caller. What entries mean after each other: `confide.ledger.verify`.
"""

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from typing import Any

from confide.crypto.merkle import leaf_hash, perfect_subtrees
from confide.errors import IntegrityError
from confide.ledger.entries import START, Entry, bodies_of, is_canonical, parse_body
from confide.ledger.schema import DEPTH, SALT, Database
from confide.types import Json

INDEXED = ("kind", "account", "study", "key", "charge")  # columns that repeat fields of the body
LONG = 50_000  # entries from which a second process is worth its start
AHEAD = 2  # parts that wait for it, so that it never waits
Rows = Sequence[tuple[Any, ...]]
Release = tuple[bytes, bytes]  # salt and content
Form = Callable[[Json], bool]
_Levels = list[list[bytes]]  # hashes of perfect subtrees, leaves first


def any_form(body: Json) -> bool:
    """Say that any fields will do."""
    return True


def walk(database: Database, form: Form = any_form) -> Iterator[tuple[Entry, Release | None]]:
    """Yield every entry and, where it has one, its release; see `confide.ledger.store.Store.walk`."""
    with database.snapshot(), _checking(database) as check:
        size, released, tops, nodes = 0, 0, list[bytes](), 0
        for part, found in _ahead(parts(database), partial(check, form)):
            bad, levels = found()
            if bad is not None:
                raise IntegrityError("ledger.broken-chain", sequence=bad)
            bodies = bodies_of([row[2] for row in part])
            for body, (_, digest, _, *_, salt, content) in zip(bodies, part, strict=True):
                release = None if content is None else (bytes(salt), bytes(content))
                released += release is not None
                yield Entry(size, digest, body), release
                size += 1
            nodes += _check_nodes(database, levels, 0, size - len(part))
            tops += levels[DEPTH] if len(levels) > DEPTH else []
        nodes += _check_nodes(database, perfect_subtrees(tops)[1:], DEPTH + 1, 0)
        for table, made in (("entries", size), ("nodes", nodes), ("releases", released)):
            if _count(database, table) != made:
                raise IntegrityError("ledger.broken-chain", sequence=size)


def parts(database: Database) -> Iterator[Rows]:
    """Yield the rows of all entries, with their releases, as many at a time as one perfect subtree has leaves.

    A row is sequence, hash, text and salt of the entry, the columns `INDEXED`, salt and content of its release.
    """
    start, columns = 0, ", ".join(f"e.{column}" for column in INDEXED)
    while part := database.execute(
        f"SELECT e.sequence, e.hash, e.body, e.salt, {columns}, r.salt, r.content"  # noqa: S608
        " FROM entries e LEFT JOIN releases r ON r.sequence = e.sequence"
        " WHERE e.sequence >= ? AND e.sequence < ? ORDER BY e.sequence",
        (start, start + 2**DEPTH),
    ):
        yield part
        start += 2**DEPTH


def check_part(form: Form, first: int, previous: str, rows: Rows) -> tuple[int | None, _Levels]:
    """Return the number of the first of some entries that is not what it must be, or else the tree of all.

    Args:
        form: says whether the fields of an entry are those of its kind.
        first: number of the first of them.
        previous: hash of the entry before.
        rows: hash, text and salt of each, and its columns `INDEXED`.
    """
    for number, (digest, text, salt, *values) in enumerate(rows, first):
        try:
            body = parse_body(number, previous, digest, text)
        except IntegrityError:
            return number, []
        if (
            len(salt or b"") != SALT
            or values != list(map(body.get, INDEXED))
            or not is_canonical(body, text)
            or not form(body)
        ):
            return number, []
        previous = digest
    return None, perfect_subtrees([leaf_hash(salt + text.encode()) for _, text, salt, *_ in rows])


_Found = Callable[[], tuple[int | None, _Levels]]
_Check = Callable[[Form, int, str, Rows], _Found]


@contextmanager
def _checking(database: Database) -> Iterator[_Check]:
    """Yield what begins `check_part`, here or in another process, and returns what gives its result."""
    if _count(database, "entries") < LONG or len(os.sched_getaffinity(0)) == 1:
        yield lambda *what: partial(check_part, *what)
        return
    # It never touches the connection, and makes no circles that a collector would have to look for.
    with ProcessPoolExecutor(1, mp_context=get_context("fork"), initializer=gc.disable) as pool:
        yield lambda *what: pool.submit(check_part, *what).result


def _ahead(
    all_parts: Iterator[Rows], check: Callable[[int, str, Rows], _Found]
) -> Iterator[tuple[Rows, _Found]]:
    """Yield each part with what waits for its check, when the checks of the next ones have begun."""
    first, previous, ready = 0, START, list[tuple[Rows, _Found]]()
    for part in all_parts:
        rows = [row[1:-2] for row in part]
        ready.append((part, check(first, previous, rows)))
        first, previous = first + len(part), part[-1][1]
        if len(ready) > AHEAD:
            yield ready.pop(0)
    yield from ready


def _check_nodes(database: Database, levels: _Levels, lowest: int, first: int) -> int:
    """Compare the subtrees that a run of leaves made with the stored ones; return how many they are.

    Args:
        database: of the ledger.
        levels: hashes of the subtrees, level by level from `lowest` on.
        lowest: the level of the first of these.
        first: the leaf at which all begin.
    """
    for level, made in enumerate(levels, lowest):
        start = first >> level
        stored = database.execute(
            "SELECT hash FROM nodes WHERE level = ? AND idx >= ? AND idx < ? ORDER BY idx",
            (level, start, start + len(made)),
        )
        if stored != [(digest,) for digest in made]:
            raise IntegrityError("ledger.broken-chain", sequence=first)
    return sum(map(len, levels))


def _count(database: Database, table: str) -> int:
    return int(database.execute(f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608
