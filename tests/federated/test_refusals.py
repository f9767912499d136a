"""What a hostile hub, site or line does is refused by name; the round goes on, or ends with nothing opened."""

import dataclasses
import hashlib
import os

import numpy as np
import pytest
from fed_rounds import (
    HUB_KEY,
    KEYS,
    STAGES,
    answer_kind,
    federation,
    heard,
    machines,
    plain_sum,
    play,
    updates_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.crypto.canonical import canonical
from confide.crypto.text import from_base64, to_base64
from confide.errors import AccessDenied, ConfideError, IntegrityError, InvalidInput
from confide.federated.deal import RoundSecrets, opened
from confide.federated.hub import Hub
from confide.federated.messages import KINDS, Parcel, label_of, number_of, read, write
from confide.federated.settings import HUB, Grid, Member, SiteNoise
from confide.federated.site import Site


def until(stage, fed=None, number=1):
    """Play a round up to where the hub waits for `stage`; return the machines, updates, and what waits for the sites."""
    fed = fed or federation(5)
    hub, sites = machines(fed, number)
    updates = updates_of(fed)
    out = hub.begin()
    while hub.stage != stage:
        answers = [answer for each in out for answer in heard(sites[each.to], each.parcel, updates)]
        out = [more for answer in answers for more in hub.receive(answer)]
    return hub, sites, updates, out


def finish(hub, sites, updates, out):
    while out:
        answers = [answer for each in out for answer in heard(sites[each.to], each.parcel, updates)]
        out = [more for answer in answers for more in hub.receive(answer)]


def said(refused) -> str:
    return refused.value.code


def by_hub(fed, kind, body, payload=b"", number=1):
    return write(HUB_KEY, fed.digest(), number, HUB, kind, body, payload)


@pytest.mark.parametrize("stage", STAGES)
def test_a_replayed_message_changes_nothing_and_gets_the_same_bytes(stage):
    hub, sites, updates, out = until(stage)
    first = {each.to: heard(sites[each.to], each.parcel, updates) for each in out}
    again = {each.to: sites[each.to].receive(each.parcel) for each in out}
    for name, answers in first.items():
        assert [a.head for a in answers] == [a.head for a in again[name]]
        assert [bytes(a.payload) for a in answers] == [bytes(a.payload) for a in again[name]]
    out = [more for answers in first.values() for more in hub.receive(answers[0])]
    assert all(hub.receive(answers[0]) == [] for answers in again.values()) or hub.stage == "done"
    finish(hub, sites, updates, out)
    np.testing.assert_array_equal(hub.total, plain_sum(updates, sites))


@pytest.mark.parametrize("stage", STAGES)
def test_messages_of_other_stages_rounds_and_federations_are_refused(stage):
    fed = federation(5)
    hub, sites, updates, out = until(stage, fed)
    site = sites[out[0].to]
    other_round = until(stage, fed, number=2)
    other_settings = until(stage, federation(5, grid=Grid(clip=2.0)))
    for which, code in ((other_round, "fed.other-round"), (other_settings, "fed.other-federation")):
        with pytest.raises(InvalidInput) as refused:
            site.receive(which[3][0].parcel)
        assert said(refused) == code
        answer = heard(which[1][out[0].to], which[3][0].parcel, which[2])[0]
        with pytest.raises(InvalidInput) as refused:
            hub.receive(answer)
        assert said(refused) == code
    wrong = by_hub(fed, "commit", {"survivors": list(sites), "sum": "0" * 64})
    with pytest.raises(InvalidInput) as refused:
        site.receive(wrong)
    assert said(refused) == "fed.order"
    finish(hub, sites, updates, out)
    np.testing.assert_array_equal(hub.total, plain_sum(updates, sites))


@settings(max_examples=150, deadline=None)
@given(stage=st.sampled_from(STAGES), where=st.integers(0, 10**6), how=st.integers(1, 255), cut=st.booleans())
def test_a_message_with_one_byte_changed_or_cut_off_is_refused(stage, where, how, cut):
    hub, sites, _, out = PLAYED[stage]
    site = sites[out[0].to]
    for machine, parcel in ((site, out[0].parcel), (hub, ANSWERS[stage])):
        whole = parcel.head + bytes(parcel.payload)
        at = where % len(whole)
        changed = whole[:at] if cut else whole[:at] + bytes([whole[at] ^ how]) + whole[at + 1 :]
        broken = Parcel(changed[: len(parcel.head)], changed[len(parcel.head) :])
        with pytest.raises(ConfideError):
            machine.receive(broken)


PLAYED = {stage: until(stage) for stage in STAGES}
# an answer that the hub has not met, of a twin whose round went the same way
ANSWERS = {}
for _stage in STAGES:
    _hub, _sites, _updates, _out = PLAYED[_stage]
    ANSWERS[_stage] = heard(_sites[_out[0].to], _out[0].parcel, _updates)[0]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_foreign_bytes_end_in_anything_but_a_refusal(data):
    fed = PLAYED["shares"][0].federation
    kind = data.draw(st.sampled_from(sorted(KINDS)))
    json = st.recursive(
        st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
        max_leaves=6,
    )
    body = data.draw(st.fixed_dictionaries(dict.fromkeys(KINDS[kind].fields, json)) | json)
    key, name = (HUB_KEY, HUB) if KINDS[kind].from_hub else (KEYS[0], "site-00")
    try:
        parcel = write(key, fed.digest(), 1, name, kind, body, data.draw(st.binary(max_size=40)))
    except ConfideError:
        return
    for machine in (PLAYED["shares"][0], PLAYED["shares"][1]["site-01"]):
        if kind in ("abort", "begin", "stopped"):
            continue  # sound whatever they carry
        with pytest.raises(ConfideError):
            machine.receive(parcel)


@given(head=st.binary(max_size=300), payload=st.binary(max_size=20))
def test_noise_on_the_line_is_refused(head, payload):
    fed = federation(5)
    with pytest.raises(IntegrityError):
        read(Parcel(head, payload), fed, fed.digest(), 1)


def signed(statement):
    """What `write` would send, whatever the statement says."""
    return Parcel(canonical(statement) + from_base64(HUB_KEY.sign(statement).signature))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"kind": "confide federated 2: begin"}, "fed.message-version"),
        ({"kind": "confide federated 1: hello"}, "fed.message-version"),
        ({"more": 1}, "fed.message-form"),
        ({"federation": "0" * 64}, "fed.other-federation"),
        ({"round": 2}, "fed.other-round"),
        ({"round": True}, "fed.other-round"),
        ({"sender": "site-00"}, "fed.foreign"),
        ({"sender": 7}, "fed.foreign"),
        ({"body": {"x": 1}}, "fed.message-form"),
        ({"body": []}, "fed.message-form"),
        ({"size": 5}, "fed.payload"),
        ({"size": -1}, "fed.payload"),
        ({"size": "0"}, "fed.payload"),
        ({"payload": "0" * 64}, "fed.payload"),
    ],
)
def test_a_head_that_says_anything_else_is_refused_by_name_though_the_hub_signed_it(change, code):
    fed = federation(5)
    good = {
        "kind": "confide federated 1: begin", "federation": fed.digest(), "round": 1, "sender": HUB, "body": {},
        "size": 0, "payload": hashlib.sha256(b"").hexdigest(),
    }  # fmt: skip
    assert read(signed(good), fed, fed.digest(), 1).kind == "begin"
    with pytest.raises(ConfideError) as refused:
        read(signed(good | change), fed, fed.digest(), 1)
    assert said(refused) == code


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("survivors", {"survivors": 7}),
        ("survivors", {"survivors": [1]}),
        ("survivors", {"survivors": ["x"] * 100}),
        ("roster", {"keys": ["no base64!"]}),
        ("commit", {"survivors": [], "sum": "zz"}),
        ("abort", {"reason": "Two Words"}),
    ],
)
def test_a_field_that_holds_something_else_is_refused(kind, body):
    fed = federation(5)
    with pytest.raises(IntegrityError) as refused:
        read(by_hub(fed, kind, body), fed, fed.digest(), 1)
    assert said(refused) == "fed.message-form"


