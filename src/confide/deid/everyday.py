"""Let go of guesses that are everyday words: "discussed with grace", "the county", 柚子.

In English only what is written small where sentences begin with capitals: who writes everything small writes names
so too. Which words are everyday ones is what the tagger's vocabulary says; a name that is no word is never let go.
"""

import re
from typing import Final

import numpy as np

from confide.deid.hits import Hit
from confide.deid.lexicon import word_set
from confide.deid.tagger import vocabulary
from confide.deid.tagger_input import FIRST, GIVEN_TO_PEOPLE, pair_key, word_keys

_GUESSED: Final = ("name", "organisation", "place")
_TWO_HAN: Final = re.compile("[\u3400-\u9fff]{2}")
_FEW_HAN: Final = re.compile("[\u3400-\u9fff]{1,3}")
_SURE: Final = 0.62  # the score of a guess that is .9 probable
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
        if _number(two) < FIRST:  # they do not stand together often, or they do in names
            return False
        return hit.score < _SURE or text[hit.start] not in word_set("zh", "surnames")  # 金凤, 曹清
    if hit.type not in _GUESSED or not _SMALL.fullmatch(text, hit.start, hit.end):
        return False
    around = (text, max(0, hit.start - _AROUND), hit.end + _AROUND)
    if not _GREAT_BEGINNING.search(*around) or _SMALL_BEGINNING.search(*around):
        return False
    return all(map(_is_word, text[hit.start : hit.end].split(" ")))


def is_called(text: str, hit: Hit) -> bool:
    """Say whether one to three Han that are or begin a word are somebody's name all the same: surely guessed, and it says so beside them.

    >>> text = "责任护士丁香,每日丁香2粒"
    >>> [is_called(text, Hit(start, start + 2, "name", 0.65, "tagger:name")) for start in (4, 9)]
    [True, False]
    """
    if hit.score < _SURE or hit.type != "name" or not _FEW_HAN.fullmatch(text, hit.start, hit.end):
        return False
    from confide.deid.brakes_zh import is_somebody  # reads its lists where a text needs them

    return is_somebody(text, hit.start, hit.end)


def _is_word(word: str) -> bool:
    """Say whether the vocabulary knows a word otherwise than as a name only."""
    return _number(word_keys(word)[1][0]) not in (0, GIVEN_TO_PEOPLE)


def _number(key: np.uint64) -> int:
    """Return the number of a word or a pair of Han in the vocabulary, by its key; 0 when it is not there."""
    known = vocabulary()
    at = int(known.keys.searchsorted(key))
    return int(known.numbers[at]) if at < len(known.keys) and known.keys[at] == key else 0
