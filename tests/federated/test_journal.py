"""A journal outlives its process: the same bytes again, one update a round, seeds gone when a round is over."""

import numpy as np
import pytest
from fed_rounds import HUB_KEY, KEYS, STAGES, federation, plain_sum, updates_of

from confide.errors import IntegrityError, InvalidInput
from confide.federated.durable import DurableHub, DurableSite
from confide.federated.journal import Event, Journal
from confide.federated.messages import Parcel


def everyone(folder, fed, number=1):
    hub = DurableHub(Journal(folder / "hub"), fed, number, HUB_KEY, task=b"model", charge={"price": "1"})
    return hub, {m.name: site_of(folder, fed, at) for at, m in enumerate(fed.members)}


def site_of(folder, fed, at):
    return DurableSite(Journal(folder / f"{at}"), fed, KEYS[at])


def answers(site, parcel, updates):
    found = site.receive(parcel)
    if site.site.wants_update:
        found.append(site.give(updates[site.site.name].astype(np.int32), charge={"epsilon": "1"}))
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_a_round_in_which_hub_and_sites_start_anew_after_every_step_opens_the_same_sum(tmp_path, stage):
    fed = federation(4)
    updates = updates_of(fed)
    hub, sites = everyone(tmp_path, fed)
    first: dict[tuple[str, bytes], list[bytes]] = {}
    while hub.hub.stage in STAGES:
        for each in hub.hub.resend():
            at = list(sites).index(each.to)
            sites[each.to].journal.close()
            sites[each.to] = site_of(tmp_path, fed, at)  # a site that was killed
            said = answers(sites[each.to], each.parcel, updates)
            heads = [answer.head + bytes(answer.payload) for answer in said]
            assert first.setdefault((each.to, each.parcel.head), heads) == heads
            if hub.hub.stage == stage:  # the answer was lost, and asked for again
                again = answers(sites[each.to], each.parcel, updates)
                assert [answer.head + bytes(answer.payload) for answer in again] == heads
            for answer in said:
                out = hub.receive(answer)
            hub.journal.close()
            if hub.hub.stage in STAGES:
                hub = DurableHub(Journal(tmp_path / "hub"), fed, 1, HUB_KEY)
            elif hub.hub.stage == "done":
                for last in out:
                    sites[last.to].receive(last.parcel)
    journal = Journal(tmp_path / "hub")
    assert journal.state(1) == "commit"
    np.testing.assert_array_equal(np.frombuffer(journal.result(1), "<i4"), plain_sum(updates, sites))
    assert [site.journal.state(1) for site in sites.values()] == ["commit"] * 4


def test_what_a_round_cost_is_kept_with_its_update_and_with_its_end(tmp_path):
    fed = federation(4)
    hub, sites = everyone(tmp_path, fed)
    out = hub.hub.resend()
    while out:
        said = [a for each in out for a in answers(sites[each.to], each.parcel, updates_of(fed))]
        out = [more for answer in said for more in hub.receive(answer)]
    assert [e.charge for e in hub.journal.events(1)][-1] == {"price": "1"}
    kept = [(e.kind, e.charge) for e in sites["site-00"].journal.events(1) if e.charge is not None]
    assert kept == [("gave", {"epsilon": "1"})]


def test_a_round_that_is_over_is_never_opened_again_and_its_seed_is_gone(tmp_path):
    journal = Journal(tmp_path / "journal")
    seed = b"S" * 32
    assert journal.open_round(3, "f", seed) == seed
    assert journal.open_round(3, "f", b"T" * 32) == seed  # a new start draws no second seed
    journal.record(3, Event("gave", "s", Parcel(b"h", b"UPDATE" * 100)))
    journal.record(3, Event("message", "hub", Parcel(b"c")), over="commit")
    for number in (1, 3):
        with pytest.raises(InvalidInput) as refused:
            journal.open_round(number, "f", seed)
        assert refused.value.code == "fed.round-over"
    with pytest.raises(InvalidInput):
        journal.record(3, Event("gone", "s"))
    journal.open_round(4, "f", seed)
    with pytest.raises(IntegrityError) as refused:
        journal.open_round(4, "g", seed)
    assert refused.value.code == "fed.round-of-another"
    journal.open_round(5, "f", b"V" * 32)  # the hub went on without us
    assert journal.state(4) == "left-behind"
    journal.close()
    assert seed not in (tmp_path / "journal").read_bytes()
    assert not list((tmp_path / "journal.updates").iterdir())


def test_a_site_gives_no_second_update_after_a_new_start(tmp_path):
    fed = federation(4)
    updates = updates_of(fed)
    hub, sites = everyone(tmp_path, fed)
    out = hub.hub.resend()
    while hub.hub.stage != "agreed":
        said = [a for each in out for a in answers(sites[each.to], each.parcel, updates)]
        out = [more for answer in said for more in hub.receive(answer)]
    sites["site-00"].journal.close()
    again = site_of(tmp_path, fed, 0)
    assert not again.site.wants_update
    with pytest.raises(InvalidInput) as refused:
        again.give(updates["site-00"].astype(np.int32) + 1)
    assert refused.value.code == "fed.not-now"


def test_a_message_that_is_refused_is_not_kept(tmp_path):
    fed = federation(4)
    hub, sites = everyone(tmp_path, fed)
    first = hub.hub.resend()[0]
    answer = sites[first.to].receive(first.parcel)[0]
    hub.receive(answer)
    before = hub.journal.heads(1)
    assert hub.receive(answer) == []
    with pytest.raises(IntegrityError):
        hub.receive(Parcel(answer.head[:-1] + b"x"))
    assert hub.journal.heads(1) == before


@pytest.mark.parametrize("left", [None, 100])
def test_a_journal_without_an_update_that_its_rows_speak_of_is_refused(tmp_path, left):
    journal = Journal(tmp_path / "journal")
    journal.open_round(1, "f", b"")
    journal.record(1, Event("gave", "s", Parcel(b"h", bytes(3 << 20))))
    assert bytes(next(journal.events(1)).parcel.payload) == bytes(3 << 20)
    (file,) = (tmp_path / "journal.updates").iterdir()
    if left is None:
        file.unlink()
    else:
        file.write_bytes(bytes(left))
    with pytest.raises(IntegrityError) as refused:
        list(journal.events(1))
    assert refused.value.code == "fed.journal"
    with pytest.raises(InvalidInput) as refused:
        journal.result(1)
    assert refused.value.code == "fed.no-result"


def test_updates_that_a_kill_left_behind_go_at_the_next_start_and_sums_stay(tmp_path):
    journal = Journal(tmp_path / "journal")
    journal.open_round(1, "f", b"")
    journal.record(1, Event("gave", "s", Parcel(b"h", b"UPDATE")))
    journal.record(1, Event("message", "hub", Parcel(b"c")), over="commit", result=b"SUM")
    journal.open_round(2, "f", b"")
    journal.record(2, Event("gave", "s", Parcel(b"h", b"OPEN")))
    folder = tmp_path / "journal.updates"
    (folder / "1-1").write_bytes(b"UPDATE")  # the kill came after the end of the round was durable
    journal.close()
    again = Journal(tmp_path / "journal")
    assert sorted(file.name for file in folder.iterdir()) == ["1-0", "2-1"]
    assert bytes(again.result(1)) == b"SUM"
    assert bytes(next(again.events(2)).parcel.payload) == b"OPEN"
