"""Who may sign for what follows from the appointments and dismissals, in their order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from people import ALL, ANNA, BO, CHEN, DORA, EVE, Clock, appointment, ask, found, open_with

from confide.errors import AccessDenied, InvalidInput
from confide.ledger.entries import Entry
from confide.ledger.roles import LONGEST, ROLES, after, holders, roster_of, verify_holds
from confide.ledger.verify import verify_ledger

KEYS = [ANNA.public, BO.public, CHEN.public]
appoints = st.builds(
    lambda key, roles: {"kind": "appoint", "key": key, "label": "x", "roles": sorted(roles)},
    st.sampled_from(KEYS),
    st.sets(st.sampled_from(ROLES), min_size=1),
)
dismisses = st.builds(lambda key: {"kind": "dismiss", "key": key}, st.sampled_from(KEYS))


@given(acts=st.lists(appoints | dismisses, max_size=8))
def test_a_role_counts_from_its_appointment_until_its_dismissal_and_somebody_can_always_approve(acts):
    roster, entries, now, gone = {}, [], {}, set()
    for act in acts:
        try:
            changed = after(roster, act)
        except InvalidInput:
            continue
        roster = changed
        entries.append(Entry(len(entries), "", act))
        if act["kind"] == "appoint":
            now[act["key"]] = set(act["roles"])
        else:
            del now[act["key"]]
            gone.add(act["key"])
        assert holders(roster, "approve")
        for role in ROLES:
            assert holders(roster, role) == {key for key, roles in now.items() if role in roles}
        assert not gone & set(now)
    assert roster_of([Entry(9, "", {"kind": "charge"}), *entries]) == roster


def founded():
    return after({}, {"kind": "appoint", **appointment(ANNA, *ALL)})


def test_a_dismissed_key_counts_no_more_and_is_never_appointed_again():
    roster = after(founded(), {"kind": "appoint", **appointment(BO, "approve")})
    roster = after(roster, {"kind": "dismiss", "key": BO.public})
    with pytest.raises(AccessDenied, match="dismissed: refused"):
        verify_holds(roster, BO.public, "approve")
    with pytest.raises(InvalidInput, match="never appointed again"):
        after(roster, {"kind": "appoint", **appointment(BO, "approve")})
    with pytest.raises(InvalidInput, match="holds no role"):
        after(roster, {"kind": "dismiss", "key": BO.public})


def test_appointing_a_holder_again_replaces_the_roles():
    roster = after(founded(), {"kind": "appoint", **appointment(BO, "approve", "extend")})
    roster = after(roster, {"kind": "appoint", **appointment(BO, "seal", label="engineer")})
    assert (roster[BO.public].label, roster[BO.public].roles) == ("engineer", ("seal",))


def test_the_last_who_can_approve_stays():
    for act in ({"kind": "dismiss", "key": ANNA.public}, {"kind": "appoint", **appointment(ANNA, "extend")}):
        with pytest.raises(InvalidInput, match="nobody who can approve"):
            after(founded(), act)


def test_the_first_who_is_appointed_can_approve():
    with pytest.raises(InvalidInput, match="nobody who can approve"):
        after({}, {"kind": "appoint", **appointment(ANNA, "extend")})


def test_who_never_had_a_role_is_told_from_who_lost_it():
    with pytest.raises(AccessDenied, match="does not hold the role seal"):
        verify_holds(founded(), ANNA.public, "seal")
    with pytest.raises(AccessDenied, match="does not hold"):
        verify_holds(founded(), EVE.public, "approve")


@pytest.mark.parametrize(
    "roles", [[], ["king"], ["seal", "seal"], ["seal", "approve"], "seal", None, [["seal"]]]
)
def test_roles_that_are_none_are_refused(roles):
    with pytest.raises(InvalidInput, match="roles"):
        after(founded(), {"kind": "appoint", **appointment(BO, "seal"), "roles": roles})


@pytest.mark.parametrize("label", ["", " ", "a\nb", "x" * (LONGEST + 1), None])
def test_a_label_is_a_line_of_text(label):
    with pytest.raises(InvalidInput, match="label"):
        after(founded(), {"kind": "appoint", **appointment(BO, "seal"), "label": label})
    after(founded(), {"kind": "appoint", **appointment(BO, "seal"), "label": "x" * LONGEST})


@pytest.mark.parametrize("key", [None, "ab", ANNA.public.upper()])
def test_a_key_is_a_public_key(key):
    with pytest.raises(InvalidInput, match="public key"):
        after(founded(), {"kind": "dismiss", "key": key})


def test_the_ledger_computes_its_roster_from_its_entries():
    with open_with(Clock()) as ledger:
        assert ledger.roster() == {}
        found(ledger, ANNA, BO, CHEN)
        ledger.carry_out(ask(ledger, "appoint", appointment(DORA, "open", label="pharmacist"), ANNA, BO))
        ledger.carry_out(ask(ledger, "dismiss", {"key": ANNA.public, "reason": "retired"}, BO, CHEN))
        roster = ledger.roster()
        assert holders(roster, "approve") == {BO.public, CHEN.public}
        assert (roster[DORA.public].label, roster[DORA.public].roles) == ("pharmacist", ("open",))
        assert roster[ANNA.public].dismissed
        found_entry, *_ = ledger.store.all(kind="appoint")
        assert found_entry.body["approval"] == found_entry.sequence - 1
        assert verify_ledger(ledger).approvals == 5
