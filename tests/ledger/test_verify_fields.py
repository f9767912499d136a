"""Every field of every kind of entry is looked at: what verification finds when one is changed, and what it cannot.

The ledger of `example_whole.jsonl` with one field changed, its chain and tree mended, as an administrator could.
"""

import copy
import sqlite3

import pytest
from examples import WHOLE, ledger_with

from confide.crypto.note import new_signer
from confide.dp.events import Failure, event_from_json
from confide.dp.filter import Rule, cost_of
from confide.errors import IntegrityError, InvalidInput
from confide.ledger.acts import rule_asked
from confide.ledger.cohorts import commitment, key_of
from confide.ledger.export import read_export
from confide.ledger.forms import FORMS, has_form
from confide.ledger.verify import verify_ledger

READ = read_export(WHOLE)
BODIES = [entry.body for entry in READ.entries]
FREE = {  # a change of these alone is not found: nothing else in the ledger depends on them
    ("genesis", "time"), ("clock", "time"), ("charge", "versions"), ("abandon", "reason"), ("record", "details"),
    ("record", "commitment"), ("record", "study"), ("record", "what"), ("restored", "missing"),
}  # fmt: skip


def is_found(bodies, releases=READ.releases):
    """Say whether verification refuses a ledger of these entries, and with our own error."""
    try:
        with ledger_with(bodies, releases) as ledger:
            verify_ledger(ledger)
    except (IntegrityError, sqlite3.IntegrityError):
        return True
    return False


def changed(sequence, **fields):
    bodies = copy.deepcopy(BODIES)
    bodies[sequence] |= fields
    return bodies


def first(kind, *, last=False, **where):
    found = [n for n, body in enumerate(BODIES) if body["kind"] == kind and where.items() <= body.items()]
    return found[-1 if last else 0]


FIRSTS = sorted({first(kind, last=last) for kind in FORMS for last in (False, True)})
FIELDS = [(n, field) for n in FIRSTS for field in BODIES[n] if field not in ("kind", "sequence", "previous")]


def test_the_ledger_as_it_is_verifies():
    assert not is_found(BODIES)


@pytest.mark.parametrize("kind", FORMS)
def test_a_field_of_another_type_or_missing_or_one_more_is_refused(kind):
    body = BODIES[first(kind)]
    assert has_form(body)
    assert not has_form(body | {"more": 1})
    for field in body:
        for wrong in (0.5, True):
            assert not has_form(body | {field: wrong}), (field, wrong)
        without = {name: value for name, value in body.items() if name != field}
        assert has_form(without) == (field in FORMS[kind].optional)


@pytest.mark.parametrize(("kind", "field", "wrong"), [
    ("genesis", "format", "confide-ledger/2"), ("genesis", "ledger", "4507D9059E4511A5"), ("genesis", "time", "2026-01-31T24:00:00Z"),
    ("genesis", "time", "2026-01-31 09:30:00Z"), ("genesis", "time", "2026-02-31T09:30:00Z"), ("genesis", "previous", "0" * 63),
    ("account", "account", ""), ("account", "patients", 0), ("account", "unit", "person"), ("account", "relation", "one row"),
    ("allowance", "expires", "2026-1-31"), ("allowance", "expires", "2026-02-31"), ("allowance", "spent_study", {}),
    ("cohort", "salt", "0" * 64), ("charge", "delta", "1E-8"), ("charge", "delta", "0.10"), ("charge", "delta", "one"),
    ("charge", "versions", {"confide": 1}), ("charge", "unit", []), ("account", "relation", {}), ("cohort", "overlaps", [["a", 1]]),
    ("charge", "spent_cohorts", {"east": {}}), ("charge", "spent_cohorts", {}), ("charge", "plan", []), ("record", "what", "Vault-x"),
    ("record", "what", "ab"), ("restored", "missing", 0), ("approval", "signatures", {}), ("clock", "newest", "today"),
])  # fmt: skip
def test_what_a_field_may_not_hold_is_refused(kind, field, wrong):
    assert not has_form(BODIES[first(kind)] | {field: wrong})


