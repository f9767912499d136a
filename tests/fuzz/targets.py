"""What is fuzzed: every parser that meets bytes from outside, and where its first inputs come from.

Each target takes bytes and may end in two ways only: it returns, or it raises a ConfideError. Anything
else is a finding. `tests/fuzz/fuzz.py` drives one; a new parser adds one function and one line to TARGETS.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "study"))
from small import STUDY

from confide.crypto.note import (
    Verifier,
    checkpoint_body,
    cosigned,
    new_signer,
    parse_checkpoint,
    signed,
    verify_signature,
)
from confide.errors import ConfideError
from confide.study.config import read_study
from confide.vault.seal import new_data_key, new_header, parse_header


@dataclass(frozen=True)
class Target:
    """One parser: what it is given, and sound inputs to start from."""

    parse: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]


_LOG = new_signer("hospital.example/log")


def _checkpoint(data: bytes) -> object:
    """A checkpoint that verifies is what our own key signed; verifier keys are read from the same bytes."""
    text = data.decode("utf-8", errors="replace")
    if "+" in text.split("\n", 1)[0]:
        return Verifier.from_text(text)
    return verify_signature(parse_checkpoint(text), _LOG.verifier)


def _checkpoints() -> list[bytes]:
    note = signed(checkpoint_body(_LOG.name, 7, bytes(32)), _LOG)
    whole = cosigned(note, new_signer("witness.example"), 1)
    return [note.encode(), whole.encode(), _LOG.verifier.to_text().encode()]


def _study(data: bytes) -> object:
    return read_study(data.decode("utf-8", errors="replace"), Path())


TARGETS = {
    "sealed-header": Target(
        parse=lambda data: parse_header(data, "f"), seeds=lambda: [new_header(new_data_key()).to_bytes()]
    ),
    "checkpoint": Target(parse=_checkpoint, seeds=_checkpoints),
    "study-file": Target(parse=_study, seeds=lambda: [STUDY.format(language="en").encode()]),
}


def meet(name: str, data: bytes) -> None:
    """Give `data` to the parser `name`; a refusal in our own words is what it may answer."""
    try:
        TARGETS[name].parse(data)
    except ConfideError as refused:
        str(refused)  # the sentence itself must stand in both languages
