"""How a Han name is written otherwise: in pinyin, and in traditional characters.

Pinyin comes from the table of single characters of pypinyin, read on first use and without its phrases; the
traditional forms from our own short table of characters that stand in names. Knows no text.
"""

import itertools
import json
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from confide.deid.lexicon import word_set, words

_READINGS: Final = 2  # of one character, and
_SPELLINGS: Final = 6  # of one name: more are read in no name


@cache
def _table() -> dict[str, str]:
    """Return code point -> readings with tone marks; `import pypinyin` would read all its phrases as well."""
    package = find_spec("pypinyin")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("pypinyin")
    table: dict[str, str] = json.loads(Path(package.origin).with_name("pinyin_dict.json").read_bytes())
    return table


@cache
def _surname_readings() -> dict[str, str]:
    return {pair[0]: pair[1:] for pair in words("people", "surname_readings")}


@cache
def readings(character: str) -> tuple[str, ...]:
    """Return how a character may be read, without tones, the usual reading first; `ü` stays.

    >>> readings("张"), readings("吕"), readings("x")
    (('zhang',), ('lü',), ())
    """
    marked = _table().get(str(ord(character)), "").split(",") if len(character) == 1 else []
    return tuple(dict.fromkeys(_without_tone(each) for each in marked if each))[:_READINGS]


def _without_tone(reading: str) -> str:
    plain = unicodedata.normalize("NFD", reading)
    bare = "".join(c for c in plain if c == "\u0308" or not unicodedata.combining(c))
    return unicodedata.normalize("NFC", bare)


def reading(character: str, *, surname: bool = False) -> str:
    """Return the usual reading of a character as a passport writes it; nothing for what is no Han character.

    >>> reading("单", surname=True), reading("伟"), reading("吕")
    ('shan', 'wei', 'lyu')
    """
    if surname and character in _surname_readings():
        return _surname_readings()[character]
    return next(iter(readings(character)), "").replace("ü", "yu")


def spellings(name: str, *, surname: bool = False) -> tuple[tuple[str, ...], ...]:
    """Return the ways to write some characters in pinyin, each as its syllables; none if one has no reading.

    Guarantee: `ü` counts as `u`, as `v` and as `yu`; a surname with a reading of its own has that and the usual.

    >>> spellings("建国"), spellings("吕")
    ((('jian', 'guo'),), (('lu',), ('lv',), ('lyu',)))
    """
    options = []
    for place, character in enumerate(name):
        found = list(readings(character))
        if surname and place == 0 and character in _surname_readings():
            found.insert(0, _surname_readings()[character])
        options.append(tuple(dict.fromkeys(way for each in found for way in _without_umlaut(each))))
    return tuple(itertools.islice(itertools.product(*options), _SPELLINGS))


def toned(name: str) -> tuple[str, ...]:
    """Return the syllables of a name with numbers for their tones; nothing if a character has no reading.

    >>> toned("张伟")
    ('zhang1', 'wei3')
    """
    marked = [_table().get(str(ord(c)), "").split(",")[0] if len(c) == 1 else "" for c in name]
    if not all(marked):
        return ()
    return tuple(_without_tone(each).replace("ü", "u") + _tone(each) for each in marked)


def _tone(reading: str) -> str:
    marks = ("\u0304", "\u0301", "\u030c", "\u0300")
    plain = unicodedata.normalize("NFD", reading)
    return next((str(number) for number, mark in enumerate(marks, 1) if mark in plain), "5")


def _without_umlaut(syllable: str) -> Iterator[str]:
    if "ü" not in syllable:
        yield syllable
    else:
        yield from (syllable.replace("ü", other) for other in ("u", "v", "yu"))


@cache
def _simplified() -> dict[int, str]:
    return {ord(pair[0]): pair[1] for pair in words("people", "traditional")}


@cache
def _any_traditional() -> re.Pattern[str]:
    return re.compile(f"[{''.join(map(chr, _simplified()))}]")


@cache
def _traditional() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for pair in words("people", "traditional"):
        found.setdefault(pair[1], []).append(pair[0])
    return {simple: tuple(others) for simple, others in found.items()}


def simplified(name: str) -> str:
    """Return a name in simplified characters.

    >>> simplified("張偉")
    '张伟'
    """
    return name.translate(_simplified()) if not name.isascii() and _any_traditional().search(name) else name


def traditional(name: str) -> tuple[str, ...]:
    """Return the ways to write a name in traditional characters, in whole or in part; none if it has no others.

    >>> traditional("张伟"), traditional("丁一")
    (('张偉', '張伟', '張偉'), ())
    """
    options = [(c, *_traditional().get(c, ())) for c in simplified(name)]
    ways = ["".join(way) for way in itertools.islice(itertools.product(*options), 16)]
    return tuple(way for way in ways if way != name)


def split_han_name(name: str) -> tuple[str, str]:
    """Split a Han name into surname and given name.

    >>> split_han_name("欧阳明月"), split_han_name("张伟"), split_han_name("歐陽明月")
    (('欧阳', '明月'), ('张', '伟'), ('歐陽', '明月'))
    """
    if len(name) > 2 and simplified(name[:2]) in word_set("zh", "compound_surnames"):
        return name[:2], name[2:]
    return name[:1], name[1:]
