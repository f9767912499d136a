"""What hub and sites say to each other: thirteen kinds of signed message, each with its fields and limits.

Guarantee: `read` returns only what its sender signed for this federation and round, field by field; all else is refused
by name. No pickle, no clock, no state: `confide.federated.site` and `hub` say when a message is due.
Table of messages: `docs/federation-protocol.md`.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from confide.crypto.canonical import canonical
from confide.crypto.sign import PersonKey, Signature, verify
from confide.crypto.text import from_base64, to_base64
from confide.errors import IntegrityError, InvalidInput
from confide.federated.settings import HUB, MOST_SITES, Federation
from confide.types import Json

VERSION = 1
LARGEST_HEAD = 16 << 20
LARGEST_TASK = 1 << 30  # bytes of what the hub hands out at the beginning of a round
_SIGNATURE = 64
_HEX = re.compile(r"[0-9a-f]+")
_REASON = re.compile(r"[a-z-]{1,40}")

Buffer = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message on its way: a signed head, and a body of bytes that is never copied to be signed or read."""

    head: bytes = field(repr=False)
    payload: Buffer = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """A message whose sender, federation, round and fields were checked."""

    kind: str
    sender: str
    body: Json = field(repr=False)
    parcel: Parcel = field(repr=False)


def write(
    key: PersonKey, federation: str, number: int, sender: str, kind: str, body: Json, payload: Buffer = b""
) -> Parcel:
    """Return a message, signed with everything that it belongs to.

    Args:
        federation: its digest.
        number: of the round.
        sender: name of a site, or `hub`.
        kind: one of `KINDS`.
        body: its fields.
        payload: bytes that go beside; only their digest is signed.
    """
    statement = {
        "kind": f"confide federated {VERSION}: {kind}",
        "federation": federation,
        "round": number,
        "sender": sender,
        "body": body,
        "size": len(payload),
        "payload": hashlib.sha256(payload).hexdigest(),
    }
    signed = from_base64(key.sign(statement).signature) or b""
    return Parcel(canonical(statement) + signed, payload)


def read(parcel: Parcel, federation: Federation, digest: str, number: int) -> Message:
    """Return the message that `parcel` carries.

    Args:
        federation: whose members may speak; `digest` is its digest.
        number: of the round.

    Raises:
        InvalidInput: another version, federation or round, or a sender that does not belong to it.
        IntegrityError: it is cut short, too long, malformed, or not what its sender signed.
    """
    statement = _statement(parcel.head)
    if set(statement) != {"kind", "federation", "round", "sender", "body", "size", "payload"}:
        raise IntegrityError("fed.message-form")
    start, _, kind = str(statement["kind"]).partition(": ")
    if start != f"confide federated {VERSION}" or kind not in KINDS:
        raise InvalidInput("fed.message-version", wanted=VERSION)
    if statement["federation"] != digest:
        raise InvalidInput("fed.other-federation")
    if type(statement["round"]) is not int or statement["round"] != number:
        raise InvalidInput("fed.other-round", wanted=number)
    sender = statement["sender"]
    rule = KINDS[kind]
    if not isinstance(sender, str) or (sender == HUB) != rule.from_hub:
        raise InvalidInput("fed.foreign")
    holder = federation.hub if sender == HUB else federation.member(sender).key
    verify(statement, Signature(holder, to_base64(parcel.head[-_SIGNATURE:])))
    body, size = statement["body"], statement["size"]
    if not isinstance(body, dict) or set(body) != set(rule.fields):
        raise IntegrityError("fed.message-form")
    if not all(check(body[name]) for name, check in rule.fields.items()):
        raise IntegrityError("fed.message-form")
    wanted = {"none": size == 0, "update": size == 4 * federation.length, "task": True}[rule.payload]
    if type(size) is not int or not wanted or len(parcel.payload) != size:
        raise IntegrityError("fed.payload")
    if hashlib.sha256(parcel.payload).hexdigest() != statement["payload"]:
        raise IntegrityError("fed.payload")
    return Message(kind, sender, body, parcel)


