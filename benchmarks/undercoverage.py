"""How often intervals hold what they are said to hold: noise alone, and noise with sampling.

Claim under test: over 20,000 groups a cell of the grid, an interval at 95 % misses in at most 5.5 %, in the worst of
nine cells: count, mean and share at epsilon 0.1, 1 and 3. Each group is a draw of its own of patients (a Poisson
number of them, with one to eight rows each) from one population, whose figure is what is to be held.
"""

import numpy as np
import polars as pl

from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.stats.plan import StatsPlan

EPSILONS = (0.1, 1.0, 3.0)
MEASURES = ("count", "mean(stay, 0, 60)", "proportion(again, 1)")
ROUNDING = dict(
    zip(MEASURES, (1e-2, 60 / 2048 / 2, 1e-4), strict=True)
)  # of weights and values to whole numbers
MOST = 3  # rows of a patient that count
PATIENTS = 150  # of a group, on average


def groups(number: int, rng: np.random.Generator) -> pl.DataFrame:
    """Return the rows of so many groups: a patient's rows are alike, so sampling errs more than rows would say."""
    patients = int(rng.poisson(PATIENTS * number))
    place = rng.integers(0, number, patients)
    rows = np.minimum(rng.geometric(0.5, patients), 8)
    sick = rng.random(patients) < 0.3
    own = np.repeat(np.arange(patients), rows)
    stay = rng.gamma(2.0, np.where(sick, 9.0, 3.0)[own])
    again = rng.random(len(own)) < np.where(sick, 0.6, 0.1)[own]
    return pl.DataFrame(
        {"_patient": own, "place": place[own].astype(np.float64), "stay": stay, "again": again.astype(int)}
    )


def truth() -> dict[str, float]:
    """Return the population's figures as they are bounded: weights min(1, MOST / n) on rows."""
    frame = groups(20_000, np.random.default_rng(7))
    weighted = frame.with_columns(w=(MOST / pl.len().over("_patient")).clip(upper_bound=1.0))
    total = float(weighted["w"].sum())
    return {
        MEASURES[0]: total / 20_000,
        MEASURES[1]: float((weighted["w"] * weighted["stay"].clip(0, 60)).sum()) / total,
        MEASURES[2]: float((weighted["w"] * weighted["again"]).sum()) / total,
    }


def missed(number: int, *, intervals: str) -> dict[str, float]:
    """Return the share of groups whose interval does not hold the figure, by measure and ε."""
    found, true, rng = {}, truth(), np.random.default_rng(1)
    for epsilon in EPSILONS:
        frame = groups(number, rng)
        plan = StatsPlan(
            name="t", epsilon=epsilon, by={"place": tuple(float(each) for each in range(number + 1))},
            measures=MEASURES, max_rows=MOST, intervals=intervals,
        )  # fmt: skip
        estimates, _ = plan.estimates(frame, Noise(Stream()))
        for text, estimate in estimates.items():
            aim = np.full(number, true[text]) if intervals == "population" else _bounded(frame, number)[text]
            rounding = ROUNDING[text]
            outside = (aim < estimate.low - rounding) | (aim > estimate.high + rounding)
            found[f"{text} at {epsilon:g}"] = float(outside.mean())
    return found


def _bounded(frame: pl.DataFrame, number: int) -> dict[str, np.ndarray]:
    """Return the figures of these very groups, with the weights of the plan."""
    weighted = frame.with_columns(w=(MOST / pl.len().over("_patient")).clip(upper_bound=1.0))
    sums = weighted.group_by("place").agg(
        pl.col("w").sum(),
        mean=(pl.col("w") * pl.col("stay").clip(0, 60)).sum() / pl.col("w").sum(),
        share=(pl.col("w") * pl.col("again")).sum() / pl.col("w").sum(),
    )
    places = pl.DataFrame({"place": np.arange(number, dtype=np.float64)}).join(sums, on="place", how="left")
    return {
        text: places[column].fill_null(0).to_numpy()
        for text, column in zip(MEASURES, ("w", "mean", "share"), strict=True)
    }
