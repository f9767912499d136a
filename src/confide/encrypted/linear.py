"""Compile a model into an encrypted score: a public form, and whole-number weights that never leave the owner.

Guarantee: the form's `error` bounds how far an answer is off the model's own score, for every record inside the
declared ranges. Takes `Scores` from `confide.encrypted.models`; `confide.encrypted.server` answers with what
comes out. Proofs: `docs/proofs/encrypted.md`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from confide.encrypted.form import Answers, Form, Integers
from confide.encrypted.lift import Floats
from confide.encrypted.models import Scores
from confide.encrypted.parameters import (
    WIDEST_PLAIN,
    Parameters,
    answer_noise,
    decrypts,
    flood_bits,
    zero_noise,
)
from confide.encrypted.ring import primes_of
from confide.errors import InvalidInput
from confide.types import Json

HIDING = 40
BLUR_BITS = 12  # a label is multiplied by a secret factor of up to 2^12
_RINGS = (  # degree, bits of primes, primes that a reply keeps; from the quickest on
    (4096, (47, 46, 16), 1),
    (4096, (47, 46, 16), 2),
    (8192, (48, 48, 48, 17), 1),
    (8192, (48, 48, 48, 17), 2),
    (8192, (48, 48, 48, 48, 17), 2),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Compiled:
    """A form, and what only the owner of the model knows."""

    form: Form
    weights: Integers = field(repr=False)  # (outputs, monomials), steps of 2^-(scale_bits - input_bits)
    bias: Integers = field(repr=False)  # (outputs,), steps of 2^-scale_bits
    flood: int  # an answer's noise is hidden among 2^flood whole numbers
    dither: int  # and its value among this many steps

    def to_json(self) -> Json:
        """Return what the owner keeps: the weights are in it."""
        return {
            "form": self.form.to_json(),
            "weights": self.weights.tolist(),
            "bias": [str(value) for value in self.bias.tolist()],
            "flood": self.flood,
            "dither": str(self.dither),
        }

    @staticmethod
    def from_json(json: Any) -> "Compiled":
        """Read what `to_json` wrote, and check that its answers would decrypt and be hidden.

        Raises:
            InvalidInput: it is something else, or no longer keeps its promises.
        """
        try:
            found = Compiled(
                form=Form.from_json(json["form"]),
                weights=np.array(json["weights"], dtype=np.int64),
                bias=np.array([int(value) for value in json["bias"]], dtype=np.int64),
                flood=int(json["flood"]),
                dither=int(json["dither"]),
            )
        except (KeyError, TypeError, ValueError, OverflowError):
            raise InvalidInput("encrypted.not-compiled") from None
        form = found.form
        shapes = (found.weights.shape, found.bias.shape)
        if shapes != ((len(form.outputs), len(form.monomials)), (len(form.outputs),)):
            raise InvalidInput("encrypted.not-compiled")
        fits = _fits(form.parameters, found.weights, found.bias, form.input_bits, found.dither, form)
        if fits is None or fits > found.flood or found.flood > 120:
            raise InvalidInput("encrypted.not-compiled")
        return found


def compile_model(
    scores: Scores,
    ranges: Mapping[str, tuple[float, float]],
    *,
    name: str,
    answers: Answers = "score",
    resolution: float = 0.0,
    tolerance: float | None = None,
    hiding: int = HIDING,
) -> Compiled:
    """Choose ring, scales and flood for a model; the smallest ring that keeps the tolerance.

    Guarantee: every answer decrypts; it is off the model's score by at most the form's `error`; a reply is within
    2^-hiding in total variation, for each answer, of one that was made from the answers alone, for a hospital
    that follows the protocol (given ring-LWE: `docs/proofs/encrypted.md`).

    Args:
        scores: from `confide.encrypted.models`.
        ranges: of each feature: lowest and highest value a record may have; public, so never read from records.
        name: of the model; public.
        answers: "score", "rounded" (even noise of width `resolution` on each), or "label" (one output's sign,
            its size blurred by a secret factor of up to 2^12, a new one for each record).
        resolution: in units of the score; above 0 for rounded answers only.
        tolerance: largest error wanted, noise of rounding apart; by default a thousandth of the largest score.
        hiding: bits, 20 to 128.

    Raises:
        InvalidInput: a range is missing, settings exclude each other, or no ring is precise enough.
    """
    _verify_settings(scores, answers, resolution)
    missing = [feature for feature in scores.features if feature not in ranges]
    if missing:
        raise InvalidInput("encrypted.range", feature=missing[0])
    low = np.array([float(ranges[feature][0]) for feature in scores.features])
    high = np.array([float(ranges[feature][1]) for feature in scores.features])
    with np.errstate(over="ignore", invalid="ignore"):  # what is no finite number is refused just below
        sound = np.isfinite(high - low) & (low < high)
        if not sound.all():
            raise InvalidInput("encrypted.range", feature=scores.features[int(np.argmin(sound))])
        monomials, weights, bias, off = scores.inside(low, high)
        largest = float((np.abs(weights).sum(axis=1) + np.abs(bias)).max())
    if not (
        math.isfinite(largest + off)
        and np.isfinite(weights).all()
        and np.isfinite(bias).all()
        and weights.any(axis=1).all()
    ):
        raise InvalidInput("encrypted.weights")
    wanted = largest / 1000 if tolerance is None else tolerance
    best = math.inf
    for degree, primes, kept in _RINGS:
        if len(monomials) > degree:
            continue
        parameters = Parameters(degree=degree, primes=primes, plain_bits=2)
        form = Form(
            name=name, parameters=parameters, features=scores.features, low=tuple(low.tolist()),
            high=tuple(high.tolist()), monomials=monomials, outputs=scores.outputs, link=scores.link,
            answers=answers, input_bits=1, scale_bits=0, hiding=hiding, reply_primes=kept, resolution=resolution,
            error=0.0,
        )  # fmt: skip
        found = _most_precise(form, weights, bias, off)
        best = min(best, found.form.error - resolution / 2 if found else math.inf)
        if found and found.form.error - resolution / 2 <= wanted:
            return found
    raise InvalidInput("encrypted.precision", found=f"{best:.3g}", wanted=f"{wanted:.3g}")


def _verify_settings(scores: Scores, answers: Answers, resolution: float) -> None:
    if (answers == "rounded") != (resolution > 0) or not 0 <= resolution < math.inf:
        raise InvalidInput("encrypted.resolution")
    if answers == "label" and len(scores.outputs) != 1:
        raise InvalidInput("encrypted.label", found=len(scores.outputs))


def _most_precise(form: Form, weights: Floats, bias: Floats, off: float) -> Compiled | None:
    """Return the scales of the least error that fit the form's ring; None where none does."""
    best: Compiled | None = None
    middle = -int(np.ceil(np.log2(np.abs(weights).max())))
    for weight_bits in range(middle + 3, middle + 36):
        whole = np.rint(np.ldexp(weights, weight_bits))
        if not whole.any(axis=1).all():
            continue
        for input_bits in range(4, 31):
            found = _at(form, weights, bias, off, whole.astype(np.int64), input_bits, weight_bits)
            if found and (best is None or found.form.error < best.form.error):
                best = found
    return best


