"""Large tables are divided among two threads at most, however many cores there are: each holds tables of sums of its own."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import confide
from confide.engines.polars import BLOCK, side_by_side

MANY_CORES = """
import os
os.cpu_count = lambda: 64
from confide.engines.polars import BLOCK, side_by_side
print(*map(len, side_by_side(list, 2048 * BLOCK)))
"""


def test_on_64_cores_no_more_than_two_threads_sum():
    found = subprocess.run(
        [sys.executable, "-c", MANY_CORES],
        capture_output=True, text=True, check=True, env={"PYTHONPATH": str(Path(confide.__file__).parents[1])},
    )  # fmt: skip
    assert found.stdout.split() == ["1024", "1024"]


def test_every_row_is_in_one_block_of_one_thread():
    rows = 200 * BLOCK + 17
    spans = [span for part in side_by_side(list, rows) for span in part]
    covered = sorted((span.start, min(span.stop, rows)) for span in spans)
    assert covered[0][0] == 0
    assert covered[-1][1] == rows
    assert all(one[1] == other[0] for one, other in pairwise(covered))


def test_a_small_table_is_summed_by_one():
    assert len(side_by_side(list, 63 * BLOCK)) == 1
