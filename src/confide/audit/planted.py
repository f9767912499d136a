"""Audit a language model's training with secrets: draw them, let made-up patients carry them, rank them among all they could be.

Guarantee: where the training keeps the (ε, δ) that it claims for one patient, a claim is refuted with probability at most
1 - level. That no secret ranks high is no proof of safety. Knows no model: the caller trains and asks. Proof:
`docs/proofs/audit.md`; the ranking itself is `confide.audit.exposure`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from confide.audit.exposure import Losses, allowed, candidates, planted
from confide.dp.noise import Noise
from confide.errors import InvalidInput

BLANK, LETTERS = "#", "0123456789"


@dataclass(frozen=True, slots=True)
class Planted:
    """What an audit with secrets showed: figures about made-up patients, in bits, and what the claim leaves possible."""

    claimed: float  # ε of the plan
    delta: float
    level: float
    secrets: int
    candidates: int
    exposure: float  # of the secret that the model knows best
    exposure_mean: float
    allowed: float

    @property
    def refuted(self) -> tuple[str, ...]:
        """Return whether the claim is refuted; that it is not is no proof of safety."""
        return ("secret",) if self.exposure > self.allowed else ()


def texts_of(form: str, number: int) -> tuple[str, ...]:
    """Return every text that the made-up patient of this number could carry.

    Raises:
        InvalidInput: there is no blank, or more than 2^20 texts.

    >>> texts_of("bed #", 1)[:2]
    ('1. bed 0', '1. bed 1')
    """
    return tuple(f"{number}. {text}" for text in candidates(form, letters=LETTERS, blank=BLANK))


def most_allowed(form: str, secrets: int, *, epsilon: float, delta: float, level: float) -> float:
    """Return the most bits that do not refute the claim, for the best known of so many secrets.

    Raises:
        InvalidInput: no blank, or so few candidates that not even a secret known by heart could refute the claim.
    """
    count = len(candidates(form, letters=LETTERS, blank=BLANK))
    most = allowed(count, epsilon=epsilon, delta=delta, level=_of_each(level, secrets))
    if not np.isfinite(most):
        raise InvalidInput(
            "audit.form-short", candidates=count, secrets=secrets, epsilon=f"{epsilon:.3g}", level=level
        )
    return most


def audit_secrets(
    form: str,
    secrets: int,
    *,
    epsilon: float,
    delta: float,
    level: float,
    noise: Noise,
    train: Callable[[Sequence[str]], None],
    asked: Losses,
) -> Planted:
    """Draw secrets, train a model on notes that carry them, and rank each among its candidates.

    Args:
        form: with a # for each digit that is drawn; public.
        secrets: how many made-up patients carry one each, behind a number of their own.
        epsilon: what the training claims, for one patient.
        delta: what the training claims.
        level: of the whole test.
        noise: of the charge; it draws the secrets, evenly and apart from everything else.
        train: trains the audit model, with one made-up patient for each text.
        asked: gives the loss of each text under the trained model; called once for each secret.

    Raises:
        InvalidInput: the form has no blank, too many or too few of them, or a loss is no number.
    """
    most = most_allowed(form, secrets, epsilon=epsilon, delta=delta, level=level)
    texts = [texts_of(form, number) for number in range(1, secrets + 1)]
    drawn = _drawn(noise, secrets, form.count(BLANK))
    train([each[place] for each, place in zip(texts, drawn, strict=True)])
    claim = {"epsilon": epsilon, "delta": delta, "level": _of_each(level, secrets)}
    bits = [planted(asked, each, place, **claim).bits for each, place in zip(texts, drawn, strict=True)]
    return Planted(
        claimed=epsilon,
        delta=delta,
        level=level,
        secrets=secrets,
        candidates=len(texts[0]),
        exposure=max(bits),
        exposure_mean=sum(bits) / len(bits),
        allowed=most,
    )


def _of_each(level: float, secrets: int) -> float:
    """Return the level of each ranking, so that all of them together are wrong with probability 1 - `level` at most."""
    return 1 - (1 - level) / secrets


def _drawn(noise: Noise, secrets: int, blanks: int) -> list[int]:
    """Return the place of each secret among its candidates, digit by digit, all as likely."""
    digits = noise.choose(np.zeros((secrets * blanks, len(LETTERS)), np.uint64), Fraction(1))
    powers = len(LETTERS) ** np.arange(blanks)[::-1]
    return [int(place) for place in digits.reshape(secrets, blanks) @ powers]
