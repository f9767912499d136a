"""One torch training as a ledger charges it, and what a ledger looks like from here.

`confide.ledger` is handed in, never imported: a ledger knows no feature, and a feature no ledger.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from confide.dp.events import Event
from confide.dp.noise import Noise
from confide.train.privacy import PrivacyPlan
from confide.types import Json


class ChargeLike(Protocol):
    """What `confide.ledger.charge.Charge` is to a trainer."""

    sequence: int
    noise: Noise

    def commit(self, release: Json) -> Json:
        """Make the release durable."""
        ...


class LedgerLike(Protocol):
    """What `confide.ledger.ledger.Ledger` is to a trainer."""

    def released(self, plan: Any, *, study: str, account: str, commitment: str = "") -> Json | None:
        """Return the committed release of `plan`, or None."""
        ...

    def run(
        self, plan: Any, data: Any, *, study: str, account: str, commitment: str = ""
    ) -> tuple[Json, bool]:
        """Charge `plan`, execute it once and commit; or return the committed release, and that it is one."""
        ...

    def charge(
        self, plan: Any, *, study: str, account: str, commitment: str = ""
    ) -> AbstractContextManager[ChargeLike]:
        """Spend the budget of `plan`, durably, and hand out its noise."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingPlan:
    """One training as a ledger charges it; every field is public."""

    name: str
    privacy: PrivacyPlan
    recipe: tuple[tuple[str, str], ...]

    @property
    def epsilon(self) -> float:
        """Return what the training costs one patient, at `delta`."""
        return self.privacy.epsilon

    @property
    def delta(self) -> float:
        """Return the δ at which `epsilon` is stated."""
        return self.privacy.delta

    def event(self) -> Event:
        """Return what the training costs; data only, no accountant."""
        return self.privacy.event()

    def to_json(self) -> Json:
        """Return every public field, without floats."""
        return {
            "kind": "torch",
            "name": self.name,
            "privacy": self.privacy.to_json(),
            "recipe": dict(self.recipe),
        }

    def execute(self, data: Callable[[Noise], Json], noise: Noise) -> Json:
        """Run the training that `data` closes over; called once, after the charge is durable."""
        return data(noise)
