"""The exposure of a batch that was declared in advance, by privacy loss distributions: a second number.

Tighter than `confide.dp.accountant` where many plans are fixed before the first is run; no rule for plans that
are chosen one after the other, so no account is kept by it. Pessimistic in every step: losses are moved up
to a grid, what is cut off tells all, and the rounding of the transform is bounded and added to δ.
Proofs: `docs/proofs/pld.md`.

1. Each kind of event becomes a law of its privacy loss on a grid, from its profile (`confide.dp.hockeystick`).
2. Laws are tilted so that the losses near the answer are the likely ones, and convolved by one transform.
3. δ(ε) is summed from the top, and ε solved for.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from confide.dp.accountant import additive_delta_exact, epsilon, exact
from confide.dp.events import DiscreteGaussian, Event, Failure, SampledGaussian, leaves
from confide.dp.gaussian import SMOOTHING_DELTA, smooth_square
from confide.dp.hockeystick import Profile, gaussian, is_lattice, profiles

Floats = NDArray[np.float64]

_COARSE = 512  # cells in which a law is looked at to choose the grid
_LARGEST = 1 << 19  # cells of the transform
_CUT = 1e-7  # of δ, for what is cut off above
_UNIT = 2.0**-53
_ROUNDING = 16 * _UNIT  # of one butterfly of the transform, three times what it can be
_TILTS = np.geomspace(1e-4, 1e5, 220)
_NEAR = np.geomspace(1 / 30, 4, 40)


@dataclass(frozen=True, slots=True)
class _Law:
    """Losses (first + i) * step with their masses; beside them the mass at infinity. It happens `times`."""

    first: int
    masses: Floats
    infinite: float
    step: float
    times: int

    @property
    def losses(self) -> Floats:
        """Every loss that has a mass, in rising order."""
        return (self.first + np.arange(len(self.masses), dtype=np.float64)) * self.step


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where to look: a tilt, a first guess of ε, and the losses between which the answer and its tail lie."""

    tilt: float
    guess: float
    top: float
    bottom: float


@lru_cache(maxsize=64)  # a forecast and a dossier ask for the same
def declared_epsilon(event: Event, delta: float) -> float:
    """Return a valid ε at `delta` for plans that are all fixed before the first of them is run.

    Guarantee: the event is (ε, delta)-differentially private under one patient more or less; never above
    `confide.dp.accountant.epsilon`. Not a rule for admitting plans: `confide.dp.filter` is.

    Args:
        event: what is priced; `delta` includes its `additive_delta`.
        delta: from 0 up to, not including, 1.

    Returns:
        ε, at least 0; infinity if there is no statement at this delta.

    Raises:
        InvalidInput: `delta` is not in [0, 1).

    Source: Koskela, Jälkö, Honkela 2020 (by Fourier transform); Doroshenko, Ghazi, Kamath, Kumar,
    Manurangsi 2022, "Connect the Dots"; Zhu, Dong, Wang 2022, Theorem 10 (dominating pairs compose).

    >>> from confide.dp.events import Composed, DiscreteLaplace
    >>> many = Composed((DiscreteLaplace(sensitivity=1, scale=20.0),) * 100)
    >>> round(epsilon(many, 1e-6), 2), round(declared_epsilon(many, 1e-6), 2)
    (2.36, 2.21)
    """
    priced = epsilon(event, delta)
    left = float(exact(delta) - additive_delta_exact(event)) * (1 - 1e-9) - SMOOTHING_DELTA
    parts = _parts(event)
    if left <= 0 or not parts or not 0 < priced < 500:
        return priced
    ways = (0,) if all(forth is back for (forth, back), _ in parts) else (0, 1)
    return min(priced, max(_composed([(pair[way], times) for pair, times in parts], left) for way in ways))


def _parts(event: Event) -> list[tuple[tuple[Profile, Profile], int]]:
    """Return the profiles with their number; all Gaussian noise without sampling is one shift. Empty: unknown."""
    parts: list[tuple[tuple[Profile, Profile], int]] = []
    square = 0.0
    for leaf, times in leaves(event).items():
        match leaf:
            case Failure():
                continue
            case DiscreteGaussian() if not is_lattice(leaf.sensitivity, leaf.sigma):
                square += times * smooth_square(leaf.sensitivity, leaf.sigma)
                continue
            case SampledGaussian(rate=1) if not is_lattice(leaf.sensitivity, leaf.sigma):
                square += times * leaf.steps * smooth_square(leaf.sensitivity, leaf.sigma)
                continue
        if (pair := profiles(leaf)) is None:
            return []
        parts.append((pair, times * leaf.steps if isinstance(leaf, SampledGaussian) else times))
    if square:
        shift = gaussian(square)
        parts.append(((shift, shift), 1))
    return parts if math.isfinite(square) else []