def number_of(parcel: Parcel) -> int:
    """Return the round that a message says it belongs to, before anything of it is believed.

    Raises:
        IntegrityError: it is malformed.
    """
    number = _statement(parcel.head).get("round")
    if type(number) is not int or not 1 <= number < 1 << 31:
        raise IntegrityError("fed.message-form")
    return number


def label_of(parcel: Parcel) -> tuple[int, str]:
    """Return round and kind that a message says it has, before anything of it is believed.

    Raises:
        IntegrityError: it is malformed.
    """
    kind = str(_statement(parcel.head).get("kind")).partition(": ")[2]
    if kind not in KINDS:
        raise IntegrityError("fed.message-form")
    return number_of(parcel), kind


def _statement(head: bytes) -> Json:
    """Read the JSON of a head: the one spelling of an object, whose signature follows."""
    if not _SIGNATURE < len(head) <= LARGEST_HEAD:
        raise IntegrityError("fed.message-form")
    try:
        found = json.loads(head[:-_SIGNATURE])
        if isinstance(found, dict) and canonical(found) == head[:-_SIGNATURE]:
            return found
    except (ValueError, TypeError, RecursionError):
        pass
    raise IntegrityError("fed.message-form")


def _hex(size: int) -> Callable[[object], bool]:
    return lambda found: isinstance(found, str) and len(found) == 2 * size and bool(_HEX.fullmatch(found))


def _base64(found: object) -> bool:
    return isinstance(found, str) and from_base64(found) is not None


def _sealed(found: object) -> bool:
    return isinstance(found, str) and len(found) < 200 and from_base64(found) is not None


def _names(found: object) -> bool:
    return isinstance(found, list) and len(found) <= MOST_SITES and all(isinstance(n, str) for n in found)


def _heads(found: object) -> bool:
    return isinstance(found, list) and len(found) <= MOST_SITES and all(_base64(head) for head in found)


def _by_site(check: Callable[[object], bool]) -> Callable[[object], bool]:
    def checked(found: object) -> bool:
        return isinstance(found, dict) and len(found) <= MOST_SITES and all(map(check, found.values()))

    return checked


def _two_digests(found: object) -> bool:
    return isinstance(found, list) and len(found) == 2 and all(_hex(32)(one) for one in found)


def _reason(found: object) -> bool:
    return isinstance(found, str) and bool(_REASON.fullmatch(found))


@dataclass(frozen=True, slots=True)
class Kind:
    """Who may send a kind of message, which fields it has, and what goes beside."""

    from_hub: bool
    fields: Mapping[str, Callable[[Any], bool]]
    payload: str = "none"


KINDS: Mapping[str, Kind] = {
    "begin": Kind(True, {}, "task"),
    "keys": Kind(False, {"share_key": _hex(32), "mask_key": _hex(32)}),
    "roster": Kind(True, {"keys": _heads}),
    "shares": Kind(
        False,
        {
            "roster": _hex(32),
            "sealed": _by_site(_sealed),
            "commitments": _by_site(_two_digests),
            "self": _hex(32),
        },
    ),
    "dealt": Kind(True, {"shares": _heads}),
    "input": Kind(False, {"dealt": _hex(32)}, "update"),
    "survivors": Kind(True, {"survivors": _names}),
    "agreed": Kind(False, {"dealt": _hex(32), "survivors": _names}),
    "agreements": Kind(True, {"agreed": _heads}),
    "unmask": Kind(False, {"self": _by_site(_hex(33)), "mask": _by_site(_hex(33))}),
    "commit": Kind(True, {"survivors": _names, "sum": _hex(32)}),
    "abort": Kind(True, {"reason": _reason}),
    "stopped": Kind(False, {"reason": _reason}),
}
