"""Small shapes that several rooms pass to each other. No behaviour, no imports that cost time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]
Language = Literal["en", "zh"]
Status = Literal["identified", "pseudonymised", "de-identified", "anonymous", "dp"]

# progress(done, total): called now and then by work that can take more than two seconds.
Progress = Callable[[int, int], None]


def no_progress(done: int, total: int) -> None:
    """Report nothing."""


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text that identifies somebody: `text[start:end]`, in Unicode code points.

    `type` is one of the classes of `confide.deid` ("name", "phone", …), `score` is between 0 and 1,
    `found_by` names the layer and rule ("known", "pattern:resident-id", "context:患者").
    """

    start: int
    end: int
    type: str
    score: float
    found_by: str
