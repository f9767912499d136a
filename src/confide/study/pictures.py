"""Pictures of a release inside a page of the dossier, made from the document that the page shows.

Guarantee: a function of the document alone; every text in a picture is escaped by `confide.charts.shapes`.
"""

from markupsafe import Markup

from confide.charts.draw import panels_of
from confide.charts.read import charts_of
from confide.errors import InvalidInput
from confide.stats.measures import describe
from confide.types import Json

Line = tuple[list[str | None], Json]


def lines(release: Json, at: int) -> list[Line]:
    """Return a table's lines for the measure at place `at`: keys and figure; the bin is one key more.

    >>> lines({"rows": [{"keys": ["F"], "values": [{"at": ["a", "b"], "value": [1, 2], "low": [0, 1], "high": [2, 3]}]}]}, 0)[1]
    (['F', 'b'], {'value': 2, 'low': 1, 'high': 3})
    """
    found: list[Line] = []
    for row in release["rows"]:
        figure = row["values"][at]
        if "at" not in figure:
            found.append((row["keys"], figure))
            continue
        for label, value, low, high in zip(
            *(figure[part] for part in ("at", "value", "low", "high")), strict=False
        ):
            found.append(([*row["keys"], label], {"value": value, "low": low, "high": high}))
    return found


def pictures(release: Json, at: int) -> list[Markup]:
    """Return the panels of one measure, to stand in a page."""
    measure, names = release["measures"][at], [str(group["name"]) for group in release["by"]]
    rows = [
        {**dict(zip(names, row["keys"], strict=True)), measure: row["values"][at]} for row in release["rows"]
    ]
    [chart] = charts_of({"by": dict.fromkeys(names), "columns": [*names, measure], "rows": rows})
    return [Markup(panel) for panel in panels_of(chart, in_words(measure))]  # noqa: S704  # each text is escaped


def in_words(measure: str) -> str:
    """Say in words what is measured; a measure that no word is known for is shown as it was written."""
    try:
        return describe(measure)
    except (InvalidInput, KeyError):
        return measure
