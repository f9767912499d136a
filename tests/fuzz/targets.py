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

from confide.errors import ConfideError
from confide.study.config import read_study
from confide.vault.seal import new_data_key, new_header, parse_header


@dataclass(frozen=True)
class Target:
    """One parser: what it is given, and sound inputs to start from."""

    parse: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]


def _study(data: bytes) -> object:
    return read_study(data.decode("utf-8", errors="replace"), Path())


TARGETS = {
    "sealed-header": Target(
        parse=lambda data: parse_header(data, "f"), seeds=lambda: [new_header(new_data_key()).to_bytes()]
    ),
    "study-file": Target(parse=_study, seeds=lambda: [STUDY.format(language="en").encode()]),
}


def meet(name: str, data: bytes) -> None:
    """Give `data` to the parser `name`; a refusal in our own words is what it may answer."""
    try:
        TARGETS[name].parse(data)
    except ConfideError as refused:
        str(refused)  # the sentence itself must stand in both languages
