"""`confide run` of a study whose table is read in pieces: peak memory of the whole process against rows.

Claim under test: with the number of patients given, the peak of a whole run (seal, read, statistics and a series, search
of what leaves, dossier) does not grow with the rows. An invented Parquet file is written in row groups; each size is run in
a process of its own, and the peak is that process's. The vault's key derivation is part of it.
`python benchmarks/stats_run.py [--rows N] [--patients N] [--folder F]`: N rows and a tenth of them. One JSON line per
size, and one that compares them. `stats_stream.py` measures the pieces alone, at more rows.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from lines import line
from stats_stream import peak_mib, write

GROUP = 1 << 18
PASSPHRASE = "a bench needs no secret"
STUDY = """
[study]
name = "stream"
purpose = "Measure memory"
requester = "Nobody"

[account]
name = "inpatients"
epsilon = 3.0
delta = 1e-9

[patient]
id = "patient_id"

[keys]
custody = "passphrase"
passphrase_file = "passphrase.txt"

[[source]]
name = "visits"
kind = "table"
path = "raw/visits.parquet"
pieces = true

[[stats]]
source = "visits"
by = { hospital = [HOSPITALS], band = [0, 18, 45, 65, 120] }
measures = ["count", "mean(stay, 0, 60)", "median(stay, 0, 60)"]
max_rows = 8
epsilon = 1.0

[[series]]
name = "monthly"
sources = ["visits"]
periods = ["2026-01", "2026-02"]
by = { hospital = [HOSPITALS] }
epsilon = 1.0
delta = 1e-10
"""


def prepare(folder: Path, rows: int, patients: int) -> None:
    """Write the study, its vault and its account; `CONFIDE_HOME` says where the latter two are."""
    from confide.ledger.home import home, open_ledger
    from confide.study.keys import make_vault

    (folder / "raw").mkdir(parents=True)
    write(folder / "raw" / "visits.parquet", rows, patients, patient="patient_id", group=GROUP)
    hospitals = ", ".join(f'"{n}"' for n in range(20))
    (folder / "study.toml").write_text(STUDY.replace("HOSPITALS", hospitals))
    secret = folder / "passphrase.txt"
    secret.touch(mode=0o600)
    secret.write_text(PASSPHRASE + "\n")
    make_vault(PASSPHRASE)
    with open_ledger(home()) as ledger:
        ledger.open_account("inpatients", epsilon=3.0, delta=1e-8, patients=patients)


def measure(folder: Path) -> None:
    """Do `confide run FOLDER`, and print the peak of this process in MiB and its seconds of processor."""
    from confide.cli.main import run

    out = sys.stdout
    with Path(os.devnull).open("w") as sys.stdout:
        try:
            run(["run", str(folder), "--json"])
        except SystemExit as done:
            if done.code:
                raise
    used = os.times()
    print(peak_mib(), used.user + used.system, file=out)


def one_size(rows: int, patients: int, parent: Path) -> float:
    """Run one size, each step in a process of its own; return the peak of the run in MiB."""
    folder = parent / str(rows)
    known = os.environ | {"CONFIDE_HOME": str(parent / f"home-{rows}")}
    for step in ("--prepare", "--measure"):
        asked = [
            sys.executable,
            __file__,
            step,
            str(folder),
            "--rows",
            str(rows),
            "--patients",
            str(patients),
        ]
        done = subprocess.run(asked, env=known, check=True, stdout=subprocess.PIPE, text=True)
    peak, seconds = (float(each) for each in done.stdout.split())
    size = (folder / "raw" / "visits.parquet").stat().st_size / 1e6
    (folder / "raw" / "visits.parquet").unlink()
    how = f"confide run of {rows} rows, {patients} patients, {size:.0f} MB of Parquet; {seconds:.0f} s of processor"
    shown = line("stats.run.peak", peak, "> 0", ours=peak, rival=None, unit="MiB", how=how)
    print(json.dumps(shown), flush=True)
    return peak


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--patients", type=int, default=100_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--prepare", type=Path)
    parser.add_argument("--measure", type=Path)
    asked = parser.parse_args()
    if asked.prepare:
        prepare(asked.prepare, asked.rows, asked.patients)
    elif asked.measure:
        measure(asked.measure)
    else:
        with tempfile.TemporaryDirectory(dir=asked.folder) as name:
            few, many = (one_size(n, asked.patients, Path(name)) for n in (asked.rows // 10, asked.rows))
        how = f"peak of confide run at {asked.rows} rows over that at a tenth of them, the same patients"
        found = line("stats.run.constant", many / few, "<= 1.2", ours=many, rival=few, unit="x", how=how)
        print(json.dumps(found))
