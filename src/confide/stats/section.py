"""The `[[stats]]` section of a study file: one table of statistics to release. All fields public."""

import math
from dataclasses import dataclass, field

from confide.errors import InvalidInput
from confide.stats.keys import checked
from confide.stats.measures import parse_measure

MOST_ROWS_PER_PATIENT = 1 << 16


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
    by: dict[str, tuple[str, ...] | tuple[float, ...]] = field(
        default_factory=dict,
        metadata=_doc("Public keys per column: texts are categories, numbers are edges of half-open bins."),
    )
    name: str = field(
        default="",
        metadata=_doc("Name of the release inside its study; made up from source and keys if left out."),
    )
    max_rows: int = field(
        default=4, metadata=_doc("How many rows one patient weighs at most; more rows weigh less each.")
    )

    def __post_init__(self) -> None:
        """Refuse what could never be released, and give the release a name."""
        verify_request(self.by, self.measures, self.epsilon, self.max_rows)
        object.__setattr__(self, "by", checked(self.by))
        if not self.name:
            object.__setattr__(
                self, "name", "-".join([self.source, "by", *self.by] if self.by else [self.source])
            )


def verify_request(
    by: dict[str, tuple[str, ...] | tuple[float, ...]],
    measures: tuple[str, ...],
    epsilon: float,
    max_rows: int,
) -> None:
    """Refuse a request that could never be answered; looks at public values only.

    Raises:
        InvalidInput: keys, measures, epsilon or max_rows that cannot be.
    """
    keys = checked(by)
    if not measures:
        raise InvalidInput("stats.no-measures")
    if len(set(measures)) < len(measures) or set(measures) & set(keys):
        raise InvalidInput("stats.measures-twice")
    for measure in measures:
        parse_measure(measure)
    if not (math.isfinite(epsilon) and epsilon > 0):
        raise InvalidInput("stats.epsilon", found=epsilon)
    if isinstance(max_rows, bool) or not 1 <= max_rows <= MOST_ROWS_PER_PATIENT:
        raise InvalidInput("stats.max-rows", found=max_rows, most=MOST_ROWS_PER_PATIENT)
