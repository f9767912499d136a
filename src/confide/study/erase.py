"""Erase one patient from a study: every sealed file anew without that patient, and the old keys destroyed.

Guarantee: when `erase_patient` returns, no sealed file of the study and no copy of one made before opens to a row of
the patient, under any id that the crosswalk joins; everybody else's rows are as they were. Stopped at
any moment, each file is the old or the new one, and the same call finishes. What it cannot reach is listed
(`confide.study.survivors`). Steps: 1 find the rows, 2 look at the approval, 3 write into the ledger what will
change, 4 mark ids and files in the index, 5 seal anew, destroy, rotate the epoch, 6 look for what is left.
The ledger and the index hold keyed digests of ids only.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from confide.audit.bytesearch import search_bytes
from confide.errors import IntegrityError, InvalidInput
from confide.records.patients import Crosswalk, clean_id, read_crosswalk
from confide.records.without import without_rows
from confide.study.approvals import use_approval
from confide.study.config import Study
from confide.study.decisions import OURS, forget_patients
from confide.study.index import INDEX, LISTS, QUEUE, SAMPLE, Index, clear_parts, read_index, write_index
from confide.study.replays import ERASURE
from confide.study.sources import commitment_of, content_digest, sealed_folder
from confide.study.survivors import survivors_of
from confide.study.whose import (
    Gone,
    Owners,
    as_text,
    digest_of_id,
    gone_by,
    owners_of,
    rows_of,
    section_of,
    shown_name,
)
from confide.study.workplace import Workplace
from confide.types import Json, Progress, no_progress
from confide.vault.vault import Vault

_CHUNK = 4 << 20  # bytes that are searched at once


@dataclass(frozen=True, slots=True)
class Piece:
    """One sealed file of a study and what it holds a copy of. The name may hold an id: never printed."""

    source: str = field(repr=False)
    name: str = field(repr=False)
    target: Path
    counts: bool  # whether a run reads it


@dataclass(frozen=True, slots=True)
class Step:
    """What is to happen to one sealed file."""

    piece: Piece
    act: Literal["keep", "reseal", "destroy"]
    rows: frozenset[int] = field(repr=False)
    before: str = ""  # keyed digests of the content
    after: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Erased:
    """What an erasure did and what it could not reach; no id is in it."""

    resealed: int
    destroyed: int
    epoch: int
    mentions: list[Json]  # files in which other people's records still name the patient
    survivors: list[Json]

    def to_json(self) -> Json:
        """Return what `--json` prints."""
        return asdict(self)


def erase_patient(
    place: Workplace,
    ids: Sequence[str],
    *,
    request: Json | None = None,
    destroy_unreadable: bool = False,
    progress: Progress = no_progress,
) -> Erased:
    """Erase the patient whom `ids` name from all sealed files of the study.

    Args:
        place: the opened study.
        ids: one or more ids of one patient; those that the crosswalk joins to them count too.
        request: of kind `erase` (`confide.study.approvals.ask_erasure`), signed; needed where roles were founded.
        destroy_unreadable: destroy, for everybody, copies that no run reads and that cannot be split into rows.
        progress: told (files done, files in all).

    Raises:
        InvalidInput: no such patient here, or a file cannot be split into rows; nothing was changed.
        AccessDenied: no approval, or of somebody else; nothing was changed.
        IntegrityError: afterwards something of the patient still opens.
    """
    study, vault, ledger = place.study, place.vault, place.ledger
    folder = sealed_folder(study)
    index = read_index(folder, vault)
    pieces = list(_pieces(study, index, folder))
    everyone = _all_ids(vault, pieces, ids)
    marks = {digest_of_id(vault, each) for each in everyone}
    again = marks <= index.erased
    gone = gone_by(vault, index.erased | marks)
    steps, values = _plan(study, vault, pieces, gone, destroy_unreadable=destroy_unreadable)
    if not again and all(step.act == "keep" for step in steps):
        raise InvalidInput("erase.nobody")
    approval = use_approval(place, "erase", request, ids, resumes=again)
    began = ledger.record(
        ERASURE,
        study=study.study.name,
        details={
            "state": "begun",
            "vault": vault.id,
            "approval": approval,
            "commitments": _commitments(study, vault, steps),
        },
    )
    index.erased |= marks
    _mark_going(index, steps)
    write_index(index, folder, vault)
    for done, step in enumerate(steps, start=1):
        _carry_out(study, vault, step)
        progress(done, len(steps))
    _clear(vault, folder, gone)
    index.going = set()
    write_index(index, folder, vault)
    epoch = vault.rotate(
        on_record=lambda what, details: ledger.record(what, study=study.study.name, details=details)
    ).epoch
    left = list(_pieces(study, index, folder))
    _verify(study, vault, left, gone)
    values.setdefault("record-number", set()).update(everyone)
    mentions = _mentions(study, vault, left, values)
    ledger.record(
        ERASURE,
        study=study.study.name,
        details={
            "state": "done",
            "vault": vault.id,
            "approval": approval,
            "begun": began.sequence,
            "epoch": epoch,
        },
    )
    acts = [step.act for step in steps]
    return Erased(
        resealed=acts.count("reseal"),
        destroyed=acts.count("destroy"),
        epoch=epoch,
        mentions=mentions,
        survivors=survivors_of(place, gone),
    )


def _pieces(study: Study, index: Index, folder: Path) -> Iterator[Piece]:
    """Yield every sealed file of the folder, earlier copies and those that no run reads among them.

    Raises:
        IntegrityError: a file of the index is gone.
        InvalidInput: nobody knows what a sealed file is a copy of.
    """
    known = {
        sealed: (source, name) for source, files in index.files.items() for name, sealed in files.items()
    }
    counted = {sealed for files in index.of_study(study).values() for sealed in files.values()}
    for sealed in known:
        if not (folder / sealed).is_file():
            raise IntegrityError("study.sealed-gone", file=sealed, folder=folder.name)
    for target in sorted(folder.glob("*.sealed*")):
        first = target.name.partition(".sealed")[0] + ".sealed"
        if target.name in (INDEX, *OURS) or target.name in index.going:
            continue
        if first not in known:
            raise InvalidInput("erase.unknown-copy", file=target.name)
        yield Piece(*known[first], target, target.name in counted)


def _all_ids(vault: Vault, pieces: Sequence[Piece], ids: Iterable[str]) -> frozenset[str]:
    """Return the ids and all that any copy of the crosswalk joins to them, in compared form.

    Raises:
        InvalidInput: there is no id.
    """
    found = {clean for each in ids if (clean := clean_id(each))}
    if not found:
        raise InvalidInput("erase.no-id")
    crosswalks = [Crosswalk()]
    for piece in pieces:
        if piece.source == LISTS:
            with suppress(InvalidInput):  # an opt-out or a consent list
                crosswalks.append(read_crosswalk(vault.read(piece.target), piece.name))
    while True:
        patients = {crosswalk.patient_of(each) for crosswalk in crosswalks for each in found}
        joined = {
            each for crosswalk in crosswalks for who in patients for each in crosswalk.ids_of().get(who, ())
        }
        if patients | joined <= found:
            return frozenset(found)
        found |= patients | joined


def _plan(
    study: Study, vault: Vault, pieces: Sequence[Piece], gone: Gone, *, destroy_unreadable: bool
) -> tuple[list[Step], dict[str, set[str]]]:
    """Say what is to happen to each file; changes nothing. The second part is for the search afterwards."""
    steps: list[Step] = []
    values: dict[str, set[str]] = {}
    owners = _owners(study, vault, pieces)
    for piece in pieces:
        data = vault.read(piece.target)
        before = content_digest(vault, data)
        try:
            theirs = rows_of(study, piece.source, piece.name, data, gone, owners=owners)
        except InvalidInput as error:
            if piece.counts or not destroy_unreadable:
                file = shown_name(study, piece.source, piece.name)
                raise InvalidInput("erase.unreadable", file=file, problem=str(error)) from None
            steps.append(Step(piece, "destroy", frozenset()))
            continue
        for kind, found in theirs.values.items():
            values.setdefault(kind, set()).update(found)
        if not theirs.rows:
            steps.append(Step(piece, "keep", theirs.rows, before, before))
        elif theirs.left == 0 and piece.source != LISTS:
            steps.append(Step(piece, "destroy", theirs.rows, before))
        else:
            after = content_digest(vault, _without(study, piece, data, theirs.rows))
            steps.append(Step(piece, "reseal", theirs.rows, before, after))
    return steps, values


def _owners(study: Study, vault: Vault, pieces: Sequence[Piece]) -> Owners:
    """Return whose each sealed image is, from all copies of the tables that name them."""
    indexes = {section.index for section in study.source if section.index is not None}
    return owners_of(
        study, ((each.source, each.name, vault.read(each.target)) for each in pieces if each.name in indexes)
    )


def _without(study: Study, piece: Piece, data: bytes, rows: frozenset[int]) -> bytes:
    section = section_of(study, piece.source)
    return without_rows(data, piece.name, rows, section.encoding if section else None)


def _commitments(study: Study, vault: Vault, steps: Sequence[Step]) -> Json:
    """Return, per source, the commitment that runs made so far and the one that they will make."""
    counted = sorted((step for step in steps if step.piece.counts), key=lambda step: step.piece.name)

    def at(moment: Literal["before", "after"], source: str) -> list[str]:
        return [mark for step in counted if step.piece.source == source and (mark := getattr(step, moment))]

    return {
        section.name: [
            commitment_of(study, vault, section, [*at(moment, LISTS), *at(moment, section.name)])
            for moment in ("before", "after")
        ]
        for section in study.source
    }


def _mark_going(index: Index, steps: Sequence[Step]) -> None:
    """Take files that will be destroyed out of the index, and remember that they are on their way out."""
    for step in steps:
        if step.act == "destroy":
            piece = step.piece
            index.going.add(piece.target.name)
            if index.files[piece.source].get(piece.name) == piece.target.name:
                del index.files[piece.source][piece.name]
                index.unread.discard((piece.source, piece.name))


def _carry_out(study: Study, vault: Vault, step: Step) -> None:
    if step.act == "destroy":
        vault.destroy(step.piece.target)
    elif step.act == "reseal":
        data = vault.read(step.piece.target)
        vault.reseal(step.piece.target, _without(study, step.piece, data, step.rows))


def _clear(vault: Vault, folder: Path, gone: Gone) -> None:
    """Destroy the review's queue and sample, the decisions on this patient, and what stopped work left behind."""
    index = read_index(folder, vault)
    forget_patients(vault, folder / QUEUE, lambda patient: gone(clean_id(patient)))
    for name in sorted(index.going | {SAMPLE}):
        if (folder / name).exists():
            vault.destroy(folder / name)
    clear_parts(vault, folder)


