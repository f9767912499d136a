"""Where a long training stands, sealed: no release, readable with the key alone, and good for one plan only.

What is kept are the trained parameters, the optimiser and the schedule, never the noise: steps that are done again
draw afresh. Whoever holds the key holds unfinished work that the charge has paid for, step by step.
"""

import io
import os
from pathlib import Path
from typing import Any

import torch

from confide.crypto.canonical import canonical
from confide.crypto.stream import decrypt_stream, encrypt_stream
from confide.errors import InvalidInput
from confide.types import Json

FILE = "training.sealed"
_ASSOCIATED = b"confide training checkpoint"


def write_checkpoint(folder: Path, key: bytes, plan: Json, state: dict[str, Any]) -> None:
    """Seal `state` (tensors and plain values) into `folder`; the one before is replaced in one move."""
    plain = io.BytesIO()
    torch.save({"plan": canonical(plan), "state": state}, plain)
    plain.seek(0)
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{FILE}.partial"
    with partial.open("wb") as target:
        encrypt_stream(key, plain, target, _ASSOCIATED)
        target.flush()
        os.fsync(target.fileno())
    partial.replace(folder / FILE)


def read_checkpoint(path: Path, key: bytes, plan: Json) -> dict[str, Any]:
    """Return the state that was sealed under the same plan.

    Raises:
        InvalidInput: there is no checkpoint, or it is of another plan: its steps were sampled and noised otherwise.
        IntegrityError: not of this key, or changed.
    """
    path = path / FILE if path.is_dir() else path
    if not path.is_file():
        raise InvalidInput("privacy.no-checkpoint", file=FILE)
    plain = io.BytesIO()
    with path.open("rb") as source:
        decrypt_stream(key, source, plain, _ASSOCIATED)
    plain.seek(0)
    kept = torch.load(plain, weights_only=True)
    if kept["plan"] != canonical(plan):
        raise InvalidInput("privacy.other-plan")
    state: dict[str, Any] = kept["state"]
    return state
