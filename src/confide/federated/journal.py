"""What a hub or a site must not forget in a round: its seed, what it accepted, what it gave, what that cost. SQLite.

Guarantee: what was recorded before an answer left is there after a kill. A message, the charge that it carries and the end of
the round that it brings become durable together or not at all; of two processes in one round only one goes on recording. A round
that is over is never opened again, and its seed and masked updates are gone. `confide.federated.durable` plays a journal back.
Updates and sums are files beside the database, on the disk before the row that speaks of them: SQLite would copy them four times.
"""

import json
import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from confide.crypto.canonical import canonical
from confide.errors import IntegrityError, InvalidInput
from confide.federated.messages import Buffer, Parcel
from confide.ledger.sqlite import Sqlite
from confide.types import Json

_RESULT = 0  # events count from 1
_TABLES = (
    "CREATE TABLE IF NOT EXISTS rounds (number INTEGER PRIMARY KEY, federation TEXT NOT NULL, seed BLOB NOT NULL,"
    " state TEXT NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS events (number INTEGER NOT NULL REFERENCES rounds (number), sequence INTEGER NOT NULL,"
    " kind TEXT NOT NULL, site TEXT NOT NULL, head BLOB NOT NULL, size INTEGER NOT NULL, charge TEXT,"
    " PRIMARY KEY (number, sequence)) STRICT",
)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that changed a round: a message that was accepted or given, a site that was gone, a time that was over."""

    kind: str  # "message", "gave", "gone", "expired", "begun"
    site: str = ""
    parcel: Parcel = field(default=Parcel(b""))
    charge: Json | None = None


class Journal:
    """The journal of one hub or of one site: one process keeps it, others may look.

    Args:
        path: of the database; updates lie in a folder beside it.
        looks: whether this process only looks, while another may be at work.
    """

    def __init__(self, path: Path, *, looks: bool = False) -> None:
        self._folder = path.with_name(path.name + ".updates")
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._database = Sqlite(path)
        self._database.execute("PRAGMA secure_delete = ON")  # a seed that is over is overwritten
        with self._database.transaction():
            for table in _TABLES:
                self._database.execute(table)
        self._next: dict[int, int] = {}  # of each round, the event that comes after what this process knows
        if not looks:
            self._tidy()  # there may have been a kill between the end of a round and its tidying

    def __repr__(self) -> str:
        return f"Journal({self._database.place!r})"

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def open_round(self, number: int, federation: str, seed: bytes) -> bytes:
        """Open a round, or the open one again; return the seed that it was opened with first. An earlier one ends.

        Raises:
            InvalidInput: the round is over, or a later one was opened.
            IntegrityError: it was opened for another federation.
        """
        with self._database.transaction():
            rows = self._database.execute(
                "SELECT number, federation, seed, state FROM rounds ORDER BY number"
            )
            for other, name, old, state in rows:
                if other == number and state == "open":
                    if name != federation:
                        raise IntegrityError("fed.round-of-another", number=number)
                    self._next[number] = self._after(number)
                    return bytes(old)
                if other >= number:
                    raise InvalidInput("fed.round-over", number=number)
                if state == "open":
                    self._end(other, "left-behind")
            self._database.execute("INSERT INTO rounds VALUES (?, ?, ?, 'open')", (number, federation, seed))
            self._next[number] = 1
        self._tidy()
        return seed

    def record(
        self, number: int, event: Event, *, over: str | None = None, result: Buffer | None = None
    ) -> None:
        """Make an event durable; with `over` also the end of the round that it brought, and its result.

        Args:
            number: of a round that is open.
            event: what happened, with what it cost.
            over: why the round is over ("commit" or the reason of an end without a sum); None while it goes on.
            result: the opened sum, at the hub.

        Raises:
            InvalidInput: the round is over, or the disk cannot be written.
            IntegrityError: another process recorded something in this round since this one opened it.
        """
        with self._database.transaction():
            if self.state(number) != "open":
                raise InvalidInput("fed.round-over", number=number)
            sequence = self._after(number)
            if self._next.get(number) != sequence:
                raise IntegrityError("fed.two-processes", number=number)
            charge = None if event.charge is None else canonical(event.charge).decode()
            size = len(event.parcel.payload)
            self._database.execute(
                "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)",
                (number, sequence, event.kind, event.site, event.parcel.head, size, charge),
            )
            if over is None:
                self._keep(number, sequence, event.parcel.payload)
            else:
                self._keep(number, _RESULT, result or b"")
                self._end(number, over)
        self._next[number] = sequence + 1
        if over is not None:
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # nor does the log beside keep the seed
            self._tidy()

    def state(self, number: int) -> str | None:
        """Return "open", why the round ended, or None where there is no such round."""
        found = self._database.execute("SELECT state FROM rounds WHERE number = ?", (number,))
        return str(found[0][0]) if found else None

    def last(self) -> int:
        """Return the number of the last round that was opened; 0 before the first."""
        ((number,),) = self._database.execute("SELECT COALESCE(MAX(number), 0) FROM rounds")
        return int(number)

    def events(self, number: int) -> Iterator[Event]:
        """Yield what changed a round, in the order in which it happened; updates are there until the round is over."""
        rows = self._database.execute(
            "SELECT sequence, kind, site, head, size, charge FROM events WHERE number = ? ORDER BY sequence",
            (number,),
        )
        still_open = self.state(number) == "open"
        for sequence, kind, site, head, size, charge in rows:
            payload = self._kept(number, sequence, size) if still_open else b""
            yield Event(kind, site, Parcel(head, payload), None if charge is None else json.loads(charge))

    def federation(self, number: int) -> str:
        """Return the digest of the federation for which a round was opened; empty where there is no such round."""
        found = self._database.execute("SELECT federation FROM rounds WHERE number = ?", (number,))
        return str(found[0][0]) if found else ""

    def heads(self, number: int) -> list[tuple[str, str, bytes]]:
        """Return kind, site and head of all that changed a round, in order."""
        query = "SELECT kind, site, head FROM events WHERE number = ? ORDER BY sequence"
        return [(kind, site, bytes(head)) for kind, site, head in self._database.execute(query, (number,))]

    def result(self, number: int) -> Buffer:
        """Return the sum that a round opened.

        Raises:
            InvalidInput: there is none.
        """
        file = self._file(number, _RESULT)
        if not file.exists():
            raise InvalidInput("fed.no-result", number=number)
        return self._kept(number, _RESULT, file.stat().st_size)

    def forget_results(self, last: int) -> None:
        """Remove the sums of all rounds up to `last`, once what follows from them is kept elsewhere."""
        for file in self._folder.glob(f"*-{_RESULT}"):
            if int(file.name.partition("-")[0]) <= last:
                file.unlink(missing_ok=True)

    def _after(self, number: int) -> int:
        query = "SELECT COALESCE(MAX(sequence), 0) + 1 FROM events WHERE number = ?"
        ((sequence,),) = self._database.execute(query, (number,))
        return int(sequence)

    def _end(self, number: int, why: str) -> None:
        self._database.execute("UPDATE rounds SET state = ?, seed = x'' WHERE number = ?", (why, number))

    def _tidy(self) -> None:
        """Remove the updates of rounds that are over."""
        for file in self._folder.iterdir():
            number, _, sequence = file.name.partition("-")
            if int(sequence) != _RESULT and self.state(int(number)) != "open":
                file.unlink(missing_ok=True)

    def _file(self, number: int, sequence: int) -> Path:
        return self._folder / f"{number}-{sequence}"

    def _keep(self, number: int, sequence: int, content: Buffer) -> None:
        if not len(content):
            return
        try:
            with self._file(number, sequence).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                if sequence != _RESULT and hasattr(os, "posix_fadvise"):
                    # read again after a kill alone: the next one takes its memory
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        except OSError as wrong:
            raise InvalidInput("ledger.unwritable", file=self._database.place) from wrong

    def _kept(self, number: int, sequence: int, size: int) -> Buffer:
        if not size:
            return b""
        try:
            with self._file(number, sequence).open("rb") as file:
                whole = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except (OSError, ValueError):
            raise IntegrityError("fed.journal", number=number) from None
        if len(whole) != size:
            raise IntegrityError("fed.journal", number=number)
        return whole
