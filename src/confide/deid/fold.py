"""Fold a text so that width, spacing marks and accents no longer matter, and find the way back.

Full-width letters and digits become plain ones, compatibility forms their NFKC form, accented Latin letters
the bare letter, every dash and space the plain one, traditional characters the simplified ones; what has no width
disappears, and so do line breaks that were forced at a fixed width. Every other layer searches the folded text; `Folded.span` gives the place in the original. Knows no identifier.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from confide.deid.lexicon import words

_DASHES: Final = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d\u2500"
_MARK: Final = "\ue000"  # stands for a character that does not fold to exactly one
_MARKS: Final = re.compile(_MARK)
_INVISIBLE: Final = {"Cf", "Mn", "Me"}


def fold_character(character: str) -> str:
    """Return what one character folds to: nothing, one character, or several.

    >>> fold_character("８"), fold_character("é"), fold_character("\u200b"), fold_character("㎏"), fold_character("偉")
    ('8', 'e', '', 'kg', '伟')
    """
    if character in (simplified := _simplified()):
        return simplified[character]
    if character in _DASHES:
        return "-"
    if character in "’‘＇":
        return "'"
    category = unicodedata.category(character)
    if category in _INVISIBLE:
        return ""
    if category == "Nd":
        return str(unicodedata.digit(character))
    if category == "No":
        return character  # ① before a number must not become a digit of it
    bare = unicodedata.normalize("NFKD", character)
    if bare[0].isascii():
        return "".join(c for c in bare if unicodedata.category(c) not in _INVISIBLE)
    folded = unicodedata.normalize("NFKC", character)
    return simplified.get(folded, folded)


@cache
def _simplified() -> dict[str, str]:
    """Return traditional character -> simplified character."""
    return {pair[0]: pair[1] for line in words("traditional", "pairs") for pair in line.split()}


class _OneToOne(dict[int, int]):
    """Folds that keep the length, filled as characters are met; at most one entry per code point."""

    def __missing__(self, code: int) -> int:
        folded = fold_character(chr(code))
        self[code] = ord(folded) if len(folded) == 1 else ord(_MARK)
        return self[code]


_TABLE: Final = _OneToOne()


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text and the way back: `origin[i]` is where folded character i stands, None the same place."""

    text: str = field(repr=False)
    origin: list[int] | None = field(repr=False)
    length: int

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the original place of `text[start:end]`, invisible marks behind it included."""
        if self.origin is None:
            return start, end
        behind = self.origin[end] if end < len(self.origin) else self.length
        return self.origin[start], max(self.origin[end - 1] + 1, behind)


def fold(text: str) -> Folded:
    """Fold a text. Works on every string, lone surrogates and NUL included, in linear time.

    >>> fold("电话：１３８").text
    '电话:138'
    >>> folded = fold("Jose\u0301 came")
    >>> folded.text, folded.span(0, 4)
    ('Jose came', (0, 5))
    """
    breaks = _forced_breaks(text)
    if text.isascii() and not breaks:
        return Folded(text, None, len(text))
    folded = text.translate(_TABLE)
    if _MARK not in folded and not breaks:
        return Folded(folded, None, len(text))
    pieces: list[str] = []
    origin: list[int] = []
    at = 0
    for i in sorted({*breaks, *(match.start() for match in _MARKS.finditer(folded))}):
        piece = "" if i in breaks else fold_character(text[i])
        pieces += [folded[at:i], piece]
        origin += [*range(at, i), *([i] * len(piece))]
        at = i + 1
    return Folded("".join([*pieces, folded[at:]]), [*origin, *range(at, len(text))], len(text))


def _forced_breaks(text: str) -> frozenset[int]:
    r"""Return the line breaks of a text that was cut at a fixed width, in the middle of numbers and names.

    At least three lines, and a third of all, must be full: as wide as the widest, or one short of it because a wide
    character did not fit. In a text of Latin letters only, a break between two of them is a blank, and stays.

    >>> sorted(_forced_breaks("电话：138001\n38000，患者张\n伟诉头痛头晕\n两天。"))
    [9, 19, 26]
    """
    if text.count("\n") < _FULL:
        return frozenset()
    lines = text.split("\n")
    widths = [(len(line) + len(line.encode("utf-8", "replace"))) // 2 for line in lines]
    widest = max(widths)
    full = sum(width >= widest - 1 for width in widths)
    if widest < 12 or full < _FULL or full * 3 < sum(width > 0 for width in widths):
        return frozenset()
    breaks, at, latin = [], -1, text.isascii()
    for i, line in enumerate(lines[:-1]):
        at += len(line) + 1
        before, after = text[at - 1 : at], text[at + 1 : at + 2]
        letters = latin and before.isalpha() and after.isalpha()
        if widths[i] >= widest - 1 and not letters and not before.isspace() and after and not after.isspace():
            breaks.append(at)
    return frozenset(breaks)


_FULL: Final = 3


def normal(value: str) -> str:
    """Return the form of a value that its spellings share: folded, lower case, letters and digits only.

    >>> normal("１３８-0013 8000"), normal("张 伟"), normal("O’Brien")
    ('13800138000', '张伟', 'obrien')
    """
    plain = _MARK if value.count("\n") >= _FULL else value if value.isascii() else value.translate(_TABLE)
    lower = (plain if _MARK not in plain else fold(value).text).lower()
    return lower if lower.isalnum() else "".join(filter(str.isalnum, lower))
