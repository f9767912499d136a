"""The files of `confide encrypted`: a model as JSON, ranges as TOML, a compiled model, a token, a table of records.

Guarantee: a compiled model is written for its owner's eyes alone (mode 600); nothing that is read is executed, so a
pickled model is refused; no cell is named in an error.
"""

import json
import os
import tomllib
from pathlib import Path

import numpy as np

from confide.encrypted.form import Form
from confide.encrypted.lift import Floats
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


def read_rows(file: Path, form: Form) -> Floats:
    """Read the features of a form from a CSV file with a header.

    Raises:
        InvalidInput: a feature is no column, or a cell of it is missing or no number.
    """
    import polars as pl

    try:
        table = pl.read_csv(file, infer_schema=False)
    except (pl.exceptions.PolarsError, OSError):
        raise InvalidInput("encrypted.table") from None
    for feature in form.features:
        if feature not in table.columns:
            raise InvalidInput("encrypted.no-column", feature=feature)
    numbers = table.select(pl.col(name).cast(pl.Float64, strict=False) for name in form.features)
    for feature in form.features:
        if numbers[feature].null_count():
            raise InvalidInput("encrypted.outside", feature=feature)
    return np.ascontiguousarray(numbers.to_numpy(), dtype=np.float64)
