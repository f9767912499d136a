"""A real PostgreSQL server for the tests: in a folder of its own, over a socket in it, ended by its own handle.

PostgreSQL refuses to run as root; started by root, it runs as the user `postgres`. Where its programs are not
installed, the test is skipped and says so. Its files lie in memory, which a server that is killed does not notice;
who measures its disk asks for `durable`.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest


@dataclass
class Server:
    """A server that can be killed and started again; what it had made durable is there afterwards."""

    programs: Path
    folder: Path
    user: str | None  # whom the server runs as; None: ourselves
    process: subprocess.Popen[bytes] | None = None
    databases: int = 0

    def start(self, **settings: str) -> None:
        """Start the server and wait until it answers."""
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [self.programs / "postgres", "-D", self.folder / "data", "-k", self.folder,
                   "-c", "listen_addresses=", "-c", "max_connections=40", *options]  # fmt: skip
        for _ in range(100):  # after a kill, the processes of the dead server need a moment to end
            with (self.folder / "log").open("ab") as log:
                self.process = subprocess.Popen(
                    command, stdout=log, stderr=log, user=self.user, group=self.user, cwd=self.folder
                )
            while self.process.poll() is None:
                with suppress(psycopg.OperationalError), psycopg.connect(self.url("postgres")):
                    return
                time.sleep(0.02)
            time.sleep(0.1)
        raise RuntimeError((self.folder / "log").read_text())

    def kill(self) -> None:
        """End the server as a power cut would: kill -9, no last word."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """End the server and wait until it is gone."""
        assert self.process is not None
        self.process.send_signal(signal.SIGQUIT)  # at once; nobody needs the data any more
        self.process.wait(30)

    def url(self, database: str) -> str:
        """Return the address of a database."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def new_database(self) -> str:
        """Return the address of a fresh, empty database."""
        self.databases += 1
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE d{self.databases}")
        return self.url(f"d{self.databases}")

    def end_sessions(self) -> None:
        """Cut every connection but our own."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )


def programs() -> Path | None:
    """Return the folder with `initdb` and `postgres`, newest first, or None."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    return next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[Server]:
    """Run a server while the block lasts, with its files on a disk if `durable`; skip the test where there is none."""
    where = programs()
    if where is None or not (where / "initdb").exists():
        pytest.skip("PostgreSQL is not installed")
    with running_server(where, Path("/tmp") if durable else _in_memory()) as server:
        yield server


def _in_memory() -> Path:
    """Return a folder that is kept in memory, where there is one with room for many databases."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > 4 << 30 else Path("/tmp")


@contextmanager
def running_server(where: Path, parent: Path) -> Iterator[Server]:
    """Run the server whose programs are in `where`, in a folder of its own in `parent`."""
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="pg", dir=parent))  # the path of a socket is at most 107 bytes
    try:
        if user:
            shutil.chown(folder, user, user)
        subprocess.run(
            [where / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync",
             "--locale=C.UTF-8"],
            check=True, capture_output=True, user=user, group=user, cwd=folder,
        )  # fmt: skip
        server = Server(where, folder, user)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
