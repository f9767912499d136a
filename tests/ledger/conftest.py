"""The tests of storage run on both dialects: `kind` is "sqlite" or "postgres", `database` opens a fresh one."""

import sys
from pathlib import Path

import pytest

from confide.ledger.postgres import Postgres
from confide.ledger.sqlite import Sqlite

sys.path.insert(0, str(Path(__file__).parents[1]))
from postgres_server import postgres_server


@pytest.fixture(scope="session")
def server():
    with postgres_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request):
    return request.param


@pytest.fixture
def place(kind, request, tmp_path):
    """Where a ledger of this kind goes: a path, or the address of a fresh database."""
    if kind == "sqlite":
        return tmp_path / "ledger.sqlite"
    return request.getfixturevalue("server").new_database()


@pytest.fixture
def database(place):
    """Open another connection to the same place; all are closed at the end."""
    opened = []

    def connect(**options):
        opened.append(Postgres(place, **options) if isinstance(place, str) else Sqlite(place, **options))
        return opened[-1]

    yield connect
    for each in opened:
        each.close()
