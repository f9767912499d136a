"""Read tables inside a text: a line of keys parted by tabs or bars, and the lines of values below it.

Guarantee: linear in the length of the text. Knows no key; a language's keys and readers are handed in.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from confide.deid.hits import Hit

Reader = Callable[[str, int, str, str], Iterator[Hit]]
_LINE: Final = re.compile(r"[^\n]+")
_CELL: Final = re.compile(r"[^\t|]+")


def find_columns(text: str, keys: Mapping[str, str], read: Reader) -> Iterator[Hit]:
    """Yield what `read` finds in the cells below the keys of a table.

    Args:
        text: a folded text.
        keys: what a head cell says (spaces apart) -> class of the cells below it.
        read: given the text, the place of a cell, the class and the key, yields hits.
    """
    head: list[str] = []
    for line in _LINE.finditer(text):
        if "\t" not in line.group() and "|" not in line.group():
            head = []
            continue
        cells = list(_CELL.finditer(text, *line.span()))
        names = [cell.group().strip().rstrip(":") for cell in cells]
        spoken = [name if name in keys else name.replace(" ", "") for name in names]
        if sum(name in keys for name in spoken) >= 2:
            head = spoken
        elif not set(line.group()) - set("|-:+= \t"):
            continue  # the rule under the head of a Markdown table
        elif len(cells) == len(head):
            for key, cell in zip(head, cells, strict=True):
                if key in keys and cell.group().strip():
                    lead = len(cell.group()) - len(cell.group().lstrip())
                    for hit in read(text, cell.start() + lead, keys[key], key):
                        if hit.end <= cell.end():
                            yield hit


def closed(value: str) -> str:
    """Return a value without what hangs on behind it: marks, and brackets that nothing opened.

    >>> closed("201334934)"), closed("G123456(A)"), closed("A-12 (")
    ('201334934', 'G123456(A)', 'A-12')
    """
    value = value.rstrip(" (/.-_*")
    while value.endswith(")") and value.count("(") < value.count(")"):
        value = value[:-1].rstrip(" (/.-_*")
    return value if value.count("(") <= value.count(")") else value[: value.rindex("(")].rstrip(" /.-_*")
