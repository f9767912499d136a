"""The `[risk]` table of `study.toml`: which columns an outsider could know."""

from dataclasses import dataclass, field

from confide.errors import InvalidInput


@dataclass(frozen=True, kw_only=True, slots=True)
class RiskSection:
    """What the re-identification risk is measured over. Every field is public.

    >>> RiskSection(quasi_identifiers=("age", "sex")).quasi_identifiers
    ('age', 'sex')
    """

    quasi_identifiers: tuple[str, ...] = field(
        metadata={"doc": "Columns that somebody outside could know of a person, such as age, sex, district."}
    )

    def __post_init__(self) -> None:
        """Refuse an empty list and a column that is named twice."""
        if not self.quasi_identifiers:
            raise InvalidInput("risk.no-columns")
        if len(set(self.quasi_identifiers)) != len(self.quasi_identifiers):
            raise InvalidInput("risk.column-twice", columns=", ".join(self.quasi_identifiers))