def test_a_head_of_more_than_sixteen_megabytes_is_not_even_read():
    long = b'{"round":1,"x":"' + b"A" * (16 << 20) + b'"}'
    with pytest.raises(IntegrityError) as refused:
        number_of(Parcel(long + bytes(64)))
    assert said(refused) == "fed.message-form"


@pytest.mark.parametrize("number", [0, -1, 1 << 31, "1", True, None, 1.0])
def test_a_number_that_is_no_round_s_is_refused_before_anything_is_opened(number):
    head = canonical({"round": number} if not isinstance(number, float) else {}) + bytes(64)
    with pytest.raises(IntegrityError) as refused:
        number_of(Parcel(head))
    assert said(refused) == "fed.message-form"
    with pytest.raises(IntegrityError) as refused:
        label_of(Parcel(canonical({"round": 1, "kind": "confide federated 1: hello"}) + bytes(64)))
    assert said(refused) == "fed.message-form"


def test_a_head_that_is_nested_without_end_is_refused():
    fed = federation(5)
    for head in (b"[" * 100_000, b'{"a":' * 100_000):
        with pytest.raises(IntegrityError):
            read(Parcel(head + bytes(64)), fed, fed.digest(), 1)


def test_a_site_may_not_speak_for_another_nor_for_the_hub():
    fed = federation(5)
    hub, sites, _, _ = until("keys", fed)
    body = {"share_key": "0" * 63 + "1", "mask_key": "0" * 63 + "2"}
    with pytest.raises(IntegrityError) as refused:
        hub.receive(write(KEYS[1], fed.digest(), 1, "site-00", "keys", body))
    assert said(refused) == "crypto.not-what-was-signed"
    with pytest.raises(InvalidInput) as refused:
        hub.receive(write(KEYS[9], fed.digest(), 1, "site-09", "keys", body))
    assert said(refused) == "fed.foreign"
    for sender in (HUB, "site-01"):
        with pytest.raises(ConfideError):
            sites["site-00"].receive(write(KEYS[1], fed.digest(), 1, sender, "abort", {"reason": "x"}))


