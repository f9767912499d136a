"""Draw charts as SVG: bars from 0 for totals, points for means and shares, steps for curves, each with its interval.

Guarantee: figures of one measure share one axis over all panels, so that panels can be compared by eye; where
the noise allows no figure, that is written, in words, in the place of the figure. Pure functions.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from confide.charts.read import Chart, Mark, Panel, charts_of
from confide.charts.shapes import (
    COLOURS,
    DASHES,
    LINE,
    PAPER,
    SOFT,
    label,
    lines_of,
    number,
    path,
    shortened,
    svg,
    ticks,
    width_of,
)
from confide.types import Json
from confide.words import say

WIDE = 320.0  # of a panel: a phone's width, so that letters keep their size there; two fit on a page
ROW, BAR, GAP, HEAD = 22.0, 12.0, 8.0, 20.0
CURVE = 170.0
Ends = tuple[float, float]
Drawn = tuple[float, list[str]]  # how high, and the elements


def release_svg(release: Json, *, titles: Callable[[str], str]) -> str:
    """Return one picture of a whole release, a file of its own.

    Args:
        release: as `StatsPlan.execute` or the ledger returned it.
        titles: says in words what a measure measures.
    """
    charts = charts_of(release)
    columns = 2 if any(len(chart.panels) > 1 for chart in charts) else 1
    wide = columns * WIDE + (columns - 1) * 3 * GAP
    y, body = 0.0, []
    for chart in charts:
        for line in lines_of(titles(chart.measure), wide, 14):
            y += 19
            body.append(label(0, y, line, size=14, more=' font-weight="bold"'))
        y += 6
        drawn = [panel_of(chart, panel) for panel in chart.panels]
        for start in range(0, len(drawn), columns):
            beside = drawn[start : start + columns]
            for place, (_, elements) in enumerate(beside):
                body.append(
                    f'<g transform="translate({place * (WIDE + 3 * GAP):g} {y:g})">{"".join(elements)}</g>'
                )
            y += max(high for high, _ in beside) + GAP
        if chart.left_out:
            y += 14
            body.append(label(0, y, say("charts.left-out", n=chart.left_out), fill=SOFT))
        y += 2 * GAP
    for line in lines_of(_caption(release), wide, 11):
        y += 15
        body.append(label(0, y, line, size=11, fill=SOFT))
    inner = f'<g transform="translate(16 8)">{"".join(body)}</g>'
    return svg(wide + 32, math.ceil(y + 24), [inner], title=str(release["name"]), alone=True)


def panels_of(chart: Chart, title: str) -> list[str]:
    """Return each panel as a picture to stand inside an HTML page, where they flow to the width there is."""
    found = []
    for panel in chart.panels:
        high, body = panel_of(chart, panel)
        found.append(svg(WIDE, high, body, title=", ".join(filter(None, (title, panel.title))), alone=False))
    return found


def panel_of(chart: Chart, panel: Panel) -> Drawn:
    """Return how high one panel is, and its elements, from (0, 0) to (WIDE, height)."""
    title = (
        [label(0, 14, shortened(panel.title, WIDE, 12), more=' font-weight="bold"')] if panel.title else []
    )
    down = HEAD if panel.title else 0.0
    high, body = (_curves if chart.shape == "steps" else _rows)(chart, panel)
    return down + high, [*title, f'<g transform="translate(0 {down:g})">{"".join(body)}</g>']


def ends_of(chart: Chart) -> Ends:
    """Return the two ends of the axis that all panels of a chart share; bars show their zero."""
    said = [mark for mark in chart.marks() if mark.value is not None] or list(chart.marks())
    seen = [x for mark in said for x in (mark.value, mark.low, mark.high) if x is not None]
    low, high = (min(seen), max(seen)) if seen else (0.0, 1.0)
    if chart.shape != "points" or 0 <= low < high / 2:
        low, high = min(low, 0.0), max(high, 0.0)
    size = max(abs(low), abs(high))
    if not high - low > max(1e-9 * size, 1e-140):
        low, high = low - max(0.5, size / 2), high + max(0.5, size / 2)
    return low, high


def _caption(release: Json) -> str:
    cost = {
        part: f"{release.get(part):g}" if release.get(part) is not None else "–"
        for part in ("epsilon", "delta")
    }
    level = f"{100 * release.get('confidence', 0.95):g}"
    return say("charts.caption", level=level, **cost)


def _rows(chart: Chart, panel: Panel) -> Drawn:
    """Draw one row per group: its name, a bar or a point with its interval, its figure in digits."""
    marks = panel.series[0].marks
    said = [_said(mark) for mark in marks]
    everywhere = [mark.label for mark in chart.marks()]
    left = (
        min(max(map(width_of, everywhere), default=0.0), 0.36 * WIDE) + GAP + 4
        if any(everywhere)
        else 2 * GAP
    )
    right = WIDE - max((width_of(_said(mark), 11) for mark in chart.marks()), default=0.0) - GAP
    ends, high = ends_of(chart), ROW * len(marks)

    def x(value: float) -> float:
        return left + (min(max(value, ends[0]), ends[1]) - ends[0]) / (ends[1] - ends[0]) * (right - left)

    body = list(_axis_below(ends, x, high, most=max(2, int((right - left) // 46))))
    for place, (mark, text) in enumerate(zip(marks, said, strict=True)):
        y = ROW * place + ROW / 2
        if mark.label:
            body.append(label(left - GAP, y + 4, shortened(mark.label, left - GAP), anchor="end"))
        if mark.value is None:
            body.append(_no_figure(left, right, y))
            continue
        if chart.shape == "bars":
            start, end = sorted((x(0.0), x(mark.value)))
            body.append(
                f'<rect x="{start:.1f}" y="{y - BAR / 2:.1f}" width="{end - start:.1f}" height="{BAR:g}" fill="#9CC7E4"/>'
            )
        body.append(_whisker(mark, x, y))
        if chart.shape == "points":
            body.append(f'<circle cx="{x(mark.value):.1f}" cy="{y:.1f}" r="3.6" fill="{COLOURS[0]}"/>')
        body.append(label(WIDE, y + 4, text, size=11, fill=SOFT, anchor="end"))
    return high + 24, body


def _said(mark: Mark) -> str:
    if mark.value is None:
        return ""
    half = _half(mark)
    return number(float(f"{mark.value:.3g}")) if half is None else number(mark.value, half)


def _half(mark: Mark) -> float | None:
    return None if mark.low is None or mark.high is None else mark.high / 2 - mark.low / 2


def _no_figure(left: float, right: float, y: float) -> str:
    """Write, over a broken line, that no figure can be said."""
    text = say("charts.no-figure")
    middle, room = (left + right) / 2, min(width_of(text, 11) / 2 + 4, (right - left) / 2)
    behind = (
        f'<rect x="{middle - room:.1f}" y="{y - 7:.1f}" width="{2 * room:.1f}" height="14" fill="{PAPER}"/>'
    )
    gap = f"M{left:.1f} {y:.1f}H{middle - room:.1f}M{middle + room:.1f} {y:.1f}H{right:.1f}"
    words = label(middle, y + 4, text, size=11, fill=SOFT, anchor="middle", more=' font-style="italic"')
    return path(gap, stroke=SOFT, more=' stroke-dasharray="2 3"') + behind + words


def _whisker(mark: Mark, x: Callable[[float], float], y: float) -> str:
    if mark.low is None or mark.high is None:
        return ""
    low, high = x(mark.low), x(mark.high)
    ends = (
        f"M{low:.1f} {y:.1f}H{high:.1f}M{low:.1f} {y - 4:.1f}V{y + 4:.1f}M{high:.1f} {y - 4:.1f}V{y + 4:.1f}"
    )
    return path(ends, width=1.5)


def _axis_below(ends: Ends, x: Callable[[float], float], y: float, *, most: int) -> Iterator[str]:
    marked = ticks(*ends, most)
    for tick in marked:
        yield path(f"M{x(tick):.1f} 0V{y:.1f}", stroke=LINE)
        yield label(x(tick), y + 14, number(tick), size=11, fill=SOFT, anchor="middle")
    if ends[0] <= 0 <= ends[1]:
        yield path(f"M{x(0.0):.1f} 0V{y:.1f}", stroke=SOFT)


def _curves(chart: Chart, panel: Panel) -> Drawn:
    """Draw curves of steps, each with its interval as a band, told apart by colour, by dash and by name."""
    (low, high), names = ends_of(chart), legend([series.name for series in panel.series])
    times = [time for mark in chart.marks() if (time := time_of(mark.label)) is not None]
    last = max(times, default=1.0) or 1.0
    top, left = names[0] + 6, 8 + max(width_of(number(tick), 11) for tick in ticks(low, high) or [0.0])

    def x(value: float) -> float:
        return left + value / last * (WIDE - left - 12)

    def y(value: float) -> float:
        return top + CURVE - (min(max(value, low), high) - low) / (high - low) * CURVE

    body = list(names[1])
    for tick in ticks(low, high):
        body.append(path(f"M{left:.1f} {y(tick):.1f}H{WIDE - 12:.1f}", stroke=LINE))
        body.append(label(left - 5, y(tick) + 4, number(tick), size=11, fill=SOFT, anchor="end"))
    for tick in ticks(0.0, last):
        body.append(path(f"M{x(tick):.1f} {top + CURVE:.1f}v4", stroke=SOFT))
        body.append(label(x(tick), top + CURVE + 16, number(tick), size=11, fill=SOFT, anchor="middle"))
    body.append(path(f"M{left:.1f} {top:.1f}V{top + CURVE:.1f}H{WIDE - 12:.1f}", stroke=SOFT))
    for place, series in enumerate(panel.series):
        colour, dash = COLOURS[place % len(COLOURS)], DASHES[place % len(DASHES)]
        for run in _runs(series.marks):
            body += _curve(run, x, y, colour, dash)
        if not any(mark.value is not None for mark in series.marks):
            body.append(_no_figure(left, WIDE - 12, top + CURVE / 2 + 16 * place))
    if chart.axis:
        body.append(
            label(
                WIDE - 12,
                top + CURVE + 31,
                shortened(chart.axis, WIDE - left),
                size=11,
                fill=SOFT,
                anchor="end",
            )
        )
    return top + CURVE + 36, body


def _runs(marks: Iterable[Mark]) -> Iterator[list[tuple[float, Mark]]]:
    """Yield the stretches of a curve where figures can be said, each with the times they begin at."""
    run: list[tuple[float, Mark]] = []
    for mark in marks:
        time = time_of(mark.label)
        if time is None or mark.value is None:
            if run:
                yield run
            run = []
        else:
            run.append((time, mark))
    if run:
        yield run


def _curve(
    run: list[tuple[float, Mark]],
    x: Callable[[float], float],
    y: Callable[[float], float],
    colour: str,
    dash: str,
) -> Iterator[str]:
    def line(heights: list[float]) -> list[str]:
        points = [f"{x(run[0][0]):.1f} {y(heights[0]):.1f}"]
        for ((_, _), (time, _)), (before, after) in zip(pairwise(run), pairwise(heights), strict=True):
            points += [f"{x(time):.1f} {y(before):.1f}", f"{x(time):.1f} {y(after):.1f}"]
        return points

    values = [mark.value or 0.0 for _, mark in run]
    if all(mark.low is not None and mark.high is not None for _, mark in run):
        above, below = line([mark.high or 0.0 for _, mark in run]), line([mark.low or 0.0 for _, mark in run])
        around = "L".join([*above, *reversed(below)])
        yield f'<path d="M{around}Z" fill="{colour}" fill-opacity="0.18"/>'
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    yield path("M" + "L".join(line(values)), stroke=colour, width=2, more=dashes)


def legend(names: list[str]) -> Drawn:
    """Return what tells curves apart: a dash in its colour beside each name; nothing where there are no names."""
    x, y, body = 0.0, 0.0, []
    for place, name in enumerate(names if any(names) else []):
        wide = 26 + width_of(shortened(name, WIDE / 2)) + GAP
        if x and x + wide > WIDE:
            x, y = 0.0, y + 18
        dash = f' stroke-dasharray="{DASHES[place % len(DASHES)]}"' if DASHES[place % len(DASHES)] else ""
        body.append(
            path(f"M{x:.1f} {y + 9:.1f}h20", stroke=COLOURS[place % len(COLOURS)], width=2.5, more=dash)
        )
        body.append(label(x + 26, y + 13, shortened(name, WIDE / 2)))
        x += wide
    return (y + 18 if body else 0.0), body


def time_of(text: str) -> float | None:
    """Return when a step of a curve is reached: a number, or the end of a bin.

    >>> time_of("30"), time_of("[0, 30)"), time_of("never")
    (30.0, 30.0, None)
    """
    try:
        found = float(text.rpartition(",")[2].strip(" )]") or "nan")
    except ValueError:
        return None
    return found if math.isfinite(found) and found >= 0 else None
