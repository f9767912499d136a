"""The loops of hub and site: lines bring messages, machines answer, a clock says who is gone. For every place the same.

Guarantee: whatever a line brings or loses, the round goes on while enough sites stand, else it ends unopened; what is
refused changes nothing. Knows no network: a place (`confide.federated.local` and others) brings lines. The clock is here, and only here.
"""

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from confide.errors import ConfideError, IntegrityError
from confide.federated.durable import NOT_DURABLE, DurableHub, DurableSite
from confide.federated.hub import STAGES, Outgoing
from confide.federated.messages import Buffer, Parcel

Give = Callable[
    ..., Parcel
]  # `DurableSite.give`: masks steps and keeps them, with what they cost, before they leave
Update = Callable[[Buffer, int, Give], Parcel]  # trains on a round's task and gives, once


@dataclass(frozen=True, slots=True)
class Heard:
    """What happened on the line to a site: it came, it brought a message, it was lost."""

    what: Literal["came", "said", "lost"]
    site: str
    parcel: Parcel = field(default=Parcel(b""))


class Lines(Protocol):
    """The hub's lines to its sites. Who is on a line is believed, since every message is signed anyway."""

    def hear(self, seconds: float) -> list[Heard]:
        """Wait at most so long for something to happen; return it in its order."""
        ...

    def say(self, site: str, parcel: Parcel) -> None:
        """Send a message; to nobody where there is no line."""
        ...


class Line(Protocol):
    """A site's line to its hub."""

    def say(self, parcel: Parcel) -> None:
        """Send a message.

        Raises:
            OSError: the line is lost.
        """
        ...

    def take(self) -> Parcel | None:
        """Wait for a message; None where the line was lost."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


class Rounds:
    """Plays the hub's part of one round after the other.

    Args:
        lines: to the sites.
        patience: seconds that a stage may last before whoever has not answered is out.
        grace: seconds in which a site whose line was lost may come back.
    """

    def __init__(self, lines: Lines, *, patience: float = 60.0, grace: float = 2.0) -> None:
        self._lines, self._patience, self._grace = lines, patience, grace
        self._lost: dict[str, float] = {}
        self.there: set[str] = set()
        self.refused: list[str] = []  # codes of what was refused, for whoever looks after the hub

    def play(self, *durables: DurableHub) -> None:
        """Play a round to its end, of all sites or of several groups at once: each stage is then "done" or "aborted"."""
        whose = {name: durable for durable in durables for name in durable.hub.points}
        now = time.monotonic()
        self._lost |= {name: now for name in whose if name not in self.there and name not in self._lost}
        stages = [("", now)] * len(durables)
        for durable in durables:
            self._say(durable.hub.resend())
        while any(durable.hub.stage in STAGES for durable in durables):
            for heard in self._lines.hear(0.05):
                if heard.site in whose:
                    self._say(self._take(whose[heard.site], heard))
                else:  # of a group whose round is over
                    self._mark(heard)
            now = time.monotonic()
            for name, since in list(self._lost.items()):
                if name in whose and now - since > self._grace and whose[name].hub.alive[name]:
                    self._say(whose[name].gone(name))
            for at, durable in enumerate(durables):
                if durable.hub.stage != stages[at][0]:
                    stages[at] = durable.hub.stage, now
                elif durable.hub.stage in STAGES and now - stages[at][1] > self._patience:
                    self._say(durable.expire())

    def wait(self, names: Collection[str], *, least: int, seconds: float) -> None:
        """Wait for sites before a round: for all of `names` as long as `seconds`, for `least` of them without end."""
        until = time.monotonic() + seconds
        while len(self.there) < (len(names) if time.monotonic() < until else least):
            for heard in self._lines.hear(0.2):
                if heard.site in names:
                    self._mark(heard)  # what it says belongs to no round, and is left aside

    def part(self, durables: Iterable[DurableHub], reason: str, *, seconds: float = 10.0) -> None:
        """Begin a round and end it at once: whoever is there has its task then, and hangs up in its own time."""
        for durable in durables:
            self._say(durable.hub.resend())
            self._say(durable.abort(reason))
        until = time.monotonic() + seconds
        while self.there and time.monotonic() < until:
            for heard in self._lines.hear(0.2):
                self._mark(heard)

    def _mark(self, heard: Heard) -> None:
        if heard.what == "came":
            self.there.add(heard.site)
            self._lost.pop(heard.site, None)
        elif heard.what == "lost":
            self.there.discard(heard.site)
            self._lost.setdefault(heard.site, time.monotonic())

    def _take(self, durable: DurableHub, heard: Heard) -> list[Outgoing]:
        self._mark(heard)
        if heard.what == "came":
            return [each for each in durable.hub.resend() if each.to == heard.site]
        if heard.what == "lost":
            return []
        try:
            return durable.receive(heard.parcel)
        except ConfideError as refused:
            if durable.hub.reason == NOT_DURABLE:  # no fault of the message: another process, or a full disk
                raise
            self.refused.append(refused.code)
            return []

    def _say(self, out: Iterable[Outgoing]) -> None:
        for each in out:
            self._lines.say(each.to, each.parcel)


def play_site(
    connect: Callable[[], Line],
    durable: DurableSite,
    update: Update,
    *,
    rounds: int,
) -> None:
    """Play a site's part until `rounds` rounds have ended; connect again whenever the hub is gone.

    Args:
        connect: returns a line, or raises OSError while there is no hub.
        durable: the site with its journal.
        update: called once a round with the hub's task, the round's number and what it gives its steps to;
            returns what that returned. A `ConfideError` from it ends this round at this site, not the others'.
        rounds: number of the last one.
    """
    while not _is_over(durable, rounds):
        try:
            line = connect()
        except OSError:
            time.sleep(0.02)
            continue
        try:
            _talk(line, durable, update, rounds)
        except OSError:  # the line was lost; a file that cannot be written is an error of its own
            pass
        finally:
            line.close()


def _is_over(durable: DurableSite, rounds: int) -> bool:
    """Say whether round `rounds`, or a later one, has ended at this site."""
    last = durable.journal.last()
    return last >= rounds and durable.journal.state(last) != "open"


def _talk(line: Line, durable: DurableSite, update: Update, rounds: int) -> None:
    if durable.site is not None and durable.site.wants_update:  # it was killed while it trained
        for answer in _given(durable, update):
            line.say(answer)
    while not _is_over(durable, rounds) and (parcel := line.take()) is not None:
        for answer in _answers(durable, parcel, update):
            line.say(answer)


def _answers(durable: DurableSite, parcel: Parcel, update: Update) -> list[Parcel]:
    try:
        answers = durable.receive(parcel)
    except IntegrityError as wrong:
        return _stopped(durable, wrong)
    except ConfideError:
        return []
    if durable.site is not None and durable.site.wants_update:
        answers += _given(durable, update)
    return answers


def _given(durable: DurableSite, update: Update) -> list[Parcel]:
    site = durable.site
    if site is None:
        return []
    try:
        return [update(site.task, site.number, durable.give)]
    except ConfideError as wrong:
        return _stopped(durable, wrong)


def _stopped(durable: DurableSite, wrong: ConfideError) -> list[Parcel]:
    opened = durable.site is not None and not durable.site.closed
    return [durable.stop(wrong.code.rpartition(".")[2])] if opened else []
