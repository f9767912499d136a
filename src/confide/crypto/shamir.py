"""Cut a key into shares of which any `threshold` give it back and fewer say nothing: Shamir's scheme.

Pure arithmetic modulo the prime 2^256 + 297; the polynomial comes from a fresh key that the caller draws. Nothing
here notices a false share: whoever shares publishes a commitment to each (`confide.federated.deal`).
"""

from collections.abc import Mapping, Sequence

from confide.crypto.derive import hkdf
from confide.errors import InvalidInput

SECRET, SHARE = 32, 33  # bytes
PRIME = 2**256 + 297  # the first prime that holds every key
_WIDE = 48  # bytes of a coefficient before it is reduced: 2^-127 from uniform


def split(secret: bytes, *, threshold: int, points: Sequence[int], key: bytes) -> dict[int, bytes]:
    """Return one share for each of `points`.

    Guarantee: any `threshold` shares give `secret` back. Fewer are, within 2^-120 and to whoever cannot tell HKDF
    from random, independent of it.

    Args:
        secret: 32 bytes.
        threshold: at least 1 and at most the number of points.
        points: different whole numbers from 1 to 65535.
        key: 32 fresh bytes, used for nothing else.

    Source: Shamir 1979, "How to share a secret".

    >>> cut = split(b"k" * 32, threshold=2, points=[1, 2, 3], key=bytes(32))
    >>> join({1: cut[1], 3: cut[3]}) == b"k" * 32
    True
    """
    wanted = len(secret) == SECRET and len(key) == SECRET and 1 <= threshold <= len(points)
    if not wanted or len(set(points)) != len(points) or not all(1 <= at < 1 << 16 for at in points):
        raise ValueError("a key of 32 bytes is cut for different points from 1 to 65535")
    polynomial = [int.from_bytes(secret, "big")]
    for power in range(1, threshold):
        wide = hkdf(key, b"confide shamir 1: %d" % power, _WIDE)
        polynomial.append(int.from_bytes(wide, "big") % PRIME)
    return {at: _value(polynomial, at).to_bytes(SHARE, "big") for at in points}


def join(shares: Mapping[int, bytes]) -> bytes:
    """Return the secret of which these are shares: as many as its threshold, no fewer.

    Raises:
        InvalidInput: what comes out is no key of 32 bytes, or a share is none: they do not belong together.
    """
    points = list(shares)
    total = 0
    for at in points:
        value = int.from_bytes(shares[at], "big")
        if len(shares[at]) != SHARE or value >= PRIME:
            raise InvalidInput("crypto.shares")
        over = under = 1
        for other in points:
            if other != at:
                over = over * other % PRIME
                under = under * (other - at) % PRIME
        total = (total + value * over * pow(under, -1, PRIME)) % PRIME
    if total >= 1 << 256:
        raise InvalidInput("crypto.shares")
    return total.to_bytes(SECRET, "big")


def _value(polynomial: Sequence[int], at: int) -> int:
    total = 0
    for coefficient in reversed(polynomial):
        total = (total * at + coefficient) % PRIME
    return total
