"""Whoever writes entries past the ledger's door, with an unbroken chain, is found by verification."""

import contextlib
import copy
import hashlib
from datetime import datetime, timedelta

import pytest
from people import ALL, ANNA, BO, CHEN, EVE, Clock, appointment, ask, extension, found, open_with
from test_charge import Count

from confide.crypto.sign import digest
from confide.dp.filter import Rule, Spent, cost_of
from confide.errors import IntegrityError
from confide.ledger.cohorts import commitment, key_of
from confide.ledger.entries import canonical, link
from confide.ledger.schema import ADD_ENTRY, grow
from confide.ledger.sums import Exposure, summed
from confide.ledger.verify import verify_ledger


@pytest.fixture
def ledger():
    with open_with(Clock()) as ledger:
        found(ledger, ANNA, BO, CHEN)
        ledger.declare_cohort("inpatients", "a", ["1"])
        ledger.declare_cohort("inpatients", "b", ["2"])
        ledger.run(Count(name="x", epsilon=0.5), [], study="study", account="inpatients", cohort="a")
        ledger.carry_out(ask(ledger, "extend", extension(), ANNA))
        ledger.run(Count(name="y"), [], study="study", account="inpatients")
        yield ledger


def forged(ledger, *bodies):
    """Append entries as an administrator could, and check that verification names one of them."""
    verify_ledger(ledger)
    size = ledger.store.head()[0]
    with ledger.store.write() as writer:
        for body in bodies:
            writer.append(bare(body))
    with pytest.raises(IntegrityError) as found:
        verify_ledger(ledger)
    assert size <= found.value.public["sequence"] <= size + len(bodies)


def approval_of(document, **change):
    return {"kind": "approval", "key": digest(document["request"]), **document, **change}


def act(ledger, document, **change):
    request, at = document["request"], ledger.store.head()[0]
    return [approval_of(document), {"kind": request["kind"], **request["fields"], "approval": at, **change}]


def test_what_the_door_writes_is_in_order(ledger):
    document = ask(ledger, "appoint", appointment(EVE, "seal"), ANNA, BO)
    with ledger.store.write() as writer:
        for body in act(ledger, document):
            writer.append(body)
    assert verify_ledger(ledger).approvals == 5


def test_an_approval_without_signatures_enough_is_found(ledger):
    forged(ledger, approval_of(ask(ledger, "erase", {"subject": "ab"}, ANNA)))


def test_an_approval_of_somebody_without_the_role_is_found(ledger):
    forged(ledger, approval_of(ask(ledger, "erase", {"subject": "ab"}, ANNA, EVE)))


def test_an_approval_that_was_signed_for_something_else_is_found(ledger):
    document = ask(ledger, "erase", {"subject": "ab"}, ANNA, BO)
    document["request"]["fields"]["subject"] = "cd"
    forged(ledger, approval_of(document))


def test_an_approval_of_a_dismissed_role_is_found(ledger):
    document = ask(ledger, "erase", {"subject": "ab"}, ANNA, BO)
    ledger.carry_out(ask(ledger, "dismiss", {"key": BO.public, "reason": "x"}, ANNA, CHEN))
    forged(ledger, approval_of(document))


def test_an_approval_that_counts_twice_is_found(ledger):
    document = ask(ledger, "erase", {"subject": "ab"}, ANNA, BO)
    ledger.approved(document)
    forged(ledger, approval_of(document))
    with pytest.raises(IntegrityError):
        verify_ledger(ledger)


def test_an_approval_under_another_key_is_found(ledger):
    forged(ledger, approval_of(ask(ledger, "erase", {"subject": "ab"}, ANNA, BO), key="0" * 64))


def test_an_expired_approval_is_found():
    clock = Clock()
    with open_with(clock) as ledger:
        found(ledger, ANNA)
        document = ask(ledger, "hand-over", {}, ANNA, days=1)
        clock.goes(days=2)
        forged(ledger, approval_of(document))


def test_an_approval_of_another_ledger_is_found(ledger):
    with open_with(Clock()) as other:
        document = ask(other, "erase", {"subject": "ab"}, ANNA, BO)
    forged(ledger, approval_of(document))


def test_an_act_without_an_approval_is_found(ledger):
    forged(ledger, {"kind": "appoint", **appointment(EVE, *ALL)})


