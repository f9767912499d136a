"""`[[audit]]` of a study file: attack the training of one `[[train]]` on made-up records before it is trusted. All fields public.

Knows no task and no training: `confide.study.training_audits` finds the `[[train]]` that is named.
"""

import math
from dataclasses import dataclass, field

from confide.errors import InvalidInput

FEWEST, MOST = 50, 100_000  # canaries


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditSection:
    """An attack on one training, with made-up patients in a model that is thrown away; no patient's record is read."""

    training: str = field(
        metadata={"doc": "Name of the [[train]] whose training is attacked: its steps, noise and clipping."}
    )
    name: str = field(
        default="", metadata={"doc": "Name of the audit; made up from the training if left out."}
    )
    canaries: int = field(
        default=1000,
        metadata={
            "doc": "Made-up patients that a fair coin puts in or leaves out; more of them certify more."
        },
    )
    level: float = field(
        default=0.999,
        metadata={"doc": "Each figure is wrong about a sound training with probability 1 - level at most."},
    )

    def __post_init__(self) -> None:
        """Refuse what could show nothing."""
        whole = isinstance(self.canaries, int) and not isinstance(self.canaries, bool)
        if not (whole and FEWEST <= self.canaries <= MOST):
            raise InvalidInput("audit.canaries", field="canaries", low=FEWEST, high=MOST, found=self.canaries)
        if not (math.isfinite(self.level) and 0.5 <= self.level < 1):
            raise InvalidInput("dp.out-of-range", field="level", low="0.5", high="1", found=self.level)
        if not self.name:
            object.__setattr__(self, "name", f"{self.training}-audit")
