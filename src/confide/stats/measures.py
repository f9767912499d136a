"""What can be measured in a group: `count`, `patients`, `sum`, `mean`, `variance`, `proportion`, `median` and others.

Comparisons and survival: `stats.contrasts`.

A measure is a few parts, each a vector of integer sums that is paid for, and a function that turns the parts
after their noise into figures with intervals. Two measures that need the same part share it and its price.
A new measure is a new case in `parse_measure` and one sentence in `words/*/stats.toml`; how, in
`docs/decisions/0002-a-new-measure.md`.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from confide.calls import Call, parse_call
from confide.engines.polars import GRID, Floats
from confide.errors import InvalidInput
from confide.stats.bounds import Bounds
from confide.stats.contrasts import parse_contrast
from confide.stats.estimates import Estimate, Measure, of_one, told
from confide.stats.expected import quantile_error, ratio_error, total_error, variance_error
from confide.stats.intervals import CONFIDENCE, half_width, normal_quantile, share_bounds
from confide.stats.keys import Values, checked_list, labels
from confide.stats.parts import Chosen, Covers, Noisy, Paid, Part, Quantile
from confide.stats.slots import Graded, Listed, Moments, Patients, Rows, Ruler, Signed, bound, size
from confide.words import say

BINS = 64  # of a quantile, if nothing else is said
MOST_BINS = 1024
MOST_SLOTS = 4096  # of a histogram


@lru_cache(maxsize=1024)
def parse_measure(text: str, *, intervals: Covers = "noise") -> Measure:
    """Read one measure of a study file.

    Args:
        text: such as `mean(stay_days, 0, 60)`.
        intervals: what they cover, for which a quantile pays more.

    Raises:
        InvalidInput: no such measure, or bounds that are missing, reversed or not finite.

    >>> parse_measure("mean(stay_days, 0, 60)").parts[0].slots.degree
    1
    """
    match parse_call(text):
        case Call("count", ()):
            return of_one(text, Part(Rows()), _count, total_error(1.0))
        case Call("patients", ()):
            return of_one(text, Part(Patients()), _patients, total_error(1.0))
        case Call("sum", (column, low, high)):
            ruler = Ruler.parse(text, low, high)
            slots, largest = Signed(column, ruler), max(abs(ruler.low), abs(ruler.high))
            return of_one(
                text,
                Part(slots),
                lambda paid, bounds: _sum(paid, bounds, slots.step),
                total_error(largest, slots.step),
            )
        case Call("mean", (column, low, high)):
            ruler = Ruler.parse(text, low, high)
            halves = Part(Moments(column, ruler, 1), ratio=True)
            return of_one(
                text,
                halves,
                lambda paid, _: _mean(paid, ruler),
                ratio_error(ruler.width, bound(halves.slots)),
            )
        case Call("variance", (column, low, high)):
            ruler = Ruler.parse(text, low, high)
            squares = Part(Moments(column, ruler, 2), ratio=True)
            return of_one(
                text,
                squares,
                lambda paid, _: _variance(paid, ruler),
                variance_error(ruler.width, bound(squares.slots)),
            )
        case Call("proportion", (column, wanted)):
            those = Part(Listed(((column, (wanted,)),), rest=(column,)), ratio=True)
            return of_one(text, those, lambda paid, _: _share(paid, (1.0, 0.0)), ratio_error(1.0))
        case Call("median", (column, *rest)):
            return _quantile(text, column, "0.5", rest, intervals=intervals)
        case Call("quantile", (column, at, *rest)):
            return _quantile(text, column, at, rest, intervals=intervals)
        case Call("histogram", (column, *rest)) if rest:
            values = _values(text, column, rest)
            names = labels(values)
            return of_one(
                text,
                Part(Listed(((column, values),))),
                lambda paid, bounds: _histogram(paid, bounds, names),
                total_error(1.0),
            )
        case Call("top", (column, places, *rest)) if (
            len(rest) > 1 and places.isdecimal() and 0 < int(places) <= len(rest)
        ):
            names, first = labels(checked_list(column, tuple(rest))), int(places)
            return of_one(
                text,
                Part(Listed(((column, tuple(rest)),))),
                lambda paid, bounds: _top(paid, bounds, names, first),
                total_error(1.0),
            )
        case call:
            if (compared := parse_contrast(text, call)) is None:
                raise InvalidInput("stats.measure-unknown", found=text)
            return compared


def describe(text: str) -> str:
    """Return what a measure measures, as a phrase in the language in force."""
    call = parse_call(text)
    return say(f"stats.measure.{call.name}", arguments=", ".join(call.arguments), **_named(call))


def _quantile(text: str, column: str, at: str, rest: Sequence[str], *, intervals: Covers) -> Measure:
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
    unit, noise = step / (GRID // bounds.total) / bounds.kept, half_width(noisy.scale, miss)
    totals = np.maximum(noisy.totals, least)
    wide = noise + normal_quantile(miss) * np.sqrt(noisy.chance * (np.abs(totals) + noise))
    return [np.maximum(totals + shift, least) * unit for shift in (0.0, -wide, wide)]


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


def _share(noisy: Noisy, weights: tuple[float, ...], miss: float = 1 - CONFIDENCE) -> Estimate:
    """Return Σ c_i S_i / Σ S_i, each c_i from 0 to 1; where no interval is asked for, also if it tells little."""
    part, whole = noisy.totals @ np.array(weights), noisy.totals.sum(axis=1)
    value = np.clip(part / np.where(whole > 0, whole, np.nan), 0.0, 1.0)
    if noisy.covers == "none":
        return Estimate(value, np.full(len(value), np.nan), np.full(len(value), np.nan))
    more: Floats | float = 0.0
    if noisy.chance:
        away = (np.array(weights) - np.nan_to_num(value, nan=0.5)[:, None]) ** 2
        held = np.maximum(noisy.totals, 0) + half_width(noisy.scale, miss)
        more = normal_quantile(miss) * np.sqrt(noisy.chance * (away * held).sum(axis=1))
    low, high = share_bounds(part, whole, weights, noisy.scale, miss=miss, more=more)
    return told(value, low, high, 0.0, 1.0)


def _mean(noisy: Noisy, ruler: Ruler) -> Estimate:
    """Share a value out as 1-t and t; both are noisy, both are paid for, both have the same weights."""
    share = _share(noisy, (0.0, 1.0))
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
    mean = _share(noisy, (0.0, 0.5, 1.0), (1 - CONFIDENCE) / 2)
    square = _share(noisy, (0.0, 0.0, 1.0), (1 - CONFIDENCE) / 2)
    rounding = 2 / bound(Moments("", ruler, 2))
    low = np.clip(square.low - mean.high**2 - rounding, 0.0, 0.25)
    nearest = np.clip(0.5, mean.low, mean.high)  # a variance is at most m (1 - m)
    high = np.clip(np.minimum(square.high - mean.low**2, nearest * (1 - nearest)) + rounding, 0.0, 0.25)
    whole = noisy.totals.sum(axis=1)
    first, second = (
        noisy.totals @ np.array(c) / np.where(whole > 0, whole, np.nan) for c in ((0, 0.5, 1), (0, 0, 1))
    )
    shown = told(np.clip(second - first**2, low, high), low, high, 0.0, 0.25)
    unit = _reach(ruler) ** 2
    return Estimate(shown.value * unit, shown.low * unit, shown.high * unit)


def _enclosed(chosen: Chosen, edges: Floats) -> Estimate:
    """Return the middle of the chosen bin, and the outer edges of the two that enclose it."""
    slots, last = chosen.slots, len(edges) - 1
    value = (edges[slots[:, 0]] + edges[slots[:, 0] + 1]) / 2
    if slots.shape[1] == 1:
        nothing = np.full(len(value), np.nan)
        return Estimate(value, nothing, nothing)
    low, high = edges[np.clip(slots[:, 1], 0, last)], edges[np.clip(slots[:, 2] + 1, 0, last)]
    low, high = np.minimum(low, value), np.maximum(high, value)
    return told(value, low, high, float(edges[0]), float(edges[-1]))


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
        "difference": ("column", "wanted", "exposure", "first", "second"),
        "effect": ("column", "wanted", "exposure", "first", "second", "stratum"),
        "prr": ("column", "wanted", "exposure", "first"),
        "ror": ("column", "wanted", "exposure", "first"),
        "survival": ("time", "event"),
        "logrank": ("time", "event", "exposure", "first", "second"),
        "hazard_ratio": ("time", "event", "exposure", "first", "second"),
    }
    return dict(zip(names.get(call.name, ()), call.arguments, strict=False))
