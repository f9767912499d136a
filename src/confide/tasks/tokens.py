"""Cut a text into tokens and write each as a few whole numbers, by public rules only.

A character of Chinese (or another script without spaces) is a token, so is a run of letters, a run of digits, any other mark.
Each token becomes the hashes of itself, of it with its neighbours, of its beginning, end and shape. No vocabulary is
learnt: the same text gives the same numbers whatever other texts there are (promise 2).
"""

import re
import zlib

import numpy as np
from numpy.typing import NDArray

BUCKETS = 1 << 14
_TOKEN = re.compile(r"[A-Za-z\u00c0-\u024f]+|[0-9]+|[^\s]")
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")

Places = list[tuple[int, int]]
Numbers = NDArray[np.int64]


def places_of(text: str) -> Places:
    """Return where each token begins and ends, in code points.

    >>> [text[a:b] for text in ["予阿司匹林100mg。"] for a, b in places_of(text)]
    ['予', '阿', '司', '匹', '林', '100', 'mg', '。']
    """
    return [match.span() for match in _TOKEN.finditer(text)]


def bucket(kind: str, text: str) -> int:
    """Return the place of a feature in the table of all features; never 0, which stands for none."""
    return 1 + zlib.crc32(f"{kind}\0{text}".encode("utf-8", "surrogatepass")) % (BUCKETS - 1)


def shape_of(token: str) -> str:
    """Return what a token looks like: letters by case, digits by their number.

    >>> shape_of("COX"), shape_of("Aspirin"), shape_of("2024"), shape_of("肝")
    ('AAA', 'Aa', '0000', '字')
    """
    if _HAN.match(token):
        return "字"
    marks = "".join("A" if c.isupper() else "a" if c.isalpha() else "0" if c.isdigit() else c for c in token)
    return re.sub(r"a+", "a", marks)[:6]


FEATURES = 6  # of a token, see `numbers_of`


def numbers_of(text: str, places: Places) -> Numbers:
    """Return the features of each token, shape (tokens, `FEATURES`): itself, two pairs, beginning, end, shape."""
    tokens = [text[start:end] for start, end in places]
    low = ["", *(token.lower() for token in tokens), ""]
    found = np.zeros((len(tokens), FEATURES), dtype=np.int64)
    for at, token in enumerate(tokens):
        here = low[at + 1]
        is_word = len(here) > 3
        found[at] = (
            bucket("token", here),
            bucket("pair", f"{low[at]}\0{here}"),
            bucket("pair", f"{here}\0{low[at + 2]}"),
            bucket("begins", here[:3]) if is_word else 0,
            bucket("ends", here[-3:]) if is_word else 0,
            bucket("shape", shape_of(token)),
        )
    return found
