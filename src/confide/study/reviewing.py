"""Open what a review needs: a study's folder, or a sealed queue that belongs to none; and who reviews."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from confide.crypto.sign import from_pem
from confide.errors import InvalidInput
from confide.ledger.ledger import Ledger
from confide.study.index import QUEUE
from confide.study.keys import Opener, nobody_types, opened_by
from confide.study.review import Desk, Person, open_desk, person_of
from confide.study.sources import sealed_folder
from confide.study.workplace import Workplace, open_workplace
from confide.vault.custody import read_secret
from confide.vault.durable import reading
from confide.vault.vault import Vault

_LARGEST_KEY = 16 * 1024


@dataclass(frozen=True, slots=True)
class Opened:
    """The vault, the ledger and where the queue lies; `place` where it is a study's. Holds keys: never printed."""

    vault: Vault
    ledger: Ledger
    queue: Path
    place: Workplace | None = None

    def __repr__(self) -> str:
        return f"Opened({self.queue.name!r})"

    @property
    def study(self) -> str | None:
        """Return the name of the study, if there is one."""
        return None if self.place is None else self.place.study.study.name

    def of_study(self) -> Workplace:
        """Return the study's workplace.

        Raises:
            InvalidInput: the queue belongs to no study.
        """
        if self.place is None:
            raise InvalidInput("review.only-studies")
        return self.place


@contextmanager
def opened(
    path: Path, *, passphrase_file: Path | None = None, ask: Callable[[], str] = nobody_types
) -> Iterator[Opened]:
    """Open the study in a folder, for one review at a time and no run meanwhile; or a sealed queue by its file.

    Args:
        path: a study's folder, or a queue.
        passphrase_file: opens the vault for a queue; a study says itself what opens it.
        ask: gives the passphrase where no file does.

    Raises:
        InvalidInput, AccessDenied, IntegrityError: as `open_workplace`; or a run is at work.
    """
    if path.is_file():
        with opened_by(Opener(passphrase_file=passphrase_file), ask) as (vault, ledger):
            yield Opened(vault, ledger, path)
        return
    if path.suffix == ".sealed" and not path.is_dir():
        raise InvalidInput("review.no-queue", file=path.name)
    with open_workplace(path, ask=ask) as place:
        yield Opened(place.vault, place.ledger, sealed_folder(place.study) / QUEUE, place)


def person_with(there: Opened, key: Path | None, passphrase: Path | None, ask: Callable[[], str]) -> Person:
    """Return who reviews: the holder of a key of the roster, or the user of this machine.

    Raises:
        InvalidInput: no key of a person, or it is not on the roster.
        AccessDenied: another passphrase.
    """
    if key is None:
        return person_of(there.ledger, None)
    with reading(key) as file:
        pem = file.read(_LARGEST_KEY)
    return person_of(there.ledger, from_pem(pem, ask() if passphrase is None else read_secret(passphrase)))


def desk_of(there: Opened, person: Person, purpose: str) -> AbstractContextManager[Desk]:
    """Open the queue for a person; a recorded opening. Raises as `open_desk`."""
    return open_desk(
        there.vault, there.ledger, there.queue, person=person, purpose=purpose, study=there.study
    )
