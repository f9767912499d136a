"""What storage does to a charge on both dialects: full, locked, overtaken, set back, put back; refused, nothing lost.

The server that dies in mid-commit is in `test_postgres.py`, every failing write of SQLite in `tests/system/test_failing_io.py`.
"""

from contextlib import contextmanager

import pytest
from test_charge import Count
from test_home import fill

from confide.errors import IntegrityError, InvalidInput
from confide.ledger.home import open_ledger
from confide.ledger.verify import verify_ledger

WHOSE = {"study": "study", "account": "inpatients"}


@pytest.fixture
def url(place, kind):
    return place if kind == "postgres" else None


@pytest.fixture
def home(url, tmp_path):
    fill(tmp_path, url=url)  # where `database` looks for SQLite's file, too
    return tmp_path


@pytest.fixture
def ledger(home, url):
    with open_ledger(home, url=url) as ledger:
        yield ledger


@contextmanager
def full(ledger, kind, *, at_commit=False):
    """Let the database say that its disk is full: SQLite by a limit of its pages, PostgreSQL by a trigger.

    `at_commit` is when the server finds out: at the first statement or when all is to be made durable.
    """
    execute = ledger.store.database.execute
    if kind == "sqlite":
        ((pages,),) = execute("PRAGMA page_count")
        execute(f"PRAGMA max_page_count = {pages}")
        yield
        execute("PRAGMA max_page_count = 1000000")
        return
    execute(
        "CREATE OR REPLACE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'Zebulon' USING ERRCODE = '53100'; END $$"
    )
    deferred = "DEFERRABLE INITIALLY DEFERRED" if at_commit else ""
    execute(
        f"CREATE CONSTRAINT TRIGGER disk_full AFTER INSERT ON entries {deferred} "
        "FOR EACH ROW EXECUTE FUNCTION disk_full()"
    )
    yield
    execute("DROP TRIGGER disk_full ON entries")


def large(name):
    """A plan whose entry takes a page of its own and more."""
    return Count(name=name * 9_000)


@pytest.mark.parametrize("at_commit", [False, True])
def test_a_full_disk_refuses_the_charge_and_nothing_is_spent(ledger, kind, at_commit):
    before, spent = ledger.store.all(), ledger.balance("inpatients").epsilon_spent
    with full(ledger, kind, at_commit=at_commit):
        for _ in range(2):
            with pytest.raises(InvalidInput, match="cannot be written, so nothing can be charged") as refused:
                ledger.run(large("b"), [], **WHOSE)
            assert "Zebulon" not in str(refused.value)
    assert ledger.store.all() == before
    assert ledger.balance("inpatients").epsilon_spent == spent
    ledger.run(large("b"), [], **WHOSE)
    verify_ledger(ledger)


@pytest.mark.parametrize("at_commit", [False, True])
def test_a_full_disk_refuses_the_release_and_its_charge_stays_spent(ledger, kind, at_commit):
    plan, release = large("b"), {"count": 1, "note": "x" * 50_000}
    with ledger.charge(plan, **WHOSE) as charge:
        with full(ledger, kind, at_commit=at_commit), pytest.raises(InvalidInput, match="cannot be written"):
            charge.commit(release)
        assert charge.release is None
        assert ledger.released(plan, **WHOSE) is None
    balance = ledger.balance("inpatients")
    assert (balance.charges, balance.abandoned, balance.epsilon_spent) == (2, 1, 2.0)
    verify_ledger(ledger)


def test_a_database_that_is_locked_refuses_the_release_until_it_is_free(ledger, database):
    with ledger.charge(Count(name="b"), **WHOSE) as charge:
        impatient(ledger)
        with database().transaction(), pytest.raises(InvalidInput, match="is in use by another process"):
            charge.commit({"count": 1})
        assert ledger.released(Count(name="b"), **WHOSE) is None
        assert charge.commit({"count": 1}) == {"count": 1}
    with database().transaction(), pytest.raises(InvalidInput, match="is in use by another process"):
        ledger.run(Count(name="c"), [], **WHOSE)
    balance = ledger.balance("inpatients")
    assert (balance.charges, balance.abandoned) == (2, 0)
    verify_ledger(ledger)


