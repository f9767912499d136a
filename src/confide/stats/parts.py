"""What a table pays for: integer sums with noise, or a choice among them, at a price that no data can change.

Guarantee: the weights of a patient sum to `GRID` whatever `max_rows` is, so a part's sensitivity and its event are
known before `max_rows` is, and `max_rows` may be chosen by an earlier release. Proof: `docs/proofs/stats.md`.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from confide.dp.accountant import exact
from confide.dp.events import Composed, DiscreteLaplace, Event
from confide.dp.noise import Noise
from confide.dp.quantile import JointQuantile
from confide.engines.polars import GRID, Floats, Ints
from confide.stats.intervals import half_width, normal_quantile
from confide.stats.slots import Slots, bound, columns, size

Covers = Literal["noise", "population", "none"]


@dataclass(frozen=True, slots=True)
class Quantile:
    """The slots are bins of one histogram per group, and of each the bin that holds a quantile is chosen.

    `ends`: with "noise", two more choices per group, so far below and above the quantile that they enclose it; with
    "population", farther by what sampling of patients may do, for which the weight of each group is paid too.
    """

    at: float
    ends: Covers


@dataclass(frozen=True, slots=True)
class Part:
    """One vector of integer sums per group, and how it is made public. All fields are public.

    `ratio`: only shares of it are used, so it may be bounded harder than totals.
    """

    slots: Slots
    ratio: bool = False
    quantile: Quantile | None = None  # None: every slot is shown, with discrete Laplace noise

    @property
    def sensitivity(self) -> int:
        """Return how far one patient moves the sums of all groups and slots together (L1)."""
        return GRID * bound(self.slots)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that the part reads, beside the keys."""
        return columns(self.slots)