def test_two_different_answers_of_one_site_are_refused_by_name():
    fed = federation(5)
    hub, sites, _, out = until("keys", fed)
    hub.receive(sites["site-00"].receive(out[0].parcel)[0])
    other = Site(fed, 1, KEYS[0], os.urandom(32))
    with pytest.raises(IntegrityError) as refused:
        hub.receive(other.receive(out[0].parcel)[0])
    assert said(refused) == "fed.two-messages"


def test_a_site_gives_one_update_a_round_and_none_out_of_turn():
    fed = federation(5)
    _, sites, updates, out = until("shares", fed)
    site = sites["site-00"]
    with pytest.raises(InvalidInput):
        site.give(updates["site-00"])
    _, sites, updates, out = until("input", fed)
    site = sites["site-00"]
    site.receive(out[0].parcel)
    for wrong in (np.zeros(6, np.int64), np.zeros(7), np.zeros((7, 1), np.int64)):
        with pytest.raises(InvalidInput) as refused:
            site.give(wrong)
        assert said(refused) == "fed.update-shape"
    site.give(updates["site-00"])
    with pytest.raises(InvalidInput) as refused:
        site.give(updates["site-00"] + 1)
    assert said(refused) == "fed.not-now"


def test_survivors_before_our_update_are_refused_and_what_is_not_wanted_stays_as_it_was():
    fed = federation(5)
    _, sites, updates, out = until("input", fed)
    site = sites["site-00"]
    mine = updates["site-00"].astype(np.int32)
    with pytest.raises(InvalidInput) as refused:
        site.give(mine)  # before `dealt`
    assert said(refused) == "fed.not-now"
    np.testing.assert_array_equal(mine, updates["site-00"])
    site.receive(out[0].parcel)
    with pytest.raises(InvalidInput) as refused:
        site.receive(by_hub(fed, "survivors", {"survivors": list(sites)}))
    assert said(refused) == "fed.order"
    given = site.give(mine)
    with pytest.raises(InvalidInput) as refused:
        site.gave(given)
    assert said(refused) == "fed.not-now"


def test_a_hub_that_commits_other_survivors_than_were_agreed_is_refused():
    fed = federation(5)
    hub, sites, _, out = until("unmask", fed)
    sites["site-00"].receive(out[0].parcel)
    wrong = by_hub(fed, "commit", {"survivors": list(sites)[:4], "sum": "0" * 64})
    with pytest.raises(IntegrityError) as refused:
        sites["site-00"].receive(wrong)
    assert said(refused) == "fed.survivors"
    assert not sites["site-00"].closed
    del hub


