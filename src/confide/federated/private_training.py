"""Local training whose own noise suffices: every step at a site is noisy, so what is sent needs no more noise.

Guarantee: what a site hands over in a round, and what it keeps, are functions of the noisy sums that `LocalPlan.event` prices,
for adding or removing one patient with all records; so it holds against the hub, all other sites and everybody after them.
Noise and coins come from the charge. Secrecy on top hides single sites. Proof: `docs/proofs/patient-unit.md`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from confide.dp.accountant import calibrate_gaussian
from confide.dp.accountant import epsilon as price
from confide.dp.events import Composed, Failure, SampledGaussian, check_whole
from confide.dp.noise import Noise
from confide.errors import InvalidInput
from confide.federated.learners import Learner
from confide.federated.learning import Learning, trained
from confide.federated.patient_unit import ROUNDING
from confide.types import Json

Floats = NDArray[np.float64]
HandOver = Callable[[Floats, bytes], str]

STEPS = 1 << 20  # in a clip
SAMPLER_DELTA = 1e-18  # coins and noise are exact up to 2^-100 a draw


@lru_cache(maxsize=16)
def multiplier_for(epsilon: float, delta: float, learning: Learning) -> float:
    """Return the noise of a step, in clips, at which all rounds of a site cost at most (`epsilon`, `delta`).

    Args:
        epsilon: of all rounds.
        delta: at which it is stated.
        learning: rounds, steps, batch and patients count; its own multiplier does not.
    """
    left = delta - 2 * learning.rounds * SAMPLER_DELTA
    steps = learning.rounds * learning.steps
    return (
        calibrate_gaussian(epsilon, left, sensitivity=STEPS, rate=taking_part(learning), steps=steps) / STEPS
    )


def taking_part(learning: Learning) -> float:
    """Return the probability with which a patient takes part in a step, from public numbers."""
    return learning.batch / learning.patients if learning.batch else 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalPlan:
    """The noisy local steps of one round at one site, as its ledger books them. Every field is public.

    Args:
        name: of the release, one for each round.
        learning: settings with `protection = "each"`.
        length: numbers of the local model, with those that stay.
        number: of the round.
        delta: at which ε is stated.

    Raises:
        InvalidInput: settings of another protection.
    """

    name: str
    learning: Learning
    length: int
    number: int
    delta: float

    def __post_init__(self) -> None:
        """Refuse what could not run, before any budget is touched."""
        if self.learning.protection != "each":
            raise InvalidInput(
                "learning.combination",
                first="noise = each",
                second=f"protection = {self.learning.protection}",
            )
        if not self.learning.multiplier > 0:
            raise InvalidInput("learning.combination", first="multiplier = 0", second="protection = each")
        check_whole("number", self.number, 1, 1 << 31)
        check_whole("length", self.length, 1, 1 << 27)
        self.event()

    @property
    def epsilon(self) -> float:
        """What the round costs at `delta`."""
        return price(self.event(), self.delta)

    @property
    def sensitivity(self) -> int:
        """How far one patient who takes part moves a step's sum, in steps: a clip, and rounding to the nearest."""
        return math.ceil((STEPS + math.sqrt(self.length)) * (1 + ROUNDING))

    def event(self) -> Composed:
        """Return the round's steps: each samples patients by coins, and adds noise once."""
        learning, moved = self.learning, float(self.sensitivity)
        steps = SampledGaussian(
            rate=taking_part(learning),
            sensitivity=moved,
            sigma=learning.multiplier * moved,
            steps=learning.steps,
        )
        return Composed((steps, Failure(delta=SAMPLER_DELTA)))

    def all_rounds(self) -> float:
        """Return what all rounds together cost at `delta`: against hub, other sites and outsiders alike."""
        return price(Composed((self.event(),) * self.learning.rounds), self.delta)

    def to_json(self) -> Json:
        """Every field, without floats."""
        return {
            "kind": "federated-local",
            "name": self.name,
            "learning": self.learning.to_json(),
            "length": self.length,
            "number": self.number,
            "delta": repr(float(self.delta)),
        }

    def execute(self, data: tuple[Learner, Floats, bytes, float, HandOver], noise: Noise) -> Json:
        """Train, and hand the update and the site's new state over.

        Args:
            data: the model on this site's data; what the hub handed out; the site's state; the longest update (the
                grid's clip); and what rounds, masks and keeps the update and returns the digest of what was kept.
            noise: the charge's.

        Returns:
            What is kept of it: the digest of the masked update.
        """
        learner, task, state, clip, hand_over = data
        if learner.length + len(learner.stays()) != self.length:
            raise InvalidInput("learning.task", wanted=self.length)

        def gradient(model: Floats) -> Floats:
            return noisy_gradient(self, learner, model, noise)

        update, after = trained(self.learning, learner, task, self.number, state, gradient, clip)
        return {"kind": "federated-local", "number": self.number, "masked": hand_over(update, after)}


def noisy_gradient(plan: LocalPlan, learner: Learner, model: Floats, noise: Noise) -> Floats:
    """Return a step's noisy mean gradient: coins, clipped sum, nearest steps, noise once, over a public number."""
    learning = plan.learning
    chosen = noise.bernoulli(taking_part(learning), learner.n_patients) if learning.batch else None
    total = learner.clipped_sum(model, learning.clip, chosen)
    whole = np.rint(total * (STEPS / learning.clip)).astype(np.int64)
    noisy = whole + noise.discrete_gaussian(learning.multiplier * plan.sensitivity, len(whole))
    values: Floats = noisy.astype(np.float64)
    return values * (learning.clip / STEPS / (learning.batch or learning.patients))
