"""Sealing a file against `openssl speed -evp aes-256-gcm`, per core; one JSON line per figure.

Claim under test: a second of processor time seals at least half as many bytes as OpenSSL's own speed
test of the bare cipher encrypts in one. Sealing reads a file, encrypts it with segments and tags, takes
the keyed digest, writes the sealed file; all of it counts, as user and system time over all threads.
The rival reads and writes nothing.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from io import BytesIO
from pathlib import Path

from confide.crypto.stream import encrypt_stream
from confide.vault.custody import Cost
from confide.vault.vault import Vault, create_vault

MEGABYTES = 256
ROUNDS = 5


def openssl_speed() -> float:
    """Bytes a second of AES-256-GCM at 1 MiB, as the installed `openssl` states it for one core."""
    command = ["openssl", "speed", "-evp", "aes-256-gcm", "-seconds", "1", "-bytes", "1048576"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(ran.stdout.split()[-1].removesuffix("k")) * 1000


def seal_speed(vault: Vault, source: Path, target: Path) -> float:
    """Bytes of plain file per second of processor time; the wall clock may be slower, when the disk is."""
    target.unlink(missing_ok=True)
    start = time.process_time()
    vault.seal(source, target)
    return source.stat().st_size / (time.process_time() - start)


class Nowhere:
    """Takes everything and keeps nothing."""

    def write(self, data: memoryview) -> int:
        """Return how much was taken: all."""
        return len(data)


def stream_speed(plain: bytes) -> float:
    """Bytes a second of the stream alone, from memory to nowhere."""
    start = time.process_time()
    encrypt_stream(bytes(32), BytesIO(plain), Nowhere(), b"")
    return len(plain) / (time.process_time() - start)


def seal_ratio(*, quick: bool = False) -> dict[str, object]:
    """Return the benchmark line `main.seal.openssl`, both sides measured in turns in one run."""
    size = (64 if quick else MEGABYTES) << 20
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cheap = Cost(memory_kib=64, passes=1, lanes=1)  # opening the vault is not what is measured
        vault, _ = create_vault(folder / "vault", "eleven green bicycles", cost=cheap)
        source, target = folder / "raw", folder / "sealed"
        plain = os.urandom(1 << 20) * (size >> 20)
        source.write_bytes(plain)
        seal_speed(vault, source, target)
        if vault.read(target) != plain:
            raise SystemExit("what was sealed is not what was read back")
        rounds = 2 if quick else ROUNDS
        both = [(seal_speed(vault, source, target), openssl_speed()) for _ in range(rounds)]
        alone = statistics.median(stream_speed(plain) for _ in range(rounds))
        kind = subprocess.run(
            ["stat", "-f", "-c", "%T", folder], capture_output=True, text=True, check=False
        ).stdout.strip()
    ours, rival = (statistics.median(side) for side in zip(*both, strict=True))
    value = round(ours / rival, 3)
    how = (
        f"{size >> 20} MiB file to sealed file on {kind}, processor time, median of {rounds} turns;"
        f" the stream alone, memory to nowhere: {alone / rival:.2f} of the rival"
    )
    line = {"id": "main.seal.openssl", "value": value, "target": ">= 0.5", "holds": value >= 0.5}
    return {
        **line,
        "ours": round(ours / 1e6),
        "rival": round(rival / 1e6),
        "unit": "MB/s per core",
        "how": how,
    }


if __name__ == "__main__":
    if shutil.which("openssl") is None:
        raise SystemExit("the rival is missing: install openssl")
    print(json.dumps(seal_ratio(quick="--quick" in sys.argv)))
