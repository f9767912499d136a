"""Turn a folded text into the two rows of numbers that the tagger reads: characters, and words or pairs of Han.

A character keeps its case; a word, a pair of Han or a run of digits gets a number of its own when the vocabulary
knows it, and 0 when not: that a word is unknown says much about names. Vectorised; knows no label and no model.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Keys = npt.NDArray[np.uint64]
Places = npt.NDArray[np.intp]

PAD: Final = 0
_OTHER, _HAN, _LETTER, _LINE = 1, 2, 3, 4
_DIGIT_RUNS: Final = 24  # a run of digits is known by its length; the longest share one number
EVERYDAY: Final = (
    _DIGIT_RUNS + 1
)  # what stands in a dictionary, and too seldom in training for a number of its own
GIVEN_TO_PEOPLE: Final = EVERYDAY + 1  # what a census counts among first and family names
BOTH: Final = EVERYDAY + 2  # a name that is an everyday word as well
FIRST: Final = EVERYDAY + 3
_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Sorted keys of words and pairs, and the number of each: its own, from `FIRST` up, or one that a kind shares."""

    keys: Keys
    numbers: Ints

    def __len__(self) -> int:
        return max(FIRST, int(self.numbers.max(initial=0)) + 1)


@cache
def characters() -> Ints:
    """Return the number of every code point below 65,536: ASCII and the 6,763 Han of GB 2312 have their own."""
    numbers = np.full(1 << 16, _OTHER, np.int32)
    for code in range(128, 1 << 16):
        if chr(code).isalpha():
            numbers[code] = _LETTER
    numbers[0x3400:0xA000] = numbers[0xF900:0xFB00] = _HAN
    numbers[[10, 11, 12, 13]] = _LINE
    own = [*range(32, 127), *range(0x3001, 0x3003)]
    pairs = bytes(b for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF) for b in (high, low))
    own += [ord(c) for c in pairs.decode("gb2312", "ignore") if "\u3400" <= c <= "\u9fff"]
    numbers[9] = numbers[32] = _LINE + 1
    numbers[own] = np.arange(_LINE + 1, _LINE + 1 + len(own))
    numbers[9] = numbers[32]
    return numbers


def n_characters() -> int:
    """Return how many different numbers `characters` gives."""
    return int(characters().max()) + 1


def encode(text: str, vocabulary: Vocabulary) -> tuple[Ints, Ints]:
    """Return the numbers of the characters and of the words; each as long as the text.

    >>> known = Vocabulary(word_keys("the")[1][:1], np.array([FIRST], np.int32))
    >>> encode("The cat", known)[1].tolist()
    [28, 28, 28, 0, 0, 0, 0]
    """
    codes = _codes(text)
    numbers = characters().take(codes, mode="clip")  # the last of them stands for what lies above as well
    words = np.zeros(len(codes), np.int32)
    for places, lengths, keys in _known_runs(codes):
        own = _numbers(keys, vocabulary)
        words[places] = own if lengths is None else own.repeat(lengths)
    return numbers, words


def word_keys(text: str) -> tuple[npt.NDArray[np.uint32], Keys]:
    """Return the code points, and at each place the key of its word, of its pair of Han, or 0.

    A word of ASCII letters has the same key at each of its letters, whatever the case. A pair of Han stands at its
    first. A run of digits has its length for a key.
    """
    codes = _codes(text)
    all_keys = np.zeros(len(codes), np.uint64)
    for places, lengths, keys in _known_runs(codes):
        all_keys[places] = keys if lengths is None else keys.repeat(lengths)
    return codes, all_keys


def pair_key(first: str, second: str) -> np.uint64:
    """Return the key of a pair of Han.

    >>> pair_key("患", "者") == word_keys("患者")[1][0]
    True
    """
    return np.uint64(ord(first) << 16 | ord(second))


def _codes(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _numbers(keys: Keys, vocabulary: Vocabulary) -> Ints:
    """Return the number of each key: a run of digits is its own, an unknown word 0."""
    if not len(vocabulary.keys):
        return np.where(keys <= _DIGIT_RUNS, keys, 0).astype(np.int32)
    if keys[0] <= _DIGIT_RUNS:  # then all are
        return keys.astype(np.int32)
    at = vocabulary.keys.searchsorted(keys)
    is_known = vocabulary.keys.take(at, mode="clip") == keys
    return np.where(is_known, vocabulary.numbers.take(at, mode="clip"), np.int32(0))


def _known_runs(codes: npt.NDArray[np.uint32]) -> Iterator[tuple[Places, Places | None, Keys]]:
    """Yield words, runs of digits and pairs of Han: their places, how many belong to each, and the key of each.

    A pair belongs to one place. The keys that are handed out together are all lengths of digits, or none is.
    """
    letters = (codes | np.uint32(32)) - np.uint32(97)
    places = (letters < 26).nonzero()[0]
    if len(places):
        begins, lengths = _runs(places)
        place = np.minimum(np.arange(len(places)) - begins.repeat(lengths), 63)
        weighted = (letters[places] + np.uint32(1)) * _powers()[place]
        sums = np.add.reduceat(weighted, begins)
        yield places, lengths, (sums * _MULTIPLIER) | np.uint64(1 << 63)  # above every pair of Han
    places = (codes - np.uint32(48) < 10).nonzero()[0]
    if len(places):
        _, lengths = _runs(places)
        yield places, lengths, np.minimum(lengths, _DIGIT_RUNS).astype(np.uint64)
    han = codes - np.uint32(0x3400) < 0xA000 - 0x3400
    first = (han[:-1] & han[1:]).nonzero()[0]
    if len(first):
        yield first, None, (codes[first].astype(np.uint64) << np.uint64(16)) | codes[first + 1]


def _runs(places: Places) -> tuple[Places, Places]:
    """Return where in `places` the runs of neighbours begin, and how long each is."""
    begins = np.concatenate(([0], (places[1:] - places[:-1] > 1).nonzero()[0] + 1))
    ends = np.concatenate((begins[1:], [len(places)]))
    return begins, ends - begins


@cache
def _powers() -> Keys:
    return np.array([pow(1_099_511_628_211, i, 1 << 64) for i in range(64)], np.uint64)