def test_a_message_of_another_kind_is_not_passed_on_in_the_place_of_keys():
    fed = federation(5)
    _, sites, _, out = until("shares", fed)
    heads = read(out[0].parcel, fed, fed.digest(), 1).body["keys"]
    other = write(KEYS[4], fed.digest(), 1, "site-04", "stopped", {"reason": "x"})
    with pytest.raises(InvalidInput) as refused:
        sites["site-00"].receive(by_hub(fed, "roster", {"keys": [*heads[:4], to_base64(other.head)]}))
    assert said(refused) == "fed.order"


def test_the_hub_takes_messages_at_their_stage_alone_and_begins_once():
    fed = federation(5)
    hub, sites, updates, out = until("shares", fed)
    with pytest.raises(InvalidInput) as refused:
        hub.begin()
    assert said(refused) == "fed.not-now"
    with pytest.raises(InvalidInput) as refused:
        hub.receive(out[0].parcel)  # its own words, turned round on the line
    assert said(refused) == "fed.order"
    early = write(KEYS[0], fed.digest(), 1, "site-00", "agreed", {"dealt": "0" * 64, "survivors": []})
    with pytest.raises(InvalidInput) as refused:
        hub.receive(early)
    assert said(refused) == "fed.order"
    late = write(KEYS[0], fed.digest(), 1, "site-00", "keys", {"share_key": "0" * 64, "mask_key": "1" * 64})
    with pytest.raises(IntegrityError) as refused:
        hub.receive(late)
    assert said(refused) == "fed.two-messages"
    hub.gone("site-04")
    finish(hub, sites, updates, [each for each in out if each.to != "site-04"])
    assert hub.stage == "done"
    with pytest.raises(InvalidInput) as refused:
        hub.receive(
            write(KEYS[4], fed.digest(), 1, "site-04", "agreed", {"dealt": "0" * 64, "survivors": []})
        )
    assert said(refused) == "fed.round-over"


def test_an_update_or_a_signature_given_for_other_shares_is_refused_by_the_hub_by_name():
    fed = federation(5)
    hub, _, _, _ = until("input", fed)
    other = write(KEYS[0], fed.digest(), 1, "site-00", "input", {"dealt": "0" * 64}, bytes(4 * fed.length))
    with pytest.raises(IntegrityError) as refused:
        hub.receive(other)
    assert (said(refused), refused.value.public) == ("fed.rosters-differ", {"site": "site-00"})
    hub, sites, _, _ = until("agreed", fed)
    body = {"dealt": sites["site-00"]._dealt_digest, "survivors": list(sites)[:4]}
    with pytest.raises(IntegrityError) as refused:
        hub.receive(write(KEYS[0], fed.digest(), 1, "site-00", "agreed", body))
    assert (said(refused), refused.value.public) == ("fed.survivors-differ", {"site": "site-00"})


def test_an_update_of_another_model_s_length_is_refused_by_the_hub_by_name():
    fed, longer = federation(5), federation(5, length=8)
    hub, sites, _, out = until("input", fed)
    answer = sites["site-00"].receive(out[0].parcel)
    assert answer == []
    body = {"dealt": sites["site-00"]._dealt_digest}
    with pytest.raises(IntegrityError) as refused:
        hub.receive(write(KEYS[0], fed.digest(), 1, "site-00", "input", body, bytes(4 * 8)))
    assert said(refused) == "fed.payload"
    with pytest.raises(InvalidInput) as refused:
        hub.receive(write(KEYS[0], longer.digest(), 1, "site-00", "input", body, bytes(4 * 8)))
    assert said(refused) == "fed.other-federation"
    assert not hub._answers["input"]


def test_a_hub_with_another_key_is_refused_at_its_own_door_and_at_every_site_s():
    fed = federation(5)
    twin = dataclasses.replace(fed, hub=KEYS[15].public)
    with pytest.raises(AccessDenied) as refused:
        Hub(fed, 1, KEYS[15])
    assert said(refused) == "fed.not-the-hub"
    _, sites = machines(fed)
    forged = write(KEYS[15], fed.digest(), 1, HUB, "begin", {}, b"model")
    own = Hub(twin, 1, KEYS[15]).begin()[0].parcel
    for parcel, code in ((forged, "crypto.not-what-was-signed"), (own, "fed.other-federation")):
        with pytest.raises(ConfideError) as refused:
            sites["site-00"].receive(parcel)
        assert said(refused) == code
        assert sites["site-00"].heard == 0


