"""The `[[series]]` section of a study file: counts period by period, paid for before the first. All fields public."""

from dataclasses import dataclass, field

from confide.errors import InvalidInput
from confide.stats.keys import Keys
from confide.stats.series import SeriesPlan


def _doc(sentence: str) -> dict[str, str]:
    return {"doc": sentence}


@dataclass(frozen=True, kw_only=True, slots=True)
class SeriesSection:
    """One series of counts: a source for each period so far, all periods that will ever be, and what they may cost."""

    name: str = field(metadata=_doc("Name of the series; each release is called after it and its period."))
    sources: tuple[str, ...] = field(
        metadata=_doc(
            "Tables of the periods so far, the oldest first. A month later its table is added; those before stay as they "
            "are, and a correction comes as rows of a later one."
        )
    )
    periods: tuple[str, ...] = field(
        metadata=_doc("Names of all periods there will be, such as months; listed and paid for beforehand.")
    )
    epsilon: float = field(metadata=_doc("What all periods together may cost one patient."))
    delta: float = field(default=1e-9, metadata=_doc("At most 1 / (100 patients)."))
    by: Keys = field(
        default_factory=dict,
        metadata=_doc("Public keys per column: texts are categories, numbers are edges of half-open bins."),
    )
    max_rows: int = field(
        default=4,
        metadata=_doc(
            "How many rows of one patient count over the whole series at most, the earliest first."
        ),
    )

    def __post_init__(self) -> None:
        """Refuse what could never be released."""
        if not 1 <= len(self.sources) <= len(self.periods) or len(set(self.sources)) < len(self.sources):
            raise InvalidInput("series.sources", name=self.name, most=len(self.periods))
        self.plan()

    def plan(self) -> SeriesPlan:
        """Return what is charged before the first period; the same however many periods there are so far."""
        return SeriesPlan(
            name=self.name, source=self.name, epsilon=self.epsilon, delta=self.delta, periods=self.periods,
            by=self.by, max_rows=self.max_rows,
        )  # fmt: skip
