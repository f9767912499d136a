"""Where a federation is played: on this machine, over NVFlare, or by files that are carried. Brings lines; knows no round.

Guarantee: on this machine means on its loopback: an address that others could reach is refused, since only an engine with
certificates may listen there. What lines carry is signed by `confide.federated.messages`.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path

from confide.errors import InvalidInput
from confide.federated.filedrop import DropLine, DropLines
from confide.federated.local import LocalLines, connect_to
from confide.federated.play import Line, Lines
from confide.federated.relay import OVER, dial, listening
from confide.study.hosting import JOURNAL
from confide.study.manifest import Manifest
from confide.words import language

RELAY, _RUN = "relay", "run"
HOME = "institution"  # in the folder of each institution that is played here
_CONFIDE = [sys.executable, "-c", "from confide.cli.main import run; run()"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """How messages travel: by default over this machine's loopback.

    Args:
        files: a folder that somebody carries, or a share; for closed networks.
        kit: NVFlare's start-up kit of this machine; for many machines.
        admin: at the hub, the administrator's kit.
    """

    files: Path | None = None
    kit: Path | None = None
    admin: Path | None = None

    def __post_init__(self) -> None:
        """Refuse two ways at once."""
        if self.files is not None and self.kit is not None:
            raise InvalidInput("fed.two-ways")


@contextmanager
def lines_at(manifest: Manifest, way: Way, folder: Path) -> Iterator[Lines]:
    """Open the hub's lines to its sites; what lies in `folder` is for this federation alone.

    Raises:
        InvalidInput: the address is not on the loopback or is taken; or the engine does not start.
    """
    if way.files is not None:
        yield DropLines(way.files, [site.name for site in manifest.site])
    elif way.kit is not None:
        relay = folder / RELAY
        with (
            engine_at_hub(manifest, way.kit, way.admin, relay) as listener,
            _local(manifest, listener) as lines,
        ):
            yield lines
    else:
        address = loopback(manifest.hub.address)
        with socket.socket(socket.AF_INET) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(address)
            except OSError:
                raise InvalidInput("fed.address-taken", address=manifest.hub.address) from None
            listener.listen(len(manifest.site))
            with _local(manifest, listener) as lines:
                yield lines


@contextmanager
def _local(manifest: Manifest, listener: socket.socket) -> Iterator[LocalLines]:
    names = {site.name for site in manifest.site}
    lines = LocalLines(listener, names, patience=manifest.federation.patience)
    try:
        yield lines
    finally:
        lines.close()


@contextmanager
def engine_at_hub(manifest: Manifest, kit: Path, admin: Path | None, relay: Path) -> Iterator[socket.socket]:
    """Start NVFlare's server, hand it our run and listen for its relay; both are ended when all rounds are over.

    Raises:
        InvalidInput: no administrator's kit, a kit that is none, or the server does not come up.
    """
    from confide.federated import nvflare_kits, nvflare_run

    _verify_installed()
    if admin is None:
        raise InvalidInput("fed.no-admin-kit")
    names = [site.name for site in manifest.site]
    relay.mkdir(mode=0o700, parents=True, exist_ok=True)
    (relay / OVER).unlink(missing_ok=True)
    nvflare_kits.set_part(kit, "confide.federated.relay:hub", relay)
    with _running(kit), listening(relay) as listener, nvflare_run.administrator(admin) as session:
        run = _run_of(session, relay)
        if run is None:
            nvflare_run.wait_for(session, names, seconds=manifest.federation.patience)
            run = nvflare_run.submit(session, manifest.study.name, names, least=manifest.federation.threshold)
            (relay / _RUN).write_text(run)
        yield listener
        (relay / OVER).touch()
        nvflare_run.wait(session, run, seconds=30)


def _run_of(session: object, relay: Path) -> str | None:
    """Return the engine's run that a hub which was ended or killed had begun, if it still goes on."""
    from confide.federated import nvflare_run

    if not (relay / _RUN).exists():
        return None
    run = (relay / _RUN).read_text()
    return run if nvflare_run.status(session, run) in ("waiting", "running") else None


