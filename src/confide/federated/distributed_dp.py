"""Noise that nobody adds alone: each site adds a part, and the sum of honest parts pays for the round.

Guarantee: with `honest` honest survivors the opened sum costs what `sum_event` says, though each of their parts alone may
be too small. Pure arithmetic and one draw from the charge's `Noise`; the ledger books the event, `confide.federated.site`
masks what comes out. Proof: `docs/proofs/distributed-noise.md`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from confide.dp.accountant import calibrate_gaussian
from confide.dp.accountant import epsilon as price
from confide.dp.events import Composed, DiscreteGaussian, SampledGaussian, check_whole
from confide.dp.noise import Noise
from confide.errors import InvalidInput
from confide.federated.settings import SMALLEST_SHARE, Federation, SiteNoise
from confide.types import Json

Steps = NDArray[np.int32]
_CHUNK = 1 << 18


@dataclass(frozen=True, kw_only=True, slots=True)
class Prices:
    """ε of all rounds at one δ, for three who look on, each seeing what the one after sees and more.

    coalition: the hub and as many sites as may side with it, who know their own noise: `honest` parts are left.
    hub: every site is honest; it sees the sum of each group in each round.
    outsider: sees only what the groups add up to.
    """

    coalition: float
    hub: float
    outsider: float


def sum_term(sigma: float, parts: int) -> float:
    """Return τ, by which a sum of `parts` discrete Gaussians of `sigma` differs from one of sqrt(parts)·sigma.

    Guarantee: on each coordinate the logarithms of the two probabilities differ by at most τ / 2.

    Source: Kairouz, Liu, Steinke 2021, Theorem 1: τ = 10 Σ_k exp(-2π² σ² k / (k + 1)), k from 1 to parts - 1.

    >>> sum_term(0.5, 2) > 0.8, sum_term(8.0, 99) < 1e-270
    (True, True)
    """
    return 10 * math.fsum(math.exp(-2 * math.pi**2 * sigma**2 * k / (k + 1)) for k in range(1, parts))


def sum_event(*, sensitivity: int, sigma: float, parts: int) -> DiscreteGaussian:
    """Return the event of one opened sum in which `parts` sites' noise is unknown to who looks on.

    Guarantee: the sum costs no more than the event, at any length up to 2^40.

    Args:
        sensitivity: L2 norm in steps that one patient (or site) moves the sum by, weights included.
        sigma: of each part, in steps; at least 8.
        parts: how many honest sites.

    Raises:
        InvalidInput: sigma is below 8, where sums of discrete Gaussians cost more than one.
    """
    if not sigma >= SMALLEST_SHARE:
        raise InvalidInput("fed.small-noise", found=sigma, least=SMALLEST_SHARE)
    check_whole("parts", parts, 1, 1 << 16)
    together = math.sqrt(parts) * sigma * (1 - 1e-15)
    return DiscreteGaussian(sensitivity=sensitivity, sigma=together)


def noise_for(epsilon: float, delta: float, *, sensitivity: int, honest: int, rounds: int = 1) -> SiteNoise:
    """Return what each site adds, so that `rounds` sums cost at most (`epsilon`, `delta`) with `honest` honest sites.

    >>> noise_for(1.0, 1e-6, sensitivity=1000, honest=4).sigma * 2 >= noise_for(1.0, 1e-6, sensitivity=1000, honest=1).sigma
    True
    """
    together = calibrate_gaussian(epsilon, delta, sensitivity=sensitivity, steps=rounds)
    return SiteNoise(sigma=max(SMALLEST_SHARE, together / math.sqrt(honest) * (1 + 1e-14)), honest=honest)


def prices(federation: Federation, *, sensitivity: int, rounds: int, delta: float, groups: int = 1) -> Prices:
    """Return ε against coalition, hub and outsider, for `rounds` rounds with `groups` groups of this size.

    Args:
        federation: one with noise; `federation.noise.honest` of its sites are trusted to add theirs.
        sensitivity: L2 norm in steps of one patient's (or site's) part in an update, before its weight.
        rounds: over which one patient takes part.
        delta: at which the figures are stated.
        groups: that are opened apart and added up.

    Raises:
        InvalidInput: the federation adds no noise.
    """
    if federation.noise is None:
        raise InvalidInput("fed.no-noise")

    def told(parts: int) -> float:
        each = sum_event(sensitivity=sensitivity * federation.heaviest, sigma=_sigma(federation), parts=parts)
        rate_one = SampledGaussian(rate=1, sensitivity=each.sensitivity, sigma=each.sigma, steps=rounds)
        return price(rate_one, delta)

    return Prices(
        coalition=told(federation.noise.honest),
        hub=told(federation.threshold),
        outsider=told(federation.threshold * groups),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class RoundPlan:
    """One round at one site, as its ledger books it: against the coalition, the dearest of the three.

    Args:
        name: of the release, one for each round.
        federation: all of its settings, with noise.
        number: of the round.
        sensitivity: L2 norm in steps of one patient's part in this site's update, before its weight. For a whole
            site as the unit: `federation.bound()`.
        weight: of this site.
        delta: at which ε is stated.
    """

    name: str
    federation: Federation
    number: int
    sensitivity: int
    weight: int
    delta: float

    def __post_init__(self) -> None:
        """Refuse what could not run, before any budget is touched."""
        check_whole("number", self.number, 1, 1 << 31)
        check_whole("sensitivity", self.sensitivity, 1, 1 << 30)
        check_whole("weight", self.weight, 1, self.federation.heaviest)
        self.event()

    @property
    def epsilon(self) -> float:
        """What the round costs at `delta`."""
        return price(self.event(), self.delta)

    def event(self) -> Composed:
        """Return the sum of `honest` parts of noise, under a patient who weighs what this site weighs."""
        if self.federation.noise is None:
            raise InvalidInput("fed.no-noise")
        noise = self.federation.noise
        moved = self.sensitivity * self.weight
        return Composed((sum_event(sensitivity=moved, sigma=noise.sigma, parts=noise.honest),))

    def to_json(self) -> Json:
        """Every field, without floats."""
        return {
            "kind": "federated-round",
            "name": self.name,
            "federation": self.federation.digest(),
            "number": self.number,
            "sensitivity": self.sensitivity,
            "weight": self.weight,
            "delta": repr(float(self.delta)),
        }

    def execute(self, data: tuple[Steps, Callable[[Steps], str]], noise: Noise) -> Json:
        """Add this site's part of the noise and hand the update over.

        Args:
            data: the update in weighted steps, and what masks it, keeps it and returns the digest of what was kept.
            noise: the charge's.

        Returns:
            What is kept of it: the digest of the masked update, which says nothing about the update.
        """
        steps, hand_over = data
        noised = held(steps, self.federation, self.weight)
        _add(noised, _sigma(self.federation), noise)
        return {"kind": "federated-round", "number": self.number, "masked": hand_over(noised)}


def held(steps: NDArray[Any], federation: Federation, weight: int) -> Steps:
    """Return the steps, each held within the budget of the modulus; a patient moves them by no more than before."""
    most = weight * (federation.grid.levels + 1)
    within: Steps = np.clip(steps, -most, most).astype(np.int32, copy=False)
    return within


def add_noise(steps: Steps, sigma: float, noise: Noise) -> Steps:
    """Return the steps with discrete Gaussian noise, modulo 2^32."""
    noised = steps.copy()
    _add(noised, sigma, noise)
    return noised


def _add(steps: Steps, sigma: float, noise: Noise) -> None:
    for start in range(0, len(steps), _CHUNK):
        part = steps[start : start + _CHUNK]
        part += noise.discrete_gaussian(sigma, len(part)).astype(np.int32)


def _sigma(federation: Federation) -> float:
    if federation.noise is None:
        raise InvalidInput("fed.no-noise")
    return federation.noise.sigma