def test_an_act_with_the_approval_of_another_is_found(ledger):
    document = ask(ledger, "appoint", appointment(EVE, "seal"), ANNA, BO)
    for change in ({"roles": ["approve"]}, {"label": "chief"}, {"key": BO.public}, {"kind": "dismiss"},
                   {"approval": 3}, {"more": "x"}):  # fmt: skip
        with open_with(Clock()) as fresh:
            found(fresh, ANNA, BO, CHEN)
            document = ask(fresh, "appoint", appointment(EVE, "seal"), ANNA, BO)
            forged(fresh, *act(fresh, document, **change))


def test_an_act_that_names_an_earlier_approval_is_found(ledger):
    first = ledger.store.last(kind="approval").sequence
    forged(ledger, {"kind": "appoint", **appointment(EVE, *ALL), "approval": first})


def test_an_approval_of_the_ledger_whose_act_does_not_follow_is_found(ledger):
    document = ask(ledger, "appoint", appointment(EVE, "seal"), ANNA, BO)
    forged(
        ledger,
        approval_of(document),
        {"kind": "not-private", "account": "inpatients", "study": "s", "what": "x"},
    )


def test_an_approval_of_the_ledger_at_the_end_without_its_act_is_found(ledger):
    forged(ledger, approval_of(ask(ledger, "appoint", appointment(EVE, "seal"), ANNA, BO)))


def test_an_approval_of_an_act_elsewhere_allows_no_entry(ledger):
    document = ask(ledger, "erase", {"subject": "ab"}, ANNA, BO)
    forged(ledger, *act(ledger, document))


def test_a_dismissal_of_the_last_approver_is_found():
    with open_with(Clock()) as ledger:
        found(ledger, ANNA)
        document = ask(ledger, "dismiss", {"key": ANNA.public, "reason": "x"}, ANNA)
        forged(ledger, *act(ledger, document))


def allowance(ledger, **change):
    return copy.deepcopy(ledger.store.last(kind="allowance").body) | change


def extending(ledger, document, **change):
    return [approval_of(document), allowance(ledger, approval=ledger.store.head()[0], **change)]


def sums(ledger, rule):
    return summed(iter(ledger.store.all(kind="charge", study="study")), rule).to_json()


def bare(body):
    return {name: value for name, value in body.items() if name not in ("sequence", "previous", "time")}


def test_an_extension_by_hand_is_in_order_only_as_it_was_asked(ledger):
    old = Rule.from_json(allowance(ledger)["rule"])
    rule, big = (old.grown_to(Rule.for_budget(epsilon, 1e-8)) for epsilon in (3.5, 3.9))
    other = Rule.for_budget(3.5, 1e-8)
    assert other.order != old.order
    good = {"rule": rule.to_json(), "spent_study": sums(ledger, rule)}
    for change in (
        {"rule": big.to_json(), "spent_study": sums(ledger, big)},
        {"study": "other"},
        {"spent_study": Spent().to_json()},
        {"expires": "2030-01-01"},
        {"rule": other.to_json(), "spent_study": sums(ledger, other)},
        {},
    ):
        bodies = extending(
            ledger, ask(ledger, "extend", extension(epsilon="3.5"), ANNA), **{**good, **change}
        )
        with contextlib.suppress(IntegrityError), ledger.store.write() as writer:
            for body in bodies:
                writer.append(bare(body))
            verify_ledger(ledger)  # where it raises, the transaction ends with nothing written
            assert change == {}
    assert ledger.balance("inpatients", "study").epsilon == 3.5


def test_an_allowance_that_grows_without_an_approval_is_found(ledger):
    body = allowance(ledger, rule=Rule.for_budget(3.5, 1e-8).to_json())
    del body["approval"]
    forged(ledger, body)


def test_an_allowance_that_shrinks_is_found(ledger):
    rule = Rule.for_budget(2.0, 1e-8)
    document = ask(ledger, "extend", extension(epsilon="2.0"), ANNA)
    forged(ledger, *extending(ledger, document, rule=rule.to_json(), spent_study=sums(ledger, rule)))


def test_an_allowance_that_ends_earlier_than_before_is_found(ledger):
    document = ask(ledger, "extend", extension(epsilon="3.0", expires="2030-01-01"), ANNA)
    forged(
        ledger,
        *extending(
            ledger, document, expires="2030-01-01", spent_study=sums(ledger, Rule.for_budget(3.0, 1e-8))
        ),
    )


