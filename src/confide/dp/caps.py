"""How a rule divides its δ over its regions, and how large the Rényi sum may grow inside its share.

Decimals where a stored rule is checked, so that every machine finds the same; caps are rounded down. The
Gaussian cap is `confide.dp.gaussian.largest_square`. Proof: `docs/proofs/filter.md`, sections 1, 3 and 6.
"""

import math
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import lru_cache

import numpy as np

from confide.dp.events import check_whole
from confide.dp.renyi import randomised_response
from confide.dp.units import ATTO, NANO
from confide.errors import InvalidInput
from confide.types import Json

LARGEST_ORDER = 2**17  # a sampled event costs time in proportion to the order
SHARES = ("basic", "renyi", "renyi_additive", "gaussian", "gaussian_additive")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shares:
    """How the regions of a rule divide its δ; whole numbers of atto, together at most δ."""

    basic: int
    renyi: int
    renyi_additive: int
    gaussian: int
    gaussian_additive: int

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        for field in SHARES:
            check_whole(field, getattr(self, field), 0, ATTO)

    @classmethod
    def of(cls, delta: int) -> "Shares":
        """Divide `delta` for a new rule: most to Gaussian noise, whose ε feels it most."""
        return cls(
            basic=delta // 4,
            renyi=delta // 4,
            renyi_additive=delta // 16,
            gaussian=3 * delta // 8,
            gaussian_additive=delta // 16,
        )

    @classmethod
    def without_gaussian(cls, delta: int) -> "Shares":
        """Return the shares of the first rules, which had no Gaussian region and did not write their shares."""
        return cls(
            basic=delta // 2, renyi=delta // 4, renyi_additive=delta // 4, gaussian=0, gaussian_additive=0
        )

    def to_json(self) -> Json:
        """Return the shares as JSON without floats."""
        return {field: getattr(self, field) for field in SHARES}

    @classmethod
    def from_json(cls, json: object) -> "Shares":
        """Read what `to_json` wrote."""
        if not isinstance(json, dict):
            raise InvalidInput("dp.event-form", kind="rule", field="shares")
        return cls(**read_fields(json, "rule", SHARES))


def read_fields(json: Json, kind: str, fields: tuple[str, ...]) -> dict[str, int]:
    """Return the named fields of something written; `kind` names it where one is missing."""
    for field in fields:
        if field not in json:
            raise InvalidInput("dp.event-form", kind=kind, field=field)
    return {field: json[field] for field in fields}


@lru_cache(maxsize=256)
def largest_renyi(epsilon: int, share: int, order: int) -> int:
    """Return in nano, rounded down, the largest Rényi sum that converts to (ε, share); -1 if there is none."""
    if share < 1:
        return -1
    with localcontext(prec=40):  # the same digits on every machine, so that a stored rule can be checked
        alpha, delta = Decimal(order), Decimal(share) / ATTO
        gap = ((alpha - 1) / alpha).ln() - (delta.ln() + alpha.ln()) / (alpha - 1)
        return max(-1, epsilon - math.ceil((gap + Decimal("1e-30")) * NANO))


def best_order(epsilon: int, share: int) -> int:
    """Return the order α with the largest B(α) / α, that is with room for the most Gaussian noise."""
    if share < 1:
        return 2
    orders = np.unique(
        np.concatenate([np.arange(2, 4096), np.geomspace(4096, LARGEST_ORDER, 2000).astype(int)])
    )
    gap = np.log1p(-1 / orders) - (math.log(share / ATTO) + np.log(orders)) / (orders - 1)
    return int(orders[np.argmax((epsilon / NANO - gap) / orders)])


def renyi_of_pure(epsilon: int, order: int) -> int:
    """Return in nano, rounded up, the largest divergence that an ε-private mechanism has at `order`."""
    curve = randomised_response(epsilon / NANO, np.array([order], dtype=np.float64))
    return math.ceil(float(curve[0]) * (1 + 2e-9) * NANO)
