"""Measure how well a language model remembers a secret that was planted in its audit run.

The secret is drawn by us from a list of candidates, so that ε bounds how often it can rank high: beside each
exposure stands the most that the claimed (ε, δ) allows. A low exposure is no proof of safety.
Knows no model: the caller passes a loss for each candidate. Proof: `docs/proofs/audit.md`.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.errors import InvalidInput

Floats = NDArray[np.float64]
Losses = Callable[[Sequence[str]], Floats]  # total log perplexity of each text
LARGEST_SPACE = 1 << 20


@dataclass(frozen=True, slots=True)
class Exposure:
    """What the model knows about one planted secret, in bits; `allowed` is what the claim leaves possible."""

    rank: int
    candidates: int
    bits: float
    allowed: float

    @property
    def refutes(self) -> bool:
        """Say whether the claimed guarantee is refuted: the secret ranks higher than it allows."""
        return self.bits > self.allowed


def candidates(form: str, *, letters: str = "0123456789", blank: str = "#") -> tuple[str, ...]:
    """Return every text that `form` can become when each blank is one of `letters`.

    Raises:
        InvalidInput: there is no blank, or more than 2^20 texts.

    >>> candidates("bed #", letters="12")
    ('bed 1', 'bed 2')
    """
    parts = form.split(blank)
    count = len(letters) ** (len(parts) - 1)
    if len(parts) < 2 or not 2 <= count <= LARGEST_SPACE:
        raise InvalidInput("audit.candidates", most=LARGEST_SPACE, found=count)
    return tuple(
        "".join(itertools.chain.from_iterable(zip(parts, (*chosen, ""), strict=True)))
        for chosen in itertools.product(letters, repeat=len(parts) - 1)
    )


def exposure(losses: Floats, secret: int, *, epsilon: float, delta: float, level: float) -> Exposure:
    """Rank the planted secret among all candidates.

    Guarantee: where the training was (`epsilon`, `delta`)-private for the patient who carried the secret, and the
    secret was drawn uniformly and apart from everything else, `refutes` is True with probability at most 1 - `level`.

    Args:
        losses: shape (candidates,): log perplexity of each under the trained model.
        secret: place of the planted one.
        epsilon: what the training claims, for one patient.
        delta: what the training claims.
        level: of the test, below 1.

    Raises:
        InvalidInput: a loss is NaN, or `secret` is no place.

    Source: Carlini et al. 2019, "The Secret Sharer", Definition 3 (exposure = log2 of all candidates - log2 of
    the rank), with ties counted against the attacker; the bound on it is ours.

    >>> exposure(np.array([3.0, 1.0, 2.0, 4.0]), 1, epsilon=1.0, delta=0.0, level=0.95).bits
    2.0
    """
    if losses.ndim != 1 or not 0 <= secret < len(losses) or bool(np.isnan(losses).any()):
        raise InvalidInput("audit.losses", candidates=len(losses))
    rank = int((losses <= losses[secret]).sum())
    n = len(losses)
    return Exposure(rank, n, math.log2(n / rank), allowed(n, epsilon=epsilon, delta=delta, level=level))


def allowed(candidates: int, *, epsilon: float, delta: float, level: float) -> float:
    """Return the most bits of exposure that do not refute (`epsilon`, `delta`) at `level`.

    A secret is among the first k of n with probability at most e^ε k / n + δ, so a higher rank than the largest k
    for which this stays under 1 - `level` refutes the claim. Infinity where no rank does.

    >>> round(allowed(10_000, epsilon=3.0, delta=1e-5, level=0.95), 2)
    8.64
    """
    if not (epsilon >= 0 and 0 <= delta < 1 and 0 < level < 1):
        raise InvalidInput("dp.out-of-range", field="level", low="0", high="1", found=level)
    refuting = math.floor(max(0.0, 1 - level - delta) * math.exp(-epsilon) * candidates)
    return math.inf if refuting < 1 else math.log2(candidates / (refuting + 1))


def planted(
    losses: Losses, texts: Sequence[str], secret: int, *, epsilon: float, delta: float, level: float
) -> Exposure:
    """Ask the model for the loss of every candidate and rank the planted one.

    Args:
        losses: asks the audit model; called once.
        texts: the candidates, of one length, so that none is likelier by its form.
        secret: place of the planted one, drawn by the caller from protecting randomness before the training.
        epsilon: what the training claims, for one patient.
        delta: what the training claims.
        level: of the test.
    """
    return exposure(losses(texts), secret, epsilon=epsilon, delta=delta, level=level)
