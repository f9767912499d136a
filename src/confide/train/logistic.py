"""Logistic regression whose coefficients are differentially private per patient.

Guarantee: in each step every patient takes part independently with a public probability, adds the
mean gradient of that patient's own rows clipped to `clip` in L2 and written in whole units of a public
grid, and the integer sum gets discrete Gaussian noise once, before it is divided by the public
expected batch. Nothing else looks at the data. Proof: `docs/proofs/train.md`.
Knows no ledger: `confide.ledger` charges the plan and calls `execute` once, with the training side of
`confide.train.split`. Using the model: `confide.train.predict`.
"""

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import polars as pl

from confide.dp.accountant import calibrate_gaussian
from confide.dp.clip import sum_by_patient, to_grid
from confide.dp.events import Composed, Event, Failure, SampledGaussian
from confide.dp.noise import Noise
from confide.engines.polars import Floats, Ints, Mask, patient_codes
from confide.errors import InvalidInput
from confide.train.expected import Signal, expected_signal
from confide.train.features import matrix, names, outcomes, parse_feature, parse_target
from confide.train.section import TrainSection
from confide.types import Json, Progress, no_progress

GRID = 1 << 20  # units in one clip bound
MOMENTUM = 0.9
SAMPLER_DELTA = 1e-18  # the samplers are exact up to 2^-100 a draw


@dataclass(frozen=True, kw_only=True, slots=True)
class LogisticPlan:
    """What will be trained and what it costs. Every field is public: print, log and sign it freely.

    The records arrive through `execute` and never become a field.
    """

    settings: TrainSection
    runs: int = 1  # trainings like this one that its ε pays for: each of them gets the noise that all need

    @property
    def name(self) -> str:
        """Return the name of the release inside its study."""
        return self.settings.name

    @property
    def source(self) -> str:
        """Return the name of the table that is read."""
        return self.settings.source

    @property
    def epsilon(self) -> float:
        """Return what the training costs one patient, at `delta`."""
        return self.settings.epsilon

    @property
    def delta(self) -> float:
        """Return the δ that belongs to `epsilon`."""
        return self.settings.delta

    @property
    def rate(self) -> float:
        """Return the probability that a patient takes part in a step, from public constants."""
        return self.settings.expected_batch / self.settings.training_patients

    @property
    def sigma(self) -> float:
        """Return the standard deviation of the noise, in grid units."""
        settings = self.settings
        return _calibrated(settings.epsilon, settings.delta, self.rate, settings.steps * self.runs)

    def expected(self, patients: int) -> Signal:
        """Return how loud the noise of a step is if the source holds so many patients; nothing is read."""
        return expected_signal(self, patients, noise=self.sigma / GRID)

    def event(self) -> Event:
        """Return what the training costs when one patient is added or removed; data only."""
        steps = self.settings.steps
        noise = SampledGaussian(rate=self.rate, sensitivity=float(GRID), sigma=self.sigma, steps=steps)
        return Composed((noise, Failure(delta=SAMPLER_DELTA)))

    def to_json(self) -> Json:
        """Return the kind and all public fields; numbers with a fraction as text."""
        fields = (
            (field.name, getattr(self.settings, field.name))
            for field in dataclasses.fields(TrainSection)
            if field.name != "tune"  # `confide.train.tuned`, whose plans are others
        )
        shown = {key: repr(value) if isinstance(value, float) else value for key, value in fields}
        return {"kind": "logistic", **shown, "features": list(self.settings.features)}

    def text_columns(self) -> frozenset[str]:
        """Return the columns that are read, all of which must be read as text.

        A reader that types a column after looking at all of it would let one patient's odd cell
        change how every other patient's cell reads, and so break the guarantee.
        """
        features = (parse_feature(text).column for text in self.settings.features)
        return frozenset({parse_target(self.settings.target).column, *features})

    def verify_columns(self, columns: Collection[str]) -> None:
        """Raise if a column that the plan needs is not there; call it before anything is charged.

        Raises:
            InvalidInput: names the first missing column.
        """
        for column in ("_patient", *sorted(self.text_columns())):
            if column not in columns:
                raise InvalidInput("train.no-column", column=column)

    def verify_data(self, data: pl.DataFrame) -> None:
        """Raise if the plan could not run on these data, by what is public of them; `Ledger.run` asks before it charges."""
        self.verify_columns(data.columns)

    def execute(self, data: pl.DataFrame, noise: Noise, progress: Progress = no_progress) -> Json:
        """Return the release: the coefficients with everything public that is needed to use them.

        Guarantee: (`epsilon`, `delta`)-differentially private for adding or removing one patient.

        Args:
            data: the training side of the table, with a column `_patient`.
            noise: the charge's source of noise and of the patients' coins.
            progress: told after each step.

        Raises:
            InvalidInput: a column is missing or of a kind that holds no value; never a cell's fault.
        """
        self.verify_columns(data.columns)
        rows = prepared(self.settings, data)
        weights = descend(self, rows, noise, progress)
        settings = self.settings
        return {
            "kind": "logistic",
            "name": settings.name,
            "source": settings.source,
            "target": settings.target,
            "features": list(settings.features),
            "coefficients": dict(zip(names(settings.features), weights.tolist(), strict=True)),
            "epsilon": settings.epsilon,
            "delta": settings.delta,
            "steps": settings.steps,
            "rate": self.rate,
            "patients": settings.patients,
            "expected_batch": settings.expected_batch,
            "clip": settings.clip,
            "learning_rate": settings.learning_rate,
            "noise_multiplier": self.sigma / GRID,
            "test_share": settings.test_share,
            "relation": "add or remove one patient",
            "notes": [
                {"key": "train.note-unit"},
                {"key": "train.note-scale"},
                {"key": "train.note-held-out"},
            ],
        }


