"""A round by files: whatever order, doubles, half copies and foreign files a carrier brings, the sum is the plain one."""

import os
import shutil
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from fed_rounds import HUB_KEY, KEYS, STAGES, federation, heard, machines, plain_sum, updates_of
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.errors import ConfideError, InvalidInput
from confide.federated.durable import DurableHub, DurableSite
from confide.federated.filedrop import DropLine, DropLines, Inbox, put
from confide.federated.journal import Journal
from confide.federated.messages import Parcel
from confide.federated.play import Rounds, play_site


class Carrier:
    """Carries files between the hub's folder and those of the sites, in any order, some twice, some half at first."""

    def __init__(self, root: Path, sites: int) -> None:
        self.hub, self.sites = root / "hub", [root / f"site-{at}" for at in range(sites)]
        self.old: list[tuple[Path, bytes]] = []

    def waiting(self) -> list[tuple[Path, Path]]:
        pairs = []
        for at, site in enumerate(self.sites, 1):
            pairs.append((self.hub / f"to-site-{at:02}", site / f"to-site-{at:02}"))
            pairs.append((site / "to-hub", self.hub / "to-hub"))
        return [
            (file, there / file.name)
            for here, there in pairs
            if here.exists()
            for file in sorted(here.iterdir())
            if not file.name.startswith(".")
        ]

    def carry(self, number: int, *, half: bool) -> None:
        moves = self.waiting()
        if not moves:
            return
        source, target = moves[number % len(moves)]
        content = source.read_bytes()
        self.old.append((target, content))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content[: len(content) // 2] if half else content)
        if not half:
            source.unlink()

    def again(self, number: int) -> None:
        """Bring something that was brought before, unless it lies there."""
        if self.old:
            target, content = self.old[number % len(self.old)]
            target.write_bytes(content)


@settings(max_examples=12, deadline=None)
@given(
    deeds=st.lists(
        st.tuples(st.sampled_from(["carry", "half", "again", "junk"]), st.integers(0, 99)), max_size=60
    )
)
def test_a_round_by_files_opens_the_plain_sum_in_whatever_order_and_however_often_they_come(deeds):
    fed = federation(3, 3)
    hub, sites = machines(fed)
    updates, names = updates_of(fed), [m.name for m in fed.members]
    with tempfile.TemporaryDirectory() as folder:
        carrier = Carrier(Path(folder), 3)
        lines = DropLines(carrier.hub, names, pause=0.0)
        line = {
            name: DropLine(at, names, name, patience=0.0, pause=0.0)
            for name, at in zip(names, carrier.sites, strict=True)
        }
        assert [one.what for one in lines.hear(0)] == ["came"] * 3
        for out in hub.begin():
            lines.say(out.to, out.parcel)
        for turn in range(400):
            deed, number = deeds[turn] if turn < len(deeds) else ("carry", turn)
            if deed == "junk":
                (carrier.hub / "to-hub" / f"note {number}.txt").write_text("hello")
            elif deed == "again":
                carrier.again(number)
            else:
                carrier.carry(number, half=deed == "half")
            _hub_step(hub, lines)
            for name, site in sites.items():
                _site_step(site, line[name], updates)
            if hub.stage not in STAGES and not carrier.waiting():
                break
        for name, site in sites.items():
            _site_step(site, line[name], updates)
        assert hub.stage == "done"
        np.testing.assert_array_equal(hub.total, plain_sum(updates, names))
        assert all(site.closed == "commit" for site in sites.values())
        junk = {f"note {number}.txt" for deed, number in deeds if deed == "junk"}
        lines.hear(0)
        assert {name for name in lines.inbox.foreign if name.endswith("txt")} == junk


def _hub_step(hub, lines) -> None:
    for one in lines.hear(0):
        try:
            out = hub.receive(one.parcel)
        except ConfideError:
            continue  # a replay that comes too late
        for each in out:
            lines.say(each.to, each.parcel)


def _site_step(site, line, updates) -> None:
    while (parcel := line.take()) is not None:
        try:
            for answer in heard(site, parcel, updates):
                line.say(answer)
        except InvalidInput as refused:
            assert refused.code in ("fed.order", "fed.round-over")  # noqa: PT017


def test_the_loops_play_two_rounds_over_a_shared_folder(tmp_path):
    fed = federation(3, 3)
    names, drop = [m.name for m in fed.members], tmp_path / "drop"

    def one_site(at):
        durable = DurableSite(Journal(tmp_path / names[at]), fed, KEYS[at])
        play_site(
            lambda: DropLine(drop, names, names[at], patience=1.0, pause=0.01),
            durable,
            lambda _task, number, give: give(updates_of(fed, number)[names[at]].astype(np.int32)),
            rounds=2,
        )

    threads = [threading.Thread(target=one_site, args=(at,), daemon=True) for at in range(3)]
    for thread in threads:
        thread.start()
    play, journal = Rounds(DropLines(drop, names, pause=0.01), patience=30.0), Journal(tmp_path / "hub")
    for number in (1, 2):
        durable = DurableHub(journal, fed, number, HUB_KEY, task=b"model")
        play.play(durable)
        np.testing.assert_array_equal(durable.hub.total, plain_sum(updates_of(fed, number), names))
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture
def parcel():
    hub, _ = machines(federation(3, 3))
    return hub.begin()[0].parcel


def test_a_message_is_removed_only_when_the_next_is_asked_for(tmp_path, parcel):
    put(tmp_path, 0, parcel)
    (file,) = tmp_path.iterdir()
    assert Inbox(tmp_path, range(1)).take()[1].head == parcel.head  # killed before its answer is out
    again = Inbox(tmp_path, range(1))
    assert bytes(again.take()[1].payload) == bytes(parcel.payload)
    assert file.exists()
    assert again.take() is None
    assert not file.exists()


def test_nothing_is_overwritten_and_what_is_written_half_has_another_name(tmp_path, parcel, monkeypatch):
    put(tmp_path, 0, parcel)
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"somebody else's")
    put(tmp_path, 0, parcel)
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [b"somebody else's"]
    file.unlink()
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        put(tmp_path, 0, parcel)
    assert not list(tmp_path.iterdir())


