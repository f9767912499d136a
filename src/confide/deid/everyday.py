"""Let go of guesses that are everyday words: "discussed with grace", "the county", 柚子.

In English only what is written small where sentences begin with capitals: who writes everything small writes names
so too. Which words are everyday ones is what the tagger's vocabulary says; a name that is no word is never let go.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

import numpy as np

from confide.deid.hits import Hit
from confide.deid.lexicon import word_set
from confide.deid.lexicon import words as words_of
from confide.deid.tagger import score_of, vocabulary
from confide.deid.tagger_input import FIRST, GIVEN_TO_PEOPLE, pair_key, word_keys

_GUESSED: Final = ("name", "organisation", "place")
_TWO_HAN: Final = re.compile("[\u3400-\u9fff]{2}")
_FEW_HAN: Final = re.compile("[\u3400-\u9fff]{1,4}")
_SURE: Final = score_of(0.9)
CERTAIN: Final = score_of(0.95)
_LISTED: Final = ("、", "/")
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
    return all(map(is_word, text[hit.start : hit.end].split(" ")))


def is_called(text: str, hit: Hit) -> bool:
    """Say whether a guess at a name that is a word, or begins like one, is somebody all the same: a sure guess, and it says so beside it.

    >>> text = "责任护士丁香,每日丁香2粒"
    >>> [is_called(text, Hit(start, start + 2, "name", 0.65, "tagger:name")) for start in (4, 9)]
    [True, False]
    >>> text = "f/u with dr price, met with grace."
    >>> [is_called(text, Hit(start, start + 5, "name", 0.65, "tagger:name")) for start in (12, 28)]
    [True, False]
    """
    if hit.type != "name" or hit.score < _SURE:
        return False
    if text[hit.start].isascii():
        led, followed = _leads()
        return bool(led.search(text, max(0, hit.start - 20), hit.start) or followed.match(text, hit.end))
    if not _FEW_HAN.fullmatch(text, hit.start, hit.end):
        return False
    from confide.deid.brakes_zh import is_somebody  # reads its lists where a text needs them

    return is_somebody(text, hit.start, hit.end, is_certain=hit.score >= CERTAIN)


def listed_with(text: str, words: Iterable[Hit], others: Iterable[Hit]) -> set[Hit]:
    """Return which sure guesses at names that are words stand in a list with a name that stays: 王建国、高峰、康健.

    >>> text, sure = "王建国、高峰、康健", [Hit(start, end, "name", 0.65, "") for start, end in ((0, 3), (4, 6), (7, 9))]
    >>> len(listed_with(text, sure[1:], sure[:1])), listed_with(text, sure[1:], [])
    (2, set())
    """
    beside: dict[int, list[Hit]] = {}
    for hit in words:
        if hit.type == "name" and hit.score >= _SURE:
            beside.setdefault(hit.start, []).append(hit)
            beside.setdefault(hit.end, []).append(hit)
    ahead = [hit for hit in others if hit.type == "name" and hit.score >= _SURE]
    found: set[Hit] = set()
    while ahead:
        hit = ahead.pop()
        for mark, place in ((hit.end, hit.end + 1), (hit.start - 1, hit.start - 1)):
            if text[mark : mark + 1] in _LISTED:
                ahead += [other for other in beside.get(place, ()) if other not in found]
                found.update(beside.get(place, ()))
    return found


@cache
def _leads() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what stands right before a name that is written small, and what right behind it: dr price, grace (daughter), rose, RN."""
    titles = "|".join(
        re.escape(word.lower()) for key in ("staff_titles", "titles") for word in words_of("en", key)
    )
    kin, degrees = ("|".join(map(re.escape, words_of("en", key))) for key in ("relations", "degrees"))
    led = re.compile(
        rf"(?<![a-z])(?i:{titles}|{kin}|typed by|typist|init|initials|val by|author|sign)\.?:? ?\(?$"
    )
    return led, re.compile(rf",? (?:{degrees}|rn|md|np|lpn|cna)(?![A-Za-z])| \((?:{kin})\)")


def is_listed(word: str) -> bool:
    """Say whether the vocabulary knows a word, as a name or otherwise."""
    return _number(word_keys(word)[1][0]) != 0


def is_word(word: str) -> bool:
    """Say whether the vocabulary knows a word otherwise than as a name only."""
    return _number(word_keys(word)[1][0]) not in (0, GIVEN_TO_PEOPLE)


def _number(key: np.uint64) -> int:
    """Return the number of a word or a pair of Han in the vocabulary, by its key; 0 when it is not there."""
    known = vocabulary()
    at = int(known.keys.searchsorted(key))
    return int(known.numbers[at]) if at < len(known.keys) and known.keys[at] == key else 0
