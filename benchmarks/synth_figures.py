"""Synthetic tables against dpmm: RAND HIE, 20,190 rows of 10 columns, ε = 1, δ = 1e-9, the same public bins.

Claims under test: our MST is at most 1.05 times as far from the table in pairs of columns, in at most a fifth of the
time; AIM ends within two minutes. Each side runs in a process of its own, imports counted.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from statistics import median

import numpy as np
import synth_table
from environments import environment
from lines import Line, line

HERE = Path(__file__).parent
DPMM = [["dpmm==0.1.9"], ["--no-deps", "statsmodels==0.14.0"]]
EPSILON, DELTA, PATIENCE = "1.0", "1e-9", 280


def apart(one: np.ndarray, other: np.ndarray, sizes: list[int]) -> float:
    """Return the mean total variation between the shares of all pairs of columns."""

    def shares(codes: np.ndarray, pair: tuple[int, int]) -> np.ndarray:
        first, second = pair
        place = codes[:, first] * sizes[second] + codes[:, second]
        return np.bincount(place, minlength=sizes[first] * sizes[second]) / len(codes)

    pairs = combinations(range(len(sizes)), 2)
    return float(np.mean([np.abs(shares(one, pair) - shares(other, pair)).sum() / 2 for pair in pairs]))


class Table:
    """The codes on disk, for both sides to read."""

    def __init__(self, scratch: Path, rival: Path) -> None:
        self.scratch, self.rival = scratch, rival
        self.codes = np.array(synth_table.codes(synth_table.read(synth_table.wheel_csv(rival))))
        self.sizes = synth_table.sizes()
        np.save(scratch / "codes.npy", self.codes)
        (scratch / "sizes.json").write_text(json.dumps(self.sizes))

    def run(self, script: str, method: str, *, patience: int | None = None) -> tuple[float, float, float]:
        """Return total variation, seconds and seconds of processor of one side's run."""
        python = self.rival if script == "synth_dpmm.py" else sys.executable
        files = [str(self.scratch / name) for name in ("codes.npy", "sizes.json", "out.npy")]
        command = [python, HERE / script, method, *files[:2], EPSILON, DELTA, files[2]]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=patience)
        said = json.loads(done.stdout.splitlines()[-1])
        found = np.load(files[2])
        return apart(self.codes, found, list(self.sizes.values())), said["seconds"], said["processor"]


def mst(quick: bool) -> Iterator[Line]:
    """MST of both sides."""
    with tempfile.TemporaryDirectory() as scratch:
        table = Table(Path(scratch), environment("dpmm", *DPMM))
        ours = [table.run("synth_ours.py", "mst") for _ in range(3 if quick else 20)]
        theirs = [table.run("synth_dpmm.py", "mst") for _ in range(1 if quick else 3)]
    tv, rival_tv = (median(one[0] for one in side) for side in (ours, theirs))
    took, rival_took = (median(one[2] for one in side) for side in (ours, theirs))
    how = f"dpmm 0.1.9, RAND HIE 20,190 x 10 at eps 1; median of {len(ours)} runs against {len(theirs)}"
    yield line(
        "synth.mst.tv", tv / rival_tv, "<= 1.05", ours=round(tv, 5), rival=round(rival_tv, 5),
        unit="ratio of mean 2-way TV", how=how,
    )  # fmt: skip
    yield line(
        "synth.mst.time", took / rival_took, "<= 0.2", ours=round(took, 2), rival=round(rival_took, 2),
        unit="ratio of processor seconds, imports included", how=how,
    )  # fmt: skip


def aim(quick: bool) -> Iterator[Line]:
    """AIM of ours, and whether dpmm's ends at all."""
    with tempfile.TemporaryDirectory() as scratch:
        table = Table(Path(scratch), environment("dpmm", *DPMM))
        ours = [table.run("synth_ours.py", "aim") for _ in range(1 if quick else 5)]
        rival = None if quick else _within(table)
    tv, seconds = median(one[0] for one in ours), max(one[1] for one in ours)
    said = (
        "not run" if quick else f"no result in {PATIENCE} s" if rival is None else f"2-way TV {rival[0]:.4f}"
    )
    yield line(
        "synth.aim.seconds", seconds, "<= 120", ours=round(seconds, 1), rival=rival and round(rival[1], 1),
        unit="seconds, the slowest", how=f"RAND HIE at eps 1, 2-way TV {tv:.4f}; dpmm 0.1.9: {said}",
    )  # fmt: skip


def _within(table: Table) -> tuple[float, float, float] | None:
    try:
        return table.run("synth_dpmm.py", "aim", patience=PATIENCE)
    except subprocess.TimeoutExpired:
        return None
