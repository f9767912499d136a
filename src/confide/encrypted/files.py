"""The files of `confide encrypted`: a model as JSON, ranges as TOML, a compiled model, a token.

Guarantee: a compiled model is written for its owner's eyes alone (mode 600); nothing that is read is executed, so a
pickled model is refused.
"""

import json
import os
import tomllib
from pathlib import Path

from confide.encrypted.linear import Compiled
from confide.encrypted.models import Scores
from confide.errors import InvalidInput


def read_scores(file: Path) -> Scores:
    """Read what `Scores.to_json` wrote.

    Raises:
        InvalidInput: it is something else.
    """
    try:
        return Scores.from_json(json.loads(file.read_bytes()))
    except (ValueError, RecursionError):
        raise InvalidInput("encrypted.scores") from None


def read_ranges(file: Path) -> dict[str, tuple[float, float]]:
    """Read a table `[ranges]` of lowest and highest values.

    Raises:
        InvalidInput: it is something else.
    """
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))["ranges"]
        return {str(name): (float(low), float(high)) for name, (low, high) in found.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InvalidInput("encrypted.ranges") from None


def write_compiled(file: Path, compiled: Compiled) -> None:
    """Write a compiled model to a new file that only its owner may read.

    Raises:
        InvalidInput: the file exists.
    """
    try:
        at = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise InvalidInput("encrypted.exists") from None
    with os.fdopen(at, "w", encoding="utf-8") as out:
        json.dump(compiled.to_json(), out, ensure_ascii=False)


def read_compiled(file: Path) -> Compiled:
    """Read what `write_compiled` wrote.

    Raises:
        InvalidInput: it is something else.
    """
    try:
        return Compiled.from_json(json.loads(file.read_bytes()))
    except (ValueError, RecursionError):
        raise InvalidInput("encrypted.not-compiled") from None


def read_token(file: Path) -> str:
    """Read a token: the first line of a file."""
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        raise InvalidInput("encrypted.token-file") from None
