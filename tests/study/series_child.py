"""Release the periods of a series one after the other, forever telling what was released; made to be killed."""

import json
import os
import signal
import sys
from pathlib import Path

import polars as pl

from confide.ledger.home import open_ledger
from confide.stats.series import SeriesPlan, SeriesStep, StepData
from confide.study.series import Period, release_series

GROUPS = tuple(f"{k}" for k in range(4_000))  # so many that kills come between a charge and its commit
SERIES = SeriesPlan(
    name="monthly",
    epsilon=1.0,
    delta=1e-9,
    periods=("01", "02", "03", "04"),
    by={"ward": GROUPS},
    max_rows=2,
)


def months() -> list[Period]:
    tables = [
        pl.DataFrame(
            {"_patient": [f"p{k}" for k in range(50)], "ward": [f"{(k + month) % 9}" for k in range(50)]}
        )
        for month in range(4)
    ]
    return [Period(table=table, commitment=f"{month:064x}") for month, table in enumerate(tables)]


def main(home: str) -> None:
    with open_ledger(Path(home)) as ledger:
        for n in range(1, 5):
            found = release_series(ledger, SERIES, months()[:n], study="s", account="all")
            print(json.dumps({"step": n, "row": found[-1]["row"][:40]}), flush=True)


def die_with_noise_drawn(home: str) -> None:
    """Release one period, then draw the noise of the second and be gone before it is committed."""
    with open_ledger(Path(home)) as ledger:
        [first] = release_series(ledger, SERIES, months()[:1], study="s", account="all")
        paid = ledger.store.all(kind="commit")[0].sequence
        step = SeriesStep(series=SERIES, step=2, paid_by=paid)
        tables = [each.table for each in months()[:2]]
        data = StepData(tables=tables, before=[first], opening=SERIES.declaration())
        with ledger.charge(step, study="s", account="all", commitment=months()[1].commitment) as charge:
            print(json.dumps(step.execute(data, charge.noise)["row"]), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    (die_with_noise_drawn if "die" in sys.argv else main)(sys.argv[1])
