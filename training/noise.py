"""Spoil documents the way real ones are spoilt, piece by piece, so that every span stays on its value.

Full-width forms, traditional characters, spaces and line breaks inside names, lost punctuation, capitals, typing
and scanning mistakes, hard wraps, cuts at random places. Knows no grammar.
"""

from collections.abc import Callable
from functools import cache
from random import Random
from typing import Final

from training.grammar import Piece
from training.names import lines

Span = tuple[int, int, str]
_FULL: Final = {c: c + 0xFEE0 for c in range(0x21, 0x7F)}
_FULL_DIGITS: Final = {c: c + 0xFEE0 for c in (*range(0x30, 0x3A), *range(0x41, 0x5B), *range(0x61, 0x7B))}
_HALF: Final = str.maketrans("，。：；（）！？、", ",.:;()!?,")
_SCAN: Final = {"0": "O", "O": "0", "1": "l", "l": "1", "5": "S", "I": "l", "8": "B", "m": "rn", "日": "曰", "未": "末", "己": "已", "人": "入", "B": "8", "e": "c", "土": "士", "rn": "m"}  # fmt: skip


@cache
def traditional() -> dict[int, str]:
    """Return a table from simplified to traditional characters."""
    return {ord(line[0]): line[1] for line in lines("traditional.txt")}


def spoil(pieces: list[Piece], random: Random, language: str) -> list[Piece]:
    """Return the pieces of one document, some of them spoilt; two documents in five stay as they are."""
    x = random.random()
    if x < 0.4:
        return pieces
    for effect in (_zh_effects if language == "zh" else _en_effects)(random):
        pieces = effect(pieces, random)
    return pieces


Effect = Callable[[list[Piece], Random], list[Piece]]


def _zh_effects(random: Random) -> list[Effect]:
    chances: list[tuple[float, Effect]] = [
        (0.10, _wide), (0.10, _traditional), (0.22, _spaced), (0.12, _broken), (0.15, _unpunctuated),
        (0.12, _half), (0.15, _typos), (0.06, _scanned), (0.06, _masked_space), (0.05, _no_breaks),
    ]  # fmt: skip
    return [effect for chance, effect in chances if random.random() < chance]


def _en_effects(random: Random) -> list[Effect]:
    chances: list[tuple[float, Effect]] = [
        (0.15, _upper), (0.20, _lower), (0.12, _broken), (0.10, _unpunctuated), (0.15, _typos), (0.06, _scanned),
        (0.03, _wide), (0.08, _lower_names), (0.06, _upper_names), (0.05, _no_breaks),
    ]  # fmt: skip
    return [effect for chance, effect in chances if random.random() < chance]


def _wide(pieces: list[Piece], random: Random) -> list[Piece]:
    table = _FULL if random.random() < 0.3 else _FULL_DIGITS
    return [(text.translate(table), kind) for text, kind in pieces]


def _traditional(pieces: list[Piece], random: Random) -> list[Piece]:
    table = traditional()
    return [(text.translate(table), kind) for text, kind in pieces]


def in_traditional(pieces: list[Piece]) -> list[Piece]:
    """Return a document of Hong Kong, Macau or Taiwan in the characters in use there."""
    return [(text.translate(traditional()), kind) for text, kind in pieces]


def folded(pieces: list[Piece], width: int) -> list[Piece]:
    """Break lines after `width` characters, through words and values, as a scan or a narrow printer does."""
    out: list[Piece] = []
    column = 0
    for text, kind in pieces:
        made = ""
        for character in text:
            if column >= width and character != "\n":
                made += "\n"
                column = 0
            made += character
            column = 0 if character == "\n" else column + 1
        out.append((made, kind))
    return out


def _half(pieces: list[Piece], random: Random) -> list[Piece]:
    return [(text.translate(_HALF), kind) for text, kind in pieces]


def _spaced(pieces: list[Piece], random: Random) -> list[Piece]:
    gap = random.choice((" ", " ", "  ", "\u3000"))

    def name(text: str) -> str:
        if 2 <= len(text) <= 4 and not text.isascii() and "·" not in text:
            return gap.join(text) if random.random() < 0.7 else text[0] + gap + text[1:]
        return text

    return [(name(text), kind) if kind == "name" else (text, kind) for text, kind in pieces]


