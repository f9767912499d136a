"""A server that is killed, cut off, read-only or not durable: refused with one sentence, nothing lost."""

import io
import logging
import select
import socket
import sys
import tempfile
import threading
from pathlib import Path

import psycopg
import pytest
from test_charge import Count
from test_home import fill

from confide.errors import IntegrityError, InvalidInput
from confide.ledger.home import open_ledger
from confide.ledger.ledger import now
from confide.ledger.postgres import Postgres
from confide.ledger.store import Store
from confide.ledger.verify import verify_ledger


@pytest.fixture
def url(server):
    return server.new_database()


def charge(ledger, name):
    return ledger.run(Count(name=name), [], study="study", account="inpatients")


def test_a_server_that_is_lost_in_a_transaction_is_told_in_our_words_alone(server, url):
    with pytest.MonkeyPatch.context() as patch, io.StringIO() as heard:
        patch.setattr(
            logging.root, "handlers", []
        )  # as in a command, where nobody listens to other libraries
        patch.setattr(logging, "lastResort", logging.StreamHandler(heard))
        logging.getLogger("psycopg").handlers.clear()
        database = Postgres(url)
        database.execute("CREATE TABLE numbers (number BIGINT)")
        with pytest.raises(InvalidInput, match="does not answer"), database.transaction():  # noqa: PT012
            for _ in range(8):  # until it is prepared
                database.execute_many("INSERT INTO numbers VALUES (?)", [(1,), (2,)])
            server.kill()
            server.start()
            database.execute_many("INSERT INTO numbers VALUES (?)", [(1,), (2,)])
        database.close()
        assert heard.getvalue() == ""


def test_a_cut_connection_is_refused_with_one_sentence_and_nothing_is_lost(server, url, tmp_path):
    fill(tmp_path, url=url)
    with open_ledger(tmp_path, url=url) as ledger:
        server.end_sessions()
        for _ in range(2):
            with pytest.raises(InvalidInput, match="does not answer, so nothing can be charged"):
                charge(ledger, "b")
    with open_ledger(tmp_path, url=url) as ledger:
        assert ledger.balance("inpatients").charges == 1
        charge(ledger, "b")
        verify_ledger(ledger)


def test_a_connection_that_is_cut_before_the_commit_leaves_the_charge_spent_and_shows_no_release(
    server, url, tmp_path
):
    fill(tmp_path, url=url)
    with open_ledger(tmp_path, url=url) as ledger:
        with (  # noqa: PT012
            pytest.raises(InvalidInput, match="does not answer"),
            ledger.charge(Count(name="b"), study="study", account="inpatients") as open_charge,
        ):
            server.end_sessions()
            open_charge.commit({"count": 1})
        assert open_charge.release is None
    with open_ledger(tmp_path, url=url) as ledger:
        assert ledger.released(Count(name="b"), study="study", account="inpatients") is None
        assert ledger.balance("inpatients").open == 1
        charge(ledger, "b")
        assert ledger.balance("inpatients").abandoned == 1
        verify_ledger(ledger)


class Between(threading.Thread):
    """Stands between a ledger and its server, and kills the server around the first commit that passes."""

    def __init__(self, server, folder, *, delivered):
        super().__init__(daemon=True)
        self._server, self._delivered = server, delivered
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / ".s.PGSQL.5432"))
        self._listener.listen()
        self.start()

    def run(self):
        client, _ = self._listener.accept()
        with client, self._listener, socket.socket(socket.AF_UNIX) as upstream:
            upstream.connect(str(self._server.folder / ".s.PGSQL.5432"))
            while True:
                for ready in select.select([client, upstream], [], [])[0]:
                    data = ready.recv(65536)
                    if ready is client and b"COMMIT\0" in data:
                        if self._delivered:
                            upstream.sendall(data)
                            assert b"COMMIT" in upstream.recv(65536)  # durable; the answer goes no further
                        self._server.kill()
                        return
                    (upstream if ready is client else client).sendall(data)


