"""Identifiers that their shape gives away: numbers, addresses of the network, plates.

One pass of `confide.deid.sieve` says which rows of `confide.deid.pattern_rows` can match at all; Python's `re`
finds the spans and their borders. Works on folded text.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from confide.deid.hits import Hit
from confide.deid.pattern_rows import PATTERNS, Pattern
from confide.deid.sieve import Sieve

_BORDERS: Final = {
    "none": ("", ""),
    "digit": (r"(?<![0-9])", r"(?![0-9])"),
    "alnum": (r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"),
    "dotted": (r"(?<![0-9A-Za-z.])(?<![0-9A-Fa-f]:)(?<!::)", r"(?![0-9A-Za-z]|[.:][0-9A-Fa-f]|::)"),
}


@cache
def _sieve() -> Sieve:
    return Sieve([row.sieve or _bordered(row) for row in PATTERNS])


def _bordered(row: Pattern) -> str:
    """Write the borders of a row as characters that must stand there, for engines without look-around."""
    inside = {"digit": "0-9", "alnum": "0-9A-Za-z"}.get(row.border)
    return rf"(?:^|[^{inside}])(?:{row.regex})(?:[^{inside}]|$)" if inside else row.regex


@cache
def _compiled() -> tuple[tuple[Pattern, re.Pattern[str]], ...]:
    """Compile the rows once, borders written as look-arounds."""
    rows = []
    for row in PATTERNS:
        before, after = _BORDERS[row.border]
        rows.append((row, re.compile(f"{before}(?:{row.regex}){after}")))
    return tuple(rows)


def find_patterns(text: str) -> list[Hit]:
    """Return every hit of every row in a folded text, overlapping ones included.

    >>> find_patterns("身份证11010519491231002X")[0]
    Hit(start=3, end=21, type='resident-id', score=1.0, found_by='pattern:resident-id-18')
    """
    return [hit for low, high in _blocks(text) for hit in _find_in(text[low:high], low)]


_BLOCK: Final = (
    20_000  # characters: a long text is sieved part by part, so that one number does not open a row for all
)


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Yield the parts of a text, each up to the end of a line: no row goes over one."""
    low = 0
    while len(text) - low > _BLOCK:
        high = text.find("\n", low + _BLOCK) + 1 or len(text)
        yield low, high
        low = high
    if low < len(text):
        yield low, len(text)


def _find_in(text: str, offset: int) -> Iterator[Hit]:
    rows = _compiled()
    for number in sorted(_sieve().which(text)):
        row, compiled = rows[number]
        group = "v" if "v" in compiled.groupindex else 0
        for match in compiled.finditer(text):
            score = row.score if row.check is None or row.check(match.group(group)) else row.otherwise
            if score > 0:
                start, end = match.span(group)
                yield Hit(start + offset, end + offset, row.type, score, f"pattern:{row.rule}")
