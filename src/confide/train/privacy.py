"""What one private training may cost and how it spends that: all public, and checked before anything is read.

A `PrivacyPlan` fixes sampling, clipping and noise of every step in advance; the noise follows from the price by our
accountant. Knows no model, no data and no ledger: `confide.train.loop` keeps what is written here, step by step.
Proof: `docs/proofs/dense-noise.md`; truncation: `docs/proofs/accountant.md`, section 7.
"""

import dataclasses
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from confide.dp.accountant import additive_delta, calibrate_gaussian
from confide.dp.events import ApproximateDP, Composed, Event, Failure, SampledGaussian
from confide.dp.mechanisms import banded_matrix, truncated_poisson
from confide.dp.pld import declared_epsilon
from confide.errors import InvalidInput
from confide.train.diagonals import MOST_BANDS, column_norm, loudest
from confide.types import Json

GRID = (
    2.0**20
)  # units of one clip bound in the event: so fine that the accountant takes the noise as continuous
ROUNDING = 2.0**-10  # of the clip bound, what single precision may add to a patient's part of a sum
SMALLEST_EPSILON = 0.1
LARGEST_STEPS = 1_000_000
_SAMPLERS = 1e-18  # all draws of all steps are exact up to this


@dataclass(frozen=True, kw_only=True, slots=True)
class PrivacyPlan:
    """The guarantee of one training and the public constants that it rests on; print, log and sign it freely.

    In each of `steps` steps every patient takes part with probability `expected_batch` / `patients`, adds a
    gradient of norm at most `clip` made of at most `max_records` of the patient's records, and the sum gets
    Gaussian noise once. No field may be read off the data.

    Args:
        epsilon: what the whole training costs one patient; from 0.1.
        delta: at most 1 / (100 · patients).
        expected_batch: patients expected in a step, at most `patients`.
        steps: how many noisy steps are taken.
        patients: a public number of patients, such as a yearly figure; an order of magnitude will do.
        unit: "patient"; "row" protects one record only, and has to be written out.
        clip: largest L2 norm of one patient's gradient.
        max_records: the most records of a patient that a step reads.
        largest_batch: patients that a step takes in at most, filled up to exactly that; 0 for no limit.
        bands: steps over which noise is correlated, so that later steps take back what earlier ones added; patients then take
            turns in as many groups, and each takes part in every `bands`-th step at most. 1 draws it afresh for each step.
        accounting: "pld" states (ε, δ) at the least noise, for a model that is most of what an account ever
            releases; "renyi" keeps the curve, which adds up better beside many other releases.

    Raises:
        InvalidInput: names the first field that cannot be.
    """

    epsilon: float
    delta: float
    expected_batch: int
    steps: int
    patients: int
    unit: Literal["patient", "row"] = "patient"
    clip: float = 1.0
    max_records: int = 16
    largest_batch: int = 0
    bands: int = 1
    accounting: Literal["pld", "renyi"] = "pld"

    def __post_init__(self) -> None:
        """Refuse what could never be trained, before any budget is touched."""
        _number("epsilon", self.epsilon)
        if not SMALLEST_EPSILON <= self.epsilon <= 1000:
            raise InvalidInput(
                "privacy.budget-too-small", field="epsilon", found=self.epsilon, least=SMALLEST_EPSILON
            )
        _whole("patients", self.patients, 2**40)
        most = 1 / (100 * self.patients)
        if not isinstance(self.delta, float) or not 1e-16 <= self.delta <= most:
            raise InvalidInput("train.delta", found=self.delta, most=f"{most:.3g}")
        _whole("steps", self.steps, LARGEST_STEPS)
        _whole("expected_batch", self.expected_batch, 2**40)
        if self.expected_batch > self.patients:
            raise InvalidInput("privacy.batch", found=self.expected_batch, most=self.patients)
        _number("clip", self.clip)
        if not 1e-9 <= self.clip <= 1e9:
            raise InvalidInput("privacy.out-of-range", field="clip", found=self.clip)
        _whole("max_records", self.max_records, 2**20)
        if self.largest_batch != 0:
            _whole("largest_batch", self.largest_batch, 2**32)
            if self.largest_batch <= self.expected_batch:
                raise InvalidInput(
                    "privacy.truncation", found=self.largest_batch, least=self.expected_batch + 1
                )
        _whole("bands", self.bands, min(self.steps, MOST_BANDS))
        if self.bands > 1 and self.largest_batch:
            raise InvalidInput("privacy.banded", field="largest_batch", found=self.largest_batch)
        if self.bands * self.expected_batch > self.patients:
            raise InvalidInput(
                "privacy.bands",
                field="bands",
                found=self.bands,
                batch=self.expected_batch,
                most=self.patients // self.expected_batch,
            )
        for field, allowed in (("unit", ("patient", "row")), ("accounting", ("pld", "renyi"))):
            if getattr(self, field) not in allowed:
                raise InvalidInput("privacy.out-of-range", field=field, found=getattr(self, field))

    @property
    def rate(self) -> float:
        """Probability that a patient takes part in a step, or of one whose turn it is; from public constants."""
        return self.bands * self.expected_batch / self.patients

    @property
    def share(self) -> float:
        """Share of the patients expected in a step, from public constants."""
        return self.expected_batch / self.patients

    @property
    def sigma(self) -> float:
        """Standard deviation of the noise on a sum, in clip bounds; calibrated once and kept. With bands: of each z of C x + z.

        Raises:
            InvalidInput: truncation fails too often, or noise would drown whatever all patients agree on.
        """
        left = self.delta - additive_delta(self._mechanism(1.0))
        if left < self.delta / 2:
            raise InvalidInput("privacy.truncation-fails", found=self.largest_batch)
        turns = -(-self.steps // self.bands)
        found = column_norm(self.bands) * _calibrated(self.accounting, self.epsilon, left, self.rate, turns)
        if found > self.expected_batch:
            raise InvalidInput(
                "privacy.noise-drowns", sigma=f"{found:.3g}", batch=self.expected_batch, epsilon=self.epsilon
            )
        return found

    @property
    def noise_on_sum(self) -> float:
        """Standard deviation of what is drawn for each sum over patients, in the units of the gradient."""
        return self.sigma * self.clip * (1 + ROUNDING)

    @property
    def noise_on_gradient(self) -> float:
        """Standard deviation of the noise in the gradient that the optimiser sees (`confide.train.adam`); with bands the most."""
        return self.noise_on_sum / self.expected_batch * loudest(self.bands, self.steps)

    def verify_physical(self, records: int) -> None:
        """Refuse a physical batch of so many records that could not hold those of one patient, before a charge.

        Raises:
            InvalidInput: `max_records` are more.
        """
        if records < self.records_a_step:
            raise InvalidInput("privacy.physical-batch", found=records, least=self.records_a_step)

    @property
    def records_a_step(self) -> int:
        """The most records of one patient that a step reads."""
        return 1 if self.unit == "row" else self.max_records

    def event(self) -> Event:
        """Return what the training costs when one patient is added or removed; data only, no accountant."""
        if self.accounting == "renyi":
            return self._mechanism(self.sigma)
        _ = self.sigma  # whatever is refused is refused before it is charged
        return ApproximateDP(epsilon=self.epsilon, delta=self.delta)

    def mechanism(self) -> Event:
        """Return the steps as they are taken, whatever is booked: for whoever checks the price."""
        return self._mechanism(self.sigma)

    def to_json(self) -> Json:
        """Return every field and what follows from them, numbers with a fraction as text; `bands` where there are any."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        if self.bands == 1:  # as plans were written before there were bands, so that their releases are found
            del fields["bands"]
        shown = fields | {"rate": self.rate, "noise_multiplier": self.sigma}
        return {key: repr(value) if isinstance(value, float) else value for key, value in shown.items()}

    def _mechanism(self, sigma: float) -> Composed:
        if self.bands > 1:
            banded = banded_matrix(
                bands=self.bands, steps=self.steps, rate=self.rate,
                sensitivity=column_norm(self.bands) * GRID, sigma=sigma * GRID,
            )  # fmt: skip
            return Composed((banded, Failure(delta=_SAMPLERS)))
        steps = SampledGaussian(rate=self.rate, sensitivity=GRID, sigma=sigma * GRID, steps=self.steps)
        if self.largest_batch:
            cut = truncated_poisson(
                rate=self.rate, sensitivity=GRID, sigma=sigma * GRID, steps=self.steps,
                largest_batch=self.largest_batch, patients=self.patients,
            )  # fmt: skip
            return Composed((*cut.events, Failure(delta=_SAMPLERS)))
        return Composed((steps, Failure(delta=_SAMPLERS)))


@lru_cache(maxsize=64)
def _calibrated(accounting: str, epsilon: float, delta: float, rate: float, steps: int) -> float:
    """Return the noise in clip bounds at which the steps cost at most (`epsilon`, `delta`).

    The Rényi figure is never below that of loss distributions, so its sigma is where the search comes down from.
    """
    enough = calibrate_gaussian(epsilon, delta, sensitivity=GRID, rate=rate, steps=steps) / GRID
    if accounting == "renyi":
        return enough
    low, high = enough / 3, enough
    while high - low > 3e-4 * high:
        middle = (low + high) / 2
        event = SampledGaussian(rate=rate, sensitivity=GRID, sigma=middle * GRID, steps=steps)
        low, high = (low, middle) if declared_epsilon(event, delta) <= epsilon else (middle, high)
    return high


def _number(field: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidInput("privacy.out-of-range", field=field, found=value)


def _whole(field: str, value: object, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise InvalidInput("privacy.not-whole", field=field, found=value, most=most)
