"""Papers written out by hand, their identifiers marked in place, and how one of them becomes many.

A file of `written/` holds papers apart by a line ====; ⟦name:Okafor⟧ marks an identifier (name, org, address, place,
date, id). `again` puts other values of the same shape where the marked ones stood, and other figures among the harmless
ones, so that places and not values are learnt.
"""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Final

from training.grammar import Piece
from training.names import called_zh, from_afar, given_zh, lists, person_zh, surname_zh
from training.papers_en import person_of_many

FOLDER: Final = Path(__file__).parent / "written"
TYPES: Final = {
    "name": "name", "org": "organisation", "address": "address", "place": "place", "date": "date", "id": "other-id",
}  # fmt: skip
MARK: Final = re.compile(r"⟦(\w+):(.*?)⟧", re.DOTALL)
_MONTHS: Final = (
    "January February March April May June July August September October November December".split()
)
_DIGITS: Final = "zero one two three four five six seven eight nine".split()
_HAN: Final = re.compile(r"[\u3400-\u9fff]+")
_WORD: Final = re.compile(r"[^\W\d_]{3,}")


def read(text: str) -> list[list[Piece]]:
    """Return the papers of a file as pieces.

    Raises:
        ValueError: a mark is not closed, or of no type; names the paper's first line.
    """
    papers = []
    for paper in text.strip().split("\n====\n"):
        parts = MARK.split(paper.strip("\n"))
        if any(c in part for i, part in enumerate(parts) if i % 3 != 1 for c in "⟦⟧"):
            raise ValueError(f"a mark is not closed in the paper that begins {paper[:40]!r}")
        pieces: list[Piece] = [(parts[0], None)]
        for kind, value, after in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            if kind not in TYPES:
                raise ValueError(f"no type {kind!r}, in the paper that begins {paper[:40]!r}")
            pieces += [(value, TYPES[kind]), (after, None)]
        papers.append([piece for piece in pieces if piece[0]])
    return papers


@cache
def papers(language: str) -> list[list[Piece]]:
    """Return all papers of a language."""
    return [p for file in sorted(FOLDER.glob(f"{language}_*.txt")) for p in read(file.read_text("utf-8"))]


@cache
def _values(language: str) -> dict[str, list[str]]:
    """Return the marked values by type, to stand in for one another."""
    found: dict[str, list[str]] = {}
    for paper in papers(language):
        for value, kind in paper:
            if kind in ("organisation", "place", "address") and "\n" not in value:
                found.setdefault(kind, []).append(value)
    return found


def again(paper: list[Piece], random: Random, language: str, split: str) -> list[Piece]:
    """Return a paper with other values, the same one for the same value; one in four stays as it was written."""
    if random.random() < 0.25:
        return paper
    memo: dict[Piece, str] = {}
    harmless = random.random() < 0.5

    def other(value: str, kind: str | None) -> str:
        if kind is None:
            return _figures(value, random) if harmless else value
        if (value, kind) not in memo:
            memo[value, kind] = _CHANGES[kind](value, random, language, split)
        return memo[value, kind]

    return [(other(value, kind), kind) for value, kind in paper]


def _name(value: str, random: Random, language: str, split: str) -> str:
    if re.search("[某○ＯXＸ*]", value) or random.random() < 0.1:
        return value
    if _HAN.fullmatch(value):
        return _han_name(value, random, split)
    who, any_case = person_of_many(random, split), value == value.lower()
    names = lists(split)
    pool = [*who.first.split(), *who.last.split(), random.choice(names.given_us), random.choice(names.family)]
    parts = [p for p in pool if len(p) > 2 and p[0].isupper()]

    def word(match: re.Match[str]) -> str:
        found = match[0]
        if _HAN.search(found) or not (any_case or found[0].isupper()):
            return found
        new = random.choice(parts)
        return new.upper() if found.isupper() and len(found) > 3 else new.lower() if any_case else new

    return _WORD.sub(word, value)


def _han_name(value: str, random: Random, split: str) -> str:
    if value[0] in "小老阿大" and len(value) == 2:
        return value[0] + random.choice((surname_zh(random, split)[0], given_zh(random, split)[0]))
    if len(value) == 1:
        return surname_zh(random, split)[0]
    if len(value) > 4:
        return from_afar(random, split)
    for _ in range(20):
        new = (
            called_zh(random, split)
            if len(value) == 2 and random.random() < 0.2
            else person_zh(random, split)
        )
        if len(new) == len(value) and _HAN.fullmatch(new):
            return new
    return value


def _swapped(kind: str) -> Callable[[str, Random, str, str], str]:
    def change(value: str, random: Random, language: str, split: str) -> str:
        if random.random() < 0.5:
            value = random.choice(_values(language)[kind])
        return _digits(value, random) if kind == "address" else value

    return change


def _digits(value: str, random: Random) -> str:
    return re.sub(r"[0-9]", lambda m: random.choice("123456789" if m.start() == 0 else "0123456789"), value)


def _number(value: str, random: Random, language: str, split: str) -> str:
    value = re.sub(
        rf"\b({'|'.join(_DIGITS)})\b", lambda m: random.choice(_DIGITS) if m[0].islower() else m[0], value
    )
    value = _digits(value, random)
    if random.random() < 0.3 and "@" not in value and "//" not in value:
        value = re.sub(r"(?<![A-Za-z])[A-Z]{1,3}(?![a-z])", lambda m: _letters(len(m[0]), random), value)
    return value


def _letters(n: int, random: Random) -> str:
    return "".join(random.choices("ABCDEFGHJKLMNPRSTUVWXYZ", k=n))


def _date(value: str, random: Random, language: str, split: str) -> str:
    def number(match: re.Match[str]) -> str:
        found, n = match[0], int(match[0])
        if len(found) == 4 and 1900 <= n <= 2100:
            return str(random.randint(1935, 2027))
        if len(found) > 2 or n > 31 or n == 0:
            return found
        new = random.randint(1, 12 if n <= 12 else 28)
        return f"{new:02d}" if len(found) == 2 and (found[0] == "0" or new > 9) else str(new)

    def month(match: re.Match[str]) -> str:
        found, new = match[0], random.choice(_MONTHS)
        new = new if len(found) > 3 else new[:3]
        return new.upper() if found.isupper() else new.lower() if found.islower() else new

    value = re.sub(r"[0-9]+", number, value)
    return re.sub(rf"(?i)\b(?:{'|'.join(f'{m}|{m[:3]}' for m in _MONTHS)})\b", month, value)


def _figures(text: str, random: Random) -> str:
    """Return a harmless text with other figures behind a point, and other scores."""
    text = re.sub(r"(?<=[0-9][.])[0-9]{1,2}(?![0-9.])", lambda m: _digits(m[0], random), text)
    return re.sub(
        r"(?<![0-9/])[0-9]{1,2}/(?!(?:7|12|52)\b)[0-9]{1,2}(?![0-9/])",
        lambda m: f"{random.randint(0, 31)}/{random.randint(1, 31)}",
        text,
    )


_CHANGES: Final[dict[str, Callable[[str, Random, str, str], str]]] = {
    "name": _name, "date": _date, "other-id": _number,
    **{kind: _swapped(kind) for kind in ("organisation", "address", "place")},
}  # fmt: skip
