"""Hold what would leave in memory until the gates have spoken, then let it out in one move.

Guarantee: no plain byte of a release is on disk before the verdict is "pass"; `outgoing/` holds either
everything of the last passing run, or what an earlier one left. Row-level sets are written into the
ledger as *not private* before they are put out (promise 6).
"""

import hashlib
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from confide.types import Json, Status
from confide.vault.durable import saying_why

FOLDER = "outgoing"


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """One file that would leave. `records` holds (patient, bytes) for the byte search, in order."""

    file: str
    kind: str  # notes, table, statistics, model, synthetic, made-up
    status: Status
    rows: int | None
    records: list[tuple[str | None, bytes]] = field(repr=False)

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        return b"".join(content for _, content in self.records)

    def to_json(self, *, left: bool) -> Json:
        """Return what the dossier says of it."""
        return {
            "file": self.file,
            "kind": self.kind,
            "status": self.status,
            "rows": self.rows,
            "sha256": hashlib.sha256(self.content).hexdigest(),
            "left": left,
        }


def model_file(name: str, suffix: str, content: str) -> Output:
    """Return one file of a released model, as it leaves."""
    return Output(
        file=f"models/{name}.{suffix}",
        kind="model",
        status="dp",
        rows=None,
        records=[(None, content.encode())],
    )


def put_out(folder: Path, outputs: list[Output]) -> None:
    """Replace `outgoing/` by these files, each written in full before the folder is put in place."""
    scratch, target = folder / f".{FOLDER}.new", folder / FOLDER
    shutil.rmtree(scratch, ignore_errors=True)
    for output in outputs:
        path = scratch / output.file
        with saying_why(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                file.write(output.content)
                file.flush()
                os.fsync(file.fileno())
    old = folder / f".{FOLDER}.old"
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    if scratch.exists():
        scratch.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def take_back(folder: Path) -> None:
    """Empty `outgoing/` after a run whose verdict is not "pass"; what had left before is not undone by it."""
    for name in (FOLDER, f".{FOLDER}.new", f".{FOLDER}.old"):  # a killed run may have left the latter two
        shutil.rmtree(folder / name, ignore_errors=True)
