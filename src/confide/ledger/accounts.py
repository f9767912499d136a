"""Accounts of patients and allowances of studies: what their entries say, found by name in a few look-ups.

Guarantee: the figures of an account are fixed for ever, and no allowance is larger than its account. No function
here costs more in a longer ledger. What a charge books: `confide.ledger.sums`; extensions: `confide.ledger.acts`.
"""

from datetime import date

from confide.dp.filter import Rule, Spent
from confide.dp.units import ATTO, NANO
from confide.errors import BudgetExceeded, InvalidInput
from confide.ledger.cohorts import overlaps_in, overlaps_of
from confide.ledger.entries import Entry
from confide.ledger.store import Store, Writer
from confide.ledger.sums import Exposure, Standing
from confide.types import Json

FOREVER = "9999-12-31"  # the last day of an allowance that names none
RELATIONS = {"patient": "add or remove one patient", "row": "add or remove one row"}


def account_entry(name: str, *, epsilon: float, delta: float, patients: int, unit: str) -> Json:
    """Return the entry that opens an account; see `Ledger.open_account`."""
    if patients < 1:
        raise InvalidInput("error.invalid-input", field="patients", wanted=">= 1", found=patients)
    if not name.strip() or not name.isprintable():
        raise InvalidInput("ledger.account-name")
    if not delta > 0:
        raise InvalidInput("error.invalid-input", field="delta", wanted="> 0", found=delta)
    if delta > 1 / (100 * patients):
        raise InvalidInput("ledger.delta-too-large", delta=delta, most=f"{1 / (100 * patients):.1g}")
    return {
        "kind": "account",
        "account": name,
        "rule": Rule.for_budget(epsilon, delta).to_json(),
        "patients": patients,
        "unit": unit,
        "relation": RELATIONS[unit],
    }


def open_account(store: Store, writer: Writer, body: Json) -> None:
    """Append the entry that opens an account, unless it is there already with the same figures.

    Raises:
        InvalidInput: it is there with others.
    """
    there = store.last(kind="account", account=body["account"])
    if there is None:
        writer.append(body)
    elif not is_same(there, body):
        raise InvalidInput("ledger.account-exists", account=body["account"])


def is_same(opened: Entry, body: Json) -> bool:
    """Say whether an account was opened with the figures of `body`, however its rule was derived then."""
    rules = rule_of(opened), Rule.from_json(body["rule"])
    figures = [(rule.epsilon, rule.delta) for rule in rules]
    same = all(opened.body[field] == value for field, value in body.items() if field != "rule")
    return same and figures[0] == figures[1]


def opening(store: Store, account: str) -> Entry:
    """Return the entry that opened `account`.

    Raises:
        InvalidInput: there is none.
    """
    return _found(store.last(kind="account", account=account), account)


def allowance(store: Store, account: str, study: str) -> Entry:
    """Return the allowance of `study` that is in force.

    Raises:
        InvalidInput: there is none.
    """
    return _found(store.last(kind="allowance", account=account, study=study), account, study)


def _found(entry: Entry | None, account: str, study: str | None = None) -> Entry:
    if entry is None and study is None:
        raise InvalidInput("ledger.no-account", account=account)
    if entry is None:
        raise InvalidInput("ledger.no-allowance", account=account, study=study)
    return entry


def books(store: Store, account: str, study: str) -> tuple[Entry, Entry, Standing]:
    """Return what opened `account`, the allowance of `study`, and where both stand, in one look.

    Raises:
        InvalidInput: no such account or allowance.
    """
    opened, allowed, charged, own, declared = store.newest(
        {"kind": "account", "account": account},
        {"kind": "allowance", "account": account, "study": study},
        {"kind": "charge", "account": account},
        {"kind": "charge", "account": account, "study": study},
        {"kind": "cohort", "account": account},
    )
    opened, allowed = _found(opened, account), _found(allowed, account, study)
    sums = _exposure(charged), _spent(own, allowed)
    standing = Standing(rule_of(opened), rule_of(allowed), *sums, overlaps_in(declared))
    return opened, allowed, standing


def rule_of(entry: Entry) -> Rule:
    """Return the rule of an account or an allowance."""
    return Rule.from_json(entry.body["rule"])


