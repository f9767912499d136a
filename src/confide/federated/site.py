"""One site in one round, without files, network or clock: messages go in, messages come out.

Guarantee: a site says one thing at each step of a round and the same bytes when asked again. It opens nothing unless
`threshold` sites signed the same survivors, and never both shares of one site. A message that does not fit is refused
by name and changes nothing. The hub's side: `confide.federated.hub`; why this hides: `docs/proofs/secure-aggregation.md`.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from numpy.typing import NDArray

from confide.crypto.canonical import canonical
from confide.crypto.sign import PersonKey
from confide.crypto.text import from_base64, to_base64
from confide.errors import AccessDenied, IntegrityError, InvalidInput
from confide.federated.deal import RoundSecrets, commitment, context_of
from confide.federated.masks import add_mask, pair_key, sign_of
from confide.federated.messages import Buffer, Message, Parcel, read, write
from confide.federated.settings import Federation
from confide.types import Json

ORDER = ("begin", "roster", "dealt", "survivors", "agreements", "commit")


class Site:
    """One site in one round. `receive` takes what the hub says; `give` takes the update when `wants_update`.

    Args:
        federation: what this site approved.
        number: of the round.
        key: under which this site signs; it belongs to one of the federation's members.
        seed: 32 fresh bytes for this round; the journal keeps them until the round is over.
    """

    def __init__(self, federation: Federation, number: int, key: PersonKey, seed: bytes) -> None:
        names = [member.name for member in federation.members if member.key == key.public]
        if not names:
            raise AccessDenied("fed.not-a-member")
        self.federation, self.number, self.name = federation, number, names[0]
        self.digest = federation.digest()
        self.points = {member.name: at for at, member in enumerate(federation.members, 1)}
        self.context = context_of(self.digest, number)
        self.task: Buffer = b""
        self.closed = ""  # why, once the round is over: "commit", or the reason of an end without a sum
        self.survivors: list[str] = []
        self._key = key
        self._secrets: RoundSecrets | None = RoundSecrets(seed, self.context, self.name)
        self._heard: dict[str, bytes] = {}
        self._said: dict[str, Parcel] = {}
        self._roster: dict[str, Message] = {}
        self._roster_digest = self._dealt_digest = ""
        self._shares: dict[str, tuple[bytes, bytes]] = {}

    def __repr__(self) -> str:
        return f"Site(name={self.name!r}, number={self.number}, heard={len(self._heard)})"

    @property
    def wants_update(self) -> bool:
        """Whether it is time for `give`."""
        return "dealt" in self._heard and "dealt" not in self._said and not self.closed

    @property
    def heard(self) -> int:
        """How many messages of the hub were accepted; a journal keeps just these."""
        return len(self._heard)

    def receive(self, parcel: Parcel) -> list[Parcel]:
        """Take a message of the hub; return what this site answers, which may be nothing.

        Raises:
            InvalidInput: it belongs elsewhere, comes out of order, or says otherwise what was said before.
            IntegrityError: it is not what was signed, or what it shows does not fit together.
        """
        return self.hear(read(parcel, self.federation, self.digest, self.number))

    def hear(self, message: Message) -> list[Parcel]:
        """Take a message that was read already, for this federation and round; as `receive`."""
        kind, parcel = message.kind, message.parcel
        if kind in self._heard:
            if self._heard[kind] != parcel.head:
                raise IntegrityError("fed.two-messages", kind=kind, sender=message.sender)
            return [self._said[kind]] if kind in self._said else []
        if self.closed:
            raise InvalidInput("fed.round-over", number=self.number)
        if kind == "abort":
            self._heard[kind] = parcel.head
            self._close(message.body["reason"])
            return []
        if kind not in ORDER or ORDER.index(kind) != len(self._heard):
            raise InvalidInput("fed.order", kind=kind)
        if kind == "survivors" and "dealt" not in self._said:
            raise InvalidInput("fed.order", kind=kind)
        answer = {
            "begin": self._begin,
            "roster": self._deal,
            "dealt": self._hold,
            "survivors": self._agree,
            "agreements": self._unmask,
            "commit": self._commit,
        }[kind](message)
        self._heard[kind] = parcel.head
        if answer is not None:
            self._said[kind] = answer
        return [answer] if answer is not None else []

    def give(self, update: NDArray[np.signedinteger]) -> Parcel:
        """Mask this site's update, the only one of this round, and return the message that carries it.

        Args:
            update: shape (length,), whole steps with weight and noise already in. Of 32 bits and writable it is masked in place.

        Raises:
            InvalidInput: not now, given before, or another shape.
        """
        if not self.wants_update:
            raise InvalidInput("fed.not-now", number=self.number)
        if update.shape != (self.federation.length,) or update.dtype.kind not in "iu":
            raise InvalidInput("fed.update-shape", wanted=self.federation.length)
        secrets = self._kept()
        masked = np.require(update, "<i4", ["C", "W"]).view("<u4")  # modulo 2^32
        add_mask(masked, secrets.self_key, sign=1)
        for name in self._shares:
            if name != self.name:
                key = self._pair(secrets.mask_key, name)
                add_mask(masked, key, sign=sign_of(self.name, name))
        return self.gave(self._write("input", {"dealt": self._dealt_digest}, masked.data.cast("B")))

    def gave(self, parcel: Parcel) -> Parcel:
        """Take back, after a new start, the masked update that the journal kept."""
        if not self.wants_update:
            raise InvalidInput("fed.not-now", number=self.number)
        self._said["dealt"] = parcel
        return parcel

    def stop(self, reason: str) -> Parcel:
        """Leave the round: forget its secrets and tell the hub."""
        self._close(reason)
        return self._write("stopped", {"reason": reason})

    def _write(self, kind: str, body: Json, payload: Buffer = b"") -> Parcel:
        return write(self._key, self.digest, self.number, self.name, kind, body, payload)

    def _kept(self) -> RoundSecrets:
        if self._secrets is None:
            raise InvalidInput("fed.round-over", number=self.number)
        return self._secrets

    def _close(self, reason: str) -> None:
        self.closed, self._secrets = reason, None
        self._shares.clear()

    def _pair(self, own: X25519PrivateKey, other: str) -> bytes:
        public = bytes.fromhex(self._roster[other].body["mask_key"])
        return pair_key(own, self.name, public, other, self.context)

    def _passed_on(self, heads: Sequence[str], kind: str) -> dict[str, Message]:
        """Return messages of other sites that the hub passes on, by sender, in the federation's order."""
        found: dict[str, Message] = {}
        for text in heads:
            message = read_head(from_base64(text) or b"", self.federation, self.digest, self.number, kind)
            if message.sender in found:
                raise IntegrityError("fed.two-messages", kind=kind, sender=message.sender)
            found[message.sender] = message
        if len(found) < self.federation.threshold:
            raise InvalidInput("fed.below-threshold", found=len(found), wanted=self.federation.threshold)
        return {name: found[name] for name in self.points if name in found}

    def _is_ours(self, found: dict[str, Message], answered: str) -> None:
        ours = found.get(self.name)
        if ours is None or ours.parcel.head != self._said[answered].head:
            raise IntegrityError("fed.not-ours")

    def _begin(self, message: Message) -> Parcel:
        self.task = message.parcel.payload
        secrets = self._kept()
        public = {
            "share_key": secrets.share_key.public_key().public_bytes_raw().hex(),
            "mask_key": secrets.mask_key.public_key().public_bytes_raw().hex(),
        }
        return self._write("keys", public)

    def _deal(self, message: Message) -> Parcel:
        """Check the roster, and cut our secrets for everybody on it."""
        found = self._passed_on(message.body["keys"], "keys")
        self._is_ours(found, "begin")
        public = [one.body[which] for one in found.values() for which in ("share_key", "mask_key")]
        if len(set(public)) < len(public):
            raise IntegrityError("fed.key-twice")
        digest = digest_of(found)
        secrets = self._kept()
        cut = secrets.cut(self.federation.threshold, {name: self.points[name] for name in found})
        sealed: dict[str, str] = {}
        commitments: dict[str, list[str]] = {}
        for holder, (mask, own) in cut.items():
            public_key = bytes.fromhex(found[holder].body["share_key"])
            sealed[holder] = to_base64(secrets.seal(holder, public_key, (mask, own), digest))
            commitments[holder] = [
                commitment(self.context, digest, self.name, holder, "mask", mask),
                commitment(self.context, digest, self.name, holder, "self", own),
            ]
        self._roster, self._roster_digest = found, digest
        whole = commitment(self.context, digest, self.name, "", "self", secrets.self_key)
        return self._write(
            "shares", {"roster": digest, "sealed": sealed, "commitments": commitments, "self": whole}
        )

    def _hold(self, message: Message) -> None:
        """Check and keep the shares that others dealt to us."""
        found = self._passed_on(message.body["shares"], "shares")
        self._is_ours(found, "roster")
        shares: dict[str, tuple[bytes, bytes]] = {}
        for dealer, dealt in found.items():
            check_dealt(dealt, self._roster, self._roster_digest)
            key = bytes.fromhex(self._roster[dealer].body["share_key"])
            sealed = from_base64(dealt.body["sealed"][self.name]) or b""
            pair = self._kept().open(dealer, key, sealed, self._roster_digest)
            for what, share, wanted in zip(
                ("mask", "self"), pair, dealt.body["commitments"][self.name], strict=True
            ):
                if commitment(self.context, self._roster_digest, dealer, self.name, what, share) != wanted:
                    raise IntegrityError("fed.share", site=dealer)
            shares[dealer] = pair
        self._shares, self._dealt_digest = shares, digest_of(found)

    def _agree(self, message: Message) -> Parcel:
        """Sign the survivors: the one set that this site will ever sign in this round."""
        survivors = message.body["survivors"]
        in_order = [name for name in self.points if name in survivors]
        if survivors != in_order or not set(survivors) <= set(self._shares):
            raise IntegrityError("fed.survivors")
        if len(survivors) < self.federation.threshold or self.name not in survivors:
            raise IntegrityError("fed.survivors")
        self.survivors = survivors
        return self._write("agreed", {"dealt": self._dealt_digest, "survivors": survivors})

    def _unmask(self, message: Message) -> Parcel:
        """Open one share of each site, once `threshold` survivors signed the very set that we signed."""
        found = self._passed_on(message.body["agreed"], "agreed")
        wanted = {"dealt": self._dealt_digest, "survivors": self.survivors}
        for name, agreed in found.items():
            if name not in self.survivors or agreed.body != wanted:
                raise IntegrityError("fed.survivors-differ", site=name)
        own = {name: self._shares[name][1].hex() for name in self.survivors}
        mask = {name: pair[0].hex() for name, pair in self._shares.items() if name not in own}
        return self._write("unmask", {"self": own, "mask": mask})

    def _commit(self, message: Message) -> None:
        if message.body["survivors"] != self.survivors:
            raise IntegrityError("fed.survivors")
        self._close("commit")


def read_head(head: bytes, federation: Federation, digest: str, number: int, kind: str) -> Message:
    """Return a message of another site that was passed on, whole but for its payload."""
    message = read(Parcel(head), federation, digest, number)
    if message.kind != kind:
        raise InvalidInput("fed.order", kind=message.kind)
    return message


def digest_of(messages: dict[str, Message]) -> str:
    """Return the digest of a set of messages, the same at every site that was shown the same set."""
    heads = {name: hashlib.sha256(one.parcel.head).hexdigest() for name, one in sorted(messages.items())}
    return hashlib.sha256(canonical(heads)).hexdigest()


def check_dealt(dealt: Message, roster: dict[str, Message], digest: str) -> None:
    """Check that a site dealt to exactly the sites of the roster.

    Raises:
        IntegrityError: it saw another roster, or left somebody out.
    """
    body = dealt.body
    if dealt.sender not in roster or body["roster"] != digest:
        raise IntegrityError("fed.rosters-differ", site=dealt.sender)
    if set(body["sealed"]) != set(roster) or set(body["commitments"]) != set(roster):
        raise IntegrityError("fed.share", site=dealt.sender)
