"""Hand sealed files over to another institution: what the sender does.

Steps: the recipient's request comes in; `offer` says what would be handed over and asks for approval; `pack` writes the
package for the approved offer; `take_receipt` records that it arrived. Guarantee: nothing is packed without
an approval (where roles were founded) and without consent or a legal basis; who opted out, or is not on the
consent list, is in no file of the package; every step is an entry of the ledger before its file is there. What is
handed over are originals, and they are called identified. The recipient's side: `confide.study.received`.
"""

import getpass
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from confide.crypto.sign import digest
from confide.errors import AccessDenied, InvalidInput
from confide.ledger.ledger import Ledger, now
from confide.ledger.requests import new_request, parts
from confide.ledger.requests import verify_request as verify_approved
from confide.records.patients import Crosswalk, read_crosswalk, read_id_list
from confide.records.without import without_rows
from confide.study.config import Study
from confide.study.index import LISTS, clear_parts, read_index
from confide.study.sources import sealed_folder
from confide.study.whose import Gone, rows_of, section_of
from confide.study.workplace import Workplace
from confide.types import Json
from confide.vault.boxes import fingerprint, signing_key
from confide.vault.handover import (
    RECEIPT,
    REQUEST,
    Handed,
    Head,
    Signed,
    line_of,
    read_document,
    read_signed,
    verify_request,
    write_package,
)
from confide.vault.vault import Vault

KIND = "hand-over"
REQUESTED, PACKED, ARRIVED = "handover-request", "handover-package", "handover-receipt"


@dataclass(frozen=True, kw_only=True, slots=True)
class Packed:
    """What was packed; public."""

    package: str
    files: int
    recipient: str
    status: str = "identified"


def read_request(file: Path, vault: Vault) -> Signed:
    """Read a recipient's request and check that it was made for this institution.

    Raises:
        InvalidInput: not a request, or made for another sender.
        IntegrityError: it was changed after it was signed.
    """
    signed = read_signed(read_document(file), REQUEST, REQUESTED, file.name)
    verify_request(signed.statement, file.name)
    if signed.statement["sender"] != signing_key(vault).public:
        raise InvalidInput("handover.not-our-request", file=file.name)
    return signed


def offer(
    place: Workplace, request: Signed, *, sources: Sequence[str], basis: str | None, sender: str
) -> Json:
    """Record the recipient's request and return the offer, to be signed with `confide approve`.

    Args:
        place: the opened study whose files are asked for.
        request: from `read_request`.
        sources: names of the study's sources that shall be handed over.
        basis: the legal basis, in a sentence; None where the study has a consent list, which is applied.
        sender: name of this institution.

    Raises:
        InvalidInput: no such source, or neither consent list nor basis.
    """
    study = place.study
    known = [source.name for source in study.source]
    if not sources or not set(sources) <= set(known):
        raise InvalidInput("handover.no-source", known=", ".join(known))
    if study.consent.consented is None and not (basis or "").strip():
        raise InvalidInput("handover.no-consent")
    asked = request.statement
    fields = {
        "study": study.study.name,
        "request": request.digest,
        "sender": sender,
        "recipient": asked["institution"],
        "recipient_key": request.signature.key,
        "fingerprint": fingerprint(request.signature.key),
        "algorithm": asked["algorithm"],
        "sources": sorted(sources),
        "status": "identified",
        "consent": {"form": "list" if study.consent.consented else "basis", "basis": basis or ""},
    }
    if not any(each["request"] == request.digest for each in recorded(place.ledger, REQUESTED)):
        _record(place, REQUESTED, fields | {"what": asked["what"], "why": asked["why"]})
    return new_request(KIND, fields, place.ledger)


def pack(place: Workplace, request: Signed, offered: Json, target: Path) -> Packed:
    """Write the package that an approved offer promises.

    Guarantee: the package takes its name only after approval and package are in the ledger. Stopped in between,
    the same call goes on from the whole package that lies beside `target`, or says that a new offer is needed.

    Raises:
        AccessDenied: not approved, or approved for another request.
        InvalidInput: the offer is not of this study, was used before, or nothing is left to hand over.
    """
    asked, _ = parts(offered)
    fields = asked["fields"]
    if asked["kind"] != KIND or fields.get("study") != place.study.study.name:
        raise AccessDenied("handover.other-offer")
    if fields.get("request") != request.digest:
        raise AccessDenied("handover.other-request")
    if target.exists():
        raise InvalidInput("vault.taken", file=target.name)
    waiting = target.with_name(f".{target.name}.waiting")
    packed = next((e for e in recorded(place.ledger, PACKED) if e["offer"] == digest(asked)), None)
    if packed is not None:
        return _finish(packed, waiting, target)
    if roster := place.ledger.roster():
        verify_approved(offered, ledger=place.ledger.id, roster=roster, at=now())
    waiting.unlink(missing_ok=True)
    clear_parts(place.vault, sealed_folder(place.study))
    head, gone = _write(place, request, asked, waiting)
    try:
        if roster:
            place.ledger.approved(offered)
        _record(place, PACKED, {
            "package": head.digest, "request": request.digest, "offer": digest(asked), "study": fields["study"],
            "recipient": fields["recipient"], "recipient_key": fields["recipient_key"],
            "fingerprint": fields["fingerprint"], "files": len(head.manifest["files"]), "status": "identified",
            "consent": fields["consent"],
        })  # fmt: skip
    except BaseException:
        waiting.unlink(missing_ok=True)
        raise
    finally:
        for path in gone:
            place.vault.destroy(path)
    waiting.replace(target)
    return Packed(package=head.digest, files=len(head.manifest["files"]), recipient=fields["recipient"])