def _at(
    form: Form, weights: Floats, bias: Floats, off: float, whole: Integers, input_bits: int, weight_bits: int
) -> Compiled | None:
    """Return the model at these scales; None where it does not fit."""
    scale_bits = input_bits + weight_bits
    if not -60 <= scale_bits <= 80:
        return None
    step = 2.0**scale_bits
    if not (np.abs(bias).max() < 2.0**WIDEST_PLAIN / step and form.resolution < 2.0**WIDEST_PLAIN / step):
        return None
    shift, dither = np.rint(bias * step).astype(np.int64), round(form.resolution * step)
    plain_bits = _plain_bits(whole, shift, input_bits, dither, form)
    if plain_bits > WIDEST_PLAIN:
        return None
    parameters = Parameters(
        degree=form.parameters.degree, primes=form.parameters.primes, plain_bits=plain_bits
    )
    flood = _fits(parameters, whole, shift, input_bits, dither, form)
    if flood is None:
        return None
    told = {name: getattr(form, name) for name in ("name", "features", "low", "high", "monomials", "outputs")}
    rounding = np.abs(weights).sum(axis=1) * 0.5**input_bits / 2
    rounding += np.abs(weights - np.ldexp(whole.astype(float), -weight_bits)).sum(axis=1)
    error = float(rounding.max()) + 0.5 ** (scale_bits + 1) + off
    error = 2.0 ** math.ceil(math.log2(error * (1 + 1e-9))) + form.resolution / 2  # a power of 2 tells little
    chosen = Form(
        **told, parameters=parameters, link=form.link, answers=form.answers, input_bits=input_bits,
        scale_bits=scale_bits, hiding=form.hiding, reply_primes=form.reply_primes,
        resolution=form.resolution, error=error,
    )  # fmt: skip
    return Compiled(form=chosen, weights=whole, bias=shift, flood=flood, dither=dither)


def _plain_bits(weights: Integers, bias: Integers, input_bits: int, dither: int, form: Form) -> int:
    """Return how many bits hold every answer of a record inside the ranges."""
    sums: list[int] = np.abs(weights).sum(axis=1).tolist()
    largest = max(
        (total << input_bits) + abs(int(b)) + dither + 1 for total, b in zip(sums, bias, strict=True)
    )
    return (largest << _blur(form)).bit_length() + 1


def _blur(form: Form) -> int:
    return BLUR_BITS if form.answers == "label" else 0


def _fits(
    parameters: Parameters, weights: Integers, bias: Integers, input_bits: int, dither: int, form: Form
) -> int | None:
    """Return the bits of the flood that hides these weights; None where an answer would not decrypt."""
    if _plain_bits(weights, bias, input_bits, dither, form) > parameters.plain_bits:
        return None
    if np.abs(weights).max() << _blur(form) >= 1 << (parameters.plain_bits - 1):
        return None
    rows: list[int] = np.abs(weights).sum(axis=1).tolist()
    together = form.together
    at_once = max(sum(rows[start : start + together]) for start in range(0, len(rows), together))
    noise = answer_noise(at_once << _blur(form)) + zero_noise(parameters.degree, parameters.primes[-1])
    flood = flood_bits(noise, form.hiding)
    moduli = primes_of(parameters.degree, parameters.primes)
    off = noise + (1 << (flood - 1))
    fits = decrypts(off, moduli, parameters.plain_bits, parameters.degree, form.reply_primes)
    return flood if fits else None