def test_an_allowance_above_its_account_is_found(ledger):
    for budget in ((5.0, 1e-8), (1.0, 2e-7)):
        body = allowance(
            ledger, study="new", rule=Rule.for_budget(*budget).to_json(), spent_study=Spent().to_json()
        )
        del body["approval"]
        with open_with(Clock()) as fresh:
            forged(fresh, body)


def test_a_grant_that_begins_with_sums_is_found(ledger):
    body = allowance(ledger, study="new")
    del body["approval"]
    forged(ledger, body)


def charge(ledger, **change):
    """Return a charge of a plan that was never charged."""
    body = copy.deepcopy(ledger.store.last(kind="charge").body)
    return named(body | {"plan": {"number": ledger.store.head()[0]}} | change)


def named(body):
    """Return a charge with the key that its plan has."""
    cohort = [body["cohort"]] if "cohort" in body else []
    whole = canonical([body["study"], body["account"], body["plan"], *cohort])
    return body | {"key": hashlib.sha256(whole.encode()).hexdigest()}


def test_a_charge_that_hides_what_it_costs_is_found(ledger):
    forged(ledger, charge(ledger))  # its sums do not count it


def later(ledger, epsilon, cohort=None, **change):
    """Return a charge with sums as they would be, whether admitted or not."""
    body, plan = charge(ledger), Count(epsilon=epsilon)
    rule = Rule.from_json(ledger.store.last(kind="account").body["rule"])
    study = Rule.from_json(ledger.store.last(kind="allowance").body["rule"])
    costs = [cost_of(plan.event(), plan.delta, each) for each in (rule, study)]
    told = Exposure.from_json(body).plus(costs[0], cohort).to_json()
    spent = Spent.from_json(body["spent_study"]).plus(costs[1]).to_json()
    body |= {"event": plan.event().to_json(), "delta": repr(plan.delta), "cost_account": costs[0].to_json(),
             "cost_study": costs[1].to_json(), "spent_study": spent, **told, **change}  # fmt: skip
    return named(body if cohort is None else body | {"cohort": cohort})


def test_a_charge_that_the_rules_do_not_admit_is_found(ledger):
    with ledger.store.write() as writer:
        writer.append(
            {n: v for n, v in later(ledger, 0.5).items() if n not in ("sequence", "previous", "time")}
        )
    verify_ledger(ledger)
    forged(ledger, later(ledger, 1.5))  # the study's rule


def test_a_charge_of_a_plan_that_is_committed_or_open_is_found(ledger):
    committed = ledger.store.at(ledger.store.last(kind="commit").body["charge"]).body
    forged(ledger, later(ledger, 0.1, plan=committed["plan"]))
    with (
        open_with(Clock()) as fresh,
        fresh.charge(Count(name="z", epsilon=0.1), study="study", account="inpatients"),
    ):
        forged(fresh, later(fresh, 0.1, plan=fresh.store.last(kind="charge").body["plan"]))


def test_a_charge_that_the_accounts_rule_does_not_admit_for_one_cohort_is_found():
    with open_with(Clock()) as ledger:
        for study in ("one", "two"):
            ledger.grant(study, "inpatients", epsilon=4.0, delta=1e-8, purpose="x")
        ledger.declare_cohort("inpatients", "a", ["1"])
        ledger.run(Count(name="x", epsilon=3.0), [], study="one", account="inpatients", cohort="a")
        ledger.run(Count(name="y", epsilon=0.5), [], study="two", account="inpatients")
        forged(ledger, later(ledger, 1.0))


def test_a_charge_on_a_cohort_that_was_not_declared_is_found(ledger):
    forged(ledger, later(ledger, 0.1, cohort="c"))


def test_a_charge_on_a_cohort_that_is_booked_on_another_is_found(ledger):
    forged(ledger, named(later(ledger, 0.1, cohort="b") | {"cohort": "a"}))
    with pytest.raises(IntegrityError):
        verify_ledger(ledger)


def test_a_charge_after_the_last_day_is_found():
    clock = Clock()
    with open_with(clock) as ledger:
        ledger.grant("short", "inpatients", epsilon=1.0, delta=1e-8, purpose="x", expires=clock()[:10])
        ledger.run(Count(name="x", epsilon=0.1), [], study="short", account="inpatients")
        clock.goes(days=2)
        forged(ledger, later(ledger, 0.1))


