"""Tables for the tests of training, made by a seeded generator, and a source that adds no noise."""

import numpy as np
import polars as pl

from confide.train.section import TrainSection

FEATURES = ("number(age, 0, 120)", "number(stay, 0, 60)", "category(sex, F, M)", "category(ward, A, B, C, D)")


def section(**changes) -> TrainSection:
    given = {
        "source": "visits",
        "target": "readmitted",
        "features": FEATURES,
        "epsilon": 1.0,
        "patients": 1000,
    }
    return TrainSection(**given | changes)


def visits(patients: int, seed: int = 0) -> pl.DataFrame:
    """Make visits whose outcome depends on their columns; patients have 1 to 8 rows."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), rng.zipf(2.2, patients).clip(1, 8))
    n = len(patient)
    age, stay = rng.uniform(0, 119, n), rng.gamma(2, 5, n).clip(0, 60)
    sex, ward = rng.choice(["F", "M"], n), rng.choice(["A", "B", "C", "D"], n, p=[0.4, 0.3, 0.2, 0.1])
    score = 0.03 * (age - 60) + 0.05 * (stay - 10) + 0.8 * (sex == "M") - 1.0 * (ward == "A") - 0.5
    readmitted = (rng.random(n) < 1 / (1 + np.exp(-score))).astype(np.int64)
    columns = {"_patient": [f"p{i}" for i in patient], "age": age, "stay": stay, "sex": sex, "ward": ward}
    return pl.DataFrame(columns | {"readmitted": readmitted})


class Silent:
    """A source that adds no noise and lets every patient take part, or the patients it is told to."""

    def __init__(self, taking_part=None):
        self.taking_part = taking_part

    def discrete_gaussian(self, sigma, size=None):
        return 0 if size is None else np.zeros(size, dtype=np.int64)

    def bernoulli(self, p, size):
        return np.ones(size, dtype=np.bool_) if self.taking_part is None else self.taking_part
