"""Ask for, and use, the approval of an act that concerns one patient, without naming the patient.

Guarantee: where roles were founded, `use_approval` returns only after the ledger holds the approval, for this
study and this patient; a request holds a keyed, salted digest of the id and never the id.
"""

import os
from collections.abc import Sequence

from confide.errors import AccessDenied
from confide.ledger.requests import new_request
from confide.records.patients import clean_id
from confide.study.workplace import Workplace
from confide.types import Json


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
) -> None:
    """Use up the approval of an act; where no roles were founded, none is needed.

    Args:
        place: the opened study.
        kind: of the act.
        request: the signed request.
        ids: as they were given to `ask`.
        resumes: the act was begun before under an approval, and is finished now without a new one.

    Raises:
        AccessDenied: there is none, or it is about another study or somebody else; or too few signed.
        ConfideError: what else the ledger finds wrong with it.
    """
    if resumes or not place.ledger.roster():
        return
    if request is None:
        raise AccessDenied("erase.no-approval", kind=kind)
    fields = request["request"]["fields"]
    about = _about(place, kind, str(fields.get("salt")), ids)
    if request["request"]["kind"] != kind or fields.get("study") != place.study.study.name:
        raise AccessDenied("erase.other-approval", kind=kind)
    if fields.get("about") != about:
        raise AccessDenied("erase.other-patient")
    place.ledger.approved(request).verify_kind(kind)


def _about(place: Workplace, kind: str, salt: str, ids: Sequence[str]) -> str:
    joined = "\n".join(sorted(map(clean_id, ids)))
    return place.vault.keyed_digest(f"{salt}\n{joined}".encode(), f"request {kind}")
