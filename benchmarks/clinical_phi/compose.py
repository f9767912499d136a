"""Build a note from marked carrier text, so that every span lies on what it says by construction.

Carrier text holds slots and marks. `{name}` or `{date:-30..-1}` is filled in; `[e:Babinski]` is a hard
negative of kind e; `[?:Dr.]` is either way: neither asked for nor counted against anybody. Noise works on
the pieces before they are joined, so no offset is ever repaired. Standard library only.
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

HARD_KINDS = {
    "e": "eponym", "h": "herb", "d": "drug", "w": "word", "s": "score", "t": "duration", "l": "lab",
    "g": "generic-hospital", "p": "department",
}  # fmt: skip
_PART = re.compile(r"\[([a-z?]):([^\]]*)\]|\{([A-Za-z0-9_]+)(?::([^}]*))?\}")
_TITLE_OR_UNIT = re.compile(
    r"(?i:\b(?:dr|mr|mrs|ms|md|m\.d|rn|np|pa|pa-c|crna|fnp|lpn|msw)\b\.?)"
    r"|[副代]?主任(?:[医醫][师師生])?|主治[医醫][师師]|住院[医醫][师師]|[医醫][师師生]|村[医醫]|教授|大夫|[护護]士|女士|先生|同志"
    r"|(?<=\d) ?(?:[周週]?[岁歲]|[Yy]\b|(?i:-year-old|[ -]years?[ -]old| ?yo\b))"
    r"|(?<=[０-９])(?:[周週]?[岁歲]|Y)"
)
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF21, 0xFF5B) if chr(wide).isalpha()}  # as ASCII letters


@dataclass(frozen=True)
class Piece:
    """A run of text: mark is "text", "gold", "either" or "hard"; label is the class or the kind."""

    text: str
    mark: str = "text"
    label: str = ""


Slot = Callable[[str], list[Piece]]


class Case:
    """The values of one note. A slot of the same name gives the same person each time it is asked."""

    def __init__(self, rng: random.Random, slots: Mapping[str, Slot], pools: Mapping[str, Sequence[str]]):
        self.rng = rng
        self.slots = slots
        self.pools = pools

    def write(self, template: str) -> list[Piece]:
        """Return the pieces of one carrier with all of its slots filled."""
        pieces: list[Piece] = []
        at = 0
        for match in _PART.finditer(template):
            if template[at : match.start()]:
                pieces.append(Piece(template[at : match.start()]))
            at = match.end()
            kind, inner, slot, argument = match.groups()
            if kind:
                text = "".join(piece.text for piece in self.write(inner))
                label = HARD_KINDS.get(kind, "")
                pieces.append(Piece(text, "either" if kind == "?" else "hard", label))
            else:
                pieces += self._fill(slot, argument or "")
        if template[at:]:
            pieces.append(Piece(template[at:]))
        return pieces

    def _fill(self, slot: str, argument: str) -> list[Piece]:
        if slot == "n":
            low, high = argument.split("-")
            return [Piece(str(self.rng.randint(int(low), int(high))))]
        if slot in self.pools:
            return self.write(self.rng.choice(self.pools[slot]))
        return self.slots[slot](argument)


def join(pieces: Sequence[Piece]) -> dict[str, object]:
    """Return the text and its spans; neighbouring pieces of one gold value stay apart only if marked so."""
    text, found = "", {"gold": [], "either": [], "hard": []}
    for piece in pieces:
        if piece.mark != "text":
            label = {"gold": "type", "hard": "kind"}.get(piece.mark)
            span: dict[str, object] = {"start": len(text), "end": len(text) + len(piece.text)}
            found[piece.mark].append(span | ({label: piece.label} if label else {}))
        text += piece.text
    found["either"] += _titles_and_units(text, [*found["gold"], *found["hard"]])
    return {"text": text, "spans": found["gold"], "either": found["either"], "hard": found["hard"]}


def _titles_and_units(text: str, marked: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """Return the titles of people and the units of ages: systems differ on them, so they count for nobody."""
    taken = {i for span in marked for i in range(int(str(span["start"])), int(str(span["end"])))}
    spans = [match.span() for match in _TITLE_OR_UNIT.finditer(text.translate(_NARROW))]
    return [{"start": a, "end": b} for a, b in spans if not taken & set(range(a, b))]


def mapped(pieces: Sequence[Piece], change: Callable[[str], str], *, marks: str = "") -> list[Piece]:
    """Change the text of all pieces, or of those with one mark."""
    return [
        Piece(change(piece.text), piece.mark, piece.label) if not marks or piece.mark == marks else piece
        for piece in pieces
    ]


def full_width(text: str) -> str:
    """Return ASCII letters and digits in their full-width forms."""
    return "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() else c for c in text)


def wrapped(pieces: Sequence[Piece], width: int, *, words: bool) -> list[Piece]:
    """Break lines at a fixed width: at a space where `words`, else between any two characters."""
    out: list[Piece] = []
    column = 0
    for piece in pieces:
        text = ""
        for c in piece.text:
            if c == "\n":
                column = 0
            elif column >= width and (c == " " or not words):
                text += "\n" if words else "\n" + c
                column = 0 if words else 1
                continue
            else:
                column += 1
            text += c
        out.append(Piece(text, piece.mark, piece.label))
    return out


def mistyped(text: str, rng: random.Random, rate: float) -> str:
    """Swap, drop or double letters at the given rate; digits stay as they are."""
    out: list[str] = []
    chars = list(text)
    i = 0
    while i < len(chars):
        c = chars[i]
        if c.isalpha() and rng.random() < rate:
            what = rng.randrange(3)
            if what == 0 and i + 1 < len(chars) and chars[i + 1].isalpha():
                out += [chars[i + 1], c]
                i += 2
                continue
            if what == 1:
                out += [c, c]
            i += 1
            continue
        out.append(c)
        i += 1
    return "".join(out) or text
