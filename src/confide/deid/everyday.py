"""Let go of guesses that are everyday words: "discussed with grace", "the county", 柚子.

In English only what is written small where sentences begin with capitals: who writes everything small writes names
so too. Which words are everyday ones is what the tagger's vocabulary says; a name that is no word is never let go.
"""

import re
from typing import Final

import numpy as np

from confide.deid.hits import Hit
from confide.deid.tagger import vocabulary
from confide.deid.tagger_input import FIRST, GIVEN_TO_PEOPLE, pair_key, word_keys

_GUESSED: Final = ("name", "organisation", "place")
_TWO_HAN: Final = re.compile("[\u3400-\u9fff]{2}")
_SMALL: Final = re.compile(r"[a-z]+(?: [a-z]+){0,3}")
_AROUND: Final = 240
_GREAT_BEGINNING: Final = re.compile(r"(?:[.!?] |\n)[A-Z][a-z]")
_SMALL_BEGINNING: Final = re.compile(r"(?:[.!?] |\n)[a-z]{2}")


def is_everyday(text: str, hit: Hit) -> bool:
    """Say whether a guess of the tagger is but everyday words, written small among capitals.

    >>> text = "Family met with grace. Seen by Dr. Hale."
    >>> is_everyday(text, Hit(16, 21, "name", 0.6, "tagger:name")), is_everyday(text.lower(), Hit(16, 21, "name", 0.6, ""))
    (True, False)
    """
    if hit.type == "name" and _TWO_HAN.fullmatch(text, hit.start, hit.end):
        two = pair_key(*text[hit.start : hit.end])
        return _number(two) >= FIRST  # they stand together often, and not in names
    if hit.type not in _GUESSED or not _SMALL.fullmatch(text, hit.start, hit.end):
        return False
    around = (text, max(0, hit.start - _AROUND), hit.end + _AROUND)
    if not _GREAT_BEGINNING.search(*around) or _SMALL_BEGINNING.search(*around):
        return False
    return all(map(_is_word, text[hit.start : hit.end].split(" ")))


def _is_word(word: str) -> bool:
    """Say whether the vocabulary knows a word otherwise than as a name only."""
    return _number(word_keys(word)[1][0]) not in (0, GIVEN_TO_PEOPLE)


def _number(key: np.uint64) -> int:
    """Return the number of a word or a pair of Han in the vocabulary, by its key; 0 when it is not there."""
    known = vocabulary()
    at = int(known.keys.searchsorted(key))
    return int(known.numbers[at]) if at < len(known.keys) and known.keys[at] == key else 0
