"""Text for a terminal: paragraphs broken at its width, tables in columns, numbers of three digits.

A Chinese character takes two columns and may be parted from its neighbour; a mark that closes a phrase stays
with what it closes. Knows no command.
"""

import math
import re
import shutil
from collections.abc import Sequence
from unicodedata import east_asian_width

_OPENING, _CLOSING = "（“《「", "，。；：、！？）”》」%％…"
# A piece is one wide character or a run of others, with the marks that open and close it; or a run of spaces.
_PIECE = re.compile(
    rf"[{_OPENING}]*(?:[\u2e80-\u9fff]|[^\u2e80-\u9fff{_OPENING}{_CLOSING}\s]+|(?=[{_CLOSING}]))[{_CLOSING}]*"
    rf"|[{_OPENING}]+|\s+"
)


def columns(text: str) -> int:
    """Return how many columns of a terminal the text takes.

    >>> columns("ε 额度")
    6
    """
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def paragraph(text: str, *, indent: int = 0, width: int | None = None) -> str:
    r"""Return the text in lines no wider than the terminal, each after `indent` spaces.

    >>> paragraph("one two three", indent=2, width=10)
    '  one two\n  three'
    """
    room = (width or terminal_width()) - indent
    lines, line = [], ""
    for piece in _PIECE.findall(text):
        if line and columns(line + piece.rstrip()) > room:
            lines.append(line.rstrip())
            line = ""
        line += piece if line or not piece.isspace() else ""
    return "\n".join(" " * indent + each for each in [*lines, line.rstrip()])


def table(rows: Sequence[Sequence[str]], *, indent: int = 2, width: int | None = None) -> str:
    """Return the rows in columns, the first to the left and the others to the right.

    Where the first column leaves no room for the others, it stands on a line of its own.
    """
    room = (width or terminal_width()) - indent
    widths = [max(columns(cell) for cell in column) for column in zip(*rows, strict=True)]
    first = min(widths[0], max(0, room - sum(widths[1:]) - 2 * len(widths[1:])))
    lines = []
    for name, *cells in rows:
        if columns(name) > first:
            lines.append(name)
            name = ""
        padded = [name + " " * (first - columns(name))]
        padded += [" " * (size - columns(cell)) + cell for cell, size in zip(cells, widths[1:], strict=True)]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(" " * indent + line for line in lines)


def terminal_width() -> int:
    """Return the width to write at: the terminal's, and not more than reads well."""
    return max(40, min(100, shutil.get_terminal_size().columns))


def short(value: float | None) -> str:
    """Return three digits of a number, in groups of thousands; a dash for none.

    >>> short(1437.95), short(0.098712), short(2876000.0), short(None)
    ('1,440', '0.0987', '2,880,000', '–')
    """
    if value is None:
        return "–"
    digits = float(f"{value:.3g}")
    return f"{digits:,.0f}" if 1000 <= abs(digits) < 1e15 else f"{digits:g}"


def percent(share: float) -> str:
    """Return a share in percent, never rounded up to a whole unless it is within a hundredth of one.

    >>> percent(0.0987), percent(1.437), percent(0.999665), percent(1.0)
    ('9.87 %', '144 %', '99.97 %', '100 %')
    """
    if 0.995 < share < 1:
        return f"{math.ceil(share * 10_000) / 100:g} %"
    return f"{100 * share:.3g} %"
