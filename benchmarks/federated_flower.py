"""Flower's plain rounds: its own FedAvg over one SuperLink and four SuperNodes on this machine, without TLS or secrecy.

Run by `federated_rounds`, in an environment of its own. A client returns the model that it was sent; what is timed is Flower.
"""

import itertools
import os
import signal
import socket
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from environments import environment

APP = """
import time
import numpy as np
from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg

client = ClientApp()
server = ServerApp()

@client.train()
def train(message: Message, context: Context):
    metrics = MetricRecord({"num-examples": 1})
    content = RecordDict({"arrays": message.content["arrays"], "metrics": metrics})
    return Message(content=content, reply_to=message)

class Timed(FedAvg):
    def aggregate_train(self, server_round, replies):
        found = super().aggregate_train(server_round, replies)
        with open(PLACE, "a") as file:
            file.write(f"{time.time()} {len(list(replies))}\\n")
        return found

@server.main()
def main(grid: Grid, context: Context):
    model = ArrayRecord([np.zeros(LENGTH, dtype=np.float32)])
    with open(PLACE, "a") as file:
        file.write(f"{time.time()} start\\n")
    Timed(fraction_evaluate=0.0, min_train_nodes=4, min_available_nodes=4).start(grid=grid, initial_arrays=model, num_rounds=ROUNDS)
"""
PROJECT = """
[project]
name = "plain"
version = "1.0.0"
license = "Apache-2.0"
dependencies = []
[tool.hatch.build.targets.wheel]
packages = ["."]
[tool.flwr.app]
publisher = "bench"
[tool.flwr.app.components]
serverapp = "plain.app:server"
clientapp = "plain.app:client"
"""


def _port() -> int:
    with socket.socket() as some:
        some.bind(("127.0.0.1", 0))
        return int(some.getsockname()[1])


def flower_seconds(length: int, rounds: int, patience: float) -> float:
    """Return Flower's seconds a round, without the first.

    Raises:
        RuntimeError: it cannot be installed, or did not come to an end.
    """
    python = environment("flower", ["flwr==1.41.0", "numpy"])
    with tempfile.TemporaryDirectory() as name:
        return _rounds(python.parent.resolve(), Path(name), length, rounds, patience)


def _rounds(tools: Path, folder: Path, length: int, rounds: int, patience: float) -> float:
    port, place = _port(), folder / "times"
    (folder / "plain").mkdir()
    (folder / "plain" / "__init__.py").touch()
    named = f"PLACE, LENGTH, ROUNDS = {str(place)!r}, {length}, {rounds}\n"
    (folder / "plain" / "app.py").write_text(named + APP)
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "home").mkdir()
    (folder / "home" / "config.toml").write_text(
        f'[superlink]\ndefault = "local"\n[superlink.local]\naddress = "127.0.0.1:{port}"\ninsecure = true\n'
    )
    paths = f"{tools}{os.pathsep}{os.environ['PATH']}"
    world = os.environ | {"FLWR_HOME": str(folder / "home"), "PATH": paths, "FLWR_TELEMETRY_ENABLED": "0"}
    log = (folder / "log").open("wb")
    running = []

    def start(*command: str) -> None:
        running.append(
            subprocess.Popen(
                [tools / command[0], *command[1:]], cwd=folder, env=world, stdout=log, stderr=log, start_new_session=True
            )
        )  # fmt: skip

    try:
        start(
            "flower-superlink", "--insecure", "--disable-runtime-dependency-installation", "--port", str(port)
        )
        time.sleep(8)
        for _ in range(4):
            start(
                "flower-supernode", "--insecure", "--superlink", f"127.0.0.1:{port}", "--port", str(_port())
            )
        time.sleep(8)
        start("flwr", "run", ".", "local")
        until = time.monotonic() + patience
        while time.monotonic() < until and (
            not place.exists() or len(place.read_text().splitlines()) < rounds + 1
        ):
            time.sleep(0.2)
        marks = [float(row.split()[0]) for row in place.read_text().splitlines()] if place.exists() else []
        if len(marks) < 3:
            raise RuntimeError((folder / "log").read_text()[-2000:])
        return statistics.median(b - a for a, b in itertools.pairwise(marks[1:]))
    finally:
        for process in running[::-1]:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        log.close()


if __name__ == "__main__":
    import sys

    print(flower_seconds(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