@pytest.mark.parametrize("seed", range(6))
def test_messages_in_any_order_are_refused_or_taken_but_never_spoil_the_sum(seed):
    """The line turns everything round and says everything twice."""
    draw = np.random.default_rng(seed)
    fed = federation(4)
    hub, sites = machines(fed)
    updates = updates_of(fed)
    waiting: list = [(out.to, out.parcel) for out in hub.begin()]
    while waiting:
        to, parcel = waiting.pop(int(draw.integers(len(waiting))))
        again = draw.random() < 0.3
        try:
            if to == HUB:
                waiting += [(out.to, out.parcel) for out in hub.receive(parcel)]
            else:
                waiting += [(HUB, answer) for answer in heard(sites[to], parcel, updates)]
        except InvalidInput as refused:
            assert refused.code in ("fed.order", "fed.round-over", "fed.late")  # noqa: PT017
        if again:
            waiting.append((to, parcel))
    assert hub.stage == "done"
    np.testing.assert_array_equal(hub.total, plain_sum(updates, sites))


def test_a_hub_that_shows_a_second_set_of_survivors_to_a_site_is_refused():
    fed = federation(6, 5, 1)
    _, sites, _, out = until("agreed", fed)
    names = list(sites)
    site = sites[names[0]]
    site.receive(out[0].parcel)
    with pytest.raises(IntegrityError) as refused:
        site.receive(by_hub(fed, "survivors", {"survivors": names[:5]}))
    assert said(refused) == "fed.two-messages"


def test_a_hub_that_shows_different_sites_different_survivors_gets_nothing_opened():
    fed = federation(6, 5, 1)
    _, sites, _, _ = until("agreed", fed)
    names = list(sites)
    sets = [names, names[:5]]
    agreed = {}
    for at, name in enumerate(names):
        chosen = sets[at % 2] if name in sets[at % 2] else names
        agreed[name] = sites[name].receive(by_hub(fed, "survivors", {"survivors": chosen}))[0]
    heads = [to_base64(agreed[name].head) for name in names]
    for name in names:
        with pytest.raises(IntegrityError) as refused:
            sites[name].receive(by_hub(fed, "agreements", {"agreed": heads}))
        assert said(refused) == "fed.survivors-differ"
    for at in (0, 1):  # neither set has the signatures of a threshold
        some = [head for i, head in enumerate(heads) if i % 2 == at]
        with pytest.raises(InvalidInput) as refused:
            sites[names[at]].receive(by_hub(fed, "agreements", {"agreed": some}))
        assert said(refused) == "fed.below-threshold"


@pytest.mark.parametrize(
    "wrong", [lambda names: names[:3], lambda names: names[::-1], lambda names: [*names, "site-09"],
              lambda names: names[1:], lambda names: [names[0], *names], lambda names: []],
)  # fmt: skip
def test_survivors_that_cannot_be_are_refused(wrong):
    fed = federation(5, 4, 1)
    _, sites, _, _ = until("agreed", fed)
    names = list(sites)
    with pytest.raises(ConfideError) as refused:
        sites[names[0]].receive(by_hub(fed, "survivors", {"survivors": wrong(names)}))
    assert said(refused) == "fed.survivors"


def test_a_hub_that_shows_different_rosters_gets_no_shares_opened():
    fed = federation(6, 5, 1)
    hub, sites, _, out = until("shares", fed)
    names = list(sites)
    heads = read(out[0].parcel, fed, fed.digest(), 1).body["keys"]
    first = {name: sites[name].receive(out[0].parcel)[0] for name in names[:3]}
    short = by_hub(fed, "roster", {"keys": heads[:5]})
    second = {name: sites[name].receive(short)[0] for name in names[3:5]}
    passed = [to_base64(one.head) for one in (*first.values(), *second.values())]
    with pytest.raises(IntegrityError) as refused:
        sites[names[0]].receive(by_hub(fed, "dealt", {"shares": passed}))
    assert said(refused) == "fed.rosters-differ"
    with pytest.raises(IntegrityError) as refused:
        hub.receive(second[names[3]])
    assert said(refused) == "fed.rosters-differ"


def test_a_hub_that_changes_a_site_s_own_key_is_refused():
    fed = federation(5)
    hub, sites, _, out = until("keys", fed)
    answers = [sites[each.to].receive(each.parcel)[0] for each in out]
    twin = Site(fed, 1, KEYS[0], os.urandom(32))
    answers[0] = twin.receive(out[0].parcel)[0]
    with pytest.raises(IntegrityError) as refused:
        sites["site-00"].receive(by_hub(fed, "roster", {"keys": [to_base64(a.head) for a in answers]}))
    assert said(refused) == "fed.not-ours"
    del hub


