"""Let go of English guesses that are written small and are everyday words: "discussed with grace", "the county".

Only where sentences begin with capitals: who writes everything small writes names so too. Which words are everyday
ones is what the tagger's vocabulary says; a name that is no word is never let go.
"""

import re
from functools import lru_cache
from typing import Final

import numpy as np

from confide.deid.hits import Hit
from confide.deid.tagger import vocabulary
from confide.deid.tagger_input import GIVEN_TO_PEOPLE, word_keys

_GUESSED: Final = ("name", "organisation", "place")
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
    if hit.type not in _GUESSED or not _SMALL.fullmatch(text, hit.start, hit.end):
        return False
    around = (text, max(0, hit.start - _AROUND), hit.end + _AROUND)
    if not _GREAT_BEGINNING.search(*around) or _SMALL_BEGINNING.search(*around):
        return False
    return all(map(_is_word, text[hit.start : hit.end].split(" ")))


@lru_cache(maxsize=4096)
def _is_word(word: str) -> bool:
    """Say whether the vocabulary knows a word otherwise than as a name only."""
    known, key = vocabulary(), word_keys(word)[1][:1]
    at = int(np.searchsorted(known.keys, key)[0])
    return at < len(known.keys) and known.keys[at] == key[0] and int(known.numbers[at]) != GIVEN_TO_PEOPLE
