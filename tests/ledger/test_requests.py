"""What nobody may do alone: a request counts once, in its own ledger, with enough signatures of people who may sign."""

import copy
import json
import pickle
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import (
    ALL,
    ANNA,
    BO,
    CHEN,
    DORA,
    EVE,
    Clock,
    appointment,
    ask,
    extension,
    found,
    open_with,
    signed,
)

from confide.errors import AccessDenied, ConfideError, IntegrityError, InvalidInput
from confide.ledger.requests import (
    DEEPEST,
    KINDS,
    LARGEST,
    Approval,
    new_request,
    read_request,
    sign_request,
    verify_request,
)
from confide.ledger.roles import Holder
from confide.ledger.verify import verify_ledger


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ledger(clock):
    with open_with(clock) as ledger:
        found(ledger, ANNA, BO, CHEN)
        yield ledger


def unchanged(ledger, call, error, sentence):
    """Check that `call` is refused with this sentence, and that the ledger is what it was."""
    before = ledger.store.head()
    with pytest.raises(error, match=sentence):
        call()
    assert ledger.store.head() == before


# what counts ------------------------------------------------------------------------------------------


def test_an_approval_is_durable_and_says_what_it_allows(ledger):
    approval = ledger.approved(ask(ledger, "erase", {"study": "study", "subject": "ab12"}, ANNA, BO))
    assert (approval.kind, dict(approval.fields)) == ("erase", {"study": "study", "subject": "ab12"})
    kept = ledger.store.at(approval.sequence).body
    assert (kept["kind"], kept["key"], len(kept["signatures"])) == ("approval", approval.digest, 2)
    approval.verify_kind("erase")
    with pytest.raises(AccessDenied, match="approval of erase, not of re-identify"):
        approval.verify_kind("re-identify")
    assert verify_ledger(ledger).approvals == 4


def test_an_approval_cannot_be_made_or_changed_by_anybody_else(ledger):
    with pytest.raises(TypeError, match=r"Ledger\.approved"):
        Approval("erase", {}, 1, "ab")
    approval = ledger.approved(ask(ledger, "hand-over", {"to": "hospital"}, ANNA))
    with pytest.raises(AttributeError):
        approval.kind = "erase"
    with pytest.raises(TypeError):
        approval.fields["to"] = "elsewhere"
    for take in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            take(approval)
    assert "object" not in repr(approval)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_kind_takes_as_many_holders_as_its_table_says_and_no_fewer(ledger, kind):
    fields = {"extend": extension(), "appoint": appointment(EVE, "seal"),
              "dismiss": {"key": CHEN.public, "reason": "left"}}.get(kind, {"what": "public"})  # fmt: skip
    wanted = 2 if kind in ("appoint", "dismiss", "re-identify", "erase") else 1
    act = ledger.carry_out if KINDS[kind].in_ledger else ledger.approved
    too_few = ask(ledger, kind, fields, *(ANNA, BO)[: wanted - 1])
    unchanged(ledger, lambda: act(too_few), AccessDenied, f"wants {wanted} signatures")
    act(signed(too_few, BO if wanted == 2 else ANNA))
    verify_ledger(ledger)


def test_dual_control_takes_two_different_people_for_reidentification_and_erasure():
    assert {kind for kind, needs in KINDS.items() if needs.signatures == 2} == {"re-identify", "erase"}


def test_a_change_of_the_roster_takes_two_as_soon_as_there_are_two(clock):
    with open_with(clock) as ledger:
        found(ledger, ANNA)
        ledger.carry_out(ask(ledger, "appoint", appointment(BO, *ALL), ANNA))  # alone: there is nobody else
        puppet = ask(ledger, "appoint", appointment(EVE, *ALL), ANNA)
        unchanged(ledger, lambda: ledger.carry_out(puppet), AccessDenied, "wants 2 signatures")
        ledger.carry_out(signed(puppet, BO))


def test_one_of_two_approvers_can_neither_dismiss_the_other_nor_appoint_a_second_self(clock):
    """Else that one would be both, and could carry out an act of dual control alone."""
    with open_with(clock) as ledger:
        found(ledger, ANNA, BO)
        dismissal = ask(ledger, "dismiss", {"key": BO.public, "reason": "key lost"}, ANNA)
        unchanged(ledger, lambda: ledger.carry_out(dismissal), AccessDenied, "wants 2 signatures")
        for fields in (appointment(EVE, *ALL), appointment(BO, "seal")):
            alone = ask(ledger, "appoint", fields, ANNA)
            unchanged(ledger, lambda r=alone: ledger.carry_out(r), AccessDenied, "wants 2 signatures")
        agreed = signed(dismissal, BO)
        unchanged(ledger, lambda: ledger.carry_out(agreed), InvalidInput, "fewer than 2 who can approve")