def test_fewer_keys_than_the_threshold_are_refused():
    fed = federation(5, 4)
    _, sites, _, out = until("shares", fed)
    heads = read(out[0].parcel, fed, fed.digest(), 1).body["keys"]
    with pytest.raises(InvalidInput) as refused:
        sites["site-00"].receive(by_hub(fed, "roster", {"keys": heads[:3]}))
    assert said(refused) == "fed.below-threshold"
    with pytest.raises(IntegrityError) as refused:
        sites["site-00"].receive(by_hub(fed, "roster", {"keys": [*heads, heads[1]]}))
    assert said(refused) == "fed.two-messages"


def test_a_share_that_was_not_dealt_is_refused_and_its_sender_named_and_the_round_goes_on():
    fed = federation(6, 4)
    hub, sites, updates, out = until("unmask", fed)
    answers = {each.to: sites[each.to].receive(each.parcel)[0] for each in out}
    body = read(answers["site-00"], fed, fed.digest(), 1).body
    broken = body | {"self": body["self"] | {"site-03": "00" * 33}}
    with pytest.raises(IntegrityError) as refused:
        hub.receive(write(KEYS[0], fed.digest(), 1, "site-00", "unmask", broken))
    assert said(refused) == "fed.share"
    assert refused.value.public == {"site": "site-00"}
    hub.gone("site-00")
    for name in list(answers)[1:]:
        hub.receive(answers[name])
    np.testing.assert_array_equal(hub.total, plain_sum(updates, sites))


def test_both_shares_of_one_site_or_fewer_than_all_are_never_taken():
    fed = federation(5)
    hub, sites, _, out = until("unmask", fed)
    body = read(sites["site-00"].receive(out[0].parcel)[0], fed, fed.digest(), 1).body
    both = {"self": body["self"], "mask": {"site-01": body["self"]["site-01"]}}
    fewer = {"self": dict(list(body["self"].items())[1:]), "mask": {}}
    for wrong in (both, fewer):
        with pytest.raises(IntegrityError) as refused:
            hub.receive(write(KEYS[0], fed.digest(), 1, "site-00", "unmask", wrong))
        assert said(refused) == "fed.share"


def _dealt_by(fed, out, sites, change):
    """Let site-00 deal wrongly: `change(body)`; return what the hub says to that."""
    answers = {each.to: sites[each.to].receive(each.parcel)[0] for each in out}
    body = read(answers["site-00"], fed, fed.digest(), 1).body
    wrong = write(KEYS[0], fed.digest(), 1, "site-00", "shares", change(body))
    sites["site-00"]._said["roster"] = wrong
    return answers | {"site-00": wrong}


@pytest.mark.parametrize("what", ["sealed", "commitments"])
def test_a_share_that_does_not_fit_is_refused_by_the_site_that_it_is_for_with_the_dealer_s_name(what):
    fed = federation(5)
    hub, sites, _, out = until("shares", fed)

    def change(body):
        held = body[what]
        swapped = held | {"site-01": held["site-02"]}
        return body | {what: swapped}

    answers = _dealt_by(fed, out, sites, change)
    dealt = [more for answer in answers.values() for more in hub.receive(answer)]
    by_name = {each.to: each.parcel for each in dealt}
    with pytest.raises(IntegrityError) as refused:
        sites["site-01"].receive(by_name["site-01"])
    assert said(refused) == "fed.share"
    assert refused.value.public == {"site": "site-00"}
    stopped = sites["site-01"].stop("share-does-not-fit")
    hub.receive(stopped)
    assert not hub.alive["site-01"]
    assert sites["site-01"].closed == "share-does-not-fit"


def test_shares_left_out_are_refused_by_the_hub():
    fed = federation(5)
    hub, sites, _, out = until("shares", fed)
    answers = _dealt_by(
        fed, out, sites, lambda body: body | {"sealed": dict(list(body["sealed"].items())[:4])}
    )
    with pytest.raises(IntegrityError) as refused:
        hub.receive(answers["site-00"])
    assert said(refused) == "fed.share"