@dataclass(frozen=True, slots=True)
class Noisy:
    """A part after its noise, shape (cells, slots), and the scale of that noise.

    `sensitivity`: the most that a patient adds; the variance that sampling of patients adds to Σ c_k S_k is at
    most that times Σ c_k² S_k. `covers`: what intervals are to cover; with "none" there are none.
    """

    totals: Floats
    scale: float
    sensitivity: int = 0
    covers: Covers = "noise"

    @property
    def chance(self) -> float:
        """Return the factor of that variance, 0 where intervals leave it out."""
        return float(self.sensitivity) if self.covers == "population" else 0.0


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen of each group, shape (cells, choices)."""

    slots: Ints


Paid = Noisy | Chosen

_TOTAL = Fraction(1, 10)  # of a quantile's ε is for the weight of each group, where intervals cover sampling
_VALUE = Fraction(3, 5)  # of the rest is for its value, what then is left for the two ends
_MISS = {"noise": 0.025, "population": 0.01}  # what the choice of one end may miss
_MISS_CHANCE, _MISS_TOTAL = 0.01, 0.005  # what sampling, and the weight of the group, may miss at one end


def scale(part: Part, epsilon: Fraction) -> float:
    """Return the noise scale of a part that is shown: its sensitivity over ε.

    Guarantee: as of `rounded_up`.
    """
    return rounded_up(part.sensitivity / epsilon)


def rounded_up(wanted: Fraction) -> float:
    """Return a noise scale a little above the one that is wanted.

    Guarantee: up to 64 parts cost less than their ε together, however a reader rounds the sum; and so little less that
    a plan of up to ε = 35 that asks 1e-12 more than there is costs more than there is.
    """
    return float(wanted * (1 + Fraction(1, 1 << 46)))


def choice_scale(part: Part, epsilon: Fraction) -> float:
    """Return the weight by which the choice of a quantile becomes e times less likely to be off."""
    asked = part.quantile
    if asked is None:
        raise TypeError("the part is shown, not chosen from")
    value = quantiles(part, asked, epsilon)[0]
    return 2 * value.sensitivity / (exact(asked.at).denominator * value.epsilon)


def event(part: Part, epsilon: Fraction) -> Event:
    """Return what a part costs when one patient is added or removed, at most `epsilon`."""
    if part.quantile is None:
        return DiscreteLaplace(sensitivity=part.sensitivity, scale=scale(part, epsilon))
    chosen = tuple(choice.event() for choice in quantiles(part, part.quantile, epsilon))
    if part.quantile.ends != "population":
        return Composed(chosen)
    return Composed((DiscreteLaplace(sensitivity=GRID, scale=_total_scale(epsilon)), *chosen))


def draw(part: Part, sums: Ints, epsilon: Fraction, noise: Noise, *, covers: Covers = "noise") -> Paid:
    """Make the exact sums of a part public, for `event(part, epsilon)`.

    Args:
        part: what they are.
        sums: shape (cells, slots).
        epsilon: what the part may cost.
        noise: of the charge.
        covers: what intervals are to cover.
    """
    if part.quantile is None:
        wide = scale(part, epsilon)
        totals = (sums + noise.discrete_laplace(wide, size=sums.shape)).astype(np.float64)
        return Noisy(totals, wide, part.sensitivity, covers)
    value, *ends = quantiles(part, part.quantile, epsilon)
    chosen = [value.choose(sums, noise)]
    if ends:
        reach = ends[0].reach(size(part.slots) + 2, _MISS[part.quantile.ends])
        padded = np.pad(sums, ((0, 0), (1, 1)), constant_values=reach)  # so that the aim is within
        for end, (place, more) in zip(ends, _farther(part.quantile, sums, epsilon, noise), strict=True):
            aimed = padded.copy()
            aimed[:, place] += more
            chosen.append(end.choose(aimed, noise) - 1)
    return Chosen(np.stack(chosen, axis=1))


def _farther(asked: Quantile, sums: Ints, epsilon: Fraction, noise: Noise) -> list[tuple[int, Ints | int]]:
    """Return, for the lower and the upper end, at which bound how much more weight stands, one per group.

    Weight a before the first bin moves what is aimed at down by (1 - q) a, weight b behind the last one up by q b.
    Sampling moves the weight below the quantile by at most L, of which z²G/2 is for a quantile inside a heavy bin.
    """
    if asked.ends != "population":
        return [(0, 0), (-1, 0)]
    wide, z = _total_scale(epsilon), normal_quantile(2 * _MISS_CHANCE)
    totals = sums.sum(axis=1) + noise.discrete_laplace(wide, size=len(sums))
    held = np.maximum(totals + half_width(wide, 2 * _MISS_TOTAL), 0).astype(np.float64)
    chance = z * np.sqrt(GRID * asked.at * (1 - asked.at) * held) + z * z * GRID / 2
    return [
        (place, np.ceil(chance / share).astype(np.int64))
        for place, share in ((0, 1 - asked.at), (-1, asked.at))
    ]


def _total_scale(epsilon: Fraction) -> float:
    return rounded_up(GRID / (epsilon * _TOTAL))


def quantiles(part: Part, asked: Quantile, epsilon: Fraction) -> tuple[JointQuantile, ...]:
    """Return the choice of the value, and those of the ends below and above it.

    Guarantee: with a chance of 95 % the lower end's bin does not begin above the quantile and the upper end's does
    not end below it, whatever the sums, if `draw` adds weight at both bounds. Proof: `docs/proofs/stats.md`.
    """
    q = exact(asked.at)

    def choice(share: Fraction, shift: int = 0) -> JointQuantile:
        return JointQuantile(epsilon=down(epsilon * share), weight=GRID, quantile=asked.at, shift=shift)

    if asked.ends == "none":
        return (choice(Fraction(1)),)
    left = 1 - (_TOTAL if asked.ends == "population" else 0)
    share = left * (1 - _VALUE) / 2
    reach = choice(share).reach(size(part.slots) + 2, _MISS[asked.ends])
    below, above = -math.floor(2 * q * reach), math.floor(2 * (1 - q) * reach)
    return choice(left * _VALUE), choice(share, below), choice(share, above)


def down(figure: Fraction) -> float:
    """Return the figure as a double whose decimal form is no larger."""
    found = float(figure)
    while exact(found) > figure:
        found = math.nextafter(found, 0)
    return found
