"""`[[audit]]` of a study file: attack the training of one `[[train]]` on made-up records before it is trusted. All fields public.

Knows no task and no training: `confide.study.training_audits` finds the `[[train]]` that is named.
"""

import math
from dataclasses import dataclass, field

from confide.errors import InvalidInput

FEWEST, MOST = 50, 100_000  # canaries
MOST_SECRETS = 64


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

    secret: str | None = field(
        default=None,
        metadata={
            "doc": "For a task that writes (report, notes), in the place of canaries: the form of a secret, # for each digit "
            'that is drawn, such as "the key of cabinet 7 is #####".'
        },
    )
    secrets: int = field(
        default=4, metadata={"doc": "How many made-up patients carry such a secret in their note, one each."}
    )

    def __post_init__(self) -> None:
        """Refuse what could show nothing."""
        _whole("canaries", self.canaries, FEWEST, MOST)
        _whole("secrets", self.secrets, 1, MOST_SECRETS)
        if not (math.isfinite(self.level) and 0.5 <= self.level < 1):
            raise InvalidInput("dp.out-of-range", field="level", low="0.5", high="1", found=self.level)
        if not self.name:
            object.__setattr__(self, "name", f"{self.training}-audit")


def _whole(field_name: str, found: int, low: int, high: int) -> None:
    whole = isinstance(found, int) and not isinstance(found, bool)
    if not (whole and low <= found <= high):
        raise InvalidInput("audit.canaries", field=field_name, low=low, high=high, found=found)