def test_a_dealer_whose_shares_give_another_key_ends_the_round_and_is_named():
    fed = federation(5)
    hub, sites, updates, out = until("shares", fed)
    answers = _dealt_by(fed, out, sites, lambda body: body | {"self": "0" * 64})
    out = [more for answer in answers.values() for more in hub.receive(answer)]
    finish(hub, sites, updates, out)
    assert (hub.stage, hub.reason, hub.culprit) == ("aborted", "shares-do-not-fit", "site-00")
    assert all(site.closed == "shares-do-not-fit" for site in sites.values())
    with pytest.raises(InvalidInput):
        hub.total  # noqa: B018


def test_a_copied_or_weak_key_is_refused():
    fed = federation(5)
    hub, sites, _, out = until("keys", fed)
    first = sites["site-00"].receive(out[0].parcel)[0]
    hub.receive(first)
    body = read(first, fed, fed.digest(), 1).body
    with pytest.raises(IntegrityError) as refused:
        hub.receive(write(KEYS[1], fed.digest(), 1, "site-01", "keys", body))
    assert said(refused) == "fed.key-twice"
    weak = write(
        KEYS[1], fed.digest(), 1, "site-01", "keys", {"share_key": "00" * 32, "mask_key": "01" + "00" * 31}
    )
    keys = [first, weak, *(sites[each.to].receive(each.parcel)[0] for each in out[2:])]
    with pytest.raises(IntegrityError) as refused:
        sites["site-00"].receive(by_hub(fed, "roster", {"keys": [to_base64(k.head) for k in keys]}))
    assert said(refused) == "fed.weak-key"


def test_a_site_that_was_given_up_is_heard_again_in_the_next_round_only():
    fed = federation(5, 3)
    hub, sites, updates, out = until("shares", fed)
    answers = {each.to: sites[each.to].receive(each.parcel)[0] for each in out}
    hub.gone("site-00")
    with pytest.raises(InvalidInput) as refused:
        hub.receive(answers["site-00"])
    assert said(refused) == "fed.late"
    for name in list(answers)[1:-1]:
        assert hub.receive(answers[name]) == []
    out = hub.expire()  # the time is over: the last one is out too
    assert [each.to for each in out] == list(answers)[1:-1]
    finish(hub, sites, updates, out)
    np.testing.assert_array_equal(hub.total, plain_sum(updates, list(answers)[1:-1]))


def test_after_an_abort_a_site_opens_nothing_more():
    fed = federation(5)
    hub, sites, _, out = until("unmask", fed)
    for each in hub.abort("stopped-by-hand"):
        sites[each.to].receive(each.parcel)
    with pytest.raises(InvalidInput) as refused:
        sites[out[0].to].receive(out[0].parcel)
    assert said(refused) == "fed.round-over"
    with pytest.raises(InvalidInput):
        hub.receive(ANSWERS["unmask"])


def test_a_stranger_opens_neither_machine():
    fed = federation(5)
    with pytest.raises(AccessDenied):
        Site(fed, 1, KEYS[9], bytes(32))
    with pytest.raises(AccessDenied):
        Hub(fed, 1, KEYS[0])


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"n": 10, "threshold": 6, "colluders": 2}, "fed.threshold"),
        ({"n": 10, "threshold": 5, "colluders": 0}, "fed.threshold"),
        ({"n": 2, "threshold": 2}, "fed.too-few-honest"),
        ({"n": 4, "threshold": 4, "colluders": 2}, "fed.too-few-honest"),
        ({"n": 2, "threshold": 2, "noise": SiteNoise(sigma=100.0, honest=2)}, "fed.too-few-honest"),
        ({"n": 5, "threshold": 4, "colluders": 1, "noise": SiteNoise(sigma=100.0, honest=4)}, "fed.noise-honest"),
        ({"n": 5, "grid": Grid(clip=1.0, levels=1 << 26), "weights": [7] * 5}, "fed.modulus"),
        ({"n": 5, "weights": [1 << 19] * 5}, "fed.modulus"),
        ({"n": 5, "noise": SiteNoise(sigma=2.0**28, honest=1)}, "fed.modulus"),
        ({"n": 5, "length": 0}, "dp.not-whole"),
        ({"n": 5, "length": 1 << 28}, "dp.not-whole"),
    ],
)  # fmt: skip
def test_settings_in_which_somebody_could_be_seen_alone_are_refused(more, code):
    with pytest.raises(InvalidInput) as refused:
        federation(**more)
    assert said(refused) == code


