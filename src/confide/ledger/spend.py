"""Price, charge, commit and abandon one plan: what each writes, inside a transaction that the caller holds.

Guarantee: a charge is appended only if every rule admits it, at the time that its entry states; a release is kept
only with the commit of an open charge. Noise is not here: `confide.ledger.ledger` hands it out, after the charge.
"""

import hashlib
import os
import platform
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version

from confide.dp.filter import Rule
from confide.errors import IntegrityError, InvalidInput
from confide.ledger.accounts import books, exposure, opening, rule_of, spent_by, verify_in_force
from confide.ledger.charge import Plan
from confide.ledger.cohorts import overlaps_of, verify_declared
from confide.ledger.entries import Entry, canonical, salted_digest
from confide.ledger.store import Store, Writer
from confide.ledger.sums import Standing
from confide.types import Json


@cache
def _versions() -> Json:
    return {"confide": version("confide"), "python": platform.python_version()}


def key_of(plan: Plan, *, study: str, account: str, cohort: str | None) -> str:
    """Return what is the same for the same plan of the same study on the same patients, and for no other."""
    return _key(plan.to_json(), study, account, cohort)


def _key(plan: Json, study: str, account: str, cohort: str | None) -> str:
    whole = [study, account, plan, *([] if cohort is None else [cohort])]
    return hashlib.sha256(canonical(whole).encode()).hexdigest()


def price(
    store: Store, plans: Sequence[Plan], rule: Rule, *, study: str, account: str, cohort: str | None
) -> tuple[float, set[str]]:
    """Return what an allowance under `rule` would have left; see `Ledger.price`."""
    total, spent = rule_of(opening(store, account)), spent_by(store, account, study)
    standing = Standing(total, rule, exposure(store, account), spent, overlaps_of(store, account))
    names, released = {"account": account, "study": study}, set()
    for plan in plans:
        key = key_of(plan, study=study, account=account, cohort=cohort)
        if store.last(kind="commit", key=key) is not None:
            released.add(plan.name)
            continue
        if (there := store.last(kind="allowance", account=account, study=study)) is not None:
            verify_in_force(there, at=store.time())
        if cohort is not None:
            verify_declared(store, account, cohort)
        _, standing = standing.after(plan, names=names, cohort=cohort)
    return rule.left(standing.spent), released


def charge(
    store: Store,
    writer: Writer,
    plan: Plan,
    *,
    study: str,
    account: str,
    commitment: str,
    cohort: str | None,
) -> Entry:
    """Append the charge of `plan`; an open one of the same plan is abandoned first. See `Ledger.charge`."""
    key = key_of(plan, study=study, account=account, cohort=cohort)
    opened, allowed, standing = books(store, account, study)
    _verify_paid(store, plan, study, account, cohort)
    if cohort is not None:
        verify_declared(store, account, cohort)
    booked, _ = standing.after(plan, names={"account": account, "study": study}, cohort=cohort)
    committed, earlier = store.newest({"kind": "commit", "key": key}, {"kind": "charge", "key": key})
    if committed is not None:
        raise InvalidInput("ledger.already-released", name=plan.name, study=study)
    # the charges of this plan before `earlier` were ended in its transaction
    if earlier is not None and store.last(charge=earlier.sequence) is None:
        writer.append(abandonment(earlier, "a later run took its place"))
    body = {
        "kind": "charge",
        "account": account,
        "study": study,
        "key": key,
        "name": plan.name,
        "plan": plan.to_json(),
        "delta": repr(float(plan.delta) + 0.0),
        "commitment": commitment,
        "unit": opened.body["unit"],
        "relation": opened.body["relation"],
        "versions": _versions(),
        **booked,
    }
    entry = writer.append(body if cohort is None else body | {"cohort": cohort})
    verify_in_force(allowed, at=entry.body["time"])  # by the ledger's time, which no clock sets back
    return entry


def _verify_paid(store: Store, plan: Plan, study: str, account: str, cohort: str | None) -> None:
    """Refuse a plan that says another entry paid for it, unless that entry did.

    Guarantee: `paid_by` of such a plan is the commit of the plan that its `series` writes out, by the same study, of
    the same account, on the same patients.
    """
    asked = plan.to_json()
    if "paid_by" not in asked:
        return
    paid = store.last(kind="commit", key=_key(asked["series"], study, account, cohort))
    if paid is None or paid.sequence != asked["paid_by"]:
        raise InvalidInput("ledger.not-paid", name=plan.name, account=account)


def commit(store: Store, writer: Writer, sequence: int, content: bytes) -> None:
    """Append the commit of the charge with this number, and keep its release.

    Raises:
        IntegrityError: the charge was committed before, abandoned, or taken over by a later run.
    """
    if store.last(charge=sequence) is not None:
        raise IntegrityError("ledger.charge-closed", sequence=sequence)
    charged, salt = store.at(sequence), os.urandom(16)
    kept = {field: charged.body[field] for field in ("account", "study", "key", "name", "commitment")}
    ended = kept | {"kind": "commit", "charge": sequence, "release": salted_digest(salt, content)}
    writer.keep_release(writer.append(ended).sequence, salt, content)


def not_private(
    store: Store, writer: Writer, what: str, *, study: str, account: str, commitment: str
) -> None:
    """Append the entry of a release that ε does not cover, once per content; see `Ledger.note_not_private`."""
    key = hashlib.sha256(canonical([study, account, what, commitment]).encode()).hexdigest()
    if store.last(kind="not-private", key=key) is None:
        writer.append(
            {"kind": "not-private", "account": account, "study": study, "key": key, "what": what,
             "commitment": commitment}
        )  # fmt: skip


def abandonment(charged: Entry, reason: str) -> Json:
    """Return the entry that says that nothing came of a charge."""
    kept = {field: charged.body[field] for field in ("account", "study", "key", "name")}
    return kept | {"kind": "abandon", "charge": charged.sequence, "reason": reason}
