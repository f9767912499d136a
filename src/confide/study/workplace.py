"""Open what a study needs: its folder for one run at a time, the vault, the ledger.

Guarantee: the ledger returned holds all that this folder's last run saw of it (`checkpoint`), so an
older copy restored from a backup is refused. How the vault is opened: `confide.study.keys`.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from confide.errors import InvalidInput
from confide.ledger.home import home, open_ledger, write_checkpoint
from confide.ledger.ledger import Ledger
from confide.study.config import Study, load_study
from confide.study.keys import nobody_types, open_vault_of
from confide.vault.vault import Vault

CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True)
class Workplace:
    """An opened study. Holds keys: never printed."""

    study: Study
    vault: Vault
    ledger: Ledger

    def __repr__(self) -> str:
        return f"Workplace({self.study.study.name!r})"


@contextmanager
def open_workplace(folder: Path, *, ask: Callable[[], str] = nobody_types) -> Iterator[Workplace]:
    """Open the study in `folder` for one run.

    Raises:
        InvalidInput: the study file is wrong, or another run is at work.
        AccessDenied: what the study names does not open the vault.
        IntegrityError: the ledger is older than this folder's last run.
    """
    study = load_study(folder)
    with only_run(folder):
        vault = open_vault_of(study, ask)
        with open_ledger(home(), checkpoints=[folder / CHECKPOINT]) as ledger:
            try:
                yield Workplace(study, vault, ledger)
            finally:
                write_checkpoint(ledger, folder / CHECKPOINT)


@contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the kernel lets go of it when the process ends, however it ends."""
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InvalidInput("study.busy") from None
        yield
    finally:
        os.close(handle)
