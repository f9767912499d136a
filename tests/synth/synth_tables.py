"""Small tables for the tests of synthetic tables: any rows at all, and rows with known dependence."""

import numpy as np
import polars as pl
from hypothesis import strategies as st

from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.synth.section import SynthSection

COLUMNS = {
    "sex": ("F", "M", "女"),
    "age": (0.0, 18.0, 45.0, 65.0, 120.0),
    "stay": (0.0, 1.0, 3.0, 30.0),
    "ward": ("a", "b"),
}

row = st.fixed_dictionaries(
    {
        "_patient": st.sampled_from(["p1", "p2", "p3", "p4", None]),
        "sex": st.sampled_from(["F", "M", "女", "x", "", None]),
        "age": st.sampled_from(["0", "17.5", "64", "120", "-3", "nan", "inf", "old", None]),
        "stay": st.sampled_from(["0", "2", "1e9", None]),
        "ward": st.sampled_from(["a", "b", "c", None]),
    }
)
SCHEMA = dict.fromkeys(["_patient", *COLUMNS], pl.String)
tables = st.builds(
    lambda rows, copies: pl.DataFrame(rows * copies, schema=SCHEMA),
    st.lists(row, max_size=25),
    st.sampled_from([1, 1, 40]),
)


def section(**changes) -> SynthSection:
    known = {"source": "visits", "columns": COLUMNS, "epsilon": 1.0, "patients": 30_000, "control_share": 0.0}
    return SynthSection(**known | changes)


def noise() -> Noise:
    return Noise(Stream())


def wards(patients: int, *, seed: int = 0) -> pl.DataFrame:
    """Rows in which age, stay and ward go together and sex does not."""
    rng = np.random.default_rng(seed)
    old = rng.random(patients) < 0.4
    age = np.where(old, rng.integers(65, 120, patients), rng.integers(0, 65, patients))
    stay = np.where(old, rng.integers(3, 30, patients), rng.integers(0, 3, patients))
    ward = np.where(stay > 2, "a", "b")
    sex = np.array(["F", "M", "女", ""])[rng.choice(4, patients, p=[0.5, 0.3, 0.15, 0.05])]
    return pl.DataFrame(
        {"_patient": np.arange(patients), "sex": sex, "age": age, "stay": stay, "ward": ward}
    ).with_columns(pl.all().exclude("_patient").cast(pl.String))
