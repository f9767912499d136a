"""Tables for the tests of statistics: any values that a file could hold, and a silent source of noise."""

import numpy as np
import polars as pl
from hypothesis import strategies as st

from confide.engines.polars import Ints
from confide.stats.parts import Part
from confide.stats.plan import StatsPlan
from confide.stats.tally import tally

PATIENTS = st.sampled_from(["p1", "p2", "p3", "p4", None])
NUMBERS = st.one_of(
    st.none(),
    st.sampled_from(
        [float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 1e308, -1e308, 5e-324, 60.0, 59.999]
    ),
    st.floats(-100, 200),
)
WORDS = st.sampled_from(["F", "M", "", "f", "unknown", "女", None])
ROW = st.fixed_dictionaries(
    {
        "_patient": PATIENTS,
        "sex": WORDS,
        "age": NUMBERS,
        "stay": NUMBERS,
        "times": st.sampled_from([1, 1, 1, 2, 7, 3000]),
    }
)
SCHEMA = {"_patient": pl.String, "sex": pl.String, "age": pl.Float64, "stay": pl.Float64, "times": pl.Int64}


def table(rows: list[dict]) -> pl.DataFrame:
    """Make the table; `times` repeats a row, so that one patient may have thousands."""
    frame = pl.DataFrame(rows, schema=SCHEMA)
    return (
        frame.select(pl.exclude("times").repeat_by("times").explode()) if len(frame) else frame.drop("times")
    )


tables = st.lists(ROW, max_size=12).map(table)


def exact_sums(plan: StatsPlan, data: pl.DataFrame) -> dict[Part, Ints]:
    """Return what `plan` adds noise to, with the bound on rows that it declares."""
    return tally(plan.by, plan.parts(), data).sums(lambda _: plan.max_rows)


class Silent:
    """A source of noise that adds none: what is left is the exact computation."""

    def discrete_laplace(self, scale, size=None):
        return 0 if size is None else np.zeros(size, dtype=np.int64)

    def choose(self, losses, rate):
        return losses.argmin(axis=1)
