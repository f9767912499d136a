"""A ledger for tests of training, and what was written in it."""

from confide.ledger.entries import Entry
from confide.ledger.ledger import Ledger, now
from confide.ledger.sqlite import Sqlite
from confide.ledger.store import Store


def ledger(epsilon: float = 10.0, delta: float = 1e-6) -> Ledger:
    opened = Ledger(Store(Sqlite(None), now))
    opened.open_account("inpatients", epsilon=epsilon, delta=delta, patients=100)
    opened.grant("training", "inpatients", epsilon=epsilon, delta=delta, purpose="a test")
    return opened


def entries(books: Ledger, kind: str) -> list[Entry]:
    return [e for e in (books.store.at(i) for i in range(books.store.head()[0])) if e.body["kind"] == kind]
