"""Statistics over the patients of several sites: each adds its share of noise, seals its sums, and sees no others'.

Guarantee: adding or removing one patient at one site costs at most (epsilon, delta) against everybody who sees the
opened totals, the custodian among them, as long as `honest` sites add their noise; against the hub it costs nothing.
The release that a site's ledger keeps is the encrypted one. Proof: `docs/proofs/encrypted.md`, section 7.
"""

import base64
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from confide.dp.accountant import calibrate_gaussian
from confide.dp.events import ApproximateDP, Composed, DiscreteGaussian, Event
from confide.dp.noise import Noise
from confide.encrypted.ring import Integers
from confide.encrypted.sums import RING, SumForm, seal_values
from confide.errors import InvalidInput
from confide.types import Json

STEPS = 1 << 12  # a patient moves a slot by at most so much
_SLACK = 1e-6  # of ε, for a sum of discrete Gaussians that is not one
_ENOUGH = 4  # times the noise on a count; below, no ratio is told
_LEAST_SIGMA = 8.0  # of one site; then a sum of shares is within 1e-200 of a discrete Gaussian

Columns = Mapping[str, NDArray[Any]]  # one value a patient; NaN is missing


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """A numeric column with public bounds: count, sum, mean and variance, and where `edges` are given a histogram."""

    column: str
    low: float
    high: float
    edges: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Refuse bounds that are none."""
        rising = all(a < b for a, b in zip(self.edges, self.edges[1:], strict=False))
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high and rising):
            raise InvalidInput("encrypted.bounds", column=self.column)
        if len(self.edges) == 1:
            raise InvalidInput("encrypted.bounds", column=self.column)


@dataclass(frozen=True, kw_only=True, slots=True)
class Grouped:
    """A column of categories that the analyst lists: patients in each."""

    column: str
    categories: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteStatistics:
    """One site's part. Every field is public; the patients arrive through `execute`.

    Args:
        name: of the release, the same at every site.
        measured: numeric columns.
        pairs: columns of which the covariance is wanted; both are among `measured`.
        grouped: columns of categories.
        sites: how many take part.
        honest: of how many the noise is counted on; 1 if a site trusts its own alone.
        patients: largest number at one site; public.
        epsilon, delta: what the totals cost a patient.
        key: the custodian's public key.
    """

    name: str
    measured: tuple[Measured, ...]
    pairs: tuple[tuple[str, str], ...] = ()
    grouped: tuple[Grouped, ...] = ()
    sites: int
    honest: int
    patients: int
    epsilon: float
    delta: float
    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a plan that could not run, before any budget is touched."""
        known = {each.column for each in self.measured}
        if not 1 <= self.honest <= self.sites or not self.measured + self.grouped:
            raise InvalidInput("encrypted.sites", found=self.honest, wanted=self.sites)
        for pair in self.pairs:
            if not set(pair) <= known or pair[0] == pair[1]:
                raise InvalidInput("encrypted.bounds", column=pair[0])
        if self.sigma / math.sqrt(self.honest) < _LEAST_SIGMA:
            raise InvalidInput("encrypted.sum")
        self.form()

    @property
    def slots(self) -> int:
        """How many numbers a site sends, all of which one patient may move."""
        bins = sum(max(0, len(each.edges) - 1) for each in self.measured)
        return (
            3 * len(self.measured) + 4 * len(self.pairs) + bins + sum(len(g.categories) for g in self.grouped)
        )

    @property
    def sensitivity(self) -> float:
        """The most that one patient moves the slots in L2: of the bins of a column it is in one."""
        histograms = sum(1 for each in self.measured if each.edges)
        moved = 3 * len(self.measured) + 4 * len(self.pairs) + histograms + len(self.grouped)
        return STEPS * math.sqrt(moved) * (1 + 1e-12)

    @property
    def sigma(self) -> float:
        """The noise that all honest sites add together, in steps."""
        return calibrate_gaussian(self.epsilon - _SLACK, self.delta, sensitivity=self.sensitivity)

    def form(self) -> SumForm:
        """Return what is summed."""
        bound = STEPS * self.patients + math.ceil(40 * self.sigma)
        if self.sites * bound >= 1 << (RING.plain_bits - 1):
            raise InvalidInput("encrypted.sum")
        return SumForm(name=self.name, values=self.slots, sites=self.sites, bound=bound)

    def event(self) -> Event:
        """One patient moves the totals by `sensitivity`; the honest sites' shares make up the noise."""
        whole = DiscreteGaussian(sensitivity=self.sensitivity, sigma=self.sigma)
        if self.honest == 1:
            return whole
        return Composed((whole, ApproximateDP(epsilon=1e-9, delta=0.0)))

    def to_json(self) -> Json:
        """Return the kind and all public fields, numbers as text; of the key its digest."""
        return {
            "kind": "encrypted-statistics", "name": self.name,
            "measured": [
                {"column": m.column, "low": repr(float(m.low)), "high": repr(float(m.high)),
                 "edges": [repr(float(edge)) for edge in m.edges]} for m in self.measured
            ],
            "pairs": [list(pair) for pair in self.pairs],
            "grouped": [{"column": g.column, "categories": list(g.categories)} for g in self.grouped],
            "sites": self.sites, "honest": self.honest, "patients": self.patients,
            "epsilon": repr(float(self.epsilon)), "delta": repr(float(self.delta)),
            "key": hashlib.sha256(self.key).hexdigest(),
        }  # fmt: skip

    def execute(self, data: Columns, noise: Noise) -> Json:
        """Return the site's sums with its share of the noise, encrypted for the custodian.

        Args:
            data: one value a patient in each column, in the same order; a patient has one row.
            noise: the charge's.

        Raises:
            InvalidInput: the key is none for this sum.
        """
        form = self.form()
        shares = noise.discrete_gaussian(self.sigma / math.sqrt(self.honest), form.values)
        held = np.clip(self.sums(data) + shares, -form.bound, form.bound)  # after the noise: costs nothing
        return {"sealed": base64.b64encode(seal_values(form, self.key, held)).decode()}

    def sums(self, data: Columns) -> Integers:
        """Return the site's exact sums in steps: count, x and x² of each column, four of each pair, bins, groups."""
        found: list[float | Integers] = []
        scaled = {each.column: self._scaled(each, data) for each in self.measured}
        for values, there in scaled.values():
            found += [there.sum() * STEPS, _steps(values), _steps(values * values)]
        for first, second in self.pairs:
            (a, there), (b, also) = scaled[first], scaled[second]
            both = there & also
            found += [both.sum() * STEPS, _steps(a * both), _steps(b * both), _steps(a * b)]
        for each in (each for each in self.measured if each.edges):
            counted = np.histogram(np.asarray(data[each.column], dtype=np.float64), bins=each.edges)[0]
            found += (counted * STEPS).tolist()
        for group in self.grouped:
            values = np.asarray(data[group.column]).astype(str)
            found += [int((values == category).sum()) * STEPS for category in group.categories]
        limit = STEPS * self.patients
        return np.clip(np.array(found, dtype=np.int64), -limit, limit)

    def _scaled(self, each: Measured, data: Columns) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return a column brought to -1 .. 1, zero where it is missing, and where it is not."""
        values = np.asarray(data[each.column], dtype=np.float64)
        there = np.isfinite(values)
        middle, half = (each.low + each.high) / 2, (each.high - each.low) / 2
        return np.where(there, np.clip((np.where(there, values, middle) - middle) / half, -1, 1), 0.0), there

    def count_noise(self) -> float:
        """Return the standard deviation of the noise on a count of all sites together."""
        return self.sigma * math.sqrt(self.sites / self.honest) / STEPS

    def read(self, totals: Integers) -> Json:
        """Return counts, sums, means, variances, covariances, histograms and groups from the opened totals.

        The standard deviation of the noise on a count is told, and beside every other figure its own (`noise`, to
        first order). A figure of almost nobody is None.
        """
        noise = self.count_noise()
        told: Json = {"noise": noise, "columns": {}, "covariances": {}, "groups": {}}
        waiting = iter((totals / STEPS).tolist())
        for each in self.measured:
            n, x, xx = next(waiting), next(waiting), next(waiting)
            told["columns"][each.column] = _figures(each, n, x, xx, noise)
        halves = {each.column: (each.high - each.low) / 2 for each in self.measured}
        for first, second in self.pairs:
            n, a, b, ab = next(waiting), next(waiting), next(waiting), next(waiting)
            told["covariances"][f"{first}, {second}"] = _covariance(
                halves[first] * halves[second], n, a, b, ab, noise
            )
        for each in (each for each in self.measured if each.edges):
            told["columns"][each.column]["histogram"] = [next(waiting) for _ in each.edges[1:]]
        for group in self.grouped:
            told["groups"][group.column] = {category: next(waiting) for category in group.categories}
        return told


def sealed_of(release: Json) -> bytes:
    """Return the upload for the hub from what the ledger keeps."""
    return base64.b64decode(release["sealed"])


def _steps(values: NDArray[np.float64]) -> int:
    """Return the sum in steps; each patient is rounded alone, so that it moves the sum by at most STEPS."""
    return int(np.rint(values * STEPS).astype(np.int64).sum())


def _figures(each: Measured, n: float, x: float, xx: float, noise: float) -> Json:
    """Return the figures of a column brought to -1 .. 1: of n patients the sums of values and of squares."""
    middle, half = (each.low + each.high) / 2, (each.high - each.low) / 2
    told: Json = {"count": n, "sum": middle * n + half * x, "mean": None, "variance": None}
    off: Json = {"sum": noise * math.hypot(middle, half), "mean": None, "variance": None}
    if n > _ENOUGH * noise:
        m, q = x / n, xx / n
        told |= {"mean": middle + half * m, "variance": max(0.0, half**2 * (q - m**2))}
        off["mean"] = half * noise / n * math.hypot(1, m)
        off["variance"] = half**2 * noise / n * math.hypot(1, 2 * m, 2 * m**2 - q)
    return told | {"noise": off}


def _covariance(scale: float, n: float, a: float, b: float, ab: float, noise: float) -> Json:
    if n <= _ENOUGH * noise:
        return {"value": None, "noise": None}
    p, q, r = a / n, b / n, ab / n
    off = scale * noise / n * math.hypot(1, p, q, 2 * p * q - r)
    return {"value": scale * (r - p * q), "noise": off}
