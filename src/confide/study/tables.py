"""Write a release of statistics as CSV: one row per cell, each measure with its interval."""

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

from confide.calls import parse_call
from confide.charts.draw import release_svg
from confide.charts.vega import vega_lite
from confide.stats.frame import to_frame
from confide.study.outgoing import Output
from confide.study.pictures import in_words
from confide.types import Json


def statistics_output(release: Json) -> Output:
    """Return the file that leaves for one release of statistics."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    n_keys = len(release["by"])  # the release comes from the ledger, where keys are sorted and lists are not
    keys, measures = release["columns"][:n_keys], release["columns"][n_keys:]
    rows = release["rows"]
    header = [name for measure in measures for name in _names(measure, rows[0][measure])]
    writer.writerow([*keys, *header])
    for row in rows:
        cells = [cell for measure in measures for cell in _cells(measure, row[measure])]
        writer.writerow([*(row[key] for key in keys), *cells])
    return _output(release, "csv", text.getvalue().encode())


def other_editions(release: Json) -> list[Output]:
    """Return the same release as Parquet, as a picture, and as a specification of that picture."""
    parquet = io.BytesIO()
    to_frame(release).write_parquet(parquet, compression="uncompressed")  # the byte search reads it
    spec = json.dumps(vega_lite(release), ensure_ascii=False, separators=(",", ":"))
    return [
        _output(release, "parquet", parquet.getvalue()),
        _output(release, "svg", release_svg(release, titles=in_words).encode()),
        _output(release, "vl.json", spec.encode()),
    ]


def _output(release: Json, suffix: str, content: bytes) -> Output:
    return Output(
        file=f"statistics/{release['name']}.{suffix}",
        kind="statistics",
        status="dp",
        rows=len(release["rows"]),
        records=[(None, content)],
    )


def spread_out(release: Mapping[str, Any]) -> list[Json]:
    """Return the release as tables of one figure a cell: a measure of several has its own, with one key more."""
    rows, groups = release.get("rows") or [], release.get("by") or {}
    columns = release.get("columns") or [*groups, *(release.get("measures") or ())]
    several = [
        name for name in columns if rows and isinstance(rows[0].get(name), Mapping) and "at" in rows[0][name]
    ]
    plain = [name for name in columns if name not in several]
    found = [dict(release) | {"columns": plain}] if set(plain) - set(groups) or not several else []
    for measure in several:
        key = parse_call(measure).arguments[0]
        while key in columns:  # the column is a group already, or measured
            key += "′"
        tall = [
            {name: row[name] for name in groups} | {key: place, measure: figure}
            for row in rows
            for place, figure in zip(
                _places(measure, row[measure], named=True), _figures(row[measure]), strict=True
            )
        ]
        by = dict(groups) | {key: list(dict.fromkeys(row[key] for row in tall))}
        found.append(dict(release) | {"by": by, "columns": [*by, measure], "rows": tall, "pictures": ()})
    return found


def _names(measure: str, figure: Json) -> list[str]:
    """Return the columns of a measure: of one figure, or of each of several."""
    several = [f"{measure} {place}" for place in _places(measure, figure)] if "at" in figure else [measure]
    is_it = [" is"] if _ranked(measure) else []
    return [one + part for one in several for part in (*is_it, "", " low", " high")]


def _cells(measure: str, figure: Json) -> list[Any]:
    if "at" not in figure:
        return [figure["value"], figure["low"], figure["high"]]
    names = [[at] if _ranked(measure) else [] for at in figure["at"]]
    return [
        cell for name, one in zip(names, _figures(figure), strict=True) for cell in (*name, *one.values())
    ]


def _figures(figure: Mapping[str, Any]) -> list[Json]:
    three = zip(figure["value"], figure["low"], figure["high"], strict=True)
    return [{"value": value, "low": low, "high": high} for value, low, high in three]


def _places(measure: str, figure: Mapping[str, Any], *, named: bool = False) -> list[str]:
    """Return what tells the figures of a measure apart: their bins, or first, second and so on."""
    if not _ranked(measure):
        return list(figure["at"])
    return [f"{place}. {at}" if named else str(place) for place, at in enumerate(figure["at"], start=1)]


def _ranked(measure: str) -> bool:
    return parse_call(measure).name == "top"
