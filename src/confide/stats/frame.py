"""A release as a table to go on with: one row per figure, with its interval and with what it cost.

Guarantee: a function of the release alone; every figure of it is there, also those that no picture has room for.
"""

from typing import Any

import polars as pl

from confide.types import Json

_OURS = ("measure", "at", "value", "low", "high", "epsilon", "delta")


def to_frame(release: Json) -> pl.DataFrame:
    """Return a release as a table in long form.

    Args:
        release: as `StatsPlan.execute` returned it, or as the ledger gave it back.

    Returns:
        The key columns as text, then `measure`, `at` (the bin or the time, where a measure gives a list), `value`,
        `low`, `high` (null where no figure can be said), `epsilon` and `delta` (of the whole release, in every
        row). A key that is called like one of these gets `_key` behind its name.

    >>> to_frame({"by": {"sex": ["F"]}, "columns": ["sex", "count"], "epsilon": 1.0, "delta": 1e-18, "rows":
    ...     [{"sex": "F", "count": {"value": 40.0, "low": 30.0, "high": 50.0}}]}).row(0)
    ('F', 'count', None, 40.0, 30.0, 50.0, 1.0, 1e-18)
    """
    n_keys = len(release["by"])  # the release comes from the ledger, where keys are sorted and lists are not
    keys, measures = release["columns"][:n_keys], release["columns"][n_keys:]
    names = list[str]()
    for key in keys:
        name = key
        while name in _OURS or name in names:
            name += "_key"
        names.append(name)
    cost = (release["epsilon"], release["delta"])
    rows = [
        (*(row[key] for key in keys), measure, *figure, *cost)
        for row in release["rows"]
        for measure in measures
        for figure in _figures(row[measure])
    ]
    schema: dict[str, type[pl.DataType]] = dict.fromkeys([*names, *_OURS], pl.Float64)
    return pl.DataFrame(rows, schema=schema | dict.fromkeys([*names, *_OURS[:2]], pl.String), orient="row")


def _figures(found: Json) -> list[tuple[Any, ...]]:
    if "at" not in found:
        return [(None, found["value"], found["low"], found["high"])]
    columns = [list(map(str, found["at"])), found["value"], found["low"], found["high"]]
    return list(zip(*columns, strict=True))