def _finish(packed: Json, waiting: Path, target: Path) -> Packed:
    """Give the package that was written before its name."""
    if not waiting.exists():
        raise InvalidInput("handover.packed-before")
    waiting.replace(target)
    return Packed(package=packed["package"], files=packed["files"], recipient=packed["recipient"])


def take_receipt(vault: Vault, ledger: Ledger, file: Path) -> Json:
    """Record the recipient's receipt of a package of ours; return the receipt.

    Raises:
        InvalidInput: not a receipt, of no package of ours, or recorded before.
        IntegrityError: changed after it was signed, or signed by somebody else.
    """
    signed = read_signed(read_document(file), RECEIPT, ARRIVED, file.name)
    receipt = signed.statement
    packed = next((e for e in recorded(ledger, PACKED) if e["package"] == receipt["package"]), None)
    if packed is None:
        raise InvalidInput("handover.unknown-package", file=file.name)
    if signed.signature.key != packed["recipient_key"] or receipt["files"] != packed["files"]:
        raise AccessDenied("handover.other-recipient", file=file.name)
    if any(each["package"] == receipt["package"] for each in recorded(ledger, ARRIVED)):
        raise InvalidInput("handover.receipt-before", file=file.name)
    ledger.record(
        ARRIVED,
        study=packed["study"],
        details={**{name: receipt[name] for name in ("package", "request", "recipient", "files")},
                 "vault": vault.id, "signature": signed.signature.to_json(), "made": receipt["made"]},
    )  # fmt: skip
    return receipt


def _write(place: Workplace, request: Signed, asked: Json, target: Path) -> tuple[Head, list[Path]]:
    """Write the package; return its head, and the files that were sealed for it alone."""
    study, vault, fields = place.study, place.vault, asked["fields"]
    folder = sealed_folder(study)
    counted = read_index(folder, vault).of_study(study)
    gone = _not_handed_over(study, vault, counted, folder)
    handed: list[tuple[Handed, Path]] = []
    filtered: list[Path] = []
    names = [(LISTS, name) for name in counted.get(LISTS, {}) if name == study.patient.crosswalk]
    names += [(source, name) for source in fields["sources"] for name in sorted(counted.get(source, {}))]
    for source, name in names:
        path = folder / counted[source][name]
        left, others = _without_gone(study, vault, source, name, path, gone)
        if not others:
            continue
        if left is not None:
            path = folder / f".confide-{os.urandom(8).hex()}.part"
            vault.seal_bytes(left, path)
            filtered.append(path)
        permit = vault.permit(
            path, purpose=f"hand-over {request.digest[:16]}", who=getpass.getuser(),
            on_record=lambda what, details: _record(place, what, details),
        )  # fmt: skip
        handed.append((Handed(source, name, vault.reveal_data_key(path, permit), line_of(path)), path))
    if not any(each.source != LISTS for each, _ in handed):
        raise InvalidInput("handover.nothing")
    manifest = {
        "kind": PACKED, "format": 1, "id": os.urandom(16).hex(), "request": request.digest,
        "sender": fields["sender"], "recipient": fields["recipient"], "study": fields["study"],
        "status": "identified", "consent": fields["consent"], "approval": digest(asked),
        "files": [each.line for each, _ in handed], "made": now(),
    }  # fmt: skip
    return write_package(target, manifest, handed, request.statement, signing_key(vault)), filtered


def _not_handed_over(study: Study, vault: Vault, counted: dict[str, dict[str, str]], folder: Path) -> Gone:
    """Return what says of an id whether it opted out or, where a consent list is kept, did not consent."""
    lists = {name: vault.read(folder / sealed) for name, sealed in counted.get(LISTS, {}).items()}
    patient, consent = study.patient, study.consent
    crosswalk = Crosswalk()
    if patient.crosswalk is not None:
        crosswalk = read_crosswalk(lists[patient.crosswalk], patient.crosswalk)

    def patients(name: str) -> set[str]:
        return {crosswalk.patient_of(each) for each in read_id_list(lists[name], name)}

    out = patients(consent.optout) if consent.optout is not None else set()
    only = patients(consent.consented) if consent.consented is not None else None

    def gone(identifier: str) -> bool:
        who = crosswalk.patient_of(identifier)
        return who in out or (only is not None and who not in only)

    return gone


def _without_gone(
    study: Study, vault: Vault, source: str, name: str, path: Path, gone: Gone
) -> tuple[bytes | None, int]:
    """Return a file without those who are not handed over, None if it stays as it is; and how many rows stay."""
    data = vault.read(path)
    theirs = rows_of(study, source, name, data, gone)
    if not theirs.rows:
        return None, theirs.left
    section = section_of(study, source)
    if theirs.left == 0:
        return b"", 0
    return without_rows(data, name, theirs.rows, section.encoding if section else None), theirs.left


def _record(place: Workplace, what: str, details: Json) -> None:
    place.ledger.record(what, study=place.study.study.name, details=details)


def recorded(ledger: Ledger, what: str) -> list[Json]:
    """Return the details of every record of one kind, oldest first."""
    return [each.body["details"] for each in ledger.store.all(kind="record") if each.body["what"] == what]
