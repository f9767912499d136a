"""Ask for, and use, the approval of an act that concerns one patient, without naming the patient.

Guarantee: where roles were founded, `use_approval` returns only after the ledger holds the approval, for this
study and this patient; a request holds a keyed, salted digest of the id and never the id.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from confide.crypto.sign import digest
from confide.errors import AccessDenied, InvalidInput
from confide.ledger.ledger import Ledger
from confide.ledger.requests import LARGEST, new_request, parts, read_request
from confide.records.patients import clean_id
from confide.study.workplace import Workplace
from confide.types import Json
from confide.vault.durable import placing, reading


def ask(place: Workplace, kind: str, ids: Sequence[str]) -> Json:
    """Return a request of `kind` about the patient whom `ids` name, to be signed with `confide approve`.

    Args:
        place: the opened study.
        kind: "erase" or "re-identify".
        ids: of the patient, or the pseudonym.
    """
    salt = os.urandom(16).hex()
    fields = {"study": place.study.study.name, "salt": salt, "about": _about(place, kind, salt, ids)}
    return new_request(kind, fields, place.ledger)


def use_approval(
    place: Workplace, kind: str, request: Json | None, ids: Sequence[str], *, resumes: bool = False
) -> str:
    """Use up the approval of an act and return its digest; where no roles were founded, none is needed.

    Guarantee: an approval allows one act. An act that was stopped before it was done, and so recorded, is
    finished under the approval that it was begun with.

    Args:
        place: the opened study.
        kind: of the act.
        request: the signed request.
        ids: as they were given to `ask`.
        resumes: what is asked was approved and begun before, so that no request is needed to finish it.

    Raises:
        AccessDenied: there is none, or it is about another study or somebody else; or too few signed.
        ConfideError: what else the ledger finds wrong with it.
    """
    if not place.ledger.roster() or (resumes and request is None):
        return ""
    if request is None:
        raise AccessDenied("erase.no-approval", kind=kind)
    asked, _ = parts(request)
    fields = asked["fields"]
    if asked["kind"] != kind or fields.get("study") != place.study.study.name:
        raise AccessDenied("erase.other-approval", kind=kind)
    if fields.get("about") != _about(place, kind, str(fields.get("salt")), ids):
        raise AccessDenied("erase.other-patient")
    return use_up(place, request)


def use_up(place: Workplace, request: Json) -> str:
    """Use up the approval of an act of this study that is recorded as begun and as done; return its digest.

    Guarantee: it allows one act. One that was stopped before it was done is finished under the same approval.

    Raises:
        InvalidInput: expired, of another ledger, or the act was carried out before.
        AccessDenied: too few signed, or somebody without the role.
        IntegrityError: it was changed after it was signed.
    """
    asked, _ = parts(request)
    try:
        place.ledger.approved(request)
    except InvalidInput as error:
        if error.code != "ledger.request-used" or _is_done(place, digest(asked)):
            raise
    return digest(asked)


def use_request(ledger: Ledger, kind: str, document: Json | None, wanted: Json) -> None:
    """Use up the approval of an act that is recorded as soon as it is done.

    Guarantee: it allows what `wanted` names and nothing else. An approval that was used before counts for the same
    act alone, which its caller has seen to be undone still.

    Raises:
        AccessDenied: there is none, or it is about something else; or too few signed.
    """
    if document is None:
        raise AccessDenied("erase.no-approval", kind=kind)
    asked, _ = parts(document)
    if asked["kind"] != kind or any(asked["fields"].get(name) != value for name, value in wanted.items()):
        raise AccessDenied("erase.other-approval", kind=kind)
    try:
        ledger.approved(document)
    except InvalidInput as error:
        if error.code != "ledger.request-used":
            raise


def write_request(request: Json, file: Path) -> None:
    """Write a request to a new file, for people to sign.

    Raises:
        InvalidInput: the file exists, or cannot be written.
    """
    with placing(file, replace=False) as out:
        out.write(json.dumps(request, ensure_ascii=False, indent=2).encode() + b"\n")


def read_request_file(file: Path) -> Json:
    """Read a request that was signed.

    Raises:
        InvalidInput: no such file, or it holds no request.
    """
    with reading(file) as source:
        return read_request(source.read(LARGEST + 1))


def _is_done(place: Workplace, approval: str) -> bool:
    """Say whether the act that this approval allowed was carried out to its end."""
    records = place.ledger.store.all(kind="record", study=place.study.study.name)
    details = (entry.body["details"] for entry in records)
    return any(each.get("approval") == approval and each.get("state") == "done" for each in details)


def _about(place: Workplace, kind: str, salt: str, ids: Sequence[str]) -> str:
    joined = "\n".join(sorted(map(clean_id, ids)))
    return place.vault.keyed_digest(f"{salt}\n{joined}".encode(), f"request {kind}")
