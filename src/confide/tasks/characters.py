"""Write Chinese and English text as numbers by public rules: one number a character, none learnt from any text.

The characters are printable ASCII, Chinese punctuation and the 3,755 common characters of GB 2312 (its first level), by their
places in that standard. Whatever else stands in a text becomes one and the same number.
"""

from collections.abc import Sequence
from functools import cache
from unicodedata import normalize

PAD, UNKNOWN, START, TURN, END = range(5)  # TURN stands between what is given and what is to be written
_SPECIAL = 5


@cache
def characters() -> tuple[str, ...]:
    """Return the characters that have a number of their own, in its order.

    >>> len(characters()), characters()[1] == " ", "啊" in characters()
    (3937, True, True)
    """
    ascii_part = [chr(code) for code in (10, *range(32, 127))]
    rows = (0xA1, *range(0xB0, 0xD8))  # punctuation, and the first level in the order of pronunciation
    pairs = (bytes((row, cell)) for row in rows for cell in range(0xA1, 0xFF))
    han = [pair.decode("gb2312", errors="ignore") for pair in pairs]
    return tuple(
        sorted({normalize("NFKC", c) for c in (*ascii_part, *han) if len(normalize("NFKC", c)) == 1} - {""})
    )


@cache
def _numbers() -> dict[str, int]:
    return {character: number for number, character in enumerate(characters(), start=_SPECIAL)}


def vocabulary() -> int:
    """Return how many numbers there are."""
    return _SPECIAL + len(characters())


def encoded(text: str) -> list[int]:
    """Return the numbers of a text, full-width forms as plain ones.

    >>> decoded(encoded("血压１２０/80，无发热"))
    '血压120/80,无发热'
    """
    numbers = _numbers()
    return [numbers.get(character, UNKNOWN) for character in normalize("NFKC", text)]


def decoded(numbers: Sequence[int]) -> str:
    """Return the text of numbers up to END; what has no character is left out."""
    known = characters()
    text = []
    for number in numbers:
        if number == END:
            break
        if number >= _SPECIAL:
            text.append(known[number - _SPECIAL])
    return "".join(text)