def test_who_lost_a_key_is_dismissed_by_two_others(ledger):
    ledger.carry_out(ask(ledger, "dismiss", {"key": BO.public, "reason": "key lost"}, ANNA, CHEN))
    assert not ledger.roster()[BO.public].holds("approve")


def test_where_one_of_just_two_asks_for_a_change_of_the_roster_both_have_signed(clock):
    with open_with(clock) as ledger:
        found(ledger, ANNA, BO)
        request = ask(ledger, "appoint", appointment(EVE, "seal"), requester=ANNA)
        unchanged(ledger, lambda: ledger.carry_out(request), AccessDenied, "who asks cannot approve")
        ledger.carry_out(signed(request, BO))
        verify_ledger(ledger)


def test_a_roster_is_founded_once(ledger):
    again = ask(ledger, "appoint", appointment(EVE, *ALL), EVE)
    unchanged(ledger, lambda: ledger.carry_out(again), AccessDenied, "does not hold the role approve")


def test_two_foundings_at_once_make_one(clock, tmp_path):
    path = tmp_path / "ledger.sqlite"
    with open_with(clock, path) as one, open_with(clock, path) as other:
        foundings = [
            ask(each, "appoint", appointment(key, *ALL), key) for each, key in ((one, ANNA), (other, EVE))
        ]
        one.carry_out(foundings[0])
        unchanged(other, lambda: other.carry_out(foundings[1]), AccessDenied, "does not hold the role")


def test_one_of_three_approvers_cannot_dismiss_another_alone(ledger):
    alone = ask(ledger, "dismiss", {"key": BO.public, "reason": "disagrees"}, ANNA)
    unchanged(ledger, lambda: ledger.carry_out(alone), AccessDenied, "wants 2 signatures")


# refusals ---------------------------------------------------------------------------------------------


def test_a_request_counts_once(ledger):
    request = ask(ledger, "hand-over", {"to": "hospital"}, ANNA)
    ledger.approved(request)
    unchanged(ledger, lambda: ledger.approved(request), InvalidInput, "carried out before")
    unchanged(ledger, lambda: ledger.approved(signed(request, BO)), InvalidInput, "carried out before")


