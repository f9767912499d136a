"""The form: everything about an encrypted score that both sides know. Public; holds no weight.

Says which features a hospital sends, in which declared ranges, how they become whole numbers, where the answers
stand in a polynomial, and how far an answer can be off. `confide.encrypted.linear` makes one from a model.
"""

import hashlib
import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from confide.crypto.canonical import canonical
from confide.encrypted.lift import Floats, Monomials, products
from confide.encrypted.parameters import Parameters
from confide.errors import InvalidInput
from confide.types import Json

Integers = NDArray[np.int64]
Answers = Literal["score", "rounded", "label"]
Link = Literal["identity", "logistic", "exp", "largest"]
FORMAT = 1
MOST_MONOMIALS = 8192
MOST_OUTPUTS = 256
LONGEST_NAME = 200  # characters


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """The public half of a compiled model.

    Args:
        name: of the model.
        parameters: the ring.
        features: their names, in the order in which they are sent.
        low, high: the declared range of each feature; a record outside is refused by the hospital's side.
        monomials: products of features that are sent; each feature alone for a linear model.
        outputs: names of the answers.
        link: what turns an answer into what the model says: a probability, a rate, the class of the largest.
        answers: raw scores, scores with even noise of width `resolution`, or the sign, its
            size blurred by a secret factor.
        input_bits: a product is sent in steps of 2^-input_bits of its range.
        scale_bits: an answer counts steps of 2^-scale_bits.
        hiding: a reply tells more than its answers with probability at most 2^-hiding an answer.
        reply_primes: how many of the ring's primes a reply keeps; the fewer, the shorter.
        resolution: width of the noise of a rounded answer; 0 for the others.
        error: the most by which an answer is off the model's own score.
    """

    name: str
    parameters: Parameters
    features: tuple[str, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    monomials: Monomials
    outputs: tuple[str, ...]
    link: Link
    answers: Answers
    input_bits: int
    scale_bits: int
    hiding: int
    reply_primes: int
    resolution: float
    error: float

    def __post_init__(self) -> None:
        """Refuse a form that no hospital could use."""
        ranges = [*zip(self.low, self.high, strict=False)]
        sound = (
            len(self.low) == len(self.high) == len(self.features) == len(set(self.features)) > 0
            and all(math.isfinite(low) and math.isfinite(high) and low < high for low, high in ranges)
            and 0 < len(self.monomials) <= min(MOST_MONOMIALS, self.parameters.degree)
            and all(one and 0 <= min(one) <= max(one) < len(self.features) for one in self.monomials)
            and list(map(len, self.monomials)) == sorted(map(len, self.monomials))
            and 0 < len(self.outputs) <= MOST_OUTPUTS
            and all(map(_is_one_line, (self.name, *self.features, *self.outputs)))
            and self.link in ("identity", "logistic", "exp", "largest")
            and self.answers in ("score", "rounded", "label")
            and 0 < self.input_bits <= 40
            and -60 <= self.scale_bits <= 80
            and 20 <= self.hiding <= 128
            and 0 < self.reply_primes < len(self.parameters.primes)
            and 0 <= self.resolution < math.inf
            and 0 <= self.error < math.inf
        )
        if not sound:
            raise InvalidInput("encrypted.form")

    @property
    def together(self) -> int:
        """How many outputs stand in one reply."""
        return min(len(self.outputs), self.parameters.degree // len(self.monomials))

    @property
    def groups(self) -> int:
        """How many replies one ciphertext of records needs."""
        return -(-len(self.outputs) // self.together)

    @property
    def records(self) -> int:
        """How many records stand in one ciphertext; with labels one, as each has a factor of its own."""
        if self.answers == "label":
            return 1
        return max(1, self.parameters.degree // (self.together * len(self.monomials)))

    def places(self, records: int) -> Integers:
        """Return where the answers stand, shape (records, together)."""
        width = len(self.monomials)
        record = np.arange(records)[:, None] * (self.together * width)
        return record + np.arange(self.together) * width + width - 1

    def encode(self, rows: Floats) -> Integers:
        """Return the products of records as whole numbers, shape (records, monomials).

        Raises:
            InvalidInput: the shape is another, or a value is not finite or outside the declared range.
        """
        if rows.ndim != 2 or rows.shape[1] != len(self.features) or not len(rows):
            raise InvalidInput("encrypted.rows", wanted=len(self.features))
        low, high = np.array(self.low), np.array(self.high)
        outside = ~((rows >= low) & (rows <= high)).all(axis=0)  # NaN is outside too
        if outside.any():
            raise InvalidInput("encrypted.outside", feature=self.features[int(np.argmax(outside))])
        inside = np.clip((rows - (low + high) / 2) / ((high - low) / 2), -1.0, 1.0)
        whole: Integers = np.rint(np.ldexp(products(inside, self.monomials), self.input_bits)).astype(
            np.int64
        )
        return whole

    def decode(self, whole: Integers) -> Floats:
        """Return answers in units of the model's score; of labels the sign alone."""
        if self.answers == "label":
            return np.where(whole >= 0, 1.0, -1.0)
        scores: Floats = np.ldexp(whole.astype(np.float64), -self.scale_bits)
        return scores

    def digest(self) -> bytes:
        """Return 32 bytes that stand in every message about this form."""
        return hashlib.sha256(canonical(self.to_json())).digest()

    def to_json(self) -> Json:
        """Return every field, numbers as Python writes them."""
        return {
            "format": FORMAT,
            "name": self.name,
            "parameters": self.parameters.to_json(),
            "features": list(self.features),
            "low": [repr(float(value)) for value in self.low],
            "high": [repr(float(value)) for value in self.high],
            "monomials": [list(one) for one in self.monomials],
            "outputs": list(self.outputs),
            "link": self.link,
            "answers": self.answers,
            "input_bits": self.input_bits,
            "scale_bits": self.scale_bits,
            "hiding": self.hiding,
            "reply_primes": self.reply_primes,
            "resolution": repr(float(self.resolution)),
            "error": repr(float(self.error)),
        }

    @staticmethod
    def from_json(json: Any) -> "Form":
        """Read what `to_json` wrote.

        Raises:
            InvalidInput: it is something else, or of another version.
        """
        if not isinstance(json, dict) or json.get("format") != FORMAT:
            raise InvalidInput("encrypted.form")
        try:
            return Form(
                name=_text(json["name"]),
                parameters=Parameters.from_json(json["parameters"]),
                features=tuple(map(_text, json["features"])),
                low=tuple(map(float, json["low"])),
                high=tuple(map(float, json["high"])),
                monomials=tuple(tuple(map(_whole, one)) for one in json["monomials"]),
                outputs=tuple(map(_text, json["outputs"])),
                link=json["link"],
                answers=json["answers"],
                input_bits=_whole(json["input_bits"]),
                scale_bits=_whole(json["scale_bits"]),
                hiding=_whole(json["hiding"]),
                reply_primes=_whole(json["reply_primes"]),
                resolution=float(json["resolution"]),
                error=float(json["error"]),
            )
        except (KeyError, TypeError, ValueError, OverflowError):
            raise InvalidInput("encrypted.form") from None


def _is_one_line(name: str) -> bool:
    """Whether a name can stand in a terminal and a ledger, where it comes from somebody else."""
    return bool(name.strip()) and name.isprintable() and len(name) <= LONGEST_NAME


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError
    return value