def _composed(parts: Sequence[tuple[Profile, int]], delta: float) -> float:
    """Return ε at `delta` of all parts in one direction of the neighbours; infinity if the grid is too coarse."""
    ranges = [_range(profile, delta * _CUT / sum(n for _, n in parts)) for profile, _ in parts]
    most_frequent = max(range(len(parts)), key=lambda i: (parts[i][1], ranges[i][1]))
    laws = [
        _law(profile, times, low, high, (high - low) / _COARSE)
        for (profile, times), (low, high) in zip(parts, ranges, strict=True)
    ]
    plan, step = _plan(laws, delta, _TILTS), math.inf
    # a coarse law looks wider than it is, and asks for too coarse a grid: again, until it asks for the same
    while (finer := _step(laws, plan, ranges[most_frequent][1])) < 0.8 * step:
        step = finer
        laws = [
            _law(profile, times, low, high, step)
            for (profile, times), (low, high) in zip(parts, ranges, strict=True)
        ]
        plan = _plan(laws, delta, plan.tilt * _NEAR)
    return _solved(laws, plan, delta)


def _step(laws: Sequence[_Law], plan: _Plan, end: float) -> float:
    """Return the width of the grid's cells: what the grid adds to the losses stays below a thousandth of ε.

    `end`, the largest loss of the most frequent part, is made a grid point: few discrete losses stay exact.
    """
    many = sum(law.times for law in laws)
    wanted = min(0.08 * _spread(laws), plan.guess / 2500, math.sqrt(0.006 * plan.guess / many / plan.tilt))
    wanted = max(wanted, (plan.top - plan.bottom) / (0.9 * _LARGEST))
    return end / math.ceil(end / wanted) if end > wanted else wanted


def _range(profile: Profile, cut: float) -> tuple[float, float]:
    """Return the losses between which all but `cut` lies; below the lower one nothing is lost but tightness."""

    def end(is_beyond: Callable[[Floats], NDArray[np.bool_]]) -> float:
        ends = np.append(0.0, 1e-6 * 2.0 ** np.arange(30))  # to 537
        while (
            ends[-1] - ends[0] > 1e-13 * ends[-1]
        ):  # sixteen pieces at a time: a call costs, a point does not
            beyond = is_beyond(ends[1:-1])
            at = int(np.argmax(beyond)) + 1 if beyond.any() else len(ends) - 1
            ends = np.linspace(ends[at - 1], ends[at], 17)
        return float(ends[-1])

    loose = max(cut, 1e-12)  # where no loss lies below -x, δ(-x) = 1 - e^{-x}
    lower = end(lambda x: profile(-x) + np.expm1(-x) <= loose)
    return -lower, end(lambda x: profile(x) <= cut)


def _law(profile: Profile, times: int, low: float, high: float, step: float) -> _Law:
    """Return a law on the grid that dominates `profile` at every ε: its profile connects the dots.

    The mass from grid point i up is (δ_{i-1} - e^{-h} δ_i) / (1 - e^{-h}); rounded up and made monotone.
    """
    first, last = math.floor(low / step), math.ceil(high / step)
    delta = profile(np.arange(first - 1, last + 1, dtype=np.float64) * step)
    delta[-1] = min(1.0, delta[-1] * (1 + 4e-15))
    from_here = (delta[:-1] * (1 + 4e-15) - math.exp(-step) * delta[1:] * (1 - 4e-15)) / -math.expm1(-step)
    from_here = np.minimum(1.0, np.maximum.accumulate(from_here[::-1])[::-1])
    from_here[0] = 1.0
    masses = -np.diff(np.append(from_here, delta[-1]))
    return _Law(first, np.maximum(masses, 0.0), float(delta[-1]), step, times)


def _spread(laws: Sequence[_Law]) -> float:
    """Return the standard deviation of one loss, in the mean over all of them."""
    total = 0.0
    for law in laws:
        mean = float(law.masses @ law.losses)
        total += law.times * float(law.masses @ (law.losses - mean) ** 2)
    return math.sqrt(total / sum(law.times for law in laws))


def _cumulant(law: _Law, tilts: Floats) -> Floats:
    """Return ln E[e^{λ loss}] at each tilt λ, of the finite losses."""
    seen = law.masses > 0
    exponents = np.multiply.outer(tilts, law.losses[seen])
    most = exponents.max(axis=1)
    with np.errstate(under="ignore"):
        sums: Floats = np.exp(exponents - most[:, None]) @ law.masses[seen]
    logs: Floats = most + np.log(sums)
    return logs


def _plan(laws: Sequence[_Law], delta: float, tilts: Floats) -> _Plan:
    """Choose the tilt at which the Rényi curve converts best, and a window that all but a little of the law is in.

    Only how tight the answer is depends on this: what lies beyond the window is booked, or counted twice.
    """

    def grown(at: Floats) -> Floats:
        return sum((law.times * _cumulant(law, at) for law in laws), np.zeros(len(at)))

    at_tilts = grown(tilts)
    guesses = (at_tilts - math.log(delta) - np.log1p(tilts)) / tilts - np.log1p(1 / tilts)
    best = int(np.argmin(guesses))
    tilt, guess = float(tilts[best]), float(guesses[best])
    top = float(np.min((at_tilts - math.log(delta * _CUT)) / tilts))
    moved = tilt * np.array([0.03, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5]) + np.geomspace(0.01, 100, 7)
    up = (grown(tilt + moved) - at_tilts[best] - math.log(_CUT)) / moved  # of the tilted law, Chernoff again
    down = (at_tilts[best] - grown(tilt - moved) + math.log(_CUT)) / moved
    bottom = min(float(np.max(down)), 0.95 * guess)
    return _Plan(tilt, max(guess, 1e-9), max(top, float(np.min(up))), bottom)