@dataclass(frozen=True, slots=True)
class Rows:
    """Training rows as numbers, sorted by patient: patient data, shown to nobody."""

    inputs: Floats = field(repr=False)
    outcomes: Floats = field(repr=False)
    patients: Ints = field(repr=False)  # 0, 1, 2 … without gaps
    shares: Floats = field(repr=False)  # one over the number of rows of the row's patient


def prepared(settings: TrainSection, data: pl.DataFrame) -> Rows:
    """Return the rows that have a patient and a known outcome, each prepared on its own."""
    outcome, codes = outcomes(settings.target, data), patient_codes(data["_patient"])
    kept = np.flatnonzero((codes >= 0) & ~np.isnan(outcome))
    kept = kept[np.argsort(codes[kept], kind="stable")]
    _, dense, rows = np.unique(codes[kept], return_inverse=True, return_counts=True)
    inputs = matrix(settings.features, data)[kept]
    return Rows(inputs, outcome[kept], dense.astype(np.int64), 1.0 / rows[dense])


def gradients(rows: Rows, weights: Floats, taking_part: Mask) -> Floats:
    """Return the mean gradient of each patient who takes part, one row per patient, in their order.

    Guarantee: a patient's row depends on that patient's rows and `weights` only, to the last bit: sums
    run along a row or along a patient's rows, never over a block that others share.
    """
    chosen = taking_part[rows.patients]
    inputs, outcome, shares = rows.inputs[chosen], rows.outcomes[chosen], rows.shares[chosen]
    score = (inputs * weights).sum(axis=1)
    error = (1 / (1 + np.exp(-np.clip(score, -500, 500))) - outcome) * shares
    places = np.cumsum(taking_part)[rows.patients[chosen]] - 1
    return sum_by_patient(inputs * error[:, None], places, int(taking_part.sum()))


def descend(plan: LogisticPlan, rows: Rows, noise: Noise, progress: Progress = no_progress) -> Floats:
    """Take the noisy steps and return the mean of the second half of the path.

    1. Toss a coin for every patient. 2. Clip each one's gradient, in whole grid units. 3. Sum, add noise
    once. 4. Divide by the public expected batch. 5. Step with momentum; what follows the noise is free.
    """
    settings, n_patients = plan.settings, len(np.unique(rows.patients))
    unit = settings.clip / GRID
    weights = np.zeros(rows.inputs.shape[1])
    velocity, path = np.zeros_like(weights), np.zeros_like(weights)
    averaged = (settings.steps + 1) // 2
    for step in range(settings.steps):
        taking_part = noise.bernoulli(plan.rate, n_patients)
        whole = to_grid(gradients(rows, weights, taking_part), settings.clip, GRID).sum(
            axis=0, dtype=np.int64
        )
        noisy = whole + noise.discrete_gaussian(plan.sigma, size=len(weights))
        gradient = noisy * (unit / settings.expected_batch)
        velocity = MOMENTUM * velocity + gradient
        weights = weights - settings.learning_rate * velocity
        if step >= settings.steps - averaged:
            path += weights / averaged
        progress(step + 1, settings.steps)
    return path


@lru_cache(maxsize=64)
def _calibrated(epsilon: float, delta: float, rate: float, steps: int) -> float:
    left = delta - 2 * SAMPLER_DELTA
    return calibrate_gaussian(epsilon, left, sensitivity=float(GRID), rate=rate, steps=steps)