@pytest.mark.parametrize("change", [
    {"more": 1}, {"gaussian": 2**53}, {"basic_delta": -1}, {"renyi": "1"}, {"basic_epsilon": None},
])  # fmt: skip
def test_figures_are_five_whole_numbers(change):
    body = BODIES[first("charge")]
    assert not has_form(body | {"cost_study": body["cost_study"] | change})
    old = {name: value for name, value in body["cost_study"].items() if name != "gaussian"}
    assert has_form(body | {"cost_study": old})


def test_a_rule_has_its_fields_its_shares_theirs_and_its_caps_are_no_larger_than_its_budget():
    body = BODIES[first("allowance")]
    rule = body["rule"]
    old = {"epsilon": 10**9, "delta": 10**10, "order": 20, "cap": 1}
    assert has_form(body | {"rule": old})
    for wrong in (rule | {"more": 1}, rule | {"shares": rule["shares"] | {"more": 0}}, rule | {"shares": 1}, old | {"gaussian": 1},
                  rule | {"cap": rule["cap"] + 1}, rule | {"gaussian": rule["gaussian"] + 1}, []):  # fmt: skip
        assert not has_form(body | {"rule": wrong})


@pytest.mark.parametrize("fields", [{"details": {}, "x": 1}, {"commitment": None}, {"what": "Vault"}])
def test_verification_looks_at_the_form(fields):
    assert is_found(changed(first("record"), **fields))


def other(value):
    """Return a value of the same form that means something else."""
    match value:
        case dict() if value:
            name = next(iter(value))
            return value | {name: other(value[name])}
        case dict():
            return {"more": 1}
        case list() if value:
            return [other(value[0]), *value[1:]]
        case int():
            return value + 1
        case str() if value[-5:].isascii() and len(value) == 20 and value.endswith("Z"):
            return "2020" + value[4:]
        case str() if value and value[0] in "0123456789abcdef":
            return ("1" if value[0] == "0" else "0") + value[1:]
        case _:
            return f"{value}x"


def test_a_field_that_means_something_else_is_found_unless_nothing_depends_on_it():
    found, unfound = set(), set()
    for sequence, field in FIELDS:
        which = (BODIES[sequence]["kind"], field)
        (found if is_found(changed(sequence, **{field: other(BODIES[sequence][field])})) else unfound).add(
            which
        )
    assert unfound - found == FREE


@pytest.mark.parametrize(("plain", "odd"), [
    ('"kind":"genesis"', '"kind": "genesis"'), ('"kind":"genesis"', '"kind":"x","kind":"genesis"'),
    ('"kind":"genesis"', '"kind":"gen\\u0065sis"'), ('"sequence":0,', '"sequence":-0,'),
])  # fmt: skip
def test_a_text_that_is_not_in_the_one_form_is_found_though_chain_and_tree_fit(plain, odd):
    with (
        ledger_with(BODIES[:1], {}, lambda text: text.replace(plain, odd)) as ledger,
        pytest.raises(IntegrityError),
    ):
        verify_ledger(ledger)


def more(*bodies, before=None):
    """Return the entries before one of them, or all, and these behind them."""
    kept = copy.deepcopy(BODIES[:before])
    for body in bodies:
        common = {"sequence": len(kept), "previous": "0" * 64, "time": kept[-1]["time"]}
        kept.append({**body, **common})
    return kept


ROTATED = first("log-key", last=True)
KEY = {"kind": "log-key", "verifier": BODIES[ROTATED]["verifier"]}
APPROVED = BODIES[ROTATED]["approval"]
RECORD = {"kind": "record", "what": "anything", "details": {}, "commitment": ""}


def found_behind(*bodies, before):
    return is_found(
        more(*bodies, before=before), {n: kept for n, kept in READ.releases.items() if n < before}
    )


