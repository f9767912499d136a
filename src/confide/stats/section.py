"""The `[[stats]]` section of a study file: one table of statistics to release. All fields public."""

import math
from dataclasses import dataclass, field
from typing import Literal

from confide.errors import InvalidInput
from confide.stats.cells import Kind
from confide.stats.expressions import parse, verify_name
from confide.stats.keys import Asked, checked_asked, unlisted
from confide.stats.measures import parse_measure
from confide.stats.slots import Signed

MOST_ROWS_PER_PATIENT = 1 << 16
SMALLEST_SHARE = 1e-3
SAMPLER_DELTA = 1e-18
LEAST_ERROR: Literal["least-error"] = "least-error"
Shares = dict[str, float] | Literal["least-error"]
SMALLEST_DELTA = 1e-15  # where categories are found


def _doc(sentence: str) -> dict[str, str]:
    return {"doc": sentence}


@dataclass(frozen=True, kw_only=True, slots=True)
class StatsSection:
    """One grouped table: which source, which public keys, which measures, what it may cost."""

    source: str = field(metadata=_doc("Name of the source, a table."))
    measures: tuple[str, ...] = field(
        metadata=_doc("What to measure in each cell, such as count or mean(stay_days, 0, 60).")
    )
    epsilon: float = field(metadata=_doc("What the whole table may cost one patient."))
    by: Asked = field(
        default_factory=dict,
        metadata=_doc(
            'Keys per column, public lists: texts are categories ("*" stands for every other one), numbers are edges of '
            'half-open bins. "unknown": the common categories are found, for a fifth of epsilon and for delta.'
        ),
    )
    delta: float = field(
        default=SAMPLER_DELTA,
        metadata=_doc(
            "What finding the categories of unknown keys may cost, such as 1e-9; at most 1 / (100 patients). If all keys "
            "are listed, leave it out."
        ),
    )
    intervals: Literal["noise", "population"] = field(
        default="noise",
        metadata=_doc(
            "What intervals cover: the noise alone, for these very records; or the chance of which patients are in "
            "them too, for the population they come from."
        ),
    )
    where: tuple[str, ...] = field(
        default=(),
        metadata=_doc(
            'Only rows that fulfil every condition count, such as "age >= 18"; see expressions.md.'
        ),
    )
    derive: dict[str, str] = field(
        default_factory=dict,
        metadata=_doc(
            'New columns from those of the same row, such as bmi = "weight / (height / 100) ** 2".'
        ),
    )
    name: str = field(
        default="",
        metadata=_doc("Name of the release inside its study; made up from source and keys if left out."),
    )
    max_rows: int | Literal["private"] = field(
        default=4,
        metadata=_doc(
            'How many rows one patient weighs at most; more rows weigh less each. "private" chooses it from a noisy '
            "histogram, which takes a twentieth of epsilon."
        ),
    )
    shares: Shares = field(
        default_factory=dict,
        metadata=_doc(
            'How epsilon is shared out among the measures; a measure that is left out has 1. "least-error": so that '
            "the errors that confide check declares come to the least together."
        ),
    )

    def __post_init__(self) -> None:
        """Refuse what could never be released, and give the release a name."""
        verify_request(self.by, self.measures, self.epsilon, self.max_rows, self.shares)
        verify_delta(self.by, self.delta)
        verify_intervals(self.intervals, self.measures)
        verify_rows(self.where, self.derive)
        object.__setattr__(self, "by", checked_asked(self.by))
        if not self.name:
            object.__setattr__(
                self, "name", "-".join([self.source, "by", *self.by] if self.by else [self.source])
            )


def verify_request(
    by: Asked,
    measures: tuple[str, ...],
    epsilon: float,
    max_rows: int | str,
    shares: Shares,
) -> None:
    """Refuse a request that could never be answered; looks at public values only.

    Raises:
        InvalidInput: keys, measures, epsilon or max_rows that cannot be.
    """
    keys = checked_asked(by)
    if not measures:
        raise InvalidInput("stats.no-measures")
    if len(set(measures)) < len(measures) or set(measures) & set(keys):
        raise InvalidInput("stats.measures-twice")
    for measure in measures:
        parse_measure(measure)
    if not (math.isfinite(epsilon) and epsilon > 0):
        raise InvalidInput("stats.epsilon", found=epsilon)
    if not isinstance(shares, dict) and shares != LEAST_ERROR:
        raise InvalidInput("stats.shares", found=shares)
    whole = isinstance(max_rows, int) and not isinstance(max_rows, bool)
    if max_rows != "private" and not (whole and 1 <= int(max_rows) <= MOST_ROWS_PER_PATIENT):
        raise InvalidInput("stats.max-rows", found=max_rows, most=MOST_ROWS_PER_PATIENT)
    for measure, share in shares.items() if isinstance(shares, dict) else ():
        if (
            measure not in measures
            or isinstance(share, bool)
            or not SMALLEST_SHARE <= share <= 1 / SMALLEST_SHARE
        ):
            raise InvalidInput("stats.share", measure=measure)


def verify_delta(by: Asked, delta: float) -> None:
    """Refuse a δ that finds no categories, or that pays for nothing.

    Raises:
        InvalidInput: too small where a key is unknown; or more than the sampler needs where none is.
    """
    if unlisted(by):
        if not SMALLEST_DELTA <= delta <= 0.01:
            raise InvalidInput("stats.delta-unknown", key=unlisted(by)[0])
    elif delta != SAMPLER_DELTA:
        raise InvalidInput("stats.delta-for-nothing")


def verify_rows(where: tuple[str, ...], derive: dict[str, str]) -> None:
    """Refuse conditions and definitions that could never be computed; looks at public values only.

    Raises:
        InvalidInput: names what is not understood.
    """
    for condition in where:
        parse(condition, Kind.TRUTH)
    for name, text in derive.items():
        verify_name(name)
        parse(text)


def verify_intervals(intervals: str, measures: tuple[str, ...]) -> None:
    """Refuse intervals that a measure cannot have.

    Raises:
        InvalidInput: no such kind; or sampling is to be covered for a sum of both signs.
    """
    if intervals not in ("noise", "population", "none"):
        raise InvalidInput("stats.intervals", found=intervals)
    for text in measures if intervals == "population" else ():
        (part,) = parse_measure(text).parts
        signed = isinstance(part.slots, Signed) and part.slots.ruler.low < 0 < part.slots.ruler.high
        if signed:
            raise InvalidInput("stats.no-population", measure=text)
