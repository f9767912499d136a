"""An institution's assent to a federation: given to one digest, taken back at any time, both entries of its own ledger.

Guarantee: no round is answered without an assent to exactly this manifest that stands, nor after the manifest's last day; where
roles were founded, assent and revocation carry an officer's signature. What it binds to: `confide.study.manifest`.
"""

from dataclasses import dataclass

from confide.errors import AccessDenied, InvalidInput
from confide.ledger.ledger import Ledger, now
from confide.ledger.requests import new_request, parts
from confide.study.manifest import Manifest
from confide.types import Json

GIVEN, REVOKED = "federation-approved", "federation-revoked"
KINDS = {GIVEN: "approve-federation", REVOKED: "revoke-federation"}


def ask_for(ledger: Ledger, manifest: Manifest, what: str) -> Json:
    """Return a request for an officer to sign with `confide approve`.

    Args:
        ledger: of this institution.
        manifest: what it is about.
        what: `GIVEN` or `REVOKED`.
    """
    return new_request(KINDS[what], _fields(manifest), ledger)


def give(ledger: Ledger, manifest: Manifest, *, heard: str, request: Json | None = None) -> None:
    """Approve a manifest, for good or until it is revoked.

    Args:
        ledger: of this institution, which keeps the assent.
        manifest: as this site's own copy of the file says it.
        heard: the digest as another way than the file's brought it: read out, or printed in the minutes.
        request: signed by an officer; needed where roles were founded.

    Raises:
        InvalidInput: its last day is over, or it is approved already.
        AccessDenied: the digest is of another manifest, or roles were founded and nobody of the role signed this.
    """
    if "".join(heard.split()).lower() != manifest.digest():
        raise AccessDenied("fed.other-digest", found=manifest.digest())
    verify_in_time(manifest)
    if is_given(ledger, manifest):
        raise InvalidInput("fed.approved-already")
    _record(ledger, manifest, GIVEN, request)


def revoke(ledger: Ledger, manifest: Manifest, *, request: Json | None = None) -> None:
    """Take the assent back: from now on this site answers no round of it. What was given stays given.

    Raises:
        InvalidInput: there is nothing to take back.
        AccessDenied: as `give`.
    """
    if not is_given(ledger, manifest):
        raise InvalidInput("fed.not-approved-yet")
    _record(ledger, manifest, REVOKED, request)


@dataclass(frozen=True, slots=True)
class Word:
    """What this institution said of a manifest, when, and by whose signature where roles were founded."""

    what: str  # GIVEN or REVOKED
    time: str
    signed: str
    sequence: int  # of the ledger's entry


def words_on(ledger: Ledger, manifest: Manifest) -> list[Word]:
    """Return everything that this institution said of exactly this manifest, oldest first."""
    ours, roster = _fields(manifest), ledger.roster()
    found = [
        Word(entry.body["what"], entry.body["time"], "", entry.sequence)
        for entry in ledger.store.all(kind="record")
        if entry.body["what"] in KINDS and entry.body["details"] == ours
    ]
    kinds = {kind: what for what, kind in KINDS.items()}
    for entry in ledger.store.all(kind="approval"):
        asked = entry.body["request"]
        if asked["kind"] in kinds and asked["fields"] == ours:
            labels = [roster[one["key"]].label for one in entry.body["signatures"] if one["key"] in roster]
            found.append(Word(kinds[asked["kind"]], entry.body["time"], ", ".join(labels), entry.sequence))
    return sorted(found, key=lambda word: word.sequence)


def is_given(ledger: Ledger, manifest: Manifest) -> bool:
    """Say whether this institution's last word on the manifest is an approval."""
    words = words_on(ledger, manifest)
    return bool(words) and words[-1].what == GIVEN


def verify_given(ledger: Ledger, manifest: Manifest) -> None:
    """Refuse to take part without an assent that stands, or after the last day.

    Raises:
        AccessDenied: nobody approved exactly this manifest here, or the approval was revoked.
        InvalidInput: its last day is over.
    """
    if not is_given(ledger, manifest):
        raise AccessDenied("fed.not-approved")
    verify_in_time(manifest)


def verify_in_time(manifest: Manifest) -> None:
    """Refuse a manifest whose last day is over, by this institution's own clock.

    Raises:
        InvalidInput: it is.
    """
    if now()[:10] > manifest.federation.expires:
        raise InvalidInput("fed.expired", day=manifest.federation.expires)


def _record(ledger: Ledger, manifest: Manifest, what: str, request: Json | None) -> None:
    """Write the word down: the approved request itself where roles were founded, once; else a record."""
    if not ledger.roster():
        ledger.record(what, details=_fields(manifest))
        return
    if request is None:
        raise AccessDenied("erase.no-approval", kind=KINDS[what])
    asked, _ = parts(request)
    if asked["kind"] != KINDS[what] or asked["fields"] != _fields(manifest):
        raise AccessDenied("erase.other-approval", kind=KINDS[what])
    ledger.approved(request)


def _fields(manifest: Manifest) -> Json:
    return {"federation": manifest.study.name, "manifest": manifest.digest()}
