"""Divide the privacy budget over measurements and choices, before anything is read.

Guarantee: the schedule follows from public settings alone, and its event, whatever is chosen on the way, costs at
most (epsilon, delta) by `confide.dp.accountant.epsilon`. Proof: `docs/proofs/synth.md`.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

from confide.dp.accountant import epsilon as price
from confide.dp.events import BoundedRange, Composed, DiscreteGaussian, Event, Failure
from confide.dp.noise import LARGEST_SIGMA
from confide.errors import InvalidInput

SAMPLER_DELTA = 1e-18  # all draws together: below 2^-100 each
MOST_WEIGHT = 16  # of a group in AIM's score; the least is 1
MODEL_CELLS = 200_000  # of all groups of a model together
_STEPS = 10_000  # rungs of the ladder of budgets per power of ten


@dataclass(frozen=True, kw_only=True, slots=True)
class Shares:
    """How zero-concentrated budget is divided: for what is always measured, and round by round.

    `first` goes to columns one by one, `ruled` to pairs that a rule names, each round has (choice, measurement).
    """

    columns: int
    pairs: int
    first: float
    ruled: float
    rounds: tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """The noise of every measurement and the ε of every choice; σ in the units of the integers."""

    sensitivity: int
    columns: tuple[float, ...]  # σ per column
    pairs: tuple[float, ...]  # σ per pair that a rule names
    rounds: tuple[tuple[float, float], ...]  # ε of the choice, σ of the measurement

    def event(self) -> Event:
        """Return what all of it costs one patient; later parts may look at the results of earlier ones."""
        sigmas = (*self.columns, *self.pairs, *(sigma for _, sigma in self.rounds))
        return Composed(
            (
                *(DiscreteGaussian(sensitivity=float(self.sensitivity), sigma=sigma) for sigma in sigmas),
                *(BoundedRange(epsilon=choice) for choice, _ in self.rounds),
                Failure(delta=SAMPLER_DELTA),
            )
        )


def mst_shares(columns: int, ruled: int, joined: int) -> Shares:
    """Return the shares of MST: a tree of `columns` - 1 pairs, of which rules name `ruled`, joining `joined` of them.

    Source: McKenna, Miklau, Sheldon 2021, "Winning the NIST Contest", section 4, with other shares.
    """
    free = columns - 1 - joined
    pairs = max(1, ruled + free)
    each = (MST_CHOICE / free, MST_PAIRS / pairs) if free else (0.0, 0.0)
    return Shares(
        columns=columns,
        pairs=ruled,
        first=MST_FIRST / columns,
        ruled=MST_PAIRS / pairs,
        rounds=(each,) * free,
    )


MST_FIRST, MST_CHOICE, MST_PAIRS = 0.3, 0.1, 0.6
AIM_FIRST, AIM_CHOICE = 0.15, 0.15
AIM_GROWTH = 10.0  # budget of the last round over that of the first


def aim_shares(columns: int, ruled: int, rounds: int) -> Shares:
    """Return the shares of AIM: `rounds` rounds, each with more budget than the one before.

    Source: McKenna, Mullins, Sheldon, Miklau 2022, "AIM", Algorithm 2. There the budget of a round grows when a
    measurement taught little, which noise decides; ours grows on a schedule that is fixed beforehand.
    """
    grown = [AIM_GROWTH ** (at / max(1, rounds - 1)) for at in range(rounds)]
    whole = sum(grown) + ruled
    part = (1 - AIM_FIRST) / whole
    return Shares(
        columns=columns,
        pairs=ruled,
        first=AIM_FIRST / columns,
        ruled=part * (1 - AIM_CHOICE),
        rounds=tuple((part * each * AIM_CHOICE, part * each * (1 - AIM_CHOICE)) for each in grown),
    )


@lru_cache(maxsize=64)
def schedule(shares: Shares, *, epsilon: float, delta: float, sensitivity: int) -> Schedule:
    """Return the schedule with the least noise that costs at most (`epsilon`, `delta`).

    Raises:
        InvalidInput: that would take more noise than can be drawn.
    """
    low, high = -14 * _STEPS, 6 * _STEPS  # ρ from 1e-14 to 1e6
    while high - low > 1:
        middle = (low + high) // 2
        found = _at(shares, middle, sensitivity)  # None: more noise than can be drawn, so look higher up
        fits = found is None or price(found.event(), delta) <= epsilon
        low, high = (middle, high) if fits else (low, middle)
    best = _at(shares, low, sensitivity)
    if best is None or price(best.event(), delta) > epsilon:
        raise InvalidInput("synth.too-noisy", epsilon=epsilon, delta=f"{delta:g}")
    return best


def _at(shares: Shares, rung: int, sensitivity: int) -> Schedule | None:
    """Return the schedule of ρ = 10^(rung / _STEPS); None if its noise cannot be drawn."""
    rho = float(f"{10 ** (rung / _STEPS):.6e}")  # six digits: the same on every machine

    def sigma(share: float) -> float:
        return sensitivity / math.sqrt(2 * share * rho)

    found = Schedule(
        sensitivity=sensitivity,
        columns=(sigma(shares.first),) * shares.columns,
        pairs=tuple(sigma(shares.ruled) for _ in range(shares.pairs)),
        rounds=tuple((math.sqrt(8 * choice * rho), sigma(measure)) for choice, measure in shares.rounds),
    )
    most = max((*found.columns, *found.pairs, *(each for _, each in found.rounds)))
    return found if most <= LARGEST_SIGMA else None
