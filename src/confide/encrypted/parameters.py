"""Choose the ring, the plain modulus and the flood of an encrypted score, and state what they promise.

Pure arithmetic on whole numbers: no library, no key. The bounds on noise are worst cases, not averages, so that
decryption never fails and the flood hides what it says. Proofs: `docs/proofs/encrypted.md`.
"""

import math
from dataclasses import dataclass
from typing import Any

from confide.errors import InvalidInput
from confide.types import Json

FRESH = 21  # SEAL draws errors as a centred binomial of 42 coins: never beyond
SECURITY = 128  # bits, ternary secret, by the table of the HE standard
LONGEST_MODULUS = {2048: 54, 4096: 109, 8192: 218}  # log2 of all primes together, for those bits
WIDEST_PLAIN = 58  # bits of a plain modulus; SEAL takes 60, and int64 must hold it


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameters:
    """A BFV ring: `degree` coefficients, primes of so many bits (the last for keys only), plain modulus 2^plain_bits.

    Where `even`, the one prime of data is 1 modulo the plain modulus: scaling a message then rounds in proportion to
    it, and a sum of ciphertexts tells nothing but the sum.
    """

    degree: int
    primes: tuple[int, ...]
    plain_bits: int
    even: bool = False

    def __post_init__(self) -> None:
        """Refuse a ring below 128 bits of security, or one that SEAL does not have."""
        if self.degree not in LONGEST_MODULUS or not 2 <= len(self.primes) <= 6:
            raise InvalidInput("encrypted.parameters")
        if not all(isinstance(bits, int) and 14 < bits <= 60 for bits in self.primes):
            raise InvalidInput("encrypted.parameters")
        if sum(self.primes) > LONGEST_MODULUS[self.degree] or not 1 < self.plain_bits <= WIDEST_PLAIN:
            raise InvalidInput("encrypted.parameters")
        if self.even and (len(self.primes) != 2 or self.plain_bits > self.primes[0] - 8):
            raise InvalidInput("encrypted.parameters")

    def to_json(self) -> Json:
        """Return the fields; the scheme is always BFV."""
        return {
            "scheme": "bfv",
            "degree": self.degree,
            "primes": list(self.primes),
            "plain_bits": self.plain_bits,
            "even": self.even,
        }

    @staticmethod
    def from_json(json: Any) -> "Parameters":
        """Read what `to_json` wrote.

        Raises:
            InvalidInput: another scheme, a field that is missing or impossible.

        >>> at = Parameters(degree=4096, primes=(47, 46, 16), plain_bits=26)
        >>> Parameters.from_json(at.to_json()) == at
        True
        """
        match json:
            case {
                "scheme": "bfv",
                "degree": int(degree),
                "primes": list(primes),
                "plain_bits": int(plain_bits),
                "even": bool(even),
            }:
                return Parameters(degree=degree, primes=tuple(primes), plain_bits=plain_bits, even=even)
        raise InvalidInput("encrypted.parameters")


def answer_noise(weights: int) -> int:
    """Return the most by which a product with a polynomial of absolute sum `weights` is off its multiple of q/t.

    Each coefficient of a fresh ciphertext is off by 21 and a half: its error, and q/t times the message rounded.
    """
    return (43 * weights + 1) // 2


def zero_noise(degree: int, special_bits: int) -> int:
    """Return the most by which an encryption of zero under a public key is off, once its special prime is gone.

    At the level of keys |e·u + e0 + e1·s| ≤ 21 (2N + 1); dividing by the special prime (at least 2^(bits - 1)) and
    rounding both parts adds (N + 1)/2.
    """
    return (FRESH * (2 * degree + 1) >> (special_bits - 1)) + (degree + 1) // 2 + 2


def flood_bits(noise: int, hiding: int) -> int:
    """Return f, so that a whole number drawn evenly from 2^f of them hides what moves by `noise` to 2^-hiding.

    >>> flood_bits(noise=1000, hiding=40)
    50
    """
    return hiding + max(1, math.ceil(math.log2(noise + 1)))


def decrypts(noise: int, moduli: tuple[int, ...], plain_bits: int, degree: int, kept: int) -> bool:
    """Whether an answer that is off by at most `noise` decrypts, before and after all primes but `kept` are dropped.

    Dropping primes divides the noise by them; each drop rounds, which adds at most (N + 1)/2 + 1.
    """
    room = 1 << (plain_bits + 1)
    if (noise + 2) * room >= math.prod(moduli):
        return False
    left = noise // math.prod(moduli[kept:]) + (len(moduli) - kept) * ((degree + 1) // 2 + 2)
    return (left + 2) * room < math.prod(moduli[:kept])
