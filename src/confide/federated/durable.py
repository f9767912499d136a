"""Hub and site that outlive a kill: each step is in the journal before an answer leaves, and played back at a new start.

Guarantee: a site that starts again says the bytes that it said before, and gives no second update to a round. A hub that
starts again has every message that it accepted, and comes to the same sum. Knows no network: `confide.federated.play`.
"""

import os
import re

import numpy as np
from numpy.typing import NDArray

from confide.crypto.sign import PersonKey
from confide.errors import IntegrityError, InvalidInput
from confide.federated.deal import SEED
from confide.federated.hub import Hub, Outgoing
from confide.federated.journal import Event, Journal
from confide.federated.messages import Buffer, Parcel, number_of, read
from confide.federated.settings import Federation
from confide.federated.site import Site
from confide.types import Json

_SURVIVORS = re.compile(rb'"kind":"confide federated 1: (agreed|survivors)"')

NOT_DURABLE = "not-durable"  # why a hub went no further, though the round is open in its journal


class DurableSite:
    """A site's rounds, one after the other, with a journal.

    Args:
        journal: this site's own.
        federation: what this site approved.
        key: under which it signs.
    """

    def __init__(self, journal: Journal, federation: Federation, key: PersonKey) -> None:
        self.journal, self.federation, self._key = journal, federation, key
        self._digest = federation.digest()
        self.site: Site | None = None
        if journal.state(journal.last()) == "open":
            self._open_round(journal.last())

    def receive(self, parcel: Parcel) -> list[Parcel]:
        """Take a message of the hub, keep it, then answer. The beginning of a later round opens that round.

        Raises:
            InvalidInput: the round is over, or a message does not belong to the one that is open.
        """
        number = number_of(parcel)
        message = read(parcel, self.federation, self._digest, number)
        if self.site is None or number != self.site.number:
            if message.kind != "begin":
                raise InvalidInput("fed.other-round", wanted=self.journal.last())
            self._open_round(number)
        site = self._open()
        before = site.heard
        answers = site.hear(message)
        if site.heard > before:
            self._record(Event("message", "hub", parcel), over=site.closed or None)
        return answers

    def _open_round(self, number: int) -> None:
        seed = self.journal.open_round(number, self._digest, os.urandom(SEED))
        site = Site(self.federation, number, self._key, seed)
        for event in self.journal.events(number):
            if event.kind == "gave":
                site.gave(event.parcel)
            else:
                site.receive(event.parcel)
        self.site = site

    def give(self, steps: NDArray[np.int32], *, charge: Json | None = None) -> Parcel:
        """Mask the update of this round and keep it together with what it cost, then return its message."""
        site = self._open()
        parcel = site.give(steps)
        self._record(Event("gave", site.name, parcel, charge))
        return parcel

    def stop(self, reason: str) -> Parcel:
        """Leave the round for good."""
        site = self._open()
        parcel = site.stop(reason)
        self._record(Event("stopped", site.name), over=reason)
        return parcel

    def _record(self, event: Event, over: str | None = None) -> None:
        """Keep an event; where that fails, forget the round: what is not durable is never said."""
        site, self.site = self._open(), None
        self.journal.record(site.number, event, over=over)
        self.site = site

    def _open(self) -> Site:
        if self.site is None:
            raise InvalidInput("fed.not-now", number=self.journal.last())
        return self.site


class DurableHub:
    """One round at the hub, with a journal.

    Args:
        journal: the hub's own.
        federation: what all approved.
        number: of the round; if it is open in the journal, it goes on where it stood.
        key: under which the hub signs.
        task: what sites start from; the journal's own counts if the round is open there.
        charge: what the round costs, kept with its end.
    """

    def __init__(
        self,
        journal: Journal,
        federation: Federation,
        number: int,
        key: PersonKey,
        *,
        task: Buffer = b"",
        charge: Json | None = None,
    ) -> None:
        journal.open_round(number, federation.digest(), b"")
        self.journal, self.charge = journal, charge
        if not any(journal.heads(number)):
            journal.record(number, Event("begun", parcel=Parcel(b"", task)))
        for event in journal.events(number):  # one update in memory at a time
            if event.kind == "begun":
                self.hub = Hub(federation, number, key, event.parcel.payload)
                self.hub.begin()
            else:
                self._play(event)

    def _play(self, event: Event) -> list[Outgoing]:
        match event.kind:
            case "message":
                return self.hub.receive(event.parcel)
            case "gone":
                return self.hub.gone(event.site)
            case "expired":
                return self.hub.expire()
            case reason:
                return self.hub.abort(reason)

    def receive(self, parcel: Parcel) -> list[Outgoing]:
        """Take a message of a site, keep it, then speak."""
        return self._step(Event("message", parcel=parcel))

    def gone(self, site: str) -> list[Outgoing]:
        """Learn that a site is dead."""
        return self._step(Event("gone", site))

    def expire(self) -> list[Outgoing]:
        """Learn that the time of this stage is over."""
        return self._step(Event("expired"))

    def abort(self, reason: str) -> list[Outgoing]:
        """End the round without a sum."""
        return self._step(Event(reason))

    def _step(self, event: Event) -> list[Outgoing]:
        hub = self.hub
        before = hub.accepted
        out = self._play(event)
        if hub.accepted > before:
            over = {"done": "commit", "aborted": hub.reason}.get(hub.stage)
            kept = Event(event.kind, event.site, event.parcel, self.charge if hub.stage == "done" else None)
            result = hub.total.data.cast("B") if hub.stage == "done" else None
            try:
                self.journal.record(hub.number, kept, over=over, result=result)
            except BaseException:  # the round is still open in the journal; a new start goes on with it
                hub.abort(NOT_DURABLE)
                raise
        return out


def opened_sum(journal: Journal, number: int) -> NDArray[np.int32] | None:
    """Return the sum of a round that was committed at this hub; None of one that was not."""
    if journal.state(number) != "commit":
        return None
    return np.frombuffer(journal.result(number), dtype="<i4")


def survivors_of(journal: Journal, federation: Federation, number: int) -> list[str]:
    """Return whose updates are in the sum of a committed round, by the journal of its hub or of a site.

    Raises:
        IntegrityError: the journal does not hold what was signed.
    """
    if journal.state(number) != "commit":
        return []
    for kind, _, head in journal.heads(number):
        if kind == "message" and _SURVIVORS.search(head):
            found: list[str] = read(Parcel(head), federation, federation.digest(), number).body["survivors"]
            return found
    raise IntegrityError("fed.journal", number=number)
