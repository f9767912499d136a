"""Ask, approve, carry out: the one workflow for what nobody may do alone.

A request says what is asked, of which ledger, until when; its signatures are over all of it. Guarantee: it counts
once, in its own ledger, before it expires, with enough signatures of different people who held the role when it was
written and hold it at that moment, none of them who asked. Knows no store: `confide.ledger.acts` looks up and writes; format and steps:
`docs/ledger-format.md`, `docs/roles.md`.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Protocol

from confide.crypto.sign import PersonKey, Signature, digest, verify, verify_public_key
from confide.errors import AccessDenied, InvalidInput
from confide.ledger.entries import canonical
from confide.ledger.roles import Roster, holders, verify_holds
from confide.types import Json

_TEXTS = {  # of requests that the ledger itself carries out, the fields that are text; others check their own
    "extend": frozenset({"study", "account", "epsilon", "delta", "expires", "reason"}),
    "appoint": frozenset({"label", "key"}),
    "dismiss": frozenset({"key", "reason"}),
}
FIELDS = frozenset({"kind", "ledger", "fields", "nonce", "created", "expires", "requester"})
DAYS, MOST_DAYS = 30, 90  # that a request stands
AHEAD = timedelta(minutes=10)  # by which the clock of the machine that wrote a request may be fast
LARGEST = 64 * 1024  # bytes of a request with its signatures
DEEPEST = 16  # objects and lists inside each other, with the request itself
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_NONCE = re.compile(r"[0-9a-f]{32}")
_MAKER = object()  # what only `approval` hands in


@dataclass(frozen=True, slots=True)
class Kind:
    """Whose signatures a kind of request needs, and how many."""

    role: str
    signatures: int = 1
    in_ledger: bool = False  # carried out by an entry; else by other rooms, which demand the `Approval`


KINDS: Mapping[str, Kind] = {
    "extend": Kind("extend", in_ledger=True),
    "appoint": Kind("approve", in_ledger=True),
    "dismiss": Kind("approve", in_ledger=True),
    "re-identify": Kind("re-identify", 2),
    "erase": Kind("approve", 2),
    "hand-over": Kind("approve"),
    "receive": Kind("approve"),
    "rotate-log-key": Kind("approve"),
    "accept-clock": Kind("approve"),
    "approve-dossier": Kind("approve"),
    "revoke-dossier": Kind("approve"),
    "approve-federation": Kind("approve"),
    "revoke-federation": Kind("approve"),
}


class HasId(Protocol):
    """A ledger, as far as a request names it."""

    id: str


@dataclass(frozen=True, slots=True)
class Approval:
    """What allows one act, once: the ledger holds it, durably. Only `Ledger.approved` makes one."""

    kind: str
    fields: Mapping[str, Any]
    sequence: int  # of the entry `approval`
    digest: str  # of the request
    maker: object = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse to be made by anybody else."""
        if self.maker is not _MAKER:
            raise TypeError("an approval comes from `Ledger.approved`")

    def verify_kind(self, kind: str) -> None:
        """Check that this is the approval of an act of `kind`.

        Raises:
            AccessDenied: it allows something else.
        """
        if self.kind != kind:
            raise AccessDenied("ledger.other-approval", wanted=kind, found=self.kind)


def approval(request: Json, sequence: int) -> Approval:
    """Make the token for a request whose `approval` entry has this number; called by `confide.ledger.acts` alone."""
    fields = json.loads(canonical(request["fields"]))
    return Approval(request["kind"], MappingProxyType(fields), sequence, digest(request), _MAKER)


def new_request(
    kind: str, fields: Json, ledger: HasId, *, requester: PersonKey | None = None, days: int = DAYS
) -> Json:
    """Return a request as a JSON document: what is asked, and the signatures, none but the requester's yet.

    Args:
        kind: one of `KINDS`.
        fields: what is asked; public, no floats, nothing of a patient.
        ledger: in which it shall count.
        requester: who asks, if it shall be known that this person cannot approve it too.
        days: how long it stands, at most 90.

    Raises:
        InvalidInput: no such kind, or fields that cannot be signed.
    """
    made = datetime.now(UTC)
    request = {
        "kind": kind,
        "ledger": ledger.id,
        "fields": fields,
        "nonce": os.urandom(16).hex(),
        "created": _written(made),
        "expires": _written(made + timedelta(days=days)),
        "requester": requester.public if requester else None,
    }
    document = {"request": request, "signatures": [requester.sign(request).to_json()] if requester else []}
    parts(document)
    return document


def sign_request(document: Json, key: PersonKey) -> Json:
    """Return the document with one more signature.

    Raises:
        InvalidInput: no request, signed by this person already, or asked by this person.
    """
    request, signatures = parts(document)
    if key.public == request["requester"]:
        raise InvalidInput("ledger.requester-approves")
    if any(each.key == key.public for each in signatures):
        raise InvalidInput("ledger.signed-twice")
    signatures.append(key.sign(request))
    return {"request": request, "signatures": [each.to_json() for each in signatures]}


def read_request(data: bytes) -> Json:
    """Read a request from the bytes of its file; says nothing of its signatures.

    Raises:
        InvalidInput: it is none.
    """
    if len(data) > LARGEST:
        raise InvalidInput("ledger.no-request")
    try:
        document = json.loads(data, object_pairs_hook=_each_once)
    except (ValueError, RecursionError):
        raise InvalidInput("ledger.no-request") from None
    parts(document)
    return document  # type: ignore[no-any-return]  # `parts` has looked


