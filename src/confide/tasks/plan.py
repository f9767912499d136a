"""What every task of `[[train]]` that reads notes or images is to a ledger: one frozen plan, filled in by each task.

Promise: every field is public and follows from the study file and public files, so a plan may be printed, logged and
signed; records arrive through `execute`. What a task makes of them stands beside it (`release`). Knows no ledger.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Protocol

import polars as pl

from confide.dp.events import Event
from confide.dp.noise import Noise
from confide.tasks.notes import verify_columns
from confide.tasks.public import NO_PUBLIC, Public
from confide.tasks.releases import public_fields
from confide.types import Json, Progress, no_progress


class Protection(Protocol):
    """How noise protects what a task releases: by steps, counts or votes."""

    def event(self) -> Event:
        """Return what it costs; data only."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskPlan:
    """What one task releases and what that costs one patient.

    `settings` is its section of the study file, `kind` that of the release, `columns` those of the source that are read,
    `constants` public values beside the settings, `public` the text that it begins with. `release` makes the release out of
    the plan, the records, the charge's noise, and who is told of each step.
    """

    settings: Any
    kind: str
    protection: Protection
    columns: frozenset[str]
    release: Callable[["TaskPlan", Any, Noise, Progress], Json] = field(repr=False)
    constants: Json = field(default_factory=dict)
    public: Public = NO_PUBLIC

    @property
    def name(self) -> str:
        """Return the name of the release inside its study."""
        return str(self.settings.name)

    @property
    def source(self) -> str:
        """Return the name of the source that is read."""
        return str(self.settings.source)

    @property
    def epsilon(self) -> float:
        """Return what the release costs one patient, at `delta`."""
        return float(self.settings.epsilon)

    @property
    def delta(self) -> float:
        """Return the δ that belongs to `epsilon`."""
        return float(self.settings.delta)

    def event(self) -> Event:
        """Return what the release costs when one patient is added or removed; data only."""
        return self.protection.event()

    def to_json(self) -> Json:
        """Return the kind and all public fields; numbers with a fraction as text."""
        return {**public_fields(self.settings), "kind": self.kind, **self.constants}

    def text_columns(self) -> frozenset[str]:
        """Return the columns that are read."""
        return self.columns

    def verify_columns(self, columns: Collection[str]) -> None:
        """Raise if a column that is read is not there, or what the task runs on."""
        verify_columns(columns, self.columns)

    def verify_data(self, data: Any) -> None:
        """Raise if the plan could not run on these notes, by what is public of them; `Ledger.run` asks before it charges."""
        if isinstance(data, pl.DataFrame):
            self.verify_columns(data.columns)

    def execute(self, data: Any, noise: Noise, progress: Progress = no_progress) -> Json:
        """Return the release, and everything public that is needed to use it.

        Guarantee: (`epsilon`, `delta`)-differentially private for adding or removing one patient.

        Args:
            data: the records to learn from, as the task reads them.
            noise: the charge's.
            progress: told after each step.
        """
        return self.release(self, data, noise, progress)
