"""Keyed choices: the same patient, class and value always give the same choice, under one key only.

HMAC-SHA256 over length-prefixed parts; without the key nothing can be tried out. The key lives in
this object only: it is not printed and not pickled. Pseudonyms (`confide.vault.pseudonyms`) and surrogates
(`confide.deid`) are such choices.
"""

import hmac
from hashlib import sha256
from typing import Final, NoReturn

from confide.errors import InvalidInput

SHORTEST_KEY: Final = 16
_BLOCK: Final = 64  # bytes that SHA-256 takes at a time
_LENGTHS: Final = tuple(length.to_bytes(8, "big") for length in range(256))
_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"  # 32 letters and digits that are not mixed up


class Keyed:
    """A source of keyed choices. Holds a key: `repr` and `pickle` give nothing of it away."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        if len(key) < SHORTEST_KEY:
            raise InvalidInput("crypto.short-key", wanted=SHORTEST_KEY, found=len(key))
        own = hmac.digest(key, b"confide/deid/v1", "sha256")
        block = own.ljust(
            _BLOCK, b"\0"
        )  # HMAC by its two hashes (RFC 2104): to copy them is quicker than to begin anew
        self._inner = sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in block))

    def __repr__(self) -> str:
        return "Keyed(key hidden)"

    def __reduce__(self) -> NoReturn:
        raise InvalidInput("crypto.pickled-key")

    def number(self, *parts: str) -> int:
        """Return a number below 2**256 that depends on the key and on every part.

        >>> keyed = Keyed(bytes(16))
        >>> keyed.number("a", "bc") == keyed.number("ab", "c")
        False
        """
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(_message(parts))
        outer.update(inner.digest())
        return int.from_bytes(outer.digest(), "big")

    def token(self, length: int, *parts: str) -> str:
        """Return `length` letters and digits (5 bits each, at most 51)."""
        number = self.number(*parts)
        return "".join([_ALPHABET[(number >> (5 * i)) & 31] for i in range(length)])

    def choice(self, options: tuple[str, ...], avoid: str, *parts: str) -> str:
        """Return one of `options` other than `avoid`."""
        start = self.number(*parts) % len(options)
        for i in range(len(options)):
            if options[(start + i) % len(options)].casefold() != avoid.casefold():
                return options[(start + i) % len(options)]
        raise ValueError("every option is to be avoided")

    def digits(self, length: int, *parts: str) -> list[int]:
        """Return `length` decimal digits."""
        out: list[int] = []
        seed, block = f"{self.number(*parts):x}", 0
        while len(out) < length:
            number = self.number("digits", seed, str(block))
            out += [int(c) for c in str(number % 10**60).zfill(60)]
            block += 1
        return out[:length]


def _message(parts: tuple[str, ...]) -> bytes:
    """Return the parts one after another, each behind its length in eight bytes."""
    try:
        pieces = [part.encode() for part in parts]
    except UnicodeEncodeError:
        pieces = [part.encode("utf-8", "surrogatepass") for part in parts]
    if max(map(len, pieces), default=0) < len(_LENGTHS):
        return b"".join([_LENGTHS[len(piece)] + piece for piece in pieces])
    return b"".join([len(piece).to_bytes(8, "big") + piece for piece in pieces])
