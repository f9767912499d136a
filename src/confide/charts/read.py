"""Read a release of statistics as charts: which figures stand side by side, and in what shape.

Guarantee: every release that was committed can be read, whatever its figures; what is too much for a picture
is left out and counted in `Chart.left_out`. A function of the release alone. Knows no colour and no size.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from confide.calls import parse_call
from confide.errors import InvalidInput
from confide.types import Json

Shape = Literal["bars", "points", "steps"]

MOST_PANELS, MOST_MARKS, MOST_LINES = 24, 40, 4
_TOTALS = (
    "count",
    "images",
    "patients",
    "sum",
    "histogram",
    "top",
    "contingency",
    "running",
)  # their bars begin at 0
_CURVES = ("survival", "kaplan", "km")


@dataclass(frozen=True, slots=True)
class Mark:
    """One figure with its interval; `value` is None where the noise allows no figure to be said."""

    label: str
    value: float | None
    low: float | None
    high: float | None


BEGINNING = (Mark("0", 1.0, 1.0, 1.0),)  # of a survival curve: at time 0 everybody is there


@dataclass(frozen=True, slots=True)
class Series:
    """Figures that belong together: the groups of a panel, the bins of a histogram, one curve."""

    name: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """One small picture; `title` names the values of the keys that it does not show."""

    title: str
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """One measure of a release. `axis` names what the marks are labelled by."""

    measure: str
    shape: Shape
    axis: str
    panels: tuple[Panel, ...]
    left_out: int = 0

    def marks(self) -> Iterator[Mark]:
        """Yield every mark of every panel."""
        for panel in self.panels:
            for series in panel.series:
                yield from series.marks


def charts_of(release: Json) -> list[Chart]:
    """Return one chart per measure.

    Args:
        release: as `StatsPlan.execute` returned it, or as the ledger gave it back.
    """
    n_keys = len(release["by"])
    keys, measures = release["columns"][:n_keys], release["columns"][n_keys:]
    return [_chart(measure, keys, release["rows"]) for measure in measures]


def _chart(measure: str, keys: list[str], rows: list[Json]) -> Chart:
    shape = _shape(measure)
    if any("at" in figures(row[measure]) for row in rows):
        return _of_lists(measure, keys, rows, "steps" if shape == "steps" else "bars")
    first, others = keys[:1], keys[1:]
    panels, left_out = [], 0
    for title, members in _split(rows, others).items():
        marks = [_mark(_labels(row, first), figures(row[measure])) for row in members]
        left_out += max(0, len(marks) - MOST_MARKS)
        panels.append(Panel(title, (Series("", tuple(marks[:MOST_MARKS])),)))
    return _limited(Chart(measure, shape, "".join(first), tuple(panels), left_out))


def _of_lists(measure: str, keys: list[str], rows: list[Json], shape: Shape) -> Chart:
    """Make a panel per group; curves of a few groups share one, so that they can be compared."""
    several = (
        keys[:1] if shape == "steps" and 1 < len({_labels(r, keys[:1]) for r in rows}) <= MOST_LINES else []
    )
    panels, left_out = [], 0
    for title, members in _split(rows, keys[len(several) :]).items():
        series = []
        for row in members:
            marks = [*(BEGINNING if shape == "steps" else ()), *_marks_of(figures(row[measure]))]
            most = len(marks) if shape == "steps" else MOST_MARKS
            left_out += max(0, len(marks) - most)
            series.append(Series(_labels(row, several), tuple(marks[:most])))
        panels.append(Panel(title, tuple(series)))
    return _limited(Chart(measure, shape, _column(measure), tuple(panels), left_out))


def _limited(chart: Chart) -> Chart:
    """Leave out the panels that are too many."""
    dropped = Chart(chart.measure, chart.shape, chart.axis, chart.panels[MOST_PANELS:])
    left_out = chart.left_out + sum(1 for _ in dropped.marks())
    return Chart(chart.measure, chart.shape, chart.axis, chart.panels[:MOST_PANELS], left_out)


def _split(rows: Iterable[Json], keys: list[str]) -> dict[str, list[Json]]:
    panels: dict[str, list[Json]] = {}
    for row in rows:
        panels.setdefault(_labels(row, keys, named=True), []).append(row)
    return panels


def _labels(row: Json, keys: list[str], *, named: bool = False) -> str:
    return ", ".join(f"{key}: {row[key]}" if named else str(row[key]) for key in keys)


def _shape(measure: str) -> Shape:
    try:
        name = parse_call(measure).name
    except InvalidInput:
        return "points"
    if name.startswith(_CURVES):
        return "steps"
    return "bars" if name.startswith(_TOTALS) else "points"


def _column(measure: str) -> str:
    try:
        return "".join(parse_call(measure).arguments[:1])
    except InvalidInput:
        return ""


def figures(value: Any) -> Mapping[str, Any]:
    """Return the figures of one measure in one row; nothing where there are none."""
    return value if isinstance(value, Mapping) else {}


def _marks_of(found: Mapping[str, Any]) -> Iterator[Mark]:
    for at, label in enumerate(found.get("at") or ()):
        one = {part: _at(found.get(part), at) for part in ("value", "low", "high")}
        yield _mark(str(label), one)


def _at(values: Any, at: int) -> Any:
    return values[at] if isinstance(values, list) and at < len(values) else None


def _mark(label: str, found: Mapping[str, Any]) -> Mark:
    value, low, high = (_number(found.get(part)) for part in ("value", "low", "high"))
    return Mark(label, value, low, high)


def _number(value: Any) -> float | None:
    """Return a number that can be drawn.

    >>> [_number(each) for each in (3, float("inf"), None, "x")]
    [3.0, None, None, None]
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < 1e150 else None
