"""What a charge is: a plan goes in, noise comes out once, a release is committed or the charge abandoned.

Promise 1: charge before noise, commit before showing. `Ledger.charge` is the only door and
`Charge.noise` the only source of noise; a layer test reads the source for a second one.
"""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from confide.dp.events import Event
from confide.dp.noise import Noise
from confide.errors import IntegrityError
from confide.types import Json


class Plan(Protocol):
    """Anything with a stated cost and a way to run: public fields only, no base class."""

    @property
    def name(self) -> str:
        """Name of the release inside its study."""
        ...

    @property
    def epsilon(self) -> float:
        """What the plan says it costs, at `delta`; the ledger recomputes it from `event`."""
        ...

    @property
    def delta(self) -> float:
        """The δ at which `epsilon` is stated."""
        ...

    def event(self) -> Event:
        """What one run costs, under add-or-remove-one-patient neighbours; data only, no accountant."""
        ...

    def to_json(self) -> Json:
        """Every public field, without floats (numbers as their repr)."""
        ...

    def execute(self, data: Any, noise: Noise) -> Json:
        """Read the data and return the release. Called once per charge, after the charge is durable."""
        ...


@runtime_checkable
class Verifying(Protocol):
    """A plan that can say beforehand whether it could run on some data, from what is public of them: columns, sizes."""

    def verify_data(self, data: Any) -> None:
        """Raise InvalidInput if it could not; `Ledger.run` asks before anything is charged."""
        ...


class Charge:
    """One open charge. `noise` works until the release is committed or the block is left.

    Guarantee: the budget was spent, durably, before this object existed.
    """

    def __init__(self, sequence: int, noise: Noise, commit: Callable[[int, Json], Json]) -> None:
        self.sequence = sequence
        self.noise = noise
        self.release: Json | None = None
        self._commit = commit

    def __repr__(self) -> str:
        return f"Charge(sequence={self.sequence}, committed={self.release is not None})"

    def commit(self, release: Json) -> Json:
        """Make `release` durable and return it as it will be shown for ever.

        Raises:
            IntegrityError: this charge was committed before, abandoned, or taken over by a later run.
        """
        if self.release is not None:
            raise IntegrityError("ledger.charge-closed", sequence=self.sequence)
        self.release = self._commit(self.sequence, release)
        self.noise.close()
        return self.release
