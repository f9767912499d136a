"""Codes that stand for a value: tokens, which the key undoes, and digests, which nothing undoes.

Guarantee: under one key the same value of the same patient has the same code, and two patients never share one;
without the key no value can be tried out, and a token that was altered is found. Tokens are AES-SIV
(`confide.crypto.siv`), digests HMAC. Knows no policy.
"""

import base64
import re
from typing import Final, NoReturn

from confide.crypto import siv
from confide.crypto.derive import hkdf
from confide.crypto.keyed import Keyed
from confide.errors import IntegrityError, InvalidInput

TOKEN: Final = re.compile(r"[a-z2-7]{26,}")
_DIGEST: Final = 16  # letters of five bits: 80


class Codes:
    """Makes codes, and undoes tokens. Holds keys: `repr` and `pickle` give nothing of them away.

    >>> codes = Codes(bytes(32))
    >>> codes.reveal(codes.token("p1", "phone", "13800138000"), "phone")
    ('p1', '13800138000')
    """

    __slots__ = ("_keyed", "_siv")

    def __init__(self, key: bytes) -> None:
        self._keyed = Keyed(key)
        self._siv = hkdf(key, b"confide deid tokens", length=siv.KEY)

    def __repr__(self) -> str:
        return "Codes(key hidden)"

    def __reduce__(self) -> NoReturn:
        raise InvalidInput("crypto.pickled-key")

    def token(self, patient: str, kind: str, value: str) -> str:
        """Return the token of a value: small letters and the digits 2 to 7, with the patient inside."""
        plain = f"{patient}\0{value}".encode(errors="surrogatepass")
        sealed = siv.encrypt(self._siv, plain + bytes(-len(plain) % 16), kind.encode())
        return base64.b32encode(sealed).decode().rstrip("=").lower()

    def digest(self, patient: str, kind: str, value: str) -> str:
        """Return 16 letters and digits."""
        return self._keyed.token(_DIGEST, "hash", kind, patient, value)

    def reveal(self, token: str, kind: str) -> tuple[str, str]:
        """Return the patient and the value of a token.

        Raises:
            IntegrityError: another key, another class, or a text that `token` did not write.
        """
        if not TOKEN.fullmatch(token):
            raise IntegrityError("crypto.token")
        try:
            sealed = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
        except ValueError:
            raise IntegrityError("crypto.token") from None
        plain = siv.decrypt(self._siv, sealed, kind.encode()).rstrip(b"\0")
        patient, _, value = plain.decode(errors="surrogatepass").rpartition("\0")
        return patient, value