def test_a_new_log_key_needs_an_approval_of_its_own_as_soon_as_somebody_can_approve():
    assert not found_behind(KEY | {"approval": APPROVED}, before=ROTATED)
    assert not found_behind(RECORD, KEY | {"approval": APPROVED}, before=ROTATED)
    assert not found_behind(KEY, before=first("approval"))
    assert found_behind(KEY, before=ROTATED)
    assert found_behind(KEY | {"approval": first("approval")}, before=ROTATED)
    assert found_behind(KEY | {"approval": APPROVED}, KEY | {"approval": APPROVED}, before=ROTATED)
    assert found_behind(KEY | {"approval": 0}, before=first("approval"))


def test_a_log_key_of_another_log_or_of_a_witness_is_found():
    for verifier in (
        new_signer("another/log").verifier,
        new_signer(BODIES[1]["verifier"].split("+")[0]).cosigner,
    ):
        assert found_behind(KEY | {"verifier": verifier.to_text()}, before=first("approval"))


def test_a_ledger_that_was_closed_stays_closed():
    assert not is_found(more({"kind": "restored", "missing": None}))
    assert is_found(more(RECORD))
    assert is_found(more({"kind": "restored", "missing": None}, RECORD))
    assert is_found(more({"kind": "clock", "newest": BODIES[-1]["time"]}))


def test_what_is_not_private_is_entered_once():
    assert found_behind(BODIES[first("not-private")], before=first("restored"))
    assert not found_behind(RECORD, before=first("restored"))


def test_a_delta_with_which_a_patient_could_be_published_is_found():
    opened = first("account")
    assert not found_behind(BODIES[opened] | {"patients": 100_000}, before=opened)
    assert found_behind(BODIES[opened] | {"patients": 100_001}, before=opened)


def test_an_account_has_64_cohorts_at_most():
    def cohort(number):
        name = f"c{number}"
        return BODIES[first("cohort")] | {"cohort": name, "key": key_of("inpatients", name),
                                          "commitment": commitment(bytes(16), []), "salt": "0" * 32}  # fmt: skip

    declared = first("cohort")
    assert not found_behind(*map(cohort, range(64)), cohort(0), before=declared)
    assert found_behind(*map(cohort, range(65)), before=declared)


def priced(**cost):
    """Return the entries up to the first charge, with a laplace of δ = 1e-6 that states these figures."""
    body = copy.deepcopy(BODIES[first("charge")])
    event = {"kind": "discrete-laplace", "sensitivity": 1, "scale": "50.0"}
    for holder, allowed in (("account", first("account")), ("study", first("allowance"))):
        rule = Rule.from_json(BODIES[allowed]["rule"])
        told = cost_of(event_from_json(event), 1e-6, rule).to_json() | cost
        body |= {f"cost_{holder}": told, f"spent_{holder}": told}
    return body | {"event": event, "delta": "1e-06"}


def test_a_price_is_true_if_its_pure_epsilon_is_and_false_below_both():
    charged = first("charge")
    assert cost_of(event_from_json(priced()["event"]), 1e-6, Rule.for_budget(1.0, 1e-8)).basic_delta == 10**12
    assert not found_behind(priced(basic_epsilon=20_000_000, basic_delta=0), before=charged)
    assert found_behind(priced(basic_epsilon=19_999_970, basic_delta=0), before=charged)
    assert found_behind(priced(renyi=998_000), before=charged)
    assert found_behind(priced() | {"event": priced()["event"] | {"more": "1"}}, before=charged)
    assert found_behind(priced() | {"event": priced()["event"] | {"scale": "50"}}, before=charged)


@pytest.mark.parametrize("text", ["-0.0", "nan", "inf", "0.10"])
def test_a_number_has_one_spelling_and_is_finite(text):
    assert not FORMS["charge"].fields["delta"](text)
    assert FORMS["charge"].fields["delta"]("0.0")


def test_a_negative_zero_is_written_as_zero():
    assert Failure(delta=-0.0).to_json() == {"kind": "failure", "delta": "0.0"}
    with pytest.raises(InvalidInput):
        rule_asked("1.0", "-0.0")
