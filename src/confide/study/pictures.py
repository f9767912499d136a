"""Pictures of a release inside a page of the dossier, made from the document that the page shows.

Guarantee: a function of the document alone; every text in a picture is escaped by `confide.charts.shapes`.
"""

from markupsafe import Markup

from confide.calls import parse_call
from confide.charts.draw import panels_of
from confide.charts.read import charts_of
from confide.errors import InvalidInput
from confide.stats.measures import describe
from confide.types import Json


def pictures(release: Json, at: int) -> list[Markup]:
    """Return the panels of one measure, to stand in a page.

    Args:
        release: a table of the dossier.
        at: place of the measure in it.
    """
    measure, names = release["measures"][at], [str(group["name"]) for group in release["by"]]
    rows = [
        {**dict(zip(names, row["keys"], strict=True)), measure: row["values"][at]} for row in release["rows"]
    ]
    if len(release["measures"]) == 1 and names and names[-1] == _column(measure):
        names, rows = names[:-1], _gathered(measure, names, rows)
    [chart] = charts_of({"by": dict.fromkeys(names), "columns": [*names, measure], "rows": rows})
    return [Markup(panel) for panel in panels_of(chart, in_words(measure))]  # noqa: S704  # each text is escaped


def _gathered(measure: str, names: list[str], rows: list[Json]) -> list[Json]:
    """Undo what `confide.study.tables.spread_out` does for a page: one row per group, with a list of figures."""
    found: dict[tuple[str, ...], Json] = {}
    for row in rows:
        keys = tuple(row[name] for name in names[:-1])
        lists: Json = {"at": [], "value": [], "low": [], "high": []}
        group = found.setdefault(keys, {**dict(zip(names, keys, strict=False)), measure: lists})
        group[measure]["at"].append(row[names[-1]])
        for part in ("value", "low", "high"):
            group[measure][part].append(row[measure][part])
    return list(found.values())


def _column(measure: str) -> str | None:
    try:
        return next(iter(parse_call(measure).arguments), None)
    except InvalidInput:
        return None


def in_words(measure: str) -> str:
    """Say in words what is measured; a measure that no word is known for is shown as it was written."""
    try:
        return describe(measure)
    except (InvalidInput, KeyError):
        return measure
