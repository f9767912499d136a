"""Open one sealed original for a person: a recorded opening, with its purpose."""

import getpass
from pathlib import Path

from confide.errors import InvalidInput
from confide.study.config import Study
from confide.study.index import QUEUE, read_index
from confide.study.keys import recording
from confide.study.sources import sealed_folder
from confide.study.workplace import Workplace
from confide.vault.vault import Vault


def list_sealed(study: Study, vault: Vault) -> list[str]:
    """Return the names of what lies sealed: originals by their old names, and the review queue."""
    folder = sealed_folder(study)
    names = {name for files in read_index(folder, vault).files.values() for name in files}
    return [*sorted(names), *([QUEUE] if (folder / QUEUE).exists() else [])]


def open_sealed(place: Workplace, name: str, destination: Path, *, purpose: str) -> None:
    """Write the plain bytes of `name` to `destination`.

    Guarantee: the opening, with who and what for, is durable before a plain byte is written: in the vault in
    words, in the ledger as a salted commitment, as a purpose may name a patient.

    Raises:
        InvalidInput: nothing of this name lies sealed here, or `destination` exists.
    """
    study, vault = place.study, place.vault
    folder = sealed_folder(study)
    index = read_index(folder, vault)
    sealed: dict[str, str] = {}
    for files in (*index.files.values(), *index.of_study(study).values()):  # the copy that a run reads wins
        sealed |= files
    target = QUEUE if name == QUEUE else sealed.get(name)
    if target is None or not (folder / target).exists():
        raise InvalidInput("study.not-sealed-here", file=name)
    on_record = recording(place.ledger, study.study.name)
    vault.open_to(folder / target, destination, purpose=purpose, who=getpass.getuser(), on_record=on_record)
