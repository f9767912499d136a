"""Which original lies sealed under which name: the sealed index of a study.

Guarantee: what a run reads from sealed copies is what `study.toml` names, and a bad file that was sealed,
refused and taken away again does not come back: a copy counts without its original only once a run has read
it, or once we removed the original ourselves. Names of originals may hold patient ids, so the index is sealed.
"""

import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from confide.errors import ConfideError
from confide.vault.vault import Vault

if TYPE_CHECKING:
    from confide.study.config import Study

INDEX = "index.sealed"
QUEUE = "review.sealed"  # doubtful spans that wait for a person
SAMPLE = "review-sample.sealed"  # cleaned documents that a person looks through for what was missed
LISTS = "[lists]"  # the crosswalk and the consent lists are sealed beside the sources


@dataclass(slots=True)
class Index:
    """Source -> name of the original -> name of its sealed file, and which of these no run has read yet.

    `erased` holds keyed digests of the ids of erased patients, and `going` the sealed files that an erasure
    is about to destroy; see `confide.study.erase`.
    """

    files: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)
    unread: set[tuple[str, str]] = field(default_factory=set, repr=False)
    erased: set[str] = field(default_factory=set, repr=False)
    going: set[str] = field(default_factory=set, repr=False)

    def of_study(self, study: "Study") -> dict[str, dict[str, str]]:
        """Return the part that counts: named by the study file, and read before or still there as original.

        A snapshot of a database counts at once: there is no original that could be taken away again.
        """
        return {
            source: {
                name: sealed
                for name, sealed in files.items()
                if _is_named(study, source, name)
                and (
                    (source, name) not in self.unread
                    or (study.folder / name).is_file()
                    or any(section.name == source and section.kind == "sql" for section in study.source)
                )
            }
            for source, files in self.files.items()
        }


def read_index(folder: Path, vault: Vault) -> Index:
    """Read the index of a sealed folder; an empty one before the first sealing."""
    path = folder / INDEX
    if not path.exists():
        return Index()
    content = json.loads(vault.read(path))
    unread = {(source, name) for source, name in content["unread"]}
    return Index(content["files"], unread, set(content.get("erased", ())), set(content.get("going", ())))


def write_index(index: Index, folder: Path, vault: Vault) -> None:
    """Seal the index in place of the one before."""
    content = {
        "files": index.files,
        "unread": sorted(index.unread),
        "erased": sorted(index.erased),
        "going": sorted(index.going),
    }
    vault.seal_bytes(json.dumps(content).encode(), folder / INDEX)


def clear_parts(vault: Vault, folder: Path) -> None:
    """Destroy what stopped work left in a sealed folder: ciphertext without a name."""
    for part in folder.glob(".confide-*.part"):
        try:
            vault.destroy(part)
        except ConfideError:  # its key was never stored
            part.unlink()


def _is_named(study: "Study", source: str, name: str) -> bool:
    if source == LISTS:
        return name in (study.patient.crosswalk, study.consent.optout, study.consent.consented)
    sections = [section for section in study.source if section.name == source]
    if any(name == section.index for section in sections):
        return True
    paths = [section.path for section in sections]
    return any(fits(PurePosixPath(path).parts, PurePosixPath(name).parts) for path in paths)


def fits(pattern: tuple[str, ...], name: tuple[str, ...]) -> bool:
    """Say whether a path fits a pattern as `Path.glob` reads it, each in its parts.

    >>> fits(("raw", "**", "*.csv"), ("raw", "a.csv")), fits(("raw", "*.csv"), ("raw", "2024", "a.csv"))
    (True, False)
    """
    if not pattern:
        return not name
    if pattern[0] == "**":
        return any(fits(pattern[1:], name[at:]) for at in range(len(name) + 1))
    return bool(name) and fnmatchcase(name[0], pattern[0]) and fits(pattern[1:], name[1:])
