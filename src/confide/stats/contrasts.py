"""Comparisons as measures: how they are written, which slots they pay for, and the interval of a figure of several slots.

The slots are counts that are paid for; a figure is a smooth function of them (`confide.stats.formulas`). Its interval
comes from its slope in each slot (delta method), so it is right to first order and shown only where counts are well
above the noise: `docs/proofs/stats.md`. Knows neither records nor budget.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from confide.calls import Call
from confide.engines.polars import Floats
from confide.errors import InvalidInput
from confide.stats.estimates import Estimate, Measure, of_one, told
from confide.stats.expected import contrast_error
from confide.stats.formulas import (
    difference,
    effect,
    log_hazard_ratio,
    log_prr,
    log_rank,
    log_ror,
    log_survival,
)
from confide.stats.intervals import normal_quantile, spread
from confide.stats.keys import checked_list
from confide.stats.parts import Noisy, Part
from confide.stats.slots import Listed

Figure = Callable[[Floats], Floats]  # from slots, shape (cells, slots), to figures, shape (cells, figures)

_LAPLACE = spread((1.0,)) / math.sqrt(2)  # no sum of Laplace numbers is farther out, in standard deviations
_LEAST = 8.0  # standard deviations of its noise that all slots together must have, or nothing is told

HAPPENED = "1"  # what stands in the column of the event where it happened
MOST_LOG = math.log(20)  # a ratio that may be 20 times smaller or larger is not told


def parse_contrast(text: str, call: Call) -> Measure | None:
    """Read a comparison; None if it is none.

    Raises:
        InvalidInput: its lists or edges cannot be.
    """
    match call:
        case Call("difference", (outcome, wanted, exposure, first, second)):
            slots = Listed(((exposure, _two(text, first, second)), (outcome, (wanted,))), rest=(outcome,))
            return of_one(
                text, Part(slots, ratio=True), lambda paid, _: _plain(paid, difference), contrast_error(4)
            )
        case Call("effect", (outcome, wanted, exposure, first, second, stratum, *strata)) if len(strata) > 1:
            lists = ((stratum, tuple(strata)), (exposure, _two(text, first, second)), (outcome, (wanted,)))
            checked_list(stratum, tuple(strata))
            part = Part(Listed(lists, rest=(outcome,)), ratio=True)
            return of_one(text, part, lambda paid, _: _plain(paid, effect), contrast_error(4 * len(strata)))
        case Call("prr" | "ror", (reaction, wanted, drug, first)):
            slots = Listed(((drug, (first,)), (reaction, (wanted,))), rest=(drug, reaction))
            score = log_prr if call.name == "prr" else log_ror
            return of_one(
                text, Part(slots, ratio=True), lambda paid, _: _ratio(paid, score), contrast_error(4)
            )
        case Call("survival", (time, event, *rest)) if len(rest) > 1:
            edges = _edges(text, time, rest)
            slots = Listed(((time, edges), (event, (HAPPENED,))), rest=(time, event))
            names = tuple(f"{edge:.15g}" for edge in edges[1:])
            return of_one(
                text, Part(slots, ratio=True), lambda paid, _: _survival(paid, names), contrast_error(2 * len(edges))
            )  # fmt: skip
        case Call("hazard_ratio" | "logrank", (time, event, arm, first, second, *rest)) if len(rest) > 1:
            edges = _edges(text, time, rest)
            slots = Listed(
                ((arm, _two(text, first, second)), (time, edges), (event, (HAPPENED,))), rest=(time, event)
            )
            finish = _log_rank if call.name == "logrank" else lambda paid: _ratio(paid, log_hazard_ratio)
            return of_one(
                text, Part(slots, ratio=True), lambda paid, _: finish(paid), contrast_error(4 * len(edges))
            )  # fmt: skip
        case _:
            return None


def _two(text: str, first: str, second: str) -> tuple[str, str]:
    if first == second:
        raise InvalidInput("stats.two-alike", found=text)
    return first, second


def _edges(text: str, column: str, rest: Sequence[str]) -> tuple[float, ...]:
    try:
        numbers = tuple(float(each) for each in rest)
    except ValueError:
        raise InvalidInput("stats.edges", key=column) from None
    checked_list(column, numbers)
    return numbers


def _plain(noisy: Noisy, figure: Figure) -> Estimate:
    (value,), (half,) = (each.T for each in interval(figure, noisy))
    return told(value, np.clip(value - half, -1, 1), np.clip(value + half, -1, 1), -1, 1)


def _ratio(noisy: Noisy, figure: Figure) -> Estimate:
    """Return a ratio; its logarithm has the interval."""
    (value,), (half,) = (np.clip(each.T, -2 * MOST_LOG, 2 * MOST_LOG) for each in interval(figure, noisy))
    told_of, low, high = half < MOST_LOG, np.exp(value - half), np.exp(value + half)
    shown, low, high = (np.where(told_of, each, np.nan) for each in (np.exp(value), low, high))
    return Estimate(shown, low, high)


def _survival(noisy: Noisy, names: tuple[str, ...]) -> Estimate:
    value, half = interval(log_survival, noisy)
    low, high = np.exp(np.maximum(value - half, -700)), np.minimum(np.exp(np.minimum(value + half, 0)), 1)
    shown = told(np.exp(value), np.where(half > MOST_LOG, 0, low), high, 0, 1)
    return Estimate(shown.value, shown.low, shown.high, at=names)


def _log_rank(noisy: Noisy) -> Estimate:
    """Return z of the log-rank test: beyond ±1.96 the arms differ at 5 %. The noise is in its denominator."""
    value, half = interval(log_rank, Noisy(noisy.totals, noisy.scale))
    noise = (half[:, 0] / _LAPLACE) ** 2
    z = value[:, 0] / np.sqrt(noisy.sensitivity * np.maximum(value[:, 1], 0) + noise)
    z = np.where(np.isfinite(noise), z, np.nan)
    nothing = np.full(len(z), np.nan)
    return Estimate(z, nothing, nothing)


def interval(figure: Figure, noisy: Noisy) -> tuple[Floats, Floats]:
    """Return the figure of the noisy slots, and half of its interval at 95 %.

    Args:
        figure: a function of counts, on a scale on which it is about normal.
        noisy: the slots, with their noise.

    Returns:
        Two arrays, shape (cells, figures). The half is infinite where the slots are mostly noise.
    """
    held = np.maximum(noisy.totals, noisy.scale)  # below its own noise a count tells nothing
    value = figure(held)
    noise, chance = np.zeros_like(value), np.zeros_like(value)
    for slot in range(held.shape[1]):
        step = 1e-4 * held[:, slot]
        above, below = held.copy(), held.copy()
        above[:, slot] += step
        below[:, slot] -= step
        slope = (figure(above) - figure(below)) / (2 * step[:, None])
        noise += 2 * (slope * noisy.scale) ** 2
        chance += noisy.chance * slope**2 * held[:, [slot]]
    half = _LAPLACE * np.sqrt(noise) + normal_quantile() * np.sqrt(chance)
    enough = noisy.totals.sum(axis=1) >= _LEAST * noisy.scale * math.sqrt(2 * held.shape[1])
    return value, np.where(enough[:, None], half, np.inf)
