"""Migrations: an older ledger becomes one of today in one step, and nothing that it said changes."""

import sqlite3
from contextlib import closing

import pytest
from old_schema import CONTENT, ID, SALT, bodies, write_old_ledger

from confide.crypto.merkle import root
from confide.errors import IntegrityError, InvalidInput
from confide.ledger import schema
from confide.ledger.home import open_ledger
from confide.ledger.ledger import now
from confide.ledger.sqlite import Sqlite
from confide.ledger.store import Store


def rows_of(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(
            "SELECT sequence, hash, kind, account, study, key, charge, body FROM entries ORDER BY sequence"
        ).fetchall()


def test_a_ledger_of_the_first_version_keeps_every_entry_release_and_sum(tmp_path):
    rows = write_old_ledger(tmp_path)
    with open_ledger(tmp_path) as ledger:
        assert ledger.id == ID
        assert [entry.body["kind"] for entry in ledger.store.all()][:7] == [body["kind"] for body in bodies()]
        assert ledger.store.release(4) == (SALT, CONTENT)
        balance = ledger.balance("inpatients", "研究")
        assert (balance.charges, balance.open, balance.abandoned) == (2, 0, 1)
        assert (balance.epsilon_spent, ledger.balance("inpatients").epsilon_spent) == (2.0, 2.0)
        ledger.store.check_columns()
    assert rows_of(tmp_path / "ledger.sqlite")[:7] == rows


def test_an_older_ledger_gets_a_salt_for_each_entry_one_tree_a_log_key_and_a_signed_checkpoint(tmp_path):
    write_old_ledger(tmp_path, more=4_100)  # more than are read at a time
    with open_ledger(tmp_path) as ledger:
        size = ledger.store.head()[0]
        assert size == 4_108
        assert ledger.store.at(size - 1).body["kind"] == "log-key"
        assert len({salt for _, _, _, salt, _ in ledger.store.rows()}) == size
        ledger.store.check_columns()
        root = ledger.store.root(size)
    assert (tmp_path / "checkpoint").read_text().startswith(f"confide-ledger/{ID}\n{size}\n")
    with open_ledger(tmp_path) as ledger:  # and it stays so
        assert (ledger.store.head()[0], ledger.store.root(size)) == (size, root)


def test_a_migration_that_is_cut_off_leaves_the_older_ledger(tmp_path, monkeypatch):
    rows = write_old_ledger(tmp_path)

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(schema.Edge, "add", stop)
        with pytest.raises(KeyboardInterrupt):
            open_ledger(tmp_path)
    with closing(Sqlite(tmp_path / "ledger.sqlite")) as database:
        assert schema.version(database) == 1
    assert rows_of(tmp_path / "ledger.sqlite") == rows
    open_ledger(tmp_path).close()


@pytest.mark.parametrize(
    "damage",
    ["DELETE FROM entries WHERE sequence = 5", "UPDATE entries SET sequence = 9 WHERE sequence = 6"],
)
def test_an_older_ledger_with_a_gap_is_refused_and_stays_as_it_is(tmp_path, damage):
    write_old_ledger(tmp_path)
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as connection:
        connection.execute(damage)
        connection.commit()
    before = rows_of(tmp_path / "ledger.sqlite")
    with pytest.raises(IntegrityError, match="of the ledger is not what was written"):
        open_ledger(tmp_path)
    assert rows_of(tmp_path / "ledger.sqlite") == before


def test_a_later_ledger_is_refused_in_one_sentence(database):
    first = database()
    Store(first, now)
    first.execute("UPDATE schema SET version = 3")
    with pytest.raises(InvalidInput, match="was made by a later confide"):
        Store(database(), now)


@pytest.mark.parametrize(
    "damage", ["DELETE FROM schema", "INSERT INTO schema VALUES (2)", "UPDATE schema SET version = 0"]
)
def test_tables_that_do_not_say_their_version_are_no_ledger(database, damage):
    first = database()
    Store(first, now)
    first.execute(damage)
    with pytest.raises(IntegrityError, match="is not a ledger"):
        Store(database(), now)


def test_a_new_ledger_and_a_migrated_one_have_the_same_tables(tmp_path):
    (tmp_path / "old").mkdir()
    write_old_ledger(tmp_path / "old")
    tables = []
    for folder in ("old", "new"):
        open_ledger(tmp_path / folder).close()
        with closing(sqlite3.connect(tmp_path / folder / "ledger.sqlite")) as connection:
            tables.append(
                connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()
            )
    assert tables[0] == tables[1]


def test_two_who_open_a_fresh_database_at_once_make_one_set_of_tables(database, monkeypatch):
    late, looked = database(), []

    def look_and_be_overtaken(asked):
        found = schema_version(asked)
        if asked is late and not looked:
            looked.append(found)
            Store(database(), now)
        return found

    schema_version = schema.version
    monkeypatch.setattr(schema, "version", look_and_be_overtaken)
    Store(late, now)
    assert looked == [0]
    assert schema_version(late) == 2


def test_the_tree_of_one_leaf_after_the_other_has_the_root_of_the_whole():
    edge, nodes = schema.Edge(), {}

    for sequence in range(70):
        nodes |= {
            (level, index): digest for level, index, digest in edge.add(sequence, b"s" * 16, str(sequence))
        }
        assert edge.root() == root(sequence + 1, lambda *where: nodes[where])  # noqa: B023
    with pytest.raises(IntegrityError):
        edge.add(69, b"s" * 16, "again")