def test_what_is_damaged_linked_too_large_or_of_another_sender_is_left_and_named(tmp_path, parcel):
    put(tmp_path, 0, parcel)
    (file,) = tmp_path.iterdir()
    good, name = file.read_bytes(), file.name
    inbox = Inbox(tmp_path, range(1))
    for bad in (good[:-1], good + b"x", good[:20] + b"\xff" + good[21:], b"", b"\xff" * 12):
        file.write_bytes(bad)
        assert inbox.take() is None
        assert inbox.foreign == {name}
        assert file.read_bytes() == bad
    file.write_bytes(b"")
    os.truncate(file, 1 << 31)  # a hole, larger than any message
    assert inbox.take() is None
    shutil.move(file, tmp_path / "aside")
    (tmp_path / "aside").write_bytes(good)
    file.symlink_to(tmp_path / "aside")
    assert inbox.take() is None
    file.unlink()
    put(tmp_path, 7, parcel)
    assert inbox.take() is None
    assert sum(one.endswith("confide") for one in inbox.foreign) == 1
    put(tmp_path, 0, parcel)
    assert inbox.take()[1] == Parcel(parcel.head, parcel.payload)


def test_an_empty_share_is_looked_into_once_a_pause(tmp_path, parcel):
    inbox = Inbox(tmp_path, range(1), pause=0.2)
    assert inbox.take() is None
    put(tmp_path, 0, parcel)
    assert inbox.take() is None
    time.sleep(0.25)
    assert inbox.take() is not None


def test_a_stranger_has_no_line(tmp_path):
    with pytest.raises(InvalidInput):
        DropLine(tmp_path, ["one", "two"], "three")
