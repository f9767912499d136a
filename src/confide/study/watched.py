"""A plan of many steps whose steps are told while it runs: the same charge, the same release, and a bar that moves.

Adds nothing to what is charged or released: name, price and public fields are those of the plan inside.
"""

from dataclasses import dataclass, field
from typing import Any, Protocol

from confide.dp.events import Event
from confide.dp.noise import Noise
from confide.ledger.charge import Verifying
from confide.types import Json, Progress

WHOLE = 1000  # of one plan on the bar


class Stepwise(Protocol):
    """A plan that tells its steps."""

    @property
    def name(self) -> str:
        """As of `confide.ledger.charge.Plan`."""
        ...

    @property
    def epsilon(self) -> float:
        """As of `confide.ledger.charge.Plan`."""
        ...

    @property
    def delta(self) -> float:
        """As of `confide.ledger.charge.Plan`."""
        ...

    def event(self) -> Event:
        """As of `confide.ledger.charge.Plan`."""
        ...

    def to_json(self) -> Json:
        """As of `confide.ledger.charge.Plan`."""
        ...

    def execute(self, data: Any, noise: Noise, progress: Progress) -> Json:
        """As of `confide.ledger.charge.Plan`; `progress` is told after each step."""
        ...


@dataclass(frozen=True, slots=True)
class Watched:
    """`plan`, the one at place `at` of `count`, with `progress` of all of them together."""

    plan: Stepwise
    at: int
    count: int
    progress: Progress = field(repr=False)

    @property
    def name(self) -> str:
        """Return that of the plan."""
        return self.plan.name

    @property
    def epsilon(self) -> float:
        """Return that of the plan."""
        return self.plan.epsilon

    @property
    def delta(self) -> float:
        """Return that of the plan."""
        return self.plan.delta

    def event(self) -> Event:
        """Return that of the plan."""
        return self.plan.event()

    def to_json(self) -> Json:
        """Return that of the plan."""
        return self.plan.to_json()

    def verify_data(self, data: Any) -> None:
        """Ask the plan, if it can say so beforehand."""
        if isinstance(self.plan, Verifying):
            self.plan.verify_data(data)

    def execute(self, data: Any, noise: Noise) -> Json:
        """Run the plan and tell each of its steps as a part of the whole."""

        def told(done: int, steps: int) -> None:
            self.progress(self.at * WHOLE + WHOLE * done // max(1, steps), self.count * WHOLE)

        return self.plan.execute(data, noise, told)
