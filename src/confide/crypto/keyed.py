"""Keyed choices: the same patient, class and value always give the same choice, under one key only.

HMAC-SHA256 over length-prefixed parts; without the key nothing can be tried out. The key lives in
this object only: it is not printed and not pickled. Pseudonyms (`confide.vault.pseudonyms`) and surrogates
(`confide.deid`) are such choices.
"""

import hmac
from typing import Final, NoReturn

from confide.errors import InvalidInput

SHORTEST_KEY: Final = 16
_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"  # 32 letters and digits that are not mixed up


class Keyed:
    """A source of keyed choices. Holds a key: `repr` and `pickle` give nothing of it away."""

    __slots__ = ("_mac",)

    def __init__(self, key: bytes) -> None:
        if len(key) < SHORTEST_KEY:
            raise InvalidInput("crypto.short-key", wanted=SHORTEST_KEY, found=len(key))
        own = hmac.digest(key, b"confide/deid/v1", "sha256")
        self._mac = hmac.new(own, digestmod="sha256")  # to copy it is quicker than to begin anew

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
        pieces = [part.encode("utf-8", "surrogatepass") for part in parts]
        message = b"".join([len(piece).to_bytes(8, "big") + piece for piece in pieces])
        mac = self._mac.copy()
        mac.update(message)
        return int.from_bytes(mac.digest(), "big")

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
