"""Start-up kits for NVFlare: every machine makes its own key, the project's root signs a request, the machine puts its kit together.

Guarantee: no private key of a site is ever at the hub. A kit runs the classes of confide and no others, takes no code from a job,
sends no logs, lets an administrator start, stop and see runs and nothing else, and keeps what it stores inside its own folder.
Starting and stopping: `confide.federated.nvflare_run`.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from confide.errors import InvalidInput
from confide.federated.nvflare_settings import PART, restrict, write_json
from confide.types import Json

ADMIN = "admin@confide.local"
Kind = Literal["hub", "site", "admin"]
_KINDS = {"hub": {"type": "server"}, "site": {"type": "client"}, "admin": {"type": "admin", "role": "lead"}}
_PROJECT = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
_FINGERPRINT = re.compile(r"SHA256(:[0-9A-F]{2}){32}")
_LONGEST = 64  # of a name in a certificate
_MANY = (
    "import json, sys\nfrom nvflare.cli import run\n"
    "for line in json.loads(sys.argv[1]):\n    sys.argv = ['nvflare', '--format', 'json', *line]\n    run('nvflare')\n"
)


def engine_name(site: str) -> str:
    """Return the engine's name of a site: letters, digits and hyphens stay, other bytes become `_` and their number.

    Raises:
        InvalidInput: it would be longer than a certificate holds.

    >>> engine_name("north-2"), engine_name("north.example")
    ('north-2', 'north_2eexample')
    """
    plain = "".join(c if c.isascii() and (c.isalnum() or c == "-") else _hidden(c) for c in site)
    if not 0 < len(plain) <= _LONGEST:
        raise InvalidInput("flare.name", most=_LONGEST)
    return plain


def site_name(engine: str) -> str:
    """Return the site that `engine_name` named so.

    >>> site_name("north_2eexample")
    'north.example'
    """
    raw = re.sub(r"_([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), engine)
    return raw.encode("latin-1", "replace").decode(errors="replace")


def _hidden(sign: str) -> str:
    return "".join(f"_{byte:02x}" for byte in sign.encode())


def new_project(folder: Path, project: str, host: str, port: int) -> str:
    """Make the root that signs the kits of a federation; at the hub, or wherever its officer keeps keys.

    Args:
        folder: new; it then holds the root's key and `profile.json`, which goes to every site.
        project: name of the federation: small letters, digits and hyphens.
        host: name or address under which sites reach the hub.
        port: the one port that sites dial.

    Returns:
        The fingerprint of the root's certificate, which sites are told by another way (telephone, paper).

    Raises:
        InvalidInput: the folder is there already, or the engine refuses a name.
    """
    if not _PROJECT.fullmatch(project):
        raise InvalidInput("flare.project")
    if folder.exists():
        raise InvalidInput("flare.folder")
    folder.mkdir(mode=0o700, parents=True)
    profile = {
        "name": project,
        "scheme": "tcp",
        "connection_security": "mtls",
        "server": {"host": host, "fed_learn_port": port},
    }
    (folder / "profile.json").write_text(json.dumps(profile), encoding="utf-8")
    made = _engine(folder, ["cert", "init", "--profile", str(folder / "profile.json"), "-o", str(folder)])
    return str(made[0]["rootca_fingerprint_sha256"])


def request(folder: Path, profile: Path, kind: Kind, name: str = ADMIN) -> Path:
    """Make a key and a request for a certificate, on the machine that will use them.

    Args:
        folder: new; the key stays in it.
        profile: the project's, as its officer sent it.
        kind: of machine.
        name: of the site; of the hub its host in the profile, of the administrator an address.

    Returns:
        The request, a file that holds no secret, for the project's officer.

    Raises:
        InvalidInput: the folder is there already, or the engine refuses a name.
    """
    return Path(_engine(profile.parent, _asking(folder, profile, kind, name))[0]["request_zip"])


def _asking(folder: Path, profile: Path, kind: Kind, name: str) -> list[str]:
    if folder.exists():
        raise InvalidInput("flare.folder")
    found = json.loads(profile.read_text(encoding="utf-8"))
    server = found["server"]
    called = {"hub": server["host"], "site": engine_name(name), "admin": name}[kind]
    member: Json = {"name": called, "org": "confide", **_KINDS[kind]}
    if kind == "hub":
        member["fed_learn_port"] = server["fed_learn_port"]
    folder.mkdir(mode=0o700, parents=True)
    participant = folder / "participant.json"
    participant.write_text(json.dumps({"name": found["name"], "participants": [member]}), encoding="utf-8")
    return ["cert", "request", "-p", str(participant), "--out", str(folder / "key")]


def sign(root: Path, asked: Path, into: Path) -> Path:
    """Sign a request with the project's root, which is a human's decision: compare name and sender first.

    Args:
        root: the folder of `new_project`.
        asked: the request.
        into: the folder for the answer, a file that holds no secret.

    Raises:
        InvalidInput: it is no request of this project.
    """
    return Path(_engine(root, _signing(root, asked, into))[0]["signed_zip"])


def _signing(root: Path, asked: Path, into: Path) -> list[str]:
    signed = into / asked.name.replace(".request.", ".signed.")
    profile = str(root / "profile.json")
    return ["cert", "approve", str(asked), "-c", str(root), "--profile", profile, "--out", str(signed)]


def make_kit(folder: Path, signed: Path, fingerprint: str, kit: Path) -> Path:
    """Put a machine's kit together from its own key and the signed answer.

    Args:
        folder: of `request`.
        signed: what came back from the project's officer.
        fingerprint: of the root, as it was told by another way.
        kit: where the kit goes; new.

    Raises:
        InvalidInput: the answer is of another root or key, or there is a kit.
    """
    return _placed(folder, _engine(folder, _packing(folder, signed, fingerprint, kit))[0], kit)


def _packing(folder: Path, signed: Path, fingerprint: str, kit: Path) -> list[str]:
    if not _FINGERPRINT.fullmatch(fingerprint):
        raise InvalidInput("flare.fingerprint")  # the engine would take none as any
    if kit.exists():
        raise InvalidInput("flare.folder")
    command = ["package", str(signed), "-w", str(folder / "build"), "--request-dir", str(folder / "key")]
    return [*command, "--fingerprint", fingerprint]


def _placed(folder: Path, made: Json, kit: Path) -> Path:
    kit.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.move(made["output_dir"], kit)
    kit.chmod(0o700)
    shutil.rmtree(folder / "build")
    (kit / "transfer").mkdir(mode=0o700, exist_ok=True)
    restrict(kit)
    return kit


def set_part(kit: Path, run: str, folder: Path, *, silence: float = 3.0) -> None:
    """Say which installed function plays this machine's part, as `module:function`, and which folder it is given.

    At the hub it is called with (folder, lines), at a site with (folder, connect); see `confide.federated.play`.

    Args:
        kit: of this machine.
        run: the function.
        folder: of this machine, with what the function reads and writes.
        silence: at the hub, seconds without a sign of life after which a site is lost; lines that need
            longer for a mebibyte want more.
    """
    write_json(kit / "local" / PART, {"run": run, "folder": str(folder.absolute()), "silence": silence})


def kits_here(folder: Path, project: str, host: str, port: int, sites: Sequence[str]) -> dict[str, Path]:
    """Make every kit of a federation on one machine, for demonstrations and tests; returns them by name.

    The names are `hub`, `admin` and the sites'. All keys are here then, which is what `request` avoids in earnest.
    """
    root = folder / "root"
    fingerprint = new_project(root, project, host, port)
    kinds: dict[str, Kind] = {"hub": "hub", "admin": "admin", **dict.fromkeys(sites, "site")}
    keys = {name: folder / "keys" / name for name in kinds}
    called = {name: ADMIN if name == "admin" else name for name in kinds}
    asked = _engine(root, *(_asking(keys[n], root / "profile.json", kinds[n], called[n]) for n in kinds))
    signing = (_signing(root, Path(one["request_zip"]), keys[n]) for n, one in zip(kinds, asked, strict=True))
    signed = _engine(root, *signing)
    packing = (
        _packing(keys[n], Path(one["signed_zip"]), fingerprint, folder / n)
        for n, one in zip(kinds, signed, strict=True)
    )
    made = _engine(root, *packing)
    return {n: _placed(keys[n], one, folder / n) for n, one in zip(kinds, made, strict=True)}


def _engine(home: Path, *commands: Sequence[str]) -> list[Json]:
    """Run commands of the engine, which keeps its own notes under `home`; return what they answered.

    Raises:
        InvalidInput: one of them failed, or the engine is not installed.
    """
    environment = {**os.environ, "HOME": str(home)}
    done = subprocess.run(  # noqa: S603  # our own interpreter, and no shell
        [sys.executable, "-c", _MANY, json.dumps(commands)],
        env=environment,
        cwd=home,
        capture_output=True,
        check=False,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{")]
    if done.returncode or len(answers) < len(commands) or any(one["status"] != "ok" for one in answers):
        code = str(answers[-1].get("error_code", "")) if answers else ""
        raise InvalidInput("flare.engine", code=code or "NOT-INSTALLED")
    return [one["data"] for one in answers]
