"""The way back from a de-identified document: a sealed record of what stood where.

Guarantee: with the record and the key the original comes back byte by byte; from a text that was changed since, or
under another key, nothing comes back. Without the key the record tells its length. Keep it apart from what
leaves: who holds both and the key has the original.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import NoReturn

from confide.crypto.aead import bind, decrypt, encrypt
from confide.crypto.derive import hkdf
from confide.deid.results import CleanText
from confide.errors import IntegrityError, InvalidInput

Fields = Mapping[str, str]


class WayBack:
    """Seals and opens such records. Holds a key: `repr` and `pickle` give nothing of it away."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = hkdf(key, b"confide way back")

    def __repr__(self) -> str:
        return "WayBack(key hidden)"

    def __reduce__(self) -> NoReturn:
        raise InvalidInput("crypto.pickled-key")

    def seal(self, old: str, new: CleanText, old_fields: Fields, new_fields: Fields) -> bytes:
        """Return the sealed record that leads back from `new` and `new_fields`.

        Args:
            old: the original text.
            new: what became of it; its `places` say where the replacements stand.
            old_fields: the original fields of a note; empty for a text alone.
            new_fields: what became of them, under the same names.
        """
        pieces = [
            (start, end, old[span.start : span.end])
            for span, (start, end) in zip(new.spans, new.places, strict=True)
        ]
        changed = {name: value for name, value in old_fields.items() if new_fields[name] != value}
        record = {"pieces": pieces, "fields": changed}
        text = json.dumps(
            record, ensure_ascii=False
        )  # escaped, two halves of a character would come back as one
        return encrypt(self._key, text.encode(errors="surrogatepass"), _bound(new.text, new_fields))

    def reveal(self, record: bytes, new: str, new_fields: Fields) -> tuple[str, dict[str, str]]:
        """Return the original text and fields.

        Raises:
            InvalidInput: there is no record.
            IntegrityError: the text or a field was changed, or another key made the record.
        """
        if not record:
            raise InvalidInput("deid.not-reversible")
        try:
            opened = json.loads(
                decrypt(self._key, record, _bound(new, new_fields)).decode(errors="surrogatepass")
            )
        except IntegrityError:
            raise IntegrityError("deid.reversal-changed") from None
        parts: list[str] = []
        at = 0
        for start, end, piece in opened["pieces"]:
            parts += [new[at:start], piece]
            at = end
        return "".join([*parts, new[at:]]), {**new_fields, **opened["fields"]}


def _bound(text: str, fields: Fields) -> bytes:
    """Return a digest of a document, for its record to hold on to; never stored."""
    told = [text, *(part for name in sorted(fields) for part in (name, fields[name]))]
    joined = bind(b"confide way back", *(part.encode(errors="surrogatepass") for part in told))
    return hashlib.sha256(joined).digest()
