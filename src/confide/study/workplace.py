"""Open what a study needs: its folder for one run at a time, the vault, the ledger.

Guarantee: the ledger returned holds all that this folder's last run saw of it (`checkpoint`), so an
older copy restored from a backup is refused; the passphrase comes from a file or the terminal, never
from an argument.
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
from confide.vault.custody import read_secret
from confide.vault.vault import Vault, create_vault, open_vault

CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True)
class Workplace:
    """An opened study. Holds keys: never printed."""

    study: Study
    vault: Vault
    ledger: Ledger

    def __repr__(self) -> str:
        return f"Workplace({self.study.study.name!r})"


def nobody_types() -> str:
    """Refuse to ask: the answer where there is no terminal."""
    raise InvalidInput("study.no-passphrase")


def vault_folder() -> Path:
    """Return where the institution's vault lies; its key is elsewhere."""
    return home() / "vault"


def passphrase_of(study: Study, ask: Callable[[], str]) -> str:
    """Return the passphrase, from the file that the study names or from `ask`."""
    if study.keys.passphrase_file is None:
        return ask()
    return read_secret(study.folder / study.keys.passphrase_file)


@contextmanager
def open_workplace(folder: Path, *, ask: Callable[[], str] = nobody_types) -> Iterator[Workplace]:
    """Open the study in `folder` for one run.

    Raises:
        InvalidInput: the study file is wrong, or another run is at work.
        AccessDenied: the passphrase does not open the vault.
        IntegrityError: the ledger is older than this folder's last run.
    """
    study = load_study(folder)
    with only_run(folder):
        vault = open_vault(vault_folder(), passphrase=passphrase_of(study, ask))
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


def make_vault(passphrase: str) -> str | None:
    """Make the institution's vault where there is none; return its recovery key, once."""
    if (vault_folder() / "vault.sqlite").exists():
        open_vault(vault_folder(), passphrase=passphrase)
        return None
    home().mkdir(mode=0o700, parents=True, exist_ok=True)
    _, recovery_key = create_vault(vault_folder(), passphrase)
    return recovery_key