def test_the_same_request_in_other_words_is_the_same_request(ledger):
    request = ask(ledger, "hand-over", {"to": "hospital", "size": 3}, ANNA)
    ledger.approved(request)
    turned = json.loads(json.dumps(request), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    unchanged(ledger, lambda: ledger.approved(turned), InvalidInput, "carried out before")


def test_a_request_of_another_ledger_is_refused(ledger, clock):
    with open_with(clock) as other:
        request = ask(other, "hand-over", {"to": "hospital"}, ANNA)
    unchanged(ledger, lambda: ledger.approved(request), InvalidInput, "another ledger")


def test_an_expired_request_is_refused_and_setting_the_clock_back_does_not_revive_it(ledger, clock):
    request = ask(ledger, "hand-over", {"to": "hospital"}, ANNA, days=1)
    clock.goes(days=1, minutes=1)
    unchanged(ledger, lambda: ledger.approved(request), InvalidInput, "ended at")
    ledger.record("anything", details={})
    clock.goes(minutes=-5)
    unchanged(ledger, lambda: ledger.approved(request), InvalidInput, "ended at")
    clock.goes(days=-1)
    unchanged(ledger, lambda: ledger.approved(request), InvalidInput, "clock")


def test_a_request_that_says_it_was_written_later_is_refused_so_that_none_stands_for_years(ledger):
    request = new_request("hand-over", {"to": "hospital"}, ledger)
    request["request"] |= {"created": "2090-01-01T00:00:00Z", "expires": "2090-02-01T00:00:00Z"}
    request = signed(request, ANNA)
    unchanged(
        ledger,
        lambda: ledger.approved(request),
        InvalidInput,
        "written at 2090-01-01T00:00:00Z, which is to come",
    )


@pytest.mark.parametrize(("minutes", "stands"), [(10, True), (11, False)])
def test_a_request_may_come_from_a_machine_whose_clock_is_ten_minutes_fast(ledger, clock, minutes, stands):
    at = datetime.fromisoformat(clock())
    request = new_request("hand-over", {"to": "hospital"}, ledger)
    written = [f"{at + timedelta(minutes=each):%Y-%m-%dT%H:%M:%SZ}" for each in (minutes, minutes + 60)]
    request["request"] |= {"created": written[0], "expires": written[1]}
    request = signed(request, ANNA)
    if stands:
        ledger.approved(request)
    else:
        unchanged(ledger, lambda: ledger.approved(request), InvalidInput, "which is to come")


def test_a_signature_given_before_the_appointment_does_not_count_after_it(ledger, clock):
    request = ask(ledger, "erase", {"subject": "ab12"}, ANNA, EVE)
    clock.goes(minutes=1)
    ledger.carry_out(ask(ledger, "appoint", appointment(EVE, "approve"), ANNA, BO))
    unchanged(ledger, lambda: ledger.approved(request), AccessDenied, "after the request was written")


def test_a_role_that_was_taken_away_and_given_again_does_not_revive_a_signature(ledger, clock):
    request = ask(ledger, "re-identify", {"subject": "ab12"}, ANNA, CHEN)
    for roles in (("seal",), ALL):
        clock.goes(minutes=1)
        ledger.carry_out(ask(ledger, "appoint", appointment(CHEN, *roles), ANNA, BO))
    unchanged(ledger, lambda: ledger.approved(request), AccessDenied, "after the request was written")


def test_two_keys_under_one_label_are_never_two_people(ledger):
    twin = ask(ledger, "appoint", appointment(EVE, *ALL, label=appointment(ANNA)["label"]), ANNA, BO)
    unchanged(ledger, lambda: ledger.carry_out(twin), InvalidInput, "under this label")


def test_a_request_stands_to_the_second_that_it_names(ledger, clock):
    request = ask(ledger, "hand-over", {"to": "hospital"}, ANNA, days=1)
    clock.time = datetime.fromisoformat(request["request"]["expires"])
    ledger.approved(request)


LATER = f"{datetime.now(UTC) + timedelta(days=60):%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize("change", [
    {"fields": {"to": "elsewhere"}}, {"kind": "receive"}, {"expires": LATER}, {"nonce": "0" * 32},
])  # fmt: skip
def test_a_request_that_was_tampered_with_after_it_was_signed_is_refused(ledger, change):
    request = ask(ledger, "hand-over", {"to": "hospital"}, ANNA)
    request["request"] |= change
    unchanged(ledger, lambda: ledger.approved(request), IntegrityError, "does not belong to this statement")


def test_the_same_person_signing_twice_is_refused(ledger):
    request = ask(ledger, "erase", {"subject": "ab12"}, ANNA)
    with pytest.raises(InvalidInput, match="signed twice"):
        sign_request(request, ANNA)
    request["signatures"] *= 2
    unchanged(ledger, lambda: ledger.approved(request), InvalidInput, "signed twice")


def test_who_asks_cannot_approve(ledger):
    request = ask(ledger, "hand-over", {"to": "hospital"}, requester=ANNA)
    with pytest.raises(InvalidInput, match="who asks cannot approve"):
        sign_request(request, ANNA)
    unchanged(ledger, lambda: ledger.approved(request), AccessDenied, "who asks cannot approve")
    ledger.approved(signed(request, BO))


def test_who_asks_does_not_count_as_one_of_two(ledger):
    request = ask(ledger, "erase", {"subject": "ab12"}, BO, requester=ANNA)
    unchanged(ledger, lambda: ledger.approved(request), AccessDenied, "wants 2 signatures .* has 1")
    ledger.approved(signed(request, CHEN))


def test_who_asks_needs_no_role(ledger):
    request = ask(ledger, "hand-over", {"to": "hospital"}, requester=EVE)
    unchanged(ledger, lambda: ledger.approved(request), AccessDenied, "wants 1 signatures .* has 0")
    ledger.approved(signed(request, ANNA))


def test_nobody_is_named_as_who_asks_without_having_signed(ledger):
    request = new_request("hand-over", {"to": "hospital"}, ledger, requester=EVE)
    request["signatures"] = []
    unchanged(
        ledger,
        lambda: ledger.approved(signed(request, ANNA)),
        AccessDenied,
        "without that person's signature",
    )


