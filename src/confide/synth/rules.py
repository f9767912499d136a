"""Rules that every synthetic row keeps: `if sex = M then pregnant = no`, `admitted <= discharged`.

Rules are public, written by the analyst. They forbid combinations of two columns' places; a missing value
contradicts nothing. Real rows are counted as they are, whether or not they keep them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from confide.engines.polars import Ints, Mask
from confide.errors import InvalidInput
from confide.synth.columns import Column
from confide.synth.junction import Columns

Banned = dict[Columns, NDArray[np.bool_]]

_IF = re.compile(r"if\s+(.+?)\s*=\s*(.+?)\s+then\s+(.+?)\s*=\s*(.+)")
_ORDER = re.compile(r"[^<=]+(<=[^<=]+)+")


@dataclass(frozen=True, slots=True)
class Rules:
    """What is forbidden, by pairs of columns, and which columns rise from left to right."""

    banned: Banned
    chains: tuple[Columns, ...]

    def broken(self, codes: Ints) -> Mask:
        """Return which rows of codes break a rule."""
        found = np.zeros(len(codes), dtype=np.bool_)
        for (first, second), banned in self.banned.items():
            found |= banned[codes[:, first], codes[:, second]]
        return found


def parse_rules(texts: Sequence[str], columns: Sequence[Column]) -> Rules:
    """Return the rules that the texts state.

    Raises:
        InvalidInput: a text is no rule, names what is not listed, or leaves a pair of columns no cell.

    >>> sex = Column(name="sex", listed=("F", "M"), complete=True)
    >>> pregnant = Column(name="pregnant", listed=("no", "yes"), complete=True)
    >>> parse_rules(["if sex = M then pregnant = no"], [sex, pregnant]).banned[0, 1].tolist()
    [[False, False], [False, True]]
    """
    places = {column.name: at for at, column in enumerate(columns)}
    banned: Banned = {}
    chains: list[Columns] = []
    for text in texts:
        if found := _IF.fullmatch(text.strip()):
            one, values, other, allowed = found.groups()
            pair = _places(text, (one, other), places)
            first, second = (columns[at] for at in pair)
            here = _listed(text, first, values)
            there = ~_listed(text, second, allowed)
            there[second.places :] = False  # a missing value is allowed
            _ban(banned, pair, np.outer(here, there))
        elif _ORDER.fullmatch(text.strip()):
            chain = _places(text, [name.strip() for name in text.split("<=")], places)
            if any(set(chain) & set(other) for other in chains):
                raise InvalidInput("synth.rule-twice", rule=text)
            chains.append(chain)
            for pair in combinations(chain, 2):
                _ban(banned, pair, _never(text, *(columns[at] for at in pair)))
        else:
            raise InvalidInput("synth.rule", rule=text)
        if any(each.all() for each in banned.values()):
            raise InvalidInput("synth.rule-nothing", rule=text)
    return Rules(banned, tuple(chains))


def _places(text: str, names: Sequence[str], places: dict[str, int]) -> Columns:
    if len(set(names)) < len(names) or any(name not in places for name in names):
        raise InvalidInput("synth.rule-column", rule=text)
    return tuple(places[name] for name in names)


def _listed(text: str, column: Column, values: str) -> Mask:
    labels, wanted = column.labels(), [value.strip() for value in values.split("|")]
    if any(value not in labels for value in wanted):
        raise InvalidInput("synth.rule-value", rule=text, column=column.name)
    found = np.zeros(column.size, dtype=np.bool_)
    found[[labels.index(value) for value in wanted]] = True
    return found


def _never(text: str, first: Column, second: Column) -> NDArray[np.bool_]:
    """Return which bins of `first` lie wholly above bins of `second`."""
    if not first.edges or not second.edges:
        raise InvalidInput("synth.rule-order", rule=text)
    if first.days != second.days:
        raise InvalidInput("synth.rule-days", rule=text)
    lows, highs = np.array(first.edges[:-1]), np.array(second.edges[1:])
    found = np.zeros((first.size, second.size), dtype=np.bool_)
    found[: first.places, : second.places] = lows[:, None] >= highs[None, :]
    return found


def _ban(banned: Banned, pair: Columns, cells: NDArray[np.bool_]) -> None:
    if pair[0] > pair[1]:
        pair, cells = (pair[1], pair[0]), cells.T
    banned[pair] = banned.get(pair, np.zeros_like(cells)) | cells
