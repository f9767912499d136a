"""An environment of its own for a rival: a virtual environment under build/peers with pinned packages."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1] / "build" / "peers"


def environment(name: str, *installs: Sequence[str]) -> Path:
    """Return the rival's Python, made on the first call and again when its packages change.

    Args:
        name: of the folder.
        installs: what pip is told, one call for each: packages, and options before them.

    Raises:
        RuntimeError: a package cannot be had; the text is pip's last line.
    """
    python, done = ROOT / name / "bin" / "python", ROOT / name / "installed.json"
    wanted = [list(packages) for packages in installs]
    if done.exists() and json.loads(done.read_text()) == wanted:
        return python
    subprocess.run([sys.executable, "-m", "venv", "--clear", ROOT / name], check=True)
    for packages in wanted:
        command = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode:
            raise RuntimeError(run.stderr.strip().splitlines()[-1])
    done.write_text(json.dumps(wanted))
    return python
