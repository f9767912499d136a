"""Ask for a table of statistics in Python, step by step: the same as a section `[[stats]]` of a study file.

A query is public and holds no data: it may be printed, kept and signed. `plan` says what it costs and runs it
under a charge. Every step returns a new query.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from confide.stats.keys import UNKNOWN, Asked, checked_list
from confide.stats.plan import StatsPlan
from confide.stats.section import SAMPLER_DELTA


@dataclass(frozen=True, slots=True)
class Query:
    """What to count in which rows by which public groups.

    >>> asked = Query("visits").where("age >= 18").group_by(sex=["F", "M"]).count().mean("stay_days", 0, 60)
    >>> asked.measures
    ('count', 'mean(stay_days, 0, 60)')
    >>> asked.plan(epsilon=1.0).epsilon
    1.0
    """

    source: str = ""
    conditions: tuple[str, ...] = ()
    definitions: Mapping[str, str] = field(default_factory=dict)
    keys: Asked = field(default_factory=dict)
    measures: tuple[str, ...] = ()

    def where(self, *conditions: str) -> "Query":
        """Count only rows that fulfil all conditions, such as `age >= 18`."""
        return replace(self, conditions=(*self.conditions, *conditions))

    def derive(self, **definitions: str) -> "Query":
        """Add columns that are computed from the same row, such as `bmi="weight / (height / 100) ** 2"`."""
        return replace(self, definitions=dict(self.definitions) | definitions)

    def group_by(self, **keys: Iterable[str] | Iterable[float]) -> "Query":
        """Group by public keys: texts are categories, numbers are edges of half-open bins.

        `diagnosis="unknown"`: the common categories are found, for a fifth of ε and for δ.
        """
        asked: Asked = {
            key: UNKNOWN
            if values == UNKNOWN
            else checked_list(key, (values,) if isinstance(values, str) else tuple(values))
            for key, values in keys.items()
        }
        return replace(self, keys=self.keys | asked)

    def measure(self, text: str) -> "Query":
        """Add any measure as a study file writes it."""
        return replace(self, measures=(*self.measures, text))

    def count(self) -> "Query":
        """Add the number of rows."""
        return self.measure("count")

    def patients(self) -> "Query":
        """Add the number of different patients."""
        return self.measure("patients")

    def sum(self, column: str, low: float, high: float) -> "Query":
        """Add the sum of a column, each value held within public bounds."""
        return self.measure(_call("sum", column, low, high))

    def mean(self, column: str, low: float, high: float) -> "Query":
        """Add the mean of a column, each value held within public bounds."""
        return self.measure(_call("mean", column, low, high))

    def variance(self, column: str, low: float, high: float) -> "Query":
        """Add the variance of a column, each value held within public bounds."""
        return self.measure(_call("variance", column, low, high))

    def median(self, column: str, low: float, high: float) -> "Query":
        """Add the median of a column, looked for between public bounds."""
        return self.measure(_call("median", column, low, high))

    def quantile(self, column: str, at: float, low: float, high: float) -> "Query":
        """Add the value below which a share `at` of the rows lies, looked for between public bounds."""
        return self.measure(_call("quantile", column, at, low, high))

    def proportion(self, column: str, value: str) -> "Query":
        """Add the share of rows with a value."""
        return self.measure(_call("proportion", column, value))

    def histogram(self, column: str, values: Iterable[str] | Iterable[float]) -> "Query":
        """Add the number of rows for each listed category, or between each two edges."""
        return self.measure(_call("histogram", column, *values))

    def top(self, column: str, places: int, categories: Iterable[str]) -> "Query":
        """Add the most frequent of the listed categories."""
        return self.measure(_call("top", column, places, *categories))

    def plan(
        self,
        *,
        epsilon: float,
        delta: float = SAMPLER_DELTA,
        name: str = "",
        max_rows: int | Literal["private"] = "private",
        shares: Mapping[str, float] | Literal["least-error"] | None = None,
        intervals: Literal["noise", "population", "none"] = "noise",
    ) -> StatsPlan:
        """Return the plan: its price, the error to expect, and `execute` for `ledger.run`.

        Args:
            epsilon: what the whole table may cost one patient.
            delta: what finding the categories of unknown keys may cost; leave it out if all are listed.
            name: of the release; made up from source and keys if left out.
            max_rows: rows of one patient that count at most; "private" has it chosen for a twentieth of ε.
            shares: how ε is shared out among the measures; "least-error": so that the declared errors sum to the least.
            intervals: what they cover: the noise, sampling as well, or nothing (a quantile then has none).

        Raises:
            InvalidInput: what was asked for could never be released.
        """
        return StatsPlan(
            name=name or "-".join([self.source or "table", "by", *self.keys] if self.keys else [self.source or "table"]),
            source=self.source, by=self.keys, measures=self.measures, epsilon=epsilon, delta=delta, max_rows=max_rows,
            shares=shares if isinstance(shares, str) else dict(shares or {}), intervals=intervals, where=self.conditions, derive=dict(self.definitions),
        )  # fmt: skip


def _call(name: str, *arguments: object) -> str:
    """Write a measure as a study file would; texts that need it stand in double quotes."""
    return f"{name}({', '.join(map(_argument, arguments))})"


def _argument(value: object) -> str:
    text = value if isinstance(value, str) else f"{value:.15g}" if isinstance(value, float) else str(value)
    return f'"{text}"' if any(sign in text for sign in ",()") or text.strip() != text or not text else text