def impatient(ledger):
    """Wait for the pen a tenth of a second instead of a minute."""
    if ledger.store.database.words["BLOB"] == "BLOB":
        ledger.store.database.execute("PRAGMA busy_timeout = 100")
    else:
        ledger.store.database.execute("SELECT set_config('lock_timeout', '100', false)")


def test_of_two_who_run_one_plan_at_once_one_release_is_shown_and_the_other_is_refused(ledger, home, url):
    plan = Count(name="b")
    with open_ledger(home, url=url) as other:
        with ledger.charge(plan, **WHOSE) as slow:
            with other.charge(plan, **WHOSE) as quick:
                quick.commit({"count": 1})
            with pytest.raises(IntegrityError, match="was committed or abandoned before"):
                slow.commit({"count": 2})
            assert slow.release is None
        for each in (ledger, other):
            assert each.released(plan, **WHOSE) == {"count": 1}
        with pytest.raises(InvalidInput, match="was released already"), ledger.charge(plan, **WHOSE):
            pass
    balance = ledger.balance("inpatients")
    assert (balance.charges, balance.abandoned, balance.epsilon_spent) == (3, 1, 3.0)
    verify_ledger(ledger)


def test_a_charge_is_committed_once(ledger):
    with ledger.charge(Count(name="b"), **WHOSE) as charge:
        charge.commit({"count": 1})
        with pytest.raises(IntegrityError, match="was committed or abandoned before"):
            charge.commit({"count": 2})
    assert ledger.released(Count(name="b"), **WHOSE) == {"count": 1}


def test_a_clock_that_was_set_back_charges_nothing_and_shows_what_was_released(ledger):
    size, here = ledger.store.head()[0], ledger.store._clock
    release = ledger.released(Count(name="a"), **WHOSE)
    ledger.store._clock = lambda: "2020-01-01T00:00:00Z"
    with pytest.raises(InvalidInput, match="the clock of this machine says 2020-01-01T00:00:00Z"):
        ledger.run(Count(name="b"), [], **WHOSE)
    assert ledger.run(Count(name="a"), [], **WHOSE) == (release, True)
    assert ledger.store.head()[0] == size
    ledger.store._clock = here
    ledger.run(Count(name="b"), [], **WHOSE)
    verify_ledger(ledger)


def test_a_ledger_that_was_put_back_to_an_earlier_state_shows_and_charges_nothing(home, url, database):
    with open_ledger(home, url=url) as ledger:
        size = ledger.store.head()[0]
    fill(home, "b", url=url)
    older = database()
    for statement in ("DELETE FROM releases WHERE sequence >= ?", "DELETE FROM entries WHERE sequence >= ?",
                      "DELETE FROM nodes WHERE (idx + 1) * (1 << CAST(level AS INTEGER)) > ?"):  # fmt: skip
        older.execute(statement, (size,))
    with pytest.raises(IntegrityError, match="is older than its checkpoint"):
        open_ledger(home, url=url)
    assert older.execute("SELECT count(*) FROM entries") == [(size,)]


def test_a_snapshot_sees_one_moment_and_inside_a_transaction_its_own_writes(ledger, home, url):
    with ledger.store.database.snapshot():
        size = ledger.store.head()[0]
        fill(home, "b", url=url)
        assert ledger.store.head()[0] == size
    assert ledger.store.head()[0] == size + 2
    with ledger.store.write() as writer, ledger.store.database.snapshot():
        writer.append({"kind": "not-private"})
        assert ledger.store.head()[0] == size + 3
    assert ledger.store.head()[0] == size + 3
