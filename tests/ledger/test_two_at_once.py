"""Two processes at the ledger at the same time: one beginning, and no checkpoint that goes back."""

import threading

from confide.ledger import files as places
from confide.ledger.home import CHECKPOINT, LEDGER, open_ledger, write_checkpoint
from confide.ledger.ledger import Ledger, now
from confide.ledger.log_key import take_key
from confide.ledger.sqlite import Sqlite
from confide.ledger.store import Store


def test_two_who_make_the_ledger_at_once_make_one(tmp_path):
    with Store(Sqlite(tmp_path / LEDGER), now) as slow, Store(Sqlite(tmp_path / LEDGER), now) as quick:
        looked, ids = slow.last, []

        def look_and_be_overtaken(**where):
            found = looked(**where)
            if not ids:
                ids.append(Ledger(quick).id)
            return found

        slow.last = look_and_be_overtaken
        assert Ledger(slow).id == ids[0]
        assert len(slow.all(kind="genesis")) == 1


def test_a_slow_writer_never_puts_back_an_older_checkpoint(tmp_path, monkeypatch):
    sync, reached, go = places.os.fsync, threading.Event(), threading.Event()
    with open_ledger(tmp_path):
        pass

    def wait_once(handle):
        monkeypatch.setattr(places.os, "fsync", sync)
        reached.set()
        go.wait(10)
        sync(handle)

    def write_slowly():
        with open_ledger(tmp_path) as ledger:
            monkeypatch.setattr(places.os, "fsync", wait_once)
            write_checkpoint(ledger, tmp_path / CHECKPOINT)

    def write_more():
        with Ledger(Store(Sqlite(tmp_path / LEDGER), now)) as ledger:
            take_key(ledger, tmp_path)
            ledger.open_account("inpatients", epsilon=1.0, delta=1e-9, patients=100)
            monkeypatch.setattr(places.os, "getpid", lambda: -1)  # a process of its own
            write_checkpoint(ledger, tmp_path / CHECKPOINT)

    slow, quick = threading.Thread(target=write_slowly), threading.Thread(target=write_more)
    slow.start()
    assert reached.wait(10)
    quick.start()
    quick.join(1)  # done by now, unless it waits for its turn
    go.set()
    slow.join(10)
    quick.join(10)
    with open_ledger(tmp_path) as ledger:
        assert int((tmp_path / CHECKPOINT).read_text().split()[1]) == ledger.store.head()[0]
