"""The recovery key on paper: 20 bytes that people copy by hand, with a checksum that finds a slip of the pen.

Text only: what the key opens is `confide.vault.custody`.
"""

import base64
import hashlib
import unicodedata

from confide.errors import InvalidInput

SIZE = 20  # bytes of key
_LOOK_ALIKES = str.maketrans("OIL", "011")
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32; Python's is RFC 4648's
_CROCKFORD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", _LETTERS)
_RFC4648 = str.maketrans(_LETTERS, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
_SUM, _GROUP = 5, 5  # bytes of checksum, letters in a group


def text_of(key: bytes) -> str:
    """Write a recovery key for paper: 40 letters and digits in groups of five, the last eight a checksum.

    The alphabet is Crockford's base32, without I, L, O and U.

    >>> text_of(bytes(20))
    '00000-00000-00000-00000-00000-00000-0044J-GMZM6'
    """
    letters = base64.b32encode(key + _sum(key)).decode().translate(_CROCKFORD)
    return "-".join(letters[n : n + _GROUP] for n in range(0, len(letters), _GROUP))


def key_of(text: str) -> bytes:
    """Read what `text_of` wrote, also in small letters, with spaces, full-width, or O for 0.

    Raises:
        InvalidInput: the checksum does not fit: a typing mistake.
    """
    plain = unicodedata.normalize("NFKC", text).upper().translate(_LOOK_ALIKES)
    letters = "".join(letter for letter in plain if letter.isalnum())
    if len(letters) != (SIZE + _SUM) * 8 // 5 or set(letters) - set(_LETTERS):
        raise InvalidInput("vault.recovery-typing")
    data = base64.b32decode(letters.translate(_RFC4648))
    if data[SIZE:] != _sum(data[:SIZE]):
        raise InvalidInput("vault.recovery-typing")
    return data[:SIZE]


def _sum(key: bytes) -> bytes:
    return hashlib.sha256(b"confide recovery checksum" + key).digest()[:_SUM]