@pytest.mark.parametrize("delivered", [False, True])
def test_a_server_that_is_killed_in_mid_commit_loses_nothing_that_was_acknowledged(
    server, url, tmp_path, delivered
):
    home = tmp_path / "home"
    fill(home, url=url)
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Between(server, Path(folder), delivered=delivered)
        with open_ledger(home, url=url.replace(str(server.folder), folder)) as ledger:
            for _ in range(2):
                with pytest.raises(InvalidInput, match="does not answer, so nothing can be charged"):
                    charge(ledger, "b")
    with pytest.raises(InvalidInput, match="does not answer"):
        open_ledger(home, url=url)
    server.start()
    with open_ledger(home, url=url) as ledger:
        verify_ledger(ledger)
        assert ledger.balance("inpatients").charges == 1 + delivered  # spent, though nobody was told
        assert ledger.balance("inpatients").open == delivered
        charge(ledger, "b")
        assert ledger.balance("inpatients").abandoned == delivered


def test_a_server_without_fsync_is_refused(server, url, tmp_path):
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    try:
        until(lambda: shown(url, "fsync") == "off")
        with pytest.raises(InvalidInput, match="runs with fsync off"):
            Postgres(url)
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM RESET fsync")
            connection.execute("SELECT pg_reload_conf()")
        until(lambda: shown(url, "fsync") == "on")


def shown(url, name):
    with psycopg.connect(url) as connection:
        return connection.execute(f"SHOW {name}").fetchone()[0]


def until(holds):
    for _ in range(10_000):
        if holds():
            return
    raise AssertionError("the server does not take the setting")


def test_a_commit_waits_for_the_disk_whatever_the_server_has_set(server, url):
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "ALTER DATABASE " + url.split("/")[3].split("?")[0] + " SET synchronous_commit = off"
        )
    assert shown(url, "synchronous_commit") == "off"
    database = Postgres(url)
    assert database.execute("SHOW synchronous_commit") == [("on",)]
    database.close()


def test_a_role_that_may_only_read_is_refused_in_one_sentence(server, url, tmp_path):
    fill(tmp_path, url=url)
    name = url.split("/")[3].split("?")[0]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE reader_{name} LOGIN")
        connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader_{name}")
    reader = url.replace("postgres@", f"reader_{name}@")
    with open_ledger(tmp_path, url=reader) as ledger, pytest.raises(InvalidInput, match="cannot be written"):
        charge(ledger, "b")


def test_a_role_that_may_add_but_not_change_is_enough(server, url, tmp_path):
    fill(tmp_path, url=url)
    name = url.split("/")[3].split("?")[0]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE writer_{name} LOGIN")
        connection.execute(f"GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO writer_{name}")
    writer = url.replace("postgres@", f"writer_{name}@")
    with open_ledger(tmp_path, url=writer) as ledger:
        charge(ledger, "b")
        verify_ledger(ledger)
        with pytest.raises(InvalidInput, match="cannot be written"):
            ledger.store.database.execute("DELETE FROM entries")


def test_tables_of_somebody_else_are_no_ledger(url):
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE entries (name TEXT)")
    database = Postgres(url)
    with pytest.raises(IntegrityError, match="is not a ledger"):
        Store(database, now)
    assert database._connection.closed


def test_a_server_that_is_not_there_is_refused_without_its_password(tmp_path):
    with pytest.raises(InvalidInput) as refused:
        Postgres(f"postgresql://me:secret@/ledger?host={tmp_path}")
    assert refused.value.code == "ledger.server-gone"
    assert "secret" not in str(refused.value) + repr(refused.value) + str(refused.value.__cause__)
    assert refused.value.__suppress_context__


def test_an_address_that_cannot_be_read_is_refused_without_repeating_it():
    with pytest.raises(InvalidInput, match="is not the address of a PostgreSQL database"):
        Postgres("postgresql://me:secret@host:port:5/x?nonsense=1")


def test_without_psycopg_the_refusal_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(InvalidInput) as refused:
        Postgres("postgresql://localhost/x")
    assert refused.value.code == "ledger.no-psycopg"


def test_a_text_that_the_server_cannot_keep_is_refused(url):
    database = Postgres(url)
    for ask in (lambda text: database.execute("SELECT ?::text", (text,)),
                lambda text: database.execute_many("SELECT ?::text", [(text,)])):  # fmt: skip
        for text in ("nul\0", "\ud800"):
            with pytest.raises(InvalidInput, match="a sign that the ledger cannot keep"):
                ask(text)
    with pytest.raises(IntegrityError, match="is not a ledger"):
        database.execute_many("SELECT ? FROM nowhere", [("a",)])
    database.close()
