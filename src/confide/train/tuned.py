"""A logistic regression whose settings are tried on patients and paid for: all candidates are trained, one is released.

Guarantee: (`epsilon`, `delta`)-differentially private for adding or removing one patient, on whichever side of the split. All
candidates together take `steps` noisy steps each, of one event; which of them predicts held-out patients best is one
exponential choice over counts that one patient moves by at most 1. The others are thrown away. Proof: `docs/proofs/train.md`.
"""

import dataclasses
import itertools
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from confide.dp.events import Composed, Event, Failure, SampledGaussian
from confide.dp.noise import Noise
from confide.dp.selection import ExponentialChoice
from confide.engines.polars import Floats, patient_codes
from confide.train.expected import Signal
from confide.train.features import outcomes
from confide.train.logistic import GRID, SAMPLER_DELTA, LogisticPlan
from confide.train.predict import predict
from confide.train.section import TrainSection
from confide.types import Json, Progress, no_progress

CHOICE = 0.1  # of ε, for the choice among the candidates
UNITS = 1 << 20  # of what one patient adds to a score, at most


@dataclass(frozen=True, slots=True)
class Sides:
    """Patients to learn from and patients to choose by; nobody is on both. Never printed."""

    training: pl.DataFrame = field(repr=False)
    held_out: pl.DataFrame = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class TunedPlan:
    """Which settings will be tried, and what all of it costs. Every field is public."""

    settings: TrainSection

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
        """Return what all candidates and the choice cost one patient together, at `delta`."""
        return self.settings.epsilon

    @property
    def delta(self) -> float:
        """Return the δ that belongs to `epsilon`."""
        return self.settings.delta

    @property
    def candidates(self) -> tuple[LogisticPlan, ...]:
        """Return one plan for each combination of the settings that are tried, each with the noise that all of them need."""
        tried = self.settings.tune
        combined = [dict(zip(tried, each, strict=True)) for each in itertools.product(*tried.values())]
        rest: dict[str, Any] = {"tune": {}, "epsilon": self.epsilon - self.choice.epsilon}
        return tuple(
            LogisticPlan(settings=dataclasses.replace(self.settings, **(rest | each)), runs=len(combined))
            for each in combined
        )

    @property
    def choice(self) -> ExponentialChoice:
        """Return how one of them is chosen: a patient more raises scores by at most `UNITS`, and lowers none."""
        return ExponentialChoice(epsilon=self.epsilon * CHOICE, sensitivity=UNITS, monotone=True)

    def expected(self, patients: int) -> Signal:
        """Return how loud the noise of a step is if the source holds so many patients; nothing is read."""
        return self.candidates[0].expected(patients)

    def event(self) -> Event:
        """Return what all candidates and the choice cost when one patient is added or removed; data only."""
        first = self.candidates[0]
        steps = self.settings.steps * first.runs
        noise = SampledGaussian(rate=first.rate, sensitivity=float(GRID), sigma=first.sigma, steps=steps)
        return Composed((noise, self.choice.event(), Failure(delta=SAMPLER_DELTA)))

    def to_json(self) -> Json:
        """Return the kind and all public fields; numbers with a fraction as text."""
        tried = {name: [repr(value) for value in values] for name, values in self.settings.tune.items()}
        return {**LogisticPlan(settings=self.settings).to_json(), "kind": "tuned", "tune": tried}

    def text_columns(self) -> frozenset[str]:
        """Return the columns that are read, all of which must be read as text."""
        return LogisticPlan(settings=self.settings).text_columns()

    def verify_columns(self, columns: Collection[str]) -> None:
        """Raise if a column that the plan needs is not there; call it before anything is charged."""
        LogisticPlan(settings=self.settings).verify_columns(columns)

    def verify_data(self, data: Sides) -> None:
        """Raise if the plan could not run on these data, by what is public of them; `Ledger.run` asks before it charges."""
        for side in (data.training, data.held_out):
            self.verify_columns(side.columns)

    def execute(self, data: Sides, noise: Noise, progress: Progress = no_progress) -> Json:
        """Return the release: the chosen model alone, as a logistic regression is released.

        1. Train every candidate. 2. Score each on the held-out patients. 3. Choose one by its score.

        Guarantee: (`epsilon`, `delta`)-differentially private for adding or removing one patient.

        Args:
            data: both sides of the table, with a column `_patient`.
            noise: the charge's.
            progress: told after each step of each candidate.
        """
        candidates, trained = self.candidates, []
        for at, candidate in enumerate(candidates):

            def told(done: int, steps: int, before: int = at) -> None:
                progress(before * steps + done, len(candidates) * steps)

            trained.append(candidate.execute(data.training, noise, told))
        scores = np.array([[score(release, data.held_out) for release in trained]], dtype=np.int64)
        chosen = trained[int(self.choice.choose(scores, noise)[0])]
        tuned = {"key": "train.note-tuned", "total": len(candidates)}
        return {
            **chosen,
            "epsilon": self.epsilon,
            "candidates": len(candidates),
            "notes": [*chosen["notes"], tuned],
        }


def score(release: Json, held_out: pl.DataFrame) -> int:
    """Return how well a model foretells held-out patients, a whole number: patient data, for a choice that is paid for.

    Guarantee: one patient more adds between 0 and `UNITS`, whatever the other patients are: `UNITS` times 1 less the Brier score,
    the mean square of what the chance was off by, over the patient's own rows with a known outcome.
    """
    truth, codes = outcomes(release["target"], held_out), patient_codes(held_out["_patient"])
    known = ~np.isnan(truth) & (codes >= 0)
    off: Floats = (predict(release, held_out)[known] - truth[known]) ** 2
    _, patient, rows = np.unique(codes[known], return_inverse=True, return_counts=True)
    brier = np.bincount(patient, weights=np.nan_to_num(off, nan=1.0), minlength=len(rows)) / rows
    return int(np.floor(UNITS * (1 - np.clip(brier, 0, 1))).astype(np.int64).sum())