def test_a_patient_who_was_moved_in_the_table_is_found(ledger):
    verify_ledger(ledger)
    with ledger.store.database.transaction():
        ledger.store.database.execute("UPDATE members SET cohort = 'a'")
    with pytest.raises(IntegrityError):
        verify_ledger(ledger)


def test_a_cohort_under_another_key_or_of_no_account_is_found(ledger):
    body = ledger.store.last(kind="cohort").body
    forged(ledger, body | {"key_check": "0" * 64})
    with open_with(Clock()) as fresh:
        forged(fresh, body | {"account": "nobody", "key": key_of("nobody", "b")})
    with open_with(Clock()) as fresh:
        forged(fresh, body | {"key": "0" * 64})


@pytest.mark.parametrize("body", [
    {"kind": "genesis", "ledger": "00"}, {"kind": "pay"}, {"kind": "account", "account": "inpatients"},
    {"kind": "charge"}, {"kind": "approval", "key": "x", "request": 1, "signatures": 2}, {"kind": "commit", "charge": 0},
    {"kind": "abandon", "charge": 99}, {"kind": "cohort"}, {"kind": "allowance"},
])  # fmt: skip
def test_an_entry_that_is_none_is_found(ledger, body):
    forged(ledger, body)


def test_a_second_end_of_a_charge_is_found(ledger):
    commit = ledger.store.last(kind="commit").body
    forged(ledger, commit)


def test_an_end_under_another_name_is_found(ledger):
    with ledger.charge(Count(name="z", epsilon=0.1), study="study", account="inpatients") as open_charge:
        body = {"kind": "abandon", "account": "inpatients", "study": "study", "key": "0" * 64, "name": "z",
                "charge": open_charge.sequence, "reason": "x"}  # fmt: skip
        forged(ledger, body)


def test_verification_tells_how_far_it_is(ledger):
    told = []
    verify_ledger(ledger, progress=lambda done, total: told.append((done, total)))
    assert told == [(0, ledger.store.head()[0])]


# time ---------------------------------------------------------------------------------------------------


def dated(ledger, *bodies, back=timedelta(0)):
    """Append entries whose times are so much before that of the newest; chain and tree are in order."""
    newest = datetime.fromisoformat(ledger.store.at(ledger.store.head()[0] - 1).body["time"])
    for body in bodies:
        database, (size, previous) = ledger.store.database, ledger.store.head()
        whole = {
            **bare(body),
            "sequence": size,
            "previous": previous,
            "time": f"{newest - back:%Y-%m-%dT%H:%M:%SZ}",
        }
        text, salt = canonical(whole), bytes(16)
        columns = [whole.get(name) for name in ("kind", "account", "study", "key", "charge")]
        with database.transaction():
            database.execute(ADD_ENTRY, (size, link(previous, text), *columns, text, salt))
            grow(database, size, salt, text)


def in_order(ledger):
    try:
        verify_ledger(ledger)
    except IntegrityError:
        return False
    return True


RECORD = {"kind": "record", "what": "anything", "details": {}, "commitment": ""}


def set_back(ledger, **fields):
    """Return a `clock` and a good approval of it, or one with other fields."""
    newest = ledger.store.at(ledger.store.head()[0] - 1).body["time"]
    document = ask(ledger, fields.pop("kind", "accept-clock"), {"newest": newest} | fields, ANNA)
    return [{"kind": "clock", "newest": newest}, approval_of(document)]


def test_time_that_was_set_back_is_in_order_only_as_it_was_approved(tmp_path):
    for number, (change, good) in enumerate(
        [
            ({}, True),
            ({"newest": "2020-01-01T00:00:00Z"}, False),
            ({"more": 1}, False),
            ({"kind": "hand-over"}, False),
        ]
    ):
        with open_with(Clock()) as ledger:
            found(ledger, ANNA)
            dated(ledger, *set_back(ledger, **change), back=timedelta(minutes=5))
            assert in_order(ledger) == good, number


def test_time_that_was_set_back_without_an_approval_is_found(ledger):
    clock, _ = set_back(ledger)
    dated(ledger, clock, back=timedelta(minutes=5))
    assert not in_order(ledger)
    dated(ledger, RECORD)
    assert not in_order(ledger)
    with open_with(Clock()) as unfounded:
        newest = unfounded.store.at(unfounded.store.head()[0] - 1).body["time"]
        dated(unfounded, {"kind": "clock", "newest": newest}, back=timedelta(minutes=5))
        assert in_order(unfounded)


