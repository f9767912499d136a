"""The hub in one round, without files, network or clock: messages and events go in, messages come out.

Guarantee: the sum that comes out is that of exactly the survivors' updates, bit for bit, or there is none. Memory is one
running sum, whatever the number of sites. A message that does not fit is refused by name and changes nothing; a site that
is gone is left out while `threshold` others stand, else the round is aborted and nothing is opened.
The hub is not trusted with secrecy: `confide.federated.site` is what protects.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from numpy.typing import NDArray

from confide.crypto.sign import PersonKey
from confide.crypto.text import to_base64
from confide.errors import AccessDenied, IntegrityError, InvalidInput
from confide.federated.deal import commitment, context_of, opened
from confide.federated.masks import add_mask, pair_key, sign_of
from confide.federated.messages import Buffer, Message, Parcel, read, write
from confide.federated.settings import HUB, Federation
from confide.federated.site import check_dealt, digest_of
from confide.types import Json

STAGES = ("keys", "shares", "input", "agreed", "unmask")  # what the hub waits for


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message and the site that it is for."""

    to: str
    parcel: Parcel


class Hub:
    """The hub in one round: `begin`, then `receive`, `gone` and `expire` until `stage` is "done" or "aborted".

    Args:
        federation: what all approved.
        number: of the round.
        key: under which the hub signs.
        task: what the sites are to start from (a model), any bytes.
    """

    def __init__(self, federation: Federation, number: int, key: PersonKey, task: Buffer = b"") -> None:
        if key.public != federation.hub:
            raise AccessDenied("fed.not-the-hub")
        self.federation, self.number, self.task = federation, number, task
        self.digest = federation.digest()
        self.context = context_of(self.digest, number)
        self.points = {member.name: at for at, member in enumerate(federation.members, 1)}
        self.stage = "new"
        self.reason = ""
        self.accepted = 0  # messages and events that changed the round; a journal keeps just these
        self.culprit = ""  # whose shares did not fit, if that ended the round
        self.survivors: list[str] = []
        self.alive = dict.fromkeys(self.points, True)
        self._key = key
        self._sum = np.empty(0, dtype="<u4")
        self._answers: dict[str, dict[str, Message]] = {stage: {} for stage in STAGES}
        self._asked: dict[str, Parcel] = {}

    def __repr__(self) -> str:
        return f"Hub(number={self.number}, stage={self.stage!r})"

    @property
    def awaited(self) -> list[str]:
        """The sites whose answer this stage waits for."""
        if self.stage not in STAGES:
            return []
        there = self._answers[self.stage]
        return [name for name in self._asked if self.alive[name] and name not in there]

    @property
    def total(self) -> NDArray[np.int32]:
        """The sum of the survivors' updates, in steps, once the round is done."""
        if self.stage != "done":
            raise InvalidInput("fed.not-now", number=self.number)
        return self._sum.view("<i4")

    def begin(self) -> list[Outgoing]:
        """Open the round: hand the task to every site and ask for its keys."""
        if self.stage != "new":
            raise InvalidInput("fed.not-now", number=self.number)
        return self._ask("keys", list(self.points), "begin", {}, self.task)

    def receive(self, parcel: Parcel) -> list[Outgoing]:
        """Take a message of a site; return what the hub says then, often nothing.

        Raises:
            InvalidInput: it belongs elsewhere, or comes out of order or too late.
            IntegrityError: it is not what was signed, contradicts an earlier one, or does not fit.
        """
        message = read(parcel, self.federation, self.digest, self.number)
        if message.kind == "stopped":
            return self.gone(message.sender)
        if message.kind not in STAGES:
            raise InvalidInput("fed.order", kind=message.kind)
        before = self._answers[message.kind].get(message.sender)
        if before is not None:
            if before.parcel.head != parcel.head:
                raise IntegrityError("fed.two-messages", kind=message.kind, sender=message.sender)
            return []
        if self.stage in ("done", "aborted"):
            raise InvalidInput("fed.round-over", number=self.number)
        if self.stage != message.kind:
            raise InvalidInput("fed.order", kind=message.kind)
        if message.sender not in self.awaited:
            raise InvalidInput("fed.late", site=message.sender)
        check = {
            "keys": self._check_keys,
            "shares": self._check_shares,
            "input": self._check_input,
            "agreed": self._check_agreed,
            "unmask": self._check_unmask,
        }[message.kind]
        check(message)
        if message.kind == "input":
            self._add(parcel.payload)
        self._answers[message.kind][message.sender] = Message(
            message.kind, message.sender, message.body, Parcel(parcel.head)
        )
        self.accepted += 1
        return self._advance()

    def gone(self, site: str) -> list[Outgoing]:
        """Learn that a site is dead: the connection closed, or it said that it stopped."""
        self.federation.member(site)
        if self.stage not in STAGES or not self.alive[site]:
            return []
        self.alive[site] = False
        self.accepted += 1
        return self._advance()

    def expire(self) -> list[Outgoing]:
        """Learn that the time of this stage is over: whoever has not answered is out of the round."""
        late = self.awaited
        self.alive |= dict.fromkeys(late, False)
        self.accepted += bool(late)
        return self._advance() if late else []

    def resend(self) -> list[Outgoing]:
        """Return again what this stage asked of those who have not answered: for a hub or site that starts anew."""
        return [Outgoing(name, self._asked[name]) for name in self.awaited]

    def abort(self, reason: str) -> list[Outgoing]:
        """End the round without a sum, and tell the sites; what was added up is forgotten."""
        self.accepted += 1
        self.stage, self.reason, self._sum = "aborted", reason, self._sum[:0].copy()
        return self._tell("abort", {"reason": reason})

    def _write(self, kind: str, body: Json, payload: Buffer = b"") -> Parcel:
        return write(self._key, self.digest, self.number, HUB, kind, body, payload)

    def _tell(self, kind: str, body: Json) -> list[Outgoing]:
        parcel = self._write(kind, body)
        return [Outgoing(name, parcel) for name, alive in self.alive.items() if alive]

    def _ask(
        self, stage: str, sites: Sequence[str], kind: str, body: Json, payload: Buffer = b""
    ) -> list[Outgoing]:
        parcel = self._write(kind, body, payload)
        self.stage, self._asked = stage, dict.fromkeys(sites, parcel)
        if len(self.awaited) < self.federation.threshold:
            return self.abort("too-few-sites")
        return self.resend()

    def _advance(self) -> list[Outgoing]:
        """Go to the next stage when all have answered; give up as soon as too few can."""
        there = self._answers[self.stage]
        if len(there) + len(self.awaited) < self.federation.threshold:
            return self.abort("too-few-sites")
        if self.awaited:
            return []
        names = [name for name in self.points if name in there]
        heads = [to_base64(there[name].parcel.head) for name in names]
        match self.stage:
            case "keys":
                return self._ask("shares", names, "roster", {"keys": heads})
            case "shares":
                return self._ask("input", names, "dealt", {"shares": heads})
            case "input":
                self.survivors = names
                return self._ask("agreed", names, "survivors", {"survivors": names})
            case "agreed":
                return self._ask("unmask", names, "agreements", {"agreed": heads})
            case _:
                return self._finish()

    def _check_keys(self, message: Message) -> None:
        taken = {one.body[which] for one in self._answers["keys"].values() for which in one.body}
        if len(taken | set(message.body.values())) < len(taken) + 2:
            raise IntegrityError("fed.key-twice")

    def _check_shares(self, message: Message) -> None:
        roster = self._answers["keys"]
        check_dealt(message, roster, digest_of(roster))

    def _check_input(self, message: Message) -> None:
        if message.body["dealt"] != digest_of(self._answers["shares"]):
            raise IntegrityError("fed.rosters-differ", site=message.sender)

    def _check_agreed(self, message: Message) -> None:
        wanted = {"dealt": digest_of(self._answers["shares"]), "survivors": self.survivors}
        if message.body != wanted:
            raise IntegrityError("fed.survivors-differ", site=message.sender)

    def _check_unmask(self, message: Message) -> None:
        """Hold each share against the commitment that its dealer signed."""
        dealt = self._answers["shares"]
        parts = {"self": set(self.survivors), "mask": set(dealt) - set(self.survivors)}
        roster = digest_of(self._answers["keys"])
        for what, dealers in parts.items():
            if set(message.body[what]) != dealers:
                raise IntegrityError("fed.share", site=message.sender)
            for dealer, share in message.body[what].items():
                wanted = dealt[dealer].body["commitments"][message.sender][what == "self"]
                found = commitment(self.context, roster, dealer, message.sender, what, bytes.fromhex(share))
                if found != wanted:
                    raise IntegrityError("fed.share", site=message.sender)

    def _add(self, payload: Buffer) -> None:
        if not len(self._sum):
            self._sum = np.zeros(self.federation.length, dtype="<u4")
        np.add(self._sum, np.frombuffer(payload, dtype="<u4"), out=self._sum)

    def _finish(self) -> list[Outgoing]:
        """Take the masks off the sum: the survivors' own ones, and what others shared with those who left."""
        try:
            keys = {name: self._key_of(name) for name in self._answers["shares"]}
        except IntegrityError as wrong:
            self.culprit = str(wrong.public.get("site", ""))
            return self.abort("shares-do-not-fit")
        for name, key in keys.items():
            if name in self.survivors:
                add_mask(self._sum, key, sign=-1)
                continue
            private = X25519PrivateKey.from_private_bytes(key)
            for other in self.survivors:
                public = bytes.fromhex(self._answers["keys"][other].body["mask_key"])
                pair = pair_key(private, name, public, other, self.context)
                add_mask(self._sum, pair, sign=-sign_of(other, name))
        self.stage = "done"
        digest = hashlib.sha256(self._sum.data.cast("B")).hexdigest()
        return self._tell("commit", {"survivors": self.survivors, "sum": digest})

    def _key_of(self, name: str) -> bytes:
        """Put together what the survivors may open of one site, and hold it against what that site made public."""
        what = "self" if name in self.survivors else "mask"
        answers = self._answers["unmask"]
        some = list(answers)[: self.federation.threshold]
        key = opened(name, {self.points[n]: bytes.fromhex(answers[n].body[what][name]) for n in some})
        if what == "self":
            roster = digest_of(self._answers["keys"])
            fits = (
                commitment(self.context, roster, name, "", "self", key)
                == self._answers["shares"][name].body["self"]
            )
        else:
            public = X25519PrivateKey.from_private_bytes(key).public_key().public_bytes_raw().hex()
            fits = public == self._answers["keys"][name].body["mask_key"]
        if not fits:
            raise IntegrityError("fed.dealer", site=name)
        return key
