"""The same machines over sockets: a dead site is noticed, a hub hears nonsense and goes on, memory is a few updates."""

import multiprocessing
import os
import signal
import socket
import threading
import time

import numpy as np
from fed_rounds import HUB_KEY, KEYS, federation, plain_sum, updates_of

from confide.federated.durable import DurableHub, DurableSite
from confide.federated.journal import Journal
from confide.federated.local import LocalLines, connect_to, send
from confide.federated.messages import Parcel
from confide.federated.play import Rounds, play_site

FORK = multiprocessing.get_context("fork")


def link_to(path):
    link = socket.socket(socket.AF_UNIX)
    try:
        link.connect(str(path))
    except OSError:
        link.close()
        raise
    return link


def one_site(folder, fed, at, rounds, pause=0.0):
    name = fed.members[at].name

    def update(_task, number, give):
        time.sleep(pause)
        return give(updates_of(fed, number)[name].astype(np.int32))

    durable = DurableSite(Journal(folder / name), fed, KEYS[at])
    play_site(lambda: connect_to(str(folder / "socket"), name), durable, update, rounds=rounds)


def play(folder, fed, rounds=1, pauses=None, kill=(), patience=30.0, grace=0.2):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "socket"))
    listener.listen(10)
    pauses = pauses or {}
    processes = [
        FORK.Process(target=one_site, args=(folder, fed, at, rounds, pauses.get(at, 0.0)), daemon=True)
        for at in range(len(fed.members))
    ]
    for process in processes:
        process.start()
    lines, hubs = LocalLines(listener, {m.name for m in fed.members}, patience=patience), []
    local = Rounds(lines, patience=patience, grace=grace)
    killers = [threading.Timer(after, os.kill, (processes[at].pid, signal.SIGKILL)) for at, after in kill]
    for killer in killers:
        killer.start()
    journal = Journal(folder / "hub")
    for number in range(1, rounds + 1):
        durable = DurableHub(journal, fed, number, HUB_KEY, task=b"model")
        local.play(durable)
        hubs.append(durable.hub)
    for process in processes:
        process.join(0.01 if pauses or hubs[-1].stage == "aborted" else 5)
        process.kill()
    lines.close()
    listener.close()
    return hubs


def test_rounds_over_local_processes_open_the_plain_sum(tmp_path):
    fed = federation(4)
    for number, hub in enumerate(play(tmp_path, fed, rounds=3), 1):
        np.testing.assert_array_equal(hub.total, plain_sum(updates_of(fed, number), hub.survivors))
        assert len(hub.survivors) == 4


def test_a_site_killed_while_it_trains_is_noticed_within_five_seconds_and_left_out(tmp_path):
    fed = federation(4, 3)
    began = time.monotonic()
    (hub,) = play(tmp_path, fed, pauses={2: 60.0}, kill=[(2, 1.0)])
    assert time.monotonic() - began < 6 + 5  # its second, five to notice, and what a busy machine takes
    assert hub.survivors == ["site-00", "site-01", "site-03"]
    np.testing.assert_array_equal(hub.total, plain_sum(updates_of(fed, 1), hub.survivors))


def test_a_site_that_only_hangs_is_out_when_the_time_of_the_stage_is_over(tmp_path):
    fed = federation(4, 3)
    (hub,) = play(tmp_path, fed, pauses={1: 60.0}, patience=1.5)
    assert hub.survivors == ["site-00", "site-02", "site-03"]


def test_too_few_sites_end_the_round_with_nothing_opened(tmp_path):
    fed = federation(4, 3)
    (hub,) = play(tmp_path, fed, pauses={1: 60.0, 2: 60.0}, patience=1.5)
    assert (hub.stage, hub.reason) == ("aborted", "too-few-sites")
    assert Journal(tmp_path / "hub", looks=True).state(1) == "too-few-sites"


def test_nonsense_on_the_line_is_hung_up_on_and_the_round_goes_on(tmp_path):
    fed = federation(4, 3)

    def stranger():
        for hello in (b"nobody", b"site-03"):
            while True:
                try:
                    link = link_to(tmp_path / "socket")
                    break
                except OSError:
                    time.sleep(0.01)
            send(link, Parcel(hello))
            link.sendall(b"\xff" * 40)
            time.sleep(0.05)
            link.close()

    thread = threading.Timer(0.0, stranger)
    thread.start()
    (hub,) = play(tmp_path, fed, grace=5.0)
    thread.join()
    assert hub.stage == "done"
    np.testing.assert_array_equal(hub.total, plain_sum(updates_of(fed, 1), hub.survivors))
