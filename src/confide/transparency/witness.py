"""A witness: remembers the last checkpoint of each log it watches, and cosigns only what continues it.

What it will cosign is durable before it signs. It never signs two roots of one size, never a smaller tree after
a larger one, never a time before its last one: also when killed, and when two processes work at once. It knows
checkpoints, never an entry. How requests reach it: `confide.transparency.serve`, or a file.
"""

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from confide.crypto.merkle import root, verify_consistency
from confide.crypto.note import (
    NOTE,
    Checkpoint,
    Signer,
    Verifier,
    cosignature,
    cosigned,
    new_signer,
    parse_checkpoint,
    verify_signature,
)
from confide.errors import ConfideError, IntegrityError, InvalidInput
from confide.transparency.files import read_whole, write_whole
from confide.transparency.request import LONGEST_REQUEST, Request, parse_request
from confide.types import Json

KEY, MEMORY = "witness.key", "witness.sqlite"
SKEW = 300  # seconds that a clock may fall behind the last cosignature before it counts as set back
_TABLE = """
CREATE TABLE IF NOT EXISTS logs (
    origin  TEXT PRIMARY KEY,
    key     TEXT NOT NULL,     -- the log's verifier key, pinned
    size    INTEGER NOT NULL,  -- of the last checkpoint
    root    BLOB NOT NULL,
    time    INTEGER NOT NULL,  -- of the last cosignature, seconds since 1970
    note    TEXT NOT NULL,     -- the last checkpoint as the log signed it
    refused TEXT NOT NULL      -- the first checkpoint, signed by the log, that does not continue it: evidence
) STRICT
"""
_EMPTY = root(0, lambda level, index: b"")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a witness remembers of one log."""

    origin: str
    key: str
    size: int
    root: bytes
    time: int
    note: str
    refused: str

    @property
    def refused_size(self) -> int:
        """How many entries the refused checkpoint speaks of."""
        return parse_checkpoint(self.refused).size

    def to_json(self) -> Json:
        """Return what `--json` prints; all of it is public."""
        return asdict(self) | {"root": self.root.hex()}


def new_witness(folder: Path, name: str) -> "Witness":
    """Make a witness in `folder`: its key, readable by its owner alone, and its empty memory.

    Raises:
        InvalidInput: there is one already, or the folder cannot be written.
        IntegrityError: the name cannot name a key.
    """
    signer = new_signer(name)
    with _saying_why(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (folder / KEY).exists():
            raise InvalidInput("transparency.witness-exists", folder=folder)
        os.close(os.open(folder / MEMORY, os.O_CREAT | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(folder / MEMORY, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(_TABLE)  # the memory first: a key without memory would sign anything
        write_whole(folder / KEY, signer.to_bytes())
    return Witness(folder)


def seconds() -> int:
    """Return the machine's time, seconds since 1970."""
    return int(time.time())


