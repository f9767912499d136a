"""The secrets of one site in one round: how they are drawn, cut into shares, sealed to the others and opened again.

Guarantee: everything follows from one fresh seed, so that a site that starts again says the same bytes. A share is
bound to its dealer, holder, roster, round and federation, and to a public commitment; any other is refused. Knows no order of
messages: `confide.federated.site` and `hub` have that.
"""

import hashlib
from collections.abc import Mapping
from typing import Literal, Never

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from confide.crypto import siv
from confide.crypto.aead import bind
from confide.crypto.derive import hkdf
from confide.crypto.shamir import SHARE, join, split
from confide.errors import IntegrityError, InvalidInput
from confide.federated.masks import exchange

Secret = Literal["mask", "self"]  # the key of the masks with others, the key of a site's own mask
SEED = 32


class RoundSecrets:
    """What one site must keep to itself in one round. Shows nothing of itself, cannot be pickled or copied.

    Args:
        seed: 32 bytes from the operating system, for this round alone.
        context: what names federation and round.
        name: of the site.
    """

    __slots__ = ("_context", "_seed", "mask_key", "name", "self_key", "share_key")

    def __init__(self, seed: bytes, context: bytes, name: str) -> None:
        if len(seed) != SEED:
            raise ValueError("a seed has 32 bytes")
        self._seed, self._context, self.name = seed, context, name
        self.share_key = X25519PrivateKey.from_private_bytes(self._draw("share key"))
        self.mask_key = X25519PrivateKey.from_private_bytes(self._draw("mask key"))
        self.self_key = self._draw("own mask")

    def __repr__(self) -> str:
        return f"RoundSecrets(name={self.name!r})"

    def __reduce__(self) -> Never:
        raise TypeError("secrets of a round are never pickled or copied")

    def _draw(self, label: str) -> bytes:
        return hkdf(self._seed, bind(b"confide federated 1: secret", self._context, label.encode()))

    def cut(self, threshold: int, points: Mapping[str, int]) -> dict[str, tuple[bytes, bytes]]:
        """Return, for each site, its shares of our mask key and of our own mask's key."""
        at = list(points.values())
        mask = split(
            self.mask_key.private_bytes_raw(),
            threshold=threshold,
            points=at,
            key=self._draw("mask polynomial"),
        )
        own = split(self.self_key, threshold=threshold, points=at, key=self._draw("self polynomial"))
        return {name: (mask[point], own[point]) for name, point in points.items()}

    def seal(self, holder: str, holder_key: bytes, shares: tuple[bytes, bytes], roster: str) -> bytes:
        """Encrypt the shares of `holder` to it."""
        return siv.encrypt(
            self._key_with(holder_key), b"".join(shares), *self._parts(self.name, holder, roster)
        )

    def open(self, dealer: str, dealer_key: bytes, sealed: bytes, roster: str) -> tuple[bytes, bytes]:
        """Return the two shares that `dealer` sealed to us.

        Raises:
            IntegrityError: they were made for another site, roster or round, or changed on their way.
        """
        try:
            plain = siv.decrypt(self._key_with(dealer_key), sealed, *self._parts(dealer, self.name, roster))
        except IntegrityError:
            raise IntegrityError("fed.share", site=dealer) from None
        if len(plain) != 2 * SHARE:
            raise IntegrityError("fed.share", site=dealer)
        return plain[:SHARE], plain[SHARE:]

    def _key_with(self, other: bytes) -> bytes:
        shared = exchange(self.share_key, other)
        return hkdf(shared, bind(b"confide federated 1: shares", self._context), siv.KEY)

    def _parts(self, dealer: str, holder: str, roster: str) -> tuple[bytes, ...]:
        return self._context, roster.encode(), dealer.encode(), holder.encode()


def context_of(federation: str, number: int) -> bytes:
    """Return what names a round of a federation in keys and commitments."""
    return bind(federation.encode(), str(number).encode())


def commitment(context: bytes, roster: str, dealer: str, holder: str, what: str, value: bytes) -> str:
    """Return the public commitment to a share, or to a key itself; it hides what is uniform, and binds to it."""
    parts = (context, roster.encode(), dealer.encode(), holder.encode(), what.encode(), value)
    return hashlib.sha256(bind(b"confide federated 1: share", *parts)).hexdigest()


def opened(dealer: str, shares: Mapping[int, bytes]) -> bytes:
    """Return the key that shares give; the caller holds it against what its dealer made public.

    Raises:
        IntegrityError: no key comes out: the dealer cut it wrongly.
    """
    try:
        return join(shares)
    except InvalidInput:
        raise IntegrityError("fed.dealer", site=dealer) from None
