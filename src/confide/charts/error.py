"""Draw the error to expect against ε, before anything is paid: one panel per measure, one curve per group size.

Guarantee: made of public settings alone. Both axes are logarithmic: halving an error doubles the ε.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from confide.charts.draw import CURVE, GAP, WIDE, Drawn, legend
from confide.charts.shapes import (
    COLOURS,
    DASHES,
    INK,
    LINE,
    SOFT,
    label,
    lines_of,
    number,
    path,
    svg,
    width_of,
)
from confide.words import say


@dataclass(frozen=True, slots=True)
class Curve:
    """The half width of the 95 % interval at each ε in a group of `rows` rows; None where no figure could be shown.

    `enough` is the smallest ε at which it is as small as wanted.
    """

    rows: int
    errors: tuple[float | None, ...]
    enough: float | None


@dataclass(frozen=True, slots=True)
class ErrorPlot:
    """What one measure of one table would err: its curves over `epsilons`, the table's own ε, the error wanted.

    Errors are shares of one, or with `unit` in the unit of the measure.
    """

    title: str
    epsilons: tuple[float, ...]
    epsilon: float
    wanted: float
    unit: bool
    curves: tuple[Curve, ...]


def error_svg(plots: Sequence[ErrorPlot]) -> str:
    """Return one picture, a file of its own, that says what each ε would buy."""
    columns = min(len(plots), 2)
    wide, body, y = columns * WIDE + (columns - 1) * 3 * GAP, list[str](), 0.0
    for line in lines_of(say("charts.error.title"), wide, 14):
        y += 19
        body.append(label(0, y, line, size=14, more=' font-weight="bold"'))
    drawn = [_panel(plot) for plot in plots]
    for start in range(0, len(drawn), columns):
        beside = drawn[start : start + columns]
        for place, (_, elements) in enumerate(beside):
            body.append(
                f'<g transform="translate({place * (WIDE + 3 * GAP):g} {y + 8:g})">{"".join(elements)}</g>'
            )
        y += max(high for high, _ in beside) + 2 * GAP
    for line in lines_of(say("charts.error.caption"), wide, 11):
        y += 15
        body.append(label(0, y, line, size=11, fill=SOFT))
    inner = f'<g transform="translate(16 8)">{"".join(body)}</g>'
    return svg(wide + 32, math.ceil(y + 24), [inner], title=say("charts.error.title"), alone=True)


def _panel(plot: ErrorPlot) -> Drawn:
    body, top = list[str](), 0.0
    for line in lines_of(plot.title, WIDE):
        top += 16
        body.append(label(0, top, line, more=' font-weight="bold"'))
    names = [say("charts.error.rows", rows=f"{curve.rows:,}") for curve in plot.curves]
    high, elements = legend(names)
    body.append(f'<g transform="translate(0 {top + 4:g})">{"".join(elements)}</g>')
    top += high + 20
    low, most = _reach(plot)
    marks = _decades(low, most)
    left = GAP + max(width_of(_error(plot, mark), 11) for mark in marks)

    def x(epsilon: float) -> float:
        first, last = plot.epsilons[0], plot.epsilons[-1]
        return left + math.log(epsilon / first) / math.log(last / first) * (WIDE - left - 12)

    def y(error: float) -> float:
        return top + math.log(most / min(max(error, low), most)) / math.log(most / low) * CURVE

    for mark in marks:
        body.append(path(f"M{left:.1f} {y(mark):.1f}H{WIDE - 12:.1f}", stroke=LINE))
        body.append(label(left - 5, y(mark) + 4, _error(plot, mark), size=11, fill=SOFT, anchor="end"))
    for mark in _decades(plot.epsilons[0], plot.epsilons[-1]):
        body.append(path(f"M{x(mark):.1f} {top:.1f}V{top + CURVE + 4:.1f}", stroke=LINE))
        body.append(label(x(mark), top + CURVE + 16, number(mark), size=11, fill=SOFT, anchor="middle"))
    body.append(
        label(WIDE - 12, top + CURVE + 31, say("charts.error.axis"), size=11, fill=SOFT, anchor="end")
    )
    body.append(
        path(
            f"M{x(plot.epsilon):.1f} {top:.1f}V{top + CURVE:.1f}",
            stroke=SOFT,
            width=1.5,
            more=' stroke-dasharray="5 4"',
        )
    )
    body.append(label(x(plot.epsilon) + 4, top + 11, f"ε = {plot.epsilon:g}", size=11, fill=SOFT))
    body.append(
        path(
            f"M{left:.1f} {y(plot.wanted):.1f}H{WIDE - 12:.1f}", stroke=INK, more=' stroke-dasharray="1.5 3"'
        )
    )
    body.append(label(WIDE - 14, y(plot.wanted) - 4, f"± {_error(plot, plot.wanted)}", size=11, anchor="end"))
    for place, curve in enumerate(plot.curves):
        seen = [(e, error) for e, error in zip(plot.epsilons, curve.errors, strict=True) if error is not None]
        dashes = f' stroke-dasharray="{DASHES[place % len(DASHES)]}"' if DASHES[place % len(DASHES)] else ""
        if seen:
            points = "L".join(f"{x(epsilon):.1f} {y(error):.1f}" for epsilon, error in seen)
            body.append(path(f"M{points}", stroke=COLOURS[place % len(COLOURS)], width=2, more=dashes))
        if curve.enough is not None and plot.epsilons[0] <= curve.enough <= plot.epsilons[-1]:
            body.append(
                f'<circle cx="{x(curve.enough):.1f}" cy="{y(plot.wanted):.1f}" r="4" fill="{COLOURS[place % len(COLOURS)]}"/>'
            )
    down = top + CURVE + 34
    for name, curve in zip(names, plot.curves, strict=True):
        down += 16
        body.append(label(0, down, _needed(plot, name, curve), size=11, fill=SOFT))
    return down + 6, body


def _needed(plot: ErrorPlot, name: str, curve: Curve) -> str:
    error = _error(plot, plot.wanted)
    if curve.enough is None:
        return say("charts.error.never", rows=name, error=error)
    return say("charts.error.enough", rows=name, error=error, epsilon=number(float(f"{curve.enough:.3g}")))


def _error(plot: ErrorPlot, error: float) -> str:
    return number(float(f"{error:.3g}")) if plot.unit else f"{number(float(f'{100 * error:.3g}'))}%"


def _reach(plot: ErrorPlot) -> tuple[float, float]:
    """Return the ends of the axis of errors: whole decades that hold all curves, no more than five of them."""
    seen = [error for curve in plot.curves for error in curve.errors if error is not None and error > 0]
    most = max([*(min(error, math.inf if plot.unit else 1.0) for error in seen), plot.wanted])
    least = max(min([*seen, plot.wanted]), most / 1e5)
    return 10.0 ** math.floor(math.log10(least) + 1e-9), 10.0 ** math.ceil(math.log10(most) - 1e-9) * (
        1 + 1e-9
    )


def _decades(low: float, high: float) -> list[float]:
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    return [float(f"1e{power}") for power in range(first, last + 1)]
