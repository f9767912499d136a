"""Group keys: lists of categories and edges of bins, written by the analyst; or columns whose categories nobody knows.

Every combination of listed keys is a cell of the result, whether or not any patient is in it: a cell that were
left out because it is empty would tell. Nothing here reads data; `confide.stats.found` finds what is not listed.
"""

import math
from collections.abc import Collection, Iterator
from itertools import pairwise, product
from typing import Literal, TypeGuard

from confide.errors import InvalidInput

Values = tuple[str, ...] | tuple[float, ...]
Keys = dict[str, Values]
Asked = dict[str, Values | Literal["unknown"]]  # what a plan asks for; what is unknown is found for a price

UNKNOWN: Literal["unknown"] = "unknown"
REST = "*"  # among the categories of a key: every other value
MOST_FOUND = 1000  # categories of a column that are shown where nobody listed them
MOST_CELLS = 2_000_000


def are_edges(values: Values) -> bool:
    """Return whether the values are edges of bins; texts are categories."""
    return not isinstance(values[0], str)


def labels(values: Values) -> tuple[str, ...]:
    """Return the name of each key as it stands in a release.

    >>> labels(("F", "M"))
    ('F', 'M')
    >>> labels((0, 18, 45.5))
    ('[0, 18)', '[18, 45.5)')
    """
    if not are_edges(values):
        return tuple(str(value) for value in values)
    ends = [f"{float(value):.15g}" for value in values]
    return tuple(f"[{low}, {high})" for low, high in pairwise(ends))


def cells(by: Keys) -> Iterator[tuple[str, ...]]:
    """Yield the labels of every cell, the last key turning fastest; one empty cell without keys."""
    return product(*(labels(values) for values in by.values()))


def n_cells(by: Keys) -> int:
    """Return the number of cells."""
    return math.prod(len(labels(values)) for values in by.values())


def column_of(key: str, columns: Collection[str]) -> str:
    """Return the column that a key groups by: its own name, or `age` for `age_band`.

    Raises:
        InvalidInput: neither is among the columns, or both are: one row of JSON lines that brings the
            other name would move every patient's rows.

    >>> column_of("age_band", ["age", "sex"])
    'age'
    """
    there = [column for column in dict.fromkeys((key, key.removesuffix("_band"))) if column in columns]
    if not there:
        raise InvalidInput("stats.no-column", column=key)
    if len(there) > 1:
        raise InvalidInput("stats.two-columns", first=there[0], second=there[1])
    return there[0]


def listed(by: Asked) -> Keys:
    """Return the keys whose categories or edges are listed."""
    return {key: values for key, values in by.items() if values != UNKNOWN}


def unlisted(by: Asked) -> tuple[str, ...]:
    """Return the keys whose categories are to be found.

    >>> unlisted({"sex": ("F", "M"), "diagnosis": "unknown"})
    ('diagnosis',)
    """
    return tuple(key for key, values in by.items() if values == UNKNOWN)


def most_cells(by: Asked) -> int:
    """Return the number of cells there may be at most, whatever is found."""
    return n_cells(listed(by)) * math.prod(MOST_FOUND + 1 for _ in unlisted(by))


def checked_asked(by: Asked) -> Asked:
    """Return the keys of a plan as tuples or `UNKNOWN`, in their order; raises as `checked` does."""
    for key, values in by.items():
        if isinstance(values, str) and values != UNKNOWN:
            raise InvalidInput("stats.keys-text", key=key)
    named = checked(listed(by))
    if most_cells(by) > MOST_CELLS:
        raise InvalidInput("stats.too-many-cells", found=most_cells(by), most=MOST_CELLS)
    return {key: named.get(key, UNKNOWN) for key in by}


def written(by: Asked) -> dict[str, list[str | int | float] | str]:
    """Return the keys for JSON, numbers with a fraction as text."""
    return {
        key: values
        if isinstance(values, str)
        else [repr(value) if isinstance(value, float) else value for value in values]
        for key, values in by.items()
    }


def checked(by: Keys) -> Keys:
    """Return the keys as tuples, after refusing lists that could never group anything.

    Raises:
        InvalidInput: an empty list, texts and numbers mixed, a category twice, edges that do not
            rise, fewer than two edges, or more cells than fit.
    """
    result: Keys = {key: checked_list(key, tuple(values)) for key, values in by.items()}
    if n_cells(result) > MOST_CELLS:
        raise InvalidInput("stats.too-many-cells", found=n_cells(result), most=MOST_CELLS)
    return result


def checked_list(key: str, values: tuple[object, ...]) -> Values:
    """Return one list, after refusing what could never group anything."""
    if not values:
        raise InvalidInput("stats.keys-empty", key=key)
    texts = tuple(value for value in values if isinstance(value, str))
    numbers = tuple(value for value in values if _is_number(value))
    if len(texts) == len(values):
        if len(set(texts)) < len(texts):
            raise InvalidInput("stats.keys-twice", key=key)
        return texts
    if len(numbers) < len(values):
        raise InvalidInput("stats.keys-mixed", key=key)
    if len(numbers) < 2 or any(not low < high for low, high in pairwise(numbers)):
        raise InvalidInput("stats.edges", key=key)
    return numbers


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
