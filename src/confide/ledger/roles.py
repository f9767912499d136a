"""Who may sign for what: the roster, computed from the entries `appoint` and `dismiss` in their order.

Guarantee: a role counts from its appointment on and until its dismissal; no two who hold roles have one label; and
once two people can approve, there are always two. Pure functions of entries: no file, no clock, no signature.
Requests are signed and counted in `confide.ledger.requests`; for people: `docs/roles.md`.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from confide.crypto.sign import verify_public_key
from confide.errors import AccessDenied, InvalidInput
from confide.ledger.entries import Entry
from confide.types import Json

ROLES = ("approve", "extend", "open", "re-identify", "seal", "witness")
LONGEST = 80  # characters of a label


@dataclass(frozen=True, slots=True)
class Holder:
    """One key and what its signature counts for. All public: a label is a function, no name is needed."""

    label: str
    key: str
    roles: tuple[str, ...]
    dismissed: bool = False
    since: str = ""  # time of the appointment; what was asked before it, this signature does not count for

    def holds(self, role: str) -> bool:
        """Say whether the signature of this key counts for `role`, now."""
        return not self.dismissed and role in self.roles


Roster = Mapping[str, Holder]  # by public key; who was dismissed stays on it


def roster_of(entries: Iterable[Entry]) -> Roster:
    """Return the roster after all `entries`; those of other kinds change nothing.

    Raises:
        ConfideError: an entry that could never have been carried out.
    """
    roster: Roster = {}
    for entry in entries:
        if entry.body["kind"] in ("appoint", "dismiss"):
            roster = after(roster, entry.body)
    return roster


def after(roster: Roster, act: Json) -> Roster:
    """Return the roster after one appointment or dismissal. Appointing a holder again replaces the roles.

    Args:
        roster: before.
        act: `kind` and `key`, and for an appointment `label` and `roles`; `time` where it is an entry.

    Raises:
        InvalidInput: the act has not the form, the key was dismissed before, is not on the roster, the label is
            that of another holder, or too few who can approve would be left.
    """
    key = verify_public_key(act.get("key"))
    there = roster.get(key)
    if act["kind"] == "dismiss":
        if there is None or there.dismissed:
            raise InvalidInput("ledger.not-appointed", key=key[:16])
        changed = Holder(there.label, key, there.roles, dismissed=True, since=there.since)
    else:
        if there is not None and there.dismissed:
            raise InvalidInput("ledger.dismissed-for-good", key=key[:16])
        label, since = _label(act.get("label"), roster, key), str(act.get("time", ""))
        changed = Holder(label, key, _roles(act.get("roles")), since=since)
    result = {**roster, key: changed}
    wanted = max(1, min(2, len(holders(roster, "approve"))))  # else one could dismiss the other, and be both
    if len(holders(result, "approve")) < wanted:
        raise InvalidInput("ledger.last-approver", wanted=wanted)
    return result


def holders(roster: Roster, role: str) -> set[str]:
    """Return the keys whose signature counts for `role`."""
    return {key for key, holder in roster.items() if holder.holds(role)}


def verify_holds(roster: Roster, key: str, role: str, *, asked: str) -> None:
    """Check that the signature of `key` under a request that was written at the time `asked` counts for `role`.

    Raises:
        AccessDenied: it was dismissed, never had the role, or was appointed after the request was written.
    """
    holder = roster.get(key)
    if holder is None or role not in holder.roles:
        raise AccessDenied("ledger.role-not-held", key=key[:16], role=role)
    if holder.dismissed:
        raise AccessDenied("ledger.role-revoked", key=key[:16], role=role)
    if asked < holder.since:
        raise AccessDenied("ledger.role-later", key=key[:16], since=holder.since)


def _label(label: object, roster: Roster, key: str) -> str:
    if not isinstance(label, str) or not label.strip() or not label.isprintable() or len(label) > LONGEST:
        raise InvalidInput("ledger.role-label", longest=LONGEST)
    others = (each.label for each in roster.values() if each.key != key and not each.dismissed)
    if _read(label) in map(_read, others):
        raise InvalidInput("ledger.label-taken")
    return label


def _read(label: str) -> str:
    """Return a label as people read it: without case, width of signs, and blanks beyond one."""
    return " ".join(unicodedata.normalize("NFKC", label).casefold().split())


def _roles(roles: object) -> tuple[str, ...]:
    """Return the roles as an entry lists them: known ones, each once, in the order of the alphabet."""
    if not isinstance(roles, list | tuple) or not roles or list(roles) != [r for r in ROLES if r in roles]:
        raise InvalidInput("ledger.no-such-role", known=", ".join(ROLES))
    return tuple(roles)
