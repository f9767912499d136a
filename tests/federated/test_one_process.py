"""A journal serves one process: what a second one would say besides is refused before it leaves, at sites and at the hub."""

import ast
from pathlib import Path

import numpy as np
import pytest
from fed_rounds import HUB_KEY, KEYS, federation, updates_of

import confide.federated
from confide.errors import IntegrityError, InvalidInput
from confide.federated.durable import DurableHub, DurableSite
from confide.federated.hub import Hub
from confide.federated.journal import Journal
from confide.federated.play import Heard, Rounds


def site_of(folder, fed, at):
    return DurableSite(Journal(folder / f"{at}"), fed, KEYS[at])


def until(stage, folder, fed):
    """Play with journals up to where the hub waits for `stage`; return hub, sites and what waits for the sites."""
    hub = DurableHub(Journal(folder / "hub"), fed, 1, HUB_KEY)
    sites = {m.name: site_of(folder, fed, at) for at, m in enumerate(fed.members)}
    out = hub.hub.resend()
    while hub.hub.stage != stage:
        answers = [one for each in out for one in answered(sites[each.to], each.parcel, fed)]
        out = [more for answer in answers for more in hub.receive(answer)]
    return hub, sites, out


def answered(site, parcel, fed):
    found = site.receive(parcel)
    if site.site.wants_update:
        found.append(site.give(updates_of(fed)[site.site.name].astype(np.int32)))
    return found


def test_two_processes_of_one_site_never_give_two_updates_under_the_same_masks(tmp_path):
    fed = federation(4)
    _, sites, out = until("input", tmp_path, fed)
    first = sites["site-00"]
    first.receive(out[0].parcel)
    second = site_of(tmp_path, fed, 0)  # the same journal, the same seed, before anything was given
    assert second.site.wants_update
    first.give(np.zeros(7, np.int32))
    with pytest.raises(IntegrityError) as refused:
        second.give(np.ones(7, np.int32))
    assert refused.value.code == "fed.two-processes"
    with pytest.raises(InvalidInput):
        second.give(np.ones(7, np.int32))  # and it has nothing left to say in this round
    assert [e.kind for e in first.journal.events(1)].count("gave") == 1


def test_two_processes_of_one_site_never_sign_two_sets_of_survivors(tmp_path):
    fed = federation(4)
    _, sites, out = until("agreed", tmp_path, fed)
    second = site_of(tmp_path, fed, 0)
    sites["site-00"].receive(out[0].parcel)
    with pytest.raises(IntegrityError) as refused:
        second.receive(out[0].parcel)
    assert refused.value.code == "fed.two-processes"


def test_two_hubs_with_one_journal_end_with_one_that_goes_on(tmp_path):
    fed = federation(4)
    hub, sites, out = until("shares", tmp_path, fed)
    second = DurableHub(Journal(tmp_path / "hub"), fed, 1, HUB_KEY)
    answers = [sites[each.to].receive(each.parcel)[0] for each in out]
    hub.receive(answers[0])
    with pytest.raises(IntegrityError) as refused:
        second.receive(answers[1])
    assert refused.value.code == "fed.two-processes"
    assert (second.hub.stage, second.hub.reason) == ("aborted", "not-durable")
    for answer in answers[1:]:
        hub.receive(answer)
    assert hub.hub.stage == "input"
    assert Journal(tmp_path / "hub").state(1) == "open"


def test_two_hubs_with_one_key_split_the_sites_and_neither_opens_anything(tmp_path):
    """The same key in two places, each with a journal of its own: a site hears the first that it met."""
    fed = federation(4)
    names = [m.name for m in fed.members]
    hubs = [Hub(fed, 1, HUB_KEY, task) for task in (b"one", b"other")]
    begun = [{each.to: each.parcel for each in hub.begin()} for hub in hubs]
    sites = {name: site_of(tmp_path, fed, at) for at, name in enumerate(names)}
    for at, name in enumerate(names):
        first, second = at % 2, 1 - at % 2
        hubs[first].receive(sites[name].receive(begun[first][name])[0])
        with pytest.raises(IntegrityError) as refused:
            sites[name].receive(begun[second][name])
        assert refused.value.code == "fed.two-messages"
    for hub in hubs:
        hub.expire()
        assert (hub.stage, hub.reason) == ("aborted", "too-few-sites")


def test_a_site_whose_disk_is_full_gives_nothing_and_after_a_new_start_gives_once(tmp_path):
    fed = federation(4)
    _, sites, out = until("input", tmp_path, fed)
    site = sites["site-00"]
    site.receive(out[0].parcel)
    folder = tmp_path / "0.updates"
    folder.rename(tmp_path / "aside")  # nothing can be written there any more
    with pytest.raises(InvalidInput) as refused:
        site.give(np.ones(7, np.int32))
    assert refused.value.code == "ledger.unwritable"
    with pytest.raises(InvalidInput) as refused:
        site.receive(out[0].parcel)  # asked again, it does not say what is not durable
    assert refused.value.code == "fed.other-round"
    (tmp_path / "aside").rename(folder)
    again = site_of(tmp_path, fed, 0)
    assert again.site.wants_update
    again.give(np.ones(7, np.int32))


def test_clocks_do_not_matter_because_the_machines_have_none():
    """Only the loops that wait, and places of lines, know the time; nothing that is signed, kept or decided depends on it."""
    folder = Path(confide.federated.__file__).parent
    machines = [
        "settings",
        "messages",
        "site",
        "hub",
        "deal",
        "masks",
        "grid",
        "journal",
        "durable",
        "distributed_dp",
    ]
    for name in machines:
        tree = ast.parse((folder / f"{name}.py").read_text())
        imports = {
            alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        }
        imports |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not imports & {"time", "datetime", "sched", "calendar"}, name


def test_the_loop_of_a_hub_that_cannot_keep_what_it_hears_ends_with_the_reason(tmp_path):
    fed = federation(4)
    hub, sites, out = until("shares", tmp_path, fed)
    second = DurableHub(Journal(tmp_path / "hub"), fed, 1, HUB_KEY)
    answers = [sites[each.to].receive(each.parcel)[0] for each in out]
    hub.receive(answers[0])

    class OneMessage:
        def hear(self, seconds):
            return [Heard("said", "site-01", answers[1])]

        def say(self, site, parcel):
            return None

    with pytest.raises(IntegrityError) as refused:
        Rounds(OneMessage()).play(second)
    assert refused.value.code == "fed.two-processes"