def parts(document: object) -> tuple[Json, list[Signature]]:
    """Return request and signatures of a document that has the form of one.

    Raises:
        InvalidInput: it has not, or holds what cannot be signed or kept.
    """
    if not isinstance(document, dict) or set(document) != {"request", "signatures"}:
        raise InvalidInput("ledger.no-request")
    request, signatures = document["request"], document["signatures"]
    if not isinstance(request, dict) or set(request) != FIELDS or not isinstance(signatures, list):
        raise InvalidInput("ledger.no-request")
    if not isinstance(request["kind"], str) or request["kind"] not in KINDS:
        raise InvalidInput("ledger.no-such-request", known=", ".join(KINDS))
    patterns = (("nonce", _NONCE), ("created", _TIME), ("expires", _TIME))
    if not all(isinstance(request[name], str) and form.fullmatch(request[name]) for name, form in patterns):
        raise InvalidInput("ledger.no-request")
    if not isinstance(request["ledger"], str) or not isinstance(request["fields"], dict):
        raise InvalidInput("ledger.no-request")
    if request["requester"] is not None:
        verify_public_key(request["requester"])
    _verify_times(request)
    _verify_fields(request["kind"], request["fields"])
    _verify_depth(request, DEEPEST)
    try:
        canonical(request)
    except TypeError:
        raise InvalidInput("ledger.no-request") from None
    digest(request)
    return request, [Signature.from_json(each) for each in signatures]


def verify_request(document: Json, *, ledger: str, roster: Roster, at: str) -> Json:
    """Check all that a request and a roster say by themselves; return the request.

    Guarantee: enough people who hold the needed role on `roster`, since before it was written, signed exactly this,
    none of them who asked, no one of them twice, for this ledger, and it has not expired. That it was not used before is for the store to say.

    Args:
        document: as `new_request` and `sign_request` wrote it.
        ledger: id of the ledger in which it shall count.
        roster: at the moment of carrying out.
        at: that moment.

    Raises:
        InvalidInput: no request, of another ledger, of a day to come, expired, or signed twice by one person.
        IntegrityError: it was changed after it was signed.
        AccessDenied: a signature does not count, or there are too few.
    """
    request, signatures = parts(document)
    if request["ledger"] != ledger:
        raise InvalidInput("ledger.request-of-another")
    if at > request["expires"]:
        raise InvalidInput("ledger.request-expired", expires=request["expires"])
    if datetime.fromisoformat(request["created"]) - datetime.fromisoformat(at) > AHEAD:
        raise InvalidInput("ledger.request-early", created=request["created"])  # it would stand too long
    for signature in signatures:
        verify(request, signature)
    keys = [signature.key for signature in signatures]
    if len(set(keys)) < len(keys):
        raise InvalidInput("ledger.signed-twice")
    requester = request["requester"]
    if requester is not None and requester not in keys:
        raise AccessDenied("ledger.requester-unsigned")
    if not roster:
        _verify_founding(request, keys)
        return request
    role = KINDS[request["kind"]].role
    approvers = [key for key in keys if key != requester]
    if requester is not None and not approvers and requester in holders(roster, role):
        raise AccessDenied("ledger.requester-approves")
    for key in approvers:
        verify_holds(roster, key, role, asked=request["created"])
    if len(approvers) < (wanted := needed(request, roster)):
        raise AccessDenied("ledger.too-few-signatures", wanted=wanted, found=len(approvers), role=role)
    return request


def needed(request: Json, roster: Roster) -> int:
    """Return how many signatures a request needs, beside the requester's.

    A change of the roster takes two people as soon as there are two who can approve: else one of them could dismiss
    the other, appoint a second self, and two signatures would be one person's. Where one of just two asks, that
    signature is one of the two.
    """
    kind = request["kind"]
    if kind not in ("appoint", "dismiss"):
        return KINDS[kind].signatures
    could = holders(roster, "approve") - {request["requester"]}
    return min(2, max(1, len(could)))


def _verify_founding(request: Json, keys: list[str]) -> None:
    """The first appointment of a ledger is signed by the key that it appoints, and by no other."""
    fields = request["fields"]
    if request["kind"] != "appoint" or keys != [fields.get("key")]:
        raise AccessDenied("ledger.no-roster")


def _verify_times(request: Json) -> None:
    try:
        created, expires = (datetime.fromisoformat(request[name]) for name in ("created", "expires"))
    except ValueError:
        raise InvalidInput("ledger.no-request") from None
    if not timedelta(0) < expires - created <= timedelta(days=MOST_DAYS):
        raise InvalidInput("ledger.request-times", most=MOST_DAYS)


def _verify_depth(value: object, left: int) -> None:
    """Refuse what is nested deeper than `left`: what one reader takes, another would run out of stack on."""
    if isinstance(value, dict | list | tuple):
        if not left:
            raise InvalidInput("ledger.no-request")
        for each in value.values() if isinstance(value, dict) else value:
            _verify_depth(each, left - 1)


def _verify_fields(kind: str, fields: Json) -> None:
    """Refuse fields that an approver could not read or the ledger not carry out."""
    if kind not in _TEXTS:
        return
    texts = {name for name, value in fields.items() if isinstance(value, str) and value.strip()}
    rest = {"roles"} if kind == "appoint" else set()
    if set(fields) != _TEXTS[kind] | rest or texts - rest != _TEXTS[kind]:
        raise InvalidInput("ledger.request-fields", kind=kind, wanted=", ".join(sorted(_TEXTS[kind] | rest)))


def _each_once(pairs: list[tuple[str, Any]]) -> Json:
    """Refuse an object that names a key twice: two readers could see two requests."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key twice")
    return found


def _written(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