@contextmanager
def line_to(manifest: Manifest, way: Way, folder: Path) -> Iterator[Callable[[str], Line]]:
    """Yield what dials the hub, given this site's name; what lies in `folder` is for this federation alone.

    Raises:
        InvalidInput: as `lines_at`.
    """
    names = [site.name for site in manifest.site]
    if (files := way.files) is not None:
        yield lambda name: DropLine(files, names, name, patience=manifest.federation.patience)
    elif way.kit is not None:
        _verify_installed()
        from confide.federated import nvflare_kits

        relay = folder / RELAY
        relay.mkdir(mode=0o700, parents=True, exist_ok=True)
        nvflare_kits.set_part(way.kit, "confide.federated.relay:site", relay)
        with _running(way.kit):
            yield lambda name: dial(relay, name)
    else:
        address = loopback(manifest.hub.address)
        yield lambda name: connect_to(address, name)


@contextmanager
def _running(kit: Path) -> Iterator[None]:
    """Have the engine of a kit run, or find it running after a kill; end it, however the block ends."""
    from confide.federated import nvflare_run

    if nvflare_run.running(kit) is None:
        nvflare_run.start(kit)
    try:
        yield
    finally:
        nvflare_run.end(kit)


def _verify_installed() -> None:
    if find_spec("nvflare") is None:
        raise InvalidInput("flare.missing")


def loopback(address: str) -> tuple[str, int]:
    """Read an address of this machine's loopback.

    Raises:
        InvalidInput: it is none, or others could reach it.

    >>> loopback("127.0.0.1:8470")
    ('127.0.0.1', 8470)
    """
    host, _, port = address.rpartition(":")
    try:
        if not ip_address(host).is_loopback or not 0 < int(port) < 1 << 16:
            raise ValueError
    except ValueError:
        raise InvalidInput("fed.address", address=address) from None
    return host, int(port)


def free_port() -> int:
    """Return a port of the loopback that nobody listens on now."""
    with socket.socket(socket.AF_INET) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def play_here(
    file: Path,
    manifest: Manifest,
    hub: Path,
    sites: Sequence[tuple[Path, str]],
    *,
    base: Path | None = None,
    as_json: bool,
) -> None:
    """Play hub and sites as processes of this machine, each as its own institution, until the last round is over.

    What the hub says goes to standard output, what is refused to the error stream.

    Args:
        file: the federation file; its hub's address is on this machine.
        manifest: what it says.
        hub: folder of the hub, with its `institution/` and `keys.toml`.
        sites: for each site the folder of its study, with its `institution/`, and the source.
        base: folder of the language model, the same for all here.
        as_json: whether the hub speaks JSON.

    Raises:
        InvalidInput: the hub ended with an error, or so many sites that no round can be opened; they said why.
    """
    again = (hub / JOURNAL).exists()
    asked = ["resume" if again else "up", file, "--folder", hub, "--keys", hub / "keys.toml", "--wait", 30]
    at_hub, at_sites = _start(hub, [*asked, *(["--json"] if as_json else [])], None), []
    try:
        for folder, source in sites:
            asked = ["join", file, "--study", folder, "--source", source]
            asked += [] if base is None else ["--base", base]
            at_sites.append((folder.name, _start(folder, asked, subprocess.DEVNULL)))
        while at_hub.poll() is None:
            time.sleep(0.05)
            ended = [name for name, part in at_sites if part.poll() not in (None, 0)]
            if len(at_sites) - len(ended) < manifest.federation.threshold:
                raise InvalidInput("fed.part-failed", part=", ".join(ended) or "-")
        if at_hub.returncode:
            raise InvalidInput("fed.part-failed", part=hub.name)
        for _, part in at_sites:
            part.wait(60)
    finally:
        for part in (at_hub, *(part for _, part in at_sites)):
            part.kill()
            part.wait()


def _start(folder: Path, asked: Sequence[object], out: int | None) -> subprocess.Popen[bytes]:
    own = os.environ | {"CONFIDE_HOME": str(folder / HOME)}
    command = [*_CONFIDE, "federate", *map(str, asked), "--language", language()]
    return subprocess.Popen(command, env=own, stdout=out)  # noqa: S603  # this very program, with its own arguments