def _masked_space(pieces: list[Piece], random: Random) -> list[Piece]:
    return [
        (" ".join(text), kind)
        if kind == "other-id" and random.random() < 0.5 and len(text) < 20
        else (text, kind)
        for text, kind in pieces
    ]


def _broken(pieces: list[Piece], random: Random) -> list[Piece]:
    def broken(text: str) -> str:
        if len(text) < 2 or random.random() > 0.25:
            return text
        if " " in text:
            place = random.choice([i for i, c in enumerate(text) if c == " "])
            return text[:place] + "\n" + text[place + 1 :]
        if text.isascii():
            return text
        place = random.randint(1, len(text) - 1)
        return text[:place] + "\n" + text[place:]

    return [(broken(text), kind) if kind else (text, kind) for text, kind in pieces]


def _unpunctuated(pieces: list[Piece], random: Random) -> list[Piece]:
    gone = random.choice(("，。；：、,", "。.", "：:", ",，、", ".,;:"))
    with_space = random.random() < 0.5
    table = {ord(c): " " if with_space else None for c in gone}
    return [(text, kind) if kind else (text.translate(table), kind) for text, kind in pieces]


def _no_breaks(pieces: list[Piece], random: Random) -> list[Piece]:
    return [(text.replace("\n", " "), kind) for text, kind in pieces]


def _typos(pieces: list[Piece], random: Random) -> list[Piece]:
    def typo(text: str, kind: str | None) -> str:
        if len(text) < 4 or random.random() > 0.12:
            return text
        i = random.randrange(1, len(text) - 1)
        x = random.random()
        if x < 0.3:
            return text[:i] + text[i + 1 :]
        if x < 0.55:
            return text[:i] + text[i + 1] + text[i] + text[i + 2 :]
        return text[:i] + text[i] + text[i:]

    return [(typo(text, kind), kind) for text, kind in pieces]


def _scanned(pieces: list[Piece], random: Random) -> list[Piece]:
    def scan(text: str) -> str:
        return "".join(_SCAN[c] if c in _SCAN and random.random() < 0.06 else c for c in text)

    return [(scan(text), kind) for text, kind in pieces]


def _upper(pieces: list[Piece], random: Random) -> list[Piece]:
    return [(text.upper(), kind) for text, kind in pieces]


def _lower(pieces: list[Piece], random: Random) -> list[Piece]:
    return [(text.lower(), kind) for text, kind in pieces]


def _lower_names(pieces: list[Piece], random: Random) -> list[Piece]:
    return [(text.lower() if kind in ("name", "place") else text, kind) for text, kind in pieces]


def _upper_names(pieces: list[Piece], random: Random) -> list[Piece]:
    return [(text.upper() if kind == "name" else text, kind) for text, kind in pieces]


def assembled(pieces: list[Piece]) -> tuple[str, tuple[Span, ...]]:
    """Join the pieces; a span never begins or ends in white space."""
    spans: list[Span] = []
    place = 0
    for text, kind in pieces:
        if kind and (bare := text.strip()):
            start = place + len(text) - len(text.lstrip())
            spans.append((start, start + len(bare), kind))
        place += len(text)
    return "".join(text for text, _ in pieces), tuple(spans)


def wrapped(text: str, spans: tuple[Span, ...], width: int) -> tuple[str, tuple[Span, ...]]:
    """Turn the last space before each `width` characters of a line into a line break; lengths stay."""
    out = list(text)
    start, last = 0, -1
    for i, character in enumerate(text):
        if character == "\n":
            start, last = i + 1, -1
        elif character == " ":
            last = i
        if i - start >= width and last > start:
            out[last] = "\n"
            start, last = last + 1, -1
    return "".join(out), spans


def cut(text: str, spans: tuple[Span, ...], start: int, end: int) -> tuple[str, tuple[Span, ...]]:
    """Return a window of a document; a value that the cut goes through falls away whole."""
    for left, right, _ in spans:
        if left < start < right:
            start = right
        if left < end < right:
            end = left
    inside = tuple((a - start, b - start, kind) for a, b, kind in spans if start <= a and b <= end)
    return text[start:end], inside
