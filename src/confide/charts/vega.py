"""The same charts as Vega-Lite specifications, for whoever wants to go on drawing: data inline, no address to fetch.

Guarantee: a specification holds the figures of the release and public settings, nothing else. Vega-Lite itself is
not part of confide; `$schema` names the version and is not fetched by a renderer.
"""

from confide.charts.draw import time_of
from confide.charts.read import Chart, charts_of
from confide.charts.shapes import COLOURS
from confide.types import Json
from confide.words import say

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
_SAID = [{"filter": "isValid(datum.value)"}]


def vega_lite(release: Json) -> Json:
    """Return one specification of a whole release: a chart per measure, below one another.

    >>> found = vega_lite({"name": "stays", "by": {}, "columns": ["count"], "epsilon": 1.0, "delta": 1e-18,
    ...     "confidence": 0.95, "rows": [{"count": {"value": 40.0, "low": 30.0, "high": 50.0}}]})
    >>> found["vconcat"][0]["data"]["values"][0]["value"]
    40.0
    """
    return {
        "$schema": SCHEMA,
        "title": str(release["name"]),
        "usermeta": {part: release.get(part) for part in ("name", "epsilon", "delta", "confidence")},
        "vconcat": [_chart(chart) for chart in charts_of(release)],
    }


def _chart(chart: Chart) -> Json:
    values = [
        {
            "panel": panel.title,
            "series": series.name,
            "label": mark.label,
            "time": time_of(mark.label) if chart.shape == "steps" else None,
            "value": mark.value,
            "low": mark.low,
            "high": mark.high,
        }
        for panel in chart.panels
        for series in panel.series
        for mark in series.marks
    ]
    spec = _curves(chart) if chart.shape == "steps" else _rows(chart)
    return {
        "title": chart.measure,
        "data": {"values": values},
        "facet": {
            "field": "panel",
            "type": "nominal",
            "title": None,
            "sort": [panel.title for panel in chart.panels],
        },
        "columns": 2,
        "spec": spec,
    }


def _labels(chart: Chart) -> list[str]:
    return list(dict.fromkeys(mark.label for mark in chart.marks()))


def _rows(chart: Chart) -> Json:
    figure = {"type": "quantitative", "title": chart.measure}
    middle = (
        {"type": "bar", "color": "#9CC7E4"}
        if chart.shape == "bars"
        else {"type": "point", "filled": True, "color": COLOURS[0]}
    )
    return {
        "encoding": {
            "y": {"field": "label", "type": "nominal", "sort": _labels(chart), "title": chart.axis or None}
        },
        "layer": [
            {"transform": _SAID, "mark": middle, "encoding": {"x": {"field": "value", **figure}}},
            {
                "transform": _SAID,
                "mark": {"type": "errorbar", "ticks": True},
                "encoding": {"x": {"field": "low", **figure}, "x2": {"field": "high"}},
            },
            {
                "transform": [{"filter": "!isValid(datum.value)"}],
                "mark": {
                    "type": "text",
                    "text": say("charts.no-figure"),
                    "align": "left",
                    "fontStyle": "italic",
                    "x": 4,
                },
            },
        ],
    }


def _curves(chart: Chart) -> Json:
    value = {"type": "quantitative", "title": chart.measure}
    names = list(dict.fromkeys(series.name for panel in chart.panels for series in panel.series))
    several: Json = {
        "field": "series",
        "type": "nominal",
        "title": None,
        "sort": names,
        "legend": {} if any(names) else None,
    }
    return {
        "encoding": {
            "x": {"field": "time", "type": "quantitative", "title": chart.axis or None},
            "color": {**several, "scale": {"range": list(COLOURS)}},
        },
        "layer": [
            {
                "transform": _SAID,
                "mark": {"type": "area", "interpolate": "step-after", "opacity": 0.18},
                "encoding": {"y": {"field": "low", **value}, "y2": {"field": "high"}},
            },
            {
                "mark": {"type": "line", "interpolate": "step-after"},
                "encoding": {
                    "y": {"field": "value", **value},
                    "strokeDash": several,
                },
            },
        ],
    }
