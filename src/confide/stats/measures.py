"""What can be measured in a group: `count`, `patients`, `sum`, `mean`, `variance`, `proportion`, `median` and others.

A measure is a few parts, each a vector of integer sums that is paid for, and a function that turns the parts
after their noise into figures with intervals. Two measures that need the same part share it and its price.
A new measure is a new case in `parse_measure` and one sentence in `words/*/stats.toml`; how, in
`docs/decisions/0002-a-new-measure.md`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from confide.calls import Call, parse_call
from confide.engines.polars import GRID, Floats, Ints
from confide.errors import InvalidInput
from confide.stats.bounds import Bounds
from confide.stats.expected import Error, quantile_error, ratio_error, total_error, variance_error
from confide.stats.intervals import CONFIDENCE, half_width, share_bounds
from confide.stats.keys import Values, checked_list, labels
from confide.stats.parts import Chosen, Noisy, Paid, Part, Quantile
from confide.stats.slots import Graded, Listed, Moments, Patients, Rows, Ruler, Signed, bound, size
from confide.words import say

BINS = 64  # of a quantile, if nothing else is said
MOST_BINS = 1024
MOST_SLOTS = 4096  # of a histogram


@dataclass(frozen=True, slots=True)
class Estimate:
    """One figure per group, or several under the names `at`; NaN where nothing can be said.

    Shape (cells,) or (cells, figures), with the interval that covers the noise. `order`: which of `at` each
    column of a group stands for, where that differs from group to group.
    """

    value: Floats
    low: Floats
    high: Floats
    at: tuple[str, ...] | None = None
    order: Ints | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure as it was written, the parts it pays for, how they become figures, and how far off they may be."""

    text: str
    parts: tuple[Part, ...]
    finish: Callable[[list[Paid], Bounds], Estimate]
    error: Error


@lru_cache(maxsize=1024)
def parse_measure(text: str, *, intervals: bool = True) -> Measure:
    """Read one measure of a study file.

    Args:
        text: such as `mean(stay_days, 0, 60)`.
        intervals: whether a quantile pays for the two ends of its interval.

    Raises:
        InvalidInput: no such measure, or bounds that are missing, reversed or not finite.

    >>> parse_measure("mean(stay_days, 0, 60)").parts[0].slots.degree
    1
    """
    match parse_call(text):
        case Call("count", ()):
            return _of_one(text, Part(Rows()), _count, total_error(1.0))
        case Call("patients", ()):
            return _of_one(text, Part(Patients()), _patients, total_error(1.0))
        case Call("sum", (column, low, high)):
            ruler = Ruler.parse(text, low, high)
            slots, largest = Signed(column, ruler), max(abs(ruler.low), abs(ruler.high))
            return _of_one(
                text,
                Part(slots),
                lambda paid, bounds: _sum(paid, bounds, slots.step),
                total_error(largest, slots.step),
            )
        case Call("mean", (column, low, high)):
            ruler = Ruler.parse(text, low, high)
            halves = Part(Moments(column, ruler, 1), ratio=True)
            return _of_one(
                text,
                halves,
                lambda paid, _: _mean(paid, ruler),
                ratio_error(ruler.width, bound(halves.slots)),
            )
        case Call("variance", (column, low, high)):
            ruler = Ruler.parse(text, low, high)
            squares = Part(Moments(column, ruler, 2), ratio=True)
            return _of_one(
                text,
                squares,
                lambda paid, _: _variance(paid, ruler),
                variance_error(ruler.width, bound(squares.slots)),
            )
        case Call("proportion", (column, wanted)):
            those = Part(Listed(((column, (wanted,)),), rest=True), ratio=True)
            return _of_one(text, those, lambda paid, _: _share(paid.totals[:, 0], paid), ratio_error(1.0))
        case Call("median", (column, *rest)):
            return _quantile(text, column, "0.5", rest, intervals=intervals)
        case Call("quantile", (column, at, *rest)):
            return _quantile(text, column, at, rest, intervals=intervals)
        case Call("histogram", (column, *rest)) if rest:
            values = _values(text, column, rest)
            names = labels(values)
            return _of_one(
                text,
                Part(Listed(((column, values),))),
                lambda paid, bounds: _histogram(paid, bounds, names),
                total_error(1.0),
            )
        case Call("top", (column, places, *rest)) if (
            len(rest) > 1 and places.isdecimal() and 0 < int(places) <= len(rest)
        ):
            names, first = labels(_values(text, column, rest)), int(places)
            return _of_one(
                text,
                Part(Listed(((column, tuple(rest)),))),
                lambda paid, bounds: _top(paid, bounds, names, first),
                total_error(1.0),
            )
        case _:
            raise InvalidInput("stats.measure-unknown", found=text)