def _solved(laws: Sequence[_Law], plan: _Plan, delta: float) -> float:
    """Return the smallest ε of the window at which the sum of all losses has at most `delta`."""
    tilt, step = plan.tilt, laws[0].step
    bottom = math.floor(plan.bottom / step)
    cells = 1 << math.ceil(math.log2((plan.top - plan.bottom) / step + 2))
    grown = sum(float(law.times * _cumulant(law, np.array([tilt]))[0]) for law in laws)
    slack = _slack(laws, tilt)
    masses, rounding = _convolved(laws, tilt, cells)
    at = np.arange(bottom, bottom + cells)
    losses = at * step
    with np.errstate(over="ignore", under="ignore"):
        height = np.exp(np.minimum(700.0, grown - tilt * losses + slack))
        weights = np.maximum(masses[at % cells], 0.0) * height
        above = np.append(np.cumsum(weights[::-1])[::-1][1:], 0.0) * (
            1 + 4 * _UNIT * cells
        )  # both sums round
        other = np.append(np.cumsum((weights * np.exp(-losses))[::-1])[::-1][1:], 0.0)
        lost = sum(law.times * law.infinite for law in laws) + _beyond(laws, tilt, (bottom + cells) * step)
        reached = np.maximum(0.0, above - np.exp(losses) * other) + rounding * height + lost
    fits = np.flatnonzero(~(reached <= delta))
    if len(fits) == 0 or (k := int(fits[-1]) + 1) == cells:
        return max(0.0, float(losses[0])) if len(fits) == 0 else math.inf
    # between two grid points δ is a line in e^ε; the rounding is largest at the lower one
    missing = above[k - 1] + rounding * height[k - 1] + lost - delta
    between = math.log(missing / other[k - 1]) if missing > 0 and other[k - 1] > 0 else losses[k]
    found = float(min(losses[k], max(losses[k - 1], between)))
    return max(0.0, found + abs(found) * 1e-9 + 1e-12)


def _beyond(laws: Sequence[_Law], tilt: float, top: float) -> float:
    """Return at least the chance that the losses add up to more than the window holds (Chernoff)."""
    tilts = tilt * np.array([1.0, 1.1, 1.25, 1.5, 2.0, 3.0])
    grown = sum((law.times * _cumulant(law, tilts) for law in laws), np.zeros(len(tilts)))
    return math.exp(min(0.0, float(np.min(grown - tilts * top)) + _slack(laws, tilts[-1])))


def _slack(laws: Sequence[_Law], tilt: float) -> float:
    """Return at least the rounding of all logarithms ln mass + λ loss, which are added up `times` times."""
    total = 0.0
    for law in laws:
        largest = tilt * law.step * max(abs(law.first), abs(law.first + len(law.masses)))
        total += law.times * 16 * _UNIT * (1000 + largest)
    return 1e-9 + total


def _convolved(laws: Sequence[_Law], tilt: float, cells: int) -> tuple[Floats, float]:
    """Return the tilted law of the sum, at loss index modulo `cells`, and a bound on all its rounding errors.

    A transform is off by at most `error` in each place, for masses that add up to 1; a product of powers by
    twice what it grows when every factor grows by that; and the errors of all places of the sum add up to at
    most those of its transform, of which half is kept; they count in both sums of δ(ε): 2 · 2 · 2.
    """
    error = _ROUNDING * math.log2(cells)
    size, turn = np.zeros(cells // 2 + 1), np.zeros(cells // 2 + 1)
    doubt = np.full(cells // 2 + 1, error)
    for law in laws:
        with np.errstate(under="ignore", divide="ignore"):
            logs = np.log(law.masses) + tilt * law.losses
            tilted = np.exp(logs - float(_cumulant(law, np.array([tilt]))[0]))
        folded = np.bincount((law.first + np.arange(len(tilted))) % cells, tilted, minlength=cells)
        transformed = np.fft.rfft(folded)
        size_here = np.maximum(np.abs(transformed), 1e-300)
        size += law.times * np.log(size_here + error)
        turn += law.times * np.angle(transformed)
        doubt += law.times * (np.log1p(error / size_here) + error)
    with np.errstate(under="ignore"):
        largest = np.exp(size)
        spectrum = largest * np.exp(1j * turn)
        rounding = 8 * float(np.sum(largest * -np.expm1(-doubt))) + error
    return np.fft.irfft(spectrum, cells), rounding