def exposure(store: Store, account: str) -> Exposure:
    """Return what the patients of `account` were exposed to."""
    return _exposure(store.last(kind="charge", account=account))


def spent_by(store: Store, account: str, study: str) -> Spent:
    """Return what `study` has spent, under the rule of its newest allowance."""
    where: dict[str, str | int] = {"account": account, "study": study}
    return _spent(*store.newest({"kind": "charge", **where}, {"kind": "allowance", **where}))


def _exposure(charged: Entry | None) -> Exposure:
    return Exposure() if charged is None else Exposure.from_json(charged.body)


def _spent(*found: Entry | None) -> Spent:
    """Read the sums of a study off the newer of its newest charge and its newest allowance."""
    newest = max((entry for entry in found if entry), key=lambda entry: entry.sequence, default=None)
    return Spent() if newest is None else Spent.from_json(newest.body["spent_study"])


def sums(store: Store, account: str, study: str | None, cohort: str | None) -> list[Spent]:
    """Return the sums of `study`; without one, those of every kind of patient of the account, or of `cohort`."""
    if study is not None:
        return [spent_by(store, account, study)]
    return exposure(store, account).of(cohort, overlaps_of(store, account))


def allowed_rule(
    store: Store, account: str, study: str, *, epsilon: float, delta: float, unit: str, expires: str | None
) -> Rule:
    """Return the rule that an allowance would have; see `Ledger.may_grant`."""
    opened = opening(store, account)
    if (kept := opened.body["unit"]) != unit:
        raise InvalidInput("ledger.other-unit", account=account, kept=kept, asked=unit)
    rule = Rule.for_budget(epsilon, delta)
    verify_within(rule, opened)
    until = FOREVER if expires is None else verify_day(expires)
    there = store.last(kind="allowance", account=account, study=study)
    if there is not None:
        held = rule_of(there)
        if (held.epsilon, held.delta, last_day(there)) != (rule.epsilon, rule.delta, until):
            raise InvalidInput("ledger.allowance-differs", study=study, account=account)
    return rule


def grant(
    store: Store,
    writer: Writer,
    study: str,
    account: str,
    *,
    epsilon: float,
    delta: float,
    purpose: str,
    requester: str,
    unit: str,
    expires: str | None,
) -> None:
    """Append the first allowance of a study, unless it holds the same one already; see `Ledger.grant`."""
    if not purpose.strip():
        raise InvalidInput("ledger.no-purpose", study=study)
    rule = allowed_rule(store, account, study, epsilon=epsilon, delta=delta, unit=unit, expires=expires)
    if store.last(kind="allowance", account=account, study=study) is not None:
        return
    body = {"kind": "allowance", "account": account, "study": study, "rule": rule.to_json(),
            "spent_study": Spent().to_json(), "requester": requester, "purpose": purpose}  # fmt: skip
    entry = writer.append(body if expires is None else body | {"expires": expires})
    verify_in_force(entry, at=entry.body["time"])


def verify_within(rule: Rule, opened: Entry) -> None:
    """Check that the rule of an allowance is no larger than its account.

    Raises:
        BudgetExceeded: it is.
    """
    total = rule_of(opened)
    account = opened.body["account"]
    if rule.epsilon > total.epsilon:
        raise BudgetExceeded("ledger.allowance-exceeds-account", account=account, asked=rule.epsilon / NANO)
    if rule.delta > total.delta:
        raise BudgetExceeded(
            "ledger.allowance-exceeds-delta",
            account=account, asked=f"{rule.delta / ATTO:.4g}", most=f"{total.delta / ATTO:.4g}",
        )  # fmt: skip


def verify_day(text: str) -> str:
    """Return `text` if it is a day as entries write it, such as 2027-12-31.

    Raises:
        InvalidInput: it is not.
    """
    try:
        if date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise InvalidInput("ledger.no-day")


def last_day(entry: Entry) -> str:
    """Return the last day on which an allowance may be charged."""
    return str(entry.body.get("expires", FOREVER))


def verify_in_force(entry: Entry, *, at: str) -> None:
    """Check that an allowance has not expired at the time `at`.

    Raises:
        BudgetExceeded: its last day, by UTC, is over.
    """
    if last_day(entry) < at[:10]:
        raise BudgetExceeded("ledger.expired", study=entry.body["study"], expires=last_day(entry))
