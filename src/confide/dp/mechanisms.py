"""Write mechanisms of the field as events: one choice of many, thresholding, truncated batches, banded matrices.

Each function states what must be true of the code that runs, which no event can check. Pure arithmetic on
public settings; `confide.dp.accountant` prices what comes out. Proofs: `docs/proofs/accountant.md`, section 7.
"""

import math

from confide.dp.events import (
    LARGEST_SENSITIVITY,
    ApproximateDP,
    BoundedRange,
    Composed,
    DiscreteLaplace,
    Failure,
    SampledGaussian,
    check_whole,
)

LARGEST_PATIENTS = 2**40


def exponential(*, epsilon: float) -> BoundedRange:
    """Return the event of one choice with Pr(y) ∝ exp(epsilon · u(y) / (2Δ)), Δ the most one patient moves a u.

    Or ∝ exp(epsilon · u(y) / Δ), where a patient moves all u in the same direction. A joint choice over several
    groups, Pr ∝ exp(epsilon · Σ u_g / (2Δ)), is one such event if Δ bounds Σ |Δu_g| over one patient.

    Source: McSherry, Talwar 2007; Durfee, Rogers 2019 (bounded range); Cesar, Rogers 2021, Lemma 3.2 (ε²/8-zCDP).

    >>> exponential(epsilon=0.5)
    BoundedRange(epsilon=0.5)
    """
    return BoundedRange(epsilon=epsilon)


def permute_and_flip(*, epsilon: float) -> ApproximateDP:
    """Return the event of one choice by permute-and-flip, which keeps y with chance exp(epsilon · (u(y) - max u) / (2Δ)).

    More often right than the exponential mechanism at the same `epsilon`, and dearer beside other releases: it is
    not of bounded range.

    Source: McKenna, Sheldon 2020, "Permute-and-Flip", Theorem 1 (ε-private); that no more holds: our docs.

    >>> permute_and_flip(epsilon=0.5)
    ApproximateDP(epsilon=0.5, delta=0.0)
    """
    return ApproximateDP(epsilon=epsilon, delta=0.0)


def thresholding(*, sensitivity: int, scale: float, threshold: int, keys: int) -> Composed:
    """Return the event of counting by keys that were read from the data, showing counts from `threshold` up.

    Every key that somebody has gets its count plus discrete Laplace noise; a key is shown if that reaches
    the threshold. A key that one patient alone has can give the patient away: that is the failure.

    Guarantee: the failure is at least the largest probability that a key of one patient alone is shown, over
    every way to split `sensitivity` over up to `keys` such keys.

    Args:
        sensitivity: the most that one patient adds to all counts together, in whole units.
        scale: of the noise.
        threshold: in the units of the counts, above `sensitivity`.
        keys: the most keys that one patient has. Must be enforced before counting.

    Raises:
        InvalidInput: a setting is out of range, or one patient may have more keys than units.

    Source: Korolova, Kenthapadi, Mishra, Ntoulas 2009; that many small keys are the worst: our docs.

    >>> thresholding(sensitivity=8, scale=8.0, threshold=100, keys=8).events[1]
    Failure(delta=1.7945604567689512e-05)
    """
    noise = DiscreteLaplace(sensitivity=sensitivity, scale=scale)
    check_whole("threshold", threshold, sensitivity + 1, LARGEST_SENSITIVITY)
    check_whole("keys", keys, 1, sensitivity)

    def hidden(weight: int) -> float:
        """Return ln of the chance that the noise does not lift a key of this weight to the threshold."""
        return math.log1p(-math.exp(-(threshold - weight) / scale) / (1 + math.exp(-1 / scale)))

    # the worst split is one key, or all keys, of which all but one have weight 1
    worst = min(hidden(sensitivity), (keys - 1) * hidden(1) + hidden(sensitivity - keys + 1))
    return Composed((noise, Failure(delta=_above(-math.expm1(worst)))))