def overlapping(ledger, cohort, *pairs, account="inpatients"):
    """Return a declaration that states these overlaps."""
    body = bare(ledger.store.last(kind="cohort").body) | {"cohort": cohort, "account": account}
    return body | {"key": key_of(account, cohort), "overlaps": [list(pair) for pair in pairs]}


def test_overlaps_that_are_declared_afterwards_or_taken_away_are_found(ledger):
    """Cohorts a and b were declared as disjoint."""
    forged(ledger, overlapping(ledger, "b", ("a", "b")))


def test_overlaps_with_what_is_no_cohort_or_between_others_are_found():
    for cohort, *pairs in (
        ("c", ("b", "z")), ("c", ("c", "z")), ("c", ("a", "b")), ("c", ("c", "a")), ("c", ("c",)), ("c", "ac"),
    ):  # fmt: skip
        with open_with(Clock()) as fresh:
            for name in "abc":
                fresh.declare_cohort("inpatients", name, [name])
            body = overlapping(fresh, cohort, *pairs)
            forged(fresh, body)


def test_an_overlap_that_is_forgotten_by_a_later_declaration_is_found():
    with open_with(Clock()) as ledger:
        ledger.declare_cohort("inpatients", "a", ["1"])
        ledger.declare_cohort("inpatients", "b", ["1", "2"], overlaps=["a"])
        verify_ledger(ledger)
        forged(ledger, overlapping(ledger, "b"))


def test_a_patient_who_was_put_into_a_second_cohort_past_the_door_is_found(ledger):
    verify_ledger(ledger)
    (digest,) = ledger.store.members("inpatients", "b")
    both = {*ledger.store.members("inpatients", "a"), digest}
    salt = bytes(16)
    with ledger.store.write() as writer:
        writer.add_members("inpatients", "a", [digest], overlaps=["b"])
        body = bare(ledger.store.last(kind="cohort").body) | {"cohort": "a", "key": key_of("inpatients", "a")}
        writer.append(body | {"salt": salt.hex(), "commitment": commitment(salt, both)})
    with pytest.raises(IntegrityError) as found:
        verify_ledger(ledger)
    assert found.value.public["sequence"] == 0


def test_a_charge_that_only_the_sum_over_overlapping_cohorts_forbids_is_found():
    with open_with(Clock()) as ledger:
        for study in ("one", "two"):
            ledger.grant(study, "inpatients", epsilon=4.0, delta=1e-8, purpose="x")
        ledger.declare_cohort("inpatients", "a", ["1"])
        ledger.declare_cohort("inpatients", "b", ["1"], overlaps=["a"])
        ledger.run(Count(name="x", epsilon=2.5), [], study="one", account="inpatients", cohort="a")
        ledger.run(Count(name="y", epsilon=1.0), [], study="two", account="inpatients", cohort="b")
        forged(ledger, later(ledger, 1.0, cohort="b"))


def test_an_extension_that_was_over_when_it_began_is_found(ledger):
    rule = Rule.for_budget(3.5, 1e-8)
    document = ask(ledger, "extend", extension(epsilon="3.5", expires="2020-01-01"), ANNA)
    forged(ledger, *extending(ledger, document, rule=rule.to_json(), expires="2020-01-01",
                              spent_study=sums(ledger, rule)))  # fmt: skip


@pytest.mark.parametrize("account", ["inpatients", "another"])
def test_members_of_a_cohort_that_nobody_declared_are_found(ledger, account):
    verify_ledger(ledger)
    ledger.store.database.execute("INSERT INTO members VALUES (?, ?, ?)", (account, b"\0" * 32, "c"))
    with pytest.raises(IntegrityError, match="entry 0 of the ledger"):
        verify_ledger(ledger)


def test_a_cohort_whose_salt_is_no_salt_is_found(ledger):
    declared = ledger.store.last(kind="cohort").body
    forged(ledger, declared | {"salt": "not hexadecimal"})


def test_members_that_are_no_digests_are_found_though_the_commitment_fits(ledger):
    ledger.store.database.execute("INSERT INTO members VALUES (?, ?, ?)", ("inpatients", b"", "a"))
    with pytest.raises(IntegrityError, match="of the ledger"):
        verify_ledger(ledger)
    ledger.store.database.execute("DELETE FROM members WHERE digest = ?", (b"",))
    verify_ledger(ledger)