def _verify(study: Study, vault: Vault, pieces: Sequence[Piece], gone: Gone) -> None:
    """Read everything again; raise if a row is there that should be gone."""
    owners = _owners(study, vault, pieces)
    for piece in pieces:
        if rows_of(study, piece.source, piece.name, vault.read(piece.target), gone, owners=owners).rows:
            raise IntegrityError("erase.not-gone", file=piece.target.name)


def _mentions(study: Study, vault: Vault, pieces: Sequence[Piece], values: dict[str, set[str]]) -> list[Json]:
    """Search what is left, byte by byte, for ids and other identifiers of the patient in others' records."""
    found = []
    for piece in pieces:
        text = as_text(piece.source, study, piece.name, vault.read(piece.target))
        outputs = [(None, chunk) for chunk in _chunks(text)]
        search = search_bytes({"": values}, outputs)
        if search.found or search.coincidences:
            file = shown_name(study, piece.source, piece.name)
            found.append({"file": file, "found": search.found, "coincidences": search.coincidences})
    return found


def _chunks(text: bytes) -> Iterator[bytes]:
    """Yield a text in pieces that end with a line, so that a search needs little memory."""
    start = 0
    while start < len(text):
        end = text.find(b"\n", start + _CHUNK) + 1 or len(text)
        yield text[start:end]
        start = end