class Witness:
    """The witness in `folder`. Processes and threads may each have their own of the same folder.

    Raises:
        InvalidInput: there is none.
        IntegrityError: its key is damaged, or its memory is gone, so that it would sign anything.
    """

    def __init__(self, folder: Path, *, clock: Callable[[], int] = seconds) -> None:
        self._folder, self._clock = folder, clock
        if not (folder / KEY).exists():
            raise InvalidInput("transparency.no-witness", folder=folder)
        if not (folder / MEMORY).exists():
            raise IntegrityError("transparency.memory-lost", folder=folder)
        with _saying_why(folder):
            self._signer = Signer.from_bytes((folder / KEY).read_bytes())

    @property
    def verifier(self) -> Verifier:
        """The public key under which others know this witness."""
        return self._signer.cosigner

    def add_log(self, key: Verifier, *, replace: bool = False) -> None:
        """Watch the log whose name is the key's name, and take checkpoints only under this key.

        Guarantee: what was seen of the log before stays seen, also under another key.

        Raises:
            InvalidInput: the log is watched under another key and `replace` is False, or the key is a witness's.
        """
        if key.kind != NOTE:
            raise InvalidInput("transparency.not-a-log-key")
        with self._alone() as connection:
            known = _find(connection, key.name)
            if known is None:
                row = (key.name, key.to_text(), 0, _EMPTY, 0, "", "")
                connection.execute("INSERT INTO logs VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            elif known.key != key.to_text():
                if not replace:
                    raise InvalidInput("transparency.other-key", log=key.name)
                connection.execute("UPDATE logs SET key = ? WHERE origin = ?", (key.to_text(), key.name))

    def logs(self) -> list[Seen]:
        """Return what is remembered of every watched log."""
        with self._connected() as connection:
            return [Seen(*row) for row in connection.execute("SELECT * FROM logs ORDER BY origin")]

    def cosign(self, request: Request, *, repeat: bool = False) -> str:
        """Return the cosignature line for the request's checkpoint.

        Guarantee: the line says that this is the largest tree seen of this log, and everything the witness has
        cosigned of it before is a beginning of it. It is remembered on disk before it is signed.

        Args:
            request: from anywhere; everything in it is checked.
            repeat: answer a request for the very tree that was cosigned last whatever its old size, so that a
                stick whose answer got lost can simply be carried again. C2SP wants a refusal over HTTP.

        Raises:
            IntegrityError: no checkpoint, not signed by the log, or not a continuation of what was cosigned.
            InvalidInput: a log that is not watched; an old size other than the last one seen; a clock set back.

        Source: C2SP tlog-witness, "add-checkpoint", in its order.
        """
        checkpoint = parse_checkpoint(request.note)
        try:
            with self._alone() as connection:
                seen = _find(connection, checkpoint.origin)
                if seen is None:
                    raise InvalidInput("transparency.unknown-log")
                verify_signature(checkpoint, Verifier.from_text(seen.key))
                _verify_continues(seen, request, checkpoint, repeat=repeat)
                moment = self._time_after(seen.time)
                connection.execute(
                    "UPDATE logs SET size = ?, root = ?, time = ?, note = ? WHERE origin = ?",
                    (checkpoint.size, checkpoint.root, moment, request.note, seen.origin),
                )
        except IntegrityError as refusal:
            if refusal.code == "crypto.consistency":
                self._keep_evidence(checkpoint.origin, request.note)
            raise
        return cosignature(checkpoint.body, self._signer, moment)

    def latest(self, origin_hash: str) -> str | None:
        """Return the last cosigned checkpoint of the log whose name has this SHA-256, or None.

        Ed25519 signs deterministically, so the cosignature is the one that was given.
        """
        for seen in self.logs():
            if seen.note and hashlib.sha256(seen.origin.encode()).hexdigest() == origin_hash:
                return cosigned(seen.note, self._signer, seen.time)
        return None

    def _time_after(self, last: int) -> int:
        now = self._clock()
        if now + SKEW < last:
            raise InvalidInput("transparency.clock", minutes=(last - now) // 60)
        return max(now, last)

    def _keep_evidence(self, origin: str, note: str) -> None:
        with self._alone() as connection:
            connection.execute(
                "UPDATE logs SET refused = ? WHERE origin = ? AND refused = ''", (note, origin)
            )

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        where = (self._folder / MEMORY).absolute().as_uri() + "?mode=rw"  # never made anew by accident
        with (
            _saying_why(self._folder),
            closing(sqlite3.connect(where, uri=True, isolation_level=None, timeout=30)) as connection,
        ):
            connection.execute("PRAGMA synchronous = FULL")
            yield connection

    @contextmanager
    def _alone(self) -> Iterator[sqlite3.Connection]:
        """Read and write as the only one; durable when the block ends well, nothing when it raises."""
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                if connection.in_transaction:  # a full disk has rolled back already
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")


def cosign_file(folder: Path, request: Path, answer: Path) -> Checkpoint:
    """Have the witness in `folder` cosign the request in a file that was carried here, into the file `answer`.

    Guarantee: as `Witness.cosign`; the answer is the whole note, so that it can be carried back without the request.

    Raises:
        IntegrityError, InvalidInput: see `Witness.cosign`.
    """
    asked = parse_request(read_whole(request, LONGEST_REQUEST).encode())
    line = Witness(folder).cosign(asked, repeat=True)
    write_whole(answer, (asked.note + line).encode())
    return parse_checkpoint(asked.note)


def _find(connection: sqlite3.Connection, origin: str) -> Seen | None:
    row = connection.execute("SELECT * FROM logs WHERE origin = ?", (origin,)).fetchone()
    return None if row is None else Seen(*row)


def _verify_continues(seen: Seen, request: Request, checkpoint: Checkpoint, *, repeat: bool) -> None:
    if request.old > checkpoint.size:
        raise IntegrityError("transparency.request")
    if repeat and (checkpoint.size, checkpoint.root) == (seen.size, seen.root):
        return
    if request.old != seen.size:
        raise InvalidInput("transparency.other-size", size=seen.size)
    verify_consistency(seen.size, seen.root, checkpoint.size, checkpoint.root, request.proof)


@contextmanager
def _saying_why(folder: Path) -> Iterator[None]:
    """Say in our words what SQLite or the system finds wrong with the witness's folder."""
    try:
        yield
    except ConfideError:
        raise
    except (sqlite3.DatabaseError, OSError) as error:
        name = getattr(error, "sqlite_errorname", None) or ""
        if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_ERROR")):
            raise IntegrityError("transparency.memory-lost", folder=folder) from error
        raise InvalidInput("transparency.memory-unwritable", folder=folder) from error
