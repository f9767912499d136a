"""Who may sign for what follows from the appointments and dismissals, in their order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from people import ALL, ANNA, BO, CHEN, DORA, EVE, Clock, appointment, ask, found, open_with

from confide.errors import AccessDenied, InvalidInput
from confide.ledger.entries import Entry
from confide.ledger.roles import LONGEST, ROLES, after, holders, roster_of, verify_holds
from confide.ledger.verify import verify_ledger

NOW = "2026-01-31T09:30:00Z"
SMALL = (
    2707385501144840649318225287225658788936804267575313519463743609750303402022  # y of a point of order 8
)
KEYS = [ANNA.public, BO.public, CHEN.public]
appoints = st.builds(
    lambda key, roles, label: {"kind": "appoint", "key": key, "label": label, "roles": sorted(roles)},
    st.sampled_from(KEYS),
    st.sets(st.sampled_from(ROLES), min_size=1),
    st.sampled_from(["chair", " Chair", "deputy", "c"]),
)
dismisses = st.builds(lambda key: {"kind": "dismiss", "key": key}, st.sampled_from(KEYS))


@given(acts=st.lists(appoints | dismisses, max_size=12))
def test_a_role_counts_from_its_appointment_until_its_dismissal_and_two_can_always_approve_once_two_could(
    acts,
):
    twice = False
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
        twice = twice or len(holders(roster, "approve")) > 1
        assert len(holders(roster, "approve")) >= 1 + twice
        labels = [holder.label.strip().lower() for holder in roster.values() if not holder.dismissed]
        assert len(labels) == len(set(labels))
        for role in ROLES:
            assert holders(roster, role) == {key for key, roles in now.items() if role in roles}
        assert not gone & set(now)
    assert roster_of([Entry(9, "", {"kind": "charge"}), *entries]) == roster


def founded():
    return after({}, {"kind": "appoint", **appointment(ANNA, *ALL)})


def test_a_dismissed_key_counts_no_more_and_is_never_appointed_again():
    roster = after(founded(), {"kind": "appoint", **appointment(BO, "extend")})
    roster = after(roster, {"kind": "dismiss", "key": BO.public})
    with pytest.raises(AccessDenied, match="dismissed: refused"):
        verify_holds(roster, BO.public, "extend", asked=NOW)
    with pytest.raises(InvalidInput, match="never appointed again"):
        after(roster, {"kind": "appoint", **appointment(BO, "extend")})
    with pytest.raises(InvalidInput, match="holds no role"):
        after(roster, {"kind": "dismiss", "key": BO.public})


def test_appointing_a_holder_again_replaces_the_roles():
    roster = after(founded(), {"kind": "appoint", **appointment(BO, "open", "extend")})
    roster = after(roster, {"kind": "appoint", **appointment(BO, "seal", label="engineer")})
    assert (roster[BO.public].label, roster[BO.public].roles) == ("engineer", ("seal",))


def test_the_last_who_can_approve_stays():
    for act in ({"kind": "dismiss", "key": ANNA.public}, {"kind": "appoint", **appointment(ANNA, "extend")}):
        with pytest.raises(InvalidInput, match="fewer than 1 who can approve"):
            after(founded(), act)


def test_the_first_who_is_appointed_can_approve():
    with pytest.raises(InvalidInput, match="fewer than 1 who can approve"):
        after({}, {"kind": "appoint", **appointment(ANNA, "extend")})


def test_who_never_had_a_role_is_told_from_who_lost_it():
    with pytest.raises(AccessDenied, match="does not hold the role seal"):
        verify_holds(founded(), ANNA.public, "seal", asked=NOW)
    with pytest.raises(AccessDenied, match="does not hold"):
        verify_holds(founded(), EVE.public, "approve", asked=NOW)


def test_a_signature_does_not_count_for_what_was_asked_before_the_appointment():
    roster = after({}, {"kind": "appoint", "time": NOW, **appointment(ANNA, *ALL)})
    verify_holds(roster, ANNA.public, "approve", asked=NOW)
    with pytest.raises(AccessDenied, match=f"was appointed at {NOW}, after the request was written"):
        verify_holds(roster, ANNA.public, "approve", asked="2026-01-31T09:29:59Z")
    assert roster[ANNA.public].since == NOW


def test_a_new_appointment_of_a_holder_counts_from_its_own_time_on():
    roster = after(founded(), {"kind": "appoint", "time": NOW, **appointment(BO, "extend")})
    later = "2026-02-01T00:00:00Z"
    roster = after(roster, {"kind": "appoint", "time": later, **appointment(BO, "extend", "open")})
    with pytest.raises(AccessDenied, match="after the request"):
        verify_holds(roster, BO.public, "extend", asked=NOW)
    roster = after(roster, {"kind": "dismiss", "time": "2026-03-01T00:00:00Z", "key": BO.public})
    assert roster[BO.public].since == later


@pytest.mark.parametrize(
    "label", ["Data Protection Officer", "  data  protection officer", "\uff44ata protection officer"]
)
def test_no_two_who_hold_roles_have_one_label(label):
    roster = after({}, {"kind": "appoint", **appointment(ANNA, *ALL, label="data protection officer")})
    with pytest.raises(InvalidInput, match="under this label"):
        after(roster, {"kind": "appoint", **appointment(BO, "approve", label=label)})
    after(roster, {"kind": "appoint", **appointment(ANNA, "approve", label=label)})  # the holder's own


def test_the_label_of_who_was_dismissed_is_free_again():
    roster = after(founded(), {"kind": "appoint", **appointment(BO, "seal", label="engineer")})
    roster = after(roster, {"kind": "dismiss", "key": BO.public})
    after(roster, {"kind": "appoint", **appointment(CHEN, "seal", label="engineer")})


def test_once_two_can_approve_there_are_always_two():
    roster = after(founded(), {"kind": "appoint", **appointment(BO, "approve")})
    for act in ({"kind": "dismiss", "key": BO.public}, {"kind": "appoint", **appointment(BO, "extend")}):
        with pytest.raises(InvalidInput, match="fewer than 2 who can approve"):
            after(roster, act)
    roster = after(roster, {"kind": "appoint", **appointment(CHEN, "approve")})
    assert holders(after(roster, {"kind": "dismiss", "key": BO.public}), "approve") == {
        ANNA.public,
        CHEN.public,
    }


@pytest.mark.parametrize("y", [0, 1, 2**255 - 20, 2**255 - 19, 2**255 - 1, SMALL, 2**255 - 19 - SMALL])
@pytest.mark.parametrize("sign", [0, 1 << 255])
def test_a_key_under_which_anybody_could_sign_is_never_appointed(y, sign):
    weak = (y | sign).to_bytes(32, "little").hex()
    with pytest.raises(InvalidInput, match="anybody could sign"):
        after(founded(), {"kind": "appoint", "key": weak, "label": "x", "roles": ["approve"]})


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


@pytest.mark.parametrize("key", [None, "ab", ANNA.public.upper()], ids=["none", "short", "capitals"])
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