def test_a_revoked_role_is_refused(ledger):
    request = ask(ledger, "erase", {"subject": "ab12"}, ANNA, CHEN)
    ledger.carry_out(ask(ledger, "dismiss", {"key": CHEN.public, "reason": "left"}, ANNA, BO))
    unchanged(ledger, lambda: ledger.approved(request), AccessDenied, "was dismissed: refused")


def test_a_signature_of_nobody_we_know_is_refused(ledger):
    request = ask(ledger, "erase", {"subject": "ab12"}, ANNA, BO, EVE)
    unchanged(ledger, lambda: ledger.approved(request), AccessDenied, "does not hold the role approve")


def test_a_signature_counts_only_for_the_roles_of_its_holder(ledger):
    ledger.carry_out(ask(ledger, "appoint", appointment(DORA, "extend"), ANNA, BO))
    request = ask(ledger, "re-identify", {"subject": "ab12"}, ANNA, DORA)
    unchanged(ledger, lambda: ledger.approved(request), AccessDenied, "does not hold the role re-identify")


def test_without_a_roster_nothing_is_approved(clock):
    with open_with(clock) as ledger:
        for request in (
            ask(ledger, "extend", extension(), ANNA),
            ask(ledger, "appoint", appointment(ANNA, *ALL), BO),
            ask(ledger, "appoint", appointment(ANNA, *ALL), ANNA, BO),
            ask(ledger, "appoint", appointment(ANNA, *ALL)),
        ):
            unchanged(ledger, lambda r=request: ledger.carry_out(r), AccessDenied, "nobody holds a role")


def test_each_act_has_one_door(ledger):
    inside, outside = ask(ledger, "extend", extension(), ANNA), ask(ledger, "hand-over", {"to": "x"}, ANNA)
    unchanged(
        ledger, lambda: ledger.approved(inside), InvalidInput, "of kind extend is carried out by the ledger"
    )
    unchanged(
        ledger,
        lambda: ledger.carry_out(outside),
        InvalidInput,
        "kind hand-over .* by the command that does it",
    )


def test_an_act_that_fails_leaves_the_request_unused(ledger):
    request = ask(ledger, "extend", extension(epsilon="9.0"), ANNA)
    unchanged(ledger, lambda: ledger.carry_out(request), ConfideError, "more than account")


# the form ---------------------------------------------------------------------------------------------


def test_a_request_comes_back_from_its_file(ledger):
    request = ask(ledger, "erase", {"subject": "患者", "n": [1, None, True]}, ANNA, BO)
    assert read_request(json.dumps(request).encode()) == request
    ledger.approved(read_request(json.dumps(request, ensure_ascii=False, indent=2).encode()))


@pytest.mark.parametrize("where", ['"fields": {', '"request": {', "{"])
def test_a_request_in_which_two_readers_could_see_two_things_is_refused(ledger, where):
    text = json.dumps(ask(ledger, "hand-over", {"to": "hospital"}, ANNA))
    twice = {
        '"fields": {': '"to": "elsewhere", ',
        '"request": {': '"kind": "receive", ',
        "{": '"signatures": [], ',
    }
    read_request(text.encode())
    with pytest.raises(InvalidInput, match="not a request"):
        read_request(text.replace(where, where + twice[where], 1).encode())


ARABIC = {ord("0") + n: chr(0x660 + n) for n in range(10)}  # digits to Python, and to no other reader
BROKEN = [
    lambda r: r.pop("signatures"),
    lambda r: r.update(more=1),
    lambda r: r.update(signatures={}),
    lambda r: r.update(request=[]),
    lambda r: r["request"].pop("nonce"),
    lambda r: r["request"].update(more=1),
    lambda r: r["request"].update(kind="pay"),
    lambda r: r["request"].update(kind=["erase"]),
    lambda r: r["request"].update(nonce="ab"),
    lambda r: r["request"].update(nonce=7),
    lambda r: r["request"].update(created="today"),
    lambda r: r["request"].update(expires="2026-13-41T00:00:00Z"),
    lambda r: r["request"].update(ledger=7),
    lambda r: r["request"].update(fields=[]),
    lambda r: r["request"].update(fields={"x": 0.5}),
    lambda r: r["request"].update(fields={"x": "\ud800"}),
    lambda r: r["request"].update(created=r["request"]["created"].translate(ARABIC)),
    lambda r: r["request"].update(requester="me"),
    lambda r: r["request"].update(expires=r["request"]["created"]),
    lambda r: r["request"].update(expires="2099-01-01T00:00:00Z"),
    lambda r: r["signatures"][0].update(key="me"),
    lambda r: r["signatures"].append("x"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(BROKEN)))