def test_names_and_keys_that_could_be_mistaken_are_refused():
    fed = federation(5)
    for name in ("", "two words", "a+b", HUB, 7):
        with pytest.raises(InvalidInput) as refused:
            Member(name=name, key=KEYS[0].public)
        assert said(refused) == "fed.site-name"
    with pytest.raises(InvalidInput) as refused:
        dataclasses.replace(fed, name="")
    assert said(refused) == "fed.site-name"
    first, second, *rest = fed.members
    for twin in (dataclasses.replace(second, name=first.name), dataclasses.replace(second, key=first.key),
                 dataclasses.replace(second, key=fed.hub)):  # fmt: skip
        with pytest.raises(InvalidInput) as refused:
            dataclasses.replace(fed, members=(first, twin, *rest))
        assert said(refused) == "fed.site-twice"


def test_two_sites_may_sum_when_each_one_s_own_noise_suffices():
    fed = federation(2, 2, noise=SiteNoise(sigma=100.0, honest=1))
    hub, sites = machines(fed)
    updates = updates_of(fed)
    play(hub, sites, updates)
    np.testing.assert_array_equal(hub.total, plain_sum(updates, sites))


def test_the_secrets_of_a_round_show_nothing_and_are_not_pickled():
    secrets = RoundSecrets(os.urandom(32), b"context", "site-00")
    assert repr(secrets) == "RoundSecrets(name='site-00')"
    with pytest.raises(TypeError):
        secrets.__reduce__()


def test_no_message_shows_its_bytes_in_a_repr():
    parcel = ANSWERS["input"]
    assert repr(parcel) == "Parcel()"
    assert answer_kind(parcel) == "input"
    with pytest.raises(dataclasses.FrozenInstanceError):
        parcel.head = b""


def test_a_roster_with_one_key_twice_is_refused_by_the_site_too():
    fed = federation(5)
    _, sites, _, out = until("keys", fed)
    answers = [sites[each.to].receive(each.parcel)[0] for each in out]
    body = read(answers[1], fed, fed.digest(), 1).body
    answers[2] = write(KEYS[2], fed.digest(), 1, "site-02", "keys", body)
    with pytest.raises(IntegrityError) as refused:
        sites["site-00"].receive(by_hub(fed, "roster", {"keys": [to_base64(a.head) for a in answers]}))
    assert said(refused) == "fed.key-twice"


def test_sites_that_go_after_their_update_end_the_round_before_anything_more_is_asked():
    fed = federation(10, 7, 2)
    hub, sites, updates, out = until("input", fed)
    answers = {each.to: heard(sites[each.to], each.parcel, updates)[0] for each in out}
    *first, last = answers
    for name in first:
        assert hub.receive(answers[name]) == []
    for name in first[:4]:
        hub.gone(name)
    assert hub.stage == "input"
    told = hub.receive(answers[last])
    assert (hub.stage, hub.reason) == ("aborted", "too-few-sites")
    assert {answer_kind(each.parcel) for each in told} == {"abort"}


def test_a_sealed_share_opens_for_its_holder_its_dealer_and_its_roster_only():
    one, two = (RoundSecrets(os.urandom(32), b"context", name) for name in ("one", "two"))
    of_one, of_two = (each.share_key.public_key().public_bytes_raw() for each in (one, two))
    shares = (b"m" * 33, b"s" * 33)
    sealed = one.seal("two", of_two, shares, "roster")
    assert two.open("one", of_one, sealed, "roster") == shares
    back = two.seal("one", of_one, shares, "roster")
    for dealer, found, roster in (
        ("one", sealed, "other"),
        ("three", sealed, "roster"),
        ("one", back, "roster"),
    ):
        with pytest.raises(IntegrityError) as refused:
            two.open(dealer, of_one, found, roster)
        assert said(refused) == "fed.share"
    longer = one.seal("two", of_two, (b"m" * 33, b"s" * 34), "roster")
    with pytest.raises(IntegrityError) as refused:
        two.open("one", of_one, longer, "roster")
    assert said(refused) == "fed.share"


def test_shares_from_which_no_key_comes_name_their_dealer_and_a_short_seed_opens_no_round():
    with pytest.raises(IntegrityError) as refused:
        opened("site-03", {1: b"\xff" * 33, 2: bytes(33)})
    assert (said(refused), refused.value.public) == ("fed.dealer", {"site": "site-03"})
    with pytest.raises(ValueError, match="32 bytes"):
        Site(federation(5), 1, KEYS[0], bytes(31))
