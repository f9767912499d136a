"""Start and stop NVFlare from kit folders, and hand it our run: at the hub, at a site, as administrator.

Guarantee: only processes that were started from the kit at hand are ended, by their number. What the administrator sends is two
names of classes and a name; what is computed is in each machine's own folder. Kits: `confide.federated.nvflare_kits`.
"""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from confide.errors import InvalidInput
from confide.federated.nvflare_kits import engine_name, site_name
from confide.federated.nvflare_settings import HUB, SITE, is_hub
from confide.types import Json

State = Literal["waiting", "running", "finished", "failed", "stopped"]
_STATES: dict[str, State] = {
    "SUBMITTED": "waiting",
    "APPROVED": "waiting",
    "DISPATCHED": "waiting",
    "RUNNING": "running",
    "FINISHED:COMPLETED": "finished",
    "FINISHED:ABORTED": "stopped",
}
_ENGINE = {
    "NVFLARE_CLIENT_OUTCOME_WAIT_TIMEOUT": "10"
}  # seconds after which a run ends though a machine is silent
_PID = "process.pid"
_CONSOLE = "console.txt"


def start(kit: Path) -> int:
    """Start the hub or the site of a kit, and leave it running; returns its process number.

    Raises:
        InvalidInput: it runs already, or the folder is no kit of a hub or site.
    """
    if running(kit) is not None:
        raise InvalidInput("flare.running")
    if is_hub(kit):
        module, settings, more = "server.server_train", "fed_server.json", []
    elif (kit / "startup" / "fed_client.json").is_file():
        name = json.loads((kit / "startup" / "fed_client.json").read_text(encoding="utf-8"))["client"]["fqsn"]
        module, settings, more = "client.client_train", "fed_client.json", [f"uid={name}"]
    else:
        raise InvalidInput("flare.kit")
    command = [sys.executable, "-u", "-m", f"nvflare.private.fed.app.{module}", "-m", str(kit.absolute())]
    command += ["-s", settings, "--set", "secure_train=true", "org=confide", "config_folder=", *more]
    with os.fdopen(os.open(kit / _CONSOLE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as console:
        process = subprocess.Popen(  # noqa: S603  # our own interpreter, and no shell
            command, cwd=kit, env={**os.environ, **_ENGINE}, stdin=subprocess.DEVNULL, stdout=console, stderr=console,
            start_new_session=True,
        )  # fmt: skip
    (kit / _PID).write_text(str(process.pid), encoding="utf-8")
    return process.pid


def running(kit: Path) -> int | None:
    """Return the number of the process that runs from this kit; None where there is none."""
    try:
        pid = int((kit / _PID).read_text(encoding="utf-8"))
        started = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    return pid if str(kit.absolute()).encode() in started else None


def end(kit: Path, *, seconds: float = 5.0) -> None:
    """End the process that runs from this kit; what it had begun is in the journals."""
    if (pid := running(kit)) is None:
        return
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sign)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)  # ours, where we started it
            if running(kit) is None:
                return
            time.sleep(0.05)


@contextlib.contextmanager
def administrator(kit: Path, *, seconds: float = 30.0) -> Iterator[Any]:
    """Log in at the hub with an administrator's kit.

    Raises:
        InvalidInput: the hub does not answer, or does not take this certificate.
    """
    from nvflare.fuel.flare_api.flare_api import new_secure_session

    user = json.loads((kit / "startup" / "fed_admin.json").read_text(encoding="utf-8"))["admin"]["username"]
    until = time.monotonic() + seconds
    while True:
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                session = new_secure_session(user, str(kit.absolute()), timeout=5.0)
            break
        except Exception:  # the engine raises what it likes while there is no hub
            if time.monotonic() > until:
                raise InvalidInput("flare.no-hub") from None
            time.sleep(0.2)
    try:
        yield session
    finally:
        with contextlib.redirect_stdout(io.StringIO()):
            session.close()


def connected(session: Any) -> list[str]:
    """Return the sites whose machines have dialled the hub."""
    return sorted(site_name(one.name) for one in session.get_system_info().client_info)


def wait_for(session: Any, sites: Iterable[str], *, seconds: float = 60.0) -> list[str]:
    """Wait until these sites have dialled the hub, or so long; return those that have."""
    wanted, until = set(sites), time.monotonic() + seconds
    while not wanted.issubset(found := connected(session)) and time.monotonic() < until:
        time.sleep(0.2)
    return [site for site in found if site in wanted]


def submit(session: Any, name: str, sites: Iterable[str], *, least: int) -> str:
    """Hand our run to the engine; returns its number, by which `status` and `stop` know it.

    Args:
        session: of `administrator`.
        name: of the federation, for people.
        sites: that are to take part.
        least: how many must be connected for the run to begin.
    """
    names = [engine_name(site) for site in sites]
    meta: Json = {
        "name": "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in name) or "run",
        "min_clients": least,
        "deploy_map": {"hub": ["server"], "site": names},
    }
    hub = {"format_version": 2, "workflows": [{"id": "hub", "path": HUB, "args": {}}], "components": []}
    site = {
        "format_version": 2,
        "executors": [{"tasks": ["*"], "executor": {"path": SITE, "args": {}}}],
        "components": [],
    }
    with tempfile.TemporaryDirectory() as folder:
        parts = {
            "meta.json": meta,
            "hub/config/config_fed_server.json": hub,
            "site/config/config_fed_client.json": site,
        }
        for path, content in parts.items():
            (Path(folder) / "job" / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / "job" / path).write_text(json.dumps(content), encoding="utf-8")
        return str(session.submit_job(str(Path(folder) / "job")))


def status(session: Any, run: str) -> State:
    """Say where a run stands for the engine; what rounds it has ended is in the hub's journal."""
    return _STATES.get(str(session.get_job_status(run)), "failed")


def stop(session: Any, run: str) -> None:
    """End a run; the journals keep what was reached, and a new run goes on from there."""
    session.abort_job(run)


def wait(session: Any, run: str, *, seconds: float = 3600.0) -> State:
    """Wait until a run has ended, or so long; return where it stands."""
    until = time.monotonic() + seconds
    while (found := status(session, run)) in ("waiting", "running") and time.monotonic() < until:
        time.sleep(0.3)
    return found
