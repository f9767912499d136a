"""The `[deid]` table of `study.toml`: which policy, what to do with doubt, which sources leave.

Settings only; `confide.deid.deidentify` acts on them.
"""

from dataclasses import dataclass, field
from typing import Literal, get_args

from confide.deid.policy import POLICIES
from confide.errors import InvalidInput

Review = Literal["mask", "hold", "block"]


@dataclass(frozen=True, kw_only=True, slots=True)
class DeidSection:
    """How records are de-identified. Every field is public.

    Raises:
        InvalidInput: no such policy, no such way of review, or a list of sources that is empty.

    >>> DeidSection(policy="pipl").review
    'mask'
    """

    policy: str = field(
        metadata={"doc": "A policy of confide by name, or the path of a policy file (.toml)."}
    )
    review: Review = field(
        default="mask",
        metadata={
            "doc": "What happens to doubtful spans: mask them, hold their document, or block the whole run."
        },
    )
    sources: tuple[str, ...] | None = field(
        default=None,
        metadata={"doc": "Names of the sources that leave row by row; all notes when not given."},
    )

    site_list: str | None = field(
        default=None,
        metadata={
            "doc": "Sealed file of strings that the review of an earlier study taught (confide review --learn)."
        },
    )

    def __post_init__(self) -> None:
        """Refuse what could never work, before anything is read."""
        if self.policy not in POLICIES and not self.policy.endswith(".toml"):
            raise InvalidInput("deid.unknown-policy", found=self.policy, known=", ".join(POLICIES))
        if self.review not in get_args(Review):
            raise InvalidInput("deid.unknown-review", found=self.review)
        if self.sources is not None and not self.sources:
            raise InvalidInput("deid.no-sources")
