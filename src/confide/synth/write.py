"""Write rows of codes as CSV, and read them back: the form in which a synthetic table is kept and leaves.

A bin becomes a number drawn evenly inside it, a whole one where all edges are whole, or a day in ISO form; a missing
value an empty cell. Numbers and days of columns that a rule orders rise within each row.
"""

import base64
import csv
import io
import math
import zlib
from collections.abc import Sequence

import numpy as np
import polars as pl

from confide.dp.noise import Noise
from confide.engines.polars import Ints
from confide.synth.columns import Column, iso_day
from confide.synth.graphical import Floats
from confide.synth.junction import Columns
from confide.synth.sample import uniforms
from confide.types import Json

_STEPS = 1000  # places inside a bin


def packed_csv(columns: Sequence[Column], chains: Sequence[Columns], codes: Ints, noise: Noise) -> str:
    """Return the table as CSV, compressed and in base 64."""
    numbers = _numbers(columns, chains, codes, noise)
    cells = [_cells(column, codes[:, at], numbers.get(at)) for at, column in enumerate(columns)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.name for column in columns])
    writer.writerows(zip(*cells, strict=True))
    return base64.b64encode(zlib.compress(text.getvalue().encode(), 9)).decode()


def csv_of(release: Json) -> bytes:
    """Return the bytes of the file that leaves."""
    return zlib.decompress(base64.b64decode(release["table"]))


def frame_of(release: Json) -> pl.DataFrame:
    """Return the table, every column as text."""
    return pl.read_csv(csv_of(release), infer_schema=False)


def _numbers(
    columns: Sequence[Column], chains: Sequence[Columns], codes: Ints, noise: Noise
) -> dict[int, Floats]:
    """Return a number per row for each column of bins, NaN where it is missing."""
    ordered = {column for chain in chains for column in chain}
    alone = [(at,) for at, column in enumerate(columns) if column.edges and at not in ordered]
    found: dict[int, Floats] = {}
    for chain in (*chains, *alone):
        edges = {at: np.array([*columns[at].edges, math.nan]) for at in chain}
        whole = all((edges[at][:-1] % 1 == 0).all() for at in chain)
        # a number must leave room for those after it: below the ends of their bins too
        highs = {at: np.append(edges[at][1:-1], math.nan)[codes[:, at]] for at in chain}
        room, least = np.full(len(codes), math.inf), np.full(len(codes), -math.inf)
        ends = {}
        for at in reversed(chain):
            room = np.fmin(room, highs[at])
            ends[at] = room
        for at in chain:
            low = np.fmax(edges[at][codes[:, at]] + 0 * highs[at], least)
            found[at] = _inside(low + 0 * highs[at], ends[at], uniforms(noise, len(codes)), whole=whole)
            least = np.fmax(least, found[at])
    return found


def _inside(low: Floats, high: Floats, share: Floats, *, whole: bool) -> Floats:
    """Return a number of each half-open range, NaN where it has none."""
    steps = high - low if whole else np.full(len(low), float(_STEPS))
    found: Floats = low + np.floor(np.minimum(share, 1 - 2.0**-40) * steps) * ((high - low) / steps)
    return found


def _cells(column: Column, codes: Ints, numbers: Floats | None) -> list[str]:
    if numbers is None:
        labels = [*column.labels(), ""]
        return [labels[code] for code in codes.tolist()]
    shown = iso_day if column.days else "{:.10g}".format
    return ["" if math.isnan(number) else shown(number) for number in numbers.tolist()]