def truncated_poisson(
    *, rate: float, sensitivity: float, sigma: float, steps: int, largest_batch: int, patients: int
) -> Composed:
    """Return the event of training on Poisson batches of which at most `largest_batch` patients are kept.

    Guarantee: the failure is at least the probability that, in some step, the other patients alone fill the
    batch. Unless they do, nothing is ever cut, and the steps are exactly those of Poisson sampling.

    Args:
        rate: probability with which each patient is drawn, independently, in each step.
        sensitivity: L2 norm in grid units of the integer vector that one patient adds.
        sigma: of the discrete Gaussian noise, in grid units; also added to steps that were cut.
        steps: number of steps.
        largest_batch: the most patients that a step takes in; who is cut may depend on anything.
        patients: a public bound on how many patients there are.

    Raises:
        InvalidInput: a setting is out of range, or the batches are cut so often that nothing can be said.

    Source: the argument in our docs. Chua et al. 2024, "Scalable DP-SGD", pay e^ε + 1 times as much.

    >>> event = truncated_poisson(
    ...     rate=0.01, sensitivity=1, sigma=5.0, steps=100, largest_batch=200, patients=10_000)
    >>> 1e-18 < event.events[1].delta < 1e-16
    True
    """
    noise = SampledGaussian(rate=rate, sensitivity=sensitivity, sigma=sigma, steps=steps)
    check_whole("largest_batch", largest_batch, 1, LARGEST_PATIENTS)
    check_whole("patients", patients, 1, LARGEST_PATIENTS)
    return Composed((noise, Failure(delta=_above(steps * _at_least(largest_batch, patients, rate)))))


def banded_matrix(
    *, bands: int, steps: int, rate: float, sensitivity: float, sigma: float
) -> SampledGaussian:
    """Return the event of training with noise that a banded lower-triangular matrix correlates over steps.

    Released is C x + z row by row, x_i the sum of the clipped vectors of step i, z independent discrete
    Gaussian noise, C public with `bands` bands; everything else (C⁻¹, averages, the model) follows from it.

    What must be true: before training, each patient is put into one of `bands` groups by a rule that looks at
    nobody else; step i draws from group i mod `bands` only, each patient of it independently with
    probability `rate`. C x is a vector of whole numbers (C in fixed point).

    Args:
        bands: number of diagonals of C that are not zero.
        steps: number of steps, over all groups.
        rate: probability with which a patient of the step's group takes part.
        sensitivity: in grid units, the largest L2 norm of a column of C times that of one patient's vector.
        sigma: of z, in grid units.

    Raises:
        InvalidInput: a setting is out of range.

    Source: Choquette-Choo et al. 2023, "(Amplified) Banded Matrix Factorization", Theorem 4: a patient's
    participations touch disjoint rows, so they are ⌈steps / bands⌉ sampled Gaussian steps.

    >>> banded_matrix(bands=4, steps=1000, rate=0.04, sensitivity=1.5, sigma=9.0).steps
    250
    """
    check_whole("bands", bands, 1, steps)
    return SampledGaussian(rate=rate, sensitivity=sensitivity, sigma=sigma, steps=-(-steps // bands))


def _at_least(k: int, n: int, p: float) -> float:
    """Return P[Bin(n, p) ≥ k] or a little more: the first term over 1 less the ratio of the next to it.

    Terms shrink from k on at least as fast as there. Nothing is claimed at and below the mean.
    """
    if k > n:
        return 0.0
    if p == 1 or k <= (n + 1) * p:
        return 1.0
    ratio = (n - k) / (k + 1) * p / (1 - p)
    chosen = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    log = chosen + k * math.log(p) + (n - k) * math.log1p(-p)
    slack = 1e-14 * (math.lgamma(n + 1) + n)  # of the logarithms, a hundred times their rounding
    return min(1.0, math.exp(log + slack) / (1 - ratio))


def _above(probability: float) -> float:
    return min(1.0, probability * (1 + 1e-9))
