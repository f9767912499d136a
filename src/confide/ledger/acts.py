"""Carry out what was approved: append the approval, and in the same transaction the act that it allows.

Guarantee: an act and its approval are both durable or both absent, and a request is never carried out twice.
What makes a request good: `confide.ledger.requests`. Whoever calls holds the pen of `Store.write`.
"""

from collections.abc import Callable, Mapping

from confide.crypto.sign import digest
from confide.dp.filter import Rule, Spent
from confide.errors import BudgetExceeded, InvalidInput
from confide.ledger.accounts import (
    FOREVER,
    allowance,
    last_day,
    opening,
    rule_of,
    verify_day,
    verify_in_force,
    verify_within,
)
from confide.ledger.entries import Entry
from confide.ledger.requests import KINDS, Approval, approval, parts, verify_request
from confide.ledger.roles import Roster, after, roster_of
from confide.ledger.store import Store, Writer
from confide.ledger.sums import summed
from confide.types import Json


def roster(store: Store) -> Roster:
    """Return who holds which role now."""
    entries = [*store.all(kind="appoint"), *store.all(kind="dismiss")]
    return roster_of(sorted(entries, key=lambda entry: entry.sequence))


def approve(store: Store, writer: Writer, document: Json, *, ledger: str) -> Approval:
    """Append the `approval` entry of a request, if everything about it is in order.

    Raises:
        ConfideError: what is not in order; the caller's transaction then ends with nothing appended.
    """
    request, _ = parts(document)
    key = digest(request)
    if store.last(kind="approval", key=key) is not None:
        raise InvalidInput("ledger.request-used")
    entry = writer.append({"kind": "approval", "key": key, **document})
    verify_request(document, ledger=ledger, roster=roster(store), at=entry.body["time"])
    return approval(request, entry.sequence)


def approve_outside(store: Store, writer: Writer, document: Json, *, ledger: str) -> Approval:
    """Append the approval of an act that other rooms carry out.

    Raises:
        InvalidInput: the ledger itself carries it out.
    """
    made = approve(store, writer, document, ledger=ledger)
    if KINDS[made.kind].in_ledger:
        raise InvalidInput("ledger.act-of-ledger", kind=made.kind)
    return made


def carry_out(store: Store, writer: Writer, document: Json, *, ledger: str) -> Entry:
    """Append the approval of a request and the entry that it asks for.

    Raises:
        InvalidInput: it asks for something that no entry can do.
        BudgetExceeded: an extension that is over already.
    """
    made = approve(store, writer, document, ledger=ledger)
    if not KINDS[made.kind].in_ledger:
        raise InvalidInput("ledger.act-elsewhere", kind=made.kind)
    act: Callable[[Store, Approval], Json] = extension if made.kind == "extend" else _change_of_roster
    entry = writer.append(act(store, made) | {"approval": made.sequence})
    if made.kind == "extend":
        verify_in_force(entry, at=entry.body["time"])
    return entry


def _change_of_roster(store: Store, made: Approval) -> Json:
    act = {"kind": made.kind, **made.fields}
    after(roster(store), act)
    return act


def extension(store: Store, made: Approval) -> Json:
    """Return the `allowance` entry that gives a study more, or longer.

    Guarantee: the new rule is no larger than the account's, admits whatever the old one does, and holds for
    the study's sums from its first charge on.

    Raises:
        InvalidInput: no such allowance, or the request gives less, or nothing more.
        BudgetExceeded: the account is smaller, or what the study has spent does not stand under the new rule.
    """
    fields = made.fields
    account, study = fields["account"], fields["study"]
    there = allowance(store, account, study)
    old, rule = rule_of(there), rule_asked(fields["epsilon"], fields["delta"])
    verify_within(rule, opening(store, account))
    expires, until = verify_day(fields["expires"]), last_day(there)
    if (rule.epsilon, rule.delta, expires) == (old.epsilon, old.delta, until):
        raise InvalidInput("ledger.extends-nothing", study=study)
    if rule.epsilon < old.epsilon or rule.delta < old.delta or expires < until:
        raise InvalidInput("ledger.extends-less", study=study)
    rule = old.grown_to(rule)
    spent = summed(iter(store.all(kind="charge", account=account, study=study)), rule)
    if spent != Spent() and not rule.admits(spent):
        raise BudgetExceeded("ledger.extension-too-small", study=study, asked=fields["epsilon"])
    kept = {name: there.body[name] for name in ("requester", "purpose")}
    told = {
        "kind": "allowance",
        "account": account,
        "study": study,
        "rule": rule.to_json(),
        "expires": expires,
    }
    return told | {"spent_study": spent.to_json(), **kept}


def rule_asked(epsilon: str, delta: str) -> Rule:
    """Return the rule for figures as a request writes them: as text, in the one way that Python writes a float.

    Another spelling, such as 1_0.0, would be read by an approver as something else.
    """
    try:
        figures = float(epsilon), float(delta)
    except ValueError:
        raise InvalidInput("ledger.request-figures") from None
    if (repr(figures[0] + 0.0), repr(figures[1] + 0.0)) != (
        epsilon,
        delta,
    ):  # and -0.0 is another spelling of 0.0
        raise InvalidInput("ledger.request-figures")
    return Rule.for_budget(*figures)


def asked(request: Json) -> Mapping[str, object]:
    """Return what a request asks of the ledger, in the form of `done`."""
    if request["kind"] != "extend":
        return dict(request["fields"])
    fields = request["fields"]
    rule = rule_asked(fields["epsilon"], fields["delta"])
    figures = {"epsilon": rule.epsilon, "delta": rule.delta, "expires": fields["expires"]}
    return {"account": fields["account"], "study": fields["study"], **figures}


def done(body: Json) -> Mapping[str, object]:
    """Return what an act did: its own fields, without those that every entry has."""
    if body["kind"] != "allowance":
        return {
            n: v for n, v in body.items() if n not in ("kind", "sequence", "previous", "time", "approval")
        }
    rule = Rule.from_json(body["rule"])
    figures = {"epsilon": rule.epsilon, "delta": rule.delta, "expires": body.get("expires", FOREVER)}
    return {"account": body["account"], "study": body["study"], **figures}
