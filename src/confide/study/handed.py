"""What of a study's sealed files is handed over, and copies without those who may not be in them.

Guarantee: who opted out, who is not on the consent list or not in the study's cohort is in no file that
`handed_files` yields; the lists are those that lie in the folder now, sealed or not. A row that names nobody is
refused. Of the crosswalk only the ids of patients in these files go along. Each file whose content leaves is a
recorded opening, before its key is taken. Steps: `confide.study.handover`.
"""

import getpass
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from confide.errors import ConfideError, IntegrityError, InvalidInput
from confide.records.patients import Crosswalk, read_crosswalk, read_id_list
from confide.records.without import without_rows
from confide.study.cohort import members_of
from confide.study.index import LISTS, read_index
from confide.study.keys import recording
from confide.study.sources import sealed_folder
from confide.study.whose import Gone, rows_of, section_of
from confide.study.workplace import Workplace
from confide.types import Json
from confide.vault.durable import reading
from confide.vault.package import Handed, line_of
from confide.vault.seal import header_of


@dataclass(frozen=True, slots=True)
class Piece:
    """One sealed file of a study. The name may hold an id: never printed."""

    source: str = field(repr=False)
    name: str = field(repr=False)
    path: Path


def pieces_of(place: Workplace, sources: Sequence[str]) -> list[Piece]:
    """Return the sealed files of these sources, in the order of their names.

    Raises:
        IntegrityError: one is gone.
    """
    folder = sealed_folder(place.study)
    counted = read_index(folder, place.vault).of_study(place.study)
    found = [
        Piece(source, name, folder / sealed)
        for source in sources
        for name, sealed in sorted(counted.get(source, {}).items())
    ]
    for piece in found:
        if not piece.path.is_file():
            raise IntegrityError("study.sealed-gone", file=piece.path.name, folder=folder.name)
    return found


def content_of(place: Workplace, sources: Sequence[str]) -> Json:
    """Return how many files there are, and a keyed digest of which: what an approval is bound to."""
    pieces = pieces_of(place, sources)
    told = [[each.source, each.name, header_of(each.path).file_id.hex()] for each in pieces]
    return {
        "files": len(pieces),
        "content": place.vault.keyed_digest(json.dumps(told).encode(), "handover content"),
    }


@contextmanager
def handed_files(
    place: Workplace, sources: Sequence[str], *, purpose: str
) -> Iterator[list[tuple[Handed, Path]]]:
    """Yield the files to be handed over with their keys; copies that were made for it are destroyed afterwards.

    Args:
        place: the opened study.
        sources: names of its sources.
        purpose: of the openings.

    Raises:
        InvalidInput: a file cannot be split into rows, a row names nobody, a list is missing, or nothing is left.
    """
    crosswalk, gone = _who_is_gone(place)
    there: set[str] = set()  # patients of whom a row is handed over

    def is_gone(identifier: str) -> bool:
        if gone(identifier):
            return True
        there.add(crosswalk.patient_of(identifier))
        return False

    made: list[Path] = []
    try:
        handed = [
            each
            for piece in pieces_of(place, sources)
            if (each := _handed(place, piece, is_gone, made, purpose)) is not None
        ]
        if not handed:
            raise InvalidInput("handover.nothing")
        for piece in pieces_of(place, [LISTS]):
            if piece.name == place.study.patient.crosswalk:
                joined = _handed(
                    place, piece, lambda each: crosswalk.patient_of(each) not in there, made, purpose
                )
                handed += [] if joined is None else [joined]
        yield handed
    finally:
        for path in made:
            with suppress(ConfideError):  # what stays is ciphertext that the next call destroys
                place.vault.destroy(path)


def _handed(
    place: Workplace, piece: Piece, gone: Gone, made: list[Path], purpose: str
) -> tuple[Handed, Path] | None:
    """Return a file with its key, or a copy without some rows of it; None if no row stays."""
    study, vault = place.study, place.vault
    data = vault.read(piece.path)
    theirs = rows_of(study, piece.source, piece.name, data, gone, named=piece.source != LISTS)
    if theirs.left == 0 and piece.source != LISTS:
        return None
    path, on_record, who = piece.path, recording(place.ledger, study.study.name), getpass.getuser()
    permit = vault.permit(path, purpose=purpose, who=who, on_record=on_record)
    if theirs.rows:
        section = section_of(study, piece.source)
        path = sealed_folder(study) / f".confide-{os.urandom(8).hex()}.part"
        made.append(path)
        vault.seal_bytes(
            without_rows(data, piece.name, theirs.rows, section.encoding if section else None), path
        )
        permit = vault.permit(path, purpose=purpose, who=who, on_record=on_record)
    return Handed(piece.source, piece.name, vault.reveal_data_key(path, permit), line_of(path)), path


def crosswalk_of(place: Workplace) -> Crosswalk:
    """Return which ids belong to which patient, as the study's crosswalk says now."""
    name = place.study.patient.crosswalk
    return Crosswalk() if name is None else read_crosswalk(_list(place, name), name)


def _who_is_gone(place: Workplace) -> tuple[Crosswalk, Gone]:
    """Return the crosswalk, and what says of an id whether nothing about its patient may be handed over."""
    consent, crosswalk = place.study.consent, crosswalk_of(place)

    def patients(name: str) -> set[str]:
        return {crosswalk.patient_of(each) for each in read_id_list(_list(place, name), name)}

    out = patients(consent.optout) if consent.optout is not None else set()
    only = patients(consent.consented) if consent.consented is not None else None
    members = members_of(place.study, place.ledger)

    def gone(identifier: str) -> bool:
        who = crosswalk.patient_of(identifier)
        return (
            who in out or (only is not None and who not in only) or (members is not None and not members(who))
        )

    return crosswalk, gone


def _list(place: Workplace, name: str) -> bytes:
    """Return a list as it is now: the plain file if one lies there, as it may say more than its sealed copy."""
    plain = place.study.folder / name
    if plain.is_file():
        with reading(plain) as file:
            return file.read()
    for piece in pieces_of(place, [LISTS]):
        if piece.name == name:
            return place.vault.read(piece.path)
    raise InvalidInput("study.no-list", file=name)
