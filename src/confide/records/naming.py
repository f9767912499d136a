"""Check column names and put names and row numbers into words that an error may print.

Guarantee: what comes out of `shown` is short and one line. Column names and row numbers are public;
cells never come here.
"""

from collections.abc import Iterable, Sequence

from confide.errors import InvalidInput
from confide.records.section import RESERVED

_SHOWN_NAMES, _LONGEST = 20, 40


def checked_names(names: Sequence[str], file: str) -> list[str]:
    """Return the column names without surrounding space; refuse a nameless, doubled or reserved one."""
    clean = [name.strip().strip("\ufeff") for name in names]
    for place, name in enumerate(clean, start=1):
        if not name:
            raise InvalidInput("records.nameless-column", file=file, place=place)
        if name in RESERVED or (name.startswith("^") and name.endswith("$")):  # a pattern of names to Polars
            raise InvalidInput("records.reserved-column", file=file, column=shown([name]))
        if (first := clean.index(name) + 1) != place:
            raise InvalidInput(
                "records.doubled-column", file=file, first=first, place=place
            )  # it may be data
    return clean


def shown(names: Iterable[str]) -> str:
    """Return names as they may stand in a sentence.

    >>> shown(["id", "note"])
    'id, note'
    """
    names = list(names)
    short = [" ".join(name.split())[:_LONGEST] for name in names[:_SHOWN_NAMES]]
    return ", ".join([*short, "…"] if len(names) > _SHOWN_NAMES else short)