def describe(text: str) -> str:
    """Return what a measure measures, as a phrase in the language in force."""
    call = parse_call(text)
    return say(f"stats.measure.{call.name}", arguments=", ".join(call.arguments), **_named(call))


def _of_one(text: str, part: Part, finish: "Callable[[Noisy, Bounds], Estimate]", error: Error) -> Measure:
    def finish_one(paid: list[Paid], bounds: Bounds) -> Estimate:
        (noisy,) = paid
        if not isinstance(noisy, Noisy):
            raise TypeError("a part that is shown comes with its noise")
        return finish(noisy, bounds)

    return Measure(text, (part,), finish_one, error)


def _quantile(text: str, column: str, at: str, rest: Sequence[str], *, intervals: bool) -> Measure:
    """Read a quantile: two bounds, and perhaps the number of bins."""
    low, high, bins, *more = [*rest, str(BINS)] if len(rest) == 2 else [*rest, "", "", ""]
    if any(more) or not bins.isdecimal() or not 2 <= int(bins) <= MOST_BINS:
        raise InvalidInput("stats.quantile", found=text, most=MOST_BINS)
    try:
        share = float(at)
    except ValueError:
        share = math.nan
    if not (0 < share < 1 and round(share * 1000) == share * 1000):
        raise InvalidInput("stats.quantile", found=text, most=MOST_BINS)
    ruler = Ruler.parse(text, low, high)
    edges = ruler.low + ruler.width * (np.arange(int(bins) + 1) / int(bins))
    part = Part(Graded(column, ruler, int(bins)), ratio=True, quantile=Quantile(share, ends=intervals))

    def finish(paid: list[Paid], _: Bounds) -> Estimate:
        (chosen,) = paid
        if not isinstance(chosen, Chosen):
            raise TypeError("a quantile comes as what was chosen")
        return _enclosed(chosen, edges)

    return Measure(text, (part,), finish, quantile_error(int(bins)))


def _values(text: str, column: str, rest: Sequence[str]) -> Values:
    """Read the list of a histogram: edges of bins if all are numbers, categories otherwise."""
    try:
        numbers = tuple(float(each) for each in rest)
    except ValueError:
        numbers = ()
    values = checked_list(column, numbers or tuple(rest))
    if size(Listed(((column, values),))) > MOST_SLOTS:
        raise InvalidInput("stats.too-many-bins", found=text, most=MOST_SLOTS)
    return values