def test_what_has_not_the_form_of_a_request_is_refused_in_one_sentence(ledger, number):
    request = ask(ledger, "erase", {"subject": "ab12"}, ANNA, BO)
    BROKEN[number](request)
    unchanged(ledger, lambda: ledger.approved(request), InvalidInput, ".")
    with pytest.raises(InvalidInput):
        read_request(json.dumps(request).encode())


def test_a_request_is_nested_as_deep_as_the_page_allows_and_no_deeper(ledger):
    for deep, stands in ((DEEPEST, True), (DEEPEST + 1, False), (5000, False)):
        value = []
        for _ in range(deep - 3):  # the request, its fields and the list inside are three
            value = [value]
        if stands:
            ledger.approved(ask(ledger, "erase", {"subject": value}, ANNA, BO))
        else:
            with pytest.raises(InvalidInput, match="not a request"):
                new_request("erase", {"subject": value}, ledger)


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b"[" * 5000, b" " * (LARGEST + 1), b"null"])
def test_a_file_that_is_no_request_is_refused(data):
    with pytest.raises(InvalidInput, match="not a request"):
        read_request(data)


def test_the_largest_request_is_read(ledger):
    data = json.dumps(ask(ledger, "erase", {"subject": "ab12"})).encode()
    read_request(data + b" " * (LARGEST - len(data)))


def deep():
    inside = []
    for _ in range(5000):
        inside = [inside]
    return inside


def test_fields_that_cannot_be_kept_are_refused_when_they_are_asked(ledger):
    for fields in ({"x": 0.5}, {"x": float("nan")}, {"x": {1}}, {"x": 2**60}, {"x": deep()}, {1: 2}):
        with pytest.raises(InvalidInput):
            new_request("erase", fields, ledger)


@pytest.mark.parametrize("kind", ["extend", "appoint", "dismiss"])
def test_fields_of_an_act_of_the_ledger_are_all_there_and_say_something(ledger, kind):
    whole = {
        "extend": extension(),
        "appoint": appointment(EVE, "seal"),
        "dismiss": {"key": EVE.public, "reason": "x"},
    }
    for name in whole[kind]:
        for broken in ({**whole[kind], name: " "}, {**whole[kind], name: None}, {**whole[kind], "more": "x"},
                       {n: v for n, v in whole[kind].items() if n != name}):  # fmt: skip
            if name == "roles" and "more" not in broken and name in broken:
                continue  # looked at by the roster
            with pytest.raises(InvalidInput, match=f"kind {kind} has the fields"):
                new_request(kind, broken, ledger)


def test_a_request_stands_at_most_ninety_days(ledger):
    new_request("erase", {}, ledger, days=90)
    for days in (0, -1, 91):
        with pytest.raises(InvalidInput, match="at most 90 days"):
            new_request("erase", {}, ledger, days=days)


KEYS = (ANNA, BO, CHEN, DORA, EVE)


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from([kind for kind in KINDS if not KINDS[kind].in_ledger]),
    roles=st.lists(st.sets(st.sampled_from(ALL)), min_size=5, max_size=5),
    dismissed=st.sets(st.integers(0, 4)),
    signers=st.lists(st.integers(0, 4), unique=True),
    asker=st.none() | st.integers(0, 4),
)
def test_enough_different_current_holders_none_of_whom_asked_and_nobody_else(
    kind, roles, dismissed, signers, asker
):
    """The rule written once more, as a sentence over sets, for any people and any signatures."""

    class Named:
        id = "00"

    roster = {
        key.public: Holder("x", key.public, tuple(roles[at]), at in dismissed) for at, key in enumerate(KEYS)
    }
    signers = [at for at in signers if at != asker]
    request = ask(
        Named, kind, {}, *(KEYS[at] for at in signers), requester=None if asker is None else KEYS[asker]
    )
    role = KINDS[kind].role
    good = (
        all(role in roles[at] and at not in dismissed for at in signers)
        and len(signers) >= KINDS[kind].signatures
    )
    try:
        verify_request(request, ledger="00", roster=roster, at=request["request"]["created"])
        counted = True
    except AccessDenied:
        counted = False
    assert counted == good
