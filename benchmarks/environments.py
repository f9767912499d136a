"""An environment of its own for a rival: a virtual environment under build/peers with pinned packages."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1] / "build" / "peers"


def environment(name: str, packages: Sequence[str]) -> Path:
    """Return the rival's Python, made on the first call and again when its packages change.

    Raises:
        RuntimeError: a package cannot be had; the text is pip's last line.
    """
    python, done = ROOT / name / "bin" / "python", ROOT / name / "installed.json"
    if done.exists() and json.loads(done.read_text()) == list(packages):
        return python
    subprocess.run([sys.executable, "-m", "venv", "--clear", ROOT / name], check=True)
    command = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError(run.stderr.strip().splitlines()[-1])
    done.write_text(json.dumps(list(packages)))
    return python
