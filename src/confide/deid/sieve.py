"""Sieve a text in one pass: which of many patterns can match in it, and where many words stand.

Guarantee: hyperscan, google-re2 and plain `re` give the same answers; the first that is installed does the work.
A sieve only says where to look: exact spans and borders are Python's `re`, always. Knows no identifier.
"""

import importlib.util
import os
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

ENGINES: Final = ("hyperscan", "re2", "re")
_chosen: str | None = None


def choose_engine(name: str | None) -> None:
    """Use one engine from now on; None goes back to `$CONFIDE_SIEVE`, or to the first that is installed."""
    global _chosen
    if name is not None and name not in ENGINES:
        raise ValueError(f"engine must be one of {', '.join(ENGINES)}")
    _chosen = name


def engine() -> str:
    """Return the engine in use.

    >>> engine() in ENGINES
    True
    """
    if _chosen is None:
        wanted = os.environ.get("CONFIDE_SIEVE", "")
        installed = [name for name in ENGINES if importlib.util.find_spec(name) is not None]
        choose_engine(wanted if wanted in installed else installed[0])
    return _chosen or "re"


class _Scanner:
    """A hyperscan database, compiled once, with scratch memory of its own for each thread."""

    def __init__(self, expressions: Sequence[str], *, literal: bool) -> None:
        import hyperscan

        flags = 0 if literal else hyperscan.HS_FLAG_UTF8  # one match of each: twice as long to compile
        self._database: Any = hyperscan.Database()
        self._database.compile(
            expressions=[each.encode() for each in expressions],
            ids=list(range(len(expressions))),
            elements=len(expressions),
            flags=flags,
            literal=literal,
        )
        self._scratch: Callable[..., Any] = hyperscan.Scratch
        self._local = threading.local()

    def scan(self, data: bytes) -> list[tuple[int, int]]:
        """Return (number of the expression, end in bytes) in no certain order."""
        found: list[tuple[int, int]] = []

        def note(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            found.append((number, end))

        scratch = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = self._scratch(self._database)
        self._database.scan(data, match_event_handler=note, scratch=scratch)
        return found


class Sieve:
    """Say which of many regular expressions match somewhere in a text.

    The expressions keep to what all three engines read alike: explicit classes, no look-around, no reference back.
    """

    def __init__(self, expressions: Sequence[str]) -> None:
        self._expressions = tuple(dict.fromkeys(expressions))
        self._numbers = [
            [i for i, each in enumerate(expressions) if each == expression]
            for expression in self._expressions
        ]
        self._made: dict[str, Any] = {}

    def which(self, text: str) -> set[int]:
        """Return the numbers of the expressions that match.

        >>> sorted(Sieve(["[0-9]{3}", "@", "[a-c]x"]).which("tel 123, 张bx"))
        [0, 2]
        """
        name = engine()
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = self._make(name)
        if name == "hyperscan":
            found = [number for number, _ in made.scan(text.encode("utf-8", "replace"))]
        elif name == "re2":
            found = made.Match(text.encode("utf-8", "replace")) or []
        else:
            found = [i for i, pattern in enumerate(made) if pattern.search(text)]
        return {number for each in found for number in self._numbers[each]}

    def _make(self, name: str) -> Any:
        if name == "hyperscan":
            return _Scanner(self._expressions, literal=False)
        if name == "re2":
            return _re2_set(self._expressions)
        return [re.compile(each) for each in self._expressions]


class Anchors:
    """Find all places of many words, overlapping ones included, each word in one or several groups.

    No word may hold NUL: hyperscan would read it only so far.
    """

    def __init__(self, groups: Mapping[str, Iterable[str]]) -> None:
        of: dict[str, dict[str, None]] = {}
        for group, words in groups.items():
            for word in words:
                of.setdefault(word, {})[group] = None
        self._words = tuple(of)
        self._lengths = tuple(map(len, of))
        self._groups = tuple(tuple(each) for each in of.values())
        self._made: dict[str, Any] = {}

    def find(self, text: str) -> dict[str, list[tuple[int, int]]]:
        """Return group -> places (start, end), in order of the end and then of the start.

        >>> Anchors({"key": ["姓名", "患者姓名"], "role": ["患者"]}).find("患者姓名:张伟")
        {'key': [(0, 4), (2, 4)], 'role': [(0, 2)]}
        """
        name = engine()
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = self._make(name)
        if name == "hyperscan":
            places = self._scan(made, text)
        elif name == "re2":
            places = self._present(made, text)
        else:
            places = self._spelt(made, text)
        found: dict[str, list[tuple[int, int]]] = {}
        lengths, groups = self._lengths, self._groups
        for end, start, number in sorted([(end, end - lengths[n], n) for n, end in places]):
            for group in groups[number]:
                found.setdefault(group, []).append((start, end))
        return {group: found[group] for group in sorted(found)}

    def _make(self, name: str) -> Any:
        if name == "hyperscan":
            return _Scanner(self._words, literal=True)
        if name == "re2":
            return _re2_set([re.escape(word) for word in self._words])
        return self._spelling()

    def _scan(self, scanner: _Scanner, text: str) -> list[tuple[int, int]]:
        data = text.encode("utf-8", "replace")
        found = scanner.scan(data)
        if len(data) == len(text):
            return found
        places, before, at = [], 0, 0
        found.sort(key=itemgetter(1))
        for number, end in found:  # bytes to characters, in one walk
            at += len(data[before:end].decode())
            before = end
            places.append((number, at))
        return places

    def _present(self, some: Any, text: str) -> list[tuple[int, int]]:
        places = []
        for number in some.Match(text.encode("utf-8", "replace")) or ():
            word = self._words[number]
            at = text.find(word)
            while at >= 0:
                places.append((number, at + len(word)))
                at = text.find(word, at + 1)
        return places

    def _spelling(self) -> tuple[re.Pattern[str], dict[str, list[int]]]:
        """Return a pattern for the longest word at a place, and word -> the words it begins with."""
        longest_first = sorted(self._words, key=len, reverse=True)
        number = {word: i for i, word in enumerate(self._words)}
        fronts = {
            word: [number[word[:n]] for n in range(1, len(word) + 1) if word[:n] in number]
            for word in self._words
        }
        return re.compile(f"(?=({'|'.join(map(re.escape, longest_first))}))"), fronts

    def _spelt(self, made: tuple[re.Pattern[str], dict[str, list[int]]], text: str) -> list[tuple[int, int]]:
        pattern, fronts = made
        return [
            (number, match.start() + len(self._words[number]))
            for match in pattern.finditer(text)
            for number in fronts[match.group(1)]
        ]


def _re2_set(expressions: Sequence[str]) -> Any:
    import re2

    some = re2.Set.SearchSet()
    for each in expressions:
        some.Add(each.encode())
    some.Compile()
    return some
