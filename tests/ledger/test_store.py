"""Entries, chain, tree and members on both dialects: durable together or not there at all, one writer at a time."""

import hashlib
import json
import threading
from multiprocessing import get_context

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from confide.crypto.merkle import leaf_hash, verify_consistency, verify_inclusion
from confide.errors import AccessDenied, ConfideError, IntegrityError, InvalidInput
from confide.ledger.entries import canonical, is_canonical
from confide.ledger.postgres import Postgres
from confide.ledger.sqlite import Sqlite
from confide.ledger.store import Store

NOON = "2026-01-31T12:00:00Z"


@pytest.fixture
def store(database):
    return Store(database(), lambda: NOON)


def fill(store, number, **fields):
    with store.write() as writer:
        return [writer.append({"kind": "not-private", "what": str(n)} | fields) for n in range(number)]


def plain_root(leaves):
    """RFC 6962, 2.1, written down as it stands."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\1" + plain_root(leaves[:split]) + plain_root(leaves[split:])).digest()


def leaves(store):
    return [hashlib.sha256(b"\0" + salt + text.encode()).digest() for _, _, text, salt, _ in store.rows()]


def test_what_one_connection_commits_the_next_one_reads(store, database):
    entries = fill(store, 3, account="a", study="s", key="k", charge=2**40)
    other = Store(database(), lambda: NOON)
    assert other.all() == entries
    assert other.last(account="a", study="s", kind="not-private") == entries[-1]
    assert other.at(1) == entries[1]
    assert other.head() == (3, entries[2].hash)
    assert [other.hash_at(n) for n in (-1, 0, 3)] == ["0" * 64, entries[0].hash, None]
    assert (other.count(), other.count(account="a"), other.count(account="b")) == (3, 3, 0)
    assert other.last(kind="charge") is None
    other.check_columns()


def test_a_block_that_fails_leaves_nothing_behind(store):
    fill(store, 2)
    before = (store.head(), store.root(2))
    with pytest.raises(ZeroDivisionError), store.write() as writer:  # noqa: PT012
        entry = writer.append({"kind": "commit"})
        writer.keep_release(entry.sequence, b"s", b"c")
        writer.add_members("a", "c", [b"d"])
        raise ZeroDivisionError
    assert (store.head(), store.root(2)) == before
    assert store.members("a", "c") == set()
    with pytest.raises(IntegrityError, match="is missing"):
        store.release(2)
    store.check_columns()


def test_a_release_is_kept_with_its_entry(store):
    with store.write() as writer:
        writer.keep_release(writer.append({"kind": "commit"}).sequence, b"salt", b"content")
    assert store.release(0) == (b"salt", b"content")


def test_every_entry_has_a_salt_of_its_own_and_a_leaf_that_says_nothing_without_it(store):
    fill(store, 5)
    salts = {salt for _, _, _, salt, _ in store.rows()}
    assert len(salts) == 5
    assert {len(salt) for salt in salts} == {16}
    assert [store.salt(n) for n in range(5)] == [salt for _, _, _, salt, _ in store.rows()]


def test_the_root_of_every_size_is_that_of_rfc_6962(store):
    fill(store, 21)
    hashes = leaves(store)
    assert [store.root(size) for size in range(1, 22)] == [plain_root(hashes[:size]) for size in range(1, 22)]
    assert store.root(0) == hashlib.sha256().digest()


def test_every_inclusion_and_every_consistency_is_proved(store):
    fill(store, 13)
    hashes = leaves(store)
    for size in range(1, 14):
        for index in range(size):
            proof = store.inclusion(index, size)
            verify_inclusion(hashes[index], index, size, proof, store.root(size))
            verify_consistency(
                index, store.root(index), size, store.root(size), store.consistency(index, size)
            )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kinds=st.lists(st.sampled_from(["charge", "commit", "abandon"]), max_size=8), seed=st.integers(0, 3))
def test_last_all_and_count_agree_with_a_plain_loop(store, kinds, seed):
    with store.write() as writer:
        for number, kind in enumerate(kinds):
            writer.append({"kind": kind, "account": str(number % 2), "key": str(number % 3)})
    entries = store.all()
    where = {"kind": "charge", "account": str(seed % 2), "key": str(seed % 3)}
    found = [entry for entry in entries if all(entry.body[name] == value for name, value in where.items())]
    assert store.all(**where) == found
    assert store.last(**where) == (found[-1] if found else None)
    assert store.count(**where) == len(found)


def test_only_indexed_columns_find_entries(store):
    with pytest.raises(TypeError):
        store.last(what="1 = 1; --")


def test_reading_in_parts_loses_no_entry(store, monkeypatch):
    monkeypatch.setattr("confide.ledger.walk.DEPTH", 2)
    for size in range(1, 20):  # whole subtrees, and what is left over
        fill(store, 1)
        assert [sequence for sequence, *_ in store.rows()] == list(range(size))
        store.check_columns()


# what a tampered database looks like ------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET kind = 'charge' WHERE sequence = 2",
        "UPDATE entries SET account = 'b' WHERE sequence = 2",
        "UPDATE entries SET charge = 7 WHERE sequence = 2",
        "UPDATE entries SET salt = NULL WHERE sequence = 2",
        "UPDATE entries SET salt = (SELECT salt FROM entries WHERE sequence = 3) WHERE sequence = 2",
        "UPDATE entries SET hash = 'zz' WHERE sequence = 2",
        "UPDATE entries SET body = 'no json' WHERE sequence = 2",
        "DELETE FROM entries WHERE sequence = 2",
        "DELETE FROM entries WHERE sequence = 8",
        "DELETE FROM nodes WHERE level = 0 AND idx = 2",
        "DELETE FROM nodes WHERE level = 3",
        "UPDATE nodes SET hash = (SELECT hash FROM nodes WHERE level = 1 AND idx = 0) WHERE level = 1 AND idx = 1",
        "INSERT INTO nodes SELECT level, 9, hash FROM nodes WHERE level = 0 AND idx = 0",
        "INSERT INTO entries SELECT sequence - 9, hash, kind, account, study, key, charge, body, salt FROM entries"
        " WHERE sequence = 0",
    ],
)
def test_an_altered_row_is_found(store, statement):
    fill(store, 9, account="a")
    store.check_columns()
    store.database.execute(statement)
    with pytest.raises(IntegrityError, match=r"entry [0-9] of the ledger"):
        store.check_columns()


def test_of_a_long_ledger_a_second_process_checks_every_entry_and_finds_the_same(store, monkeypatch):
    monkeypatch.setattr("confide.ledger.walk.LONG", 0)
    monkeypatch.setattr("confide.ledger.walk.DEPTH", 2)
    entries = fill(store, 11, account="a")
    assert [entry for entry, _ in store.walk()] == entries
    assert next(iter(store.walk()))[0] == entries[0]  # left early
    for sequence in (0, 6, 10):
        store.database.execute("UPDATE entries SET study = 'b' WHERE sequence = ?", (sequence,))
        with pytest.raises(IntegrityError, match=f"entry {sequence} of the ledger"):
            store.check_columns()
        store.database.execute("UPDATE entries SET study = NULL WHERE sequence = ?", (sequence,))
    with pytest.raises(IntegrityError, match="entry 0 of the ledger"):
        list(store.walk(_refuse))
    fill(store, 1)
    store.check_columns()


def _refuse(body):
    return False


@pytest.mark.parametrize(
    "spelled",
    [
        lambda text: text.replace('"what":"0"', '"what":"0","what":"0"'),
        lambda text: text.replace('"what"', '"\\u0077hat"'),
        lambda text: text.replace(",", ", "),
        lambda text: text.replace('"sequence":0', '"sequence":-0'),
        lambda text: text.replace('"sequence":0', '"sequence":0.0'),
    ],
)
def test_an_entry_in_another_spelling_is_refused_even_where_its_hash_fits(store, spelled):
    fill(store, 1)
    ((text,),) = store.database.execute("SELECT body FROM entries")
    other = spelled(text)
    assert other != text
    assert json.loads(other) == json.loads(text)
    digest = hashlib.sha256(bytes(32) + other.encode()).hexdigest()
    store.database.execute("UPDATE entries SET body = ?, hash = ?", (other, digest))
    with pytest.raises(IntegrityError, match="entry 0 of the ledger"):
        store.check_columns()


def test_a_walk_sees_one_moment_while_others_write(store, database):
    fill(store, 5)
    other = Store(database(), lambda: NOON)
    walk = store.walk()
    first = next(walk)[0].sequence
    fill(other, 3)
    assert [first, *(entry.sequence for entry, _ in walk)] == [0, 1, 2, 3, 4]
    assert len(list(store.walk())) == 8


def test_a_walk_that_is_left_early_lets_the_next_one_write(store):
    fill(store, 5)
    for entry, _ in store.walk():
        if entry.sequence == 2:
            break
    fill(store, 1)
    assert store.head()[0] == 6


def test_a_lost_node_breaks_every_root_over_it_instead_of_changing_it(store):
    fill(store, 4)
    store.database.execute("DELETE FROM nodes WHERE level = 2")
    with pytest.raises(IntegrityError, match="entry 0 of the ledger"):
        store.root(4)


def test_an_entry_whose_text_is_no_object_is_refused_even_where_its_hash_fits(store):
    fill(store, 1)
    for text in ("[]", "7", "{}", "[" * 100_000, '{"sequence":0,"previous":"x"}'):
        digest = hashlib.sha256(bytes(32) + text.encode()).hexdigest()
        store.database.execute("UPDATE entries SET body = ?, hash = ?", (text, digest))
        with pytest.raises(IntegrityError):
            store.at(0)


def test_a_missing_entry_or_salt_is_an_error_and_not_none(store):
    for ask in (store.at, store.salt):
        with pytest.raises(IntegrityError):
            ask(0)


# cohorts ----------------------------------------------------------------------------------------------


def add(store, account, cohort, digests):
    with store.write() as writer:
        writer.add_members(account, cohort, digests)


def test_a_patient_belongs_to_one_cohort_of_an_account_at_most(store):
    add(store, "a", "one", [b"x", b"y", b"x"])
    add(store, "a", "one", [b"y", b"z"])
    add(store, "b", "two", [b"x"])
    with pytest.raises(InvalidInput, match="some patients of cohort two belong to another cohort"):
        add(store, "a", "two", [b"x", b"new"])
    assert store.members("a", "one") == {b"x", b"y", b"z"}
    assert store.members("a", "two") == set()
    assert store.shared("a") == set()


def test_overlaps_are_counted_over_many_patients(store):
    many = [number.to_bytes(16, "big") for number in range(1_700)]
    add(store, "a", "one", many[:1_200])
    with pytest.raises(InvalidInput, match="belong to another cohort"):
        add(store, "a", "two", many[500:])
    assert len(store.members("a", "one")) == 1_200


def test_no_members_is_a_cohort_without_members(store):
    add(store, "a", "one", [])
    assert store.members("a", "one") == set()


# the one text -----------------------------------------------------------------------------------------


@given(st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8"), max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=3), inner, max_size=4),
    max_leaves=12,
))  # fmt: skip
def test_the_one_text_has_its_keys_in_the_order_of_utf_16_and_reads_as_what_was_written(value):
    def keys_in_order(pairs):
        assert [key.encode("utf-16-be") for key, _ in pairs] == sorted(
            k.encode("utf-16-be") for k, _ in pairs
        )
        return dict(pairs)

    assert json.loads(canonical(value), object_pairs_hook=keys_in_order) == value


def test_keys_beyond_the_first_plane_stand_before_those_at_its_end():
    assert canonical({"\uff61": 1, "\U00010000": 2, "z": 3}) == '{"z":3,"\U00010000":2,"\uff61":1}'


@pytest.mark.parametrize(
    "value", [1.5, 2**53 + 1, [-(2**53) - 1], [1.0], {"a": {"b": float("nan")}}, {1: "a"}, {"a": object()}]
)
def test_what_has_no_one_text_is_refused(value):
    with pytest.raises(TypeError):
        canonical(value)


def test_a_text_that_cannot_be_written_is_nobodys_one_text():
    assert not is_canonical({"\ud800": 1}, '{"\\ud800":1}')
    assert not is_canonical({"a": "\ud800"}, '{"a":"\\ud800"}')


# the clock --------------------------------------------------------------------------------------------


def at(store, time, kind="not-private"):
    store._clock = lambda: time
    with store.write() as writer:
        return writer.append({"kind": kind}).body["time"]


def test_a_clock_that_was_set_back_is_refused_in_one_sentence(store):
    at(store, "2026-01-31T12:00:00Z")
    with pytest.raises(
        InvalidInput, match="says 2026-01-31T11:49:59Z, and the newest entry of the ledger is from"
    ):
        at(store, "2026-01-31T11:49:59Z")
    assert store.head()[0] == 1


def test_clocks_that_differ_by_minutes_leave_entries_in_the_order_of_time(store):
    assert at(store, "2026-01-31T12:00:00Z") == "2026-01-31T12:00:00Z"
    assert at(store, "2026-01-31T11:50:00Z") == "2026-01-31T12:00:00Z"
    assert at(store, "2026-01-31T12:00:01Z") == "2026-01-31T12:00:01Z"


def test_a_person_may_say_once_that_the_clock_is_right(store):
    at(store, "2099-01-01T00:00:00Z")
    at(store, NOON, kind="clock")
    assert at(store, "2026-01-31T12:00:05Z") == "2026-01-31T12:00:05Z"


# two writers ------------------------------------------------------------------------------------------


def test_a_second_writer_waits_and_then_sees_what_the_first_wrote(store, database, place):
    order = []

    def second():
        other = Postgres(place) if isinstance(place, str) else Sqlite(place)
        with Store(other, lambda: NOON) as late, late.write() as writer:
            order.append(writer.append({"kind": "not-private"}).sequence)
        other.close()

    with store.write() as writer:
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.3)
        order.append(writer.append({"kind": "not-private"}).sequence)
    thread.join(10)
    assert order == [0, 1]
    store.check_columns()


def test_a_ledger_that_stays_locked_is_refused_in_one_sentence_and_readers_are_not_blocked(store, database):
    fill(store, 1)
    impatient = Store(database(patience=0.2), lambda: NOON)
    with store.write() as writer:
        writer.append({"kind": "not-private"})
        with pytest.raises(InvalidInput, match="is in use by another process"), impatient.write():
            pass
        assert impatient.head()[0] == 1  # reads what was durable before
        impatient.check_columns()
    assert impatient.head()[0] == 2


def append_many(place, number):
    database = Postgres(place) if isinstance(place, str) else Sqlite(place)
    with Store(database, lambda: NOON) as store:
        for _ in range(number):
            with store.write() as writer:
                writer.append({"kind": "not-private"})


def test_four_processes_leave_one_chain_and_one_tree_without_a_gap(store, place):
    processes = [get_context("spawn").Process(target=append_many, args=(place, 15)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4
    assert store.head()[0] == 60
    store.check_columns()


def test_a_statement_that_failed_inside_a_block_never_counts_as_written(store):
    with pytest.raises(ConfideError), store.write() as writer:  # noqa: PT012
        writer.append({"kind": "not-private"})
        with pytest.raises(IntegrityError):
            store.database.execute("SELECT nothing FROM nowhere")
        if isinstance(store.database, Sqlite):
            raise InvalidInput("ledger.text")  # SQLite goes on after a failed statement
    assert store.head()[0] == 0


# texts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["nul\0", "half \ud800 a pair"])
def test_a_name_that_cannot_be_kept_is_refused_in_one_sentence(store, name):
    with pytest.raises(InvalidInput, match="a sign that the ledger cannot keep"):
        fill(store, 1, account=name)
    assert store.head()[0] == 0


def test_a_lone_surrogate_is_refused_where_it_is_only_looked_for(store):
    with pytest.raises(InvalidInput, match="a sign that the ledger cannot keep"):
        store.last(account="\ud800")
    with pytest.raises(InvalidInput, match="a sign that the ledger cannot keep"):
        add(store, "\ud800", "c", [b"d"])


def test_all_signs_of_unicode_come_back_as_they_were(store):
    name = "".join(map(chr, (*range(1, 0xD800, 97), *range(0xE000, 0x110000, 9973), 0x1F600)))
    fill(store, 1, account=name)
    assert store.last(account=name).body["account"] == name


# reading only -----------------------------------------------------------------------------------------


def test_a_ledger_for_reading_only_says_why_and_writes_nothing(store):
    store.refusal = AccessDenied("ledger.no-log-key", file="log.key")
    for _ in range(2):
        with pytest.raises(AccessDenied, match="can therefore only be read"):
            fill(store, 1)
    assert store.head()[0] == 0


def test_no_repr_shows_more_than_the_place(store):
    assert repr(store.database) == f"{type(store.database).__name__}({store.place!r})"


def test_the_leaf_is_over_salt_and_text(store):
    entry = fill(store, 1)[0]
    assert store.root(1) == leaf_hash(store.salt(0) + canonical(entry.body).encode())
    assert json.loads(canonical(entry.body)) == entry.body
