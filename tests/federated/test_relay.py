"""A relay between an engine and our own process: the round's sum is the plain one, and a hub that begins anew finds its sites."""

import socket
import threading

import numpy as np
from fed_rounds import HUB_KEY, KEYS, federation, plain_sum, updates_of

from confide.federated import relay
from confide.federated.durable import DurableHub, DurableSite
from confide.federated.journal import Journal
from confide.federated.local import LocalLines, connect_to
from confide.federated.play import Rounds, play_site


def thread(target, *arguments):
    threading.Thread(target=target, args=arguments, daemon=True).start()


def one_site(folder, fed, at, rounds):
    name = fed.members[at].name

    def update(_task, number, give):
        return give(updates_of(fed, number)[name].astype(np.int32))

    durable = DurableSite(Journal(folder / name / "journal"), fed, KEYS[at])
    play_site(lambda: relay.dial(folder / name, name), durable, update, rounds=rounds)


def test_rounds_pass_relays_on_both_sides_and_a_hub_that_begins_anew_finds_its_sites(tmp_path):
    fed = federation(4)
    names = [member.name for member in fed.members]
    engine = socket.socket(socket.AF_UNIX)
    engine.bind(str(tmp_path / "engine"))
    engine.listen(10)
    here = tmp_path / "hub"
    here.mkdir()
    lines = LocalLines(engine, set(names))  # stands where the engine's channel would
    ended = threading.Thread(target=relay.hub, args=(here, lines), daemon=True)
    ended.start()
    for at, name in enumerate(names):
        (tmp_path / name).mkdir()
        thread(relay.site, tmp_path / name, lambda name=name: connect_to(str(tmp_path / "engine"), name))
        thread(one_site, tmp_path, fed, at, 2)
    for number in (1, 2):  # each by a process of its own, as after a kill
        with relay.listening(here) as listener:
            own = LocalLines(listener, set(names))
            journal = Journal(tmp_path / "journal")
            rounds = Rounds(own, patience=30.0, grace=5.0)
            rounds.wait(names, least=4, seconds=30)
            durable = DurableHub(journal, fed, number, HUB_KEY, task=b"model")
            rounds.play(durable)
            np.testing.assert_array_equal(durable.hub.total, plain_sum(updates_of(fed, number), names))
            own.close()
            journal.close()
    (here / relay.OVER).touch()
    ended.join(10)
    assert not ended.is_alive()
    lines.close()
    engine.close()


def test_a_socket_in_a_folder_of_a_long_name_is_reached(tmp_path):
    folder = tmp_path / ("long" * 30)
    with relay.listening(folder) as listener:
        line = relay.dial(folder, "north")
        link, _ = listener.accept()
        link.close()
        assert line.take() is None
        assert (folder / relay.SOCKET).stat().st_mode & 0o077 == 0
        line.close()
