"""Hand sealed files over to another institution: what the sender does.

Steps: the recipient's request comes in; `offer` says what would be handed over and asks for approval; `pack` writes the
package for the approved offer; `take_receipt` records that it arrived. Guarantee: nothing is packed for a key
whose fingerprint nobody compared, nor without an approval (where roles were founded) of exactly this, nor without
consent or a legal basis; every step is an entry of the ledger before its file is there, and what is handed over, which
are originals and called identified, an entry of kind *not private*. Which files: `confide.study.handed`. The
recipient's side: `confide.study.received`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from confide.crypto.sign import digest
from confide.errors import AccessDenied, ConfideError, IntegrityError, InvalidInput
from confide.ledger.ledger import Ledger, now
from confide.ledger.requests import AHEAD, MOST_DAYS, new_request, parts
from confide.ledger.requests import verify_request as verify_approved
from confide.study.config import Study
from confide.study.handed import content_of, handed_files
from confide.study.index import clear_parts
from confide.study.sources import sealed_folder
from confide.study.workplace import Workplace
from confide.types import Json
from confide.vault import handover as documents
from confide.vault.boxes import fingerprint, signing_key, verify_fingerprint
from confide.vault.durable import reading
from confide.vault.handover import Shape, Signed, read_document, read_receipt, shaped, verify_text
from confide.vault.package import Head, new_manifest, read_head, write_package
from confide.vault.vault import Vault

KIND = "hand-over"
REQUESTED, PACKED, ARRIVED = "handover-request", "handover-package", "handover-receipt"
_OFFER: Shape = {
    "study": str, "request": str, "sender": str, "recipient": str, "recipient_key": str, "fingerprint": str,
    "algorithm": str, "sources": list, "files": int, "content": str, "status": str, "consent": dict,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Packed:
    """What was packed; public."""

    package: str
    files: int
    recipient: str
    status: str = "identified"


def read_request(file: Path, vault: Vault) -> Signed:
    """Read a recipient's request and check that it was made for this institution, and not long ago.

    Raises:
        InvalidInput: not a request, made for another sender, more than 90 days old or of a day to come; or it asks
            for an algorithm that is refused.
        IntegrityError: it was changed after it was signed.
    """
    signed = documents.read_request(read_document(file), file.name)
    if signed.statement["sender_key"] != signing_key(vault).public:
        raise InvalidInput("handover.not-our-request", file=file.name)
    try:
        age = datetime.fromisoformat(now()) - datetime.fromisoformat(signed.statement["made"])
    except ValueError:
        raise InvalidInput("handover.no-document", file=file.name) from None
    if not -AHEAD <= age <= timedelta(days=MOST_DAYS):
        raise InvalidInput("handover.request-age", made=signed.statement["made"], most=MOST_DAYS)
    return signed


def offer(
    place: Workplace, request: Signed, *, heard: str, sources: Sequence[str], basis: str | None, sender: str
) -> Json:
    """Record the recipient's request and return the offer, to be signed with `confide approve`.

    Args:
        place: the opened study whose files are asked for.
        request: from `read_request`.
        heard: the fingerprint of the recipient's key, as its officer read it out on the telephone.
        sources: names of the study's sources that shall be handed over.
        basis: the legal basis, in a sentence; None where the study has a consent list, which is applied.
        sender: name of this institution.

    Raises:
        InvalidInput: no such source, neither consent list nor basis, or a text that will not do.
        AccessDenied: somebody else's key signed the request than the one whose fingerprint was heard.
    """
    study = place.study
    verify_fingerprint(request.signature.key, heard)
    known = [source.name for source in study.source]
    if not sources or not set(sources) <= set(known):
        raise InvalidInput("handover.no-source", known=", ".join(known))
    if study.consent.consented is None and not (basis or "").strip():
        raise InvalidInput("handover.no-consent")
    verify_text(sender, "institution")
    verify_text(study.study.name, "name")
    if basis is not None:
        verify_text(basis, "basis")
    _refuse_answered(place.ledger, request)
    fields = _fields(place, request, sorted(set(sources)), basis or "", sender)
    if fields["files"] == 0:
        raise InvalidInput("handover.nothing")
    if not any(each["request"] == request.digest for each in recorded(place.ledger, REQUESTED)):
        asked = {name: request.statement[name] for name in ("what", "why")}
        _record(place, REQUESTED, fields | asked)
    return new_request(KIND, fields, place.ledger)


def pack(place: Workplace, request: Signed, offered: Json, target: Path) -> Packed:
    """Write the package that an approved offer promises.

    Guarantee: the package takes its name only after approval and package are in the ledger. Stopped in between,
    the same call goes on from the whole package that lies beside `target`, or says that a new offer is needed.

    Raises:
        AccessDenied: not approved, or approved for another request, for other files or under other lists.
        InvalidInput: the offer is not of this study, was used before, or nothing is left to hand over.
    """
    asked, _ = parts(offered)
    if asked["kind"] != KIND:
        raise AccessDenied("handover.other-offer")
    if target.exists():
        raise InvalidInput("vault.taken", file=target.name)
    waiting = target.with_name(f".{target.name}.waiting")
    packed = next((e for e in recorded(place.ledger, PACKED) if e["offer"] == digest(asked)), None)
    if packed is not None:
        return _finish(packed, waiting, target)
    fields = _verify_offer(place, request, asked["fields"])
    _refuse_answered(place.ledger, request)
    if roster := place.ledger.roster():
        verify_approved(offered, ledger=place.ledger.id, roster=roster, at=now())
    waiting.unlink(missing_ok=True)
    clear_parts(place.vault, sealed_folder(place.study))
    head = _write(place, request, asked, waiting)
    try:
        if roster:
            place.ledger.approved(offered)
        named = f"hand-over · {', '.join(fields['sources'])} · identified · {fields['recipient']}"
        place.ledger.note_not_private(
            named, study=fields["study"], account=place.study.account.name, commitment=head.digest
        )
        kept = (
            "request",
            "study",
            "recipient",
            "recipient_key",
            "fingerprint",
            "sources",
            "consent",
            "status",
        )
        _record(place, PACKED, {name: fields[name] for name in kept} | {
            "package": head.digest, "offer": digest(asked), "files": len(head.manifest["files"]),
        })  # fmt: skip
    except BaseException:
        waiting.unlink(missing_ok=True)
        raise
    waiting.replace(target)
    return Packed(package=head.digest, files=len(head.manifest["files"]), recipient=fields["recipient"])


def take_receipt(vault: Vault, ledger: Ledger, file: Path) -> Json:
    """Record the recipient's receipt of a package of ours; return the receipt.

    Raises:
        InvalidInput: not a receipt, of no package of ours, or recorded before.
        IntegrityError: changed after it was signed, or it says of the package what is not so.
        AccessDenied: signed by somebody else than the recipient.
    """
    signed = read_receipt(read_document(file), file.name)
    receipt = signed.statement
    packed = next((e for e in recorded(ledger, PACKED) if e["package"] == receipt["package"]), None)
    if packed is None:
        raise InvalidInput("handover.unknown-package", file=file.name)
    if signed.signature.key != packed["recipient_key"]:
        raise AccessDenied("handover.other-recipient", file=file.name)
    if any(receipt[name] != packed[name] for name in ("request", "recipient", "files")):
        raise IntegrityError("handover.receipt-differs", file=file.name)
    if any(each["package"] == receipt["package"] for each in recorded(ledger, ARRIVED)):
        raise InvalidInput("handover.receipt-before", file=file.name)
    details = {name: receipt[name] for name in ("package", "request", "recipient", "files", "made")}
    details |= {"vault": vault.id, "signature": signed.signature.to_json()}
    ledger.record(ARRIVED, study=packed["study"], details=details)
    return receipt


def recorded(ledger: Ledger, what: str) -> list[Json]:
    """Return the details of every record of one kind, oldest first."""
    return [each.body["details"] for each in ledger.store.all(kind="record") if each.body["what"] == what]


def _fields(place: Workplace, request: Signed, sources: list[str], basis: str, sender: str) -> Json:
    """Return what an approver signs: all that decides what leaves, for whom, and why it may."""
    asked = request.statement
    return {
        "study": place.study.study.name, "request": request.digest, "sender": sender,
        "recipient": asked["institution"], "recipient_key": asked["recipient_key"],
        "fingerprint": fingerprint(asked["recipient_key"]), "algorithm": asked["algorithm"],
        "sources": sources, **content_of(place, sources), "status": "identified",
        "consent": _consent(place.study, basis),
    }  # fmt: skip


def _consent(study: Study, basis: str) -> Json:
    form = "basis" if study.consent.consented is None else "list"
    return {"form": form, "basis": basis, "optout": study.consent.optout is not None}


def _verify_offer(place: Workplace, request: Signed, fields: Json) -> Json:
    """Return the fields of an offer if they are what `offer` would say now, of this request.

    Guarantee: what was edited by hand, or changed since it was approved (lists, files), is not packed; nor is
    what was never offered here, for then nobody compared the fingerprint.
    """
    try:
        shaped(fields, _OFFER)
        text = all(isinstance(each, str) for each in (*fields["sources"], fields["consent"].get("basis")))
    except InvalidInput:
        text = False
    if not text or fields["study"] != place.study.study.name:
        raise AccessDenied("handover.other-offer")
    if fields["request"] != request.digest:
        raise AccessDenied("handover.other-request")
    asked_here = any(each["request"] == request.digest for each in recorded(place.ledger, REQUESTED))
    today = _fields(place, request, fields["sources"], fields["consent"]["basis"], fields["sender"])
    changed = {name for name, value in today.items() if fields[name] != value}
    if changed and changed <= {"consent", "files", "content"}:
        raise AccessDenied("handover.changed-since")
    if changed or not asked_here:
        raise AccessDenied("handover.other-offer")
    return fields


def _refuse_answered(ledger: Ledger, request: Signed) -> None:
    """Refuse a request whose package has arrived: whoever shows it again would be answered twice."""
    if any(each["request"] == request.digest for each in recorded(ledger, ARRIVED)):
        raise InvalidInput("handover.answered-here")


def _write(place: Workplace, request: Signed, asked: Json, target: Path) -> Head:
    """Write the package, whole but for its name."""
    fields, vault = asked["fields"], place.vault
    with handed_files(place, fields["sources"], purpose=f"hand-over {request.digest[:16]}") as handed:
        manifest = new_manifest(fields, [each.line for each, _ in handed], approval=digest(asked), made=now())
        return write_package(target, manifest, handed, request.statement, signing_key(vault))


def _finish(packed: Json, waiting: Path, target: Path) -> Packed:
    """Give the package that was written before its name.

    Raises:
        InvalidInput: it is not there, or is another file.
    """
    try:
        with reading(waiting) as source:
            whole = read_head(source, waiting.stat().st_size, waiting.name).digest == packed["package"]
    except ConfideError:
        whole = False
    if not whole:
        raise InvalidInput("handover.packed-before")
    waiting.replace(target)
    return Packed(package=packed["package"], files=packed["files"], recipient=packed["recipient"])


def _record(place: Workplace, what: str, details: Json) -> None:
    place.ledger.record(what, study=place.study.study.name, details=details)