def _total(
    noisy: Noisy, bounds: Bounds, step: float = 1.0, *, miss: float = 1 - CONFIDENCE, least: float = -math.inf
) -> list[Floats]:
    """Return totals and the ends of their intervals, made up for what `bounds` says was cut off.

    Below `least`, which the true ones are not, a figure is as good as `least`, and no surer.
    """
    unit, wide = step / (GRID // bounds.total) / bounds.kept, half_width(noisy.scale, miss)
    totals = np.maximum(noisy.totals, least)
    return [np.maximum(totals + shift, least) * unit for shift in (0, -wide, wide)]


def _count(noisy: Noisy, bounds: Bounds) -> Estimate:
    value, low, high = _total(noisy, bounds, least=0)
    return Estimate(value[:, 0], low[:, 0], high[:, 0])


def _patients(noisy: Noisy, bounds: Bounds) -> Estimate:
    return _count(noisy, Bounds(total=bounds.total, ratio=bounds.ratio))  # what was cut off are rows


def _sum(noisy: Noisy, bounds: Bounds, step: float) -> Estimate:
    value, low, high = _total(noisy, bounds, step)
    return Estimate(value[:, 0], low[:, 0], high[:, 0])


def _histogram(noisy: Noisy, bounds: Bounds, names: tuple[str, ...]) -> Estimate:
    value, low, high = _total(noisy, bounds, least=0)
    return Estimate(value, low, high, at=names)


def _top(noisy: Noisy, bounds: Bounds, names: tuple[str, ...], places: int) -> Estimate:
    """Take the largest; their intervals hold for all categories at once, or the largest would be too sure."""
    figures = _total(noisy, bounds, miss=(1 - CONFIDENCE) / len(names), least=0)
    order = np.argsort(-noisy.totals, axis=1, kind="stable")[:, :places]
    value, low, high = (np.take_along_axis(each, order, 1) for each in figures)
    return Estimate(value, low, high, at=names, order=order)


def _share(above: Floats, noisy: Noisy) -> Estimate:
    """Divide the second of two slots, or what stands for it, by both."""
    whole = noisy.totals.sum(axis=1)
    low, high = share_bounds(above, whole, (1.0, 0.0), noisy.scale)
    return _told(np.clip(above / np.where(whole > 0, whole, np.nan), 0.0, 1.0), low, high, 0.0, 1.0)


def _mean(noisy: Noisy, ruler: Ruler) -> Estimate:
    """Share a value out as 1-t and t; both are noisy, both are paid for, both have the same weights."""
    share = _share(noisy.totals[:, 1], noisy)
    reach = _reach(ruler)
    value, low, high = (
        np.clip(ruler.low + each * reach, ruler.low, ruler.high)
        for each in (share.value, share.low, share.high)
    )
    return Estimate(value, low, high)


def _reach(ruler: Ruler) -> float:
    """Return what t = 1 stands for: whole steps from the lower bound, to the upper one or just beyond."""
    slots = Moments("", ruler, 1)
    return bound(slots) * slots.step


def _variance(noisy: Noisy, ruler: Ruler) -> Estimate:
    """E t² - (E t)², from slots of (1-t)², 2t(1-t), t²; each of the two within its own interval at 97.5 %."""
    whole, miss = noisy.totals.sum(axis=1), (1 - CONFIDENCE) / 2
    first = noisy.totals[:, 1] / 2 + noisy.totals[:, 2]
    mean_low, mean_high = share_bounds(first, whole, (0.0, 0.5, 1.0), noisy.scale, miss)
    square_low, square_high = share_bounds(noisy.totals[:, 2], whole, (0.0, 0.0, 1.0), noisy.scale, miss)
    rounding = 2 / bound(Moments("", ruler, 2))
    low = np.clip(square_low - mean_high**2 - rounding, 0.0, 0.25)
    most = np.where(
        (mean_low <= 0.5) & (mean_high >= 0.5),
        0.25,
        np.maximum(mean_low * (1 - mean_low), mean_high * (1 - mean_high)),
    )
    high = np.clip(np.minimum(square_high - mean_low**2 + rounding, most + rounding), 0.0, 0.25)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(whole > 0, noisy.totals[:, 2] / whole - (first / whole) ** 2, np.nan)
    told = _told(np.clip(value, low, high), low, high, 0.0, 0.25)
    unit = _reach(ruler) ** 2
    return Estimate(told.value * unit, told.low * unit, told.high * unit)


def _enclosed(chosen: Chosen, edges: Floats) -> Estimate:
    """Return the middle of the chosen bin, and the outer edges of the two that enclose it."""
    slots, last = chosen.slots, len(edges) - 1
    value = (edges[slots[:, 0]] + edges[slots[:, 0] + 1]) / 2
    if slots.shape[1] == 1:
        nothing = np.full(len(value), np.nan)
        return Estimate(value, nothing, nothing)
    low, high = edges[np.clip(slots[:, 1], 0, last)], edges[np.clip(slots[:, 2] + 1, 0, last)]
    low, high = np.minimum(low, value), np.maximum(high, value)
    return _told(value, low, high, float(edges[0]), float(edges[-1]))


def _told(value: Floats, low: Floats, high: Floats, least: float, most: float) -> Estimate:
    """Say no value where the noise allows every one."""
    return Estimate(np.where((low <= least) & (high >= most), np.nan, value), low, high)


def _named(call: Call) -> dict[str, str]:
    names = {
        "sum": ("column", "low", "high"),
        "mean": ("column", "low", "high"),
        "variance": ("column", "low", "high"),
        "proportion": ("column", "wanted"),
        "median": ("column", "low", "high"),
        "quantile": ("column", "at", "low", "high"),
        "histogram": ("column",),
        "top": ("column", "places"),
    }
    return dict(zip(names.get(call.name, ()), call.arguments, strict=False))
