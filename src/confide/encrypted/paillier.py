"""Partially homomorphic encryption: add encrypted vectors, multiply them by known whole numbers. Packed Paillier.

Guarantee: secure as Paillier 1999 is (decisional composite residuosity; a modulus of 3072 bits is 128 bits). A sum
or product that left its lane is refused at decryption where that can be seen, and cannot happen within the declared
bounds. Slower than `confide.encrypted.sums` and shorter: for few values. gmpy2 has no constant-time decryption.
"""

import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from confide.encrypted.form import Integers
from confide.errors import InvalidInput

try:
    import gmpy2
except ImportError:
    raise InvalidInput("encrypted.no-part") from None

BITS = 3072
SHORTEST = 2048


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A modulus n; lanes of `lane_bits` hold one number each, from -2^(lane_bits-1) up."""

    n: int
    lane_bits: int

    def __post_init__(self) -> None:
        """Refuse a modulus that is too short, or lanes that hold nothing."""
        if self.n.bit_length() < SHORTEST or not 8 <= self.lane_bits <= 64 or self.n % 2 == 0:
            raise InvalidInput("encrypted.paillier-key")

    @property
    def lanes(self) -> int:
        """How many numbers one ciphertext holds; the topmost bits of n stay free for signs."""
        return (self.n.bit_length() - 2) // self.lane_bits

    def ciphertexts(self, values: int) -> int:
        """Return how many ciphertexts hold so many numbers."""
        return -(-values // self.lanes)


@dataclass(frozen=True, slots=True)
class SecretKey:
    """The factors of n."""

    public: PublicKey
    p: int = field(repr=False)
    q: int = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A vector of `length` numbers under `public`, each at most `bound` from zero."""

    public: PublicKey
    length: int
    bound: int
    parts: tuple[int, ...] = field(repr=False)


def new_key(*, lane_bits: int = 48, bits: int = BITS) -> SecretKey:
    """Return a new key.

    Raises:
        InvalidInput: fewer than 2048 bits.
    """
    if bits < SHORTEST or bits % 2:
        raise InvalidInput("encrypted.paillier-key")
    while True:
        p, q = _prime(bits // 2), _prime(bits // 2)
        if p != q and math.gcd(p * q, (p - 1) * (q - 1)) == 1:
            return SecretKey(PublicKey(p * q, lane_bits), p, q)


def _prime(bits: int) -> int:
    while True:
        start = secrets.randbits(bits) | (3 << (bits - 2)) | 1
        found = gmpy2.next_prime(start)
        if found.bit_length() == bits:
            return int(found)


def encrypt(public: PublicKey, values: Integers, *, bound: int) -> Sealed:
    """Encrypt whole numbers from -bound to bound.

    Raises:
        InvalidInput: a number is beyond, or the bound does not fit a lane.
    """
    if not 0 < bound < 1 << (public.lane_bits - 1) or values.ndim != 1 or not len(values):
        raise InvalidInput("encrypted.values", wanted=public.lanes, bound=bound)
    if np.abs(values).max() > bound:
        raise InvalidInput("encrypted.values", wanted=len(values), bound=bound)
    n, square = gmpy2.mpz(public.n), gmpy2.mpz(public.n) ** 2
    parts = []
    for start in range(0, len(values), public.lanes):
        message = packed(values[start : start + public.lanes].tolist(), public.lane_bits) % n
        mask = gmpy2.powmod(secrets.randbelow(public.n - 1) + 1, n, square)
        parts.append(int((1 + message * n) * mask % square))
    return Sealed(public, len(values), bound, tuple(parts))


def packed(values: Sequence[int], lane_bits: int) -> int:
    """Return one whole number whose lanes are the values; negative ones borrow from the lane above.

    >>> packed([1, -1, 2], 8) == 1 - 2**8 + 2 * 2**16
    True
    """
    return sum(value << (lane_bits * lane) for lane, value in enumerate(values))


def unpacked(whole: int, lanes: int, lane_bits: int) -> list[int]:
    """Return what `packed` was given.

    >>> unpacked(packed([1, -1, 2], 8), 3, 8)
    [1, -1, 2]
    """
    half, values = 1 << (lane_bits - 1), []
    for _ in range(lanes):
        value = ((whole + half) & ((1 << lane_bits) - 1)) - half
        values.append(value)
        whole = (whole - value) >> lane_bits
    if whole:
        raise InvalidInput("encrypted.overflow")
    return values


def add(first: Sealed, second: Sealed) -> Sealed:
    """Return the encrypted sum of two vectors.

    Raises:
        InvalidInput: they are of different keys or lengths, or a sum could leave its lane.
    """
    bound = first.bound + second.bound
    if (first.public, first.length) != (second.public, second.length) or bound >= 1 << (
        first.public.lane_bits - 1
    ):
        raise InvalidInput("encrypted.overflow")
    square = gmpy2.mpz(first.public.n) ** 2
    parts = (int(a * gmpy2.mpz(b) % square) for a, b in zip(first.parts, second.parts, strict=True))
    return Sealed(first.public, first.length, bound, tuple(parts))


def scaled(sealed: Sealed, factor: int) -> Sealed:
    """Return the encrypted vector times a known whole number. Who has the key can see the factor: re-encrypt to hide it.

    Raises:
        InvalidInput: a product could leave its lane.
    """
    bound = max(1, sealed.bound * abs(factor))
    if bound >= 1 << (sealed.public.lane_bits - 1):
        raise InvalidInput("encrypted.overflow")
    square = gmpy2.mpz(sealed.public.n) ** 2
    parts = (
        int(gmpy2.powmod(part, factor % sealed.public.n if factor >= 0 else factor, square))
        for part in sealed.parts
    )
    return Sealed(sealed.public, sealed.length, bound, tuple(parts))


def refreshed(sealed: Sealed) -> Sealed:
    """Return the same vector under fresh randomness: nothing of how it was computed is left in it."""
    zero = encrypt(sealed.public, np.zeros(sealed.length, dtype=np.int64), bound=1)
    made = add(sealed, zero)
    return Sealed(made.public, made.length, sealed.bound, made.parts)


def decrypt(key: SecretKey, sealed: Sealed) -> Integers:
    """Return the numbers.

    Raises:
        InvalidInput: another key's, damaged, or a lane overflowed.
    """
    if sealed.public != key.public or len(sealed.parts) != key.public.ciphertexts(sealed.length):
        raise InvalidInput("encrypted.paillier-key")
    n, left, found = key.public.n, sealed.length, []
    for part in sealed.parts:
        if not 0 < part < n * n or math.gcd(part, n) != 1:
            raise InvalidInput("encrypted.not-sealed")
        whole = _by_factors(key, part)
        whole -= n if whole > n // 2 else 0
        found += unpacked(whole, min(left, key.public.lanes), key.public.lane_bits)
        left -= key.public.lanes
    values = np.array(found, dtype=np.int64)
    if np.abs(values).max() > sealed.bound:
        raise InvalidInput("encrypted.overflow")
    return values


def _by_factors(key: SecretKey, part: int) -> int:
    """Return the message modulo n, put together from its halves (Paillier 1999, section 7)."""
    halves = []
    for prime in (key.p, key.q):
        square, n = gmpy2.mpz(prime) ** 2, key.public.n
        inverse = gmpy2.invert((gmpy2.powmod(n + 1, prime - 1, square) - 1) // prime, prime)
        power = gmpy2.powmod(part % square, prime - 1, square)
        halves.append(int((power - 1) // prime * inverse % prime))
    first, second = halves
    return first + key.p * ((second - first) * pow(key.p, -1, key.q) % key.q)
